package fuzz

import (
	"slices"
	"unsafe"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// A door is the witness of all calls of the Win32 door in a history. Such a call tells no version; but there must be an order of the calls, which no call leaves
// the time between its call and its return for, in which the handle tables and cursors of the model give each its answer.
//
// What a snapshot behind a handle holds is not known before it is seen: each version that its creation may have seen is a content it may have, until an
// entry says otherwise.
type door struct {
	c       *certificate
	calls   []knock
	clients [][]int // calls of each client, in its order
	tables  []table
	opened  []sim.PID // which OpenProcess gave a handle to
	objects []object
	passed  map[string]struct{} // what has been judged and was right
	search  search
	key     sketch
	ids     []uint64 // behind all contents
	kept    int      // how many of these stand in one already
}

// A knock is a call of the door, or a change that touches handles: because it ends the process of a caller, or gives away an id that a handle may keep.
type knock struct {
	event, client int
	table         int // of the caller
	fact          fact
	object        int   // which a creation made
	pid           int   // of opened, which it asks for; -1 if no handle to it was ever had
	issues        []int // pids of opened that a change gave away
	ends          []int // tables that a change closed
}

// A fact is what was so at some version that a call may have seen.
type fact uint8

const (
	refuses fact = 1 << iota // a creation would be refused in the way it was
	alive                    // there is the process that OpenProcess asked for, and the caller may
	dead                     // there is none
	denied                   // there is, and the caller may not
)

// A table is the handle table of a process with callers.
type table struct {
	pid      sim.PID
	sequence uint64 // 0 once the process is known to have ended
	closed   bool   // from the start
}

// An object is a snapshot behind handles.
type object struct {
	contents []content
	inside   []bool // which contents are of a version that the creation may have seen
	apart    bool   // the lists are of separate cuts
}

// A content is the ids of each list that a snapshot may hold: processes, threads, modules, heaps.
type content [4][]uint64

// begin prepares for a history and says whether it has calls of the door.
func (d *door) begin(c *certificate) bool {
	d.c, d.calls, d.tables, d.objects, d.opened, d.ids = c, d.calls[:0], d.tables[:0], d.objects[:0], d.opened[:0], d.ids[:0]
	d.kept = 0
	for i := range c.h.Events {
		if e := &c.h.Events[i]; e.Call.Verb.door() {
			d.note(i)
		}
	}
	for i := range d.calls {
		k := &d.calls[i]
		switch c := d.c.h.Events[k.event].Call; c.Verb {
		case OpenProcess:
			k.pid = slices.Index(d.opened, c.PID&^3)
		case DuplicateHandle:
			k.pid = slices.Index(d.opened, d.tables[k.table].pid)
		}
	}
	return len(d.calls) > 0
}

// note takes up a call of the door.
func (d *door) note(event int) {
	e := &d.c.h.Events[event]
	k := knock{event: event, client: e.Client, table: d.table(e.Call.Caller), object: -1, pid: -1}
	switch {
	case e.Result.Err != nil:
	case e.Call.Verb == CreateToolhelp32Snapshot:
		k.object = len(d.objects)
		d.objects = append(d.objects, object{apart: d.c.h.callers[e.Call.Caller].SeparateCuts})
	case e.Call.Verb == OpenProcess:
		d.open(e.Call.PID &^ 3)
	case e.Call.Verb == DuplicateHandle && e.Call.Handle == toolhelp.InvalidHandle:
		d.open(d.tables[k.table].pid)
	}
	d.calls = append(d.calls, k)
}

func (d *door) open(pid sim.PID) {
	if !slices.Contains(d.opened, pid) {
		d.opened = append(d.opened, pid)
	}
}

// table is that of the process of a caller.
func (d *door) table(caller int) int {
	pid := sim.PID(d.c.h.callers[caller].GetCurrentProcessId())
	if i := slices.IndexFunc(d.tables, func(t table) bool { return t.pid == pid }); i >= 0 {
		return i
	}
	t := table{pid: pid}
	if p := d.c.h.Start.process(pid); p != nil {
		t.sequence = p.Sequence
	}
	t.closed = t.sequence == 0
	d.tables = append(d.tables, t)
	return len(d.tables) - 1
}

// at learns what may have been seen at one version, and what the change that made it did to handles.
func (d *door) at(m *Model) {
	if m.Version > d.c.start {
		d.change(m, d.c.changes[m.Version-d.c.start-1])
	}
	for i := range d.calls {
		k := &d.calls[i]
		e := &d.c.h.Events[k.event]
		inside := d.c.interval[k.event].from <= m.Version && m.Version <= d.c.interval[k.event].to
		switch {
		case k.object >= 0:
			if d.refuses(m, e) == nil {
				d.hold(&d.objects[k.object], m, e, inside)
			}
		case !inside:
		case e.Call.Verb == CreateToolhelp32Snapshot:
			if d.refuses(m, e) == e.Result.Err || d.changed(e) {
				k.fact |= refuses
			}
		case e.Call.Verb == OpenProcess:
			k.fact |= d.openness(m, e)
		}
	}
}

// change takes up a change that made a version, if it touches handles.
func (d *door) change(m *Model, event int) {
	e := &d.c.h.Events[event]
	k := knock{event: event, client: e.Client, table: -1, object: -1, pid: -1}
	for i := range d.tables {
		t := &d.tables[i]
		if t.sequence == 0 {
			continue
		}
		if p := m.process(t.pid); p == nil || p.Sequence != t.sequence {
			t.sequence = 0
			k.ends = append(k.ends, i)
		}
	}
	for i, pid := range d.opened {
		issued := issues(&e.Result, pid)
		for j := range e.Result.Results {
			issued = issued || issues(&e.Result.Results[j], pid)
		}
		if issued {
			k.issues = append(k.issues, i)
		}
	}
	if len(k.ends)+len(k.issues) > 0 {
		d.calls = append(d.calls, k)
	}
}

func issues(r *Result, pid sim.PID) bool {
	return r.Err == nil && (r.PID == pid || sim.PID(r.TID) == pid)
}

// refuses is the error that is right for a creation now, as long as the caller's process lives.
func (d *door) refuses(m *Model, e *Event) error {
	by := d.c.h.callers[e.Call.Caller]
	pid := targetOf(e.Call, by)
	p := m.process(pid)
	switch {
	case e.Call.Flags&allFlags == 0:
		return toolhelp.ERROR_INVALID_PARAMETER
	case e.Call.Flags&targetFlags == 0:
		return nil
	case p == nil || pid == 0:
		return toolhelp.ERROR_INVALID_PARAMETER
	case !may(by, p, toolhelp.PROCESS_VM_READ|toolhelp.PROCESS_QUERY_INFORMATION) || p.Minimal:
		return toolhelp.ERROR_ACCESS_DENIED
	case d.bits(by) == 32 && p.Bits == 64, e.Call.Flags&toolhelp.TH32CS_SNAPMODULE != 0 && !p.Started:
		return toolhelp.ERROR_PARTIAL_COPY
	}
	return nil
}

// changed says that a creation was refused because of what happened between its cuts.
func (d *door) changed(e *Event) bool {
	return d.c.h.callers[e.Call.Caller].SeparateCuts && e.Call.Flags&targetFlags != 0 &&
		(e.Result.Err == toolhelp.ERROR_BAD_LENGTH || e.Result.Err == toolhelp.ERROR_PARTIAL_COPY)
}

// targetOf is the process whose modules and heaps a creation asks for: 0 is the caller's own, and the low two bits are ignored.
func targetOf(c *Call, by *toolhelp.Caller) sim.PID {
	if c.PID == 0 {
		return sim.PID(by.GetCurrentProcessId())
	}
	return c.PID &^ 3
}

func (d *door) bits(by *toolhelp.Caller) int {
	if p := d.c.h.Start.process(sim.PID(by.GetCurrentProcessId())); p != nil {
		return p.Bits
	}
	return 64
}

// openness is what there is of the process that OpenProcess asks for.
func (d *door) openness(m *Model, e *Event) fact {
	p := m.process(e.Call.PID &^ 3)
	switch {
	case p == nil || p.ID == 0:
		return dead
	case may(d.c.h.callers[e.Call.Caller], p, e.Call.Flags):
		return alive
	}
	return denied
}

// restricted are the rights that a protected process gives nobody but itself (rule A.6).
const restricted = toolhelp.PROCESS_CREATE_THREAD | toolhelp.PROCESS_VM_OPERATION | toolhelp.PROCESS_VM_READ | toolhelp.PROCESS_VM_WRITE |
	toolhelp.PROCESS_DUP_HANDLE | toolhelp.PROCESS_CREATE_PROCESS | toolhelp.PROCESS_SET_QUOTA | toolhelp.PROCESS_SET_INFORMATION |
	toolhelp.PROCESS_QUERY_INFORMATION | toolhelp.DELETE | toolhelp.READ_CONTROL | toolhelp.WRITE_DAC | toolhelp.WRITE_OWNER

// may says that a caller gets all these rights to a process: the table of rule A.6.
func may(by *toolhelp.Caller, p *Process, access uint32) bool {
	privileged := by.SeDebugPrivilege
	switch {
	case uint32(p.ID) == by.GetCurrentProcessId():
		return true
	case p.Protection == sim.OtherUser:
		return privileged
	case p.Protection == sim.Protected:
		return access&restricted == 0
	case p.Protection == sim.CSRSS || p.Minimal:
		return privileged && access&restricted == 0
	}
	return true
}

// hold notes what a snapshot taken now would hold. Equal contents are noted once.
func (d *door) hold(o *object, m *Model, e *Event, inside bool) {
	flags, by := e.Call.Flags, d.c.h.callers[e.Call.Caller]
	var now content
	for i := range m.Processes {
		p := &m.Processes[i]
		if flags&toolhelp.TH32CS_SNAPPROCESS != 0 {
			d.ids = append(d.ids, uint64(p.ID))
		}
	}
	now[sim.KindProcess] = d.cut()
	for i := range m.Processes {
		for j := 0; flags&toolhelp.TH32CS_SNAPTHREAD != 0 && j < len(m.Processes[i].Threads); j++ {
			d.ids = append(d.ids, uint64(m.Processes[i].Threads[j].ID))
		}
	}
	now[sim.KindThread] = d.cut()
	if p := m.process(targetOf(e.Call, by)); p != nil && flags&targetFlags != 0 {
		now[sim.KindModule], now[sim.KindHeap] = d.modules(p, d.bits(by), flags), d.heaps(p, flags)
	}
	for i := range o.contents {
		if same(&o.contents[i], &now) {
			o.inside[i] = o.inside[i] || inside
			return
		}
	}
	o.contents, o.inside = append(o.contents, now), append(o.inside, inside)
}

// cut is what was appended to ids since the last cut.
func (d *door) cut() []uint64 {
	ids := d.ids[d.kept:len(d.ids):len(d.ids)]
	d.kept = len(d.ids)
	return ids
}

func same(a, b *content) bool {
	for i := range a {
		if !slices.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// modules are the lists of both loaders that a caller of so many bits sees (rules C.1-20 to C.1-22).
func (d *door) modules(p *Process, look int, flags uint32) []uint64 {
	if flags&toolhelp.TH32CS_SNAPMODULE == 0 || !p.Started {
		return nil
	}
	for _, bits := range []int{64, 32} {
		for i := range p.Modules {
			if q := &p.Modules[i]; q.Bits == bits && (bits == look || look == 64 && flags&toolhelp.TH32CS_SNAPMODULE32 != 0) {
				d.ids = append(d.ids, uint64(uintptr(q.Base)))
			}
		}
	}
	return d.cut()
}

func (d *door) heaps(p *Process, flags uint32) []uint64 {
	if flags&toolhelp.TH32CS_SNAPHEAPLIST == 0 || !p.Started {
		return nil
	}
	for i := range p.Heaps {
		d.ids = append(d.ids, heapNumber(p.Heaps[i].ID))
	}
	return d.cut()
}

// verdict looks for an order.
func (d *door) verdict() *Violation {
	d.key = d.key[:0].door(d)
	if _, ok := d.passed[string(d.key)]; ok {
		return nil
	}
	d.arrange()
	if d.search.find(d, 0) {
		if len(d.passed) >= mostPassed || d.passed == nil {
			d.passed = map[string]struct{}{}
		}
		d.passed[string(d.key)] = struct{}{}
		return nil
	}
	return d.accuse()
}

// mostPassed bounds the histories that are remembered.
const mostPassed = 1 << 13

// arrange puts the calls in the order of their clients.
func (d *door) arrange() {
	d.clients = again(d.clients, len(d.c.h.Clients))
	for i := range d.clients {
		d.clients[i] = d.clients[i][:0]
	}
	slices.SortFunc(d.calls, func(a, b knock) int { return a.event - b.event })
	for i := range d.calls {
		d.clients[d.calls[i].client] = append(d.clients[d.calls[i].client], i)
	}
}

// heapNumber is a heap as entries show it: a 32-bit host leaves out the lowest 16 bits of what would not fit.
func heapNumber(id sim.Address) uint64 {
	if unsafe.Sizeof(uintptr(0)) == 4 && id>>32 != 0 {
		return uint64(id >> 16)
	}
	return uint64(id)
}
