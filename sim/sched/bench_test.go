package sched_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

var sink int64

// Without a scheduler each access is to cost less than 1 ns over the bare one.
func BenchmarkBare(b *testing.B) {
	var (
		mu    sync.Mutex
		smu   sched.Mutex
		x     atomic.Int64
		sx    sched.Int64
		p, sp = new(atomic.Pointer[int]), new(sched.Pointer[int])
		v     int
	)
	b.Run("Mutex/sync", func(b *testing.B) {
		for b.Loop() {
			mu.Lock()
			sink++
			mu.Unlock()
		}
	})
	b.Run("Mutex/sched", func(b *testing.B) {
		for b.Loop() {
			smu.Lock()
			sink++
			smu.Unlock()
		}
	})
	b.Run("Load/atomic", func(b *testing.B) {
		for b.Loop() {
			sink = x.Load()
		}
	})
	b.Run("Load/sched", func(b *testing.B) {
		for b.Loop() {
			sink = sx.Load()
		}
	})
	b.Run("Add/atomic", func(b *testing.B) {
		for b.Loop() {
			x.Add(1)
		}
	})
	b.Run("Add/sched", func(b *testing.B) {
		for b.Loop() {
			sx.Add(1)
		}
	})
	b.Run("Pointer/atomic", func(b *testing.B) {
		for b.Loop() {
			if p.Load() != nil {
				sink++
			}
		}
	})
	b.Run("Pointer/sched", func(b *testing.B) {
		for b.Loop() {
			if sp.Load() != nil {
				sink++
			}
		}
	})
	b.Run("PointerStore/atomic", func(b *testing.B) {
		for b.Loop() {
			p.Store(nil)
		}
	})
	b.Run("PointerStore/sched", func(b *testing.B) {
		for b.Loop() {
			sp.Store(nil)
		}
	})
	b.Run("PointerCompareAndSwap/atomic", func(b *testing.B) {
		for b.Loop() {
			p.CompareAndSwap(&v, nil)
		}
	})
	b.Run("PointerCompareAndSwap/sched", func(b *testing.B) {
		for b.Loop() {
			sp.CompareAndSwap(&v, nil)
		}
	})
}

// Three threads of seven steps, about as many as 3 threads of 4 calls take, and as many objects as those attach.
func BenchmarkExplore(b *testing.B) {
	names := []string{"a", "b", "c"}
	p := sched.Program{Name: "bench", Body: func(s *sched.Scheduler) func() error {
		objects := new([12]sched.Int64)
		for i := range objects {
			objects[i].Attach(s, "object")
		}
		f := func() {
			for i := range 7 {
				objects[i].Add(1)
			}
		}
		for _, name := range names {
			s.Go(name, f)
		}
		return nil
	}}
	for _, bm := range []struct {
		name string
		st   sched.Strategy
	}{
		{"random", sched.Random(1)},
		{"pct", sched.PCT(1, 3)},
		{"exhaustive", sched.Exhaustive(sched.Unbounded)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			rep := sched.Explore(p, bm.st, sched.Budget{Runs: b.N})
			b.ReportMetric(float64(rep.Steps)/float64(rep.Runs), "steps/run")
		})
	}
}
