package toolhelp

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// codes are all the package knows.
var codes = []Errno{ERROR_SUCCESS, ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, ERROR_TOO_MANY_OPEN_FILES, ERROR_ACCESS_DENIED,
	ERROR_INVALID_HANDLE, ERROR_NOT_ENOUGH_MEMORY, ERROR_INVALID_DATA, ERROR_NO_MORE_FILES, ERROR_BAD_LENGTH, ERROR_GEN_FAILURE, ERROR_NOT_SUPPORTED,
	ERROR_INVALID_PARAMETER, ERROR_CALL_NOT_IMPLEMENTED, ERROR_INSUFFICIENT_BUFFER, ERROR_PARTIAL_COPY, ERROR_NOACCESS, ERROR_NO_SYSTEM_RESOURCES}

// TestErrnoTexts: each code has a text of its own, which ends with a full stop as in Windows; an unknown one says its number.
func TestErrnoTexts(t *testing.T) {
	seen := map[string]Errno{}
	for _, e := range codes {
		text := e.Error()
		if other, ok := seen[text]; ok || text[len(text)-1] != '.' {
			t.Errorf("%d reads %q, as %d does or without a full stop", uintptr(e), text, uintptr(other))
		}
		seen[text] = e
	}
	if got := Errno(4711).Error(); got != "winapi error #4711" {
		t.Errorf("an unknown code reads %q", got)
	}
	if got := fmt.Sprint(ERROR_NO_MORE_FILES); got != "There are no more files." {
		t.Errorf("18 reads %q", got)
	}
}

// TestErrnoMeans: what errors.Is finds in a code, as in syscall.Errno.
func TestErrnoMeans(t *testing.T) {
	means := map[Errno]error{ERROR_ACCESS_DENIED: fs.ErrPermission, ERROR_FILE_NOT_FOUND: fs.ErrNotExist, ERROR_PATH_NOT_FOUND: fs.ErrNotExist,
		ERROR_NOT_SUPPORTED: errors.ErrUnsupported, ERROR_CALL_NOT_IMPLEMENTED: errors.ErrUnsupported}
	for _, e := range codes {
		for _, target := range []error{fs.ErrPermission, fs.ErrNotExist, fs.ErrExist, errors.ErrUnsupported} {
			if got, want := errors.Is(e, target), means[e] == target; got != want {
				t.Errorf("%d is %v: %v, want %v", uintptr(e), target, got, want)
			}
		}
		if e.Temporary() || e.Timeout() {
			t.Errorf("%d is temporary or a timeout", uintptr(e))
		}
	}
}

// TestErrnoOf is rule C.1-42 and the one place where failures of the kernel get their codes; none of them is 0.
func TestErrnoOf(t *testing.T) {
	tests := []struct {
		err  error
		code Errno
	}{
		{nil, 0},
		{sim.ErrEnd, ERROR_NO_MORE_FILES},
		{sim.ErrInvalidHandle, ERROR_INVALID_HANDLE},
		{sim.ErrProtectedHandle, ERROR_INVALID_HANDLE},
		{sim.ErrNoProcess, ERROR_INVALID_PARAMETER},
		{sim.ErrNoThread, ERROR_INVALID_PARAMETER},
		{sim.ErrInvalid, ERROR_INVALID_PARAMETER},
		{sim.ErrNoHeap, ERROR_NO_MORE_FILES},
		{sim.ErrHeapChanged, ERROR_INVALID_DATA},
		{sim.ErrPartialCopy, ERROR_PARTIAL_COPY},
		{sim.ErrAccessDenied, ERROR_ACCESS_DENIED},
		{sim.ErrTooManyHandles, ERROR_NO_SYSTEM_RESOURCES},
		{sim.ErrNoMemory, ERROR_NOT_ENOUGH_MEMORY},
		{sim.ErrEndless, ERROR_GEN_FAILURE},
	}
	for _, tt := range tests {
		err := tt.err
		if err != nil {
			err = &sim.Error{Call: "Some", Input: "input", Err: err}
		}
		if got := errnoOf(err); got != tt.code {
			t.Errorf("%v is %d, want %d", tt.err, uintptr(got), uintptr(tt.code))
		}
	}
}
