package fuzz

import (
	"errors"
	"slices"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// A Counterexample is a failing run of a case, made as small as it gets.
type Counterexample struct {
	Case        Case
	Run         sched.Result
	Calls       int
	Preemptions int  // in Run
	Fewest      bool // every schedule with fewer preemptions was tried, and is good
	Tried       int  // how many these were
}

// Budgets of runs: for finding out whether a smaller case still fails, and for the proof in the end.
const (
	runsPerTry  = 400
	runsInProof = 30000
)

// Shrink looks for the fewest calls that still fail in the way of r, a failing run of c, and then for the fewest preemptions: bounds 0, 1, 2 and so on are
// exhausted in turn. It depends on nothing but c and the kind of failure, so it finds the same again. Scripts that are functions keep what they do.
func Shrink(c Case, r sched.Result) Counterexample {
	s := shrinking{kind: KindOf(r.Err)}
	small := c
	for again := true; again; {
		again = false
		for _, smaller := range smallerCases(small) {
			if s.fails(smaller) {
				small, again = smaller, true
				break
			}
		}
	}
	x := s.prove(small)
	if x.Run.Err == nil { // it takes more preemptions than could be tried
		x.Run, x.Preemptions = r, -1
		x.Case = c
	}
	x.Calls = x.Case.calls()
	return x
}

type shrinking struct{ kind error }

// KindOf is the anomaly of a failure, or the error of package sched.
func KindOf(err error) error {
	var v *Violation
	if errors.As(err, &v) {
		return v.Anomaly
	}
	for _, kind := range []error{sched.ErrDeadlock, sched.ErrEndless, sched.ErrPanic, sched.ErrLeak, sched.ErrNondeterministic, sched.ErrDiverged} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return err
}

// fails tries some schedules of a case: those with few preemptions, and some at random.
func (s shrinking) fails(c Case) bool {
	for _, st := range []sched.Strategy{sched.Exhaustive(0), sched.Exhaustive(1), sched.PCT(1, 3), sched.Random(1), sched.Exhaustive(2)} {
		r := sched.Explore(c.Program(), st, sched.Budget{Runs: runsPerTry})
		if r.Failure.Err != nil {
			return KindOf(r.Failure.Err) == s.kind
		}
	}
	return false
}

// prove exhausts one bound after the other.
func (s shrinking) prove(c Case) Counterexample {
	x := Counterexample{Case: c, Fewest: true}
	for bound := range 5 {
		r := sched.Explore(c.Program(), sched.Exhaustive(bound), sched.Budget{Runs: runsInProof})
		if r.Failure.Err != nil {
			x.Run, x.Preemptions = r.Failure, bound
			return x
		}
		x.Fewest = x.Fewest && r.Exhausted
		x.Tried = r.Runs
	}
	return x
}

// calls counts the calls of all scripts, those of an Update one by one.
func (c Case) calls() int {
	n := 0
	for _, s := range c.Scripts {
		for _, call := range s.Calls {
			n += max(1, len(call.Calls))
		}
		if s.Do != nil {
			n++
		}
	}
	return n
}

// smallerCases are c without one script, without one call, and without one call of an Update.
func smallerCases(c Case) (all []Case) {
	without := func(scripts []Script) {
		smaller := c
		smaller.Scripts = scripts
		all = append(all, smaller)
	}
	for i := range c.Scripts {
		if len(c.Scripts) > 1 {
			without(slices.Delete(slices.Clone(c.Scripts), i, i+1))
		}
	}
	for i, s := range c.Scripts {
		for j, call := range s.Calls {
			replace := func(calls []Call) {
				scripts := slices.Clone(c.Scripts)
				scripts[i].Calls = calls
				without(scripts)
			}
			replace(slices.Delete(slices.Clone(s.Calls), j, j+1))
			for k := range call.Calls {
				calls := slices.Clone(s.Calls)
				calls[j].Calls = slices.Delete(slices.Clone(call.Calls), k, k+1)
				replace(calls)
			}
		}
	}
	return all
}
