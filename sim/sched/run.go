package sched

import "fmt"

// A Program is concurrent code to be run again and again.
type Program struct {
	// Name stands in tokens.
	Name string
	// Steps is how many decisions a run may take before it counts as endless; 0 means 100,000.
	Steps int
	// Body makes fresh objects, attaches them to s and starts threads. The check that it returns, if not nil, runs once all threads have ended
	// without failure; its error is the failure of the run. Body and check are not threads: what they access is no point.
	Body func(s *Scheduler) (check func() error)
}

// A Result is what one run came to.
type Result struct {
	Program  string
	Strategy string   // as the strategy names itself and this run
	Schedule Schedule // the decisions; give it to [Follow]
	Steps    int      // how many decisions
	Hash     uint64   // of the trace: threads, operations, objects, values of counters. The same on every system
	Threads  []string // their names, by number
	Trace    []Step   // what was done, in order
	Stopped  bool     // the strategy ended the run while threads could go on; the check was not made
	Leaked   int      // threads that could not be stopped
	Err      error    // nil, or why the run failed; the text is the same whenever the schedule is
	Stack    string   // where it panicked, if Err wraps [ErrPanic]; differs from run to run
}

// Run runs p once under the next schedule of st. When st has none left, or p has no Body, Err says so and wraps [ErrInvalid]. A thread that calls
// runtime.Goexit, as t.FailNow does, ends the goroutine of the caller once the other threads are unwound.
func Run(p Program, st Strategy) Result {
	var c crew
	defer c.dismiss()
	if !st.Start() {
		return Result{Program: p.Name, Strategy: st.String(),
			Err: fmt.Errorf("sched: Run of %q: strategy %s has no schedule left, make a new one: %w", p.Name, st, ErrInvalid)}
	}
	return run(p, st, &c, true)
}

// run is Run for a strategy that was started. Without keep the Result has no trace.
func run(p Program, st Strategy, c *crew, keep bool) Result {
	s := &Scheduler{strategy: st, crew: c, limit: p.Steps, hash: 0xCBF29CE484222325, keep: keep}
	if s.limit <= 0 {
		s.limit = 100000
	}
	s.play(p)
	r := Result{Program: p.Name, Strategy: st.String(), Schedule: s.schedule, Steps: s.steps, Hash: s.hash, Trace: s.trace, Stopped: s.stopped, Stack: s.stack}
	if keep {
		r.Threads = s.names()
	}
	if r.Leaked = s.leaked(); r.Leaked > 0 {
		s.fail(fmt.Errorf("%d threads recovered from being stopped and went on: %w", r.Leaked, ErrLeak))
	}
	if s.err != nil {
		r.Err = fmt.Errorf("sched: Run of %q: %w", p.Name, s.err)
	}
	return r
}

// play sets up, runs the threads and makes the check.
func (s *Scheduler) play(p Program) {
	defer s.unwind() // also when a thread or the check calls runtime.Goexit
	var check func() error
	s.guard("set-up", func() {
		if p.Body == nil {
			s.fail(fmt.Errorf("the program has no Body: %w", ErrInvalid))
			return
		}
		check = p.Body(s)
	})
	if s.err == nil {
		s.loop()
	}
	s.closed = true
	if s.err != nil || s.stopped || check == nil {
		return
	}
	s.guard("check", func() {
		if err := check(); err != nil {
			s.fail(fmt.Errorf("check: %w", err))
		}
	})
}

// guard makes a panic of the program's own functions a failure of the run.
func (s *Scheduler) guard(what string, f func()) {
	defer func() {
		if v := recover(); v != nil {
			s.panicked(what, v)
		}
	}()
	f()
}

// loop hands the baton to whoever was chosen until the run is over.
func (s *Scheduler) loop() {
	for next := s.decide(nil); next != nil; {
		s.resume(next)
		switch {
		case s.err != nil:
			return
		case next.ended:
			next = s.decide(nil)
		default:
			next = s.next
		}
	}
}

// resume runs t until it parks or ends.
func (s *Scheduler) resume(t *thread) {
	if t.co == nil {
		t.co = s.crew.take()
		t.co.f = t.run
	}
	s.running = t
	t.co.resume()
	s.running = nil
	if t.ended {
		s.crew.give(t.co)
	}
}

// unwind ends the threads that stand at a point, last started first, so that their deferred calls run and their coroutines are free again.
// One that calls runtime.Goexit even then ends unwind too, and the rest is still to be done.
func (s *Scheduler) unwind() {
	done := false
	defer func() {
		if !done {
			s.unwind()
		}
	}()
	s.running, s.aborting, s.closed = nil, true, true
	for i := len(s.threads) - 1; i >= 0; i-- {
		if t := s.threads[i]; t.co != nil && !t.ended {
			s.resume(t)
		}
	}
	done = true
}

// leaked counts the threads that unwind could not end.
func (s *Scheduler) leaked() int {
	n := 0
	for _, t := range s.threads {
		if t.co != nil && !t.ended {
			n++
		}
	}
	return n
}
