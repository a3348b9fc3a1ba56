package sim_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// heldUp parks a writer for good behind each number of its steps, lets a reader run alone then, and tells behind how many of them it has to wait.
func heldUp(t *testing.T, prepare func(d *desk) (writer, reader func())) string {
	t.Helper()
	p := sched.Program{Name: "wait", Body: func(s *sched.Scheduler) func() error {
		d := newDesk(t)
		d.Attach(s)
		writer, reader := prepare(d)
		s.Go("writer", writer)
		s.Go("reader", reader)
		return nil
	}}
	for held, k := 0, 0; ; k++ {
		r := sched.Run(p, sched.Freeze(0, k))
		switch {
		case errors.Is(r.Err, sched.ErrHeld):
			held++
		case r.Err != nil:
			t.Fatalf("%v\n%s", r.Err, r.Token())
		case !r.Stopped:
			return fmt.Sprintf("%d/%d", held, k)
		}
	}
}

// waits is, for each change and each look, behind how many of the change's steps the look has to wait.
const waits = `                            State  Process     walk  look-up     Find
CreateProcess                 2/3      2/3      0/3      0/3      0/3
CreateProcess, seen           1/4      3/4      0/4      0/4      0/4
TerminateProcess, seen        2/5      4/5      0/5      0/5      0/5
LoadLibrary, seen             1/4      3/4      0/4      0/4      0/4
HeapAlloc, seen               1/4      3/4      0/4      0/4      0/4
Update of three, seen         1/4      3/4      0/4      0/4      0/4
State                         2/5      3/5      0/5      0/5      0/5
State, seen                   0/1      0/1      0/1      0/1      0/1
Close                         3/4      3/4      0/4      0/4      0/4
look-up                       0/2      0/2      0/2      0/2      0/2`

// A hold is a desk with what somebody keeps of it: a state, and a handle table with an object under handle 4.
type hold struct {
	*desk
	kept  *sim.State
	table *sim.HandleTable
}

// The law of waiting (rule S106): a look waits for at most the one change in flight, and only from its lock to its unlock. While somebody
// has the state from before, State does not wait before the change has dropped it; what is kept is read without waiting.
func TestWhoWaitsForWhom(t *testing.T) {
	writers := []struct {
		name string
		seen bool // somebody has the current state
		call func(d hold)
	}{
		{"CreateProcess", false, func(d hold) { d.start(sim.ProcessSpec{}) }},
		{"CreateProcess, seen", true, func(d hold) { d.start(sim.ProcessSpec{}) }},
		{"TerminateProcess, seen", true, func(d hold) { d.end(d.app) }},
		{"LoadLibrary, seen", true, func(d hold) { d.load(d.app, user32) }},
		{"HeapAlloc, seen", true, func(d hold) { d.alloc(10) }},
		{"Update of three, seen", true, func(d hold) {
			_, _ = d.Update(func(tx *sim.Tx) error {
				_, _ = tx.CreateThread(d.app, sim.ThreadSpec{})
				_, _, _ = tx.CreateProcess(sim.ProcessSpec{Image: appImage})
				return tx.TerminateProcess(d.wow, 0)
			})
		}},
		{"State", false, func(d hold) { d.State() }},
		{"State, seen", true, func(d hold) { d.State() }},
		{"Close", false, func(d hold) { _ = d.table.Close(4) }},
		{"look-up", false, func(d hold) { _, _ = d.kept.Process(d.app) }},
	}
	readers := []struct {
		name string
		call func(d hold)
	}{
		{"State", func(d hold) { d.State() }},
		{"Process", func(d hold) { d.Process(d.app) }},
		{"walk", func(d hold) { sink += walkProcesses(d.kept, 1) + walkThreads(d.kept, 1) }},
		{"look-up", func(d hold) { _, _ = d.kept.Process(d.app) }},
		{"Find", func(d hold) { d.table.Find(4) }},
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-24s", "")
	for _, r := range readers {
		fmt.Fprintf(&b, "%9s", r.name)
	}
	for _, w := range writers {
		fmt.Fprintf(&b, "\n%-24s", w.name)
		for _, r := range readers {
			fmt.Fprintf(&b, "%9s", heldUp(t, func(d *desk) (writer, reader func()) {
				h := hold{d, d.State(), only(d.Handles(d.app))}
				only(h.table.Open(token("a"), 0))
				if !w.seen {
					only(d.Advance(1))
				}
				return func() { w.call(h) }, func() { r.call(h) }
			}))
		}
	}
	if got := b.String(); got != waits {
		t.Errorf("who waits for whom:\n%s\nwant:\n%s", got, waits)
	}
}
