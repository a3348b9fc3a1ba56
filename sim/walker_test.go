package sim_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A scene is a walk that stands at one object and whose link leads to the next one.
type scene struct {
	d     *desk
	w     *sim.Walker
	a, b  uint64 // the ids of the two
	endA  func()
	endB  func()
	again func() uint64 // a newcomer where the last one freed was; its id
}

// scenes are the four live lists.
var scenes = []struct {
	kind sim.Kind
	set  func(t *testing.T, f sim.Freed) scene
}{
	{sim.KindProcess, func(t *testing.T, f sim.Freed) scene {
		d := crowd(t)
		w := d.WalkProcesses(f)
		return scene{d, w, 8, 16, func() { d.end(8) }, func() { d.end(16) }, func() uint64 { return uint64(first4(d)) }}
	}},
	{sim.KindThread, func(t *testing.T, f sim.Freed) scene {
		d := crowd(t)
		d.thread(8)
		d.thread(8)
		w := d.walker(d.WalkThreads(8, f))
		end := func(tid sim.TID) func() { return func() { d.ok(d.TerminateThread(tid, 0)) } }
		return scene{d, w, 12, 32, end(12), end(32), func() uint64 { return uint64(d.thread(8)) }}
	}},
	{sim.KindModule, func(t *testing.T, f sim.Freed) scene {
		d := newDesk(t)
		w := d.walker(d.WalkModules(d.app, f))
		steps(t, w, 2)
		user := d.load(d.app, user32)
		end := func(base sim.Address) func() { return func() { d.ok(d.FreeLibrary(d.app, base)) } }
		return scene{d, w, uint64(d.lib), uint64(user), end(d.lib), end(user), func() uint64 { return uint64(d.load(d.app, mapped)) }}
	}},
	{sim.KindHeap, func(t *testing.T, f sim.Freed) scene {
		d := newDesk(t)
		w := d.walker(d.WalkHeaps(d.app, f))
		steps(t, w, 1)
		create := func() sim.Address { return first(d.HeapCreate(d.app, sim.HeapSpec{}))(d) }
		third := create()
		end := func(id sim.Address) func() { return func() { d.ok(d.HeapDestroy(d.app, id)) } }
		return scene{d, w, uint64(d.heap), uint64(third), end(d.heap), end(third), func() uint64 { return uint64(create()) }}
	}},
}

// TestFreedPolicies frees the object under a walk, and the one its link leads to, in each of the four lists.
func TestFreedPolicies(t *testing.T) {
	for _, sc := range scenes {
		t.Run(sc.kind.String(), func(t *testing.T) {
			both := func(f sim.Freed) scene {
				s := sc.set(t, f)
				if e := steps(t, s.w, 1); e.ID != s.a || e.Kind != sc.kind {
					t.Fatalf("the walk stands at %+v, want %#x", e, s.a)
				}
				s.endA()
				s.endB()
				return s
			}
			s := both(sim.FreedReadable)
			s.again()
			if e := steps(t, s.w, 1); e.ID != s.b || !e.Stale || e.Stranger || e.Kind != sc.kind {
				t.Errorf("readable: the old link leads to %+v, want %#x as it was, stale", e, s.b)
			}
			s = both(sim.FreedReused)
			if e := steps(t, s.w, 1); e.ID != s.b || !e.Stale {
				t.Errorf("reused, but by nobody yet: the old link leads to %+v, want %#x, stale", e, s.b)
			}
			s = both(sim.FreedReused)
			young := s.again()
			if e := steps(t, s.w, 1); e.ID != young || e.Stale || !e.Stranger || e.Kind != sc.kind {
				t.Errorf("reused: the old link leads to %+v, want the stranger %#x", e, young)
			}
			s = both(sim.FreedUnmapped)
			var av *sim.AccessViolation
			if _, err := s.w.Next(); !errors.As(err, &av) || av.FreedAt == 0 || av.Was == "" {
				t.Errorf("unmapped: the walk goes on with %v, want a fault", err)
			}
			s = sc.set(t, sim.FreedUnmapped)
			steps(t, s.w, 1)
			s.endB()
			if _, err := s.w.Next(); errors.Is(err, sim.ErrAccessViolation) {
				t.Errorf("unmapped: only the next object was freed, the link to it was mended, and the walk meets %v", err)
			}
		})
	}
}

