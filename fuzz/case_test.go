package fuzz_test

import (
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

var image = sim.MustImage(`C:\Lab\app.exe`)

// usual is 3 clients that make 4 calls each: what the rate of checked interleavings is counted on.
func usual(tb testing.TB) fuzz.Case {
	create := fuzz.Call{Verb: fuzz.CreateProcess, Process: sim.ProcessSpec{Image: image}}
	o, err := fuzz.NewOrigin(sim.Config{Bare: true}, create, create)
	if err != nil {
		tb.Fatal(err)
	}
	take := fuzz.Call{Verb: fuzz.Take, Flags: toolhelp.TH32CS_SNAPPROCESS | toolhelp.TH32CS_SNAPTHREAD}
	spawn := fuzz.Call{Verb: fuzz.CreateThread, PID: 8}
	exit := fuzz.Call{Verb: fuzz.TerminateProcess, PID: 8}
	return fuzz.Case{Name: "usual", Origin: o, Scripts: []fuzz.Script{
		{Name: "a", Calls: []fuzz.Call{create, spawn, take, exit}},
		{Name: "b", Calls: []fuzz.Call{take, create, exit, spawn}},
		{Name: "c", Calls: []fuzz.Call{take, create, take, take}},
	}}
}

func TestUsual(t *testing.T) {
	c := usual(t)
	for _, st := range []sched.Strategy{sched.Random(1), sched.PCT(1, 3), sched.Exhaustive(2)} {
		r := sched.Explore(c.Program(), st, sched.Budget{Runs: 2000})
		if r.Failure.Err != nil {
			t.Fatalf("%v\n%v\n%s", r.Failure.Err, r.Failure.Token(), r.Failure.Stack)
		}
		t.Logf("%v: %d runs, %.1f steps", st, r.Runs, float64(r.Steps)/float64(r.Runs))
	}
}

func BenchmarkExplore(b *testing.B) {
	c := usual(b)
	for name, st := range map[string]sched.Strategy{"random": sched.Random(1), "pct": sched.PCT(1, 3), "exhaustive": sched.Exhaustive(3)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r := sched.Explore(c.Program(), st, sched.Budget{Runs: b.N})
			if r.Failure.Err != nil {
				b.Fatal(r.Failure.Err)
			}
			b.ReportMetric(float64(r.Runs)/b.Elapsed().Seconds(), "runs/s")
			b.ReportMetric(float64(r.Steps)/float64(r.Runs), "steps/run")
		})
	}
}
