package sim_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// steps takes n steps of a walk and gives the last entry.
func steps(t testing.TB, w *sim.Walker, n int) (e sim.Entry) {
	t.Helper()
	for range n {
		var err error
		if e, err = w.Next(); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// rest walks to the end and draws what it meets: ids, with ~ before a stale one, ! before a stranger, and what ended the walk.
func rest(w *sim.Walker) (string, error) {
	var s []string
	for {
		e, err := w.Next()
		if err == io.EOF {
			return strings.Join(append(s, "end"), " "), nil
		}
		if err != nil {
			return strings.Join(append(s, "fault"), " "), err
		}
		mark := ""
		if e.Stale {
			mark += "~"
		}
		if e.Stranger {
			mark += "!"
		}
		if e.Kind == sim.KindHead {
			s = append(s, fmt.Sprintf("%shead of %d", mark, e.Owner))
			continue
		}
		s = append(s, fmt.Sprint(mark, e.ID))
	}
}

func wantWalk(t testing.TB, reason string, w *sim.Walker, want string) {
	t.Helper()
	if got, _ := rest(w); got != want {
		t.Errorf("%s: the walk meets %q, want %q", reason, got, want)
	}
}

func (d *desk) walker(w *sim.Walker, err error) *sim.Walker {
	d.t.Helper()
	d.fatal(err)
	return w
}

// crowd is a bare kernel with three processes, 8, 16 and 24, whose threads are 12, 20 and 28.
func crowd(t *testing.T) *desk {
	d := emptyDesk(t, sim.Config{Bare: true, Reuse: sim.LastFirst})
	for range 3 {
		d.start(sim.ProcessSpec{})
	}
	return d
}

func TestUndisturbedWalkIsTheStatesList(t *testing.T) {
	d := newDesk(t)
	d.load(d.wow, kernel32b)
	s := d.State()
	for _, f := range []sim.Freed{sim.FreedReadable, sim.FreedReused, sim.FreedUnmapped} {
		w := d.WalkProcesses(f)
		for p := range s.Processes() {
			e := steps(t, w, 1)
			if want := (sim.Entry{Kind: sim.KindProcess, Address: p.Address(), Owner: p.ID(), ID: uint64(p.ID()), Identity: p.Sequence(), Name: p.Name(), Version: s.Version()}); e != want {
				t.Errorf("the walk reads %+v, want %+v", e, want)
			}
			threads := d.walker(d.WalkThreads(p.ID(), f))
			for th := range p.Threads() {
				if e := steps(t, threads, 1); e.Kind != sim.KindThread || e.ID != uint64(th.ID()) || e.Owner != p.ID() || e.Address != th.Address() || e.Stale || e.Stranger {
					t.Errorf("the walk of the threads reads %+v, want thread %d", e, th.ID())
				}
			}
			wantWalk(t, "threads", threads, "end")
			modules := d.walker(d.WalkModules(p.ID(), f))
			for m := range p.Modules() {
				if e := steps(t, modules, 1); e.Kind != sim.KindModule || e.ID != uint64(m.Base()) || e.Name != m.Name() || e.Address != m.Address() || e.Stale || e.Stranger {
					t.Errorf("the walk of the modules reads %+v, want %s", e, m.Name())
				}
			}
			wantWalk(t, "modules", modules, "end")
			heaps := d.walker(d.WalkHeaps(p.ID(), f))
			for h := range p.Heaps() {
				if e := steps(t, heaps, 1); e.Kind != sim.KindHeap || e.ID != uint64(h.ID()) || e.Address != h.ID() || e.Stale || e.Stranger {
					t.Errorf("the walk of the heaps reads %+v, want heap %#x", e, h.ID())
				}
			}
			wantWalk(t, "heaps", heaps, "end")
		}
		wantWalk(t, "processes", w, "end")
	}
}

// A process that was there all the time is missed: the walker's place is somebody's further down the list.
func TestLiveWalkMisses(t *testing.T) {
	d := crowd(t)
	w := d.WalkProcesses(sim.FreedReused)
	steps(t, w, 1) // it stands at 8
	d.end(8)
	d.start(sim.ProcessSpec{}) // takes the address of 8, at the end of the list
	wantEqual(t, "there are", pids(d.State()), []sim.PID{16, 24, 8})
	wantWalk(t, "16 and 24 were there all the time", w, "end")

	w = d.WalkProcesses(sim.FreedReadable)
	steps(t, w, 3) // it stands at the last one
	d.end(8)
	d.start(sim.ProcessSpec{ID: 400})
	wantWalk(t, "400 was there before the walk was over", w, "end")
}

func TestLiveWalkRepeats(t *testing.T) {
	t.Run("a pid", func(t *testing.T) {
		d := crowd(t)
		w := d.WalkProcesses(sim.FreedReadable)
		steps(t, w, 1) // 8 is seen
		d.end(8)
		d.start(sim.ProcessSpec{})
		wantWalk(t, "8 ended and its pid came back", w, "16 24 8 end")
	})
	t.Run("a tid", func(t *testing.T) {
		d := crowd(t)
		d.thread(8)
		w := d.walker(d.WalkThreads(8, sim.FreedReadable))
		steps(t, w, 1)
		d.ok(d.TerminateThread(12, 0))
		d.thread(8)
		wantWalk(t, "12 ended and its tid came back", w, "32 12 end")
	})
	t.Run("a base", func(t *testing.T) {
		d := newDesk(t)
		d.load(d.app, user32)
		w := d.walker(d.WalkModules(d.app, sim.FreedReadable))
		steps(t, w, 3) // kernel32 is seen
		d.ok(d.FreeLibrary(d.app, d.lib))
		d.load(d.app, kernel32)
		next, again := steps(t, w, 1), steps(t, w, 1)
		if next.Name != "user32.dll" || again.ID != uint64(d.lib) {
			t.Errorf("the walk meets %s and %s, want user32.dll and kernel32.dll again", next.Name, again.Name)
		}
	})
	t.Run("a heap id", func(t *testing.T) {
		d := newDesk(t)
		first(d.HeapCreate(d.app, sim.HeapSpec{}))(d)
		w := d.walker(d.WalkHeaps(d.app, sim.FreedReadable))
		steps(t, w, 2)
		d.ok(d.HeapDestroy(d.app, d.heap))
		first(d.HeapCreate(d.app, sim.HeapSpec{}))(d)
		wantWalk(t, "a heap was destroyed and its id came back", w, fmt.Sprint(uint64(d.heap)+1<<34, " ", uint64(d.heap), " end"))
	})
}

func TestLiveWalkMeetsAStranger(t *testing.T) {
	t.Run("in the same list", func(t *testing.T) {
		d := crowd(t)
		w := d.WalkProcesses(sim.FreedReused)
		steps(t, w, 1) // at 8, whose link leads to 16
		d.end(8)
		d.end(16)
		d.start(sim.ProcessSpec{ID: 400}) // where 16 lived
		wantWalk(t, "the old link leads to a newcomer, past 24", w, "!400 end")
	})
	t.Run("in another list, and its head", func(t *testing.T) {
		d := crowd(t)
		d.thread(8) // 32
		d.thread(8) // 36, so that 8 lives on
		w := d.walker(d.WalkThreads(8, sim.FreedReused))
		steps(t, w, 1) // at 12, whose link leads to 32
		d.ok(d.TerminateThread(12, 0))
		d.ok(d.TerminateThread(32, 0))
		d.thread(16) // where 32 lived
		got, err := rest(w)
		if !strings.HasPrefix(got, "!32 !head of 16 !20 !32 ") || !errors.Is(err, sim.ErrEndless) {
			t.Errorf("the walk of 8's threads meets %q, %v, want to go round in the list of 16", got, err)
		}
	})
}

func TestEndlessWalkIsFound(t *testing.T) {
	d := crowd(t)
	last := d.thread(8)
	w := d.walker(d.WalkThreads(8, sim.FreedReused))
	steps(t, w, 1)
	d.ok(d.TerminateThread(last, 0))
	d.ok(d.TerminateThread(12, 0)) // the last one: 8 ends
	d.thread(16)
	for range 1000 {
		d.ok(d.Advance(1)) // changes elsewhere must not hide the circle
		if _, err := w.Next(); err != nil {
			wantError(t, err, "Walker.Next", sim.ErrEndless, d.Version())
			if _, again := w.Next(); again != err {
				t.Errorf("after ErrEndless the walk gives %v", again)
			}
			return
		}
	}
	t.Error("a walk that goes round in a stranger's list takes 1000 steps unnoticed")
}

func TestFaultTellsTheHistoryOfTheAddress(t *testing.T) {
	d := crowd(t)
	w := d.WalkProcesses(sim.FreedUnmapped)
	steps(t, w, 1)
	d.end(8)
	_, err := w.Next()
	var av *sim.AccessViolation
	if !errors.As(err, &av) || !errors.Is(err, sim.ErrAccessViolation) {
		t.Fatalf("error %v, want an *AccessViolation", err)
	}
	want := sim.AccessViolation{Address: 0xFFFF_8000_0000_0000, Was: `process 8 "app.exe"`, FreedBy: "TerminateProcess", FreedAt: 4, Version: 4}
	text := `sim: walking the live list: access violation 0xC0000005 reading 0xffff800000000000: process 8 "app.exe" was freed by TerminateProcess at version 4; at version 4 nobody lives there now`
	if *av != want || err.Error() != text {
		t.Errorf("it says %q\n%+v, want %q\n%+v", err, *av, text, want)
	}
	if _, again := w.Next(); again != err {
		t.Errorf("after the fault the walk gives %v", again)
	}

	d = crowd(t)
	last := d.thread(8)
	w = d.walker(d.WalkThreads(8, sim.FreedUnmapped))
	steps(t, w, 2)
	d.ok(d.TerminateThread(last, 0))
	d.thread(16)
	_, err = w.Next()
	text = `sim: walking the live list: access violation 0xC0000005 reading 0xffff900000003000: thread 32 of process 8 was freed by TerminateThread at version 5; at version 6 thread 32 of process 16 lives there now`
	if err == nil || err.Error() != text {
		t.Errorf("it says %q, want %q", err, text)
	}
}
