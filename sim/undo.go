package sim

import "slices"

// undo is what an Update needs besides the state it started from: the steps that the id table and the
// pools, which stand outside every state, took since. A nil *undo records nothing.
type undo struct {
	k       *Kernel
	before  roots
	bounds  [2]int // residents of the two pools
	steps   []step
	deferAt int
}

type stepKind uint8

const (
	stepSlot      stepKind = iota // the id table's entry at index a was s
	stepTookFreed                 // index a came from the queue
	stepGaveFreed                 // an index went to the queue
	stepClaimed                   // index a stood in the queue at s.owner
	stepTookSlot                  // pool slot a was taken from the freed ones
	stepGaveSlot                  // a pool slot was freed; s.owner, s.ord lived there
)

type step struct {
	kind stepKind
	pool *pool
	a    uint32
	s    slot
}

// All of these are small enough to be inlined: without an Update they cost a compare.

func (u *undo) add(kind stepKind, p *pool, a, owner, ord uint32) {
	u.steps = append(u.steps, step{kind, p, a, slot{owner: owner, ord: ord}})
}

func (u *undo) tookFreed(i uint32) {
	if u != nil {
		u.add(stepTookFreed, nil, i, 0, 0)
	}
}

func (u *undo) gaveFreed() {
	if u != nil {
		u.add(stepGaveFreed, nil, 0, 0, 0)
	}
}

func (u *undo) claimed(i uint32, at int) {
	if u != nil {
		u.add(stepClaimed, nil, i, uint32(at), 0)
	}
}

func (u *undo) tookSlot(p *pool, slot uint32) {
	if u != nil {
		u.add(stepTookSlot, p, slot, 0, 0)
	}
}

func (u *undo) gaveSlot(p *pool, who resident) {
	if u != nil {
		u.add(stepGaveSlot, p, 0, who.owner, who.ord)
	}
}

// setting records what an index of the id table held before it is set. Ids handed out in turn since
// the start need no record: they are all cleared at once.
func (u *undo) setting(t *ids, i uint32) {
	if u != nil {
		u.set(t, i)
	}
}

func (u *undo) set(t *ids, i uint32) {
	if i < u.before.next || i >= t.next {
		u.steps = append(u.steps, step{kind: stepSlot, a: i, s: t.get(i)})
	}
}

// begin records where the kernel stands and freezes it.
func (u *undo) begin(k *Kernel) {
	if k.last.Load() == nil {
		k.freeze()
	}
	*u = undo{k: k, before: k.cut(), deferAt: len(k.after)}
	u.bounds = [2]int{len(k.processPool.residents), len(k.threadPool.residents)}
}

// rollback brings everything back to where begin found it.
func (u *undo) rollback() {
	k := u.k
	for i := u.before.next; i < k.ids.next; i++ {
		if !k.ids.get(i).free() {
			k.ids.set(i, slot{})
		}
	}
	for i := len(u.steps) - 1; i >= 0; i-- {
		s := &u.steps[i]
		switch s.kind {
		case stepSlot:
			k.ids.set(s.a, s.s)
		case stepTookFreed:
			if k.ids.reuse == LastFirst {
				k.ids.freed = append(k.ids.freed, s.a)
			} else {
				k.ids.head--
			}
		case stepGaveFreed:
			k.ids.freed = k.ids.freed[:len(k.ids.freed)-1]
		case stepClaimed:
			k.ids.freed = slices.Insert(k.ids.freed, int(s.s.owner), s.a)
		case stepTookSlot:
			s.pool.residents[s.a] = resident{}
			s.pool.freed = append(s.pool.freed, s.a)
		case stepGaveSlot:
			last := len(s.pool.freed) - 1
			slot := s.pool.freed[last]
			s.pool.freed = s.pool.freed[:last]
			s.pool.residents[slot] = resident{s.s.owner, s.s.ord}
		}
	}
	k.ids.next = u.before.next
	k.processPool.residents = k.processPool.residents[:u.bounds[0]]
	k.threadPool.residents = k.threadPool.residents[:u.bounds[1]]
	k.procs, k.threads = u.before.procs, u.before.threads
	k.clock, k.seq = u.before.clock, u.before.seq
	clear(k.after[u.deferAt:])
	k.after = k.after[:u.deferAt]
}
