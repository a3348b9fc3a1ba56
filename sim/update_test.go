package sim_test

import (
	"errors"
	"runtime"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// everything uses every verb of tx on a desk once, and some twice.
func everything(d *desk, tx *sim.Tx) error {
	var failed error
	ok := func(err error) { failed = errors.Join(failed, err) }
	a, t1, err := tx.CreateProcess(sim.ProcessSpec{Image: appImage, Parent: d.app, InheritHandles: true})
	ok(err)
	t2, err := tx.CreateThread(a, sim.ThreadSpec{})
	ok(err)
	ok(tx.TerminateThread(t1, 0))
	_, err = tx.SuspendThread(t2)
	ok(err)
	_, err = tx.ResumeThread(d.waker)
	ok(err)
	ok(tx.SetThreadPriority(d.main, sim.PriorityHighest))
	ok(tx.SetPriorityClass(d.app, sim.HighClass))
	base, err := tx.LoadLibrary(d.app, user32, 0)
	ok(err)
	ok(tx.FreeLibrary(d.app, d.lib))
	ok(tx.WriteProcessMemory(d.app, base, []byte("written")))
	heap, err := tx.HeapCreate(d.app, sim.HeapSpec{})
	ok(err)
	block, err := tx.HeapAlloc(d.app, heap, 10, sim.Moveable)
	ok(err)
	block, err = tx.HeapReAlloc(d.app, heap, block, 1000)
	ok(err)
	_, err = tx.LockBlock(d.app, heap, block)
	ok(err)
	_, err = tx.UnlockBlock(d.app, d.heap, d.locked)
	ok(err)
	ok(tx.HeapFree(d.app, d.heap, d.block))
	ok(tx.HeapDestroy(d.app, d.heap))
	ok(tx.WriteProcessMemory(d.app, block, []byte("written")))
	b, _, err := tx.CreateProcess(sim.ProcessSpec{Image: appImage, ID: d.free(t1), Thread: 7000})
	ok(err)
	ok(tx.TerminateProcess(b, 0))
	ok(tx.TerminateProcess(d.wow, 0))
	_, _, err = tx.CreateProcess(sim.ProcessSpec{Image: appImage, Thread: 6000})
	ok(err)
	ok(tx.Advance(1))
	return failed
}

// free is the id of an ended thread, unless the policy never reuses one.
func (d *desk) free(tid sim.TID) sim.PID {
	if d.reuse == sim.NeverReuse {
		return 5000
	}
	return sim.PID(tid)
}

var errGivenUp = errors.New("given up")

func TestUpdateIsAllOrNothing(t *testing.T) {
	endings := []struct {
		reason string
		end    func() error
	}{
		{"it returns an error", func() error { return errGivenUp }},
		{"it panics", func() error { panic(errGivenUp) }},
		{"its goroutine ends", func() error { runtime.Goexit(); return nil }},
	}
	policies := []sim.Reuse{sim.OldestFirst, sim.LastFirst, sim.NeverReuse}
	for _, tt := range endings {
		t.Run(tt.reason, func(t *testing.T) {
			for _, reuse := range policies {
				d, twin := newDeskOf(t, sim.Config{Reuse: reuse}), newDeskOf(t, sim.Config{Reuse: reuse})
				table := d.handles(d.wow)
				h := d.open(table, &event{}, 0)
				d.open(d.handles(d.app), &event{}, sim.HandleInherit)
				before := d.list()
				for range 2 { // with a state taken just before, and without
					v, err := update(d, func(tx *sim.Tx) error {
						if err := everything(d, tx); err != nil {
							t.Errorf("the script itself fails: %v", err)
						}
						return tt.end()
					})
					if err != errGivenUp && tt.reason != "its goroutine ends" || v != before.Version {
						t.Errorf("Update gave version %d, %v, want %d and what f gave", v, err, before.Version)
					}
				}
				if diff := fuzz.Compare(before, d.list()); diff != "" {
					t.Errorf("policy %d: a failed Update left something behind:\n%s", reuse, diff)
				}
				if table.Find(h) == nil {
					t.Error("an exit that was rolled back closed the process's handles")
				}
				if got, want := d.next(), twin.next(); got != want {
					t.Errorf("policy %d: after it the next ids are %q, want %q", reuse, got, want)
				}
			}
		})
	}
}

// update runs an Update that may panic or never return, and gives its version and error, or what it panicked with.
func update(d *desk, f func(tx *sim.Tx) error) (v sim.Version, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if r, ok := recover().(error); ok {
				v, err = d.Version(), r
			}
		}()
		v = d.Version()
		v, err = d.Update(f)
	}()
	<-done
	return v, err
}

