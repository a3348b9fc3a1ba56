package fuzz

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A Model is the slow obvious kernel. Its snapshot is a deep copy, every look-up a walk, and the
// order of its slices is the order that the kernel promises.
type Model struct {
	Listing
	Config sim.Config

	sequence uint64          // of the last process created
	freed    []uint32        // ids given back, oldest first
	used     map[uint32]bool // ids ever handed out
	handles  []held          // open handles to processes, ended ones included
	endings  []ending        // processes that ended in the change under way
	forked   bool            // in which order ids were given back is not known
}

// NewModel believes what a state shows. That is all there is to know of a kernel that was just booted; of any other it is
// enough to Draw calls from.
func NewModel(s *sim.State) *Model {
	m := &Model{Listing: List(s), Config: s.Config(), used: map[uint32]bool{}}
	for i := range m.Processes {
		p := &m.Processes[i]
		m.sequence = max(m.sequence, p.Sequence)
		p.memory = map[sim.Address]byte{}
		m.used[uint32(p.ID)] = true
		for _, t := range p.Threads {
			m.used[uint32(t.ID)] = true
		}
	}
	return m
}

// Fork is the model of a kernel forked from the state that m is the model of. In which order its ids
// come back is not promised, and it has no handles.
func (m *Model) Fork() *Model {
	f := m.Clone()
	f.forked, f.freed, f.handles = true, nil, nil
	return f
}

// Clone is a second model that goes its own way.
func (m *Model) Clone() *Model {
	c := *m
	c.Listing = m.Listing.clone()
	c.freed = slices.Clone(m.freed)
	c.used = maps.Clone(m.used)
	c.handles = slices.Clone(m.handles)
	c.endings = slices.Clone(m.endings)
	return &c
}

// Show is what a state of the kernel has to show now. It shares nothing with the model.
func (m *Model) Show() Listing {
	l := m.Listing.clone()
	for i := range l.Processes {
		l.Processes[i].show()
	}
	l.Processes = some(l.Processes)
	return l
}

// show turns the model's process into the one a state shows: memory becomes the bytes of blocks and modules.
func (p *Process) show() {
	if !p.Started {
		p.Modules, p.DataFiles, p.Heaps = nil, nil, nil
	}
	slices.SortStableFunc(p.Modules, func(a, b Module) int { return b.Bits - a.Bits })
	for i := range p.Modules {
		p.Modules[i].Head = p.bytes(p.Modules[i].Base, headBytes)
	}
	for i := range p.DataFiles {
		p.DataFiles[i].Head = p.bytes(p.DataFiles[i].Base, headBytes)
	}
	for i := range p.Heaps {
		h := &p.Heaps[i]
		h.Blocks = some(h.Blocks)
		for i := range h.Blocks {
			b := &h.Blocks[i]
			if !b.Free {
				b.Bytes = p.bytes(b.Address, min(b.Size, mostBytes))
			}
			b.room = 0
		}
	}
	p.memory = nil
	p.Modules, p.DataFiles, p.Heaps = some(p.Modules), some(p.DataFiles), some(p.Heaps)
}

// some is s, or nil when there is nothing in it, as a fresh walk has it.
func some[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

// Judge says why the kernel must not have answered a call with that result, or nil, and then follows the
// kernel. After an error the model is of no more use.
func (m *Model) Judge(c Call, r Result) error {
	judge := m.judge
	if c.Verb == Update {
		judge = m.update
	}
	if err := judge(c, r); err != nil {
		return err
	}
	if r.Err == nil && c.Verb != Read {
		m.Version++
		m.Clock = later(m.Clock, m.Config.Tick)
		m.settle()
	}
	if r.Version != m.Version {
		return fmt.Errorf("%v reported version %d, want %d", c.Verb, r.Version, m.Version)
	}
	return nil
}

// errHappened is a call that succeeded where the model refuses it.
var errHappened = errors.New("succeeded and should not have")

// judge is Judge for one verb, without its version.
func (m *Model) judge(c Call, r Result) error {
	allowed := m.refusals(c)
	if len(allowed) == 0 {
		if r.Err != nil {
			return fmt.Errorf("%v failed and should not have: %w", c.Verb, r.Err)
		}
		return m.apply(c, r)
	}
	if r.Err == nil {
		return fmt.Errorf("%v %w, want one of %q", c.Verb, errHappened, allowed)
	}
	if !slices.ContainsFunc(allowed, func(err error) bool { return errors.Is(r.Err, err) }) {
		return fmt.Errorf("%v: error %v, want one of %q", c.Verb, r.Err, allowed)
	}
	var e *sim.Error
	if !errors.As(r.Err, &e) || e.Call != c.Verb.String() {
		return fmt.Errorf("%v: the error does not name the call: %w", c.Verb, r.Err)
	}
	if r.PID != 0 || r.TID != 0 || r.At != 0 || r.Count != 0 {
		return fmt.Errorf("%v failed, but gave pid %d, tid %d, address %#x, count %d", c.Verb, r.PID, r.TID, r.At, r.Count)
	}
	return nil
}

func (m *Model) update(c Call, r Result) error {
	if len(r.Results) != len(c.Calls) {
		return fmt.Errorf("the Update ran %d of %d calls", len(r.Results), len(c.Calls))
	}
	before := m.Clone()
	for i, inner := range c.Calls {
		if err := m.judge(inner, r.Results[i]); err != nil {
			return fmt.Errorf("call %d of an Update: %w", i, err)
		}
	}
	if c.End == Commits {
		return r.Err
	}
	if !errors.Is(r.Err, ErrGivenUp) {
		return fmt.Errorf("the Update was to fail with %q and returned %v", ErrGivenUp, r.Err)
	}
	*m = *before
	return nil
}

func (m *Model) apply(c Call, r Result) error {
	switch c.Verb {
	case CreateProcess:
		return m.createProcess(c.Process, r)
	case TerminateProcess:
		m.end(c.PID)
	case CreateThread:
		return m.createThread(c.PID, c.Thread, r)
	case TerminateThread:
		m.endThread(c.TID)
	case SuspendThread, ResumeThread:
		return m.suspend(c, r)
	case LoadLibrary:
		return m.load(m.process(c.PID), c, r)
	case FreeLibrary:
		m.process(c.PID).unload(c.At)
	case SetPriorityClass:
		m.setClass(m.process(c.PID), c.Class)
	case SetThreadPriority:
		p, t := m.thread(c.TID)
		t.Priority, t.Base = c.Priority, base(p.Class, c.Priority)
	case Advance:
		m.Clock = later(m.Clock, c.Time)
	default:
		return m.process(c.PID).applyMemory(c, r)
	}
	return nil
}

func later(t, by sim.Time) sim.Time {
	if t+by < t {
		return ^sim.Time(0)
	}
	return t + by
}

func (m *Model) process(pid sim.PID) *Process {
	for i := range m.Processes {
		if m.Processes[i].ID == pid {
			return &m.Processes[i]
		}
	}
	return nil
}

// thread finds a thread by id; the idle threads share the id 0 and are not found by it.
func (m *Model) thread(tid sim.TID) (*Process, *Thread) {
	if tid == 0 {
		return nil, nil
	}
	for i := range m.Processes {
		p := &m.Processes[i]
		for j := range p.Threads {
			if p.Threads[j].ID == tid {
				return p, &p.Threads[j]
			}
		}
	}
	return nil, nil
}
