package fuzz_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// drawCall draws a call as one value, so that a failure reads as a program.
func drawCall(t *rapid.T, m *fuzz.Model, theme fuzz.Theme) fuzz.Call {
	return rapid.Custom(func(t *rapid.T) fuzz.Call {
		return fuzz.Draw(m, theme, func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "") })
	}).Draw(t, "call")
}

// configs are drawn small enough that ids run out.
func drawConfig(t *rapid.T) sim.Config {
	return sim.Config{
		Reuse:   sim.Reuse(rapid.IntRange(0, 2).Draw(t, "reuse")),
		Bare:    rapid.Bool().Draw(t, "bare"),
		CPUs:    rapid.IntRange(0, 2).Draw(t, "cpus"),
		FirstID: rapid.SampledFrom([]uint32{0, 8, 13, 0xFFFF_FF00}).Draw(t, "first id"),
		LastID:  rapid.SampledFrom([]uint32{0, 64, 160}).Draw(t, "last id"),
	}
}

// kept is a state with what it has to show for ever.
type kept struct {
	state *sim.State
	model *fuzz.Model
	show  fuzz.Listing
	text  string
}

// view is one process as Kernel.Process froze it, with what it showed then.
type view struct {
	process sim.Process
	show    fuzz.Process
}

// trial is one kernel before the court.
type trial struct {
	k     *sim.Kernel
	m     *fuzz.Model
	theme fuzz.Theme
	kept  []kept
	views []view
	opens []opened
	walks []liveWalk
	forks []*trial
}

// opened is a handle to a process in the table of another.
type opened struct {
	table  *sim.HandleTable
	holder uint64
	handle sim.Handle
	pid    sim.PID
}

func newTrial(k *sim.Kernel, m *fuzz.Model, theme fuzz.Theme) *trial {
	return &trial{k: k, m: m, theme: theme}
}

func (tr *trial) calls(t *rapid.T) {
	for range rapid.IntRange(1, 10).Draw(t, "calls") {
		tr.do(t, drawCall(t, tr.m, tr.theme))
	}
}

func (tr *trial) do(t *rapid.T, c fuzz.Call) fuzz.Result {
	r := fuzz.Do(tr.k, c)
	if err := tr.m.Judge(c, r); err != nil {
		t.Fatalf("%v\n-> %v\n%v", c, r, err)
	}
	return r
}

// crowd starts so many processes that their list is a tree of several levels, the last one with as many threads, modules,
// heaps and blocks.
func (tr *trial) crowd(t *rapid.T, n int) {
	var c fuzz.Call
	for range n {
		c.Calls = append(c.Calls, fuzz.Call{Verb: fuzz.CreateProcess, Process: sim.ProcessSpec{Image: files[0]}})
	}
	c.Verb = fuzz.Update
	r := tr.do(t, c)
	if n == 0 || r.Results[n-1].Err != nil {
		return // there were not enough ids, as the model has confirmed
	}
	pid := r.Results[n-1].PID
	heap := tr.m.Processes[len(tr.m.Processes)-1].Heaps[0].ID
	c.Calls = nil
	for i := range n {
		c.Calls = append(c.Calls,
			fuzz.Call{Verb: fuzz.CreateThread, PID: pid},
			fuzz.Call{Verb: fuzz.LoadLibrary, PID: pid, Image: files[i%len(files)]},
			fuzz.Call{Verb: fuzz.HeapCreate, PID: pid},
			fuzz.Call{Verb: fuzz.HeapAlloc, PID: pid, At: heap, Size: uint64(i)})
	}
	r = tr.do(t, c)
	c.Calls = nil
	for i := range n { // pages are written out of their order
		base := r.Results[i*7%n*4+1].At
		c.Calls = append(c.Calls, fuzz.Call{Verb: fuzz.Write, PID: pid, At: base + 2, Bytes: []byte{byte(i)}})
	}
	tr.do(t, c)
}

// files are enough images to make a module list a tree.
var files = func() (all []*sim.Image) {
	for i := range 40 {
		all = append(all, sim.MustImage(fmt.Sprintf(`C:\Lab\file%02d.dll`, i)))
	}
	return all
}()

func (tr *trial) keep(t *rapid.T) {
	const most, old = 8, 4
	if len(tr.kept) == most {
		tr.kept = slices.Delete(tr.kept, old, old+1) // the oldest ones see the most changes
	}
	s := tr.k.State()
	tr.kept = append(tr.kept, kept{s, tr.m.Clone(), tr.m.Show(), s.String()})
}

// check compares the living kernel with the model, and every kept state with what it showed when it was taken.
func (tr *trial) check(t *rapid.T) {
	s := tr.k.State()
	if diff := fuzz.Diff(tr.m, s); diff != "" {
		t.Fatalf("the kernel is not what the model says (-want +got):\n%s", diff)
	}
	if err := fuzz.Check(s); err != nil {
		t.Fatalf("%v", err)
	}
	if got := tr.k.Version(); got != tr.m.Version {
		t.Fatalf("Version is %d, want %d", got, tr.m.Version)
	}
	for _, old := range tr.kept {
		old.unchanged(t)
	}
	for _, old := range tr.views {
		if diff := fuzz.CompareProcess(old.show, fuzz.ListProcess(old.process)); diff != "" {
			t.Fatalf("the view of process %d changed after it was taken (-then +now):\n%s", old.show.ID, diff)
		}
	}
}

