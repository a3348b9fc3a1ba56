package scenarios_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/scenarios"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// TestBuiltInWorlds: each boots, is of the size it is said to be, and looks like a machine.
func TestBuiltInWorlds(t *testing.T) {
	sizes := map[string]struct{ least, most int }{"empty": {2, 2}, "small": {12, 18}, "wow64": {20, 40}, "desktop": {140, 160}, "server": {380, 420}}
	for _, name := range scenarios.Names() {
		t.Run(name, func(t *testing.T) {
			w, err := scenarios.Lookup(name)
			if err != nil {
				t.Fatal(err)
			}
			s := boot(t, w).State()
			if n, want := s.ProcessCount(), sizes[name]; n < want.least || n > want.most {
				t.Errorf("%d processes, want %d to %d", n, want.least, want.most)
			}
			for p := range s.Processes() {
				likely(t, p)
			}
			if about := scenarios.About(name); about == "" || strings.HasPrefix(about, "#") || !strings.HasSuffix(about, ".") {
				t.Errorf("About is %q, want a sentence", about)
			}
			if before, after := s.String(), boot(t, scenarios.Of(s)).State().String(); before != after {
				t.Error("boot(of(state)) is another state")
			}
		})
	}
	if n := len(scenarios.Names()); n != len(sizes) {
		t.Errorf("%d worlds are built in, the test knows %d", n, len(sizes))
	}
}

// likely checks what holds for every process of a real machine.
func likely(t *testing.T, p sim.Process) {
	t.Helper()
	if p.ThreadCount() == 0 {
		t.Errorf("%s (%d) has no threads", p.Name(), p.ID())
	}
	if p.Minimal() || !p.Started() {
		return
	}
	var names []string
	for m := range p.Modules() {
		names = append(names, m.Name())
	}
	if len(names) < 2 || names[0] != p.Name() || names[1] != "ntdll.dll" {
		t.Errorf("modules of %s (%d) begin with %.3q, want the program and ntdll.dll", p.Name(), p.ID(), names)
	}
	if p.Bits() == 32 && !slices.Contains(names, "wow64.dll") {
		t.Errorf("%s (%d) runs 32 bits without wow64.dll", p.Name(), p.ID())
	}
	for h := range p.Heaps() {
		if !h.Default() {
			t.Errorf("the first heap of %s (%d) is not the default heap", p.Name(), p.ID())
		}
		break
	}
}

// TestBuiltInWorldsHaveTheOddities that real machines have, since that is what they are for.
func TestBuiltInWorldsHaveTheOddities(t *testing.T) {
	oddities := map[string]func(s *sim.State, p sim.Process) bool{
		"an orphan": func(s *sim.State, p sim.Process) bool {
			_, ok := s.Process(p.Parent())
			return !ok
		},
		"a parent younger than its child": func(s *sim.State, p sim.Process) bool {
			q, ok := s.Process(p.Parent())
			return ok && q.Sequence() > p.Sequence()
		},
		"one that has not started":         func(_ *sim.State, p sim.Process) bool { return !p.Started() },
		"one of another user":              func(_ *sim.State, p sim.Process) bool { return p.Protection() == sim.OtherUser },
		"a protected one":                  func(_ *sim.State, p sim.Process) bool { return p.Protection() == sim.Protected },
		"one of high and one of low class": func(_ *sim.State, p sim.Process) bool { return p.BasePriority() == 13 },
	}
	w, err := scenarios.Lookup("desktop")
	if err != nil {
		t.Fatal(err)
	}
	s := boot(t, w).State()
	for name, is := range oddities {
		if !slices.ContainsFunc(slices.Collect(s.Processes()), func(p sim.Process) bool { return p.ID() != 0 && is(s, p) }) {
			t.Errorf("desktop has no process that is %s", name)
		}
	}
}

func TestLookupNamesTheNearest(t *testing.T) {
	for name, want := range map[string]string{
		"dekstop":    `(did you mean desktop?)`,
		"":           `found "", expected desktop, empty, server, small or wow64`,
		"../doc":     `found "../doc"`,
		"small.txt":  `found "small.txt"`,
		"wow":        `(did you mean wow64?)`,
		"\x1b[31mno": `found "\x1b[31mno"`,
	} {
		w, err := scenarios.Lookup(name)
		if w != nil || !errors.Is(err, scenarios.ErrUnknown) || !strings.Contains(err.Error(), want) {
			t.Errorf("Lookup(%q) gives %v, %v, want %s", name, w, err, want)
		}
		if about := scenarios.About(name); about != "" {
			t.Errorf("About(%q) is %q", name, about)
		}
	}
}

// TestBootIsDeterministic: the same world gives the same kernel, down to addresses.
func TestBootIsDeterministic(t *testing.T) {
	for _, name := range scenarios.Names() {
		a, err := scenarios.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := scenarios.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(listing(boot(t, a).State()), listing(boot(t, b).State())) {
			t.Errorf("%s boots differently the second time", name)
		}
		if v := boot(t, a).Version(); v != 1 {
			t.Errorf("%s boots to version %d, want 1: one Update", name, v)
		}
	}
}
