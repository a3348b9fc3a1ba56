package sim_test

import (
	"errors"
	"fmt"
	"io"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A state is kept, the kernel goes on, and both are walked.
func Example() {
	k := sim.New(sim.Config{})
	shell, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage(`C:\Windows\explorer.exe`)})
	editor, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage(`C:\Windows\notepad.exe`), Parent: shell})

	before := k.State()
	k.TerminateProcess(editor, 0)
	k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage(`C:\Windows\calc.exe`), Parent: shell})
	after := k.State()

	for _, s := range []*sim.State{before, after} {
		fmt.Println("version", s.Version())
		for p := range s.Processes() {
			fmt.Printf("%5d %s, %d thread(s)\n", p.ID(), p.Name(), p.ThreadCount())
		}
	}
	// Output:
	// version 2
	//     0 [System Process], 4 thread(s)
	//     4 System, 1 thread(s)
	//    12 explorer.exe, 1 thread(s)
	//    20 notepad.exe, 1 thread(s)
	// version 4
	//     0 [System Process], 4 thread(s)
	//     4 System, 1 thread(s)
	//    12 explorer.exe, 1 thread(s)
	//    24 calc.exe, 1 thread(s)
}

// Several verbs become one change, or none at all.
func ExampleKernel_Update() {
	k := sim.New(sim.Config{})
	app := sim.MustImage("app.exe")
	start := func(tx *sim.Tx) error {
		pid, _, err := tx.CreateProcess(sim.ProcessSpec{Image: app})
		if err != nil {
			return err
		}
		_, err = tx.CreateThread(pid, sim.ThreadSpec{})
		return err
	}
	v, err := k.Update(start)
	fmt.Println(v, err, k.State().ProcessCount())

	v, err = k.Update(func(tx *sim.Tx) error {
		return errors.Join(start(tx), errors.New("second thoughts"))
	})
	fmt.Println(v, err, k.State().ProcessCount())
	// Output:
	// 1 <nil> 3
	// 1 second thoughts 3
}

// A view of one process costs less than a state: only what changes of that process is copied later.
func ExampleKernel_Process() {
	k := sim.New(sim.Config{})
	pid, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage(`C:\app.exe`)})
	p, version, ok := k.Process(pid)
	k.LoadLibrary(pid, sim.MustImage(`C:\plugin.dll`), 0)
	fmt.Println(version, ok)
	for m := range p.Modules() {
		fmt.Println(m.Name())
	}
	now, _, _ := k.Process(pid)
	fmt.Println(p.ModuleCount(), now.ModuleCount(), p.Equal(now))
	// Output:
	// 1 true
	// app.exe
	// ntdll.dll
	// 2 3 false
}

// Two stories from one beginning.
func ExampleState_Fork() {
	k := sim.New(sim.Config{})
	pid, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("app.exe")})
	start := k.State()
	ends, works := start.Fork(), start.Fork()
	ends.TerminateProcess(pid, 1)
	works.CreateThread(pid, sim.ThreadSpec{})
	for _, k := range []*sim.Kernel{ends, works} {
		fmt.Println(k.Version(), k.State().ProcessCount(), k.State().ThreadCount())
	}
	fmt.Println(start.Version(), start.ProcessCount(), start.ThreadCount())
	// Output:
	// 2 2 5
	// 2 3 7
	// 1 3 6
}

// The tree goes by pids as they were recorded. A parent that ended, or whose pid is a younger process's, is no parent.
func ExampleState_Tree() {
	k := sim.New(sim.Config{Bare: true, Reuse: sim.LastFirst})
	start := func(path string, parent sim.PID) sim.PID {
		pid, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage(path), Parent: parent})
		return pid
	}
	shell := start("shell.exe", 0)
	start("child.exe", shell)
	setup := start("setup.exe", shell)
	start("orphan.exe", setup)
	k.TerminateProcess(setup, 0)
	fmt.Print(k.State().Tree())
	start("newcomer.exe", 0) // gets the pid of setup.exe
	fmt.Print("\n", k.State().Tree())
	// Output:
	// shell.exe 8
	//   child.exe 16
	// orphan.exe 32 (parent 24 is gone)
	//
	// shell.exe 8
	//   child.exe 16
	// orphan.exe 32 (parent 24 is a younger process)
	// newcomer.exe 24
}

func ExampleState_String() {
	k := sim.New(sim.Config{CPUs: 2})
	old, _ := sim.NewImage(sim.ImageSpec{Path: `C:\old.exe`, Bits: 32})
	k.CreateProcess(sim.ProcessSpec{Image: old, Protection: sim.OtherUser})
	fmt.Print(k.State())
	// Output:
	//     PID  PARENT  THR  MOD HEAP  PRIO NAME
	//       0       0    2    0    0     0 [System Process] (csrss)
	//       4       0    1    0    0     8 System (csrss)
	//      12       0    1    7    1     8 old.exe (32-bit, other-user)
}

