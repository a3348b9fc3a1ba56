package sim_test

import (
	"fmt"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// points tells what a call does under a scheduler with what the kernel shares: each operation, and the object where it changes.
// prepare works on a desk whose kernel is attached already, and returns the call.
func points(t *testing.T, prepare func(d *desk) (call func())) string {
	t.Helper()
	r := sched.Run(sched.Program{Name: "call", Body: func(s *sched.Scheduler) func() error {
		d := newDesk(t)
		d.Attach(s)
		s.Go("caller", prepare(d))
		return nil
	}}, sched.Follow(nil))
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	var b strings.Builder
	object := ""
	for _, step := range r.Trace {
		if step.Object != object {
			fmt.Fprintf(&b, " %s:", step.Object)
			object = step.Object
		}
		fmt.Fprintf(&b, " %s", step.Op)
	}
	return strings.TrimSpace(b.String())
}

// only is for calls that can't fail here.
func only[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// A token is an object with a handle.
type token string

func (token) Kind() string  { return "Event" }
func (token) Bytes() uint64 { return 1 }

// A call has as many points as it has accesses to what is shared, and no more: each one multiplies the interleavings.
func TestPointsOfACall(t *testing.T) {
	const (
		locked = "kernel.mu: lock locked unlock"
		change = "kernel.mu: lock locked kernel.last: store kernel.mu: unlock" // it drops the state that somebody took
		opened = "kernel.mu: lock locked handles.slot: store kernel.mu: unlock"
		grown  = "kernel.mu: lock locked handles.slots: store kernel.mu: unlock"
	)
	seen := func(call func(d *desk)) func(d *desk) func() {
		return func(d *desk) func() { d.State(); return func() { call(d) } }
	}
	unseen := func(call func(d *desk)) func(d *desk) func() {
		return func(d *desk) func() { return func() { call(d) } }
	}
	// table is the handle table of app with 8 as the handle of an event and 12 as that of app.
	table := func(d *desk) *sim.HandleTable {
		h := only(d.Handles(d.app))
		only(h.Open(token("a"), 0))
		only(h.Open(token("b"), sim.HandleInherit))
		only(h.OpenProcess(d.app, 0))
		return h
	}
	handles := func(call func(d *desk, h *sim.HandleTable)) func(d *desk) func() {
		return func(d *desk) func() { h := table(d); d.State(); return func() { call(d, h) } }
	}
	tests := []struct {
		call    string
		prepare func(d *desk) func()
		want    string
	}{
		{"a verb", unseen(func(d *desk) { d.thread(d.app) }), locked},
		{"a verb after a state", seen(func(d *desk) { d.thread(d.app) }), change},
		{"CreateProcess", seen(func(d *desk) { d.start(sim.ProcessSpec{}) }), change},
		{"TerminateProcess", seen(func(d *desk) { d.end(d.app) }), change},
		{"LoadLibrary", seen(func(d *desk) { d.load(d.app, user32) }), change},
		{"HeapAlloc", seen(func(d *desk) { d.alloc(10) }), change},
		{"a verb that fails", seen(func(d *desk) { _, _ = d.TerminateProcess(2, 0) }), locked},
		{"an Update of three", seen(func(d *desk) {
			_, _ = d.Update(func(tx *sim.Tx) error {
				_, _ = tx.CreateThread(d.app, sim.ThreadSpec{})
				_, _, _ = tx.CreateProcess(sim.ProcessSpec{Image: appImage})
				return tx.Advance(1)
			})
		}), change},
		{"an Update that fails", seen(func(d *desk) { _, _ = d.Update(func(*sim.Tx) error { return sim.ErrInvalid }) }), locked},
		{"State of an unchanged kernel", seen(func(d *desk) { d.State() }), "kernel.last: load"},
		{"State after a change", unseen(func(d *desk) { d.State() }), "kernel.last: load kernel.mu: lock locked kernel.last: store kernel.mu: unlock"},
		{"StateOf of an unchanged kernel", seen(func(d *desk) { d.StateOf(d.app) }), "kernel.last: load " + locked},
		{"StateOf after a change", unseen(func(d *desk) { d.StateOf(d.app) }), "kernel.last: load kernel.mu: lock locked kernel.last: store kernel.mu: unlock"},
		{"Process", unseen(func(d *desk) { d.Process(d.app) }), locked},
		{"Thread", unseen(func(d *desk) { d.Thread(d.main) }), locked},
		{"Version", unseen(func(d *desk) { d.Version() }), locked},
		{"WalkThreads", unseen(func(d *desk) { only(d.WalkThreads(d.app, sim.FreedReadable)) }), locked},
		{"a step of a live walk", func(d *desk) func() { w := d.WalkProcesses(sim.FreedReadable); return func() { _, _ = w.Next() } }, locked},
		{"a walk of a state", func(d *desk) func() {
			s := d.State()
			return func() { sink += walkProcesses(s, 1) + walkThreads(s, 1) }
		}, ""},
		{"a walk of a process", func(d *desk) func() {
			p, _, _ := d.Process(d.app)
			return func() { sink += walkProcess(p) }
		}, ""},
		{"the first look-up in a state", func(d *desk) func() { s := d.State(); return func() { s.Process(d.app) } }, "state.index: load compare and swap"},
		{"the next look-up in a state", func(d *desk) func() { s := d.State(); s.Thread(d.main); return func() { s.Process(d.app) } }, "state.index: load"},
		{"Handles", unseen(func(d *desk) { only(d.Handles(d.app)) }), locked},
		{"the first Open", func(d *desk) func() {
			h := only(d.Handles(d.app))
			return func() { only(h.Open(token("a"), 0)) }
		}, grown},
		{"Open", handles(func(d *desk, h *sim.HandleTable) { only(h.Open(token("c"), 0)) }), opened},
		{"OpenProcess", handles(func(d *desk, h *sim.HandleTable) { only(h.OpenProcess(d.wow, 0)) }), opened},
		{"Find", handles(func(_ *desk, h *sim.HandleTable) { h.Find(8) }), "handles.slots: load handles.slot: load"},
		{"Find beyond the table", handles(func(_ *desk, h *sim.HandleTable) { h.Find(4000) }), "handles.slots: load"},
		{"Flags", handles(func(d *desk, h *sim.HandleTable) { only(h.Flags(8)) }), "handles.slots: load handles.slot: load"},
		{"Close", handles(func(d *desk, h *sim.HandleTable) { d.fatal(h.Close(8)) }), opened},
		{"Close of a wrong handle", handles(func(_ *desk, h *sim.HandleTable) { _ = h.Close(4000) }), locked},
		{"SetFlags", handles(func(d *desk, h *sim.HandleTable) { d.fatal(h.SetFlags(8, 1, 1)) }), opened},
		{"SetAccess", handles(func(d *desk, h *sim.HandleTable) { d.fatal(h.SetAccess(8, 1)) }), opened},
		{"Duplicate", handles(func(d *desk, h *sim.HandleTable) { only(h.Duplicate(8, h, 0, false)) }), opened},
		{"a move", handles(func(d *desk, h *sim.HandleTable) { only(h.Duplicate(8, h, 0, true)) }), opened},
		{"TerminateProcess with handles", handles(func(d *desk, _ *sim.HandleTable) { d.end(d.app) }),
			"kernel.mu: lock locked kernel.last: store handles.slots: store kernel.mu: unlock"},
		{"CreateProcess of an heir", handles(func(d *desk, _ *sim.HandleTable) { d.start(sim.ProcessSpec{Parent: d.app, InheritHandles: true}) }),
			"kernel.mu: lock locked kernel.last: store handles.slots: store kernel.mu: unlock"},
	}
	for _, tt := range tests {
		t.Run(tt.call, func(t *testing.T) {
			if got := points(t, tt.prepare); got != tt.want {
				t.Errorf("its points are %q, want %q", got, tt.want)
			}
		})
	}
}

// TestNoBareSync: what is shared is of sched's types, or the scheduler could not see it. The one exception is what kernels share with each other, of
// different schedulers even.
func TestNoBareSync(t *testing.T) {
	for _, pattern := range []string{"*.go", "../toolhelp/*.go"} {
		files := only(filepath.Glob(pattern))
		if len(files) == 0 {
			t.Fatalf("no file is named %s", pattern)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || file == "image.go" {
				continue
			}
			for _, i := range only(parser.ParseFile(gotoken.NewFileSet(), file, nil, parser.ImportsOnly)).Imports {
				if i.Path.Value == `"sync"` || i.Path.Value == `"sync/atomic"` {
					t.Errorf("%s imports %s: use the types of sim/sched, and attach them", file, i.Path.Value)
				}
			}
		}
	}
}
