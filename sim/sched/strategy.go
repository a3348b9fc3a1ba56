package sched

import "slices"

// Stop is the choice that ends a run though threads could go on.
const Stop = -1

// A Point is what a strategy is asked about.
type Point struct {
	Step    int   // number of the decision, from 0
	Current int   // the thread at the point if it can go on, else -1
	Ready   []int // the threads that can go on, ascending, never empty; good until Choose returns
	Threads int   // how many were started so far
}

// base is the choice of who does not interfere: go on, else the first that can.
func (p Point) base() int {
	if p.Current >= 0 {
		return p.Current
	}
	return p.Ready[0]
}

// other returns the i-th choice besides base, counted round and round. There must be one.
func (p Point) other(i uint64) int {
	at := int(i % uint64(len(p.Ready)-1))
	if at >= slices.Index(p.Ready, p.base()) {
		at++
	}
	return p.Ready[at]
}

// A Strategy decides who goes on. It is asked at every point, also where there is one answer only, and must depend on nothing but its
// own fields and what it was asked. One strategy serves one Run or Explore at a time.
type Strategy interface {
	// Start prepares for the next run and tells whether there is one.
	Start() bool
	// Choose returns one of p.Ready, or [Stop].
	Choose(p Point) int
	// String names the strategy and the current run of it, as in "random(7,12)".
	String() string
}

// once is the Start of strategies that know one schedule.
type once struct{ started bool }

func (o *once) Start() bool {
	first := !o.started
	o.started = true
	return first
}

// A source is splitmix64: small, and the same in every release of Go.
type source uint64

func (r *source) next() uint64 {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// below returns a number in [0, n), n at least 1. The bias is below n/2^32.
func (r *source) below(n int) int {
	return int(r.next() >> 32 * uint64(n) >> 32)
}

// sourceOf returns the source of one run.
func sourceOf(seed, run uint64) source {
	r := source(seed)
	return source(r.next() + run*0xD1342543DE82EF95)
}
