package sim_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// An event is an object for handles to refer to.
type event struct{ bytes uint64 }

func (e *event) Kind() string  { return "Event" }
func (e *event) Bytes() uint64 { return e.bytes }

// A lump is an object that can't be compared.
type lump []byte

func (l lump) Kind() string  { return "Event" }
func (l lump) Bytes() uint64 { return uint64(len(l)) }

func (d *desk) handles(pid sim.PID) *sim.HandleTable {
	d.t.Helper()
	table, err := d.Handles(pid)
	d.fatal(err)
	return table
}

func (d *desk) open(t *sim.HandleTable, o sim.Object, f sim.HandleFlags) sim.Handle {
	d.t.Helper()
	h, err := t.Open(o, f)
	d.fatal(err)
	return h
}

func opened(t *sim.HandleTable) (all []sim.Handle) {
	for h := range t.All() {
		all = append(all, h)
	}
	return all
}

func TestLowestFreeHandleIsHandedOut(t *testing.T) {
	d := newDesk(t)
	table := d.handles(d.app)
	o := &event{bytes: 10}
	for want := sim.Handle(4); want <= 48; want += 4 {
		if h := d.open(table, o, 0); h != want {
			t.Errorf("handle %#x, want %#x", h, want)
		}
	}
	d.fatal(table.Close(24))
	d.fatal(table.Close(8 | 3)) // the low bits are the caller's
	if a, b, c := d.open(table, &event{bytes: 5}, 0), d.open(table, o, 0), d.open(table, o, 0); a != 8 || b != 24 || c != 52 {
		t.Errorf("after 24 and 8 were closed come %d, %d and %d, want 8, 24 and 52", a, b, c)
	}
	if got, err := table.Object(4 | 2); err != nil || got != o || table.Find(4) != o {
		t.Errorf("handle 6 refers to %v, %v, want the event of handle 4", got, err)
	}
	if table.Len() != 13 || table.Bytes() != 15 || len(opened(table)) != 13 || !slices.IsSorted(opened(table)) || table.PID() != d.app {
		t.Errorf("%d handles hold %d bytes: %v, want 13 hold 15, each object counted once", table.Len(), table.Bytes(), opened(table))
	}
	for h := range table.All() {
		if h == 12 {
			break
		}
	}
	if again := d.handles(d.app); again != table {
		t.Error("a process has two tables")
	}
}

