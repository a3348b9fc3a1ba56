package fuzz

import (
	"errors"
	"fmt"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// A Verb names what a client can do: change the kernel, look at it, or call the Win32 door.
type Verb uint8

// The verbs that change the kernel, in the order of its own list, with Read, which only looks at one version of it.
const (
	CreateProcess Verb = iota
	TerminateProcess
	CreateThread
	TerminateThread
	SuspendThread
	ResumeThread
	LoadLibrary
	FreeLibrary
	HeapCreate
	HeapDestroy
	HeapAlloc
	HeapReAlloc
	HeapFree
	LockBlock
	UnlockBlock
	Write
	Read
	SetPriorityClass
	SetThreadPriority
	Advance
	Update
)

// The verbs that look at the kernel. They are a client's: a kernel alone can't [Do] them.
const (
	Take           Verb = Update + 1 + iota // toolhelp.Take of Flags and PID
	TakeSeparately                          // toolhelp.TakeSeparately
	Walk                                    // a live List from one end to the other, with Freed
)

// The verbs of the Win32 door: Caller makes the call.
const (
	CreateToolhelp32Snapshot Verb = Walk + 1 + iota
	First                         // Process32First, Thread32First ... of List
	Next                          // Process32Next, Thread32Next ...
	CloseHandle
	DuplicateHandle // within one process
	OpenProcess
	verbs
)

var verbNames = [verbs]string{
	"CreateProcess", "TerminateProcess", "CreateThread", "TerminateThread", "SuspendThread", "ResumeThread",
	"LoadLibrary", "FreeLibrary", "HeapCreate", "HeapDestroy", "HeapAlloc", "HeapReAlloc", "HeapFree", "LockBlock",
	"UnlockBlock", "WriteProcessMemory", "ReadProcessMemory", "SetPriorityClass", "SetThreadPriority", "Advance", "Update",
	"Take", "TakeSeparately", "Walk",
	"CreateToolhelp32Snapshot", "First", "Next", "CloseHandle", "DuplicateHandle", "OpenProcess",
}

// changes says that v changes the lists when it succeeds.
func (v Verb) changes() bool { return v <= Update && v != Read }

// door says that v is a call of the Win32 door.
func (v Verb) door() bool { return v >= CreateToolhelp32Snapshot }

// String is the name of the method that it stands for, or begins with.
func (v Verb) String() string {
	if v < verbs {
		return verbNames[v]
	}
	return fmt.Sprintf("Verb(%d)", uint8(v))
}

// A Call is one verb with its arguments; the fields that its method has no parameter for are not read.
type Call struct {
	Verb     Verb
	PID      sim.PID
	TID      sim.TID
	Process  sim.ProcessSpec
	Thread   sim.ThreadSpec
	Heap     sim.HeapSpec
	Image    *sim.Image
	Load     sim.LoadFlags
	At       sim.Address // a module's base, a heap's id, or where memory is read or written
	Block    sim.Address
	Size     uint64 // of a block, or how much memory is read
	Alloc    sim.AllocFlags
	Bytes    []byte
	Code     uint32
	Class    sim.PriorityClass
	Priority sim.Priority
	Time     sim.Time
	Calls    []Call   // what an Update does, in order
	End      End      // and how it ends
	Flags    uint32   // TH32CS_ flags, or the access that OpenProcess asks for
	List     sim.Kind // of First, Next and Walk: KindProcess, KindThread, KindModule or KindHeap
	Freed    sim.Freed
	Caller   int // which of the callers of the case
	Handle   toolhelp.Handle
}

// An End is how the function given to Update returns.
type End uint8

// The ends of an Update.
const (
	Commits End = iota
	Fails       // with ErrGivenUp
	Panics      // with ErrGivenUp
)

// ErrGivenUp is what an Update that Fails or Panics does so with.
var ErrGivenUp = errors.New("given up on purpose")

// A Result is what a call came back with. Fields without a counterpart in the method's results are zero.
type Result struct {
	Version sim.Version // not of calls inside an Update, which have none
	PID     sim.PID
	TID     sim.TID
	At      sim.Address
	Count   int
	Bytes   []byte
	Err     error
	Results []Result // of the calls of an Update

	Snapshot toolhelp.Snapshot
	Entries  []sim.Entry // of a Walk
	Handle   toolhelp.Handle
	Entry    uint64 // the id that First or Next gave: pid, tid, base or heap
}

// Do makes the kernel execute a call of a verb that changes it, or Read. A panic of Update is caught, if it is the one that was asked for.
func Do(k *sim.Kernel, c Call) Result {
	if c.Verb == Update {
		return update(k, c)
	}
	d := &direct{k: k}
	r := obey(d, c)
	r.Version = d.version
	return r
}

func update(k *sim.Kernel, c Call) (r Result) {
	defer func() {
		if r.Err == nil && c.End == Panics {
			if p := recover(); p != ErrGivenUp {
				panic(p)
			}
			r.Err, r.Version = ErrGivenUp, k.Version()
		}
	}()
	r.Version, r.Err = k.Update(func(tx *sim.Tx) error {
		for _, inner := range c.Calls {
			r.Results = append(r.Results, obey(tx, inner))
		}
		switch c.End {
		case Fails:
			return ErrGivenUp
		case Panics:
			panic(ErrGivenUp)
		}
		return nil
	})
	return r
}

// obeyer is what *sim.Tx has, and a kernel in the clothes of one.
type obeyer interface {
	CreateProcess(s sim.ProcessSpec) (sim.PID, sim.TID, error)
	TerminateProcess(pid sim.PID, code uint32) error
	CreateThread(pid sim.PID, s sim.ThreadSpec) (sim.TID, error)
	TerminateThread(tid sim.TID, code uint32) error
	SuspendThread(tid sim.TID) (int, error)
	ResumeThread(tid sim.TID) (int, error)
	LoadLibrary(pid sim.PID, img *sim.Image, f sim.LoadFlags) (sim.Address, error)
	FreeLibrary(pid sim.PID, base sim.Address) error
	HeapCreate(pid sim.PID, s sim.HeapSpec) (sim.Address, error)
	HeapDestroy(pid sim.PID, heap sim.Address) error
	HeapAlloc(pid sim.PID, heap sim.Address, size uint64, f sim.AllocFlags) (sim.Address, error)
	HeapReAlloc(pid sim.PID, heap, block sim.Address, size uint64) (sim.Address, error)
	HeapFree(pid sim.PID, heap, block sim.Address) error
	LockBlock(pid sim.PID, heap, block sim.Address) (int, error)
	UnlockBlock(pid sim.PID, heap, block sim.Address) (int, error)
	WriteProcessMemory(pid sim.PID, at sim.Address, data []byte) error
	ReadProcessMemory(pid sim.PID, at sim.Address, buf []byte) error
	SetPriorityClass(pid sim.PID, c sim.PriorityClass) error
	SetThreadPriority(tid sim.TID, p sim.Priority) error
	Advance(d sim.Time) error
}

func obey(k obeyer, c Call) (r Result) {
	switch c.Verb {
	case CreateProcess:
		r.PID, r.TID, r.Err = k.CreateProcess(c.Process)
	case TerminateProcess:
		r.Err = k.TerminateProcess(c.PID, c.Code)
	case CreateThread:
		r.TID, r.Err = k.CreateThread(c.PID, c.Thread)
	case TerminateThread:
		r.Err = k.TerminateThread(c.TID, c.Code)
	case SuspendThread:
		r.Count, r.Err = k.SuspendThread(c.TID)
	case ResumeThread:
		r.Count, r.Err = k.ResumeThread(c.TID)
	case LoadLibrary:
		r.At, r.Err = k.LoadLibrary(c.PID, c.Image, c.Load)
	case FreeLibrary:
		r.Err = k.FreeLibrary(c.PID, c.At)
	case SetPriorityClass:
		r.Err = k.SetPriorityClass(c.PID, c.Class)
	case SetThreadPriority:
		r.Err = k.SetThreadPriority(c.TID, c.Priority)
	case Advance:
		r.Err = k.Advance(c.Time)
	default:
		return obeyMemory(k, c)
	}
	return r
}

func obeyMemory(k obeyer, c Call) (r Result) {
	switch c.Verb {
	case HeapCreate:
		r.At, r.Err = k.HeapCreate(c.PID, c.Heap)
	case HeapDestroy:
		r.Err = k.HeapDestroy(c.PID, c.At)
	case HeapAlloc:
		r.At, r.Err = k.HeapAlloc(c.PID, c.At, c.Size, c.Alloc)
	case HeapReAlloc:
		r.At, r.Err = k.HeapReAlloc(c.PID, c.At, c.Block, c.Size)
	case HeapFree:
		r.Err = k.HeapFree(c.PID, c.At, c.Block)
	case LockBlock:
		r.Count, r.Err = k.LockBlock(c.PID, c.At, c.Block)
	case UnlockBlock:
		r.Count, r.Err = k.UnlockBlock(c.PID, c.At, c.Block)
	case Write:
		r.Err = k.WriteProcessMemory(c.PID, c.At, c.Bytes)
	case Read:
		r.Bytes = make([]byte, c.Size)
		r.Err = k.ReadProcessMemory(c.PID, c.At, r.Bytes)
	default:
		panic(fmt.Sprintf("fuzz: %v is not a verb of sim.Tx", c.Verb))
	}
	return r
}
