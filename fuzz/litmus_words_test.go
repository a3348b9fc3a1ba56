package fuzz

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// The notation of litmus programs: calls stand between semicolons, each a word of litmusWords and its numbers; "@" before the word has
// the second caller make it, of process 16. "update(a, b)", "undone(a, b)" and "panics(a, b)" are an Update of a and b that commits, fails, panics.

// What litmus programs speak of by number: image 0 is what processes run, 1 and 2 are libraries; heap 0 is the default one; block n is where the n-th
// block of 16 bytes of a heap stands.
var litmusImages = []*sim.Image{sim.MustImage(`C:\Lab\app.exe`), litmusLibrary("one", 0x7FF1_0000_0000), litmusLibrary("two", 0x7FF2_0000_0000)}

func litmusLibrary(name string, base sim.Address) *sim.Image {
	img, err := sim.NewImage(sim.ImageSpec{Path: `C:\Lab\` + name + `.dll`, Base: base})
	if err != nil {
		panic(err)
	}
	return img
}

func litmusHeap(n int) sim.Address { return 0x0000_0100_0000_0000 + sim.Address(n)<<34 }

func litmusBlock(heap, n int) sim.Address { return litmusHeap(heap) + 0x1010 + sim.Address(n)*32 }

// A litmusWord makes a call of the numbers behind it, of which it wants so many.
type litmusWord struct {
	numbers int
	call    func(n []int) Call
}

func litmusBirth(s sim.ProcessSpec) Call {
	s.Image = litmusImages[0]
	return Call{Verb: CreateProcess, Process: s}
}

// onProcess, onThread, onHeap and onBlock are words about one of them, and atHandle words that are given a handle.
func onProcess(v Verb) litmusWord {
	return litmusWord{1, func(n []int) Call { return Call{Verb: v, PID: sim.PID(n[0])} }}
}

func onThread(v Verb) litmusWord {
	return litmusWord{1, func(n []int) Call { return Call{Verb: v, TID: sim.TID(n[0])} }}
}

func onHeap(v Verb) litmusWord {
	return litmusWord{2, func(n []int) Call { return Call{Verb: v, PID: sim.PID(n[0]), At: litmusHeap(n[1]), Size: 16} }}
}

func onBlock(v Verb) litmusWord {
	return litmusWord{3, func(n []int) Call {
		return Call{Verb: v, PID: sim.PID(n[0]), At: litmusHeap(n[1]), Block: litmusBlock(n[1], n[2]), Size: 64}
	}}
}

func looking(v Verb, flags uint32) litmusWord {
	return litmusWord{1, func(n []int) Call { return Call{Verb: v, Flags: flags, PID: sim.PID(n[0])} }}
}

func loading(f sim.LoadFlags) litmusWord {
	return litmusWord{2, func(n []int) Call {
		return Call{Verb: LoadLibrary, PID: sim.PID(n[0]), Image: litmusImages[n[1]], Load: f}
	}}
}

func walking(list sim.Kind) litmusWord {
	return litmusWord{2, func(n []int) Call { return Call{Verb: Walk, List: list, PID: sim.PID(n[0]), Freed: sim.Freed(n[1])} }}
}

func atHandle(v Verb, list sim.Kind) litmusWord {
	return litmusWord{1, func(n []int) Call { return Call{Verb: v, List: list, Handle: toolhelp.Handle(n[0])} }}
}

var litmusWords = map[string]litmusWord{
	"create":  {0, func([]int) Call { return litmusBirth(sim.ProcessSpec{}) }},
	"child":   {1, func(n []int) Call { return litmusBirth(sim.ProcessSpec{Parent: sim.PID(n[0])}) }},
	"named":   {1, func(n []int) Call { return litmusBirth(sim.ProcessSpec{ID: sim.PID(n[0])}) }},
	"asleep":  {0, func([]int) Call { return litmusBirth(sim.ProcessSpec{Suspended: true}) }},
	"exit":    onProcess(TerminateProcess),
	"spawn":   onProcess(CreateThread),
	"end":     onThread(TerminateThread),
	"suspend": onThread(SuspendThread),
	"resume":  onThread(ResumeThread),
	"class": {2, func(n []int) Call {
		return Call{Verb: SetPriorityClass, PID: sim.PID(n[0]), Class: sim.PriorityClass(n[1])}
	}},
	"priority": {2, func(n []int) Call {
		return Call{Verb: SetThreadPriority, TID: sim.TID(n[0]), Priority: sim.Priority(n[1])}
	}},
	"advance": {1, func(n []int) Call { return Call{Verb: Advance, Time: sim.Time(n[0])} }},

	"load":   loading(0),
	"data":   loading(sim.LoadAsDataFile),
	"unload": {2, func(n []int) Call { return Call{Verb: FreeLibrary, PID: sim.PID(n[0]), At: litmusImages[n[1]].Base()} }},

	"heap":    onProcess(HeapCreate),
	"destroy": onHeap(HeapDestroy),
	"alloc":   onHeap(HeapAlloc),
	"free":    onBlock(HeapFree),
	"grow":    onBlock(HeapReAlloc),
	"lock":    onBlock(LockBlock),
	"unlock":  onBlock(UnlockBlock),
	"write": {3, func(n []int) Call {
		return Call{Verb: Write, PID: sim.PID(n[0]), At: litmusBlock(0, n[1]), Bytes: []byte{byte(n[2]), byte(n[2])}}
	}},
	"read": {2, func(n []int) Call { return Call{Verb: Read, PID: sim.PID(n[0]), At: litmusBlock(0, n[1]), Size: 2} }},

	"take":    {0, func([]int) Call { return Call{Verb: Take, Flags: systemFlags} }},
	"look":    looking(Take, allFlags),
	"modules": looking(Take, moduleFlags),
	"heaps":   looking(Take, heapFlags),
	"apart":   looking(TakeSeparately, allFlags),

	"walk":         {1, func(n []int) Call { return Call{Verb: Walk, List: sim.KindProcess, Freed: sim.Freed(n[0])} }},
	"walk-threads": walking(sim.KindThread),
	"walk-modules": walking(sim.KindModule),
	"walk-heaps":   walking(sim.KindHeap),

	"snap":         looking(CreateToolhelp32Snapshot, allFlags),
	"snap-inherit": looking(CreateToolhelp32Snapshot, systemFlags|toolhelp.TH32CS_INHERIT),
	"first":        atHandle(First, sim.KindProcess),
	"next":         atHandle(Next, sim.KindProcess),
	"next-thread":  atHandle(Next, sim.KindThread),
	"next-module":  atHandle(Next, sim.KindModule),
	"next-heap":    atHandle(Next, sim.KindHeap),
	"first-thread": atHandle(First, sim.KindThread),
	"close":        atHandle(CloseHandle, 0),
	"dup":          atHandle(DuplicateHandle, 0),
	"open":         looking(OpenProcess, toolhelp.PROCESS_QUERY_LIMITED_INFORMATION),
}

var litmusEnds = map[string]End{"update": Commits, "undone": Fails, "panics": Panics}

// litmusCalls reads calls between separators.
func litmusCalls(text, separator string) ([]Call, error) {
	var calls []Call
	for _, one := range strings.Split(text, separator) {
		c, err := litmusCall(strings.TrimSpace(one))
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		calls = append(calls, c)
	}
	return calls, nil
}

func litmusCall(text string) (Call, error) {
	if head, inner, ok := strings.Cut(text, "("); ok {
		end, known := litmusEnds[head]
		inner, closed := strings.CutSuffix(inner, ")")
		calls, err := litmusCalls(inner, ",")
		if err != nil || !known || !closed {
			return Call{}, fmt.Errorf("%q is no update(...), undone(...) or panics(...): %w", text, err)
		}
		return Call{Verb: Update, Calls: calls, End: end}, nil
	}
	by := 0
	if bare, ok := strings.CutPrefix(text, "@"); ok {
		text, by = bare, 1
	}
	part := strings.Fields(text)
	if len(part) == 0 {
		return Call{}, fmt.Errorf("a call is empty")
	}
	word, ok := litmusWords[part[0]]
	if !ok || len(part) != 1+word.numbers {
		return Call{}, fmt.Errorf("%q is no word, or not with %d numbers", part[0], len(part)-1)
	}
	var numbers []int
	for _, p := range part[1:] {
		n, err := strconv.Atoi(p)
		if err != nil {
			return Call{}, err
		}
		numbers = append(numbers, n)
	}
	c := word.call(numbers)
	c.Caller = by
	return c, nil
}

// litmusOrigin is an origin by name, made of the calls that stand here.
func litmusOrigin(tb testing.TB, name string) *Origin {
	tb.Helper()
	const two = "create; child 8" // 8 with thread 12, 16 with thread 20
	o, ok := map[string]struct {
		config sim.Config
		calls  string
	}{
		"two":    {sim.Config{Bare: true}, two},
		"last":   {sim.Config{Bare: true, Reuse: sim.LastFirst}, two},
		"never":  {sim.Config{Bare: true, Reuse: sim.NeverReuse}, two},
		"tight":  {sim.Config{Bare: true, LastID: 28}, two}, // 24 and 28 are left
		"pair":   {sim.Config{Bare: true}, two + "; spawn 8"},
		"asleep": {sim.Config{Bare: true}, two + "; asleep"},
		"home":   {sim.Config{Bare: true}, two + "; load 8 1; heap 8; alloc 8 0; alloc 8 0"},
	}[name]
	if !ok {
		tb.Fatalf("no origin is named %q", name)
	}
	o.config.Start = 1 // the clock at boot stands in no outcome
	calls, err := litmusCalls(o.calls, ";")
	if err != nil {
		tb.Fatal(err)
	}
	origin, err := NewOrigin(o.config, calls...)
	if err != nil {
		tb.Fatal(err)
	}
	return origin
}
