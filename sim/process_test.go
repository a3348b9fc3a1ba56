package sim_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

func TestSystemIsThereAtVersionZero(t *testing.T) {
	tests := []struct {
		reason  string
		c       sim.Config
		pids    []sim.PID
		threads int
	}{
		{"the zero Config: pid 0 with four idle threads, pid 4 with one", sim.Config{}, []sim.PID{0, 4}, 5},
		{"as many idle threads as CPUs", sim.Config{CPUs: 2}, []sim.PID{0, 4}, 3},
		{"fewer CPUs than none are four", sim.Config{CPUs: -1}, []sim.PID{0, 4}, 5},
		{"more than 1024 CPUs are 1024", sim.Config{CPUs: 1 << 30}, []sim.PID{0, 4}, 1025},
		{"a bare kernel is empty", sim.Config{Bare: true}, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			s := sim.New(tt.c).State()
			wantEqual(t, "pids", pids(s), tt.pids)
			if s.ThreadCount() != tt.threads || len(tids(s)) != tt.threads || s.Version() != 0 {
				t.Errorf("%d threads counted, %d walked, at version %d, want %d at version 0", s.ThreadCount(), len(tids(s)), s.Version(), tt.threads)
			}
		})
	}
	s := sim.New(sim.Config{}).State()
	idle, _ := s.Process(0)
	system, _ := s.Process(4)
	if idle.Name() != "[System Process]" || idle.BasePriority() != 0 || idle.Parent() != 0 || !idle.Minimal() || system.Name() != "System" ||
		system.Parent() != 0 || system.Protection() != sim.CSRSS || system.BasePriority() != 8 || idle.ModuleCount()+system.HeapCount() != 0 {
		t.Errorf("boot made\n%swant [System Process] and System, minimal, without parents", s)
	}
	for th := range idle.Threads() {
		if th.ID() != 0 || th.Owner() != 0 {
			t.Errorf("an idle thread has tid %d of pid %d, want 0 of 0", th.ID(), th.Owner())
		}
	}
}

func TestCreateProcessRecordsWhatItWasTold(t *testing.T) {
	parent := func(d *desk, c sim.PriorityClass) sim.PID {
		pid, _ := d.start(sim.ProcessSpec{Class: c})
		return pid
	}
	tests := []struct {
		reason string
		spec   func(d *desk) sim.ProcessSpec
		change func(p *fuzz.Process) // from what an ordinary process with that parent pid shows
	}{
		{"an ordinary one", func(*desk) sim.ProcessSpec { return sim.ProcessSpec{} }, func(*fuzz.Process) {}},
		{"a parent is recorded", func(d *desk) sim.ProcessSpec { return sim.ProcessSpec{Parent: d.app} }, func(*fuzz.Process) {}},
		{"a spoofed parent need not live", func(*desk) sim.ProcessSpec { return sim.ProcessSpec{Parent: 0xFFFFFFF1, AnyParent: true} },
			func(*fuzz.Process) {}},
		{"a spoofed parent lends no class", func(d *desk) sim.ProcessSpec {
			return sim.ProcessSpec{Parent: parent(d, sim.IdleClass), AnyParent: true}
		}, func(*fuzz.Process) {}},
		{"an idle parent lends its class", func(d *desk) sim.ProcessSpec { return sim.ProcessSpec{Parent: parent(d, sim.IdleClass)} },
			func(p *fuzz.Process) { p.Class, p.Base, p.Threads[0].Base = sim.IdleClass, 4, 4 }},
		{"a parent below normal lends its class", func(d *desk) sim.ProcessSpec {
			return sim.ProcessSpec{Parent: parent(d, sim.BelowNormalClass)}
		}, func(p *fuzz.Process) { p.Class, p.Base, p.Threads[0].Base = sim.BelowNormalClass, 6, 6 }},
		{"a high parent does not", func(d *desk) sim.ProcessSpec { return sim.ProcessSpec{Parent: parent(d, sim.HighClass)} },
			func(*fuzz.Process) {}},
		{"a class of its own beats an idle parent's", func(d *desk) sim.ProcessSpec {
			return sim.ProcessSpec{Parent: parent(d, sim.IdleClass), Class: sim.RealtimeClass}
		}, func(p *fuzz.Process) { p.Class, p.Base, p.Threads[0].Base = sim.RealtimeClass, 24, 24 }},
		{"protection", func(*desk) sim.ProcessSpec { return sim.ProcessSpec{Protection: sim.Protected} },
			func(p *fuzz.Process) { p.Protection = sim.Protected }},
		{"suspended: no loader has run", func(*desk) sim.ProcessSpec { return sim.ProcessSpec{Suspended: true} },
			func(p *fuzz.Process) { p.Started, p.Modules, p.Heaps, p.Threads[0].Suspended = false, nil, nil, 1 }},
		{"minimal: neither modules nor heaps", func(*desk) sim.ProcessSpec { return sim.ProcessSpec{Minimal: true} },
			func(p *fuzz.Process) { p.Minimal, p.Modules, p.Heaps = true, nil, nil }},
		{"ids by name", func(*desk) sim.ProcessSpec { return sim.ProcessSpec{ID: 5000, Thread: 0xFFFFFFFC} },
			func(p *fuzz.Process) { p.ID, p.Threads[0].ID, p.Threads[0].Owner = 5000, 0xFFFFFFFC, 5000 }},
		{"a time by name", func(*desk) sim.ProcessSpec { return sim.ProcessSpec{Created: 77} },
			func(p *fuzz.Process) { p.Created, p.Threads[0].Created = 77, 77 }},
		{"another default heap", func(*desk) sim.ProcessSpec { return sim.ProcessSpec{DefaultHeap: 0x100_0000_0000 + 3<<34} },
			func(p *fuzz.Process) { p.Heaps[0].ID = 0x100_0000_0000 + 3<<34 }},
		{"the usual default heap by name", func(*desk) sim.ProcessSpec { return sim.ProcessSpec{DefaultHeap: 0x100_0000_0000} },
			func(*fuzz.Process) {}},
		{"no modules at all", func(*desk) sim.ProcessSpec { return sim.ProcessSpec{Modules: []*sim.Image{}} },
			func(p *fuzz.Process) { p.Modules = nil }},
		{"only the image", func(*desk) sim.ProcessSpec { return sim.ProcessSpec{Modules: []*sim.Image{appImage}} },
			func(p *fuzz.Process) { p.Modules = p.Modules[:1] }},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			d, twin := newDesk(t), newDesk(t)
			spec := tt.spec(d)
			tt.spec(twin)
			plain, _ := twin.start(sim.ProcessSpec{})
			want := fuzz.ListProcess(twin.process(plain))
			want.Parent = spec.Parent
			tt.change(&want)
			pid, tid := d.start(spec)
			got := fuzz.ListProcess(d.process(pid))
			if diff := fuzz.CompareProcess(want, got); diff != "" {
				t.Error(diff)
			}
			if pid != want.ID || tid != want.Threads[0].ID {
				t.Errorf("CreateProcess returned pid %d and tid %d, want %d and %d", pid, tid, want.ID, want.Threads[0].ID)
			}
		})
	}
}

