package sched

import "sync"

// A Mutex is a sync.Mutex whose Lock and Unlock are points once it is attached. The zero value is an unlocked mutex.
// It must not be copied after first use.
type Mutex struct {
	mu sync.Mutex
	at *site
}

// Attach makes every later access a point of s, under a name for traces and errors. A nil s changes nothing. Attach before
// the mutex is shared, and while it is unlocked.
func (m *Mutex) Attach(s *Scheduler, name string) { m.at = attach(s, name) }

// Lock takes the lock and waits while another holds it. Attached, it is two points: before it takes the lock, and after.
// A thread that waits for itself or in a circle ends the run with [ErrDeadlock]. What a stopped thread left locked is free once the run is over.
func (m *Mutex) Lock() {
	if m.at != nil {
		m.lock()
		return
	}
	m.mu.Lock()
}

// Unlock lets the lock go. As with sync.Mutex any thread may do so, and an Unlock of an unlocked mutex is a mistake of the
// program: a panic when attached, which ends the run with [ErrPanic].
func (m *Mutex) Unlock() {
	if m.at != nil {
		m.unlock()
		return
	}
	m.mu.Unlock()
}

func (m *Mutex) lock() {
	a := m.at
	t := a.s.running
	switch {
	case t != nil:
		a.lock(t)
	case a.s.jitters():
		a.s.shake()
		m.mu.Lock()
		a.s.shake()
	case a.s.over(): // and with it who held the lock
		m.mu.Lock()
		a.holder = nobody
	case a.holder != nobody:
		panic("sched: Lock of " + a.name() + ", which is locked, outside a thread: nobody is left to unlock it")
	default:
		a.holder = program
	}
}

// lock is that of a thread.
func (a *site) lock(t *thread) {
	s := a.s
	t.wants = a
	a.wanted++
	if a.holder != nobody {
		s.gather() // t waits
	}
	s.point(t, a, OpLock)
	t.wants = nil
	a.wanted--
	a.holder = int32(t.id) + 1
	if a.wanted > 0 {
		s.gather() // the others wait
	}
	s.point(t, a, OpLocked)
}

func (m *Mutex) unlock() {
	a := m.at
	if a.s.jitters() {
		a.s.shake()
		m.mu.Unlock()
		return
	}
	if a.s.over() && a.holder == nobody {
		m.mu.Unlock() // locked since then
		return
	}
	t := a.s.running
	if t != nil {
		a.s.point(t, a, OpUnlock)
	}
	// A thread being unwound may leave a lock that it never got.
	if a.holder == nobody && !a.s.aborting {
		panic("sched: Unlock of " + a.name() + ", which is not locked")
	}
	a.holder = nobody
	if t != nil && a.wanted > 0 {
		a.s.gather()
	}
}
