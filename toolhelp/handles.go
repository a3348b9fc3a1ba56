package toolhelp

import "github.com/toolhelpsim/toolhelpsim/sim"

// Pseudo handles: numbers that mean the caller's own process and thread wherever they are used, and that nobody need close.
const (
	currentProcess = ^Handle(0)
	currentThread  = ^Handle(0) - 1
)

func isPseudo(h Handle) bool { return h == currentProcess || h == currentThread }

// number is h as the handle table knows it; false for numbers that no table holds.
func number(h Handle) (sim.Handle, bool) { return sim.Handle(h), uint64(h)>>32 == 0 && !isPseudo(h) }

// CloseHandle closes a handle; the object goes when no process has another to it. Closing a pseudo handle, and so
// InvalidHandle, does nothing and succeeds (rule D.6). It returns ERROR_INVALID_HANDLE when there is no such handle or it is protected from close.
func (c *Caller) CloseHandle(handle Handle) error {
	if errno := c.hooked(Call{Name: "CloseHandle", Handle: handle}); errno != 0 {
		return c.fail(errno)
	}
	if isPseudo(handle) {
		return nil
	}
	h, ok := number(handle)
	if !ok {
		return c.fail(ERROR_INVALID_HANDLE)
	}
	return c.done(errnoOf(c.table.Close(h)))
}

// GetHandleInformation sets flags, unless it is nil, to the HANDLE_FLAG_ bits of a handle; a pseudo handle has none. It returns
// ERROR_INVALID_HANDLE when there is no such handle, and leaves flags then.
func (c *Caller) GetHandleInformation(handle Handle, flags *uint32) error {
	if errno := c.hooked(Call{Name: "GetHandleInformation", Handle: handle}); errno != 0 {
		return c.fail(errno)
	}
	var f sim.HandleFlags
	if !isPseudo(handle) {
		h, ok := number(handle)
		if !ok {
			return c.fail(ERROR_INVALID_HANDLE)
		}
		var err error
		if f, err = c.table.Flags(h); err != nil {
			return c.fail(errnoOf(err))
		}
	}
	if flags != nil {
		*flags = uint32(f)
	}
	return nil
}

// SetHandleInformation changes the HANDLE_FLAG_ bits of a handle that stand in mask to what they are in flags; bits without a meaning are
// ignored. It returns ERROR_ACCESS_DENIED for a pseudo handle and ERROR_INVALID_HANDLE when there is no such handle.
func (c *Caller) SetHandleInformation(handle Handle, mask uint32, flags uint32) error {
	if errno := c.hooked(Call{Name: "SetHandleInformation", Handle: handle, Flags: mask}); errno != 0 {
		return c.fail(errno)
	}
	if isPseudo(handle) {
		return c.fail(ERROR_ACCESS_DENIED)
	}
	h, ok := number(handle)
	if !ok {
		return c.fail(ERROR_INVALID_HANDLE)
	}
	mask &= HANDLE_FLAG_INHERIT | HANDLE_FLAG_PROTECT_FROM_CLOSE
	return c.done(errnoOf(c.table.SetFlags(h, sim.HandleFlags(mask), sim.HandleFlags(flags&mask))))
}

// DuplicateHandle opens, in the process behind hTargetProcessHandle, a second handle to the object that hSourceHandle means in the
// process behind hSourceProcessHandle, and writes its value to lpTargetHandle, unless that is nil. The duplicate is inheritable
// with bInheritHandle, whatever the source is. Process handles are pseudo handles or come from OpenProcess with PROCESS_DUP_HANDLE.
//
// A duplicate of a process handle has, of the rights of its source, those in dwDesiredAccess, or all with DUPLICATE_SAME_ACCESS; with
// other objects any access is full. DUPLICATE_CLOSE_SOURCE closes the source, also when the call fails (rule D.24), unless it is protected from
// close. Within one process the duplicate then has its value. With a target process of 0 that is all that happens: the way to close a
// handle in another process.
//
// It returns ERROR_INVALID_HANDLE when one of the handles is none or the process behind one has ended, ERROR_ACCESS_DENIED when a
// process handle lacks PROCESS_DUP_HANDLE, and ERROR_NO_SYSTEM_RESOURCES when the target's table is full.
func (c *Caller) DuplicateHandle(hSourceProcessHandle Handle, hSourceHandle Handle, hTargetProcessHandle Handle,
	lpTargetHandle *Handle, dwDesiredAccess uint32, bInheritHandle bool, dwOptions uint32) error {
	if errno := c.hooked(Call{Name: "DuplicateHandle", Handle: hSourceHandle, Flags: dwDesiredAccess}); errno != 0 {
		return c.fail(errno)
	}
	from, errno := c.tableOf(hSourceProcessHandle)
	if errno != 0 {
		return c.fail(errno)
	}
	closing := dwOptions&DUPLICATE_CLOSE_SOURCE != 0
	if closing && hTargetProcessHandle == 0 {
		return c.done(closeSource(from, hSourceHandle))
	}
	to, errno := c.tableOf(hTargetProcessHandle)
	if errno != 0 {
		if closing {
			closeSource(from, hSourceHandle)
		}
		return c.fail(errno)
	}
	keep := ^uint32(0)
	if dwOptions&DUPLICATE_SAME_ACCESS == 0 {
		keep = dwDesiredAccess
	}
	d, errno := duplicate(from, hSourceHandle, to, inherits(bInheritHandle), keep, closing)
	if errno != 0 {
		return c.fail(errno)
	}
	if lpTargetHandle != nil {
		*lpTargetHandle = Handle(d)
	}
	return nil
}

// tableOf returns the handle table of the process that a handle of the caller means.
func (c *Caller) tableOf(process Handle) (*sim.HandleTable, Errno) {
	if process == currentProcess {
		return c.table, 0
	}
	h, ok := number(process)
	if !ok {
		return nil, ERROR_INVALID_HANDLE
	}
	p, ok := c.table.Find(h).(*sim.ProcessObject)
	if !ok {
		return nil, ERROR_INVALID_HANDLE
	}
	if access, err := c.table.Access(h); err != nil || access&PROCESS_DUP_HANDLE == 0 {
		return nil, ERROR_ACCESS_DENIED
	}
	if _, ended := p.Exited(); ended {
		return nil, ERROR_INVALID_HANDLE
	}
	t, err := c.kernel.Handles(p.PID())
	if err != nil {
		return nil, ERROR_INVALID_HANDLE
	}
	return t, 0
}

// duplicate makes the second handle, with those rights of the source that are in keep. The pseudo handle of a process becomes a real one to
// it; there are no handles to threads.
func duplicate(from *sim.HandleTable, source Handle, to *sim.HandleTable, f sim.HandleFlags, keep uint32, closing bool) (sim.Handle, Errno) {
	if source == currentProcess {
		d, err := to.OpenProcessIf(from.PID(), f, keep, nil)
		return d, errnoOf(err)
	}
	h, ok := number(source)
	if !ok {
		return 0, ERROR_INVALID_HANDLE
	}
	d, err := from.DuplicateAccess(h, to, f, keep, closing)
	return d, errnoOf(err)
}

// closeSource closes the source of a duplication; that it is protected is no failure (rule D.26).
func closeSource(from *sim.HandleTable, source Handle) Errno {
	h, ok := number(source)
	if !ok {
		return ERROR_INVALID_HANDLE
	}
	if f, err := from.Flags(h); err == nil && f&sim.HandleProtect != 0 {
		return 0
	}
	return errnoOf(from.Close(h))
}
