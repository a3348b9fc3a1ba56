package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A model is the plain truth that snapshots are compared with: maps, to which the written-down changes are done one after
// another, without the kernel. It knows nothing of order, addresses or sharing.
type model struct {
	cast   *cast
	procs  map[sim.PID]*modelProcess
	owners map[sim.TID]sim.PID
}

type modelProcess struct {
	parent  sim.PID
	class   sim.PriorityClass
	started bool
	threads map[sim.TID]modelThread
	modules map[sim.Address]int // load counts by base
	heaps   map[sim.Address]map[sim.Address]modelBlock
	idle    int // threads of tid 0
}

type modelThread struct {
	suspended int
	priority  sim.Priority
}

type modelBlock struct {
	size  uint64
	locks int
}

// pinned is the load count of what a process starts with.
const pinned = 0xFFFF

// newModel copies the state that everything begins with. What a process that has not started will have is found out in a fork.
func newModel(s *sim.State, c *cast) (*model, error) {
	m := &model{cast: c, procs: map[sim.PID]*modelProcess{}, owners: map[sim.TID]sim.PID{}}
	for p := range s.Processes() {
		x := copyProcess(p)
		if !p.Started() {
			k := s.Fork()
			for t := range p.Threads() {
				for range t.SuspendCount() {
					if _, _, err := k.ResumeThread(t.ID()); err != nil {
						return nil, err
					}
				}
			}
			running, _, _ := k.Process(p.ID())
			x.modules, x.heaps = copyProcess(running).modules, copyProcess(running).heaps
		}
		m.procs[p.ID()] = x
		for tid := range x.threads {
			m.owners[tid] = p.ID()
		}
	}
	return m, nil
}

// copyProcess reads one process of a state into maps.
func copyProcess(p sim.Process) *modelProcess {
	x := &modelProcess{parent: p.Parent(), class: p.Class(), started: p.Started(), threads: map[sim.TID]modelThread{},
		modules: map[sim.Address]int{}, heaps: map[sim.Address]map[sim.Address]modelBlock{}}
	for t := range p.Threads() {
		if t.ID() == 0 {
			x.idle++
			continue
		}
		x.threads[t.ID()] = modelThread{t.SuspendCount(), t.Priority()}
	}
	for m := range p.Modules() {
		x.modules[m.Base()] = m.LoadCount()
	}
	for h := range p.Heaps() {
		x.heaps[h.ID()] = copyBlocks(h)
	}
	return x
}

func copyBlocks(h sim.Heap) map[sim.Address]modelBlock {
	blocks := map[sim.Address]modelBlock{}
	for b := range h.Blocks() {
		if !b.Free() {
			blocks[b.Address()] = modelBlock{b.Size(), b.LockCount()}
		}
	}
	return blocks
}

// apply does one change.
func (m *model) apply(c change) error {
	switch c.what {
	case createProcess:
		return m.createProcess(c)
	case suspendThread, resumeThread, setPriority, terminateThread:
		return m.onThread(c)
	}
	p := m.procs[c.pid]
	if p == nil {
		return fmt.Errorf("%v: the plain model has no such process", c)
	}
	switch c.what {
	case terminateProcess:
		m.end(c.pid, p)
	case setClass:
		p.class = sim.PriorityClass(c.detail)
	case createThread:
		p.threads[c.tid] = modelThread{}
		m.owners[c.tid] = c.pid
		p.started = true
	case loadLibrary:
		if p.modules[c.at] < pinned-1 {
			p.modules[c.at]++
		}
	case freeLibrary:
		return p.free(c)
	default:
		return p.onHeap(c)
	}
	return nil
}

func (m *model) createProcess(c change) error {
	if m.procs[c.pid] != nil {
		return fmt.Errorf("%v: the plain model has that process already", c)
	}
	f := m.cast.furnished[c.image]
	p := &modelProcess{parent: c.parent, class: sim.PriorityClass(c.detail), started: true, threads: map[sim.TID]modelThread{c.tid: {}},
		modules: map[sim.Address]int{}, heaps: map[sim.Address]map[sim.Address]modelBlock{f.heap: {}}}
	for _, base := range f.modules {
		p.modules[base] = pinned
	}
	m.procs[c.pid], m.owners[c.tid] = p, c.pid
	return nil
}

