package fuzz

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// The laws, each tried on whole programs, and what shows that its test would see it broken:
//
//	law                          rule      test                          detector is shown by
//	strict serializability       S1 S2     TestLawStrictSerializability  wrong histories (TestEveryAnomaly)
//	one cut                      S7 S61    TestLawOneCut                 snapshots taken in separate cuts
//	immutability                 S8        TestLawImmutability           a frozen state written and put right again
//	monotonic reads              S9        TestLawMonotonicReads         a reader who goes back to an older kernel
//	bounded wait                 S106      TestLawBoundedWait            a reader who wants a lock that is held across two calls
//	walks touch nothing shared   S12       TestLawWalksTouchNothing      a look-up, which builds an index; a walk that collects
//	handles                      S50-S62   TestLawHandles, -Inheritance  histories with one result changed
//	identity                     S21       TestLawIdentity               snapshots of two kernels that went apart
//	determinism                  S6 S102   TestLawDeterminism            clients that count their runs
//	bounded memory               S15       TestLawBoundedMemory          somebody who keeps every state
//	no panic                     S4        TestLawNoPanic                a client that panics

// judged runs every litmus program with at most one preemption, judge being asked about the events of each run.
func judged(t *testing.T, judge func([]Event) error) {
	t.Helper()
	for _, l := range litmusPrograms {
		if r := sched.Explore(alsoJudged(l.toCase(t), judge), sched.Exhaustive(1), sched.Budget{}); r.Failure.Err != nil {
			t.Fatalf("%s: %v\n%s", l.name, r.Failure.Err, r.Failure.Token())
		}
	}
}

// alsoJudged is the program of a case, with one judge more.
func alsoJudged(c Case, judge func([]Event) error) sched.Program {
	tr := newTrial(c)
	return sched.Program{Name: c.Name, Body: func(s *sched.Scheduler) func() error {
		check := tr.body(s)
		return func() error {
			if err := check(); err != nil {
				return err
			}
			return judge(tr.log.events)
		}
	}}
}

// TestLawStrictSerializability explores what exhaustion with few preemptions leaves out: schedules with many.
func TestLawStrictSerializability(t *testing.T) {
	runs := 300
	if testing.Short() || litmusRace {
		runs = 30
	}
	for i, l := range litmusPrograms {
		for _, st := range []sched.Strategy{sched.Random(uint64(i)), sched.PCT(uint64(i), 4)} {
			if r := sched.Explore(l.toCase(t).Program(), st, sched.Budget{Runs: runs}); r.Failure.Err != nil {
				t.Fatalf("%s: %v\n%s", l.name, r.Failure.Err, r.Failure.Token())
			}
		}
	}
}

// oneOfEach is an Update that adds one to each of the four lists.
const oneOfEach = "update(create, spawn 8, load 8 1, heap 8)"

// cutJudge says whether snapshots show as many processes, threads, modules and heaps more than there were at first: loads count for modules.
func cutJudge(events []Event) error {
	for _, e := range events {
		s := e.Result.Snapshot
		if s.Flags() != allFlags {
			continue
		}
		p, ok := s.Process(8)
		if !ok {
			return errors.New("process 8 is gone")
		}
		heaps, loads := 0, 0
		for range s.Heaps() {
			heaps++
		}
		if m, ok := s.Module(litmusImages[1].Base()); ok {
			loads = m.LoadCount()
		}
		processes := s.State().ProcessCount()
		if processes-2 != p.ThreadCount()-1 || processes-2 != heaps-1 || processes-2 != loads {
			return fmt.Errorf("%d processes, %d threads, %d heaps, %d loads: not one cut", processes, p.ThreadCount(), heaps, loads)
		}
	}
	return nil
}

// TestLawOneCut needs no model: what changes together is seen together.
func TestLawOneCut(t *testing.T) {
	program := func(look string) sched.Program {
		c := litmus{name: "one cut", origin: "two", threads: []string{oneOfEach + "; " + oneOfEach, look + "; " + look}}.toCase(t)
		return alsoJudged(c, cutJudge)
	}
	if r := sched.Explore(program("look 8"), sched.Exhaustive(3), sched.Budget{}); r.Failure.Err != nil {
		t.Errorf("%v\n%s", r.Failure.Err, r.Failure.Token())
	}
	if r := sched.Explore(program("apart 8"), sched.Exhaustive(3), sched.Budget{}); r.Failure.Err == nil {
		t.Errorf("separate cuts look like one in all of %d schedules", r.Runs)
	}
}

