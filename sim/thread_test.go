package sim_test

import (
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

func TestThreadsAreGroupedByProcess(t *testing.T) {
	d := emptyDesk(t, sim.Config{Bare: true})
	a, a1 := d.start(sim.ProcessSpec{})
	b, b1 := d.start(sim.ProcessSpec{})
	a2, b2, a3 := d.thread(a), d.thread(b), d.thread(a)
	wantEqual(t, "by process, then by creation", tids(d.State()), []sim.TID{a1, a2, a3, b1, b2})
	wantEqual(t, "of one process", threadIDs(d.process(a)), []sim.TID{a1, a2, a3})
	d.ok(d.TerminateThread(a1, 0))
	wantEqual(t, "the first thread is like any other", tids(d.State()), []sim.TID{a2, a3, b1, b2})
	for th := range d.State().Threads() {
		if v, _ := d.State().Thread(th.ID()); !v.Equal(th) {
			t.Errorf("looking tid %d up gives thread %d of pid %d", th.ID(), v.ID(), v.Owner())
		}
		if v, _, ok := d.Thread(th.ID()); !ok || !v.Equal(th) {
			t.Errorf("looking tid %d up in the kernel gives thread %d of pid %d", th.ID(), v.ID(), v.Owner())
		}
	}
	if p := d.process(a); p.ThreadCount() != 2 {
		t.Errorf("pid %d counts %d threads, want 2", a, p.ThreadCount())
	}
}

func TestThreadBasePriority(t *testing.T) {
	tests := []struct {
		level                            sim.Priority
		idle, below, normal, high, realt int
	}{
		{sim.PriorityIdle, 1, 1, 1, 1, 16},
		{sim.PriorityLowest, 2, 4, 6, 11, 22},
		{sim.PriorityBelowNormal, 3, 5, 7, 12, 23},
		{sim.PriorityNormal, 4, 6, 8, 13, 24},
		{sim.PriorityAboveNormal, 5, 7, 9, 14, 25},
		{sim.PriorityHighest, 6, 8, 10, 15, 26},
		{sim.PriorityTimeCritical, 15, 15, 15, 15, 31},
	}
	d := emptyDesk(t, sim.Config{})
	pid, tid := d.start(sim.ProcessSpec{})
	classes := []sim.PriorityClass{sim.IdleClass, sim.BelowNormalClass, sim.NormalClass, sim.HighClass, sim.RealtimeClass}
	for _, tt := range tests {
		for i, want := range []int{tt.idle, tt.below, tt.normal, tt.high, tt.realt} {
			d.ok(d.SetPriorityClass(pid, classes[i]))
			d.ok(d.SetThreadPriority(tid, tt.level))
			set, _, _ := d.Thread(tid)
			young := first(d.CreateThread(pid, sim.ThreadSpec{Priority: tt.level}))(d)
			made, _, _ := d.Thread(young)
			d.ok(d.TerminateThread(young, 0))
			if set.BasePriority() != want || made.BasePriority() != want || set.Priority() != tt.level || made.Priority() != tt.level {
				t.Errorf("level %d in class %v: base priority %d when set, %d when created so, want %d", tt.level, classes[i], set.BasePriority(), made.BasePriority(), want)
			}
		}
	}
}

func TestSuspendCountsUpTo127(t *testing.T) {
	d := newDesk(t)
	for i := range 127 {
		if was := first(d.SuspendThread(d.worker))(d); was != i {
			t.Fatalf("suspended %d times, SuspendThread says it was %d", i, was)
		}
	}
	v := d.Version()
	_, seen, err := d.SuspendThread(d.worker)
	wantError(t, err, "SuspendThread", sim.ErrInvalid, v)
	if th, _, _ := d.Thread(d.worker); th.SuspendCount() != 127 || seen != v {
		t.Errorf("a refused suspend left the count at %d, want 127", th.SuspendCount())
	}
	for i := range 127 {
		if was := first(d.ResumeThread(d.worker))(d); was != 127-i {
			t.Fatalf("suspended %d times, ResumeThread says it was %d", 127-i, was)
		}
	}
	if was := first(d.ResumeThread(d.worker))(d); was != 0 {
		t.Errorf("resuming a running thread says that it was suspended %d times, want 0", was)
	}
	other, _, _ := d.Thread(d.main)
	if th, _, _ := d.Thread(d.worker); th.SuspendCount() != 0 || other.SuspendCount() != 0 {
		t.Errorf("suspend counts are %d and %d, want 0: what one thread does is not the other's", th.SuspendCount(), other.SuspendCount())
	}
}

func TestLoaderRunsWhenTheFirstThreadDoes(t *testing.T) {
	tests := []struct {
		reason string
		f      func(d *desk) (sim.Version, error)
		starts bool
	}{
		{"its thread is resumed", func(d *desk) (sim.Version, error) { return late(d.ResumeThread(d.waker)) }, true},
		{"its thread is resumed but was suspended twice", func(d *desk) (sim.Version, error) {
			d.ok(late(d.SuspendThread(d.waker)))
			return late(d.ResumeThread(d.waker))
		}, false},
		{"another thread starts in it", func(d *desk) (sim.Version, error) { return late(d.CreateThread(d.asleep, sim.ThreadSpec{})) }, true},
		{"another thread starts suspended", func(d *desk) (sim.Version, error) {
			return late(d.CreateThread(d.asleep, sim.ThreadSpec{Suspended: true}))
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			d := newDesk(t)
			before := d.process(d.asleep)
			d.ok(tt.f(d))
			p := d.process(d.asleep)
			modules, heaps := names(p), heapIDs(p)
			if p.Started() != tt.starts || (len(modules) == 2) != tt.starts || (len(heaps) == 1) != tt.starts || p.ModuleCount() != len(modules) || p.HeapCount() != len(heaps) {
				t.Errorf("started %v, modules %v, heaps %v, want started %v", p.Started(), modules, heaps, tt.starts)
			}
			if before.Started() || len(names(before))+len(heapIDs(before)) > 0 {
				t.Error("the kept view of the process has started with it")
			}
		})
	}
}

func TestLastThreadEndsItsProcess(t *testing.T) {
	d := newDesk(t)
	d.ok(d.TerminateThread(d.main, 0))
	if p := d.process(d.app); p.ThreadCount() != 1 {
		t.Fatalf("%d threads, want the other one", p.ThreadCount())
	}
	d.ok(d.TerminateThread(d.worker, 0))
	if _, _, ok := d.Process(d.app); ok {
		t.Error("the process outlives its last thread")
	}
}

func TestThreadRefusals(t *testing.T) {
	verbs := []struct {
		call string
		f    func(d *desk, tid sim.TID) (sim.Version, error)
	}{
		{"TerminateThread", func(d *desk, tid sim.TID) (sim.Version, error) { return d.TerminateThread(tid, 0) }},
		{"SuspendThread", func(d *desk, tid sim.TID) (sim.Version, error) { return late(d.SuspendThread(tid)) }},
		{"ResumeThread", func(d *desk, tid sim.TID) (sim.Version, error) { return late(d.ResumeThread(tid)) }},
		{"SetThreadPriority", func(d *desk, tid sim.TID) (sim.Version, error) { return d.SetThreadPriority(tid, 0) }},
	}
	nobody := []struct {
		reason string
		tid    func(d *desk) sim.TID
	}{
		{"an idle thread", func(*desk) sim.TID { return 0 }},
		{"a tid that never was", func(*desk) sim.TID { return 0xFFFFFFF0 }},
		{"a tid with low bits", func(d *desk) sim.TID { return d.main | 1 }},
		{"a pid", func(d *desk) sim.TID { return sim.TID(d.app) }},
		{"a thread of a process that ended", func(d *desk) sim.TID { return d.goneThread }},
	}
	var rows []refusal
	for _, v := range verbs {
		for _, no := range nobody {
			rows = append(rows, refusal{v.call + " of " + no.reason, v.call, sim.ErrNoThread, func(d *desk) (sim.Version, error) { return v.f(d, no.tid(d)) }})
		}
	}
	create := func(pid func(d *desk) sim.PID, s sim.ThreadSpec) func(d *desk) (sim.Version, error) {
		return func(d *desk) (sim.Version, error) { return late(d.CreateThread(pid(d), s)) }
	}
	app := func(d *desk) sim.PID { return d.app }
	rows = append(rows,
		refusal{"a level that is none", "SetThreadPriority", sim.ErrInvalid, func(d *desk) (sim.Version, error) { return d.SetThreadPriority(d.main, 3) }},
		refusal{"a thread in a process that ended", "CreateThread", sim.ErrNoProcess, create(func(d *desk) sim.PID { return d.gone }, sim.ThreadSpec{})},
		refusal{"a thread in the idle process", "CreateThread", sim.ErrAccessDenied, create(func(*desk) sim.PID { return 0 }, sim.ThreadSpec{})},
		refusal{"a thread of a level that is none", "CreateThread", sim.ErrInvalid, create(app, sim.ThreadSpec{Priority: -14})},
		refusal{"a tid by name with low bits", "CreateThread", sim.ErrInvalid, create(app, sim.ThreadSpec{ID: 1002})},
		refusal{"a tid by name that is taken", "CreateThread", sim.ErrIDTaken, create(app, sim.ThreadSpec{ID: 8})},
	)
	refuse(t, rows)
}

func TestThreadSpecIsKept(t *testing.T) {
	d := newDesk(t)
	tid := first(d.CreateThread(d.app, sim.ThreadSpec{ID: 8000, Created: 99, Suspended: true}))(d)
	th, v, ok := d.Thread(tid)
	if !ok || v != d.Version() || tid != 8000 || th.Owner() != d.app || th.Created() != 99 || th.SuspendCount() != 1 {
		t.Errorf("thread %d of pid %d, created at %d, suspended %d times, want what was asked for", th.ID(), th.Owner(), th.Created(), th.SuspendCount())
	}
	d.ok(d.SetThreadPriority(tid, sim.PriorityHighest))
	if th.Priority() != sim.PriorityNormal {
		t.Error("a kept view of a thread changed with the thread")
	}
	if now, _, _ := d.Thread(tid); now.Equal(th) || !th.Equal(th) || th.Equal(sim.Thread{}) {
		t.Error("Equal does not tell a thread from what it was before, or from none")
	}
}
