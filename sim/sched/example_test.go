package sched_test

import (
	"errors"
	"fmt"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// Two threads add one to a balance without a lock. The search finds the schedule that loses one of them, and the token repeats it.
func Example() {
	deposit := sched.Program{Name: "deposit", Body: func(s *sched.Scheduler) func() error {
		var balance sched.Int64
		balance.Attach(s, "balance")
		for _, name := range []string{"ann", "bob"} {
			s.Go(name, func() { balance.Store(balance.Load() + 1) })
		}
		return func() error {
			if n := balance.Load(); n != 2 {
				return fmt.Errorf("balance is %d, want 2", n)
			}
			return nil
		}
	}}
	report := sched.Explore(deposit, sched.Exhaustive(1), sched.Budget{})
	fmt.Println(report.Failure.Err)
	for _, step := range report.Failure.Trace {
		fmt.Println(" ", step)
	}
	fmt.Println(report.Failure.Token())

	again, _ := sched.Replay(report.Failure.Token(), deposit)
	fmt.Println(again.Err)
	// Output:
	// sched: Run of "deposit": check: balance is 1, want 2
	//   0 load balance
	//   1 load balance
	//   1 store balance
	//   0 store balance
	// sched1:deposit:exhaustive(1,2):0x1.1x2.0x1
	// sched: Run of "deposit": check: balance is 1, want 2
}

// With bounds 0, 1, 2 in turn the first failure has the fewest preemptions that there can be.
func ExampleExhaustive() {
	for bound := range 3 {
		report := sched.Explore(inversion, sched.Exhaustive(bound), sched.Budget{})
		fmt.Println(bound, "preemptions:", report.Runs, "runs,", report.Failure.Err)
		if report.Failure.Err != nil {
			break
		}
	}
	// Output:
	// 0 preemptions: 2 runs, <nil>
	// 1 preemptions: 5 runs, sched: Run of "inversion": a waits for two, held by b, b waits for one, held by a: deadlock
}

// Which steps of a writer hold up a reader that takes the same lock?
func ExampleFreeze() {
	p := sched.Program{Name: "readers and writers", Body: func(s *sched.Scheduler) func() error {
		var mu sched.Mutex
		var x sched.Int64
		mu.Attach(s, "mu")
		x.Attach(s, "x")
		s.Go("writer", func() { mu.Lock(); x.Add(1); mu.Unlock() })
		s.Go("reader", func() { mu.Lock(); x.Load(); mu.Unlock() })
		return nil
	}}
	for k := 0; ; k++ {
		r := sched.Run(p, sched.Freeze(0, k))
		if !r.Stopped {
			break
		}
		fmt.Println("after", k, "steps:", errors.Is(r.Err, sched.ErrHeld))
	}
	// Output:
	// after 0 steps: false
	// after 1 steps: true
	// after 2 steps: true
	// after 3 steps: true
}

// A schedule can be written by hand.
func ExampleFollow() {
	c, err := sched.ParseSchedule("1x1.0x2.1x1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sched.Run(lost, sched.Follow(c)).Err)
	// Output:
	// sched: Run of "lost update": check: lost update
}
