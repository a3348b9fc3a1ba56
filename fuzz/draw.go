package fuzz

import (
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// A Source gives numbers from 0 to n-1. Lower numbers mean simpler calls, so that what shrinks numbers shrinks programs.
type Source func(n int) int

// images are the files that drawn calls run and load: 64-bit ones, two that want the same base, one whose path differs from
// another's in case and slashes only, one with a lone surrogate, and 32-bit ones.
var images = []*sim.Image{
	image(sim.ImageSpec{Path: `C:\Lab\app.exe`, Contents: []byte("app")}),
	image(sim.ImageSpec{Path: `C:\Lab\one.dll`, Base: 0x7FF0_1000_0000, Contents: []byte("one")}),
	image(sim.ImageSpec{Path: `C:\Lab\two.dll`, Base: 0x7FF0_1000_0000, Size: 0x12345, Contents: []byte("two")}),
	image(sim.ImageSpec{Path: `c:/lab/ONE.dll`, Base: 0x7FF0_2000_0000, Contents: []byte("won")}),
	image(sim.ImageSpec{Path16: []uint16{'x', '\\', 0xD800, '.', 'd', 'l', 'l'}, Contents: []byte("lone")}),
	image(sim.ImageSpec{Path: `C:\Lab\wow.exe`, Bits: 32, Contents: []byte("wow")}),
	image(sim.ImageSpec{Path: `C:\Lab\wow.dll`, Bits: 32, Contents: []byte("32")}),
}

func image(s sim.ImageSpec) *sim.Image {
	i, err := sim.NewImage(s)
	if err != nil {
		panic(err)
	}
	return i
}

// A Theme says what a program is about: its verbs, each as often as it is drawn. What makes things comes first.
type Theme struct {
	Name  string
	Verbs []Verb
}

// Themes are the programs worth drawing. One about everything meets what nobody thought of; one about little gets
// deep enough to meet what takes many steps.
func Themes() []Theme {
	return []Theme{
		{"everything", []Verb{
			CreateProcess, CreateProcess, CreateThread, CreateThread, LoadLibrary, LoadLibrary, HeapAlloc, HeapAlloc, HeapAlloc,
			HeapCreate, Write, Write, TerminateThread, TerminateThread, FreeLibrary, HeapFree, HeapFree, HeapReAlloc, HeapReAlloc,
			TerminateProcess, Read, LockBlock, UnlockBlock, HeapDestroy, SuspendThread, ResumeThread, SetPriorityClass,
			SetThreadPriority, Advance, Update,
		}},
		{"ids", []Verb{CreateProcess, CreateProcess, CreateThread, TerminateThread, TerminateProcess, Update}},
		{"threads", []Verb{CreateProcess, CreateThread, CreateThread, TerminateThread, SuspendThread, ResumeThread, SetPriorityClass, SetThreadPriority, Update}},
		{"modules", []Verb{CreateProcess, LoadLibrary, LoadLibrary, LoadLibrary, FreeLibrary, FreeLibrary, Write, Update}},
		{"blocks", []Verb{CreateProcess, HeapAlloc, HeapAlloc, HeapAlloc, Write, Write, HeapFree, HeapReAlloc, HeapReAlloc, Update}},
		{"heaps", []Verb{CreateProcess, HeapCreate, HeapCreate, HeapAlloc, Write, HeapDestroy, LockBlock, UnlockBlock, Read, Update}},
	}
}

// Draw makes a call on a theme that is about what the model has: a good one most of the time, otherwise one with a bad
// argument. It makes programs with few processes, so that calls meet each other.
func Draw(m *Model, theme Theme, from Source) Call {
	d := drawer{m, theme.Verbs, from}
	verb := d.verb()
	if verb == Update {
		return d.update()
	}
	return d.call(verb)
}

type drawer struct {
	m     *Model
	verbs []Verb
	from  Source
}

func (d drawer) verb() Verb { return d.verbs[d.from(len(d.verbs))] }

// rarely is true about once in n times; never when the source gives the simplest number.
func (d drawer) rarely(n int) bool { return d.from(n) == n-1 }

func pick[T any](d drawer, of ...T) T { return of[d.from(len(of))] }

// update draws calls against the model as it stands before all of them: the later ones may miss, which is as good a test.
func (d drawer) update() Call {
	c := Call{Verb: Update, End: pick(d, Commits, Commits, Fails, Panics)}
	if d.rarely(4) {
		c.Calls = d.cull()
		return c
	}
	for range 1 + d.from(4) {
		if verb := d.verb(); verb < Update {
			c.Calls = append(c.Calls, d.call(verb))
		}
	}
	return c
}

// cull ends a run of neighbours in one list: a list that loses them has to close its ranks.
func (d drawer) cull() []Call {
	var all []Call
	switch p := d.m.process(d.living()); d.from(4) {
	case 0:
		for _, p := range d.m.Processes {
			all = append(all, Call{Verb: TerminateProcess, PID: p.ID})
		}
	case 1:
		for i := 0; p != nil && i < len(p.Threads); i++ {
			all = append(all, Call{Verb: TerminateThread, TID: p.Threads[i].ID})
		}
	case 2:
		for i := 0; p != nil && i < len(p.Modules); i++ {
			all = append(all, Call{Verb: FreeLibrary, PID: p.ID, At: p.Modules[i].Base})
		}
	case 3:
		for i := 0; p != nil && i < len(p.Heaps); i++ {
			h := &p.Heaps[i]
			all = append(all, Call{Verb: HeapDestroy, PID: p.ID, At: h.ID})
			for _, b := range h.Blocks {
				all = append(all, Call{Verb: HeapFree, PID: p.ID, At: h.ID, Block: b.Address})
			}
		}
	}
	from := d.from(len(all) + 1)
	return all[from:min(len(all), from+d.from(30))]
}

func (d drawer) call(verb Verb) Call {
	c := Call{Verb: verb, PID: d.pid(), Code: uint32(d.from(3))}
	switch verb {
	case CreateProcess:
		c.Process = d.process()
	case CreateThread:
		c.Thread = sim.ThreadSpec{Suspended: d.rarely(4), Priority: d.level(), ID: sim.TID(d.id()), Created: d.time()}
	case TerminateThread, SuspendThread, ResumeThread, SetThreadPriority:
		c.TID, c.Priority = d.tid(), d.level()
	case SetPriorityClass:
		c.Class = sim.PriorityClass(d.from(7))
	case Advance:
		c.Time = pick(d, sim.Time(d.from(1000)), 1<<40, ^sim.Time(0))
	case LoadLibrary:
		c.Image, c.Load = d.image(), pick[sim.LoadFlags](d, 0, 0, 0, sim.LoadAsDataFile, 2)
	case FreeLibrary:
		c.At = d.base(&c.PID)
	case Take, TakeSeparately:
		c.Flags = pick[uint32](d, systemFlags, allFlags, allFlags, targetFlags, moduleFlags, heapFlags, toolhelp.TH32CS_SNAPPROCESS|moduleFlags, 0)
	case Walk:
		c.List, c.Freed = sim.Kind(d.from(4)), sim.Freed(d.from(3))
	case CreateToolhelp32Snapshot, First, Next, CloseHandle, DuplicateHandle, OpenProcess:
		d.knock(&c)
	default:
		d.memory(&c)
	}
	return c
}

// knock fills in a call of the Win32 door. The lowest handles are those that are handed out.
func (d drawer) knock(c *Call) {
	c.Caller, c.Handle = d.from(2), pick[toolhelp.Handle](d, 4, 4, 4, 8, 8, 12, 0)
	switch c.Verb {
	case CreateToolhelp32Snapshot:
		c.Flags = pick[uint32](d, systemFlags, allFlags, toolhelp.TH32CS_SNAPPROCESS)
	case First, Next:
		c.List = pick(d, sim.KindProcess, sim.KindProcess, sim.KindProcess, sim.KindThread)
	case OpenProcess:
		c.Flags = toolhelp.PROCESS_QUERY_INFORMATION
	}
}

// mostProcesses keeps the model, which compares everything with everything, quick enough.
const mostProcesses = 100

// process says how to start one; a population of more than mostProcesses is told to start bad ones only.
func (d drawer) process() sim.ProcessSpec {
	s := sim.ProcessSpec{Parent: d.pid(), AnyParent: d.rarely(6), Image: d.image(), Suspended: d.rarely(5), Minimal: d.rarely(8),
		Class: sim.PriorityClass(max(0, d.from(12)-5)), Protection: sim.Protection(max(0, d.from(12)-7)),
		ID: sim.PID(d.id()), Thread: sim.TID(d.id()), Created: d.time()}
	if d.rarely(6) {
		s.Modules = []*sim.Image{}
		for range d.from(4) {
			s.Modules = append(s.Modules, d.image())
		}
	}
	if d.rarely(6) {
		s.DefaultHeap = d.heapID()
	}
	if len(d.m.Processes) > mostProcesses {
		s.Image = nil
	}
	return s
}

func (d drawer) image() *sim.Image {
	if i := d.from(len(images) + 2); i < len(images) {
		return images[i]
	} else if i == len(images) {
		return images[0]
	}
	return nil
}

// id asks for any, and rarely for one by name: free, taken, or no id at all.
func (d drawer) id() uint32 {
	if !d.rarely(8) {
		return 0
	}
	return pick(d, 4*uint32(d.from(20)), 400, 402, 0xFFFF_FFFC)
}

func (d drawer) time() sim.Time {
	if !d.rarely(6) {
		return 0
	}
	return pick(d, sim.Time(d.from(1000)), 1<<40, ^sim.Time(0))
}

func (d drawer) level() sim.Priority {
	return pick(d, sim.PriorityNormal, sim.PriorityHighest, sim.PriorityLowest, sim.PriorityIdle, sim.PriorityTimeCritical, 3, -128)
}

// pid is of a living process, the youngest first, or of none.
func (d drawer) pid() sim.PID {
	if n := len(d.m.Processes); n > 0 && !d.rarely(10) {
		return d.m.Processes[n-1-d.from(n)].ID
	}
	return pick(d, 0, 4, 4*sim.PID(d.from(20)), 9, 0xFFFF_FFFC, sim.PID(d.tid()))
}

func (d drawer) tid() sim.TID {
	if p := d.m.process(d.living()); p != nil && !d.rarely(10) {
		return p.Threads[d.from(len(p.Threads))].ID
	}
	return pick(d, 0, 4, 4*sim.TID(d.from(20)), 9, 0xFFFF_FFFC)
}

func (d drawer) living() sim.PID {
	if n := len(d.m.Processes); n > 0 {
		return d.m.Processes[n-1-d.from(n)].ID
	}
	return 0
}

// base is of something mapped in the process, the latest first, or in another one, or nowhere.
func (d drawer) base(pid *sim.PID) sim.Address {
	var loaded []Call
	for i := range d.m.Processes {
		p := &d.m.Processes[i]
		for _, m := range append(append([]Module{}, p.Modules...), p.DataFiles...) {
			if m.Loads < pinned || d.rarely(20) {
				loaded = append(loaded, Call{PID: p.ID, At: m.Base})
			}
		}
	}
	if len(loaded) > 0 && !d.rarely(8) {
		t := loaded[len(loaded)-1-d.from(len(loaded))]
		*pid = t.PID
		return t.At
	}
	return pick[sim.Address](d, 0, 0x7FF0_1000_0000, 0x7FF0_1000_1000, ^sim.Address(0))
}

func (d drawer) heapID() sim.Address {
	return pick[sim.Address](d, 0, 0x0000_0100_0000_0000, 0x0000_0104_0000_0000, 0x0000_0108_0000_0000, 0x2000_0000, 0x2100_0000,
		0x0000_0100_0000_0001, ^sim.Address(0))
}
