package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/toolhelpsim/toolhelpsim/scenarios"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// Tool Help's heap calls are not in x/sys/windows.
var (
	kernel32            = windows.NewLazySystemDLL("kernel32.dll")
	procHeap32ListFirst = kernel32.NewProc("Heap32ListFirst")
	procHeap32ListNext  = kernel32.NewProc("Heap32ListNext")
)

// A heapList32 is HEAPLIST32, which x/sys/windows does not have either.
type heapList32 struct {
	size      uintptr
	processID uint32
	heapID    uintptr
	flags     uint32
}

const (
	heapDefault  = 1
	heapShared   = 2
	mostHeapsOf  = 1000
	mostRetries  = 16 // of a module snapshot, while modules come and go
	wow64Machine = 0x14C
)

var windowsProse = []string{
	"A Windows machine, captured from Tool Help.",
	"",
	"Pids, tids, modules and their bases are as they were; a heap has the next free address instead of its own, and no blocks, since",
	"walking the blocks of all heaps would take hours. A process that may not be opened belongs to another user and lists its program alone.",
}

// captureHost takes one snapshot of the processes and threads, then one of each process's modules and heaps, as Tool Help wants it done. A process
// that ends in between lists its program alone.
func captureHost() (*scenarios.World, []string, error) {
	now := time.Now()
	w := &scenarios.World{Clock: sim.TimeOf(now), Config: sim.Config{CPUs: min(runtime.NumCPU(), 1024), Start: sim.TimeOf(now.Add(-windows.DurationSinceBoot()))}}
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS|windows.TH32CS_SNAPTHREAD, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("capture: CreateToolhelp32Snapshot: %w", err)
	}
	defer windows.CloseHandle(snapshot)
	threads, err := threadsByOwner(snapshot)
	if err != nil {
		return nil, nil, err
	}
	c := &capture{files: catalogue{w, map[string]int{}}}
	e := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
	highest := uint32(systemPID)
	for err = windows.Process32First(snapshot, &e); err == nil; err = windows.Process32Next(snapshot, &e) {
		highest = max(highest, e.ProcessID)
		for _, t := range threads[e.ProcessID] {
			highest = max(highest, uint32(t.ID))
		}
		switch e.ProcessID {
		case 0:
		case systemPID:
			w.System.Threads = threads[systemPID]
		default:
			w.Processes = append(w.Processes, c.process(&e, threads[e.ProcessID]))
		}
	}
	if !errors.Is(err, windows.ERROR_NO_MORE_FILES) {
		return nil, nil, fmt.Errorf("capture: Process32Next: %w", err)
	}
	w.Config.FirstID = highest + 4
	return w, windowsProse, nil
}

func threadsByOwner(snapshot windows.Handle) (map[uint32][]scenarios.Thread, error) {
	threads := map[uint32][]scenarios.Thread{}
	e := windows.ThreadEntry32{Size: uint32(unsafe.Sizeof(windows.ThreadEntry32{}))}
	err := windows.Thread32First(snapshot, &e)
	for ; err == nil; err = windows.Thread32Next(snapshot, &e) {
		threads[e.OwnerProcessID] = append(threads[e.OwnerProcessID], scenarios.Thread{ID: sim.TID(e.ThreadID)})
	}
	if !errors.Is(err, windows.ERROR_NO_MORE_FILES) {
		return nil, fmt.Errorf("capture: Thread32Next: %w", err)
	}
	return threads, nil
}

type capture struct {
	files catalogue
}

