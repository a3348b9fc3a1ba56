package fuzz

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// succeeded are the events of a verb that went well.
func succeeded(events []Event, v Verb) (all []Event) {
	for _, e := range events {
		if e.Call.Verb == v && e.Result.Err == nil {
			all = append(all, e)
		}
	}
	return all
}

// handleLaws say each in one way of its own, without a model, what must be true of handles.
var handleLaws = []struct {
	rule    string
	origin  string
	threads []string
	judge   func([]Event) error
	spoil   func([]Event) // makes a good history a wrong one
}{
	{"S50", "two", []string{"snap 0; snap 0", "snap 0"}, func(events []Event) error {
		var all []toolhelp.Handle
		for _, e := range succeeded(events, CreateToolhelp32Snapshot) {
			all = append(all, e.Result.Handle)
		}
		slices.Sort(all)
		if !slices.Equal(all, []toolhelp.Handle{4, 8, 12}) {
			return fmt.Errorf("three handles are %d, want 4, 8 and 12", all)
		}
		return nil
	}, func(events []Event) { events[0].Result.Handle += 4 }},
	{"S51", "two", []string{"snap 0; close 4; close 4", "close 4; close 4"}, func(events []Event) error {
		if n := len(succeeded(events, CloseHandle)); n != 1 {
			return fmt.Errorf("%d calls closed one handle", n)
		}
		return nil
	}, func(events []Event) {
		for i := range events {
			if e := &events[i]; e.Call.Verb == CloseHandle && e.Result.Err != nil {
				e.Result.Err = nil
			}
		}
	}},
	{"S52", "two", []string{"snap 0; dup 4; next 4; close 4", "next 8; next 8"}, eachOnce, repeatEntry},
	{"S55", "two", []string{"snap 0; exit 8; close 4", "close 4; next 4"}, func(events []Event) error {
		for _, end := range succeeded(events, TerminateProcess) {
			for _, e := range events {
				if e.Call.Verb.door() && e.Called > end.Returned && e.Result.Err == nil {
					return fmt.Errorf("%v succeeds after its process has ended", e.Call)
				}
			}
		}
		return nil
	}, func(events []Event) {
		for i := range events {
			if e := &events[i]; e.Call.Verb.door() && e.Called > succeeded(events, TerminateProcess)[0].Returned {
				e.Result.Err = nil
			}
		}
	}},
	{"S56", "last", []string{"open 16; exit 16", "create; create"}, func(events []Event) error {
		for _, e := range succeeded(events, CreateProcess) {
			if e.Result.PID == 16 {
				return errors.New("pid 16 is given again while a handle to its process is open")
			}
		}
		return nil
	}, func(events []Event) {
		for i := range events {
			if events[i].Call.Verb == CreateProcess {
				events[i].Result.PID = 16
			}
		}
	}},
	{"S62", "two", []string{"snap 0; next 4; next 4", "next 4; next 4"}, eachOnce, repeatEntry},
}

// eachOnce says whether an entry went to two calls, or to none although there were calls enough.
func eachOnce(events []Event) error {
	var got []uint64
	ended := false
	for _, e := range events {
		switch {
		case e.Call.Verb != Next:
		case e.Result.Err == nil:
			got = append(got, e.Result.Entry)
		case errors.Is(e.Result.Err, toolhelp.ERROR_NO_MORE_FILES):
			ended = true
		}
	}
	slices.Sort(got)
	if n := len(got); len(slices.Compact(got)) != n || ended && n != 2 {
		return fmt.Errorf("calls were given %d (the end was reached: %v), want 8 and 16, each once", got, ended)
	}
	return nil
}

// repeatEntry gives the entry of one call to another one too.
func repeatEntry(events []Event) {
	for i := range events {
		if e := &events[i]; e.Call.Verb == Next {
			e.Result.Err, e.Result.Entry = nil, 8
		}
	}
}

// TestLawHandles tries each law under every schedule with few preemptions, and with a history that breaks it.
func TestLawHandles(t *testing.T) {
	for _, law := range handleLaws {
		t.Run(law.rule, func(t *testing.T) {
			c := litmus{name: law.rule, origin: law.origin, threads: law.threads}.toCase(t)
			var last []Event
			p := alsoJudged(c, func(events []Event) error {
				last = slices.Clone(events)
				return law.judge(events)
			})
			bound := 3
			if litmusRace || testing.Short() {
				bound = 1
			}
			if r := sched.Explore(p, sched.Exhaustive(bound), sched.Budget{}); r.Failure.Err != nil {
				t.Fatalf("%v\n%s", r.Failure.Err, r.Failure.Token())
			}
			law.spoil(last)
			if law.judge(last) == nil {
				t.Error("a history that breaks it is not seen")
			}
		})
	}
}

// TestLawInheritance: an heir shares the cursor with its parent, and a protected handle is closed by nobody (rules S52, S53, S54).
func TestLawInheritance(t *testing.T) {
	o := litmusOrigin(t, "two")
	explore := func(inherits bool) error {
		flags := uint32(systemFlags)
		if inherits {
			flags |= toolhelp.TH32CS_INHERIT
		}
		r := sched.Explore(sched.Program{Name: "heir", Body: func(s *sched.Scheduler) func() error {
			k := o.State.Fork()
			k.Attach(s)
			parent, err := toolhelp.NewCaller(k, 12)
			if err != nil {
				return func() error { return err }
			}
			h, _ := parent.CreateToolhelp32Snapshot(flags, 0)
			_ = parent.SetHandleInformation(h, toolhelp.HANDLE_FLAG_PROTECT_FROM_CLOSE, toolhelp.HANDLE_FLAG_PROTECT_FROM_CLOSE)
			var got []uint64
			next := func(c *toolhelp.Caller) {
				if id, err := enumerate(c, &Call{Verb: Next, List: sim.KindProcess, Handle: h}); err == nil {
					got = append(got, id)
				}
			}
			s.Go("parent", func() { next(parent); _ = parent.CloseHandle(h) })
			s.Go("child", func() {
				_, tid, _, err := k.CreateProcess(sim.ProcessSpec{Image: litmusImages[0], Parent: 8, InheritHandles: true})
				if err != nil {
					return
				}
				if child, err := toolhelp.NewCaller(k, tid); err == nil {
					next(child)
				}
			})
			return func() error {
				slices.Sort(got)
				if !slices.Equal(got, []uint64{8, 16}) || parent.Process32Next(h, nil) != toolhelp.ERROR_NOACCESS {
					return fmt.Errorf("parent and heir were given %d, want 8 and 16", got)
				}
				if _, err := enumerate(parent, &Call{Verb: First, List: sim.KindProcess, Handle: h}); err != nil {
					return fmt.Errorf("a protected handle was closed: %w", err)
				}
				return nil
			}
		}}, sched.Exhaustive(2), sched.Budget{})
		return r.Failure.Err
	}
	if err := explore(true); err != nil {
		t.Error(err)
	}
	if explore(false) == nil {
		t.Error("an heir without the handle is not seen")
	}
}