func TestHandleRefusals(t *testing.T) {
	d := newDesk(t)
	table, other := d.handles(d.app), d.handles(d.wow)
	dead := d.handles(d.quiet)
	d.end(d.quiet)
	elsewhere, err := sim.New(sim.Config{}).Handles(4)
	d.fatal(err)
	d.open(table, &event{}, sim.HandleProtect) // 4
	closed := d.open(table, &event{}, 0)
	d.fatal(table.Close(closed))
	d.open(other, &event{}, 0)
	d.open(other, &event{}, 0)
	foreign := d.open(other, &event{}, 0) // 12: never issued in table
	calls := []struct {
		call string
		f    func(h sim.Handle) error
	}{
		{"Object", func(h sim.Handle) error { _, err := table.Object(h); return err }},
		{"Close", table.Close},
		{"Flags", func(h sim.Handle) error { _, err := table.Flags(h); return err }},
		{"SetFlags", func(h sim.Handle) error { return table.SetFlags(h, 1, 1) }},
		{"Access", func(h sim.Handle) error { _, err := table.Access(h); return err }},
		{"SetAccess", func(h sim.Handle) error { return table.SetAccess(h, 1) }},
		{"Duplicate", func(h sim.Handle) error { _, err := table.Duplicate(h, table, 0, true); return err }},
	}
	bad := []struct {
		reason string
		h      sim.Handle
	}{{"zero", 0}, {"INVALID_HANDLE_VALUE", 0xFFFFFFFF}, {"never issued", 4000}, {"closed", closed}, {"another process's", foreign}}
	for _, c := range calls {
		for _, b := range bad {
			t.Run(c.call+" of "+b.reason, func(t *testing.T) { wantError(t, c.f(b.h), c.call, sim.ErrInvalidHandle, 0) })
		}
	}
	rest := []struct {
		reason, call string
		want         error
		f            func() error
	}{
		{"a protected handle", "Close", sim.ErrProtectedHandle, func() error { return table.Close(4) }},
		{"no object", "Open", sim.ErrInvalid, func() error { _, err := table.Open(nil, 0); return err }},
		{"an object that can't be compared", "Open", sim.ErrInvalid, func() error { _, err := table.Open(lump{1}, 0); return err }},
		{"a flag that is none", "Open", sim.ErrInvalid, func() error { _, err := table.Open(&event{}, 4); return err }},
		{"a flag that is none", "OpenProcess", sim.ErrInvalid, func() error { _, err := table.OpenProcess(4, 4); return err }},
		{"a process that ended", "OpenProcess", sim.ErrNoProcess, func() error { _, err := table.OpenProcess(d.gone, 0); return err }},
		{"the table of a process that ended", "Open", sim.ErrNoProcess, func() error { _, err := dead.Open(&event{}, 0); return err }},
		{"the table of a process that ended", "OpenProcess", sim.ErrNoProcess, func() error { _, err := dead.OpenProcess(4, 0); return err }},
		{"into a process that ended", "Duplicate", sim.ErrNoProcess, func() error { _, err := table.Duplicate(4, dead, 0, false); return err }},
		{"into another kernel", "Duplicate", sim.ErrInvalid, func() error { _, err := table.Duplicate(4, elsewhere, 0, false); return err }},
		{"into no table", "Duplicate", sim.ErrInvalid, func() error { _, err := table.Duplicate(4, nil, 0, false); return err }},
		{"with a flag that is none", "Duplicate", sim.ErrInvalid, func() error { _, err := table.Duplicate(4, other, 8, false); return err }},
	}
	for _, r := range rest {
		t.Run(r.call+" "+r.reason, func(t *testing.T) { wantError(t, r.f(), r.call, r.want, 0) })
	}
	if table.Len() != 1 || other.Len() != 3 || table.Find(foreign) != nil {
		t.Errorf("after refused calls %d and %d handles are open, want 1 and 3", table.Len(), other.Len())
	}
	_, err = d.Handles(d.gone)
	wantError(t, err, "Handles", sim.ErrNoProcess, d.Version())
}

func TestHandleFlags(t *testing.T) {
	d := newDesk(t)
	table := d.handles(d.app)
	h := d.open(table, &event{}, sim.HandleInherit)
	flags := func() sim.HandleFlags { f, err := table.Flags(h); d.fatal(err); return f }
	steps := []struct {
		reason     string
		mask, f, w sim.HandleFlags
	}{
		{"only what the mask names", sim.HandleProtect, 3, 3},
		{"off again", sim.HandleProtect, 0, sim.HandleInherit},
		{"unknown bits are ignored", 0xFFFFFFF0, 0xFFFFFFF0, sim.HandleInherit},
		{"both at once", 3, 0, 0},
	}
	for _, tt := range steps {
		if d.fatal(table.SetFlags(h, tt.mask, tt.f)); flags() != tt.w {
			t.Errorf("%s: flags are %d, want %d", tt.reason, flags(), tt.w)
		}
	}
	if a, err := table.Access(h); err != nil || a != 0xFFFFFFFF {
		t.Errorf("a fresh handle has access %#x, %v, want all", a, err)
	}
	d.fatal(table.SetAccess(h, 0x10))
	copied, err := table.Duplicate(h, table, 0, false)
	d.fatal(err)
	if a, err := table.Access(copied); err != nil || a != 0x10 {
		t.Errorf("a duplicate has access %#x, %v, want that of its source, 0x10", a, err)
	}
}

