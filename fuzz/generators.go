package fuzz

import (
	"pgregory.net/rapid"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// number is a Source that rapid can shrink.
func number(t *rapid.T) Source {
	return func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "") }
}

// World generates places to start from: a kernel of any policy, small ones first, that has been told up to eight calls.
func World() *rapid.Generator[*Origin] {
	return rapid.Custom(func(t *rapid.T) *Origin {
		config := sim.Config{Bare: rapid.Bool().Draw(t, "bare"), CPUs: 1, Reuse: sim.Reuse(rapid.IntRange(0, 2).Draw(t, "reuse"))}
		k := sim.New(config)
		m := NewModel(k.State())
		calls := []Call{{Verb: CreateProcess, Process: sim.ProcessSpec{Image: images[0]}}}
		for i := 0; ; i++ {
			call := calls[len(calls)-1]
			r := Do(k, call)
			if err := m.Judge(call, r); err != nil {
				t.Fatalf("%v\n-> %v\n%v", call, r, err)
			}
			if r.Err != nil || !call.Verb.changes() {
				calls = calls[:len(calls)-1]
			}
			if i == 8 || !rapid.Bool().Draw(t, "more") {
				break
			}
			call = Draw(m, Themes()[0], number(t))
			if call.End == Panics {
				call.End = Fails
			}
			calls = append(calls, call)
		}
		o, err := NewOrigin(config, calls...)
		if err != nil {
			t.Fatalf("%v", err)
		}
		return o
	})
}

// Ops generates what up to three clients do, up to four calls each, on a theme, about what is there in o.
func Ops(o *Origin, theme Theme) *rapid.Generator[[]Script] {
	return rapid.Custom(func(t *rapid.T) []Script {
		k, m := o.State.Fork(), o.Model()
		var scripts []Script
		for i := range rapid.IntRange(1, 3).Draw(t, "clients") {
			s := Script{Name: string(rune('a' + i))}
			for range rapid.IntRange(1, 4).Draw(t, "calls") {
				call := Draw(m, theme, number(t))
				if call.End == Panics {
					call.End = Fails
				}
				if call.Verb <= Update {
					if err := m.Judge(call, Do(k, call)); err != nil {
						t.Fatalf("%v: %v", call, err)
					}
				}
				s.Calls = append(s.Calls, call)
			}
			scripts = append(scripts, s)
		}
		return scripts
	})
}

// Schedule generates up to four preemptions, for [sched.Sparse]. Fewer and sooner is simpler.
func Schedule() *rapid.Generator[[]sched.Preemption] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sched.Preemption {
		return sched.Preemption{Gap: uint(rapid.IntRange(0, 25).Draw(t, "gap")), To: uint(rapid.IntRange(0, 1).Draw(t, "to"))}
	}), 0, 4)
}
