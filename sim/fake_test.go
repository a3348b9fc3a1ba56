package sim_test

import (
	"errors"
	"slices"
	"sync"
)

// fake is what a good tester writes in an afternoon in place of this package, and what the benchmarks measure it against.
//
// It has: one mutex; maps by pid and tid; processes in creation order, threads, modules and heaps in theirs;
// ids in multiples of 4, reused oldest free first; the image and ntdll as first modules; a default heap; load counts
// by name; a process that ends with its last thread; snapshots that are deep copies.
//
// It has not: UTF-16 names, handles, memory contents, priorities that change, WOW64, suspended starts, versions, the
// state of one process alone, live walks. All of these would make it slower.
type fake struct {
	mu        sync.Mutex
	processes map[uint32]*fakeProcess
	threads   map[uint32]*fakeThread
	head      fakeProcess // of the ring of processes, oldest first
	free      []uint32    // freed ids, oldest first, from freeHead on
	freeHead  int
	nextID    uint32
	nextBase  uint64
}

type fakeProcess struct {
	pid, parent uint32
	name        string
	prev, next  *fakeProcess
	threads     []*fakeThread
	modules     []fakeModule
	heaps       []fakeHeap
}

type fakeThread struct {
	tid, owner uint32
	priority   int32
	process    *fakeProcess
}

type fakeModule struct {
	base  uint64
	size  uint32
	count int
	name  string
}

type fakeHeap struct {
	id        uint64
	isDefault bool
	blocks    map[uint64]uint64 // address to size
	next      uint64
}

// fakeProcessEntry, fakeThreadEntry and fakeSnapshot are what a snapshot of the fake gives: plain slices of plain structs.
type fakeProcessEntry struct {
	pid, parent uint32
	threads     int
	priority    int32
	name        string
}

type fakeThreadEntry struct {
	tid, owner uint32
	priority   int32
}

type fakeSnapshot struct {
	processes []fakeProcessEntry
	threads   []fakeThreadEntry
	modules   []fakeModule
	heaps     []uint64
}

var (
	errFakeProcess = errors.New("no such process")
	errFakeThread  = errors.New("no such thread")
	errFakeModule  = errors.New("no such module")
	errFakeHeap    = errors.New("no such heap")
)

func newFake() *fake {
	f := &fake{
		processes: map[uint32]*fakeProcess{},
		threads:   map[uint32]*fakeThread{},
		nextID:    8,
		nextBase:  0x10000,
	}
	f.head.prev, f.head.next = &f.head, &f.head
	return f
}

func (f *fake) id() uint32 {
	if f.freeHead < len(f.free) {
		id := f.free[f.freeHead]
		f.freeHead++
		if f.freeHead > 1024 && f.freeHead*2 > len(f.free) {
			f.free = f.free[:copy(f.free, f.free[f.freeHead:])]
			f.freeHead = 0
		}
		return id
	}
	id := f.nextID
	f.nextID += 4
	return id
}

func (f *fake) base() uint64 {
	f.nextBase += 0x10000
	return f.nextBase
}

func (f *fake) createProcess(parent uint32, name string) (pid, tid uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := &fakeProcess{pid: f.id(), parent: parent, name: name, prev: f.head.prev, next: &f.head}
	p.prev.next, f.head.prev = p, p
	p.modules = []fakeModule{
		{base: f.base(), size: 0x10000, count: 1, name: name},
		{base: f.base(), size: 0x10000, count: 1, name: "ntdll.dll"},
	}
	p.heaps = []fakeHeap{{id: f.base(), isDefault: true}}
	f.processes[p.pid] = p
	return p.pid, f.addThread(p)
}

func (f *fake) addThread(p *fakeProcess) uint32 {
	t := &fakeThread{tid: f.id(), owner: p.pid, priority: 8, process: p}
	p.threads = append(p.threads, t)
	f.threads[t.tid] = t
	return t.tid
}

func (f *fake) terminateProcess(pid uint32) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, ok := f.processes[pid]
	if !ok {
		return errFakeProcess
	}
	f.end(p)
	return nil
}

