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

const (
	writers       = 4
	readers       = 3
	callsOfClient = 250
)

// TestGoroutines lets real goroutines change a kernel and take snapshots of it, and certifies what they did.
func TestGoroutines(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { manyGoroutines(t, seed) })
	}
}

func manyGoroutines(t *testing.T, seed uint64) {
	k := sim.New(sim.Config{Reuse: sim.Reuse(seed % 3)})
	r := fuzz.NewRecorder(k, fuzz.NewModel(k.State()))
	var all sync.WaitGroup
	for i := range writers {
		c := r.Client(fmt.Sprintf("writer %d", i))
		all.Go(func() { write(c, rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	for i := range readers {
		c := r.Client(fmt.Sprintf("reader %d", i))
		all.Go(func() {
			for range callsOfClient {
				seen := c.Do(fuzz.Call{Verb: fuzz.Take, Flags: toolhelp.TH32CS_SNAPPROCESS}).Version
				if v := k.Version(); v < seen {
					t.Errorf("Version is %d, after a snapshot of version %d", v, seen)
				}
			}
		})
	}
	all.Wait()
	if err := fuzz.Certify(r.History()); err != nil {
		t.Fatal(err)
	}
}

// write makes calls about what it last saw; the others have often changed it meanwhile.
func write(c *fuzz.Client, r *rand.Rand) {
	themes := fuzz.Themes()
	for i := range callsOfClient {
		c.Do(fuzz.Draw(fuzz.NewModel(c.Kernel.State()), themes[i/20%len(themes)], r.IntN))
	}
}
