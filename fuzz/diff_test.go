package fuzz_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// FuzzDiff runs a program between two snapshots. What toolhelp.Diff says, done to the listing of the first, must give the
// listing of the second; and it must say of an entry of both that it changed exactly when it did.
func FuzzDiff(f *testing.F) {
	f.Fuzz(func(t *testing.T, target, before uint8, program []byte) {
		from := &bytesSource{program: program}
		theme := from.theme()
		k := sim.New(from.config())
		m := fuzz.NewModel(k.State())
		run := func(steps int) {
			for ; steps > 0 && !from.done; steps-- {
				c := fuzz.Draw(m, theme, from.next)
				if r, err := judged(k, m, c); err != nil {
					t.Fatalf("%v\n-> %v\n%v", c, r, err)
				}
			}
		}
		run(int(before))
		pid := sim.PID(target) &^ 3
		a, b := bothDoors(t, k, pid, func() { run(300) })
		checkDiff(t, a[0], b[0])
		if len(a) == 2 && len(b) == 2 {
			checkDiff(t, a[1], b[1])
		}
	})
}

// bothDoors takes a snapshot of all processes and, if it can be had, one of the modules and heaps of one process, before and after.
func bothDoors(t *testing.T, k *sim.Kernel, pid sim.PID, between func()) (a, b []toolhelp.Snapshot) {
	t.Helper()
	take := func() []toolhelp.Snapshot {
		all, err := toolhelp.Take(k, toolhelp.TH32CS_SNAPPROCESS|toolhelp.TH32CS_SNAPTHREAD, 0)
		if err != nil {
			t.Fatal(err)
		}
		one, err := toolhelp.Take(k, toolhelp.TH32CS_SNAPMODULE|toolhelp.TH32CS_SNAPMODULE32|toolhelp.TH32CS_SNAPHEAPLIST, pid)
		if err != nil {
			return []toolhelp.Snapshot{all}
		}
		return []toolhelp.Snapshot{all, one}
	}
	a = take()
	between()
	return a, take()
}

// lists are the names of the entries of a snapshot, one list after the other.
type lists struct {
	processes, threads, modules, heaps []string
}

func listsOf(s toolhelp.Snapshot) (l lists) {
	for p := range s.Processes() {
		l.processes = append(l.processes, fmt.Sprint(p.ID()))
	}
	for t := range s.Threads() {
		l.threads = append(l.threads, fmt.Sprint(t.Owner(), t.ID()))
	}
	for m := range s.Modules() {
		l.modules = append(l.modules, fmt.Sprint(uint64(m.Base()), m.Path()))
	}
	for h := range s.Heaps() {
		l.heaps = append(l.heaps, fmt.Sprint(uint64(h.ID())))
	}
	return l
}

// apply does to the lists what the changes say: what is gone goes, what is new comes last.
func (l *lists) apply(t *testing.T, changes toolhelp.Changes) {
	t.Helper()
	for _, c := range changes {
		switch c.Kind {
		case toolhelp.ProcessEnded:
			drop(t, &l.processes, fmt.Sprint(c.ID))
		case toolhelp.ProcessStarted:
			l.processes = append(l.processes, fmt.Sprint(c.ID))
		case toolhelp.ThreadEnded:
			drop(t, &l.threads, fmt.Sprint(c.PID, c.ID))
		case toolhelp.ThreadStarted:
			l.threads = append(l.threads, fmt.Sprint(c.PID, c.ID))
		case toolhelp.ModuleUnloaded:
			drop(t, &l.modules, fmt.Sprint(c.ID, c.Name))
		case toolhelp.ModuleLoaded:
			l.modules = append(l.modules, fmt.Sprint(c.ID, c.Name))
		case toolhelp.HeapDestroyed:
			drop(t, &l.heaps, fmt.Sprint(c.ID))
		case toolhelp.HeapCreated:
			l.heaps = append(l.heaps, fmt.Sprint(c.ID))
		}
	}
}

func drop(t *testing.T, list *[]string, entry string) {
	t.Helper()
	i := slices.Index(*list, entry)
	if i < 0 {
		t.Fatalf("Diff says that %q is gone, which was not there: %q", entry, *list)
	}
	*list = slices.Delete(*list, i, i+1)
}

// checkDiff compares processes and heaps in order. Threads and modules are listed in groups, by process and by bitness, so that
// new ones do not come last: they are compared as sets.
func checkDiff(t *testing.T, a, b toolhelp.Snapshot) {
	t.Helper()
	changes := toolhelp.Diff(a, b)
	got, want := listsOf(a), listsOf(b)
	got.apply(t, changes)
	for _, l := range []*lists{&got, &want} {
		slices.Sort(l.threads)
		slices.Sort(l.modules)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(lists{}), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("what Diff says does not lead from the first listing to the second (-second +got):\n%s\n%v", diff, changes)
	}
	checkChanged(t, a, b, changes)
	if back := toolhelp.Diff(b, a); len(back) != len(changes) {
		t.Fatalf("there are %d changes from a to b and %d from b to a", len(changes), len(back))
	}
	if same := toolhelp.Diff(b, b); len(same) != 0 {
		t.Fatalf("a snapshot differs from itself: %v", same)
	}
}

// checkChanged compares the processes that both snapshots have with what Diff says of them.
func checkChanged(t *testing.T, a, b toolhelp.Snapshot, changes toolhelp.Changes) {
	t.Helper()
	said := map[sim.PID]bool{}
	for _, c := range changes {
		if c.Kind == toolhelp.ProcessChanged {
			said[c.PID] = true
		}
	}
	old := map[uint64]fuzz.Process{}
	for p := range a.Processes() {
		old[p.Sequence()] = fuzz.ListProcess(p)
	}
	for p := range b.Processes() {
		was, both := old[p.Sequence()]
		now := fuzz.ListProcess(p)
		changed := both && (len(was.Threads) != len(now.Threads) || was.Class != now.Class || was.Started != now.Started)
		if said[p.ID()] != changed {
			t.Fatalf("Diff says that process %d changed: %v, want %v\nbefore %+v\nafter  %+v", p.ID(), said[p.ID()], changed, was, now)
		}
	}
}
