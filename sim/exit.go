package sim

// TerminateProcess ends a process: its threads, modules, heaps and handles go with it, its children
// stay. It fails with [ErrNoProcess] and, for pid 0 and pid 4, [ErrAccessDenied].
func (k *Kernel) TerminateProcess(pid PID, code uint32) (Version, error) {
	err := k.begin().TerminateProcess(pid, code)
	return k.end(err), err
}

// TerminateProcess is [Kernel.TerminateProcess] within an Update.
func (tx *Tx) TerminateProcess(pid PID, code uint32) error {
	k, p, err := tx.living("TerminateProcess", pid)
	if err != nil {
		return err
	}
	if pid == 0 || pid == systemPID && !k.fixed.config.Bare {
		return fail("TerminateProcess", because(ErrAccessDenied, "the system can't run without it"), "pid %d", pid)
	}
	k.exit(p, code, "TerminateProcess")
	return nil
}

// exit takes a process out of all lists. The pid comes back last, so that under LastFirst the next process gets it.
func (k *Kernel) exit(p *process, code uint32, verb string) {
	if k.walks.any() {
		k.buryProcess(p, verb)
	}
	for c := p.threads.walk(); c.leaf != nil; c.step(&p.threads) {
		for i := range c.leaf.items {
			t := &c.leaf.items[i].val
			k.threadPool.give(k.undo, t.slot)
			n := uint32(t.id) / 4
			k.ids.keep(k.undo, n)
			k.ids.set(n, 0)
			k.giveID(n)
		}
	}
	k.threads -= int(p.threads.count)
	k.procs.remove(&k.writer, k.own, p.seq)
	k.processPool.give(k.undo, p.slot)
	n := uint32(p.pid) / 4
	k.ids.keep(k.undo, n)
	if o := k.objects[p.pid]; o != nil {
		k.ids.set(n, reserved)
		k.after = append(k.after, func() { k.exited(o, code) })
	} else {
		k.ids.set(n, 0)
		k.giveID(n)
	}
	if len(k.tables) > 0 || len(k.after) > 0 {
		pid, seq := p.pid, p.seq
		k.after = append(k.after, func() { k.closeTable(pid, seq) })
	}
}

// SetPriorityClass sets the class of a process and with it the base priority of its threads. It fails with
// [ErrNoProcess], [ErrInvalid] and, for pid 0, [ErrAccessDenied].
func (k *Kernel) SetPriorityClass(pid PID, c PriorityClass) (Version, error) {
	err := k.begin().SetPriorityClass(pid, c)
	return k.end(err), err
}

// SetPriorityClass is [Kernel.SetPriorityClass] within an Update.
func (tx *Tx) SetPriorityClass(pid PID, c PriorityClass) error {
	k, p, err := tx.living("SetPriorityClass", pid)
	switch {
	case err != nil:
		return err
	case pid == 0:
		return fail("SetPriorityClass", ErrAccessDenied, "pid 0")
	case c >= classes:
		return fail("SetPriorityClass", because(ErrInvalid, "it is no priority class"), "pid %d, class %d", pid, c)
	}
	p = k.mine(p)
	p.class = c
	for ord, t := p.threads.first(); t != nil; ord, t = p.threads.after(ord) {
		e := p.threads.edit(&k.writer, k.threshold(p), ord)
		e.base = e.level.base(c)
	}
	return nil
}

// Advance moves the clock by d beyond the Tick of the change itself. It never fails; the clock stops at its highest value.
func (k *Kernel) Advance(d Time) (Version, error) {
	err := k.begin().Advance(d)
	return k.end(err), err
}

// Advance is [Kernel.Advance] within an Update.
func (tx *Tx) Advance(d Time) error {
	if tx.k == nil {
		return ended("Advance")
	}
	if tx.k.clock += d; tx.k.clock < d {
		tx.k.clock = ^Time(0)
	}
	return nil
}

// A Tx has every verb of [Kernel], to be used within one [Kernel.Update].
type Tx struct{ k *Kernel }

func ended(call string) error {
	return fail(call, because(ErrInvalid, "the Tx is used after its Update has ended"), "")
}

// living looks up the process a verb is about.
func (tx *Tx) living(call string, pid PID) (*Kernel, *process, error) {
	if tx.k == nil {
		return nil, nil, ended(call)
	}
	p := tx.k.process(pid)
	if p == nil {
		return tx.k, nil, fail(call, ErrNoProcess, "pid %d", pid)
	}
	return tx.k, p, nil
}

// thread looks up the thread a verb is about.
func (tx *Tx) thread(call string, tid TID) (*Kernel, *process, *thread, error) {
	if tx.k == nil {
		return nil, nil, nil, ended(call)
	}
	p, t := tx.k.thread(tid)
	if t == nil {
		return tx.k, nil, nil, fail(call, ErrNoThread, "tid %d", tid)
	}
	return tx.k, p, t, nil
}
