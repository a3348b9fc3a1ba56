package sim_test

import (
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A state that StateOf found current before it got the lock may be an old one by then: it must not be filled anew.
func TestStateOfNeverWritesAnOldState(t *testing.T) {
	k := sim.New(sim.Config{})
	pid, _, _, err := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("app.exe")})
	must(t, err)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				k.StateOf(pid)
			}
		}
	}()
	const rounds = 20_000
	states, versions := make([]*sim.State, rounds), make([]sim.Version, rounds)
	for i := range rounds {
		states[i] = k.State()
		versions[i] = states[i].Version()
		_, _, err := k.CreateThread(pid, sim.ThreadSpec{})
		must(t, err)
	}
	close(stop)
	<-stopped
	for i, s := range states {
		if want := i + 6; s.Version() != versions[i] || s.ThreadCount() != want { // 4 idle threads, System's, the first
			t.Fatalf("the state taken at version %d now says version %d and %d threads, want %d", versions[i], s.Version(), s.ThreadCount(), want)
		}
	}
}
