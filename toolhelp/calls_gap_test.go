package toolhelp

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// TestPidThatBecomesAnothers ends a process and gives its pid to another, at every moment of a call that is about it: the call is about
// one of the two, or fails and leaves no handle.
func TestPidThatBecomesAnothers(t *testing.T) {
	exe, low := sim.MustImage("a.exe"), sim.MustImage("b.exe")
	tests := []struct {
		reason string
		call   func(k *sim.Kernel, me *Caller, pid sim.PID, tid sim.TID) error
	}{
		{"NewCaller", func(k *sim.Kernel, _ *Caller, pid sim.PID, tid sim.TID) error {
			c, err := NewCaller(k, tid)
			switch {
			case err == nil && c.GetCurrentProcessId() != uint32(pid):
				return fmt.Errorf("the caller's pid is %d, want %d", c.GetCurrentProcessId(), pid)
			case err != nil && !errors.Is(err, ERROR_INVALID_PARAMETER):
				return err
			}
			return nil
		}},
		{"OpenProcess", func(_ *sim.Kernel, me *Caller, pid sim.PID, _ sim.TID) error {
			h, err := me.OpenProcess(PROCESS_DUP_HANDLE, false, uint32(pid))
			if open := me.table.Len(); err != nil && open != 0 {
				return fmt.Errorf("%w, and %d handles are open", err, open)
			} else if err == nil {
				return me.CloseHandle(h)
			}
			return nil
		}},
	}
	for _, tt := range tests {
		r := sched.Explore(sched.Program{Name: tt.reason, Body: func(s *sched.Scheduler) func() error {
			k := sim.New(sim.Config{Bare: true, Reuse: sim.LastFirst})
			_, mine, _, _ := k.CreateProcess(sim.ProcessSpec{Image: exe})
			pid, tid, _, _ := k.CreateProcess(sim.ProcessSpec{Image: exe})
			k.Attach(s)
			me, err := NewCaller(k, mine)
			if err != nil {
				return func() error { return err }
			}
			var wrong error
			s.Go("caller", func() { wrong = tt.call(k, me, pid, tid) })
			s.Go("other", func() {
				_, _ = k.TerminateProcess(pid, 0)
				_, _, _, _ = k.CreateProcess(sim.ProcessSpec{Image: low, ID: pid, Thread: tid, Protection: sim.Protected})
			})
			return func() error { return wrong }
		}}, sched.Exhaustive(4), sched.Budget{})
		if r.Failure.Err != nil || r.Runs < 20 {
			t.Errorf("%s: after %d schedules: %v", tt.reason, r.Runs, r.Failure.Err)
		}
	}
}

// TestHandlesHave32Bits sets the highest bit of handles that are good without: they are none.
func TestHandlesHave32Bits(t *testing.T) {
	d := newDesk(t)
	self, err := d.me.OpenProcess(PROCESS_DUP_HANDLE, false, uint32(d.app))
	want(t, "OpenProcess", err, 0)
	high := self | Handle(1)<<(unsafe.Sizeof(self)*8-1)
	var copied Handle
	for name, err := range map[string]error{
		"source process": d.me.DuplicateHandle(high, self, self, &copied, 0, false, DUPLICATE_SAME_ACCESS),
		"source":         d.me.DuplicateHandle(self, high, self, &copied, 0, false, DUPLICATE_SAME_ACCESS),
		"target process": d.me.DuplicateHandle(self, self, high, &copied, 0, false, DUPLICATE_SAME_ACCESS),
		"to close":       d.me.CloseHandle(high),
	} {
		want(t, name, err, ERROR_INVALID_HANDLE)
	}
}

// TestRefusedCutIsWhatTheCallReturns refuses each cut with a code that no list gives.
func TestRefusedCutIsWhatTheCallReturns(t *testing.T) {
	d := newDesk(t)
	d.me.SeparateCuts = true
	for _, cut := range []Cut{CutHeaps, CutModules, CutModulesAgain, CutProcesses} {
		d.me.Hook = func(_ *Caller, call Call) Errno {
			if call.Cut == cut {
				return ERROR_GEN_FAILURE
			}
			return 0
		}
		_, err := d.me.CreateToolhelp32Snapshot(TH32CS_SNAPALL, uint32(d.child))
		want(t, fmt.Sprint("cut ", cut), err, ERROR_GEN_FAILURE)
	}
}

// TestErrorsSayWhatToDo looks for a hint in each error of TakeSeparately.
func TestErrorsSayWhatToDo(t *testing.T) {
	d := newDesk(t)
	none := func(Cut) {}
	tests := []struct {
		flags uint32
		pid   sim.PID
		do    func(Cut)
		hint  string
	}{
		{0, d.child, none, "add TH32CS_SNAPPROCESS"},
		{TH32CS_SNAPALL, 3000, none, "take it from a fresh snapshot"},
		{TH32CS_SNAPALL, d.kernel, none, "without a user part"},
		{TH32CS_SNAPALL, d.asleep, none, "resume its first thread"},
		{TH32CS_SNAPALL, d.child, func(next Cut) {
			if next == CutModulesAgain {
				d.load(t, d.child, `C:\late.dll`, 64)
			}
		}, "try again"},
	}
	for _, tt := range tests {
		if _, err := TakeSeparately(d.k, tt.flags, tt.pid, tt.do); err == nil || !strings.Contains(err.Error(), tt.hint) {
			t.Errorf("flags %#x, pid %d: %v, want a text with %q", tt.flags, tt.pid, err, tt.hint)
		}
	}
}

// TestEachKindOfChangeReadsAsWhatItIs: noun and verb of the kind, and all that identifies the thing.
func TestEachKindOfChangeReadsAsWhatItIs(t *testing.T) {
	for kind := range changeKinds {
		c := Change{Kind: kind, PID: 17, ID: 0x1234, Name: "some name", Detail: "a -> b"}
		words := strings.Fields(kind.String())
		wanted := []string{words[0] + " ", " " + words[1], ": a -> b"}
		switch words[0] {
		case "process":
			wanted = append(wanted, `"some name"`, "4660")
		case "thread":
			wanted = append(wanted, "4660", "process 17")
		case "module":
			wanted = append(wanted, `"some name"`, "0x1234", "process 17")
		default:
			wanted = append(wanted, "0x1234", "process 17")
		}
		for _, w := range wanted {
			if !strings.Contains(c.String(), w) {
				t.Errorf("kind %d: %q has no %q", kind, c, w)
			}
		}
	}
}
