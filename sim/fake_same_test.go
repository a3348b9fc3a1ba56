package sim_test

import (
	"slices"
	"testing"
)

// TestFakeDoesTheSame: the fake is a fair opponent only if it gives the same answers, down to the ids it reuses.
func TestFakeDoesTheSame(t *testing.T) {
	k, _ := ourCrowd(t, 200)
	f, fpids := fakeCrowd(t, 200)
	base, err := f.loadLibrary(fpids[0], "kernel32.dll")
	must(t, err)
	must(t, f.freeLibrary(fpids[0], base))
	block, err := f.heapAlloc(fpids[0], f.processes[fpids[0]].heaps[0].id, 100)
	must(t, err)
	must(t, f.heapFree(fpids[0], f.processes[fpids[0]].heaps[0].id, block))
	s, plain := k.State(), f.snapshot(fpids[0])
	var processes []fakeProcessEntry
	var threads []fakeThreadEntry
	for p := range s.Processes() {
		processes = append(processes, fakeProcessEntry{uint32(p.ID()), uint32(p.Parent()), p.ThreadCount(), int32(p.BasePriority()), p.Path()})
	}
	for t := range s.Threads() {
		threads = append(threads, fakeThreadEntry{uint32(t.ID()), uint32(t.Owner()), int32(t.BasePriority())})
	}
	if !slices.Equal(processes, plain.processes) {
		t.Errorf("processes of the kernel %v\nof the fake %v", processes, plain.processes)
	}
	if !slices.Equal(threads, plain.threads) {
		t.Errorf("threads of the kernel %v\nof the fake %v", threads, plain.threads)
	}
	if len(plain.modules) != 2 || len(plain.heaps) != 1 {
		t.Errorf("the fake's process has %d modules and %d heaps, want 2 and 1", len(plain.modules), len(plain.heaps))
	}
	if p, ok := f.process(fpids[0]); !ok || p.pid != fpids[0] {
		t.Errorf("the fake's look-up of pid %d finds %+v, %v", fpids[0], p, ok)
	}
	must(t, f.terminateThread(plain.threads[0].tid))
	if got := f.snapshot(0); len(got.threads) != len(threads)-1 {
		t.Errorf("%d threads after one was terminated, want %d", len(got.threads), len(threads)-1)
	}
}
