package sched_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// number is what the counters and their models have in common.
type number[T any] interface {
	Load() T
	Store(T)
	Add(T) T
	CompareAndSwap(old, v T) bool
}

// same drives both through the same calls; attached or not, inside threads or out, they must agree with sync/atomic.
func same[T int64 | uint64 | uint32](t *testing.T, name string, got, want number[T]) {
	for i := T(0); i < 40; i++ {
		d := i*i*7 - 11 // wraps around where T is unsigned
		if g, w := got.Add(d), want.Add(d); g != w {
			t.Errorf("%s: Add(%d) = %d, want %d", name, d, g, w)
		}
		if g, w := got.CompareAndSwap(i, d), want.CompareAndSwap(i, d); g != w {
			t.Errorf("%s: CompareAndSwap(%d) = %v, want %v", name, i, g, w)
		}
		if g, w := got.CompareAndSwap(want.Load(), i), want.CompareAndSwap(want.Load(), i); g != w || !w {
			t.Errorf("%s: CompareAndSwap of its own value = %v, want %v", name, g, w)
		}
		if g, w := got.Load(), want.Load(); g != w {
			t.Errorf("%s: Load = %d, want %d", name, g, w)
		}
		got.Store(d)
		want.Store(d)
	}
}

func calls(t *testing.T, s *sched.Scheduler) {
	var (
		i64 sched.Int64
		u64 sched.Uint64
		u32 sched.Uint32
		is  sched.Bool
		p   sched.Pointer[int]
		mu  sched.Mutex
	)
	i64.Attach(s, "i64")
	u64.Attach(s, "u64")
	u32.Attach(s, "u32")
	is.Attach(s, "is")
	p.Attach(s, "p")
	mu.Attach(s, "mu")
	mu.Lock()
	defer mu.Unlock()
	same(t, "Int64", &i64, new(atomic.Int64))
	same(t, "Uint64", &u64, new(atomic.Uint64))
	same(t, "Uint32", &u32, new(atomic.Uint32))
	if is.Load() || !is.CompareAndSwap(false, true) || is.CompareAndSwap(false, true) || !is.Load() {
		t.Error("Bool: CompareAndSwap")
	}
	if is.Store(false); is.Load() {
		t.Error("Bool: Store")
	}
	a, b := new(int), new(int)
	if p.Load() != nil || p.Swap(a) != nil || p.Load() != a || p.CompareAndSwap(b, b) || !p.CompareAndSwap(a, b) || p.Swap(nil) != b {
		t.Error("Pointer")
	}
	if p.Store(a); p.Load() != a {
		t.Error("Pointer: Store")
	}
}

func TestValuesAreThoseOfAtomic(t *testing.T) {
	calls(t, nil)
	r := sched.Run(sched.Program{Name: "values", Body: func(s *sched.Scheduler) func() error {
		calls(t, s)
		s.Go("t", func() { calls(t, s) })
		return func() error { calls(t, s); return nil }
	}}, sched.Random(1))
	if r.Err != nil || r.Steps < 500 {
		t.Errorf("%d steps, %v", r.Steps, r.Err)
	}
}

func TestStepsReadWell(t *testing.T) {
	tests := []struct {
		reason string
		step   sched.Step
		want   string
	}{
		{"on an object", sched.Step{Thread: 1, Op: sched.OpCompareAndSwap, Object: "k.last"}, "1 compare and swap k.last"},
		{"on none", sched.Step{Thread: 0, Op: sched.OpYield}, "0 yield"},
		{"no operation of ours", sched.Step{Op: 200}, "0 Op(200)"},
	}
	for _, tt := range tests {
		if got := tt.step.String(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.reason, got, tt.want)
		}
	}
}

// Not attached, a Mutex keeps real goroutines apart.
func TestMutexWithoutScheduler(t *testing.T) {
	var mu sched.Mutex
	var none *sched.Scheduler
	n := 0
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				mu.Lock()
				n++
				mu.Unlock()
				none.Yield()
			}
		})
	}
	wg.Wait()
	if n != 4000 {
		t.Errorf("%d of 4000", n)
	}
}
