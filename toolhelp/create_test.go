package toolhelp

import (
	"slices"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

func TestCreateFails(t *testing.T) {
	d := newDesk(t)
	gone, _, _, err := d.k.CreateProcess(sim.ProcessSpec{Image: image(t, `C:\gone.exe`, 64)})
	if err != nil {
		t.Fatal(err)
	}
	d.end(t, gone)
	const all, module, heaps = TH32CS_SNAPALL, TH32CS_SNAPMODULE, TH32CS_SNAPHEAPLIST
	tests := []struct {
		reason string
		who    *Caller
		flags  uint32
		pid    uint32
		code   Errno
	}{
		{"C.1-24 no flags", d.me, 0, 0, ERROR_INVALID_PARAMETER},
		{"C.1-25 INHERIT only", d.me, TH32CS_INHERIT, 0, ERROR_INVALID_PARAMETER},
		{"C.1-26 unknown bits alone", d.me, 0x7FFFFFE0, 0, ERROR_INVALID_PARAMETER},
		{"C.1-24 no flags and a pid of nobody", d.me, 0, 0xFFFFFFFF, ERROR_INVALID_PARAMETER},
		{"C.1-11 module of a pid that never was", d.me, module, 4000000, ERROR_INVALID_PARAMETER},
		{"C.1-11 heaps of a pid that never was", d.me, heaps, 4000000, ERROR_INVALID_PARAMETER},
		{"C.1-11 MODULE32 consults the pid too", d.me, TH32CS_SNAPMODULE32, 4000000, ERROR_INVALID_PARAMETER},
		{"C.1-11 a pid that has just ended", d.me, module, uint32(gone), ERROR_INVALID_PARAMETER},
		{"C.1-11 the highest pid", d.me, module, 0xFFFFFFFF, ERROR_INVALID_PARAMETER},
		{"C.1-11 a tid is no pid", d.me, module, uint32(d.waker), ERROR_INVALID_PARAMETER},
		{"C.1-10 pid 1 is the idle process, which nobody opens", d.me, module, 1, ERROR_INVALID_PARAMETER},
		{"C.1-10 pid 3 likewise", d.me, heaps, 3, ERROR_INVALID_PARAMETER},
		{"C.1-12 nothing comes of ALL when its modules fail", d.me, all, 4000000, ERROR_INVALID_PARAMETER},
		{"C.1-13 modules of CSRSS", d.me, module, uint32(d.csrss), ERROR_ACCESS_DENIED},
		{"C.1-13 heaps of CSRSS", d.me, heaps, uint32(d.csrss), ERROR_ACCESS_DENIED},
		{"C.1-14 a protected process", d.me, module, uint32(d.guard), ERROR_ACCESS_DENIED},
		{"C.1-15 another user's process", d.me, module, uint32(d.other), ERROR_ACCESS_DENIED},
		{"C.1-16 System", d.me, module, 4, ERROR_ACCESS_DENIED},
		{"C.1-16 System's heaps, bits of the pid ignored", d.me, heaps, 7, ERROR_ACCESS_DENIED},
		{"C.1-16 another kernel process", d.me, module, uint32(d.kernel), ERROR_ACCESS_DENIED},
		{"C.1-19 a 32-bit caller and a 64-bit process", d.narrow, module, uint32(d.app), ERROR_PARTIAL_COPY},
		{"C.1-19 its heaps", d.narrow, heaps, uint32(d.app), ERROR_PARTIAL_COPY},
		{"C.1-31 created suspended", d.me, module, uint32(d.asleep), ERROR_PARTIAL_COPY},
		{"C.1-31 and with all lists", d.me, all, uint32(d.asleep), ERROR_PARTIAL_COPY},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			tt.who.SetLastError(0)
			before := tt.who.table.Len()
			h, err := tt.who.CreateToolhelp32Snapshot(tt.flags, tt.pid)
			want(t, "the call", err, tt.code)
			want(t, "C.1-2 the last error", tt.who.GetLastError(), tt.code)
			if h != InvalidHandle {
				t.Errorf("C.1-2: handle %#x, want InvalidHandle", h)
			}
			if n := tt.who.table.Len(); n != before {
				t.Errorf("C.1-12: %d handles are open, want %d as before", n, before)
			}
		})
	}
}

