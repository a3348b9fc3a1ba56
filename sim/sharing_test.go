package sim_test

import (
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

func TestSharedCountsWhatAChangeCopied(t *testing.T) {
	d := newDesk(t)
	// A block of its own page and a loaded image, so that every kind of node is there to be copied.
	d.ok(d.WriteProcessMemory(d.app, d.block, []byte("x")))
	tests := []struct {
		reason string
		f      func() (sim.Version, error)
	}{
		{"a thread", func() (sim.Version, error) { return d.SetThreadPriority(d.main, sim.PriorityLowest) }},
		{"a process", func() (sim.Version, error) { return d.SetPriorityClass(d.wow, sim.HighClass) }},
		{"a module", func() (sim.Version, error) { return late(d.LoadLibrary(d.app, kernel32, 0)) }},
		{"a block", func() (sim.Version, error) { return late(d.LockBlock(d.app, d.heap, d.block)) }},
		{"a page of memory", func() (sim.Version, error) { return d.WriteProcessMemory(d.app, d.block, []byte("y")) }},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			a, before := d.State(), d.Counters()
			whole := sim.Shared(a, a)
			d.ok(tt.f())
			b, after := d.State(), d.Counters()
			s := sim.Shared(a, b)
			nodes, bytes := after.NodesCopied-before.NodesCopied, after.BytesCopied-before.BytesCopied
			if nodes == 0 || s.NodesOnlyA != nodes || s.NodesOnlyB != nodes || s.Nodes+nodes != whole.Nodes {
				t.Errorf("%d nodes were copied, %d shared, %d and %d only in one, of %d", nodes, s.Nodes, s.NodesOnlyA, s.NodesOnlyB, whole.Nodes)
			}
			if s.BytesOnlyB != bytes || s.Bytes+s.BytesOnlyA != whole.Bytes {
				t.Errorf("%d bytes were copied, %d shared, %d and %d only in one, of %d", bytes, s.Bytes, s.BytesOnlyA, s.BytesOnlyB, whole.Bytes)
			}
		})
	}
}

func TestSharedOfOneState(t *testing.T) {
	s := newDesk(t).State()
	got := sim.Shared(s, s)
	if got.Nodes == 0 || got.Bytes == 0 || got.NodesOnlyA+got.NodesOnlyB+got.BytesOnlyA+got.BytesOnlyB != 0 {
		t.Errorf("a state and itself: %+v, want all of it shared", got)
	}
	other := newDesk(t).State()
	if got := sim.Shared(s, other); got.NodesOnlyA != got.NodesOnlyB || got.BytesOnlyA != got.BytesOnlyB {
		t.Errorf("two kernels of one make: %+v, want the same on both sides", got)
	}
}

// What all processes of an image start with is lent to them, and is one node as long as nobody writes it.
func TestFreshProcessesShareTheirLists(t *testing.T) {
	d := emptyDesk(t, sim.Config{})
	d.start(sim.ProcessSpec{})
	a := d.State()
	d.start(sim.ProcessSpec{})
	s := sim.Shared(a, d.State())
	if s.NodesOnlyB != 3 {
		t.Errorf("one process more costs %d nodes, want 3: the process, its threads and the leaf it stands in", s.NodesOnlyB)
	}
}

func TestProcessSnapshotFreezesOneProcess(t *testing.T) {
	d := newDesk(t)
	copied := func(f func()) uint64 {
		before := d.Counters().NodesCopied
		f()
		return d.Counters().NodesCopied - before
	}
	p := d.process(d.app)
	if n := copied(func() { d.load(d.wow, kernel32b) }); n != 1 { // the lent list, which is nobody's
		t.Errorf("a change to another process copied %d nodes, want 1", n)
	}
	if n := copied(func() { d.load(d.app, user32) }); n == 0 {
		t.Error("a change to the kept process copied nothing: the view can have changed with it")
	}
	if n := copied(func() { d.load(d.app, kernel32); d.thread(d.wow) }); n > 1 {
		t.Errorf("the second change copied %d nodes, want at most the other process's thread list", n)
	}
	if len(names(p)) != 3 {
		t.Errorf("the kept view shows %v", names(p))
	}
}

func TestStateIsTakenOnce(t *testing.T) {
	d := newDesk(t)
	a, b := d.State(), d.State()
	if a != b || d.Counters().States != 1 {
		t.Errorf("two looks at an unchanged kernel made %d states, want one", d.Counters().States)
	}
	d.ok(d.Advance(1))
	if c := d.State(); c == a || c.Version() != a.Version()+1 || d.Counters().States != 2 {
		t.Errorf("after a change the state is of version %d, %d made, want version %d", c.Version(), d.Counters().States, a.Version()+1)
	}
}