func TestProcessEndsUnderAWalkOfItsLists(t *testing.T) {
	walks := []struct {
		what string
		of   func(d *desk, f sim.Freed) *sim.Walker
		left int // entries behind the first
		was  string
	}{
		{"threads", func(d *desk, f sim.Freed) *sim.Walker { return d.walker(d.WalkThreads(d.app, f)) }, 1, "thread 16 of process 12"},
		{"modules", func(d *desk, f sim.Freed) *sim.Walker { return d.walker(d.WalkModules(d.app, f)) }, 2, `module "app.exe" at %#x of process 12`},
		{"heaps", func(d *desk, f sim.Freed) *sim.Walker { return d.walker(d.WalkHeaps(d.app, f)) }, 1, "heap 0x10000000000 of process 12"},
	}
	for _, tt := range walks {
		t.Run(tt.what, func(t *testing.T) {
			d := newDesk(t)
			if tt.what == "modules" {
				tt.was = fmt.Sprintf(tt.was, moduleIDs(d.process(d.app))[0])
			}
			readable, unmapped := tt.of(d, sim.FreedReadable), tt.of(d, sim.FreedUnmapped)
			steps(t, readable, 1)
			steps(t, unmapped, 1)
			fresh, faults := tt.of(d, sim.FreedReadable), tt.of(d, sim.FreedUnmapped)
			d.end(d.app)
			for range tt.left {
				if e := steps(t, readable, 1); !e.Stale || e.Stranger || e.Owner != d.app {
					t.Errorf("readable: the walk meets %+v, want what was there, stale", e)
				}
			}
			wantWalk(t, "readable, to its head", readable, "end")
			wantWalk(t, "readable, started before the exit, from an empty head", fresh, "end")
			var av *sim.AccessViolation
			if _, err := unmapped.Next(); !errors.As(err, &av) || av.Was != tt.was || av.FreedBy != "TerminateProcess" {
				t.Errorf("unmapped: the walk meets %v, want a fault where %s was", err, tt.was)
			}
			if _, err := faults.Next(); !errors.As(err, &av) || av.Was != "the list head of process 12" {
				t.Errorf("unmapped, from the head: the walk meets %v, want a fault", err)
			}
		})
	}
}

func TestWalkOfAProcessThatHasNotStarted(t *testing.T) {
	d := newDesk(t)
	wantWalk(t, "no modules", d.walker(d.WalkModules(d.asleep, 0)), "end")
	wantWalk(t, "no heaps", d.walker(d.WalkHeaps(d.asleep, 0)), "end")
	wantWalk(t, "one thread", d.walker(d.WalkThreads(d.asleep, 0)), fmt.Sprint(d.waker, " end"))
	wantWalk(t, "an empty kernel", emptyDesk(t, sim.Config{Bare: true}).WalkProcesses(0), "end")
}

func TestWalkRefusals(t *testing.T) {
	d := newDesk(t)
	for call, f := range map[string]func(sim.PID, sim.Freed) (*sim.Walker, error){"WalkThreads": d.WalkThreads, "WalkModules": d.WalkModules, "WalkHeaps": d.WalkHeaps} {
		w, err := f(d.gone, 0)
		wantError(t, err, call, sim.ErrNoProcess, d.Version())
		if w != nil {
			t.Errorf("%s gives a walker of no process", call)
		}
	}
}

func TestClosedWalkIsAtItsEnd(t *testing.T) {
	d := newDesk(t)
	w := d.WalkProcesses(sim.FreedUnmapped)
	steps(t, w, 1)
	w.Close()
	w.Close()
	if _, err := w.Next(); err != io.EOF {
		t.Errorf("Next after Close gives %v, want io.EOF", err)
	}
	faulted := d.WalkProcesses(sim.FreedUnmapped)
	steps(t, faulted, 3)
	d.end(d.app)
	_, err := faulted.Next()
	faulted.Close()
	if _, again := faulted.Next(); err == nil || again != err {
		t.Errorf("after a fault and Close, Next gives %v, want the fault, %v", again, err)
	}
}

// The history of an address reaches back to where the oldest open walk began, however often it is used again.
func TestHistoryReachesBackToTheOldestWalk(t *testing.T) {
	d := crowd(t)
	w := d.WalkProcesses(sim.FreedReadable)
	steps(t, w, 1)
	for range 50 { // others come and go
		d.end(8)
		d.start(sim.ProcessSpec{})
		other := d.WalkProcesses(sim.FreedReadable)
		steps(t, other, 1)
		other.Close()
	}
	if e, err := w.Next(); err != nil || e.ID != 16 || e.Stale {
		t.Errorf("after fifty deaths at the address it stands at, the walk meets %+v, %v, want the living 16", e, err)
	}
	w.Close()
	d = crowd(t)
	w = d.WalkProcesses(sim.FreedReadable)
	steps(t, w, 1) // 8, which leads to 16
	d.end(8)
	d.end(16)
	for range 50 {
		d.start(sim.ProcessSpec{})
		d.end(16)
	}
	if e, err := w.Next(); err != nil || e.ID != 16 || !e.Stale {
		t.Errorf("after fifty deaths at the next address the walk meets %+v, %v, want the old 16", e, err)
	}
	if sim.KindHead.String() != "list head" || sim.Kind(9).String() != "unknown" {
		t.Errorf("kinds read %q and %q", sim.KindHead, sim.Kind(9))
	}
}
