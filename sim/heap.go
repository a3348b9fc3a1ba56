package sim

import (
	"iter"
	"unsafe"
)

// A heap is an entry of a process's heap list. Its blocks stand in address order; its slot gives its id.
type heap struct {
	gen    uint64
	ord    uint64 // its key
	base   Address
	top    Address // where the next new block's header goes
	idle   Address // the block freed last, if it is still free
	blocks list[block]
	slot   uint32
	shared bool
	first  bool // the default heap
}

const heapBytes = unsafe.Sizeof(heap{})

// A block is an entry of a heap, keyed by the address of its first byte.
type block struct {
	size  uint64 // asked for; of a free block all of it
	room  uint64 // taken: size rounded up to 16, or more
	locks uint16
	flags blockFlags
}

type blockFlags uint8

const (
	blockFree blockFlags = 1 << iota
	blockMoveable
)

// A Heap is a heap as it was in one version: a small value that never changes. The zero value is no heap.
type Heap struct{ h *heap }

var noHeap heap // never written

func (h Heap) read() *heap {
	if h.h == nil {
		return &noHeap
	}
	return h.h
}

// ID is the heap's id, which is its base address in the process.
func (h Heap) ID() Address { return h.read().base }

// Sequence is the heap's ordinal in its process: unique there for ever.
func (h Heap) Sequence() uint64 { return h.read().ord }

// Default says that it is the process's default heap.
func (h Heap) Default() bool { return h.read().first }

// Shared says that it was made shared.
func (h Heap) Shared() bool { return h.read().shared }

// BlockCount is the number of its blocks, free ones included.
func (h Heap) BlockCount() int { return int(h.read().blocks.count) }

// Blocks walks its blocks in address order, free ones included.
func (h Heap) Blocks() iter.Seq[Block] {
	return func(yield func(Block) bool) {
		if h.h == nil {
			return
		}
		for c := h.h.blocks.walk(); c.leaf != nil; c.step(&h.h.blocks) {
			for i := range c.leaf.items {
				if e := &c.leaf.items[i]; !yield(Block{Address(e.key), &e.val}) {
					return
				}
			}
		}
	}
}

// Block looks a block up by address.
func (h Heap) Block(at Address) (Block, bool) {
	if h.h == nil {
		return Block{}, false
	}
	b := h.h.blocks.find(uint64(at))
	if b == nil {
		return Block{}, false
	}
	return Block{at, b}, true
}

// Equal says whether both are the same heap in the same condition: for one kernel, that
// nothing of it changed in between.
func (h Heap) Equal(g Heap) bool {
	if h.h == g.h {
		return true
	}
	if h.h == nil || g.h == nil {
		return false
	}
	a, b := *h.h, *g.h
	a.gen, b.gen = 0, 0
	return a == b
}

// A Block is a heap block as it was in one version: a small value that never changes. The zero value is no block.
type Block struct {
	at Address
	b  *block
}

var noBlock block // never written

func (b Block) read() *block {
	if b.b == nil {
		return &noBlock
	}
	return b.b
}

// Address is where its first byte is.
func (b Block) Address() Address { return b.at }

// Size is how many bytes were asked for; of a free block, how many it has.
func (b Block) Size() uint64 { return b.read().size }

// Free says that it is not in use.
func (b Block) Free() bool { return b.read().flags&blockFree != 0 }

// Moveable says that it was allocated so.
func (b Block) Moveable() bool { return b.read().flags&blockMoveable != 0 }

// LockCount is how often it was locked and not unlocked.
func (b Block) LockCount() int { return int(b.read().locks) }

// Equal says whether both are the same block in the same condition.
func (b Block) Equal(c Block) bool {
	return b.at == c.at && (b.b == nil) == (c.b == nil) && *b.read() == *c.read()
}

// heapLeaf is a list of one empty default heap, of generation 0: to be copied before it is written.
func heapLeaf(bits uint8, slot uint32) *node[*heap] {
	base := heapBase(bits, slot)
	n := newLeaf[*heap](0, 1)
	*n.append(1) = &heap{ord: 1, base: base, top: base + heapHeader, slot: slot, first: true}
	return n
}

// heap finds a heap by id: its key and the heap, or nil.
func (p *process) heap(id Address) (uint64, *heap) {
	for c := p.heaps.walk(); c.leaf != nil; c.step(&p.heaps) {
		for _, e := range c.leaf.items {
			if e.val.base == id {
				return e.key, e.val
			}
		}
	}
	return 0, nil
}