// TestLawMonotonicReads follows each client by itself: versions never go back.
func TestLawMonotonicReads(t *testing.T) {
	judge := func(events []Event) error {
		last := map[int]sim.Version{}
		for _, e := range events {
			if !versioned(&e) {
				continue
			}
			if v := e.Result.Version; v < last[e.Client] {
				return fmt.Errorf("client %d: version %d after %d", e.Client, v, last[e.Client])
			}
			last[e.Client] = e.Result.Version
		}
		return nil
	}
	judged(t, judge)
	back := []Event{{Call: &Call{Verb: Take}, Result: Result{Version: 4}}, {Call: &Call{Verb: Take}, Result: Result{Version: 3}}}
	if judge(back) == nil {
		t.Error("version 3 after version 4 is not seen")
	}
}

// TestLawDeterminism runs every schedule twice: the traces are the same (the scheduler compares them), and so is all that clients were told.
func TestLawDeterminism(t *testing.T) {
	twice := func(c Case) error {
		var first, again []byte
		n := 0
		p := watched(c, func(events []Event) {
			if n++; n%2 == 1 {
				first = litmusHistory(first[:0], events)
			} else {
				again = litmusHistory(again[:0], events)
			}
		})
		st := sched.Exhaustive(1)
		for st.Progress() < 1 {
			r := sched.Explore(p, st, sched.Budget{Runs: 1, Twice: true})
			if r.Failure.Err != nil {
				return r.Failure.Err
			}
			if !slices.Equal(first, again) {
				return fmt.Errorf("the same schedule gave\n%s\nand\n%s", first, again)
			}
		}
		return nil
	}
	for _, l := range litmusPrograms {
		if err := twice(l.toCase(t)); err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
	}
	n := 0
	if err := twice(planted(t, func(c *Client) {
		if n++; n%2 == 0 {
			c.Do(Call{Verb: Take, Flags: systemFlags})
		}
	}, obeying("take"))); !errors.Is(err, sched.ErrNondeterministic) {
		t.Errorf("a call in every second run gives %v, want %v", err, sched.ErrNondeterministic)
	}
	if err := twice(planted(t, func(c *Client) { n++; c.Do(Call{Verb: CreateThread, PID: sim.PID(n % 2 * 8)}) })); err == nil {
		t.Error("another argument in every second run is not seen")
	}
}

// litmusHistory adds the events with their order.
func litmusHistory(b []byte, events []Event) []byte {
	for i := range events {
		e := &events[i]
		b = fmt.Appendf(b, "%d: %d-%d ", e.Client, e.Called, e.Returned)
		b = append(litmusResult(b, e.Call.Verb, &e.Result), '\n')
	}
	return b
}

// identities remembers who was seen under (pid, sequence) and (tid, creation time).
type identities struct {
	processes map[[2]uint64][2]uint64
	threads   map[[2]uint64]sim.PID
}

// see fails when one identity is two objects, in whatever snapshots.
func (x *identities) see(s toolhelp.Snapshot) error {
	if s.State() == nil {
		return nil
	}
	for p := range s.State().Processes() {
		id, is := [2]uint64{uint64(p.ID()), p.Sequence()}, [2]uint64{uint64(p.Parent()), uint64(p.Created())}
		if was, ok := x.processes[id]; ok && was != is {
			return fmt.Errorf("pid %d, sequence %d has parent and birth %d, and had %d", p.ID(), p.Sequence(), is, was)
		}
		x.processes[id] = is
	}
	for th := range s.State().Threads() {
		id := [2]uint64{uint64(th.ID()), uint64(th.Created())}
		if was, ok := x.threads[id]; ok && was != th.Owner() {
			return fmt.Errorf("tid %d, born at %d, is of process %d, and was of %d", th.ID(), th.Created(), th.Owner(), was)
		}
		x.threads[id] = th.Owner()
	}
	return CheckSnapshot(s)
}

