package scenarios_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/toolhelpsim/toolhelpsim/scenarios"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// sameWorld compares what a World says, not which line said it.
var sameWorld = cmpopts.IgnoreUnexported(scenarios.World{}, scenarios.File{}, scenarios.Process{}, scenarios.Thread{}, scenarios.Module{}, scenarios.Heap{}, scenarios.Block{})

func parse(t interface{ Fatalf(string, ...any) }, text string) *scenarios.World {
	w, err := scenarios.Parse("test.txt", strings.NewReader(text))
	if err != nil {
		t.Fatalf("Parse: %v\n%s", err, text)
	}
	return w
}

func boot(t interface{ Fatalf(string, ...any) }, w *scenarios.World) *sim.Kernel {
	k, err := w.Boot()
	if err != nil {
		t.Fatalf("Boot: %v\n%s", err, w)
	}
	return k
}

func write(t interface{ Fatalf(string, ...any) }, w *scenarios.World) string {
	var b strings.Builder
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatalf("WriteTo: %v\n%s", err, w)
	}
	return b.String()
}

// TestParseOfWriteIsTheSameWorld: parse(write(w)) == w, and writing it once more gives the same text.
func TestParseOfWriteIsTheSameWorld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := worlds.Draw(t, "world")
		text := write(t, w)
		back := parse(t, text)
		if diff := cmp.Diff(w, back, sameWorld, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("parse(write(w)) differs (-wrote +read):\n%s\n%s", diff, text)
		}
		if again := write(t, back); again != text {
			t.Fatalf("writing what was read gives other text:\n%s\n%s", text, again)
		}
	})
}

// TestBootOfStateIsTheSameState: boot(of(state)) lists what state lists, for states that a world was booted into and that
// verbs then changed.
func TestBootOfStateIsTheSameState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := worlds.Draw(t, "world")
		k := boot(t, w)
		change(t, k)
		before := k.State()
		said := scenarios.Of(before)
		text := write(t, said)
		after := boot(t, parse(t, text)).State()
		if before.String() != after.String() {
			t.Fatalf("boot(of(state)) is another state:\n%s\n%s\n%s", before, after, text)
		}
		if diff := cmp.Diff(listing(before), listing(after)); diff != "" {
			t.Fatalf("boot(of(state)) lists something else (-before +after):\n%s\n%s", diff, text)
		}
		if again := scenarios.Of(after).String(); again != text {
			t.Fatalf("of(boot(of(state))) is not of(state):\n%s", cmp.Diff(text, again))
		}
	})
}

// change does some verbs, whatever comes of them: what fails changes nothing.
func change(t *rapid.T, k *sim.Kernel) {
	lib := sim.MustImage(`C:\Later\plug.dll`)
	for range rapid.IntRange(0, 12).Draw(t, "verbs") {
		var pids []sim.PID
		var tids []sim.TID
		s := k.State()
		for p := range s.Processes() {
			pids = append(pids, p.ID())
			for x := range p.Threads() {
				tids = append(tids, x.ID())
			}
		}
		if len(pids) == 0 {
			return
		}
		pid, tid := rapid.SampledFrom(pids).Draw(t, "pid"), rapid.SampledFrom(tids).Draw(t, "tid")
		p, _, _ := k.Process(pid)
		switch rapid.IntRange(0, 11).Draw(t, "verb") {
		case 0:
			k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("later.exe"), Parent: pid})
		case 1:
			k.TerminateProcess(pid, 0)
		case 2:
			k.CreateThread(pid, sim.ThreadSpec{Priority: sim.PriorityHighest})
		case 3:
			k.TerminateThread(tid, 0)
		case 4:
			k.SuspendThread(tid)
		case 5:
			k.ResumeThread(tid)
		case 6:
			k.LoadLibrary(pid, lib, sim.LoadFlags(rapid.IntRange(0, 1).Draw(t, "how")))
		case 7:
			for m := range p.Modules() {
				k.FreeLibrary(pid, m.Base())
			}
		case 8:
			k.HeapCreate(pid, sim.HeapSpec{})
		case 9:
			for h := range p.Heaps() {
				k.HeapDestroy(pid, h.ID())
			}
		case 10:
			for h := range p.Heaps() {
				k.HeapAlloc(pid, h.ID(), rapid.Uint64Range(0, 100).Draw(t, "size"), sim.AllocFlags(rapid.IntRange(0, 1).Draw(t, "how")))
			}
		default:
			for h := range p.Heaps() {
				for b := range h.Blocks() {
					if rapid.Bool().Draw(t, "free") {
						k.HeapFree(pid, h.ID(), b.Address())
					} else {
						k.HeapReAlloc(pid, h.ID(), b.Address(), rapid.Uint64Range(0, 300).Draw(t, "size"))
					}
				}
			}
		}
	}
}

// listing is everything that a world says of a state.
func listing(s *sim.State) []string {
	lines := []string{fmt.Sprintf("%+v clock %d", s.Config(), s.Clock())}
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for p := range s.Processes() {
		add("process %d %d %v %v %v %v %v %v %d", p.ID(), p.Parent(), p.Image().Path16(), p.Class(), p.Bits(), p.Protection(), p.Minimal(), p.Started(), p.Created())
		for t := range p.Threads() {
			add("thread %d %d %d %d %d", t.ID(), t.Priority(), t.BasePriority(), t.SuspendCount(), t.Created())
		}
		for m := range p.Modules() {
			add("module %#x %v %d %d %d", m.Base(), m.Image().Path16(), m.Size(), m.Bits(), m.LoadCount())
		}
		for m := range p.DataFiles() {
			add("data file %#x %v %d %d", m.Base(), m.Image().Path16(), m.Size(), m.LoadCount())
		}
		for h := range p.Heaps() {
			add("heap %#x %v %v", h.ID(), h.Default(), h.Shared())
			for b := range h.Blocks() {
				add("block %#x %d %v %v %d", b.Address(), b.Size(), b.Free(), b.Moveable(), b.LockCount())
			}
		}
	}
	return lines
}
