package sched

import "sync/atomic"

// A Bool is an atomic.Bool of which each access is a point once it is attached. The zero value holds false.
// It must not be copied after first use.
type Bool struct {
	v  atomic.Bool
	at *site
}

// Attach makes every later access a point of s, under a name for traces and errors. A nil s changes nothing. Attach before
// it is shared.
func (x *Bool) Attach(s *Scheduler, name string) { x.at = attach(s, name) }

// Load returns the value.
func (x *Bool) Load() bool {
	if x.at != nil {
		return x.load()
	}
	return x.v.Load()
}

func (x *Bool) load() bool {
	x.at.before(OpLoad)
	v := x.v.Load()
	x.at.sawBool(v)
	return v
}

// Store sets the value to v.
func (x *Bool) Store(v bool) {
	if x.at != nil {
		x.store(v)
		return
	}
	x.v.Store(v)
}

func (x *Bool) store(v bool) {
	x.at.before(OpStore)
	x.v.Store(v)
	x.at.sawBool(v)
}

// CompareAndSwap sets the value to v if it is old, and tells whether it did.
func (x *Bool) CompareAndSwap(old, v bool) bool {
	if x.at != nil {
		return x.compareAndSwap(old, v)
	}
	return x.v.CompareAndSwap(old, v)
}

func (x *Bool) compareAndSwap(old, v bool) bool {
	x.at.before(OpCompareAndSwap)
	ok := x.v.CompareAndSwap(old, v)
	x.at.sawBool(ok)
	return ok
}
