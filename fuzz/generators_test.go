package fuzz_test

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// Any clients on any world under any schedule: what a stranger's property begins with.
func TestGeneratedCases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := fuzz.World().Draw(t, "world")
		theme := rapid.SampledFrom(fuzz.CaseThemes()[:7]).Draw(t, "theme")
		c := fuzz.Case{Name: "generated", Origin: o, Scripts: fuzz.Ops(o, theme).Draw(t, "ops")}
		if r := sched.Run(c.Program(), sched.Sparse(fuzz.Schedule().Draw(t, "schedule"))); r.Err != nil {
			t.Fatalf("%v\n%s", r.Err, r.Token())
		}
	})
}

// The generators find a property that does not hold: that nobody changes the kernel between one's own two calls.
func TestGeneratorsFindAnInterleaving(t *testing.T) {
	found := false
	alone := func(c *fuzz.Client) {
		first, _ := c.Kernel.Advance(1)
		second, _ := c.Kernel.Advance(1)
		found = found || second != first+1
	}
	rapid.Check(t, func(t *rapid.T) {
		c := fuzz.Case{Name: "alone", Origin: fuzz.World().Draw(t, "world"), Scripts: []fuzz.Script{{Name: "a", Do: alone}, {Name: "b", Do: alone}}}
		r := sched.Run(c.Program(), sched.Sparse(fuzz.Schedule().Draw(t, "schedule")))
		var v *fuzz.Violation
		if r.Err != nil && !errors.As(r.Err, &v) { // calls on the kernel itself are not noted, so its history has a gap
			t.Fatalf("%v", r.Err)
		}
	})
	if !found {
		t.Error("no schedule put one client's call between two of the other's")
	}
}

func TestMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		theme := rapid.SampledFrom(fuzz.Themes()).Draw(t, "theme")
		t.Repeat(fuzz.NewMachine(fuzz.World().Draw(t, "world"), theme).Actions())
	})
}

// A machine whose kernel is changed behind its back says so: its check can fail.
func TestMachineSeesAStrangersChange(t *testing.T) {
	o, err := fuzz.NewOrigin(sim.Config{Bare: true})
	if err != nil {
		t.Fatal(err)
	}
	m := fuzz.NewMachine(o, fuzz.Themes()[0])
	if _, err := m.Kernel.Advance(1); err != nil {
		t.Fatal(err)
	}
	if diff := fuzz.Diff(m.Model, m.Kernel.State()); diff == "" {
		t.Error(fmt.Errorf("the model agrees to version %d without having been told", m.Kernel.Version()))
	}
}
