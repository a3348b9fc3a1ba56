package fuzz

import (
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// Find explores so many schedules of a case: all with at most two preemptions, or as many of these as half of the budget allows, then some by PCT and some at
// random. It returns the first failure, shrunk, or false. The same case gives the same.
func Find(c Case, schedules int) (Counterexample, bool) {
	p := c.Program()
	left := schedules
	for _, st := range []struct {
		strategy sched.Strategy
		share    int
	}{{sched.Exhaustive(2), 2}, {sched.PCT(1, 3), 2}, {sched.Random(1), 1}} {
		if left <= 0 {
			break
		}
		r := sched.Explore(p, st.strategy, sched.Budget{Runs: max(1, left/st.share)})
		if r.Failure.Err != nil {
			return Shrink(c, r.Failure), true
		}
		left -= r.Runs
	}
	return Counterexample{}, false
}

// Try fails the test with all that there is to say if one of so many schedules of a case does: see [Find].
func Try(tb testing.TB, c Case, schedules int) {
	tb.Helper()
	if x, found := Find(c, schedules); found {
		tb.Fatalf("%v", x)
	}
}
