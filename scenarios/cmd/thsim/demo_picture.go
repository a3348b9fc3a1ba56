package main

import (
	"fmt"
	"iter"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// A picture is what is walked of a snapshot. The checks see nothing else, so a test can hand them a torn one.
type picture struct {
	version          sim.Version
	pid              sim.PID // whose modules and heaps; 0 for none
	whole            bool    // it has processes and threads
	nProcs, nThreads int     // what the state says there are
	state            *sim.State
	processes        iter.Seq[sim.Process]
	threads          iter.Seq[sim.Thread]
	modules          iter.Seq[sim.Module]
	heaps            iter.Seq[sim.Heap]
}

// everything is what most pictures show.
const everything = toolhelp.TH32CS_SNAPALL | toolhelp.TH32CS_SNAPMODULE32

// shoot takes a snapshot for the checks.
func shoot(k *sim.Kernel, flags uint32, pid sim.PID) (picture, error) {
	s, err := toolhelp.Take(k, flags, pid)
	if err != nil {
		return picture{}, err
	}
	p := picture{version: s.Version(), processes: s.Processes(), threads: s.Threads(), modules: s.Modules(), heaps: s.Heaps()}
	if flags&toolhelp.TH32CS_SNAPMODULE != 0 {
		p.pid = pid
	}
	if state := s.State(); state != nil {
		p.whole, p.nProcs, p.nThreads, p.state = true, state.ProcessCount(), state.ThreadCount(), state
	}
	return p, nil
}

// A walker walks pictures and checks each by itself. Its maps are kept from one to the next.
type walker struct {
	procs  []sim.Process
	ids    map[uint32]bool
	bases  map[sim.Address]bool
	walked uint64 // entries so far
}

func newWalker() *walker {
	return &walker{ids: map[uint32]bool{}, bases: map[sim.Address]bool{}}
}

// walk walks all lists of a picture. The digest covers every entry with all that can be read of it; the error says what
// contradicts itself.
func (w *walker) walk(p picture) (digest uint64, err error) {
	var sum sumOf
	if p.whole {
		if err := w.system(p, &sum); err != nil {
			return 0, err
		}
	}
	if p.pid != 0 {
		if err := w.target(p, &sum); err != nil {
			return 0, err
		}
	}
	return sum.value(), nil
}

func (w *walker) system(p picture, sum *sumOf) error {
	w.procs = w.procs[:0]
	clear(w.ids)
	for x := range p.processes {
		if w.ids[uint32(x.ID())] {
			return fmt.Errorf("process %d is listed while another process or thread has its id", x.ID())
		}
		w.ids[uint32(x.ID())] = true
		w.procs = append(w.procs, x)
		sum.process(x)
	}
	at, left, threads := -1, 0, 0
	for t := range p.threads {
		for left == 0 {
			if at++; at == len(w.procs) {
				return fmt.Errorf("thread %d of process %d is listed after all threads that the processes say they have", t.ID(), t.Owner())
			}
			left = w.procs[at].ThreadCount()
		}
		if owner := w.procs[at].ID(); t.Owner() != owner {
			return fmt.Errorf("thread %d belongs to process %d, where process %d should have %d threads more", t.ID(), t.Owner(), owner, left)
		}
		if t.ID() != 0 {
			if w.ids[uint32(t.ID())] {
				return fmt.Errorf("thread %d of process %d is listed while another process or thread has its id", t.ID(), t.Owner())
			}
			w.ids[uint32(t.ID())] = true
		}
		left--
		threads++
		sum.thread(t)
	}
	w.walked += uint64(len(w.procs) + threads)
	for ; at < len(w.procs); at++ {
		if left > 0 {
			return fmt.Errorf("process %d says that it has %d threads more than are listed", w.procs[at].ID(), left)
		}
		if at+1 < len(w.procs) {
			left = w.procs[at+1].ThreadCount()
		}
	}
	if len(w.procs) != p.nProcs || threads != p.nThreads {
		return fmt.Errorf("%d processes and %d threads are listed, the snapshot says %d and %d", len(w.procs), threads, p.nProcs, p.nThreads)
	}
	return nil
}

// target walks the modules and heaps of one process, and compares them with what the process list says of it.
func (w *walker) target(p picture, sum *sumOf) error {
	clear(w.bases)
	modules, heaps := 0, 0
	for m := range p.modules {
		if m.Bits() == 64 && w.bases[m.Base()] {
			return fmt.Errorf("process %d lists two modules at %#x", p.pid, m.Base())
		}
		w.bases[m.Base()] = true
		modules++
		sum.module(m)
	}
	for h := range p.heaps {
		if w.bases[h.ID()] {
			return fmt.Errorf("process %d lists two heaps, or a heap and a module, at %#x", p.pid, h.ID())
		}
		w.bases[h.ID()] = true
		heaps++
		if err := w.blocks(p.pid, h, sum); err != nil {
			return err
		}
	}
	w.walked += uint64(modules + heaps)
	if !p.whole {
		return nil
	}
	for _, x := range w.procs {
		if x.ID() != p.pid {
			continue
		}
		if x.ModuleCount() != modules || x.HeapCount() != heaps {
			return fmt.Errorf("process %d lists %d modules and %d heaps, the process list says %d and %d", p.pid, modules, heaps, x.ModuleCount(), x.HeapCount())
		}
		return nil
	}
	return fmt.Errorf("modules and heaps are those of process %d, which is not listed", p.pid)
}

func (w *walker) blocks(pid sim.PID, h sim.Heap, sum *sumOf) error {
	sum.heap(h)
	n := 0
	end := h.ID()
	for b := range h.Blocks() {
		if b.Address() < end {
			return fmt.Errorf("heap %#x of process %d lists a block at %#x that overlaps the one before", h.ID(), pid, b.Address())
		}
		end = b.Address() + sim.Address(b.Size())
		n++
		sum.block(b)
	}
	w.walked += uint64(n)
	if n != h.BlockCount() {
		return fmt.Errorf("heap %#x of process %d lists %d blocks and says it has %d", h.ID(), pid, n, h.BlockCount())
	}
	return nil
}

// sumOf mixes what it is given into one number, order included.
type sumOf uint64

func (s *sumOf) add(ns ...uint64) {
	h := uint64(*s)
	for _, n := range ns {
		h = (h ^ n) * 0x9E3779B97F4A7C15
		h ^= h >> 29
	}
	*s = sumOf(h)
}

func (s *sumOf) value() uint64 { return uint64(*s) }

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func (s *sumOf) process(p sim.Process) {
	s.add(uint64(p.ID()), uint64(p.Parent()), p.Sequence(), uint64(p.Created()), uint64(p.Class()), uint64(p.ThreadCount()),
		uint64(p.ModuleCount()), uint64(p.HeapCount()), bit(p.Started()), uint64(p.Address()))
	var name [16]uint16
	n := p.Image().CopyName(name[:])
	for _, u := range name[:n] {
		s.add(uint64(u))
	}
}

func (s *sumOf) thread(t sim.Thread) {
	s.add(uint64(t.ID()), uint64(t.Owner()), uint64(t.BasePriority()), uint64(t.SuspendCount()), uint64(t.Created()), uint64(t.Address()))
}

func (s *sumOf) module(m sim.Module) {
	s.add(uint64(m.Base()), uint64(m.Size()), uint64(m.LoadCount()), uint64(m.Bits()), uint64(m.Address()))
}

func (s *sumOf) heap(h sim.Heap) {
	s.add(uint64(h.ID()), uint64(h.BlockCount()), bit(h.Default()), bit(h.Shared()))
}

func (s *sumOf) block(b sim.Block) {
	s.add(uint64(b.Address()), b.Size(), uint64(b.LockCount()), bit(b.Free()))
}
