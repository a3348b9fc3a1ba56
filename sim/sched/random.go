package sched

import "fmt"

type random struct {
	seed, run uint64
	source    source
}

// Random chooses evenly among the threads that can go on, at every point. It has schedules without end; the same seed gives the same ones.
func Random(seed uint64) Strategy { return &random{seed: seed} }

func (r *random) Start() bool {
	r.run++
	r.source = sourceOf(r.seed, r.run)
	return true
}

func (r *random) Choose(p Point) int { return p.Ready[r.source.below(len(p.Ready))] }
func (r *random) String() string     { return fmt.Sprintf("random(%d,%d)", r.seed, r.run) }

type pct struct {
	seed, run uint64
	depth     int
	source    source
	longest   int // decisions of the longest run so far
	changes   []int
	priority  []uint64
}

// PCT gives each thread a random priority and lets the highest that can go on run; at depth-1 random decisions the running thread falls below
// all others. A bug that needs depth ordering constraints is found by one run with a probability of at least 1/(n k^(depth-1)) for n threads and k
// decisions (Burckhardt et al., ASPLOS 2010); k is taken from the runs before, 64 in the first. A depth below 1 counts as 1, one above 64 as 64.
// It has schedules without end; the same seed gives the same ones. A thread that spins until another acts is an endless run under PCT.
func PCT(seed uint64, depth int) Strategy {
	return &pct{seed: seed, depth: min(max(depth, 1), 64)}
}

func (r *pct) Start() bool {
	k := r.longest
	if k == 0 {
		k = 64
	}
	r.run++
	r.source = sourceOf(r.seed, r.run)
	r.priority, r.changes = r.priority[:0], r.changes[:0]
	for range r.depth - 1 {
		r.changes = append(r.changes, 1+r.source.below(k))
	}
	return true
}

func (r *pct) Choose(p Point) int {
	r.longest = max(r.longest, p.Step+1)
	for len(r.priority) < p.Threads {
		r.priority = append(r.priority, r.source.next()|1<<63)
	}
	for i, at := range r.changes {
		if at > 0 && at <= p.Step && p.Current >= 0 {
			r.priority[p.Current] = uint64(i) // below every thread that has not fallen
			r.changes[i] = 0                  // done
		}
	}
	best := p.Ready[0]
	for _, id := range p.Ready[1:] {
		if r.priority[id] > r.priority[best] {
			best = id
		}
	}
	return best
}

func (r *pct) String() string { return fmt.Sprintf("pct(%d,%d,%d)", r.seed, r.depth, r.run) }
