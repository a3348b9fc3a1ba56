package fuzz

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// A rereading is a strategy that reads every snapshot of the run again at each point, before it chooses.
type rereading struct {
	sched.Strategy
	t     *trial
	late  sketch
	wrong error
}

func (r *rereading) Choose(p sched.Point) int {
	for i := range r.t.log.events {
		e := &r.t.log.events[i]
		if e.Returned < 0 || e.Result.Err != nil || e.Call.Verb != Take && e.Call.Verb != TakeSeparately {
			continue
		}
		r.late = r.late[:0].snapshot(e.Result.Snapshot, !r.t.rec.shallow)
		if r.late.digest() != e.seen && r.wrong == nil {
			r.wrong = fmt.Errorf("before decision %d the snapshot of version %d has changed", p.Step, e.Result.Version)
		}
	}
	return r.Strategy.Choose(p)
}

// rereads runs a case under every schedule with at most so many preemptions, reads each snapshot again after every step, and those of all runs in the end.
func rereads(c Case, bound int) error {
	tr := newTrial(c)
	type kept struct {
		s    toolhelp.Snapshot
		seen uint64
	}
	var all []kept
	p := sched.Program{Name: c.Name, Body: func(s *sched.Scheduler) func() error {
		check := tr.body(s)
		return func() error {
			for _, e := range tr.log.events {
				if e.Result.Snapshot.Flags() != 0 {
					all = append(all, kept{e.Result.Snapshot, e.seen})
				}
			}
			return check()
		}
	}}
	st := sched.Exhaustive(bound)
	for {
		again := &rereading{Strategy: st, t: tr}
		r := sched.Run(p, again)
		if r.Steps == 0 && st.Progress() == 1 {
			break // there was no schedule left
		}
		if r.Err != nil || again.wrong != nil {
			return fmt.Errorf("%w\n%s", errors.Join(r.Err, again.wrong), r.Token())
		}
	}
	for _, k := range all {
		if (sketch{}).snapshot(k.s, !tr.rec.shallow).digest() != k.seen {
			return fmt.Errorf("the snapshot of version %d has changed since its run", k.s.Version())
		}
	}
	return nil
}

// TestLawImmutability reads every old snapshot again after every step of every thread, and late.
func TestLawImmutability(t *testing.T) {
	for _, l := range litmusPrograms {
		if err := rereads(l.toCase(t), 1); err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
	}
	brief := func(c *Client) { // too brief for whoever reads late only
		obeying("create; take")(c)
		undo := overwrite(c.Kernel.State(), "clock")
		c.r.s.Yield()
		undo()
	}
	if r := sched.Explore(planted(t, brief, obeying("take")).Program(), sched.Exhaustive(0), sched.Budget{}); r.Failure.Err != nil {
		t.Errorf("the planted mistake is seen late too: %v", r.Failure.Err)
	}
	if err := rereads(planted(t, brief, obeying("take")), 0); err == nil || !strings.Contains(err.Error(), "has changed") {
		t.Errorf("a frozen state that is written and put right again gives %v", err)
	}
}

// walkAll walks everything that a snapshot shows, and counts it.
func walkAll(s toolhelp.Snapshot) (n int) {
	for p := range s.Processes() {
		n += p.Image().NameLen()
		for range p.Threads() {
			n++
		}
	}
	for range s.Threads() {
		n++
	}
	for m := range s.Modules() {
		n += int(m.Size())
	}
	for h := range s.Heaps() {
		for b := range h.Blocks() {
			n += int(b.Size())
		}
	}
	return n
}

// TestLawWalksTouchNothing: a client that walks what it takes is one that does not, for all that others can notice.
func TestLawWalksTouchNothing(t *testing.T) {
	type count struct{ runs, steps int }
	with := func(walk func(toolhelp.Snapshot)) count {
		reader := func(c *Client) {
			for range 2 {
				walk(c.Do(Call{Verb: Take, Flags: allFlags, PID: 8}).Snapshot)
			}
		}
		r := sched.Explore(planted(t, obeying("create; load 8 1"), reader).Program(), sched.Exhaustive(3), sched.Budget{})
		if r.Failure.Err != nil {
			t.Fatal(r.Failure.Err)
		}
		return count{r.Runs, r.Steps}
	}
	n := 0
	none := with(func(toolhelp.Snapshot) {})
	if walking := with(func(s toolhelp.Snapshot) { n += walkAll(s) }); walking != none {
		t.Errorf("with walks there are %v, without %v: a walk has points", walking, none)
	}
	if looking := with(func(s toolhelp.Snapshot) { s.Process(8) }); looking == none {
		t.Errorf("a look-up, which has points, is not seen: %v", looking)
	}
	s, err := toolhelp.Take(litmusOrigin(t, "home").State.Fork(), allFlags, 8)
	if err != nil {
		t.Fatal(err)
	}
	if got := testing.AllocsPerRun(100, func() { n += walkAll(s) }); got != 0 {
		t.Errorf("a walk allocates %v times", got)
	}
	var collected []sim.Process
	if testing.AllocsPerRun(100, func() {
		collected = nil
		for p := range s.Processes() {
			collected = append(collected, p)
		}
	}) == 0 {
		t.Error("a walk that collects is not seen to allocate")
	}
}

