package fuzz

import "github.com/toolhelpsim/toolhelpsim/sim"

// memory fills in a call about heaps, blocks or memory.
func (d drawer) memory(c *Call) {
	if c.Verb == HeapCreate {
		c.Heap.Shared = d.rarely(3)
		if d.rarely(4) {
			c.Heap.ID = d.heapID()
		}
		return
	}
	d.target(c)
	switch c.Verb {
	case HeapAlloc:
		c.Size, c.Alloc = d.size(), pick[sim.AllocFlags](d, 0, 0, 0, sim.Moveable, 2)
	case HeapReAlloc:
		c.Size = d.size()
	case Write, Read:
		c.At = d.place(c.PID, c.Block)
		n := d.from(40)
		if c.Verb == Read {
			c.Size = uint64(n)
			d.within(c)
			return
		}
		for range n {
			c.Bytes = append(c.Bytes, byte(d.from(256)))
		}
	}
}

// target picks a block, free or in use, or a heap without one, for a verb that does not need any; rarely nothing that is there.
func (d drawer) target(c *Call) {
	var blocks, heaps []Call
	for i := range d.m.Processes {
		p := &d.m.Processes[i]
		for _, h := range p.Heaps {
			heaps = append(heaps, Call{PID: p.ID, At: h.ID})
			for _, b := range h.Blocks {
				blocks = append(blocks, Call{PID: p.ID, At: h.ID, Block: b.Address})
			}
		}
	}
	c.At, c.Block = d.heapID(), d.noBlock()
	switch from := blocks; {
	case d.rarely(12):
	case c.Verb == HeapAlloc || c.Verb == HeapDestroy || len(blocks) == 0:
		if from = heaps; len(from) > 0 {
			t := from[d.from(len(from))]
			c.PID, c.At = t.PID, t.At
		}
	default:
		t := from[d.from(len(from))]
		c.PID, c.At, c.Block = t.PID, t.At, t.Block
	}
}

// noBlock is an address where a block may be by chance only.
func (d drawer) noBlock() sim.Address {
	return pick[sim.Address](d, 0, 0x0000_0100_0000_1010, 0x0000_0100_0000_1018, ^sim.Address(0))
}

func (d drawer) size() uint64 {
	return pick(d, uint64(d.from(40)), uint64(d.from(200)), 0, 16, tooLarge+1, ^uint64(0))
}

// place is where to write or read: a block, a module's start or end, or rarely where nothing is.
func (d drawer) place(pid sim.PID, block sim.Address) sim.Address {
	p := d.m.process(pid)
	if p == nil || d.rarely(8) {
		return pick[sim.Address](d, 0, 0x10, ^sim.Address(0)-4)
	}
	if n := len(p.Modules); n > 0 && (d.from(2) == 0 || p.heapOf(block) == nil) {
		m := p.Modules[n-1-d.from(n)]
		return pick(d, m.Base, m.Base+headBytes/2, m.Base+sim.Address(m.Image.Size())-4, m.Base+4094)
	}
	return block + sim.Address(d.from(8))
}

func (p *Process) heapOf(block sim.Address) *Heap {
	for i := range p.Heaps {
		if p.Heaps[i].block(block) != nil {
			return &p.Heaps[i]
		}
	}
	return nil
}

// within keeps a read from a block inside the block: what stands between blocks is not promised.
func (d drawer) within(c *Call) {
	p := d.m.process(c.PID)
	if p == nil {
		return
	}
	for _, h := range p.Heaps {
		if c.At < h.ID || c.At >= h.ID+1<<24 {
			continue
		}
		c.Size = 0
		for _, b := range h.Blocks {
			if !b.Free && c.At >= b.Address && c.At < b.Address+sim.Address(b.Size) {
				c.Size = min(b.Size-uint64(c.At-b.Address), 40)
			}
		}
	}
}
