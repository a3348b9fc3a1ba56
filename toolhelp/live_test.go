package toolhelp

import (
	"bytes"
	"slices"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// alloc makes blocks of the given sizes in a new heap of a process.
func (d *desk) alloc(tb testing.TB, pid sim.PID, sizes ...uint64) (heap sim.Address, blocks []sim.Address) {
	tb.Helper()
	heap, _, err := d.k.HeapCreate(pid, sim.HeapSpec{})
	if err != nil {
		tb.Fatal(err)
	}
	for _, size := range sizes {
		b, _, err := d.k.HeapAlloc(pid, heap, size, 0)
		if err != nil {
			tb.Fatal(err)
		}
		blocks = append(blocks, b)
	}
	return heap, blocks
}

// blocks walks a living heap.
func blocks(tb testing.TB, c *Caller, pid sim.PID, heap sim.Address) (all []HeapEntry32) {
	tb.Helper()
	e := HeapEntry32{Size: sizeofHeapEntry}
	err := c.Heap32First(&e, uint32(pid), heapID(heap))
	for ; err == nil; err = c.Heap32Next(&e) {
		all = append(all, e)
	}
	want(tb, "end of the blocks", err, ERROR_NO_MORE_FILES)
	return all
}

// TestBlocks is rules C.7-1, C.7-2, C.7-4, C.7-8, C.7-12 and C.7-13: a walk without any snapshot gives each block.
func TestBlocks(t *testing.T) {
	d := newDesk(t)
	heap, at := d.alloc(t, d.child, 32, 1000, 1, 48)
	moveable, _, err := d.k.HeapAlloc(d.child, heap, 64, sim.Moveable)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.k.LockBlock(d.child, heap, moveable); err != nil {
		t.Fatal(err)
	}
	if _, err := d.k.HeapFree(d.child, heap, at[1]); err != nil {
		t.Fatal(err)
	}
	all := blocks(t, d.me, d.child, heap)
	flags := []uint32{LF32_FIXED, LF32_FREE, LF32_FIXED, LF32_FIXED, LF32_MOVEABLE}
	sizes := []uintptr{32, 1008, 1, 48, 64} // a free block has what it was rounded up to
	for i, b := range append(at, moveable) {
		if i >= len(all) {
			t.Fatalf("%d blocks, want %d", len(all), len(at)+1)
		}
		e := all[i]
		if e.Address != uintptr(b) || e.Flags != flags[i] || e.BlockSize != sizes[i]+sim.BlockOverhead {
			t.Errorf("C.7-4, C.7-12, C.7-13: block %d at %#x, flags %d, size %d, want %#x, %d, %d with the overhead", i, e.Address, e.Flags, e.BlockSize, b, flags[i], sizes[i]+sim.BlockOverhead)
		}
		if e.LockCount != 0 || e.ProcessID != uint32(d.child) || e.HeapID != heapID(heap) || e.Handle != Handle(e.HeapID) || e.Size != sizeofHeapEntry {
			t.Errorf("C.7-4, C.7-13: block %+v, want lock count 0, pid %d, heap %#x, size %d", e, d.child, heap, sizeofHeapEntry)
		}
	}
}

// TestBlockWalkFails is rules C.7-3, C.7-5, C.7-9, C.7-15 and the access rules, which are those of the module list.
func TestBlockWalkFails(t *testing.T) {
	d := newDesk(t)
	full, _ := d.alloc(t, d.app, 32)
	none, _ := d.alloc(t, d.app)
	heap, empty := heapID(full), heapID(none)
	tests := []struct {
		reason string
		who    *Caller
		size   uintptr
		pid    uint32
		heap   uintptr
		code   Errno
	}{
		{"C.7-3 no such heap", d.me, sizeofHeapEntry, uint32(d.app), heap + 1, ERROR_NO_MORE_FILES},
		{"C.7-3 an empty heap", d.me, sizeofHeapEntry, uint32(d.app), empty, ERROR_NO_MORE_FILES},
		{"C.7-5 a size of 0", d.me, 0, uint32(d.app), heap, ERROR_BAD_LENGTH},
		{"C.7-5 a size one too small", d.me, sizeofHeapEntry - 1, uint32(d.app), heap, ERROR_BAD_LENGTH},
		{"C.7-5 a larger one", d.me, sizeofHeapEntry + 1, uint32(d.app), heap, 0},
		{"C.7-15 no such process", d.me, sizeofHeapEntry, 4000000, heap, ERROR_INVALID_PARAMETER},
		{"C.7-15 pid 0 is not the caller here", d.me, sizeofHeapEntry, 0, heap, ERROR_INVALID_PARAMETER},
		{"another user's", d.me, sizeofHeapEntry, uint32(d.other), heap, ERROR_ACCESS_DENIED},
		{"a protected process's", d.me, sizeofHeapEntry, uint32(d.guard), heap, ERROR_ACCESS_DENIED},
		{"a 64-bit process's by a 32-bit caller", d.narrow, sizeofHeapEntry, uint32(d.app), heap, ERROR_PARTIAL_COPY},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			e := HeapEntry32{Size: tt.size, Address: 99}
			want(t, "Heap32First", tt.who.Heap32First(&e, tt.pid, tt.heap), tt.code)
			if tt.code != 0 && e != (HeapEntry32{Size: tt.size, Address: 99}) {
				t.Errorf("the entry was written: %+v", e)
			}
			if tt.code == 0 && e.Size != sizeofHeapEntry {
				t.Errorf("C.7-5: Size is %d after the call, want %d", e.Size, sizeofHeapEntry)
			}
		})
	}
	want(t, "a nil entry, First", d.me.Heap32First(nil, uint32(d.app), heap), ERROR_NOACCESS)
	want(t, "a nil entry, Next", d.me.Heap32Next(nil), ERROR_NOACCESS)
	want(t, "a zero entry, Next", d.me.Heap32Next(&HeapEntry32{Size: sizeofHeapEntry}), ERROR_INVALID_PARAMETER)
}