func (m *model) end(pid sim.PID, p *modelProcess) {
	for tid := range p.threads {
		delete(m.owners, tid)
	}
	delete(m.procs, pid)
}

func (m *model) onThread(c change) error {
	pid, ok := m.owners[c.tid]
	if !ok {
		return fmt.Errorf("%v: the plain model has no such thread", c)
	}
	p := m.procs[pid]
	t := p.threads[c.tid]
	switch c.what {
	case suspendThread:
		t.suspended++
	case resumeThread:
		if t.suspended == 1 {
			p.started = true
		}
		t.suspended = max(0, t.suspended-1)
	case setPriority:
		t.priority = sim.Priority(c.detail)
	default:
		delete(p.threads, c.tid)
		delete(m.owners, c.tid)
		if len(p.threads) == 0 {
			m.end(pid, p)
		}
		return nil
	}
	p.threads[c.tid] = t
	return nil
}

func (p *modelProcess) free(c change) error {
	switch n, ok := p.modules[c.at]; {
	case !ok:
		return fmt.Errorf("%v: the plain model has no such module", c)
	case n == pinned:
	case n == 1:
		delete(p.modules, c.at)
	default:
		p.modules[c.at]--
	}
	return nil
}

func (p *modelProcess) onHeap(c change) error {
	blocks, ok := p.heaps[c.heap]
	if !ok && c.what != heapCreate {
		return fmt.Errorf("%v: the plain model has no such heap", c)
	}
	b, known := blocks[c.at]
	if !known && c.what > heapAlloc {
		return fmt.Errorf("%v: the plain model has no such block", c)
	}
	switch c.what {
	case heapCreate:
		p.heaps[c.heap] = map[sim.Address]modelBlock{}
	case heapDestroy:
		delete(p.heaps, c.heap)
	case heapAlloc:
		blocks[c.at] = modelBlock{size: c.size}
	case heapFree:
		delete(blocks, c.at)
	case heapReAlloc:
		delete(blocks, c.at)
		blocks[c.to] = modelBlock{c.size, b.locks}
	case lockBlock:
		blocks[c.at] = modelBlock{b.size, b.locks + 1}
	case unlockBlock:
		blocks[c.at] = modelBlock{b.size, b.locks - 1}
	}
	return nil
}

// differ says where a process of a snapshot and the model part; empty when they agree.
func (p *modelProcess) differ(seen *modelProcess) string {
	switch {
	case p.parent != seen.parent:
		return fmt.Sprintf("parent %d, not %d", seen.parent, p.parent)
	case p.class != seen.class:
		return fmt.Sprintf("class %v, not %v", seen.class, p.class)
	case p.started != seen.started:
		return fmt.Sprintf("started %v, not %v", seen.started, p.started)
	case p.idle != seen.idle:
		return fmt.Sprintf("%d idle threads, not %d", seen.idle, p.idle)
	case !maps.Equal(p.threads, seen.threads):
		return fmt.Sprintf("threads %s, not %s", sorted(seen.threads), sorted(p.threads))
	case !p.started:
		return ""
	case !maps.Equal(p.modules, seen.modules):
		return fmt.Sprintf("modules and load counts %s, not %s", sorted(seen.modules), sorted(p.modules))
	case !maps.EqualFunc(p.heaps, seen.heaps, maps.Equal[map[sim.Address]modelBlock, map[sim.Address]modelBlock]):
		return fmt.Sprintf("heaps %s, not %s", sorted(seen.heaps), sorted(p.heaps))
	}
	return ""
}

// sorted is a map as text, short and always the same.
func sorted[K cmp.Ordered, V any](m map[K]V) string {
	const most = 200
	s := ""
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if s += fmt.Sprintf(" %v:%v", k, m[k]); len(s) > most {
			return "[" + s[1:most] + "...]"
		}
	}
	return "[" + s[min(1, len(s)):] + "]"
}
