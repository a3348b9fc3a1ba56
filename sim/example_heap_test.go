package sim_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// Blocks of a living heap are read one by one: no snapshot is involved, and a freed block stays listed.
func ExampleKernel_NextBlock() {
	k := sim.New(sim.Config{})
	pid, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("app.exe")})
	heap, _, _ := k.HeapCreate(pid, sim.HeapSpec{})
	a, _, _ := k.HeapAlloc(pid, heap, 100, 0)
	k.HeapAlloc(pid, heap, 200, sim.Moveable)
	k.HeapFree(pid, heap, a)
	b, _, err := k.FirstBlock(pid, heap)
	for ; err == nil; b, _, err = k.NextBlock(pid, heap, b.Address()) {
		fmt.Printf("%#x %d free=%v moveable=%v\n", b.Address(), b.Size(), b.Free(), b.Moveable())
	}
	fmt.Println(errors.Is(err, sim.ErrEnd))
	k.HeapDestroy(pid, heap)
	_, _, err = k.NextBlock(pid, heap, a)
	fmt.Println(errors.Is(err, sim.ErrHeapChanged))
	// Output:
	// 0x10400001010 112 free=true moveable=false
	// 0x10400001090 200 free=false moveable=true
	// true
	// true
}

func ExampleKernel_HeapAlloc() {
	k := sim.New(sim.Config{})
	pid, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("app.exe")})
	p, _, _ := k.Process(pid)
	var heap sim.Address
	for h := range p.Heaps() {
		heap = h.ID() // the default heap is the only one
	}
	first, _, _ := k.HeapAlloc(pid, heap, 24, 0)
	second, _, _ := k.HeapAlloc(pid, heap, 8, 0)
	k.HeapFree(pid, heap, first)
	third, v, err := k.HeapAlloc(pid, heap, 30, 0) // fits where the first one was
	fmt.Println(second-first, third == first, v, err)
	// Output:
	// 48 true 5 <nil>
}

// Images hold a true PE header, blocks what was written into them; a range that is not all there is not read at all.
func ExampleKernel_ReadProcessMemory() {
	k := sim.New(sim.Config{})
	app := sim.MustImage("app.exe")
	pid, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: app})
	buf := make([]byte, 2)
	_, err := k.ReadProcessMemory(pid, app.Base(), buf)
	fmt.Printf("%s %v\n", buf, err)

	k.WriteProcessMemory(pid, app.Base(), []byte("ZM"))
	k.ReadProcessMemory(pid, app.Base(), buf)
	fmt.Printf("%s\n", buf)

	_, err = k.ReadProcessMemory(pid, app.Base()+sim.Address(app.Size())-1, buf)
	fmt.Printf("%s %v\n", buf, errors.Is(err, sim.ErrPartialCopy))
	// Output:
	// MZ <nil>
	// ZM
	// ZM true
}

// A process created suspended is there, but has neither modules nor heaps until its thread runs.
func ExampleKernel_ResumeThread() {
	k := sim.New(sim.Config{})
	pid, tid, _, _ := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("app.exe"), Suspended: true})
	show := func() {
		p, _, _ := k.Process(pid)
		fmt.Println(p.Started(), p.ModuleCount(), p.HeapCount())
	}
	show()
	k.ResumeThread(tid)
	show()
	// Output:
	// false 0 0
	// true 2 1
}

// A library that is loaded twice has to be freed twice. A data file is mapped, and no list shows it.
func ExampleKernel_LoadLibrary() {
	k := sim.New(sim.Config{})
	pid, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("app.exe")})
	plugin := sim.MustImage(`C:\plugin.dll`)
	base, _, _ := k.LoadLibrary(pid, plugin, 0)
	again, _, _ := k.LoadLibrary(pid, plugin, 0)
	k.LoadLibrary(pid, sim.MustImage(`C:\text.mui`), sim.LoadAsDataFile)
	k.FreeLibrary(pid, base)
	p, _, _ := k.Process(pid)
	for m := range p.Modules() {
		fmt.Println(m.Name(), m.LoadCount())
	}
	fmt.Println(base == again)
	// Output:
	// app.exe 65535
	// ntdll.dll 65535
	// plugin.dll 1
	// true
}

// When the id of an ended process comes back is the kernel's policy.
func ExampleReuse() {
	for _, r := range []sim.Reuse{sim.OldestFirst, sim.LastFirst, sim.NeverReuse} {
		k := sim.New(sim.Config{Bare: true, Reuse: r})
		app := sim.MustImage("app.exe")
		var pids []sim.PID
		for range 3 {
			pid, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: app})
			k.TerminateProcess(pid, 0)
			pids = append(pids, pid)
		}
		fmt.Println(pids)
	}
	// Output:
	// [8 12 8]
	// [8 8 8]
	// [8 16 24]
}

// Ids above 4194304 are for client code that tells simulated processes from real ones by their number.
func ExampleConfig() {
	k := sim.New(sim.Config{FirstID: 4194308, Bare: true, Start: sim.TimeOf(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))})
	pid, tid, _, _ := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("app.exe")})
	p, _, _ := k.Process(pid)
	fmt.Println(pid, tid, p.Created().Std().Year())
	// Output:
	// 4194308 4194312 2030
}

// A parent can be anything that somebody wrote there.
func ExampleProcessSpec() {
	k := sim.New(sim.Config{})
	pid, _, _, err := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("app.exe"), Parent: 4711, AnyParent: true})
	p, _, _ := k.Process(pid)
	fmt.Println(p.Parent(), err)
	_, _, _, err = k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage("app.exe"), Parent: 4711})
	fmt.Println(errors.Is(err, sim.ErrNoProcess))
	// Output:
	// 4711 <nil>
	// true
}
