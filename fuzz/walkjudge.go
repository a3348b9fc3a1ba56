package fuzz

import (
	"errors"
	"slices"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A walkWitness judges a live walk. Others may change what it walks meanwhile, so it may miss and repeat entries; but what it says is neither stale nor a stranger
// was in the list at the version that it was read at, and while nobody touches the list the walk is the list (rules S40 to S44).
type walkWitness struct {
	c      *certificate
	event  int
	list   []uint64 // at the first version
	now    []uint64
	seen   int    // entries judged
	began  bool   // the list was there at some version
	missed bool   // it was not, at some version
	moved  bool   // it changed meanwhile
	target uint64 // the process whose list it is, once an entry tells
	wrong  *Violation
}

func (w *walkWitness) at(m *Model) {
	e := &w.c.h.Events[w.event]
	list, there := w.listed(m, e.Call)
	w.now = list
	switch first := m.Version == w.c.interval[w.event].from; {
	case first:
		w.list = slices.Clone(list)
	case !slices.Equal(list, w.list), w.rebuilt(m.Version):
		w.moved = true
	}
	w.missed, w.began = w.missed || !there, w.began || there
	for ; w.wrong == nil && w.seen < len(e.Result.Entries); w.seen++ {
		entry := &e.Result.Entries[w.seen]
		if entry.Version > m.Version {
			return
		}
		if entry.Version < m.Version {
			w.wrong = w.c.violation(StaleRead, "S44", w.event, "entry %d was read at version %d, before the walk began, or after a later one", w.seen, entry.Version)
			return
		}
		if !entry.Stale && !entry.Stranger {
			w.judge(m, e.Call, entry)
		}
	}
}

// judge looks for an entry in the list as it is now.
func (w *walkWitness) judge(m *Model, c *Call, entry *sim.Entry) {
	sequence := entry.Identity
	if c.List != sim.KindProcess {
		sequence >>= 32
		if w.target == 0 {
			w.target = sequence
		}
	}
	p := m.process(entry.Owner)
	switch {
	case entry.Kind != c.List, !slices.Contains(w.now, entry.ID), p == nil, p.Sequence != sequence, c.List != sim.KindProcess && sequence != w.target:
		w.wrong = w.c.violation(WrongAnswer, "S44", w.event, "entry %d is said to be neither stale nor a stranger, and is not in the list at version %d: %+v",
			w.seen, m.Version, *entry)
	}
}

// listed is the list that a call walks, by id, and whether its process is there.
func (w *walkWitness) listed(m *Model, c *Call) ([]uint64, bool) {
	ids := w.now[:0]
	if c.List == sim.KindProcess {
		for i := range m.Processes {
			ids = append(ids, uint64(m.Processes[i].ID))
		}
		return ids, true
	}
	p := m.process(c.PID)
	if p == nil {
		return ids, false
	}
	switch {
	case c.List == sim.KindThread:
		for i := range p.Threads {
			ids = append(ids, uint64(p.Threads[i].ID))
		}
	case !p.Started:
	case c.List == sim.KindModule:
		for i := range p.Modules {
			ids = append(ids, uint64(p.Modules[i].Base))
		}
	default:
		for i := range p.Heaps {
			ids = append(ids, uint64(p.Heaps[i].ID))
		}
	}
	return ids, true
}

// rebuilt says that the change that made a version may have put other objects in the place of the same ids.
func (w *walkWitness) rebuilt(v sim.Version) bool {
	i := int(v - w.c.start - 1)
	return w.c.changes[i] < 0 || w.c.h.Events[w.c.changes[i]].Call.Verb == Update
}

func (w *walkWitness) verdict() *Violation {
	e := &w.c.h.Events[w.event]
	err := e.Result.Err
	switch {
	case w.wrong != nil:
		return w.wrong
	case w.seen < len(e.Result.Entries):
		return w.c.violation(StaleRead, "S44", w.event, "entry %d was read at version %d, which nobody has made yet", w.seen, e.Result.Entries[w.seen].Version)
	case errors.Is(err, sim.ErrNoProcess):
		if !w.missed || len(e.Result.Entries) > 0 {
			return w.c.violation(WrongAnswer, "S46", w.event, "the process is there at all versions from %d to %d", w.c.interval[w.event].from, w.c.interval[w.event].to)
		}
		return nil
	case !w.began:
		return w.c.violation(WrongAnswer, "S46", w.event, "there is no such process at any version from %d to %d", w.c.interval[w.event].from, w.c.interval[w.event].to)
	case errors.Is(err, sim.ErrAccessViolation) && e.Call.Freed != sim.FreedUnmapped:
		return w.c.violation(WrongAnswer, "S41", w.event, "a fault, where freed memory can be read")
	case err != nil && !errors.Is(err, sim.ErrAccessViolation) && !errors.Is(err, sim.ErrEndless):
		return w.c.violation(WrongAnswer, "S43", w.event, "want the end of the list, an access violation or %v", sim.ErrEndless)
	case !w.moved && !w.missed:
		return w.undisturbed(e)
	}
	return nil
}

// undisturbed judges a walk of a list that stood still: it is the list.
func (w *walkWitness) undisturbed(e *Event) *Violation {
	var got []uint64
	bad := e.Result.Err != nil
	for i := range e.Result.Entries {
		got = append(got, e.Result.Entries[i].ID)
		bad = bad || e.Result.Entries[i].Stale || e.Result.Entries[i].Stranger
	}
	if e.Call.List == sim.KindModule { // the model does not know in which order the two loaders of a WOW64 process come
		slices.Sort(got)
		slices.Sort(w.list)
	}
	if !bad && slices.Equal(got, w.list) {
		return nil
	}
	v := w.c.violation(WrongAnswer, "S40", w.event, "nobody changed the list during the walk, and the walk is not the list, or has an end or an entry that only a change explains")
	v.Diff = compare(w.list, got)
	return v
}
