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
	var k kit
	defer k.dismiss()
	if !st.Start() {
		return noneLeft(p, st)
	}
	return k.run(p, st, true).result(p)
}

func noneLeft(p Program, st Strategy) Result {
	return Result{Program: p.Name, Strategy: st.String(),
		Err: fmt.Errorf("sched: Run of %q: strategy %s has no schedule left, make a new one: %w", p.Name, st, ErrInvalid)}
}

// A kit is what a run leaves to the next one, so that a run of [Explore] makes next to nothing. Only the Scheduler and the sites are made for
// each run: objects keep them, and who touches an object of a run that is over must not meet the next one there.
type kit struct {
	idle     []*coroutine
	threads  []*thread
	ready    []int
	schedule Schedule
	spare    Schedule // schedule and spare take turns when a run is repeated
	trace    []Step
	names    []string // of attached objects
	sites    []site   // not used yet
}

// run is Run for a strategy that was started. Without keep there is no trace. The schedule and the trace of what it returns are good until the next run.
func (k *kit) run(p Program, st Strategy, keep bool) *Scheduler {
	s := &Scheduler{strategy: st, kit: k, limit: p.Steps, hash: 0xCBF29CE484222325, keep: keep,
		threads: k.threads[:0], ready: k.ready[:0], names: k.names[:0], schedule: k.schedule[:0], trace: k.trace[:0]}
	if s.limit <= 0 {
		s.limit = 100000
	}
	s.play(p)
	k.threads, k.ready, k.names, k.schedule, k.trace = s.threads, s.ready, s.names, s.schedule, s.trace
	if s.leaked = s.standing(); s.leaked > 0 {
		s.fail(fmt.Errorf("%d threads recovered from being stopped and went on: %w", s.leaked, ErrLeak))
	}
	if s.err != nil {
		s.err = fmt.Errorf("sched: Run of %q: %w", p.Name, s.err)
	}
	return s
}

// result hands out what the run came to. There must be no other run of its kit.
func (s *Scheduler) result(p Program) Result {
	r := Result{Program: p.Name, Strategy: s.strategy.String(), Schedule: s.schedule, Steps: s.steps, Hash: s.hash,
		Stopped: s.stopped, Leaked: s.leaked, Err: s.err, Stack: s.stack}
	if s.keep {
		r.Trace = s.trace
		for _, t := range s.threads {
			r.Threads = append(r.Threads, t.name)
		}
	}
	return r
}

// play sets up, runs the threads and makes the check.
func (s *Scheduler) play(p Program) {
	defer s.unwind() // also when a thread or the check calls runtime.Goexit
	check := s.setUp(p)
	if s.err == nil {
		s.hand(nil, s.decide(nil))
	}
	s.closed = true
	if s.err == nil && !s.stopped && check != nil {
		s.check(check)
	}
}

func (s *Scheduler) setUp(p Program) (check func() error) {
	defer s.guard("set-up")
	if p.Body == nil {
		s.fail(fmt.Errorf("the program has no Body: %w", ErrInvalid))
		return nil
	}
	return p.Body(s)
}

func (s *Scheduler) check(f func() error) {
	defer s.guard("check")
	if err := f(); err != nil {
		s.fail(fmt.Errorf("check: %w", err))
	}
}

// guard, deferred, makes a panic of the program's own functions a failure of the run.
func (s *Scheduler) guard(what string) {
	if v := recover(); v != nil {
		s.panicked(what, v)
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
		if t := s.threads[i]; t.stands() {
			s.hand(nil, t)
		}
	}
	done = true
}

// standing counts the threads that unwind could not end.
func (s *Scheduler) standing() int {
	n := 0
	for _, t := range s.threads {
		if t.stands() {
			n++
		}
	}
	return n
}
