package fuzz_test

import (
	"errors"
	"io"
	"slices"

	"pgregory.net/rapid"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// liveWalk is a walk of a live list that goes on while the kernel changes.
type liveWalk struct {
	walker *sim.Walker
	freed  sim.Freed
}

// liveLists: as long as nobody changes the kernel, walking a live list shows the list, whatever freed memory looks like, and
// walking the blocks of a heap shows its blocks.
func (tr *trial) liveLists(t *rapid.T) {
	freed := sim.Freed(rapid.IntRange(0, 2).Draw(t, "freed"))
	var processes []uint64
	for _, p := range tr.m.Processes {
		processes = append(processes, uint64(p.ID))
	}
	wantWalk(t, "processes", tr.k.WalkProcesses(freed), processes)
	if len(tr.m.Processes) == 0 {
		return
	}
	at := rapid.IntRange(0, len(tr.m.Processes)-1).Draw(t, "process")
	p := tr.m.Show().Processes[at]
	var threads, modules, heaps []uint64
	for _, thread := range p.Threads {
		threads = append(threads, uint64(thread.ID))
	}
	for _, m := range p.Modules {
		modules = append(modules, uint64(m.Base))
	}
	for _, h := range p.Heaps {
		heaps = append(heaps, uint64(h.ID))
		tr.liveBlocks(t, p.ID, h)
	}
	slices.Sort(modules) // the model shows one list after the other, the walk goes in load order
	wantWalk(t, "threads", open(t)(tr.k.WalkThreads(p.ID, freed)), threads)
	wantWalk(t, "modules", open(t)(tr.k.WalkModules(p.ID, freed)), modules)
	wantWalk(t, "heaps", open(t)(tr.k.WalkHeaps(p.ID, freed)), heaps)
}

// open is for walks of a process that lives.
func open(t *rapid.T) func(w *sim.Walker, err error) *sim.Walker {
	return func(w *sim.Walker, err error) *sim.Walker {
		if err != nil {
			t.Fatalf("a walk of a living process: %v", err)
		}
		return w
	}
}

func wantWalk(t *rapid.T, list string, w *sim.Walker, want []uint64) {
	var got []uint64
	for {
		e, err := w.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || e.Stale || e.Stranger {
			t.Fatalf("live walk of the %s of a kernel nobody changes: %+v, %v", list, e, err)
		}
		got = append(got, e.ID)
	}
	if list == "modules" {
		slices.Sort(got)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("live walk of the %s of a kernel nobody changes: %v, want %v", list, got, want)
	}
}

func (tr *trial) liveBlocks(t *rapid.T, pid sim.PID, h fuzz.Heap) {
	b, _, err := tr.k.FirstBlock(pid, h.ID)
	for _, want := range h.Blocks {
		if err != nil || b.Address() != want.Address || b.Size() != want.Size || b.Free() != want.Free {
			t.Fatalf("live walk of heap %#x: block %#x of %d bytes, %v; want %+v", h.ID, b.Address(), b.Size(), err, want)
		}
		if _, _, err := tr.k.NextBlock(pid, h.ID, b.Address()+1); !errors.Is(err, sim.ErrHeapChanged) {
			t.Fatalf("NextBlock after %#x, where no block begins: %v, want %v", b.Address()+1, err, sim.ErrHeapChanged)
		}
		b, _, err = tr.k.NextBlock(pid, h.ID, b.Address())
	}
	if !errors.Is(err, sim.ErrEnd) {
		t.Fatalf("live walk of heap %#x goes on after its %d blocks: %#x, %v", h.ID, len(h.Blocks), b.Address(), err)
	}
}

// startWalk starts a walk that will be stepped between changes.
func (tr *trial) startWalk(t *rapid.T) {
	if len(tr.walks) == 4 {
		tr.walks[0].walker.Close()
		tr.walks = slices.Delete(tr.walks, 0, 1)
	}
	freed := sim.Freed(rapid.IntRange(0, 2).Draw(t, "freed"))
	w := tr.k.WalkProcesses(freed)
	if len(tr.m.Processes) > 0 {
		pid := tr.drawProcess(t, "process").ID
		switch rapid.IntRange(0, 3).Draw(t, "list") {
		case 0:
			w.Close()
			w = open(t)(tr.k.WalkThreads(pid, freed))
		case 1:
			w.Close()
			w = open(t)(tr.k.WalkModules(pid, freed))
		case 2:
			w.Close()
			w = open(t)(tr.k.WalkHeaps(pid, freed))
		}
	}
	tr.walks = append(tr.walks, liveWalk{w, freed})
}

// stepWalk follows one link. Where it leads nobody promises, but an entry that claims to be neither stale nor a stranger is
// there, a fault needs unmapped memory, and a walk that is over stays over.
func (tr *trial) stepWalk(t *rapid.T) {
	if len(tr.walks) == 0 {
		return
	}
	i := rapid.IntRange(0, len(tr.walks)-1).Draw(t, "walk")
	w := tr.walks[i]
	e, err := w.walker.Next()
	var violation *sim.AccessViolation
	switch {
	case errors.As(err, &violation):
		if w.freed != sim.FreedUnmapped || violation.FreedAt > violation.Version || violation.Version != tr.m.Version || violation.Was == "" {
			t.Fatalf("%v, with freed memory %d at version %d: %+v", err, w.freed, tr.m.Version, violation)
		}
	case errors.Is(err, io.EOF), errors.Is(err, sim.ErrEndless):
	case err != nil:
		t.Fatalf("a live walk failed with %v: want EOF, an access violation or ErrEndless", err)
	case e.Version != tr.m.Version:
		t.Fatalf("%+v was read at version %d", e, tr.m.Version)
	case !e.Stale && !tr.lives(e):
		t.Fatalf("%+v is not said to be stale, and does not live", e)
	}
	if err != nil {
		if _, again := w.walker.Next(); again != err {
			t.Fatalf("a walk that had ended with %v went on with %v", err, again)
		}
		tr.walks = slices.Delete(tr.walks, i, i+1)
	}
}

// lives looks an entry up in the model, by what the model knows of it.
func (tr *trial) lives(e sim.Entry) bool {
	for _, p := range tr.m.Processes {
		switch {
		case p.ID != e.Owner:
		case e.Kind == sim.KindProcess:
			return uint64(p.ID) == e.ID && p.Sequence == e.Identity
		case e.Kind == sim.KindThread:
			return slices.ContainsFunc(p.Threads, func(t fuzz.Thread) bool { return uint64(t.ID) == e.ID })
		case e.Kind == sim.KindModule:
			return slices.ContainsFunc(p.Modules, func(m fuzz.Module) bool { return uint64(m.Base) == e.ID })
		case e.Kind == sim.KindHeap:
			return slices.ContainsFunc(p.Heaps, func(h fuzz.Heap) bool { return uint64(h.ID) == e.ID })
		default:
			return true
		}
	}
	return e.Kind == sim.KindHead
}
