package sim_test

import (
	"runtime"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// live is how many bytes the garbage collector cannot free, counted after it has run twice: once to find what is
// dead, once more for what only died with that.
func live() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkKeptVersion reports the bytes that one kept state costs, one change after the one before.
func BenchmarkKeptVersion(b *testing.B) {
	var kept, left float64
	for b.Loop() {
		kept, left = keptVersions(b, 10_000, 2_000)
	}
	b.ReportMetric(kept, "bytes/version")
	b.ReportMetric(2_500, "limit")
	b.ReportMetric(left, "left-after-drop")
}

// BenchmarkScatteredSurvivors reports what a survivor among 999 exited neighbours costs, against one side by side.
func BenchmarkScatteredSurvivors(b *testing.B) {
	var scattered, dense float64
	for b.Loop() {
		scattered, dense = survivors(b)
	}
	b.ReportMetric(scattered, "bytes/survivor")
	b.ReportMetric(scattered/dense, "ratio")
	b.ReportMetric(1.6, "limit")
}

// TestBoundedMemory is the law behind the two benchmarks, with air for other Go releases: a kept version costs what
// its change touched and no more, nothing stays behind, and survivors do not pin the pages of the dead.
func TestBoundedMemory(t *testing.T) {
	kept, left := keptVersions(t, 2_000, 1_000)
	if kept > 5_000 {
		t.Errorf("a kept version costs %.0f bytes, want at most 5000", kept)
	}
	if left > 0.1 {
		t.Errorf("%.0f %% of what kept versions cost is still there after they were dropped", 100*left)
	}
	if scattered, dense := survivors(t); scattered > 2*dense {
		t.Errorf("a survivor among exited neighbours costs %.0f bytes, one side by side %.0f: want at most twice that", scattered, dense)
	}
}

// keptVersions keeps a state before each of a number of mixed changes. It gives the bytes per kept version
// and the share of them that is still there after all were dropped.
func keptVersions(tb testing.TB, n, versions int) (bytes, left float64) {
	k, pids := ourCrowd(tb, n)
	c := &mixedChanger{changer: *newChanger(tb, k, pids)}
	states := make([]*sim.State, versions)
	for range versions { // the lists grow to their size and the ids come round once
		c.change()
	}
	c.settle()
	before := live()
	for i := range states {
		states[i] = k.State()
		c.change()
	}
	with := live()
	runtime.KeepAlive(states)
	states = nil
	c.settle()
	after := live()
	runtime.KeepAlive(k)
	return float64(with-before) / float64(versions), float64(after-before) / float64(with-before)
}

// mixedChanger makes changes of every kind, by turns created and taken back, so that the crowd keeps its size.
type mixedChanger struct {
	changer
	pid  sim.PID
	in   sim.PID
	base sim.Address
	turn int
}

func (c *mixedChanger) change() {
	var err error
	switch c.turn++; c.turn % 6 {
	case 1, 3:
		c.changer.change()
	case 2:
		c.pid, _, _, err = c.k.CreateProcess(sim.ProcessSpec{Image: library})
	case 4:
		c.in = c.pids[c.r.IntN(len(c.pids))]
		c.base, _, err = c.k.LoadLibrary(c.in, library, 0)
	case 5:
		_, err = c.k.TerminateProcess(c.pid, 0)
	case 0:
		_, err = c.k.FreeLibrary(c.in, c.base)
	}
	must(c.tb, err)
}

// settle goes on until everything created is taken back.
func (c *mixedChanger) settle() {
	for c.turn%6 != 0 {
		c.change()
	}
}

// survivors gives the bytes that a state of 1,000 processes holds for each: scattered, when a million others were
// created among them and have exited, and dense, when nobody else ever lived.
func survivors(tb testing.TB) (scattered, dense float64) {
	const alive, neighbours = 1_000, 1_000
	return stateBytes(tb, alive, neighbours), stateBytes(tb, alive, 1)
}

func stateBytes(tb testing.TB, alive, of int) float64 {
	s := survivorState(tb, alive, of)
	with := live()
	runtime.KeepAlive(s)
	if got := s.ProcessCount(); got != alive {
		tb.Fatalf("%d processes survived, want %d", got, alive)
	}
	s = nil
	return float64(with-live()) / float64(alive)
}

// survivorState starts alive*of processes, ends all but each of-th, and lets go of the kernel. Without
// reuse of ids every process has its own place.
func survivorState(tb testing.TB, alive, of int) *sim.State {
	k := sim.New(sim.Config{Bare: true, Reuse: sim.NeverReuse})
	_, err := k.Update(func(tx *sim.Tx) error {
		pids := make([]sim.PID, alive*of)
		for i := range pids {
			pid, _, err := tx.CreateProcess(sim.ProcessSpec{Image: library})
			must(tb, err)
			pids[i] = pid
		}
		for i, pid := range pids {
			if i%of != 0 {
				must(tb, tx.TerminateProcess(pid, 0))
			}
		}
		return nil
	})
	must(tb, err)
	return k.State()
}
