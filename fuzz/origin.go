package fuzz

import (
	"fmt"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// An Origin is where every run of a case starts: a frozen kernel, and the model of it. It never changes.
type Origin struct {
	Config sim.Config
	Calls  []Call // what made it, from a fresh kernel
	State  *sim.State
	model  *Model
}

// NewOrigin boots a kernel and makes it obey calls. It fails when one of them does, or when the model does not agree with its result.
func NewOrigin(c sim.Config, calls ...Call) (*Origin, error) {
	k := sim.New(c)
	m := NewModel(k.State())
	for i, call := range calls {
		if !call.Verb.changes() {
			return nil, fmt.Errorf("fuzz: NewOrigin: call %d is %v, which changes nothing: leave it out", i, call.Verb)
		}
		r := Do(k, call)
		if r.Err != nil {
			return nil, fmt.Errorf("fuzz: NewOrigin: call %d, %v: %w", i, call, r.Err)
		}
		if err := m.Judge(call, r); err != nil {
			return nil, fmt.Errorf("fuzz: NewOrigin: call %d, %v: %w", i, call, err)
		}
	}
	s := k.State()
	return &Origin{Config: s.Config(), Calls: calls, State: s, model: m.Fork()}, nil
}

// OriginOf starts from a state that was made in any other way. The model believes what the state shows: the first 256 bytes of each block and 16 of each
// module, and that no block could grow in place.
func OriginOf(s *sim.State) *Origin {
	return &Origin{Config: s.Config(), State: s, model: NewModel(s).Fork()}
}

// again is the same origin with a state of its own: what is wrong in the kernel may have written the one that others start from.
func (o *Origin) again() *Origin {
	if len(o.Calls) == 0 {
		return o
	}
	fresh, err := NewOrigin(o.Config, o.Calls...)
	if err != nil {
		return o // it went well once; the kernel forgets nothing that matters here
	}
	return fresh
}

// Model returns a model of the origin's state, to be used freely.
func (o *Origin) Model() *Model { return o.model.Clone() }
