package fuzz

import (
	"encoding/binary"
	"unsafe"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// A sketch is everything that a snapshot shows, as bytes: two snapshots show the same if and only if their sketches are equal. Images are told apart by
// address. It means something within one process only, and is the quick way to ask whether anything is different; what, a Listing tells.
type sketch []byte

func (b sketch) word(w uint64) sketch { return binary.LittleEndian.AppendUint64(b, w) }

func (b sketch) image(i *sim.Image) sketch { return b.word(uint64(uintptr(unsafe.Pointer(i)))) }

func (b sketch) flags(all ...bool) sketch {
	var w uint64
	for i, f := range all {
		if f {
			w |= 1 << i
		}
	}
	return b.word(w)
}

// snapshot adds what s shows. Unless deep, the modules and heaps of the system-wide part are left out: whoever made neither verb that changes them knows that
// they are what their process was created with.
func (b sketch) snapshot(s toolhelp.Snapshot, deep bool) sketch {
	c := s.Cuts()
	b = b.word(uint64(c.Heaps)).word(uint64(c.Modules)).word(uint64(c.Processes))
	if state := s.State(); state != nil {
		b = b.state(state, deep)
	}
	n := len(b)
	b = b.word(0)
	modules := uint64(0)
	for m := range s.Modules() {
		b = b.module(m)
		modules++
	}
	binary.LittleEndian.PutUint64(b[n:], modules)
	for h := range s.Heaps() {
		b = b.heap(h)
	}
	return b
}

func (b sketch) state(s *sim.State, deep bool) sketch {
	b = b.word(uint64(s.Version())).word(uint64(s.Clock())).word(uint64(s.ProcessCount())<<32 | uint64(s.ThreadCount()))
	for p := range s.Processes() {
		b = b.process(p, deep)
	}
	return b
}

// model is state, unless deep, of the model.
func (b sketch) model(m *Model) sketch {
	threads := 0
	for i := range m.Processes {
		threads += len(m.Processes[i].Threads)
	}
	b = b.word(uint64(m.Version)).word(uint64(m.Clock)).word(uint64(len(m.Processes))<<32 | uint64(threads))
	for i := range m.Processes {
		p := &m.Processes[i]
		b = b.word(uint64(p.ID)<<32|uint64(p.Parent)).word(p.Sequence).image(p.Image).word(uint64(p.Created)).
			word(uint64(p.Class)<<56|uint64(uint8(p.Base))<<48|uint64(p.Protection)<<40|uint64(p.Bits)<<32|uint64(len(p.Threads))).
			flags(p.Minimal, p.Started)
		for _, t := range p.Threads {
			b = b.word(uint64(t.ID)<<32 | uint64(t.Owner)).word(uint64(t.Created)).
				word(uint64(uint8(t.Priority))<<40 | uint64(uint8(t.Base))<<32 | uint64(uint32(t.Suspended)))
		}
	}
	return b
}

func (b sketch) process(p sim.Process, deep bool) sketch {
	b = b.word(uint64(p.ID())<<32|uint64(p.Parent())).word(p.Sequence()).image(p.Image()).word(uint64(p.Created())).
		word(uint64(p.Class())<<56|uint64(uint8(p.BasePriority()))<<48|uint64(p.Protection())<<40|uint64(p.Bits())<<32|uint64(p.ThreadCount())).
		flags(p.Minimal(), p.Started())
	for t := range p.Threads() {
		b = b.word(uint64(t.ID())<<32 | uint64(t.Owner())).word(uint64(t.Created())).
			word(uint64(uint8(t.Priority()))<<40 | uint64(uint8(t.BasePriority()))<<32 | uint64(uint32(t.SuspendCount())))
	}
	if !deep {
		return b
	}
	b = b.word(uint64(p.ModuleCount())<<32 | uint64(p.HeapCount()))
	for m := range p.Modules() {
		b = b.module(m).bytes(p, m.Base(), headBytes)
	}
	for m := range p.DataFiles() {
		b = b.module(m).bytes(p, m.Base(), headBytes)
	}
	for h := range p.Heaps() {
		b = b.heap(h)
		for block := range h.Blocks() {
			if !block.Free() {
				b = b.bytes(p, block.Address(), min(block.Size(), mostBytes))
			}
		}
	}
	return b
}

func (b sketch) module(m sim.Module) sketch {
	return b.word(uint64(m.Base())).image(m.Image()).word(uint64(m.LoadCount())<<8 | uint64(m.Bits()))
}

func (b sketch) heap(h sim.Heap) sketch {
	b = b.word(uint64(h.ID())).flags(h.Default(), h.Shared()).word(uint64(h.BlockCount()))
	for k := range h.Blocks() {
		b = b.word(uint64(k.Address())).word(k.Size()).word(uint64(k.LockCount())).flags(k.Free(), k.Moveable())
	}
	return b
}

// bytes adds n bytes of memory, or a mark that they can't be read.
func (b sketch) bytes(p sim.Process, at sim.Address, n uint64) sketch {
	from := len(b)
	b = append(b, make([]byte, n)...)
	if p.ReadMemory(at, b[from:]) != nil {
		return append(b[:from], '?')
	}
	return b
}

// digest is a hash of the sketch: splitmix64's finisher over its words.
func (b sketch) digest() uint64 {
	h := uint64(len(b))
	for len(b) >= 8 {
		h = (h ^ binary.LittleEndian.Uint64(b)) * 0xBF58476D1CE4E5B9
		h ^= h >> 29
		b = b[8:]
	}
	for _, c := range b {
		h = (h ^ uint64(c)) * 0x94D049BB133111EB
		h ^= h >> 31
	}
	return h
}
