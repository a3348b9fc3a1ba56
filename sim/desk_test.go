package sim_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A failer is what testing.TB and rapid.T have in common.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// A desk is a kernel with one process of each sort, to be worked on by one test.
type desk struct {
	*sim.Kernel
	t     failer
	reuse sim.Reuse

	app          sim.PID // 64-bit, two threads, lib loaded once, a second heap
	main, worker sim.TID
	heap         sim.Address // of app, with three blocks in this order:
	block        sim.Address // 100 bytes, in use
	hole         sim.Address // 50 bytes, freed
	locked       sim.Address // 200 bytes, locked once
	lib          sim.Address // where kernel32.dll stands in app
	file         sim.Address // where a file stands in app that is mapped as data
	wow          sim.PID     // 32-bit
	asleep       sim.PID     // created suspended
	waker        sim.TID     // its thread
	quiet        sim.PID     // minimal
	gone         sim.PID     // ended
	goneThread   sim.TID
}

// Images that tests load. They never change.
var (
	appImage  = sim.MustImage(`C:\app\app.exe`)
	kernel32  = sim.MustImage(`C:\Windows\System32\kernel32.dll`)
	user32    = sim.MustImage(`C:\Windows\System32\user32.dll`)
	mapped    = sim.MustImage(`C:\app\strings.mui`)
	oldImage  = image32(`C:\old\old.exe`)
	kernel32b = image32(`C:\Windows\SysWOW64\kernel32.dll`)
)

func image32(path string) *sim.Image {
	i, err := sim.NewImage(sim.ImageSpec{Path: path, Bits: 32})
	if err != nil {
		panic(err)
	}
	return i
}

// newDesk has the processes above. Two of them are the same to the letter.
func newDesk(t failer) *desk { return newDeskOf(t, sim.Config{}) }

func newDeskOf(t failer, c sim.Config) *desk {
	t.Helper()
	d := emptyDesk(t, c)
	d.app, d.main = d.start(sim.ProcessSpec{})
	d.worker = d.thread(d.app)
	d.lib = d.load(d.app, kernel32)
	d.file = first(d.LoadLibrary(d.app, mapped, sim.LoadAsDataFile))(d)
	d.heap = first(d.HeapCreate(d.app, sim.HeapSpec{}))(d)
	d.block, d.hole, d.locked = d.alloc(100), d.alloc(50), d.alloc(200)
	d.ok(d.HeapFree(d.app, d.heap, d.hole))
	first(d.LockBlock(d.app, d.heap, d.locked))(d)
	d.wow, _ = d.start(sim.ProcessSpec{Image: oldImage})
	d.asleep, d.waker = d.start(sim.ProcessSpec{Suspended: true})
	d.quiet, _ = d.start(sim.ProcessSpec{Image: sim.MustImage("Registry"), Minimal: true})
	d.gone, d.goneThread = d.start(sim.ProcessSpec{})
	d.end(d.gone)
	return d
}

func emptyDesk(t failer, c sim.Config) *desk { return &desk{Kernel: sim.New(c), t: t, reuse: c.Reuse} }

// start creates a process, of appImage unless s says otherwise.
func (d *desk) start(s sim.ProcessSpec) (sim.PID, sim.TID) {
	d.t.Helper()
	if s.Image == nil {
		s.Image = appImage
	}
	pid, tid, _, err := d.CreateProcess(s)
	d.fatal(err)
	return pid, tid
}

func (d *desk) thread(pid sim.PID) sim.TID {
	d.t.Helper()
	return first(d.CreateThread(pid, sim.ThreadSpec{}))(d)
}

func (d *desk) load(pid sim.PID, i *sim.Image) sim.Address {
	d.t.Helper()
	return first(d.LoadLibrary(pid, i, 0))(d)
}

// alloc takes a block of the desk's heap.
func (d *desk) alloc(size uint64) sim.Address {
	d.t.Helper()
	return first(d.HeapAlloc(d.app, d.heap, size, 0))(d)
}

func (d *desk) end(pid sim.PID) {
	d.t.Helper()
	d.ok(d.TerminateProcess(pid, 0))
}

