package toolhelp

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A ChangeKind says what happened to one entry of a list.
type ChangeKind uint8

// The kinds of changes, three for each list.
const (
	ProcessEnded ChangeKind = iota
	ProcessChanged
	ProcessStarted
	ThreadEnded
	ThreadChanged
	ThreadStarted
	ModuleUnloaded
	ModuleChanged
	ModuleLoaded
	HeapDestroyed
	HeapChanged
	HeapCreated
	changeKinds
)

var changeNames = [changeKinds][2]string{
	{"process", "ended"}, {"process", "changed"}, {"process", "started"},
	{"thread", "ended"}, {"thread", "changed"}, {"thread", "started"},
	{"module", "unloaded"}, {"module", "changed"}, {"module", "loaded"},
	{"heap", "destroyed"}, {"heap", "changed"}, {"heap", "created"},
}

// String returns the kind in two words, such as "process started".
func (k ChangeKind) String() string {
	if k >= changeKinds {
		return "unknown change"
	}
	return changeNames[k][0] + " " + changeNames[k][1]
}

// A Change is one difference between two snapshots.
type Change struct {
	Kind   ChangeKind
	PID    sim.PID // of the process that it happened to, or in
	ID     uint64  // the pid, tid, base address or heap id
	Name   string  // of the process, the path of the module; empty for threads and heaps
	Detail string  // for the changed kinds: what changed, e.g. "threads 1 -> 2"
}

// String returns the change as a line for people, such as "thread 12 of process 8 started".
func (c Change) String() string {
	if c.Kind >= changeKinds {
		return c.Kind.String()
	}
	noun, verb := changeNames[c.Kind][0], changeNames[c.Kind][1]
	var s string
	switch {
	case c.Kind <= ProcessStarted:
		s = fmt.Sprintf("process %d %q %s", c.ID, c.Name, verb)
	case c.Kind <= ThreadStarted:
		s = fmt.Sprintf("thread %d of process %d %s", c.ID, c.PID, verb)
	case c.Kind <= ModuleLoaded:
		s = fmt.Sprintf("module %q at %#x of process %d %s", c.Name, c.ID, c.PID, verb)
	default:
		s = fmt.Sprintf("%s %#x of process %d %s", noun, c.ID, c.PID, verb)
	}
	if c.Detail != "" {
		s += ": " + c.Detail
	}
	return s
}

// Changes are the differences between two snapshots, in the order of Diff.
type Changes []Change

