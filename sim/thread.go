package sim

import "slices"

// A thread is an entry of a process's thread list.
type thread struct {
	id      TID
	owner   PID
	created Time
	slot    uint32 // in the thread pool
	suspend int16
	level   Priority
	base    int8
}

// A Thread is a thread as it was in one version: a small value that never changes. The zero value is no thread.
type Thread struct{ t *thread }

var noThread thread // never written

func (t Thread) read() *thread {
	if t.t == nil {
		return &noThread
	}
	return t.t
}

// ID is the tid; 0 for the idle threads of pid 0.
func (t Thread) ID() TID { return t.read().id }

// Owner is the pid of the process it runs in.
func (t Thread) Owner() PID { return t.read().owner }

// BasePriority is the base priority its class and level give, 0 to 31.
func (t Thread) BasePriority() int { return int(t.read().base) }

// Priority is its level within the class.
func (t Thread) Priority() Priority { return t.read().level }

// SuspendCount is how many times it has been suspended and not resumed, 0 to 127.
func (t Thread) SuspendCount() int { return int(t.read().suspend) }

// Created is the clock at its creation. With ID it names the thread for ever, unless a ThreadSpec said otherwise.
func (t Thread) Created() Time { return t.read().created }

// Address is its address in the system pool.
func (t Thread) Address() Address { return threadAddress(t.read().slot) }

// Equal says whether both are the same thread in the same condition.
func (t Thread) Equal(u Thread) bool { return (t.t == nil) == (u.t == nil) && *t.read() == *u.read() }

// mostSuspends is MAXIMUM_SUSPEND_COUNT.
const mostSuspends = 127

// A ThreadSpec says how a thread starts. The zero value is an ordinary one.
type ThreadSpec struct {
	Suspended bool
	Priority  Priority
	ID        TID  // worlds: this id, a multiple of 4; 0 means the next free one
	Created   Time // worlds; 0 means the clock
}

// CreateThread starts a thread in a process. It fails with [ErrNoProcess], [ErrAccessDenied] (pid 0),
// [ErrInvalid] (Priority, ID), [ErrIDTaken] and [ErrIDsExhausted].
func (k *Kernel) CreateThread(pid PID, s ThreadSpec) (TID, Version, error) {
	tid, err := k.begin().CreateThread(pid, s)
	return tid, k.end(err), err
}

// CreateThread is [Kernel.CreateThread] within an Update.
func (tx *Tx) CreateThread(pid PID, s ThreadSpec) (TID, error) {
	k, p, err := tx.living("CreateThread", pid)
	switch {
	case err != nil:
		return 0, err
	case pid == 0:
		return 0, fail("CreateThread", ErrAccessDenied, "pid 0")
	case !s.Priority.valid():
		return 0, fail("CreateThread", because(ErrInvalid, "Priority is no thread priority"), "pid %d, priority %d", pid, s.Priority)
	}
	if s.ID != 0 {
		if err := k.free(uint32(s.ID)); err != nil {
			return 0, fail("CreateThread", err, "pid %d, tid %d", pid, s.ID)
		}
	} else if !k.ids.has(1) {
		return 0, fail("CreateThread", ErrIDsExhausted, "pid %d", pid)
	}
	p = k.mine(p)
	p.lastThread++
	ord := p.lastThread
	t := p.threads.insert(&k.writer, k.threshold(p), uint64(ord))
	if t.created = s.Created; t.created == 0 {
		t.created = k.clock
	}
	if s.Suspended {
		t.suspend = 1
	} else {
		p.started = true
	}
	i := k.takeID(uint32(s.ID))
	t.id, t.owner, t.level, t.base = TID(i*4), pid, s.Priority, s.Priority.base(p.class)
	t.slot = k.threadPool.take(k.undo, resident{p.slot, ord})
	k.ids.keep(k.undo, i)
	k.ids.set(i, threadSlot(p.slot, ord))
	k.threads++
	return t.id, nil
}

// free says why an id can't be taken by name.
func (k *Kernel) free(id uint32) error {
	switch {
	case id == 0 || id&3 != 0:
		return because(ErrInvalid, "ids are multiples of 4")
	case k.ids.get(id/4) != 0 || k.ids.spent(id/4):
		return ErrIDTaken
	}
	return nil
}

// takeID takes the index of that id, or the next one when it is 0.
func (k *Kernel) takeID(id uint32) uint32 {
	if id == 0 {
		return k.ids.take(k.undo)
	}
	k.ids.claim(k.undo, id/4)
	return id / 4
}

