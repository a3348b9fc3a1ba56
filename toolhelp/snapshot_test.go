package toolhelp

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// flat is everything a snapshot lists, as text.
func flat(s Snapshot) map[string][]string {
	all := map[string][]string{}
	for p := range s.Processes() {
		all["processes"] = append(all["processes"], noteProcess(p).String())
	}
	for t := range s.Threads() {
		all["threads"] = append(all["threads"], Change{Kind: ThreadStarted, PID: t.Owner(), ID: uint64(t.ID())}.String())
	}
	for m := range s.Modules() {
		all["modules"] = append(all["modules"], m.Path())
	}
	for h := range s.Heaps() {
		all["heaps"] = append(all["heaps"], Change{Kind: HeapCreated, ID: uint64(h.ID())}.String())
	}
	return all
}

// TestTakeChooses: of all combinations of lists exactly those that were asked for have entries, and they are those of the kernel's state.
func TestTakeChooses(t *testing.T) {
	d := newDesk(t)
	whole, err := Take(d.k, TH32CS_SNAPALL, d.app)
	wantIn(t, "Take", err, 0)
	all := flat(whole)
	names := map[uint32]string{TH32CS_SNAPPROCESS: "processes", TH32CS_SNAPTHREAD: "threads", TH32CS_SNAPMODULE: "modules", TH32CS_SNAPHEAPLIST: "heaps"}
	for flags := uint32(1); flags <= TH32CS_SNAPALL; flags++ {
		s, err := Take(d.k, flags|TH32CS_INHERIT|0x40, d.app)
		wantIn(t, "Take", err, 0)
		want := maps.Clone(all)
		for flag, name := range names {
			if flags&flag == 0 {
				delete(want, name)
			}
		}
		if diff := cmp.Diff(want, flat(s)); diff != "" {
			t.Errorf("flags %#x (-want +got):\n%s", flags, diff)
		}
		if s.Version() != d.k.Version() || s.PID() != d.app || s.Flags() != flags|TH32CS_INHERIT|0x40 {
			t.Errorf("flags %#x: version %d, pid %d, flags %#x", flags, s.Version(), s.PID(), s.Flags())
		}
		if (s.State() != nil) != (flags&(TH32CS_SNAPPROCESS|TH32CS_SNAPTHREAD) != 0) {
			t.Errorf("flags %#x: a state is there: %v", flags, s.State() != nil)
		}
		_, process := s.Process(d.app)
		_, thread := s.Thread(d.me.Thread())
		threads := slices.Collect(s.ThreadsOf(d.app))
		for m := range whole.Modules() {
			if _, ok := s.Module(m.Base()); ok != (flags&TH32CS_SNAPMODULE != 0) {
				t.Errorf("flags %#x: module %#x is found: %v", flags, m.Base(), ok)
			}
		}
		for h := range whole.Heaps() {
			if _, ok := s.Heap(h.ID()); ok != (flags&TH32CS_SNAPHEAPLIST != 0) {
				t.Errorf("flags %#x: heap %#x is found: %v", flags, h.ID(), ok)
			}
		}
		listed := flags&TH32CS_SNAPTHREAD != 0
		if process != (flags&TH32CS_SNAPPROCESS != 0) || thread != listed || (len(threads) == 2) != listed {
			t.Errorf("flags %#x: process %d is found: %v, its thread: %v, its threads: %d", flags, d.app, process, thread, len(threads))
		}
	}
}

func TestTakeFails(t *testing.T) {
	d := newDesk(t)
	bare := sim.New(sim.Config{Bare: true})
	tests := []struct {
		reason string
		k      *sim.Kernel
		flags  uint32
		pid    sim.PID
		code   Errno
	}{
		{"no flags", d.k, 0, 0, ERROR_INVALID_PARAMETER},
		{"no list among the flags", d.k, TH32CS_INHERIT | 0x40, 0, ERROR_INVALID_PARAMETER},
		{"no such process", d.k, TH32CS_SNAPMODULE, 4000000, ERROR_INVALID_PARAMETER},
		{"the Go door ignores no bits of a pid", d.k, TH32CS_SNAPMODULE, d.app + 1, ERROR_INVALID_PARAMETER},
		{"pid 0 is pid 0", d.k, TH32CS_SNAPHEAPLIST, 0, ERROR_ACCESS_DENIED},
		{"pid 0 where there is none", bare, TH32CS_SNAPALL, 0, ERROR_INVALID_PARAMETER},
		{"System", d.k, TH32CS_SNAPALL, 4, ERROR_ACCESS_DENIED},
		{"a process that has not started", d.k, TH32CS_SNAPMODULE, d.asleep, ERROR_PARTIAL_COPY},
		{"its heaps", d.k, TH32CS_SNAPHEAPLIST, d.asleep, 0},
		{"nobody's rights count: another user's process", d.k, TH32CS_SNAPALL, d.other, 0},
		{"a protected one", d.k, TH32CS_SNAPALL, d.guard, 0},
		{"CSRSS", d.k, TH32CS_SNAPALL, d.csrss, 0},
		{"the whole system, whatever the pid", d.k, TH32CS_SNAPPROCESS, 4000001, 0},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			s, err := Take(tt.k, tt.flags, tt.pid)
			wantIn(t, "Take", err, tt.code)
			if err != nil && (s != Snapshot{} || !strings.Contains(err.Error(), "Take(flags")) {
				t.Errorf("with error %q came snapshot %+v, want none and an error that names the call", err, s)
			}
		})
	}
}

