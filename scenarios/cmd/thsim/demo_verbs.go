package main

import (
	"errors"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// The verbs as mutators call them. Each says whether it changed something, and writes it down.

func (m *mutator) spec() (sim.ProcessSpec, change) {
	c := change{what: createProcess, image: int16(m.rng.IntN(len(programs))), parent: m.parents[m.rng.IntN(len(m.parents))]}
	s := sim.ProcessSpec{Image: m.cast.images[c.image], Parent: c.parent, AnyParent: true}
	if m.rng.IntN(16) == 0 {
		s.Class, c.detail = sim.IdleClass, int8(sim.IdleClass)
	}
	return s, c
}

func (m *mutator) create() bool {
	s, c := m.spec()
	pid, tid, v, err := m.k.CreateProcess(s)
	if err != nil {
		return false
	}
	c.pid, c.tid = pid, tid
	m.adopt(c)
	return m.note(v, c)
}

// adopt looks after a process from now on.
func (m *mutator) adopt(c change, more ...sim.TID) {
	w := &ward{pid: c.pid, user: true, tids: append([]sim.TID{c.tid}, more...), heaps: []sim.Address{m.cast.furnished[c.image].heap}}
	w.threads = m.sizes[m.rng.IntN(len(m.sizes))]
	m.mine = append(m.mine, w)
}

func (m *mutator) terminate(i int) bool {
	w := m.mine[i]
	m.mine[i] = m.mine[len(m.mine)-1]
	m.mine = m.mine[:len(m.mine)-1]
	v, err := m.k.TerminateProcess(w.pid, 1)
	return err == nil && m.note(v, change{what: terminateProcess, pid: w.pid})
}

// meddle changes a process that somebody else may look after, or that is no more.
func (m *mutator) meddle() bool {
	pid := m.parents[m.rng.IntN(len(m.parents))]
	switch m.rng.IntN(8) {
	case 0:
		v, err := m.k.TerminateProcess(pid, 1)
		return err == nil && m.note(v, change{what: terminateProcess, pid: pid})
	case 1, 2:
		class := sim.PriorityClass(m.rng.IntN(int(sim.RealtimeClass)))
		v, err := m.k.SetPriorityClass(pid, class)
		return err == nil && m.note(v, change{what: setClass, pid: pid, detail: int8(class)})
	}
	return m.load(&ward{pid: pid})
}

// together makes a process with its threads as one change.
func (m *mutator) together() bool {
	if len(m.mine) > m.start {
		return false
	}
	s, c := m.spec()
	var changes []change
	var tids []sim.TID
	v, err := m.k.Update(func(tx *sim.Tx) error {
		var err error
		if c.pid, c.tid, err = tx.CreateProcess(s); err != nil {
			return err
		}
		changes = append(changes, c)
		for range 3 {
			tid, err := tx.CreateThread(c.pid, sim.ThreadSpec{})
			if err != nil {
				return err
			}
			tids = append(tids, tid)
			changes = append(changes, change{what: createThread, pid: c.pid, tid: tid})
		}
		return nil
	})
	if err != nil {
		return false
	}
	m.adopt(c, tids...)
	return m.note(v, changes...)
}

// forget drops a process that turned out to be gone.
func (m *mutator) forget(w *ward, err error) bool {
	if errors.Is(err, sim.ErrNoProcess) {
		for i := range m.mine {
			if m.mine[i] == w {
				m.mine[i] = m.mine[len(m.mine)-1]
				m.mine = m.mine[:len(m.mine)-1]
				break
			}
		}
	}
	return false
}

func (m *mutator) thread(w *ward) bool {
	switch roll := m.rng.IntN(10); {
	case len(w.tids) == 0 || roll < 8 && len(w.tids) < w.threads || roll == 0 && len(w.tids) < 2*w.threads:
		tid, v, err := m.k.CreateThread(w.pid, sim.ThreadSpec{})
		if err != nil {
			return m.forget(w, err)
		}
		w.tids = append(w.tids, tid)
		return m.note(v, change{what: createThread, pid: w.pid, tid: tid})
	case roll < 8 && len(w.tids) > 1:
		tid := pick(m, &w.tids)
		v, err := m.k.TerminateThread(tid, 0)
		return err == nil && m.note(v, change{what: terminateThread, tid: tid})
	}
	return m.condition(w.tids[m.rng.IntN(len(w.tids))])
}

// condition changes something about a thread.
func (m *mutator) condition(tid sim.TID) bool {
	c := change{tid: tid}
	var err error
	switch m.rng.IntN(3) {
	case 0:
		c.what = suspendThread
		_, c.version, err = m.k.SuspendThread(tid)
	case 1:
		c.what = resumeThread
		_, c.version, err = m.k.ResumeThread(tid)
	default:
		c.what, c.detail = setPriority, int8(m.rng.IntN(5)-2)
		c.version, err = m.k.SetThreadPriority(tid, sim.Priority(c.detail))
	}
	return err == nil && m.note(c.version, c)
}

func (m *mutator) module(w *ward) bool {
	if len(w.bases) > 0 && m.rng.IntN(8) < len(w.bases) {
		c := change{what: freeLibrary, pid: w.pid, at: pick(m, &w.bases)}
		v, err := m.k.FreeLibrary(c.pid, c.at)
		return err == nil && m.note(v, c) || m.forget(w, err)
	}
	return m.load(w)
}

func (m *mutator) load(w *ward) bool {
	c := change{what: loadLibrary, pid: w.pid, image: int16(len(programs) + m.rng.IntN(len(libraries)))}
	var v sim.Version
	var err error
	if c.at, v, err = m.k.LoadLibrary(w.pid, m.cast.images[c.image], 0); err != nil {
		return m.forget(w, err)
	}
	w.bases = append(w.bases, c.at)
	return m.note(v, c)
}

func (m *mutator) heap(w *ward) bool {
	if len(w.heaps) > 1 && m.rng.IntN(6) < len(w.heaps) {
		i := 1 + m.rng.IntN(len(w.heaps)-1) // not the default heap
		c := change{what: heapDestroy, pid: w.pid, heap: w.heaps[i]}
		w.heaps[i] = w.heaps[len(w.heaps)-1]
		w.heaps = w.heaps[:len(w.heaps)-1]
		v, err := m.k.HeapDestroy(c.pid, c.heap)
		return err == nil && m.note(v, c) || m.forget(w, err)
	}
	c := change{what: heapCreate, pid: w.pid}
	var v sim.Version
	var err error
	if c.heap, v, err = m.k.HeapCreate(w.pid, sim.HeapSpec{}); err != nil {
		return m.forget(w, err)
	}
	w.heaps = append(w.heaps, c.heap)
	return m.note(v, c)
}

func (m *mutator) block(w *ward) bool {
	if len(w.heaps) == 0 {
		return false
	}
	if len(w.blocks) > 0 && m.rng.IntN(32) < len(w.blocks) {
		return m.useBlock(w)
	}
	c := change{what: heapAlloc, pid: w.pid, heap: w.heaps[m.rng.IntN(len(w.heaps))], size: uint64(m.rng.IntN(2000))}
	var v sim.Version
	var err error
	if c.at, v, err = m.k.HeapAlloc(c.pid, c.heap, c.size, 0); err != nil {
		return m.forget(w, err)
	}
	w.blocks = append(w.blocks, block{c.heap, c.at})
	return m.note(v, c)
}

// useBlock frees, resizes or locks a block; of a heap that is gone it only forgets it.
func (m *mutator) useBlock(w *ward) bool {
	b := pick(m, &w.blocks)
	c := change{pid: w.pid, heap: b.heap, at: b.at}
	var err error
	switch m.rng.IntN(8) {
	case 0:
		c.what, c.size = heapReAlloc, uint64(m.rng.IntN(4000))
		c.to, c.version, err = m.k.HeapReAlloc(c.pid, c.heap, c.at, c.size)
		if err == nil {
			b.at = c.to
		}
	case 1:
		c.what = lockBlock
		_, c.version, err = m.k.LockBlock(c.pid, c.heap, c.at)
	case 2, 3:
		c.what = unlockBlock
		_, c.version, err = m.k.UnlockBlock(c.pid, c.heap, c.at)
	default:
		c.what = heapFree
		c.version, err = m.k.HeapFree(c.pid, c.heap, c.at)
	}
	gone := errors.Is(err, sim.ErrNoBlock) || errors.Is(err, sim.ErrNoHeap) || errors.Is(err, sim.ErrNoProcess)
	if !gone && (c.what != heapFree || err != nil) {
		w.blocks = append(w.blocks, b)
	}
	return err == nil && m.note(c.version, c) || m.forget(w, err)
}
