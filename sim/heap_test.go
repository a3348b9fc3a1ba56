package sim_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

func TestDefaultHeapStandsFirstAndStays(t *testing.T) {
	d := newDesk(t)
	shared := first(d.HeapCreate(d.app, sim.HeapSpec{Shared: true}))(d)
	p := d.process(d.app)
	var got []string
	for h := range p.Heaps() {
		got = append(got, fmt.Sprintf("%#x %v %v", h.ID(), h.Default(), h.Shared()))
	}
	wantEqual(t, "heaps: id, default, shared", got, []string{"0x10000000000 true false", "0x10400000000 false false", "0x10800000000 false true"})
	d.ok(d.HeapDestroy(d.app, shared))
	if _, ok := d.process(d.app).Heap(shared); ok || p.HeapCount() != 3 {
		t.Errorf("a destroyed heap is still there, or the kept view lost it: %d heaps", p.HeapCount())
	}
	if h, ok := p.Heap(shared); !ok || h.ID() != shared || h.Sequence() != 3 {
		t.Errorf("the kept view gives heap %#x, want %#x", h.ID(), shared)
	}
	if again := first(d.HeapCreate(d.app, sim.HeapSpec{}))(d); again != shared {
		t.Errorf("the next heap is %#x, want the id that was given back, %#x", again, shared)
	}
	h, _ := d.process(d.app).Heap(shared)
	if h.Sequence() != 4 {
		t.Errorf("the heap with the old id has ordinal %d, want a new one, 4", h.Sequence())
	}
}

func TestHeapByName(t *testing.T) {
	d := newDesk(t)
	const fifth, ninth = 0x100_0000_0000 + 5<<34, 0x100_0000_0000 + 9<<34
	for _, id := range []sim.Address{ninth, fifth} {
		if got := first(d.HeapCreate(d.app, sim.HeapSpec{ID: id}))(d); got != id {
			t.Errorf("asked for heap %#x, got %#x", id, got)
		}
	}
	d.ok(d.HeapDestroy(d.app, ninth))
	d.ok(d.HeapDestroy(d.app, fifth))
	if got := first(d.HeapCreate(d.app, sim.HeapSpec{ID: ninth}))(d); got != ninth {
		t.Errorf("asked for heap %#x, which had been given back, got %#x", sim.Address(ninth), got)
	}
	wantEqual(t, "heaps in creation order", heapIDs(d.process(d.app)), []sim.Address{0x100_0000_0000, 0x104_0000_0000, ninth})
}

func TestHeapsRunOutAndComeBack(t *testing.T) {
	tests := []struct {
		reason string
		pid    func(d *desk) sim.PID
		most   int
	}{
		{"a 32-bit process has 64", func(d *desk) sim.PID { return d.wow }, 64},
		{"a 64-bit one 8000", func(d *desk) sim.PID { return d.app }, 8000},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			d := newDesk(t)
			pid := tt.pid(d)
			last := sim.Address(0)
			_, err := d.Update(func(tx *sim.Tx) error {
				for {
					id, err := tx.HeapCreate(pid, sim.HeapSpec{})
					if errors.Is(err, sim.ErrNoMemory) {
						return nil
					}
					last = id
				}
			})
			d.fatal(err)
			if n := d.process(pid).HeapCount(); n != tt.most {
				t.Fatalf("%d heaps, want %d", n, tt.most)
			}
			v := d.Version()
			_, _, err = d.HeapCreate(pid, sim.HeapSpec{})
			wantError(t, err, "HeapCreate", sim.ErrNoMemory, v)
			d.ok(d.HeapDestroy(pid, last))
			if again := first(d.HeapCreate(pid, sim.HeapSpec{}))(d); again != last {
				t.Errorf("after one was destroyed the next is %#x, want %#x", again, last)
			}
		})
	}
}

// blocksOf draws a heap: each block as its size, free ones in brackets.
func blocksOf(h sim.Heap) string {
	var s []string
	for b := range h.Blocks() {
		if f := fmt.Sprint(b.Size()); b.Free() {
			s = append(s, "["+f+"]")
		} else {
			s = append(s, f)
		}
	}
	return strings.Join(s, " ")
}