func (f *fake) end(p *fakeProcess) {
	for _, t := range p.threads {
		delete(f.threads, t.tid)
		f.free = append(f.free, t.tid)
	}
	delete(f.processes, p.pid)
	f.free = append(f.free, p.pid)
	p.prev.next, p.next.prev = p.next, p.prev
}

func (f *fake) createThread(pid uint32) (uint32, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, ok := f.processes[pid]
	if !ok {
		return 0, errFakeProcess
	}
	return f.addThread(p), nil
}

func (f *fake) terminateThread(tid uint32) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.threads[tid]
	if !ok {
		return errFakeThread
	}
	p := t.process
	if len(p.threads) == 1 {
		f.end(p)
		return nil
	}
	i := slices.Index(p.threads, t)
	p.threads = slices.Delete(p.threads, i, i+1)
	delete(f.threads, tid)
	f.free = append(f.free, tid)
	return nil
}

func (f *fake) loadLibrary(pid uint32, name string) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, ok := f.processes[pid]
	if !ok {
		return 0, errFakeProcess
	}
	for i := range p.modules {
		if p.modules[i].name == name {
			p.modules[i].count++
			return p.modules[i].base, nil
		}
	}
	m := fakeModule{base: f.base(), size: 0x10000, count: 1, name: name}
	p.modules = append(p.modules, m)
	return m.base, nil
}

func (f *fake) freeLibrary(pid uint32, base uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, ok := f.processes[pid]
	if !ok {
		return errFakeProcess
	}
	for i := range p.modules {
		if p.modules[i].base != base {
			continue
		}
		if p.modules[i].count--; p.modules[i].count == 0 {
			p.modules = slices.Delete(p.modules, i, i+1)
		}
		return nil
	}
	return errFakeModule
}

func (f *fake) heapAlloc(pid uint32, heap, size uint64) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h, err := f.heap(pid, heap)
	if err != nil {
		return 0, err
	}
	if h.blocks == nil {
		h.blocks, h.next = map[uint64]uint64{}, h.id
	}
	h.next += 16 + size
	h.blocks[h.next] = size
	return h.next, nil
}

func (f *fake) heapFree(pid uint32, heap, block uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	h, err := f.heap(pid, heap)
	if err != nil {
		return err
	}
	delete(h.blocks, block)
	return nil
}

func (f *fake) heap(pid uint32, id uint64) (*fakeHeap, error) {
	p, ok := f.processes[pid]
	if !ok {
		return nil, errFakeProcess
	}
	for i := range p.heaps {
		if p.heaps[i].id == id {
			return &p.heaps[i], nil
		}
	}
	return nil, errFakeHeap
}

// process is the look-up by pid: a copy, as what it points at may change.
func (f *fake) process(pid uint32) (fakeProcessEntry, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, ok := f.processes[pid]
	if !ok {
		return fakeProcessEntry{}, false
	}
	return p.entry(), true
}

func (p *fakeProcess) entry() fakeProcessEntry {
	return fakeProcessEntry{pid: p.pid, parent: p.parent, threads: len(p.threads), priority: 8, name: p.name}
}

// snapshot copies all processes and threads, and the modules and heaps of one process when pid is not 0.
func (f *fake) snapshot(pid uint32) *fakeSnapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &fakeSnapshot{
		processes: make([]fakeProcessEntry, 0, len(f.processes)),
		threads:   make([]fakeThreadEntry, 0, len(f.threads)),
	}
	for p := f.head.next; p != &f.head; p = p.next {
		s.processes = append(s.processes, p.entry())
		for _, t := range p.threads {
			s.threads = append(s.threads, fakeThreadEntry{t.tid, t.owner, t.priority})
		}
	}
	if p, ok := f.processes[pid]; ok {
		s.modules = slices.Clone(p.modules)
		for i := range p.heaps {
			s.heaps = append(s.heaps, p.heaps[i].id)
		}
	}
	return s
}
