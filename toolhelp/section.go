package toolhelp

import (
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// A section is the kernel object behind a snapshot handle: the snapshot and one cursor for each of its lists. Every handle to it,
// duplicate or inherited, in whatever process and thread, moves the same cursors (rule D.17).
type section struct {
	snapshot  Snapshot
	bits      int    // of who took it
	pid       uint32 // as the entries of modules and heaps show it
	processes list[processRow]
	threads   list[threadRow]
	modules   list[sim.Module]
	heaps     list[sim.Heap]
}

// newSection makes what is behind a handle of c to a snapshot.
func newSection(c *Caller, snapshot Snapshot, pid uint32) *section {
	s := &section{snapshot: snapshot, bits: int(c.bits), pid: pid}
	if at := c.kernel.Scheduler(); at != nil {
		s.processes.attach(at, "cursor.processes", "rows.processes")
		s.threads.attach(at, "cursor.threads", "rows.threads")
		s.modules.attach(at, "cursor.modules", "rows.modules")
		s.heaps.attach(at, "cursor.heaps", "rows.heaps")
	}
	return s
}

// Kind names the object as Windows does: a pagefile-backed section.
func (s *section) Kind() string { return "Section" }

// Bytes is what the copy would take in Windows.
func (s *section) Bytes() uint64 { return s.snapshot.bytes(s.bits) }

// A list is one list of a snapshot, laid flat by the first call that walks it, and its cursor. Which entry a call gets is settled by one
// atomic addition: each entry goes to exactly one of any number of concurrent calls of Next. Nobody waits: of several first calls
// each lays the list, which is the same whoever does, and the first to be done is followed by all.
type list[T any] struct {
	cursor sched.Int64        // the entry that the next Next gives; only ever grows until First
	rows   sched.Pointer[[]T] // nil until laid; never written again
}

func (l *list[T]) attach(s *sched.Scheduler, cursor, rows string) {
	l.cursor.Attach(s, cursor)
	l.rows.Attach(s, rows)
}

// lay fills rows.
func (l *list[T]) lay(s *section, fill func(*section) []T) *[]T {
	rows := fill(s)
	if l.rows.CompareAndSwap(nil, &rows) {
		return &rows
	}
	return l.rows.Load()
}

// claim returns the entry at the cursor and moves it on, nil at the end. first rewinds before.
func (l *list[T]) claim(rows []T, first bool) *T {
	i := int64(0)
	if first {
		l.cursor.Store(1)
	} else {
		i = l.cursor.Add(1) - 1
	}
	if i >= int64(len(rows)) {
		return nil
	}
	return &rows[i]
}

// shortName is the most units of a name that stand in its row itself. Few image names are longer.
const shortName = 26

// A processRow is what a process entry is filled from.
type processRow struct {
	processHead
	long *sim.Image // whose name it is, when that is longer than shortName
}

// A processHead is a ProcessEntry32 as far as short names go, so that filling one is one copy of 96 bytes.
type processHead struct {
	Size            uint32
	Usage           uint32
	ProcessID       uint32
	DefaultHeapID   uintptr
	ModuleID        uint32
	Threads         uint32
	ParentProcessID uint32
	PriClassBase    int32
	Flags           uint32
	ExeFile         [shortName]uint16
}

func layProcesses(s *section) []processRow {
	if !s.snapshot.lists(TH32CS_SNAPPROCESS) {
		return nil
	}
	rows := make([]processRow, 0, s.snapshot.state.ProcessCount())
	for p := range s.snapshot.Processes() {
		r := processRow{processHead: processHead{Size: sizeofProcess, ProcessID: uint32(p.ID()), Threads: uint32(p.ThreadCount()),
			ParentProcessID: uint32(p.Parent()), PriClassBase: int32(p.BasePriority())}}
		if p.Image().CopyName(r.ExeFile[:]); p.Image().NameLen() > shortName {
			r.long = p.Image()
		}
		rows = append(rows, r)
	}
	return rows
}

// A threadRow is what a thread entry is filled from.
type threadRow struct {
	tid, owner uint32
	base       int32
}

func layThreads(s *section) []threadRow {
	if !s.snapshot.lists(TH32CS_SNAPTHREAD) {
		return nil
	}
	rows := make([]threadRow, 0, s.snapshot.state.ThreadCount())
	for t := range s.snapshot.Threads() {
		rows = append(rows, threadRow{uint32(t.ID()), uint32(t.Owner()), int32(t.BasePriority())})
	}
	return rows
}

func layModules(s *section) []sim.Module {
	var rows []sim.Module
	for m := range s.snapshot.modules(s.bits) {
		rows = append(rows, m)
	}
	return rows
}

func layHeaps(s *section) []sim.Heap {
	var rows []sim.Heap
	for h := range s.snapshot.Heaps() {
		rows = append(rows, h)
	}
	return rows
}
