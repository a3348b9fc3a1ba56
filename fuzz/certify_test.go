package fuzz_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// longHistory is what so many goroutines did in n calls on a kernel with few processes: one call in ten takes a snapshot.
func longHistory(tb testing.TB, clients, n int) fuzz.History {
	tb.Helper()
	k := sim.New(sim.Config{Bare: true, FirstID: 8, LastID: 120})
	r := fuzz.NewRecorder(k, fuzz.NewModel(k.State()))
	var all sync.WaitGroup
	for i := range clients {
		c := r.Client(fmt.Sprintf("client %d", i))
		all.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 0))
			for range n / clients {
				id := 8 + 4*rng.Uint32N(28)
				switch rng.IntN(10) {
				case 0:
					c.Do(fuzz.Call{Verb: fuzz.Take, Flags: toolhelp.TH32CS_SNAPPROCESS | toolhelp.TH32CS_SNAPTHREAD})
				case 1, 2:
					c.Do(fuzz.Call{Verb: fuzz.CreateProcess, Process: sim.ProcessSpec{Image: image}})
				case 3, 4:
					c.Do(fuzz.Call{Verb: fuzz.TerminateProcess, PID: sim.PID(id)})
				case 5, 6:
					c.Do(fuzz.Call{Verb: fuzz.CreateThread, PID: sim.PID(id)})
				default:
					c.Do(fuzz.Call{Verb: fuzz.TerminateThread, TID: sim.TID(id)})
				}
			}
		})
	}
	all.Wait()
	return r.History()
}

// BenchmarkCertify is on a history of 1,000,000 events: -benchtime 1x is enough.
func BenchmarkCertify(b *testing.B) {
	for _, clients := range []int{4, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			h := longHistory(b, clients, 1_000_000)
			for b.Loop() {
				if err := fuzz.Certify(h); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(h.Events))*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
