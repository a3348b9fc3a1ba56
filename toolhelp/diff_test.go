package toolhelp

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/toolhelpsim/toolhelpsim/sim"
	"pgregory.net/rapid"
)

// TestDiff: each kind of change, in the order of Diff, and its line of text.
func TestDiff(t *testing.T) {
	k := sim.New(sim.Config{Bare: true, Reuse: sim.LastFirst})
	d := &desk{k: k}
	start := func(path string) (sim.PID, sim.TID) {
		pid, tid, _, err := k.CreateProcess(sim.ProcessSpec{Image: image(t, path, 64)})
		if err != nil {
			t.Fatal(err)
		}
		return pid, tid
	}
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	app, main := start(`C:\app.exe`)
	dead, _ := start(`C:\dead.exe`)
	extra := d.thread(t, app)
	old := d.load(t, app, `C:\old.dll`, 64)
	twice := d.load(t, app, `C:\twice.dll`, 64)
	gone, _ := d.alloc(t, app)
	grown, _ := d.alloc(t, app)
	touched, at := d.alloc(t, app, 32)
	before, err := Take(k, TH32CS_SNAPALL, app)
	wantIn(t, "Take", err, 0)

	must(k.TerminateProcess(dead, 0))
	reborn, _ := start(`C:\reborn.exe`)
	if reborn != dead {
		t.Fatalf("pid %d was not reused, got %d", dead, reborn)
	}
	must(k.TerminateThread(extra, 0))
	d.thread(t, app)
	d.thread(t, app)
	must(k.SetThreadPriority(main, sim.PriorityHighest))
	must(k.SetPriorityClass(app, sim.HighClass))
	must(k.FreeLibrary(app, old))
	must(k.HeapDestroy(app, gone))
	d.load(t, app, `C:\twice.dll`, 64)
	d.load(t, app, `C:\new.dll`, 64)
	_, _, err = k.HeapAlloc(app, grown, 16, 0)
	must(nil, err)
	_, _, err = k.LockBlock(app, touched, at[0])
	must(nil, err)
	made, _ := d.alloc(t, app)
	after, err := Take(k, TH32CS_SNAPALL, app)
	wantIn(t, "Take", err, 0)

	kinds := []ChangeKind{ProcessEnded, ProcessChanged, ProcessStarted, ThreadEnded, ThreadEnded, ThreadChanged, ThreadStarted, ThreadStarted, ThreadStarted,
		ModuleUnloaded, ModuleChanged, ModuleLoaded, HeapDestroyed, HeapChanged, HeapChanged, HeapCreated}
	all := Diff(before, after)
	var got []ChangeKind
	for _, c := range all {
		got = append(got, c.Kind)
	}
	if diff := cmp.Diff(kinds, got); diff != "" {
		t.Errorf("kinds (-want +got):\n%s\n%v", diff, all)
	}
	text := `process 16 "dead.exe" ended
process 8 "app.exe" changed: threads 2 -> 3, class normal -> high
process 16 "reborn.exe" started
`
	if len(all) > 3 && all[:3].String() != text {
		t.Errorf("the lines of the processes\n%s, want\n%s", all[:3], text)
	}
	ids := map[ChangeKind]uint64{ModuleUnloaded: uint64(old), ModuleChanged: uint64(twice), HeapDestroyed: uint64(gone), HeapCreated: uint64(made)}
	for _, c := range all {
		if id, ok := ids[c.Kind]; ok && c.ID != id {
			t.Errorf("%v: id %#x, want %#x", c, c.ID, id)
		}
		if c.PID == 0 {
			t.Errorf("%v: no pid", c)
		}
	}
}

// TestDiffOfOthers: lists that only one snapshot holds are not compared, and another process's list is another list.
func TestDiffOfOthers(t *testing.T) {
	d := newDesk(t)
	processes, err := Take(d.k, TH32CS_SNAPPROCESS, 0)
	wantIn(t, "Take", err, 0)
	modules, err := Take(d.k, TH32CS_SNAPMODULE, d.app)
	wantIn(t, "Take", err, 0)
	others, err := Take(d.k, TH32CS_SNAPMODULE, d.child)
	wantIn(t, "Take", err, 0)
	if all := Diff(processes, modules); len(all) != 0 {
		t.Errorf("two snapshots without a list in common differ:\n%v", all)
	}
	if all := Diff(modules, others); len(all) != 5 {
		t.Errorf("the modules of two processes: %d differences, want 3 unloaded and 2 loaded:\n%v", len(all), all)
	}
	if s := (Change{Kind: 200}).String(); s != "unknown change" || ChangeKind(200).String() != s || HeapCreated.String() != "heap created" {
		t.Errorf("an unknown kind reads %q", s)
	}
}

// TestDiffLaws: nothing differs from itself; what started and ended between two snapshots is what tells their process lists apart; turned round,
// starts are ends.
func TestDiffLaws(t *testing.T) {
	exe := image(t, `C:\a.exe`, 64)
	rapid.Check(t, func(t *rapid.T) {
		k := sim.New(sim.Config{Bare: true, Reuse: sim.LastFirst})
		var snaps []Snapshot
		for range rapid.IntRange(1, 30).Draw(t, "changes") {
			s, err := Take(k, TH32CS_SNAPPROCESS|TH32CS_SNAPTHREAD, 0)
			if err != nil {
				t.Fatal(err)
			}
			snaps = append(snaps, s)
			var pids []sim.PID
			for p := range s.Processes() {
				pids = append(pids, p.ID())
			}
			switch what := rapid.IntRange(0, 3).Draw(t, "what"); {
			case what <= 1 || len(pids) == 0:
				_, _, _, err = k.CreateProcess(sim.ProcessSpec{Image: exe})
			case what == 2:
				_, err = k.TerminateProcess(rapid.SampledFrom(pids).Draw(t, "pid"), 0)
			default:
				_, _, err = k.CreateThread(rapid.SampledFrom(pids).Draw(t, "pid"), sim.ThreadSpec{})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		a, b := rapid.SampledFrom(snaps).Draw(t, "a"), rapid.SampledFrom(snaps).Draw(t, "b")
		there, back := count(Diff(a, b)), count(Diff(b, a))
		if there[ProcessStarted] != back[ProcessEnded] || there[ThreadEnded] != back[ThreadStarted] || there[ProcessChanged] != back[ProcessChanged] {
			t.Fatalf("there %v, back %v", there, back)
		}
		if grown := b.State().ProcessCount() - a.State().ProcessCount(); there[ProcessStarted]-there[ProcessEnded] != grown {
			t.Fatalf("%d processes more, changes %v", grown, there)
		}
		if grown := b.State().ThreadCount() - a.State().ThreadCount(); there[ThreadStarted]-there[ThreadEnded] != grown {
			t.Fatalf("%d threads more, changes %v", grown, there)
		}
		if same := Diff(a, a); len(same) != 0 {
			t.Fatalf("a snapshot differs from itself:\n%v", same)
		}
	})
}

func count(all Changes) map[ChangeKind]int {
	n := map[ChangeKind]int{}
	for _, c := range all {
		n[c.Kind]++
	}
	return n
}
