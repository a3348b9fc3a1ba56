package sim_test

import (
	"math/rand/v2"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// BenchmarkStateUnchanged: nothing changed since the last state.
func BenchmarkStateUnchanged(b *testing.B) {
	perN(b, []int{100, 10_000}, func(b *testing.B, n int) {
		k, _ := ourCrowd(b, n)
		const times = 1_000_000
		fuzz.Duel{
			Ours: func() fuzz.Timing {
				return fuzz.Time(times, func() {
					for range times {
						sink += uint64(k.State().Version())
					}
				})
			},
			Theirs: func() fuzz.Timing { return mutexPairs(times) },
		}.AtMost(b, 0.5)
	})
}

// BenchmarkStateAfterChange: something changed since the last state.
func BenchmarkStateAfterChange(b *testing.B) {
	perN(b, []int{100, 1_000, 10_000, 100_000, 1_000_000}, func(b *testing.B, n int) {
		k, _ := ourCrowd(b, n)
		fuzz.Duel{
			Ours:   func() fuzz.Timing { return statesAfterChanges(b, k) },
			Theirs: func() fuzz.Timing { return mutexPairs(stateTimes) },
		}.AtMost(b, 7)
	})
}

// BenchmarkStateIsFlat: a million processes against a hundred.
func BenchmarkStateIsFlat(b *testing.B) {
	large, _ := ourCrowd(b, 1_000_000)
	small, _ := ourCrowd(b, 100)
	fuzz.Duel{
		Ours:   func() fuzz.Timing { return statesAfterChanges(b, large) },
		Theirs: func() fuzz.Timing { return statesAfterChanges(b, small) },
	}.AtMost(b, 1.5)
}

const stateTimes = 100_000

// statesAfterChanges times changes with a state after each, and takes off what the changes cost without. Only a
// change that copies nothing costs the same with and without: the clock's.
func statesAfterChanges(tb testing.TB, k *sim.Kernel) fuzz.Timing {
	with := fuzz.Time(stateTimes, func() {
		for range stateTimes {
			_, err := k.Advance(1)
			must(tb, err)
			sink += uint64(k.State().Version())
		}
	})
	without := fuzz.Time(stateTimes, func() {
		for range stateTimes {
			_, err := k.Advance(1)
			must(tb, err)
		}
	})
	with.Took -= without.Took
	return with
}

// changer creates a thread in a random process and ends it again in the change after.
type changer struct {
	tb   testing.TB
	k    *sim.Kernel
	pids []sim.PID
	r    *rand.Rand
	tid  sim.TID
}

func newChanger(tb testing.TB, k *sim.Kernel, pids []sim.PID) *changer {
	return &changer{tb: tb, k: k, pids: pids, r: source()}
}

func (c *changer) change() {
	var err error
	if c.tid != 0 {
		_, err = c.k.TerminateThread(c.tid, 0)
		c.tid = 0
	} else {
		c.tid, _, err = c.k.CreateThread(c.pids[c.r.IntN(len(c.pids))], sim.ThreadSpec{})
	}
	must(c.tb, err)
}

// BenchmarkChangeWithSnapshotEach: a snapshot before every change, against the fake's deep copy.
func BenchmarkChangeWithSnapshotEach(b *testing.B) {
	perN(b, []int{100, 1_000, 10_000}, func(b *testing.B, n int) {
		k, pids := ourCrowd(b, n)
		f, fpids := fakeCrowd(b, n)
		atLeast := map[int]float64{100: 1, 1_000: 1, 10_000: 300}[n]
		fuzz.Duel{
			Ours:   func() fuzz.Timing { return snapshotEach(newChanger(b, k, pids), 10_000) },
			Theirs: func() fuzz.Timing { return fakeSnapshotEach(b, f, fpids, max(200_000/n, 20)) },
		}.FasterBy(b, atLeast)
	})
}

// BenchmarkChangeWithSnapshotEachGrowth: the same in a million processes against a hundred.
func BenchmarkChangeWithSnapshotEachGrowth(b *testing.B) {
	large, largePIDs := ourCrowd(b, 1_000_000)
	small, smallPIDs := ourCrowd(b, 100)
	l, s := newChanger(b, large, largePIDs), newChanger(b, small, smallPIDs)
	fuzz.Duel{
		Ours:   func() fuzz.Timing { return snapshotEach(l, 10_000) },
		Theirs: func() fuzz.Timing { return snapshotEach(s, 10_000) },
	}.AtMost(b, 6)
}

func snapshotEach(c *changer, n int) fuzz.Timing {
	return fuzz.Time(n, func() {
		for range n {
			sink += uint64(c.k.State().Version())
			c.change()
		}
	})
}

func fakeSnapshotEach(tb testing.TB, f *fake, pids []uint32, n int) fuzz.Timing {
	r := source()
	return fuzz.Time(n, func() {
		for range n / 2 {
			sink += uint64(len(f.snapshot(0).threads))
			tid, err := f.createThread(pids[r.IntN(len(pids))])
			must(tb, err)
			sink += uint64(len(f.snapshot(0).threads))
			must(tb, f.terminateThread(tid))
		}
	})
}

// BenchmarkWalk: one kept state against a loop over a plain slice of the same entries.
func BenchmarkWalk(b *testing.B) {
	const n, times = 1_000, 500
	k, _ := ourCrowd(b, n)
	f, _ := fakeCrowd(b, n)
	s, plain := k.State(), f.snapshot(0)
	b.Run("processes", func(b *testing.B) {
		fuzz.Duel{
			Ours: func() fuzz.Timing {
				return fuzz.Time(times*n, func() { sink += walkProcesses(s, times) })
			},
			Theirs: func() fuzz.Timing {
				return fuzz.Time(times*n, func() { sink += loopProcesses(plain.processes, times) })
			},
		}.AtMost(b, 5.5)
	})
	b.Run("threads", func(b *testing.B) {
		const times = times / 10
		fuzz.Duel{
			Ours: func() fuzz.Timing {
				return fuzz.Time(times*s.ThreadCount(), func() { sink += walkThreads(s, times) })
			},
			Theirs: func() fuzz.Timing {
				return fuzz.Time(times*len(plain.threads), func() { sink += loopThreads(plain.threads, times) })
			},
		}.AtMost(b, 5.5)
	})
}

func walkProcesses(s *sim.State, times int) (sum uint64) {
	for range times {
		for p := range s.Processes() {
			sum += uint64(p.ID()) ^ uint64(p.Parent())
		}
	}
	return sum
}

func loopProcesses(entries []fakeProcessEntry, times int) (sum uint64) {
	for range times {
		for i := range entries {
			sum += uint64(entries[i].pid) ^ uint64(entries[i].parent)
		}
	}
	return sum
}

func walkThreads(s *sim.State, times int) (sum uint64) {
	for range times {
		for t := range s.Threads() {
			sum += uint64(t.ID()) ^ uint64(t.Owner())
		}
	}
	return sum
}

func loopThreads(entries []fakeThreadEntry, times int) (sum uint64) {
	for range times {
		for i := range entries {
			sum += uint64(entries[i].tid) ^ uint64(entries[i].owner)
		}
	}
	return sum
}
