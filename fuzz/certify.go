package fuzz

import (
	"bytes"
	"fmt"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// Certify tries whether the versions that calls reported are an order in which one client could have made all of them, and nil means that they are: the
// history is strictly serializable. The changes are versions 1, 2, 3 ... after Start's, each once; the model, led through
// them in that order, agrees to every result and to everything that a snapshot shows; and no call returned a version older than one that had
// been returned when it began, nor a change one that was not newer. Snapshots are read now, and must still show what they did when they were taken.
//
// Calls without a version of their own (failed snapshots, live walks, calls of the Win32 door) must have been right at some version
// between their call and their return, handles and cursors in an order that fits both. It takes O(n log n) steps for n events, beside what the
// model takes for one. The error is a *[Violation].
func Certify(h History) error {
	c := &certificate{h: h}
	if v := c.certify(); v != nil {
		return v
	}
	return nil
}

// A certificate is a history on its way to be certified.
type certificate struct {
	h        History
	start    sim.Version
	last     sim.Version // of the last change
	changes  []int       // events by version, from start+1
	looks    [][]look    // what was seen of each version, from start
	interval []interval  // of each event
	ticks    []int       // the event that was called or returned then
	plain    bool        // no event touches modules, heaps or memory
	late     sketch
	door     door
	want     sketch // of the model's version, if it was asked for
}

// A look is what an event shows of one version.
type look struct {
	event int
	part  part
}

// A part is what a look is at.
type part uint8

const (
	answer  part = iota // what the call came back with
	system              // the processes and threads of a snapshot
	modules             // its modules
	heaps               // its heaps
)

// An interval is the versions that a call may have seen: between its call and its return.
type interval struct{ from, to sim.Version }

func (c *certificate) certify() *Violation {
	for _, step := range []func() *Violation{c.order, c.sweep, c.unchanged, c.replay} {
		if v := step(); v != nil {
			return v
		}
	}
	return nil
}

func (c *certificate) violation(a Anomaly, rule string, event int, why string, args ...any) *Violation {
	e := c.h.Events[event]
	return &Violation{Anomaly: a, Rule: rule, Event: event,
		Why: fmt.Sprintf("%s: %v\n-> %v\n", c.h.Clients[e.Client], e.Call, e.Result) + fmt.Sprintf(why, args...)}
}

// versioned says that an event tells the version it saw or made.
func versioned(e *Event) bool {
	switch {
	case e.Call.Verb == Update && e.Call.End == Panics:
		return false // the kernel could not return one
	case e.Call.Verb <= Update:
		return true
	}
	return e.Result.Err == nil && (e.Call.Verb == Take || e.Call.Verb == TakeSeparately)
}

// changed says that an event made its version.
func changed(e *Event) bool { return e.Call.Verb.changes() && e.Result.Err == nil }

// order sorts the changes by version: each once, none left out. What looks is put to the version that it saw.
func (c *certificate) order() *Violation {
	c.start = c.h.Start.Version
	n := 0
	c.plain = true
	for i := range c.h.Events {
		e := &c.h.Events[i]
		if changed(e) {
			n++
		}
		c.plain = c.plain && e.Call.shallow()
	}
	c.last = c.start + sim.Version(n)
	c.changes = again(c.changes, n)
	for i := range c.changes {
		c.changes[i] = -1
	}
	c.looks = again(c.looks, n+1)
	for i := range c.looks {
		c.looks[i] = c.looks[i][:0]
	}
	for i := range c.h.Events {
		if v := c.place(i); v != nil {
			return v
		}
	}
	return nil
}

// again is a slice of length n that uses s again if it is large enough, with whatever stands in it.
func again[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

func (c *certificate) place(i int) *Violation {
	e := &c.h.Events[i]
	v := e.Result.Version
	switch {
	case !versioned(e):
		return nil
	case v < c.start || v > c.last || changed(e) && v == c.start:
		return c.violation(VersionGap, "S2", i, "version %d, where %d changes after version %d were made", v, len(c.changes), c.start)
	case changed(e):
		at := &c.changes[v-c.start-1]
		if *at >= 0 {
			return c.violation(LostUpdate, "S2", i, "version %d was also made by %v", v, c.h.Events[*at].Call)
		}
		*at = i
		return nil
	case e.Call.Verb == TakeSeparately:
		return c.placeParts(i)
	}
	c.look(v, look{i, answer})
	return nil
}

func (c *certificate) look(v sim.Version, l look) {
	c.looks[v-c.start] = append(c.looks[v-c.start], l)
}

// placeParts puts the cuts of a snapshot to their versions, which must follow each other.
func (c *certificate) placeParts(i int) *Violation {
	s := c.h.Events[i].Result.Snapshot
	cuts := s.Cuts()
	least := c.start
	for _, cut := range []struct {
		part    part
		there   bool
		version sim.Version
	}{
		{heaps, s.Flags()&heapFlags != 0, cuts.Heaps},
		{modules, s.Flags()&moduleFlags != 0, cuts.Modules},
		{system, s.State() != nil, cuts.Processes},
	} {
		if !cut.there {
			continue
		}
		if cut.version < least || cut.version > c.last {
			return c.violation(StaleRead, "S61", i, "a cut at version %d, after one at %d; %d is the last", cut.version, least, c.last)
		}
		c.look(cut.version, look{i, cut.part})
		least = cut.version
	}
	return nil
}

// sweep goes through the ticks: no call returns a version older than one that was returned before it began.
func (c *certificate) sweep() *Violation {
	const none = -1
	c.ticks = again(c.ticks, 2*len(c.h.Events))
	ticks := c.ticks
	for i := range ticks {
		ticks[i] = none
	}
	for i := range c.h.Events {
		e := &c.h.Events[i]
		for _, t := range [2]int{e.Called, e.Returned} {
			if t < 0 || t >= len(ticks) || ticks[t] != none {
				return c.violation(BrokenPromise, "S1", i, "tick %d is none or another event's: a history is recorded once all calls have returned", t)
			}
			ticks[t] = i
		}
	}
	c.interval = again(c.interval, len(c.h.Events))
	seen, begun := c.start, c.start // the newest version returned, and the newest of a change begun
	for t, i := range ticks {
		e := &c.h.Events[i]
		if t == e.Called {
			c.interval[i].from = seen
			if changed(e) && versioned(e) {
				begun = max(begun, e.Result.Version)
			}
			continue
		}
		c.interval[i].to = begun
		if !versioned(e) {
			continue
		}
		first := e.Result.Version
		if e.Call.Verb == TakeSeparately {
			first = firstCut(e.Result.Snapshot)
		}
		if from := c.interval[i].from; first < from || changed(e) && first == from {
			return c.violation(StaleRead, "S9", i, "version %d, though %d had been returned before the call", first, from)
		}
		seen = max(seen, e.Result.Version)
	}
	return nil
}

// unchanged reads every snapshot again.
func (c *certificate) unchanged() *Violation {
	for i := range c.h.Events {
		e := &c.h.Events[i]
		if e.Call.Verb != Take && e.Call.Verb != TakeSeparately || e.Result.Err != nil {
			continue
		}
		if c.late = c.late[:0].snapshot(e.Result.Snapshot, !c.h.shallow); c.late.digest() != e.seen {
			return c.violation(Aliasing, "S8", i, "the snapshot shows something else now than when it was taken")
		}
	}
	return nil
}

// replay leads the model through the versions.
func (c *certificate) replay() *Violation {
	m := c.h.Start.Clone()
	waiting := c.waiting()
	for v := c.start; ; v++ {
		c.want = c.want[:0]
		for _, l := range c.looks[v-c.start] {
			if c.sameLists(m, l) {
				continue
			}
			if x := c.judgeLook(m, l); x != nil {
				return x
			}
		}
		var x *Violation
		if waiting, x = c.judgeWaiting(m, waiting); x != nil || v == c.last {
			return x
		}
		i := int(v - c.start)
		if x = c.gap(i); x != nil {
			return x
		}
		e := &c.h.Events[c.changes[i]]
		if err := c.judge(m, e); err != nil {
			return c.misjudged(m, c.changes[i], err)
		}
	}
}

// sameLists says that nobody in this history touches modules, heaps or memory, and that a snapshot of the other two lists shows, word by word, what the model has: the quick
// way to the verdict of judgeLook for histories of millions of events.
func (c *certificate) sameLists(m *Model, l look) bool {
	e := &c.h.Events[l.event]
	if !c.plain || e.Call.Verb != Take || e.Result.Err != nil || e.Call.Flags&targetFlags != 0 || e.Call.Flags&systemFlags == 0 {
		return false
	}
	if len(c.want) == 0 {
		c.want = c.want.model(m)
	}
	c.late = c.late[:0].state(e.Result.Snapshot.State(), false)
	return bytes.Equal(c.want, c.late)
}

// gap says that nothing made the i-th version after the start.
func (c *certificate) gap(i int) *Violation {
	if c.changes[i] >= 0 {
		return nil
	}
	return &Violation{Anomaly: VersionGap, Rule: "S2", Event: -1, Why: fmt.Sprintf("no change made version %d, though later ones were made", int(c.start)+i+1)}
}

// misjudged is what the model did not agree to.
func (c *certificate) misjudged(m *Model, event int, err error) *Violation {
	return c.violation(misled(err), "S1", event, "at version %d: %v", m.Version, err)
}
