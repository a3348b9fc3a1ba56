package toolhelp

import (
	"errors"
	"io/fs"
	"strconv"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// An Errno is a Windows error code: what GetLastError gives after a failed call. It is not the host's syscall.Errno, which
// would print 18 as a Unix message. Compare it with == or errors.Is.
type Errno uintptr

// The codes that the calls of this package return, and the few that callers compare with besides. docs/win32.md says for each
// call when it gives which.
const (
	ERROR_SUCCESS              Errno = 0    // nothing failed; never returned as an error
	ERROR_FILE_NOT_FOUND       Errno = 2    // for hooks; matches fs.ErrNotExist
	ERROR_PATH_NOT_FOUND       Errno = 3    // for hooks; matches fs.ErrNotExist
	ERROR_TOO_MANY_OPEN_FILES  Errno = 4    // for hooks
	ERROR_ACCESS_DENIED        Errno = 5    // the process may not be opened, the pseudo handle not changed; matches fs.ErrPermission
	ERROR_INVALID_HANDLE       Errno = 6    // no such handle, of another kind, or protected from close
	ERROR_NOT_ENOUGH_MEMORY    Errno = 8    // the simulated address space is full
	ERROR_INVALID_DATA         Errno = 13   // the heap changed so that the walk cannot go on
	ERROR_NO_MORE_FILES        Errno = 18   // the end of a list, or a list that the snapshot does not hold
	ERROR_BAD_LENGTH           Errno = 24   // the Size of an entry is too small, or the module list changed while it was read
	ERROR_GEN_FAILURE          Errno = 31   // a failure of the kernel that has no code of its own here
	ERROR_NOT_SUPPORTED        Errno = 50   // for hooks; matches errors.ErrUnsupported
	ERROR_INVALID_PARAMETER    Errno = 87   // no such process or thread, or no list asked for
	ERROR_CALL_NOT_IMPLEMENTED Errno = 120  // for hooks; matches errors.ErrUnsupported
	ERROR_INSUFFICIENT_BUFFER  Errno = 122  // for hooks: what Wine says in place of 24
	ERROR_PARTIAL_COPY         Errno = 299  // the loader has not run, a 32-bit caller looked at a 64-bit process, or memory cannot be read
	ERROR_NOACCESS             Errno = 998  // a nil entry
	ERROR_NO_SYSTEM_RESOURCES  Errno = 1450 // the handle table is full
)

// text is what FormatMessage gives in English, without the line end.
func (e Errno) text() string {
	switch e {
	case ERROR_SUCCESS:
		return "The operation completed successfully."
	case ERROR_FILE_NOT_FOUND:
		return "The system cannot find the file specified."
	case ERROR_PATH_NOT_FOUND:
		return "The system cannot find the path specified."
	case ERROR_TOO_MANY_OPEN_FILES:
		return "The system cannot open the file."
	case ERROR_ACCESS_DENIED:
		return "Access is denied."
	case ERROR_INVALID_HANDLE:
		return "The handle is invalid."
	case ERROR_NOT_ENOUGH_MEMORY:
		return "Not enough memory resources are available to process this command."
	case ERROR_INVALID_DATA:
		return "The data is invalid."
	case ERROR_NO_MORE_FILES:
		return "There are no more files."
	case ERROR_BAD_LENGTH:
		return "The program issued a command but the command length is incorrect."
	case ERROR_GEN_FAILURE:
		return "A device attached to the system is not functioning."
	case ERROR_NOT_SUPPORTED:
		return "The request is not supported."
	case ERROR_INVALID_PARAMETER:
		return "The parameter is incorrect."
	case ERROR_CALL_NOT_IMPLEMENTED:
		return "This function is not supported on this system."
	case ERROR_INSUFFICIENT_BUFFER:
		return "The data area passed to a system call is too small."
	case ERROR_PARTIAL_COPY:
		return "Only part of a ReadProcessMemory or WriteProcessMemory request was completed."
	case ERROR_NOACCESS:
		return "Invalid access to memory location."
	case ERROR_NO_SYSTEM_RESOURCES:
		return "Insufficient system resources exist to complete the requested service."
	}
	return ""
}

// Error returns the English Windows text, or "winapi error #N" for a code that this package does not know.
func (e Errno) Error() string {
	if s := e.text(); s != "" {
		return s
	}
	return "winapi error #" + strconv.FormatUint(uint64(e), 10)
}

// Is reports whether the code means target, one of fs.ErrPermission (5), fs.ErrNotExist (2 and 3) and errors.ErrUnsupported
// (50 and 120), as syscall.Errno does on Windows. No other code of this package means any of them.
func (e Errno) Is(target error) bool {
	switch target {
	case fs.ErrPermission:
		return e == ERROR_ACCESS_DENIED
	case fs.ErrNotExist:
		return e == ERROR_FILE_NOT_FOUND || e == ERROR_PATH_NOT_FOUND
	case errors.ErrUnsupported:
		return e == ERROR_NOT_SUPPORTED || e == ERROR_CALL_NOT_IMPLEMENTED
	}
	return false
}

// Temporary reports false: syscall.Errno calls only codes of its own invention temporary, and those are not Windows'.
func (e Errno) Temporary() bool { return e.Timeout() }

// Timeout reports false, for the same reason as Temporary.
func (e Errno) Timeout() bool { return false }

// errnos says what a failure of the kernel is called in Windows. The first that errors.Is finds counts.
var errnos = [...]struct {
	err  error
	code Errno
}{
	{sim.ErrEnd, ERROR_NO_MORE_FILES},
	{sim.ErrInvalidHandle, ERROR_INVALID_HANDLE},
	{sim.ErrProtectedHandle, ERROR_INVALID_HANDLE},
	{sim.ErrNoProcess, ERROR_INVALID_PARAMETER},
	{sim.ErrNoThread, ERROR_INVALID_PARAMETER},
	{sim.ErrNoHeap, ERROR_NO_MORE_FILES},
	{sim.ErrHeapChanged, ERROR_INVALID_DATA},
	{sim.ErrPartialCopy, ERROR_PARTIAL_COPY},
	{sim.ErrAccessDenied, ERROR_ACCESS_DENIED},
	{sim.ErrTooManyHandles, ERROR_NO_SYSTEM_RESOURCES},
	{sim.ErrNoMemory, ERROR_NOT_ENOUGH_MEMORY},
	{sim.ErrInvalid, ERROR_INVALID_PARAMETER},
}

// errnoOf translates a failure of the kernel; nil is 0. It is the one place where that happens.
func errnoOf(err error) Errno {
	if err == nil {
		return ERROR_SUCCESS
	}
	for _, e := range errnos {
		if errors.Is(err, e.err) {
			return e.code
		}
	}
	return ERROR_GEN_FAILURE
}
