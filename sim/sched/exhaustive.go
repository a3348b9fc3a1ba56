package sched

import (
	"fmt"
	"slices"
)

// Unbounded is the bound of an [Exhaustive] search that tries every schedule.
const Unbounded = -1

// whole is the weight of all schedules together. Weights are whole numbers, so that shares add up to what was shared.
const whole = 1 << 52

// A Search is a strategy that knows how far it is.
type Search interface {
	Strategy
	// Progress is the part of the schedules done, by weight: from 0 to 1, never less than before, exactly 1 at the end.
	Progress() float64
}

// A branch is a decision on the path to the current schedule.
type branch struct {
	choices []int // going on first, where that is possible
	at      int   // index of the choice taken
	free    bool  // no choice is a preemption
	weight  uint64
}

type exhaustive struct {
	bound       int
	path        []branch
	depth       int // decisions of this run so far
	preemptions int // among them
	runs        int
	done        uint64
	weight      uint64 // of what this run has reached
	finished    bool
}

// Exhaustive tries every schedule with at most bound preemptions once, depth first, the last decision changed first; [Unbounded], or any bound below 0, tries
// all. A bound of 2 shows most bugs of small programs. Searching with bounds 0, 1, 2 in turn finds the fewest preemptions that a bug needs.
func Exhaustive(bound int) Search { return &exhaustive{bound: bound} }

func (e *exhaustive) Start() bool {
	if e.runs > 0 && !e.finished {
		e.advance()
	}
	if e.finished {
		return false
	}
	e.runs++
	e.depth, e.preemptions, e.weight = 0, 0, whole
	return true
}

// advance goes on to the next schedule: the last decision that has an untried choice takes it.
func (e *exhaustive) advance() {
	for n := len(e.path); n > 0; n-- {
		if b := &e.path[n-1]; b.at+1 < len(b.choices) {
			e.done = b.before(e.base(n-1)) + b.share()
			b.at++
			e.path = e.path[:n]
			return
		}
	}
	e.finished, e.path, e.done = true, nil, whole
}

// base is the weight done before the n-th decision's subtree.
func (e *exhaustive) base(n int) uint64 {
	var sum uint64
	for i := range n {
		sum = e.path[i].before(sum)
	}
	return sum
}

// before adds to sum the weights of the choices tried before the current one.
func (b *branch) before(sum uint64) uint64 {
	n := uint64(len(b.choices))
	return sum + uint64(b.at)*(b.weight/n) + min(uint64(b.at), b.weight%n)
}

// share is the weight of the current choice: the first ones get what does not divide evenly.
func (b *branch) share() uint64 {
	n := uint64(len(b.choices))
	if uint64(b.at) < b.weight%n {
		return b.weight/n + 1
	}
	return b.weight / n
}

func (e *exhaustive) Choose(p Point) int {
	if e.depth == len(e.path) {
		e.path = append(e.path, e.branch(p))
	}
	b := &e.path[e.depth]
	e.depth++
	id := b.choices[b.at]
	if b.free != (p.Current < 0) || !slices.Contains(p.Ready, id) {
		return divergence
	}
	if b.at > 0 && !b.free {
		e.preemptions++
	}
	e.weight = b.share()
	return id
}

// divergence is no thread: the program did not come to the same point again.
const divergence = -2

// branch lists the choices at a point that was not met before.
func (e *exhaustive) branch(p Point) branch {
	b := branch{free: p.Current < 0, weight: e.weight}
	b.choices = append(b.choices, p.base())
	if b.free || e.bound < 0 || e.preemptions < e.bound {
		for _, id := range p.Ready {
			if id != p.base() {
				b.choices = append(b.choices, id)
			}
		}
	}
	return b
}

func (e *exhaustive) Progress() float64 { return float64(e.done) / whole }

func (e *exhaustive) String() string {
	if e.bound < 0 {
		return fmt.Sprintf("exhaustive(all,%d)", e.runs)
	}
	return fmt.Sprintf("exhaustive(%d,%d)", e.bound, e.runs)
}
