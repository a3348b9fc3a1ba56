package sim_test

import (
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// TestAllocations counts what looking costs: one object for a state after a change, nothing for the next
// look, nothing for a walk.
func TestAllocations(t *testing.T) {
	k, pids := ourCrowd(t, 100)
	c := newChanger(t, k, pids)
	s := k.State()
	p, _, _ := k.Process(pids[0])
	change := testing.AllocsPerRun(100, func() { must(t, c.advance()) })
	tests := []struct {
		reason string
		f      func()
		want   float64
	}{
		{"a state after a change is one object", func() { must(t, c.advance()); sink += uint64(k.State().Version()) }, change + 1},
		{"a state of an unchanged kernel is there already", func() { sink += uint64(s.Version()) + uint64(k.State().Version()) }, 0},
		{"a walk of the processes", func() { sink += walkProcesses(s, 1) }, 0},
		{"a walk of the threads", func() { sink += walkThreads(s, 1) }, 0},
		{"a walk of one process", func() { sink += walkProcess(p) }, 0},
		{"a look-up by pid", func() { q, _, _ := k.Process(pids[1]); sink += uint64(q.ID()) }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			if got := testing.AllocsPerRun(100, tt.f); got != tt.want {
				t.Errorf("%v allocations, want %v", got, tt.want)
			}
		})
	}
}

// advance is the change that allocates the least: only the clock moves.
func (c *changer) advance() error {
	_, err := c.k.Advance(1)
	return err
}

func walkProcess(p sim.Process) (sum uint64) {
	for m := range p.Modules() {
		sum += uint64(m.Base())
	}
	for t := range p.Threads() {
		sum += uint64(t.ID())
	}
	for h := range p.Heaps() {
		for b := range h.Blocks() {
			sum += b.Size()
		}
	}
	return sum
}

// TestFirstTouch counts copied nodes: the first change after a snapshot copies one path of the tree, the second to
// the same place copies nothing, and without a snapshot nothing is ever copied.
func TestFirstTouch(t *testing.T) {
	const path = 8
	k, pids := ourCrowd(t, 10_000)
	r := source()
	copied := func(f func()) uint64 {
		before := k.Counters().NodesCopied
		f()
		return k.Counters().NodesCopied - before
	}
	touch := func(pid sim.PID) func() {
		return func() {
			tid, _, err := k.CreateThread(pid, sim.ThreadSpec{})
			must(t, err)
			_, err = k.TerminateThread(tid, 0)
			must(t, err)
		}
	}
	if got := copied(touch(pids[0])); got != 0 {
		t.Errorf("a change that no snapshot looked at copied %d nodes, want 0", got)
	}
	var most uint64
	for range 200 {
		pid := pids[r.IntN(len(pids))]
		s := k.State()
		first := copied(touch(pid))
		if first == 0 {
			t.Fatalf("a change after state %d copied no node: the state can have changed with it", s.Version())
		}
		most = max(most, first)
		if again := copied(touch(pid)); again != 0 {
			t.Fatalf("the second change to the same process copied %d nodes, want 0", again)
		}
	}
	if most > path {
		t.Errorf("the first change after a snapshot of 10,000 processes copied %d nodes, want at most %d", most, path)
	}
}