// TestZeroSnapshot: the zero value holds four empty lists.
func TestZeroSnapshot(t *testing.T) {
	var s Snapshot
	_, process := s.Process(4)
	_, thread := s.Thread(4)
	_, module := s.Module(0)
	_, heap := s.Heap(0)
	if process || thread || module || heap || len(flat(s)) != 0 || s.Bytes() != 0 || s.Cuts() != (Cuts{}) || len(Diff(s, s)) != 0 {
		t.Errorf("the zero snapshot lists %v, %d bytes", flat(s), s.Bytes())
	}
	for range s.ThreadsOf(4) {
		t.Error("the zero snapshot has a thread")
	}
}

// TestModuleLook: look-ups follow the lists that are shown.
func TestModuleLook(t *testing.T) {
	d := newDesk(t)
	wide, err := Take(d.k, TH32CS_SNAPMODULE, d.wow)
	wantIn(t, "Take", err, 0)
	both, err := Take(d.k, TH32CS_SNAPMODULE|TH32CS_SNAPMODULE32, d.wow)
	wantIn(t, "Take", err, 0)
	for m := range both.Modules() {
		_, ok := wide.Module(m.Base())
		if exe := m.Name() == "old.exe"; ok != (m.Bits() == 64 || exe) {
			t.Errorf("%s of the %d-bit list is found without MODULE32: %v", m.Path(), m.Bits(), ok)
		}
	}
	for range wide.Modules() {
		break // an early end of a walk is no matter
	}
	if exe, _ := both.Module(slices.Collect(both.Modules())[0].Base()); exe.Bits() != 64 {
		t.Errorf("the exe that both lists name is found as the %d-bit entry, want the 64-bit one", exe.Bits())
	}
	if n := len(slices.Collect(both.Modules())); n != 8 {
		t.Errorf("%d modules with MODULE32, want 5 of the 64-bit list and 3 of the 32-bit one", n)
	}
}

// TestBytes: what a copy of the same lists takes in Windows.
func TestBytes(t *testing.T) {
	d := newDesk(t)
	sizes := map[uint32]uint64{TH32CS_SNAPPROCESS: 568, TH32CS_SNAPTHREAD: 28, TH32CS_SNAPMODULE: 1080, TH32CS_SNAPHEAPLIST: 32}
	sum := uint64(0)
	for _, flag := range []uint32{TH32CS_SNAPPROCESS, TH32CS_SNAPTHREAD, TH32CS_SNAPMODULE, TH32CS_SNAPHEAPLIST} {
		s, err := Take(d.k, flag, d.app)
		wantIn(t, "Take", err, 0)
		n := uint64(0)
		for _, list := range flat(s) {
			n += uint64(len(list))
		}
		if s.Bytes() != n*sizes[flag] || n == 0 {
			t.Errorf("flag %#x: %d bytes for %d entries, want %d each", flag, s.Bytes(), n, sizes[flag])
		}
		sum += s.Bytes()
	}
	s, err := Take(d.k, TH32CS_SNAPALL, d.app)
	wantIn(t, "Take", err, 0)
	if s.Bytes() != sum {
		t.Errorf("all lists take %d bytes, want the sum %d", s.Bytes(), sum)
	}
}

// TestNoAllocation: taking a snapshot of an unchanged kernel and walking one allocate nothing; nor does a walk by the Win32 door after its
// first call, errors of every kind included.
func TestNoAllocation(t *testing.T) {
	d := newDesk(t)
	s, err := Take(d.k, TH32CS_SNAPALL, d.app)
	wantIn(t, "Take", err, 0)
	h := take(t, d.me, TH32CS_SNAPALL, 0)
	for _, p := range probes(d.me) {
		p.walk(t, h)
	}
	e, small := ProcessEntry32{Size: sizeofProcess}, ThreadEntry32{}
	sum := 0
	tests := []struct {
		what string
		f    func()
	}{
		{"Take", func() { _, _ = Take(d.k, TH32CS_SNAPPROCESS|TH32CS_SNAPTHREAD, 0) }},
		{"Take of everything", func() { _, _ = Take(d.k, TH32CS_SNAPALL, d.app) }},
		{"Processes", func() {
			for p := range s.Processes() {
				sum += int(p.ID())
			}
		}},
		{"Threads", func() {
			for t := range s.Threads() {
				sum += int(t.ID())
			}
		}},
		{"Modules", func() {
			for m := range s.Modules() {
				sum += int(m.Base())
			}
		}},
		{"Heaps", func() {
			for h := range s.Heaps() {
				sum += int(h.ID())
			}
		}},
		{"a walk by the Win32 door to its end", func() {
			for err := d.me.Process32First(h, &e); err == nil; err = d.me.Process32Next(h, &e) {
				sum++
			}
		}},
		{"a wrong size", func() { _ = d.me.Thread32First(h, &small) }},
		{"a wrong handle", func() { _ = d.me.Process32Next(0xABC0, &e) }},
		{"a nil entry", func() { _ = d.me.Process32Next(h, nil) }},
	}
	for _, tt := range tests {
		if n := testing.AllocsPerRun(100, tt.f); n != 0 {
			t.Errorf("%s allocates %v times, want never", tt.what, n)
		}
	}
}
