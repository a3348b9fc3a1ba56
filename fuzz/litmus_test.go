package fuzz

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

var litmusUpdate = flag.Bool("update", false, "write the golden files in testdata anew")

var litmusGolden = filepath.Join("testdata", "litmus.golden")

const litmusHead = `# Litmus programs, each explored with every schedule of at most so many preemptions, and with at most one: go test -run TestLitmus -update
# A changed number of executions means that a call has more or fewer points than before; a changed number of outcomes, that something else can happen.
#
# program                       threads bound executions outcomes   bound executions outcomes
`

// A litmusCount is what an exploration came to.
type litmusCount struct{ bound, executions, outcomes int }

func (c litmusCount) String() string {
	return fmt.Sprintf("%5d %10d %8d", c.bound, c.executions, c.outcomes)
}

func (l litmus) bound() int {
	if len(l.threads)+len(l.do) == 2 {
		return 3
	}
	return 2
}

// toCase is the program as a case.
func (l litmus) toCase(tb testing.TB) Case {
	tb.Helper()
	c := Case{Name: "litmus/" + strings.ReplaceAll(l.name, " ", "-"), Origin: litmusOrigin(tb, l.origin), Callers: []sim.TID{12, 20}}
	for i, text := range l.threads {
		calls, err := litmusCalls(text, ";")
		if err != nil {
			tb.Fatalf("%s: %v", l.name, err)
		}
		c.Scripts = append(c.Scripts, Script{Name: string(rune('a' + i)), Calls: calls})
	}
	for _, do := range l.do {
		c.Scripts = append(c.Scripts, Script{Name: "do", Do: do})
	}
	if !l.knocks() {
		c.Callers = nil
	}
	return c
}

// knocks says that a thread makes calls of the Win32 door.
func (l litmus) knocks() bool {
	for _, text := range l.threads {
		calls, _ := litmusCalls(text, ";")
		for _, c := range calls {
			if c.Verb.door() {
				return true
			}
		}
	}
	return false
}

// watched is the program of a case, with seen called for the events of every run that was good.
func watched(c Case, seen func([]Event)) sched.Program {
	t := newTrial(c)
	return sched.Program{Name: c.Name, Body: func(s *sched.Scheduler) func() error {
		check := t.body(s)
		return func() error {
			err := check()
			if err == nil {
				seen(t.log.events)
			}
			return err
		}
	}}
}

// explore runs a case under every schedule within a bound.
func (l litmus) explore(t *testing.T, bound int) litmusCount {
	t.Helper()
	outcomes := map[string]int{}
	var text []byte
	p := watched(l.toCase(t), func(events []Event) {
		text = litmusOutcome(text[:0], events)
		outcomes[string(text)]++
	})
	r := sched.Explore(p, sched.Exhaustive(bound), sched.Budget{})
	if r.Failure.Err != nil {
		t.Fatalf("%s (%s): %v\n%s\n%s", l.name, l.reason, r.Failure.Err, r.Failure.Token(), r.Failure.Stack)
	}
	if !r.Exhausted || r.Progress != 1 {
		t.Fatalf("%s: exhausted %v, progress %v, want all of it", l.name, r.Exhausted, r.Progress)
	}
	return litmusCount{bound, r.Runs, len(outcomes)}
}

// litmusOutcome adds what the clients were told, in their order and not in that of the run.
func litmusOutcome(b []byte, events []Event) []byte {
	for client := 0; ; client++ {
		any := false
		for i := range events {
			if e := &events[i]; e.Client == client {
				b, any = litmusResult(b, e.Call.Verb, &e.Result), true
			}
		}
		if !any {
			return b
		}
		b = append(b, '|')
	}
}

func litmusResult(b []byte, v Verb, r *Result) []byte {
	switch {
	case v <= Update:
		b = fmt.Appendf(b, " v%d %d %d %x %d %x", r.Version, r.PID, r.TID, uint64(r.At), r.Count, r.Bytes)
	case r.Err != nil:
	case v == Take, v == TakeSeparately:
		b = fmt.Appendf(b, " %v", r.Snapshot.Cuts())
	case v == CreateToolhelp32Snapshot, v == OpenProcess, v == DuplicateHandle:
		b = fmt.Appendf(b, " h%d", r.Handle)
	default:
		b = fmt.Appendf(b, " %x", r.Entry)
	}
	for _, e := range r.Entries {
		b = fmt.Appendf(b, " %v%x", e.Kind, e.ID)
		if e.Stale {
			b = append(b, '-')
		}
		if e.Stranger {
			b = append(b, '?')
		}
	}
	return append(b, litmusError(r.Err)...)
}

// litmusError is an error without what differs between systems and runs.
func litmusError(err error) string {
	var e *sim.Error
	var n toolhelp.Errno
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return "!" + e.Err.Error()
	case errors.As(err, &n):
		return fmt.Sprintf("!%d", uintptr(n))
	}
	return "!" + err.Error()
}

