// Museum shows that the court finds what it is there for: it builds production code with one known mistake at a time and lets the court hunt for it.
//
//	go run ./fuzz/museum
//
// Every mistake must be found in every seed, within the limit of schedules, by a detector that it names; otherwise the exit code is 1. Nothing on disk is edited.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
)

// What every bug is hunted with. Few schedules of each case find a mistake sooner: mistakes that any schedule shows hide in rare cases.
const (
	mostSchedules = 5000
	perCase       = 20
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("museum", flag.ContinueOnError)
	flags.SetOutput(errs)
	name := flags.String("bug", "", "only the bug of this name")
	seeds := flags.Int("seeds", 20, "how many seeds must each kill it")
	workers := flags.Int("workers", 2, "how many bugs are tried at the same time")
	list := flags.Bool("list", false, "say what the bugs are, and try none")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 || *seeds < 1 || *workers < 1 {
		fmt.Fprintln(errs, "museum: want flags only, and -seeds and -workers of 1 or more: see -help")
		return 2
	}
	all := bugs()
	if *name != "" {
		i := slices.IndexFunc(all, func(b Bug) bool { return b.Name == *name })
		if i < 0 {
			fmt.Fprintf(errs, "museum: -bug %.40q is none of those that -list shows\n", *name)
			return 2
		}
		all = all[i : i+1]
	}
	if *list {
		for _, b := range all {
			fmt.Fprintf(out, "%-20s %-4s %s\n", b.Name, b.Rule, b.Wrong)
		}
		return 0
	}
	w, err := newBench()
	if err != nil {
		fmt.Fprintln(errs, "museum:", err)
		return 1
	}
	defer os.RemoveAll(w.dir)
	return tour(w, all, *seeds, *workers, out, errs)
}

// tour tries all bugs and prints what came of each, in their order.
func tour(w bench, all []Bug, seeds, workers int, out, errs io.Writer) int {
	done := make([]chan struct{}, len(all))
	fates := make([]fate, len(all))
	failures := make([]error, len(all))
	next := make(chan int, len(all))
	for i := range all {
		done[i] = make(chan struct{})
		next <- i
	}
	close(next)
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			for i := range next {
				fates[i], failures[i] = w.try(all[i], seeds)
				close(done[i])
			}
		})
	}
	fmt.Fprintln(out, heading)
	survivors := 0
	for i, b := range all {
		<-done[i]
		fmt.Fprintln(out, fates[i].line(b, seeds))
		if err := errors.Join(failures[i], fates[i].wrong(b, seeds)); err != nil {
			survivors++
			fmt.Fprintf(errs, "museum: %s: %v\n", b.Name, err)
		}
	}
	working.Wait()
	if survivors > 0 {
		fmt.Fprintf(errs, "museum: %d of %d bugs were not killed as they must be\n", survivors, len(all))
		return 1
	}
	fmt.Fprintf(out, "%d bugs, each killed by each of %d seeds within %d schedules. One of them: go run ./fuzz/museum -bug %s\n", len(all), seeds, mostSchedules, all[0].Name)
	return 0
}
