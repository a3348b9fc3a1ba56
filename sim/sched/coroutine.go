package sched

import "iter"

// A coroutine runs one thread after another, so that a thousand runs need not make a thousand coroutines.
type coroutine struct {
	t     *thread // nil while idle
	busy  bool    // resumed, and not parked since
	next  func() (struct{}, bool)
	yield func(struct{}) bool
	end   func()
}

func newCoroutine() *coroutine {
	c := new(coroutine)
	c.next, c.end = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		for {
			c.live()
			if !yield(struct{}{}) {
				return
			}
		}
	})
	return c
}

// live runs c's thread, and any that the baton goes to for the first time when it ends: that takes no switch.
func (c *coroutine) live() {
	for {
		s := c.t.s
		c.t.run()
		next := s.baton
		if next == nil || next.co != nil {
			c.t = nil
			s.kit.idle = append(s.kit.idle, c)
			return
		}
		c.t, next.co = next, c
	}
}

// park hands control back to whoever resumed c.
func (c *coroutine) park() { c.yield(struct{}{}) }

// resume runs t until its coroutine parks.
func (k *kit) resume(t *thread) {
	if t.co == nil {
		t.co = k.take()
		t.co.t = t
	}
	c := t.co
	c.busy = true
	c.next()
	c.busy = false
}

// take returns an idle coroutine, or a new one.
func (k *kit) take() *coroutine {
	n := len(k.idle)
	if n == 0 {
		return newCoroutine()
	}
	c := k.idle[n-1]
	k.idle = k.idle[:n-1]
	return c
}

// dismiss ends every idle coroutine.
func (k *kit) dismiss() {
	for _, c := range k.idle {
		c.end()
	}
}
