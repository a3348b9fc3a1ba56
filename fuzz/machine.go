package fuzz

import (
	"pgregory.net/rapid"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A Machine is a kernel beside its model, for rapid's t.Repeat: it makes calls and keeps states, and after every step compares the kernel with the model and reads every kept
// state again.
type Machine struct {
	Kernel *sim.Kernel
	Model  *Model
	theme  Theme
	kept   []kept
}

// A kept is a state and what it has to show for ever.
type kept struct {
	state *sim.State
	show  Listing
}

// NewMachine starts from an origin.
func NewMachine(o *Origin, theme Theme) *Machine {
	return &Machine{Kernel: o.State.Fork(), Model: o.Model(), theme: theme}
}

// Actions are what t.Repeat chooses from.
func (m *Machine) Actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){"": m.check, "call": m.call, "keep": m.keep}
}

func (m *Machine) call(t *rapid.T) {
	c := rapid.Custom(func(t *rapid.T) Call { return Draw(m.Model, m.theme, number(t)) }).Draw(t, "call")
	r := Do(m.Kernel, c)
	if err := m.Model.Judge(c, r); err != nil {
		t.Fatalf("%v\n-> %v\n%v", c, r, err)
	}
}

func (m *Machine) keep(*rapid.T) {
	const most, old = 8, 4
	if len(m.kept) == most {
		m.kept = append(m.kept[:old], m.kept[old+1:]...) // the oldest ones see the most changes
	}
	m.kept = append(m.kept, kept{m.Kernel.State(), m.Model.Show()})
}

func (m *Machine) check(t *rapid.T) {
	s := m.Kernel.State()
	if diff := Diff(m.Model, s); diff != "" {
		t.Fatalf("the kernel is not what the model says (-want +got):\n%s", diff)
	}
	if err := Check(s); err != nil {
		t.Fatalf("%v", err)
	}
	for _, old := range m.kept {
		if diff := Compare(old.show, List(old.state)); diff != "" {
			t.Fatalf("state %d changed after it was taken (-then +now):\n%s", old.state.Version(), diff)
		}
	}
}