func TestCreateOpens(t *testing.T) {
	d := newDesk(t)
	const module, heaps = TH32CS_SNAPMODULE, TH32CS_SNAPHEAPLIST
	tests := []struct {
		reason string
		who    *Caller
		flags  uint32
		pid    uint32
		lists  uint32 // what has entries
	}{
		{"C.1-5 processes whatever the pid", d.me, TH32CS_SNAPPROCESS, 4000000, TH32CS_SNAPPROCESS},
		{"C.1-6 threads whatever the pid", d.me, TH32CS_SNAPTHREAD, 4000001, TH32CS_SNAPTHREAD},
		{"C.1-7 the pid counts for neither, denied or not", d.me, TH32CS_SNAPPROCESS | TH32CS_SNAPTHREAD, uint32(d.csrss), TH32CS_SNAPPROCESS | TH32CS_SNAPTHREAD},
		{"C.1-8 pid 0 is the caller", d.me, module, 0, module},
		{"C.1-8 pid 0 is a caller who is protected", d.callerIn(t, d.guard), module, 0, module},
		{"C.1-18 nobody needs rights to see processes", d.narrow, TH32CS_SNAPPROCESS, 0, TH32CS_SNAPPROCESS},
		{"C.1-23 MODULE32 alone lists nothing", d.me, TH32CS_SNAPMODULE32, 0, 0},
		{"C.1-23 and of a process that has not started", d.me, TH32CS_SNAPMODULE32, uint32(d.asleep), 0},
		{"C.1-26 unknown bits beside a list", d.me, TH32CS_SNAPPROCESS | 0x7FFFFFE0, 0, TH32CS_SNAPPROCESS},
		{"C.1-26 all bits", d.me, 0xFFFFFFFF, 0, TH32CS_SNAPALL},
		{"C.1-27 HEAPLIST alone", d.me, heaps, 0, heaps},
		{"C.1-31 heaps of a process that has not started: none yet", d.me, heaps, uint32(d.asleep), 0},
		{"C.1-19 a 32-bit caller and a 32-bit process", d.narrow, module, 0, module},
		{"A.8 the low two bits of a pid", d.me, module, uint32(d.child) + 3, module},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			h := take(t, tt.who, tt.flags, tt.pid)
			if h == 0 || h == InvalidHandle || h%4 != 0 {
				t.Errorf("C.1-1: handle %#x, want a multiple of 4 that is neither 0 nor InvalidHandle", h)
			}
			for _, p := range probes(tt.who) {
				if got, listed := len(p.walk(t, h)) > 0, tt.lists&p.flag != 0; got != listed {
					t.Errorf("%s has entries: %v, want %v", p.name, got, listed)
				}
			}
		})
	}
}

// TestFlagsChoose is rule C.1-3 and C.1-4: of all combinations of the four lists exactly those that were asked for have entries.
func TestFlagsChoose(t *testing.T) {
	d := newDesk(t)
	for flags := uint32(1); flags <= TH32CS_SNAPALL; flags++ {
		h := take(t, d.me, flags, 0)
		for _, p := range probes(d.me) {
			if got, listed := len(p.walk(t, h)) > 0, flags&p.flag != 0; got != listed {
				t.Errorf("flags %#x: %s has entries: %v, want %v", flags, p.name, got, listed)
			}
		}
		want(t, "CloseHandle", d.me.CloseHandle(h), 0)
	}
	if TH32CS_SNAPALL != 0x0F {
		t.Errorf("C.1-4: SNAPALL is %#x, want 0x0F: without MODULE32 and INHERIT", TH32CS_SNAPALL)
	}
	var f uint32
	want(t, "GetHandleInformation", d.me.GetHandleInformation(take(t, d.me, TH32CS_SNAPALL, 0), &f), 0)
	if f != 0 {
		t.Errorf("C.1-4: flags of an ALL snapshot's handle %#x, want 0", f)
	}
}

