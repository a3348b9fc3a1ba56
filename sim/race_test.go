package sim_test

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// together runs f in n goroutines that start at one time, and waits.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-start
			f(i)
		}()
	}
	close(start)
	wg.Wait()
}

func TestOfTwoClosesOneWins(t *testing.T) {
	d := newDesk(t)
	table := d.handles(d.app)
	for range 500 {
		h := d.open(table, &event{}, 0)
		var won, lost atomic.Int32
		together(4, func(int) {
			switch err := table.Close(h); {
			case err == nil:
				won.Add(1)
			case errors.Is(err, sim.ErrInvalidHandle):
				lost.Add(1)
			}
		})
		if won.Load() != 1 || lost.Load() != 3 {
			t.Fatalf("%d of four closes succeeded and %d failed with ErrInvalidHandle, want 1 and 3", won.Load(), lost.Load())
		}
	}
}

func TestLookUpsGoOnWhileTheTableGrows(t *testing.T) {
	d := newDesk(t)
	table := d.handles(d.app)
	o := &event{bytes: 3}
	h := d.open(table, o, sim.HandleInherit)
	together(4, func(i int) {
		for n := range 2000 {
			switch i {
			case 0:
				if _, err := table.Open(&event{}, 0); err != nil {
					t.Error(err)
				}
			case 1:
				if err := table.SetFlags(h, sim.HandleProtect, sim.HandleFlags(n%2)*sim.HandleProtect); err != nil {
					t.Error(err)
				}
			default:
				got, err := table.Object(h)
				f, _ := table.Flags(h)
				if got != o || err != nil || f&sim.HandleInherit == 0 {
					t.Errorf("handle %d refers to %v, %v, flags %d, want the event that it was opened for", h, got, err, f)
				}
			}
		}
	})
	if table.Len() != 2001 {
		t.Errorf("%d handles are open, want 2001", table.Len())
	}
}

// Processes come in pairs here, made by one Update, and half of the Updates fail: no state ever shows half a pair.
func TestNothingOfAnUpdateIsSeenBeforeItsEnd(t *testing.T) {
	d := emptyDesk(t, sim.Config{Bare: true})
	pair := func(fail bool) {
		defer func() {
			if r := recover(); r != nil && r != errGivenUp {
				t.Errorf("the Update panics with %v, want what f did", r)
			}
		}()
		_, err := d.Update(func(tx *sim.Tx) error {
			a, _, err := tx.CreateProcess(sim.ProcessSpec{Image: appImage})
			if fail {
				panic(errGivenUp)
			}
			_, _, err2 := tx.CreateProcess(sim.ProcessSpec{Image: appImage, Parent: a})
			return errors.Join(err, err2)
		})
		if err != nil {
			t.Error(err)
		}
	}
	together(4, func(i int) {
		seen := sim.Version(0)
		for n := range 300 {
			if i < 2 {
				pair(n%2 == i)
				continue
			}
			s := d.State()
			if s.Version() < seen || s.ProcessCount()%2 != 0 || s.ProcessCount() != 2*int(s.Version()) {
				t.Errorf("the state of version %d, seen after %d, has %d processes, want two for each version", s.Version(), seen, s.ProcessCount())
			}
			if seen = s.Version(); n%50 == 0 {
				if err := fuzz.Check(s); err != nil {
					t.Error(err)
				}
			}
		}
	})
	if v := d.Version(); v != 300 {
		t.Errorf("%d versions, want 300: the Updates that did not panic", v)
	}
}

// One kept state, and one view of a process, are read, looked up and forked by many while the kernel goes on.
func TestKeptStateIsReadByManyAtOnce(t *testing.T) {
	d := newDesk(t)
	s, p := d.State(), d.process(d.app)
	want, wantOne := fuzz.List(s), fuzz.ListProcess(p)
	together(4, func(i int) {
		for range 100 {
			switch i {
			case 0:
				d.churn(t)
			case 1:
				f := &desk{Kernel: s.Fork(), t: t, app: d.app, heap: d.heap, lib: d.lib}
				f.churn(t)
			default:
				if diff := fuzz.Compare(want, fuzz.List(s)) + fuzz.CompareProcess(wantOne, fuzz.ListProcess(p)); diff != "" {
					t.Errorf("what was kept changes:\n%s", diff)
				}
				if q, ok := s.Process(d.app); !ok || q.Sequence() != p.Sequence() {
					t.Errorf("process %d is not found in a kept state", d.app)
				}
				if th, ok := s.Thread(d.main); !ok || th.Owner() != d.app {
					t.Errorf("thread %d is not found in a kept state", d.main)
				}
			}
		}
	})
}

