package fuzz_test

import (
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
)

// TestHunt explores some cases of each theme. `go run ./fuzz/court` is the same with larger numbers.
func TestHunt(t *testing.T) {
	for _, theme := range fuzz.CaseThemes() {
		t.Run(theme.Name, func(t *testing.T) {
			t.Parallel()
			b := fuzz.Hunt{Theme: theme, Seed: 1, Schedules: 50}.Cases(0, 1, 5000)
			if b.Failure.Err != nil {
				t.Fatalf("%v\n%s\n%s", b.Failure.Err, b.Failure.Token(), b.Failure.Stack)
			}
		})
	}
}
