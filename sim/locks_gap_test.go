package sim_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// lockFree are the methods that promise to take no lock, or touch nothing that is shared.
var lockFree = []string{
	"Kernel.Attach", "Kernel.Scheduler",
	"HandleTable.PID", "HandleTable.Object", "HandleTable.Find", "HandleTable.Flags", "HandleTable.Access", "HandleTable.All", "HandleTable.Bytes",
	"ProcessObject.Kind", "ProcessObject.Bytes", "ProcessObject.PID", "ProcessObject.Sequence",
}

// TestEveryCallIsOneCriticalSection calls every method of what is shared, as the only thread, once with zeros and once with what is there, and
// looks at what it does to the kernel's lock: it takes it and lets it go once, or, where it promises to take no lock, not at all.
func TestEveryCallIsOneCriticalSection(t *testing.T) {
	called := 0
	for i := range 4 {
		kind := reflect.TypeOf(share(t, nil).all[i])
		for m := range kind.NumMethod() {
			name := kind.Elem().Name() + "." + kind.Method(m).Name
			want := 1
			if slices.Contains(lockFree, name) {
				want = 0
			}
			if name == "Kernel.Attach" {
				continue
			}
			for _, zero := range []bool{true, false} {
				r := sched.Run(sched.Program{Name: name, Body: func(s *sched.Scheduler) func() error {
					c := share(t, s)
					method := reflect.ValueOf(c.all[i]).Method(m)
					in := c.arguments(name, method.Type(), zero)
					s.Go("t", func() { method.Call(in) })
					return nil
				}}, sched.Random(1))
				var takes, lets int
				for _, step := range r.Trace {
					if step.Object == "kernel.mu" {
						takes += bool01(step.Op == sched.OpLocked)
						lets += bool01(step.Op == sched.OpUnlock)
					}
				}
				if r.Err != nil || takes != lets || takes != want {
					t.Errorf("%s, with zeros: %v: the lock is taken %d times and let go %d times, want %d, %v", name, zero, takes, lets, want, r.Err)
				}
				called++
			}
		}
	}
	if called < 100 {
		t.Errorf("%d calls in all", called)
	}
}

func bool01(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A common is one of each type that goroutines share, freshly changed, and what their methods can be called with.
type common struct {
	*desk
	all    [4]any
	table  *sim.HandleTable
	handle sim.Handle
}

func share(t *testing.T, s *sched.Scheduler) common {
	t.Helper()
	c := common{desk: newDesk(t)}
	c.table = c.handles(c.app)
	h, err := c.table.OpenProcess(c.app, 0)
	if err != nil {
		t.Fatal(err)
	}
	c.handle = h
	c.Attach(s)
	c.all = [4]any{c.Kernel, c.table, c.table.Find(h), c.WalkProcesses(sim.FreedReadable)}
	return c
}

// arguments are zeros, or what is there of each type. Functions return zeros.
func (c common) arguments(name string, f reflect.Type, zero bool) []reflect.Value {
	addresses := map[string]sim.Address{"Kernel.FreeLibrary": c.lib, "Kernel.ReadProcessMemory": c.block, "Kernel.WriteProcessMemory": c.block,
		"Kernel.Resident": c.process(c.app).Address()}
	there := map[reflect.Type]any{
		reflect.TypeFor[sim.PID](): c.app, reflect.TypeFor[sim.TID](): c.worker, reflect.TypeFor[sim.Handle](): c.handle,
		reflect.TypeFor[*sim.HandleTable](): c.table, reflect.TypeFor[*sim.Image](): user32, reflect.TypeFor[[]byte](): []byte("x"),
		reflect.TypeFor[uint64](): uint64(300), reflect.TypeFor[sim.ProcessSpec](): sim.ProcessSpec{Image: appImage, Parent: c.app, InheritHandles: true},
	}
	var in []reflect.Value
	heaps := 0
	for i := range f.NumIn() {
		p := f.In(i)
		v, ok := there[p]
		switch {
		case p.Kind() == reflect.Func:
			in = append(in, reflect.MakeFunc(p, func([]reflect.Value) []reflect.Value {
				var out []reflect.Value
				for i := range p.NumOut() {
					out = append(out, reflect.Zero(p.Out(i)))
				}
				return out
			}))
		case p == reflect.TypeFor[sim.Object]():
			in = append(in, reflect.ValueOf(anything{}))
		case p == reflect.TypeFor[sim.Address]() && !zero:
			at, ok := addresses[name]
			if !ok {
				at = [...]sim.Address{c.heap, c.block}[heaps]
				heaps++
			}
			in = append(in, reflect.ValueOf(at))
		case ok && !zero:
			in = append(in, reflect.ValueOf(v))
		default:
			in = append(in, reflect.Zero(p))
		}
	}
	return in
}

// anything is an object.
type anything struct{}

func (anything) Kind() string  { return "Event" }
func (anything) Bytes() uint64 { return 0 }
