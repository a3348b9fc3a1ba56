package fuzz_test

import (
	"fmt"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// Two supervisors make sure that a worker runs: each looks, and starts one if there is none. That this can start two takes one preemption to see.
func ExampleFind() {
	worker := sim.MustImage(`C:\Lab\worker.exe`)
	count := func(s *sim.State) (n int) {
		for range s.Processes() {
			n++
		}
		return n
	}
	supervise := func(c *fuzz.Client) {
		seen := c.Do(fuzz.Call{Verb: fuzz.Take, Flags: toolhelp.TH32CS_SNAPPROCESS})
		if count(seen.Snapshot.State()) == 0 {
			c.Do(fuzz.Call{Verb: fuzz.CreateProcess, Process: sim.ProcessSpec{Image: worker, AnyParent: true}})
		}
	}
	origin, _ := fuzz.NewOrigin(sim.Config{Bare: true})
	property := fuzz.Case{Name: "supervise", Origin: origin,
		Scripts: []fuzz.Script{{Name: "first", Do: supervise}, {Name: "second", Do: supervise}},
		Check: func(end *sim.State) error {
			if n := count(end); n != 1 {
				return fmt.Errorf("%d workers run, want 1", n)
			}
			return nil
		}}
	x, _ := fuzz.Find(property, 1000)
	fmt.Println(x)
	// Output:
	// broken promise, against rule of the case
	//
	// first                                                       second
	// Take Flags:0x2
	// . load kernel.last
	// = version 0 Snapshot:0 processes, 0 threads
	// CreateProcess Process:{AnyParent:true
	//   Image:"C:\\Lab\\worker.exe"}
	// . lock kernel.mu
	//                                                             Take Flags:0x2
	//                                                             . load kernel.last
	//                                                             = version 0 Snapshot:0 processes, 0 threads
	//                                                             CreateProcess Process:{AnyParent:true
	//                                                               Image:"C:\\Lab\\worker.exe"}
	// . store kernel.last, unlock kernel.mu
	// = version 1 PID:8 TID:12
	//                                                             . lock kernel.mu, unlock kernel.mu
	//                                                             = version 2 PID:16 TID:20
	//
	// 2 workers run, want 1
	//
	// Calls: 2. Preemptions: 1; the 2 schedules with fewer are all good.
	//
	// Token: sched1:supervise:exhaustive(1,3):0x5.1x3.0x2.1x3
}
