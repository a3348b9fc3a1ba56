package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"

	"github.com/toolhelpsim/toolhelpsim/scenarios"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// Linux gives a process and its first thread one number, and numbers in steps of 1. Here both share one space in steps of 4.
func pidOf(linux int) sim.PID { return sim.PID(linux) * 8 }
func tidOf(linux int) sim.TID { return sim.TID(linux)*8 + 4 }

const (
	mostLinuxPID = 1 << 22 // PID_MAX_LIMIT
	mostHeapsOf  = 1000    // of one process; a runtime may map many thousand pieces of memory
	mostHeapSize = 8 << 30
)

var linuxProse = []string{
	"A Linux machine as if it were a Windows one, captured from /proc.",
	"",
	"pid P of Linux is pid 8*P here, and thread T is tid 8*T+4: Tool Help wants multiples of 4 from one space.",
	"Modules are the files mapped with executable parts, the program first. Their bases are those of Linux rounded down to",
	"64 KiB, or others where no simulated process has room. Heaps are [heap] and the anonymous memory that can be written, a block each.",
	"A process whose maps may not be read belongs to another user, and lists its program alone.",
	"Pids 0 and 4 are not of Linux: every Windows machine has them.",
}

func captureHost() (*scenarios.World, []string, error) { return captureProc(procfs.DefaultMountPoint) }

// captureProc reads a /proc. A process that ends meanwhile is left out, or shows what could be read of it.
func captureProc(root string) (*scenarios.World, []string, error) {
	pfs, err := procfs.NewFS(root)
	if err != nil {
		return nil, nil, fmt.Errorf("capture: %s can't be read: %w", root, err)
	}
	stat, err := pfs.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("capture: %s/stat can't be read: %w", root, err)
	}
	procs, err := pfs.AllProcs()
	if err != nil {
		return nil, nil, fmt.Errorf("capture: the processes in %s can't be listed: %w", root, err)
	}
	booted := time.Unix(int64(stat.BootTime), 0)
	w := &scenarios.World{Clock: sim.TimeOf(time.Now()), Config: sim.Config{FirstID: mostLinuxPID*8 + 8, CPUs: min(runtime.NumCPU(), 1024), Start: sim.TimeOf(booted)}}
	c := &capture{fs: pfs, booted: booted, files: catalogue{w, map[string]int{}}}
	var seen []captured
	for _, p := range procs {
		if x, ok := c.process(p); ok {
			seen = append(seen, x)
		}
	}
	slices.SortStableFunc(seen, func(a, b captured) int { return cmp.Or(cmp.Compare(a.started, b.started), cmp.Compare(a.pid, b.pid)) })
	for _, x := range seen {
		w.Processes = append(w.Processes, x.Process)
	}
	return w, linuxProse, nil
}

type capture struct {
	fs     procfs.FS
	booted time.Time
	files  catalogue
}

// captured is a process and when it started, in ticks since boot.
type captured struct {
	scenarios.Process
	started uint64
	pid     int
}

func (c *capture) process(p procfs.Proc) (captured, bool) {
	stat, err := p.Stat()
	if err != nil {
		return captured{}, false // gone
	}
	x := captured{started: stat.Starttime, pid: p.PID}
	x.ID, x.Created, x.Class = pidOf(p.PID), c.time(stat), classOf(stat)
	if stat.PPID != 0 {
		x.Parent = fmt.Sprint(uint32(pidOf(stat.PPID)))
	}
	exe, err := p.Executable()
	switch {
	case err == nil && exe != "":
		exe = strings.TrimSuffix(exe, " (deleted)")
	case stat.VSize == 0: // a kernel thread, or a process that has ended and waits for its parent
		x.Minimal = true
		fallthrough
	default:
		exe = strings.ReplaceAll(stat.Comm, "/", "-") // a slash would begin a new name
	}
	if !x.Minimal {
		c.maps(p, exe, &x.Process)
	}
	x.File = c.files.word(exe, 0)
	x.Threads = c.threads(p.PID)
	return x, true
}

// time is when a process or thread started: Linux counts hundredths of a second since boot.
func (c *capture) time(stat procfs.ProcStat) sim.Time {
	const perSecond = 100 // USER_HZ, whatever the kernel's own clock
	return sim.TimeOf(c.booted.Add(time.Duration(stat.Starttime) * (time.Second / perSecond)))
}

func classOf(stat procfs.ProcStat) sim.PriorityClass {
	switch {
	case stat.Policy == 1 || stat.Policy == 2: // SCHED_FIFO, SCHED_RR
		return sim.RealtimeClass
	case stat.Nice >= 15:
		return sim.IdleClass
	case stat.Nice >= 5:
		return sim.BelowNormalClass
	case stat.Nice <= -15:
		return sim.HighClass
	case stat.Nice <= -5:
		return sim.AboveNormalClass
	}
	return sim.NormalClass
}

