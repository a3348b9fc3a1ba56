package sim

import "github.com/toolhelpsim/toolhelpsim/sim/sched"

// A Kernel is the mutable world: the lists of processes, threads, modules and heaps of one simulated
// system. All methods are safe for any number of goroutines; one verb runs at a time.
//
// Every verb checks first, then changes, then counts one [Version]. A verb that fails changes nothing
// and reports the version it saw. (rules S1 to S6)
type Kernel struct {
	mu      sched.Mutex
	last    sched.Pointer[State] // current, for those without the lock
	current *State               // the state, if somebody took it since the last change
	sched   *sched.Scheduler

	writer
	procs   list[*process]
	threads int
	clock   Time
	seq     uint64 // creation number of the last process

	// Beside the lists: who has an id, who lives at a pool address, who holds handles, who walks live.
	ids         ids
	processPool pool[*process]
	threadPool  pool[resident]
	tables      map[PID]*HandleTable
	objects     map[PID]*ProcessObject
	walks       walks

	fixed *fixed
	undo  *undo
	after []func() // what a verb does to handles, once its change is certain
	tx    Tx
	small small
}

// small is the beginnings of the tables, for all that a small kernel needs: one allocation makes it.
type small struct {
	dirs      [1][]*idPage
	pages     [2]*idPage
	page      idPage
	freed     [16]uint32
	processes [8]*process
	threads   [16]resident
}

// New boots a kernel: version 0, with pid 0 "[System Process]" and pid 4 "System" unless c.Bare.
// It never fails; values of c that are out of range are brought into it as [Config] says.
func New(c Config) *Kernel {
	c = c.normal()
	k := empty(&fixed{config: c, heaps: [2]*node[*heap]{heapLeaf(64, 0), heapLeaf(32, 0)}})
	k.clock, k.ids.next = c.Start, k.ids.first
	if !k.fixed.config.Bare {
		k.version-- // the boot is the change that makes version 0
		k.bootSystem()
		k.version++
	}
	return k
}

func empty(f *fixed) *Kernel {
	k := &Kernel{fixed: f}
	k.own = 1
	k.tx.k = k
	in := &k.small
	in.dirs[0] = in.pages[:0]
	k.ids = ids{dirs: in.dirs[:], spare: &in.page, freed: in.freed[:0], first: f.config.FirstID / 4, last: f.config.LastID / 4, reuse: f.config.Reuse}
	k.processPool.residents = in.processes[:0]
	k.threadPool.residents = in.threads[:0]
	return k
}

// begin takes the lock and lends out the verbs.
func (k *Kernel) begin() *Tx {
	k.mu.Lock()
	return &k.tx
}

// end counts a version if the verb succeeded and lets go of the lock.
func (k *Kernel) end(err error) Version {
	if err == nil {
		k.commit()
	}
	v := k.version
	k.mu.Unlock()
	if err != nil {
		stamp(err, v)
	}
	return v
}

func (k *Kernel) commit() {
	k.version++
	if c := k.clock + k.fixed.config.Tick; c > k.clock { // it stops at its highest value
		k.clock = c
	}
	if k.current != nil {
		k.current = nil
		k.last.Store(nil)
	}
	if len(k.after) > 0 {
		for i, f := range k.after {
			f()
			k.after[i] = nil
		}
		k.after = k.after[:0]
	}
}

// Update runs several verbs as one change: all or nothing, one version, nothing in between is ever
// visible (rule S5). When f returns an error, or panics, everything is as it was before, ids and
// addresses yet to be handed out included; the error is returned as it is.
//
// f must use tx alone: calling k inside f waits for ever. A verb of tx that fails changes nothing; f
// may go on after it. tx is of no use after f has returned: its verbs then fail with [ErrInvalid].
func (k *Kernel) Update(f func(tx *Tx) error) (Version, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var u undo
	u.begin(k)
	tx := &Tx{k: k}
	k.undo = &u
	done := false
	defer func() {
		k.undo, tx.k = nil, nil
		if !done {
			u.rollback()
		}
	}()
	if err := f(tx); err != nil {
		return k.version, err
	}
	done = true
	k.undo = nil
	k.commit()
	return k.version, nil
}

// Version returns the number of changes so far.
func (k *Kernel) Version() Version {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.version
}

