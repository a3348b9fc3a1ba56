package sim_test

import (
	"bytes"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// TestContentsAreTheCallersOwn writes to what Contents returned.
func TestContentsAreTheCallersOwn(t *testing.T) {
	img, err := sim.NewImage(sim.ImageSpec{Path: "a.exe", Contents: []byte("MZ as it was")})
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Clone(img.Contents())
	clear(img.Contents())
	if got := img.Contents(); !bytes.Equal(got, want) {
		t.Errorf("the image holds %q after a caller wrote to its copy, want %q", got, want)
	}
}

// TestProcessOfOneForkCostsTheOtherNothing takes a process that two kernels share, in one of them: the other copies what it would have
// copied anyway, though the first is many generations ahead.
func TestProcessOfOneForkCostsTheOtherNothing(t *testing.T) {
	d := newDesk(t)
	s := d.State()
	cost := func(k *sim.Kernel) sim.Counters {
		for range 8 {
			if _, _, err := k.CreateThread(d.app, sim.ThreadSpec{}); err != nil {
				t.Fatal(err)
			}
		}
		return k.Counters()
	}
	want := cost(s.Fork())
	ahead, behind := s.Fork(), s.Fork()
	for range 100 {
		if _, err := ahead.Advance(1); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, ok := ahead.Process(d.app); !ok {
		t.Fatal("no such process")
	}
	if got := cost(behind); got != want {
		t.Errorf("eight threads cost %+v after the other fork took their process, want %+v", got, want)
	}
}

// TestForksBurnTheirOwnIDs spends named ids in two forks of one kernel that never reuses any: neither forgets its own.
func TestForksBurnTheirOwnIDs(t *testing.T) {
	k := sim.New(sim.Config{Bare: true, FirstID: 8, Reuse: sim.NeverReuse})
	pid, _, _, err := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("a.exe")})
	if err != nil {
		t.Fatal(err)
	}
	burn := func(k *sim.Kernel, id sim.TID) {
		t.Helper()
		if _, _, err := k.CreateThread(pid, sim.ThreadSpec{ID: id}); err != nil {
			t.Fatal(err)
		}
		if _, err := k.TerminateThread(id, 0); err != nil {
			t.Fatal(err)
		}
	}
	for before := range sim.TID(9) { // whatever room there is behind what both share
		a, b := k.State().Fork(), k.State().Fork()
		burn(a, 4000)
		burn(b, 8000)
		if _, _, err := a.State().Fork().CreateThread(pid, sim.ThreadSpec{ID: 4000}); err == nil {
			t.Errorf("after %d ids burnt by both, a fork hands out again what its origin has burnt", before)
		}
		burn(k, 400+4*before)
	}
}
