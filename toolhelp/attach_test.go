package toolhelp

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

const everyList = TH32CS_SNAPPROCESS | TH32CS_SNAPTHREAD | TH32CS_SNAPMODULE | TH32CS_SNAPHEAPLIST

// A watched is a desk whose kernel is attached, a caller made after that, and a handle of its to a snapshot of all lists.
type watched struct {
	*desk
	me   *Caller
	snap Handle
	kept Snapshot
}

func watch(t *testing.T, s *sched.Scheduler) *watched {
	t.Helper()
	d := newDesk(t)
	d.k.Attach(s)
	w := &watched{desk: d, me: d.callerIn(t, d.app)}
	var err error
	if w.snap, err = w.me.CreateToolhelp32Snapshot(everyList, 0); err != nil {
		t.Fatal(err)
	}
	if w.kept, err = Take(d.k, everyList, d.app); err != nil {
		t.Fatal(err)
	}
	return w
}

// change makes a change that hardly touches anything.
func (w *watched) change() { _, _ = w.k.Advance(1) }

// next is a call of Process32Next with a good entry.
func (w *watched) next() error {
	return w.me.Process32Next(w.snap, &ProcessEntry32{Size: sizeofProcess})
}

// A call has as many points as it has accesses to what is shared (rule S105).
func TestPointsOfACall(t *testing.T) {
	const (
		locked = "kernel.mu: lock locked unlock"
		found  = "handles.slots: load handles.slot: load "
		opens  = " kernel.mu: lock locked handles.slot: store kernel.mu: unlock"
		fails  = " caller.last: store"
	)
	none := func(*watched) {}
	take := func(flags uint32) func(w *watched) {
		return func(w *watched) { _, _ = Take(w.k, flags, w.app) }
	}
	tests := []struct {
		call   string
		before func(w *watched)
		f      func(w *watched)
		want   string
	}{
		{"Take of the system, unchanged", none, take(systemFlags), "kernel.last: load"},
		{"Take of the system", (*watched).change, take(TH32CS_SNAPPROCESS), "kernel.last: load kernel.mu: lock locked kernel.last: store kernel.mu: unlock"},
		{"Take of one process", none, take(TH32CS_SNAPMODULE | TH32CS_SNAPHEAPLIST), locked},
		{"Take of everything, unchanged", none, take(everyList), "kernel.last: load " + locked},
		{"Take of everything", (*watched).change, take(everyList), "kernel.last: load kernel.mu: lock locked kernel.last: store kernel.mu: unlock"},
		{"Take of nothing", none, take(0), ""},
		{"TakeSeparately", none, func(w *watched) { _, _ = TakeSeparately(w.k, everyList, w.app, nil) },
			"kernel.mu: lock locked unlock lock locked unlock lock locked unlock kernel.last: load"},
		{"walks of a snapshot", none, func(w *watched) { walkAll(w.kept) }, ""},
		{"CreateToolhelp32Snapshot", none, func(w *watched) { _, _ = w.me.CreateToolhelp32Snapshot(systemFlags, 0) }, "kernel.last: load" + opens},
		{"the first Process32Next", none, func(w *watched) { _ = w.next() }, found + "rows.processes: load compare and swap cursor.processes: add"},
		{"the next Process32Next", func(w *watched) { _ = w.next() }, func(w *watched) { _ = w.next() }, found + "rows.processes: load cursor.processes: add"},
		{"Process32First", func(w *watched) { _ = w.next() },
			func(w *watched) { _ = w.me.Process32First(w.snap, &ProcessEntry32{Size: sizeofProcess}) },
			found + "rows.processes: load cursor.processes: store"},
		{"Process32Next at the end", func(w *watched) {
			for w.next() == nil {
			}
		}, func(w *watched) { _ = w.next() }, found + "rows.processes: load cursor.processes: add" + fails},
		{"the first Thread32Next", none, func(w *watched) { _ = w.me.Thread32Next(w.snap, &ThreadEntry32{Size: sizeofThread}) },
			found + "rows.threads: load compare and swap cursor.threads: add"},
		{"the first Module32Next", none, func(w *watched) { _ = w.me.Module32Next(w.snap, &ModuleEntry32{Size: sizeofModule}) },
			found + "rows.modules: load compare and swap cursor.modules: add"},
		{"the first Heap32ListNext", none, func(w *watched) { _ = w.me.Heap32ListNext(w.snap, &HeapList32{Size: sizeofHeapList}) },
			found + "rows.heaps: load compare and swap cursor.heaps: add"},
		{"Process32Next without an entry", none, func(w *watched) { _ = w.me.Process32Next(w.snap, nil) }, strings.TrimSpace(fails)},
		{"CloseHandle", none, func(w *watched) { _ = w.me.CloseHandle(w.snap) }, strings.TrimSpace(opens)},
		{"CloseHandle of a wrong handle", none, func(w *watched) { _ = w.me.CloseHandle(4000) }, locked + fails},
		{"GetLastError", none, func(w *watched) { _ = w.me.GetLastError() }, "caller.last: load"},
	}
	for _, tt := range tests {
		t.Run(tt.call, func(t *testing.T) {
			r := sched.Run(sched.Program{Name: "call", Body: func(s *sched.Scheduler) func() error {
				w := watch(t, s)
				tt.before(w)
				s.Go("caller", func() { tt.f(w) })
				return nil
			}}, sched.Follow(nil))
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			if got := listPoints(r.Trace); got != tt.want {
				t.Errorf("its points are %q, want %q", got, tt.want)
			}
		})
	}
}

