package sim

import (
	"errors"
	"testing"
)

// The tests of this file look inside, because what they hold has no outside: memory not kept, a counter nobody lives
// to see near its end, and a table that takes a gigabyte to fill.

func TestNoHistoryIsKeptWithoutAWalk(t *testing.T) {
	k := New(Config{})
	churn := func() {
		for range 10 {
			pid, _, _, err := k.CreateProcess(ProcessSpec{Image: MustImage("a.exe")})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := k.TerminateProcess(pid, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	churn()
	if len(k.walks.graves) != 0 {
		t.Errorf("history of %d addresses is kept, though nobody walks", len(k.walks.graves))
	}
	a, b := k.WalkProcesses(FreedReadable), k.WalkProcesses(FreedReadable)
	churn()
	if n := len(k.walks.graves); n == 0 {
		t.Error("no history is kept, though two walks are open")
	}
	a.Close()
	for {
		if _, err := b.Next(); err != nil {
			break
		}
	}
	if k.walks.any() || k.walks.graves != nil {
		t.Errorf("after one walk was closed and the other has ended, %v are open and history of %d addresses is kept", k.walks.open, len(k.walks.graves))
	}
}

func TestVersionsCountUpToTheHighest(t *testing.T) {
	const highest = ^Version(0)
	k := New(Config{})
	k.version = highest - 3
	w := k.WalkProcesses(FreedReadable)
	for want := highest - 2; want != 0; want++ { // 0 is one beyond the highest
		_, _, v, err := k.CreateProcess(ProcessSpec{Image: MustImage("a.exe")})
		if err != nil || v != want {
			t.Fatalf("version %d, %v, want %d", v, err, want)
		}
		s := k.State()
		if s.Version() != want || s.Fork().Version() != want {
			t.Errorf("the state says %d and its fork %d, want %d", s.Version(), s.Fork().Version(), want)
		}
		if e, err := w.Next(); err != nil || e.Version != want {
			t.Errorf("the walk says %d, %v, want %d", e.Version, err, want)
		}
	}
}

// A thing is an object for handles to refer to.
type thing struct{ bytes uint64 }

func (*thing) Kind() string    { return "Thing" }
func (o *thing) Bytes() uint64 { return o.bytes }

func TestHandlesRunOutAndComeBack(t *testing.T) {
	k := New(Config{})
	table, err := k.Handles(4)
	if err != nil {
		t.Fatal(err)
	}
	o := &thing{}
	var hs [3]Handle
	for i := range hs {
		if hs[i], err = table.Open(o, 0); err != nil {
			t.Fatal(err)
		}
	}
	table.open = MostHandles
	_, open := table.Open(o, 0)
	_, process := table.OpenProcess(4, 0)
	_, duplicate := table.Duplicate(hs[0], table, 0, false)
	for _, err := range []error{open, process, duplicate} {
		if !errors.Is(err, ErrTooManyHandles) {
			t.Errorf("a full table answers %v, want ErrTooManyHandles", err)
		}
	}
	if h, err := table.Duplicate(hs[0], table, HandleInherit, true); err != nil || h != hs[0] {
		t.Errorf("moving a handle within a full table gives %d, %v, want it to need no room", h, err)
	}
	if err := table.Close(hs[1]); err != nil {
		t.Fatal(err)
	}
	if h, err := table.Open(o, 0); err != nil || h != hs[1] {
		t.Errorf("after one was closed the next is %d, %v, want %d", h, err, hs[1])
	}
}

func TestHistoryShrinksWhenTheOldestWalkIsClosed(t *testing.T) {
	k := New(Config{Bare: true, Reuse: LastFirst})
	start := func() PID {
		pid, _, _, err := k.CreateProcess(ProcessSpec{Image: MustImage("a.exe"), Minimal: true})
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
	end := func(pid PID) {
		if _, err := k.TerminateProcess(pid, 0); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		start()
	}
	old := k.WalkProcesses(FreedReadable)
	end(8)
	end(start()) // twice at one address
	young := k.WalkProcesses(FreedReadable)
	if e, err := young.Next(); err != nil || e.ID != 16 {
		t.Fatalf("the younger walk begins with %+v, %v, want 16", e, err)
	}
	end(start())
	end(16)
	began := young.began
	old.Close()
	for key, list := range k.walks.graves {
		for _, g := range list {
			if g.version <= began {
				t.Errorf("what was freed at %#x by version %d is still known, though the oldest walk began at version %d", key.at, g.version, began)
			}
		}
	}
	if len(k.walks.graves) == 0 {
		t.Error("nothing is known of what was freed since the younger walk began")
	}
	if e, err := young.Next(); err != nil || e.ID != 24 || e.Stale {
		t.Errorf("the younger walk, whose place was freed, goes on with %+v, %v, want 24", e, err)
	}
	young.Close()
}
