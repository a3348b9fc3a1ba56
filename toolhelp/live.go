package toolhelp

import "github.com/toolhelpsim/toolhelpsim/sim"

// blockOverhead is what a heap keeps before each block on 64-bit Windows: BlockSize is the size that was allocated and these bytes
// (rule C.7-12).
const blockOverhead = sim.BlockOverhead

// blockUnit divides the distance of a block from its heap: Resvd, which has 32 bits, counts in it.
const blockUnit = 16

// Heap32First writes the first block of a heap as it is now: it takes no snapshot. processId is the real one, 0 is not the caller. Hand
// the same entry to Heap32Next.
//
// It returns ERROR_NOACCESS for a nil entry, ERROR_BAD_LENGTH when its Size is too small, ERROR_INVALID_PARAMETER when no process
// has the id, ERROR_ACCESS_DENIED and ERROR_PARTIAL_COPY as CreateToolhelp32Snapshot does, and ERROR_NO_MORE_FILES when
// there is no such heap or it is empty.
func (c *Caller) Heap32First(heapEntry *HeapEntry32, processId uint32, heapId uintptr) error {
	p, errno := c.liveHeap("Heap32First", heapEntry, processId)
	if errno != 0 {
		return c.fail(errno)
	}
	heap := heapOf(heapId, p)
	b, _, err := c.kernel.FirstBlock(p.ID(), heap)
	if err != nil {
		return c.fail(errnoOf(err))
	}
	fillBlock(heapEntry, b, processId, heap)
	return nil
}

// Heap32Next writes the block that follows the one in heapEntry in the heap as it is now. The entry is the only memory of the walk: copying
// it forks the walk, and when its process has ended and the pid is another's, the walk goes on in the stranger if it can.
//
// It fails as Heap32First does, with ERROR_NO_MORE_FILES after the last block, and with ERROR_INVALID_DATA when the block that the
// entry stands at is no more, the heap is gone, or the entry was altered: take it from Heap32First again.
func (c *Caller) Heap32Next(heapEntry *HeapEntry32) error {
	var processId uint32
	if heapEntry != nil {
		processId = heapEntry.ProcessID
	}
	p, errno := c.liveHeap("Heap32Next", heapEntry, processId)
	if errno != 0 {
		return c.fail(errno)
	}
	heap := heapOf(heapEntry.HeapID, p)
	b, _, err := c.kernel.NextBlock(p.ID(), heap, heap+sim.Address(heapEntry.Resvd)*blockUnit)
	if err != nil {
		return c.fail(errnoOf(err))
	}
	fillBlock(heapEntry, b, processId, heap)
	return nil
}

// liveHeap makes the checks of the two, in their order.
func (c *Caller) liveHeap(name string, e *HeapEntry32, processId uint32) (sim.Process, Errno) {
	if errno := c.hooked(Call{Name: name, PID: processId}); errno != 0 {
		return sim.Process{}, errno
	}
	if e == nil {
		return sim.Process{}, ERROR_NOACCESS
	}
	if e.Size < sizeofHeapEntry {
		return sim.Process{}, ERROR_BAD_LENGTH
	}
	p, errno := c.open(processId, PROCESS_VM_READ|PROCESS_QUERY_INFORMATION)
	if errno == 0 && c.bits == 32 && p.Bits() == 64 {
		errno = ERROR_PARTIAL_COPY
	}
	return p, errno
}

// A 32-bit host has no room for the heap ids of 64-bit processes. Entries show them without the lowest 16 bits there, which are zero.
const (
	narrowHost = ^uintptr(0)>>16>>16 == 0
	idShift    = 16
)

// heapID is the id of a heap as entries show it.
func heapID(heap sim.Address) uintptr {
	if narrowHost && heap>>32 != 0 {
		return uintptr(heap >> idShift)
	}
	return uintptr(heap)
}

// heapOf is the heap of p that entries show as id.
func heapOf(id uintptr, p sim.Process) sim.Address {
	if narrowHost && p.Bits() == 64 {
		return sim.Address(id) << idShift
	}
	return sim.Address(id)
}

func fillBlock(e *HeapEntry32, b sim.Block, processId uint32, heap sim.Address) {
	id := heapID(heap)
	*e = HeapEntry32{Size: sizeofHeapEntry, Handle: Handle(id), Address: uintptr(b.Address()), BlockSize: uintptr(b.Size()) + blockOverhead,
		Flags: LF32_FIXED, Resvd: uint32((b.Address() - heap) / blockUnit), ProcessID: processId, HeapID: id}
	switch {
	case b.Free():
		e.Flags = LF32_FREE
	case b.Moveable():
		e.Flags = LF32_MOVEABLE
	}
}

// Toolhelp32ReadProcessMemory copies memory of a process as it is now: it takes no snapshot. processId 0 is the caller's process. The
// whole range must be readable. numberOfBytesRead may be nil; it is set to len(buffer) on success, to 0 when the memory cannot be read, and not
// at all when the process cannot be opened. A failure leaves buffer as it is.
//
// It returns ERROR_INVALID_PARAMETER when there is no such process, ERROR_ACCESS_DENIED when the caller may not read it, and
// ERROR_PARTIAL_COPY when part of the range cannot be read.
func (c *Caller) Toolhelp32ReadProcessMemory(processId uint32, baseAddress uintptr, buffer []byte, numberOfBytesRead *uintptr) error {
	if errno := c.hooked(Call{Name: "Toolhelp32ReadProcessMemory", PID: processId}); errno != 0 {
		return c.fail(errno)
	}
	if processId == 0 {
		processId = uint32(c.pid)
	}
	p, errno := c.open(processId, PROCESS_VM_READ)
	if errno != 0 {
		return c.fail(errno)
	}
	read := uintptr(len(buffer))
	if len(buffer) > 0 {
		if _, err := c.kernel.ReadProcessMemory(p.ID(), sim.Address(baseAddress), buffer); err != nil {
			read, errno = 0, errnoOf(err)
		}
	}
	if numberOfBytesRead != nil {
		*numberOfBytesRead = read
	}
	return c.done(errno)
}