func TestUpdateIsOneVersion(t *testing.T) {
	d := newDesk(t)
	before := d.State()
	v, err := d.Update(func(tx *sim.Tx) error { return everything(d, tx) })
	d.fatal(err)
	after := d.State()
	if v != before.Version()+1 || after.Version() != v {
		t.Errorf("Update gave version %d and the state says %d, want %d", v, after.Version(), before.Version()+1)
	}
	if tick := after.Clock() - before.Clock(); tick != 10_000+1 {
		t.Errorf("the clock moved by %d, want one tick of 10,000 and the 1 that Advance asked for", tick)
	}
	if err := fuzz.Check(after); err != nil {
		t.Error(err)
	}
	empty, err := d.Update(func(*sim.Tx) error { return nil })
	if err != nil || empty != v+1 {
		t.Errorf("an Update that does nothing gives version %d, %v, want %d: it took effect", empty, err, v+1)
	}
}

// TestTxVerbsAreTheKernels checks that one script leads to one world, in an Update or verb by verb.
func TestTxVerbsAreTheKernels(t *testing.T) {
	d, twin := newDesk(t), newDesk(t)
	_, err := d.Update(func(tx *sim.Tx) error { return everything(d, tx) })
	d.fatal(err)
	a, t1 := twin.start(sim.ProcessSpec{Parent: twin.app, InheritHandles: true})
	t2 := twin.thread(a)
	twin.ok(twin.TerminateThread(t1, 0))
	twin.ok(late(twin.SuspendThread(t2)))
	twin.ok(late(twin.ResumeThread(twin.waker)))
	twin.ok(twin.SetThreadPriority(twin.main, sim.PriorityHighest))
	twin.ok(twin.SetPriorityClass(twin.app, sim.HighClass))
	base := twin.load(twin.app, user32)
	twin.ok(twin.FreeLibrary(twin.app, twin.lib))
	twin.ok(twin.WriteProcessMemory(twin.app, base, []byte("written")))
	heap := first(twin.HeapCreate(twin.app, sim.HeapSpec{}))(twin)
	block := first(twin.HeapAlloc(twin.app, heap, 10, sim.Moveable))(twin)
	block = first(twin.HeapReAlloc(twin.app, heap, block, 1000))(twin)
	twin.ok(late(twin.LockBlock(twin.app, heap, block)))
	twin.ok(late(twin.UnlockBlock(twin.app, twin.heap, twin.locked)))
	twin.ok(twin.HeapFree(twin.app, twin.heap, twin.block))
	twin.ok(twin.HeapDestroy(twin.app, twin.heap))
	twin.ok(twin.WriteProcessMemory(twin.app, block, []byte("written")))
	b, _ := twin.start(sim.ProcessSpec{ID: twin.free(t1), Thread: 7000})
	twin.end(b)
	twin.end(twin.wow)
	twin.start(sim.ProcessSpec{Thread: 6000})
	twin.ok(twin.Advance(1))

	got, want := timeless(d.list()), timeless(twin.list())
	if diff := fuzz.Compare(want, got); diff != "" {
		t.Errorf("an Update and the same verbs one by one differ:\n%s", diff)
	}
}

// timeless forgets versions and times, which differ between one change and twenty.
func timeless(l fuzz.Listing) fuzz.Listing {
	l.Version, l.Clock = 0, 0
	for i := range l.Processes {
		l.Processes[i].Created = 0
		for j := range l.Processes[i].Threads {
			l.Processes[i].Threads[j].Created = 0
		}
	}
	return l
}

func TestUpdateGoesOnAfterAFailedVerb(t *testing.T) {
	d := newDesk(t)
	var pid sim.PID
	_, err := d.Update(func(tx *sim.Tx) error {
		if _, _, err := tx.CreateProcess(sim.ProcessSpec{Image: appImage, ID: d.app}); !errors.Is(err, sim.ErrIDTaken) {
			t.Errorf("a taken pid gives %v", err)
		}
		var err error
		pid, _, err = tx.CreateProcess(sim.ProcessSpec{Image: appImage})
		wantError(t, tx.TerminateProcess(0, 0), "TerminateProcess", sim.ErrAccessDenied, 0)
		return err
	})
	if _, _, ok := d.Process(pid); err != nil || !ok {
		t.Errorf("the Update gave %v and process %d lives: %v, want the change without the failed verbs", err, pid, ok)
	}
}

func TestUpdateReadsWhatItWrote(t *testing.T) {
	d := newDesk(t)
	buf := []byte("....")
	_, err := d.Update(func(tx *sim.Tx) error {
		if err := tx.WriteProcessMemory(d.app, d.block, []byte("fresh")); err != nil {
			return err
		}
		wantError(t, tx.ReadProcessMemory(d.gone, d.block, buf), "ReadProcessMemory", sim.ErrNoProcess, 0)
		wantError(t, tx.ReadProcessMemory(d.app, 0, buf), "ReadProcessMemory", sim.ErrPartialCopy, 0)
		return tx.ReadProcessMemory(d.app, d.block, buf)
	})
	if err != nil || string(buf) != "fres" {
		t.Errorf("within the Update it reads %q, %v, want what it wrote", buf, err)
	}
}

