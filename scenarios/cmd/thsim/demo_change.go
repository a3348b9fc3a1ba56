package main

import (
	"fmt"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A change is one verb that succeeded, as the mutator that called it wrote it down. Several changes of one version were made by one Update.
type change struct {
	version sim.Version
	what    what
	pid     sim.PID
	tid     sim.TID
	parent  sim.PID
	image   int16 // of the mutators' images
	detail  int8  // a class, a priority, or 1 for a suspended process
	heap    sim.Address
	at      sim.Address // a base or a block
	to      sim.Address // where a block went
	size    uint64
}

// what is the verb of a change.
type what uint8

const (
	createProcess what = iota
	terminateProcess
	setClass
	createThread
	terminateThread
	suspendThread
	resumeThread
	setPriority
	loadLibrary
	freeLibrary
	heapCreate
	heapDestroy
	heapAlloc
	heapReAlloc
	heapFree
	lockBlock
	unlockBlock
	verbs
)

var verbNames = [verbs]string{"CreateProcess", "TerminateProcess", "SetPriorityClass", "CreateThread", "TerminateThread", "SuspendThread",
	"ResumeThread", "SetThreadPriority", "LoadLibrary", "FreeLibrary", "HeapCreate", "HeapDestroy", "HeapAlloc", "HeapReAlloc", "HeapFree",
	"LockBlock", "UnlockBlock"}

func (w what) String() string { return verbNames[w] }

func (c change) String() string {
	return fmt.Sprintf("version %d: %s pid %d tid %d heap %#x at %#x", c.version, c.what, c.pid, c.tid, c.heap, c.at)
}

// The programs that mutators start and the libraries that they load.
var (
	programs = []string{`C:\Windows\System32\notepad.exe`, `C:\Windows\System32\cmd.exe`, `C:\Windows\System32\svchost.exe`,
		`C:\Windows\System32\WerFault.exe`, `C:\Program Files\Browser\browser.exe`, `C:\Program Files\Go\bin\go.exe`}
	libraries = []string{`C:\Windows\System32\winmm.dll`, `C:\Windows\System32\dbghelp.dll`, `C:\Windows\System32\version.dll`,
		`C:\Windows\System32\propsys.dll`, `C:\Windows\System32\mfplat.dll`, `C:\Windows\System32\urlmon.dll`,
		`C:\Windows\System32\wtsapi32.dll`, `C:\Windows\System32\msxml6.dll`}
)

// A cast is the images that mutators use, shared by all of them, and what a process of each program starts with.
type cast struct {
	images    []*sim.Image // programs, then libraries
	furnished []furniture  // by program
}

// furniture is what a process has when it starts.
type furniture struct {
	modules []sim.Address
	heap    sim.Address
}

// newCast finds the furniture out in a kernel of its own, which nobody changes.
func newCast() (*cast, error) {
	c := &cast{}
	k := sim.New(sim.Config{})
	for _, path := range append(append([]string{}, programs...), libraries...) {
		img, err := sim.NewImage(sim.ImageSpec{Path: path})
		if err != nil {
			return nil, err
		}
		c.images = append(c.images, img)
	}
	for i := range programs {
		pid, _, _, err := k.CreateProcess(sim.ProcessSpec{Image: c.images[i]})
		if err != nil {
			return nil, err
		}
		var f furniture
		p, _, _ := k.Process(pid)
		for m := range p.Modules() {
			f.modules = append(f.modules, m.Base())
		}
		for h := range p.Heaps() {
			f.heap = h.ID()
		}
		c.furnished = append(c.furnished, f)
	}
	return c, nil
}
