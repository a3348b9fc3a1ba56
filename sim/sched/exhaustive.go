package sched

import "fmt"

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

// A branch is a decision on the path to the current schedule. Its choices are the base choice of its point, then the others in their order.
type branch struct {
	at      int    // number of the choice taken
	choices int    // how many there are within the bound
	ready   int    // how many threads could go on
	free    bool   // no choice is a preemption
	weight  uint64 // of all choices together
	done    uint64 // what was done before the choice taken
}

// share is the weight of the choice taken: the first ones get what does not divide evenly.
func (b *branch) share() uint64 {
	n := uint64(b.choices)
	if uint64(b.at) < b.weight%n {
		return b.weight/n + 1
	}
	return b.weight / n
}

type exhaustive struct {
	bound       int
	path        []branch
	depth       int // decisions of this run so far
	preemptions int // among them
	runs        int
	done        uint64
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
	e.depth, e.preemptions = 0, 0
	return true
}

// advance goes on to the next schedule: the last decision that has an untried choice takes it.
func (e *exhaustive) advance() {
	for n := len(e.path); n > 0; n-- {
		if b := &e.path[n-1]; b.at+1 < b.choices {
			b.done += b.share()
			b.at++
			e.done, e.path = b.done, e.path[:n]
			return
		}
	}
	e.finished, e.path, e.done = true, nil, whole
}

// divergence is no thread: the program did not come to the same point again.
const divergence = -2

func (e *exhaustive) Choose(p Point) int {
	if e.depth == len(e.path) {
		e.path = append(e.path, e.branch(p))
	}
	b := &e.path[e.depth]
	if b.free != (p.Current < 0) || b.ready != len(p.Ready) {
		return divergence
	}
	e.depth++
	if b.at == 0 {
		return p.base()
	}
	if !b.free {
		e.preemptions++
	}
	return p.other(uint64(b.at - 1))
}

// branch is a point that was not met before, with its share of the decision before it.
func (e *exhaustive) branch(p Point) branch {
	b := branch{choices: 1, ready: len(p.Ready), free: p.Current < 0, weight: whole}
	if b.free || e.bound < 0 || e.preemptions < e.bound {
		b.choices = b.ready
	}
	if e.depth > 0 {
		last := &e.path[e.depth-1]
		b.weight, b.done = last.share(), last.done
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