func TestDuplicateSharesTheObject(t *testing.T) {
	d := newDesk(t)
	a, b := d.handles(d.app), d.handles(d.wow)
	o := &event{bytes: 7}
	h := d.open(a, o, sim.HandleInherit)
	within, err := a.Duplicate(h, a, 0, false)
	d.fatal(err)
	across, err := a.Duplicate(h, b, sim.HandleProtect, false)
	d.fatal(err)
	if f, _ := b.Flags(across); a.Find(within) != o || b.Find(across) != o || within != 8 || across != 4 || f != sim.HandleProtect {
		t.Errorf("duplicates %d and %d, flags %d, want 8 and 4 to the same object, flags of their own", within, across, f)
	}
	d.fatal(a.Close(h))
	if a.Find(within) != o || b.Find(across) != o || a.Bytes() != 7 {
		t.Error("closing one handle took the object from the others")
	}
	steps := []struct {
		reason string
		from   sim.Handle
		to     *sim.HandleTable
		flags  sim.HandleFlags
		want   sim.Handle
		err    error
		left   int // handles in a
	}{
		{"moved within its table it keeps its value", within, a, sim.HandleProtect, within, nil, 1},
		{"a protected one stays open when it is moved", within, a, 0, 4, nil, 2},
		{"moved into another table it is closed", 4, b, 0, 8, nil, 1},
	}
	for _, tt := range steps {
		h, err := a.Duplicate(tt.from, tt.to, tt.flags, true)
		if h != tt.want || !errors.Is(err, tt.err) || a.Len() != tt.left {
			t.Errorf("%s: handle %d, %v, %d left, want %d and %d left", tt.reason, h, err, a.Len(), tt.want, tt.left)
		}
	}
	lost := d.open(a, o, 0)
	_, err = a.Duplicate(lost, nil, 0, true)
	wantError(t, err, "Duplicate", sim.ErrInvalid, 0)
	if a.Find(lost) != nil {
		t.Error("a move that fails leaves its source open, want it closed, as Windows does")
	}
}

func TestChildInheritsUnderTheSameValues(t *testing.T) {
	tests := []struct {
		reason string
		spec   func(d *desk) sim.ProcessSpec
		want   []sim.Handle
	}{
		{"what is inheritable", func(d *desk) sim.ProcessSpec { return sim.ProcessSpec{Parent: d.app, InheritHandles: true} }, []sim.Handle{8, 16}},
		{"of a list only", func(d *desk) sim.ProcessSpec {
			return sim.ProcessSpec{Parent: d.app, InheritHandles: true, Handles: []sim.Handle{16 | 1}}
		}, []sim.Handle{16}},
		{"of an empty list nothing", func(d *desk) sim.ProcessSpec {
			return sim.ProcessSpec{Parent: d.app, InheritHandles: true, Handles: []sim.Handle{}}
		}, nil},
		{"nothing without bInheritHandles", func(d *desk) sim.ProcessSpec { return sim.ProcessSpec{Parent: d.app} }, nil},
		{"nothing from a spoofed parent", func(d *desk) sim.ProcessSpec {
			return sim.ProcessSpec{Parent: d.app, AnyParent: true, InheritHandles: true}
		}, nil},
		{"nothing from a parent that has none", func(d *desk) sim.ProcessSpec { return sim.ProcessSpec{Parent: d.wow, InheritHandles: true} }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			d := newDesk(t)
			from := d.handles(d.app)
			for h := sim.Handle(4); h <= 16; h += 4 {
				d.open(from, &event{bytes: uint64(h)}, sim.HandleFlags(h/4+1)&sim.HandleInherit)
			}
			child, _ := d.start(tt.spec(d))
			to := d.handles(child)
			wantEqual(t, "handles of the child", opened(to), tt.want)
			d.end(d.app)
			for _, h := range tt.want {
				if f, err := to.Flags(h); err != nil || f != sim.HandleInherit || to.Find(h).Bytes() != uint64(h) {
					t.Errorf("after the parent's exit the child's handle %d has flags %d, %v, want it as it was inherited", h, f, err)
				}
			}
		})
	}
	d := newDesk(t)
	h := d.open(d.handles(d.app), &event{}, 0)
	_, _, v, err := d.CreateProcess(sim.ProcessSpec{Image: appImage, Parent: d.app, InheritHandles: true, Handles: []sim.Handle{h}})
	wantError(t, err, "CreateProcess", sim.ErrInvalidHandle, v)
}