// waitsOutside parks the first thread behind each number of its steps, with the others running on, and fails if any has to wait while the first is not between
// its lock and its unlock of the kernel.
func waitsOutside(p sched.Program) error {
	alone := sched.Run(p, sched.Exhaustive(0)) // the first thread runs to its end before any other
	inside := 0
	for k := 0; ; k++ {
		r := sched.Run(p, sched.Freeze(0, k))
		held := errors.Is(r.Err, sched.ErrHeld)
		switch {
		case r.Err != nil && !held:
			return r.Err
		case held && inside == 0:
			return fmt.Errorf("parked behind %d steps, before %v, it is waited for: %w\n%s", k, alone.Trace[k], r.Err, r.Token())
		case !r.Stopped:
			return nil
		}
		switch step := alone.Trace[k]; {
		case step.Thread != 0 || step.Object != "kernel.mu":
		case step.Op == sched.OpLock:
			inside++
		case step.Op == sched.OpUnlock:
			inside--
		}
	}
}

// TestLawBoundedWait: a Take waits for the one change in flight at most, whoever is stopped for good and wherever. The figures for each call are sim's.
func TestLawBoundedWait(t *testing.T) {
	for _, l := range litmusPrograms {
		if len(l.threads) < 2 || l.knocks() {
			continue
		}
		for _, writer := range l.threads {
			c := litmus{name: l.name, origin: l.origin, threads: []string{writer, "take; take"}}.toCase(t)
			if err := waitsOutside(c.Program()); err != nil {
				t.Errorf("%s: %v", l.name, err)
			}
		}
	}
	c := planted(t, nil, nil)
	greedy := sched.Program{Name: "greedy", Body: func(s *sched.Scheduler) func() error {
		var mu sched.Mutex
		mu.Attach(s, "mu")
		c.Scripts[0].Do = func(c *Client) { mu.Lock(); obeying("create; create")(c); mu.Unlock() }
		c.Scripts[1].Do = func(c *Client) { mu.Lock(); obeying("take")(c); mu.Unlock() }
		return c.Program().Body(s)
	}}
	if err := waitsOutside(greedy); !errors.Is(err, sched.ErrHeld) {
		t.Errorf("a Take that waits for two calls gives %v", err)
	}
}

// keptStates runs two writers that take a state after each of their changes and drop it, under one schedule after the other, and fails when more states than the
// last one are still there, or copies were made that no change can have needed.
func keptStates(t *testing.T, also func(*sim.State)) error {
	const changes, each = 8, 8 // each change copies the path to what it changes: a process, and three lists that are small
	o := litmusOrigin(t, "home")
	p := sched.Program{Name: "kept", Body: func(s *sched.Scheduler) func() error {
		k := o.State.Fork()
		k.Attach(s)
		var seen []weak.Pointer[sim.State]
		for _, text := range []string{"create", "write 8 0 1"} {
			s.Go(text, func() {
				for range changes / 2 {
					call, _ := litmusCall(text)
					Do(k, call)
					state := k.State()
					also(state)
					seen = append(seen, weak.Make(state))
				}
			})
		}
		return func() error {
			runtime.GC()
			last, n := k.State(), 0
			for _, w := range seen {
				if s := w.Value(); s != nil && s != last {
					n++
				}
			}
			c := k.Counters()
			if n > 0 || c.NodesCopied > changes*each || c.States > changes+1 {
				return fmt.Errorf("%d states are kept that nobody holds, %d nodes copied, %d states taken in %d changes", n, c.NodesCopied, c.States, changes)
			}
			return nil
		}
	}}
	r := sched.Explore(p, sched.PCT(1, 3), sched.Budget{Runs: 50})
	return r.Failure.Err
}

// TestLawBoundedMemory: what nobody holds is gone, whatever the order of changes and states.
func TestLawBoundedMemory(t *testing.T) {
	if err := keptStates(t, func(*sim.State) {}); err != nil {
		t.Error(err)
	}
	var all []*sim.State
	if err := keptStates(t, func(s *sim.State) { all = append(all, s) }); err == nil {
		t.Errorf("%d states are held, and it is not seen", len(all))
	}
}
