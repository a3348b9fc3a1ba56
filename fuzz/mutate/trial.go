package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A probe is one test, timed with no mutant on.
type probe struct {
	name   string
	binary *binary
	took   time.Duration
}

// A trial runs mutants against tests.
type trial struct {
	dir      string // for what the runs write
	jobs     int
	slowest  time.Duration // tests that take longer are left out
	progress io.Writer
	plain    []*binary
	race     []*binary       // in the order of plain; empty when no mutant needs them
	reach    map[int][]probe // by mutant: the tests that come by it, quick ones first
	left     []string        // tests that were left out, and why
}

// A verdict is what became of a mutant.
type verdict struct {
	mutant
	killed  bool
	by      string
	reached bool // some test comes by it
	last    run
}

// build makes the test binaries of those packages, all of them again with the race detector if there are locks to be tried.
func (t *trial) build(over, dir string, patterns []string, locks bool) error {
	packages, err := list(dir, patterns)
	if err != nil {
		return err
	}
	for _, p := range packages {
		if p.DepOnly {
			continue
		}
		name := filepath.Join(t.dir, fmt.Sprintf("%s%d.test", p.Name, len(t.plain)))
		b, err := build(over, p.Dir, p.ImportPath, name, false)
		if err != nil {
			return err
		}
		t.plain = append(t.plain, b)
		if !locks {
			continue
		}
		if b, err = build(over, p.Dir, p.ImportPath, name+".race", true); err != nil {
			return err
		}
		t.race = append(t.race, b)
	}
	return nil
}

// survey runs every test by itself and notes what it comes by.
func (t *trial) survey() error {
	t.reach = map[int][]probe{}
	type job struct {
		b    *binary
		name string
	}
	var all []job
	for _, b := range t.plain {
		names, err := b.tests()
		if err != nil {
			return err
		}
		for _, name := range names {
			all = append(all, job{b, name})
		}
	}
	var mu sync.Mutex
	var failed error
	t.each(len(all), func(i int) {
		b, name := all[i].b, all[i].name
		path := filepath.Join(t.dir, fmt.Sprintf("reach%d", i))
		r := b.execute([]string{name}, 0, path, t.slowest)
		came, err := reached(path)
		os.Remove(path)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil:
			failed = err
		case r.took >= t.slowest:
			t.left = append(t.left, fmt.Sprintf("%s %s: takes longer than -slowest", b, name))
		case !r.passed:
			t.left = append(t.left, fmt.Sprintf("%s %s: fails without a mutant: %s", b, name, r.why))
		default:
			for _, n := range came {
				t.reach[n] = append(t.reach[n], probe{name, b, r.took})
			}
		}
	})
	for _, probes := range t.reach {
		slices.SortFunc(probes, func(a, b probe) int { return cmp.Or(cmp.Compare(a.took, b.took), cmp.Compare(a.name, b.name)) })
	}
	slices.Sort(t.left)
	return failed
}

// each calls f for 0 to n-1, as many at a time as there are jobs.
func (t *trial) each(n int, f func(int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range t.jobs {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wait.Wait()
}

// verdicts tries all mutants.
func (t *trial) verdicts(mutants []mutant) []verdict {
	found := make([]verdict, len(mutants))
	var done atomic.Int64
	t.each(len(mutants), func(i int) {
		found[i] = t.try(mutants[i])
		word := "killed by " + found[i].by
		if !found[i].killed {
			word = "SURVIVED"
		}
		fmt.Fprintf(t.progress, "%d/%d %v: %s\n", done.Add(1), len(mutants), mutants[i], word)
	})
	return found
}

// The tests of a mutant run in batches of about that time in all, so that most mutants die without the slow ones having started.
var batches = []time.Duration{100 * time.Millisecond, 2 * time.Second, time.Hour}

// try runs the tests that come by a mutant until one fails: first without the race detector; then, for locks, with it.
func (t *trial) try(m mutant) verdict {
	v := verdict{mutant: m, reached: len(t.reach[m.number]) > 0}
	v.killed = t.batched(&v, t.plain, 1)
	if !v.killed && (m.op == removeLock || m.op == splitSection) {
		v.killed = t.batched(&v, t.race, 15)
	}
	return v
}

// batched runs the tests of those binaries, which take about slower times as long as when they were timed.
func (t *trial) batched(v *verdict, binaries []*binary, slower time.Duration) bool {
	probes := t.reach[v.number]
	var sum time.Duration
	for _, most := range batches {
		n := 0
		for n < len(probes) && (sum < most) {
			sum += probes[n].took
			n++
		}
		for i, b := range binaries {
			var names []string
			var usual time.Duration
			for _, p := range probes[:n] {
				if p.binary == t.plain[i] {
					names, usual = append(names, p.name), usual+p.took
				}
			}
			if len(names) == 0 {
				continue
			}
			v.last = b.execute(names, v.number, "", 10*slower*usual+5*time.Second)
			if !v.last.passed {
				v.by = fmt.Sprintf("%s: %s", b, v.last.why)
				return true
			}
		}
		probes = probes[n:]
	}
	return false
}
