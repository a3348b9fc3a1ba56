package sim

import "unsafe"

// A page is 4 KiB of a process's memory that somebody has written to. What no page covers reads as the
// image that is mapped there, or as zero. It is copied on write like a node.
type page struct {
	gen  uint64
	data [pageSize]byte
}

// ReadProcessMemory reads memory as it is now. Readable are images, and heaps up to the page in
// which their last block ends; freed blocks there still are. It fails with [ErrNoProcess] and, unless all
// of the range can be read, [ErrPartialCopy]; buf is then untouched.
func (k *Kernel) ReadProcessMemory(pid PID, at Address, buf []byte) (Version, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.process(pid)
	err := p.check("ReadProcessMemory", pid, at, len(buf))
	if err != nil {
		stamp(err, k.version)
		return k.version, err
	}
	p.read(at, buf)
	return k.version, nil
}

// ReadMemory reads the process's memory as it was in p's version. It fails as [Kernel.ReadProcessMemory] does.
func (p Process) ReadMemory(at Address, buf []byte) error {
	if p.p == nil {
		return fail("ReadMemory", ErrNoProcess, "the zero Process")
	}
	if err := p.p.check("ReadMemory", p.p.pid, at, len(buf)); err != nil {
		return err
	}
	p.p.read(at, buf)
	return nil
}

// WriteProcessMemory writes to images and heaps, within the same bounds as [Kernel.ReadProcessMemory], with the same errors.
func (k *Kernel) WriteProcessMemory(pid PID, at Address, data []byte) (Version, error) {
	err := k.begin().WriteProcessMemory(pid, at, data)
	return k.end(err), err
}

// WriteProcessMemory is [Kernel.WriteProcessMemory] within an Update.
func (tx *Tx) WriteProcessMemory(pid PID, at Address, data []byte) error {
	k, p, err := tx.living("WriteProcessMemory", pid)
	if err != nil {
		return err
	}
	if err := p.check("WriteProcessMemory", pid, at, len(data)); err != nil {
		return err
	}
	k.write(k.mine(p), at, data)
	return nil
}

// ReadProcessMemory is [Kernel.ReadProcessMemory] within an Update: it sees what the Update did so far.
func (tx *Tx) ReadProcessMemory(pid PID, at Address, buf []byte) error {
	_, p, err := tx.living("ReadProcessMemory", pid)
	if err != nil {
		return err
	}
	if err := p.check("ReadProcessMemory", pid, at, len(buf)); err != nil {
		return err
	}
	p.read(at, buf)
	return nil
}

// check says why the range can't be read or written.
func (p *process) check(call string, pid PID, at Address, n int) error {
	if p == nil {
		return fail(call, ErrNoProcess, "pid %d", pid)
	}
	for next, end := at, at+Address(n); next != end; {
		to := p.regionEnd(next)
		if to == 0 || end < at {
			return fail(call, ErrPartialCopy, "pid %d, %d bytes at %#x", pid, n, at)
		}
		next = min(to, end)
	}
	return nil
}

// regionEnd is where the image or heap that covers an address ends, or 0.
func (p *process) regionEnd(at Address) Address {
	if !p.started {
		return 0
	}
	if m := p.imageOver(at); m != nil {
		return m.base + Address(m.img.size)
	}
	for c := p.heaps.walk(); c.leaf != nil; c.step(&p.heaps) {
		for _, e := range c.leaf.items {
			h := e.val
			if end := Address(roundUp(uint64(h.top), pageSize)); at >= h.base && at < end {
				return end
			}
		}
	}
	return 0
}

func (p *process) imageOver(at Address) *module {
	for c := p.modules.walk(); c.leaf != nil; c.step(&p.modules) {
		for i := range c.leaf.items {
			if m := &c.leaf.items[i].val; at >= m.base && at-m.base < Address(m.img.size) {
				return m
			}
		}
	}
	return nil
}

// read copies a readable range into buf.
func (p *process) read(at Address, buf []byte) {
	for len(buf) > 0 {
		off := int(at % pageSize)
		n := min(len(buf), pageSize-off)
		if pg := p.memory.find(uint64(at / pageSize)); pg != nil {
			copy(buf[:n], (*pg).data[off:])
		} else {
			p.original(at, buf[:n])
		}
		at, buf = at+Address(n), buf[n:]
	}
}

// original fills buf with what stood there before anybody wrote. It stays within one page.
func (p *process) original(at Address, buf []byte) {
	if m := p.imageOver(at); m != nil {
		m.img.read(uint64(at-m.base), buf)
		return
	}
	clear(buf)
}

// write copies data into a writable range of a process that may be written.
func (k *Kernel) write(p *process, at Address, data []byte) {
	for len(data) > 0 {
		off := int(at % pageSize)
		n := copy(k.ownPage(p, at).data[off:], data)
		at, data = at+Address(n), data[n:]
	}
}

// ownPage returns the page over an address, to be written.
func (k *Kernel) ownPage(p *process, at Address) *page {
	number, own := uint64(at/pageSize), k.threshold(p)
	old := p.memory.find(number)
	if old == nil {
		pg := &page{gen: k.gen()}
		p.original(at&^(pageSize-1), pg.data[:])
		*p.memory.insert(&k.writer, own, number) = pg
		k.count.NodesMade++
		return pg
	}
	if (*old).gen >= own {
		return *old
	}
	pg := &page{gen: k.gen(), data: (*old).data}
	k.copied(unsafe.Sizeof(*pg))
	*p.memory.edit(&k.writer, own, number) = pg
	return pg
}

// zero clears a range where somebody has written.
func (k *Kernel) zero(p *process, at Address, n uint64) {
	if p.memory.count == 0 {
		return
	}
	end := at + Address(n)
	for next := at; next < end; {
		stop := min(end, next&^(pageSize-1)+pageSize)
		if p.memory.find(uint64(next/pageSize)) != nil {
			off := next % pageSize
			clear(k.ownPage(p, next).data[off : off+stop-next])
		} else if key, pg := p.memory.after(uint64(next / pageSize)); pg != nil {
			stop = max(stop, min(end, Address(key)*pageSize))
		} else {
			return
		}
		next = stop
	}
}

// move copies what was written of n bytes from one address to another, where all is zero.
func (k *Kernel) move(p *process, to, from Address, n uint64) {
	end := from + Address(n)
	for at := from; at < end; {
		stop := min(end, at&^(pageSize-1)+pageSize)
		if pg := p.memory.find(uint64(at / pageSize)); pg != nil {
			part := (*pg).data[at%pageSize : at%pageSize+stop-at]
			k.write(p, to+at-from, append([]byte(nil), part...))
		} else if key, next := p.memory.after(uint64(at / pageSize)); next != nil {
			stop = max(stop, min(end, Address(key)*pageSize))
		} else {
			return
		}
		at = stop
	}
}

// forget drops what was written to a range that is no longer mapped.
func (k *Kernel) forget(p *process, from, to Address) {
	for {
		key, pg := p.memory.after(uint64(from/pageSize) - 1)
		if pg == nil || Address(key)*pageSize >= to {
			return
		}
		p.memory.remove(&k.writer, k.threshold(p), key)
	}
}
