package fuzz

import (
	"fmt"
	"slices"
	"sync"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// CaseThemes are what drawn cases are about. Every one but walks and handles has a Take for every two or three changes: a mistake that nobody sees is none.
func CaseThemes() []Theme {
	return []Theme{
		{"lists", []Verb{CreateProcess, TerminateProcess, CreateThread, TerminateThread, Take, Take, TerminateProcess, SetPriorityClass}},
		{"threads", []Verb{CreateThread, TerminateThread, SuspendThread, ResumeThread, SetThreadPriority, SetPriorityClass, Take, Take, Take}},
		{"updates", []Verb{Update, CreateProcess, Update, TerminateProcess, Take, Take, CreateThread, Update}},
		{"modules", []Verb{LoadLibrary, FreeLibrary, LoadLibrary, Take, Take, FreeLibrary, TerminateProcess, Write}},
		{"heaps", []Verb{HeapAlloc, HeapFree, HeapAlloc, HeapReAlloc, HeapCreate, HeapDestroy, Take, Take, Take, LockBlock, UnlockBlock}},
		{"memory", []Verb{Write, Write, Read, HeapAlloc, HeapFree, Take, Take, Write, LoadLibrary, FreeLibrary}},
		{"cuts", []Verb{TakeSeparately, TakeSeparately, LoadLibrary, FreeLibrary, HeapCreate, CreateThread, TerminateProcess, CreateProcess}},
		{"handles", []Verb{CreateToolhelp32Snapshot, OpenProcess, CloseHandle, CloseHandle, DuplicateHandle, Next, Next, TerminateProcess, CreateProcess}},
		{"cursors", []Verb{Next, Next, Next, Next, Next, First, DuplicateHandle, CreateToolhelp32Snapshot, CloseHandle}},
		{"walks", []Verb{Walk, Walk, CreateProcess, TerminateProcess, CreateThread, TerminateThread, LoadLibrary, FreeLibrary, HeapCreate, HeapDestroy}},
		{"mixed", []Verb{CreateProcess, TerminateProcess, CreateThread, TerminateThread, LoadLibrary, FreeLibrary, HeapAlloc, HeapFree, HeapCreate, HeapDestroy, Write, Read,
			Update, Take, Take, Take, Take, TakeSeparately, Walk, CreateToolhelp32Snapshot, Next, CloseHandle}},
	}
}

// CaseTheme finds one by name.
func CaseTheme(name string) (Theme, bool) {
	all := CaseThemes()
	i := slices.IndexFunc(all, func(t Theme) bool { return t.Name == name })
	if i < 0 {
		return Theme{}, false
	}
	return all[i], true
}

// origins are where drawn cases start: two small processes; the same with a crowded one, a suspended one and a WOW64 one; few ids.
var origins = sync.OnceValue(func() []*Origin {
	app, wow := images[0], images[5]
	create := func(s sim.ProcessSpec) Call { return Call{Verb: CreateProcess, Process: s} }
	two := []Call{create(sim.ProcessSpec{Image: app, ID: 8, Thread: 12}), create(sim.ProcessSpec{Image: app, ID: 16, Thread: 20, Parent: 8})}
	furnished := append(slices.Clip(two),
		Call{Verb: CreateThread, PID: 8}, Call{Verb: LoadLibrary, PID: 8, Image: images[1]}, Call{Verb: HeapCreate, PID: 8},
		Call{Verb: HeapAlloc, PID: 8, At: 0x0000_0100_0000_0000, Size: 32}, Call{Verb: HeapAlloc, PID: 8, At: 0x0000_0100_0000_0000, Size: 16})
	more := append(slices.Clip(two), create(sim.ProcessSpec{Image: app, Suspended: true}), create(sim.ProcessSpec{Image: wow}))
	crowded := slices.Clip(two)
	for range 17 {
		crowded = append(crowded, Call{Verb: CreateThread, PID: 8})
	}
	var all []*Origin
	for _, o := range []struct {
		config sim.Config
		calls  []Call
	}{
		{sim.Config{Bare: true}, two},
		{sim.Config{Bare: true}, furnished},
		{sim.Config{Bare: true, Reuse: sim.LastFirst}, more},
		{sim.Config{Bare: true, LastID: 40}, two},
		{sim.Config{Bare: true, Reuse: sim.NeverReuse}, crowded},
	} {
		origin, err := NewOrigin(o.config, o.calls...)
		if err != nil {
			panic(err)
		}
		all = append(all, origin)
	}
	return all
})

// DrawCase makes a case on a theme: mostly 3 clients that make 4 calls each. The calls are drawn as if one client made them all, so that they are about what the others
// do; in other interleavings many miss, which is as good a test.
func DrawCase(theme Theme, name string, from Source) Case {
	all := origins()
	o := all[from(len(all))]
	c := Case{Name: name, Origin: o, Callers: []sim.TID{12, 20}}
	size := [][2]int{{3, 4}, {3, 4}, {2, 4}, {4, 3}, {2, 3}}[from(5)]
	k, m, right := o.again().State.Fork(), o.Model(), true
	for i := range size[0] {
		c.Scripts = append(c.Scripts, Script{Name: string(rune('a' + i))})
	}
	for i := range size[0] * size[1] {
		call := Draw(m, theme, from)
		if call.End == Panics {
			call.End = Fails // which version a panicking Update saw, nobody can say
		}
		if call.Verb <= Update && right {
			right = follows(m, k, call)
		}
		s := &c.Scripts[i%size[0]]
		s.Calls = append(s.Calls, call)
	}
	if !slices.ContainsFunc(theme.Verbs, Verb.door) {
		c.Callers = nil
	}
	return c
}

// follows leads the model after the kernel. It returns false if the kernel is wrong, in which case the model stays where it was: the case will show it.
func follows(m *Model, k *sim.Kernel, call Call) (right bool) {
	before := m.Clone()
	defer func() {
		if wrong := recover(); wrong != nil || !right {
			*m = *before
		}
	}()
	return m.Judge(call, Do(k, call)) == nil
}

// caseName names a drawn case so that it can be drawn again.
func caseName(theme string, seed uint64, n int) string {
	return fmt.Sprintf("%s.%d.%d", theme, seed, n)
}
