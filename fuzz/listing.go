package fuzz

import (
	"reflect"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A Listing is everything a state shows, in plain slices and structs, in the state's own order.
type Listing struct {
	Version   sim.Version
	Clock     sim.Time
	Processes []Process
}

// A Process is one process of a Listing.
type Process struct {
	ID, Parent sim.PID
	Sequence   uint64
	Image      *sim.Image
	Created    sim.Time
	Class      sim.PriorityClass
	Base       int
	Bits       int
	Protection sim.Protection
	Minimal    bool
	Started    bool
	Threads    []Thread
	Modules    []Module
	DataFiles  []Module
	Heaps      []Heap

	memory map[sim.Address]byte // the model's: what was written
}

// A Thread is one thread of a Process.
type Thread struct {
	ID        sim.TID
	Owner     sim.PID
	Priority  sim.Priority
	Base      int
	Suspended int
	Created   sim.Time
}

// A Module is one module of a Process, with the first bytes of what is mapped there.
type Module struct {
	Base  sim.Address
	Image *sim.Image
	Loads int
	Bits  int
	Head  []byte
}

// A Heap is one heap of a Process.
type Heap struct {
	ID      sim.Address
	Default bool
	Shared  bool
	Blocks  []Block
}

// A Block is one block of a Heap. Bytes is what stands in it, when it is in use.
type Block struct {
	Address  sim.Address
	Size     uint64
	Free     bool
	Moveable bool
	Locks    int
	Bytes    []byte

	room uint64 // the model's: how much it may grow in place
}

// headBytes is how much of a module a Listing shows, and mostBytes how much of a block.
const (
	headBytes = 16
	mostBytes = 256
)

// List reads a state, memory included.
func List(s *sim.State) Listing {
	l := Listing{Version: s.Version(), Clock: s.Clock()}
	for p := range s.Processes() {
		l.Processes = append(l.Processes, ListProcess(p))
	}
	return l
}

// ListProcess reads one process, memory included.
func ListProcess(p sim.Process) Process {
	q := Process{ID: p.ID(), Parent: p.Parent(), Sequence: p.Sequence(), Image: p.Image(), Created: p.Created(), Class: p.Class(),
		Base: p.BasePriority(), Bits: p.Bits(), Protection: p.Protection(), Minimal: p.Minimal(), Started: p.Started()}
	for t := range p.Threads() {
		q.Threads = append(q.Threads, Thread{t.ID(), t.Owner(), t.Priority(), t.BasePriority(), t.SuspendCount(), t.Created()})
	}
	for m := range p.Modules() {
		q.Modules = append(q.Modules, listModule(p, m))
	}
	for m := range p.DataFiles() {
		q.DataFiles = append(q.DataFiles, listModule(p, m))
	}
	for h := range p.Heaps() {
		q.Heaps = append(q.Heaps, listHeap(p, h))
	}
	return q
}

func listModule(p sim.Process, m sim.Module) Module {
	return Module{m.Base(), m.Image(), m.LoadCount(), m.Bits(), bytesOf(p, m.Base(), headBytes)}
}

func listHeap(p sim.Process, h sim.Heap) Heap {
	l := Heap{ID: h.ID(), Default: h.Default(), Shared: h.Shared()}
	for b := range h.Blocks() {
		c := Block{Address: b.Address(), Size: b.Size(), Free: b.Free(), Moveable: b.Moveable(), Locks: b.LockCount()}
		if !c.Free {
			c.Bytes = bytesOf(p, c.Address, min(c.Size, mostBytes))
		}
		l.Blocks = append(l.Blocks, c)
	}
	return l
}

// bytesOf reads memory; nil means that the process would not let itself be read.
func bytesOf(p sim.Process, at sim.Address, n uint64) []byte {
	buf := make([]byte, n)
	if err := p.ReadMemory(at, buf); err != nil {
		return nil
	}
	return buf
}

// clone copies l so deep that nothing of the copy is shared, images apart, which never change.
func (l Listing) clone() Listing {
	l.Processes = slices.Clone(l.Processes)
	for i := range l.Processes {
		p := &l.Processes[i]
		p.Threads = slices.Clone(p.Threads)
		p.Modules = slices.Clone(p.Modules)
		p.DataFiles = slices.Clone(p.DataFiles)
		p.Heaps = slices.Clone(p.Heaps)
		for j := range p.Heaps {
			p.Heaps[j].Blocks = slices.Clone(p.Heaps[j].Blocks)
		}
		memory := make(map[sim.Address]byte, len(p.memory))
		for at, b := range p.memory {
			memory[at] = b
		}
		p.memory = memory
	}
	return l
}

// Compare says what is different between two listings: lines with - are only in want, lines with + only in got.
// It is empty when they are equal.
func Compare(want, got Listing) string { return compare(want, got) }

// CompareProcess is Compare for one process.
func CompareProcess(want, got Process) string { return compare(want, got) }

// compare leaves to cmp what is not equal to the letter; most listings are, and cmp takes its time.
func compare(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got, options...)
}

var options = []cmp.Option{
	cmpopts.IgnoreUnexported(Process{}, Block{}),
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b *sim.Image) bool {
		return a == b || a != nil && b != nil && a.Path() == b.Path() && a.Bits() == b.Bits()
	}),
}

// Diff says what a state shows that the model does not, and the other way round. It is empty when they agree.
func Diff(m *Model, s *sim.State) string { return Compare(m.Show(), List(s)) }
