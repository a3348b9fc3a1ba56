package sim

// A ProcessSpec says how a process starts. Image is required.
type ProcessSpec struct {
	Parent         PID      // the creator: recorded for ever, lends handles and priority class; a living process, or 0
	AnyParent      bool     // record Parent as it is, living or not; nothing is inherited
	Image          *Image   // what it runs; its Bits are the process's, 32 meaning under WOW64
	Suspended      bool     // CREATE_SUSPENDED: the first thread waits, the loader has not run
	InheritHandles bool     // bInheritHandles: the child gets the parent's inheritable handles, under the same values
	Handles        []Handle // PROC_THREAD_ATTRIBUTE_HANDLE_LIST: when not nil, only these of them
	Protection     Protection
	Class          PriorityClass // zero: inherited from the parent if that is IdleClass or BelowNormalClass
	Minimal        bool          // a kernel process such as Registry: no modules, no heaps

	// For worlds that say more than a program could.
	Modules     []*Image // when not nil: the module list, instead of the image and what the system loads with it
	DefaultHeap Address  // an id HeapCreate can give; 0 means the usual one
	ID          PID      // this id, a multiple of 4; 0 means the next free one
	Thread      TID      // the first thread's, likewise
	Created     Time     // 0 means the clock
}

const (
	systemPID     = 4
	pinned        = 0xFFFF // load count of what a process starts with
	mostInitial   = 1 << 13
	createProcess = "CreateProcess"
)

// CreateProcess starts a process with one thread and returns both ids. It fails with [ErrInvalid] (no
// image, an id that is no multiple of 4, a Class, Protection, DefaultHeap or module list that can't be),
// [ErrNoProcess] (Parent), [ErrIDTaken], [ErrIDsExhausted], [ErrInvalidHandle] (Handles) and [ErrNoMemory].
func (k *Kernel) CreateProcess(s ProcessSpec) (PID, TID, Version, error) {
	pid, tid, err := k.begin().CreateProcess(s)
	return pid, tid, k.end(err), err
}

// CreateProcess is [Kernel.CreateProcess] within an Update.
func (tx *Tx) CreateProcess(s ProcessSpec) (PID, TID, error) {
	k := tx.k
	if k == nil {
		return 0, 0, ended(createProcess)
	}
	parent, err := k.checkSpec(&s)
	if err != nil {
		return 0, 0, err
	}
	p := &process{gen: k.gen(), image: s.Image, created: s.Created, parent: s.Parent, bits: s.Image.bits,
		class: s.Class, protection: s.Protection, started: !s.Suspended, minimal: s.Minimal}
	if p.created == 0 {
		p.created = k.clock
	}
	if s.Class == NormalClass && parent != nil && (parent.class == IdleClass || parent.class == BelowNormalClass) {
		p.class = parent.class
	}
	if err := k.furnish(p, &s); err != nil {
		return 0, 0, err
	}
	k.seq++
	p.seq = k.seq
	k.identify(p, &s)
	p.threads.root = newLeaf[thread](k.gen(), 1)
	t := k.firstThread(p, &s)
	*k.procs.insert(&k.writer, k.own, p.seq) = p
	k.count.NodesMade += 2
	if parent != nil && s.InheritHandles {
		k.inherit(parent.pid, p, s.Handles)
	}
	return p.pid, t, nil
}

// checkSpec finds what is wrong with s, and its parent.
func (k *Kernel) checkSpec(s *ProcessSpec) (parent *process, err error) {
	bad := func(err error) (*process, error) {
		name := "none"
		if s.Image != nil {
			name = s.Image.Name()
		}
		return nil, fail(createProcess, err, "image %.80q, parent %d, id %d", name, s.Parent, s.ID)
	}
	switch {
	case s.Image == nil:
		return bad(because(ErrInvalid, "Image is nil"))
	case s.Class >= classes || s.Protection >= protections:
		return bad(because(ErrInvalid, "Class or Protection is none of the constants"))
	case len(s.Modules) > mostInitial:
		return bad(because(ErrInvalid, "more than 8192 modules"))
	}
	if !s.AnyParent {
		if parent = k.process(s.Parent); parent == nil && s.Parent != 0 {
			return bad(because(ErrNoProcess, "Parent is no living process; set AnyParent to record it all the same"))
		}
	}
	var named []uint32
	for _, id := range [2]uint32{uint32(s.ID), uint32(s.Thread)} {
		if id == 0 {
			continue
		}
		if err := k.free(id); err != nil {
			return bad(err)
		}
		named = append(named, id/4)
	}
	if s.ID != 0 && uint32(s.ID) == uint32(s.Thread) {
		return bad(because(ErrIDTaken, "the process and its thread can't have one id"))
	}
	if !k.ids.has(2-len(named), named...) {
		return bad(ErrIDsExhausted)
	}
	if parent != nil && s.InheritHandles {
		if err := k.checkHandleList(parent, s.Handles); err != nil {
			return bad(err)
		}
	}
	return parent, nil
}