// listPoints names the operations of a trace, and the object wherever it is another one.
func listPoints(trace []sched.Step) string {
	var words []string
	object := ""
	for _, step := range trace {
		if step.Object != object {
			words = append(words, step.Object+":")
			object = step.Object
		}
		words = append(words, step.Op.String())
	}
	return strings.Join(words, " ")
}

func walkAll(s Snapshot) (n int) {
	for range s.Processes() {
		n++
	}
	for range s.Threads() {
		n++
	}
	for range s.Modules() {
		n++
	}
	for range s.Heaps() {
		n++
	}
	return n
}

// waits is, for each writer and each look, behind how many of the writer's steps the look has to wait.
const waits = `                             Take Take all Take one     walk     next    first
CreateProcess                 1/4      3/4      3/4      0/4      0/4      0/4
TerminateProcess              2/5      4/5      4/5      0/5      0/5      0/5
LoadLibrary                   1/4      3/4      3/4      0/4      0/4      0/4
Advance, then Take            3/9      6/9      6/9      0/9      0/9      0/9
Process32Next                 0/5      0/5      0/5      0/5      0/5      0/5
CloseHandle                   0/4      3/4      3/4      0/4      0/4      0/4`

// TestWhoWaitsForWhom parks a writer for good behind each number of its steps and lets a look run alone then. A snapshot waits for at most the one
// change in flight, and only from its lock to its unlock; what is kept is walked, and a cursor moved, without waiting (rule S106).
func TestWhoWaitsForWhom(t *testing.T) {
	exe := sim.MustImage(`C:\app\new.exe`)
	writers := []struct {
		name string
		f    func(w *watched)
	}{
		{"CreateProcess", func(w *watched) { _, _, _, _ = w.k.CreateProcess(sim.ProcessSpec{Image: exe}) }},
		{"TerminateProcess", func(w *watched) { _, _ = w.k.TerminateProcess(w.app, 0) }},
		{"LoadLibrary", func(w *watched) { _, _, _ = w.k.LoadLibrary(w.app, exe, 0) }},
		{"Advance, then Take", func(w *watched) { w.change(); _, _ = Take(w.k, systemFlags, 0) }},
		{"Process32Next", func(w *watched) { _ = w.next() }},
		{"CloseHandle", func(w *watched) { _ = w.me.CloseHandle(w.snap) }},
	}
	looks := []struct {
		name string
		f    func(w *watched)
	}{
		{"Take", func(w *watched) { _, _ = Take(w.k, systemFlags, 0) }},
		{"Take all", func(w *watched) { _, _ = Take(w.k, everyList, w.app) }},
		{"Take one", func(w *watched) { _, _ = Take(w.k, TH32CS_SNAPMODULE, w.app) }},
		{"walk", func(w *watched) { walkAll(w.kept) }},
		{"next", func(w *watched) { _ = w.next() }},
		{"first", func(w *watched) { _ = w.me.Process32First(w.snap, &ProcessEntry32{Size: sizeofProcess}) }},
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-24s", "")
	for _, l := range looks {
		fmt.Fprintf(&b, "%9s", l.name)
	}
	for _, w := range writers {
		fmt.Fprintf(&b, "\n%-24s", w.name)
		for _, l := range looks {
			fmt.Fprintf(&b, "%9s", heldUp(t, w.f, l.f))
		}
	}
	if got := b.String(); got != waits {
		t.Errorf("who waits for whom:\n%s\nwant:\n%s", got, waits)
	}
}

func heldUp(t *testing.T, writer, look func(w *watched)) string {
	t.Helper()
	p := sched.Program{Name: "wait", Body: func(s *sched.Scheduler) func() error {
		w := watch(t, s)
		s.Go("writer", func() { writer(w) })
		s.Go("look", func() { look(w) })
		return nil
	}}
	for held, k := 0, 0; ; k++ {
		r := sched.Run(p, sched.Freeze(0, k))
		switch {
		case errors.Is(r.Err, sched.ErrHeld):
			held++
		case r.Err != nil:
			t.Fatalf("%v\n%s", r.Err, r.Token())
		case !r.Stopped:
			return fmt.Sprintf("%d/%d", held, k)
		}
	}
}
