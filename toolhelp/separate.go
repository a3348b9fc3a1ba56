package toolhelp

import (
	"slices"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A Cut names what is about to be read while a snapshot is taken in separate cuts.
type Cut uint8

// The cuts, in the order of the real implementations.
const (
	CutNone         Cut = iota // not between cuts: for a Hook, the call itself
	CutHeaps                   // the heap list
	CutModules                 // the module list, for its length
	CutModulesAgain            // the module list once more, for its entries: a change since CutModules is ERROR_BAD_LENGTH
	CutProcesses               // the process list with the threads of each
)

// String returns the name of the list.
func (c Cut) String() string {
	switch c {
	case CutNone:
		return "none"
	case CutHeaps:
		return "heaps"
	case CutModules:
		return "modules"
	case CutModulesAgain:
		return "modules again"
	case CutProcesses:
		return "processes"
	}
	return "unknown"
}

// Cuts holds the version of each part of a snapshot; 0 for a part that was not asked for.
type Cuts struct {
	Heaps, Modules, Processes sim.Version
}

// An apart is what a snapshot holds besides whose parts are not all of its state's version: because they were cut apart, or because it has no state.
type apart struct {
	cuts  Cuts
	heaps sim.Process // as they were at their cut
}

// Cuts returns the version of each part. They are the same but for snapshots of TakeSeparately and of callers with SeparateCuts.
func (s Snapshot) Cuts() Cuts {
	var c Cuts
	if s.state != nil {
		v := s.state.Version()
		c = Cuts{v, v, v}
	}
	if s.apart != nil {
		c = s.apart.cuts
	}
	if !s.lists(TH32CS_SNAPHEAPLIST) {
		c.Heaps = 0
	}
	if !s.lists(moduleFlags) {
		c.Modules = 0
	}
	return c
}

// TakeSeparately takes a snapshot as Windows, Wine and ReactOS do: the heaps, the modules, and the processes with their threads are three
// cuts, at versions of their own (rule E.14), so that the target of the first two may be missing in the third. between, unless nil, is called
// before each cut and stands for all that may happen meanwhile; it may change k.
//
// It fails as Take does, and besides with ERROR_BAD_LENGTH when the module list changed between CutModules and CutModulesAgain
// (rule C.1-28), and with ERROR_PARTIAL_COPY when the process ended after its first cut.
func TakeSeparately(k *sim.Kernel, flags uint32, pid sim.PID, between func(next Cut)) (Snapshot, error) {
	s, errno := look{asked: asked{flags, pid}, bits: 64}.takeApart(k, func(next Cut) Errno {
		if between != nil {
			between(next)
		}
		return 0
	})
	if errno != 0 {
		return Snapshot{}, takeError("TakeSeparately", flags, pid, errno)
	}
	return s, nil
}

// takeApart makes the cuts; a code from between ends it.
func (l look) takeApart(k *sim.Kernel, between func(Cut) Errno) (Snapshot, Errno) {
	if l.flags&listFlags == 0 {
		return Snapshot{}, ERROR_INVALID_PARAMETER
	}
	s := Snapshot{asked: l.asked, apart: new(apart)}
	// see looks at the target once more; it must be the same process each time.
	see := func(next Cut) (sim.Process, sim.Version, Errno) {
		if errno := between(next); errno != 0 {
			return sim.Process{}, 0, errno
		}
		p, v, ok := k.Process(l.pid)
		if !s.target.IsZero() && (!ok || p.Sequence() != s.target.Sequence()) {
			return p, v, ERROR_PARTIAL_COPY
		}
		s.target = p
		return p, v, l.refuse(p, ok)
	}
	var errno Errno
	if s.lists(TH32CS_SNAPHEAPLIST) {
		if s.apart.heaps, s.apart.cuts.Heaps, errno = see(CutHeaps); errno != 0 {
			return s, errno
		}
	}
	if s.lists(moduleFlags) {
		measured, _, errno := see(CutModules)
		if errno != 0 {
			return s, errno
		}
		read, v, errno := see(CutModulesAgain)
		if errno != 0 {
			return s, errno
		}
		if !sameModules(measured, read) {
			return s, ERROR_BAD_LENGTH
		}
		s.apart.cuts.Modules = v
	}
	if s.lists(systemFlags) {
		if errno := between(CutProcesses); errno != 0 {
			return s, errno
		}
		s.state = k.State()
		s.apart.cuts.Processes = s.state.Version()
	}
	return s, 0
}

// sameModules reports whether a loader that walks the two lists meets the same modules.
func sameModules(a, b sim.Process) bool {
	return slices.EqualFunc(slices.Collect(a.Modules()), slices.Collect(b.Modules()), func(m, n sim.Module) bool {
		return m.Sequence() == n.Sequence()
	})
}
