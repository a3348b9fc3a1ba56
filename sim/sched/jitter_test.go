package sched_test

import (
	"sync"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// Under jitter the types are what they are without a scheduler, for any number of goroutines.
func TestJitter(t *testing.T) {
	s := sched.Jitter(1000)
	var mu sched.Mutex
	var x sched.Int64
	var p sched.Pointer[int]
	mu.Attach(s, "mu")
	x.Attach(s, "x")
	p.Attach(s, "p")
	plain := 0
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 500 {
				mu.Lock()
				plain++
				mu.Unlock()
				x.Add(1)
				p.Store(&plain)
				s.Yield()
			}
		})
	}
	all.Wait()
	if plain != 2000 || x.Load() != 2000 || p.Load() != &plain {
		t.Errorf("counted %d under the lock and %d atomically, want 2000 twice", plain, x.Load())
	}
	defer func() {
		if recover() == nil {
			t.Error("Go on a scheduler that runs nothing did not panic")
		}
	}()
	s.Go("nobody", func() {})
}
