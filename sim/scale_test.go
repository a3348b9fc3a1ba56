package sim_test

import (
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// chain starts n processes, each the child of the one before.
func chain(tx *sim.Tx, n int) error {
	parent := sim.PID(0)
	for range n {
		pid, _, err := tx.CreateProcess(sim.ProcessSpec{Image: appImage, Parent: parent})
		if err != nil {
			return err
		}
		parent = pid
	}
	return nil
}

// TestAMillionProcesses creates them twice: the first time the Update fails. Nothing here may recurse: each is the parent
// of the next.
func TestAMillionProcesses(t *testing.T) {
	const n = 1_000_000
	d := emptyDesk(t, sim.Config{Bare: true})
	_, err := d.Update(func(tx *sim.Tx) error {
		if err := chain(tx, n); err != nil {
			t.Error(err)
		}
		return errGivenUp
	})
	if s := d.State(); err != errGivenUp || s.ProcessCount()+s.ThreadCount() != 0 || s.Version() != 0 {
		t.Fatalf("an Update that failed with %v left %d processes at version %d", err, s.ProcessCount(), s.Version())
	}
	_, err = d.Update(func(tx *sim.Tx) error { return chain(tx, n) })
	d.fatal(err)
	s := d.State()
	next := sim.PID(8)
	for p := range s.Processes() {
		if p.ID() != next || next > 8 && p.Parent() != next-8 {
			t.Fatalf("process %d, child of %d, want %d: the ids of the failed Update come first again", p.ID(), p.Parent(), next)
		}
		next += 8
	}
	tid := sim.TID(12)
	for th := range s.Threads() {
		if th.ID() != tid {
			t.Fatalf("thread %d, want %d", th.ID(), tid)
		}
		tid += 8
	}
	if s.ProcessCount() != n || s.ThreadCount() != n || next != 8+8*n || tid != 12+8*n {
		t.Errorf("%d processes and %d threads counted, walked up to %d and %d, want %d", s.ProcessCount(), s.ThreadCount(), next, tid, n)
	}
	tree := s.Tree()
	if last := tree[strings.LastIndexByte(tree[:len(tree)-1], '\n')+1:]; strings.Count(tree, "\n") != n || last != strings.Repeat("  ", 40)+"app.exe 8000000\n" {
		t.Errorf("the last line of the tree is %q, want the last of a million, indented no further than 40 levels", last)
	}
	for pid := sim.PID(8); pid < next; pid += 8 {
		d.end(pid)
	}
	if now := d.State(); now.ProcessCount()+now.ThreadCount() != 0 || s.ProcessCount() != n {
		t.Errorf("after all have ended there are %d processes, in the kept state %d", now.ProcessCount(), s.ProcessCount())
	}
	if pid, tid := d.start(sim.ProcessSpec{}); pid != 12 || tid != 8 {
		t.Errorf("the next ids are %d and %d, want the ones freed first, 12 and 8", pid, tid)
	}
}

func TestAMillionThreads(t *testing.T) {
	const n = 1_000_000
	d := emptyDesk(t, sim.Config{Bare: true})
	pid, main := d.start(sim.ProcessSpec{})
	_, err := d.Update(func(tx *sim.Tx) error {
		for range n {
			if _, err := tx.CreateThread(pid, sim.ThreadSpec{}); err != nil {
				return err
			}
		}
		return nil
	})
	d.fatal(err)
	s := d.State()
	tid := main
	for th := range s.Threads() {
		if th.ID() != tid {
			t.Fatalf("thread %d, want %d", th.ID(), tid)
		}
		tid += 4
	}
	for tid := main; tid < main+4*n; tid += 4 {
		d.ok(d.TerminateThread(tid, 0))
	}
	if p := d.process(pid); p.ThreadCount() != 1 || s.ThreadCount() != n+1 || d.State().ThreadCount() != 1 {
		t.Errorf("%d threads are left, %d in the kept state, want 1 and %d", p.ThreadCount(), s.ThreadCount(), n+1)
	}
	d.ok(d.TerminateThread(main+4*n, 0))
	wantEqual(t, "the last thread took its process along", pids(d.State()), nil)
}

// TestManyKeptStates keeps a hundred thousand versions, finds each as it was, and gets the memory back.
func TestManyKeptStates(t *testing.T) {
	const n = 100_000
	d := emptyDesk(t, sim.Config{})
	pid, _ := d.start(sim.ProcessSpec{})
	for range 100 {
		d.start(sim.ProcessSpec{})
	}
	start := live()
	states := make([]*sim.State, n)
	var young [2]sim.TID
	for i := range states {
		young[i%2] = d.thread(pid)
		states[i] = d.State()
		if i%2 == 1 {
			d.ok(d.TerminateThread(young[0], 0))
			d.ok(d.TerminateThread(young[1], 0))
		}
	}
	full := live()
	for i, s := range states {
		if want := 107 + i%2; s.ThreadCount() != want {
			t.Fatalf("state %d has %d threads, want %d", i, s.ThreadCount(), want)
		}
	}
	if each := (full - start) / n; each > 5000 {
		t.Errorf("a kept version costs %d bytes, want at most 5000", each)
	}
	clear(states)
	if left := live() - start; left > (full-start)/50 {
		t.Errorf("of %d bytes that %d states took %d are still there after they were dropped", full-start, n, left)
	}
	if d.State().ThreadCount() != 106 {
		t.Errorf("%d threads are left, want 106", d.State().ThreadCount())
	}
}

// A library is loaded and freed a thousand times while states are kept: each goes on showing its own list.
func TestUnloadingWhileStatesAreKept(t *testing.T) {
	d := newDesk(t)
	type kept struct {
		s *sim.State
		n int
	}
	var all []kept
	for i := range 1000 {
		if i%2 == 0 {
			d.load(d.app, user32)
		} else {
			base := moduleIDs(d.process(d.app))[3]
			d.ok(d.FreeLibrary(d.app, base))
		}
		all = append(all, kept{d.State(), 4 - i%2})
	}
	for _, k := range all {
		p, _ := k.s.Process(d.app)
		if len(names(p)) != k.n || p.ModuleCount() != k.n {
			t.Fatalf("the state of version %d shows %v, want %d modules", k.s.Version(), names(p), k.n)
		}
	}
}
