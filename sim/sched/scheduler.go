package sched

import (
	"fmt"
	"runtime/debug"
	"strings"
)

// A Scheduler runs the threads of one run of a [Program]. It is made by [Run] and its kin, and is good for that run only: once the run is over, what
// is attached to it is as if it were not. A nil *Scheduler stands for none: attaching to it does nothing.
type Scheduler struct {
	strategy Strategy
	kit      *kit
	threads  []*thread
	ready    []int    // the threads that can go on, ascending
	running  *thread  // nil outside threads: set-up, check, and after the run
	baton    *thread  // who is to go on; nil is the caller of play
	names    []string // of the objects, by number
	limit    int
	steps    int
	hash     uint64
	schedule Schedule
	keep     bool // the trace, not its hash alone
	trace    []Step
	closed   bool // threads start none but threads
	aborting bool // threads are being unwound, or the run is over
	stopped  bool
	leaked   int
	err      error
	stack    string // of the panic in err
	jitter   uint32 // of a scheduler of Jitter: percent
	shaken   site   // and what stands for all that is attached to it
}

// Go starts a thread: f will run when the strategy first chooses it. Threads are numbered from 0 as they are started; the name is for people.
// The program starts them, and threads may start more; a thread that is being stopped starts none. Calling Go later, as from the check, panics.
func (s *Scheduler) Go(name string, f func()) {
	if s.closed && s.running == nil {
		panic("sched: Go " + name + ": the run is over; start threads in the program or in a thread")
	}
	if s.aborting {
		return
	}
	n := len(s.threads)
	if n == cap(s.threads) || s.threads[:n+1][n] == nil {
		s.threads = append(s.threads, new(thread))
	} else {
		s.threads = s.threads[:n+1]
	}
	*s.threads[n] = thread{s: s, id: n, name: name, f: f, fresh: true}
	s.ready = append(s.ready, n)
}

// Yield is a point without an access: put one where the order of two things matters that the scheduler cannot see, such as
// the return of one call and the start of the next. On a nil Scheduler, and outside a thread, it does nothing.
func (s *Scheduler) Yield() {
	switch {
	case s == nil:
	case s.running != nil:
		s.point(s.running, nil, OpYield)
	case s.jitters():
		s.shake()
	}
}

// over tells whether the run is: no thread is left to come to a point.
func (s *Scheduler) over() bool { return s.aborting && s.running == nil }

// A Step is one thing that a thread did at a point.
type Step struct {
	Thread int
	Op     Op
	Object string // the name it was attached under; "" for a Yield
}

// String returns the step as in "0 lock kernel.mu".
func (t Step) String() string {
	return strings.TrimRight(fmt.Sprintf("%d %s %s", t.Thread, t.Op, t.Object), " ")
}

// point is where t may lose the baton. It is called on t's coroutine, in front of op on a.
func (s *Scheduler) point(t *thread, a *site, op Op) {
	if s.aborting {
		t.stop()
		return
	}
	// Choosing a thread for the first time chose its first access too: asking twice would count each interleaving twice.
	first := t.fresh && t.ready()
	t.fresh = false
	if !first {
		if next := s.decide(t); next != t {
			s.hand(t, next)
			if s.aborting {
				t.stop()
				return
			}
		}
	}
	s.record(t, a, op)
}

func (s *Scheduler) record(t *thread, a *site, op Op) {
	id, name := int32(0), ""
	if a != nil {
		id, name = a.id, a.name()
	}
	s.mix(uint64(t.id)<<40 ^ uint64(id)<<8 ^ uint64(op))
	if s.keep {
		s.trace = append(s.trace, Step{t.id, op, name})
	}
}

// mix adds v to the hash of the trace. Unsigned arithmetic alone, so that it is the same everywhere.
func (s *Scheduler) mix(v uint64) {
	h := (s.hash ^ v) * 0x9E3779B97F4A7C15
	s.hash = h ^ h>>29
}

// decide asks the strategy who goes on and writes the choice down. It returns nil when the run is over, for whatever reason. The current
// thread is nil when none is at a point.
func (s *Scheduler) decide(current *thread) *thread {
	if len(s.ready) == 0 || s.steps >= s.limit {
		s.halt()
		return nil
	}
	p := Point{Step: s.steps, Current: -1, Ready: s.ready, Threads: len(s.threads)}
	if current != nil && current.ready() {
		p.Current = current.id
	}
	id := s.strategy.Choose(p)
	s.steps++
	if id < 0 || id >= len(s.threads) || !s.threads[id].ready() {
		s.refuse(id)
		return nil
	}
	s.schedule = s.schedule.then(id)
	return s.threads[id]
}

// halt tells why there is nothing to decide: all threads have ended, none can go on, or there were too many decisions.
func (s *Scheduler) halt() {
	switch {
	case len(s.ready) > 0:
		s.fail(fmt.Errorf("%d decisions and no end: raise Program.Steps if it is not one: %w", s.limit, ErrEndless))
	case s.standing() > 0:
		s.fail(fmt.Errorf("%s: %w", s.waits(), ErrDeadlock))
	}
}

// refuse ends the run on a choice that is no thread which can go on.
func (s *Scheduler) refuse(id int) {
	if id != Stop {
		s.fail(fmt.Errorf("decision %d: thread %d cannot go on there: %w", s.steps-1, id, ErrDiverged))
		return
	}
	s.stopped = true
	s.schedule = s.schedule.then(Stop)
	if w := s.waits(); w != "" {
		s.fail(fmt.Errorf("%s: %w", w, ErrHeld))
	}
}

// hand gives the baton to next and returns when t has it again. A coroutine that runs another one has to wait until that parks: who is wanted and
// does not run another is run from here, over t, which costs one switch and not two; for anybody else t parks, and whoever ran t goes on looking.
func (s *Scheduler) hand(t, next *thread) {
	for s.baton = next; s.baton != t; {
		if to := s.baton; to != nil && !to.below() {
			s.kit.resume(to)
		} else {
			t.co.park()
		}
	}
	s.running = t
}

// gather finds the threads that can go on anew.
func (s *Scheduler) gather() {
	s.ready = s.ready[:0]
	for _, t := range s.threads {
		if t.ready() {
			s.ready = append(s.ready, t.id)
		}
	}
}

// waits says who waits for what, in the order of threads; "" if nobody does.
func (s *Scheduler) waits() string {
	var b strings.Builder
	for _, t := range s.threads {
		if t.ended || t.ready() {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		holder := "the program"
		if h := t.wants.holder; h != program {
			holder = s.threads[h-1].name
		}
		fmt.Fprintf(&b, "%s waits for %s, held by %s", t.name, t.wants.name(), holder)
	}
	return b.String()
}

// panicked makes v, just recovered from, a failure. The stack is kept apart, for it has addresses and would make each failure's text unlike the next.
func (s *Scheduler) panicked(who string, v any) {
	s.stack = string(debug.Stack())
	if err, ok := v.(error); ok {
		s.fail(fmt.Errorf("%s: %w: %w", who, err, ErrPanic))
		return
	}
	s.fail(fmt.Errorf("%s: %v: %w", who, v, ErrPanic))
}

// fail keeps the first failure of the run.
func (s *Scheduler) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}
