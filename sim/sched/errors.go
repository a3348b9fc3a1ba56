package sched

import "errors"

// What a run can end with. [Result.Err] and the errors of this package's functions wrap one of them, or the error that the program's check returned.
var (
	// ErrDeadlock: every thread that has not ended waits for a lock.
	ErrDeadlock = errors.New("deadlock")
	// ErrEndless: the run took more than [Program.Steps] decisions.
	ErrEndless = errors.New("endless run")
	// ErrPanic: a thread, or the program itself, ended in a panic.
	ErrPanic = errors.New("panic")
	// ErrLeak: a thread was told to stop at the end of the run, recovered, and went on. Its coroutine stays parked for good.
	ErrLeak = errors.New("thread cannot be stopped")
	// ErrHeld: threads wait for a lock which only a thread that the strategy refuses to run could let go. See [Freeze].
	ErrHeld = errors.New("held up")
	// ErrDiverged: the strategy chose a thread that cannot go on there. The schedule belongs to another program, or the program does
	// not depend on its schedule alone.
	ErrDiverged = errors.New("schedule does not fit the program")
	// ErrNondeterministic: the same schedule gave two different traces.
	ErrNondeterministic = errors.New("program does not depend on its schedule alone")
	// ErrInvalid: a schedule or token that cannot be read, or a program without a body.
	ErrInvalid = errors.New("invalid")
)
