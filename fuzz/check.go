package fuzz

import (
	"fmt"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// Check says what contradicts itself in a state, or nil: pids and tids are unique and one space, every thread's
// owner is the process it is listed in, every count is what a walk finds, look-ups find what walks show, and no two objects of a pool
// have one address. It knows nothing of what happened before.
func Check(s *sim.State) error {
	c := checker{ids: map[uint32]string{}, addresses: map[sim.Address]string{}, sequences: map[uint64]bool{}}
	for p := range s.Processes() {
		if err := c.process(s, p); err != nil {
			return fmt.Errorf("version %d: process %d: %w", s.Version(), p.ID(), err)
		}
	}
	walked := 0
	for t := range s.Threads() {
		if walked >= len(c.threads) || !t.Equal(c.threads[walked]) {
			return fmt.Errorf("version %d: thread %d of the walk over all is tid %d, not the one of the walk by process", s.Version(), walked, t.ID())
		}
		walked++
	}
	if walked != len(c.threads) || s.ThreadCount() != walked || s.ProcessCount() != len(c.sequences) {
		return fmt.Errorf("version %d: counts %d processes, %d threads; walked %d, %d, %d", s.Version(), s.ProcessCount(), s.ThreadCount(),
			len(c.sequences), walked, len(c.threads))
	}
	return nil
}

type checker struct {
	ids       map[uint32]string
	addresses map[sim.Address]string
	sequences map[uint64]bool
	last      uint64 // sequence
	threads   []sim.Thread
}

func (c *checker) id(id uint32, who string) error {
	if other, taken := c.ids[id]; taken || id%4 != 0 {
		return fmt.Errorf("id %d of a %s is no multiple of 4, or a %s has it too", id, who, other)
	}
	c.ids[id] = who
	return nil
}

func (c *checker) address(at sim.Address, who string) error {
	if other, taken := c.addresses[at]; taken || at == 0 {
		return fmt.Errorf("address %#x of a %s is 0 or that of a %s too", uint64(at), who, other)
	}
	c.addresses[at] = who
	return nil
}

func (c *checker) process(s *sim.State, p sim.Process) error {
	if err := c.id(uint32(p.ID()), "process"); err != nil {
		return err
	}
	if err := c.address(p.Address(), "process"); err != nil {
		return err
	}
	if c.sequences[p.Sequence()] || p.Sequence() <= c.last {
		return fmt.Errorf("creation number %d comes after %d", p.Sequence(), c.last)
	}
	c.sequences[p.Sequence()], c.last = true, p.Sequence()
	if found, ok := s.Process(p.ID()); !ok || !found.Equal(p) {
		return fmt.Errorf("the look-up by pid finds another one, or none")
	}
	if err := c.threadsOf(s, p); err != nil {
		return err
	}
	return checkLists(p)
}

func (c *checker) threadsOf(s *sim.State, p sim.Process) error {
	n := 0
	for t := range p.Threads() {
		n++
		c.threads = append(c.threads, t)
		if t.Owner() != p.ID() {
			return fmt.Errorf("thread %d says that its owner is %d", t.ID(), t.Owner())
		}
		if err := c.address(t.Address(), "thread"); err != nil {
			return err
		}
		if t.ID() == 0 && p.ID() == 0 {
			continue // the idle threads share their id
		}
		if err := c.id(uint32(t.ID()), "thread"); err != nil {
			return err
		}
		if found, ok := s.Thread(t.ID()); !ok || !found.Equal(t) {
			return fmt.Errorf("the look-up of tid %d finds another one, or none", t.ID())
		}
	}
	if n == 0 || n != p.ThreadCount() {
		return fmt.Errorf("%d threads walked, ThreadCount is %d: want the same, and at least one", n, p.ThreadCount())
	}
	return nil
}

func checkLists(p sim.Process) error {
	modules, heaps := 0, 0
	var mapped []sim.Module
	for m := range p.Modules() {
		modules++
		if found, ok := p.Module(m.Base()); !ok || found.Image() != m.Image() {
			return fmt.Errorf("the look-up of module %#x finds another one, or none", uint64(m.Base()))
		}
		mapped = append(mapped, m)
	}
	for m := range p.DataFiles() {
		mapped = append(mapped, m)
	}
	if err := checkMapped(mapped); err != nil {
		return err
	}
	for h := range p.Heaps() {
		heaps++
		if found, ok := p.Heap(h.ID()); !ok || !found.Equal(h) || h.Default() != (heaps == 1) {
			return fmt.Errorf("the look-up of heap %#x finds another one, or none, or the default heap is not first", uint64(h.ID()))
		}
		if err := checkBlocks(h); err != nil {
			return fmt.Errorf("heap %#x: %w", uint64(h.ID()), err)
		}
	}
	if modules != p.ModuleCount() || heaps != p.HeapCount() {
		return fmt.Errorf("%d modules and %d heaps walked, counts are %d and %d", modules, heaps, p.ModuleCount(), p.HeapCount())
	}
	return nil
}

// checkMapped: no two modules or data files in one place, and each with a list object of its own. Only a WOW64 process's
// image may stand in both lists.
func checkMapped(mapped []sim.Module) error {
	for i, a := range mapped {
		for _, b := range mapped[:i] {
			apart := a.Base() >= b.Base()+sim.Address(b.Size()) || b.Base() >= a.Base()+sim.Address(a.Size())
			twice := a.Image() == b.Image() && a.Bits() != b.Bits()
			if !apart && !twice || a.Address() == b.Address() {
				return fmt.Errorf("%s at %#x and %s at %#x overlap, or share the list object at %#x", a.Path(), uint64(a.Base()), b.Path(),
					uint64(b.Base()), uint64(a.Address()))
			}
		}
	}
	return nil
}

// checkBlocks: in address order, none reaching into the next, no two free ones side by side, the last one in use.
func checkBlocks(h sim.Heap) error {
	n, end, free := 0, h.ID(), false
	for b := range h.Blocks() {
		n++
		if b.Address() < end || b.Free() && free {
			return fmt.Errorf("block %#x begins before %#x, or two free ones stand side by side", uint64(b.Address()), uint64(end))
		}
		end, free = b.Address()+sim.Address(b.Size()), b.Free()
	}
	if n != h.BlockCount() || free {
		return fmt.Errorf("%d blocks walked, BlockCount is %d; the last one is free: %v", n, h.BlockCount(), free)
	}
	return nil
}