// ok takes what a verb returned and wants it to have succeeded.
func (d *desk) ok(_ sim.Version, err error) {
	d.t.Helper()
	d.fatal(err)
}

func (d *desk) fatal(err error) {
	if err != nil {
		d.t.Helper()
		d.t.Fatal(err)
	}
}

// process is a frozen view of a process that lives.
func (d *desk) process(pid sim.PID) sim.Process {
	d.t.Helper()
	p, _, ok := d.Process(pid)
	if !ok {
		d.t.Fatalf("there is no process %d", pid)
	}
	return p
}

func (d *desk) list() fuzz.Listing { return fuzz.List(d.State()) }

// next tells which ids and addresses the kernel hands out next, by taking one of each.
func (d *desk) next() string {
	pid, tid := d.start(sim.ProcessSpec{})
	p := d.process(pid)
	s := fmt.Sprintln(pid, tid, p.Address(), p.Sequence(), p.Created(), d.thread(pid))
	if d.app != 0 {
		base, id := d.load(d.app, user32), first(d.HeapCreate(d.app, sim.HeapSpec{}))(d)
		m, _ := d.process(d.app).Module(base)
		s += fmt.Sprintln(base, m.Address(), m.Sequence(), id, d.alloc(48))
	}
	return s
}

// first gives the first of three results, once the error is looked at.
func first[T any](x T, _ sim.Version, err error) func(*desk) T {
	return func(d *desk) T {
		d.t.Helper()
		d.fatal(err)
		return x
	}
}

// late and later drop all results of a verb but the version and the error.
func late[T any](_ T, v sim.Version, err error) (sim.Version, error)          { return v, err }
func later[T, U any](_ T, _ U, v sim.Version, err error) (sim.Version, error) { return v, err }

// A refusal is a call that has to fail.
type refusal struct {
	reason string
	call   string // of the *sim.Error
	want   error
	f      func(d *desk) (sim.Version, error)
}

// refuse makes every call on one desk: each has to fail as it should, to say why, and to change nothing, not
// even which ids are handed out next.
func refuse(t *testing.T, rows []refusal) {
	t.Helper()
	d, twin := newDesk(t), newDesk(t)
	for _, r := range rows {
		t.Run(r.reason, func(t *testing.T) {
			d.t = t
			before := d.list()
			v, err := r.f(d)
			if v != before.Version {
				t.Errorf("it reports version %d, want %d, the one that it saw", v, before.Version)
			}
			wantError(t, err, r.call, r.want, before.Version)
			if diff := fuzz.Compare(before, d.list()); diff != "" {
				t.Errorf("it failed and changed something:\n%s", diff)
			}
		})
	}
	d.t = t
	if got, want := d.next(), twin.next(); got != want {
		t.Errorf("after the refused calls the next ids are %q, want %q", got, want)
	}
}

func wantError(t testing.TB, err error, call string, want error, v sim.Version) {
	t.Helper()
	var e *sim.Error
	if !errors.Is(err, want) || !errors.As(err, &e) {
		t.Fatalf("error %v, want a *sim.Error that wraps %q", err, want)
	}
	if e.Call != call || e.Version != v || e.Input == "" || !strings.Contains(err.Error(), call+"("+e.Input+")") {
		t.Errorf("error %q of call %q at version %d, want call %q, its input and version %d", err, e.Call, e.Version, call, v)
	}
}

// ids collects what a walk finds.
func ids[T, ID any](walk func(func(T) bool), id func(T) ID) []ID {
	var all []ID
	walk(func(x T) bool { all = append(all, id(x)); return true })
	return all
}

func pids(s *sim.State) []sim.PID           { return ids(s.Processes(), sim.Process.ID) }
func tids(s *sim.State) []sim.TID           { return ids(s.Threads(), sim.Thread.ID) }
func names(p sim.Process) []string          { return ids(p.Modules(), sim.Module.Name) }
func heapIDs(p sim.Process) []sim.Address   { return ids(p.Heaps(), sim.Heap.ID) }
func threadIDs(p sim.Process) []sim.TID     { return ids(p.Threads(), sim.Thread.ID) }
func moduleIDs(p sim.Process) []sim.Address { return ids(p.Modules(), sim.Module.Base) }

func wantEqual[T comparable](t testing.TB, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
