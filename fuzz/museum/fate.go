package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An outcome is what court -json prints.
type outcome struct {
	Schedules   int
	Kind        string // "" if nothing failed
	Token       string
	Calls       int
	Preemptions int
	Fewest      bool
	Shrinking   time.Duration
	Same        bool
}

// A fate is what became of a bug.
type fate struct {
	kills    []outcome // one for each seed that killed it
	smallest outcome   // of the first seed
	took     time.Duration
}

// try builds the bug and lets each seed hunt for it.
func (w bench) try(b Bug, seeds int) (fate, error) {
	if b.Theme == "" {
		return w.race(b)
	}
	court, err := w.build(b, "CGO_ENABLED=0", "build", "./fuzz/court")
	if err != nil {
		return fate{}, err
	}
	var f fate
	for seed := 1; seed <= seeds; seed++ {
		args := []string{"-json", fmt.Sprintf("-shrink=%v", seed == 1), "-theme", b.Theme, "-seed", strconv.Itoa(seed), "-schedules", strconv.Itoa(mostSchedules), "-each", strconv.Itoa(perCase)}
		c := exec.Command(court, args...)
		var errs bytes.Buffer
		c.Stderr = &errs
		text, err := c.Output()
		var o outcome
		if err := errors.Join(err, json.Unmarshal(text, &o)); err != nil {
			return f, fmt.Errorf("court %s: %w\n%s", strings.Join(args, " "), err, errs.Bytes())
		}
		if seed == 1 {
			f.smallest = o
		}
		if o.Kind != "" {
			f.kills = append(f.kills, o)
		}
	}
	return f, nil
}

// raceLimit is how long the race detector may take to see a bug, and raceTests are what it watches.
const (
	raceLimit = 10 * time.Second
	raceTests = "^TestGoroutines$"
)

// race runs goroutines that share a kernel with the bug under the race detector, until it reports something.
func (w bench) race(b Bug) (fate, error) {
	tests, err := w.build(b, "CGO_ENABLED=1", "test", "-c", "-race", "./fuzz")
	if err != nil {
		return fate{}, err
	}
	began := time.Now()
	out, _ := exec.Command(tests, "-test.run", raceTests, "-test.failfast").CombinedOutput()
	f := fate{took: time.Since(began)}
	if bytes.Contains(out, []byte("DATA RACE")) {
		f.kills = []outcome{{Kind: raceDetector}}
	}
	return f, nil
}

const raceDetector = "race detector"

const heading = "bug                  rule theme    detector                        median  worst  seeds  smallest: calls, preemptions, seconds, same twice"

// line is a row of the table.
func (f fate) line(b Bug, seeds int) string {
	median, worst := f.schedules()
	text := fmt.Sprintf("%-20s %-4s %-8s %-30s %7d %6d %3d/%-3d", b.Name, b.Rule, cmp.Or(b.Theme, "-"), strings.Join(f.detectors(), ", "), median, worst, len(f.kills), seeds)
	if b.Theme == "" {
		return fmt.Sprintf("%-20s %-4s %-8s %-30s %s", b.Name, b.Rule, "-", strings.Join(f.detectors(), ", "), f.took.Round(10*time.Millisecond))
	}
	s := f.smallest
	fewest := "fewest"
	if !s.Fewest {
		fewest = "not proved fewest"
	}
	return fmt.Sprintf("%s %d, %d (%s), %.2f, %v", text, s.Calls, s.Preemptions, fewest, s.Shrinking.Seconds(), s.Same)
}

// detectors are those that came first, the most frequent one in front.
func (f fate) detectors() []string {
	count := map[string]int{}
	for _, o := range f.kills {
		count[o.Kind]++
	}
	var all []string
	for kind := range count {
		all = append(all, kind)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(count[b]-count[a], strings.Compare(a, b)) })
	return all
}

// schedules are how many it took: the median of the seeds, and the worst of them.
func (f fate) schedules() (median, worst int) {
	var all []int
	for _, o := range f.kills {
		all = append(all, o.Schedules)
	}
	if len(all) == 0 {
		return 0, 0
	}
	slices.Sort(all)
	return all[len(all)/2], all[len(all)-1]
}

// mostCalls is what a counterexample may have at most.
const mostCalls = 5

// wrong says what is not as it must be.
func (f fate) wrong(b Bug, seeds int) error {
	for _, kind := range f.detectors() {
		if !slices.Contains(b.Dies, kind) {
			return fmt.Errorf("killed by %q, which it does not name: %q", kind, b.Dies)
		}
	}
	switch s := f.smallest; {
	case b.Theme == "" && len(f.kills) == 0:
		return errors.New("the race detector reports nothing")
	case b.Theme == "" && f.took > raceLimit:
		return fmt.Errorf("the race detector took %v, more than %v", f.took, raceLimit)
	case b.Theme == "":
		return nil
	case len(f.kills) < seeds:
		return fmt.Errorf("killed by %d of %d seeds within %d schedules", len(f.kills), seeds, mostSchedules)
	case s.Calls > mostCalls || !s.Fewest || !s.Same:
		return fmt.Errorf("seed 1 shrinks to %d calls (at most %d), fewest preemptions %v, the same twice %v: %s", s.Calls, mostCalls, s.Fewest, s.Same, s.Token)
	}
	return nil
}
