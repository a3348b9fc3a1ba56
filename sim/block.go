package sim

// AllocFlags change what HeapAlloc makes.
type AllocFlags uint32

// Moveable marks a block as one that may move.
const Moveable AllocFlags = 1

// HeapAlloc takes a block of size bytes, zero until written, and returns its address. It stands where a block was freed
// last, or in a free block close behind, if that is large enough; else at the end of the heap; else in the first free block that is large enough. It fails with [ErrNoProcess], [ErrNoHeap], [ErrInvalid] (a flag) and [ErrNoMemory].
func (k *Kernel) HeapAlloc(pid PID, heap Address, size uint64, f AllocFlags) (at Address, v Version, err error) {
	at, err = k.begin().HeapAlloc(pid, heap, size, f)
	return at, k.end(err), err
}

// HeapAlloc is [Kernel.HeapAlloc] within an Update.
func (tx *Tx) HeapAlloc(pid PID, id Address, size uint64, f AllocFlags) (Address, error) {
	k, p, h, err := tx.heap("HeapAlloc", pid, id)
	if err != nil {
		return 0, err
	}
	if f&^Moveable != 0 {
		return 0, fail("HeapAlloc", because(ErrInvalid, "an unknown flag"), "pid %d, heap %#x, size %d", pid, id, size)
	}
	hole, ok := h.room(p, size)
	if !ok {
		return 0, fail("HeapAlloc", ErrNoMemory, "pid %d, heap %#x, size %d", pid, id, size)
	}
	p = k.mine(p)
	h = k.ownHeap(p, h)
	return k.alloc(p, h, hole, block{size: size, flags: blockFlags(f&Moveable) << 1}), nil
}

// nearby is how many blocks behind the one freed last are looked at: heaps stay dense, and what is written stays together.
const nearby = 8

// room finds a place for a block of that size: the block freed last or a free one close behind it, the end of the heap, or
// else the first free block that is large enough. The end of the heap is the zero spot.
func (h *heap) room(p *process, size uint64) (hole spot[block], ok bool) {
	if size > heapSpan(p.bits) {
		return hole, false
	}
	need := rounded(size)
	if h.idle != 0 {
		for i, s := 0, h.blocks.spot(uint64(h.idle)); i <= nearby && s.n != nil; i, s = i+1, h.blocks.following(s) {
			if s.item().val.holds(need) {
				return s, true
			}
		}
	}
	if need+blockHeader <= heapSpan(p.bits)-uint64(h.top-h.base) {
		return hole, true
	}
	for c := h.blocks.walk(); c.leaf != nil; c.step(&h.blocks) {
		for i := range c.leaf.items {
			if c.leaf.items[i].val.holds(need) {
				return spot[block]{c.leaf, i}, true
			}
		}
	}
	return hole, false
}

func (b *block) holds(need uint64) bool { return b.flags&blockFree != 0 && b.room >= need }

func rounded(size uint64) uint64 { return roundUp(max(size, 1), 16) }

// alloc puts a block into the place that room found, in a heap that may be written. What a free block has too much stays free.
func (k *Kernel) alloc(p *process, h *heap, hole spot[block], b block) Address {
	own := k.threshold(p)
	b.room = rounded(b.size)
	var at uint64
	if hole.n == nil {
		at = uint64(h.top) + blockHeader
		h.top = Address(at + b.room)
		*h.blocks.insert(&k.writer, own, at) = b
	} else {
		at = hole.item().key
		e := h.blocks.editAt(&k.writer, own, hole)
		rest := e.room - b.room
		if uint64(h.idle) == at {
			h.idle = 0
		}
		if rest < blockHeader+16 {
			b.room, rest = e.room, 0
		}
		*e = b
		if rest > 0 {
			h.idle = Address(at + b.room + blockHeader)
			rest -= blockHeader
			*h.blocks.insertAfter(&k.writer, own, hole, uint64(h.idle)) = block{size: rest, room: rest, flags: blockFree}
		}
	}
	k.zero(p, Address(at), b.room)
	return Address(at)
}