// TestLitmus explores every litmus program and compares how many executions and outcomes there are with the golden file.
func TestLitmus(t *testing.T) {
	whole := !litmusRace && !testing.Short() || *litmusUpdate
	lines := make([][2]litmusCount, len(litmusPrograms))
	t.Run("programs", func(t *testing.T) {
		for i, l := range litmusPrograms {
			t.Run(strings.ReplaceAll(l.name, " ", "-"), func(t *testing.T) {
				t.Parallel()
				lines[i][1] = l.explore(t, 1)
				if whole {
					lines[i][0] = l.explore(t, l.bound())
				}
			})
		}
	})
	if t.Failed() {
		return
	}
	if *litmusUpdate {
		writeLitmus(t, lines)
	}
	compareLitmus(t, lines, whole)
}

func litmusLine(l litmus, counts [2]litmusCount) string {
	return fmt.Sprintf("%-31s %7d %v   %v", l.name, len(l.threads)+len(l.do), counts[0], counts[1])
}

func writeLitmus(t *testing.T, lines [][2]litmusCount) {
	t.Helper()
	text := litmusHead
	for i, l := range litmusPrograms {
		text += litmusLine(l, lines[i]) + "\n"
	}
	if err := os.WriteFile(litmusGolden, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func compareLitmus(t *testing.T, lines [][2]litmusCount, whole bool) {
	t.Helper()
	golden, err := os.ReadFile(litmusGolden)
	if err != nil {
		t.Fatalf("%v: go test -run TestLitmus -update writes it", err)
	}
	text, ok := strings.CutPrefix(strings.ReplaceAll(string(golden), "\r\n", "\n"), litmusHead)
	want := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if !ok || len(want) != len(litmusPrograms) {
		t.Fatalf("%s has %d lines, want one for each of %d programs, and its head: go test -run TestLitmus -update writes it", litmusGolden, len(want), len(litmusPrograms))
	}
	for i, l := range litmusPrograms {
		got, line := strings.Fields(litmusLine(l, lines[i])), strings.Fields(want[i])
		if !whole && len(line) > 3 { // the last columns alone
			got, line = got[len(got)-3:], line[len(line)-3:]
		}
		if !slices.Equal(got, line) {
			t.Errorf("%s: %s: %v, want %v (bound, executions, outcomes); if that is right, go test -run TestLitmus -update takes it over", l.name, l.reason, got, line)
		}
	}
}

// TestLitmusProgramsAreSmall: small enough to be read and to be exhausted, and no two have one name or one text.
func TestLitmusProgramsAreSmall(t *testing.T) {
	if n := len(litmusPrograms); n < 40 {
		t.Errorf("%d programs, want 40 at least", n)
	}
	seen := map[string]string{}
	for _, l := range litmusPrograms {
		if n := len(l.threads) + len(l.do); n < 2 || n > 4 || l.reason == "" {
			t.Errorf("%s: %d threads, reason %q: want 2 to 4, and one", l.name, n, l.reason)
		}
		for _, text := range l.threads {
			calls, err := litmusCalls(text, ";")
			if err != nil || len(calls) < 2 || len(calls) > 4 {
				t.Errorf("%s: %q is %d calls, %v: want 2 to 4", l.name, text, len(calls), err)
			}
		}
		for _, key := range []string{l.name, fmt.Sprint(l.origin, l.threads, len(l.do))} {
			if other := seen[key]; other != "" && len(l.do) == 0 {
				t.Errorf("%s: %s is the same", l.name, other)
			}
			seen[key] = l.name
		}
	}
}

// TestLitmusClosedForms counts programs of which the number of schedules is known: Takes of a kernel that nobody changes are 2 points each, the call and
// one load, so threads of so many points are a multinomial coefficient.
func TestLitmusClosedForms(t *testing.T) {
	for _, tt := range []struct {
		takes []int // of each thread
		want  int   // by hand
	}{
		{[]int{1, 1}, 6},          // C(4,2)
		{[]int{2, 2}, 70},         // C(8,4)
		{[]int{3, 3}, 924},        // C(12,6)
		{[]int{4, 2}, 495},        // C(12,4)
		{[]int{1, 1, 1}, 90},      // 6!/2!^3
		{[]int{2, 1, 1}, 420},     // 8!/(4! 2! 2!)
		{[]int{1, 1, 1, 1}, 2520}, // 8!/2!^4
		{[]int{2, 2, 2}, 34650},   // 12!/4!^3
	} {
		if tt.want > 1000 && (litmusRace || testing.Short()) {
			continue
		}
		l := litmus{name: fmt.Sprint("takes ", tt.takes), origin: "two"}
		for _, n := range tt.takes {
			l.threads = append(l.threads, strings.TrimSuffix(strings.Repeat("take; ", n), "; "))
		}
		if got := l.explore(t, sched.Unbounded); got.executions != tt.want || got.outcomes != 1 {
			t.Errorf("%s: %d executions with %d outcomes, want %d with one", l.name, got.executions, got.outcomes, tt.want)
		}
	}
}
