package sched

import (
	"errors"
	"fmt"
)

// A Budget says how much [Explore] may do.
type Budget struct {
	// Runs is the most schedules to run; 0 or less means until the strategy has none left, which [Random] and [PCT] never come to.
	Runs int
	// Twice runs every schedule a second time and fails with [ErrNondeterministic] where the traces differ. Without it only a failing one is.
	Twice bool
}

// A Report is what [Explore] came to.
type Report struct {
	Runs      int     // schedules run, second times not counted
	Steps     int     // decisions in them
	Exhausted bool    // the strategy has no schedule left: all of them are good
	Progress  float64 // of a [Search], from 0 to 1; 0 for other strategies
	Failure   Result  // the first run that failed; its Err is nil if none did
}

// Explore runs p under the schedules of st until one fails, none is left, or the budget is spent. A failing schedule is run a second time, for
// its trace and to see that it fails again; one that ended in [ErrDiverged] is not, and has no trace. Coroutines and memory are used again from
// run to run; the coroutines are ended before Explore returns.
func Explore(p Program, st Strategy, b Budget) Report {
	var k kit
	defer k.dismiss()
	var rep Report
	for b.Runs <= 0 || rep.Runs < b.Runs {
		if !st.Start() {
			rep.Exhausted = true
			break
		}
		s := k.run(p, st, false)
		rep.Runs++
		rep.Steps += s.steps
		if b.Twice || s.err != nil {
			k.again(p, s)
		}
		if s.err != nil {
			rep.Failure = s.result(p)
			break
		}
	}
	if s, ok := st.(Search); ok {
		rep.Progress = s.Progress()
	}
	return rep
}

// Twice runs p under the next schedule of st, and then under the same schedule again. The result is that of the first run, or
// fails with [ErrNondeterministic] if the second one has another trace or another outcome.
func Twice(p Program, st Strategy) Result {
	var k kit
	defer k.dismiss()
	if !st.Start() {
		return noneLeft(p, st)
	}
	s := k.run(p, st, true)
	k.again(p, s)
	return s.result(p)
}

// again repeats the run that has just ended and gives it the trace of the second one, or the difference as its error. A run that
// diverged has no whole schedule to repeat.
func (k *kit) again(p Program, first *Scheduler) {
	if errors.Is(first.err, ErrDiverged) {
		return
	}
	k.schedule, k.spare = k.spare, k.schedule // first still needs its own
	second := k.run(p, &follow{schedule: first.schedule}, true)
	switch {
	case second.hash != first.hash || second.steps != first.steps:
		first.err = fmt.Errorf("sched: Run of %q: schedule %s has trace %016x in %d decisions, run again %016x in %d (first: %v; again: %v); look for clocks, map order, and objects kept between runs: %w",
			p.Name, first.schedule, first.hash, first.steps, second.hash, second.steps, first.err, second.err, ErrNondeterministic)
	case (second.err == nil) != (first.err == nil):
		first.err = fmt.Errorf("sched: Run of %q: schedule %s ends in %v, run again in %v; look for what is kept between runs and is not attached: %w",
			p.Name, first.schedule, first.err, second.err, ErrNondeterministic)
	}
	first.keep, first.trace, first.threads = true, second.trace, second.threads
}