// HeapFree gives a block back. It stays listed as a free one until it is used again or swallowed: neighbours that are
// free become one block, and a free block at the end of the heap goes. What stood in it can still be read. It fails with [ErrNoProcess],
// [ErrNoHeap], [ErrNoBlock] (free already, or never there) and [ErrInvalid] (locked).
func (k *Kernel) HeapFree(pid PID, heap, at Address) (Version, error) {
	err := k.begin().HeapFree(pid, heap, at)
	return k.end(err), err
}

// HeapFree is [Kernel.HeapFree] within an Update.
func (tx *Tx) HeapFree(pid PID, id, at Address) error {
	k, p, h, b, err := tx.block("HeapFree", pid, id, at)
	if err != nil {
		return err
	}
	if b.item().val.locks > 0 {
		return fail("HeapFree", because(ErrInvalid, "the block is locked"), "pid %d, heap %#x, block %#x", pid, id, at)
	}
	p = k.mine(p)
	k.release(p, k.ownHeap(p, h), b)
	return nil
}

// release frees the block in use at a spot and joins it with free neighbours.
func (k *Kernel) release(p *process, h *heap, this spot[block]) {
	own := k.threshold(p)
	at := this.item().key
	from, to := at, at+this.item().val.room
	if next := h.blocks.following(this); next.n != nil && next.item().val.flags&blockFree != 0 {
		to = next.item().key + next.item().val.room
		if !h.blocks.removeAt(&k.writer, own, next) {
			this = h.blocks.spot(at)
		}
	}
	if prev := h.blocks.prev(this); prev.n != nil && prev.item().val.flags&blockFree != 0 {
		from = prev.item().key
		if h.blocks.removeAt(&k.writer, own, this) {
			this = prev
		} else {
			this = h.blocks.spot(from)
		}
	}
	if to == uint64(h.top) {
		h.blocks.removeAt(&k.writer, own, this)
		h.top = Address(from) - blockHeader
		h.idle = 0
		return
	}
	*h.blocks.editAt(&k.writer, own, this) = block{size: to - from, room: to - from, flags: blockFree}
	h.idle = Address(from)
}

// HeapReAlloc changes the size of a block, in place if it fits, and returns its address; what stood in it, up to
// the smaller size, stays. It fails with [ErrNoProcess], [ErrNoHeap], [ErrNoBlock], [ErrNoMemory] and, for a locked
// block that would have to move, [ErrInvalid].
func (k *Kernel) HeapReAlloc(pid PID, heap, at Address, size uint64) (Address, Version, error) {
	to, err := k.begin().HeapReAlloc(pid, heap, at, size)
	return to, k.end(err), err
}

// HeapReAlloc is [Kernel.HeapReAlloc] within an Update.
func (tx *Tx) HeapReAlloc(pid PID, id, at Address, size uint64) (Address, error) {
	k, p, h, s, err := tx.block("HeapReAlloc", pid, id, at)
	if err != nil {
		return 0, err
	}
	b := s.item().val
	if size <= b.room {
		old := b.size
		p = k.mine(p)
		h = k.ownHeap(p, h)
		h.blocks.editAt(&k.writer, k.threshold(p), s).size = size
		if size > old {
			k.zero(p, at+Address(old), size-old)
		}
		return at, nil
	}
	hole, ok := h.room(p, size)
	switch {
	case b.locks > 0:
		return 0, fail("HeapReAlloc", because(ErrInvalid, "the block is locked and would have to move"), "pid %d, heap %#x, block %#x, size %d", pid, id, at, size)
	case !ok:
		return 0, fail("HeapReAlloc", ErrNoMemory, "pid %d, heap %#x, block %#x, size %d", pid, id, at, size)
	}
	p = k.mine(p)
	h = k.ownHeap(p, h)
	moved := k.alloc(p, h, hole, block{size: size, flags: b.flags})
	k.move(p, moved, at, b.size)
	k.release(p, h, h.blocks.spot(uint64(at)))
	return moved, nil
}

// LockBlock adds one to a block's lock count, as GlobalLock does, and returns it. It fails with [ErrNoProcess], [ErrNoHeap],
// [ErrNoBlock] and, at 65535, [ErrInvalid].
func (k *Kernel) LockBlock(pid PID, heap, at Address) (count int, v Version, err error) {
	count, err = k.begin().LockBlock(pid, heap, at)
	return count, k.end(err), err
}