// ownHeap returns a heap of p that may be written; p may be.
func (k *Kernel) ownHeap(p *process, h *heap) *heap {
	own := k.threshold(p)
	if h.gen >= own {
		return h
	}
	c := new(heap)
	*c = *h
	c.gen = k.gen()
	k.copied(heapBytes)
	*p.heaps.edit(&k.writer, own, c.ord) = c
	return c
}

// A HeapSpec says what HeapCreate makes. The zero value is an ordinary heap.
type HeapSpec struct {
	ID     Address // worlds: an id that HeapCreate can give and that is free; 0 means the next
	Shared bool
}

// HeapCreate adds a heap to a process and returns its id. It fails with [ErrNoProcess], [ErrInvalid] (a
// minimal process, one that has not started, an ID that can't be), [ErrIDTaken] and [ErrNoMemory] (64 heaps in a
// 32-bit process, 8000 in a 64-bit one).
func (k *Kernel) HeapCreate(pid PID, s HeapSpec) (id Address, v Version, err error) {
	id, err = k.begin().HeapCreate(pid, s)
	return id, k.end(err), err
}

// HeapCreate is [Kernel.HeapCreate] within an Update.
func (tx *Tx) HeapCreate(pid PID, s HeapSpec) (Address, error) {
	k, p, err := tx.living("HeapCreate", pid)
	if err != nil {
		return 0, err
	}
	bad := func(err error) (Address, error) {
		return 0, fail("HeapCreate", err, "pid %d, id %#x", pid, s.ID)
	}
	if p.minimal || !p.started {
		return bad(because(ErrInvalid, "the process is minimal or has not started: it has no heaps"))
	}
	var slot uint32
	if s.ID != 0 {
		var ok bool
		if slot, ok = heapSlot(p.bits, s.ID); !ok {
			return bad(because(ErrInvalid, "the id is none that HeapCreate could give"))
		}
		if _, h := p.heap(s.ID); h != nil {
			return bad(ErrIDTaken)
		}
	} else if p.heapSlots.n == 0 && p.heapSlots.next >= mostHeaps(p.bits) {
		return bad(because(ErrNoMemory, "destroy a heap first"))
	}
	p = k.mine(p)
	if s.ID != 0 {
		p.heapSlots.claim(slot)
	} else {
		slot = p.heapSlots.take()
	}
	p.lastHeap++
	base := heapBase(p.bits, slot)
	h := &heap{gen: k.gen(), ord: uint64(p.lastHeap), base: base, top: base + heapHeader, slot: slot, shared: s.Shared}
	*p.heaps.insert(&k.writer, k.threshold(p), h.ord) = h
	k.count.NodesMade++
	return base, nil
}

// HeapDestroy takes a heap and its blocks out of a process. It fails with [ErrNoProcess], [ErrNoHeap] and, for the
// default heap, [ErrInvalid].
func (k *Kernel) HeapDestroy(pid PID, id Address) (Version, error) {
	err := k.begin().HeapDestroy(pid, id)
	return k.end(err), err
}

// HeapDestroy is [Kernel.HeapDestroy] within an Update.
func (tx *Tx) HeapDestroy(pid PID, id Address) error {
	k, p, h, err := tx.heap("HeapDestroy", pid, id)
	if err != nil {
		return err
	}
	if h.first {
		return fail("HeapDestroy", because(ErrInvalid, "the default heap stays"), "pid %d, heap %#x", pid, id)
	}
	if k.walks.any() {
		k.buryHeap(p, h, "HeapDestroy")
	}
	p = k.mine(p)
	p.heaps.remove(&k.writer, k.threshold(p), h.ord)
	p.heapSlots.give(h.slot)
	k.forget(p, h.base, h.base+Address(heapSpan(p.bits)))
	return nil
}

// heap looks up the heap a verb is about.
func (tx *Tx) heap(call string, pid PID, id Address) (*Kernel, *process, *heap, error) {
	k, p, err := tx.living(call, pid)
	if err != nil {
		return nil, nil, nil, err
	}
	_, h := p.heap(id)
	if h == nil || !p.started {
		return nil, nil, nil, fail(call, ErrNoHeap, "pid %d, heap %#x", pid, id)
	}
	return k, p, h, nil
}
