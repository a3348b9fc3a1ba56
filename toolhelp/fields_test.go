package toolhelp

import (
	"slices"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// processEntries walks the processes of a snapshot.
func processEntries(tb testing.TB, c *Caller, h Handle) (all []ProcessEntry32) {
	tb.Helper()
	e := ProcessEntry32{Size: sizeofProcess}
	err := c.Process32First(h, &e)
	for ; err == nil; err = c.Process32Next(h, &e) {
		all = append(all, e)
	}
	want(tb, "end of the processes", err, ERROR_NO_MORE_FILES)
	return all
}

func threadEntries(tb testing.TB, c *Caller, h Handle) (all []ThreadEntry32) {
	tb.Helper()
	e := ThreadEntry32{Size: sizeofThread}
	err := c.Thread32First(h, &e)
	for ; err == nil; err = c.Thread32Next(h, &e) {
		all = append(all, e)
	}
	want(tb, "end of the threads", err, ERROR_NO_MORE_FILES)
	return all
}

func moduleEntries(tb testing.TB, c *Caller, h Handle) (all []ModuleEntry32) {
	tb.Helper()
	e := ModuleEntry32{Size: sizeofModule}
	err := c.Module32First(h, &e)
	for ; err == nil; err = c.Module32Next(h, &e) {
		all = append(all, e)
	}
	want(tb, "end of the modules", err, ERROR_NO_MORE_FILES)
	return all
}

func heapEntries(tb testing.TB, c *Caller, h Handle) (all []HeapList32) {
	tb.Helper()
	e := HeapList32{Size: sizeofHeapList}
	err := c.Heap32ListFirst(h, &e)
	for ; err == nil; err = c.Heap32ListNext(h, &e) {
		all = append(all, e)
	}
	want(tb, "end of the heaps", err, ERROR_NO_MORE_FILES)
	return all
}

// entry finds the entry of a process.
func entry(tb testing.TB, all []ProcessEntry32, pid sim.PID) ProcessEntry32 {
	tb.Helper()
	i := slices.IndexFunc(all, func(e ProcessEntry32) bool { return e.ProcessID == uint32(pid) })
	if i < 0 {
		tb.Fatalf("process %d is not listed", pid)
	}
	return all[i]
}

// TestProcessFields is rules C.3-2 to C.3-5, C.3-10, C.3-11 and A.8.
func TestProcessFields(t *testing.T) {
	d := newDesk(t)
	all := processEntries(t, d.me, take(t, d.me, TH32CS_SNAPPROCESS, 0))
	tests := []struct {
		reason  string
		pid     sim.PID
		name    string
		threads uint32
		parent  uint32
		base    int32
	}{
		{"C.3-5 the nameless process", 0, "[System Process]", 4, 0, 0},
		{"A.8 System", 4, "System", 1, 0, 8},
		{"C.3-3 the bare image name", d.app, "app.exe", 2, 0, 8},
		{"C.3-11 the base of the class", d.child, "child.exe", 1, uint32(d.app), 13},
		{"A.8 a kernel process has no suffix", d.kernel, "Registry", 1, 4, 8},
		{"a suspended process is listed", d.asleep, "asleep.exe", 1, 0, 8},
	}
	for _, tt := range tests {
		e := entry(t, all, tt.pid)
		if text16(e.ExeFile[:]) != tt.name || e.Threads != tt.threads || e.ParentProcessID != tt.parent || e.PriClassBase != tt.base {
			t.Errorf("%s: name %q, threads %d, parent %d, base %d, want %q, %d, %d, %d", tt.reason, text16(e.ExeFile[:]), e.Threads,
				e.ParentProcessID, e.PriClassBase, tt.name, tt.threads, tt.parent, tt.base)
		}
	}
	for _, e := range all {
		if e.Usage != 0 || e.DefaultHeapID != 0 || e.ModuleID != 0 || e.Flags != 0 || e.Size != sizeofProcess {
			t.Errorf("C.3-2: process %d: usage %d, heap %d, module %d, flags %d, size %d, want zeroes and the size of the struct",
				e.ProcessID, e.Usage, e.DefaultHeapID, e.ModuleID, e.Flags, e.Size)
		}
	}
}

// TestFalseParent is rules C.3-6 to C.3-9: the recorded parent stays when that process ends, when its pid becomes another's, and when it
// never was the creator; creation times of the kernel tell.
func TestFalseParent(t *testing.T) {
	k := sim.New(sim.Config{Reuse: sim.LastFirst})
	exe := image(t, `C:\a.exe`, 64)
	start := func(s sim.ProcessSpec) sim.PID {
		s.Image = exe
		pid, _, _, err := k.CreateProcess(s)
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
	parent := start(sim.ProcessSpec{})
	child := start(sim.ProcessSpec{Parent: parent})
	spoofed := start(sim.ProcessSpec{Parent: 4000000, AnyParent: true})
	if _, err := k.TerminateProcess(parent, 0); err != nil {
		t.Fatal(err)
	}
	orphan, err := Take(k, TH32CS_SNAPPROCESS, 0)
	wantIn(t, "Take", err, 0)
	if p, _ := orphan.Process(child); p.Parent() != parent {
		t.Errorf("C.3-6: parent %d after it ended, want %d for ever", p.Parent(), parent)
	}
	if _, ok := orphan.Process(parent); ok {
		t.Errorf("C.3-7: process %d is listed after it ended", parent)
	}
	if p, _ := orphan.Process(spoofed); p.Parent() != 4000000 {
		t.Errorf("C.3-9: parent %d, want the 4000000 it was created with", p.Parent())
	}
	var stranger sim.PID
	for range 10 {
		if stranger = start(sim.ProcessSpec{}); stranger == parent {
			break
		}
	}
	now, err := Take(k, TH32CS_SNAPPROCESS, 0)
	wantIn(t, "Take", err, 0)
	p, ok := now.Process(child)
	q, listed := now.Process(p.Parent())
	if !ok || !listed || stranger != parent {
		t.Fatalf("C.3-7: pid %d was not reused, child listed %v, parent listed %v", parent, ok, listed)
	}
	if q.Created() <= p.Created() {
		t.Errorf("C.3-8: the false parent was created at %d, not after its child, %d", q.Created(), p.Created())
	}
}

// TestThreadFields is rules C.4-2, C.4-3, C.4-5 to C.4-7.
func TestThreadFields(t *testing.T) {
	d := newDesk(t)
	low := d.thread(t, d.app)
	if _, err := d.k.SetThreadPriority(low, sim.PriorityLowest); err != nil {
		t.Fatal(err)
	}
	idle := 0
	bases := map[uint32]int32{}
	for _, e := range threadEntries(t, d.me, take(t, d.me, TH32CS_SNAPTHREAD, 0)) {
		if e.Size != 28 || e.Usage != 0 || e.DeltaPri != 0 || e.Flags != 0 {
			t.Errorf("C.4-2, C.4-3: thread %d: size %d, usage %d, delta %d, flags %d, want 28 and zeroes", e.ThreadID, e.Size, e.Usage, e.DeltaPri, e.Flags)
		}
		if e.ThreadID == 0 {
			idle++
			if e.OwnerProcessID != 0 || e.BasePri != 0 {
				t.Errorf("C.4-6: an idle thread has owner %d, base priority %d, want 0 and 0", e.OwnerProcessID, e.BasePri)
			}
		}
		bases[e.ThreadID] = e.BasePri
		if owner, _, _ := d.k.Thread(sim.TID(e.ThreadID)); e.ThreadID != 0 && uint32(owner.Owner()) != e.OwnerProcessID {
			t.Errorf("C.4-5: thread %d: owner %d, want %d where it runs", e.ThreadID, e.OwnerProcessID, owner.Owner())
		}
	}
	if idle != 4 {
		t.Errorf("C.4-6: %d threads with tid 0, want one for each CPU, 4", idle)
	}
	if bases[uint32(low)] != 6 || bases[uint32(d.me.Thread())] != 8 {
		t.Errorf("C.4-7: base priorities %d and %d, want 6 and 8", bases[uint32(low)], bases[uint32(d.me.Thread())])
	}
}

// TestModuleFields is rules C.5-2 to C.5-7.
func TestModuleFields(t *testing.T) {
	d := newDesk(t)
	again := d.load(t, d.app, `c:\windows\SYSTEM32\KERNEL32.DLL`, 64)
	s, err := Take(d.k, TH32CS_SNAPMODULE, d.app)
	wantIn(t, "Take", err, 0)
	all := moduleEntries(t, d.me, take(t, d.me, TH32CS_SNAPMODULE, 0))
	i := 0
	for m := range s.Modules() {
		e := all[i]
		i++
		if e.ModuleID != 1 || e.GlblcntUsage != 0xFFFF || e.ProccntUsage != 0xFFFF || e.Size != sizeofModule || e.ProcessID != uint32(d.app) {
			t.Errorf("C.5-2, C.5-3: %s: module id %d, counts %#x and %#x, size %d, pid %d", m.Name(), e.ModuleID, e.GlblcntUsage, e.ProccntUsage, e.Size, e.ProcessID)
		}
		if e.ModBaseAddr != uintptr(m.Base()) || e.ModuleHandle != Handle(e.ModBaseAddr) || e.ModBaseSize != m.Size() {
			t.Errorf("C.5-4: %s: base %#x, handle %#x, size %#x, want %#x twice and %#x", m.Name(), e.ModBaseAddr, e.ModuleHandle, e.ModBaseSize, m.Base(), m.Size())
		}
		if text16(e.Module[:]) != m.Name() || text16(e.ExePath[:]) != m.Path() {
			t.Errorf("C.5-7: name %q, path %q, want %q, %q", text16(e.Module[:]), text16(e.ExePath[:]), m.Name(), m.Path())
		}
	}
	if i != len(all) || i != 3 {
		t.Errorf("C.5-3: %d modules, by the Win32 door %d, want 3: kernel32 once, though it was loaded twice", i, len(all))
	}
	if uintptr(again) != all[2].ModBaseAddr {
		t.Errorf("C.5-7: the second load of kernel32, in other letters, is at %#x, want %#x where it was", again, all[2].ModBaseAddr)
	}
	elsewhere := moduleEntries(t, d.me, take(t, d.me, TH32CS_SNAPMODULE, uint32(d.child)))
	if elsewhere[0].ModBaseAddr == 0 || text16(elsewhere[0].Module[:]) != "child.exe" {
		t.Errorf("C.5-5: another process's exe %q at %#x", text16(elsewhere[0].Module[:]), elsewhere[0].ModBaseAddr)
	}
}

// TestHeapListFields is rules C.6-2 to C.6-4.
func TestHeapListFields(t *testing.T) {
	d := newDesk(t)
	all := heapEntries(t, d.me, take(t, d.me, TH32CS_SNAPHEAPLIST, 0))
	if len(all) != 2 || all[0].Flags != HF32_DEFAULT || all[1].Flags != HF32_SHARED {
		t.Fatalf("C.6-3: heaps %+v, want the default one, then the shared one", all)
	}
	for _, e := range all {
		if e.HeapID == 0 || e.ProcessID != uint32(d.app) || e.Size != sizeofHeapList {
			t.Errorf("C.6-3, C.6-4: heap %+v, want an id, the pid %d, the size %d", e, d.app, sizeofHeapList)
		}
	}
}

// TestNames is rules C.3-4, C.5-8, C.2-29 and C.2-30, and the text cases: what becomes of names in entries of both forms.
func TestNames(t *testing.T) {
	long := func(n int) []uint16 {
		units := make([]uint16, n)
		for i := range units {
			units[i] = uint16('a' + i%26)
		}
		return units
	}
	tests := []struct {
		reason string
		name   []uint16
		ansi   string // of the whole name, before it is cut
	}{
		{"an empty name", []uint16{}, ""},
		{"a name as long as its row", long(26), string16(long(26))},
		{"one longer", long(27), string16(long(27))},
		{"C.3-4 one unit less than there is room for", long(258), string16(long(258))},
		{"C.3-4 all there is room for", long(259), string16(long(259))},
		{"C.3-4 one unit too many", long(260), string16(long(260))},
		{"C.3-4 two units too many", long(261), string16(long(261))},
		{"C.3-4 as long as a path can be", long(32767), string16(long(32767))},
		{"C.3-4 cut through a surrogate pair", append(long(258), 0xD83D, 0xDE00), string16(long(258)) + "??"},
		{"C.2-30 a lone surrogate", []uint16{'a', 0xD800, 'b'}, "a?b"},
		{"C.2-30 two units outside the first plane", []uint16{0xD83D, 0xDE00}, "??"},
		{"C.2-30 what the code page has", []uint16{0x20AC, 0xE9, 0x2122, 0x81}, "\x80\xE9\x99\x81"},
		{"C.2-30 what it has not", []uint16{0x416, 0x4E2D}, "??"},
		{"an embedded NUL ends the text", []uint16{'a', 0, 'b'}, "a"},
		{"control characters", []uint16{'a', 0x1B, '[', '3', '1', 'm'}, "a\x1b[31m"},
		{"right-to-left marks", []uint16{0x202E, 'a'}, "?a"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			k := sim.New(sim.Config{Bare: true})
			img, err := sim.NewImage(sim.ImageSpec{Path16: tt.name})
			if err != nil {
				t.Fatal(err)
			}
			_, tid, _, err := k.CreateProcess(sim.ProcessSpec{Image: img})
			if err != nil {
				t.Fatal(err)
			}
			c, err := NewCaller(k, tid)
			wantIn(t, "NewCaller", err, 0)
			h := take(t, c, TH32CS_SNAPALL, 0)
			w, wm := ProcessEntry32{Size: sizeofProcess}, ModuleEntry32{Size: sizeofModule}
			a, am := ProcessEntry32A{Size: sizeofProcessANSI}, ModuleEntry32A{Size: sizeofModuleANSI}
			for i := range w.ExeFile {
				w.ExeFile[i] = 0xCCCC
			}
			want(t, "Process32First", c.Process32First(h, &w), 0)
			want(t, "Process32FirstA", c.Process32FirstA(h, &a), 0)
			want(t, "Module32First", c.Module32First(h, &wm), 0)
			want(t, "Module32FirstA", c.Module32FirstA(h, &am), 0)
			checkWide(t, "ExeFile", w.ExeFile[:], tt.name)
			checkWide(t, "Module", wm.Module[:], tt.name)
			checkWide(t, "ExePath", wm.ExePath[:], tt.name)
			checkANSI(t, "ExeFile", a.ExeFile[:], tt.ansi)
			checkANSI(t, "Module", am.Module[:], tt.ansi)
			checkANSI(t, "ExePath", am.ExePath[:], tt.ansi)
		})
	}
}

func string16(units []uint16) string {
	b := make([]byte, len(units))
	for i, u := range units {
		b[i] = byte(u)
	}
	return string(b)
}

// checkWide wants as much of the name as there is room for, and zeroes to the end of the array.
func checkWide(t *testing.T, field string, got, name []uint16) {
	t.Helper()
	all := make([]uint16, len(got))
	copy(all[:len(got)-1], name)
	if !slices.Equal(got, all) {
		t.Errorf("%s is %#x, want %#x", field, got, all)
	}
}

// checkANSI wants as much of the text as there is room for, and a NUL.
func checkANSI(t *testing.T, field string, got []byte, text string) {
	t.Helper()
	text = text[:min(len(text), len(got)-1)] + "\x00"
	if string(got[:len(text)]) != text {
		t.Errorf("%s is %q, want %q", field, got[:len(text)], text)
	}
}
