package peers

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

var image = sim.MustImage(`C:\Lab\app.exe`)

// smallOrigin has two processes, 8 and 16, with the threads 12 and 20.
func smallOrigin(tb testing.TB) *fuzz.Origin {
	tb.Helper()
	create := fuzz.Call{Verb: fuzz.CreateProcess, Process: sim.ProcessSpec{Image: image}}
	o, err := fuzz.NewOrigin(sim.Config{Bare: true}, create, create)
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

// drawCall draws a call about the processes of the origin, those that are created first after it, and by mistake a thread.
func drawCall(r *rand.Rand) fuzz.Call {
	pid, tid := sim.PID(8+8*r.IntN(4)), sim.TID(12+8*r.IntN(4))
	if r.IntN(8) == 0 {
		pid, tid = sim.PID(tid), sim.TID(pid)
	}
	switch r.IntN(10) {
	case 0, 1:
		c := fuzz.Call{Verb: fuzz.CreateProcess, Process: sim.ProcessSpec{Image: image}}
		if r.IntN(2) == 0 {
			c.Process.Parent = pid
		}
		return c
	case 2:
		return fuzz.Call{Verb: fuzz.TerminateProcess, PID: pid}
	case 3:
		return fuzz.Call{Verb: fuzz.CreateThread, PID: pid}
	case 4:
		return fuzz.Call{Verb: fuzz.TerminateThread, TID: tid}
	case 5:
		return fuzz.Call{Verb: fuzz.SuspendThread, TID: tid}
	case 6:
		return fuzz.Call{Verb: fuzz.ResumeThread, TID: tid}
	}
	return fuzz.Call{Verb: fuzz.Take, Flags: toolhelp.TH32CS_SNAPPROCESS | toolhelp.TH32CS_SNAPTHREAD}
}

// drawScripts draws what the clients do, n calls in all.
func drawScripts(r *rand.Rand, clients, n int) [][]fuzz.Call {
	all := make([][]fuzz.Call, clients)
	for i := range n {
		all[i%clients] = append(all[i%clients], drawCall(r))
	}
	return all
}

// histories runs the scripts under so many schedules and returns what each recorded.
func histories(tb testing.TB, o *fuzz.Origin, scripts [][]fuzz.Call, st sched.Strategy, runs int) (all []fuzz.History) {
	tb.Helper()
	p := sched.Program{Name: "peers", Body: func(s *sched.Scheduler) func() error {
		k := o.State.Fork()
		k.Attach(s)
		r := fuzz.NewRecorder(k, o.Model())
		for i, script := range scripts {
			name := fmt.Sprintf("client %d", i)
			c := r.Client(name)
			s.Go(name, func() {
				for _, call := range script {
					c.Do(call)
				}
			})
		}
		return func() error {
			all = append(all, r.History())
			return nil
		}
	}}
	if rep := sched.Explore(p, st, sched.Budget{Runs: runs}); rep.Failure.Err != nil {
		tb.Fatal(rep.Failure.Err)
	}
	return all
}
