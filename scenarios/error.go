package scenarios

import (
	"errors"
	"fmt"
)

// Errors that the functions of this package wrap; ask with errors.Is.
var (
	ErrWorld    = errors.New("not a world")               // the text or the World says something that has no meaning
	ErrTooLarge = errors.New("world too large")           // one of the limits is passed
	ErrUnknown  = errors.New("no such world is built in") // Lookup
)

// Error is what Parse, Boot and WriteTo return for a world that is no world: where it stands, what was found and what
// was expected in its place.
type Error struct {
	File    string // the name given to Parse; empty for a World that was never text
	Line    int    // counts from 1; 0 when there is none
	Problem string
	Err     error // ErrWorld, ErrTooLarge, or what the reader or the kernel said
}

// Error is "file:line: problem".
func (e *Error) Error() string {
	switch {
	case e.Line > 0:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem)
	case e.File != "":
		return e.File + ": " + e.Problem
	}
	return "world: " + e.Problem
}

// Unwrap gives Err.
func (e *Error) Unwrap() error { return e.Err }

// problem is an Error whose place is not known yet.
func problem(format string, args ...any) error {
	return &Error{Problem: fmt.Sprintf(format, args...), Err: ErrWorld}
}

func tooLarge(format string, args ...any) error {
	return &Error{Problem: fmt.Sprintf(format, args...), Err: ErrTooLarge}
}

// at puts a place on an error that has none.
func at(file string, line int, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return &Error{File: file, Line: line, Problem: err.Error(), Err: err}
	}
	if e.Line == 0 {
		e.File, e.Line = file, line
	}
	return e
}
