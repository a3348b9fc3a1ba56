package fuzz

import (
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// A search looks for an order of the calls of a door that gives each of them its answer: depth first, the client whose call returned earliest before the others, and
// no state twice (Wing and Gong, with Lowe's memory). A walker's call is two steps, between which others may come: it finds the object behind its handle, then moves
// the cursor; so a CloseHandle does not disturb it. All other calls are one.
//
// A state is one row of words: how far each client is, what its walker has found, the tables (0, or 1 when closed for good; then each slot, by handle/4) and the
// objects (four cursors; then which contents are still possible, as bits).
type search struct {
	d      *door
	lax    laxity
	slots  int // words of a table
	masks  int // words of a set of contents
	rows   []uint64
	dead   map[string]struct{}
	key    sketch
	best   int // steps of the longest order
	stuck  int // the call that could not come next there
	gaveUp bool
}

// mostStates bounds the memory of one search.
const mostStates = 1 << 16

const (
	free      = 0       // a slot without handle; with a snapshot it holds 1 + its object
	toProcess = 1 << 32 // a slot with a handle to a process; the low half is the process, by its place in opened
)

// find says whether there is an order, when the rules in lax do not hold.
func (s *search) find(d *door, lax laxity) bool {
	s.d, s.lax, s.best, s.gaveUp = d, lax, -1, false
	clear(s.dead)
	s.slots, s.masks = 1, 1
	for i := range d.calls {
		if e := &d.c.h.Events[d.calls[i].event]; e.Result.Handle != 0 && e.Result.Handle != toolhelp.InvalidHandle {
			s.slots++
		}
	}
	for i := range d.objects {
		s.masks = max(s.masks, (len(d.objects[i].contents)+63)/64)
	}
	first := s.row(0)
	clear(first)
	for i := range d.tables {
		if d.tables[i].closed {
			first[s.table(i)] = 1
		}
	}
	for i := range d.objects {
		for j := range 4 {
			for v, inside := range d.objects[i].inside {
				if inside || lax&anyVersion != 0 {
					first[s.mask(i, j)+v/64] |= 1 << (v % 64)
				}
			}
		}
	}
	return s.from(0)
}

// Where things stand in a row.
func (s *search) table(i int) int     { return 2*len(s.d.clients) + i*s.slots }
func (s *search) cursor(i, l int) int { return s.table(len(s.d.tables)) + i*4*(1+s.masks) + l }
func (s *search) mask(i, l int) int   { return s.cursor(i, 4) + l*s.masks }

// row is the state after so many steps. Rows made before may have moved.
func (s *search) row(depth int) []uint64 {
	n := s.cursor(len(s.d.objects), 0)
	for len(s.rows) < (depth+1)*n {
		s.rows = append(s.rows, make([]uint64, max(n, len(s.rows)))...)
	}
	return s.rows[depth*n : (depth+1)*n : (depth+1)*n]
}

// next is the call that a client has not ended; -1 if there is none.
func (s *search) next(row []uint64, client int) int {
	if at := int(row[client] / 2); at < len(s.d.clients[client]) {
		return s.d.clients[client][at]
	}
	return -1
}

func (s *search) event(call int) *Event { return &s.d.c.h.Events[s.d.calls[call].event] }

// from goes on from the state after so many steps.
func (s *search) from(depth int) bool {
	row := s.row(depth)
	s.key = s.key[:0]
	for _, w := range row {
		s.key = s.key.word(w)
	}
	if _, ok := s.dead[string(s.key)]; ok {
		return false
	}
	if len(s.dead) >= mostStates {
		s.gaveUp = true
		return false
	}
	earliest, soonest := int(^uint(0)>>1), -1
	for client := range s.d.clients {
		if call := s.next(row, client); call >= 0 && s.event(call).Returned < earliest {
			earliest, soonest = s.event(call).Returned, call
		}
	}
	if soonest < 0 {
		return true
	}
	if depth > s.best {
		s.best, s.stuck = depth, soonest
	}
	for tried := -1; ; { // clients by the return of their calls
		call := -1
		for client := range s.d.clients {
			c := s.next(row, client)
			if c < 0 || s.event(c).Returned <= tried || s.event(c).Called > earliest {
				continue
			}
			if call < 0 || s.event(c).Returned < s.event(call).Returned {
				call = c
			}
		}
		if call < 0 {
			break
		}
		tried = s.event(call).Returned
		if s.try(depth, call) {
			return true
		}
		row = s.row(depth)
	}
	s.bury(depth)
	return false
}

// bury remembers that nothing leads on from a state.
func (s *search) bury(depth int) {
	if s.dead == nil {
		s.dead = map[string]struct{}{}
	}
	s.key = s.key[:0]
	for _, w := range s.row(depth) {
		s.key = s.key.word(w)
	}
	s.dead[string(s.key)] = struct{}{}
}

// try makes a step of a call, and goes on from there.
func (s *search) try(depth, call int) bool {
	for way := range ways(s.lax) {
		row, before := s.row(depth+1), s.row(depth)
		copy(row, before)
		if s.step(row, call, way) && s.from(depth+1) {
			return true
		}
	}
	return false
}

// step changes a state as the next step of a call does, and says whether the call can have had its answer then.
func (s *search) step(row []uint64, call, way int) bool {
	k, e := &s.d.calls[call], s.event(call)
	if v := e.Call.Verb; v == First || v == Next {
		return s.walk(row, k, e, way)
	}
	row[k.client] += 2
	if way > 0 {
		return false
	}
	switch e.Call.Verb {
	case CreateToolhelp32Snapshot:
		return s.create(row, k, e)
	case OpenProcess:
		return s.openProcess(row, k, e)
	case CloseHandle:
		return s.close(row, k, e)
	case DuplicateHandle:
		return s.duplicate(row, k, e)
	}
	return s.change(row, k)
}

// failed says that a call may fail in the way it did, right being the one error that it may fail with, nil if it must not.
func (s *search) failed(e *Event, right error) bool {
	return s.lax&anyAnswer != 0 || right != nil && e.Result.Err == right
}

func (s *search) create(row []uint64, k *knock, e *Event) bool {
	switch {
	case e.Result.Err == nil:
		return s.open(row, k, e, 1+uint64(k.object))
	case e.Result.Handle != toolhelp.InvalidHandle:
		return false
	case k.fact&refuses != 0:
		return true
	case row[s.table(k.table)] == 1:
		return s.failed(e, toolhelp.ERROR_INVALID_PARAMETER)
	}
	return s.failed(e, nil)
}

// open gives a handle, the lowest free one.
func (s *search) open(row []uint64, k *knock, e *Event, object uint64) bool {
	table := row[s.table(k.table):][:s.slots]
	i := e.Result.Handle / 4
	if e.Result.Handle%4 != 0 || i == 0 || i >= toolhelp.Handle(s.slots) && s.lax&anyHandle == 0 || table[0] == 1 {
		return false
	}
	for lower := toolhelp.Handle(1); lower < i; lower++ {
		if s.lax&anyHandle == 0 && table[lower] == free {
			return false
		}
	}
	if i >= toolhelp.Handle(s.slots) { // wherever that is, nobody finds it
		return true
	}
	if table[i] != free {
		return false
	}
	table[i] = object
	return true
}

func (s *search) openProcess(row []uint64, k *knock, e *Event) bool {
	kept := k.pid >= 0 && s.keeps(row, k.pid)
	switch {
	case e.Result.Err == nil:
		return k.pid >= 0 && (kept || k.fact&alive != 0 || s.lax&anyAnswer != 0) && s.open(row, k, e, toProcess|uint64(k.pid))
	case e.Result.Handle != 0:
		return false
	case k.fact&denied != 0 && e.Result.Err == toolhelp.ERROR_ACCESS_DENIED:
		return true
	case k.fact&dead != 0 && !kept, row[s.table(k.table)] == 1:
		return s.failed(e, toolhelp.ERROR_INVALID_PARAMETER)
	}
	return s.failed(e, nil)
}

// keeps says that a handle keeps a pid.
func (s *search) keeps(row []uint64, pid int) bool {
	for _, slot := range row[s.table(0):s.table(len(s.d.tables))] {
		if slot == toProcess|uint64(pid) {
			return true
		}
	}
	return false
}

// slot is where a handle stands in a row; nil if it was never open.
func (s *search) slot(row []uint64, k *knock, h toolhelp.Handle) *uint64 {
	if i := h / 4; uint64(h)>>32 == 0 && i > 0 && i < toolhelp.Handle(s.slots) {
		return &row[s.table(k.table)+int(i)]
	}
	return nil
}

const pseudoThread = toolhelp.InvalidHandle - 1

func (s *search) close(row []uint64, k *knock, e *Event) bool {
	h := e.Call.Handle
	slot := s.slot(row, k, h)
	switch {
	case h == toolhelp.InvalidHandle || h == pseudoThread:
		return e.Result.Err == nil || s.failed(e, nil)
	case slot == nil || *slot == free:
		return e.Result.Err != nil && s.failed(e, toolhelp.ERROR_INVALID_HANDLE)
	case e.Result.Err != nil:
		return s.failed(e, nil)
	}
	*slot = free
	return true
}

func (s *search) duplicate(row []uint64, k *knock, e *Event) bool {
	h := e.Call.Handle
	slot := s.slot(row, k, h)
	switch {
	case e.Result.Err == nil && h == toolhelp.InvalidHandle:
		return s.open(row, k, e, toProcess|uint64(k.pid))
	case h == toolhelp.InvalidHandle && row[s.table(k.table)] == 1:
		return s.failed(e, toolhelp.ERROR_INVALID_PARAMETER)
	case h == toolhelp.InvalidHandle:
		return s.failed(e, nil)
	case slot == nil || *slot == free:
		return e.Result.Err != nil && s.failed(e, toolhelp.ERROR_INVALID_HANDLE)
	case e.Result.Err != nil:
		return s.failed(e, nil)
	}
	return s.open(row, k, e, *slot)
}

// change is a change that closes tables, or gives away ids.
func (s *search) change(row []uint64, k *knock) bool {
	for _, pid := range k.issues {
		if s.keeps(row, pid) && s.lax&anyID == 0 {
			return false
		}
	}
	for _, t := range k.ends {
		table := row[s.table(t):][:s.slots]
		clear(table)
		table[0] = 1
	}
	return true
}

// walk is a step of a walker: it finds the object behind its handle, or claims an entry.
func (s *search) walk(row []uint64, k *knock, e *Event, way int) bool {
	found := &row[len(s.d.clients)+k.client]
	if *found != 0 {
		object := int(*found - 1)
		*found = 0
		row[k.client]++
		return s.claim(row, object, e, way)
	}
	row[k.client]++
	if way > 0 {
		return false
	}
	slot := s.slot(row, k, e.Call.Handle)
	open := slot != nil && *slot != free && *slot&toProcess == 0
	missed := e.Result.Err != nil && e.Result.Err != toolhelp.ERROR_NO_MORE_FILES
	switch {
	case missed:
		row[k.client]++
		return s.failed(e, toolhelp.ERROR_INVALID_HANDLE) && (!open || s.lax&anyAnswer != 0)
	case !open:
		if e.Result.Err != nil && s.lax&anyAnswer != 0 {
			row[k.client]++
			return true
		}
		return false
	}
	*found = *slot
	return true
}

// claim gives the entry at the cursor of a list. Contents that have another one there are no longer possible.
func (s *search) claim(row []uint64, object int, e *Event, way int) bool {
	l := int(min(e.Call.List, sim.KindHeap))
	cursor := &row[s.cursor(object, l)]
	if e.Call.Verb == First {
		*cursor = 0
	}
	at := *cursor
	switch way {
	case 0, 1:
		*cursor++
	}
	if way == 0 {
		return s.allows(row, object, l, at, e)
	}
	for earlier := range at {
		if e.Result.Err == nil && s.allows(row, object, l, earlier, e) {
			return true
		}
	}
	return false
}

// allows strikes out the contents that do not have what a walker's call saw at a place of a list, and says whether any is left.
func (s *search) allows(row []uint64, object, l int, at uint64, e *Event) bool {
	if s.lax&anyEntry != 0 {
		return true
	}
	o := &s.d.objects[object]
	mask := row[s.mask(object, s.part(o, l)):][:s.masks]
	left := false
	for v := range o.contents {
		bit := uint64(1) << (v % 64)
		if mask[v/64]&bit == 0 {
			continue
		}
		list := o.contents[v][l]
		if end := at >= uint64(len(list)); end != (e.Result.Err != nil) || !end && list[at] != e.Result.Entry {
			mask[v/64] &^= bit
			continue
		}
		left = true
	}
	return left
}

// part is which lists are of one version with a list: all of them, but for separate cuts.
func (s *search) part(o *object, l int) int {
	switch {
	case s.lax&anyCuts != 0, o.apart && l > int(sim.KindThread):
		return l
	}
	return 0
}
