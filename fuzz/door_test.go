package fuzz_test

import (
	"errors"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// doorCalls are what one client does; the comment tells what a right door answers.
var doorCalls = []fuzz.Call{
	0:  {Verb: fuzz.CreateToolhelp32Snapshot, Flags: toolhelp.TH32CS_SNAPPROCESS | toolhelp.TH32CS_SNAPTHREAD}, // 4
	1:  {Verb: fuzz.DuplicateHandle, Handle: 4},                                                                // 8
	2:  {Verb: fuzz.Next, Handle: 4, List: sim.KindProcess},                                                    // pid 8
	3:  {Verb: fuzz.Next, Handle: 8, List: sim.KindProcess},                                                    // pid 16
	4:  {Verb: fuzz.Next, Handle: 4, List: sim.KindProcess},                                                    // the end
	5:  {Verb: fuzz.First, Handle: 4, List: sim.KindThread},                                                    // tid 12
	6:  {Verb: fuzz.Next, Handle: 8, List: sim.KindThread},                                                     // tid 20
	7:  {Verb: fuzz.Next, Handle: 8, List: sim.KindThread},                                                     // the end
	8:  {Verb: fuzz.CloseHandle, Handle: 4},
	9:  {Verb: fuzz.Next, Handle: 4, List: sim.KindProcess},                          // an error
	10: {Verb: fuzz.CreateProcess, Process: sim.ProcessSpec{Image: image, ID: 32}},   // pid 32
	11: {Verb: fuzz.CreateToolhelp32Snapshot, Flags: toolhelp.TH32CS_SNAPPROCESS},    // 4
	12: {Verb: fuzz.OpenProcess, PID: 16, Flags: toolhelp.PROCESS_QUERY_INFORMATION}, // 12
	13: {Verb: fuzz.TerminateProcess, PID: 16},
	14: {Verb: fuzz.CreateThread, PID: 8},
	15: {Verb: fuzz.CloseHandle, Handle: 12},
	16: {Verb: fuzz.Walk, List: sim.KindProcess}, // pids 8 and 32
	17: {Verb: fuzz.Walk, List: sim.KindThread, PID: 16},
}

// doorHistory is what a right kernel answers to doorCalls.
func doorHistory(t *testing.T) fuzz.History {
	t.Helper()
	o, err := fuzz.NewOrigin(sim.Config{Bare: true},
		fuzz.Call{Verb: fuzz.CreateProcess, Process: sim.ProcessSpec{Image: image, ID: 8, Thread: 12}},
		fuzz.Call{Verb: fuzz.CreateProcess, Process: sim.ProcessSpec{Image: image, ID: 16, Thread: 20}})
	if err != nil {
		t.Fatal(err)
	}
	k := o.State.Fork()
	by, err := toolhelp.NewCaller(k, 12)
	if err != nil {
		t.Fatal(err)
	}
	r := fuzz.NewRecorder(k, o.Model(), by)
	c := r.Client("a")
	for _, call := range doorCalls {
		c.Do(call)
	}
	return r.History()
}

// TestDoorIsJudged gives one right history, and then the same with wrong answers.
func TestDoorIsJudged(t *testing.T) {
	tests := []struct {
		reason string
		spoil  func(of func(call int) *fuzz.Result)
		want   fuzz.Anomaly
		rule   string
	}{
		{"all answers are right", func(func(int) *fuzz.Result) {}, "", ""},
		{"two calls get the first entry", func(of func(int) *fuzz.Result) { of(3).Entry = 8 }, fuzz.RepeatedEntry, "S62"},
		{"the first entry goes to nobody", func(of func(int) *fuzz.Result) {
			of(2).Entry, of(3).Entry, of(3).Err = 16, 0, toolhelp.ERROR_NO_MORE_FILES
		}, fuzz.LostEntry, "S62"},
		{"an entry that no snapshot has", func(of func(int) *fuzz.Result) { of(3).Entry = 400 }, fuzz.LostEntry, "S62"},
		{"a process that was created later, and its thread", func(of func(int) *fuzz.Result) {
			of(4).Entry, of(4).Err = 32, nil
			of(7).Entry, of(7).Err = uint64(of(10).TID), nil
		}, fuzz.StaleRead, "S9"},
		{"a process that was created later, without its thread", func(of func(int) *fuzz.Result) { of(4).Entry, of(4).Err = 32, nil }, fuzz.TornRead, "S61"},
		{"a closed handle works", func(of func(int) *fuzz.Result) { of(9).Entry, of(9).Err = 8, nil }, fuzz.HandleReuse, "S51"},
		{"a closed handle is said to be at its end", func(of func(int) *fuzz.Result) { of(9).Err = toolhelp.ERROR_NO_MORE_FILES }, fuzz.WrongAnswer, "S63"},
		{"a handle is open twice", func(of func(int) *fuzz.Result) { of(11).Handle = 8 }, fuzz.HandleReuse, "S51"},
		{"a lower handle was free", func(of func(int) *fuzz.Result) { of(11).Handle = 16 }, fuzz.WrongAnswer, "S50"},
		{"an open handle can't be closed", func(of func(int) *fuzz.Result) { of(15).Err = toolhelp.ERROR_INVALID_HANDLE }, fuzz.WrongAnswer, "S63"},
		{"the process is there and can't be opened", func(of func(int) *fuzz.Result) {
			of(12).Handle, of(12).Err = 0, toolhelp.ERROR_INVALID_PARAMETER
			of(15).Err = toolhelp.ERROR_INVALID_HANDLE
		}, fuzz.WrongAnswer, "S63"},
		{"a pid that a handle keeps is given to a thread", func(of func(int) *fuzz.Result) { of(14).TID = 16 }, fuzz.WrongAnswer, "S56"},
		{"a walk that nobody disturbs misses a process", func(of func(int) *fuzz.Result) { of(16).Entries = of(16).Entries[1:] }, fuzz.WrongAnswer, "S40"},
		{"a walk meets a process that ended", func(of func(int) *fuzz.Result) { of(16).Entries[0].ID = 16 }, fuzz.WrongAnswer, "S44"},
		{"a walk meets the past", func(of func(int) *fuzz.Result) { of(16).Entries[0].Version-- }, fuzz.StaleRead, "S44"},
		{"a fault, where freed memory can be read", func(of func(int) *fuzz.Result) { of(16).Err = sim.ErrAccessViolation }, fuzz.WrongAnswer, "S41"},
		{"a walk without an end", func(of func(int) *fuzz.Result) { of(16).Err = errors.New("the walk did not end") }, fuzz.WrongAnswer, "S43"},
		{"a walk of what has ended", func(of func(int) *fuzz.Result) { of(17).Err = nil }, fuzz.WrongAnswer, "S46"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			h := doorHistory(t)
			tt.spoil(func(call int) *fuzz.Result { return &h.Events[call].Result })
			err := fuzz.Certify(h)
			var v *fuzz.Violation
			switch {
			case tt.want == "" && err != nil:
				t.Fatal(err)
			case tt.want != "" && (!errors.As(err, &v) || v.Anomaly != tt.want || v.Rule != tt.rule):
				t.Fatalf("Certify says %v, want a %s against %s", err, tt.want, tt.rule)
			}
		})
	}
}
