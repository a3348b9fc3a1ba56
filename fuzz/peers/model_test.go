package peers

import (
	"encoding/binary"
	"errors"
	"hash/maphash"
	"slices"

	"github.com/anishathalye/porcupine"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A world is the processes and threads of a kernel, and never changes: a step makes another one. It was written for porcupine and
// shares nothing with the model that Certify uses.
type world struct {
	versioned bool // what tells the version counts too: the version itself, the clock, the times of creation
	version   sim.Version
	clock     sim.Time
	tick      sim.Time
	sequence  uint64
	processes []process
	text      string // all that counts of it, as bytes
}

type process struct {
	id, parent sim.PID
	sequence   uint64
	created    sim.Time
	threads    []thread
}

type thread struct {
	id        sim.TID
	created   sim.Time
	suspended int
}

// startOf is the world in which a history begins.
func startOf(m *fuzz.Model, versioned bool) *world {
	w := &world{versioned: versioned, version: m.Version, clock: m.Clock, tick: m.Config.Tick}
	for _, p := range m.Processes {
		w.sequence = max(w.sequence, p.Sequence)
		q := process{id: p.ID, parent: p.Parent, sequence: p.Sequence, created: p.Created}
		for _, t := range p.Threads {
			q.threads = append(q.threads, thread{t.ID, t.Created, t.Suspended})
		}
		w.processes = append(w.processes, q)
	}
	w.text = w.write()
	return w
}

// seenIn is the world that a state shows, as text.
func seenIn(s *sim.State, versioned bool) string {
	w := &world{versioned: versioned, version: s.Version(), clock: s.Clock()}
	for p := range s.Processes() {
		q := process{id: p.ID(), parent: p.Parent(), sequence: p.Sequence(), created: p.Created()}
		for t := range p.Threads() {
			q.threads = append(q.threads, thread{t.ID(), t.Created(), t.SuspendCount()})
		}
		w.processes = append(w.processes, q)
	}
	return w.write()
}

func (w *world) write() string {
	var b []byte
	word := func(v uint64) { b = binary.LittleEndian.AppendUint64(b, v) }
	when := func(t sim.Time) {
		if w.versioned {
			word(uint64(t))
		}
	}
	if w.versioned {
		word(uint64(w.version))
	}
	when(w.clock)
	for _, p := range w.processes {
		word(uint64(p.id)<<32 | uint64(p.parent))
		word(p.sequence<<32 | uint64(len(p.threads)))
		when(p.created)
		for _, t := range p.threads {
			word(uint64(t.id)<<32 | uint64(t.suspended))
			when(t.created)
		}
	}
	return string(b)
}

// clone is a copy to be changed.
func (w *world) clone() *world {
	c := *w
	c.processes = slices.Clone(w.processes)
	for i := range c.processes {
		c.processes[i].threads = slices.Clone(c.processes[i].threads)
	}
	return &c
}

func (w *world) process(id sim.PID) int {
	return slices.IndexFunc(w.processes, func(p process) bool { return p.id == id })
}

func (w *world) thread(id sim.TID) (int, int) {
	for i, p := range w.processes {
		if j := slices.IndexFunc(p.threads, func(t thread) bool { return t.id == id }); j >= 0 {
			return i, j
		}
	}
	return -1, -1
}

// fits says that an id can be handed out.
func (w *world) fits(id uint32) bool {
	_, j := w.thread(sim.TID(id))
	return id >= 8 && id%4 == 0 && w.process(sim.PID(id)) < 0 && j < 0
}

// refuses is the error that a call must have, or nil.
func (w *world) refuses(c *fuzz.Call) error {
	switch c.Verb {
	case fuzz.CreateProcess:
		if c.Process.Parent != 0 && w.process(c.Process.Parent) < 0 {
			return sim.ErrNoProcess
		}
	case fuzz.TerminateProcess, fuzz.CreateThread:
		if w.process(c.PID) < 0 {
			return sim.ErrNoProcess
		}
	case fuzz.TerminateThread, fuzz.SuspendThread, fuzz.ResumeThread:
		if _, j := w.thread(c.TID); j < 0 {
			return sim.ErrNoThread
		}
	}
	return nil
}

// An answer is what a call came back with. seen is the world that its snapshot shows.
type answer struct {
	fuzz.Result
	seen string
}

// step tries whether a call may have had that answer in w, and returns the world afterwards.
func (w *world) step(c *fuzz.Call, a *answer) (bool, *world) {
	if c.Verb == fuzz.Take {
		return a.seen == w.text && (!w.versioned || a.Version == w.version), w
	}
	if err := w.refuses(c); err != nil {
		var e *sim.Error
		named := errors.As(a.Err, &e) && e.Call == c.Verb.String()
		empty := a.PID == 0 && a.TID == 0 && a.Count == 0
		return errors.Is(a.Err, err) && named && empty && (!w.versioned || a.Version == w.version), w
	}
	if a.Err != nil || w.versioned && a.Version != w.version+1 {
		return false, w
	}
	n := w.clone()
	if !n.change(c, a) {
		return false, w
	}
	n.version++
	n.clock += n.tick
	n.text = n.write()
	return true, n
}

// change does to w what the answer says.
func (w *world) change(c *fuzz.Call, a *answer) bool {
	i, j := w.thread(c.TID)
	switch c.Verb {
	case fuzz.CreateProcess:
		if !w.fits(uint32(a.PID)) || !w.fits(uint32(a.TID)) || uint32(a.PID) == uint32(a.TID) {
			return false
		}
		w.sequence++
		w.processes = append(w.processes, process{a.PID, c.Process.Parent, w.sequence, w.clock, []thread{{a.TID, w.clock, 0}}})
	case fuzz.TerminateProcess:
		i = w.process(c.PID)
		w.processes = slices.Delete(w.processes, i, i+1)
	case fuzz.CreateThread:
		if !w.fits(uint32(a.TID)) {
			return false
		}
		p := &w.processes[w.process(c.PID)]
		p.threads = append(p.threads, thread{a.TID, w.clock, 0})
	case fuzz.TerminateThread:
		p := &w.processes[i]
		p.threads = slices.Delete(p.threads, j, j+1)
		if len(p.threads) == 0 {
			w.processes = slices.Delete(w.processes, i, i+1)
		}
	case fuzz.SuspendThread:
		t := &w.processes[i].threads[j]
		t.suspended++
		return a.Count == t.suspended-1
	case fuzz.ResumeThread:
		t := &w.processes[i].threads[j]
		was := t.suspended
		t.suspended = max(was-1, 0)
		return a.Count == was
	}
	return true
}

var seed = maphash.MakeSeed() // it decides how states are looked up, not which are equal

// modelOf is the kernel as porcupine has it: a black box, or one that tells its version.
func modelOf(h fuzz.History, versioned bool) porcupine.Model {
	start := startOf(h.Start, versioned)
	return porcupine.Model{
		Init: func() any { return start },
		Step: func(state, input, output any) (bool, any) {
			return state.(*world).step(input.(*fuzz.Call), output.(*answer))
		},
		Equal: func(a, b any) bool {
			return a.(*world).sequence == b.(*world).sequence && a.(*world).text == b.(*world).text
		},
		Hash: func(s any) uint64 { return maphash.String(seed, s.(*world).text) },
	}
}

// operations are the events of a history. Snapshots are read now, late.
func operations(h fuzz.History, versioned bool) (all []porcupine.Operation) {
	for i := range h.Events {
		e := &h.Events[i]
		a := &answer{Result: e.Result}
		if e.Call.Verb == fuzz.Take {
			a.seen = seenIn(e.Result.Snapshot.State(), versioned)
		}
		all = append(all, porcupine.Operation{ClientId: e.Client, Input: e.Call, Output: a, Call: int64(e.Called), Return: int64(e.Returned)})
	}
	return all
}

// linearizable is porcupine's verdict. It has no time limit, so it is never unknown.
func linearizable(h fuzz.History, versioned bool) bool {
	return porcupine.CheckOperations(modelOf(h, versioned), operations(h, versioned))
}
