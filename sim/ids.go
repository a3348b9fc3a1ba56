package sim

import "slices"

// Pids and tids share one space of multiples of 4; an index is an id divided by 4.
//
// The table from index to object is not part of a state: a snapshot never looks an id up in it, so a
// lookup and a change of the table cost the same whether snapshots are kept or not.

// A slot says who has an id: nobody (0), the process at a place of the process pool, or a thread of
// that process by ordinal. Numbers instead of pointers: a process is copied without its threads noticing.
type slot uint64 // place+1 in the high half, ordinal in the low one

// reserved is an ended process that a handle keeps.
const reserved slot = 1

func processSlot(place uint32) slot     { return slot(place+1) << 32 }
func threadSlot(place, ord uint32) slot { return slot(place+1)<<32 | slot(ord) }
func (s slot) place() uint32            { return uint32(s>>32) - 1 }
func (s slot) ord() uint32              { return uint32(s) }
func (s slot) isProcess() bool          { return s.ord() == 0 && s != 0 }
func (s slot) isThread() bool           { return s.ord() != 0 && s>>32 != 0 }

const (
	pageSlots = 64
	dirPages  = 1024
)

// An idPage is the slots of neighbouring indexes. It is small because a fork of a small state fills one.
type idPage struct {
	slots [pageSlots]slot
	used  int // slots that are not nobody's
}

// ids is the table and the allocator.
type ids struct {
	dirs        [][]*idPage // the pages of each 65536 indexes, up to the last one used
	spare       *idPage
	first, last uint32 // indexes, inclusive
	next        uint32 // the lowest index never handed out in turn
	reuse       Reuse
	freed       []uint32 // indexes given back, oldest first, from head on
	head        int
}

func (t *ids) get(i uint32) slot {
	if page := t.page(i); page != nil {
		return page.slots[i%pageSlots]
	}
	return 0
}

// page returns the page that index i stands in, nil when there is none.
func (t *ids) page(i uint32) *idPage {
	if d := int(i / (pageSlots * dirPages)); d < len(t.dirs) {
		dir := t.dirs[d]
		if p := int(i / pageSlots % dirPages); p < len(dir) {
			return dir[p]
		}
	}
	return nil
}

// set gives an index to an object, or to nobody. Pages without users are dropped, so that
// a kernel that never reuses an id stays small.
func (t *ids) set(i uint32, s slot) {
	page := t.page(i)
	if page == nil {
		page = t.addPage(i)
	}
	at := &page.slots[i%pageSlots]
	if *at != 0 {
		page.used--
	}
	*at = s
	if s != 0 {
		page.used++
	} else if page.used == 0 {
		t.dirs[i/(pageSlots*dirPages)][i/pageSlots%dirPages], t.spare = nil, page
	}
}

func (t *ids) addPage(i uint32) *idPage {
	page := t.spare
	if page == nil {
		page = new(idPage)
	}
	t.spare = nil
	t.dirs = reach(t.dirs, i/(pageSlots*dirPages))
	dir := &t.dirs[i/(pageSlots*dirPages)]
	*dir = reach(*dir, i/pageSlots%dirPages)
	(*dir)[i/pageSlots%dirPages] = page
	return page
}

// reach lengthens s so that it has an element i.
func reach[T any](s []T, i uint32) []T {
	if n := int(i) + 1 - len(s); n > 0 {
		s = append(s, make([]T, n)...)
	}
	return s
}

// has says whether n more indexes, n being small, can be handed out beside those taken by name.
func (t *ids) has(n int, named ...uint32) bool {
	for _, i := range named {
		if i >= t.next && i <= t.last || t.reuse != NeverReuse && i >= t.first && i < t.next {
			n++ // it counts as free below
		}
	}
	n -= len(t.freed) - t.head
	return n <= 0 || t.hasNew(n)
}

// hasNew is has for those not given back. An id taken by name before its turn and given back is among the freed ones, which are fewer than n here.
func (t *ids) hasNew(n int) bool {
	for i := t.next; n > 0 && i <= t.last; i++ {
		if t.get(i) == 0 && !slices.Contains(t.freed[t.head:], i) {
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
		if u == nil {
			t.tidy()
		} else {
			u.add(func() { t.untake(i) })
		}
		return i
	}
	for t.get(t.next) != 0 { // taken by name
		t.keep(u, t.next)
		t.next++
	}
	t.next++
	return t.next - 1
}

// spent says whether NeverReuse has handed an index out before, or would have.
func (t *ids) spent(i uint32) bool { return t.reuse == NeverReuse && i >= t.first && i < t.next }

// claim takes an index by name; it must be free.
func (t *ids) claim(u *undo, i uint32) {
	if at := slices.Index(t.freed[t.head:], i); at >= 0 {
		at += t.head
		t.freed = slices.Delete(t.freed, at, at+1)
		if u != nil {
			u.add(func() { t.freed = slices.Insert(t.freed, at, i) })
		}
	}
}

// give takes an index back, which is set to nobody already. It returns true if the index must never be handed out:
// it was taken by name, and NeverReuse would come to it yet.
func (t *ids) give(u *undo, i uint32) (burnt bool) {
	if i < t.first || i > t.last {
		return false
	}
	if t.reuse == NeverReuse {
		if i >= t.next {
			t.set(i, reserved)
		}
		return i >= t.next
	}
	t.freed = append(t.freed, i)
	if u != nil {
		u.add(func() { t.freed = t.freed[:len(t.freed)-1] })
	}
	return false
}

// untake puts an index back to where take found it.
func (t *ids) untake(i uint32) {
	if t.reuse == LastFirst {
		t.freed = append(t.freed, i)
	} else {
		t.head--
	}
}

// tidy drops the part of the queue that is used up, once that is most of it.
func (t *ids) tidy() {
	if t.head > 64 && t.head > len(t.freed)/2 {
		t.freed = t.freed[:copy(t.freed, t.freed[t.head:])]
		t.head = 0
	}
}

// keep notes what an Update has to bring back before index i is set. The indexes handed out in turn since its start need
// no note: they are all cleared at once.
func (t *ids) keep(u *undo, i uint32) {
	if u != nil && (i < u.before.next || i >= t.next) {
		old := t.get(i)
		u.add(func() { t.set(i, old) })
	}
}
