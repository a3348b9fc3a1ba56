package fuzz

import (
	"unsafe"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// knock makes a call of the Win32 door.
func (r *Recorder) knock(c *Call) (res Result) {
	by := r.callers[c.Caller]
	switch c.Verb {
	case CreateToolhelp32Snapshot:
		res.Handle, res.Err = by.CreateToolhelp32Snapshot(c.Flags, uint32(c.PID))
	case First, Next:
		res.Entry, res.Err = enumerate(by, c)
	case CloseHandle:
		res.Err = by.CloseHandle(c.Handle)
	case DuplicateHandle:
		self := by.CurrentProcess()
		res.Err = by.DuplicateHandle(self, c.Handle, self, &res.Handle, 0, false, toolhelp.DUPLICATE_SAME_ACCESS)
	case OpenProcess:
		res.Handle, res.Err = by.OpenProcess(c.Flags, false, uint32(c.PID))
	}
	return res
}

// enumerate makes one call of a walker.
func enumerate(by *toolhelp.Caller, c *Call) (uint64, error) {
	switch c.List {
	case sim.KindProcess:
		e := toolhelp.ProcessEntry32{Size: uint32(unsafe.Sizeof(toolhelp.ProcessEntry32{}))}
		call := by.Process32Next
		if c.Verb == First {
			call = by.Process32First
		}
		err := call(c.Handle, &e)
		return uint64(e.ProcessID), err
	case sim.KindThread:
		e := toolhelp.ThreadEntry32{Size: uint32(unsafe.Sizeof(toolhelp.ThreadEntry32{}))}
		call := by.Thread32Next
		if c.Verb == First {
			call = by.Thread32First
		}
		err := call(c.Handle, &e)
		return uint64(e.ThreadID), err
	case sim.KindModule:
		e := toolhelp.ModuleEntry32{Size: uint32(unsafe.Sizeof(toolhelp.ModuleEntry32{}))}
		call := by.Module32Next
		if c.Verb == First {
			call = by.Module32First
		}
		err := call(c.Handle, &e)
		return uint64(e.ModBaseAddr), err
	default:
		e := toolhelp.HeapList32{Size: unsafe.Sizeof(toolhelp.HeapList32{})}
		call := by.Heap32ListNext
		if c.Verb == First {
			call = by.Heap32ListFirst
		}
		err := call(c.Handle, &e)
		return uint64(e.HeapID), err
	}
}
