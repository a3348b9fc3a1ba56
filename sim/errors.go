package sim

import (
	"errors"
	"fmt"
)

// What can go wrong. Every failure of this package is an [*Error] that wraps one of these.
var (
	ErrInvalid         = errors.New("invalid argument")
	ErrNoProcess       = errors.New("no such process")
	ErrNoThread        = errors.New("no such thread")
	ErrNoModule        = errors.New("no such module")
	ErrNoHeap          = errors.New("no such heap")
	ErrNoBlock         = errors.New("no such block")
	ErrIDTaken         = errors.New("id is taken")
	ErrIDsExhausted    = errors.New("no id is left: end a process or thread, or raise Config.LastID")
	ErrAccessDenied    = errors.New("access denied")
	ErrNoMemory        = errors.New("no address space is left")
	ErrPartialCopy     = errors.New("part of the range can't be read or written")
	ErrEnd             = errors.New("no more entries")
	ErrHeapChanged     = errors.New("the heap changed and the walk can't go on: start again from the first block")
	ErrInvalidHandle   = errors.New("invalid handle")
	ErrProtectedHandle = errors.New("handle is protected from close: clear HandleProtect first")
	ErrTooManyHandles  = errors.New("handle table is full")
	ErrEndless         = errors.New("the walk goes in a circle and never reaches its head")
	ErrAccessViolation = errors.New("access violation")
)

// An Error is a failed call: what was called, with what, at which version of the kernel, and why it failed.
type Error struct {
	Call    string  // the verb or look-up, e.g. "TerminateProcess"
	Input   string  // what it was given, e.g. "pid 12"
	Version Version // of the kernel that the call saw; 0 for calls about handles and within an Update
	Err     error   // one of the errors of this package
}

func (e *Error) Error() string { return fmt.Sprintf("sim: %s(%s): %v", e.Call, e.Input, e.Err) }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// fail makes the error of a call.
func fail(call string, err error, format string, args ...any) error {
	return &Error{Call: call, Input: fmt.Sprintf(format, args...), Err: err}
}

// because adds to a sentinel what to do about it.
func because(err error, why string) error { return fmt.Errorf("%w: %s", err, why) }

// stamp notes the version that a failed call saw.
func stamp(err error, v Version) {
	if e, ok := err.(*Error); ok {
		e.Version = v
	}
}
