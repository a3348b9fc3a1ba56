package main

import (
	"strings"
	"testing"
)

const fewestBugs = 28

// TestBugsFitTheCode holds the edits to the code as it stands: each old text is there exactly once, and the new file is Go.
func TestBugsFitTheCode(t *testing.T) {
	names := map[string]bool{}
	for _, b := range bugs() {
		t.Run(b.Name, func(t *testing.T) {
			if names[b.Name] {
				t.Error("another bug has that name")
			}
			names[b.Name] = true
			if b.Wrong == "" || !strings.HasPrefix(b.Rule, "S") || len(b.Edits) == 0 || len(b.Dies) == 0 {
				t.Error("a bug says what is wrong, which rule it breaks, how, and what finds it")
			}
			if _, err := b.apply("../.."); err != nil {
				t.Error(err)
			}
		})
	}
	if len(names) < fewestBugs {
		t.Errorf("%d bugs, want %d or more", len(names), fewestBugs)
	}
}

// TestOldTextMustStandOnce shows that a bug which the code has moved away from is noticed, and one that is no Go.
func TestOldTextMustStandOnce(t *testing.T) {
	for _, e := range []Edit{{"sim/undo.go", "no such" + " text", ""}, {"sim/undo.go", "\n", ""}, {"sim/undo.go", "package sim", "package"}, {"sim/none.go", "x", ""}} {
		if _, err := (Bug{Name: "b", Edits: []Edit{e}}).apply("../.."); err == nil {
			t.Errorf("%q in %s can be replaced", e.Old, e.File)
		}
	}
}
