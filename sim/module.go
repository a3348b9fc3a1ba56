package sim

// A module is an entry of a process's module list, or a data file mapped beside it.
type module struct {
	img   *Image
	base  Address
	slot  uint32 // of its list object, in the process's own pool
	loads uint32
	bits  uint8 // the list it stands in
	data  bool
	ord   uint32 // its key
}

// A Module is a module as it was in one version: a small value that never changes. The zero value is no module.
type Module struct{ m *module }

var noModule = module{img: &Image{}} // never written

func (m Module) read() *module {
	if m.m == nil {
		return &noModule
	}
	return m.m
}

// Base is where it is mapped: unique among the modules of one list.
func (m Module) Base() Address { return m.read().base }

// Size is how many bytes it takes there.
func (m Module) Size() uint32 { return m.read().img.size }

// Image is the file it is mapped from.
func (m Module) Image() *Image { return m.read().img }

// Name is the last element of Path.
func (m Module) Name() string { return m.read().img.Name() }

// Path is the path of its file.
func (m Module) Path() string { return m.read().img.Path() }

// LoadCount is how often it was loaded and not freed; 65535 for what the process started with, which stays.
func (m Module) LoadCount() int { return int(m.read().loads) }

// Bits is the list it stands in: 64, or 32 for the second list of a WOW64 process.
func (m Module) Bits() int { return int(m.read().bits) }

// Address is the address of its list object in the process.
func (m Module) Address() Address { return moduleAddress(m.read().slot) }

// Sequence is the module's ordinal in its process: unique there for ever.
func (m Module) Sequence() uint64 { return uint64(m.read().ord) }

// Equal says whether both are the same module in the same condition.
func (m Module) Equal(n Module) bool { return (m.m == nil) == (n.m == nil) && *m.read() == *n.read() }

// LoadFlags change what LoadLibrary does.
type LoadFlags uint32

// LoadAsDataFile maps a file without making it a module: no list shows it. (rule S27)
const LoadAsDataFile LoadFlags = 1

