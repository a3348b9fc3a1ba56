package sim

import "slices"

// Pids and tids share one space of multiples of 4; an index is an id divided by 4.
//
// The table from index to object is not part of a state: a snapshot never looks an id up in it, so a
// lookup and a change of the table cost the same whether snapshots are kept or not.

// A slot says who has an id: a process, or the thread of that ordinal of the process with index owner.
type slot struct {
	proc  *process
	owner uint32
	ord   uint32 // 0: no thread; reserved: an ended process that a handle keeps
}

const reserved = ^uint32(0)

func (s slot) free() bool { return s.proc == nil && s.ord == 0 }

const (
	pageSlots = 64
	dirPages  = 256
)

type (
	idPage [pageSlots]slot
	idDir  struct {
		pages [dirPages]*idPage
		used  [dirPages]uint8 // slots of each page
	}
)

// ids is the table and the allocator.
type ids struct {
	dirs        []*idDir
	spare       *idPage
	first, last uint32 // indexes, inclusive
	next        uint32 // the lowest index never handed out in turn
	reuse       Reuse
	freed       []uint32 // indexes given back, oldest first, from head on
	head        int
}

func (t *ids) get(i uint32) slot {
	d, p, s := i/(pageSlots*dirPages), i/pageSlots%dirPages, i%pageSlots
	if int(d) >= len(t.dirs) || t.dirs[d] == nil || t.dirs[d].pages[p] == nil {
		return slot{}
	}
	return t.dirs[d].pages[p][s]
}

// at returns the slot of an index that is in use.
func (t *ids) at(i uint32) *slot {
	return &t.dirs[i/(pageSlots*dirPages)].pages[i/pageSlots%dirPages][i%pageSlots]
}

// set gives an index to an object, or to nobody. Pages without users are dropped, so that
// a kernel that never reuses an id stays small.
func (t *ids) set(i uint32, s slot) {
	d, p := i/(pageSlots*dirPages), i/pageSlots%dirPages
	if int(d) >= len(t.dirs) || t.dirs[d] == nil || t.dirs[d].pages[p] == nil {
		t.addPage(d, p)
	}
	dir := t.dirs[d]
	at := &dir.pages[p][i%pageSlots]
	if !at.free() {
		dir.used[p]--
	}
	*at = s
	if !s.free() {
		dir.used[p]++
	} else if dir.used[p] == 0 {
		dir.pages[p], t.spare = nil, dir.pages[p]
	}
}

func (t *ids) addPage(d, p uint32) {
	for int(d) >= len(t.dirs) {
		t.dirs = append(t.dirs, nil)
	}
	if t.dirs[d] == nil {
		t.dirs[d] = new(idDir)
	}
	page := t.spare
	if page == nil {
		page = new(idPage)
	}
	t.dirs[d].pages[p], t.spare = page, nil
}

// has says whether n more indexes, n being small, can be handed out beside those taken by name.
func (t *ids) has(n int, named ...uint32) bool {
	next := t.next
	for _, i := range named {
		switch {
		case i < t.first || i > t.last:
		case t.reuse != NeverReuse:
			n++
		case i >= next:
			next = i + 1
		}
	}
	n -= len(t.freed) - t.head
	return n <= 0 || t.hasNew(n, next)
}

func (t *ids) hasNew(n int, next uint32) bool {
	for i := next; n > 0 && i <= t.last; i++ {
		if t.get(i).free() {
			n--
		}
	}
	return n <= 0
}

// take hands out the next index under the policy; has must have said that there is one.
func (t *ids) take(u *undo) uint32 {
	if t.head < len(t.freed) {
		var i uint32
		if t.reuse == LastFirst {
			last := len(t.freed) - 1
			i = t.freed[last]
			t.freed = t.freed[:last]
		} else {
			i = t.freed[t.head]
			t.head++
		}
		u.tookFreed(i)
		t.tidy(u)
		return i
	}
	for !t.get(t.next).free() { // taken by name
		u.setting(t, t.next)
		t.next++
	}
	t.next++
	return t.next - 1
}

// claim takes an index by name; it must be free. A policy that never reuses goes on behind it.
func (t *ids) claim(u *undo, i uint32) {
	if at := slices.Index(t.freed[t.head:], i); at >= 0 {
		at += t.head
		t.freed = slices.Delete(t.freed, at, at+1)
		u.claimed(i, at)
	}
	if t.reuse == NeverReuse && i >= t.next && i <= t.last {
		t.next = i + 1
	}
}

// give takes an index back.
func (t *ids) give(u *undo, i uint32) {
	if t.reuse == NeverReuse || i < t.first || i > t.last {
		return
	}
	t.freed = append(t.freed, i)
	u.gaveFreed()
}

// tidy drops the part of the queue that is used up, once that is most of it.
func (t *ids) tidy(u *undo) {
	if u == nil && t.head > 64 && t.head > len(t.freed)/2 {
		t.freed = t.freed[:copy(t.freed, t.freed[t.head:])]
		t.head = 0
	}
}
