// Mutate puts the tests of sim, sim/sched and toolhelp on trial: it makes small mistakes in the code, one at a time, and sees whether a test
// notices. Nothing on disk is edited: one build through go test -overlay holds all mistakes behind numbers, and each run turns on one.
//
//	LKD  a lock is not taken, and so not let go
//	LKS  a lock is let go and taken again between two statements
//	GEN  a node counts as young enough to be written in place
//	CPY  the original is used where a copy was made
//	SDL  a statement is gone
//
// It prints a score for each operator and the mutants that survived, and exits with 1 when a score is below its least, or when
// the list of equivalent mutants is out of date. A mutant that makes a test wait for ever counts as killed. A whole trial takes about an hour;
// -every 50 is a sample.
package main

import (
	"flag"
	"fmt"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// What is mutated, and whose tests try it after those of its own package.
var (
	mutated = []string{"./sim", "./sim/sched", "./toolhelp"}
	judges  = []string{"./fuzz"}
)

const listName = "fuzz/mutate/testdata/equivalent.txt"

// A choice is what the flags say.
type choice struct {
	rooms, ops, file, fn string
	every, jobs, run     int
	list                 bool
	slowest              time.Duration
	verbose              bool
}

func main() {
	var c choice
	flag.StringVar(&c.rooms, "pkg", "", "only these packages, such as sim,toolhelp")
	flag.StringVar(&c.ops, "op", "", "only these operators, such as LKD,LKS")
	flag.StringVar(&c.file, "file", "", "only this file, such as sim/list.go")
	flag.StringVar(&c.fn, "func", "", "only this function, such as Kernel.commit")
	flag.IntVar(&c.every, "every", 1, "only one mutant in so many")
	flag.IntVar(&c.jobs, "j", 2, "how many run at a time")
	flag.IntVar(&c.run, "run", 0, "run one mutant, by number, and show what the tests print")
	flag.BoolVar(&c.list, "list", false, "list the mutants with their numbers and run nothing")
	flag.DurationVar(&c.slowest, "slowest", time.Minute, "leave out tests that take longer without a mutant")
	flag.BoolVar(&c.verbose, "v", false, "tell of each mutant as it is tried")
	flag.Parse()
	ok, err := c.do(os.Stdout)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	case !ok:
		os.Exit(1)
	}
}

// do is the command. It reports whether the scores are good enough.
func (c choice) do(w io.Writer) (bool, error) {
	if c.every < 1 || c.jobs < 1 || flag.NArg() > 0 {
		return false, fmt.Errorf("-every and -j are at least 1, and there are no arguments but flags; see -help")
	}
	f := newFinder(token.NewFileSet())
	rooms, err := load(f.fset, ".", mutated...)
	if err != nil {
		return false, err
	}
	for _, r := range rooms {
		f.find(r)
	}
	text, err := os.ReadFile(filepath.FromSlash(listName))
	if err != nil {
		return false, fmt.Errorf("run it at the top of the module: %w", err)
	}
	list, err := excuses(listName, string(text))
	if err != nil {
		return false, err
	}
	listed, rot := match(list, f.mutants)
	chosen := c.chosen(f.mutants)
	if len(chosen) == 0 {
		return false, fmt.Errorf("no mutant is chosen of %d; see -list", len(f.mutants))
	}
	if c.list {
		for _, m := range chosen {
			fmt.Fprintln(w, m)
		}
		fmt.Fprintf(w, "%d mutants\n", len(chosen))
		return true, nil
	}
	return c.try(w, rooms, f, chosen, listed, rot)
}

// chosen are the mutants that the flags leave, by place.
func (c choice) chosen(mutants []mutant) []mutant {
	var found []mutant
	for _, m := range mutants {
		if (c.run == 0 || m.number == c.run) && among(c.ops, string(m.op)) && among(c.rooms, filepath.ToSlash(filepath.Dir(m.file))) &&
			(c.file == "" || c.file == m.file) && (c.fn == "" || c.fn == m.fn) {
			found = append(found, m)
		}
	}
	byPlace(found)
	var sample []mutant
	for i, m := range found {
		if i%c.every == c.every/2 {
			sample = append(sample, m)
		}
	}
	return sample
}

// among says whether word stands in a list with commas; everything stands in an empty one.
func among(list, word string) bool {
	return list == "" || slices.Contains(strings.Split(list, ","), word)
}

// try builds, runs and prints.
func (c choice) try(w io.Writer, rooms []*room, f *finder, chosen []mutant, listed map[int]excuse, rot []string) (bool, error) {
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	t := &trial{dir: dir, jobs: c.jobs, slowest: c.slowest, progress: io.Discard}
	if c.verbose {
		t.progress = os.Stderr
	}
	over, err := overlay(dir, rooms, len(f.mutants))
	if err != nil {
		return false, err
	}
	locks := slices.ContainsFunc(chosen, func(m mutant) bool { return m.op == removeLock || m.op == splitSection })
	if err := t.build(over, ".", append(slices.Clone(mutated), judges...), locks); err != nil {
		return false, err
	}
	began := time.Now()
	if err := t.survey(); err != nil {
		return false, err
	}
	fmt.Fprintf(os.Stderr, "%d mutants, tests timed in %v\n", len(chosen), time.Since(began).Round(time.Second))
	for _, l := range t.left {
		fmt.Fprintln(os.Stderr, "left out:", l)
	}
	verdicts := t.verdicts(chosen)
	if c.run > 0 {
		for _, v := range verdicts {
			fmt.Fprintf(w, "%s\n%v\nkilled: %v %s\n", v.last.output, v.mutant, v.killed, v.by)
		}
		return true, nil
	}
	a := settle(verdicts, listed, rot)
	a.print(w)
	for reason, n := range f.skipped {
		fmt.Fprintf(w, "%d statements can't be deleted: %s\n", n, reason)
	}
	return a.good(), nil
}
