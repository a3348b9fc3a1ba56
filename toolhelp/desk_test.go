package toolhelp

import (
	"errors"
	"slices"
	"testing"
	"unsafe"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A desk is a small machine with a process of each sort, and callers in two of them.
type desk struct {
	k      *sim.Kernel
	app    sim.PID // 64-bit, ordinary, two threads, a second heap; me is its first thread
	child  sim.PID // of app
	wow    sim.PID // 32-bit; narrow is its first thread
	other  sim.PID // another user's
	guard  sim.PID // protected
	csrss  sim.PID
	kernel sim.PID // a minimal process beside System
	asleep sim.PID // created suspended
	waker  sim.TID // the thread of asleep
	me     *Caller
	narrow *Caller
}

func image(tb testing.TB, path string, bits int) *sim.Image {
	tb.Helper()
	img, err := sim.NewImage(sim.ImageSpec{Path: path, Bits: bits})
	if err != nil {
		tb.Fatal(err)
	}
	return img
}

func newDesk(tb testing.TB) *desk {
	tb.Helper()
	d := &desk{k: sim.New(sim.Config{FirstID: 100})}
	start := func(s sim.ProcessSpec) (sim.PID, sim.TID) {
		pid, tid, _, err := d.k.CreateProcess(s)
		if err != nil {
			tb.Fatal(err)
		}
		return pid, tid
	}
	var mine, narrow sim.TID
	d.app, mine = start(sim.ProcessSpec{Image: image(tb, `C:\app\app.exe`, 64)})
	d.child, _ = start(sim.ProcessSpec{Image: image(tb, `C:\app\child.exe`, 64), Parent: d.app, Class: sim.HighClass})
	d.wow, narrow = start(sim.ProcessSpec{Image: image(tb, `C:\Program Files (x86)\old.exe`, 32)})
	d.other, _ = start(sim.ProcessSpec{Image: image(tb, `C:\other.exe`, 64), Protection: sim.OtherUser})
	d.guard, _ = start(sim.ProcessSpec{Image: image(tb, `C:\guard.exe`, 64), Protection: sim.Protected})
	d.csrss, _ = start(sim.ProcessSpec{Image: image(tb, `C:\Windows\System32\csrss.exe`, 64), Protection: sim.CSRSS})
	d.kernel, _ = start(sim.ProcessSpec{Image: image(tb, `Registry`, 64), Parent: 4, Minimal: true})
	d.asleep, d.waker = start(sim.ProcessSpec{Image: image(tb, `C:\asleep.exe`, 64), Suspended: true})
	d.thread(tb, d.app)
	d.load(tb, d.app, `C:\Windows\System32\kernel32.dll`, 64)
	d.load(tb, d.wow, `C:\Windows\System32\kernel32.dll`, 32)
	if _, _, err := d.k.HeapCreate(d.app, sim.HeapSpec{Shared: true}); err != nil {
		tb.Fatal(err)
	}
	d.me, d.narrow = d.caller(tb, mine), d.caller(tb, narrow)
	return d
}

func (d *desk) caller(tb testing.TB, tid sim.TID) *Caller {
	tb.Helper()
	c, err := NewCaller(d.k, tid)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// callerIn is a caller that is the first thread of a process.
func (d *desk) callerIn(tb testing.TB, pid sim.PID) *Caller {
	tb.Helper()
	p, _, ok := d.k.Process(pid)
	if !ok {
		tb.Fatalf("no process %d", pid)
	}
	for t := range p.Threads() {
		return d.caller(tb, t.ID())
	}
	tb.Fatalf("process %d has no thread", pid)
	return nil
}

func (d *desk) thread(tb testing.TB, pid sim.PID) sim.TID {
	tb.Helper()
	tid, _, err := d.k.CreateThread(pid, sim.ThreadSpec{})
	if err != nil {
		tb.Fatal(err)
	}
	return tid
}

func (d *desk) load(tb testing.TB, pid sim.PID, path string, bits int) sim.Address {
	tb.Helper()
	base, _, err := d.k.LoadLibrary(pid, image(tb, path, bits), 0)
	if err != nil {
		tb.Fatal(err)
	}
	return base
}

func (d *desk) end(tb testing.TB, pid sim.PID) {
	tb.Helper()
	if _, err := d.k.TerminateProcess(pid, 0); err != nil {
		tb.Fatal(err)
	}
}

// want fails the test unless err is the bare code; 0 wants nil.
func want(tb testing.TB, what string, err error, code Errno) {
	tb.Helper()
	switch {
	case code == 0 && err != nil:
		tb.Errorf("%s: got error %v, want success", what, err)
	case code != 0 && err != code:
		tb.Errorf("%s: got error %v, want the bare Errno %d, %v", what, err, uintptr(code), code)
	}
}

// wantIn is want for the Go door, whose errors wrap the code and say more.
func wantIn(tb testing.TB, what string, err error, code Errno) {
	tb.Helper()
	if code == 0 {
		want(tb, what, err, 0)
		return
	}
	var got Errno
	if !errors.As(err, &got) || got != code {
		tb.Errorf("%s: got error %v, want one that wraps Errno %d, %v", what, err, uintptr(code), code)
	} else if err.Error() == got.Error() {
		tb.Errorf("%s: error %q does not say what was called, and with what", what, err)
	}
}

// A probe is one walker and an entry for it, whatever their types.
type probe struct {
	name    string
	flag    uint32
	right   uint64 // the size that the walker asks for
	ansi    bool
	first   func(Handle) error
	next    func(Handle) error
	lacking func(Handle) []error // First and Next without an entry
	size    func() uint64
	resize  func(uint64)
	raw     func() []byte // the bytes of the entry
	id      func() uint64 // what tells entries apart
}

func probeOf[E any](name string, flag uint32, ansi bool, first, next func(Handle, *E) error, size func(*E) uint64, resize func(*E, uint64), id func(*E) uint64) *probe {
	e := new(E)
	right := uint64(unsafe.Sizeof(*e))
	resize(e, right)
	return &probe{name: name, flag: flag, right: right, ansi: ansi,
		first:   func(h Handle) error { return first(h, e) },
		next:    func(h Handle) error { return next(h, e) },
		lacking: func(h Handle) []error { return []error{first(h, nil), next(h, nil)} },
		size:    func() uint64 { return size(e) },
		resize:  func(n uint64) { resize(e, n) },
		raw:     func() []byte { return unsafe.Slice((*byte)(unsafe.Pointer(e)), unsafe.Sizeof(*e)) },
		id:      func() uint64 { return id(e) },
	}
}

// probes are all walkers of snapshots, each with a fresh entry. Threads of pid 0 all have tid 0, so their owner counts in.
func probes(c *Caller) []*probe {
	return []*probe{
		probeOf("Process32", TH32CS_SNAPPROCESS, false, c.Process32First, c.Process32Next,
			func(e *ProcessEntry32) uint64 { return uint64(e.Size) }, func(e *ProcessEntry32, n uint64) { e.Size = uint32(n) },
			func(e *ProcessEntry32) uint64 { return uint64(e.ProcessID) }),
		probeOf("Process32A", TH32CS_SNAPPROCESS, true, c.Process32FirstA, c.Process32NextA,
			func(e *ProcessEntry32A) uint64 { return uint64(e.Size) }, func(e *ProcessEntry32A, n uint64) { e.Size = uint32(n) },
			func(e *ProcessEntry32A) uint64 { return uint64(e.ProcessID) }),
		probeOf("Thread32", TH32CS_SNAPTHREAD, false, c.Thread32First, c.Thread32Next,
			func(e *ThreadEntry32) uint64 { return uint64(e.Size) }, func(e *ThreadEntry32, n uint64) { e.Size = uint32(n) },
			func(e *ThreadEntry32) uint64 { return uint64(e.OwnerProcessID)<<32 | uint64(e.ThreadID) }),
		probeOf("Module32", TH32CS_SNAPMODULE, false, c.Module32First, c.Module32Next,
			func(e *ModuleEntry32) uint64 { return uint64(e.Size) }, func(e *ModuleEntry32, n uint64) { e.Size = uint32(n) },
			func(e *ModuleEntry32) uint64 { return uint64(e.ModBaseAddr) }),
		probeOf("Module32A", TH32CS_SNAPMODULE, true, c.Module32FirstA, c.Module32NextA,
			func(e *ModuleEntry32A) uint64 { return uint64(e.Size) }, func(e *ModuleEntry32A, n uint64) { e.Size = uint32(n) },
			func(e *ModuleEntry32A) uint64 { return uint64(e.ModBaseAddr) }),
		probeOf("Heap32List", TH32CS_SNAPHEAPLIST, false, c.Heap32ListFirst, c.Heap32ListNext,
			func(e *HeapList32) uint64 { return uint64(e.Size) }, func(e *HeapList32, n uint64) { e.Size = uintptr(n) },
			func(e *HeapList32) uint64 { return uint64(e.HeapID) }),
	}
}

// walk gives the ids of a whole walk that starts with First.
func (p *probe) walk(tb testing.TB, h Handle) []uint64 {
	tb.Helper()
	return p.rest(tb, h, p.first(h))
}

// rest gives the ids from the entry that err came with to the end.
func (p *probe) rest(tb testing.TB, h Handle, err error) (ids []uint64) {
	tb.Helper()
	for ; err == nil; err = p.next(h) {
		ids = append(ids, p.id())
	}
	want(tb, p.name+" at the end of a walk", err, ERROR_NO_MORE_FILES)
	return ids
}

// eachWalker runs f for every walker on a snapshot of all lists of a fresh desk.
func eachWalker(t *testing.T, f func(t *testing.T, d *desk, p *probe, h Handle)) {
	d := newDesk(t)
	for _, p := range probes(d.me) {
		t.Run(p.name, func(t *testing.T) {
			d := newDesk(t)
			for _, q := range probes(d.me) {
				if q.name == p.name {
					f(t, d, q, take(t, d.me, TH32CS_SNAPALL, 0))
				}
			}
		})
	}
}

// processNames walks the processes of a snapshot into pids and names.
func processNames(tb testing.TB, c *Caller, h Handle) (names []string) {
	tb.Helper()
	e := ProcessEntry32{Size: sizeofProcess}
	err := c.Process32First(h, &e)
	for ; err == nil; err = c.Process32Next(h, &e) {
		names = append(names, text16(e.ExeFile[:]))
	}
	want(tb, "end of the processes", err, ERROR_NO_MORE_FILES)
	return names
}

// modulePaths walks the modules of a snapshot into paths.
func modulePaths(tb testing.TB, c *Caller, h Handle) (paths []string) {
	tb.Helper()
	e := ModuleEntry32{Size: sizeofModule}
	err := c.Module32First(h, &e)
	for ; err == nil; err = c.Module32Next(h, &e) {
		paths = append(paths, text16(e.ExePath[:]))
	}
	want(tb, "end of the modules", err, ERROR_NO_MORE_FILES)
	return paths
}

// text16 is the text before the first NUL of ASCII units.
func text16(units []uint16) string {
	n := slices.Index(units, 0)
	if n < 0 {
		n = len(units)
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(units[i])
	}
	return string(b)
}
