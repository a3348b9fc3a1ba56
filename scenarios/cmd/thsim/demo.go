package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
)

// Limits of the flags of demo.
const (
	mostMutators = 256
	mostChanges  = 100_000_000
)

func newDemo() *cobra.Command {
	var (
		where    choice
		mutators int
		changes  int
		seed     uint64
	)
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Snapshots hold still while live walks go astray",
		Long: `Boot a world and let mutators change its lists: processes, threads, modules, heaps and heap blocks. All the while snapshots are
taken and every one of them is walked and checked: it must not contradict itself, and walking it again later must show the same. Some are
compared in the end with the changes as the mutators wrote them down, done again one by one on plain maps: each snapshot must hold the changes up
to its version and no other. Beside them live lists are walked without a snapshot, and what becomes of those walks is counted.

The exit status is 1 if any snapshot was inconsistent. The seed fixes what each mutator tries; how they interleave is up to the machine.`,
		Example: `  thsim demo
  thsim demo --world small --for 20000 --seed 7
  thsim demo --host --mutators 4 --for 1000000`,
		Args:        cobra.NoArgs,
		Annotations: then("thsim demo --host --for 1000000"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case mutators < 1 || mutators > mostMutators:
				return fmt.Errorf("--mutators: found %d, expected a number from 1 to %d", mutators, mostMutators)
			case changes < 1 || changes > mostChanges:
				return fmt.Errorf("--for: found %d, expected a number of changes from 1 to %d", changes, mostChanges)
			}
			if !cmd.Flags().Changed("seed") {
				seed = rand.Uint64N(1e9)
			}
			k, name, err := where.boot()
			if err != nil {
				return err
			}
			bar := newProgress(cmd.ErrOrStderr())
			s := &show{kernel: k, mutators: mutators, changes: changes, seed: seed, shoot: shoot, progress: bar.show}
			first := k.State()
			o, err := s.run(cmd.Context())
			bar.clear()
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "World %s: %d processes with %d threads, %d mutators, seed %d.\n\n", safe(name), first.ProcessCount(), first.ThreadCount(), mutators, seed)
			return o.report(cmd.OutOrStdout())
		},
	}
	where.flags(cmd)
	cmd.Flags().IntVar(&mutators, "mutators", 4, "how many change the lists at the same time")
	cmd.Flags().IntVar(&changes, "for", 100_000, "how many `CHANGES` they make together")
	cmd.Flags().Uint64Var(&seed, "seed", 0, "what the mutators try; a random one when not given")
	return cmd
}

// watch shows progress until the mutators have finished.
func (s *show) watch(finished <-chan struct{}, done, taken *atomic.Uint64) {
	tick := time.NewTicker(redrawEach)
	defer tick.Stop()
	for {
		select {
		case <-finished:
			return
		case <-tick.C:
			s.progress(fmt.Sprintf("changing, with %d snapshots taken", taken.Load()), done.Load(), uint64(s.changes))
		}
	}
}

// report writes the tables and decides how it went.
func (o *outcome) report(w io.Writer) error {
	t := newTable("SNAPSHOTS", ">")
	t.row("changes made", o.changes)
	t.row("snapshots taken", o.snapshots)
	t.row("refused, the process having no modules or just ended", o.refused)
	t.row("entries walked", o.walked)
	t.row("walked again later", o.again)
	t.row("compared with the changes, done again", o.samples)
	t.row("inconsistent", len(o.inconsistent))
	if err := t.write(w); err != nil {
		return err
	}
	fmt.Fprintln(w)
	if err := o.liveTable().write(w); err != nil {
		return err
	}
	fmt.Fprintln(w)
	if err := o.costTable().write(w); err != nil {
		return err
	}
	if story := o.example(); story != "" {
		fmt.Fprintf(w, "\nOne of the walks that went astray, %s.\n", story)
	}
	for i, err := range o.inconsistent {
		if i == mostWrong {
			fmt.Fprintf(w, "... and %d more\n", len(o.inconsistent)-i)
			break
		}
		fmt.Fprintf(w, "\nINCONSISTENT: %s\n", safe(err.Error()))
	}
	switch {
	case len(o.inconsistent) > 0:
		return fmt.Errorf("%w: %d of %d snapshots were inconsistent", errFailed, len(o.inconsistent), o.snapshots)
	case o.interrupted:
		return errInterrupted
	}
	return nil
}

func (o *outcome) liveTable() *table {
	t := newTable("LIVE WALKS", ">WALKS", ">CLEAN", ">MISSED", ">REPEATED", ">STRANGER", ">FAULTED", ">ENDLESS")
	var sum tally
	add := func(name string, c tally) {
		t.row(name, c.walks, c.clean, c.fates[missed], c.fates[repeated], c.fates[stranger], c.fates[faulted], c.fates[endless])
	}
	for freed, c := range o.live {
		add("freed memory "+freedNames[freed], c)
		sum.walks += c.walks
		sum.clean += c.clean
		for f, n := range c.fates {
			sum.fates[f] += n
		}
	}
	add("all", sum)
	return t
}

func (o *outcome) costTable() *table {
	t := newTable("COPY ON WRITE", ">")
	t.row("versions that were frozen", o.counters.States)
	t.row("nodes copied because a snapshot had them", o.counters.NodesCopied)
	t.row("bytes copied", o.counters.BytesCopied)
	if o.apart > 0 {
		t.row(fmt.Sprintf("of the last snapshot kept, %d changes before the end: nodes shared with the end", o.apart), o.sharing.Nodes)
		t.row("nodes not shared", o.sharing.NodesOnlyA)
	}
	return t
}

// example is the story with the most history.
func (o *outcome) example() string {
	for _, f := range []fate{faulted, missed, stranger, endless, repeated} {
		if o.examples[f] != "" {
			return o.examples[f]
		}
	}
	return ""
}
