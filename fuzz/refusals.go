package fuzz

import (
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// refusals are the errors that are right for a call now: all of them, as no promise says which comes first. None
// means that the call must succeed.
func (m *Model) refusals(c Call) (errs []error) {
	switch c.Verb {
	case CreateProcess:
		return m.refusesProcess(c.Process)
	case CreateThread:
		return m.refusesThread(c)
	case TerminateThread, SuspendThread, ResumeThread, SetThreadPriority:
		return m.refusesThreadVerb(c)
	case Advance:
		return nil
	}
	p := m.process(c.PID)
	if p == nil {
		return []error{sim.ErrNoProcess}
	}
	switch c.Verb {
	case TerminateProcess:
		if m.untouchable(p) {
			errs = append(errs, sim.ErrAccessDenied)
		}
	case SetPriorityClass:
		if c.PID == 0 {
			errs = append(errs, sim.ErrAccessDenied)
		}
		if c.Class > sim.RealtimeClass {
			errs = append(errs, sim.ErrInvalid)
		}
	case LoadLibrary:
		if c.Image == nil || c.Load > sim.LoadAsDataFile || p.Minimal || !p.Started ||
			c.Load == 0 && c.Image.Bits() != p.Bits {
			errs = append(errs, sim.ErrInvalid)
		}
	case FreeLibrary:
		if !p.Started || !p.mapsAt(c.At) {
			errs = append(errs, sim.ErrNoModule)
		}
	case Write, Read:
		n := c.Size
		if c.Verb == Write {
			n = uint64(len(c.Bytes))
		}
		if !p.readable(c.At, n) {
			errs = append(errs, sim.ErrPartialCopy)
		}
	default:
		return p.refusesHeap(c)
	}
	return errs
}

// untouchable are pid 0 and pid 4 of a kernel that has booted them.
func (m *Model) untouchable(p *Process) bool {
	return !m.Config.Bare && (p.ID == 0 || p.ID == 4)
}

func (p *Process) mapsAt(base sim.Address) bool {
	m := p.moduleOver(base, 1)
	return m != nil && m.Base == base
}

// refusesID says why a process or thread can't have an id by name; 0 asks for any.
func (m *Model) refusesID(id uint32) (errs []error) {
	switch {
	case id%4 != 0:
		errs = append(errs, sim.ErrInvalid)
	case id != 0 && (m.taken(id) || m.spent(id)):
		errs = append(errs, sim.ErrIDTaken)
	}
	return errs
}

func (m *Model) refusesProcess(s sim.ProcessSpec) (errs []error) {
	errs = append(m.refusesID(uint32(s.ID)), m.refusesID(uint32(s.Thread))...)
	if s.ID != 0 && uint32(s.ID) == uint32(s.Thread) {
		errs = append(errs, sim.ErrIDTaken)
	}
	if !s.AnyParent && s.Parent != 0 && m.process(s.Parent) == nil {
		errs = append(errs, sim.ErrNoProcess)
	}
	want := 0
	for _, id := range []uint32{uint32(s.ID), uint32(s.Thread)} {
		if id == 0 {
			want++
		}
	}
	if m.left(want, uint32(s.ID), uint32(s.Thread)) < want {
		errs = append(errs, sim.ErrIDsExhausted)
	}
	if s.Image == nil || s.Class > sim.RealtimeClass || s.Protection > sim.CSRSS {
		return append(errs, sim.ErrInvalid)
	}
	if s.Minimal {
		return errs
	}
	for i, img := range s.Modules {
		if img == nil || img.Bits() == 32 && s.Image.Bits() == 64 || i == 0 && img.Bits() != s.Image.Bits() {
			errs = append(errs, sim.ErrInvalid)
		}
	}
	if s.DefaultHeap != 0 && !heapCanBe(s.Image.Bits(), s.DefaultHeap) {
		errs = append(errs, sim.ErrInvalid)
	}
	return errs
}

// heapCanBe knows which ids HeapCreate gives: 16 GiB apart, or 16 MiB apart in a 32-bit process.
func heapCanBe(bits int, id sim.Address) bool {
	first, span, most := sim.Address(0x0000_0100_0000_0000), sim.Address(16<<30), sim.Address(8000)
	if bits == 32 {
		first, span, most = 0x2000_0000, 16<<20, 64
	}
	return id >= first && (id-first)%span == 0 && (id-first)/span < most
}

func (m *Model) refusesThread(c Call) (errs []error) {
	p := m.process(c.PID)
	switch {
	case p == nil:
		errs = append(errs, sim.ErrNoProcess)
	case p.ID == 0 && !m.Config.Bare:
		errs = append(errs, sim.ErrAccessDenied)
	}
	if !levelCanBe(c.Thread.Priority) {
		errs = append(errs, sim.ErrInvalid)
	}
	errs = append(errs, m.refusesID(uint32(c.Thread.ID))...)
	if c.Thread.ID == 0 && m.left(1) < 1 {
		errs = append(errs, sim.ErrIDsExhausted)
	}
	return errs
}

func levelCanBe(p sim.Priority) bool {
	return p == sim.PriorityIdle || p == sim.PriorityTimeCritical || p >= sim.PriorityLowest && p <= sim.PriorityHighest
}

func (m *Model) refusesThreadVerb(c Call) (errs []error) {
	p, t := m.thread(c.TID)
	if t == nil {
		return []error{sim.ErrNoThread}
	}
	switch {
	case c.Verb == TerminateThread && len(p.Threads) == 1 && m.untouchable(p):
		errs = append(errs, sim.ErrAccessDenied)
	case c.Verb == SuspendThread && t.Suspended == 127:
		errs = append(errs, sim.ErrInvalid)
	case c.Verb == SetThreadPriority && !levelCanBe(c.Priority):
		errs = append(errs, sim.ErrInvalid)
	}
	return errs
}

// refusesHeap is refusals for a verb about a heap of a living process.
func (p *Process) refusesHeap(c Call) (errs []error) {
	if c.Verb == HeapCreate {
		if p.Minimal || !p.Started || c.Heap.ID != 0 && !heapCanBe(p.Bits, c.Heap.ID) {
			errs = append(errs, sim.ErrInvalid)
		}
		if c.Heap.ID != 0 && p.heap(c.Heap.ID) != nil {
			errs = append(errs, sim.ErrIDTaken)
		}
		return errs
	}
	h := p.heap(c.At)
	if h == nil {
		return []error{sim.ErrNoHeap}
	}
	switch c.Verb {
	case HeapDestroy:
		if h.Default {
			errs = append(errs, sim.ErrInvalid)
		}
		return errs
	case HeapAlloc:
		if c.Alloc > sim.Moveable {
			errs = append(errs, sim.ErrInvalid)
		}
		if c.Size > tooLarge {
			errs = append(errs, sim.ErrNoMemory)
		}
		return errs
	}
	b := h.block(c.Block)
	if b == nil {
		return []error{sim.ErrNoBlock}
	}
	moves := c.Verb == HeapReAlloc && c.Size > b.room
	switch {
	case b.Locks > 0 && (c.Verb == HeapFree || moves), c.Verb == UnlockBlock && b.Locks == 0:
		errs = append(errs, sim.ErrInvalid)
	}
	if moves && c.Size > tooLarge {
		errs = append(errs, sim.ErrNoMemory)
	}
	return errs
}

// tooLarge is more than any heap can hold; Draw asks for less than a KiB or for more than this.
const tooLarge = 1 << 40
