package fuzz

import (
	"fmt"
	"unsafe"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// A trial is a case on its way through many runs. What a run needs is made once and used again.
type trial struct {
	c      Case
	rec    Recorder
	log    log
	names  []string
	starts []func()
	memory memory
	cert   certificate
	end    Call   // the look at what is left in the end
	origin uint64 // digest of the state that every run starts from
	key    sketch
}

func newTrial(c Case) *trial {
	c.Origin = c.Origin.again()
	t := &trial{c: c, end: Call{Verb: Take, Flags: systemFlags}}
	t.rec.start, t.rec.shallow = c.Origin.model, c.shallow()
	t.key = t.key[:0].state(c.Origin.State, true)
	t.origin = t.key.digest()
	t.memory.root = newNode(c.Origin.Model())
	for i, s := range c.Scripts {
		client := &Client{Name: s.Name, r: &t.rec, id: i, log: &t.log}
		t.rec.clients = append(t.rec.clients, client)
		t.names = append(t.names, s.Name)
		t.starts = append(t.starts, func() { s.run(client) })
	}
	t.names = append(t.names, "the end")
	return t
}

// body starts one run.
func (t *trial) body(s *sched.Scheduler) func() error {
	k := t.c.Origin.State.Fork()
	k.Attach(s)
	t.begin(k)
	for _, tid := range t.c.Callers {
		by, err := toolhelp.NewCaller(k, tid)
		if err != nil {
			panic(fmt.Sprintf("fuzz: Case %q: %v", t.c.Name, err))
		}
		t.rec.callers = append(t.rec.callers, by)
	}
	for i, start := range t.starts {
		s.Go(t.names[i], start)
	}
	return t.check
}

// begin forgets the run before.
func (t *trial) begin(k *sim.Kernel) {
	t.rec.Kernel, t.rec.s = k, k.Scheduler()
	t.rec.tick.Store(0)
	t.rec.callers = t.rec.callers[:0]
	t.log.events = t.log.events[:0]
	for _, c := range t.rec.clients {
		c.Kernel = k
	}
}

// check judges the run that has just ended.
func (t *trial) check() error {
	state := t.lookAtTheEnd()
	if t.key = t.key[:0].state(t.c.Origin.State, true); t.key.digest() != t.origin {
		t.c.Origin = t.c.Origin.again() // the run will be repeated
		return &Violation{Anomaly: Aliasing, Rule: "S14", Event: -1, Why: "the state that the kernel was forked from shows something else than before"}
	}
	if v := t.certify(); v != nil {
		return v // and not a nil *Violation in an error
	}
	if t.c.Check == nil {
		return nil
	}
	if err := t.c.Check(state); err != nil {
		return &Violation{Anomaly: BrokenPromise, Rule: "of the case", Event: -1, Why: err.Error()}
	}
	return nil
}

// lookAtTheEnd notes a snapshot of the kernel as it was left.
func (t *trial) lookAtTheEnd() *sim.State {
	n := int(t.rec.tick.Load())
	state := t.rec.Kernel.State()
	s, err := toolhelp.Take(t.rec.Kernel, t.end.Flags, 0)
	c := t.rec.clients[0]
	c.scratch = c.scratch[:0].snapshot(s, !t.rec.shallow)
	t.log.events = append(t.log.events, Event{Client: len(t.names) - 1, Call: &t.end, scripted: true, Result: Result{Version: state.Version(), Snapshot: s, Err: err},
		Called: n, Returned: n + 1, seen: c.scratch.digest()})
	return state
}

// certify is Certify for histories of which many are alike.
func (t *trial) certify() *Violation {
	t.cert.h = History{Start: t.rec.start, Clients: t.names, Events: t.log.events, callers: t.rec.callers, shallow: t.rec.shallow}
	c := &t.cert
	for _, step := range []func(*certificate) *Violation{(*certificate).order, (*certificate).sweep, (*certificate).unchanged} {
		if v := step(c); v != nil {
			return v
		}
	}
	return t.memory.replay(c)
}

// most bounds how many versions a memory holds.
const most = 1 << 14

// A memory is a tree of what the model has been led through: a node for each beginning that histories had in common, in the order of versions. So the model is asked
// once for each, however many histories begin like that.
type memory struct {
	root *node
	size int
	key  sketch
}

// A node is the model at one version.
type node struct {
	m      *Model
	next   map[string]*node    // by the change that led there, and what it came back with
	agreed map[string]struct{} // looks with which the model agrees
}

func newNode(m *Model) *node {
	return &node{m: m, next: map[string]*node{}, agreed: map[string]struct{}{}}
}

// replay is certificate.replay with a memory.
func (t *memory) replay(c *certificate) *Violation {
	if t.size >= most {
		t.root, t.size = newNode(t.root.m), 0
	}
	at := t.root
	wait := c.waiting()
	for i := range c.looks {
		for _, l := range c.looks[i] {
			t.key = t.key[:0].look(c, l)
			if _, ok := at.agreed[string(t.key)]; ok {
				continue
			}
			if v := c.judgeLook(at.m, l); v != nil {
				return v
			}
			at.agreed[string(t.key)] = struct{}{}
		}
		var v *Violation
		if wait, v = c.judgeWaiting(at.m, wait); v != nil || i == len(c.changes) {
			return v
		}
		if v = c.gap(i); v != nil {
			return v
		}
		e := &c.h.Events[c.changes[i]]
		t.key = t.key[:0].event(e)
		next := at.next[string(t.key)]
		if next == nil {
			m := at.m.Clone()
			if err := c.judge(m, e); err != nil {
				return c.misjudged(m, c.changes[i], err)
			}
			next = newNode(m)
			at.next[string(t.key)] = next
			t.size++
		}
		at = next
	}
	return nil
}

// look adds all that judgeLook reads.
func (b sketch) look(c *certificate, l look) sketch {
	e := &c.h.Events[l.event]
	b = b.event(e)
	if e.Call.Verb > Update {
		b = b.word(uint64(l.part)).word(e.seen) // which was seen again just now
	}
	return b
}

// event adds which call it was and what it came back with, apart from snapshots.
func (b sketch) event(e *Event) sketch {
	r := &e.Result
	b = b.call(e).result(r)
	for j := range r.Results {
		b = b.result(&r.Results[j])
	}
	return b
}

// call adds which call it was: one of a script by its address, which is the same in every run.
func (b sketch) call(e *Event) sketch {
	if e.scripted {
		return b.word(uint64(uintptr(unsafe.Pointer(e.Call))))
	}
	return append(b, e.Call.String()...)
}

func (b sketch) result(r *Result) sketch {
	b = b.word(uint64(r.Version)).word(uint64(r.PID)<<32 | uint64(r.TID)).word(uint64(r.At)).word(uint64(r.Count)<<32 | uint64(len(r.Bytes)))
	b = append(b, r.Bytes...)
	if r.Err != nil {
		return b.reason(r.Err)
	}
	return b
}

// reason adds an error as far as the model tells errors apart.
func (b sketch) reason(err error) sketch {
	if e, ok := err.(*sim.Error); ok {
		return append(append(b, e.Call...), e.Err.Error()...)
	}
	return append(b, err.Error()...)
}
