package sched

import "sync/atomic"

// An Int64 is an atomic.Int64 of which each access is a point once it is attached. The zero value holds 0.
// It must not be copied after first use.
type Int64 struct {
	v  atomic.Int64
	at *site
}

// Attach makes every later access a point of s, under a name for traces and errors. A nil s changes nothing. Attach before
// it is shared.
func (x *Int64) Attach(s *Scheduler, name string) { x.at = attach(s, name) }

// Load returns the value.
func (x *Int64) Load() int64 {
	if x.at != nil {
		return x.load()
	}
	return x.v.Load()
}

func (x *Int64) load() int64 {
	x.at.before(OpLoad)
	v := x.v.Load()
	x.at.saw(uint64(v))
	return v
}

// Store sets the value to v.
func (x *Int64) Store(v int64) {
	if x.at != nil {
		x.store(v)
		return
	}
	x.v.Store(v)
}

func (x *Int64) store(v int64) {
	x.at.before(OpStore)
	x.v.Store(v)
	x.at.saw(uint64(v))
}

// Add adds d, wrapping around, and returns the new value.
func (x *Int64) Add(d int64) int64 {
	if x.at != nil {
		return x.add(d)
	}
	return x.v.Add(d)
}

func (x *Int64) add(d int64) int64 {
	x.at.before(OpAdd)
	v := x.v.Add(d)
	x.at.saw(uint64(v))
	return v
}

// CompareAndSwap sets the value to v if it is old, and tells whether it did.
func (x *Int64) CompareAndSwap(old, v int64) bool {
	if x.at != nil {
		return x.compareAndSwap(old, v)
	}
	return x.v.CompareAndSwap(old, v)
}

func (x *Int64) compareAndSwap(old, v int64) bool {
	x.at.before(OpCompareAndSwap)
	ok := x.v.CompareAndSwap(old, v)
	x.at.sawBool(ok)
	return ok
}
