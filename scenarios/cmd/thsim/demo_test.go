package main

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/scenarios"
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

var errNoRoom = errors.New("no room is left")

func bootWorld(t *testing.T, name string) *sim.Kernel {
	t.Helper()
	w, err := scenarios.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	k, err := w.Boot()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newShow(t *testing.T, world string, changes int) *show {
	return &show{kernel: bootWorld(t, world), mutators: 4, changes: changes, seed: 1, shoot: shoot, progress: func(string, uint64, uint64) {}}
}

// TestShow: every snapshot is one consistent cut, whatever the world and however many change it.
func TestShow(t *testing.T) {
	for _, world := range scenarios.Names() {
		for _, mutators := range []int{1, 4} {
			s := newShow(t, world, 2000)
			s.mutators = mutators
			o, err := s.run(context.Background())
			if err != nil {
				t.Fatalf("%s: %v", world, err)
			}
			if len(o.inconsistent) > 0 {
				t.Errorf("%s, %d mutators: %d inconsistent snapshots, the first: %v", world, mutators, len(o.inconsistent), o.inconsistent[0])
			}
			if o.changes != 2000 || s.kernel.Version() != 2001 || o.snapshots == 0 || o.walked == 0 || o.samples == 0 || o.again == 0 {
				t.Errorf("%s, %d mutators: %d changes to version %d, %d snapshots, %d entries, %d samples, %d walked again: nothing was shown",
					world, mutators, o.changes, s.kernel.Version(), o.snapshots, o.walked, o.samples, o.again)
			}
		}
	}
}

// TestEveryVerbIsPlayed: the lists are changed in all the ways there are.
func TestEveryVerbIsPlayed(t *testing.T) {
	k := bootWorld(t, "small")
	c, err := newCast()
	if err != nil {
		t.Fatal(err)
	}
	m := newMutators(1, 1, k, k.State(), c)[0]
	if err := m.run(context.Background(), 20_000); err != nil {
		t.Fatal(err)
	}
	var played [verbs]int
	for _, c := range m.changes {
		played[c.what]++
	}
	for w, n := range played {
		if n == 0 {
			t.Errorf("no %v in 20000 changes", what(w))
		}
	}
	if n := k.State().ProcessCount(); n < 10 || n > 25 {
		t.Errorf("%d processes are left of 17", n)
	}
}

// A tear makes one picture of two snapshots, which another mutator's change has come between.
func tear(join func(older, newer picture) picture) func(*sim.Kernel, uint32, sim.PID) (picture, error) {
	return func(k *sim.Kernel, flags uint32, pid sim.PID) (picture, error) {
		older, err := shoot(k, flags, pid)
		if err != nil {
			return picture{}, err
		}
		for range 1000 {
			if k.Version() > older.version {
				break
			}
			runtime.Gosched()
		}
		newer, err := shoot(k, flags, pid)
		if err != nil {
			return picture{}, err
		}
		return join(older, newer), nil
	}
}

// TestChecksCanFail: each torn picture is found out, and the command says so with exit status 1.
func TestChecksCanFail(t *testing.T) {
	tests := []struct {
		reason string
		shoot  func(*sim.Kernel, uint32, sim.PID) (picture, error)
		want   string
	}{
		{"processes and threads of two versions", tear(func(older, newer picture) picture {
			older.threads = newer.threads
			return older
		}), "thread"},
		{"modules and heaps of a later version", tear(func(older, newer picture) picture {
			older.modules, older.heaps = newer.modules, newer.heaps
			return older
		}), "modules"},
		{"a good picture under the wrong version", tear(func(older, newer picture) picture {
			newer.version = older.version
			return newer
		}), "snapshot of version"},
		{"a version that never was", func(k *sim.Kernel, flags uint32, pid sim.PID) (picture, error) {
			p, err := shoot(k, flags, pid)
			p.version += 1_000_000
			return p, err
		}, "which the kernel never had"},
		{"time runs backwards", func() func(*sim.Kernel, uint32, sim.PID) (picture, error) {
			var first *picture
			return func(k *sim.Kernel, flags uint32, pid sim.PID) (picture, error) {
				p, err := shoot(k, toolhelp.TH32CS_SNAPPROCESS|toolhelp.TH32CS_SNAPTHREAD, 0)
				if first == nil {
					first = &p
					return p, err
				}
				if p.version > first.version+500 {
					return *first, nil
				}
				return p, err
			}
		}(), "it was taken after one of version"},
		{"a picture that goes on living", func(k *sim.Kernel, flags uint32, pid sim.PID) (picture, error) {
			p, err := shoot(k, toolhelp.TH32CS_SNAPPROCESS|toolhelp.TH32CS_SNAPTHREAD, 0)
			p.processes = func(yield func(sim.Process) bool) { k.State().Processes()(yield) }
			p.threads = func(yield func(sim.Thread) bool) { k.State().Threads()(yield) }
			return p, err
		}, ""},
		{"an entry is left out", func(k *sim.Kernel, flags uint32, pid sim.PID) (picture, error) {
			p, err := shoot(k, flags, pid)
			p.threads = butFirst(p.threads)
			return p, err
		}, "threads more"},
		{"an entry comes twice", func(k *sim.Kernel, flags uint32, pid sim.PID) (picture, error) {
			p, err := shoot(k, flags, pid)
			p.processes = twice(p.processes)
			return p, err
		}, "while another process or thread has its id"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			s := newShow(t, "small", 8000)
			s.shoot = tt.shoot
			o, err := s.run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(o.inconsistent, func(err error) bool { return strings.Contains(err.Error(), tt.want) }) {
				t.Fatalf("%d of %d pictures were found inconsistent, none for %q: %v", len(o.inconsistent), o.snapshots, tt.want, o.inconsistent)
			}
			var out bytes.Buffer
			err = o.report(&out)
			if status(err) != 1 || !strings.Contains(out.String(), "INCONSISTENT: ") {
				t.Errorf("report: exit status %d, %v\n%s", status(err), err, out.String())
			}
		})
	}
}

