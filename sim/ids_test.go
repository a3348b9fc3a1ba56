package sim_test

import (
	"fmt"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

func TestReusePolicies(t *testing.T) {
	tests := []struct {
		reason string
		c      sim.Config
		want   string // pids and tids handed out after processes 8, 16 and 24 have ended in that order
	}{
		{"oldest first: a thread's id comes back before its process's", sim.Config{}, "12/8 20/16 28/24 32/36"},
		{"last first: the next process gets the pid of the one that ended last", sim.Config{Reuse: sim.LastFirst}, "24/28 16/20 8/12 32/36"},
		{"never: new ones each time", sim.Config{Reuse: sim.NeverReuse}, "32/36 40/44 48/52 56/60"},
		{"a policy that is none: oldest first", sim.Config{Reuse: 9}, "12/8 20/16 28/24 32/36"},
		{"another first id", sim.Config{FirstID: 4194308}, "4194312/4194308 4194320/4194316 4194328/4194324 4194332/4194336"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			tt.c.Bare = true
			d := emptyDesk(t, tt.c)
			var old []sim.PID
			for range 3 {
				pid, _ := d.start(sim.ProcessSpec{})
				old = append(old, pid)
			}
			for _, pid := range old {
				d.end(pid)
			}
			got := ""
			for i := range 4 {
				pid, tid := d.start(sim.ProcessSpec{})
				got += fmt.Sprintf("%s%d/%d", " "[:min(i, 1)], pid, tid)
			}
			if got != tt.want {
				t.Errorf("handed out %s, want %s", got, tt.want)
			}
		})
	}
}

func TestConfigIsBroughtIntoRange(t *testing.T) {
	tests := []struct {
		reason string
		c      sim.Config
		first  sim.PID
		last   uint32
	}{
		{"the zero value", sim.Config{}, 8, 0xFFFFFFFC},
		{"a first id that is pid 4's", sim.Config{FirstID: 4}, 8, 0xFFFFFFFC},
		{"a first id between two", sim.Config{FirstID: 1001}, 1004, 0xFFFFFFFC},
		{"a last id between two", sim.Config{LastID: 1003}, 8, 1000},
		{"a last id below the first", sim.Config{FirstID: 100, LastID: 50}, 100, 100},
		{"the highest first id there is", sim.Config{FirstID: 0xFFFFFFFF}, 0xFFFFFFFC, 0xFFFFFFFC},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			tt.c.Bare = true
			d := emptyDesk(t, tt.c)
			c := d.State().Config()
			pid, _ := d.start(sim.ProcessSpec{Thread: 0x10000})
			if c.FirstID != uint32(tt.first) || c.LastID != tt.last || pid != tt.first {
				t.Errorf("ids go from %d to %d and the first is %d, want %d to %d", c.FirstID, c.LastID, pid, tt.first, tt.last)
			}
		})
	}
}

func TestIDsRunOutAndComeBack(t *testing.T) {
	for _, reuse := range []sim.Reuse{sim.OldestFirst, sim.LastFirst, sim.NeverReuse} {
		t.Run(fmt.Sprint("policy ", reuse), func(t *testing.T) {
			d := emptyDesk(t, sim.Config{Bare: true, FirstID: 8, LastID: 36, Reuse: reuse})
			a, _ := d.start(sim.ProcessSpec{})
			b, _ := d.start(sim.ProcessSpec{})
			for range 3 {
				d.thread(b)
			}
			seven := d.State()
			v := d.Version()
			_, _, _, err := d.CreateProcess(sim.ProcessSpec{Image: appImage})
			wantError(t, err, "CreateProcess", sim.ErrIDsExhausted, v)
			_, _, _, err = d.CreateProcess(sim.ProcessSpec{Image: appImage, ID: 36})
			wantError(t, err, "CreateProcess", sim.ErrIDsExhausted, v)
			last := d.thread(b) // a thread needs one id, a process two
			_, _, err = d.CreateThread(a, sim.ThreadSpec{})
			wantError(t, err, "CreateThread", sim.ErrIDsExhausted, d.Version())
			if last != 36 {
				t.Errorf("the last id is %d, want 36", last)
			}
			outside, _ := d.start(sim.ProcessSpec{ID: 4000, Thread: 4004})
			d.end(outside)
			d.end(a)
			pid, _, _, err := d.CreateProcess(sim.ProcessSpec{Image: appImage})
			if reuse == sim.NeverReuse {
				wantError(t, err, "CreateProcess", sim.ErrIDsExhausted, d.Version())
				return
			}
			if d.fatal(err); pid > 12 {
				t.Errorf("the next pid is %d, want one of the two that were given back", pid)
			}
			if f := seven.Fork(); f.Version() != v {
				t.Errorf("the fork is at version %d, want %d", f.Version(), v)
			} else if tid, _, err := f.CreateThread(a, sim.ThreadSpec{}); err != nil || tid != 36 {
				t.Errorf("the fork of the state before hands out %d, %v, want 36", tid, err)
			}
		})
	}
}

