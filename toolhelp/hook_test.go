package toolhelp

import (
	"slices"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// calls are all the calls that a hook sees, with inputs with which they succeed.
func (d *desk) calls(tb testing.TB) []struct {
	name string
	call func() error
} {
	tb.Helper()
	h := take(tb, d.me, TH32CS_SNAPALL, 0)
	spare := take(tb, d.me, TH32CS_SNAPALL, 0)
	heap, _ := d.alloc(tb, d.app, 16, 16)
	block := HeapEntry32{Size: sizeofHeapEntry}
	want(tb, "Heap32First", d.me.Heap32First(&block, uint32(d.app), heapID(heap)), 0)
	self := d.me.CurrentProcess()
	all := []struct {
		name string
		call func() error
	}{
		{"CreateToolhelp32Snapshot", func() error {
			h, err := d.me.CreateToolhelp32Snapshot(TH32CS_SNAPALL, 0)
			if (h == InvalidHandle) != (err != nil) {
				tb.Errorf("handle %#x with error %v", h, err)
			}
			return err
		}},
		{"Heap32First", func() error {
			return d.me.Heap32First(&HeapEntry32{Size: sizeofHeapEntry}, uint32(d.app), heapID(heap))
		}},
		{"Heap32Next", func() error { return d.me.Heap32Next(&block) }},
		{"Toolhelp32ReadProcessMemory", func() error { return d.me.Toolhelp32ReadProcessMemory(0, 0, nil, nil) }},
		{"OpenProcess", func() error { _, err := d.me.OpenProcess(PROCESS_TERMINATE, false, uint32(d.child)); return err }},
		{"DuplicateHandle", func() error { return d.me.DuplicateHandle(self, h, self, nil, 0, false, DUPLICATE_SAME_ACCESS) }},
		{"GetHandleInformation", func() error { return d.me.GetHandleInformation(h, nil) }},
		{"SetHandleInformation", func() error { return d.me.SetHandleInformation(h, 1, 1) }},
		{"CloseHandle", func() error { return d.me.CloseHandle(spare) }},
	}
	for _, p := range probes(d.me) {
		suffix := ""
		name := p.name
		if p.ansi {
			name, suffix = name[:len(name)-1], "A"
		}
		all = append(all,
			struct {
				name string
				call func() error
			}{name + "First" + suffix, func() error { return p.first(h) }},
			struct {
				name string
				call func() error
			}{name + "Next" + suffix, func() error { return p.next(h) }})
	}
	return all
}

// TestHook: every call shows itself by the name of its method; a code from the hook is returned in its place, becomes the last error, and
// nothing happens; 0 lets it happen.
func TestHook(t *testing.T) {
	d := newDesk(t)
	calls := d.calls(t)
	var seen []string
	fault := Errno(0)
	d.me.Hook = func(c *Caller, call Call) Errno {
		if c != d.me {
			t.Errorf("%s: the hook saw another caller", call.Name)
		}
		seen = append(seen, call.Name)
		return fault
	}
	for _, code := range []Errno{ERROR_NOT_ENOUGH_MEMORY, ERROR_NO_SYSTEM_RESOURCES, ERROR_PARTIAL_COPY, 4711} {
		fault = code
		for _, c := range calls {
			open := d.me.table.Len()
			want(t, c.name+" with a fault", c.call(), code)
			want(t, c.name+", the last error", d.me.GetLastError(), code)
			if n := d.me.table.Len(); n != open {
				t.Errorf("%s with a fault: %d handles open, want %d as before", c.name, n, open)
			}
		}
	}
	fault, seen = 0, nil
	var names []string
	for _, c := range calls {
		names = append(names, c.name)
		want(t, c.name+" without a fault", c.call(), 0)
	}
	if !slices.Equal(seen, names) {
		t.Errorf("the hook saw\n%q, want\n%q", seen, names)
	}
}

// TestHookSees: what a call was given.
func TestHookSees(t *testing.T) {
	d := newDesk(t)
	var last Call
	d.me.Hook = func(_ *Caller, call Call) Errno {
		last = call
		return 0
	}
	h := take(t, d.me, TH32CS_SNAPMODULE|TH32CS_INHERIT, uint32(d.child)+1)
	if want := (Call{Name: "CreateToolhelp32Snapshot", Flags: TH32CS_SNAPMODULE | TH32CS_INHERIT, PID: uint32(d.child) + 1}); last != want {
		t.Errorf("the hook saw %+v, want %+v", last, want)
	}
	e := ModuleEntry32{Size: sizeofModule}
	want(t, "Module32First", d.me.Module32First(h, &e), 0)
	if want := (Call{Name: "Module32First", Handle: h}); last != want {
		t.Errorf("the hook saw %+v, want %+v", last, want)
	}
}

// TestHookActs: a hook may change the kernel and make calls of its own, and a fault in it leaves everything usable.
func TestHookActs(t *testing.T) {
	d := newDesk(t)
	var dup Handle
	d.me.Hook = func(c *Caller, call Call) Errno {
		c.Hook = nil
		d.end(t, d.child)
		dup = take(t, c, TH32CS_SNAPPROCESS, 0)
		return 0
	}
	h := take(t, d.me, TH32CS_SNAPPROCESS, 0)
	if slices.Contains(processNames(t, d.me, h), "child.exe") || !slices.Equal(processNames(t, d.me, h), processNames(t, d.me, dup)) {
		t.Error("the snapshot does not show what the hook did before it")
	}
	d.me.Hook = func(*Caller, Call) Errno { panic("a fault in the hook") }
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the hook's panic did not come out of the call")
			}
		}()
		_, _ = d.me.CreateToolhelp32Snapshot(TH32CS_SNAPALL, 0)
	}()
	d.me.Hook = nil
	d.thread(t, d.app)
	if _, _, err := d.k.HeapCreate(d.app, sim.HeapSpec{}); err != nil {
		t.Error(err)
	}
	take(t, d.me, TH32CS_SNAPALL, 0)
}
