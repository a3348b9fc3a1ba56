package fuzz_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

const (
	writers       = 4
	readers       = 3
	callsOfWriter = 250
	keptByReader  = 40
)

// TestGoroutines lets real goroutines change a kernel and take states of it. Afterwards their calls, ordered by version, are
// replayed on the model: each must have been the only one of its version, each must have been right, and each state that
// was taken must be the model at its version, which makes it one cut. The states are read when taken and again at the end.
func TestGoroutines(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { manyGoroutines(t, seed) })
	}
}

func manyGoroutines(t *testing.T, seed uint64) {
	k := sim.New(sim.Config{Reuse: sim.Reuse(seed % 3)})
	m := fuzz.NewModel(k.State())
	events := make([][]fuzz.Event, writers)
	states := make([][]takenState, readers)
	var writing, reading sync.WaitGroup
	var done atomic.Bool
	for i := range writers {
		writing.Go(func() {
			var err error
			if events[i], err = write(k, rand.New(rand.NewPCG(seed, uint64(i)))); err != nil {
				t.Error(err)
			}
		})
	}
	for i := range readers {
		reading.Go(func() {
			var err error
			if states[i], err = read(k, &done); err != nil {
				t.Error(err)
			}
		})
	}
	writing.Wait()
	done.Store(true)
	reading.Wait()
	var all []fuzz.Event
	for _, e := range events {
		all = append(all, e...)
	}
	byVersion := map[sim.Version][]takenState{}
	for _, taken := range append(states, []takenState{{k.State(), fuzz.List(k.State())}}) {
		for _, s := range taken {
			byVersion[s.state.Version()] = append(byVersion[s.state.Version()], s)
		}
	}
	if err := fuzz.Replay(m, all, func(m *fuzz.Model) error { return sameAsModel(m, byVersion[m.Version]) }); err != nil {
		t.Fatal(err)
	}
	if m.Version != k.Version() {
		t.Errorf("the events make %d versions, the kernel counts %d", m.Version, k.Version())
	}
}

// takenState is a state with what it showed when it was taken.
type takenState struct {
	state *sim.State
	then  fuzz.Listing
}

func sameAsModel(m *fuzz.Model, states []takenState) error {
	for _, s := range states {
		if diff := fuzz.Compare(s.then, fuzz.List(s.state)); diff != "" {
			return fmt.Errorf("state %d changed after it was taken (-then +now):\n%s", m.Version, diff)
		}
		if diff := fuzz.Diff(m, s.state); diff != "" {
			return fmt.Errorf("state %d is not the cut that the calls make (-want +got):\n%s", m.Version, diff)
		}
	}
	return nil
}

// write makes calls about what it last saw; the others have often changed it meanwhile.
func write(k *sim.Kernel, r *rand.Rand) (events []fuzz.Event, err error) {
	var last sim.Version
	themes := fuzz.Themes()
	for i := range callsOfWriter {
		s := k.State()
		if s.Version() < last {
			return events, fmt.Errorf("a state of version %d was taken after a call had returned version %d", s.Version(), last)
		}
		c := fuzz.Draw(fuzz.NewModel(s), themes[i/20%len(themes)], r.IntN)
		if c.End == fuzz.Panics {
			c.End = fuzz.Fails // which version a panicking Update saw, nobody can say
		}
		e := fuzz.Event{Call: c, Result: fuzz.Do(k, c)}
		if e.Result.Version < s.Version() {
			return events, fmt.Errorf("%v\n-> %v\nthough version %d had been seen before", c, e.Result, s.Version())
		}
		last = e.Result.Version
		events = append(events, e)
	}
	return events, nil
}

// read takes states until the writers are done and keeps the last ones.
func read(k *sim.Kernel, done *atomic.Bool) (kept []takenState, err error) {
	var last sim.Version
	for !done.Load() || len(kept) == 0 {
		s := k.State()
		if s.Version() < last {
			return kept, fmt.Errorf("a state of version %d was taken after one of version %d", s.Version(), last)
		}
		last = s.Version()
		if err := fuzz.Check(s); err != nil {
			return kept, err
		}
		if len(kept) == keptByReader {
			kept = append(kept[:0], kept[1:]...)
		}
		kept = append(kept, takenState{s, fuzz.List(s)})
	}
	return kept, nil
}
