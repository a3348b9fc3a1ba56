package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// A taker takes snapshots while others change the kernel, walks every one of them at once, and walks some again later.
type taker struct {
	k     *sim.Kernel
	rng   *rand.Rand
	busy  []*atomic.Uint32
	shoot func(k *sim.Kernel, flags uint32, pid sim.PID) (picture, error)
	every sim.Version // one of the snapshots of so many versions becomes a sample

	walker  *walker
	taken   uint64
	refused uint64 // the process that was asked for had just ended
	again   uint64 // walks of snapshots that were walked before
	last    sim.Version
	recent  []sample // to be walked again
	samples []sample
	wrong   []error
	count   atomic.Uint64 // taken, for who looks on
}

const (
	keptRecent = 32
	mostWrong  = 5 // after so many contradictions no more are collected; they are counted
	maxSamples = 100
)

func newTaker(k *sim.Kernel, seed uint64, busy []*atomic.Uint32, changes int) *taker {
	return &taker{k: k, rng: rand.New(rand.NewPCG(seed, 1<<32)), busy: busy, shoot: shoot, walker: newWalker(),
		every: sim.Version(changes/maxSamples + 1), recent: make([]sample, 0, keptRecent)}
}

// run takes snapshots until ctx is done, and one when it is, so that there is always one.
func (t *taker) run(ctx context.Context) {
	for {
		over := ctx.Err() != nil
		t.take()
		if over {
			break
		}
		runtime.Gosched()
	}
	for _, s := range t.recent {
		t.rewalk(s)
	}
}

// take takes one snapshot: mostly of everything, now and then of the system or of one process alone.
func (t *taker) take() {
	flags, pid := uint32(everything), t.target()
	switch t.rng.IntN(8) {
	case 0:
		flags, pid = toolhelp.TH32CS_SNAPPROCESS|toolhelp.TH32CS_SNAPTHREAD, 0
	case 1:
		flags = toolhelp.TH32CS_SNAPMODULE | toolhelp.TH32CS_SNAPMODULE32 | toolhelp.TH32CS_SNAPHEAPLIST
	}
	p, err := t.shoot(t.k, flags, pid)
	if err != nil { // the process has ended, has not started, or is one without modules
		t.refused++
		flags = toolhelp.TH32CS_SNAPPROCESS | toolhelp.TH32CS_SNAPTHREAD
		if p, err = t.shoot(t.k, flags, 0); err != nil {
			t.report(err)
			return
		}
	}
	t.taken++
	t.count.Add(1)
	digest, err := t.walker.walk(p)
	if err == nil && p.version < t.last {
		err = fmt.Errorf("it was taken after one of version %d", t.last)
	}
	if err != nil {
		t.report(fmt.Errorf("snapshot of version %d: %w", p.version, err))
		return
	}
	t.last = max(t.last, p.version)
	t.keep(sample{p, digest})
}

// target chooses whose modules and heaps to look at: a process that is being changed, or any.
func (t *taker) target() sim.PID {
	if len(t.walker.procs) > 0 && t.rng.IntN(2) == 0 {
		return t.walker.procs[t.rng.IntN(len(t.walker.procs))].ID()
	}
	return sim.PID(t.busy[t.rng.IntN(len(t.busy))].Load())
}

// keep holds on to a picture for a while, to walk it again after further changes, and to some until the end.
func (t *taker) keep(s sample) {
	if n := len(t.samples); n == 0 || s.picture.version >= t.samples[n-1].picture.version+t.every {
		t.samples = append(t.samples, s)
	}
	if len(t.recent) < keptRecent {
		t.recent = append(t.recent, s)
		return
	}
	i := t.rng.IntN(keptRecent)
	t.rewalk(t.recent[i])
	t.recent[i] = s
}

func (t *taker) rewalk(s sample) {
	t.again++
	digest, err := t.walker.walk(s.picture)
	if err == nil && digest != s.digest {
		err = fmt.Errorf("walked again after further changes it shows something else")
	}
	if err != nil {
		t.report(fmt.Errorf("snapshot of version %d: %w", s.picture.version, err))
	}
}

func (t *taker) report(err error) { t.wrong = append(t.wrong, err) }
