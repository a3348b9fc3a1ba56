package toolhelp

import (
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// crowd boots a kernel with n processes of ten threads besides pid 0 and 4, and a caller in the first of them.
func crowd(tb testing.TB, n int) (*sim.Kernel, *Caller) {
	tb.Helper()
	k := sim.New(sim.Config{})
	exe := sim.MustImage(`C:\Windows\System32\svchost.exe`)
	var first sim.TID
	_, err := k.Update(func(tx *sim.Tx) error {
		for i := range n {
			pid, tid, err := tx.CreateProcess(sim.ProcessSpec{Image: exe})
			if err != nil {
				return err
			}
			if i == 0 {
				first = tid
			}
			for range 9 {
				if _, err := tx.CreateThread(pid, sim.ThreadSpec{}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	c, err := NewCaller(k, first)
	if err != nil {
		tb.Fatal(err)
	}
	return k, c
}

func take(tb testing.TB, c *Caller, flags, pid uint32) Handle {
	tb.Helper()
	h, err := c.CreateToolhelp32Snapshot(flags, pid)
	if err != nil {
		tb.Fatalf("CreateToolhelp32Snapshot(%#x, %d) = %v, want a handle", flags, pid, err)
	}
	return h
}