func TestExitClosesAllHandles(t *testing.T) {
	d := newDesk(t)
	a, b := d.handles(d.app), d.handles(d.wow)
	o := &event{bytes: 100}
	h := d.open(a, o, sim.HandleProtect)
	kept, err := a.Duplicate(h, b, 0, false)
	d.fatal(err)
	_, err = a.OpenProcess(d.quiet, 0)
	d.fatal(err)
	d.end(d.app)
	if a.Len() != 0 || a.Bytes() != 0 || opened(a) != nil {
		t.Errorf("after the exit %d handles hold %d bytes, want none, protected ones included", a.Len(), a.Bytes())
	}
	if b.Find(kept) != o {
		t.Error("the exit of one process closed another one's duplicate")
	}
	next, _ := d.start(sim.ProcessSpec{ID: d.app, Thread: 9000})
	if fresh := d.handles(next); fresh == a || fresh.Len() != 0 {
		t.Error("the next process with that pid has the handles of the one before")
	}
}

func TestProcessObjectOutlivesItsProcess(t *testing.T) {
	d := newDesk(t)
	table := d.handles(d.app)
	h, err := table.OpenProcess(d.wow, 0)
	d.fatal(err)
	o := table.Find(h).(*sim.ProcessObject)
	seq := d.process(d.wow).Sequence()
	if _, ended := o.Exited(); ended || o.PID() != d.wow || o.Sequence() != seq || o.Kind() != "Process" || o.Bytes() != 0 {
		t.Errorf("a handle to pid %d gives %s %d, creation number %d, ended %v", d.wow, o.Kind(), o.PID(), o.Sequence(), ended)
	}
	d.ok(d.TerminateProcess(d.wow, 42))
	if code, ended := o.Exited(); !ended || code != 42 {
		t.Errorf("exit code %d, %v, want 42", code, ended)
	}
	again, err := table.OpenProcess(d.wow, 0)
	if err != nil || table.Find(again) != o {
		t.Errorf("an ended process that a handle keeps can't be opened: %v", err)
	}
	d.fatal(table.Close(h))
	d.fatal(table.Close(again))
	if _, err := table.OpenProcess(d.wow, 0); !errors.Is(err, sim.ErrNoProcess) {
		t.Errorf("nothing keeps it any more and opening it gives %v, want ErrNoProcess", err)
	}
}

// A handle's value comes back as soon as it is closed: a stale handle then names another object. That is Windows's rule.
func TestClosedHandleIsReissued(t *testing.T) {
	d := newDesk(t)
	table := d.handles(d.app)
	old, young := &event{}, &event{bytes: 1}
	h := d.open(table, old, 0)
	d.fatal(table.Close(h))
	wantError(t, table.Close(h), "Close", sim.ErrInvalidHandle, 0)
	if again := d.open(table, young, 0); again != h || table.Find(h) != young {
		t.Errorf("handle %d after handle %d was closed, want the same value for the new object", again, h)
	}
}

// odd is an object that Go can't compare when x holds a slice, so that no table could count it once.
type odd struct{ x any }

func (odd) Kind() string  { return "Odd" }
func (odd) Bytes() uint64 { return 1 }

func TestObjectsMustCompare(t *testing.T) {
	d := newDesk(t)
	table := d.handles(d.app)
	if _, err := table.Open(odd{[]int{1}}, 0); !errors.Is(err, sim.ErrInvalid) {
		t.Errorf("an object that can't be compared gives %v, want ErrInvalid", err)
	}
	d.open(table, odd{7}, 0)
	d.open(table, odd{7}, 0)
	if got := table.Bytes(); got != 1 {
		t.Errorf("two handles to one object hold %d bytes, want 1", got)
	}
}
