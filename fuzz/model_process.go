package fuzz

import (
	"fmt"
	"slices"
	"strings"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// pinned is the load count of what a process starts with.
const pinned = 65535

func (m *Model) createProcess(s sim.ProcessSpec, r Result) error {
	if err := m.handBoth(s, r); err != nil {
		return err
	}
	m.sequence++
	p := Process{ID: r.PID, Parent: s.Parent, Sequence: m.sequence, Image: s.Image, Created: s.Created, Class: s.Class,
		Bits: s.Image.Bits(), Protection: s.Protection, Minimal: s.Minimal, Started: !s.Suspended, memory: map[sim.Address]byte{}}
	if p.Created == 0 {
		p.Created = m.Clock
	}
	if parent := m.process(s.Parent); parent != nil && !s.AnyParent && s.Class == sim.NormalClass {
		if parent.Class == sim.IdleClass || parent.Class == sim.BelowNormalClass {
			p.Class = parent.Class
		}
	}
	p.Base = p.Class.Base()
	p.Modules, p.Heaps = furniture(s)
	t := Thread{ID: r.TID, Owner: r.PID, Base: p.Base, Created: p.Created}
	if s.Suspended {
		t.Suspended = 1
	}
	p.Threads = []Thread{t}
	m.Processes = append(m.Processes, p)
	return nil
}

// handBoth checks the two ids of a new process. Those asked for by name are spoken for before any is handed out in turn.
func (m *Model) handBoth(s sim.ProcessSpec, r Result) error {
	if uint32(r.PID) == uint32(r.TID) {
		return fmt.Errorf("a process and its thread both got the id %d", r.PID)
	}
	named := s.Thread != 0
	if named {
		if err := m.hand(uint32(r.TID), uint32(s.Thread)); err != nil {
			return fmt.Errorf("tid: %w", err)
		}
	}
	if err := m.hand(uint32(r.PID), uint32(s.ID)); err != nil {
		return fmt.Errorf("pid: %w", err)
	}
	if !named {
		if err := m.hand(uint32(r.TID), 0); err != nil {
			return fmt.Errorf("tid: %w", err)
		}
	}
	return nil
}

// furniture is what such a process starts with. Where it is mapped is the kernel's choice and does not depend on what
// else runs, so a kernel of its own is asked.
func furniture(s sim.ProcessSpec) ([]Module, []Heap) {
	k := sim.New(sim.Config{Bare: true})
	_, _, _, err := k.CreateProcess(sim.ProcessSpec{Image: s.Image, Minimal: s.Minimal, Modules: s.Modules, DefaultHeap: s.DefaultHeap})
	if err != nil {
		panic(fmt.Sprintf("fuzz: a process that could be created among others can't be alone: %v", err))
	}
	p := List(k.State()).Processes[0]
	return p.Modules, p.Heaps
}

func (m *Model) end(pid sim.PID) {
	i := slices.IndexFunc(m.Processes, func(p Process) bool { return p.ID == pid })
	for _, t := range m.Processes[i].Threads {
		m.give(uint32(t.ID))
	}
	if !m.held(pid) {
		m.give(uint32(pid))
	}
	m.endings = append(m.endings, ending{m.Processes[i].Sequence, pid, m.held(pid)})
	m.Processes = slices.Delete(m.Processes, i, i+1)
}

func (m *Model) createThread(pid sim.PID, s sim.ThreadSpec, r Result) error {
	if err := m.hand(uint32(r.TID), uint32(s.ID)); err != nil {
		return fmt.Errorf("tid: %w", err)
	}
	p := m.process(pid)
	t := Thread{ID: r.TID, Owner: pid, Priority: s.Priority, Base: base(p.Class, s.Priority), Created: s.Created}
	if t.Created == 0 {
		t.Created = m.Clock
	}
	if s.Suspended {
		t.Suspended = 1
	} else {
		p.Started = true
	}
	p.Threads = append(p.Threads, t)
	return nil
}

func (m *Model) endThread(tid sim.TID) {
	p, _ := m.thread(tid)
	if len(p.Threads) == 1 {
		m.end(p.ID)
		return
	}
	p.Threads = slices.DeleteFunc(p.Threads, func(t Thread) bool { return t.ID == tid })
	m.give(uint32(tid))
}

func (m *Model) suspend(c Call, r Result) error {
	p, t := m.thread(c.TID)
	if r.Count != t.Suspended {
		return fmt.Errorf("%v said that the count was %d, want %d", c.Verb, r.Count, t.Suspended)
	}
	switch {
	case c.Verb == SuspendThread:
		t.Suspended++
	case t.Suspended == 1:
		t.Suspended, p.Started = 0, true
	case t.Suspended > 1:
		t.Suspended--
	}
	return nil
}

func (m *Model) setClass(p *Process, class sim.PriorityClass) {
	p.Class, p.Base = class, class.Base()
	for i := range p.Threads {
		p.Threads[i].Base = base(class, p.Threads[i].Priority)
	}
}

// base is the table "Scheduling Priorities" of the Windows documentation.
func base(class sim.PriorityClass, level sim.Priority) int {
	realtime := class == sim.RealtimeClass
	switch {
	case level == sim.PriorityIdle && realtime:
		return 16
	case level == sim.PriorityIdle:
		return 1
	case level == sim.PriorityTimeCritical && realtime:
		return 31
	case level == sim.PriorityTimeCritical:
		return 15
	}
	return class.Base() + int(level)
}

func (m *Model) load(p *Process, c Call, r Result) error {
	list := &p.Modules
	if c.Load == sim.LoadAsDataFile {
		list = &p.DataFiles
	}
	for i := range *list {
		old := &(*list)[i]
		if !sameFile(old.Image, c.Image) {
			continue
		}
		if r.At != old.Base {
			return fmt.Errorf("%s is loaded at %#x, LoadLibrary said %#x", c.Image.Path(), old.Base, r.At)
		}
		if old.Loads < pinned {
			old.Loads++
		}
		return nil
	}
	if over := p.moduleOver(r.At, uint64(c.Image.Size())); over != nil || r.At%0x10000 != 0 || r.At == 0 {
		return fmt.Errorf("LoadLibrary mapped %d bytes at %#x, where %+v is, or no module can be", c.Image.Size(), r.At, over)
	}
	*list = append(*list, Module{Base: r.At, Image: c.Image, Loads: 1, Bits: c.Image.Bits()})
	return nil
}

// sameFile is how the loader compares: letters without case, and one slash is as good as the other.
func sameFile(a, b *sim.Image) bool {
	name := func(i *sim.Image) string { return strings.ToLower(strings.ReplaceAll(i.Path(), "/", `\`)) }
	return a.Bits() == b.Bits() && name(a) == name(b)
}

// moduleOver finds what is mapped in a range.
func (p *Process) moduleOver(at sim.Address, n uint64) *Module {
	for _, list := range [][]Module{p.Modules, p.DataFiles} {
		for i := range list {
			if m := &list[i]; uint64(m.Base) < uint64(at)+n && uint64(at) < uint64(m.Base)+uint64(m.Image.Size()) {
				return m
			}
		}
	}
	return nil
}

func (p *Process) unload(base sim.Address) {
	for _, list := range []*[]Module{&p.Modules, &p.DataFiles} {
		i := slices.IndexFunc(*list, func(m Module) bool { return m.Base == base })
		switch {
		case i < 0 || (*list)[i].Loads == pinned:
		case (*list)[i].Loads > 1:
			(*list)[i].Loads--
		default:
			p.forget(base, uint64((*list)[i].Image.Size()))
			*list = slices.Delete(*list, i, i+1)
		}
	}
}