func TestTxIsOfNoUseAfterItsUpdate(t *testing.T) {
	d := newDesk(t)
	var tx *sim.Tx
	_, err := d.Update(func(lent *sim.Tx) error { tx = lent; return nil })
	d.fatal(err)
	drop := func(_ any, err error) error { return err }
	_, _, created := tx.CreateProcess(sim.ProcessSpec{Image: appImage})
	for _, r := range []struct {
		call string
		err  error
	}{
		{"CreateProcess", created},
		{"TerminateProcess", tx.TerminateProcess(d.app, 0)},
		{"CreateThread", drop(tx.CreateThread(d.app, sim.ThreadSpec{}))},
		{"TerminateThread", tx.TerminateThread(d.main, 0)},
		{"SuspendThread", drop(tx.SuspendThread(d.main))},
		{"ResumeThread", drop(tx.ResumeThread(d.main))},
		{"SetThreadPriority", tx.SetThreadPriority(d.main, 0)},
		{"SetPriorityClass", tx.SetPriorityClass(d.app, 0)},
		{"LoadLibrary", drop(tx.LoadLibrary(d.app, user32, 0))},
		{"FreeLibrary", tx.FreeLibrary(d.app, d.lib)},
		{"HeapCreate", drop(tx.HeapCreate(d.app, sim.HeapSpec{}))},
		{"HeapDestroy", tx.HeapDestroy(d.app, d.heap)},
		{"HeapAlloc", drop(tx.HeapAlloc(d.app, d.heap, 1, 0))},
		{"HeapReAlloc", drop(tx.HeapReAlloc(d.app, d.heap, d.block, 1))},
		{"HeapFree", tx.HeapFree(d.app, d.heap, d.block)},
		{"LockBlock", drop(tx.LockBlock(d.app, d.heap, d.block))},
		{"UnlockBlock", drop(tx.UnlockBlock(d.app, d.heap, d.locked))},
		{"WriteProcessMemory", tx.WriteProcessMemory(d.app, d.block, nil)},
		{"ReadProcessMemory", tx.ReadProcessMemory(d.app, d.block, nil)},
		{"Advance", tx.Advance(1)},
	} {
		var e *sim.Error
		if !errors.Is(r.err, sim.ErrInvalid) || !errors.As(r.err, &e) || e.Call != r.call {
			t.Errorf("%s with a Tx whose Update has ended gives %v, want ErrInvalid", r.call, r.err)
		}
	}
	if d.list().Version != d.Version() {
		t.Error("a dead Tx counted a version")
	}
}

func TestInheritanceIsCertainOnlyWithTheUpdate(t *testing.T) {
	d := newDesk(t)
	d.open(d.handles(d.app), &event{}, sim.HandleInherit)
	heir := sim.ProcessSpec{Image: appImage, Parent: d.app, InheritHandles: true, ID: 8000}
	_, err := d.Update(func(tx *sim.Tx) error {
		_, _, err := tx.CreateProcess(heir)
		return errors.Join(err, errGivenUp)
	})
	if !errors.Is(err, errGivenUp) {
		t.Fatal(err)
	}
	d.start(sim.ProcessSpec{ID: 8000})
	if n := d.handles(8000).Len(); n != 0 {
		t.Errorf("a process has %d handles from the one with its pid that never was", n)
	}
	d.end(8000)
	_, err = d.Update(func(tx *sim.Tx) error {
		_, _, err := tx.CreateProcess(heir)
		return errors.Join(err, tx.TerminateProcess(8000, 0), tx.TerminateProcess(d.app, 0))
	})
	d.fatal(err)
	d.start(sim.ProcessSpec{ID: 8000})
	if n := d.handles(8000).Len(); n != 0 {
		t.Errorf("a process has %d handles from the one that ended within an Update", n)
	}
}

func TestClock(t *testing.T) {
	d := emptyDesk(t, sim.Config{Start: 1000, Tick: 7})
	pid, tid := d.start(sim.ProcessSpec{})
	th, _, _ := d.Thread(tid)
	if p := d.process(pid); p.Created() != 1000 || th.Created() != 1000 || d.State().Clock() != 1007 {
		t.Errorf("created at %d and %d, the clock is at %d, want 1000, 1000 and 1007", p.Created(), th.Created(), d.State().Clock())
	}
	d.ok(d.Advance(100))
	if c := d.State().Clock(); c != 1114 {
		t.Errorf("the clock is at %d, want 1114: the advance and its own tick", c)
	}
	d.ok(d.Advance(^sim.Time(0)))
	d.start(sim.ProcessSpec{})
	if c := d.State().Clock(); c != ^sim.Time(0) {
		t.Errorf("the clock is at %d, want the highest value, where it stops", c)
	}
}
