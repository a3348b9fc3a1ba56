package toolhelp_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

const (
	takeFlags = toolhelp.TH32CS_SNAPPROCESS | toolhelp.TH32CS_SNAPTHREAD
	takeTimes = 100_000
)

// takeSink keeps the compiler from leaving out a loop whose result nobody reads.
var takeSink uint64

// BenchmarkTakeAndMutex measures a snapshot of all processes and threads against an uncontended mutex, and a million
// processes against a hundred.
func BenchmarkTakeAndMutex(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("unchanged/N=%d", n), func(b *testing.B) {
			k := takeCrowd(b, n)
			fuzz.Duel{Ours: func() fuzz.Timing { return takes(b, k) }, Theirs: takePairs}.AtMost(b, 0.5)
		})
		b.Run(fmt.Sprintf("after a change/N=%d", n), func(b *testing.B) {
			k := takeCrowd(b, n)
			fuzz.Duel{Ours: func() fuzz.Timing { return takesAfterChanges(b, k) }, Theirs: takePairs}.AtMost(b, 7)
		})
	}
	b.Run("flat", func(b *testing.B) {
		large, small := takeCrowd(b, 1_000_000), takeCrowd(b, 100)
		fuzz.Duel{
			Ours:   func() fuzz.Timing { return takesAfterChanges(b, large) },
			Theirs: func() fuzz.Timing { return takesAfterChanges(b, small) },
		}.AtMost(b, 1.5)
	})
}

// TestTakeAllocations: one object after a change, none before the next.
func TestTakeAllocations(t *testing.T) {
	k := takeCrowd(t, 100)
	change := testing.AllocsPerRun(100, func() { takeChange(t, k) })
	if got := testing.AllocsPerRun(100, func() { takeChange(t, k); take(t, k) }); got != change+1 {
		t.Errorf("a change and a Take: %v allocations, want %v and 1", got, change)
	}
	if got := testing.AllocsPerRun(100, func() { take(t, k) }); got != 0 {
		t.Errorf("Take of an unchanged kernel: %v allocations, want 0", got)
	}
}

func takeCrowd(tb testing.TB, n int) *sim.Kernel {
	tb.Helper()
	k := sim.New(sim.Config{})
	exe := sim.MustImage(`C:\Windows\System32\svchost.exe`)
	_, err := k.Update(func(tx *sim.Tx) error {
		for range n {
			if _, _, err := tx.CreateProcess(sim.ProcessSpec{Image: exe}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func take(tb testing.TB, k *sim.Kernel) {
	s, err := toolhelp.Take(k, takeFlags, 0)
	if err != nil {
		tb.Fatal(err)
	}
	takeSink += uint64(s.Version())
}

// takeChange is a change that copies nothing, so that it costs the same with a snapshot before it and without.
func takeChange(tb testing.TB, k *sim.Kernel) {
	if _, err := k.Advance(1); err != nil {
		tb.Fatal(err)
	}
}

// takes calls Take as a caller does: in place, keeping the last one.
func takes(tb testing.TB, k *sim.Kernel) fuzz.Timing {
	return fuzz.Time(takeTimes, func() {
		var last toolhelp.Snapshot
		for range takeTimes {
			s, err := toolhelp.Take(k, takeFlags, 0)
			if err != nil {
				tb.Fatal(err)
			}
			last = s
		}
		takeSink += uint64(last.Version())
	})
}

// takesAfterChanges times changes with a snapshot after each, and takes off what the changes cost without.
func takesAfterChanges(tb testing.TB, k *sim.Kernel) fuzz.Timing {
	with := fuzz.Time(takeTimes, func() {
		for range takeTimes {
			takeChange(tb, k)
			take(tb, k)
		}
	})
	without := fuzz.Time(takeTimes, func() {
		for range takeTimes {
			takeChange(tb, k)
		}
	})
	with.Took -= without.Took
	return with
}

func takePairs() fuzz.Timing {
	mu := new(sync.Mutex)
	return fuzz.Time(takeTimes, func() {
		for range takeTimes {
			mu.Lock()
			takeSink++
			mu.Unlock()
		}
	})
}
