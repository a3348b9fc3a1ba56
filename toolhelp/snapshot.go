package toolhelp

import (
	"fmt"
	"iter"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// Flags by what they ask of a snapshot.
const (
	systemFlags = TH32CS_SNAPPROCESS | TH32CS_SNAPTHREAD
	moduleFlags = TH32CS_SNAPMODULE | TH32CS_SNAPMODULE32
	targetFlags = TH32CS_SNAPHEAPLIST | moduleFlags
	listFlags   = systemFlags | targetFlags
)

// A Snapshot is a kept state of the kernel's lists: the processes and threads of the whole system, the modules and heaps of one
// process. Nothing in it ever changes, it needs no closing, and any number of goroutines may walk it at once. It is a small value and
// not a pointer, so that taking one of the whole system when nothing changed allocates nothing. The zero Snapshot holds four empty lists.
//
// It has four words, which the compiler keeps in registers: a fifth would triple the cost of taking one.
type Snapshot struct {
	state  *sim.State  // for the processes and threads; nil when neither was asked for
	target sim.Process // whose modules and heaps are listed; none when neither was asked for
	apart  *apart      // nil when state tells the version of everything
	asked  asked
}

// asked is what a snapshot was taken with.
type asked struct {
	flags uint32
	pid   sim.PID
}

// Take takes a snapshot: one cut over all the lists that flags ask for, at one version. flags is an OR of TH32CS_SNAPPROCESS and
// TH32CS_SNAPTHREAD, which list the whole system whatever pid is, and of TH32CS_SNAPMODULE and TH32CS_SNAPHEAPLIST, which list
// one process. Bits without a meaning, TH32CS_INHERIT among them, are ignored.
//
// Of a process under WOW64, TH32CS_SNAPMODULE lists the 64-bit loader's modules and TH32CS_SNAPMODULE|TH32CS_SNAPMODULE32 the
// 32-bit loader's after them; TH32CS_SNAPMODULE32 alone lists nothing.
//
// The cost does not depend on how much there is. Without module and heap flags Take costs what [sim.Kernel.State] does, and with
// these flags alone it freezes that one process only, and allocates one small object.
//
// The Go door has no caller, hence nobody's rights count and a pid of 0 is pid 0 itself. A failure names the call and its input and
// wraps an Errno: ERROR_INVALID_PARAMETER when flags ask for no list or no process has the pid, ERROR_ACCESS_DENIED when it is pid 0, System or
// another process without a user part, ERROR_PARTIAL_COPY when modules are asked for and the process has not started, so that its
// loader has no list yet. Then there is no snapshot at all, not even of the processes (rule C.1-12).
func Take(k *sim.Kernel, flags uint32, pid sim.PID) (Snapshot, error) {
	if flags&targetFlags != 0 || flags&systemFlags == 0 {
		return takeTarget(k, flags, pid)
	}
	return Snapshot{state: k.State(), asked: asked{flags, pid}}, nil
}

// takeTarget is Take for flags that ask for more than the lists of the system, or for less. It stands apart for the sake of the other case,
// which is to cost hardly more than the look whether anything has changed.
func takeTarget(k *sim.Kernel, flags uint32, pid sim.PID) (Snapshot, error) {
	s, errno := look{asked: asked{flags, pid}, bits: 64}.take(k)
	if errno != 0 {
		return Snapshot{}, takeError("Take", flags, pid, errno)
	}
	return s, nil
}

func takeError(call string, flags uint32, pid sim.PID, errno Errno) error {
	hint := ""
	switch {
	case flags&listFlags == 0:
		hint = "no list asked for, add TH32CS_SNAPPROCESS or another TH32CS_SNAP flag: "
	case errno == ERROR_INVALID_PARAMETER:
		hint = "no process has this pid, take it from a fresh snapshot: "
	case errno == ERROR_ACCESS_DENIED:
		hint = "a process without a user part has no modules and no heaps to list: "
	case errno == ERROR_PARTIAL_COPY:
		hint = "its loader has no module list, resume its first thread and do not end it meanwhile: "
	case errno == ERROR_BAD_LENGTH:
		hint = "its module list changed while it was read, try again: "
	}
	return fmt.Errorf("toolhelp: %s(flags %#x, pid %d): %s%w", call, flags, pid, hint, errno)
}

// A look is a request for a snapshot and who makes it.
type look struct {
	asked
	bits   uint8   // 32 for a 32-bit caller
	caller *Caller // nil: the Go door, without rights
}

func (l look) take(k *sim.Kernel) (Snapshot, Errno) {
	s := Snapshot{asked: l.asked}
	switch {
	case l.flags&listFlags == 0:
		return s, ERROR_INVALID_PARAMETER
	case l.flags&targetFlags == 0:
		s.state = k.State()
		return s, 0
	}
	var p sim.Process
	var ok bool
	if l.flags&systemFlags == 0 {
		var v sim.Version
		p, v, ok = k.Process(l.pid)
		s.apart = &apart{heaps: p, cuts: Cuts{Heaps: v, Modules: v}}
	} else {
		s.state, p, ok = k.StateOf(l.pid)
	}
	if errno := l.refuse(p, ok); errno != 0 {
		return s, errno
	}
	s.target = p
	return s, 0
}

// refuse says why the modules and heaps of p cannot be listed, 0 when they can. The order is that of the real call: the process
// is opened before anything in it is read.
func (l look) refuse(p sim.Process, ok bool) Errno {
	switch {
	case !ok || l.caller != nil && p.ID() == 0: // OpenProcess knows no pid 0
		return ERROR_INVALID_PARAMETER
	case l.caller != nil && !l.caller.may(p, PROCESS_VM_READ|PROCESS_QUERY_INFORMATION):
		return ERROR_ACCESS_DENIED
	case p.Minimal():
		return ERROR_ACCESS_DENIED
	case l.bits == 32 && p.Bits() == 64:
		return ERROR_PARTIAL_COPY
	case l.flags&TH32CS_SNAPMODULE != 0 && !p.Started():
		return ERROR_PARTIAL_COPY
	}
	return 0
}

// Version returns the version of the kernel that the snapshot shows: of the processes and threads, when they were cut apart from
// the rest.
func (s Snapshot) Version() sim.Version {
	if s.state != nil {
		return s.state.Version()
	}
	return s.lastCut()
}

// lastCut is Version of a snapshot of one process.
func (s Snapshot) lastCut() sim.Version {
	c := s.Cuts()
	return max(c.Heaps, c.Modules)
}

// Flags returns the flags it was taken with.
func (s Snapshot) Flags() uint32 { return s.asked.flags }

// PID returns the pid it was taken with.
func (s Snapshot) PID() sim.PID { return s.asked.pid }

// State returns the whole frozen kernel behind the process and thread lists, nil when neither was asked for.
func (s Snapshot) State() *sim.State { return s.state }

// nothing is the state behind lists that are not there. It is walked and never asked for an id, which would build its index.
var nothing sim.State

// listed returns the state to walk for the list that flag names.
func (s Snapshot) listed(flag uint32) *sim.State {
	if !s.lists(flag) || s.state == nil {
		return &nothing
	}
	return s.state
}

// Processes walks the processes in creation order; none without TH32CS_SNAPPROCESS.
func (s Snapshot) Processes() iter.Seq[sim.Process] { return s.listed(TH32CS_SNAPPROCESS).Processes() }

// Threads walks the threads of all processes, grouped by process in process order and oldest first within; none without
// TH32CS_SNAPTHREAD.
func (s Snapshot) Threads() iter.Seq[sim.Thread] { return s.listed(TH32CS_SNAPTHREAD).Threads() }

// ThreadsOf walks the threads of one process, oldest first; none without TH32CS_SNAPTHREAD or without the process.
func (s Snapshot) ThreadsOf(pid sim.PID) iter.Seq[sim.Thread] {
	var p sim.Process
	if state := s.listed(TH32CS_SNAPTHREAD); state != &nothing {
		p, _ = state.Process(pid)
	}
	return p.Threads()
}

// Modules walks the modules of the process PID in load order, the exe first, the 32-bit list of a WOW64 process last; none
// without TH32CS_SNAPMODULE.
func (s Snapshot) Modules() iter.Seq[sim.Module] { return s.modules(64) }

// modules walks the modules that a look of so many bits sees: which loader's are listed, and which after them, is rules C.1-20 to C.1-22 and
// E.10. 32 bits see the 32-bit list of a WOW64 process and call it MODULE.
func (s Snapshot) modules(look int) iter.Seq[sim.Module] {
	return func(yield func(sim.Module) bool) {
		if !s.lists(TH32CS_SNAPMODULE) {
			return
		}
		both := look == 64 && s.lists(TH32CS_SNAPMODULE32)
		for m := range s.target.Modules() {
			if (m.Bits() == look || both) && !yield(m) {
				return
			}
		}
	}
}

// Heaps walks the heaps of the process PID, the default heap first; none without TH32CS_SNAPHEAPLIST. The blocks in them stand still too,
// unlike those that Heap32First shows.
func (s Snapshot) Heaps() iter.Seq[sim.Heap] { return s.heaped().Heaps() }

// heaped returns the process whose heaps are listed, none without TH32CS_SNAPHEAPLIST.
func (s Snapshot) heaped() sim.Process {
	switch {
	case !s.lists(TH32CS_SNAPHEAPLIST):
		return sim.Process{}
	case s.apart != nil:
		return s.apart.heaps
	}
	return s.target
}

func (s Snapshot) lists(flag uint32) bool { return s.asked.flags&flag != 0 }

// Process returns the listed process with this pid. The first look-up by id in a state costs a walk of it.
func (s Snapshot) Process(pid sim.PID) (sim.Process, bool) {
	if state := s.listed(TH32CS_SNAPPROCESS); state != &nothing {
		return state.Process(pid)
	}
	return sim.Process{}, false
}

// Thread returns the listed thread with this tid; tid 0, which the idle threads share, is not found. It costs what Process does.
func (s Snapshot) Thread(tid sim.TID) (sim.Thread, bool) {
	if state := s.listed(TH32CS_SNAPTHREAD); state != &nothing {
		return state.Thread(tid)
	}
	return sim.Thread{}, false
}

// Module returns the listed module that is loaded at base; of the exe of a WOW64 process, which both lists name, the 64-bit entry.
func (s Snapshot) Module(base sim.Address) (sim.Module, bool) {
	for m := range s.Modules() {
		if m.Base() == base {
			return m, true
		}
	}
	return sim.Module{}, false
}

// Heap returns the listed heap with this id.
func (s Snapshot) Heap(id sim.Address) (sim.Heap, bool) { return s.heaped().Heap(id) }

// Bytes returns what a snapshot of the same lists takes on 64-bit Windows, where it is a copy: 568 for a process, 28 for a thread,
// 1080 for a module, 32 for a heap. It is what a forgotten handle leaks.
func (s Snapshot) Bytes() uint64 { return s.bytes(64) }

func (s Snapshot) bytes(look int) uint64 {
	n := 568*uint64(s.listed(TH32CS_SNAPPROCESS).ProcessCount()) + 28*uint64(s.listed(TH32CS_SNAPTHREAD).ThreadCount())
	for range s.modules(look) {
		n += 1080
	}
	for range s.Heaps() {
		n += 32
	}
	return n
}
