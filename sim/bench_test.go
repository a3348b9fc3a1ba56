package sim_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// Every benchmark here measures the kernel against something a reader can judge (the fake, an uncontended mutex, a
// slice), both in turns in the same run, and prints the median ratio beside the limit it should keep.
// The lists are aged: half of the processes were replaced at random, so that nothing lies in memory in list order.

// threadsOf is how many threads each process of a population of n has: ten, but one in the largest, which
// would not leave room for the fake beside it.
func threadsOf(n int) int {
	if n > 100_000 {
		return 1
	}
	return 10
}

// imageNames are what a desktop runs; the length of a name matters to whoever copies it.
var imageNames = []string{
	`C:\Windows\System32\svchost.exe`, `C:\Windows\System32\csrss.exe`, `C:\Windows\explorer.exe`,
	`C:\Windows\System32\RuntimeBroker.exe`, `C:\Program Files\Mozilla Firefox\firefox.exe`,
	`C:\Windows\System32\conhost.exe`, `C:\Windows\System32\taskhostw.exe`, `C:\Windows\System32\dllhost.exe`,
}

func images() []*sim.Image {
	made := make([]*sim.Image, len(imageNames))
	for i, path := range imageNames {
		made[i] = sim.MustImage(path)
	}
	return made
}

// source is the randomness of all benchmarks: the same numbers in every run.
func source() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// aged starts n processes and then replaces half of them at random; it gives the pids that live.
func aged[P any](n int, start func(i int) P, end func(P)) []P {
	r := source()
	alive := make([]P, n)
	for i := range alive {
		alive[i] = start(i)
	}
	for i := range n / 2 {
		j := r.IntN(n)
		end(alive[j])
		alive[j] = start(i)
	}
	return alive
}

// ourCrowd is an aged kernel of n processes.
func ourCrowd(tb testing.TB, n int) (*sim.Kernel, []sim.PID) {
	tb.Helper()
	k := sim.New(sim.Config{Bare: true})
	exe := images()
	threads := threadsOf(n)
	var pids []sim.PID
	_, err := k.Update(func(tx *sim.Tx) error {
		start := func(i int) sim.PID {
			pid, _, err := tx.CreateProcess(sim.ProcessSpec{Image: exe[i%len(exe)]})
			for t := 1; t < threads && err == nil; t++ {
				_, err = tx.CreateThread(pid, sim.ThreadSpec{})
			}
			must(tb, err)
			return pid
		}
		pids = aged(n, start, func(pid sim.PID) { must(tb, tx.TerminateProcess(pid, 0)) })
		return nil
	})
	must(tb, err)
	return k, pids
}

// fakeCrowd is the same crowd in the fake.
func fakeCrowd(tb testing.TB, n int) (*fake, []uint32) {
	tb.Helper()
	f := newFake()
	threads := threadsOf(n)
	start := func(i int) uint32 {
		pid, _ := f.createProcess(0, imageNames[i%len(imageNames)])
		for t := 1; t < threads; t++ {
			_, err := f.createThread(pid)
			must(tb, err)
		}
		return pid
	}
	return f, aged(n, start, func(pid uint32) { must(tb, f.terminateProcess(pid)) })
}

func must(tb testing.TB, err error) {
	if err != nil {
		tb.Helper()
		tb.Fatal(err)
	}
}

// crowds makes both on the first call, so that a benchmark nobody asked for costs nothing.
func crowds(tb testing.TB, n int) func() (*sim.Kernel, []sim.PID, *fake, []uint32) {
	var once sync.Once
	var (
		k     *sim.Kernel
		pids  []sim.PID
		f     *fake
		fpids []uint32
	)
	return func() (*sim.Kernel, []sim.PID, *fake, []uint32) {
		once.Do(func() {
			k, pids = ourCrowd(tb, n)
			f, fpids = fakeCrowd(tb, n)
		})
		return k, pids, f, fpids
	}
}

// mutexPairs times n uncontended lock-unlock pairs.
func mutexPairs(n int) fuzz.Timing {
	mu := new(sync.Mutex)
	return fuzz.Time(n, func() {
		for range n {
			mu.Lock()
			sink++
			mu.Unlock()
		}
	})
}

// sink takes what a measured loop computed, so that the compiler cannot leave the loop out.
var sink uint64

// perN runs f as one sub-benchmark for each size.
func perN(b *testing.B, sizes []int, f func(b *testing.B, n int)) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("N=%d", n), func(b *testing.B) { f(b, n) })
	}
}

var upTo100k = []int{100, 1_000, 10_000, 100_000}
