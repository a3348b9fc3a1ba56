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
// A thread that waits for itself or in a circle ends the run with [ErrDeadlock].
func (m *Mutex) Lock() {
	if m.at != nil {
		m.at.lock()
		return
	}
	m.mu.Lock()
}

// Unlock lets the lock go. As with sync.Mutex any thread may do so, and an Unlock of an unlocked mutex is a mistake of the
// program: a panic when attached, which ends the run with [ErrPanic].
func (m *Mutex) Unlock() {
	if m.at != nil {
		m.at.unlock()
		return
	}
	m.mu.Unlock()
}

func (a *site) lock() {
	t := a.s.running
	if t == nil {
		if a.locked {
			panic("sched: Lock of " + a.name + ", which is locked, outside a thread: nobody is left to unlock it")
		}
		a.locked = true
		return
	}
	t.wants = a
	a.s.point(t, a, OpLock)
	t.wants = nil
	a.locked, a.holder = true, t
	a.s.point(t, a, OpLocked)
}

func (a *site) unlock() {
	t := a.s.running
	if t != nil {
		a.s.point(t, a, OpUnlock)
	}
	// A thread being unwound may leave a lock that it never got.
	if !a.locked && !a.s.aborting {
		panic("sched: Unlock of " + a.name + ", which is not locked")
	}
	a.locked, a.holder = false, nil
}
