package fuzz

import (
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// A Case is a concurrent program before the court: clients that make calls on one kernel, and what must be true of it. In every interleaving its history
// must be one that [Certify] passes; deadlock, panic, a run without end and a thread that can't be stopped are failures too.
type Case struct {
	Name    string
	Origin  *Origin
	Callers []sim.TID // the threads of Origin that make the calls of the Win32 door
	Scripts []Script
	// Check, if not nil, says what else is wrong in the end. It is called for every run that went well so far.
	Check func(end *sim.State) error
}

// A Script is what one client does, on a simulated thread of its own: Calls one after the other, or Do where these depend on each other.
type Script struct {
	Name  string
	Calls []Call
	Do    func(*Client)
}

// Program makes the case one that package sched runs: by any strategy, as often as wanted, again from a token. What the program returns is good for one Run, Explore or
// Replay at a time: it remembers the histories that it has passed, and judges equal ones once. The errors are of package sched, or wrap a *[Violation].
func (c Case) Program() sched.Program {
	return sched.Program{Name: c.Name, Body: newTrial(c).body}
}

func (s Script) run(c *Client) {
	if s.Do != nil {
		s.Do(c)
		return
	}
	for i := range s.Calls {
		c.do(&s.Calls[i], true)
	}
}

// shallow says that no call changes modules, heaps or memory.
func (c Case) shallow() bool {
	for _, s := range c.Scripts {
		if s.Do != nil {
			return false
		}
		for i := range s.Calls {
			if !s.Calls[i].shallow() {
				return false
			}
		}
	}
	return true
}

// shallow says that a call changes neither modules nor heaps nor memory, but for those of processes that begin or end.
func (c *Call) shallow() bool {
	for i := range c.Calls {
		if !c.Calls[i].shallow() {
			return false
		}
	}
	return c.Verb < LoadLibrary || c.Verb == SetPriorityClass || c.Verb == SetThreadPriority || c.Verb >= Advance
}
