package fuzz_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// bytesSource reads numbers from a program of bytes. When they are used up it gives zeros and says so.
type bytesSource struct {
	program []byte
	done    bool
}

func (b *bytesSource) next(n int) int {
	value := 0
	for range 1 + (n-1)/256 {
		if len(b.program) == 0 {
			b.done = true
			return 0
		}
		value, b.program = value<<8|int(b.program[0]), b.program[1:]
	}
	return value % n
}

// theme takes the first number of a program, and config the next ones.
func (b *bytesSource) theme() fuzz.Theme { return fuzz.Themes()[b.next(len(fuzz.Themes()))] }

// config takes numbers of a program for the kernel it runs on.
func (b *bytesSource) config() sim.Config {
	return sim.Config{Reuse: sim.Reuse(b.next(3)), Bare: b.next(2) == 1, CPUs: 1, LastID: uint32(b.next(2)) * 160}
}

// FuzzProgram runs programs of bytes on the kernel and on the model. States are kept on the way and read again at the end.
func FuzzProgram(f *testing.F) {
	f.Fuzz(func(t *testing.T, program []byte) {
		from := &bytesSource{program: program}
		theme := from.theme()
		k := sim.New(from.config())
		m := fuzz.NewModel(k.State())
		type kept struct {
			state *sim.State
			show  fuzz.Listing
		}
		var all []kept
		for steps := 0; !from.done && steps < 500; steps++ {
			c := fuzz.Draw(m, theme, from.next)
			if r, err := judged(k, m, c); err != nil {
				t.Fatalf("step %d: %v\n-> %v\n%v", steps, c, r, err)
			}
			if steps%16 == 0 {
				all = append(all, kept{k.State(), m.Show()})
			}
		}
		for _, old := range append(all, kept{k.State(), m.Show()}) {
			if diff := fuzz.Compare(old.show, fuzz.List(old.state)); diff != "" {
				t.Fatalf("state %d is not what the model says (-want +got):\n%s", old.state.Version(), diff)
			}
			if err := fuzz.Check(old.state); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func judged(k *sim.Kernel, m *fuzz.Model, c fuzz.Call) (fuzz.Result, error) {
	r := fuzz.Do(k, c)
	return r, m.Judge(c, r)
}

// TestSameCallsSameResults: the kernel has no clock, randomness or order of its own. What two kernels are told, in the same
// order, they answer alike, to the last id, address and word of an error.
func TestSameCallsSameResults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawConfig(t)
		one, two := sim.New(c), sim.New(c)
		m := fuzz.NewModel(one.State())
		theme := rapid.SampledFrom(fuzz.Themes()).Draw(t, "theme")
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c := drawCall(t, m, theme)
			r, err := judged(one, m, c)
			if err != nil {
				t.Fatalf("%v\n-> %v\n%v", c, r, err)
			}
			if again := fuzz.Do(two, c); again.String() != r.String() {
				t.Fatalf("%v\n-> %v\nbut the same again\n-> %v", c, r, again)
			}
			two.State() // looking must not change what comes next
		}
		if diff := cmp.Diff(one.State().String(), two.State().String()); diff != "" {
			t.Fatalf("the same calls gave two states (-one +two):\n%s", diff)
		}
	})
}

// TestFailedVerbChangesNothing: after a verb that fails, or an Update that is given up, the kernel still has the very state
// it had before.
func TestFailedVerbChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := sim.New(drawConfig(t))
		m := fuzz.NewModel(k.State())
		theme := rapid.SampledFrom(fuzz.Themes()).Draw(t, "theme")
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			before := k.State()
			c := drawCall(t, m, theme)
			r, err := judged(k, m, c)
			if err != nil {
				t.Fatalf("%v\n-> %v\n%v", c, r, err)
			}
			after := k.State()
			switch {
			case r.Err == nil && c.Verb != fuzz.Read:
				if after.Version() != before.Version()+1 {
					t.Fatalf("%v made version %d of %d", c, after.Version(), before.Version())
				}
			case after != before:
				t.Fatalf("%v\n-> %v\nbut there is a new state, version %d after %d", c, r, after.Version(), before.Version())
			}
		}
	})
}
