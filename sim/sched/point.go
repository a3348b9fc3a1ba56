package sched

import "strconv"

// An Op is what a thread is about to do at a point.
type Op uint8

// The operations.
const (
	OpYield  Op = iota // [Scheduler.Yield]
	OpLock             // take a lock; the thread waits while somebody holds it
	OpLocked           // go on with the lock just taken
	OpUnlock
	OpLoad
	OpStore
	OpAdd
	OpSwap
	OpCompareAndSwap
)

var opNames = [...]string{"yield", "lock", "locked", "unlock", "load", "store", "add", "swap", "compare and swap"}

// String returns the operation in lower case, as in "compare and swap".
func (o Op) String() string {
	if int(o) < len(opNames) {
		return opNames[o]
	}
	return "Op(" + strconv.Itoa(int(o)) + ")"
}

// A site is what an attached object knows of its scheduler: the only word that an object pays for.
// Sites are numbered as they are attached, because addresses differ from run to run.
type site struct {
	s      *Scheduler
	id     int32 // from 1
	holder int32 // of the lock, if it is one: the number of the thread plus one, nobody, or the program
	wanted int32 // how many threads stand where they take it
}

const (
	nobody  = 0
	program = -1 // set-up, before its threads run, or check
)

// attach returns nil for no scheduler, and for one whose run is over.
func attach(s *Scheduler, name string) *site {
	switch {
	case s == nil:
		return nil
	case s.jitters():
		return &s.shaken
	case s.over():
		return nil
	}
	a := s.kit.site()
	s.names = append(s.names, name)
	a.s, a.id = s, int32(len(s.names))
	return a
}

// site returns one that was never used. Sites are not used again, for the object may be touched when its run is long over.
func (k *kit) site() *site {
	if len(k.sites) == 0 {
		k.sites = make([]site, 64)
	}
	a := &k.sites[0]
	k.sites = k.sites[1:]
	return a
}

func (a *site) name() string { return a.s.names[a.id-1] }

// before is the point in front of an access. Outside a thread (set-up, check) there is nobody to choose from.
func (a *site) before(op Op) {
	switch t := a.s.running; {
	case t != nil:
		a.s.point(t, a, op)
	case a.s.jitters():
		a.s.shake()
	}
}

// saw makes a value part of the trace, so that two runs of one schedule that read different values are told apart.
func (a *site) saw(v uint64) {
	if a.s.running != nil {
		a.s.mix(v)
	}
}

// sawBool is saw for a truth value.
func (a *site) sawBool(v bool) {
	a.saw(bit(v))
}

func bit(v bool) uint64 {
	if v {
		return 1
	}
	return 0
}