// TestBlockPlace is rules C.7-6 and C.7-7: the place is in the entry and nowhere else; one that was altered is no place.
func TestBlockPlace(t *testing.T) {
	d := newDesk(t)
	heap, at := d.alloc(t, d.app, 16, 16, 16, 16)
	e := HeapEntry32{Size: sizeofHeapEntry}
	want(t, "First", d.me.Heap32First(&e, uint32(d.app), heapID(heap)), 0)
	want(t, "Next", d.me.Heap32Next(&e), 0)
	fork := e
	want(t, "Next", d.me.Heap32Next(&e), 0)
	want(t, "Next of the copy", d.me.Heap32Next(&fork), 0)
	if e.Address != uintptr(at[2]) || fork.Address != e.Address {
		t.Errorf("C.7-7: the walk and its copy are at %#x and %#x, want both at %#x", e.Address, fork.Address, at[2])
	}
	far := d.caller(t, d.thread(t, d.app))
	want(t, "Next by another thread", far.Heap32Next(&e), 0)
	alter := []struct {
		reason string
		f      func(*HeapEntry32)
	}{
		{"another heap", func(e *HeapEntry32) { e.HeapID++ }},
		{"another process", func(e *HeapEntry32) { e.ProcessID = uint32(d.child) }},
		{"another Resvd", func(e *HeapEntry32) { e.Resvd++ }},
		{"no Resvd", func(e *HeapEntry32) { e.Resvd = 0 }},
	}
	for _, tt := range alter {
		bad := fork
		tt.f(&bad)
		before := bad
		want(t, "C.7-6 "+tt.reason, d.me.Heap32Next(&bad), ERROR_INVALID_DATA)
		if bad != before {
			t.Errorf("C.7-6: %s: a failed call wrote the entry", tt.reason)
		}
	}
	fork.Handle, fork.Address, fork.BlockSize, fork.Flags, fork.LockCount = 1, 2, 3, 4, 5
	want(t, "C.7-6 other fields are not looked at", d.me.Heap32Next(&fork), 0)
}