func TestNamedIDsAreSkipped(t *testing.T) {
	for _, reuse := range []sim.Reuse{sim.OldestFirst, sim.LastFirst} {
		d := emptyDesk(t, sim.Config{Bare: true, Reuse: reuse})
		d.start(sim.ProcessSpec{ID: 8, Thread: 16})
		pid, tid := d.start(sim.ProcessSpec{})
		if pid != 12 || tid != 20 {
			t.Errorf("policy %d: around the named ids 8 and 16 come %d and %d, want 12 and 20", reuse, pid, tid)
		}
		d.end(pid)
		d.start(sim.ProcessSpec{ID: 4000, Thread: 12}) // named out of the freed ones
		if pid, _ = d.start(sim.ProcessSpec{}); pid != 20 {
			t.Errorf("policy %d: of the freed ids 12 and 20 the first was taken by name, and the next is %d, want 20", reuse, pid)
		}
		d.end(8)
		if again, _ := d.start(sim.ProcessSpec{ID: 8, Thread: 16}); again != 8 {
			t.Errorf("policy %d: a named id that was given back can't be named again", reuse)
		}
	}
}

// An id that was taken by name before its turn, and given back, is one id and not two.
func TestNamedIDGivenBackCountsOnce(t *testing.T) {
	k := sim.New(sim.Config{Bare: true, FirstID: 8, LastID: 8})
	pid, _, _, err := k.CreateProcess(sim.ProcessSpec{Image: appImage, ID: 400, Thread: 8})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.TerminateProcess(pid, 0); err != nil {
		t.Fatal(err)
	}
	if pid, tid, _, err := k.CreateProcess(sim.ProcessSpec{Image: appImage}); err == nil {
		t.Fatalf("of one id were made pid %d and tid %d", pid, tid)
	}
}

// An id that was taken by name before its turn came is used up too.
func TestNeverReuseHoldsForNamedIDs(t *testing.T) {
	d := emptyDesk(t, sim.Config{Bare: true, FirstID: 8, LastID: 28, Reuse: sim.NeverReuse})
	d.start(sim.ProcessSpec{ID: 16})
	d.end(16)
	fork := &desk{Kernel: d.State().Fork(), t: t}
	for _, d := range []*desk{d, fork} {
		pid, tid := d.start(sim.ProcessSpec{})
		_, _, _, err := d.CreateProcess(sim.ProcessSpec{Image: appImage, ID: 16})
		wantError(t, err, "CreateProcess", sim.ErrIDTaken, d.Version())
		if third := d.thread(pid); pid != 12 || tid != 20 || third != 24 {
			t.Errorf("handed out %d, %d and %d, want 12, 20 and 24: 16 was a process's", pid, tid, third)
		}
	}
}

// Many ids come and go through a queue that forgets its used up part.
func TestOldestFirstGoesRound(t *testing.T) {
	const n = 300
	d := emptyDesk(t, sim.Config{Bare: true})
	pid, _ := d.start(sim.ProcessSpec{})
	threads := make([]sim.TID, n)
	for i := range threads {
		threads[i] = d.thread(pid)
	}
	for range 3 {
		for _, tid := range threads {
			d.ok(d.TerminateThread(tid, 0))
		}
		for i, want := range threads {
			if got := d.thread(pid); got != want {
				t.Fatalf("thread %d of a round has tid %d, want %d: ids come back in the order they went", i, got, want)
			}
		}
	}
}

func TestPIDIsReservedWhileAHandleIsOpen(t *testing.T) {
	for _, reuse := range []sim.Reuse{sim.OldestFirst, sim.LastFirst} {
		d := emptyDesk(t, sim.Config{Reuse: reuse})
		watcher, _ := d.start(sim.ProcessSpec{})
		watched, _ := d.start(sim.ProcessSpec{})
		table := d.handles(watcher)
		h, err := table.OpenProcess(watched|3, 0)
		d.fatal(err)
		d.end(watched)
		for range 3 {
			if pid, tid := d.start(sim.ProcessSpec{}); pid == watched || tid == sim.TID(watched) {
				t.Errorf("policy %d: pid %d was handed out again while a handle keeps it", reuse, watched)
			}
		}
		_, _, _, err = d.CreateProcess(sim.ProcessSpec{Image: appImage, ID: watched})
		wantError(t, err, "CreateProcess", sim.ErrIDTaken, d.Version())
		d.fatal(table.Close(h))
		d.start(sim.ProcessSpec{ID: watched})
	}
}

// The holder of the last handle and the process it keeps end in one Update: the pid is free after it, in either order.
func TestReservedPIDComesBackWithinAnUpdate(t *testing.T) {
	for _, holderFirst := range []bool{true, false} {
		d := emptyDesk(t, sim.Config{Bare: true})
		holder, _ := d.start(sim.ProcessSpec{})
		held, _ := d.start(sim.ProcessSpec{})
		_, err := d.handles(holder).OpenProcess(held, 0)
		d.fatal(err)
		order := []sim.PID{held, holder}
		if holderFirst {
			order = []sim.PID{holder, held}
		}
		_, err = d.Update(func(tx *sim.Tx) error {
			for _, pid := range order {
				if err := tx.TerminateProcess(pid, 0); err != nil {
					return err
				}
			}
			return nil
		})
		d.fatal(err)
		d.start(sim.ProcessSpec{ID: held})
	}
}