func TestFreedBlocksStayListedUntilSwallowed(t *testing.T) {
	d := newDesk(t)
	d.ok(late(d.UnlockBlock(d.app, d.heap, d.locked)))
	var end sim.Address
	steps := []struct {
		reason string
		f      func()
		want   string
	}{
		{"a freed block is listed, rounded up to 16", func() {}, "100 [64] 200"},
		{"the next takes its place, and what is too much stays free", func() { d.alloc(10) }, "100 10 [32] 200"},
		{"that is used too", func() { d.alloc(20) }, "100 10 20 200"},
		{"its neighbour is freed", func() { d.ok(d.HeapFree(d.app, d.heap, d.block)) }, "[112] 10 20 200"},
		{"what is too little for a block and its header stays with the block", func() { d.alloc(90) }, "90 10 20 200"},
		{"no free block is left: at the end", func() { end = d.alloc(1) }, "90 10 20 200 1"},
		{"one is freed", func() { d.ok(d.HeapFree(d.app, d.heap, d.hole)) }, "90 [16] 20 200 1"},
		{"freed neighbours become one, headers and all", func() { d.ok(d.HeapFree(d.app, d.heap, d.hole+32)) }, "90 [64] 200 1"},
		{"and one more", func() { d.ok(d.HeapFree(d.app, d.heap, d.locked)) }, "90 [288] 1"},
		{"what is too large for it goes to the end", func() { end = d.alloc(300) }, "90 [288] 1 300"},
		{"the freed block at the end goes", func() { d.ok(d.HeapFree(d.app, d.heap, end)) }, "90 [288] 1"},
		{"with all the free ones before it", func() { d.ok(d.HeapFree(d.app, d.heap, end-32)) }, "90"},
		{"and so to the start", func() { d.ok(d.HeapFree(d.app, d.heap, d.block)) }, ""},
		{"an empty heap starts again", func() { d.alloc(0) }, "0"},
	}
	for _, tt := range steps {
		tt.f()
		h, _ := d.process(d.app).Heap(d.heap)
		if got := blocksOf(h); got != tt.want || h.BlockCount() != len(strings.Fields(got)) {
			t.Errorf("%s: blocks are %q, %d counted, want %q", tt.reason, got, h.BlockCount(), tt.want)
		}
	}
}

// TestBlocksNeverOverlap is the law of every allocator: blocks stand in address order, do not overlap, and are found by address.
func TestBlocksNeverOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t)
		var held []sim.Address
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			size := rapid.Uint64Range(0, 300).Draw(t, "size")
			i := rapid.IntRange(0, 2*len(held)).Draw(t, "which")
			switch {
			case i >= len(held):
				held = append(held, d.alloc(size))
			case size%2 == 0:
				held[i] = first(d.HeapReAlloc(d.app, d.heap, held[i], size))(d)
			default:
				d.ok(d.HeapFree(d.app, d.heap, held[i]))
				held = append(held[:i], held[i+1:]...)
			}
		}
		h, _ := d.process(d.app).Heap(d.heap)
		end, used := h.ID(), 0
		for b := range h.Blocks() {
			if b.Address() < end || b.Address()%16 != 0 {
				t.Fatalf("block %#x starts before %#x, or at no multiple of 16", b.Address(), end)
			}
			end = b.Address() + sim.Address(b.Size())
			if c, ok := h.Block(b.Address()); !ok || !c.Equal(b) {
				t.Fatalf("block %#x is not found by its address", b.Address())
			}
			if !b.Free() {
				used++
			}
		}
		if used != len(held)+2 {
			t.Fatalf("%d blocks in use, want %d", used, len(held)+2)
		}
	})
}

func TestReAllocKeepsTheBlock(t *testing.T) {
	tests := []struct {
		reason string
		size   uint64
		moves  bool
	}{
		{"smaller", 10, false},
		{"to nothing", 0, false},
		{"as far as its room goes", 112, false},
		{"further than that", 113, true},
		{"over pages", 10_000, true},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			d := newDesk(t)
			moveable := first(d.HeapAlloc(d.app, d.heap, 100, sim.Moveable))(d)
			d.alloc(1)
			d.ok(d.WriteProcessMemory(d.app, moveable, []byte(strings.Repeat("x", 100))))
			to := first(d.HeapReAlloc(d.app, d.heap, moveable, tt.size))(d)
			p := d.process(d.app)
			h, _ := p.Heap(d.heap)
			b, ok := h.Block(to)
			if (to != moveable) != tt.moves || !ok || b.Size() != tt.size || !b.Moveable() || b.LockCount() != 0 {
				t.Errorf("from %#x to %#x, size %d, moveable %v, want size %d, moved %v", moveable, to, b.Size(), b.Moveable(), tt.size, tt.moves)
			}
			buf := make([]byte, tt.size)
			d.fatal(p.ReadMemory(to, buf))
			kept := min(tt.size, 100)
			want := strings.Repeat("x", int(kept)) + strings.Repeat("\x00", int(tt.size-kept))
			if string(buf) != want {
				t.Errorf("it holds %q..., want what stood in it, then zeros", buf[:min(len(buf), 120)])
			}
		})
	}
	d := newDesk(t)
	d.ok(d.WriteProcessMemory(d.app, d.block, []byte("0123456789")))
	d.ok(late(d.HeapReAlloc(d.app, d.heap, d.block, 4)))
	d.ok(late(d.HeapReAlloc(d.app, d.heap, d.block, 10)))
	buf := make([]byte, 10)
	d.ok(d.ReadProcessMemory(d.app, d.block, buf))
	if string(buf) != "0123\x00\x00\x00\x00\x00\x00" {
		t.Errorf("shrunk to 4 and grown again it holds %q, want zeros behind the fourth byte", buf)
	}
}

