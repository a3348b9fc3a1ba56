package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// A look is what ps, threads, modules and heaps have in common: a world, and somebody in it who looks.
type look struct {
	choice
	privileged bool
}

func (l *look) flags(cmd *cobra.Command) *cobra.Command {
	l.choice.flags(cmd)
	cmd.Flags().BoolVar(&l.privileged, "privileged", false, "look with SeDebugPrivilege, which opens processes of other users")
	return cmd
}

// caller boots the world and finds a thread in it to make the calls.
func (l *look) caller() (*toolhelp.Caller, error) {
	k, name, err := l.boot()
	if err != nil {
		return nil, err
	}
	tid, ok := observer(k.State())
	if !ok {
		return nil, fmt.Errorf("world %s has no thread that could make a call: add a process", name)
	}
	c, err := toolhelp.NewCaller(k, tid)
	if err != nil {
		return nil, err
	}
	c.SeDebugPrivilege = l.privileged
	return c, nil
}

// observer is the thread through whose eyes a world is seen: of the first ordinary 64-bit process, or of System, whom
// nobody else would notice either.
func observer(s *sim.State) (sim.TID, bool) {
	var last sim.TID
	for p := range s.Processes() {
		for t := range p.Threads() {
			if p.Bits() == 64 && p.Started() && !p.Minimal() && p.Protection() == sim.Ordinary {
				return t.ID(), true
			}
			if last == 0 {
				last = t.ID()
			}
		}
	}
	return last, last != 0
}

// walk calls each until it says that there are no more entries. Any other error is one.
func walk(call string, first, next func() error, each func()) error {
	err := first()
	for ; err == nil; err = next() {
		each()
	}
	if errors.Is(err, toolhelp.ERROR_NO_MORE_FILES) {
		return nil
	}
	return fmt.Errorf("%s: %w", call, err)
}

// snapshot takes one, with a hint in the error.
func snapshot(c *toolhelp.Caller, flags uint32, pid uint32) (toolhelp.Handle, error) {
	h, err := c.CreateToolhelp32Snapshot(flags, pid)
	switch {
	case err == nil:
		return h, nil
	case errors.Is(err, toolhelp.ERROR_INVALID_PARAMETER):
		return h, fmt.Errorf("pid %d: no process has it, see thsim ps: %w", pid, err)
	case errors.Is(err, toolhelp.ERROR_ACCESS_DENIED):
		return h, fmt.Errorf("pid %d: may not be opened; --privileged opens processes of other users, and nothing opens a protected one: %w", pid, err)
	case errors.Is(err, toolhelp.ERROR_PARTIAL_COPY):
		return h, fmt.Errorf("pid %d: its loader has not run, so that it has no modules yet: %w", pid, err)
	}
	return h, fmt.Errorf("pid %d: %w", pid, err)
}

// pidArgument reads a pid in decimal or as 0x and hexadecimal digits.
func pidArgument(s string) (uint32, error) {
	pid, err := strconv.ParseUint(s, 0, 32)
	if err != nil {
		return 0, fmt.Errorf("found %q for a pid, expected a number from 0 to 4294967295 such as thsim ps lists", s)
	}
	return uint32(pid), nil
}
