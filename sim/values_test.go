package sim_test

import (
	"errors"
	"iter"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

func TestZeroValuesAreNobody(t *testing.T) {
	var p sim.Process
	var th sim.Thread
	var m sim.Module
	var h sim.Heap
	var b sim.Block
	if !p.IsZero() || p.ID() != 0 || p.Parent() != 0 || p.Sequence() != 0 || p.Name()+p.Path() != "" || p.Image() == nil || p.Created() != 0 || p.BasePriority() != 0 ||
		p.Bits() != 0 || p.Started() || p.Minimal() || p.ThreadCount()+p.ModuleCount()+p.HeapCount() != 0 || p.Class() != 0 || p.Protection() != 0 {
		t.Errorf("the zero Process is %d %q", p.ID(), p.Name())
	}
	if th.ID() != 0 || th.Owner() != 0 || th.BasePriority() != 0 || th.Priority() != 0 || th.SuspendCount() != 0 || th.Created() != 0 {
		t.Errorf("the zero Thread is %d of %d", th.ID(), th.Owner())
	}
	if m.Base() != 0 || m.Size() != 0 || m.Image() == nil || m.Name()+m.Path() != "" || m.LoadCount() != 0 || m.Bits() != 0 || m.Sequence() != 0 {
		t.Errorf("the zero Module is %q at %#x", m.Name(), m.Base())
	}
	if h.ID() != 0 || h.Default() || h.Shared() || h.BlockCount() != 0 || h.Sequence() != 0 || b.Address() != 0 || b.Size() != 0 || b.Free() || b.Moveable() || b.LockCount() != 0 {
		t.Errorf("the zero Heap is %#x and the zero Block %#x", h.ID(), b.Address())
	}
	_, isModule := p.Module(0)
	_, isHeap := p.Heap(0)
	_, isBlock := h.Block(0)
	n := count(p.Threads()) + count(p.Modules()) + count(p.DataFiles()) + count(p.Heaps()) + count(h.Blocks())
	if isModule || isHeap || isBlock || n != 0 {
		t.Errorf("zero views have something in them: %d entries, %v %v %v", n, isModule, isHeap, isBlock)
	}
	s := newDesk(t).State()
	if _, ok := s.Process(4000); ok {
		t.Error("a state finds a process that is not in it")
	}
	if found, ok := s.Thread(0); ok || !found.Equal(th) {
		t.Error("idle threads share their tid and yet one is looked up by it")
	}
}

func count[T any](walk iter.Seq[T]) (n int) {
	for range walk {
		n++
	}
	return n
}

// TestEqualMeansNothingChanged changes one thing of a process after the other, and some of another one.
func TestEqualMeansNothingChanged(t *testing.T) {
	d := newDesk(t)
	was := d.process(d.app)
	heap, _ := was.Heap(d.heap)
	block, _ := heap.Block(d.block)
	d.ok(d.SetPriorityClass(d.wow, sim.HighClass))
	d.State()
	d.thread(d.wow)
	if now := d.process(d.app); !now.Equal(was) || was.Equal(sim.Process{}) || (sim.Process{}).Equal(was) || !was.Equal(was) {
		t.Error("nothing of the process changed, and yet it does not equal what it was; or it equals none")
	}
	if !heap.Equal(heap) || heap.Equal(sim.Heap{}) || (sim.Heap{}).Equal(heap) || block.Equal(sim.Block{}) || !block.Equal(block) {
		t.Error("a heap or a block does not equal itself, or equals none")
	}
	changes := []struct {
		reason              string
		f                   func() (sim.Version, error)
		sameHeap, sameBlock bool
	}{
		{"another heap", func() (sim.Version, error) { return late(d.HeapCreate(d.app, sim.HeapSpec{})) }, true, true},
		{"another block", func() (sim.Version, error) { return late(d.HeapAlloc(d.app, d.heap, 8, 0)) }, false, true},
		{"a lock", func() (sim.Version, error) { return late(d.LockBlock(d.app, d.heap, d.block)) }, false, false},
		{"its memory", func() (sim.Version, error) { return d.WriteProcessMemory(d.app, d.block, []byte("x")) }, false, false},
		{"a thread's count", func() (sim.Version, error) { return late(d.SuspendThread(d.main)) }, false, false},
	}
	for _, tt := range changes {
		before := d.process(d.app)
		d.ok(tt.f())
		p := d.process(d.app)
		h, _ := p.Heap(d.heap)
		b, _ := h.Block(d.block)
		if p.Equal(before) || h.Equal(heap) != tt.sameHeap || b.Equal(block) != tt.sameBlock {
			t.Errorf("after %s changed: process equal %v, heap %v, block %v, want false, %v, %v", tt.reason, p.Equal(before), h.Equal(heap), b.Equal(block), tt.sameHeap, tt.sameBlock)
		}
	}
	// Written and copied, but nothing else: an untouched copy is still equal.
	before := d.process(d.app)
	h, _ := before.Heap(d.heap)
	d.ok(late(d.LockBlock(d.app, d.heap, d.block)))
	d.ok(late(d.UnlockBlock(d.app, d.heap, d.block)))
	now, _ := d.process(d.app).Heap(d.heap)
	nowBlock, _ := now.Block(d.block)
	wasBlock, _ := h.Block(d.block)
	if !nowBlock.Equal(wasBlock) {
		t.Error("locked and unlocked again, a block does not equal what it was")
	}
}

func TestEveryWalkCanBeLeft(t *testing.T) {
	d := newDesk(t)
	d.load(d.wow, kernel32b)
	s := d.State()
	p := d.process(d.app)
	w := d.process(d.wow)
	h, _ := p.Heap(d.heap)
	if n := left(s.Processes(), 2) + left(s.Threads(), 5) + left(p.Threads(), 1) + left(p.Modules(), 2) + left(p.DataFiles(), 1) + left(w.Modules(), 7) +
		left(p.Heaps(), 1) + left(h.Blocks(), 2); n != 2+5+1+2+1+7+1+2 {
		t.Errorf("walks that are left early gave %d entries", n)
	}
}

// left leaves a walk at its nth entry and gives how many it saw.
func left[T any](walk iter.Seq[T], n int) (seen int) {
	for range walk {
		if seen++; seen == n {
			break
		}
	}
	return seen
}

func TestResidentIsWhoLivesThere(t *testing.T) {
	d := newDesk(t)
	for p := range d.State().Processes() {
		if e, ok := d.Resident(p.Address()); !ok || e.Kind != sim.KindProcess || e.ID != uint64(p.ID()) || e.Identity != p.Sequence() || e.Name != p.Name() {
			t.Errorf("at %#x lives %+v, want process %d", p.Address(), e, p.ID())
		}
		for th := range p.Threads() {
			if e, ok := d.Resident(th.Address()); !ok || e.Kind != sim.KindThread || e.ID != uint64(th.ID()) || e.Owner != p.ID() || e.Version != d.Version() {
				t.Errorf("at %#x lives %+v, want thread %d", th.Address(), e, th.ID())
			}
		}
	}
	empty := d.process(d.app).Address()
	d.end(d.app)
	for _, at := range []sim.Address{0, empty, empty + 0x123456000, 0x100_0000_0000} {
		if e, ok := d.Resident(at); ok {
			t.Errorf("at %#x lives %+v, want nobody", at, e)
		}
	}
}

func TestLiveBlockWalk(t *testing.T) {
	d := newDesk(t)
	var got []sim.Address
	b, v, err := d.FirstBlock(d.app, d.heap)
	for ; err == nil; b, v, err = d.NextBlock(d.app, d.heap, b.Address()) {
		got = append(got, b.Address())
	}
	wantEqual(t, "blocks, free ones included", got, []sim.Address{d.block, d.hole, d.locked})
	wantError(t, err, "NextBlock", sim.ErrEnd, v)
	b, _, err = d.NextBlock(d.app, d.heap, d.block)
	d.fatal(err)
	d.alloc(50)
	if !b.Free() {
		t.Error("a block that was read changed with the heap")
	}
	refuse(t, []refusal{
		{"an empty heap", "FirstBlock", sim.ErrEnd, func(d *desk) (sim.Version, error) { return read(d.FirstBlock(d.wow, 0x2000_0000)) }},
		{"a heap that is none", "FirstBlock", sim.ErrNoHeap, func(d *desk) (sim.Version, error) { return read(d.FirstBlock(d.app, 1)) }},
		{"a process that ended", "FirstBlock", sim.ErrNoProcess, func(d *desk) (sim.Version, error) { return read(d.FirstBlock(d.gone, d.heap)) }},
		{"a process that ended, further on", "NextBlock", sim.ErrNoProcess, func(d *desk) (sim.Version, error) { return read(d.NextBlock(d.gone, d.heap, d.block)) }},
		{"a heap that is gone", "NextBlock", sim.ErrHeapChanged, func(d *desk) (sim.Version, error) { return read(d.NextBlock(d.app, 1, d.block)) }},
		{"a block that was swallowed, or never was", "NextBlock", sim.ErrHeapChanged, func(d *desk) (sim.Version, error) { return read(d.NextBlock(d.app, d.heap, d.block+16)) }},
	})
	d.ok(d.HeapFree(d.app, d.heap, d.block))
	d.ok(d.HeapFree(d.app, d.heap, d.hole))
	if _, _, err := d.NextBlock(d.app, d.heap, d.hole); !errors.Is(err, sim.ErrHeapChanged) {
		t.Errorf("the block was swallowed by its neighbour, and the walk goes on with %v", err)
	}
	h, _ := d.process(d.app).Heap(d.heap)
	if b, ok := h.Block(d.hole); ok {
		t.Errorf("the block was swallowed by its neighbour, and a look-up gives one of %d bytes", b.Size())
	}
}

func read(_ sim.Block, v sim.Version, err error) (sim.Version, error) { return v, err }

// Of the heap and module slots of a process the four freed last come back, last first; the others never do.
func TestFourSlotsComeBack(t *testing.T) {
	d := newDesk(t)
	var made []sim.Address
	for range 6 {
		made = append(made, first(d.HeapCreate(d.app, sim.HeapSpec{}))(d))
	}
	for _, id := range made {
		d.ok(d.HeapDestroy(d.app, id))
	}
	var got []sim.Address
	for range 5 {
		got = append(got, first(d.HeapCreate(d.app, sim.HeapSpec{}))(d))
	}
	wantEqual(t, "heap ids", got, []sim.Address{made[5], made[4], made[3], made[2], made[5] + 1<<34})
}

// The body of a loop over a list may call whatever it likes, and may panic: no lock is held while it runs.
func TestLoopBodyMayDoAnything(t *testing.T) {
	d := newDesk(t)
	n := 0
	for p := range d.State().Processes() {
		n++
		if p.ID() > 4 {
			d.end(p.ID())
		}
		first4(d)
		if s := d.State(); s.Version() != d.Version() || s.Fork() == nil {
			t.Errorf("a state taken within a walk is of version %d, want %d", s.Version(), d.Version())
		}
	}
	if want := 6; n != want {
		t.Errorf("the walk gave %d processes, want the %d that were there when it began", n, want)
	}
	func() {
		defer func() {
			if r := recover(); r != errGivenUp {
				t.Errorf("the walk panics with %v, want what the body did", r)
			}
		}()
		for range d.State().Threads() {
			panic(errGivenUp)
		}
	}()
	first4(d)
}

// A nosy object asks the kernel when it is asked itself.
type nosy struct{ k *sim.Kernel }

func (o *nosy) Kind() string  { return "Nosy" }
func (o *nosy) Bytes() uint64 { return uint64(o.k.Version()) }

func TestObjectsMayCallTheKernel(t *testing.T) {
	d := newDesk(t)
	table := d.handles(d.app)
	d.open(table, &nosy{d.Kernel}, sim.HandleInherit)
	d.start(sim.ProcessSpec{Parent: d.app, InheritHandles: true})
	if got := table.Bytes(); got != uint64(d.Version()) {
		t.Errorf("the table holds %d bytes, want what the object says, %d", got, d.Version())
	}
	d.end(d.app)
}