// freeze gives everything written so far to whoever reads it now: from here on it is copied first.
func (k *Kernel) freeze() { k.own = k.gen() }

// cut returns the roots and counts as they stand.
func (k *Kernel) cut() roots {
	return roots{procs: k.procs, version: k.version, clock: k.clock, seq: k.seq, threads: uint32(k.threads), next: k.ids.next, fixed: k.fixed}
}

// State freezes the kernel and returns what it holds: one cut over all four lists (rule S7). It costs
// the same for ten processes and for a million: one atomic load when nothing changed since the last
// call, else one allocation and a few stores under the writer's lock. It waits for at most the one verb in flight.
func (k *Kernel) State() *State {
	if s := k.last.Load(); s != nil {
		return s
	}
	return k.take()
}

// take is State when something changed. It allocates before it takes the lock.
func (k *Kernel) take() *State {
	s := new(State)
	k.mu.Lock()
	s = k.freezeInto(s)
	k.mu.Unlock()
	return s
}

// freezeInto returns the current state: the one that somebody took since the last change, else fresh, which nobody else has
// seen; nil means one made here.
func (k *Kernel) freezeInto(fresh *State) *State {
	if k.current != nil {
		return k.current
	}
	s := fresh
	if s == nil {
		s = new(State)
	}
	k.freeze()
	s.roots = k.cut()
	s.index.Attach(k.sched, "state.index")
	k.count.States++
	k.current = s
	k.last.Store(s)
	return s
}

// StateOf returns the state and, in the same cut, the process with that pid. The state is good even
// when there is no such process.
func (k *Kernel) StateOf(pid PID) (*State, Process, bool) {
	var fresh *State
	if k.last.Load() == nil {
		fresh = new(State)
	}
	k.mu.Lock()
	s := k.freezeInto(fresh)
	p := k.process(pid)
	k.mu.Unlock()
	return s, Process{p}, p != nil
}

// Process returns one process, frozen, and the version it is of: a snapshot of that process
// alone, after which writers copy what they change of it and of nothing else.
func (k *Kernel) Process(pid PID) (Process, Version, bool) {
	k.mu.Lock()
	p := k.process(pid)
	if p != nil && p.gen >= k.threshold(p) {
		p.own = k.gen()
	}
	v := k.version
	k.mu.Unlock()
	return Process{p}, v, p != nil
}

// Thread returns the thread with that tid, as it is now, and the version it is of.
func (k *Kernel) Thread(tid TID) (Thread, Version, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, t := k.thread(tid); t != nil {
		seen := *t
		return Thread{&seen}, k.version, true
	}
	return Thread{}, k.version, false
}

// Counters returns what copy on write has cost so far.
func (k *Kernel) Counters() Counters {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.count
}

// process looks a living process up by pid.
func (k *Kernel) process(pid PID) *process {
	if pid&3 != 0 {
		return nil
	}
	s := k.ids.get(uint32(pid) / 4)
	if !s.isProcess() {
		return nil
	}
	return k.processPool.residents[s.place()]
}

// thread looks a thread up by tid. What it returns is read only.
func (k *Kernel) thread(tid TID) (*process, *thread) {
	if tid&3 != 0 {
		return nil, nil
	}
	s := k.ids.get(uint32(tid) / 4)
	if !s.isThread() {
		return nil, nil
	}
	p := k.processPool.residents[s.place()]
	return p, p.threads.find(uint64(s.ord()))
}

// threshold is the oldest generation of the nodes of p that may be written in place.
func (k *Kernel) threshold(p *process) uint64 { return max(k.own, p.own) }

// mine returns p itself when it may be written, else a copy that takes its place in the list and in the pool.
func (k *Kernel) mine(p *process) *process {
	if p.gen >= k.threshold(p) {
		return p
	}
	return k.copyProcess(p)
}

func (k *Kernel) copyProcess(p *process) *process {
	c := new(process)
	*c = *p
	c.gen = k.gen()
	k.copied(processBytes)
	*k.procs.edit(&k.writer, k.own, c.seq) = c
	if k.undo != nil {
		k.undo.add(func() { k.processPool.residents[p.slot] = p })
	}
	k.processPool.residents[c.slot] = c
	return c
}