func TestLockedBlockStaysWhereItIs(t *testing.T) {
	d := newDesk(t)
	if n := first(d.LockBlock(d.app, d.heap, d.locked))(d); n != 2 {
		t.Errorf("locked twice the count is %d", n)
	}
	if at := first(d.HeapReAlloc(d.app, d.heap, d.locked, 208))(d); at != d.locked {
		t.Errorf("a locked block moved to %#x", at)
	}
	for want := 1; want >= 0; want-- {
		if n := first(d.UnlockBlock(d.app, d.heap, d.locked))(d); n != want {
			t.Errorf("unlocked, the count is %d, want %d", n, want)
		}
	}
	d.ok(d.HeapFree(d.app, d.heap, d.locked))
	_, err := d.Update(func(tx *sim.Tx) error {
		for {
			if _, err := tx.LockBlock(d.app, d.heap, d.block); err != nil {
				wantError(t, err, "LockBlock", sim.ErrInvalid, 0)
				return nil
			}
		}
	})
	d.fatal(err)
	h, _ := d.process(d.app).Heap(d.heap)
	if b, _ := h.Block(d.block); b.LockCount() != 65535 {
		t.Errorf("locked as often as can be the count is %d, want 65535", b.LockCount())
	}
}

// A heap whose end is reached still has the room of the blocks that were freed.
func TestFullHeapUsesFreedBlocks(t *testing.T) {
	d := newDesk(t)
	heap := first(d.HeapCreate(d.wow, sim.HeapSpec{}))(d)
	var blocks []sim.Address
	for {
		at, v, err := d.HeapAlloc(d.wow, heap, 1<<20, 0)
		if err != nil {
			wantError(t, err, "HeapAlloc", sim.ErrNoMemory, v)
			break
		}
		blocks = append(blocks, at)
	}
	if len(blocks) != 15 {
		t.Fatalf("a heap of 16 MiB has room for %d blocks of 1 MiB and their headers, want 15", len(blocks))
	}
	d.ok(d.HeapFree(d.wow, heap, blocks[7]))
	d.ok(d.HeapFree(d.wow, heap, blocks[3]))
	for _, want := range []sim.Address{blocks[3], blocks[7]} { // the one freed last, then the first one there is
		if at, _, err := d.HeapAlloc(d.wow, heap, 1<<20, 0); err != nil || at != want {
			t.Errorf("after two blocks were freed the next is %#x, %v, want %#x", at, err, want)
		}
	}
	_, v, err := d.HeapAlloc(d.wow, heap, 1<<20, 0)
	wantError(t, err, "HeapAlloc", sim.ErrNoMemory, v)
}