// The process under the walk ends, and its memory becomes another's: the walk goes on from there and misses the rest.
func ExampleWalker() {
	k := sim.New(sim.Config{Bare: true})
	for _, path := range []string{"a.exe", "b.exe", "c.exe"} {
		k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage(path)})
	}
	w := k.WalkProcesses(sim.FreedReused)
	defer w.Close()
	e, _ := w.Next()
	fmt.Println("seen:", e.Name)
	k.TerminateProcess(8, 0)
	k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("d.exe")})
	_, err := w.Next()
	fmt.Println("then:", err, err == io.EOF)
	for p := range k.State().Processes() {
		fmt.Println("there:", p.Name())
	}
	// Output:
	// seen: a.exe
	// then: EOF true
	// there: b.exe
	// there: c.exe
	// there: d.exe
}

// Under FreedUnmapped the same walk faults, and the fault tells what happened.
func ExampleAccessViolation() {
	k := sim.New(sim.Config{Bare: true})
	k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("a.exe")})
	k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("b.exe")})
	w := k.WalkProcesses(sim.FreedUnmapped)
	w.Next()
	k.TerminateProcess(8, 0)
	_, err := w.Next()
	var v *sim.AccessViolation
	if errors.As(err, &v) {
		fmt.Printf("%#x: %s, freed by %s at version %d\n", v.Address, v.Was, v.FreedBy, v.FreedAt)
	}
	// Output:
	// 0xffff800000000000: process 8 "a.exe", freed by TerminateProcess at version 3
}

// One thread more in a system of 1002 processes: what both states have in common is kept once.
func ExampleShared() {
	k := sim.New(sim.Config{})
	app := sim.MustImage("app.exe")
	var last sim.PID
	for range 1000 {
		last, _, _, _ = k.CreateProcess(sim.ProcessSpec{Image: app})
	}
	a := k.State()
	k.CreateThread(last, sim.ThreadSpec{})
	s := sim.Shared(a, k.State())
	fmt.Println(s.Nodes > 2000, s.NodesOnlyA, s.NodesOnlyB)
	// Output:
	// true 5 5
}

// Counters tell copying from making: without a state nothing is ever copied, and after one each node once.
func ExampleKernel_Counters() {
	k := sim.New(sim.Config{})
	pid, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("app.exe")})
	fmt.Println(k.Counters().NodesCopied)
	k.State()
	k.SetPriorityClass(pid, sim.HighClass)
	once := k.Counters().NodesCopied
	k.SetPriorityClass(pid, sim.IdleClass)
	fmt.Println(once > 0, k.Counters().NodesCopied == once, k.Counters().States)
	// Output:
	// 0
	// true true 1
}

// A semaphore is an object as good as any: it has a kind and holds some memory.
type semaphore struct{}

func (*semaphore) Kind() string  { return "Semaphore" }
func (*semaphore) Bytes() uint64 { return 64 }

// Handles are small numbers, each process has its own, and a child inherits what it may under the same values.
func ExampleHandleTable() {
	k := sim.New(sim.Config{})
	app := sim.MustImage("app.exe")
	parent, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: app})
	mine, _ := k.Handles(parent)
	o := &semaphore{}
	private, _ := mine.Open(o, 0)
	shared, _ := mine.Open(o, sim.HandleInherit)
	child, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: app, Parent: parent, InheritHandles: true})
	theirs, _ := k.Handles(child)
	k.TerminateProcess(parent, 0)

	fmt.Println(private, shared, mine.Len(), mine.Bytes())
	for h, o := range theirs.All() {
		fmt.Println(h, o.Kind(), theirs.Bytes())
	}
	fmt.Println(theirs.Close(shared), theirs.Close(shared))
	// Output:
	// 4 8 0 0
	// 8 Semaphore 64
	// <nil> sim: Close(handle 0x8 of pid 20): invalid handle
}

// An open handle to a process keeps its pid from being another's, and tells how it ended.
func ExampleProcessObject() {
	k := sim.New(sim.Config{Bare: true, Reuse: sim.LastFirst})
	app := sim.MustImage("app.exe")
	watcher, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: app})
	watched, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: app})
	table, _ := k.Handles(watcher)
	h, _ := table.OpenProcess(watched, 0)
	k.TerminateProcess(watched, 3)
	code, ended := table.Find(h).(*sim.ProcessObject).Exited()
	next, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: app})
	table.Close(h)
	after, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: app})
	fmt.Println(watched, code, ended, next, after)
	// Output:
	// 16 3 true 20 16
}
