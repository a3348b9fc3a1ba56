package fuzz

import (
	"fmt"
	"slices"
)

// A witness judges a call that tells no version: it is shown the model at each version that the call may have seen, and then asked.
type witness interface {
	at(m *Model)
	verdict() *Violation
}

// waiting are the witnesses of a history, by the version from which on they look.
type waiting struct {
	interval
	witness
}

func (c *certificate) waiting() (all []waiting) {
	if c.door.begin(c) {
		all = append(all, waiting{interval{c.start, c.last}, &c.door})
	}
	for i := range c.h.Events {
		e := &c.h.Events[i]
		switch {
		case versioned(e) || e.Call.Verb.door():
		case e.Call.Verb == Walk:
			all = append(all, waiting{c.interval[i], &walkWitness{c: c, event: i}})
		default:
			all = append(all, waiting{c.interval[i], &refusal{c: c, event: i}})
		}
	}
	slices.SortStableFunc(all, func(a, b waiting) int { return int(int64(a.from) - int64(b.from)) })
	return all
}

// judgeWaiting shows the model to those who look at its version, and asks those who have seen all they can.
func (c *certificate) judgeWaiting(m *Model, all []waiting) ([]waiting, *Violation) {
	for i := 0; i < len(all) && all[i].from <= m.Version; i++ {
		all[i].at(m)
		if m.Version < all[i].to {
			continue
		}
		if v := all[i].verdict(); v != nil {
			return all, v
		}
		all = slices.Delete(all, i, i+1)
		i--
	}
	return all, nil
}

// A refusal is a snapshot that was refused, or an Update that panicked: it must have been right once.
type refusal struct {
	c     *certificate
	event int
	right bool
	why   error
}

func (r *refusal) at(m *Model) {
	if r.right {
		return
	}
	e := &r.c.h.Events[r.event]
	result := e.Result
	result.Version = m.Version
	if e.Call.Verb == Update {
		r.why = m.Clone().Judge(*e.Call, result)
	} else {
		r.why = m.judgeTake(e.Call, &result)
	}
	r.right = r.why == nil
}

func (r *refusal) verdict() *Violation {
	if r.right {
		return nil
	}
	return r.c.violation(WrongAnswer, "S1", r.event, "at no version from %d to %d was that right; at the last one: %v", r.c.interval[r.event].from,
		r.c.interval[r.event].to, fmt.Errorf("%w", r.why))
}
