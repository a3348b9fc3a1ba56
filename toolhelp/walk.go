package toolhelp

import "unsafe"

// show shows a walker's call to the hook.
func (c *Caller) show(name string, h Handle) Errno {
	if c.Hook == nil {
		return 0
	}
	return c.hooked(Call{Name: name, Handle: h})
}

// enter does what every walker does before it touches a list, in the order of the real ones (rule C.2-16): the entry, its Size, the handle.
func (c *Caller) enter(h Handle, missing, short bool) (*section, Errno) {
	if missing {
		return nil, ERROR_NOACCESS
	}
	if short {
		return nil, ERROR_BAD_LENGTH
	}
	if s := c.section(h); s != nil {
		return s, 0
	}
	return nil, ERROR_INVALID_HANDLE
}

// Process32First writes the first process of a snapshot to procEntry and moves the cursor behind it. Like all walkers it returns
// ERROR_NOACCESS for a nil entry, ERROR_BAD_LENGTH when its Size is less than the size of the struct, ERROR_INVALID_HANDLE, and
// ERROR_NO_MORE_FILES when the list is empty or not in the snapshot; a failure writes nothing and moves nothing.
func (c *Caller) Process32First(snapshot Handle, procEntry *ProcessEntry32) error {
	if errno := c.show("Process32First", snapshot); errno != 0 {
		return c.fail(errno)
	}
	return c.processW(snapshot, procEntry, true)
}

// Process32Next writes the process at the cursor, which is the first one before any Process32First, and moves on. It fails as
// Process32First does; ERROR_NO_MORE_FILES is the end of the list and stays that until Process32First. Concurrent calls, by
// whatever callers and handles, get each entry exactly once.
func (c *Caller) Process32Next(snapshot Handle, procEntry *ProcessEntry32) error {
	if errno := c.show("Process32Next", snapshot); errno != 0 {
		return c.fail(errno)
	}
	return c.processW(snapshot, procEntry, false)
}

// Process32FirstA is Process32First with names in code page 1252. It shares the cursor with the other form.
func (c *Caller) Process32FirstA(snapshot Handle, procEntry *ProcessEntry32A) error {
	if errno := c.show("Process32FirstA", snapshot); errno != 0 {
		return c.fail(errno)
	}
	return c.processA(snapshot, procEntry, true)
}

// Process32NextA is Process32Next with names in code page 1252. It shares the cursor with the other form.
func (c *Caller) Process32NextA(snapshot Handle, procEntry *ProcessEntry32A) error {
	if errno := c.show("Process32NextA", snapshot); errno != 0 {
		return c.fail(errno)
	}
	return c.processA(snapshot, procEntry, false)
}

// processW is the call that clients make a thousand times in a row, hence spelled out and not put together: what it does beside writing the
// entry is one look at the handle table and one addition to the cursor.
//
// Most of the writing is clearing what follows the name, and half of that time is lost where stores cross cache lines: so it begins
// at a multiple of 32 bytes, inside the name, which is written afterwards.
func (c *Caller) processW(h Handle, e *ProcessEntry32, first bool) error {
	if e == nil {
		return c.fail(ERROR_NOACCESS)
	}
	if e.Size < sizeofProcess {
		return c.fail(ERROR_BAD_LENGTH)
	}
	s := c.section(h)
	if s == nil {
		return c.fail(ERROR_INVALID_HANDLE)
	}
	rows := s.processes.rows.Load()
	if rows == nil {
		rows = s.processes.lay(s, layProcesses)
	}
	r := s.processes.claim(*rows, first)
	if r == nil {
		return c.fail(ERROR_NO_MORE_FILES)
	}
	head := (*processHead)(unsafe.Pointer(e)) // the same fields in the same order
	if r.long != nil {
		*head = r.processHead
		clear(e.ExeFile[r.long.CopyName(e.ExeFile[:MAX_PATH-1]):])
		return nil
	}
	astray := uintptr(unsafe.Pointer(&e.ExeFile[shortName])) % 32 / 2
	clear(e.ExeFile[shortName-astray:])
	*head = r.processHead
	return nil
}

