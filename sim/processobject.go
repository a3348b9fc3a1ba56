package sim

// A ProcessObject is what OpenProcess gives a handle to. Its pid is not given to another process while a handle is open.
type ProcessObject struct {
	k      *Kernel
	pid    PID
	seq    uint64
	refs   int
	exited bool
	code   uint32
}

// Kind is "Process".
func (o *ProcessObject) Kind() string { return "Process" }

// Bytes is 0: the process is not the handle's.
func (o *ProcessObject) Bytes() uint64 { return 0 }

// PID is the process's id.
func (o *ProcessObject) PID() PID { return o.pid }

// Sequence is the process's creation number.
func (o *ProcessObject) Sequence() uint64 { return o.seq }

// Exited says whether the process has ended, and with which code.
func (o *ProcessObject) Exited() (code uint32, ok bool) {
	o.k.mu.Lock()
	defer o.k.mu.Unlock()
	return o.code, o.exited
}

// OpenProcess gives the process with that pid a handle; rights are the camera's business. The low two bits of the
// pid are ignored. A process that has ended can be opened as long as another handle keeps it. It fails as Open does, and with [ErrNoProcess].
func (t *HandleTable) OpenProcess(pid PID, f HandleFlags) (Handle, error) {
	return t.OpenProcessIf(pid, f, allAccess, nil)
}

// OpenProcessIf is OpenProcess with an access mask, which Access then returns, for a process that may allows to open: it is asked about a living one, in the same
// step in which the handle is opened, and must not call the kernel. It fails with [ErrAccessDenied] when may says no.
func (t *HandleTable) OpenProcessIf(pid PID, f HandleFlags, access uint32, may func(Process) bool) (Handle, error) {
	pid &^= 3
	k := t.k
	k.mu.Lock()
	defer k.mu.Unlock()
	if f&^handleFlags != 0 {
		return 0, fail("OpenProcess", because(ErrInvalid, "a flag that is none"), "flags %#x, pid %d", f, pid)
	}
	p := k.process(pid)
	if p != nil && may != nil && !may(Process{p}) {
		return 0, fail("OpenProcess", ErrAccessDenied, "pid %d, access %#x", pid, access)
	}
	if err := t.room("OpenProcess"); err != nil {
		return 0, err
	}
	o := k.objects[pid]
	if o == nil {
		if p == nil {
			return 0, fail("OpenProcess", ErrNoProcess, "pid %d", pid)
		}
		o = &ProcessObject{k: k, pid: pid, seq: p.seq}
		if k.objects == nil {
			k.objects = map[PID]*ProcessObject{}
		}
		k.objects[pid] = o
	}
	return t.add(&opening{o, f, access}), nil
}

// exited notes that a process has ended. Within an Update its last handle may have been closed before.
func (k *Kernel) exited(o *ProcessObject, code uint32) {
	o.exited, o.code = true, code
	if o.refs == 0 {
		k.freePID(o.pid)
	}
}

// dropObject forgets a process object without handles, and lets its pid go if the process has ended.
func (k *Kernel) dropObject(o *ProcessObject) {
	delete(k.objects, o.pid)
	if o.exited {
		k.freePID(o.pid)
	}
}

func (k *Kernel) freePID(pid PID) {
	i := uint32(pid) / 4
	k.ids.set(i, 0)
	k.giveID(i)
}
