package scenarios

import (
	"cmp"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// Boot makes a kernel that holds the world. Everything is put there by one [sim.Kernel.Update], so the kernel stands at
// version 1, whatever the world holds. The same World gives the same ids, the same order and the same addresses each time.
//
// It fails with an [*Error] that tells the line, if the world was text, and wraps [ErrWorld], [ErrTooLarge] or what the
// kernel said: an id beyond the last one, a heap without room for its blocks.
func (w *World) Boot() (*sim.Kernel, error) {
	p, err := resolve(w, true)
	if err != nil {
		return nil, err
	}
	c := w.Config
	if c.Start == 0 && w.Clock != 0 {
		c.Start = max(1, w.Clock-min(w.Clock, normal(c).Tick))
	}
	b := &booter{w: w, plan: p, k: sim.New(c), config: normal(c), images: map[mapping]*sim.Image{}, pids: make([]sim.PID, len(w.Processes))}
	b.next = uint64(b.config.FirstID)
	if _, err := b.k.Update(b.all); err != nil {
		return nil, err
	}
	return b.k, nil
}

// normal is what a kernel makes of a configuration.
func normal(c sim.Config) sim.Config {
	c.Bare = true
	return sim.New(c).State().Config()
}

type booter struct {
	w      *World
	plan   *plan
	k      *sim.Kernel
	tx     *sim.Tx
	config sim.Config
	pids   []sim.PID // of the processes so far
	next   uint64    // where to look for the next id
	images map[mapping]*sim.Image
}

func (b *booter) all(tx *sim.Tx) error {
	b.tx = tx
	if err := b.system(); err != nil {
		return err
	}
	for i := range b.w.Processes {
		if err := b.process(i); err != nil {
			return err
		}
	}
	if end := b.config.Start + b.config.Tick; b.w.Clock > end {
		return tx.Advance(b.w.Clock - end) // this change adds the tick itself
	}
	return nil
}

// system furnishes pid 4, which is there already.
func (b *booter) system() error {
	s := &b.w.System
	if b.w.Config.Bare {
		return nil
	}
	err := b.tx.SetPriorityClass(systemID, s.Class)
	if err != nil {
		return b.w.at(s.line, err)
	}
	return b.threads(s, systemID, sim.TID(b.config.FirstID), b.config.Start)
}

const systemID sim.PID = 4

// id gives an id that no line asks for. The kernel hands out the same ones, but would not know what lines below ask for.
func (b *booter) id(said uint32) uint32 {
	if said != 0 || len(b.plan.ids) == 0 {
		return said
	}
	if b.next == uint64(b.config.FirstID) && !b.w.Config.Bare {
		b.next += 4 // the first thread of pid 4
	}
	for _, taken := b.plan.ids[uint32(b.next)]; taken; _, taken = b.plan.ids[uint32(b.next)] {
		b.next += 4
	}
	if b.next > uint64(b.config.LastID) {
		return 0 // the kernel says that there is none
	}
	b.next += 4
	return uint32(b.next - 4)
}

func (b *booter) process(i int) error {
	x := &b.w.Processes[i]
	s := sim.ProcessSpec{Parent: b.parent(i), AnyParent: true, Suspended: x.Suspended, Protection: x.Protection, Class: x.Class,
		Minimal: x.Minimal, ID: sim.PID(b.id(uint32(x.ID))), Created: x.Created}
	var err error
	if s.Image, err = b.image(x, x.File, 0); err != nil {
		return b.w.at(x.line, err)
	}
	if s.Modules, err = b.initial(x); err != nil {
		return err
	}
	if len(x.Heaps) > 0 && x.Heaps[0].Default {
		s.DefaultHeap = x.Heaps[0].ID
	}
	if len(x.Threads) > 0 && !replaces(x, b.created(x)) {
		s.Thread = x.Threads[0].ID
	}
	s.Thread = sim.TID(b.id(uint32(s.Thread)))
	pid, tid, err := b.tx.CreateProcess(s)
	if err != nil {
		return b.w.at(x.line, err)
	}
	b.pids[i] = pid
	if err := b.threads(x, pid, tid, b.created(x)); err != nil {
		return err
	}
	if err := b.modules(x, pid); err != nil {
		return err
	}
	return b.heaps(x, pid)
}

func (b *booter) created(x *Process) sim.Time {
	return cmp.Or(x.Created, b.config.Start)
}

func (b *booter) parent(i int) sim.PID {
	if p := b.plan.parents[i]; p.place < 0 {
		return p.pid
	} else {
		return b.pids[p.place]
	}
}

// replaces says that the first thread line is not about the thread a process was created with: that one has ended since.
func replaces(x *Process, created sim.Time) bool {
	t := x.Threads[0]
	return t.Created != 0 && t.Created != created
}

// threads makes the threads of a process that has its first one.
func (b *booter) threads(x *Process, pid sim.PID, firstID sim.TID, created sim.Time) error {
	if len(x.Threads) == 0 {
		return nil
	}
	var standIn sim.TID
	if t := x.Threads[0]; replaces(x, created) || t.ID != 0 && t.ID != firstID {
		var err error
		if standIn, err = b.replace(x, pid, firstID); err != nil {
			return b.w.at(t.line, err)
		}
	}
	for i, t := range x.Threads {
		for n := range max(1, t.Times) {
			tid, have := firstID, b.suspends(x, Thread{})
			if i > 0 || n > 0 || standIn != 0 {
				have = min(1, b.suspends(x, t))
				var err error
				tid, err = b.tx.CreateThread(pid, sim.ThreadSpec{ID: sim.TID(b.id(uint32(t.ID))), Created: cmp.Or(t.Created, created), Suspended: have > 0})
				if err != nil {
					return b.w.at(t.line, err)
				}
			}
			if err := b.condition(tid, t, b.suspends(x, t)-have); err != nil {
				return b.w.at(t.line, err)
			}
		}
	}
	if standIn != 0 {
		return b.tx.TerminateThread(standIn, 0)
	}
	return nil
}

// replace ends the first thread, whose id another may have by now. A process lives by its threads, so one stands in until the
// listed ones are there.
func (b *booter) replace(x *Process, pid sim.PID, old sim.TID) (sim.TID, error) {
	standIn, err := b.tx.CreateThread(pid, sim.ThreadSpec{ID: sim.TID(b.id(0)), Suspended: x.Suspended})
	if err != nil {
		return 0, err
	}
	return standIn, b.tx.TerminateThread(old, 0)
}

// suspends is the suspend count that a thread is to have.
func (b *booter) suspends(x *Process, t Thread) int {
	if x.Suspended {
		return max(1, t.Suspend)
	}
	return t.Suspend
}

func (b *booter) condition(tid sim.TID, t Thread, suspends int) error {
	for range suspends {
		if _, err := b.tx.SuspendThread(tid); err != nil {
			return err
		}
	}
	if t.Priority == sim.PriorityNormal {
		return nil
	}
	return b.tx.SetThreadPriority(tid, t.Priority)
}