// giveID takes an index back.
func (k *Kernel) giveID(i uint32) {
	if k.ids.give(k.undo, i) {
		k.fixed = &fixed{k.fixed.config, append(slices.Clip(k.fixed.burnt), i), k.fixed.heaps}
	}
}

// TerminateThread ends a thread; the last one takes its process with it (rule S19). It fails with
// [ErrNoThread] and, for the last thread of pid 4, [ErrAccessDenied].
func (k *Kernel) TerminateThread(tid TID, code uint32) (Version, error) {
	err := k.begin().TerminateThread(tid, code)
	return k.end(err), err
}

// TerminateThread is [Kernel.TerminateThread] within an Update.
func (tx *Tx) TerminateThread(tid TID, code uint32) error {
	k, p, t, err := tx.thread("TerminateThread", tid)
	if err != nil {
		return err
	}
	if p.threads.count == 1 {
		if p.pid == systemPID && !k.fixed.config.Bare {
			return fail("TerminateThread", ErrAccessDenied, "tid %d, the last of System", tid)
		}
		k.exit(p, code, "TerminateThread")
		return nil
	}
	i := uint32(tid) / 4
	ord := k.ids.get(i).ord()
	if k.walks.any() {
		k.buryThread(p, ord, t, "TerminateThread")
	}
	pool := t.slot
	p = k.mine(p)
	p.threads.remove(&k.writer, k.threshold(p), uint64(ord))
	k.threads--
	k.threadPool.give(k.undo, pool)
	k.ids.keep(k.undo, i)
	k.ids.set(i, 0)
	k.giveID(i)
	return nil
}

// SuspendThread adds one to a thread's suspend count and returns what it was. It fails with [ErrNoThread] and,
// at a count of 127, [ErrInvalid].
func (k *Kernel) SuspendThread(tid TID) (previous int, v Version, err error) {
	previous, err = k.begin().SuspendThread(tid)
	return previous, k.end(err), err
}

// SuspendThread is [Kernel.SuspendThread] within an Update.
func (tx *Tx) SuspendThread(tid TID) (previous int, err error) {
	k, p, t, err := tx.thread("SuspendThread", tid)
	if err != nil {
		return 0, err
	}
	if t.suspend >= mostSuspends {
		return 0, fail("SuspendThread", because(ErrInvalid, "it is suspended 127 times already"), "tid %d", tid)
	}
	e := k.editThread(p, tid)
	e.suspend++
	return int(e.suspend) - 1, nil
}

// ResumeThread takes one from a thread's suspend count, unless it is 0, and returns what it was. A
// process created suspended starts when one of its threads runs: its loader brings in the first modules. It fails with [ErrNoThread].
func (k *Kernel) ResumeThread(tid TID) (previous int, v Version, err error) {
	previous, err = k.begin().ResumeThread(tid)
	return previous, k.end(err), err
}

// ResumeThread is [Kernel.ResumeThread] within an Update.
func (tx *Tx) ResumeThread(tid TID) (previous int, err error) {
	k, p, t, err := tx.thread("ResumeThread", tid)
	if err != nil {
		return 0, err
	}
	previous = int(t.suspend)
	if previous == 0 {
		return 0, nil
	}
	p = k.mine(p)
	k.editThread(p, tid).suspend--
	if previous == 1 {
		p.started = true
	}
	return previous, nil
}

// SetThreadPriority sets a thread's level. It fails with [ErrNoThread] and [ErrInvalid].
func (k *Kernel) SetThreadPriority(tid TID, level Priority) (Version, error) {
	err := k.begin().SetThreadPriority(tid, level)
	return k.end(err), err
}

// SetThreadPriority is [Kernel.SetThreadPriority] within an Update.
func (tx *Tx) SetThreadPriority(tid TID, level Priority) error {
	k, p, _, err := tx.thread("SetThreadPriority", tid)
	if err != nil {
		return err
	}
	if !level.valid() {
		return fail("SetThreadPriority", because(ErrInvalid, "it is no thread priority"), "tid %d, priority %d", tid, level)
	}
	e := k.editThread(p, tid)
	e.level, e.base = level, level.base(p.class)
	return nil
}

// editThread returns a thread of p that is there, to be written.
func (k *Kernel) editThread(p *process, tid TID) *thread {
	p = k.mine(p)
	return p.threads.edit(&k.writer, k.threshold(p), uint64(k.ids.get(uint32(tid)/4).ord()))
}