// identify gives p its pid and its place in the pool.
func (k *Kernel) identify(p *process, s *ProcessSpec) {
	if s.Thread != 0 { // the next free pid must not be this one
		k.ids.claim(k.undo, uint32(s.Thread)/4)
		k.ids.keep(k.undo, uint32(s.Thread)/4)
		k.ids.set(uint32(s.Thread)/4, reserved)
	}
	i := k.takeID(uint32(s.ID))
	p.pid = PID(i * 4)
	p.slot = k.processPool.take(k.undo, p)
	k.ids.keep(k.undo, i)
	k.ids.set(i, processSlot(p.slot))
}

// firstThread puts the first thread into p, whose list has room for one.
func (k *Kernel) firstThread(p *process, s *ProcessSpec) TID {
	i := uint32(s.Thread) / 4
	if i == 0 {
		i = k.ids.take(k.undo)
	}
	p.lastThread, p.threads.count = 1, 1
	t := p.threads.root.append(1)
	t.id, t.owner, t.created, t.base = TID(i*4), p.pid, p.created, int8(p.class.Base())
	if s.Suspended {
		t.suspend = 1
	}
	t.slot = k.threadPool.take(k.undo, resident{p.slot, 1})
	k.ids.keep(k.undo, i)
	k.ids.set(i, threadSlot(p.slot, 1))
	k.threads++
	return t.id
}

// furnish gives p its first modules and its default heap. Both are lent: nodes of generation 0, shared
// by all processes of that image until one of them changes its list.
func (k *Kernel) furnish(p *process, s *ProcessSpec) error {
	if s.Minimal {
		return nil
	}
	p.lastHeap = 1
	p.heaps = list[*heap]{root: k.fixed.heaps[p.bits/32%2], count: 1}
	p.heapSlots.next = 1
	if s.DefaultHeap != 0 && s.DefaultHeap != heapBase(p.bits, 0) {
		slot, ok := heapSlot(p.bits, s.DefaultHeap)
		if !ok {
			return fail(createProcess, because(ErrInvalid, "DefaultHeap is no id that HeapCreate could give"), "image %.80q, heap %#x", s.Image.Name(), s.DefaultHeap)
		}
		p.heapSlots = slots{next: slot + 1}
		p.heaps = list[*heap]{root: heapLeaf(p.bits, slot), count: 1}
	}
	if s.Modules != nil {
		return k.furnishExactly(p, s)
	}
	lent := s.Image.first.Load()
	if lent == nil {
		lent = initialModules(s.Image)
		s.Image.first.Store(lent)
	}
	p.modules = *lent
	p.lastModule, p.listed, p.moduleSlots.next = uint32(lent.count), uint32(lent.count), uint32(lent.count)
	return nil
}

// furnishExactly loads the modules of s. In a WOW64 process the first of them stands in both lists.
func (k *Kernel) furnishExactly(p *process, s *ProcessSpec) error {
	for i, img := range s.Modules {
		if img == nil {
			return fail(createProcess, because(ErrInvalid, "a module is nil"), "image %.80q, module %d", s.Image.Name(), i)
		}
		if img.bits == 64 && p.bits == 32 && i == 0 || img.bits == 32 && p.bits == 64 {
			return fail(createProcess, because(ErrInvalid, "a module is of the wrong bitness"), "image %.80q, module %d", s.Image.Name(), i)
		}
		base := p.place(img)
		if base == 0 {
			return fail(createProcess, ErrNoMemory, "image %.80q, module %d", s.Image.Name(), i)
		}
		m := module{img: img, base: base, loads: pinned, bits: img.bits} // the first, under WOW64, is one mapping with two entries
		if i == 0 && p.bits == 32 {
			m.bits = 64
			k.addModule(p, m)
			m.bits = 32
		}
		k.addModule(p, m)
	}
	return nil
}

// bootSystem makes pid 0 with one idle thread of tid 0 per CPU, and pid 4.
func (k *Kernel) bootSystem() {
	idle := &process{gen: k.gen(), seq: 1, image: MustImage("[System Process]"), created: k.clock, bits: 64, protection: CSRSS,
		started: true, minimal: true}
	idle.slot = k.processPool.take(nil, idle)
	k.ids.set(0, processSlot(idle.slot))
	for range k.fixed.config.CPUs {
		idle.lastThread++
		ord := idle.lastThread
		*idle.threads.insert(&k.writer, k.own, uint64(ord)) = thread{created: k.clock, slot: k.threadPool.take(nil, resident{idle.slot, ord})}
		k.threads++
	}
	k.seq = 1
	*k.procs.insert(&k.writer, k.own, 1) = idle
	// A fresh kernel has room for this: it can't fail.
	_, _, _ = k.tx.CreateProcess(ProcessSpec{Image: MustImage("System"), ID: systemPID, Protection: CSRSS, Minimal: true})
}
