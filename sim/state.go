package sim

import (
	"iter"
	"slices"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// roots is all that a state needs to be read and continued.
type roots struct {
	procs   list[*process]
	version Version
	clock   Time
	seq     uint64
	threads uint32
	next    uint32 // ids.next
	fixed   *fixed
}

// fixed is what seldom changes in the life of a kernel. It is replaced, not written.
type fixed struct {
	config Config
	burnt  []uint32        // indexes that NeverReuse must not hand out although they are free and not below next
	heaps  [2]*node[*heap] // what fresh processes are lent, 64-bit and 32-bit: one empty default heap
}

// A State is a frozen kernel: all lists as they stood at one version. It never changes (rule S8), needs no closing,
// and any number of goroutines may read it without a lock.
type State struct {
	roots
	index sched.Pointer[index]
}

// An index finds by id within a state. It is built once, when somebody first asks.
type index struct {
	procs   map[PID]*process
	threads map[TID]*thread
}

// Version is the number of changes it has seen.
func (s *State) Version() Version { return s.version }

// Clock is the simulated time of the version.
func (s *State) Clock() Time { return s.clock }

// Config is what the kernel was booted with.
func (s *State) Config() Config { return s.fixed.config }

// ProcessCount is the number of processes.
func (s *State) ProcessCount() int { return int(s.procs.count) }

// ThreadCount is the number of threads of all processes.
func (s *State) ThreadCount() int { return int(s.threads) }

// Processes walks the processes in creation order. Walking allocates nothing and takes no lock.
func (s *State) Processes() iter.Seq[Process] {
	return func(yield func(Process) bool) {
		for c := s.procs.walk(); c.leaf != nil; c.step(&s.procs) {
			for i := range c.leaf.items {
				if !yield(Process{c.leaf.items[i].val}) {
					return
				}
			}
		}
	}
}

// Threads walks the threads of all processes: grouped by process, in process order, within a process in creation order.
func (s *State) Threads() iter.Seq[Thread] {
	return func(yield func(Thread) bool) {
		for c := s.procs.walk(); c.leaf != nil; c.step(&s.procs) {
			for _, e := range c.leaf.items {
				p := e.val
				for t := p.threads.walk(); t.leaf != nil; t.step(&p.threads) {
					for i := range t.leaf.items {
						if !yield(Thread{&t.leaf.items[i].val}) {
							return
						}
					}
				}
			}
		}
	}
}

// Process looks a process up by pid. The first look-up in a state costs a walk of it.
func (s *State) Process(pid PID) (Process, bool) {
	p := s.byID().procs[pid]
	return Process{p}, p != nil
}

// Thread looks a thread up by tid; idle threads, whose tid is 0, have no look-up. The first look-up in a state costs a walk of it.
func (s *State) Thread(tid TID) (Thread, bool) {
	t := s.byID().threads[tid]
	if t == nil {
		return Thread{}, false
	}
	return Thread{t}, true
}

func (s *State) byID() *index {
	if x := s.index.Load(); x != nil {
		return x
	}
	x := &index{make(map[PID]*process, s.procs.count), make(map[TID]*thread, s.threads)}
	for c := s.procs.walk(); c.leaf != nil; c.step(&s.procs) {
		for _, e := range c.leaf.items {
			p := e.val
			x.procs[p.pid] = p
			for t := p.threads.walk(); t.leaf != nil; t.step(&p.threads) {
				for i := range t.leaf.items {
					if t := &t.leaf.items[i].val; t.id != 0 {
						x.threads[t.id] = t
					}
				}
			}
		}
	}
	if s.index.CompareAndSwap(nil, x) {
		return x
	}
	return s.index.Load()
}

// Fork returns a kernel that starts from this state, at its version and clock, and shares every node with it
// until one of the two is written. Neither ever sees the other's changes. The fork has no handles; ids that were free in the
// state come back in ascending order, and so do pool addresses. It costs a walk of the state.
func (s *State) Fork() *Kernel {
	k := empty(s.fixed)
	k.procs, k.threads, k.version, k.clock, k.seq = s.procs, int(s.threads), s.version, s.clock, s.seq
	k.freeze()
	k.ids.next = s.next
	for _, i := range s.fixed.burnt {
		k.ids.set(i, reserved)
	}
	k.processPool.residents = slices.Grow(k.processPool.residents, int(k.procs.count))
	k.threadPool.residents = slices.Grow(k.threadPool.residents, k.threads)
	for c := s.procs.walk(); c.leaf != nil; c.step(&s.procs) {
		for _, e := range c.leaf.items {
			p := e.val
			k.ids.set(uint32(p.pid)/4, processSlot(p.slot))
			k.processPool.settle(p.slot, p)
			for t := p.threads.walk(); t.leaf != nil; t.step(&p.threads) {
				for i := range t.leaf.items {
					ord, v := t.leaf.items[i].key, &t.leaf.items[i].val
					if v.id != 0 {
						k.ids.set(uint32(v.id)/4, threadSlot(p.slot, uint32(ord)))
					}
					k.threadPool.settle(v.slot, resident{p.slot, uint32(ord)})
				}
			}
		}
	}
	if k.ids.reuse != NeverReuse {
		for i := k.ids.first; i < k.ids.next; i++ {
			if k.ids.get(i) == 0 {
				k.ids.freed = append(k.ids.freed, i)
			}
		}
		if k.ids.reuse == LastFirst {
			slices.Reverse(k.ids.freed)
		}
	}
	k.processPool.open()
	k.threadPool.open()
	k.current = s
	k.last.Store(s)
	return k
}
