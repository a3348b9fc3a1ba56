package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"runtime"
	"sync/atomic"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A fate is what became of a live walk. One walk can have several.
type fate uint8

const (
	missed   fate = iota // passed over an object that was there the whole time
	repeated             // reported an object twice
	stranger             // reported something that is not of the list
	faulted              // read unmapped memory
	endless              // went in a circle, or on and on
	fates
)

var fateNames = [fates]string{"missed", "repeated", "stranger", "faulted", "endless"}

var freedNames = [...]string{sim.FreedReadable: "readable", sim.FreedReused: "reused", sim.FreedUnmapped: "unmapped"}

// tally counts live walks under one policy for freed memory.
type tally struct {
	walks, clean uint64
	fates        [fates]uint64
}

// A liveWalker walks live lists while others change them, the way code without snapshots does.
type liveWalker struct {
	k        *sim.Kernel
	rng      *rand.Rand
	done     *atomic.Uint64 // changes so far
	busy     []*atomic.Uint32
	tallies  [3]tally // by sim.Freed
	examples [fates]string
	entries  uint64
	begun    int
	pause    func() // between two steps; a test may change the kernel in it
}

const (
	// patience is how many entries more than it began with a list may show before a walk counts as endless.
	patience = 1000
	// A batch of walks is under way at once, most of them of short lists, which are begun anew until the long ones are done. Then all are
	// closed: while any walk is open the kernel keeps the history of freed addresses.
	batch, longOnes = 16, 4
)

func (w *liveWalker) run(ctx context.Context) {
	for ctx.Err() == nil {
		w.batch(ctx)
	}
}

func (w *liveWalker) batch(ctx context.Context) {
	trips := make([]*trip, batch)
	for i := range trips {
		trips[i] = w.set(i < longOnes)
	}
	for {
		under, long := 0, 0
		for i, t := range trips {
			if t == nil {
				continue
			}
			if under++; i < longOnes {
				long++
			}
			if w.step(t) {
				w.judge(t)
				trips[i] = nil
				if i >= longOnes && long > 0 {
					trips[i] = w.set(false)
				}
			}
		}
		if w.pause(); under == 0 || ctx.Err() != nil {
			break
		}
	}
	for _, t := range trips { // cut short by the end: not counted
		if t != nil {
			t.live.Close()
		}
	}
}

// await gives the mutators time for a few changes.
func (w *liveWalker) await(ctx context.Context) {
	for until := w.done.Load() + uint64(w.rng.IntN(4)); w.done.Load() < until && ctx.Err() == nil; {
		runtime.Gosched()
	}
}

// A trip is one live walk and what it reported.
type trip struct {
	live    *sim.Walker
	kind    sim.Kind
	pid     sim.PID
	freed   sim.Freed
	entries []sim.Entry
	most    int
	err     error
	before  *sim.State
	after   *sim.State
}

// set begins a walk of the process list or of a list of a process that is being changed; nil when that has just ended.
func (w *liveWalker) set(long bool) *trip {
	t := &trip{kind: sim.KindProcess, freed: sim.Freed(w.begun % len(w.tallies)), before: w.k.State()}
	w.begun++
	t.live = w.k.WalkProcesses(t.freed)
	if !long {
		t.live.Close()
		t.pid = sim.PID(w.busy[w.rng.IntN(len(w.busy))].Load())
		var err error
		switch t.kind = sim.KindThread + sim.Kind(w.rng.IntN(int(sim.KindHead-sim.KindThread))); t.kind {
		case sim.KindThread:
			t.live, err = w.k.WalkThreads(t.pid, t.freed)
		case sim.KindModule:
			t.live, err = w.k.WalkModules(t.pid, t.freed)
		default:
			t.live, err = w.k.WalkHeaps(t.pid, t.freed)
		}
		if err != nil {
			return nil
		}
	}
	for range t.list(t.before) {
		t.most++
	}
	t.most += patience
	return t
}

// step reads one entry and says whether the walk is over.
func (w *liveWalker) step(t *trip) bool {
	var e sim.Entry
	if e, t.err = t.live.Next(); t.err == nil {
		w.entries++
		t.entries = append(t.entries, e)
		if len(t.entries) <= t.most {
			return false
		}
		t.err = sim.ErrEndless
	}
	t.live.Close()
	t.after = w.k.State()
	return true
}