// TestEntriesShowThePid is rules C.1-9 and C.5-6: entries show the pid that was passed, and the caller's own for 0.
func TestEntriesShowThePid(t *testing.T) {
	d := newDesk(t)
	for _, pid := range []uint32{0, uint32(d.app), uint32(d.app) + 2, uint32(d.child) + 1} {
		shown := pid
		if pid == 0 {
			shown = uint32(d.app)
		}
		h := take(t, d.me, TH32CS_SNAPMODULE|TH32CS_SNAPHEAPLIST, pid)
		m := ModuleEntry32{Size: sizeofModule}
		for err := d.me.Module32First(h, &m); err == nil; err = d.me.Module32Next(h, &m) {
			if m.ProcessID != shown {
				t.Errorf("pid %d: a module says %d, want %d", pid, m.ProcessID, shown)
			}
		}
		l := HeapList32{Size: sizeofHeapList}
		for err := d.me.Heap32ListFirst(h, &l); err == nil; err = d.me.Heap32ListNext(h, &l) {
			if l.ProcessID != shown {
				t.Errorf("pid %d: a heap says %d, want %d", pid, l.ProcessID, shown)
			}
		}
		if m.ProcessID == 0 || l.ProcessID == 0 {
			t.Errorf("pid %d: no modules or no heaps were listed", pid)
		}
	}
}

// TestModuleRights is rule C.1-17: who may not open a process for VM_READ and QUERY_INFORMATION gets no module list of it, and only who may does.
func TestModuleRights(t *testing.T) {
	d := newDesk(t)
	for _, privilege := range []bool{false, true} {
		d.me.SeDebugPrivilege = privilege
		for p := range d.k.State().Processes() {
			if p.ID() == 0 || !p.Started() || p.Minimal() {
				continue
			}
			ph, open := d.me.OpenProcess(PROCESS_VM_READ|PROCESS_QUERY_INFORMATION, false, uint32(p.ID()))
			if open == nil {
				want(t, "CloseHandle", d.me.CloseHandle(ph), 0)
			}
			_, err := d.me.CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, uint32(p.ID()))
			if err != open {
				t.Errorf("SeDebugPrivilege %v, process %d %s: snapshot %v, OpenProcess %v, want the same", privilege, p.ID(), p.Name(), err, open)
			}
		}
	}
}

func TestSeDebugPrivilege(t *testing.T) {
	d := newDesk(t)
	d.me.SeDebugPrivilege = true
	tests := []struct {
		reason string
		pid    sim.PID
		access uint32
		open   Errno
		module Errno
	}{
		{"C.1-15 another user's process opens", d.other, PROCESS_ALL_ACCESS, 0, 0},
		{"C.1-13 CSRSS stays shut", d.csrss, PROCESS_VM_READ, ERROR_ACCESS_DENIED, ERROR_ACCESS_DENIED},
		{"C.1-13 but may be asked what it is", d.csrss, PROCESS_QUERY_LIMITED_INFORMATION, 0, ERROR_ACCESS_DENIED},
		{"C.1-14 a protected process stays shut", d.guard, PROCESS_QUERY_INFORMATION, ERROR_ACCESS_DENIED, ERROR_ACCESS_DENIED},
		{"A.6 but may be ended", d.guard, PROCESS_TERMINATE | SYNCHRONIZE, 0, ERROR_ACCESS_DENIED},
		{"C.1-16 System stays shut", 4, PROCESS_VM_READ, ERROR_ACCESS_DENIED, ERROR_ACCESS_DENIED},
		{"A.6 WRITE_OWNER of a protected process", d.guard, WRITE_OWNER, ERROR_ACCESS_DENIED, ERROR_ACCESS_DENIED},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			h, err := d.me.OpenProcess(tt.access, false, uint32(tt.pid))
			want(t, "OpenProcess", err, tt.open)
			if (err == nil) != (h != 0) {
				t.Errorf("OpenProcess gave handle %#x with error %v", h, err)
			}
			_, err = d.me.CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, uint32(tt.pid))
			want(t, "CreateToolhelp32Snapshot", err, tt.module)
		})
	}
	d.me.SeDebugPrivilege = false
	for _, pid := range []sim.PID{d.other, d.csrss, 4, d.kernel} {
		_, err := d.me.OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
		want(t, "OpenProcess without the privilege", err, ERROR_ACCESS_DENIED)
	}
}

