package sim

import (
	"iter"
	"unsafe"
)

// A process is an entry of the process list. It is written in place only by its generation, like a node.
//
// The first cache line holds what a change of its threads or modules needs.
type process struct {
	gen, own   uint64 // own: the threshold that a snapshot of this process alone has raised
	threads    list[thread]
	modules    list[module]
	lastThread uint32 // ordinals given out so far
	lastModule uint32
	bits       uint8
	class      PriorityClass
	protection Protection
	started    bool
	minimal    bool

	moduleSlots slots
	listed      uint32      // modules that are no data files
	slot        uint32      // in the process pool
	memory      list[*page] // by page number: what was written
	heaps       list[*heap]
	heapSlots   slots
	lastHeap    uint32
	pid, parent PID
	seq         uint64 // creation number: its key
	image       *Image
	created     Time
}

const processBytes = unsafe.Sizeof(process{})

// A Process is a process as it was in one version: a small value that never changes. The zero value is no process.
type Process struct{ p *process }

var noProcess = process{image: &Image{}} // never written

func (p Process) read() *process {
	if p.p == nil {
		return &noProcess
	}
	return p.p
}

// IsZero says whether p is no process.
func (p Process) IsZero() bool { return p.p == nil }

// ID is the pid: unique in one version, reused in later ones.
func (p Process) ID() PID { return p.read().pid }

// Parent is the pid recorded at creation. It is never updated: that process may be gone, and its pid another's. (rule S22)
func (p Process) Parent() PID { return p.read().parent }

// Sequence is the process's creation number, unique for ever within a kernel and the forks of its states up to the fork.
func (p Process) Sequence() uint64 { return p.read().seq }

// Image is the file it runs.
func (p Process) Image() *Image { return p.read().image }

// Name is the last element of Path.
func (p Process) Name() string { return p.read().image.Name() }

// Path is the path of the file it runs.
func (p Process) Path() string { return p.read().image.Path() }

// Created is the clock at its creation.
func (p Process) Created() Time { return p.read().created }

// Class is its priority class.
func (p Process) Class() PriorityClass { return p.read().class }

// BasePriority is the base priority of its class; 0 for pid 0.
func (p Process) BasePriority() int {
	if p.read().pid == 0 {
		return 0
	}
	return p.p.class.Base()
}

// Bits is 64, or 32 for a process under WOW64.
func (p Process) Bits() int { return int(p.read().bits) }

// Protection says who may open it.
func (p Process) Protection() Protection { return p.read().protection }

// Minimal says that it is a kernel process: no modules, no heaps.
func (p Process) Minimal() bool { return p.read().minimal }

// Started says that its loader has run. Until then it has neither modules nor heaps.
func (p Process) Started() bool { return p.read().started }

// Address is its address in the system pool.
func (p Process) Address() Address { return processAddress(p.read().slot) }

// ThreadCount is the number of its threads.
func (p Process) ThreadCount() int { return int(p.read().threads.count) }

// ModuleCount is the number of its modules, data files left out.
func (p Process) ModuleCount() int {
	if !p.Started() {
		return 0
	}
	return int(p.p.listed)
}

// HeapCount is the number of its heaps.
func (p Process) HeapCount() int {
	if !p.Started() {
		return 0
	}
	return int(p.p.heaps.count)
}

// Equal says whether both are the same process in the same condition: for one kernel, that
// nothing of it changed in between.
func (p Process) Equal(q Process) bool {
	if p.p == q.p {
		return true
	}
	if p.p == nil || q.p == nil {
		return false
	}
	a, b := *p.p, *q.p
	a.gen, a.own, b.gen, b.own = 0, 0, 0, 0
	return a == b
}

// Threads walks its threads in creation order.
func (p Process) Threads() iter.Seq[Thread] {
	return func(yield func(Thread) bool) {
		if p.p == nil {
			return
		}
		for c := p.p.threads.walk(); c.leaf != nil; c.step(&p.p.threads) {
			for i := range c.leaf.items {
				if !yield(Thread{&c.leaf.items[i].val}) {
					return
				}
			}
		}
	}
}

// Modules walks its modules in load order: first the 64-bit list, then, under WOW64, the 32-bit one.
func (p Process) Modules() iter.Seq[Module] {
	return func(yield func(Module) bool) {
		if p.Started() && p.modulesOf(64, yield) && p.p.bits == 32 {
			p.modulesOf(32, yield)
		}
	}
}

func (p Process) modulesOf(bits uint8, yield func(Module) bool) bool {
	for c := p.p.modules.walk(); c.leaf != nil; c.step(&p.p.modules) {
		for i := range c.leaf.items {
			if m := &c.leaf.items[i].val; m.bits == bits && !m.data && !yield(Module{m}) {
				return false
			}
		}
	}
	return true
}

// Heaps walks its heaps in creation order, the default heap first.
func (p Process) Heaps() iter.Seq[Heap] {
	return func(yield func(Heap) bool) {
		if !p.Started() {
			return
		}
		for c := p.p.heaps.walk(); c.leaf != nil; c.step(&p.p.heaps) {
			for _, e := range c.leaf.items {
				if !yield(Heap{e.val}) {
					return
				}
			}
		}
	}
}

// DataFiles walks the files that are mapped as data, which no list of modules shows.
func (p Process) DataFiles() iter.Seq[Module] {
	return func(yield func(Module) bool) {
		if !p.Started() {
			return
		}
		for c := p.p.modules.walk(); c.leaf != nil; c.step(&p.p.modules) {
			for i := range c.leaf.items {
				if m := &c.leaf.items[i].val; m.data && !yield(Module{m}) {
					return
				}
			}
		}
	}
}

// Module looks a module up by base address.
func (p Process) Module(base Address) (Module, bool) {
	if !p.Started() {
		return Module{}, false
	}
	if _, m := p.p.moduleAt(base); m != nil && !m.data {
		return Module{m}, true
	}
	return Module{}, false
}

// Heap looks a heap up by id.
func (p Process) Heap(id Address) (Heap, bool) {
	if !p.Started() {
		return Heap{}, false
	}
	_, h := p.p.heap(id)
	return Heap{h}, h != nil
}