// judge counts a finished walk.
func (w *liveWalker) judge(t *trip) {
	var met [fates]string
	seen := map[object]int{}
	for i, e := range t.entries {
		o := object{e.Kind, e.Identity}
		if e.Stranger && met[stranger] == "" {
			met[stranger] = fmt.Sprintf("entry %d is %s %s of process %d at %#x, which is not of the list", i+1, e.Kind, number(e.Kind, e.ID), e.Owner, uint64(e.Address))
		}
		if seen[o] > 0 && met[repeated] == "" {
			met[repeated] = fmt.Sprintf("entry %d is %s %s at %#x, which was entry %d already", i+1, e.Kind, number(e.Kind, e.ID), uint64(e.Address), seen[o])
		}
		seen[o] = i + 1
	}
	var violation *sim.AccessViolation
	switch {
	case errors.As(t.err, &violation):
		met[faulted] = violation.Error()
	case errors.Is(t.err, sim.ErrEndless):
		met[endless] = fmt.Sprintf("after %d entries it had not come back to the head of the list", len(t.entries))
	case errors.Is(t.err, io.EOF):
		met[missed] = t.passedOver()
	}
	w.count(t, met)
}

// object names what a walk reported.
type object struct {
	kind     sim.Kind
	identity uint64
}

// passedOver says what stood in the list before and after the walk, the same object both times, and was not reported.
func (t *trip) passedOver() string {
	unreported := map[uint64]uint64{}
	for e := range t.list(t.before) {
		unreported[e.id] = e.birth
	}
	for _, e := range t.entries { // nobody else can have had the id of what lived all the while
		delete(unreported, e.ID)
	}
	if len(unreported) == 0 {
		return ""
	}
	for e := range t.list(t.after) {
		if birth, ok := unreported[e.id]; ok && birth == e.birth {
			return fmt.Sprintf("%s %s stood there from the start to the end and was never reported", t.kind, number(t.kind, e.id))
		}
	}
	return ""
}

// An entity names an object of a list for ever.
type entity struct{ id, birth uint64 }

// list walks the list of the trip in a state.
func (t *trip) list(s *sim.State) iter.Seq[entity] {
	return func(yield func(entity) bool) {
		for p := range s.Processes() {
			if t.kind == sim.KindProcess && !yield(entity{uint64(p.ID()), p.Sequence()}) || t.kind != sim.KindProcess && p.ID() == t.pid && !t.within(p, yield) {
				return
			}
		}
	}
}

func (t *trip) within(p sim.Process, yield func(entity) bool) bool {
	switch t.kind {
	case sim.KindThread:
		for x := range p.Threads() {
			if !yield(entity{uint64(x.ID()), uint64(x.Created())}) {
				return false
			}
		}
	case sim.KindModule:
		for x := range p.Modules() {
			if !yield(entity{uint64(x.Base()), x.Sequence()}) {
				return false
			}
		}
	default:
		for x := range p.Heaps() {
			if !yield(entity{uint64(x.ID()), x.Sequence()}) {
				return false
			}
		}
	}
	return true
}

func (w *liveWalker) count(t *trip, met [fates]string) {
	c := &w.tallies[t.freed]
	c.walks++
	clean := true
	for f, story := range met {
		if story == "" {
			continue
		}
		clean = false
		c.fates[f]++
		if w.examples[f] == "" {
			w.examples[f] = t.story(fate(f), story)
		}
	}
	if clean {
		c.clean++
	}
}

// story tells what happened to a walk in words.
func (t *trip) story(f fate, what string) string {
	whose := "the process list"
	if t.kind != sim.KindProcess {
		whose = fmt.Sprintf("the %s list of process %d", t.kind, t.pid)
		for p := range t.before.Processes() {
			if p.ID() == t.pid {
				whose += fmt.Sprintf(" (%s)", safe(p.Name()))
			}
		}
	}
	path := ""
	if n := len(t.entries); n > 0 {
		e := t.entries[n-1]
		path = fmt.Sprintf("; its last entry was %s %s at %#x, read at version %d", e.Kind, number(e.Kind, e.ID), uint64(e.Address), e.Version)
	}
	return fmt.Sprintf("%s: walking %s, freed memory being %s, from version %d to %d: %s%s", fateNames[f], whose, freedNames[t.freed],
		t.before.Version(), t.after.Version(), what, path)
}

// number is an id as people write it: bases and heaps are addresses.
func number(kind sim.Kind, id uint64) string {
	if kind == sim.KindModule || kind == sim.KindHeap {
		return fmt.Sprintf("%#x", id)
	}
	return fmt.Sprint(id)
}
