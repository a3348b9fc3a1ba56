package sim_test

import (
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// smallState is what an exploration of interleavings starts from: four processes.
func smallState(tb testing.TB) *sim.State {
	tb.Helper()
	k := sim.New(sim.Config{})
	exe := images()
	for i := range 2 {
		pid, _, _, err := k.CreateProcess(sim.ProcessSpec{Image: exe[i]})
		must(tb, err)
		_, _, err = k.CreateThread(pid, sim.ThreadSpec{})
		must(tb, err)
	}
	return k.State()
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sink += uint64(sim.New(sim.Config{}).Version())
	}
}

func BenchmarkForkSmall(b *testing.B) {
	s := smallState(b)
	b.ReportAllocs()
	for b.Loop() {
		sink += uint64(s.Fork().Version())
	}
}

// BenchmarkForkAndCalls: a fork and the twelve calls of one interleaving.
func BenchmarkForkAndCalls(b *testing.B) {
	s, exe := smallState(b), images()[0]
	b.ReportAllocs()
	for b.Loop() {
		forkAndCalls(b, s, exe)
	}
}

func forkAndCalls(tb testing.TB, s *sim.State, exe *sim.Image) {
	k := s.Fork()
	for range 3 {
		pid, _, _, err := k.CreateProcess(sim.ProcessSpec{Image: exe})
		must(tb, err)
		_, _, err = k.CreateThread(pid, sim.ThreadSpec{})
		must(tb, err)
		sink += uint64(k.State().Version())
		_, err = k.TerminateProcess(pid, 0)
		must(tb, err)
	}
}
