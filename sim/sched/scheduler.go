package sched

import (
	"fmt"
	"runtime/debug"
	"strings"
)

// A Scheduler runs the threads of one run of a [Program]. It is made by [Run] and its kin, and is good for that run only. A nil *Scheduler
// stands for none: attaching to it does nothing.
type Scheduler struct {
	strategy Strategy
	crew     *crew
	threads  []*thread
	running  *thread // nil outside threads: set-up, check
	next     *thread // whom the thread that parked chose; nil ends the run
	ready    []int   // scratch for decide
	sites    int
	limit    int
	steps    int
	hash     uint64
	schedule Schedule
	keep     bool // the trace, not its hash alone
	trace    []Step
	aborting bool // the run is over, threads are being unwound
	stopped  bool
	closed   bool // no thread may start any more
	err      error
	stack    string // of the panic in err
}

// Go starts a thread: f will run when the strategy first chooses it. Threads are numbered from 0 as they are started; the name is for people.
// The program starts them, and threads may start more; calling Go later, as from the check, panics.
func (s *Scheduler) Go(name string, f func()) {
	if s.closed && !s.aborting {
		panic("sched: Go " + name + ": the run is over; start threads in the program or in a thread")
	}
	if s.aborting {
		return
	}
	s.threads = append(s.threads, &thread{s: s, id: len(s.threads), name: name, f: f, fresh: true})
}

// Yield is a point without an access: put one where the order of two things matters that the scheduler cannot see, such as
// the return of one call and the start of the next. On a nil Scheduler, and outside a thread, it does nothing.
func (s *Scheduler) Yield() {
	if s != nil && s.running != nil {
		s.point(s.running, nil, OpYield)
	}
}

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
	if !t.fresh || !t.ready() {
		t.fresh = false
		if next := s.decide(t); next != t {
			s.next = next
			t.co.park()
			if s.aborting {
				t.stop()
				return
			}
		}
	}
	t.fresh = false
	s.record(t, a, op)
}

func (s *Scheduler) record(t *thread, a *site, op Op) {
	id, name := 0, ""
	if a != nil {
		id, name = a.id, a.name
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

// decide asks the strategy who goes on. It returns nil when the run is over, for whatever reason. The current thread is nil when none is at a point.
func (s *Scheduler) decide(current *thread) *thread {
	s.ready = s.ready[:0]
	p := Point{Step: s.steps, Current: -1, Threads: len(s.threads)}
	waiting := false
	for _, t := range s.threads {
		if t.ready() {
			s.ready = append(s.ready, t.id)
			if t == current {
				p.Current = t.id
			}
		}
		waiting = waiting || !t.ended
	}
	if len(s.ready) == 0 {
		if waiting {
			s.fail(fmt.Errorf("%s: %w", s.waits(), ErrDeadlock))
		}
		return nil
	}
	if s.steps >= s.limit {
		s.fail(fmt.Errorf("%d decisions and no end: raise Program.Steps if it is not one: %w", s.limit, ErrEndless))
		return nil
	}
	p.Ready = s.ready
	return s.chosen(s.strategy.Choose(p))
}

// chosen writes the choice down and finds its thread.
func (s *Scheduler) chosen(id int) *thread {
	s.steps++
	if id == Stop {
		s.stopped = true
		s.schedule = s.schedule.then(Stop)
		if w := s.waits(); w != "" {
			s.fail(fmt.Errorf("%s: %w", w, ErrHeld))
		}
		return nil
	}
	if id < 0 || id >= len(s.threads) || !s.threads[id].ready() {
		s.fail(fmt.Errorf("decision %d: thread %d cannot go on there: %w", s.steps-1, id, ErrDiverged))
		return nil
	}
	s.schedule = s.schedule.then(id)
	return s.threads[id]
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
		if h := t.wants.holder; h != nil {
			holder = h.name
		}
		fmt.Fprintf(&b, "%s waits for %s, held by %s", t.name, t.wants.name, holder)
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

// names returns those of the threads.
func (s *Scheduler) names() []string {
	names := make([]string, len(s.threads))
	for i, t := range s.threads {
		names[i] = t.name
	}
	return names
}

// fail keeps the first failure of the run.
func (s *Scheduler) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}