// TestBlocksAreLive is rules C.7-9 and C.7-10: the walk sees what changes under it, says 13 when its block is gone, and goes on in a stranger
// whose pid is the same.
func TestBlocksAreLive(t *testing.T) {
	d := newDesk(t)
	heap, at := d.alloc(t, d.app, 16, 32, 48, 64)
	s, err := Take(d.k, TH32CS_SNAPHEAPLIST, d.app)
	wantIn(t, "Take", err, 0)
	frozen, _ := s.Heap(heap)
	e := HeapEntry32{Size: sizeofHeapEntry}
	want(t, "First", d.me.Heap32First(&e, uint32(d.app), heapID(heap)), 0)
	extra, _, err := d.k.HeapAlloc(d.app, heap, 80, 0)
	if err != nil {
		t.Fatal(err)
	}
	live := blocks(t, d.me, d.app, heap)
	if live[len(live)-1].Address != uintptr(extra) || frozen.BlockCount() != 4 {
		t.Errorf("C.7-1: the live walk ends at %#x, want the new block %#x; the snapshot has %d blocks, want 4", live[len(live)-1].Address, extra, frozen.BlockCount())
	}
	want(t, "Next", d.me.Heap32Next(&e), 0)
	for _, b := range []sim.Address{at[0], at[1]} { // the second joins the first, which is free
		if _, err := d.k.HeapFree(d.app, heap, b); err != nil {
			t.Fatal(err)
		}
	}
	want(t, "C.7-9 the block in the entry is no more", d.me.Heap32Next(&e), ERROR_INVALID_DATA)
	want(t, "First again", d.me.Heap32First(&e, uint32(d.app), heapID(heap)), 0)
	if _, err := d.k.HeapDestroy(d.app, heap); err != nil {
		t.Fatal(err)
	}
	want(t, "C.7-9 the heap is gone", d.me.Heap32Next(&e), ERROR_INVALID_DATA)
}

// TestBlockWalkInAStranger is rule C.7-10, and E.17 for who prevents it by holding a handle.
func TestBlockWalkInAStranger(t *testing.T) {
	for _, hold := range []bool{false, true} {
		k := sim.New(sim.Config{Reuse: sim.LastFirst})
		d := &desk{k: k}
		start := func() (sim.PID, sim.TID) {
			pid, tid, _, err := k.CreateProcess(sim.ProcessSpec{Image: image(t, `C:\a.exe`, 64)})
			if err != nil {
				t.Fatal(err)
			}
			return pid, tid
		}
		_, tid := start()
		me := d.caller(t, tid)
		victim, _ := start()
		heap, _ := d.alloc(t, victim, 16, 16)
		if hold {
			_, err := me.OpenProcess(PROCESS_QUERY_INFORMATION, false, uint32(victim))
			want(t, "OpenProcess", err, 0)
		}
		e := HeapEntry32{Size: sizeofHeapEntry}
		want(t, "First", me.Heap32First(&e, uint32(victim), heapID(heap)), 0)
		d.end(t, victim)
		stranger, _ := start()
		if stranger != victim && !hold {
			stranger, _ = start()
		}
		if (stranger == victim) == hold {
			t.Fatalf("E.17: with a handle held %v, pid %d was followed by %d", hold, victim, stranger)
		}
		if hold {
			want(t, "C.7-10 Next with the pid held", me.Heap32Next(&e), ERROR_INVALID_PARAMETER)
			continue
		}
		if strange, _ := d.alloc(t, stranger, 16, 16, 16); strange != heap {
			t.Fatalf("the stranger's heap is %#x, want %#x as the victim's", strange, heap)
		}
		want(t, "C.7-10 Next", me.Heap32Next(&e), 0)
	}
}

