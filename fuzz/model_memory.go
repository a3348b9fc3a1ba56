package fuzz

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// applyMemory follows a verb about heaps, blocks or memory that has to succeed.
func (p *Process) applyMemory(c Call, r Result) error {
	switch c.Verb {
	case HeapCreate:
		return p.createHeap(c.Heap, r)
	case HeapDestroy:
		p.Heaps = slices.DeleteFunc(p.Heaps, func(h Heap) bool { return h.ID == c.At })
	case HeapAlloc:
		return p.put(p.heap(c.At), Block{Address: r.At, Size: c.Size, Moveable: c.Alloc == sim.Moveable})
	case HeapReAlloc:
		return p.resize(p.heap(c.At), c, r)
	case HeapFree:
		p.heap(c.At).free(c.Block)
	case LockBlock:
		b := p.heap(c.At).block(c.Block)
		b.Locks++
		return wantCount(c, r, b.Locks)
	case UnlockBlock:
		b := p.heap(c.At).block(c.Block)
		b.Locks--
		return wantCount(c, r, b.Locks)
	case Write:
		p.write(c.At, c.Bytes)
	case Read:
		if want := p.bytes(c.At, c.Size); !bytes.Equal(r.Bytes, want) {
			return fmt.Errorf("memory at %#x reads as % x, want % x", c.At, r.Bytes, want)
		}
	}
	return nil
}

func wantCount(c Call, r Result, want int) error {
	if r.Count != want {
		return fmt.Errorf("%v said that the count is %d, want %d", c.Verb, r.Count, want)
	}
	return nil
}

func (p *Process) heap(id sim.Address) *Heap {
	if p.Started {
		for i := range p.Heaps {
			if p.Heaps[i].ID == id {
				return &p.Heaps[i]
			}
		}
	}
	return nil
}

// block finds a block in use.
func (h *Heap) block(at sim.Address) *Block {
	for i := range h.Blocks {
		if h.Blocks[i].Address == at && !h.Blocks[i].Free {
			return &h.Blocks[i]
		}
	}
	return nil
}

func (p *Process) createHeap(s sim.HeapSpec, r Result) error {
	if p.heap(r.At) != nil || r.At == 0 || s.ID != 0 && r.At != s.ID {
		return fmt.Errorf("HeapCreate gave %#x, which is taken, or not the %#x asked for", r.At, s.ID)
	}
	p.Heaps = append(p.Heaps, Heap{ID: r.At, Shared: s.Shared})
	return nil
}

func room(size uint64) uint64 { return (max(size, 1) + 15) / 16 * 16 }

// put follows an allocation: in a free block that is large enough, of which the rest stays free if there is room for it and
// a header, or behind all blocks.
func (p *Process) put(h *Heap, b Block) error {
	b.room = room(b.Size)
	end := h.ID
	for i, old := range h.Blocks {
		if old.Address == b.Address && old.Free && old.Size >= b.room {
			rest := old.Size - b.room
			if rest < blockHeader+16 {
				b.room = old.Size
			} else {
				free := rest - blockHeader
				h.Blocks = slices.Insert(h.Blocks, i+1,
					Block{Address: old.Address + sim.Address(b.room+blockHeader), Size: free, room: free, Free: true})
			}
			h.Blocks[i] = b
			p.forget(b.Address, b.room)
			return nil
		}
		end = old.Address + sim.Address(old.room)
	}
	if b.Address < end || b.Address%16 != 0 {
		return fmt.Errorf("a block of %d bytes was put at %#x: want a free block that is large enough, or behind %#x", b.Size, b.Address, end)
	}
	h.Blocks = append(h.Blocks, b)
	p.forget(b.Address, b.room)
	return nil
}

// blockHeader is what stands between two blocks.
const blockHeader = sim.BlockOverhead

func (p *Process) resize(h *Heap, c Call, r Result) error {
	b := h.block(c.Block)
	if c.Size <= b.room {
		if r.At != c.Block {
			return fmt.Errorf("HeapReAlloc moved %#x to %#x, though %d bytes fit in place", c.Block, r.At, c.Size)
		}
		if c.Size > b.Size {
			p.forget(b.Address+sim.Address(b.Size), c.Size-b.Size)
		}
		b.Size = c.Size
		return nil
	}
	old := p.bytes(c.Block, b.Size)
	if err := p.put(h, Block{Address: r.At, Size: c.Size, Moveable: b.Moveable}); err != nil {
		return fmt.Errorf("HeapReAlloc: %w", err)
	}
	p.write(r.At, old)
	h.free(c.Block)
	return nil
}

// free frees a block, joins free neighbours, and drops a free block at the end.
func (h *Heap) free(at sim.Address) {
	b := h.block(at)
	*b = Block{Address: at, Size: b.room, room: b.room, Free: true}
	for i := len(h.Blocks) - 1; i > 0; i-- {
		if l, r := &h.Blocks[i-1], h.Blocks[i]; l.Free && r.Free {
			l.room = uint64(r.Address-l.Address) + r.room
			l.Size = l.room
			h.Blocks = slices.Delete(h.Blocks, i, i+1)
		}
	}
	if last := len(h.Blocks) - 1; h.Blocks[last].Free {
		h.Blocks = h.Blocks[:last]
	}
}

// readable says whether every byte of a range is mapped: images are, and heaps to the end of the page of their last block.
func (p *Process) readable(at sim.Address, n uint64) bool {
	for ; n > 0; at, n = at+1, n-1 {
		if !p.Started || p.moduleOver(at, 1) == nil && !p.inHeap(at) {
			return false
		}
	}
	return true
}

func (p *Process) inHeap(at sim.Address) bool {
	for _, h := range p.Heaps {
		end := h.ID + pageBytes
		if last := len(h.Blocks) - 1; last >= 0 {
			end = (h.Blocks[last].Address + sim.Address(h.Blocks[last].room) + pageBytes - 1) / pageBytes * pageBytes
		}
		if at >= h.ID && at < end {
			return true
		}
	}
	return false
}

const pageBytes = 4096

func (p *Process) write(at sim.Address, data []byte) {
	for i, b := range data {
		p.memory[at+sim.Address(i)] = b
	}
}

// forget makes a range as it was before anybody wrote there.
func (p *Process) forget(at sim.Address, n uint64) {
	for a := range p.memory {
		if a >= at && uint64(a-at) < n {
			delete(p.memory, a)
		}
	}
}

// bytes is what stands in a range: the images that are mapped there, zeros, and over both what was written.
func (p *Process) bytes(at sim.Address, n uint64) []byte {
	buf := make([]byte, n)
	for i := range buf {
		a := at + sim.Address(i)
		if m := p.moduleOver(a, 1); m != nil && (i == 0 || a == m.Base) {
			if contents := m.Image.Contents(); uint64(a-m.Base) < uint64(len(contents)) {
				copy(buf[i:], contents[a-m.Base:])
			}
		}
	}
	for i := range buf {
		if b, written := p.memory[at+sim.Address(i)]; written {
			buf[i] = b
		}
	}
	return buf
}
