package sim_test

import (
	"fmt"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// restOps is how many creations and as many exits one pass does.
const restOps = 20_000

// BenchmarkAtRest measures changes while nobody holds a snapshot, against the fake. No snapshot of these
// kernels is ever taken, so no figure contains a first touch.
func BenchmarkAtRest(b *testing.B) {
	for _, n := range upTo100k {
		both := crowds(b, n)
		b.Run(fmt.Sprintf("thread/N=%d", n), func(b *testing.B) {
			k, pids, f, fpids := both()
			limit := 0.8
			if n >= 100_000 {
				limit = 1.1
			}
			fuzz.Duel{
				Ours:   func() fuzz.Timing { return ourThreads(b, k, pids) },
				Theirs: func() fuzz.Timing { return fakeThreads(b, f, fpids) },
			}.AtMost(b, limit)
		})
		b.Run(fmt.Sprintf("module/N=%d", n), func(b *testing.B) {
			k, pids, f, fpids := both()
			fuzz.Duel{
				Ours:   func() fuzz.Timing { return ourModules(b, k, pids) },
				Theirs: func() fuzz.Timing { return fakeModules(b, f, fpids) },
			}.AtMost(b, 1.25)
		})
		b.Run(fmt.Sprintf("process/N=%d", n), func(b *testing.B) {
			k, _, f, _ := both()
			fuzz.Duel{
				Ours:   func() fuzz.Timing { return ourProcesses(b, k, n) },
				Theirs: func() fuzz.Timing { return fakeProcesses(b, f, n) },
			}.AtMost(b, 1.35)
		})
		b.Run(fmt.Sprintf("lookup/N=%d", n), func(b *testing.B) {
			k, pids, f, fpids := both()
			fuzz.Duel{
				Ours:   func() fuzz.Timing { return ourLookups(b, k, pids) },
				Theirs: func() fuzz.Timing { return fakeLookups(b, f, fpids) },
			}.AtMost(b, 1)
		})
	}
}

// batch is how many creations come before their exits: few against n, so that the crowd keeps its size.
func batch(n int) int { return min(max(n/16, 8), 1000) }

// rounds cuts restOps into rounds of a batch and times them all.
func rounds(n int, round func(size int)) fuzz.Timing {
	size := batch(n)
	count := max(restOps/size, 1)
	return fuzz.Time(2*size*count, func() {
		for range count {
			round(size)
		}
	})
}

func ourThreads(b *testing.B, k *sim.Kernel, pids []sim.PID) fuzz.Timing {
	r := source()
	tids := make([]sim.TID, batch(len(pids)))
	return rounds(len(pids), func(size int) {
		for i := range size {
			tid, _, err := k.CreateThread(pids[r.IntN(len(pids))], sim.ThreadSpec{})
			must(b, err)
			tids[i] = tid
		}
		for _, tid := range tids {
			_, err := k.TerminateThread(tid, 0)
			must(b, err)
		}
	})
}

func fakeThreads(b *testing.B, f *fake, pids []uint32) fuzz.Timing {
	r := source()
	tids := make([]uint32, batch(len(pids)))
	return rounds(len(pids), func(size int) {
		for i := range size {
			tid, err := f.createThread(pids[r.IntN(len(pids))])
			must(b, err)
			tids[i] = tid
		}
		for _, tid := range tids {
			must(b, f.terminateThread(tid))
		}
	})
}

var library = sim.MustImage(`C:\Windows\System32\kernel32.dll`)

func ourModules(b *testing.B, k *sim.Kernel, pids []sim.PID) fuzz.Timing {
	r := source()
	type loaded struct {
		pid  sim.PID
		base sim.Address
	}
	at := make([]loaded, batch(len(pids)))
	return rounds(len(pids), func(size int) {
		for i := range size {
			pid := pids[r.IntN(len(pids))]
			base, _, err := k.LoadLibrary(pid, library, 0)
			must(b, err)
			at[i] = loaded{pid, base}
		}
		for _, m := range at {
			_, err := k.FreeLibrary(m.pid, m.base)
			must(b, err)
		}
	})
}

func fakeModules(b *testing.B, f *fake, pids []uint32) fuzz.Timing {
	r := source()
	type loaded struct {
		pid  uint32
		base uint64
	}
	at := make([]loaded, batch(len(pids)))
	return rounds(len(pids), func(size int) {
		for i := range size {
			pid := pids[r.IntN(len(pids))]
			base, err := f.loadLibrary(pid, "kernel32.dll")
			must(b, err)
			at[i] = loaded{pid, base}
		}
		for _, m := range at {
			must(b, f.freeLibrary(m.pid, m.base))
		}
	})
}

func ourProcesses(b *testing.B, k *sim.Kernel, n int) fuzz.Timing {
	r := source()
	exe := images()
	pids := make([]sim.PID, batch(n))
	return rounds(n, func(size int) {
		for i := range size {
			pid, _, _, err := k.CreateProcess(sim.ProcessSpec{Image: exe[i%len(exe)]})
			must(b, err)
			pids[i] = pid
		}
		r.Shuffle(size, func(i, j int) { pids[i], pids[j] = pids[j], pids[i] })
		for _, pid := range pids {
			_, err := k.TerminateProcess(pid, 0)
			must(b, err)
		}
	})
}

func fakeProcesses(b *testing.B, f *fake, n int) fuzz.Timing {
	r := source()
	pids := make([]uint32, batch(n))
	return rounds(n, func(size int) {
		for i := range size {
			pids[i], _ = f.createProcess(0, imageNames[i%len(imageNames)])
		}
		r.Shuffle(size, func(i, j int) { pids[i], pids[j] = pids[j], pids[i] })
		for _, pid := range pids {
			must(b, f.terminateProcess(pid))
		}
	})
}

func ourLookups(b *testing.B, k *sim.Kernel, pids []sim.PID) fuzz.Timing {
	r := source()
	return fuzz.Time(restOps, func() {
		for range restOps {
			p, _, ok := k.Process(pids[r.IntN(len(pids))])
			if !ok {
				b.Fatal("a living pid is not found")
			}
			sink += uint64(p.ID())
		}
	})
}

func fakeLookups(b *testing.B, f *fake, pids []uint32) fuzz.Timing {
	r := source()
	return fuzz.Time(restOps, func() {
		for range restOps {
			p, ok := f.process(pids[r.IntN(len(pids))])
			if !ok {
				b.Fatal("a living pid is not found")
			}
			sink += uint64(p.pid)
		}
	})
}
