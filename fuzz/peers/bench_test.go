package peers

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// BenchmarkCheckers judges one history of the kernel, by its size: 4 clients in a random schedule, so that nearly all calls overlap.
func BenchmarkCheckers(b *testing.B) {
	o := smallOrigin(b)
	for _, n := range []int{12, 40, 200, 800} {
		h := histories(b, o, drawScripts(rand.New(rand.NewPCG(1, 0)), 4, n), sched.Random(1), 1)[0]
		for _, by := range []struct {
			name  string
			judge func() bool
		}{
			{"certify", func() bool { return fuzz.Certify(h) == nil }},
			{"porcupine-versions", func() bool { return linearizable(h, true) }},
			{"porcupine-black-box", func() bool { return linearizable(h, false) }},
		} {
			b.Run(fmt.Sprintf("calls=%d/%s", n, by.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if !by.judge() {
						b.Fatal("a history of the kernel itself does not pass")
					}
				}
			})
		}
	}
}