// churn changes a little of everything and leaves it as it was.
func (d *desk) churn(t *testing.T) {
	ok := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	pid, tid, _, err := d.CreateProcess(sim.ProcessSpec{Image: appImage, Parent: d.app})
	ok(err)
	_, _, err = d.SuspendThread(tid)
	ok(err)
	_, _, err = d.LoadLibrary(d.app, kernel32, 0)
	ok(err)
	_, err = d.FreeLibrary(d.app, d.lib)
	ok(err)
	at, _, err := d.HeapAlloc(d.app, d.heap, 500, 0)
	ok(err)
	_, err = d.WriteProcessMemory(d.app, at, []byte("written"))
	ok(err)
	_, err = d.HeapFree(d.app, d.heap, at)
	ok(err)
	_, err = d.TerminateProcess(pid, 0)
	ok(err)
}

// A live walk among writers ends in one of the three ways it can, whatever it meets.
func TestLiveWalksAmongWritersEnd(t *testing.T) {
	d := newDesk(t)
	together(6, func(i int) {
		for range 200 {
			if i >= 3 {
				d.churn(t)
				continue
			}
			w := d.WalkProcesses(sim.Freed(i))
			for {
				_, err := w.Next()
				if err == nil {
					continue
				}
				if err != io.EOF && !errors.Is(err, sim.ErrAccessViolation) && !errors.Is(err, sim.ErrEndless) {
					t.Errorf("a live walk ends with %v", err)
				}
				break
			}
		}
	})
}

// Versions are the order in which verbs took effect: every one is given once.
func TestEachVersionIsGivenOnce(t *testing.T) {
	const each, many = 500, 4
	d := emptyDesk(t, sim.Config{Bare: true})
	var given [each*many + 1]atomic.Int32
	together(many, func(int) {
		for range each {
			_, _, v, err := d.CreateProcess(sim.ProcessSpec{Image: appImage})
			if err != nil {
				t.Error(err)
			}
			given[v].Add(1)
			if s := d.State(); s.Version() < v {
				t.Errorf("a state taken after version %d was made is of version %d", v, s.Version())
			}
		}
	})
	for v := range given {
		if n := given[v].Load(); n != 1 && v > 0 {
			t.Errorf("version %d was given %d times", v, n)
		}
	}
}

// A child and a thread are born while their process ends. Versions tell who was first, and who was late is refused.
func TestBirthRacesWithExit(t *testing.T) {
	for range 300 {
		d := emptyDesk(t, sim.Config{Bare: true})
		pid, _ := d.start(sim.ProcessSpec{})
		var birth, spawn, exit sim.Version
		var noChild, noThread error
		together(3, func(i int) {
			switch i {
			case 0:
				_, _, birth, noChild = d.CreateProcess(sim.ProcessSpec{Image: appImage, Parent: pid})
			case 1:
				_, spawn, noThread = d.CreateThread(pid, sim.ThreadSpec{})
			default:
				var err error
				if exit, err = d.TerminateProcess(pid, 0); err != nil {
					t.Error(err)
				}
			}
		})
		for _, late := range []struct {
			v   sim.Version
			err error
		}{{birth, noChild}, {spawn, noThread}} {
			if before := late.v < exit; before != (late.err == nil) || late.err != nil && !errors.Is(late.err, sim.ErrNoProcess) {
				t.Fatalf("born at version %d, %v, in a process that ended at version %d", late.v, late.err, exit)
			}
		}
		if s := d.State(); s.ThreadCount() != s.ProcessCount() || (s.ProcessCount() == 1) != (noChild == nil) {
			t.Fatalf("%d processes and %d threads are left, want the child alone, if it was born", s.ProcessCount(), s.ThreadCount())
		}
	}
}

// A state that somebody holds is his for ever, however he got it and whatever else is taken and changed at the time. Each
// state is looked at again when all is over, because what overwrites it may come late.
func TestStateIsNeverTakenTwice(t *testing.T) {
	const rounds = 2000
	type held struct {
		s *sim.State
		v sim.Version
	}
	d := emptyDesk(t, sim.Config{Bare: true})
	pid, _ := d.start(sim.ProcessSpec{})
	var all [6][]held
	together(len(all), func(i int) {
		for range rounds {
			if i < 2 {
				if _, _, err := d.CreateThread(pid, sim.ThreadSpec{}); err != nil {
					t.Error(err)
				}
			}
			s := d.State()
			if i > 2 {
				var p sim.Process
				if s, p, _ = d.StateOf(pid); p.ThreadCount() != s.ThreadCount() {
					t.Errorf("StateOf gives a state of %d threads and a process of %d", s.ThreadCount(), p.ThreadCount())
				}
			}
			all[i] = append(all[i], held{s, s.Version()})
		}
	})
	for _, some := range all {
		for _, h := range some {
			if h.s.Version() != h.v || h.s.ThreadCount() != int(h.v) {
				t.Fatalf("a state of version %d has turned into one of version %d with %d threads", h.v, h.s.Version(), h.s.ThreadCount())
			}
		}
	}
}
