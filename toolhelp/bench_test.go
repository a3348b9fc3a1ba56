package toolhelp_test

import (
	"testing"
	"unsafe"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// names are image names of the lengths and the frequency that a desktop has.
var names = []string{
	"svchost.exe", "svchost.exe", "svchost.exe", "svchost.exe", "RuntimeBroker.exe", "chrome.exe", "chrome.exe", "msedgewebview2.exe",
	"explorer.exe", "conhost.exe", "dwm.exe", "csrss.exe", "SearchIndexer.exe", "WindowsTerminal.exe", "powershell.exe", "MsMpEng.exe",
	"ShellExperienceHost.exe", "StartMenuExperienceHost.exe", "audiodg.exe", "lsass.exe",
}

const (
	walkers = 1000 // processes walked
	rounds  = 100
)

// benchSink keeps the compiler from leaving out a loop whose result nobody reads.
var benchSink uint64

// desktop is a kernel of 1000 processes with ten threads each, under realistic names, and a caller in one of them.
func desktop(tb testing.TB) (*sim.Kernel, *toolhelp.Caller) {
	tb.Helper()
	k := sim.New(sim.Config{Bare: true})
	var first sim.TID
	_, err := k.Update(func(tx *sim.Tx) error {
		for i := range walkers {
			image := sim.MustImage(`C:\Windows\System32\` + names[i%len(names)])
			pid, tid, err := tx.CreateProcess(sim.ProcessSpec{Image: image})
			if err != nil {
				return err
			}
			first = tid
			for range 9 {
				if _, err := tx.CreateThread(pid, sim.ThreadSpec{}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	c, err := toolhelp.NewCaller(k, first)
	if err != nil {
		tb.Fatal(err)
	}
	return k, c
}

func open(tb testing.TB, c *toolhelp.Caller, flags uint32) toolhelp.Handle {
	tb.Helper()
	h, err := c.CreateToolhelp32Snapshot(flags, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

// A record is a process in the plain slice of a hand-written fake.
type record struct {
	pid, threads, parent uint32
	base                 int32
	name                 string
}

//go:noinline
func (r *record) fill(e *toolhelp.ProcessEntry32) {
	e.Size, e.Usage, e.ProcessID = uint32(unsafe.Sizeof(*e)), 0, r.pid
	e.DefaultHeapID, e.ModuleID, e.Threads = 0, 0, r.threads
	e.ParentProcessID, e.PriClassBase, e.Flags = r.parent, r.base, 0
	clear(e.ExeFile[:])
	for i := 0; i < len(r.name) && i < toolhelp.MAX_PATH-1; i++ {
		e.ExeFile[i] = uint16(r.name[i])
	}
}

// BenchmarkProcess32NextAndFill measures a walk by Process32Next against filling the same struct from a plain slice by clearing it and widening a
// string. The target is 0.75.
func BenchmarkProcess32NextAndFill(b *testing.B) {
	k, c := desktop(b)
	h := open(b, c, toolhelp.TH32CS_SNAPPROCESS)
	var records []record
	for p := range k.State().Processes() {
		records = append(records, record{uint32(p.ID()), uint32(p.ThreadCount()), uint32(p.Parent()), int32(p.BasePriority()), p.Name()})
	}
	var ours, theirs toolhelp.ProcessEntry32
	ours.Size = uint32(unsafe.Sizeof(ours))
	fuzz.Duel{
		Ours: func() fuzz.Timing {
			return fuzz.Time(rounds*walkers, func() {
				for range rounds {
					for err := c.Process32First(h, &ours); err == nil; err = c.Process32Next(h, &ours) {
						benchSink += uint64(ours.ProcessID)
					}
				}
			})
		},
		Theirs: func() fuzz.Timing {
			return fuzz.Time(rounds*walkers, func() {
				for range rounds {
					for i := range records {
						records[i].fill(&theirs)
						benchSink += uint64(theirs.ProcessID)
					}
				}
			})
		},
	}.AtMost(b, 0.75)
}

// BenchmarkWalkAndSlice measures the iterators of a snapshot against a loop over a plain slice of what they show. The target is 5.5.
func BenchmarkWalkAndSlice(b *testing.B) {
	k, _ := desktop(b)
	s, err := toolhelp.Take(k, toolhelp.TH32CS_SNAPPROCESS|toolhelp.TH32CS_SNAPTHREAD, 0)
	if err != nil {
		b.Fatal(err)
	}
	type process struct {
		pid, threads, parent uint32
		base                 int32
		name                 string
		created              sim.Time
	}
	type thread struct {
		tid, owner uint32
		base       int32
		created    sim.Time
	}
	var processes []process
	for p := range s.Processes() {
		processes = append(processes, process{uint32(p.ID()), uint32(p.ThreadCount()), uint32(p.Parent()), int32(p.BasePriority()), p.Name(), p.Created()})
	}
	var threads []thread
	for t := range s.Threads() {
		threads = append(threads, thread{uint32(t.ID()), uint32(t.Owner()), int32(t.BasePriority()), t.Created()})
	}
	b.Run("processes", func(b *testing.B) {
		walk(b, len(processes), func() {
			for p := range s.Processes() {
				benchSink += uint64(p.ID())
			}
		}, func() {
			for i := range processes {
				benchSink += uint64(processes[i].pid)
			}
		})
	})
	b.Run("threads", func(b *testing.B) {
		walk(b, len(threads), func() {
			for t := range s.Threads() {
				benchSink += uint64(t.ID())
			}
		}, func() {
			for i := range threads {
				benchSink += uint64(threads[i].tid)
			}
		})
	})
}

func walk(b *testing.B, n int, ours, theirs func()) {
	many := func(f func()) func() fuzz.Timing {
		return func() fuzz.Timing {
			return fuzz.Time(rounds*n, func() {
				for range rounds {
					f()
				}
			})
		}
	}
	fuzz.Duel{Ours: many(ours), Theirs: many(theirs)}.AtMost(b, 5.5)
}
