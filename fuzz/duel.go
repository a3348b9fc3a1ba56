package fuzz

import (
	"slices"
	"testing"
	"time"
)

// minPasses is how often both sides of a duel run at least: a median of fewer says little on a busy machine.
const minPasses = 5

// Duel is a measurement of two things against each other, in turns and in one run, so that what the machine does
// meanwhile hits both. Figures are per operation.
type Duel struct {
	Ours, Theirs func() Timing
}

// A Timing is what one pass took. A pass should last some milliseconds; shorter ones measure the clock.
type Timing struct {
	Took       time.Duration
	Operations int
}

// Time runs f, which does n operations, and says what it took.
func Time(n int, f func()) Timing {
	start := time.Now()
	f()
	return Timing{time.Since(start), n}
}

func (t Timing) each() float64 { return float64(t.Took.Nanoseconds()) / float64(t.Operations) }

// AtMost runs the duel and reports the median of ours/theirs as "ratio" beside the limit it should stay under.
func (d Duel) AtMost(b *testing.B, limit float64) {
	b.Helper()
	ours, ratios := d.run(b)
	b.ReportMetric(median(ours), "ns/op")
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(limit, "limit")
}

// FasterBy runs the duel and reports the median of theirs/ours as "faster" beside what it should reach.
func (d Duel) FasterBy(b *testing.B, atLeast float64) {
	b.Helper()
	ours, ratios := d.run(b)
	b.ReportMetric(median(ours), "ns/op")
	b.ReportMetric(1/median(ratios), "faster")
	b.ReportMetric(atLeast, "at-least")
}

func (d Duel) run(b *testing.B) (ours, ratios []float64) {
	b.Helper()
	pass := func() {
		o, t := d.Ours().each(), d.Theirs().each()
		ours, ratios = append(ours, o), append(ratios, o/t)
	}
	d.Ours() // the first pass of each meets cold caches and untouched memory
	d.Theirs()
	for b.Loop() {
		pass()
	}
	for len(ratios) < minPasses {
		pass()
	}
	return ours, ratios
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}