func butFirst[T any](list iter.Seq[T]) iter.Seq[T] {
	return func(yield func(T) bool) {
		n := 0
		for x := range list {
			if n++; n > 1 && !yield(x) {
				return
			}
		}
	}
}

func twice[T any](list iter.Seq[T]) iter.Seq[T] {
	return func(yield func(T) bool) {
		for x := range list {
			for range 2 {
				if !yield(x) {
					return
				}
			}
		}
	}
}

// TestNotesThatDoNotAddUp: changes that nobody wrote down, and changes that were never made, end the show.
func TestNotesThatDoNotAddUp(t *testing.T) {
	k := bootWorld(t, "small")
	c, err := newCast()
	if err != nil {
		t.Fatal(err)
	}
	first := k.State()
	m := newMutators(1, 1, k, first, c)[0]
	if err := m.run(context.Background(), 100); err != nil {
		t.Fatal(err)
	}
	last := k.Version()
	edited := func(edit func(log []change) [][]change) [][]change { return edit(slices.Clone(m.changes)) }
	tests := []struct {
		reason string
		logs   [][]change
		to     sim.Version
		want   string
	}{
		{"true notes", edited(func(log []change) [][]change { return [][]change{log} }), last, ""},
		{"a version that nobody made", edited(func(log []change) [][]change { return [][]change{slices.Delete(log, 50, 51)} }), last, "nobody made version"},
		{"a version that two made", edited(func(log []change) [][]change { return [][]change{log, {log[50]}} }), last, "was made twice"},
		{"a version beyond the last", edited(func(log []change) [][]change { return [][]change{log} }), last - 1, "is beyond version"},
		{"a process that there was not", edited(func(log []change) [][]change {
			log[50] = change{version: log[50].version, what: terminateProcess, pid: 999_996}
			return [][]change{log}
		}), last, "has no such process"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			plain, err := newModel(first, c)
			if err != nil {
				t.Fatal(err)
			}
			_, err = replay(plain, first.Version(), tt.to, tt.logs, nil, func(sim.Version) {})
			if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, errGap) || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("replay: %v, want %q", err, tt.want)
			}
		})
	}
}

// TestInterrupted: what is known so far is shown, and the exit status is 130.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	if got := run(ctx, []string{"demo", "--world", "small", "--for", "1000000"}, &stdout, &stderr); got != 130 {
		t.Errorf("exit status %d, want 130: %s", got, stderr.String())
	}
	if !strings.Contains(stdout.String(), "inconsistent") {
		t.Errorf("no table is shown:\n%s", stdout.String())
	}
}

// TestDemoCommand: the tables are there, the seed is said, and nothing is inconsistent.
func TestDemoCommand(t *testing.T) {
	stdout, stderr, status := thsim(t, "demo", "--world", "small", "--for", "3000", "--seed", "42", "--mutators", "3")
	if status != 0 {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	for _, want := range []string{"World small: 17 processes with 86 threads, 3 mutators, seed 42.", "changes made", "3000", "snapshots taken", "entries walked",
		"LIVE WALKS", "MISSED  REPEATED  STRANGER  FAULTED  ENDLESS", "freed memory unmapped", "nodes copied", "nodes shared"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the result has no %q:\n%s", want, stdout)
		}
	}
	if !strings.Contains(stderr, "next: thsim ") {
		t.Errorf("standard error is %q, want a next command", stderr)
	}
}