// threads are those that are still there when they are read, the first thread first.
func (c *capture) threads(pid int) []scenarios.Thread {
	list, err := c.fs.AllThreads(pid)
	if err != nil {
		return []scenarios.Thread{{ID: tidOf(pid)}} // gone: a process has at least one
	}
	var threads []scenarios.Thread
	for _, t := range list {
		stat, err := t.Stat()
		if err != nil {
			continue
		}
		threads = append(threads, scenarios.Thread{ID: tidOf(t.PID), Created: c.time(stat)})
	}
	if len(threads) == 0 {
		return []scenarios.Thread{{ID: tidOf(pid)}}
	}
	slices.SortFunc(threads, func(a, b scenarios.Thread) int {
		return cmp.Or(-cmp.Compare(b2i(a.ID == tidOf(pid)), b2i(b.ID == tidOf(pid))), cmp.Compare(a.Created, b.Created), cmp.Compare(a.ID, b.ID))
	})
	return threads
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// maps reads modules and heaps.
func (c *capture) maps(p procfs.Proc, exe string, x *scenarios.Process) {
	maps, err := p.ProcMaps()
	if err != nil {
		x.Protection = whoMay(err)
		x.Modules = []scenarios.Module{{File: c.files.word(exe, 0)}}
		return
	}
	mapped := modulesOf(maps)
	if len(maps) > 0 && maps[len(maps)-1].EndAddr <= 1<<32-1 {
		x.Bits = 32
	}
	slices.SortStableFunc(mapped, func(a, b mapping) int { return -cmp.Compare(b2i(a.path == exe), b2i(b.path == exe)) })
	if len(mapped) == 0 || mapped[0].path != exe {
		mapped = append([]mapping{{path: exe}}, mapped...)
	}
	for _, m := range mapped {
		x.Modules = append(x.Modules, scenarios.Module{File: c.files.word(m.path, m.size()), Base: m.base(x.Bits)})
	}
	x.Heaps = heapsOf(maps, x.Bits)
}

// whoMay tells a process that may not be read from one that is gone.
func whoMay(err error) sim.Protection {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return sim.Ordinary
	}
	return sim.OtherUser
}

// A mapping is a file from the lowest to the highest address at which parts of it stand.
type mapping struct {
	path       string
	start, end uint64
	executable bool
}

func (m mapping) size() uint32 {
	if n := m.end - m.start; n < 1<<31-4096 {
		return uint32(n)
	}
	return 0
}

// base is where a simulated process could have it; 0 leaves that to the kernel.
func (m mapping) base(bits int) sim.Address {
	const granularity = 64 << 10
	top := uint64(1)<<47 - 2*granularity
	if bits == 32 {
		top = 1<<31 - 2*granularity
	}
	if m.end > top {
		return 0
	}
	return sim.Address(m.start &^ (granularity - 1))
}

// modulesOf finds the files that have executable parts, in the order of their addresses.
func modulesOf(maps []*procfs.ProcMap) []mapping {
	byPath := map[string]int{}
	var list []mapping
	for _, m := range maps {
		if m.Inode == 0 || m.Pathname == "" {
			continue
		}
		path := strings.TrimSuffix(m.Pathname, " (deleted)")
		i, ok := byPath[path]
		if !ok {
			i = len(list)
			byPath[path] = i
			list = append(list, mapping{path: path, start: uint64(m.StartAddr)})
		}
		list[i].end = uint64(m.EndAddr)
		list[i].executable = list[i].executable || m.Perms.Execute
	}
	return slices.DeleteFunc(list, func(m mapping) bool { return !m.executable })
}

// heapsOf finds [heap], which becomes the default heap, and anonymous memory that can be written.
func heapsOf(maps []*procfs.ProcMap, bits int) []scenarios.Heap {
	heaps := []scenarios.Heap{{Default: true}}
	most, room := mostHeapsOf, uint64(mostHeapSize)
	if bits == 32 {
		most, room = 60, 8<<20
	}
	for _, m := range maps {
		if m.Inode != 0 || !m.Perms.Write || m.Perms.Execute {
			continue
		}
		block := scenarios.Block{Size: min(uint64(m.EndAddr-m.StartAddr), room)}
		switch {
		case m.Pathname == "[heap]":
			heaps[0].Blocks = append(heaps[0].Blocks, block)
		case (m.Pathname == "" || strings.HasPrefix(m.Pathname, "[anon")) && len(heaps) < most:
			heaps = append(heaps, scenarios.Heap{Shared: m.Perms.Shared, Blocks: []scenarios.Block{block}})
		}
	}
	return heaps
}
