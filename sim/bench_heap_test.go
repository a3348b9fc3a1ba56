package sim_test

import (
	"math/rand/v2"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// blockHeap is the default heap of the only process of a kernel, with many blocks, half of them replaced at random.
type blockHeap struct {
	tb     testing.TB
	k      *sim.Kernel
	pid    sim.PID
	heap   sim.Address
	blocks []sim.Address
	r      *rand.Rand
}

func newBlockHeap(tb testing.TB, n int) *blockHeap {
	tb.Helper()
	h := &blockHeap{tb: tb, k: sim.New(sim.Config{Bare: true}), r: source()}
	var err error
	h.pid, _, _, err = h.k.CreateProcess(sim.ProcessSpec{Image: library})
	must(tb, err)
	p, _, _ := h.k.Process(h.pid)
	for heap := range p.Heaps() {
		h.heap = heap.ID()
	}
	h.k.Update(func(tx *sim.Tx) error {
		alloc := func(int) sim.Address {
			at, err := tx.HeapAlloc(h.pid, h.heap, uint64(16+h.r.IntN(500)), 0)
			must(tb, err)
			return at
		}
		h.blocks = aged(n, alloc, func(at sim.Address) { must(tb, tx.HeapFree(h.pid, h.heap, at)) })
		return nil
	})
	return h
}

// swap frees a random block and allocates another.
func (h *blockHeap) swap() {
	i := h.r.IntN(len(h.blocks))
	_, err := h.k.HeapFree(h.pid, h.heap, h.blocks[i])
	must(h.tb, err)
	h.blocks[i], _, err = h.k.HeapAlloc(h.pid, h.heap, uint64(16+h.r.IntN(500)), 0)
	must(h.tb, err)
}

// BenchmarkHeap: a block allocated and another freed among 100,000, nobody looking.
func BenchmarkHeap(b *testing.B) {
	h := newBlockHeap(b, 100_000)
	const times = 20_000
	fuzz.Duel{
		Ours: func() fuzz.Timing {
			return fuzz.Time(times, func() {
				for range times {
					h.swap()
				}
			})
		},
		Theirs: func() fuzz.Timing { return mutexPairs(times) },
	}.AtMost(b, 25)
}

// BenchmarkHeapSnapshotEach: the same with a state taken before each pair and kept, the last thousand of them.
func BenchmarkHeapSnapshotEach(b *testing.B) {
	h := newBlockHeap(b, 100_000)
	const times = 10_000
	kept := make([]*sim.State, 1_000)
	fuzz.Duel{
		Ours: func() fuzz.Timing {
			return fuzz.Time(times, func() {
				for i := range times {
					kept[i%len(kept)] = h.k.State()
					h.swap()
				}
			})
		},
		Theirs: func() fuzz.Timing { return mutexPairs(100_000) },
	}.AtMost(b, 200)
}

// BenchmarkHeapWalk: a walk of 1,000,000 blocks, per block, against one of 1,000.
func BenchmarkHeapWalk(b *testing.B) {
	large, small := newBlockHeap(b, 1_000_000), newBlockHeap(b, 1_000)
	fuzz.Duel{
		Ours:   func() fuzz.Timing { return large.walk(1) },
		Theirs: func() fuzz.Timing { return small.walk(1_000) },
	}.AtMost(b, 4)
}

// BenchmarkHeapWalkLive: the same without a snapshot, block after block, as Heap32Next does it.
func BenchmarkHeapWalkLive(b *testing.B) {
	large, small := newBlockHeap(b, 1_000_000), newBlockHeap(b, 1_000)
	fuzz.Duel{
		Ours:   func() fuzz.Timing { return large.walkLive(1) },
		Theirs: func() fuzz.Timing { return small.walkLive(300) },
	}.AtMost(b, 4)
}

func (h *blockHeap) walk(times int) fuzz.Timing {
	p, _, _ := h.k.Process(h.pid)
	heap, ok := p.Heap(h.heap)
	if !ok {
		h.tb.Fatal("the heap is gone")
	}
	seen := 0
	t := fuzz.Time(1, func() {
		for range times {
			for block := range heap.Blocks() {
				sink += block.Size()
				seen++
			}
		}
	})
	t.Operations = seen
	return t
}

func (h *blockHeap) walkLive(times int) fuzz.Timing {
	seen := 0
	t := fuzz.Time(1, func() {
		for range times {
			block, _, err := h.k.FirstBlock(h.pid, h.heap)
			for ; err == nil; block, _, err = h.k.NextBlock(h.pid, h.heap, block.Address()) {
				sink += block.Size()
				seen++
			}
		}
	})
	t.Operations = seen
	return t
}