// TestLongHeap is rule C.7-11 as far as it is a promise here: a walk gives each block once, in ascending order, however many there are.
func TestLongHeap(t *testing.T) {
	d := newDesk(t)
	sizes := make([]uint64, 5000)
	for i := range sizes {
		sizes[i] = uint64(i % 100)
	}
	heap, at := d.alloc(t, d.app, sizes...)
	all := blocks(t, d.me, d.app, heap)
	if !slices.EqualFunc(all, at, func(e HeapEntry32, b sim.Address) bool { return e.Address == uintptr(b) }) {
		t.Errorf("%d blocks came back of %d, or in another order", len(all), len(at))
	}
}

// TestReadProcessMemory is rules C.8-1 to C.8-5. The targets are 32-bit processes, whose addresses fit into a uintptr of every host.
func TestReadProcessMemory(t *testing.T) {
	d := newDesk(t)
	_, at := d.alloc(t, d.wow, 4096)
	if _, err := d.k.WriteProcessMemory(d.wow, at[0], []byte("hello")); err != nil {
		t.Fatal(err)
	}
	lib := d.load(t, d.wow, `C:\own.dll`, 32)
	tests := []struct {
		reason string
		who    *Caller
		pid    uint32
		base   sim.Address
		n      int
		text   string
		code   Errno
		count  uintptr // 99: not written
	}{
		{"C.8-4 a block of another process", d.me, uint32(d.wow), at[0], 5, "hello", 0, 5},
		{"C.8-1 pid 0 is the caller", d.narrow, 0, lib, 2, "MZ", 0, 2},
		{"the bits of the pid", d.me, uint32(d.wow) + 1, at[0], 5, "hello", 0, 5},
		{"nothing of a living process", d.me, uint32(d.wow), 0, 0, "", 0, 0},
		{"C.8-3 an address where nothing is", d.me, uint32(d.wow), 16, 4, "", ERROR_PARTIAL_COPY, 0},
		{"C.8-3 a range that ends where nothing is", d.me, uint32(d.wow), lib + 0x10000 - 2, 4, "", ERROR_PARTIAL_COPY, 0},
		{"C.8-3 a range that wraps round", d.me, uint32(d.wow), ^sim.Address(0) - 1, 4, "", ERROR_PARTIAL_COPY, 0},
		{"C.8-2 no such process", d.me, 4000000, at[0], 5, "", ERROR_INVALID_PARAMETER, 99},
		{"C.8-2 nothing of no such process", d.me, 4000000, at[0], 0, "", ERROR_INVALID_PARAMETER, 99},
		{"C.8-2 a protected process", d.me, uint32(d.guard), at[0], 5, "", ERROR_ACCESS_DENIED, 99},
		{"C.8-2 another user's", d.me, uint32(d.other), at[0], 5, "", ERROR_ACCESS_DENIED, 99},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			buf := bytes.Repeat([]byte{0xCC}, tt.n)
			count := uintptr(99)
			want(t, "the call", tt.who.Toolhelp32ReadProcessMemory(tt.pid, uintptr(tt.base), buf, &count), tt.code)
			if tt.code == 0 && string(buf) != tt.text {
				t.Errorf("read %q, want %q", buf, tt.text)
			}
			if tt.code != 0 && !bytes.Equal(buf, bytes.Repeat([]byte{0xCC}, tt.n)) {
				t.Errorf("a failed call wrote the buffer: %q", buf)
			}
			if count != tt.count {
				t.Errorf("count %d, want %d", count, tt.count)
			}
			want(t, "C.8-4 without a count", tt.who.Toolhelp32ReadProcessMemory(tt.pid, uintptr(tt.base), buf, nil), tt.code)
		})
	}
	open := d.me.table.Len()
	if _, err := d.k.WriteProcessMemory(d.wow, at[0], []byte("HELLO")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 5)
	want(t, "the call", d.me.Toolhelp32ReadProcessMemory(uint32(d.wow), uintptr(at[0]), buf, nil), 0)
	if string(buf) != "HELLO" || d.me.table.Len() != open {
		t.Errorf("C.8-5: read %q with %d handles open, want the living HELLO and %d", buf, d.me.table.Len(), open)
	}
}
