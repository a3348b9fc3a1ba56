package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A show is the main job: a kernel whose lists are changed, photographed and walked live at the same time.
type show struct {
	kernel   *sim.Kernel
	mutators int
	changes  int
	seed     uint64
	shoot    func(k *sim.Kernel, flags uint32, pid sim.PID) (picture, error) // shoot, but for tests of the checks
	progress func(stage string, done, of uint64)                             // called from one goroutine at a time
}

// An outcome is what a show has shown.
type outcome struct {
	changes      uint64
	snapshots    uint64
	refused      uint64
	walked       uint64 // entries of snapshots
	again        uint64
	samples      int
	inconsistent []error
	live         [3]tally
	liveEntries  uint64
	examples     [fates]string
	counters     sim.Counters // of the show alone
	sharing      sim.Sharing  // of the last sample and the end
	apart        sim.Version  // changes between the two
	interrupted  bool
}

// run plays the show. An error means that there was no show, or that the notes of the mutators are no truth to compare with. When ctx is
// done early the show is judged by what happened so far.
func (s *show) run(ctx context.Context) (*outcome, error) {
	c, err := newCast()
	if err != nil {
		return nil, err
	}
	first := s.kernel.State()
	plain, err := newModel(first, c)
	if err != nil {
		return nil, err
	}
	before := s.kernel.Counters()
	mutators := newMutators(s.mutators, s.seed, s.kernel, first, c)
	var busy []*atomic.Uint32
	for _, m := range mutators {
		busy = append(busy, m.busy)
	}
	taker := newTaker(s.kernel, s.seed, busy, s.changes)
	taker.shoot = s.shoot
	live := &liveWalker{k: s.kernel, rng: rand.New(rand.NewPCG(s.seed, 2<<32)), done: mutators[0].done, busy: busy}
	if err := s.play(ctx, mutators, taker, live); err != nil {
		return nil, err
	}
	o := &outcome{changes: mutators[0].done.Load(), snapshots: taker.taken, refused: taker.refused, walked: taker.walker.walked, again: taker.again,
		samples: len(taker.samples), inconsistent: taker.wrong, live: live.tallies, liveEntries: live.entries, examples: live.examples,
		interrupted: ctx.Err() != nil}
	last := s.kernel.State()
	o.measure(s.kernel, before, taker.samples, last)
	logs := make([][]change, len(mutators))
	for i, m := range mutators {
		logs[i] = m.changes
	}
	wrong, err := replay(plain, first.Version(), last.Version(), logs, taker.samples, func(v sim.Version) {
		s.progress("comparing with the changes as they were written down", uint64(v-first.Version()), uint64(last.Version()-first.Version()))
	})
	o.inconsistent = append(o.inconsistent, wrong...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFailed, err)
	}
	return o, nil
}

// play lets everybody loose until the mutators have made their changes.
func (s *show) play(ctx context.Context, mutators []*mutator, taker *taker, live *liveWalker) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	live.pause = func() { live.await(watching) }
	var changing, looking sync.WaitGroup
	looking.Go(func() { taker.run(watching) })
	looking.Go(func() { live.run(watching) })
	errs := make([]error, len(mutators))
	for i, m := range mutators {
		quota := s.changes / len(mutators)
		if i < s.changes%len(mutators) {
			quota++
		}
		changing.Go(func() { errs[i] = m.run(ctx, quota) })
	}
	finished := make(chan struct{})
	go func() {
		changing.Wait()
		close(finished)
	}()
	s.watch(finished, mutators[0].done, &taker.count)
	stop()
	looking.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// measure tells what copy on write has cost and what two snapshots share.
func (o *outcome) measure(k *sim.Kernel, before sim.Counters, samples []sample, last *sim.State) {
	o.counters = k.Counters()
	o.counters.States -= before.States
	o.counters.NodesMade -= before.NodesMade
	o.counters.NodesCopied -= before.NodesCopied
	o.counters.BytesCopied -= before.BytesCopied
	for i := len(samples) - 1; i >= 0; i-- {
		if state := samples[i].picture.state; state != nil && state.Version() < last.Version() {
			o.sharing, o.apart = sim.Shared(state, last), last.Version()-state.Version()
			return
		}
	}
}