func (old kept) unchanged(t *rapid.T) {
	if diff := fuzz.Compare(old.show, fuzz.List(old.state)); diff != "" {
		t.Fatalf("state %d changed after it was taken (-then +now):\n%s", old.state.Version(), diff)
	}
	if text := old.state.String(); text != old.text {
		t.Fatalf("state %d reads differently now\nthen:\n%s\nnow:\n%s", old.state.Version(), old.text, text)
	}
}

// TestKernelObeysModel is the trial of the kernel: all verbs with good and bad arguments, updates that are taken back, states that
// are kept and read again after every step, forks that go their own way.
func TestKernelObeysModel(t *testing.T) {
	for _, theme := range fuzz.Themes() {
		t.Run(theme.Name, func(t *testing.T) { rapid.Check(t, func(t *rapid.T) { try(t, theme) }) })
	}
}

func try(t *rapid.T, theme fuzz.Theme) {
	k := sim.New(drawConfig(t))
	tr := newTrial(k, fuzz.NewModel(k.State()), theme)
	tr.crowd(t, rapid.SampledFrom([]int{0, 0, 40}).Draw(t, "crowd"))
	t.Repeat(map[string]func(*rapid.T){
		"":          tr.check,
		"calls":     tr.calls,
		"calls2":    tr.calls,
		"calls3":    tr.calls,
		"keep":      tr.keep,
		"fork":      tr.fork,
		"call fork": tr.callFork,
		"open":      tr.openProcess,
		"close":     tr.closeProcess,
		"look":      tr.look,
		"walk":      tr.liveLists,
		"start":     tr.startWalk,
		"step":      tr.stepWalk,
		"step2":     tr.stepWalk,
	})
	for _, f := range tr.forks {
		f.check(t)
	}
}

// fork starts another kernel from a kept state. It goes its own way, and neither may disturb the other.
func (tr *trial) fork(t *rapid.T) {
	if len(tr.kept) > 0 && len(tr.forks) < 3 {
		from := rapid.SampledFrom(tr.kept).Draw(t, "state")
		tr.forks = append(tr.forks, newTrial(from.state.Fork(), from.model.Fork(), tr.theme))
	}
}

func (tr *trial) callFork(t *rapid.T) {
	if len(tr.forks) > 0 {
		f := rapid.SampledFrom(tr.forks).Draw(t, "fork")
		f.calls(t)
		f.check(t)
	}
}

// openProcess opens a handle to a random process in the table of another, which reserves the pid.
func (tr *trial) openProcess(t *rapid.T) {
	if len(tr.m.Processes) == 0 || len(tr.opens) == 6 {
		return
	}
	holder := tr.drawProcess(t, "holder")
	target := tr.drawProcess(t, "target")
	table, err := tr.k.Handles(holder.ID)
	if err != nil {
		t.Fatalf("Handles(%d): %v", holder.ID, err)
	}
	h, err := table.OpenProcess(target.ID, 0)
	if err != nil {
		t.Fatalf("OpenProcess(%d): %v", target.ID, err)
	}
	tr.m.Open(holder.ID, h, target.ID)
	tr.opens = append(tr.opens, opened{table, holder.Sequence, h, target.ID})
}

func (tr *trial) drawProcess(t *rapid.T, label string) fuzz.Process {
	return tr.m.Processes[rapid.IntRange(0, len(tr.m.Processes)-1).Draw(t, label)]
}

// closeProcess closes a handle that may have been closed already, by the end of its holder.
func (tr *trial) closeProcess(t *rapid.T) {
	if len(tr.opens) == 0 {
		return
	}
	i := rapid.IntRange(0, len(tr.opens)-1).Draw(t, "handle")
	o := tr.opens[i]
	tr.opens = slices.Delete(tr.opens, i, i+1)
	err := o.table.Close(o.handle)
	if tr.m.Close(o.handle, o.pid, o.holder) {
		if err != nil {
			t.Fatalf("Close(%#x) of an open handle: %v", o.handle, err)
		}
	} else if !errors.Is(err, sim.ErrInvalidHandle) {
		t.Fatalf("Close(%#x) of a handle whose process has ended: %v, want %v", o.handle, err, sim.ErrInvalidHandle)
	}
}

// look compares the kernel's own look-ups, which freeze one process or none, with the model.
func (tr *trial) look(t *rapid.T) {
	if len(tr.m.Processes) == 0 {
		return
	}
	want := tr.drawProcess(t, "process")
	p, v, ok := tr.k.Process(want.ID)
	s, q, alsoOK := tr.k.StateOf(want.ID)
	if !ok || !alsoOK || v != tr.m.Version || s.Version() != v {
		t.Fatalf("Process(%d): %v at version %d; StateOf: %v at %d; want true at %d", want.ID, ok, v, alsoOK, s.Version(), tr.m.Version)
	}
	if !p.Equal(q) || p.Sequence() != want.Sequence {
		t.Fatalf("Process(%d) and StateOf(%d) differ, or are another process than number %d", want.ID, want.ID, want.Sequence)
	}
	tr.views = append(tr.views, view{p, fuzz.ListProcess(p)})
	if len(tr.views) > 8 {
		tr.views = tr.views[1:]
	}
	for _, thread := range want.Threads {
		if got, _, ok := tr.k.Thread(thread.ID); ok != (thread.ID != 0) || ok && got.Owner() != want.ID {
			t.Fatalf("Thread(%d): %v, owner %d; want %d", thread.ID, ok, got.Owner(), want.ID)
		}
	}
}
