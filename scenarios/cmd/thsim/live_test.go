package main

import (
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// TestFates: each way in which a live walk goes astray is found and told, and a walk that nobody disturbs is clean.
func TestFates(t *testing.T) {
	// Process a has the threads a[0] to a[3], process b has b[0]. The walk is over the threads of a; the change comes after its second entry.
	tests := []struct {
		reason string
		freed  sim.Freed
		change func(k *sim.Kernel, a, b sim.PID, threads []sim.TID)
		want   []fate
		story  string
	}{
		{"nothing happens", sim.FreedUnmapped, func(*sim.Kernel, sim.PID, sim.PID, []sim.TID) {}, nil, ""},
		{"a thread elsewhere ends", sim.FreedUnmapped, func(k *sim.Kernel, a, b sim.PID, _ []sim.TID) { k.TerminateProcess(b, 0) }, nil, ""},
		{"its place is unmapped", sim.FreedUnmapped, func(k *sim.Kernel, _, _ sim.PID, threads []sim.TID) { k.TerminateThread(threads[1], 0) },
			[]fate{faulted}, "was freed by TerminateThread"},
		{"its place is another's", sim.FreedReused, func(k *sim.Kernel, _, b sim.PID, threads []sim.TID) {
			k.TerminateThread(threads[1], 0)
			k.CreateThread(b, sim.ThreadSpec{})
		}, []fate{stranger, endless}, "is not of the list"},
		{"its place is that of a new thread, the last of the list", sim.FreedReused, func(k *sim.Kernel, a, _ sim.PID, threads []sim.TID) {
			k.TerminateThread(threads[1], 0)
			k.CreateThread(a, sim.ThreadSpec{})
		}, []fate{missed}, "stood there from the start to the end and was never reported"},
		{"its place is as it was", sim.FreedReadable, func(k *sim.Kernel, _, _ sim.PID, threads []sim.TID) { k.TerminateThread(threads[1], 0) }, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			k := sim.New(sim.Config{})
			a, first, _, err := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("a.exe")})
			if err != nil {
				t.Fatal(err)
			}
			b, _, _, err := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("b.exe")})
			if err != nil {
				t.Fatal(err)
			}
			threads := []sim.TID{first}
			for range 3 {
				tid, _, err := k.CreateThread(a, sim.ThreadSpec{})
				if err != nil {
					t.Fatal(err)
				}
				threads = append(threads, tid)
			}
			w := &liveWalker{k: k}
			live, err := k.WalkThreads(a, tt.freed)
			if err != nil {
				t.Fatal(err)
			}
			trip := &trip{live: live, kind: sim.KindThread, pid: a, freed: tt.freed, most: 100, before: k.State()}
			for n := 0; !w.step(trip); n++ {
				if n == 1 {
					tt.change(k, a, b, threads)
				}
			}
			w.judge(trip)
			var want tally
			want.walks = 1
			if len(tt.want) == 0 {
				want.clean = 1
			}
			for _, f := range tt.want {
				want.fates[f] = 1
				if w.examples[f] == "" {
					t.Errorf("%s: there is no story of it", fateNames[f])
				}
			}
			if got := w.tallies[tt.freed]; got != want {
				t.Errorf("got %+v, want %+v: %q", got, want, w.examples)
			}
			if all := strings.Join(w.examples[:], "\n"); !strings.Contains(all, tt.story) || tt.story != "" && !strings.Contains(all, "the thread list of process 12 (a.exe)") {
				t.Errorf("the stories are %q, want %q in them", all, tt.story)
			}
		})
	}
}