// String returns one line for each change.
func (c Changes) String() string {
	var b strings.Builder
	for _, one := range c {
		b.WriteString(one.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// Diff returns what happened between a and b, two snapshots of one kernel, the lists that both hold: processes, then threads,
// modules and heaps; in each list first what is gone, in the order of a, then what changed or is new, in the order of b. Entries are the same
// by identity and not by id: a pid that was reused is one process ended and one started, and every thread, module and heap of the two with it.
//
// It compares what lists show, and of heaps whether blocks came, went or changed; memory is not compared. A thread that ends and another that
// gets its tid and its address in the pool at the same tick of the clock, which takes one Update, count as the same.
func Diff(a, b Snapshot) Changes {
	var all Changes
	both := a.asked.flags & b.asked.flags
	if a.state != b.state {
		if both&TH32CS_SNAPPROCESS != 0 {
			all = compare(all, ProcessEnded, slices.Collect(a.Processes()), slices.Collect(b.Processes()), processIdentity, processDetail, noteProcess)
		}
		if both&TH32CS_SNAPTHREAD != 0 {
			all = compare(all, ThreadEnded, owned(a.state), owned(b.state), threadIdentity, threadDetail, noteThread)
		}
	}
	if both&TH32CS_SNAPMODULE != 0 {
		all = compare(all, ModuleUnloaded, parts(a.target, a.Modules()), parts(b.target, b.Modules()), moduleIdentity, moduleDetail, noteModule)
	}
	if both&TH32CS_SNAPHEAPLIST != 0 {
		all = compare(all, HeapDestroyed, parts(a.heaped(), a.Heaps()), parts(b.heaped(), b.Heaps()), heapIdentity, heapDetail, noteHeap)
	}
	return all
}

// compare appends what happened to one list; gone is the first of its three kinds.
func compare[T any](all Changes, gone ChangeKind, a, b []T, identity func(T) key,
	detail func(old, now T) string, note func(T) Change) Changes {
	before, after := map[key]T{}, map[key]bool{}
	for _, v := range a {
		before[identity(v)] = v
	}
	for _, v := range b {
		after[identity(v)] = true
	}
	add := func(kind ChangeKind, v T, detail string) {
		c := note(v)
		c.Kind, c.Detail = kind, detail
		all = append(all, c)
	}
	for _, v := range a {
		if !after[identity(v)] {
			add(gone, v, "")
		}
	}
	for _, v := range b {
		if old, ok := before[identity(v)]; !ok {
			add(gone+2, v, "")
		} else if d := detail(old, v); d != "" {
			add(gone+1, v, d)
		}
	}
	return all
}

// A part is a thread, module or heap with the process that it belongs to.
type part[T any] struct {
	of sim.Process
	is T
}

func parts[T any](p sim.Process, all iter.Seq[T]) (list []part[T]) {
	for v := range all {
		list = append(list, part[T]{p, v})
	}
	return list
}

func owned(s *sim.State) (list []part[sim.Thread]) {
	for p := range s.Processes() {
		for t := range p.Threads() {
			list = append(list, part[sim.Thread]{p, t})
		}
	}
	return list
}

// A key tells an entry from all others that a kernel ever had in that list.
type key struct {
	process, sequence uint64
	address           sim.Address // threads have no creation number: what two of one process cannot share
	created           sim.Time
}

func processIdentity(p sim.Process) key { return key{process: p.Sequence()} }

func threadIdentity(t part[sim.Thread]) key {
	return key{process: t.of.Sequence(), sequence: uint64(t.is.ID()), address: t.is.Address(), created: t.is.Created()}
}

func moduleIdentity(m part[sim.Module]) key {
	return key{process: m.of.Sequence(), sequence: m.is.Sequence()}
}

func heapIdentity(h part[sim.Heap]) key {
	return key{process: h.of.Sequence(), sequence: h.is.Sequence()}
}

func noteProcess(p sim.Process) Change {
	return Change{PID: p.ID(), ID: uint64(p.ID()), Name: p.Name()}
}

func noteThread(t part[sim.Thread]) Change { return Change{PID: t.of.ID(), ID: uint64(t.is.ID())} }

func noteModule(m part[sim.Module]) Change {
	return Change{PID: m.of.ID(), ID: uint64(m.is.Base()), Name: m.is.Path()}
}

func noteHeap(h part[sim.Heap]) Change { return Change{PID: h.of.ID(), ID: uint64(h.is.ID())} }

func processDetail(old, now sim.Process) string {
	return details(
		moved("threads", old.ThreadCount(), now.ThreadCount()),
		moved("class", old.Class(), now.Class()),
		moved("started", old.Started(), now.Started()))
}

func threadDetail(old, now part[sim.Thread]) string {
	return details(
		moved("base priority", old.is.BasePriority(), now.is.BasePriority()),
		moved("suspend count", old.is.SuspendCount(), now.is.SuspendCount()))
}

func moduleDetail(old, now part[sim.Module]) string {
	return details(moved("load count", old.is.LoadCount(), now.is.LoadCount()))
}

func heapDetail(old, now part[sim.Heap]) string {
	if d := moved("blocks", old.is.BlockCount(), now.is.BlockCount()); d != "" {
		return d
	}
	if !old.is.Equal(now.is) {
		return "blocks changed"
	}
	return ""
}

// moved says what became of one number, nothing when it stayed.
func moved[T comparable](what string, old, now T) string {
	if old == now {
		return ""
	}
	return fmt.Sprintf("%s %v -> %v", what, old, now)
}

func details(each ...string) string {
	var said []string
	for _, d := range each {
		if d != "" {
			said = append(said, d)
		}
	}
	return strings.Join(said, ", ")
}
