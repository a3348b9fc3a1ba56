package sim_test

import (
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// TestCountersCountWhatIsNew grows and shrinks every kind of list: after each verb the nodes that the state before did not have are
// those that were made or copied. Only what shrinks may have copied more: nodes that then moved in with a neighbour.
func TestCountersCountWhatIsNew(t *testing.T) {
	d := emptyDesk(t, sim.Config{})
	d.start(sim.ProcessSpec{}) // what is lent to fresh processes stands with this one all the time
	pid, _ := d.start(sim.ProcessSpec{})
	heap := first(d.HeapCreate(pid, sim.HeapSpec{}))(d)
	var pids []sim.PID
	var tids []sim.TID
	var heaps, blocks []sim.Address
	steps := []struct {
		what  string
		f     func(i int)
		exact bool
	}{
		{"CreateProcess", func(int) { p, _ := d.start(sim.ProcessSpec{}); pids = append(pids, p) }, true},
		{"CreateThread", func(int) { tids = append(tids, d.thread(pid)) }, true},
		{"HeapCreate", func(int) { heaps = append(heaps, first(d.HeapCreate(pid, sim.HeapSpec{}))(d)) }, true},
		{"HeapAlloc", func(i int) { blocks = append(blocks, first(d.HeapAlloc(pid, heap, uint64(1+i*700), 0))(d)) }, true},
		{"WriteProcessMemory", func(i int) { d.ok(d.WriteProcessMemory(pid, blocks[i], []byte{1})) }, true},
		{"LoadLibrary", func(i int) { d.load(pid, sim.MustImage(string(rune('a'+i%26))+string(rune('a'+i/26))+".dll")) }, true},
		{"LoadLibrary again", func(i int) { d.load(pid, kernel32) }, true},
		{"HeapFree", func(i int) { d.ok(d.HeapFree(pid, heap, blocks[i*7%len(blocks)])) }, false},
		{"HeapDestroy", func(i int) { d.ok(d.HeapDestroy(pid, heaps[i*7%len(heaps)])) }, false},
		{"TerminateThread", func(i int) { d.ok(d.TerminateThread(tids[i*7%len(tids)], 0)) }, false},
		{"TerminateProcess", func(i int) { d.end(pids[i*7%len(pids)]) }, false},
	}
	for _, s := range steps {
		for i := range 50 {
			a, before := d.State(), d.Counters()
			s.f(i)
			b, after := d.State(), d.Counters()
			counted := after.NodesMade + after.NodesCopied - before.NodesMade - before.NodesCopied
			if fresh := sim.Shared(a, b).NodesOnlyB; counted < fresh || s.exact && counted != fresh {
				t.Errorf("%s number %d: %d nodes are new, %d were made and %d copied", s.what, i, fresh,
					after.NodesMade-before.NodesMade, after.NodesCopied-before.NodesCopied)
			}
		}
	}
}

// TestEqualHeapsMayBeOfAnyAge makes the same heap in two forks that are many changes apart.
func TestEqualHeapsMayBeOfAnyAge(t *testing.T) {
	d := newDesk(t)
	a, b := d.onFork(), d.onFork()
	d = b
	for range 10 {
		d.ok(d.Advance(1))
	}
	id := first(a.HeapCreate(a.app, sim.HeapSpec{}))(a)
	if other := first(b.HeapCreate(b.app, sim.HeapSpec{}))(b); other != id {
		t.Fatalf("the same call gave %#x and %#x", id, other)
	}
	ha, okA := a.process(a.app).Heap(id)
	hb, okB := b.process(b.app).Heap(id)
	if !okA || !okB || !ha.Equal(hb) {
		t.Errorf("the same heap made by version %d and by version %d is not equal", a.Version(), b.Version())
	}
}
