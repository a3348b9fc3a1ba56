package sched_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Every step of a writer with a lock, and what a reader with and without the lock meets when the writer stands there.
func TestFreeze(t *testing.T) {
	program := func(readerLocks bool) sched.Program {
		return body(func(s *sched.Scheduler) func() error {
			var mu sched.Mutex
			var x sched.Int64
			mu.Attach(s, "mu")
			x.Attach(s, "x")
			s.Go("writer", func() { mu.Lock(); x.Add(1); mu.Unlock() })
			s.Go("reader", func() {
				if readerLocks {
					mu.Lock()
					defer mu.Unlock()
				}
				x.Load()
			})
			return nil
		})
	}
	tests := []struct {
		reason string
		locks  bool
		held   []bool // with the writer parked after k choices; then it ends
	}{
		{"without the lock nobody waits", false, []bool{false, false, false, false}},
		{"with it, from when the writer has it until it lets go", true, []bool{false, true, true, true}},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			var held []bool
			for k := 0; ; k++ {
				r := sched.Twice(program(tt.locks), sched.Freeze(0, k))
				if !r.Stopped {
					if r.Err != nil {
						t.Error(r.Err)
					}
					break
				}
				if r.Err != nil && !errors.Is(r.Err, sched.ErrHeld) {
					t.Fatal(r.Err)
				}
				held = append(held, r.Err != nil)
			}
			if d := cmp.Diff(tt.held, held); d != "" {
				t.Error(d)
			}
		})
	}
}

// Whatever the input, sparse lists and bytes are schedules: no divergence, the same again, and repeated by their schedule.
func TestGivenSchedulesAlwaysFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var st sched.Strategy
		if rapid.Bool().Draw(t, "sparse") {
			st = sched.Sparse(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sched.Preemption {
				return sched.Preemption{Gap: rapid.Uint().Draw(t, "gap") % 8, To: rapid.Uint().Draw(t, "to")}
			}), 0, 6).Draw(t, "list"))
		} else {
			st = sched.Bytes(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes"))
		}
		threads := rapid.IntRange(1, 4).Draw(t, "threads")
		if r := sched.Twice(steps(threads, 3), st); r.Err != nil || r.Steps != 3*threads {
			t.Fatalf("%d steps, %v", r.Steps, r.Err)
		}
		if r := sched.Run(locked, st); !errors.Is(r.Err, sched.ErrInvalid) {
			t.Fatalf("a schedule given once was used twice: %v", r.Err)
		}
	})
}

// A sparse list of n preemptions whose gaps fit gives a schedule with n+2 blocks for two threads; nothing gives the fewest.
func TestSparseAndBytesPreemptWhereTheySay(t *testing.T) {
	tests := []struct {
		reason string
		st     sched.Strategy
		want   string
	}{
		{"empty list", sched.Sparse(nil), "0x3.1x3.2x3"},
		{"no bytes", sched.Bytes(nil), "0x3.1x3.2x3"},
		{"zeros", sched.Bytes(make([]byte, 20)), "0x3.1x3.2x3"},
		{"at the first decision", sched.Sparse([]sched.Preemption{{}}), "1x3.0x3.2x3"},
		{"the second other one", sched.Sparse([]sched.Preemption{{To: 1}}), "2x3.0x3.1x3"},
		{"others are counted round", sched.Sparse([]sched.Preemption{{To: 2}}), "1x3.0x3.2x3"},
		{"after a gap", sched.Sparse([]sched.Preemption{{Gap: 2}}), "0x2.1x3.0x1.2x3"},
		{"twice", sched.Sparse([]sched.Preemption{{Gap: 2}, {Gap: 1, To: 1}}), "0x2.1x2.2x3.0x1.1x1"},
		{"a byte", sched.Bytes([]byte{0, 0, 1}), "0x2.1x3.0x1.2x3"},
		{"a byte past the end", sched.Bytes([]byte{0, 0, 3}), "0x2.1x3.0x1.2x3"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			if got := sched.Run(steps(3, 3), tt.st).Schedule.String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// Random and PCT come to every schedule of a small program, and another seed to others first.
func TestSeededStrategiesReachEverySchedule(t *testing.T) {
	tests := []struct {
		reason string
		make   func(seed uint64) sched.Strategy
	}{
		{"random", sched.Random},
		{"PCT, as deep as the program is long", func(seed uint64) sched.Strategy { return sched.PCT(seed, 6) }},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			first := func(seed uint64, runs int) []string {
				var got []string
				st := tt.make(seed)
				for range runs {
					got = append(got, sched.Run(steps(2, 3), st).Schedule.String())
				}
				return got
			}
			a := first(1, 2000)
			if slices.Equal(a[:20], first(2, 20)) || !slices.Equal(a[:20], first(1, 20)) {
				t.Error("the seed does not decide")
			}
			slices.Sort(a)
			if got := len(slices.Compact(a)); got != 20 {
				t.Errorf("%d different schedules in 2000 runs, want C(6,3) = 20", got)
			}
		})
	}
}

// A strategy that chooses nonsense ends the run.
func TestWrongChoices(t *testing.T) {
	for _, id := range []int{-5, 2, 1 << 30} {
		r := sched.Run(steps(2, 2), sched.Follow(sched.Schedule{{0, 1}, {id, 1}}))
		if !errors.Is(r.Err, sched.ErrDiverged) {
			t.Errorf("thread %d: %v", id, r.Err)
		}
	}
	if r := sched.Run(steps(2, 2), sched.Follow(sched.Schedule{{0, 3}})); !errors.Is(r.Err, sched.ErrDiverged) {
		t.Errorf("a thread that has ended: %v", r.Err)
	}
}

// The golden file is the same on every system: it is what determinism promises.
func TestTraceHashesAreTheSameEverywhere(t *testing.T) {
	var b strings.Builder
	all := strategies()
	all["freeze"] = func() sched.Strategy { return sched.Freeze(0, 2) }
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, p := range []sched.Program{lost, locked, inversion, steps(3, 4)} {
			st := all[name]()
			for range 120 {
				r := sched.Twice(p, st)
				if errors.Is(r.Err, sched.ErrInvalid) {
					break // no schedule left
				}
				fmt.Fprintf(&b, "%016x %s\n", r.Hash, r.Token())
			}
		}
	}
	golden(t, "hashes.txt", b.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got); d != "" {
		t.Errorf("%s: run with -update if this is meant (-want +got):\n%s", path, d)
	}
}

// The promise of PCT: one run of n threads and k decisions shows a bug of depth d with a probability of at least 1/(n k^(d-1)).
func TestPCTKeepsItsProbability(t *testing.T) {
	const runs = 4000
	tests := []struct {
		reason string
		p      sched.Program
		size
	}{
		{"each load before the other's store", lost, size{2, 4}},
		{"each first lock before the other's second", inversion, size{2, 14}},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			st := sched.PCT(7, 2)
			found := 0
			for range runs {
				if sched.Run(tt.p, st).Err != nil {
					found++
				}
			}
			if found*tt.threads*tt.decisions < runs {
				t.Errorf("found in %d of %d runs, promised 1 in %d", found, runs, tt.threads*tt.decisions)
			}
		})
	}
}

// size is that of a program: 1/(threads decisions) is the promise for depth 2.
type size struct{ threads, decisions int }
