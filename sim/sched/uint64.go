package sched

import "sync/atomic"

// A Uint64 is an atomic.Uint64 of which each access is a point once it is attached. The zero value holds 0.
// It must not be copied after first use.
type Uint64 struct {
	v  atomic.Uint64
	at *site
}

// Attach makes every later access a point of s, under a name for traces and errors. A nil s changes nothing. Attach before
// it is shared.
func (x *Uint64) Attach(s *Scheduler, name string) { x.at = attach(s, name) }

// Load returns the value.
func (x *Uint64) Load() uint64 {
	if x.at != nil {
		return x.load()
	}
	return x.v.Load()
}

func (x *Uint64) load() uint64 {
	x.at.before(OpLoad)
	v := x.v.Load()
	x.at.saw(v)
	return v
}

// Store sets the value to v.
func (x *Uint64) Store(v uint64) {
	if x.at != nil {
		x.store(v)
		return
	}
	x.v.Store(v)
}

func (x *Uint64) store(v uint64) {
	x.at.before(OpStore)
	x.v.Store(v)
	x.at.saw(v)
}

// Add adds d, wrapping around, and returns the new value.
func (x *Uint64) Add(d uint64) uint64 {
	if x.at != nil {
		return x.add(d)
	}
	return x.v.Add(d)
}

func (x *Uint64) add(d uint64) uint64 {
	x.at.before(OpAdd)
	v := x.v.Add(d)
	x.at.saw(v)
	return v
}

// CompareAndSwap sets the value to v if it is old, and tells whether it did.
func (x *Uint64) CompareAndSwap(old, v uint64) bool {
	if x.at != nil {
		return x.compareAndSwap(old, v)
	}
	return x.v.CompareAndSwap(old, v)
}

func (x *Uint64) compareAndSwap(old, v uint64) bool {
	x.at.before(OpCompareAndSwap)
	ok := x.v.CompareAndSwap(old, v)
	x.at.sawBool(ok)
	return ok
}
