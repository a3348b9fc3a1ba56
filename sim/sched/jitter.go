package sched

import (
	"math/rand/v2"
	"runtime"
)

// Jitter returns a scheduler that schedules nothing: what is attached to it is used by real goroutines, and at so many of a hundred points the goroutine
// lets others run, now and then for a while. So calls overlap that would hardly ever meet, and the race detector gets to see them. Nothing
// is recorded and nothing can be repeated. percent is brought into 0 to 100. Go panics on it, for there is no run.
func Jitter(percent int) *Scheduler {
	s := &Scheduler{closed: true, jitter: uint32(min(max(percent, 0), 100))}
	s.shaken = site{s: s}
	return s
}

// jitters tells whether s is one of Jitter's.
func (s *Scheduler) jitters() bool { return s.shaken.s != nil }

// shake is a point under jitter. The numbers are the run time's own, one source for each thread of the system: a source of ours, shared by the goroutines, would order
// them, and hide from the race detector what it is there to see.
func (s *Scheduler) shake() {
	n := rand.Uint32()
	if n%100 >= s.jitter {
		return
	}
	for range 1 + n>>8%4 {
		runtime.Gosched()
	}
}
