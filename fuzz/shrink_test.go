package fuzz_test

import (
	"errors"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// A case that fails when two of its twelve calls are made in one order: shrinking leaves these two, needs no preemption more than they do, gives the same
// again, and its token repeats the failure.
func TestShrinkingTwiceGivesTheSame(t *testing.T) {
	c := usual(t)
	c.Check = func(end *sim.State) error {
		if p, ok := end.Process(8); ok && p.ThreadCount() == 1 {
			return nil
		}
		return errors.New("process 8 is not as it was")
	}
	r := sched.Explore(c.Program(), sched.Random(1), sched.Budget{Runs: 100})
	if r.Failure.Err == nil {
		t.Fatal("nothing was found")
	}
	x, again := fuzz.Shrink(c, r.Failure), fuzz.Shrink(c, r.Failure)
	if x.Calls != 1 || x.Preemptions != 0 || !x.Fewest {
		t.Errorf("%d calls and %d preemptions, want one call and none", x.Calls, x.Preemptions)
	}
	if x.String() != again.String() {
		t.Errorf("shrunk again it is\n%v\nand was\n%v", again, x)
	}
	replayed, err := sched.Replay(x.Run.Token(), x.Case.Program())
	if err != nil || !errors.Is(replayed.Err, fuzz.BrokenPromise) {
		t.Errorf("the token gives %v, %v", replayed.Err, err)
	}
}