func TestCreateProcessRefusals(t *testing.T) {
	with := func(s sim.ProcessSpec) func(*desk) (sim.Version, error) {
		return func(d *desk) (sim.Version, error) {
			if s.Image == nil {
				s.Image = appImage
			}
			return later(d.CreateProcess(s))
		}
	}
	many := slices.Repeat([]*sim.Image{appImage}, 8193)
	rows := []refusal{
		{"no image", "CreateProcess", sim.ErrInvalid, func(d *desk) (sim.Version, error) { return later(d.CreateProcess(sim.ProcessSpec{})) }},
		{"a class that is none", "CreateProcess", sim.ErrInvalid, with(sim.ProcessSpec{Class: 6})},
		{"a protection that is none", "CreateProcess", sim.ErrInvalid, with(sim.ProcessSpec{Protection: 255})},
		{"8193 modules", "CreateProcess", sim.ErrInvalid, with(sim.ProcessSpec{Modules: many})},
		{"a nil module", "CreateProcess", sim.ErrInvalid, with(sim.ProcessSpec{Modules: []*sim.Image{appImage, nil}})},
		{"a 32-bit module in a 64-bit process", "CreateProcess", sim.ErrInvalid, with(sim.ProcessSpec{Modules: []*sim.Image{appImage, oldImage}})},
		{"a 64-bit first module under WOW64", "CreateProcess", sim.ErrInvalid, with(sim.ProcessSpec{Image: oldImage, Modules: []*sim.Image{appImage}})},
		{"a pid that is no multiple of 4", "CreateProcess", sim.ErrInvalid, with(sim.ProcessSpec{ID: 1001})},
		{"a tid that is no multiple of 4", "CreateProcess", sim.ErrInvalid, with(sim.ProcessSpec{Thread: 1002})},
		{"a pid that a process has", "CreateProcess", sim.ErrIDTaken, with(sim.ProcessSpec{ID: 4})},
		{"a pid that a thread has", "CreateProcess", sim.ErrIDTaken, with(sim.ProcessSpec{ID: 8})},
		{"a tid that a process has", "CreateProcess", sim.ErrIDTaken, with(sim.ProcessSpec{Thread: 4})},
		{"one id for both", "CreateProcess", sim.ErrIDTaken, with(sim.ProcessSpec{ID: 4000, Thread: 4000})},
		{"a parent that never lived", "CreateProcess", sim.ErrNoProcess, with(sim.ProcessSpec{Parent: 4000})},
		{"a parent pid that is no multiple of 4", "CreateProcess", sim.ErrNoProcess, with(sim.ProcessSpec{Parent: 5})},
		{"a parent that has ended", "CreateProcess", sim.ErrNoProcess, func(d *desk) (sim.Version, error) {
			return later(d.CreateProcess(sim.ProcessSpec{Image: appImage, Parent: d.gone}))
		}},
		{"a handle the parent has not", "CreateProcess", sim.ErrInvalidHandle, with(sim.ProcessSpec{Parent: 4, InheritHandles: true, Handles: []sim.Handle{4}})},
		{"a default heap between two ids", "CreateProcess", sim.ErrInvalid, with(sim.ProcessSpec{DefaultHeap: 0x100_0000_1000})},
		{"a default heap below all ids", "CreateProcess", sim.ErrInvalid, with(sim.ProcessSpec{DefaultHeap: 1})},
		{"a default heap above all ids", "CreateProcess", sim.ErrInvalid, with(sim.ProcessSpec{DefaultHeap: 0x7F00_0000_0000})},
	}
	refuse(t, rows)
}

