package sched_test

import (
	"math/big"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

func binomial(n, k int) int {
	if k < 0 || k > n {
		return 0
	}
	return int(new(big.Int).Binomial(int64(n), int64(k)).Int64())
}

// interleavings is the number of ways to interleave two threads of n steps in r blocks: each thread's steps are cut into its half of them.
func interleavings(n, blocks int) int {
	a, b := (blocks+1)/2, blocks/2
	return 2 * binomial(n-1, a-1) * binomial(n-1, b-1)
}

// Each block ends in a preemption but the last of either thread.
func TestExhaustiveCountsTwoThreads(t *testing.T) {
	for n := 1; n <= 6; n++ {
		want := 0
		for bound := 0; bound <= 2*n-2; bound++ {
			want += interleavings(n, bound+2)
			if got := exhaust(t, steps(2, n), bound); got != want {
				t.Errorf("2 threads of %d steps, at most %d preemptions: %d schedules, want %d", n, bound, got, want)
			}
		}
		if closed := binomial(2*n, n); want != closed {
			t.Fatalf("the test's own sum is %d, not C(%d,%d) = %d", want, 2*n, n, closed)
		}
		if got := exhaust(t, steps(2, n), sched.Unbounded); got != want {
			t.Errorf("2 threads of %d steps: %d schedules, want C(%d,%d) = %d", n, got, 2*n, n, want)
		}
	}
}

// All schedules of several threads are the multinomial coefficient; without preemptions they are the orders of the threads.
func TestExhaustiveCountsManyThreads(t *testing.T) {
	for threads, orders := 1, 1; threads <= 4; threads++ {
		orders *= threads
		const n = 2
		all := 1
		for i := 1; i <= threads; i++ {
			all *= binomial(i*n, n)
		}
		if got := exhaust(t, steps(threads, n), sched.Unbounded); got != all {
			t.Errorf("%d threads: %d schedules, want %d", threads, got, all)
		}
		if got := exhaust(t, steps(threads, n), 0); got != orders {
			t.Errorf("%d threads without preemption: %d schedules, want %d", threads, got, orders)
		}
	}
}

// exhaust runs p under every schedule, each twice, sees that no two are the same and watches the progress.
func exhaust(t *testing.T, p sched.Program, bound int) int {
	t.Helper()
	st := &watched{Search: sched.Exhaustive(bound), t: t}
	rep := sched.Explore(p, st, sched.Budget{Twice: true})
	if rep.Failure.Err != nil {
		t.Fatal(rep.Failure.Err)
	}
	if !rep.Exhausted || rep.Progress != 1 {
		t.Errorf("%s: exhausted %v at %v, want all done at exactly 1", p.Name, rep.Exhausted, rep.Progress)
	}
	seen := make(map[string]bool)
	again := sched.Exhaustive(bound)
	for again.Progress() < 1 {
		if r := sched.Run(p, again); r.Steps > 0 {
			seen[r.Schedule.String()] = true
		}
	}
	if len(seen) != rep.Runs {
		t.Errorf("%s: %d runs of %d different schedules", p.Name, rep.Runs, len(seen))
	}
	return rep.Runs
}

// watched fails the test when progress falls back, stands at 1 too early, or leaves [0,1].
type watched struct {
	sched.Search
	t    *testing.T
	last float64
}

func (w *watched) Start() bool {
	more := w.Search.Start()
	now := w.Progress()
	if now < w.last || (now == 1) == more || now < 0 || now > 1 {
		w.t.Errorf("progress %v after %v, more to come: %v", now, w.last, more)
	}
	w.last = now
	return more
}

// Progress is by weight: the first decision's choices share it evenly, deep ones may have nothing left to share.
func TestProgressOfDeepSearch(t *testing.T) {
	st := &watched{Search: sched.Exhaustive(1), t: t}
	rep := sched.Explore(steps(2, 100), st, sched.Budget{})
	if want := interleavings(100, 2) + interleavings(100, 3); rep.Runs != want || rep.Progress != 1 {
		t.Errorf("%d runs, progress %v; want %d and 1", rep.Runs, rep.Progress, want)
	}
}

func TestBudgetEndsASearch(t *testing.T) {
	rep := sched.Explore(steps(2, 5), sched.Exhaustive(sched.Unbounded), sched.Budget{Runs: 100})
	if rep.Runs != 100 || rep.Exhausted || rep.Progress <= 0 || rep.Progress >= 1 || rep.Steps != 1000 {
		t.Errorf("got %+v", rep)
	}
}
