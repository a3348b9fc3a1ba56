package sim_test

import (
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

const bootSize = 1_000_000

// BenchmarkBoot: a million processes in one Update, against filling plain slices and maps that were given
// their size beforehand, without any of the checks.
func BenchmarkBoot(b *testing.B) {
	exe := images()
	fuzz.Duel{
		Ours:   func() fuzz.Timing { return fuzz.Time(bootSize, func() { bootKernel(b, exe) }) },
		Theirs: func() fuzz.Timing { return fuzz.Time(bootSize, bootPlain) },
	}.AtMost(b, 3)
}

func bootKernel(tb testing.TB, exe []*sim.Image) {
	k := sim.New(sim.Config{Bare: true})
	_, err := k.Update(func(tx *sim.Tx) error {
		for i := range bootSize {
			if _, _, err := tx.CreateProcess(sim.ProcessSpec{Image: exe[i%len(exe)]}); err != nil {
				return err
			}
		}
		return nil
	})
	must(tb, err)
	sink += uint64(k.Version())
}

// bootPlain is the least that answers the same questions: the entries of the four lists in order, and where each pid
// and tid stands.
func bootPlain() {
	var (
		processes = make([]fakeProcessEntry, 0, bootSize)
		threads   = make([]fakeThreadEntry, 0, bootSize)
		modules   = make([]plainModule, 0, 2*bootSize)
		heaps     = make([]plainHeap, 0, bootSize)
		pids      = make(map[uint32]int, bootSize)
		tids      = make(map[uint32]int, bootSize)
		id        = uint32(8)
		base      = uint64(0x10000)
	)
	for i := range bootSize {
		pid, tid := id, id+4
		id += 8
		name := imageNames[i%len(imageNames)]
		pids[pid], tids[tid] = len(processes), len(threads)
		processes = append(processes, fakeProcessEntry{pid: pid, threads: 1, priority: 8, name: name})
		threads = append(threads, fakeThreadEntry{tid, pid, 8})
		modules = append(modules,
			plainModule{pid, fakeModule{base, 0x10000, 1, name}},
			plainModule{pid, fakeModule{base + 0x10000, 0x10000, 1, "ntdll.dll"}})
		heaps = append(heaps, plainHeap{pid, base + 0x20000})
		base += 0x30000
	}
	sink += uint64(len(processes) + len(threads) + len(modules) + len(heaps) + len(pids) + len(tids))
}

type plainModule struct {
	owner  uint32
	module fakeModule
}

type plainHeap struct {
	owner uint32
	id    uint64
}
