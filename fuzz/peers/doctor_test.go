package peers

import (
	"math/rand/v2"
	"slices"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A doctor makes a history of the kernel one that it should never have had, and says whether it found anything to change. Some of what it makes is
// right all the same: both checkers then have to see that.
type doctor struct {
	name string
	cure func(h, other fuzz.History, r *rand.Rand) (fuzz.History, bool)
}

var doctors = []doctor{
	{"results swapped", swapResults},
	{"version shifted", shiftVersion},
	{"versions swapped", swapVersions},
	{"another snapshot", anotherSnapshot},
	{"snapshot of another run", strangeSnapshot},
	{"effect lost", loseEffect},
	{"effect twice", repeatEffect},
	{"wrong error", wrongError},
	{"wrong id", wrongID},
	{"wrong count", wrongCount},
	{"ticks swapped", swapTicks},
}

// choose returns one of the events for which ok holds, or nil.
func choose(h fuzz.History, r *rand.Rand, ok func(e *fuzz.Event) bool) *fuzz.Event {
	var all []*fuzz.Event
	for i := range h.Events {
		if ok(&h.Events[i]) {
			all = append(all, &h.Events[i])
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[r.IntN(len(all))]
}

// give makes e come back with what from came back with, digest of the snapshot included.
func give(e *fuzz.Event, from fuzz.Event) {
	from.Client, from.Call, from.Called, from.Returned = e.Client, e.Call, e.Called, e.Returned
	*e = from
}

func changed(e *fuzz.Event) bool { return e.Call.Verb != fuzz.Take && e.Result.Err == nil }
func failed(e *fuzz.Event) bool  { return e.Result.Err != nil }
func took(e *fuzz.Event) bool    { return e.Call.Verb == fuzz.Take }
func always(*fuzz.Event) bool    { return true }

func swapResults(h, _ fuzz.History, r *rand.Rand) (fuzz.History, bool) {
	a := choose(h, r, always)
	b := choose(h, r, func(e *fuzz.Event) bool { return e != a && e.Call.Verb == a.Call.Verb })
	if b == nil {
		return h, false
	}
	was := *a
	give(a, *b)
	give(b, was)
	return h, true
}

func shiftVersion(h, _ fuzz.History, r *rand.Rand) (fuzz.History, bool) {
	e := choose(h, r, always)
	e.Result.Version += []sim.Version{1, 2, ^sim.Version(0)}[r.IntN(3)]
	return h, true
}

func swapVersions(h, _ fuzz.History, r *rand.Rand) (fuzz.History, bool) {
	a := choose(h, r, changed)
	b := choose(h, r, func(e *fuzz.Event) bool { return e != a && changed(e) })
	if a == nil || b == nil {
		return h, false
	}
	a.Result.Version, b.Result.Version = b.Result.Version, a.Result.Version
	return h, true
}

func anotherSnapshot(h, _ fuzz.History, r *rand.Rand) (fuzz.History, bool) {
	return strangeSnapshot(h, h, r)
}

func strangeSnapshot(h, other fuzz.History, r *rand.Rand) (fuzz.History, bool) {
	e := choose(h, r, took)
	from := choose(other, r, func(f *fuzz.Event) bool { return took(f) && e != nil && f.Result.Version != e.Result.Version })
	if from == nil {
		return h, false
	}
	give(e, *from)
	return h, true
}

// loseEffect leaves a change out, as if nobody had asked for it. Ticks close their ranks.
func loseEffect(h, _ fuzz.History, r *rand.Rand) (fuzz.History, bool) {
	e := choose(h, r, changed)
	if e == nil {
		return h, false
	}
	lost := *e
	h.Events = slices.DeleteFunc(h.Events, func(e fuzz.Event) bool { return e.Called == lost.Called })
	for i := range h.Events {
		for _, t := range []*int{&h.Events[i].Called, &h.Events[i].Returned} {
			for _, gone := range []int{lost.Returned, lost.Called} {
				if *t > gone {
					*t--
				}
			}
		}
	}
	return h, true
}

// repeatEffect makes a call that failed succeed like another one.
func repeatEffect(h, _ fuzz.History, r *rand.Rand) (fuzz.History, bool) {
	e := choose(h, r, failed)
	from := choose(h, r, func(f *fuzz.Event) bool { return e != nil && changed(f) && f.Call.Verb == e.Call.Verb })
	if from == nil {
		return h, false
	}
	give(e, *from)
	return h, true
}

// wrongError makes a change fail, or a failure another one or none.
func wrongError(h, _ fuzz.History, r *rand.Rand) (fuzz.History, bool) {
	e := choose(h, r, func(e *fuzz.Event) bool { return !took(e) })
	if e == nil {
		return h, false
	}
	v := e.Result.Version
	if changed(e) && r.IntN(2) == 0 {
		v--
	}
	errs := []error{sim.ErrNoProcess, sim.ErrNoThread, sim.ErrInvalid}
	was := e.Result.Err
	e.Result = fuzz.Result{Version: v}
	if was == nil || r.IntN(3) > 0 {
		e.Result.Err = &sim.Error{Call: e.Call.Verb.String(), Version: v, Err: errs[r.IntN(len(errs))]}
	}
	return h, true
}

func wrongID(h, _ fuzz.History, r *rand.Rand) (fuzz.History, bool) {
	e := choose(h, r, func(e *fuzz.Event) bool { return e.Result.TID != 0 })
	if e == nil {
		return h, false
	}
	id := 4 + 2*r.Uint32N(24)
	if e.Result.PID != 0 && r.IntN(2) == 0 {
		e.Result.PID = sim.PID(id)
	} else {
		e.Result.TID = sim.TID(id)
	}
	return h, true
}

func wrongCount(h, _ fuzz.History, r *rand.Rand) (fuzz.History, bool) {
	e := choose(h, r, func(e *fuzz.Event) bool {
		return changed(e) && (e.Call.Verb == fuzz.SuspendThread || e.Call.Verb == fuzz.ResumeThread)
	})
	if e == nil {
		return h, false
	}
	e.Result.Count = (e.Result.Count + 1 + r.IntN(2)) % 3
	return h, true
}

// swapTicks makes two neighbours in time change places, again and again: what followed each other may overlap now, what overlapped may follow.
func swapTicks(h, _ fuzz.History, r *rand.Rand) (fuzz.History, bool) {
	for range 1 + r.IntN(8*len(h.Events)) {
		ticks := make([]*int, 2*len(h.Events))
		owner := make([]int, len(ticks))
		for i := range h.Events {
			e := &h.Events[i]
			ticks[e.Called], ticks[e.Returned] = &e.Called, &e.Returned
			owner[e.Called], owner[e.Returned] = i, i
		}
		if t := r.IntN(len(ticks) - 1); owner[t] != owner[t+1] {
			*ticks[t], *ticks[t+1] = *ticks[t+1], *ticks[t]
		}
	}
	slices.SortFunc(h.Events, func(a, b fuzz.Event) int { return a.Called - b.Called })
	return h, true
}
