package fuzz

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strconv"
	"testing"
	"unsafe"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// planted is a case with a mistake in what its clients do, as if the kernel had made it: two processes, and threads that are functions.
func planted(t *testing.T, do ...func(*Client)) Case {
	t.Helper()
	c := Case{Name: "planted", Origin: litmusOrigin(t, "two")}
	for i, f := range do {
		c.Scripts = append(c.Scripts, Script{Name: string(rune('a' + i)), Do: f})
	}
	return c
}

// instead makes the client obey calls, and then go on with another kernel, which began as its own did and has obeyed calls that nobody knows of.
func instead(c *Client, known, unknown string) {
	other := c.Kernel.State().Fork()
	obeying(known)(c)
	c.Kernel = other
	if unknown == "" {
		return
	}
	calls, err := litmusCalls(unknown, ";")
	if err != nil {
		panic(err)
	}
	for _, call := range calls {
		if r := Do(other, call); r.Err != nil {
			panic(r.Err)
		}
	}
}

// obeying is a thread that makes calls in the notation of litmus programs.
func obeying(text string) func(*Client) {
	return func(c *Client) {
		calls, err := litmusCalls(text, ";")
		if err != nil {
			panic(err)
		}
		for _, call := range calls {
			c.Do(call)
		}
	}
}

// pose passes the client's last call off as another one, with another result.
func pose(c *Client, text string, result func(*Result)) {
	call, err := litmusCall(text)
	if err != nil {
		panic(err)
	}
	e := &c.log.events[len(c.log.events)-1]
	e.Call = &call
	result(&e.Result)
}

// overwrite adds one to a number in a frozen state, which nobody can do without unsafe, and returns how to undo it.
func overwrite(s *sim.State, field string) (undo func()) {
	f := reflect.ValueOf(s).Elem().FieldByName(field)
	at := unsafe.Pointer(f.UnsafeAddr())
	switch f.Kind() {
	case reflect.Uint32:
		p := (*uint32)(at)
		*p++
		return func() { *p-- }
	default:
		p := (*uint64)(at)
		*p++
		return func() { *p-- }
	}
}

// fails explores a case until it fails, and says how; the token must lead there again.
func fails(t *testing.T, c Case) *Violation {
	t.Helper()
	r := sched.Explore(c.Program(), sched.Exhaustive(1), sched.Budget{Runs: 1000})
	var v *Violation
	if !errors.As(r.Failure.Err, &v) {
		t.Fatalf("%d schedules, error %v: want a violation", r.Runs, r.Failure.Err)
	}
	again, err := sched.Replay(r.Failure.Token(), c.Program())
	if err != nil || again.Err == nil || again.Err.Error() != r.Failure.Err.Error() {
		t.Errorf("%s: replayed: %v, %v, want %v", r.Failure.Token(), again.Err, err, r.Failure.Err)
	}
	return v
}

// wrongHistories are histories that nobody may pass, at least one for each anomaly. Those of the Win32 door are tried with their judges.
var wrongHistories = []struct {
	reason string
	want   Anomaly
	rule   string
	do     []func(*Client)
}{
	{"a snapshot of a kernel that never was at that version", TornRead, "S7",
		[]func(*Client){func(c *Client) { instead(c, "create", "suspend 12"); obeying("take")(c) }}},
	{"a snapshot of an older version than one seen before", StaleRead, "S9", []func(*Client){func(c *Client) { instead(c, "create", ""); obeying("take")(c) }}},
	{"an answer of an older version than one seen before", StaleRead, "S9", []func(*Client){func(c *Client) { instead(c, "create", ""); obeying("exit 4")(c) }}},
	{"a snapshot that says another version than it shows", StaleRead, "S7",
		[]func(*Client){func(c *Client) { instead(c, "suspend 12", "advance 1"); obeying("take")(c) }}},
	{"two changes of one version", LostUpdate, "S2",
		[]func(*Client){func(c *Client) { instead(c, "take", ""); obeying("create")(c) }, obeying("spawn 8")}},
	{"a change of what had ended", LostUpdate, "S1",
		[]func(*Client){func(c *Client) { obeying("exit 8; advance 1")(c); pose(c, "spawn 8", func(r *Result) { r.TID = 40 }) }}},
	{"a change that nobody noted", VersionGap, "S2",
		[]func(*Client){func(c *Client) { Do(c.Kernel, Call{Verb: Advance, Time: 1}); obeying("create")(c) }}},
	{"a frozen state that is written", Aliasing, "S8", []func(*Client){func(c *Client) { obeying("create; take")(c); overwrite(c.Kernel.State(), "clock") }}},
	{"another pid than the process has", WrongAnswer, "S1",
		[]func(*Client){func(c *Client) { obeying("create")(c); pose(c, "create", func(r *Result) { r.PID = 8 }) }}},
	{"a refusal of what can be done", WrongAnswer, "S1", []func(*Client){func(c *Client) { obeying("exit 40")(c); pose(c, "exit 8", func(*Result) {}) }}},
	{"a snapshot that is refused without reason", WrongAnswer, "S1",
		[]func(*Client){func(c *Client) { obeying("look 40")(c); pose(c, "look 8", func(*Result) {}) }}},
	{"a state with more threads than it lists", BrokenList, "S21",
		[]func(*Client){func(c *Client) {
			instead(c, "create", "suspend 12")
			overwrite(c.Kernel.State(), "threads")
			obeying("take")(c)
		}}},
}

// TestEveryAnomaly has Certify report every anomaly that it can, by its name and the rule that is broken.
func TestEveryAnomaly(t *testing.T) {
	seen := map[Anomaly]bool{HandleReuse: true, RepeatedEntry: true, LostEntry: true} // with the judges of the Win32 door
	for _, tt := range wrongHistories {
		t.Run(tt.reason, func(t *testing.T) {
			v := fails(t, planted(t, tt.do...))
			if v.Anomaly != tt.want || v.Rule != tt.rule {
				t.Errorf("want %s, rule %s, got %v", tt.want, tt.rule, v)
			}
			seen[tt.want] = true
		})
	}
	c := planted(t, obeying("take; create"))
	c.Check = func(*sim.State) error { return errors.New("never good enough") }
	if v := fails(t, c); v.Anomaly != BrokenPromise {
		t.Errorf("a check that fails is %v, want %s", v, BrokenPromise)
	}
	seen[BrokenPromise] = true
	for _, a := range declaredAnomalies(t) {
		if !seen[a] {
			t.Errorf("no history here is a case of %q", a)
		}
	}
}

// declaredAnomalies are the constants of anomaly.go.
func declaredAnomalies(t *testing.T) (all []Anomaly) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "anomaly.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if text, ok := spec.Values[0].(*ast.BasicLit); ok {
				name, _ := strconv.Unquote(text.Value)
				all = append(all, Anomaly(name))
			}
		}
		return true
	})
	if len(all) < 10 {
		t.Fatalf("anomaly.go declares %q: is the search broken?", all)
	}
	return all
}