// TestLawIdentity compares all snapshots of a run: an identity is one object for ever, an id one object in each version.
func TestLawIdentity(t *testing.T) {
	judge := func(events []Event) error {
		x := identities{map[[2]uint64][2]uint64{}, map[[2]uint64]sim.PID{}}
		for _, e := range events {
			if err := x.see(e.Result.Snapshot); err != nil {
				return err
			}
		}
		return nil
	}
	judged(t, judge)
	for _, births := range [][2]string{{"child 8", "child 16"}, {"spawn 8", "spawn 16"}} {
		var events []Event
		for _, birth := range births {
			k := litmusOrigin(t, "two").State.Fork()
			call, err := litmusCall(birth)
			if err != nil || Do(k, call).Err != nil {
				t.Fatal(err)
			}
			s, err := toolhelp.Take(k, systemFlags, 0)
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, Event{Result: Result{Snapshot: s}})
		}
		if judge(events) == nil {
			t.Errorf("%s and %s have one identity, and it is not seen", births[0], births[1])
		}
	}
}

// TestLawNoPanic has clients make calls of nonsense, all at once: whatever they are answered, nothing panics, hangs, or is left half done.
func TestLawNoPanic(t *testing.T) {
	numbers := []uint64{0, 1, 3, 4, 8, 12, 16, 20, 24, 1 << 31, 1<<32 - 1, 1<<63 - 1, 1 << 63, 1<<64 - 1, uint64(litmusHeap(0)), uint64(litmusBlock(0, 0))}
	runs := 3000
	if testing.Short() || litmusRace {
		runs = 300
	}
	for seed := range uint64(runs) {
		n := seed
		draw := func() uint64 { // splitmix64
			n += 0x9E3779B97F4A7C15
			z := (n ^ n>>30) * 0xBF58476D1CE4E5B9
			z = (z ^ z>>27) * 0x94D049BB133111EB
			return z ^ z>>31
		}
		number := func() uint64 { return numbers[draw()%uint64(len(numbers))] }
		c := Case{Name: fmt.Sprint("nonsense/", seed), Origin: litmusOrigin(t, "home"), Callers: []sim.TID{12, 20}}
		for range 3 {
			s := Script{Name: "anybody"}
			for range 4 {
				s.Calls = append(s.Calls, nonsense(Verb(draw()%uint64(verbs)), number))
			}
			c.Scripts = append(c.Scripts, s)
		}
		r := sched.Explore(c.Program(), sched.Random(seed), sched.Budget{Runs: 3})
		if r.Failure.Err != nil {
			t.Fatalf("seed %d: %v\n%v\n%s\n%s", seed, c.Scripts, r.Failure.Err, r.Failure.Token(), r.Failure.Stack)
		}
	}
	r := sched.Explore(planted(t, func(*Client) { panic("planted") }).Program(), sched.Exhaustive(0), sched.Budget{})
	if !errors.Is(r.Failure.Err, sched.ErrPanic) {
		t.Errorf("a client that panics gives %v, want %v", r.Failure.Err, sched.ErrPanic)
	}
}

// nonsense is a call with any numbers.
func nonsense(v Verb, number func() uint64) Call {
	c := Call{Verb: v, PID: sim.PID(number()), TID: sim.TID(number()), At: sim.Address(number()), Block: sim.Address(number()), Size: number(),
		Alloc: sim.AllocFlags(number()), Load: sim.LoadFlags(number()), Class: sim.PriorityClass(number()), Priority: sim.Priority(number()),
		Time: sim.Time(number()), Flags: uint32(number()), List: sim.Kind(number() % 4), Freed: sim.Freed(number() % 3),
		Caller: int(number() % 2), Handle: toolhelp.Handle(number()), Bytes: make([]byte, number()%9)}
	c.Process = sim.ProcessSpec{ID: sim.PID(number()), Parent: sim.PID(number()), Class: sim.PriorityClass(number() % 9), DefaultHeap: sim.Address(number())}
	c.Heap.ID = sim.Address(number())
	c.Thread.ID = sim.TID(number())
	if number()%2 == 0 {
		c.Image, c.Process.Image = litmusImages[1], litmusImages[0]
	}
	switch v {
	case Read:
		c.Size, c.Bytes = c.Size%(1<<16), nil // whoever reads brings the buffer
	case Write:
		c.Size = 0
	}
	return c
}
