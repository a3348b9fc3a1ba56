package fuzz

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// An Event is one call of a client and what it came back with. Ticks number the calls and the returns of all clients, from 0, in the order in
// which they happened.
type Event struct {
	Client   int
	Call     *Call
	Result   Result
	Called   int // tick
	Returned int // tick
	scripted bool
	seen     uint64 // digest of Result.Snapshot when it was taken
}

// A History is what the clients of one kernel did.
type History struct {
	Start   *Model   // the kernel as it was before
	Clients []string // their names
	Events  []Event  // in the order of their calls

	callers []*toolhelp.Caller
	shallow bool // as the recorder's
}

// A Recorder notes the calls that clients make on one kernel. Its methods are safe for any number of goroutines.
type Recorder struct {
	Kernel  *sim.Kernel
	start   *Model
	s       *sched.Scheduler
	tick    atomic.Int64
	mu      sync.Mutex // clients
	clients []*Client
	callers []*toolhelp.Caller
	shallow bool // nobody touches modules, heaps or memory
}

// NewRecorder records calls on a kernel whose state start models now: [Origin.Model] of what it was forked from, or [NewModel] of its state. The callers are
// those that make the calls of the Win32 door, [Call].Caller being their index. All changes from now on must be made by clients, or [Certify] will miss them.
func NewRecorder(k *sim.Kernel, start *Model, callers ...*toolhelp.Caller) *Recorder {
	return &Recorder{Kernel: k, start: start, s: k.Scheduler(), callers: callers}
}

// Client adds a client, to be used by one goroutine or simulated thread.
func (r *Recorder) Client(name string) *Client {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &Client{Name: name, Kernel: r.Kernel, r: r, id: len(r.clients), log: new(log)}
	r.clients = append(r.clients, c)
	return c
}

// History returns what was done. All clients must have returned from their calls.
func (r *Recorder) History() History {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := History{Start: r.start, callers: r.callers, shallow: r.shallow}
	called := make([]*Event, r.tick.Load()) // by tick: each event has one of its own
	for _, c := range r.clients {
		h.Clients = append(h.Clients, c.Name)
		for i := range c.log.events {
			called[c.log.events[i].Called] = &c.log.events[i]
		}
	}
	for _, e := range called {
		if e != nil {
			h.Events = append(h.Events, *e)
		}
	}
	return h
}

// A log is where a client notes its calls. Simulated threads, of which one runs at a time, share one: then it is in the order of the calls.
type log struct{ events []Event }

// A Client makes calls, one after the other, and notes them.
type Client struct {
	Name   string
	Kernel *sim.Kernel // calls made on it directly are not noted
	r      *Recorder
	id     int
	log    *log

	scratch sketch
}

// Do makes a call. What it comes back with is the kernel's or the door's answer, errors included; a caller that the recorder does not have is a panic.
func (c *Client) Do(call Call) Result { return c.do(&call, false) }

// do is Do; scripted says that the same call will be made in other runs.
func (c *Client) do(call *Call, scripted bool) Result {
	c.r.s.Yield() // where this call begins, seen from the others, is a choice too
	i := len(c.log.events)
	c.log.events = append(c.log.events, Event{Client: c.id, Call: call, Called: int(c.r.tick.Add(1)) - 1, Returned: -1, scripted: scripted})
	var r Result
	var seen uint64
	switch {
	case call.Verb <= Update:
		r = Do(c.Kernel, *call)
	case call.Verb.door():
		r = c.r.knock(call)
	default:
		r = c.look(call)
		if r.Err == nil && call.Verb != Walk {
			c.scratch = c.scratch[:0].snapshot(r.Snapshot, !c.r.shallow)
			seen = c.scratch.digest()
		}
	}
	e := &c.log.events[i]
	e.Result, e.seen, e.Returned = r, seen, int(c.r.tick.Add(1))-1
	return r
}

// look makes a call that looks at the kernel.
func (c *Client) look(call *Call) (r Result) {
	switch call.Verb {
	case Take:
		r.Snapshot, r.Err = toolhelp.Take(c.Kernel, call.Flags, call.PID)
	case TakeSeparately:
		r.Snapshot, r.Err = toolhelp.TakeSeparately(c.Kernel, call.Flags, call.PID, nil)
	case Walk:
		r.Entries, r.Err = walkLive(c.Kernel, call)
	}
	if r.Err == nil && call.Verb != Walk {
		r.Version = r.Snapshot.Version()
	}
	return r
}

// mostSteps bounds a live walk, which may go on for as long as others change what it walks.
const mostSteps = 1000

// walkLive walks a live list to its end, or to a fault.
func walkLive(k *sim.Kernel, c *Call) (entries []sim.Entry, err error) {
	var w *sim.Walker
	switch c.List {
	case sim.KindProcess:
		w = k.WalkProcesses(c.Freed)
	case sim.KindThread:
		w, err = k.WalkThreads(c.PID, c.Freed)
	case sim.KindModule:
		w, err = k.WalkModules(c.PID, c.Freed)
	default:
		w, err = k.WalkHeaps(c.PID, c.Freed)
	}
	if err != nil {
		return nil, err
	}
	defer w.Close()
	for range mostSteps {
		e, err := w.Next()
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return entries, err
		}
		entries = append(entries, e)
	}
	return entries, errors.New("the walk did not end")
}

// Overlapping counts the events during which another client's call began or returned.
func Overlapping(h History) (n int) {
	for i := range h.Events {
		if e := &h.Events[i]; e.Returned > e.Called+1 {
			n++
		}
	}
	return n
}