// LockBlock is [Kernel.LockBlock] within an Update.
func (tx *Tx) LockBlock(pid PID, id, at Address) (count int, err error) {
	return tx.lock("LockBlock", pid, id, at, 1)
}

// UnlockBlock takes one from a block's lock count and returns it. It fails with [ErrNoProcess], [ErrNoHeap],
// [ErrNoBlock] and, at 0, [ErrInvalid].
func (k *Kernel) UnlockBlock(pid PID, heap, at Address) (count int, v Version, err error) {
	count, err = k.begin().UnlockBlock(pid, heap, at)
	return count, k.end(err), err
}

// UnlockBlock is [Kernel.UnlockBlock] within an Update.
func (tx *Tx) UnlockBlock(pid PID, id, at Address) (count int, err error) {
	return tx.lock("UnlockBlock", pid, id, at, -1)
}

func (tx *Tx) lock(call string, pid PID, id, at Address, add int) (int, error) {
	k, p, h, s, err := tx.block(call, pid, id, at)
	if err != nil {
		return 0, err
	}
	count := int(s.item().val.locks) + add
	if count < 0 || count > 0xFFFF {
		return 0, fail(call, because(ErrInvalid, "its lock count would leave 0 to 65535"), "pid %d, heap %#x, block %#x", pid, id, at)
	}
	p = k.mine(p)
	h = k.ownHeap(p, h)
	h.blocks.editAt(&k.writer, k.threshold(p), s).locks = uint16(count)
	return count, nil
}

// block looks up the block in use that a verb is about.
func (tx *Tx) block(call string, pid PID, id, at Address) (*Kernel, *process, *heap, spot[block], error) {
	k, p, h, err := tx.heap(call, pid, id)
	if err != nil {
		return nil, nil, nil, spot[block]{}, err
	}
	if h.blocks.root != nil {
		s := h.blocks.spot(uint64(at))
		if s.i < len(s.n.items) && s.item().key == uint64(at) && s.item().val.flags&blockFree == 0 {
			return k, p, h, s, nil
		}
	}
	return nil, nil, nil, spot[block]{}, fail(call, ErrNoBlock, "pid %d, heap %#x, block %#x", pid, id, at)
}

// FirstBlock reads the first block of a living heap: no snapshot is involved (rule S60). It fails with
// [ErrNoProcess], [ErrNoHeap] and, when there is no block, [ErrEnd].
func (k *Kernel) FirstBlock(pid PID, heap Address) (Block, Version, error) {
	return k.liveBlock("FirstBlock", pid, heap, 0)
}

// NextBlock reads the block that follows the one at address at in a living heap. It fails with [ErrNoProcess],
// [ErrEnd] and, when no block starts at that address any more or the heap is gone, [ErrHeapChanged].
func (k *Kernel) NextBlock(pid PID, heap, at Address) (Block, Version, error) {
	if at == 0 {
		at = ^Address(0) // no block starts at 0 either
	}
	return k.liveBlock("NextBlock", pid, heap, at)
}

// liveBlock reads the block after at, or the first if at is 0.
func (k *Kernel) liveBlock(call string, pid PID, heap, at Address) (b Block, v Version, err error) {
	_, _, h, err := k.begin().heap(call, pid, heap)
	v = k.version
	defer k.mu.Unlock()
	failed := func(err error) (Block, Version, error) {
		err = fail(call, err, "pid %d, heap %#x, block %#x", pid, heap, at)
		stamp(err, v)
		return Block{}, v, err
	}
	if err != nil {
		if at != 0 && k.process(pid) != nil {
			return failed(ErrHeapChanged)
		}
		stamp(err, v)
		return Block{}, v, err
	}
	if at != 0 && h.blocks.find(uint64(at)) == nil {
		return failed(ErrHeapChanged)
	}
	next, found := h.blocks.after(uint64(at))
	if found == nil {
		return failed(ErrEnd)
	}
	seen := *found
	return Block{Address(next), &seen}, v, nil
}
