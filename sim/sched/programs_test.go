package sched_test

import (
	"errors"
	"fmt"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

var errLost = errors.New("lost update")

// steps is threads of n accesses each to one counter.
func steps(threads, n int) sched.Program {
	return sched.Program{Name: fmt.Sprintf("steps %dx%d", threads, n), Body: func(s *sched.Scheduler) func() error {
		x := new(sched.Int64)
		x.Attach(s, "x")
		for i := range threads {
			s.Go(fmt.Sprint("t", i), func() {
				for range n {
					x.Add(1)
				}
			})
		}
		return func() error {
			if got := x.Load(); got != int64(threads*n) {
				return fmt.Errorf("x is %d", got)
			}
			return nil
		}
	}}
}

// lost is two threads that load and store without a lock.
var lost = sched.Program{Name: "lost update", Body: func(s *sched.Scheduler) func() error {
	x := new(sched.Int64)
	x.Attach(s, "x")
	for _, name := range []string{"a", "b"} {
		s.Go(name, func() {
			x.Store(x.Load() + 1)
		})
	}
	return func() error {
		if x.Load() != 2 {
			return errLost
		}
		return nil
	}
}}

// locked is lost with the lock that it lacks.
var locked = sched.Program{Name: "locked", Body: func(s *sched.Scheduler) func() error {
	var mu sched.Mutex
	x := new(sched.Int64)
	mu.Attach(s, "mu")
	x.Attach(s, "x")
	for _, name := range []string{"a", "b"} {
		s.Go(name, func() {
			mu.Lock()
			defer mu.Unlock()
			x.Store(x.Load() + 1)
		})
	}
	return func() error {
		if x.Load() != 2 {
			return errLost
		}
		return nil
	}
}}

// inversion takes two locks in both orders.
var inversion = sched.Program{Name: "inversion", Body: func(s *sched.Scheduler) func() error {
	var one, two sched.Mutex
	one.Attach(s, "one")
	two.Attach(s, "two")
	both := func(first, second *sched.Mutex) func() {
		return func() {
			first.Lock()
			defer first.Unlock()
			second.Lock()
			defer second.Unlock()
		}
	}
	s.Go("a", both(&one, &two))
	s.Go("b", both(&two, &one))
	return nil
}}

// endless spins on a flag that nobody sets.
var endless = sched.Program{Name: "endless", Steps: 1000, Body: func(s *sched.Scheduler) func() error {
	var flag sched.Bool
	flag.Attach(s, "flag")
	s.Go("spin", func() {
		for !flag.Load() {
		}
	})
	return nil
}}

// stubborn fails in one thread while the other will not be stopped.
var stubborn = sched.Program{Name: "stubborn", Steps: 50, Body: func(s *sched.Scheduler) func() error {
	s.Go("stubborn", func() {
		for {
			func() {
				defer func() { _ = recover() }()
				s.Yield()
			}()
		}
	})
	return nil
}}

func panics(s *sched.Scheduler) func() error {
	s.Go("bystander", func() {
		s.Yield()
		s.Yield()
	})
	s.Go("boom", func() {
		s.Yield()
		panic("boom")
	})
	return nil
}

// strategies is one of each that can find lost.
func strategies() map[string]func() sched.Strategy {
	return map[string]func() sched.Strategy{
		"random":     func() sched.Strategy { return sched.Random(1) },
		"pct":        func() sched.Strategy { return sched.PCT(1, 2) },
		"exhaustive": func() sched.Strategy { return sched.Exhaustive(1) },
		"sparse":     func() sched.Strategy { return sched.Sparse([]sched.Preemption{{Gap: 1}}) },
		"bytes":      func() sched.Strategy { return sched.Bytes([]byte{0, 1}) },
		"follow":     func() sched.Strategy { return sched.Follow(sched.Schedule{{0, 1}, {1, 2}, {0, 1}}) },
	}
}
