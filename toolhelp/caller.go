package toolhelp

import (
	"fmt"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// A Caller is a thread of a simulated process: it is whom the Win32 door serves. "pid 0" means its process, whose handle table
// and bitness it uses together with all callers of that process; the last error is its own.
//
// Its methods are spelled, and its errors are, as golang.org/x/sys/windows has them: a failed call returns the bare Errno, which is the
// last error from then on, and a call that succeeds leaves the last error alone. No call panics, whatever it is given. When its process ends, so
// do its handles: they are ERROR_INVALID_HANDLE, and no new one can be had (ERROR_INVALID_PARAMETER). The end of its thread alone changes nothing.
//
// Set the fields before the first call. The methods may then be called from any number of goroutines, which share the last error.
type Caller struct {
	// Hook, unless nil, sees each call before it happens. It belongs to one caller, as it is one thread's calls that a test holds or fails;
	// give several callers the same function to see them all.
	Hook Hook
	// SeDebugPrivilege opens processes of other users, though not protected ones.
	SeDebugPrivilege bool
	// SeparateCuts takes snapshots as TakeSeparately does; Hook is called between the cuts.
	SeparateCuts bool

	kernel *sim.Kernel
	table  *sim.HandleTable
	pid    sim.PID
	tid    sim.TID
	bits   uint8
	last   sched.Uint32
}

// A Call is what a Hook sees.
type Call struct {
	Name   string // the method of Caller, e.g. "Process32Next" or, for the ANSI form, "Process32NextA"
	Cut    Cut    // CreateToolhelp32Snapshot with SeparateCuts: what is about to be read; else CutNone
	Handle Handle // the handle it was given, for DuplicateHandle the source; 0 for calls without
	Flags  uint32 // flags, desired access or mask it was given; 0 for calls without
	PID    uint32 // the process id it was given, as it was given; 0 for calls without
}

// A Hook is called before each call of a Caller, and with SeparateCuts before each cut. It may do as it likes meanwhile: change the
// kernel, wait, make calls of its own, for which it is called in turn. 0 lets the call happen; any other code is returned in its place and
// becomes the last error, and the call changes nothing else. The calls that cannot fail (GetLastError, SetLastError, GetCurrentProcessId,
// CurrentProcess, GetCurrentProcess) are not shown to it.
type Hook func(c *Caller, call Call) Errno

// NewCaller returns a caller that is the thread tid of k. The error names the tid and wraps ERROR_INVALID_PARAMETER when there is no such
// thread; tid 0 is the idle threads', and they make no calls.
func NewCaller(k *sim.Kernel, tid sim.TID) (*Caller, error) {
	refuse := func(why string, errno Errno) (*Caller, error) {
		return nil, fmt.Errorf("toolhelp: NewCaller(tid %d): %s: %w", tid, why, errno)
	}
	t, _, ok := k.Thread(tid)
	if !ok || t.Owner() == 0 {
		return refuse("no such thread, take it from a snapshot or from CreateProcess", ERROR_INVALID_PARAMETER)
	}
	p, _, ok := k.Process(t.Owner())
	if !ok {
		return refuse("its process has just ended", ERROR_INVALID_PARAMETER)
	}
	table, err := k.Handles(t.Owner())
	if err != nil {
		return refuse("its process has just ended", errnoOf(err))
	}
	c := &Caller{kernel: k, table: table, pid: p.ID(), tid: tid, bits: uint8(p.Bits())}
	c.last.Attach(k.Scheduler(), "caller.last")
	return c, nil
}

// Thread returns the tid of the caller.
func (c *Caller) Thread() sim.TID { return c.tid }

// fail makes errno the last error and returns it. Inlined, where errno is a constant, it allocates nothing.
func (c *Caller) fail(errno Errno) error {
	c.SetLastError(errno)
	return errno
}

// done is fail for a call that may have succeeded.
func (c *Caller) done(errno Errno) error {
	if errno == 0 {
		return nil
	}
	return c.fail(errno)
}

// hooked shows a call to the hook. It is kept out of line so that asking whether there is a hook stays in.
//
//go:noinline
func (c *Caller) hooked(call Call) Errno {
	if c.Hook == nil {
		return 0
	}
	return c.Hook(c, call)
}

// GetLastError returns the code of the caller's last failed call, nil when that is 0.
func (c *Caller) GetLastError() error {
	if errno := c.last.Load(); errno != 0 {
		return Errno(errno)
	}
	return nil
}

// SetLastError sets what GetLastError returns; a code is 32 bits wide.
//
//go:noinline
func (c *Caller) SetLastError(code Errno) { c.last.Store(uint32(code)) }

// GetCurrentProcessId returns the pid of the caller's process.
func (c *Caller) GetCurrentProcessId() uint32 { return uint32(c.pid) }

// CurrentProcess returns the pseudo handle of the caller's process: the same number as InvalidHandle.
func (c *Caller) CurrentProcess() Handle { return currentProcess }

// GetCurrentProcess returns what CurrentProcess does, and no error.
func (c *Caller) GetCurrentProcess() (Handle, error) { return currentProcess, nil }

// CreateToolhelp32Snapshot takes a snapshot as Take does and opens a handle to it, inheritable with TH32CS_INHERIT. processId matters
// for heaps and modules only; 0 is the caller's process there, and its lowest two bits are ignored, though the entries show it as it was
// given.
//
// It returns InvalidHandle and ERROR_INVALID_PARAMETER when flags hold no list or no process has the id, ERROR_ACCESS_DENIED when
// the caller may not open the process, ERROR_PARTIAL_COPY when that is a 64-bit one and the caller is not, or has not started,
// ERROR_BAD_LENGTH when the modules changed between cuts, and ERROR_NO_SYSTEM_RESOURCES when the handle table is full.
func (c *Caller) CreateToolhelp32Snapshot(flags uint32, processId uint32) (Handle, error) {
	call := Call{Name: "CreateToolhelp32Snapshot", Flags: flags, PID: processId}
	if errno := c.hooked(call); errno != 0 {
		return InvalidHandle, c.fail(errno)
	}
	if processId == 0 {
		processId = uint32(c.pid)
	}
	request := look{asked: asked{flags, sim.PID(processId &^ 3)}, bits: c.bits, caller: c}
	var s Snapshot
	var errno Errno
	if c.SeparateCuts {
		s, errno = request.takeApart(c.kernel, func(next Cut) Errno {
			call.Cut = next
			return c.hooked(call)
		})
	} else {
		s, errno = request.take(c.kernel)
	}
	if errno != 0 {
		return InvalidHandle, c.fail(errno)
	}
	var inherit sim.HandleFlags
	if flags&TH32CS_INHERIT != 0 {
		inherit = sim.HandleInherit
	}
	h, err := c.table.Open(newSection(c, s, processId), inherit)
	if err != nil {
		return InvalidHandle, c.fail(errnoOf(err))
	}
	return Handle(h), nil
}

// section returns the object behind a snapshot handle, nil when it is none.
func (c *Caller) section(h Handle) *section {
	if uint64(h)>>32 != 0 {
		return nil
	}
	s, _ := c.table.Find(sim.Handle(h)).(*section)
	return s
}