func (c *capture) process(e *windows.ProcessEntry32, threads []scenarios.Thread) scenarios.Process {
	x := scenarios.Process{ID: sim.PID(e.ProcessID), Class: classOf(e.PriClassBase), Threads: threads}
	if e.ParentProcessID != 0 {
		x.Parent = fmt.Sprint(e.ParentProcessID)
	}
	name := windows.UTF16ToString(e.ExeFile[:])
	if !c.open(e.ProcessID, &x) {
		x.Protection = sim.OtherUser
	}
	mapped, err := modulesOf(e.ProcessID)
	if err != nil || len(mapped) == 0 {
		x.Protection = sim.OtherUser
		x.File = c.files.word(name, 0)
		x.Modules = []scenarios.Module{{File: x.File}}
		return x
	}
	x.File = c.files.word(mapped[0].path, mapped[0].size)
	for _, m := range mapped {
		word := c.files.word(m.path, m.size)
		if x.Bits == 32 && m.base >= 1<<32 { // of the 64-bit loader
			c.files.world.Files[c.files.places[word]].Bits = 64
		}
		x.Modules = append(x.Modules, scenarios.Module{File: word, Base: m.at()})
	}
	x.Heaps = heapsOf(e.ProcessID, x.Bits)
	return x
}

// open reads what Tool Help does not tell; false means that the process may not be opened.
func (c *capture) open(pid uint32, x *scenarios.Process) bool {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return false
	}
	defer windows.CloseHandle(h)
	var created, exited, kernel, user windows.Filetime
	if windows.GetProcessTimes(h, &created, &exited, &kernel, &user) == nil {
		x.Created = sim.Time(uint64(created.HighDateTime)<<32 | uint64(created.LowDateTime))
	}
	var machine, native uint16
	if windows.IsWow64Process2(h, &machine, &native) == nil && machine == wow64Machine {
		x.Bits = 32
	}
	return true
}

func classOf(base int32) sim.PriorityClass {
	for _, c := range []sim.PriorityClass{sim.IdleClass, sim.BelowNormalClass, sim.AboveNormalClass, sim.HighClass, sim.RealtimeClass} {
		if int(base) == c.Base() {
			return c
		}
	}
	return sim.NormalClass
}

// mapping is one module.
type mapping struct {
	path string
	base uint64
	size uint32
}

// at is where a simulated process could have it; 0 leaves that to the kernel.
func (m mapping) at() sim.Address {
	const margin = 1 << 17
	end := m.base + uint64(m.size)
	if m.base < 1<<32 && end > 1<<31-margin || end > 1<<47-margin {
		return 0
	}
	return sim.Address(m.base)
}

// modulesOf lists each file once: of a WOW64 process the program stands in both loaders' lists.
func modulesOf(pid uint32) ([]mapping, error) {
	var snapshot windows.Handle
	var err error
	for range mostRetries {
		snapshot, err = windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPMODULE|windows.TH32CS_SNAPMODULE32, pid)
		if !errors.Is(err, windows.ERROR_BAD_LENGTH) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	defer windows.CloseHandle(snapshot)
	var list []mapping
	e := windows.ModuleEntry32{Size: uint32(unsafe.Sizeof(windows.ModuleEntry32{}))}
	for err = windows.Module32First(snapshot, &e); err == nil; err = windows.Module32Next(snapshot, &e) {
		m := mapping{windows.UTF16ToString(e.ExePath[:]), uint64(e.ModBaseAddr), e.ModBaseSize}
		if !slices.ContainsFunc(list, func(n mapping) bool { return n.path == m.path }) {
			list = append(list, m)
		}
	}
	if !errors.Is(err, windows.ERROR_NO_MORE_FILES) {
		return nil, err
	}
	return list, nil
}

// heapsOf lists the heaps that can be read; a process that hides them has its default heap.
func heapsOf(pid uint32, bits int) []scenarios.Heap {
	most := mostHeapsOf
	if bits == 32 {
		most = 60
	}
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPHEAPLIST, pid)
	if err != nil {
		return nil
	}
	defer windows.CloseHandle(snapshot)
	heaps := []scenarios.Heap{{Default: true}}
	e := heapList32{size: unsafe.Sizeof(heapList32{})}
	ok, _, _ := procHeap32ListFirst.Call(uintptr(snapshot), uintptr(unsafe.Pointer(&e)))
	for ok != 0 && len(heaps) < most {
		if e.flags&heapDefault == 0 {
			heaps = append(heaps, scenarios.Heap{Shared: e.flags&heapShared != 0})
		}
		ok, _, _ = procHeap32ListNext.Call(uintptr(snapshot), uintptr(unsafe.Pointer(&e)))
	}
	return heaps
}