func TestWOW64Modules(t *testing.T) {
	d := newDesk(t)
	d.load(t, d.wow, `D:\WINDOWS\SYSTEM32\up.dll`, 32)
	d.load(t, d.wow, `C:\b.dll`, 32)
	d.load(t, d.wow, `C:\Windows\System\long enough to be one.dll`, 32)
	const exe, sys, wow = `C:\Program Files (x86)\old.exe`, `C:\Windows\System32\`, `C:\Windows\SysWOW64\`
	wide := []string{exe, sys + "ntdll.dll", sys + "wow64.dll", sys + "wow64win.dll", sys + "wow64cpu.dll"}
	thin := []string{exe, wow + "ntdll.dll"}
	rest := []string{`C:\b.dll`, `C:\Windows\System\long enough to be one.dll`}
	own := slices.Concat(thin, []string{sys + "kernel32.dll", `D:\WINDOWS\SYSTEM32\up.dll`}, rest)
	tests := []struct {
		reason string
		who    *Caller
		flags  uint32
		paths  []string
	}{
		{"C.1-20 MODULE by a 64-bit caller", d.me, TH32CS_SNAPMODULE, wide},
		{"C.1-21, C.5-10 and MODULE32: exe and ntdll twice, SysWOW64 paths", d.me, TH32CS_SNAPMODULE | TH32CS_SNAPMODULE32,
			slices.Concat(wide, thin, []string{wow + "kernel32.dll", `D:\WINDOWS\SysWOW64\up.dll`}, rest)},
		{"a 32-bit caller sees its own loader's list, with its paths", d.narrow, TH32CS_SNAPMODULE, own},
		{"C.1-22 and MODULE32 changes nothing", d.narrow, TH32CS_SNAPMODULE | TH32CS_SNAPMODULE32, own},
		{"C.1-23 MODULE32 alone", d.me, TH32CS_SNAPMODULE32, nil},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			h := take(t, tt.who, tt.flags, uint32(d.wow))
			if got := modulePaths(t, tt.who, h); !slices.Equal(got, tt.paths) {
				t.Errorf("modules\n%q, want\n%q", got, tt.paths)
			}
		})
	}
	h := take(t, d.me, TH32CS_SNAPMODULE, uint32(d.app))
	h32 := take(t, d.me, TH32CS_SNAPMODULE|TH32CS_SNAPMODULE32, uint32(d.app))
	if got, want := modulePaths(t, d.me, h32), modulePaths(t, d.me, h); !slices.Equal(got, want) {
		t.Errorf("MODULE|MODULE32 of a 64-bit process lists %q, want %q as without", got, want)
	}
}

// TestStartingProcess is rules C.1-31, C.1-32 and C.1-35: a process has no module list before its loader runs, and one from then on; no call
// hangs on a target that does not run.
func TestStartingProcess(t *testing.T) {
	d := newDesk(t)
	_, err := d.me.CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, uint32(d.asleep))
	want(t, "before it was resumed", err, ERROR_PARTIAL_COPY)
	if _, _, err := d.k.ResumeThread(d.waker); err != nil {
		t.Fatal(err)
	}
	h := take(t, d.me, TH32CS_SNAPALL, uint32(d.asleep))
	if got := modulePaths(t, d.me, h); len(got) != 2 || got[0] != `C:\asleep.exe` {
		t.Errorf("modules after it was resumed: %q, want the exe and ntdll", got)
	}
	if _, _, err := d.k.SuspendThread(d.waker); err != nil {
		t.Fatal(err)
	}
	take(t, d.me, TH32CS_SNAPALL, uint32(d.asleep))
}

// TestNotListed is rules C.1-33, C.1-39 and C.1-40: data files and ended processes are not in the lists, the caller is.
func TestNotListed(t *testing.T) {
	d := newDesk(t)
	if _, _, err := d.k.LoadLibrary(d.app, image(t, `C:\app\res.dll`, 64), sim.LoadAsDataFile); err != nil {
		t.Fatal(err)
	}
	h, err := d.me.OpenProcess(PROCESS_ALL_ACCESS, false, uint32(d.child))
	want(t, "OpenProcess", err, 0)
	d.end(t, d.child)
	all := take(t, d.me, TH32CS_SNAPALL, 0)
	if paths := modulePaths(t, d.me, all); slices.Contains(paths, `C:\app\res.dll`) {
		t.Errorf("C.1-33: %q lists a module that was loaded as a data file", paths)
	}
	names := processNames(t, d.me, all)
	if slices.Contains(names, "child.exe") {
		t.Errorf("C.1-40: %q lists a process that has ended and is only held by handle %#x", names, h)
	}
	if !slices.Contains(names, "app.exe") {
		t.Errorf("C.1-39: %q does not list the caller's process", names)
	}
	found := false
	e := ThreadEntry32{Size: sizeofThread}
	for err := d.me.Thread32First(all, &e); err == nil; err = d.me.Thread32Next(all, &e) {
		found = found || e.ThreadID == uint32(d.me.Thread())
	}
	if !found {
		t.Errorf("C.1-39: thread %d, the caller, is not listed", d.me.Thread())
	}
}

// TestBadLength is rules C.1-28 to C.1-30: with separate cuts a module list that changes while it is read fails the call with 24, once or for
// ever, and a snapshot without modules never does.
func TestBadLength(t *testing.T) {
	d := newDesk(t)
	d.me.SeparateCuts = true
	d.me.Hook = func(c *Caller, call Call) Errno {
		if call.Cut == CutModulesAgain {
			c.Hook = nil
			d.load(t, d.child, `C:\late.dll`, 64)
		}
		return 0
	}
	_, err := d.me.CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, uint32(d.child))
	want(t, "C.1-28 a module is loaded meanwhile", err, ERROR_BAD_LENGTH)
	want(t, "C.1-28 the last error", d.me.GetLastError(), ERROR_BAD_LENGTH)
	_, err = d.me.CreateToolhelp32Snapshot(TH32CS_SNAPALL, uint32(d.child))
	want(t, "C.1-28 the call again", err, 0)
	d.me.Hook = func(_ *Caller, call Call) Errno {
		if call.Cut == CutModulesAgain {
			return ERROR_BAD_LENGTH
		}
		return 0
	}
	for range 100 {
		_, err = d.me.CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, uint32(d.child))
		want(t, "C.1-30 a target that never holds still", err, ERROR_BAD_LENGTH)
	}
	_, err = d.me.CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS|TH32CS_SNAPTHREAD, uint32(d.child))
	want(t, "C.1-29 processes and threads", err, 0)
}

// TestCreateIsACopy is rules C.1-37 and C.1-38.
func TestCreateIsACopy(t *testing.T) {
	d := newDesk(t)
	old := take(t, d.me, TH32CS_SNAPALL, 0)
	before := map[string][]uint64{}
	for _, p := range probes(d.me) {
		before[p.name] = p.walk(t, old)
	}
	d.end(t, d.child)
	d.thread(t, d.app)
	d.load(t, d.app, `C:\app\new.dll`, 64)
	if _, _, err := d.k.HeapCreate(d.app, sim.HeapSpec{}); err != nil {
		t.Fatal(err)
	}
	now := take(t, d.me, TH32CS_SNAPALL, 0)
	for _, p := range probes(d.me) {
		if got := p.walk(t, old); !slices.Equal(got, before[p.name]) {
			t.Errorf("C.1-37: %s of the old snapshot gives %v, want %v as before the changes", p.name, got, before[p.name])
		}
		if got := p.walk(t, now); slices.Equal(got, before[p.name]) {
			t.Errorf("C.1-38: %s of the new snapshot shows none of the changes: %v", p.name, got)
		}
	}
}