// initialModules is what a process that runs exe starts with: the leaf that all of them are lent.
func initialModules(exe *Image) *list[module] {
	system := func(dir, name string, bits int) *Image {
		i, _ := NewImage(ImageSpec{Path: `C:\Windows\` + dir + `\` + name, Bits: bits, Size: 0x1F0000})
		return i
	}
	type entry struct {
		img  *Image
		bits uint8
	}
	add := []entry{{exe, 64}, {system("System32", "ntdll.dll", 64), 64}}
	if exe.bits == 32 {
		for _, name := range []string{"wow64.dll", "wow64win.dll", "wow64cpu.dll"} {
			add = append(add, entry{system("System32", name, 64), 64})
		}
		add = append(add, entry{exe, 32}, entry{system("SysWOW64", "ntdll.dll", 32), 32})
	}
	p := process{modules: list[module]{root: newLeaf[module](0, len(add))}}
	l := &p.modules
	for i, a := range add {
		base := p.place(a.img)
		if a.img == exe && i > 0 { // the second entry of one mapping
			base = l.root.items[0].val.base
		}
		*l.root.append(uint64(i + 1)) = module{img: a.img, base: base, slot: uint32(i), loads: pinned, bits: a.bits, ord: uint32(i + 1)}
		l.count++
	}
	return l
}

// LoadLibrary maps an image into a process and returns its base. An image that is loaded already stays
// where it is and counts one load more. It fails with [ErrNoProcess], [ErrInvalid] (no image, of the wrong
// bitness, or the process has no loader: minimal, or not started) and [ErrNoMemory].
func (k *Kernel) LoadLibrary(pid PID, img *Image, f LoadFlags) (base Address, v Version, err error) {
	base, err = k.begin().LoadLibrary(pid, img, f)
	return base, k.end(err), err
}

// LoadLibrary is [Kernel.LoadLibrary] within an Update.
func (tx *Tx) LoadLibrary(pid PID, img *Image, f LoadFlags) (Address, error) {
	k, p, err := tx.living("LoadLibrary", pid)
	if err != nil {
		return 0, err
	}
	data := f&LoadAsDataFile != 0
	if why := p.refuses(img, f); why != "" {
		return 0, fail("LoadLibrary", because(ErrInvalid, why), "pid %d", pid)
	}
	key, m, base := p.loaded(img, data)
	if m != nil {
		if m.loads < pinned-1 {
			p = k.mine(p)
			m = p.modules.edit(&k.writer, k.threshold(p), key)
			m.loads++
		}
		return m.base, nil
	}
	if base == 0 {
		base = p.place(img)
	}
	if base == 0 {
		return 0, fail("LoadLibrary", ErrNoMemory, "pid %d, %.80q of %d bytes", pid, img.Name(), img.size)
	}
	k.addModule(k.mine(p), module{img: img, base: base, loads: 1, bits: img.bits, data: data})
	return base, nil
}

// loaded finds what an image is already mapped as: its key and entry, or nil and where it prefers to be, 0 if something is there.
func (p *process) loaded(img *Image, data bool) (key uint64, m *module, base Address) {
	if !img.amongHeaps {
		base = img.base
	}
	end := img.base + Address(img.size)
	for c := p.modules.walk(); c.leaf != nil; c.step(&p.modules) {
		for i := range c.leaf.items {
			m := &c.leaf.items[i].val
			if m.data == data && m.img.same(img) {
				return c.leaf.items[i].key, m, 0
			}
			if m.base < end && m.base+Address(m.img.size) > img.base {
				base = 0
			}
		}
	}
	return 0, nil, base
}

// refuses says why p can't load img.
func (p *process) refuses(img *Image, f LoadFlags) string {
	switch {
	case img == nil:
		return "the image is nil"
	case f&^LoadAsDataFile != 0:
		return "an unknown load flag"
	case p.minimal:
		return "a minimal process has no loader"
	case !p.started:
		return "its loader has not run: resume its thread first"
	case img.bits != p.bits && f&LoadAsDataFile == 0:
		return "the image is not of the process's bitness"
	}
	return ""
}

// addModule appends to the list of a process that may be written.
func (k *Kernel) addModule(p *process, m module) {
	m.slot = p.moduleSlots.take()
	p.lastModule++
	m.ord = p.lastModule
	if !m.data {
		p.listed++
	}
	*p.modules.insert(&k.writer, k.threshold(p), uint64(p.lastModule)) = m
}

// place finds room for an image: its preferred base, else the next free address above; 0 if there is none.
func (p *process) place(img *Image) Address {
	from, to := heapArea(img.bits)
	top := userTop(int(img.bits))
	base, size := img.base, Address(img.size)
	floor := Address(images64)
	if img.bits == 32 {
		floor = images32
	}
	for wrapped := false; ; {
		if base < to && base+size > from {
			base = floor
		}
		if base+size > top {
			if wrapped {
				return 0
			}
			wrapped, base = true, floor
		}
		end := p.overlap(base, size)
		if end == 0 {
			return base
		}
		base = roundUp64(end)
	}
}

// overlap returns the end of a module that stands in the way, or 0.
func (p *process) overlap(base, size Address) Address {
	for c := p.modules.walk(); c.leaf != nil; c.step(&p.modules) {
		for i := range c.leaf.items {
			m := &c.leaf.items[i].val
			if end := m.base + Address(m.img.size); m.base < base+size && end > base {
				return end
			}
		}
	}
	return 0
}

func roundUp64(a Address) Address { return Address(roundUp(uint64(a), granularity)) }

// moduleAt finds what is mapped at a base, data files included: its key and entry, or nil.
func (p *process) moduleAt(base Address) (uint64, *module) {
	for c := p.modules.walk(); c.leaf != nil; c.step(&p.modules) {
		for i := range c.leaf.items {
			if m := &c.leaf.items[i].val; m.base == base {
				return c.leaf.items[i].key, m
			}
		}
	}
	return 0, nil
}

// FreeLibrary takes one load from what is mapped at base and unmaps it when none is left. What the
// process started with stays. It fails with [ErrNoProcess] and [ErrNoModule].
func (k *Kernel) FreeLibrary(pid PID, base Address) (Version, error) {
	err := k.begin().FreeLibrary(pid, base)
	return k.end(err), err
}

// FreeLibrary is [Kernel.FreeLibrary] within an Update.
func (tx *Tx) FreeLibrary(pid PID, base Address) error {
	k, p, err := tx.living("FreeLibrary", pid)
	if err != nil {
		return err
	}
	key, m := p.moduleAt(base)
	if m == nil || !p.started {
		return fail("FreeLibrary", ErrNoModule, "pid %d, base %#x", pid, base)
	}
	if m.loads == pinned {
		return nil
	}
	if m.loads > 1 {
		p = k.mine(p)
		p.modules.edit(&k.writer, k.threshold(p), key).loads--
		return nil
	}
	if k.walks.any() {
		k.buryModule(p, key, m, "FreeLibrary")
	}
	slot, size, data := m.slot, Address(m.img.size), m.data
	p = k.mine(p)
	p.modules.remove(&k.writer, k.threshold(p), key)
	p.moduleSlots.give(slot)
	if !data {
		p.listed--
	}
	k.forget(p, base, base+size)
	return nil
}
