package sched

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
	return !t.ended && (t.wants == nil || t.wants.holder == nobody)
}

// stands tells whether t has begun and not ended.
func (t *thread) stands() bool { return t.co != nil && !t.ended }

// below tells whether t waits for another coroutine that it runs.
func (t *thread) below() bool { return t.co != nil && t.co.busy }

// run is the whole life of t, on its coroutine. In the end it leaves the baton to whomever the strategy chooses.
func (t *thread) run() {
	defer t.leave()
	s := t.s
	s.running = t
	t.f()
	t.ended = true
	s.baton = nil
	if !s.aborting {
		s.gather()
		s.baton = s.decide(nil)
	}
}

// leave, deferred, ends t when it did not return: the run is over.
func (t *thread) leave() {
	s := t.s
	if v := recover(); v != nil {
		if t.stopped == 0 {
			s.panicked("thread "+t.name, v)
		}
	} else if t.ended {
		return
	} else if !s.aborting {
		// runtime.Goexit, as t.FailNow calls it. The others are unwound first; then iter.Pull hands it on to the caller of Run.
		s.stopped = true
		s.hand(t, nil)
	}
	t.ended = true
	s.baton = nil
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
		t.s.hand(t, nil)
	}
}

// unwound is the panic that ends a thread when its run is over.
type unwound struct{}

func (unwound) String() string { return "sched: the run is over" }
