package sched

import "iter"

// A thread is a function that runs under a scheduler.
type thread struct {
	s       *Scheduler
	id      int
	name    string
	f       func()
	co      *coroutine // nil until first chosen
	wants   *site      // the lock it waits for, or is about to take
	fresh   bool       // it has not come to its first point
	ended   bool
	stopped int // points passed since it was told to stop
}

// ready tells whether t could go on.
func (t *thread) ready() bool {
	return !t.ended && (t.wants == nil || !t.wants.locked)
}

// run is the whole life of t, on its coroutine.
func (t *thread) run() {
	defer func() {
		t.ended = true
		// With runtime.Goexit, as t.FailNow calls it, there is nothing to recover, and iter.Pull hands it on to the caller of Run.
		if v := recover(); v != nil && t.stopped == 0 {
			t.s.panicked("thread "+t.name, v)
		}
	}()
	t.f()
}

// stop is what a thread meets in place of a point when the run is over: one panic that unwinds it, and then free passage for its
// deferred calls. One that recovers from the panic and carries on and on is parked for good.
func (t *thread) stop() {
	const patience = 10000
	t.stopped++
	switch {
	case t.stopped == 1:
		panic(unwound{})
	case t.stopped > patience:
		t.co.park()
	}
}

// unwound is the panic that ends a thread when its run is over.
type unwound struct{}

func (unwound) String() string { return "sched: the run is over" }

// A coroutine runs one function after another, so that a thousand runs need not make a thousand coroutines.
type coroutine struct {
	next func() (struct{}, bool)
	end  func()
	hand func(struct{}) bool
	f    func()
}

func newCoroutine() *coroutine {
	c := new(coroutine)
	c.next, c.end = iter.Pull(func(yield func(struct{}) bool) {
		c.hand = yield
		for c.f != nil {
			c.f()
			c.f = nil
			if !yield(struct{}{}) {
				return
			}
		}
	})
	return c
}

// resume runs c until it parks or its function returns.
func (c *coroutine) resume() { c.next() }

// park hands the baton back to whoever called resume.
func (c *coroutine) park() { c.hand(struct{}{}) }

// A crew is the idle coroutines that runs take from and give back to.
type crew struct{ idle []*coroutine }

func (c *crew) take() *coroutine {
	if n := len(c.idle); n > 0 {
		co := c.idle[n-1]
		c.idle = c.idle[:n-1]
		return co
	}
	return newCoroutine()
}

func (c *crew) give(co *coroutine) { c.idle = append(c.idle, co) }

// dismiss ends every idle coroutine.
func (c *crew) dismiss() {
	for _, co := range c.idle {
		co.end()
	}
	c.idle = nil
}
