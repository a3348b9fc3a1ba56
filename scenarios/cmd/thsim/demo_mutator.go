package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A mutator changes the lists of a kernel and writes down what it did. It looks after some processes and knows what is in
// them, but others meddle with those, so a verb may fail; what fails changes nothing and is not written down.
type mutator struct {
	k       *sim.Kernel
	rng     *rand.Rand
	cast    *cast
	changes []change
	mine    []*ward
	parents []sim.PID // of the world as it was at the start: living or not by now
	start   int       // how many processes to keep
	sizes   []int     // how many threads those had
	busy    *atomic.Uint32
	done    *atomic.Uint64 // changes of all mutators
}

// A ward is a process that a mutator looks after, with what can be taken from it again.
type ward struct {
	pid     sim.PID
	user    bool // it has a user part: modules and heaps
	threads int  // how many to keep
	tids    []sim.TID
	bases   []sim.Address // of what mutators loaded
	heaps   []sim.Address // the default heap first
	blocks  []block
}

type block struct{ heap, at sim.Address }

// newMutators shares the processes of a state among n mutators.
func newMutators(n int, seed uint64, k *sim.Kernel, s *sim.State, c *cast) []*mutator {
	done := new(atomic.Uint64)
	all := make([]*mutator, n)
	for i := range all {
		all[i] = &mutator{k: k, rng: rand.New(rand.NewPCG(seed, uint64(i))), cast: c, busy: new(atomic.Uint32), done: done}
	}
	i := 0
	for p := range s.Processes() {
		if p.ID() == 0 || p.ID() == systemPID && !s.Config().Bare {
			continue
		}
		m := all[i%n]
		i++
		w := &ward{pid: p.ID(), user: p.Started() && !p.Minimal()}
		if w.user {
			for h := range p.Heaps() {
				w.heaps = append(w.heaps, h.ID())
			}
		}
		for t := range p.Threads() {
			w.tids = append(w.tids, t.ID())
		}
		w.threads = len(w.tids)
		m.mine = append(m.mine, w)
		m.sizes = append(m.sizes, w.threads)
		m.start++
		for _, other := range all {
			other.parents = append(other.parents, p.ID())
		}
	}
	for _, m := range all {
		m.start = max(m.start, fewest)
		if len(m.parents) == 0 {
			m.parents = []sim.PID{0}
		}
		if len(m.sizes) == 0 {
			m.sizes = []int{fewest}
		}
	}
	return all
}

// fewest is how many processes a mutator keeps in a world that had none for it.
const fewest = 4

const systemPID = 4

// run makes quota changes. It gives way often: what is to be shown happens between the steps of others.
func (m *mutator) run(ctx context.Context, quota int) error {
	attempts := 0
	for n := 0; n < quota; {
		if ctx.Err() != nil {
			return nil
		}
		if attempts++; attempts > 100*quota+1000 {
			return fmt.Errorf("%w: %d attempts made only %d changes; are ids or memory used up?", errFailed, attempts, n)
		}
		if m.step() {
			n++
			m.done.Add(1)
		}
		if attempts%4 == 0 {
			runtime.Gosched()
		}
	}
	return nil
}

// step tries one change.
func (m *mutator) step() bool {
	roll := m.rng.IntN(100)
	switch {
	case len(m.mine) == 0 || roll < 6 && (len(m.mine) < m.start || len(m.mine) == m.start && roll < 3):
		return m.create()
	case roll < 6:
		return m.terminate(m.rng.IntN(len(m.mine)))
	case roll < 8:
		return m.meddle()
	case roll < 10:
		return m.together()
	}
	w := m.ward()
	switch {
	case roll < 50:
		return m.thread(w)
	case roll < 70 && w.user:
		return m.module(w)
	case roll < 78 && w.user:
		return m.heap(w)
	case w.user:
		return m.block(w)
	}
	return m.thread(w)
}

// ward chooses a process to work on: half of the time the one that it is busy with, so that its lists really move.
func (m *mutator) ward() *ward {
	if m.rng.IntN(2) == 0 {
		pid := sim.PID(m.busy.Load())
		if i := slices.IndexFunc(m.mine, func(w *ward) bool { return w.pid == pid }); i >= 0 && m.rng.IntN(500) > 0 {
			return m.mine[i]
		}
	}
	w := m.mine[m.rng.IntN(len(m.mine))]
	m.busy.Store(uint32(w.pid))
	return w
}

// note writes changes of one version down.
func (m *mutator) note(v sim.Version, changes ...change) bool {
	for _, c := range changes {
		c.version = v
		m.changes = append(m.changes, c)
	}
	return true
}

// pick takes a random element out of a list.
func pick[T any](m *mutator, list *[]T) T {
	i := m.rng.IntN(len(*list))
	x := (*list)[i]
	last := len(*list) - 1
	(*list)[i] = (*list)[last]
	*list = (*list)[:last]
	return x
}
