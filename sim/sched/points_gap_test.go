package sched_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// An access is one call of an attached object that holds a value, 0 or 1, when it is made.
type access struct {
	name string
	op   sched.Op
	call func(s *sched.Scheduler, v uint64) func() // attaches the object as "x" and returns the call
	same bool                                      // what it sees does not depend on the value
}

func accesses() []access {
	all := []access{}
	add := func(name string, op sched.Op, same bool, call func(s *sched.Scheduler, v uint64) func()) {
		all = append(all, access{name, op, call, same})
	}
	i64 := func(f func(*sched.Int64)) func(*sched.Scheduler, uint64) func() {
		return func(s *sched.Scheduler, v uint64) func() {
			x := new(sched.Int64)
			x.Store(int64(v))
			x.Attach(s, "x")
			return func() { f(x) }
		}
	}
	u64 := func(f func(*sched.Uint64)) func(*sched.Scheduler, uint64) func() {
		return func(s *sched.Scheduler, v uint64) func() {
			x := new(sched.Uint64)
			x.Store(v)
			x.Attach(s, "x")
			return func() { f(x) }
		}
	}
	u32 := func(f func(*sched.Uint32)) func(*sched.Scheduler, uint64) func() {
		return func(s *sched.Scheduler, v uint64) func() {
			x := new(sched.Uint32)
			x.Store(uint32(v))
			x.Attach(s, "x")
			return func() { f(x) }
		}
	}
	is := func(f func(*sched.Bool)) func(*sched.Scheduler, uint64) func() {
		return func(s *sched.Scheduler, v uint64) func() {
			x := new(sched.Bool)
			x.Store(v == 1)
			x.Attach(s, "x")
			return func() { f(x) }
		}
	}
	one := new(int)
	p := func(f func(*sched.Pointer[int])) func(*sched.Scheduler, uint64) func() {
		return func(s *sched.Scheduler, v uint64) func() {
			x := new(sched.Pointer[int])
			if v == 1 {
				x.Store(one)
			}
			x.Attach(s, "x")
			return func() { f(x) }
		}
	}
	add("Int64.Load", sched.OpLoad, false, i64(func(x *sched.Int64) { x.Load() }))
	add("Int64.Store", sched.OpStore, true, i64(func(x *sched.Int64) { x.Store(7) }))
	add("Int64.Add", sched.OpAdd, false, i64(func(x *sched.Int64) { x.Add(1) }))
	add("Int64.CompareAndSwap", sched.OpCompareAndSwap, false, i64(func(x *sched.Int64) { x.CompareAndSwap(1, 2) }))
	add("Uint64.Load", sched.OpLoad, false, u64(func(x *sched.Uint64) { x.Load() }))
	add("Uint64.Store", sched.OpStore, true, u64(func(x *sched.Uint64) { x.Store(7) }))
	add("Uint64.Add", sched.OpAdd, false, u64(func(x *sched.Uint64) { x.Add(1) }))
	add("Uint64.CompareAndSwap", sched.OpCompareAndSwap, false, u64(func(x *sched.Uint64) { x.CompareAndSwap(1, 2) }))
	add("Uint32.Load", sched.OpLoad, false, u32(func(x *sched.Uint32) { x.Load() }))
	add("Uint32.Store", sched.OpStore, true, u32(func(x *sched.Uint32) { x.Store(7) }))
	add("Uint32.Add", sched.OpAdd, false, u32(func(x *sched.Uint32) { x.Add(1) }))
	add("Uint32.CompareAndSwap", sched.OpCompareAndSwap, false, u32(func(x *sched.Uint32) { x.CompareAndSwap(1, 2) }))
	add("Bool.Load", sched.OpLoad, false, is(func(x *sched.Bool) { x.Load() }))
	add("Bool.Store", sched.OpStore, true, is(func(x *sched.Bool) { x.Store(true) }))
	add("Bool.CompareAndSwap", sched.OpCompareAndSwap, false, is(func(x *sched.Bool) { x.CompareAndSwap(true, false) }))
	add("Pointer.Load", sched.OpLoad, false, p(func(x *sched.Pointer[int]) { x.Load() }))
	add("Pointer.Store", sched.OpStore, true, p(func(x *sched.Pointer[int]) { x.Store(one) }))
	add("Pointer.Swap", sched.OpSwap, false, p(func(x *sched.Pointer[int]) { x.Swap(one) }))
	add("Pointer.CompareAndSwap", sched.OpCompareAndSwap, false, p(func(x *sched.Pointer[int]) { x.CompareAndSwap(one, nil) }))
	return all
}

// TestAnAccessIsOnePointAndItsValuePartOfTheTrace makes every access there is, once, in a run of its own.
func TestAnAccessIsOnePointAndItsValuePartOfTheTrace(t *testing.T) {
	for _, a := range accesses() {
		var hashes [2]uint64
		for v := range hashes {
			r := sched.Run(sched.Program{Name: a.name, Body: func(s *sched.Scheduler) func() error {
				s.Go("t", a.call(s, uint64(v)))
				return nil
			}}, sched.Random(1))
			if want := (sched.Step{Thread: 0, Op: a.op, Object: "x"}); r.Err != nil || countOf(r.Trace, want) != 1 {
				t.Errorf("%s: %v, %v, want one %v", a.name, r.Trace, r.Err, want)
			}
			hashes[v] = r.Hash
		}
		if (hashes[0] == hashes[1]) != a.same {
			t.Errorf("%s of 0 and of 1 give the hashes %x, want the same: %v", a.name, hashes, a.same)
		}
	}
}

func countOf(trace []sched.Step, want sched.Step) int {
	return len(slices.DeleteFunc(slices.Clone(trace), func(s sched.Step) bool { return s != want }))
}

// TestStoredValueIsPartOfTheTrace stores what only a store shows.
func TestStoredValueIsPartOfTheTrace(t *testing.T) {
	stores := map[string]func(s *sched.Scheduler, v int) func(){
		"Int64": func(s *sched.Scheduler, v int) func() {
			x := new(sched.Int64)
			x.Attach(s, "x")
			return func() { x.Store(int64(v)) }
		},
		"Uint64": func(s *sched.Scheduler, v int) func() {
			x := new(sched.Uint64)
			x.Attach(s, "x")
			return func() { x.Store(uint64(v)) }
		},
		"Uint32": func(s *sched.Scheduler, v int) func() {
			x := new(sched.Uint32)
			x.Attach(s, "x")
			return func() { x.Store(uint32(v)) }
		},
		"Bool": func(s *sched.Scheduler, v int) func() {
			x := new(sched.Bool)
			x.Attach(s, "x")
			return func() { x.Store(v == 1) }
		},
	}
	for name, store := range stores {
		seen := map[uint64]bool{}
		for v := range 2 {
			r := sched.Run(sched.Program{Name: name, Body: func(s *sched.Scheduler) func() error {
				s.Go("t", store(s, v))
				return nil
			}}, sched.Random(1))
			if r.Err != nil {
				t.Error(fmt.Errorf("%s: %w", name, r.Err))
			}
			seen[r.Hash] = true
		}
		if len(seen) != 2 {
			t.Errorf("%s: Store of 0 and of 1 give one hash", name)
		}
	}
}
