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
// its trace and to see that it fails again; one that ended in [ErrDiverged] is not, and has no trace. Coroutines are used again from run to run and ended before Explore returns.
func Explore(p Program, st Strategy, b Budget) Report {
	var c crew
	defer c.dismiss()
	var rep Report
	for b.Runs <= 0 || rep.Runs < b.Runs {
		if !st.Start() {
			rep.Exhausted = true
			break
		}
		r := run(p, st, &c, false)
		rep.Runs++
		rep.Steps += r.Steps
		if b.Twice || r.Err != nil {
			r = again(p, r, &c)
		}
		if r.Err != nil {
			rep.Failure = r
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
	r := Run(p, st)
	if errors.Is(r.Err, ErrInvalid) {
		return r
	}
	var c crew
	defer c.dismiss()
	return again(p, r, &c)
}

// again repeats the run that ended in r, and returns r with its trace, or with the difference as its error. A run that
// diverged has no whole schedule to repeat.
func again(p Program, r Result, c *crew) Result {
	if errors.Is(r.Err, ErrDiverged) {
		return r
	}
	f := Follow(r.Schedule)
	f.Start()
	second := run(p, f, c, true)
	switch {
	case second.Hash != r.Hash || second.Steps != r.Steps:
		r.Err = fmt.Errorf("sched: Run of %q: schedule %s has trace %016x in %d decisions, run again %016x in %d (first: %v; again: %v); look for clocks, map order, and objects kept between runs: %w",
			p.Name, r.Schedule, r.Hash, r.Steps, second.Hash, second.Steps, r.Err, second.Err, ErrNondeterministic)
	case (second.Err == nil) != (r.Err == nil):
		r.Err = fmt.Errorf("sched: Run of %q: schedule %s ends in %v, run again in %v; look for what is kept between runs and is not attached: %w",
			p.Name, r.Schedule, r.Err, second.Err, ErrNondeterministic)
	}
	r.Trace, r.Threads = second.Trace, second.Threads
	return r
}
