package sched_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

func TestEachStrategyFindsALostUpdateAndItsTokenRepeatsIt(t *testing.T) {
	for name, make := range strategies() {
		t.Run(name, func(t *testing.T) {
			rep := sched.Explore(lost, make(), sched.Budget{Runs: 1000})
			if !errors.Is(rep.Failure.Err, errLost) {
				t.Fatalf("after %d runs: %v", rep.Runs, rep.Failure.Err)
			}
			token := rep.Failure.Token()
			r, err := sched.Replay(token, locked, lost)
			if err != nil {
				t.Fatal(err)
			}
			if !errors.Is(r.Err, errLost) || r.Hash != rep.Failure.Hash || r.Token() != token {
				t.Errorf("replay of %s: %v, hash %x; want %x, token %s", token, r.Err, r.Hash, rep.Failure.Hash, r.Token())
			}
			if ok := sched.Explore(locked, make(), sched.Budget{Runs: 1000, Twice: true}); ok.Failure.Err != nil && name != "follow" {
				t.Errorf("false alarm: %v", ok.Failure.Err)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	tests := []struct {
		reason string
		p      sched.Program
		want   error
		text   string
	}{
		{"locks in both orders", inversion, sched.ErrDeadlock, "a waits for two, held by b, b waits for one, held by a"},
		{"a lock taken twice", body(func(s *sched.Scheduler) func() error {
			var mu sched.Mutex
			mu.Attach(s, "mu")
			s.Go("self", func() { mu.Lock(); mu.Lock() })
			return nil
		}), sched.ErrDeadlock, "self waits for mu, held by self"},
		{"a lock that set-up left locked", body(func(s *sched.Scheduler) func() error {
			var mu sched.Mutex
			mu.Attach(s, "mu")
			mu.Lock()
			s.Go("a", mu.Lock)
			return nil
		}), sched.ErrDeadlock, "a waits for mu, held by the program"},
		{"a lock that set-up takes twice", body(func(s *sched.Scheduler) func() error {
			var mu sched.Mutex
			mu.Attach(s, "mu")
			mu.Lock()
			mu.Lock()
			return nil
		}), sched.ErrPanic, "set-up: sched: Lock of mu"},
		{"unlock of an unlocked mutex", body(func(s *sched.Scheduler) func() error {
			var mu sched.Mutex
			mu.Attach(s, "mu")
			s.Go("a", mu.Unlock)
			return nil
		}), sched.ErrPanic, "Unlock of mu, which is not locked"},
		{"spins for ever", endless, sched.ErrEndless, "1000 decisions"},
		{"a thread panics", body(panics), sched.ErrPanic, "thread boom: boom"},
		{"a panic of nil", body(func(s *sched.Scheduler) func() error {
			s.Go("nil", func() { panic(nil) })
			return nil
		}), sched.ErrPanic, "thread nil"},
		{"set-up panics", body(func(*sched.Scheduler) func() error { panic("early") }), sched.ErrPanic, "set-up: early"},
		{"check panics", body(func(*sched.Scheduler) func() error { return func() error { panic("late") } }), sched.ErrPanic, "check: late"},
		{"check starts a thread", body(func(s *sched.Scheduler) func() error {
			return func() error { s.Go("late", func() {}); return nil }
		}), sched.ErrPanic, "Go late"},
		{"no body", sched.Program{Name: "none"}, sched.ErrInvalid, "no Body"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			before := coroutines()
			rep := sched.Explore(tt.p, sched.Exhaustive(1), sched.Budget{})
			err := rep.Failure.Err
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) || !strings.Contains(err.Error(), tt.p.Name) {
				t.Errorf("got %v\nwant %v with %q", err, tt.want, tt.text)
			}
			if n := coroutines(); n > before {
				t.Errorf("%d coroutines before, %d after", before, n)
			}
		})
	}
}

// coroutines counts the goroutines that iter.Pull made, which are those of simulated threads; others come and go as they like.
func coroutines() int {
	all := make([]byte, 1<<22)
	all = all[:runtime.Stack(all, true)]
	n := 0
	for _, one := range strings.Split(string(all), "\n\n") {
		if strings.Contains(one, "iter.Pull") {
			n++
		}
	}
	return n
}

func body(f func(*sched.Scheduler) func() error) sched.Program {
	return sched.Program{Name: "program", Body: f}
}

// A thread that swallows the order to stop is told of, and is the one thing that stays behind.
func TestStubbornThreadIsReported(t *testing.T) {
	before := coroutines()
	r := sched.Run(stubborn, sched.Random(1))
	if !errors.Is(r.Err, sched.ErrEndless) || r.Leaked != 1 {
		t.Errorf("got %v, %d leaked; want the first failure and 1", r.Err, r.Leaked)
	}
	if n := coroutines(); n != before+1 {
		t.Errorf("%d coroutines before, %d after; want the parked one more", before, n)
	}
	r = sched.Run(stubborn, sched.Freeze(0, 3))
	if !errors.Is(r.Err, sched.ErrLeak) {
		t.Errorf("without another failure: %v, want ErrLeak", r.Err)
	}
}

// What a thread recovers from says what it is, and a thread that is being stopped starts no others.
func TestStoppedThreadSeesWhy(t *testing.T) {
	var why string
	r := sched.Run(body(func(s *sched.Scheduler) func() error {
		s.Go("a", func() {
			defer func() {
				why = fmt.Sprint(recover())
				s.Go("late", func() { why = "late ran" })
			}()
			s.Yield()
			s.Yield()
		})
		return nil
	}), sched.Follow(sched.Schedule{{0, 1}, {sched.Stop, 1}}))
	if why != "sched: the run is over" || r.Err != nil || !r.Stopped || len(r.Threads) != 1 {
		t.Errorf("recovered %q; %+v", why, r)
	}
}

// Deferred calls of threads that stood at a point run, and may use what is attached.
func TestStoppedThreadsAreUnwound(t *testing.T) {
	var unwound []string
	p := body(func(s *sched.Scheduler) func() error {
		var mu sched.Mutex
		var x sched.Int64
		mu.Attach(s, "mu")
		x.Attach(s, "x")
		for _, name := range []string{"a", "b", "never chosen"} {
			s.Go(name, func() {
				defer func() { unwound = append(unwound, name) }()
				defer x.Add(1)
				mu.Lock()
				defer mu.Unlock()
				s.Yield()
			})
		}
		return nil
	})
	// a stops with the lock, b waits for it.
	r := sched.Run(p, sched.Follow(sched.Schedule{{0, 2}, {1, 1}, {sched.Stop, 1}}))
	if !errors.Is(r.Err, sched.ErrHeld) || !r.Stopped {
		t.Errorf("stopped %v, %v; want b held up", r.Stopped, r.Err)
	}
	if got := fmt.Sprint(unwound); got != "[b a]" {
		t.Errorf("unwound %s, want [b a]", got)
	}
}

// t.FailNow in a thread ends the caller, and nothing stays behind.
func TestGoexitInAThreadEndsTheCaller(t *testing.T) {
	before := coroutines()
	var wg sync.WaitGroup
	unwound, returned := false, false
	wg.Go(func() {
		sched.Explore(body(func(s *sched.Scheduler) func() error {
			s.Go("waits", func() {
				defer func() { unwound = true }()
				s.Yield()
				s.Yield()
			})
			s.Go("exits", runtime.Goexit)
			return nil
		}), sched.Follow(sched.Schedule{{0, 1}, {1, 1}}), sched.Budget{})
		returned = true
	})
	wg.Wait()
	if !unwound || returned {
		t.Errorf("unwound %v, returned %v; want the other thread unwound and no return", unwound, returned)
	}
	if n := coroutines(); n > before {
		t.Errorf("%d coroutines before, %d after", before, n)
	}
}

// A thread that exits even while it is unwound does not leave the others standing.
func TestGoexitWhileUnwinding(t *testing.T) {
	before := coroutines()
	var wg sync.WaitGroup
	unwound := 0
	wg.Go(func() {
		sched.Run(body(func(s *sched.Scheduler) func() error {
			for range 3 {
				s.Go("t", func() {
					defer runtime.Goexit()
					defer func() { unwound++ }()
					s.Yield()
					s.Yield()
				})
			}
			return nil
		}), sched.Follow(sched.Schedule{{0, 1}, {1, 1}, {2, 1}, {sched.Stop, 1}}))
	})
	wg.Wait()
	if n := coroutines(); unwound != 3 || n > before {
		t.Errorf("unwound %d of 3; %d coroutines before, %d after", unwound, before, n)
	}
}

// The text of a failure repeats, so that a property test can shrink it; the error that was panicked with can be asked for.
func TestPanicsReadTheSame(t *testing.T) {
	p := body(func(s *sched.Scheduler) func() error {
		s.Go("t", func() { s.Yield(); panic(errLost) })
		return nil
	})
	a, b := sched.Run(p, sched.Random(1)), sched.Run(p, sched.Random(1))
	if !errors.Is(a.Err, errLost) || !errors.Is(a.Err, sched.ErrPanic) || a.Err.Error() != b.Err.Error() {
		t.Errorf("first %v, then %v", a.Err, b.Err)
	}
	if !strings.Contains(a.Stack, "TestPanicsReadTheSame") || fmt.Sprint(a.Threads) != "[t]" {
		t.Errorf("threads %v, stack %s", a.Threads, a.Stack)
	}
}

// A run inside a thread is a world of its own.
func TestRunInsideAThread(t *testing.T) {
	var inner sched.Result
	r := sched.Twice(body(func(s *sched.Scheduler) func() error {
		s.Go("outer", func() {
			s.Yield()
			inner = sched.Explore(lost, sched.Exhaustive(1), sched.Budget{}).Failure
			s.Yield()
		})
		s.Go("other", s.Yield)
		return nil
	}), sched.Random(1))
	if r.Err != nil || !errors.Is(inner.Err, errLost) {
		t.Errorf("outer %v, inner %v", r.Err, inner.Err)
	}
}

func TestThreadsStartThreads(t *testing.T) {
	rep := sched.Explore(body(func(s *sched.Scheduler) func() error {
		x := new(sched.Uint64)
		x.Attach(s, "x")
		s.Go("parent", func() {
			x.Add(1)
			s.Go("child", func() { x.Add(1) })
			x.Add(1)
		})
		return func() error {
			if x.Load() != 3 {
				return errLost
			}
			return nil
		}
	}), sched.Exhaustive(sched.Unbounded), sched.Budget{Twice: true})
	if rep.Failure.Err != nil || rep.Runs != 2 {
		t.Errorf("%d runs, %v; want 2: the child before and after the parent's second step", rep.Runs, rep.Failure.Err)
	}
}

func TestNondeterminismIsTheFailure(t *testing.T) {
	runs := 0
	counts := func(f func(s *sched.Scheduler, run int) func() error) sched.Program {
		return body(func(s *sched.Scheduler) func() error { runs++; return f(s, runs) })
	}
	tests := []struct {
		reason string
		p      sched.Program
	}{
		{"another value", counts(func(s *sched.Scheduler, run int) func() error {
			var x sched.Int64
			x.Attach(s, "x")
			s.Go("a", func() { x.Store(int64(run)) })
			return nil
		})},
		{"another number of steps", counts(func(s *sched.Scheduler, run int) func() error {
			s.Go("a", func() {
				for range 1 + run {
					s.Yield()
				}
			})
			return nil
		})},
		{"another outcome, unseen by the trace", counts(func(s *sched.Scheduler, run int) func() error {
			s.Go("a", s.Yield)
			return func() error {
				if run%2 == 0 {
					return errLost
				}
				return nil
			}
		})},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			if r := sched.Twice(tt.p, sched.Random(1)); !errors.Is(r.Err, sched.ErrNondeterministic) {
				t.Errorf("Twice: %v", r.Err)
			}
			rep := sched.Explore(tt.p, sched.Random(1), sched.Budget{Runs: 3, Twice: true})
			if !errors.Is(rep.Failure.Err, sched.ErrNondeterministic) {
				t.Errorf("Explore: %v", rep.Failure.Err)
			}
		})
	}
}

// An exhaustive search notices that its program changed under it.
func TestSearchOfAChangingProgramDiverges(t *testing.T) {
	runs := 0
	p := body(func(s *sched.Scheduler) func() error {
		runs++
		for range 2 + runs%2 {
			s.Go("t", func() { s.Yield(); s.Yield() })
		}
		return nil
	})
	st := sched.Exhaustive(sched.Unbounded)
	var err error
	for err == nil {
		err = sched.Run(p, st).Err
	}
	if !errors.Is(err, sched.ErrDiverged) {
		t.Errorf("got %v", err)
	}
}