func (c *Caller) processA(h Handle, e *ProcessEntry32A, first bool) error {
	s, errno := c.enter(h, e == nil, e != nil && e.Size < sizeofProcessANSI)
	if errno != 0 {
		return c.fail(errno)
	}
	rows := s.processes.rows.Load()
	if rows == nil {
		rows = s.processes.lay(s, layProcesses)
	}
	r := s.processes.claim(*rows, first)
	if r == nil {
		return c.fail(ERROR_NO_MORE_FILES)
	}
	e.Usage, e.ProcessID = 0, r.ProcessID
	e.DefaultHeapID, e.ModuleID, e.Threads = 0, 0, r.Threads
	e.ParentProcessID, e.PriClassBase, e.Flags = r.ParentProcessID, r.PriClassBase, 0
	if r.long == nil {
		putANSI(e.ExeFile[:], r.ExeFile[:])
		return nil
	}
	var wide [MAX_PATH - 1]uint16
	putANSI(e.ExeFile[:], wide[:r.long.CopyName(wide[:])])
	return nil
}

// Thread32First writes the first thread of a snapshot. It fails as Process32First does. There is no ANSI form.
func (c *Caller) Thread32First(snapshot Handle, threadEntry *ThreadEntry32) error {
	if errno := c.show("Thread32First", snapshot); errno != 0 {
		return c.fail(errno)
	}
	return c.thread(snapshot, threadEntry, true)
}

// Thread32Next writes the thread at the cursor and moves on, as Process32Next does for processes. The list is of the whole system: filter by
// OwnerProcessID.
func (c *Caller) Thread32Next(snapshot Handle, threadEntry *ThreadEntry32) error {
	if errno := c.show("Thread32Next", snapshot); errno != 0 {
		return c.fail(errno)
	}
	return c.thread(snapshot, threadEntry, false)
}

func (c *Caller) thread(h Handle, e *ThreadEntry32, first bool) error {
	s, errno := c.enter(h, e == nil, e != nil && e.Size < sizeofThread)
	if errno != 0 {
		return c.fail(errno)
	}
	rows := s.threads.rows.Load()
	if rows == nil {
		rows = s.threads.lay(s, layThreads)
	}
	r := s.threads.claim(*rows, first)
	if r == nil {
		return c.fail(ERROR_NO_MORE_FILES)
	}
	*e = ThreadEntry32{Size: sizeofThread, ThreadID: r.tid, OwnerProcessID: r.owner, BasePri: r.base}
	return nil
}

// Heap32ListFirst writes the first heap of a snapshot. It fails as Process32First does.
func (c *Caller) Heap32ListFirst(snapshot Handle, heapList *HeapList32) error {
	if errno := c.show("Heap32ListFirst", snapshot); errno != 0 {
		return c.fail(errno)
	}
	return c.heap(snapshot, heapList, true)
}

// Heap32ListNext writes the heap at the cursor and moves on, as Process32Next does for processes.
func (c *Caller) Heap32ListNext(snapshot Handle, heapList *HeapList32) error {
	if errno := c.show("Heap32ListNext", snapshot); errno != 0 {
		return c.fail(errno)
	}
	return c.heap(snapshot, heapList, false)
}

func (c *Caller) heap(h Handle, e *HeapList32, first bool) error {
	s, errno := c.enter(h, e == nil, e != nil && e.Size < sizeofHeapList)
	if errno != 0 {
		return c.fail(errno)
	}
	rows := s.heaps.rows.Load()
	if rows == nil {
		rows = s.heaps.lay(s, layHeaps)
	}
	r := s.heaps.claim(*rows, first)
	if r == nil {
		return c.fail(ERROR_NO_MORE_FILES)
	}
	*e = HeapList32{Size: sizeofHeapList, ProcessID: s.pid, HeapID: heapID(r.ID())}
	if r.Default() {
		e.Flags |= HF32_DEFAULT
	}
	if r.Shared() {
		e.Flags |= HF32_SHARED
	}
	return nil
}
