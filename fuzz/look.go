package fuzz

import (
	"errors"
	"fmt"
	"slices"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

const (
	heapFlags   = toolhelp.TH32CS_SNAPHEAPLIST
	moduleFlags = toolhelp.TH32CS_SNAPMODULE | toolhelp.TH32CS_SNAPMODULE32
	targetFlags = heapFlags | moduleFlags
	systemFlags = toolhelp.TH32CS_SNAPPROCESS | toolhelp.TH32CS_SNAPTHREAD
	allFlags    = systemFlags | targetFlags
)

// judgeLook says what is wrong with what an event shows of the model's version.
func (c *certificate) judgeLook(m *Model, l look) *Violation {
	e := &c.h.Events[l.event]
	if e.Call.Verb <= Update {
		if err := c.judge(m, e); err != nil {
			return c.violation(misled(err), "S1", l.event, "at version %d: %v", m.Version, err)
		}
		return nil
	}
	s := e.Result.Snapshot
	if err := CheckSnapshot(s); err != nil {
		return c.violation(BrokenList, "S21", l.event, "%v", err)
	}
	if l.part == answer {
		if err := m.judgeTake(e.Call, &e.Result); err != nil {
			return c.violation(WrongAnswer, "S75", l.event, "at version %d: %v", m.Version, err)
		}
	}
	if diff := m.diff(s, l.part); diff != "" {
		v := c.violation(c.nameLook(l, TornRead), "S7", l.event, "the snapshot is not the kernel at version %d", m.Version)
		v.Diff = diff
		return v
	}
	return nil
}

// diff compares one part of a snapshot, or all of it, with the model.
func (m *Model) diff(s toolhelp.Snapshot, p part) string {
	var diff string
	if state := s.State(); state != nil && (p == answer || p == system) {
		diff = compare(m.Show(), List(state))
	}
	q := m.process(s.PID())
	if q == nil {
		return diff
	}
	if s.Flags()&toolhelp.TH32CS_SNAPMODULE != 0 && (p == answer || p == modules) {
		diff += compare(q.listed(s.Flags()), listModules(s))
	}
	if s.Flags()&heapFlags != 0 && (p == answer || p == heaps) {
		diff += compare(q.heaped(), listHeaps(s))
	}
	return diff
}

// listed is what a snapshot with these flags shows of p's modules.
func (p *Process) listed(flags uint32) (all []Module) {
	for _, bits := range []int{64, 32} {
		for _, m := range p.Modules {
			if m.Bits == bits && (bits == 64 || flags&toolhelp.TH32CS_SNAPMODULE32 != 0) && p.Started {
				m.Head = nil
				all = append(all, m)
			}
		}
	}
	return all
}

// heaped is what a snapshot shows of p's heaps.
func (p *Process) heaped() (all []Heap) {
	if !p.Started {
		return nil
	}
	for _, h := range p.Heaps {
		h.Blocks = slices.Clone(h.Blocks)
		for i := range h.Blocks {
			h.Blocks[i].Bytes, h.Blocks[i].room = nil, 0
		}
		h.Blocks = some(h.Blocks)
		all = append(all, h)
	}
	return all
}

func listModules(s toolhelp.Snapshot) (all []Module) {
	for m := range s.Modules() {
		all = append(all, Module{Base: m.Base(), Image: m.Image(), Loads: m.LoadCount(), Bits: m.Bits()})
	}
	return all
}

func listHeaps(s toolhelp.Snapshot) (all []Heap) {
	for h := range s.Heaps() {
		l := Heap{ID: h.ID(), Default: h.Default(), Shared: h.Shared()}
		for b := range h.Blocks() {
			l.Blocks = append(l.Blocks, Block{Address: b.Address(), Size: b.Size(), Free: b.Free(), Moveable: b.Moveable(), Locks: b.LockCount()})
		}
		all = append(all, l)
	}
	return all
}

// judgeTake says why a snapshot must not have been given or refused so at the model's version. In separate cuts a refusal may also have come from what
// changed between them: of that only the kind of error is judged.
func (m *Model) judgeTake(c *Call, r *Result) error {
	want := m.refusesTake(c)
	switch {
	case errors.Is(r.Err, want) && (want != nil || r.Err == nil):
		return nil
	case c.Verb == TakeSeparately && r.Err != nil && c.Flags&moduleFlags != 0 &&
		(errors.Is(r.Err, toolhelp.ERROR_BAD_LENGTH) || errors.Is(r.Err, toolhelp.ERROR_PARTIAL_COPY)):
		return nil
	}
	return fmt.Errorf("%v: error %v, want %v", c.Verb, r.Err, want)
}

// refusesTake is the error that is right for a snapshot now.
func (m *Model) refusesTake(c *Call) error {
	switch p := m.process(c.PID); {
	case c.Flags&(systemFlags|targetFlags) == 0:
		return toolhelp.ERROR_INVALID_PARAMETER
	case c.Flags&targetFlags == 0:
		return nil
	case p == nil:
		return toolhelp.ERROR_INVALID_PARAMETER
	case p.Minimal:
		return toolhelp.ERROR_ACCESS_DENIED
	case c.Flags&toolhelp.TH32CS_SNAPMODULE != 0 && !p.Started:
		return toolhelp.ERROR_PARTIAL_COPY
	}
	return nil
}

// firstCut is the oldest version that a snapshot shows.
func firstCut(s toolhelp.Snapshot) sim.Version {
	first := s.Version()
	c := s.Cuts()
	if s.Flags()&heapFlags != 0 {
		first = min(first, c.Heaps)
	}
	if s.Flags()&moduleFlags != 0 {
		first = min(first, c.Modules)
	}
	return first
}

// misled names what happened that the model did not allow: something that succeeded on what was no longer there, or was not yet, went past another change.
func misled(err error) Anomaly {
	if errors.Is(err, errHappened) {
		return LostUpdate
	}
	return WrongAnswer
}

// window bounds the search for the version that a snapshot shows.
const window = 1000

// nameLook finds out what a snapshot shows in place of its version: another version of the kernel, or none.
func (c *certificate) nameLook(l look, otherwise Anomaly) Anomaly {
	s := c.h.Events[l.event].Result.Snapshot
	m := c.h.Start.Clone()
	for _, i := range c.changes[:min(len(c.changes), window)] {
		if showsAt(m, s, l.part) {
			return StaleRead
		}
		if i < 0 || m.Judge(*c.h.Events[i].Call, c.h.Events[i].Result) != nil {
			return otherwise
		}
	}
	if showsAt(m, s, l.part) {
		return StaleRead
	}
	return otherwise
}

// showsAt says that a snapshot shows the model as it is, whatever version it says.
func showsAt(m *Model, s toolhelp.Snapshot, p part) bool {
	m = m.Clone()
	if s.State() != nil && (p == answer || p == system) {
		m.Version, m.Clock = s.State().Version(), s.State().Clock()
	}
	return m.diff(s, p) == ""
}
