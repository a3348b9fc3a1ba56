package sim

import (
	"maps"
	"slices"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// Attach lets s decide at every access to what the kernel shares: its lock, its last state, its handle tables, and the index of each
// state that it makes from then on. States made before stay as they are, and so do forks, which are kernels of their own. A nil s changes
// nothing. Attach before the kernel is shared, once, and not within an Update. (rule S105)
func (k *Kernel) Attach(s *sched.Scheduler) {
	if s == nil {
		return
	}
	k.sched = s
	k.mu.Attach(s, "kernel.mu")
	k.last.Attach(s, "kernel.last")
	for _, pid := range slices.Sorted(maps.Keys(k.tables)) {
		t := k.tables[pid]
		t.shown.Attach(s, "handles.slots")
		attachSlots(t.slots, s)
	}
}

// Scheduler returns what the kernel is attached to, nil if that is nothing: whoever builds upon a kernel attaches what it shares to the same.
func (k *Kernel) Scheduler() *sched.Scheduler { return k.sched }

func attachSlots(slots []handleSlot, s *sched.Scheduler) {
	for i := range slots {
		slots[i].shown.Attach(s, "handles.slot")
	}
}
