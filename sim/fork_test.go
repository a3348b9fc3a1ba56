package sim_test

import (
	"slices"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// onFork is a desk whose kernel is a fork of d's state.
func (d *desk) onFork() *desk {
	f := *d
	f.Kernel = d.State().Fork()
	return &f
}

func TestForkSharesEveryNodeUntilWritten(t *testing.T) {
	d := newDesk(t)
	f := d.onFork()
	s := sim.Shared(d.State(), f.State())
	if s.NodesOnlyA != 0 || s.NodesOnlyB != 0 || s.Nodes == 0 {
		t.Errorf("a fresh fork shares %d nodes, %d and %d are each one's own, want all shared", s.Nodes, s.NodesOnlyA, s.NodesOnlyB)
	}
	d.ok(d.SetThreadPriority(d.main, sim.PriorityLowest))
	f.ok(f.SetThreadPriority(f.worker, sim.PriorityLowest))
	all := s.Nodes
	s = sim.Shared(d.State(), f.State())
	if s.NodesOnlyA == 0 || s.NodesOnlyA != s.NodesOnlyB || s.Nodes+s.NodesOnlyA != all {
		t.Errorf("of %d nodes %d are still shared, %d and %d are each one's own, want one path each", all, s.Nodes, s.NodesOnlyA, s.NodesOnlyB)
	}
}

func TestForkAndOriginNeverSeeEachOther(t *testing.T) {
	d := newDesk(t)
	s := d.State()
	want := fuzz.List(s)
	for _, order := range [][2]string{{"fork", "origin"}, {"origin", "fork"}} {
		a := &desk{Kernel: s.Fork(), t: t}
		b := &desk{Kernel: s.Fork(), t: t}
		_, err := a.Update(func(tx *sim.Tx) error { return everything(d, tx) })
		d.fatal(err)
		if diff := fuzz.Compare(want, b.list()); diff != "" {
			t.Errorf("a change of the %s shows in the %s:\n%s", order[0], order[1], diff)
		}
		if diff := fuzz.Compare(want, fuzz.List(s)); diff != "" {
			t.Errorf("a change of the %s shows in the state:\n%s", order[0], diff)
		}
	}
	f := d.onFork()
	_, err := d.Update(func(tx *sim.Tx) error { return everything(d, tx) })
	d.fatal(err)
	if diff := fuzz.Compare(want, f.list()); diff != "" {
		t.Errorf("a change of the origin shows in the fork:\n%s", diff)
	}
}

func TestForkGoesOnWhereTheStateStood(t *testing.T) {
	d := newDesk(t)
	f := d.onFork()
	if f.Version() != d.Version() || f.State().Clock() != d.State().Clock() {
		t.Errorf("the fork is at version %d, %d, want %d, %d", f.Version(), f.State().Clock(), d.Version(), d.State().Clock())
	}
	for p := range d.State().Processes() {
		q, _, ok := f.Process(p.ID())
		if !ok || q.Sequence() != p.Sequence() {
			t.Errorf("process %d is not in the fork", p.ID())
		}
	}
	for th := range f.State().Threads() {
		if got, _, ok := f.Thread(th.ID()); th.ID() != 0 && (!ok || !got.Equal(th)) {
			t.Errorf("thread %d can't be looked up in the fork", th.ID())
		}
	}
	if n := f.handles(f.app).Len(); n != 0 {
		t.Errorf("the fork has %d handles, want none", n)
	}
	a, b := d.process(first4(d)), f.process(first4(f))
	if a.Sequence() != b.Sequence() || a.Created() != b.Created() {
		t.Errorf("the next process is number %d at %d in the fork, want %d at %d", b.Sequence(), b.Created(), a.Sequence(), a.Created())
	}
}

func first4(d *desk) sim.PID { pid, _ := d.start(sim.ProcessSpec{}); return pid }

func TestForkHandsOutFreeIDsInAscendingOrder(t *testing.T) {
	for _, reuse := range []sim.Reuse{sim.OldestFirst, sim.LastFirst, sim.NeverReuse} {
		d := emptyDesk(t, sim.Config{Bare: true, Reuse: reuse})
		var old []sim.PID
		for range 4 {
			old = append(old, first4(d))
		}
		stays := first4(d)
		for _, i := range []int{2, 0, 3, 1} {
			d.end(old[i])
		}
		f := d.onFork()
		var got []uint32
		for range 3 {
			pid, tid := f.start(sim.ProcessSpec{})
			got = append(got, uint32(pid), uint32(tid))
		}
		want := []uint32{8, 12, 16, 20, 24, 28}
		if reuse == sim.NeverReuse {
			want = []uint32{48, 52, 56, 60, 64, 68}
		}
		if !slices.Equal(got, want) {
			t.Errorf("policy %d: the fork hands out %v, want %v; %d lives", reuse, got, want, stays)
		}
	}
}

// Pool addresses are taken over too: who lives keeps his own, who is new gets the lowest free one.
func TestForkKeepsPoolAddresses(t *testing.T) {
	d := emptyDesk(t, sim.Config{Bare: true})
	a, _ := d.start(sim.ProcessSpec{})
	b, _ := d.start(sim.ProcessSpec{})
	c, _ := d.start(sim.ProcessSpec{})
	low, mid := d.process(a).Address(), d.process(b).Address()
	d.end(b)
	d.end(a)
	f := d.onFork()
	if got, want := f.process(c).Address(), d.process(c).Address(); got != want {
		t.Errorf("process %d lives at %#x in the fork, want %#x", c, got, want)
	}
	if x, y := f.process(first4(f)).Address(), f.process(first4(f)).Address(); x != low || y != mid {
		t.Errorf("the next two live at %#x and %#x, want %#x and %#x", x, y, low, mid)
	}
}

func TestSameCallsMakeTheSameKernel(t *testing.T) {
	d, twin := newDesk(t), newDesk(t)
	f, g := d.onFork(), twin.onFork()
	for _, pair := range [][2]*desk{{d, twin}, {f, g}} {
		var texts [2]string
		for i, d := range pair {
			_, err := d.Update(func(tx *sim.Tx) error { return everything(d, tx) })
			d.fatal(err)
			d.next2()
			texts[i] = d.State().String() + d.State().Tree()
		}
		if diff := fuzz.Compare(pair[0].list(), pair[1].list()); diff != "" || texts[0] != texts[1] {
			t.Errorf("the same calls made two different kernels:\n%s\n%s\n%s", diff, texts[0], texts[1])
		}
		if pair[0].Counters() != pair[1].Counters() {
			t.Errorf("the same calls cost %v and %v", pair[0].Counters(), pair[1].Counters())
		}
	}
}

// next2 goes on with the ids that the script of everything leaves.
func (d *desk) next2() {
	for range 2 {
		pid, _ := d.start(sim.ProcessSpec{})
		d.thread(pid)
		d.load(pid, user32)
	}
}