func TestProcessesStandInCreationOrder(t *testing.T) {
	d := emptyDesk(t, sim.Config{Bare: true, Reuse: sim.LastFirst})
	a, _ := d.start(sim.ProcessSpec{})
	b, _ := d.start(sim.ProcessSpec{ID: 4000})
	d.end(a)
	again, _ := d.start(sim.ProcessSpec{})
	late, _ := d.start(sim.ProcessSpec{ID: 1000, Created: 1})
	if again != a {
		t.Fatalf("the pid that was given back last is %d, got %d", a, again)
	}
	wantEqual(t, "creation order, whatever the pids and times", pids(d.State()), []sim.PID{b, a, late})
	sequences := ids(d.State().Processes(), sim.Process.Sequence)
	wantEqual(t, "creation numbers are never reused", sequences, []uint64{2, 3, 4})
}

func TestExitTakesAllOfAProcessWithIt(t *testing.T) {
	d := newDesk(t)
	child, _ := d.start(sim.ProcessSpec{Parent: d.app})
	before := d.State()
	d.end(d.app)
	if _, _, ok := d.Process(d.app); ok {
		t.Error("the ended process can still be looked up")
	}
	for _, tid := range []sim.TID{d.main, d.worker} {
		if _, _, ok := d.Thread(tid); ok {
			t.Errorf("thread %d of the ended process can still be looked up", tid)
		}
	}
	after := d.State()
	if after.ProcessCount() != before.ProcessCount()-1 || after.ThreadCount() != before.ThreadCount()-2 || slices.Contains(tids(after), d.worker) {
		t.Errorf("after the exit there are\n%swant one process and two threads less", after)
	}
	if p := d.process(child); p.Parent() != d.app {
		t.Errorf("the child's parent is %d, want %d still", p.Parent(), d.app)
	}
}

func TestExitRefusals(t *testing.T) {
	refuse(t, []refusal{
		{"pid 0", "TerminateProcess", sim.ErrAccessDenied, func(d *desk) (sim.Version, error) { return d.TerminateProcess(0, 1) }},
		{"pid 4", "TerminateProcess", sim.ErrAccessDenied, func(d *desk) (sim.Version, error) { return d.TerminateProcess(4, 1) }},
		{"the last thread of pid 4", "TerminateThread", sim.ErrAccessDenied, func(d *desk) (sim.Version, error) { return d.TerminateThread(8, 1) }},
		{"a pid that never was", "TerminateProcess", sim.ErrNoProcess, func(d *desk) (sim.Version, error) { return d.TerminateProcess(4000, 1) }},
		{"a process that has ended", "TerminateProcess", sim.ErrNoProcess, func(d *desk) (sim.Version, error) { return d.TerminateProcess(d.gone, 1) }},
		{"a tid", "TerminateProcess", sim.ErrNoProcess, func(d *desk) (sim.Version, error) { return d.TerminateProcess(sim.PID(d.main), 1) }},
		{"a pid with low bits", "TerminateProcess", sim.ErrNoProcess, func(d *desk) (sim.Version, error) { return d.TerminateProcess(d.app|3, 1) }},
	})
	d := emptyDesk(t, sim.Config{Bare: true})
	d.start(sim.ProcessSpec{ID: 4})
	d.end(4)
	wantEqual(t, "in a bare kernel pid 4 is like any other", pids(d.State()), nil)
}

