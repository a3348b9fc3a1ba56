package toolhelp

import (
	"slices"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// flagsOf is what GetHandleInformation says.
func flagsOf(tb testing.TB, c *Caller, h Handle) uint32 {
	tb.Helper()
	f := uint32(99)
	want(tb, "GetHandleInformation", c.GetHandleInformation(h, &f), 0)
	return f
}

// duplicateOf duplicates a handle within the caller's process.
func duplicateOf(tb testing.TB, c *Caller, h Handle, inherit bool, options uint32) Handle {
	tb.Helper()
	var dup Handle
	self := c.CurrentProcess()
	want(tb, "DuplicateHandle", c.DuplicateHandle(self, h, self, &dup, 0, inherit, options), 0)
	return dup
}

// spawn starts a child that inherits.
func spawn(tb testing.TB, k *sim.Kernel, parent sim.PID, s sim.ProcessSpec) *Caller {
	tb.Helper()
	s.Parent, s.Image = parent, image(tb, `C:\child.exe`, 64)
	_, tid, _, err := k.CreateProcess(s)
	if err != nil {
		tb.Fatal(err)
	}
	c, err := NewCaller(k, tid)
	wantIn(tb, "NewCaller", err, 0)
	return c
}

// nextPID moves the process cursor of a handle on and gives the pid it found.
func nextPID(tb testing.TB, c *Caller, h Handle) uint32 {
	tb.Helper()
	e := ProcessEntry32{Size: sizeofProcess}
	want(tb, "Process32Next", c.Process32Next(h, &e), 0)
	return e.ProcessID
}

// pids are those of all processes, in the order of the list.
func pids(k *sim.Kernel) (all []uint32) {
	for p := range k.State().Processes() {
		all = append(all, uint32(p.ID()))
	}
	return all
}

// TestClose is rules D.3, D.4, D.6, D.9, D.10, D.32 and D.33.
func TestClose(t *testing.T) {
	d := newDesk(t)
	h := take(t, d.me, TH32CS_SNAPALL, 0)
	for _, p := range probes(d.me) {
		want(t, p.name, p.first(h), 0)
	}
	want(t, "D.3 CloseHandle", d.me.CloseHandle(h), 0)
	want(t, "D.4 CloseHandle again", d.me.CloseHandle(h), ERROR_INVALID_HANDLE)
	for _, p := range probes(d.me) {
		want(t, "D.9, D.10 "+p.name, p.next(h), ERROR_INVALID_HANDLE)
	}
	for _, bad := range []Handle{0, 1, 0xDEAD0, Handle(h) + 400} {
		want(t, "D.4 CloseHandle of no handle", d.me.CloseHandle(bad), ERROR_INVALID_HANDLE)
	}
	for range 2 {
		want(t, "D.6 CloseHandle(InvalidHandle)", d.me.CloseHandle(InvalidHandle), 0)
		want(t, "D.6 CloseHandle of the thread's pseudo handle", d.me.CloseHandle(InvalidHandle-1), 0)
	}
	innocent := take(t, d.me, TH32CS_SNAPTHREAD, 0)
	if innocent != h {
		t.Errorf("D.4: the value %#x was not reused, the next handle is %#x", h, innocent)
	}
	want(t, "D.4 CloseHandle by the old value closes the new object", d.me.CloseHandle(h), 0)

	h = take(t, d.me, TH32CS_SNAPPROCESS, 0)
	want(t, "SetHandleInformation", d.me.SetHandleInformation(h, HANDLE_FLAG_PROTECT_FROM_CLOSE, HANDLE_FLAG_PROTECT_FROM_CLOSE), 0)
	want(t, "D.32 CloseHandle of a protected handle", d.me.CloseHandle(h), ERROR_INVALID_HANDLE)
	nextPID(t, d.me, h)
	want(t, "SetHandleInformation", d.me.SetHandleInformation(h, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0), 0)
	want(t, "D.33 CloseHandle after the flag is cleared", d.me.CloseHandle(h), 0)
}

// TestHandleFlags is rules C.1-36, D.30 and D.31, and what Wine says of unknown bits and pseudo handles.
func TestHandleFlags(t *testing.T) {
	d := newDesk(t)
	plain, heir := take(t, d.me, TH32CS_SNAPPROCESS, 0), take(t, d.me, TH32CS_SNAPPROCESS|TH32CS_INHERIT, 0)
	if flagsOf(t, d.me, plain) != 0 || flagsOf(t, d.me, heir) != HANDLE_FLAG_INHERIT {
		t.Errorf("C.1-36, D.30: flags %d and %d, want 0 and 1 with TH32CS_INHERIT", flagsOf(t, d.me, plain), flagsOf(t, d.me, heir))
	}
	steps := []struct {
		reason           string
		mask, set, after uint32
	}{
		{"D.31 an empty mask", 0, 3, 0},
		{"D.31 one bit of two", 1, 3, 1},
		{"D.31 both", 3, 3, 3},
		{"D.31 clearing one, the other is not in the mask", 2, 1, 1},
		{"a bit without a meaning", 4, 4, 1},
		{"all bits", 0xFFFFFFFF, 0, 0},
		{"unknown bits beside a known one", 7, 1, 1},
	}
	for _, s := range steps {
		want(t, s.reason, d.me.SetHandleInformation(plain, s.mask, s.set), 0)
		if f := flagsOf(t, d.me, plain); f != s.after {
			t.Errorf("%s: flags %d after SetHandleInformation(%d, %d), want %d", s.reason, f, s.mask, s.set, s.after)
		}
	}
	for _, h := range []Handle{InvalidHandle, InvalidHandle - 1} {
		if f := flagsOf(t, d.me, h); f != 0 {
			t.Errorf("flags of pseudo handle %#x: %d, want 0", h, f)
		}
		want(t, "SetHandleInformation of a pseudo handle", d.me.SetHandleInformation(h, 1, 1), ERROR_ACCESS_DENIED)
	}
	want(t, "GetHandleInformation without a place to put it", d.me.GetHandleInformation(plain, nil), 0)
	if high := Handle(uint64(plain) | 1<<32); high != plain { // hosts whose handles have an upper half
		want(t, "GetHandleInformation of a handle with a high bit", d.me.GetHandleInformation(high, nil), ERROR_INVALID_HANDLE)
		want(t, "SetHandleInformation of a handle with a high bit", d.me.SetHandleInformation(high, 1, 1), ERROR_INVALID_HANDLE)
	}
	want(t, "CloseHandle", d.me.CloseHandle(plain), 0)
	f := uint32(99)
	for _, h := range []Handle{plain, 0} {
		want(t, "GetHandleInformation of no handle", d.me.GetHandleInformation(h, &f), ERROR_INVALID_HANDLE)
		want(t, "SetHandleInformation of no handle", d.me.SetHandleInformation(h, 1, 1), ERROR_INVALID_HANDLE)
	}
	if f != 99 {
		t.Errorf("a failed GetHandleInformation wrote %d", f)
	}
}

// TestInheritance is rules D.11 to D.14 and D.16 to D.18.
func TestInheritance(t *testing.T) {
	d := newDesk(t)
	all := pids(d.k)
	heir, later, plain := take(t, d.me, TH32CS_SNAPALL|TH32CS_INHERIT, 0), take(t, d.me, TH32CS_SNAPPROCESS, 0), take(t, d.me, TH32CS_SNAPPROCESS, 0)
	early := spawn(t, d.k, d.app, sim.ProcessSpec{InheritHandles: true})
	want(t, "SetHandleInformation", d.me.SetHandleInformation(later, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT), 0)
	child := spawn(t, d.k, d.app, sim.ProcessSpec{InheritHandles: true})
	without := spawn(t, d.k, d.app, sim.ProcessSpec{})
	some := spawn(t, d.k, d.app, sim.ProcessSpec{InheritHandles: true, Handles: []sim.Handle{sim.Handle(later)}})
	grandchild := spawn(t, d.k, child.pid, sim.ProcessSpec{InheritHandles: true})
	e := ProcessEntry32{Size: sizeofProcess}
	tests := []struct {
		reason string
		who    *Caller
		h      Handle
		code   Errno
	}{
		{"D.11 marked, and asked for", child, heir, 0},
		{"D.11 marked by SetHandleInformation", child, later, 0},
		{"D.11 not marked", child, plain, ERROR_INVALID_HANDLE},
		{"D.12 marked, not asked for", without, heir, ERROR_INVALID_HANDLE},
		{"D.13 in the handle list", some, later, 0},
		{"D.13 not in the handle list", some, heir, ERROR_INVALID_HANDLE},
		{"D.16 created before the flag was set", early, later, ERROR_INVALID_HANDLE},
		{"D.16 a grandchild", grandchild, heir, 0},
	}
	for _, tt := range tests {
		want(t, tt.reason, tt.who.Process32First(tt.h, &e), tt.code)
		if tt.code == 0 && flagsOf(t, tt.who, tt.h) != HANDLE_FLAG_INHERIT {
			t.Errorf("%s: D.16: the child's handle has flags %d, want the parent's, 1", tt.reason, flagsOf(t, tt.who, tt.h))
		}
	}
	want(t, "Process32First", d.me.Process32First(heir, &e), 0)
	got := []uint32{nextPID(t, child, heir), nextPID(t, grandchild, heir), nextPID(t, d.me, heir)}
	if !slices.Equal(got, all[1:4]) {
		t.Errorf("D.14, D.17: Next by child, grandchild and parent gives %v, want entries 1 to 3, %v", got, all[1:4])
	}
	if paths := modulePaths(t, child, heir); len(paths) == 0 || paths[0] != `C:\app\app.exe` {
		t.Errorf("D.18: the child sees modules %q, want the parent's, which were captured", paths)
	}
	want(t, "the child closes", child.CloseHandle(heir), 0)
	nextPID(t, d.me, heir)
	d.end(t, d.app)
	if next := nextPID(t, grandchild, heir); next != all[5] {
		t.Errorf("D.7: after its creator has ended the inherited snapshot gives %d, want entry 5, %d", next, all[5])
	}
}

// TestProcessEnd is rules D.2, D.7, D.8 and D.34: forgotten handles are counted until their process ends, and closed then, protected ones too.
func TestProcessEnd(t *testing.T) {
	d := newDesk(t)
	s, err := Take(d.k, TH32CS_SNAPALL, d.app)
	wantIn(t, "Take", err, 0)
	one := s.Bytes()
	for range 3 {
		h := take(t, d.me, TH32CS_SNAPALL, 0)
		want(t, "SetHandleInformation", d.me.SetHandleInformation(h, 2, 2), 0)
		duplicateOf(t, d.me, h, false, 0)
	}
	if n, bytes := d.me.table.Len(), d.me.table.Bytes(); n != 6 || bytes != 3*one {
		t.Errorf("D.8: %d handles, %d bytes, want 6 and %d: each object once", n, bytes, 3*one)
	}
	for _, o := range d.me.table.All() {
		if o.Kind() != "Section" {
			t.Errorf("D.2, D.20: a snapshot is a %s, want a Section", o.Kind())
		}
	}
	d.end(t, d.app)
	if n, bytes := d.me.table.Len(), d.me.table.Bytes(); n != 0 || bytes != 0 {
		t.Errorf("D.8, D.34: %d handles, %d bytes after the process has ended, want none", n, bytes)
	}
	_, err = d.me.CreateToolhelp32Snapshot(TH32CS_SNAPALL, 0)
	want(t, "a call by a process that has ended", err, ERROR_INVALID_PARAMETER)
	_, err = d.me.CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0)
	want(t, "a call by a process that has ended", err, ERROR_INVALID_PARAMETER)
	_, err = d.me.OpenProcess(PROCESS_TERMINATE, false, uint32(d.child))
	want(t, "OpenProcess by a process that has ended", err, ERROR_INVALID_PARAMETER)
	want(t, "CloseHandle by a process that has ended", d.me.CloseHandle(4), ERROR_INVALID_HANDLE)
}