func TestHeapRefusals(t *testing.T) {
	verbs := []struct {
		call string
		f    func(d *desk, pid sim.PID, heap, block sim.Address) (sim.Version, error)
	}{
		{"HeapAlloc", func(d *desk, pid sim.PID, heap, _ sim.Address) (sim.Version, error) {
			return late(d.HeapAlloc(pid, heap, 8, 0))
		}},
		{"HeapReAlloc", func(d *desk, pid sim.PID, heap, b sim.Address) (sim.Version, error) {
			return late(d.HeapReAlloc(pid, heap, b, 8))
		}},
		{"HeapFree", func(d *desk, pid sim.PID, heap, b sim.Address) (sim.Version, error) { return d.HeapFree(pid, heap, b) }},
		{"LockBlock", func(d *desk, pid sim.PID, heap, b sim.Address) (sim.Version, error) {
			return late(d.LockBlock(pid, heap, b))
		}},
		{"UnlockBlock", func(d *desk, pid sim.PID, heap, b sim.Address) (sim.Version, error) {
			return late(d.UnlockBlock(pid, heap, b))
		}},
	}
	var rows []refusal
	for i, v := range verbs {
		rows = append(rows,
			refusal{v.call + " in a process that ended", v.call, sim.ErrNoProcess, func(d *desk) (sim.Version, error) { return v.f(d, d.gone, d.heap, d.block) }},
			refusal{v.call + " in a heap that is none", v.call, sim.ErrNoHeap, func(d *desk) (sim.Version, error) { return v.f(d, d.app, d.heap+1, d.block) }},
			refusal{v.call + " in a minimal process", v.call, sim.ErrNoHeap, func(d *desk) (sim.Version, error) { return v.f(d, d.quiet, d.heap, d.block) }},
			refusal{v.call + " before the loader has run", v.call, sim.ErrNoHeap, func(d *desk) (sim.Version, error) { return v.f(d, d.asleep, 0x100_0000_0000, d.block) }})
		if i > 0 {
			rows = append(rows,
				refusal{v.call + " inside a block", v.call, sim.ErrNoBlock, func(d *desk) (sim.Version, error) { return v.f(d, d.app, d.heap, d.block+16) }},
				refusal{v.call + " of a free block", v.call, sim.ErrNoBlock, func(d *desk) (sim.Version, error) { return v.f(d, d.app, d.heap, d.hole) }})
		}
	}
	alloc := func(size uint64, f sim.AllocFlags) func(d *desk) (sim.Version, error) {
		return func(d *desk) (sim.Version, error) { return late(d.HeapAlloc(d.app, d.heap, size, f)) }
	}
	create := func(pid func(d *desk) sim.PID, id sim.Address) func(d *desk) (sim.Version, error) {
		return func(d *desk) (sim.Version, error) { return late(d.HeapCreate(pid(d), sim.HeapSpec{ID: id})) }
	}
	app := func(d *desk) sim.PID { return d.app }
	rows = append(rows,
		refusal{"a flag that is none", "HeapAlloc", sim.ErrInvalid, alloc(8, 2)},
		refusal{"2^64-1 bytes", "HeapAlloc", sim.ErrNoMemory, alloc(1<<64-1, 0)},
		refusal{"more than the heap can have", "HeapAlloc", sim.ErrNoMemory, alloc(16<<30-0x1000-15, 0)},
		refusal{"to 2^64-1 bytes", "HeapReAlloc", sim.ErrNoMemory, func(d *desk) (sim.Version, error) { return late(d.HeapReAlloc(d.app, d.heap, d.block, 1<<64-1)) }},
		refusal{"a locked block that would move", "HeapReAlloc", sim.ErrInvalid, func(d *desk) (sim.Version, error) { return late(d.HeapReAlloc(d.app, d.heap, d.locked, 300)) }},
		refusal{"a locked block", "HeapFree", sim.ErrInvalid, func(d *desk) (sim.Version, error) { return d.HeapFree(d.app, d.heap, d.locked) }},
		refusal{"a block that is not locked", "UnlockBlock", sim.ErrInvalid, func(d *desk) (sim.Version, error) { return late(d.UnlockBlock(d.app, d.heap, d.block)) }},
		refusal{"a heap in a process that ended", "HeapCreate", sim.ErrNoProcess, create(func(d *desk) sim.PID { return d.gone }, 0)},
		refusal{"a heap in a minimal process", "HeapCreate", sim.ErrInvalid, create(func(d *desk) sim.PID { return d.quiet }, 0)},
		refusal{"a heap before the loader has run", "HeapCreate", sim.ErrInvalid, create(func(d *desk) sim.PID { return d.asleep }, 0)},
		refusal{"a heap id between two ids", "HeapCreate", sim.ErrInvalid, create(app, 0x100_0000_0008)},
		refusal{"a heap id that is taken", "HeapCreate", sim.ErrIDTaken, create(app, 0x100_0000_0000)},
		refusal{"the default heap", "HeapDestroy", sim.ErrInvalid, func(d *desk) (sim.Version, error) { return d.HeapDestroy(d.app, 0x100_0000_0000) }},
		refusal{"a heap that is none", "HeapDestroy", sim.ErrNoHeap, func(d *desk) (sim.Version, error) { return d.HeapDestroy(d.app, 0x7FFF_0000_0000) }},
		refusal{"a heap of a process that ended", "HeapDestroy", sim.ErrNoProcess, func(d *desk) (sim.Version, error) { return d.HeapDestroy(d.gone, d.heap) }},
	)
	refuse(t, rows)
}

func TestHeapUsesAFreeBlockCloseBehind(t *testing.T) {
	d := newDesk(t)
	small := d.alloc(100)
	d.alloc(100)
	large := d.alloc(300)
	d.alloc(16) // so that large is not the last
	d.ok(d.HeapFree(d.app, d.heap, large))
	d.ok(d.HeapFree(d.app, d.heap, small))
	if got := d.alloc(200); got != large {
		t.Errorf("200 bytes went to %#x, want the free block %#x close behind the one freed last, %#x", got, large, small)
	}

	d = newDesk(t)
	near := d.alloc(100)
	for range 20 {
		d.alloc(16)
	}
	far := d.alloc(400)
	last := d.alloc(16)
	d.ok(d.HeapFree(d.app, d.heap, far))
	d.ok(d.HeapFree(d.app, d.heap, near))
	if got := d.alloc(390); got <= last {
		t.Errorf("390 bytes went to %#x, want the end of the heap: the free block %#x is far behind the one freed last", got, far)
	}
}