// The parent pid is a number written down at creation. Windows shows it even when it is another process's by now.
func TestParentPIDIsNeverUpdated(t *testing.T) {
	d := emptyDesk(t, sim.Config{Bare: true, Reuse: sim.LastFirst})
	parent, _ := d.start(sim.ProcessSpec{})
	child, _ := d.start(sim.ProcessSpec{Parent: parent})
	d.end(parent)
	stranger, _ := d.start(sim.ProcessSpec{Parent: child})
	if stranger != parent {
		t.Fatalf("the stranger has pid %d, want the parent's, %d", stranger, parent)
	}
	p, q := d.process(child), d.process(stranger)
	if p.Parent() != q.ID() || q.Parent() != p.ID() || p.Sequence() > q.Sequence() {
		t.Errorf("%d and %d have parents %d and %d, want each other; only their creation numbers tell", p.ID(), q.ID(), p.Parent(), q.Parent())
	}
}

func TestStateIgnoresLaterChanges(t *testing.T) {
	d := newDesk(t)
	s := d.State()
	want := fuzz.List(s)
	text, tree := s.String(), s.Tree()
	d.next()
	d.ok(d.WriteProcessMemory(d.app, d.block, []byte("changed")))
	d.ok(d.SetPriorityClass(d.wow, sim.HighClass))
	d.ok(d.SetThreadPriority(d.main, sim.PriorityIdle))
	d.ok(late(d.ResumeThread(d.waker)))
	d.ok(d.FreeLibrary(d.app, d.lib))
	d.ok(d.HeapDestroy(d.app, d.heap))
	for _, pid := range []sim.PID{d.app, d.wow, d.asleep, d.quiet} {
		d.end(pid)
	}
	if diff := fuzz.Compare(want, fuzz.List(s)); diff != "" {
		t.Errorf("a kept state changed:\n%s", diff)
	}
	if s.String() != text || s.Tree() != tree {
		t.Errorf("a kept state reads\n%s%swas\n%s%s", s, s.Tree(), text, tree)
	}
}

func TestProcessIgnoresLaterChanges(t *testing.T) {
	d := newDesk(t)
	p, v, ok := d.Process(d.app)
	want := fuzz.ListProcess(p)
	d.next()
	d.ok(d.WriteProcessMemory(d.app, d.block, []byte("changed")))
	d.ok(d.WriteProcessMemory(d.app, d.lib, []byte("changed")))
	d.end(d.app)
	if diff := fuzz.CompareProcess(want, fuzz.ListProcess(p)); diff != "" || !ok || v == 0 {
		t.Errorf("a kept process of version %d changed:\n%s", v, diff)
	}
}

func TestStateOfIsOneCut(t *testing.T) {
	d := newDesk(t)
	for range 2 { // right after a change, and with the state there already
		s, p, ok := d.StateOf(d.app)
		if q, _ := s.Process(d.app); !ok || !p.Equal(q) || s != d.State() {
			t.Errorf("StateOf gave version %d and another process than that state has", s.Version())
		}
	}
	s, p, ok := d.StateOf(4000)
	if ok || !p.IsZero() || s != d.State() {
		t.Errorf("StateOf of no process gave %v, %v at version %d, want the state alone", p, ok, s.Version())
	}
}

func TestPriorityClassMovesEveryThread(t *testing.T) {
	base := [...]int{sim.NormalClass: 8, sim.IdleClass: 4, sim.BelowNormalClass: 6, sim.AboveNormalClass: 10, sim.HighClass: 13, sim.RealtimeClass: 24}
	d := newDesk(t)
	d.ok(d.SetThreadPriority(d.worker, sim.PriorityLowest))
	for i, want := range base {
		c := sim.PriorityClass(i)
		d.ok(d.SetPriorityClass(d.app, c))
		p := d.process(d.app)
		got := ids(p.Threads(), sim.Thread.BasePriority)
		if diff := cmp.Diff([]int{want, want - 2}, got); diff != "" || p.Class() != c || p.BasePriority() != want || c.Base() != want {
			t.Errorf("class %v: base priority %d, threads %v, want %d and %d", c, p.BasePriority(), got, want, want-2)
		}
	}
	refuse(t, []refusal{
		{"no such process", "SetPriorityClass", sim.ErrNoProcess, func(d *desk) (sim.Version, error) { return d.SetPriorityClass(d.gone, 0) }},
		{"the idle process", "SetPriorityClass", sim.ErrAccessDenied, func(d *desk) (sim.Version, error) { return d.SetPriorityClass(0, 0) }},
		{"no such class", "SetPriorityClass", sim.ErrInvalid, func(d *desk) (sim.Version, error) { return d.SetPriorityClass(d.app, 6) }},
	})
}