// TestOpenProcess is rules A.8, E.16 and E.17.
func TestOpenProcess(t *testing.T) {
	d := newDesk(t)
	for _, pid := range []uint32{0, 1, 3, 4000000, uint32(d.waker), 0xFFFFFFFF} {
		h, err := d.me.OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
		want(t, "OpenProcess of no process", err, ERROR_INVALID_PARAMETER)
		if h != 0 {
			t.Errorf("OpenProcess(%d) = %#x with an error, want 0", pid, h)
		}
	}
	h, err := d.me.OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, true, uint32(d.child)+2)
	want(t, "A.8 OpenProcess, low bits ignored", err, 0)
	if flagsOf(t, d.me, h) != HANDLE_FLAG_INHERIT {
		t.Error("OpenProcess with inheritHandle gives a handle that is not inheritable")
	}
	d.end(t, d.child)
	again, err := d.me.OpenProcess(PROCESS_ALL_ACCESS, false, uint32(d.child))
	want(t, "E.17 OpenProcess of a process that has ended and is held", err, 0)
	want(t, "CloseHandle", d.me.CloseHandle(h), 0)
	want(t, "CloseHandle", d.me.CloseHandle(again), 0)
	_, err = d.me.OpenProcess(PROCESS_ALL_ACCESS, false, uint32(d.child))
	want(t, "E.16 OpenProcess of a process that has ended", err, ERROR_INVALID_PARAMETER)
}

func TestPseudoHandles(t *testing.T) {
	d := newDesk(t)
	h, err := d.me.GetCurrentProcess()
	want(t, "GetCurrentProcess", err, 0)
	if h != InvalidHandle || d.me.CurrentProcess() != h {
		t.Errorf("the pseudo handle is %#x and %#x, want InvalidHandle", h, d.me.CurrentProcess())
	}
	if d.me.GetCurrentProcessId() != uint32(d.app) {
		t.Errorf("GetCurrentProcessId = %d, want %d", d.me.GetCurrentProcessId(), d.app)
	}
}

func TestNewCallerFails(t *testing.T) {
	d := newDesk(t)
	tid := d.me.Thread()
	d.end(t, d.app)
	for _, bad := range []sim.TID{0, tid, sim.TID(d.child), 4000000, tid + 1} {
		_, err := NewCaller(d.k, bad)
		wantIn(t, "NewCaller", err, ERROR_INVALID_PARAMETER)
	}
}
