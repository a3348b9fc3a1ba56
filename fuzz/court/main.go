// Court explores interleavings of drawn cases and says which of them break a promise.
//
//	go run ./fuzz/court -schedules 5000000
//
// The work is split by the number of the case, not by time: the same flags find the same. A failure is shrunk, explained, and told with a token,
// which -replay takes.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// An order is what the flags ask for.
type order struct {
	theme     string
	seed      uint64
	schedules int
	each      int
	workers   int
	replay    string
	json      bool
	shrink    bool
}

func run(args []string, out, errs io.Writer) int {
	var o order
	flags := flag.NewFlagSet("court", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&o.theme, "theme", "all", "what the cases are about: all, or one of "+strings.Join(themeNames(), ", "))
	flags.Uint64Var(&o.seed, "seed", 1, "the cases drawn")
	flags.IntVar(&o.schedules, "schedules", 100_000, "how many interleavings to explore, of all themes together")
	flags.IntVar(&o.each, "each", 1000, "how many of each case")
	flags.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "how many explorers at the same time")
	flags.StringVar(&o.replay, "replay", "", "repeat the run of this token")
	flags.BoolVar(&o.json, "json", false, "one theme on one worker, and the outcome as JSON, for programs")
	flags.BoolVar(&o.shrink, "shrink", true, "with -json: shrink what fails, twice")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	themes, err := o.check(flags.Args())
	if err != nil {
		fmt.Fprintln(errs, "court:", err)
		return 2
	}
	debug.SetGCPercent(800) // runs make little garbage, but often
	switch {
	case o.replay != "":
		return replay(o.replay, out, errs)
	case o.json:
		return asJSON(o, themes[0], out)
	}
	return explore(o, themes, out)
}

func themeNames() (names []string) {
	for _, t := range fuzz.CaseThemes() {
		names = append(names, t.Name)
	}
	return names
}

// check says what can't be asked for.
func (o order) check(rest []string) ([]fuzz.Theme, error) {
	theme, ok := fuzz.CaseTheme(o.theme)
	switch {
	case len(rest) > 0:
		return nil, fmt.Errorf("%q is no flag: see -help", rest[0])
	case o.schedules < 1 || o.each < 1 || o.workers < 1:
		return nil, fmt.Errorf("-schedules %d, -each %d and -workers %d must be 1 or more", o.schedules, o.each, o.workers)
	case ok:
		return []fuzz.Theme{theme}, nil
	case o.theme != "all":
		return nil, fmt.Errorf("-theme %.40q is none of all, %s", o.theme, strings.Join(themeNames(), ", "))
	case o.json:
		return nil, fmt.Errorf("-json wants one -theme")
	}
	return fuzz.CaseThemes(), nil
}

// explore hunts on each theme in turn, with all workers.
func explore(o order, themes []fuzz.Theme, out io.Writer) int {
	fmt.Fprintf(out, "%-10s %10s %12s %14s %16s\n", "theme", "cases", "schedules", "points", "per second, core")
	var sum fuzz.Bag
	start := time.Now()
	for _, theme := range themes {
		began := time.Now()
		bags := make([]fuzz.Bag, o.workers)
		var all sync.WaitGroup
		for w := range bags {
			all.Go(func() {
				bags[w] = fuzz.Hunt{Theme: theme, Seed: o.seed, Schedules: o.each}.Cases(w, o.workers, max(1, o.schedules/len(themes)/o.workers))
			})
		}
		all.Wait()
		var total fuzz.Bag
		for _, b := range bags {
			total.Cases, total.Schedules, total.Steps = total.Cases+b.Cases, total.Schedules+b.Schedules, total.Steps+b.Steps
			if total.Failure.Err == nil {
				total.Case, total.Failure = b.Case, b.Failure
			}
		}
		line(out, theme.Name, total, time.Since(began), o.workers)
		if total.Failure.Err != nil {
			fmt.Fprintf(out, "\n%v\n", fuzz.Shrink(total.Case, total.Failure))
			fmt.Fprintf(out, "As it was found: %s\n", total.Failure.Token())
			return 1
		}
		sum.Cases, sum.Schedules, sum.Steps = sum.Cases+total.Cases, sum.Schedules+total.Schedules, sum.Steps+total.Steps
	}
	line(out, "all", sum, time.Since(start), o.workers)
	return 0
}

func line(out io.Writer, name string, b fuzz.Bag, took time.Duration, workers int) {
	fmt.Fprintf(out, "%-10s %10d %12d %14d %16.0f\n", name, b.Cases, b.Schedules, b.Steps, float64(b.Schedules)/took.Seconds()/float64(workers))
}

// replay repeats the run of a token and explains it if it fails.
func replay(token string, out, errs io.Writer) int {
	name := strings.TrimPrefix(token, "sched1:")
	name, _, _ = strings.Cut(name, ":")
	c, err := fuzz.CaseNamed(name)
	if err != nil {
		fmt.Fprintln(errs, "court:", err)
		return 2
	}
	r, err := sched.Replay(token, c.Program())
	if err != nil {
		fmt.Fprintln(errs, "court:", err)
		return 2
	}
	if r.Err == nil {
		fmt.Fprintf(out, "%s: %d decisions, trace %016x, no promise broken\n", name, r.Steps, r.Hash)
		return 0
	}
	fmt.Fprintln(out, fuzz.Shrink(c, r))
	return 1
}

// An Outcome is what -json prints.
type Outcome struct {
	Schedules   int    // explored; of the failing case up to the failure
	Kind        string // of failure, "" if there was none
	Token       string
	Calls       int // of the counterexample
	Preemptions int
	Fewest      bool
	Shrunk      string // its token
	Shrinking   time.Duration
	Same        bool // shrinking twice gave the same
}

func asJSON(o order, theme fuzz.Theme, out io.Writer) int {
	b := fuzz.Hunt{Theme: theme, Seed: o.seed, Schedules: o.each}.Cases(0, 1, o.schedules)
	result := Outcome{Schedules: b.Schedules}
	if b.Failure.Err != nil {
		result.Kind, result.Token = fuzz.KindOf(b.Failure.Err).Error(), b.Failure.Token()
	}
	if b.Failure.Err != nil && o.shrink {
		began := time.Now()
		x := fuzz.Shrink(b.Case, b.Failure)
		result.Shrinking = time.Since(began)
		result.Calls, result.Preemptions, result.Fewest, result.Shrunk = x.Calls, x.Preemptions, x.Fewest, x.Run.Token()
		result.Same = fuzz.Shrink(b.Case, b.Failure).Run.Token() == result.Shrunk
	}
	text, err := json.Marshal(result)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(out, "%s\n", text)
	return 0
}
