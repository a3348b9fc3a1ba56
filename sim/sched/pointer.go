package sched

import "sync/atomic"

// A Pointer is an atomic.Pointer of which each access is a point once it is attached. The zero value holds nil.
// It must not be copied after first use.
type Pointer[T any] struct {
	v  atomic.Pointer[T]
	at *site
}

// Attach makes every later access a point of s, under a name for traces and errors. A nil s changes nothing. Attach before
// the pointer is shared.
func (p *Pointer[T]) Attach(s *Scheduler, name string) { p.at = attach(s, name) }

// Load returns what p holds.
func (p *Pointer[T]) Load() *T {
	if p.at != nil {
		return p.load()
	}
	return p.v.Load()
}

func (p *Pointer[T]) load() *T {
	p.at.before(OpLoad)
	v := p.v.Load()
	p.at.sawBool(v != nil)
	return v
}

// Store makes p hold v.
func (p *Pointer[T]) Store(v *T) {
	if p.at != nil {
		p.at.before(OpStore)
	}
	p.v.Store(v)
}

// Swap makes p hold v and returns what it held.
func (p *Pointer[T]) Swap(v *T) *T {
	if p.at != nil {
		return p.swap(v)
	}
	return p.v.Swap(v)
}

func (p *Pointer[T]) swap(v *T) *T {
	p.at.before(OpSwap)
	old := p.v.Swap(v)
	p.at.sawBool(old != nil)
	return old
}

// CompareAndSwap makes p hold v if it holds old, and tells whether it did.
func (p *Pointer[T]) CompareAndSwap(old, v *T) bool {
	if p.at != nil {
		return p.compareAndSwap(old, v)
	}
	return p.v.CompareAndSwap(old, v)
}

func (p *Pointer[T]) compareAndSwap(old, v *T) bool {
	p.at.before(OpCompareAndSwap)
	ok := p.v.CompareAndSwap(old, v)
	p.at.sawBool(ok)
	return ok
}
