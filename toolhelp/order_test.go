package toolhelp

import (
	"slices"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// TestProcessOrder is rules E.1 to E.4: creation order, pid 0 first, whatever the pids; a parent need not stand before its child.
func TestProcessOrder(t *testing.T) {
	k := sim.New(sim.Config{})
	exe := image(t, `C:\a.exe`, 64)
	want := []uint32{0, 4}
	for _, id := range []sim.PID{4252, 6072, 1560, 5000, 1200} {
		s := sim.ProcessSpec{Image: exe, ID: id, Parent: 1200, AnyParent: true}
		if _, _, _, err := k.CreateProcess(s); err != nil {
			t.Fatal(err)
		}
		want = append(want, uint32(id))
	}
	if _, err := k.TerminateProcess(6072, 0); err != nil {
		t.Fatal(err)
	}
	want = slices.DeleteFunc(want, func(pid uint32) bool { return pid == 6072 })
	s, err := Take(k, TH32CS_SNAPPROCESS, 0)
	wantIn(t, "Take", err, 0)
	var got []uint32
	for p := range s.Processes() {
		got = append(got, uint32(p.ID()))
	}
	if !slices.Equal(got, want) {
		t.Errorf("processes %v, want %v: E.2 pid 0 first, E.1, E.3 in creation order, E.4 the parent 1200 after its children", got, want)
	}
}

// TestThreadOrder is rules E.5 to E.8.
func TestThreadOrder(t *testing.T) {
	d := newDesk(t)
	d.thread(t, d.child)
	var made []uint32
	for range 4 {
		made = append(made, uint32(d.thread(t, d.app)))
	}
	list := func() (owners, mine []uint32) {
		for _, e := range threadEntries(t, d.me, take(t, d.me, TH32CS_SNAPTHREAD, 0)) {
			if len(owners) == 0 || owners[len(owners)-1] != e.OwnerProcessID {
				owners = append(owners, e.OwnerProcessID)
			}
			if e.OwnerProcessID == uint32(d.app) {
				mine = append(mine, e.ThreadID)
			}
		}
		return owners, mine
	}
	owners, mine := list()
	if all := pids(d.k); !slices.Equal(owners, all) {
		t.Errorf("E.5: threads are grouped by owners %v, want each process once, in the order of the processes, %v", owners, all)
	}
	if mine[0] != uint32(d.me.Thread()) || !slices.Equal(mine[2:], made) {
		t.Errorf("E.6, E.7: threads %v, want the main thread %d first and the last four in creation order, %v", mine, d.me.Thread(), made)
	}
	if _, err := d.k.TerminateThread(d.me.Thread(), 0); err != nil {
		t.Fatal(err)
	}
	if _, now := list(); !slices.Equal(now, mine[1:]) {
		t.Errorf("E.8: threads without the main one %v, want the rest, %v", now, mine[1:])
	}
	s, err := Take(d.k, TH32CS_SNAPTHREAD, 0)
	wantIn(t, "Take", err, 0)
	for _, pid := range pids(d.k) {
		var all, own []sim.Thread
		for thread := range s.Threads() {
			if thread.Owner() == sim.PID(pid) {
				all = append(all, thread)
			}
		}
		for thread := range s.ThreadsOf(sim.PID(pid)) {
			own = append(own, thread)
		}
		if !slices.Equal(own, all) {
			t.Errorf("C.4-4: ThreadsOf(%d) = %v, want the threads whose owner it is, %v", pid, own, all)
		}
	}
}

// TestModuleOrder is rules E.9, E.11 and E.12; E.10 is in TestWOW64Modules.
func TestModuleOrder(t *testing.T) {
	d := newDesk(t)
	d.load(t, d.app, `C:\z.dll`, 64)
	d.load(t, d.app, `C:\a.dll`, 64)
	h := take(t, d.me, TH32CS_SNAPMODULE|TH32CS_SNAPHEAPLIST, 0)
	const sys = `C:\Windows\System32\`
	want := []string{`C:\app\app.exe`, sys + "ntdll.dll", sys + "kernel32.dll", `C:\z.dll`, `C:\a.dll`}
	if got := modulePaths(t, d.me, h); !slices.Equal(got, want) {
		t.Errorf("E.9, E.11: modules %q, want %q: the exe, ntdll, then as they were loaded, each once", got, want)
	}
	if heaps := heapEntries(t, d.me, h); heaps[0].Flags&HF32_DEFAULT == 0 {
		t.Errorf("E.12: the first heap %+v is not the default one", heaps[0])
	}
}

// TestOneCut is rules E.13, C.3-10 and seed statement 4: whatever happens meanwhile, the lists of one snapshot fit together.
func TestOneCut(t *testing.T) {
	d := newDesk(t)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		exe := sim.MustImage(`C:\short.exe`)
		for {
			select {
			case <-stop:
				return
			default:
			}
			pid, _, _, err := d.k.CreateProcess(sim.ProcessSpec{Image: exe})
			if err == nil {
				_, _, err = d.k.CreateThread(pid, sim.ThreadSpec{})
			}
			if err == nil {
				_, err = d.k.TerminateProcess(pid, 0)
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for range 300 {
		h := take(t, d.me, TH32CS_SNAPALL, 0)
		counts := map[uint32]uint32{}
		for _, e := range threadEntries(t, d.me, h) {
			counts[e.OwnerProcessID]++
		}
		for _, e := range processEntries(t, d.me, h) {
			if counts[e.ProcessID] != e.Threads {
				t.Errorf("C.3-10: process %d has %d threads in the list and says %d", e.ProcessID, counts[e.ProcessID], e.Threads)
			}
			delete(counts, e.ProcessID)
		}
		if len(counts) != 0 {
			t.Errorf("E.13: threads of processes that are not listed: %v", counts)
		}
		want(t, "CloseHandle", d.me.CloseHandle(h), 0)
	}
	close(stop)
	<-done
}

// TestSeparateCuts is rules E.14, E.15 and E.18: with cuts apart the target of the module list may be missing among the processes.
func TestSeparateCuts(t *testing.T) {
	d := newDesk(t)
	d.me.SeparateCuts = true
	var seen []Cut
	d.me.Hook = func(c *Caller, call Call) Errno {
		if call.Name != "CreateToolhelp32Snapshot" {
			return 0
		}
		seen = append(seen, call.Cut)
		if call.Cut == CutProcesses {
			d.end(t, d.child)
		}
		return 0
	}
	h := take(t, d.me, TH32CS_SNAPALL, uint32(d.child))
	if want := []Cut{CutNone, CutHeaps, CutModules, CutModulesAgain, CutProcesses}; !slices.Equal(seen, want) {
		t.Errorf("the hook saw %v, want %v", seen, want)
	}
	if modules := moduleEntries(t, d.me, h); len(modules) == 0 {
		t.Error("E.14: no modules, want those of the process that has ended since")
	}
	for _, e := range processEntries(t, d.me, h) {
		if e.ProcessID == uint32(d.child) {
			t.Errorf("E.14: process %d ended before the process list was read and is in it", d.child)
		}
	}
}

func TestTakeSeparately(t *testing.T) {
	d := newDesk(t)
	grow := func() { d.load(t, d.child, `C:\late.dll`, 64) }
	end := func() { d.end(t, d.child) }
	tests := []struct {
		reason string
		flags  uint32
		at     Cut
		do     func()
		code   Errno
	}{
		{"nothing happens", TH32CS_SNAPALL, CutNone, nil, 0},
		{"modules alone", TH32CS_SNAPMODULE, CutModules, grow, 0},
		{"processes alone", TH32CS_SNAPPROCESS, CutProcesses, grow, 0},
		{"heaps alone", TH32CS_SNAPHEAPLIST, CutHeaps, grow, 0},
		{"C.1-28 the list changes while it is read", TH32CS_SNAPALL, CutModulesAgain, grow, ERROR_BAD_LENGTH},
		{"E.18 and before it is read", TH32CS_SNAPALL, CutModules, grow, 0},
		{"and after", TH32CS_SNAPALL, CutProcesses, grow, 0},
		{"the process ends before it is first seen", TH32CS_SNAPALL, CutHeaps, end, ERROR_INVALID_PARAMETER},
		{"between heaps and modules", TH32CS_SNAPALL, CutModules, end, ERROR_PARTIAL_COPY},
		{"while its modules are read", TH32CS_SNAPMODULE, CutModulesAgain, end, ERROR_PARTIAL_COPY},
		{"its modules are read, it ends after", TH32CS_SNAPALL, CutProcesses, end, 0},
		{"no list", 0, CutNone, nil, ERROR_INVALID_PARAMETER},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			d = newDesk(t)
			_, err := TakeSeparately(d.k, tt.flags, d.child, func(next Cut) {
				if next == tt.at {
					tt.do()
				}
			})
			wantIn(t, "TakeSeparately", err, tt.code)
		})
	}
	d = newDesk(t)
	s, err := TakeSeparately(d.k, TH32CS_SNAPALL, d.child, func(Cut) { d.thread(t, d.app) })
	wantIn(t, "TakeSeparately", err, 0)
	if c := s.Cuts(); c.Modules != c.Heaps+2 || c.Processes != c.Modules+1 || c.Processes != s.Version() {
		t.Errorf("cuts %+v, version %d, want each a change apart and the version of the last", c, s.Version())
	}
	s, err = TakeSeparately(d.k, TH32CS_SNAPALL, d.child, nil)
	wantIn(t, "TakeSeparately without anything in between", err, 0)
	one, err := Take(d.k, TH32CS_SNAPALL, d.child)
	wantIn(t, "Take", err, 0)
	if s.Cuts() != one.Cuts() || len(Diff(s, one)) != 0 {
		t.Errorf("cuts %+v and %+v of the same kernel, differences:\n%v", s.Cuts(), one.Cuts(), Diff(s, one))
	}
	for c := CutNone; c <= CutProcesses+1; c++ {
		if (c.String() == "unknown") != (c > CutProcesses) {
			t.Errorf("the name of cut %d is %q", c, c)
		}
	}
}
