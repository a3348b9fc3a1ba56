package fuzz

import (
	"fmt"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// CheckSnapshot says what contradicts itself in a snapshot, or nil: [Check] for the system-wide part, and for the modules and heaps of the target that
// nothing is listed twice or overlaps, that blocks stand in address order and the default heap first. It knows nothing of what happened before.
func CheckSnapshot(s toolhelp.Snapshot) error {
	if state := s.State(); state != nil {
		if err := Check(state); err != nil {
			return err
		}
	}
	var mapped []sim.Module
	for m := range s.Modules() {
		mapped = append(mapped, m)
	}
	if err := checkMapped(mapped); err != nil {
		return fmt.Errorf("process %d: %w", s.PID(), err)
	}
	n := 0
	for h := range s.Heaps() {
		n++
		if found, ok := s.Heap(h.ID()); !ok || !found.Equal(h) || h.Default() != (n == 1) {
			return fmt.Errorf("process %d: the look-up of heap %#x finds another one, or none, or the default heap is not first", s.PID(), uint64(h.ID()))
		}
		if err := checkBlocks(h); err != nil {
			return fmt.Errorf("process %d: heap %#x: %w", s.PID(), uint64(h.ID()), err)
		}
	}
	return nil
}
