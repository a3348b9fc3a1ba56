package sched

import "sync/atomic"

// A Uint32 is an atomic.Uint32 of which each access is a point once it is attached. The zero value holds 0.
// It must not be copied after first use.
type Uint32 struct {
	v  atomic.Uint32
	at *site
}

// Attach makes every later access a point of s, under a name for traces and errors. A nil s changes nothing. Attach before
// it is shared.
func (x *Uint32) Attach(s *Scheduler, name string) { x.at = attach(s, name) }

// Load returns the value.
func (x *Uint32) Load() uint32 {
	if x.at != nil {
		return x.load()
	}
	return x.v.Load()
}

func (x *Uint32) load() uint32 {
	x.at.before(OpLoad)
	v := x.v.Load()
	x.at.saw(uint64(v))
	return v
}

// Store sets the value to v.
func (x *Uint32) Store(v uint32) {
	if x.at != nil {
		x.store(v)
		return
	}
	x.v.Store(v)
}

func (x *Uint32) store(v uint32) {
	x.at.before(OpStore)
	x.v.Store(v)
	x.at.saw(uint64(v))
}

// Add adds d, wrapping around, and returns the new value.
func (x *Uint32) Add(d uint32) uint32 {
	if x.at != nil {
		return x.add(d)
	}
	return x.v.Add(d)
}

func (x *Uint32) add(d uint32) uint32 {
	x.at.before(OpAdd)
	v := x.v.Add(d)
	x.at.saw(uint64(v))
	return v
}

// CompareAndSwap sets the value to v if it is old, and tells whether it did.
func (x *Uint32) CompareAndSwap(old, v uint32) bool {
	if x.at != nil {
		return x.compareAndSwap(old, v)
	}
	return x.v.CompareAndSwap(old, v)
}

func (x *Uint32) compareAndSwap(old, v uint32) bool {
	x.at.before(OpCompareAndSwap)
	ok := x.v.CompareAndSwap(old, v)
	x.at.sawBool(ok)
	return ok
}
