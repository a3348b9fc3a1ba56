package scenarios_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/scenarios"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// TestBadWorlds: each says the file, the line, what was found and what was expected.
func TestBadWorlds(t *testing.T) {
	tests := []struct {
		reason, text, want string
		is                 error
	}{
		{"unknown verb, a near one named", "proces a.exe", `w.txt:1: found "proces", expected a line that begins with world, file, system, process, thread, module, heap or block (did you mean process?)`, nil},
		{"the line is counted past prose and blank lines", "# hello\n\n\nfoo", `w.txt:4: found "foo"`, nil},
		{"unknown word, a near one named", "process a.exe clas high", `process: found "clas", expected as, parent, pid, bits, protection, class, suspended, minimal or created (did you mean class?)`, nil},
		{"a word twice", "process a.exe pid 8 pid 12", `process: found pid a second time, expected it at most once`, nil},
		{"unknown value, a near one named", "process a.exe class hihg", `process: class: found "hihg", expected normal, idle, below-normal, above-normal, high or realtime (did you mean high?)`, nil},
		{"an empty value is no choice", `process a.exe bits ""`, `process: bits: found "", expected 64 or 32`, nil},
		{"words after a verb that is complete", "system class high high", `system: found "high", expected class`, nil},
		{"no name", "process", `process: found the end of the line, expected a file`, nil},
		{"a value is missing: truncated", "process a.exe parent", `process: found the end of the line after parent, expected PROCESS`, nil},
		{"a quote is missing: truncated", `process "C:\Program Files\a.exe`, `expected a closing quote`, nil},
		{"a letter after a quote", `process "a"b`, `found "b" right after a closing quote, expected a space or the end of the line`, nil},
		{"a quote in a bare word", `process a"b`, `found "\"" in the bare word "a\"b", expected the whole word in quotes`, nil},
		{"an escape in a bare word", `process a<1B>`, `found "<" in the bare word`, nil},
		{"an escape without end", `process "a<1B"`, `expected a UTF-16 unit such as <1B> or <D800>; a < itself is <3C>`, nil},
		{"an escape of more than a unit", `process "<10000>"`, `expected a UTF-16 unit`, nil},
		{"an escape of nothing", `process "<>"`, `expected a UTF-16 unit`, nil},
		{"NUL", "process a\x00b", `w.txt:1: found the control character 0x00, expected text; in quotes it is written <0>`, nil},
		{"ANSI escape", "process \x1b[31m", `found the control character 0x1b`, nil},
		{"a return that ends no line", "process a\rprocess b", `found the control character 0x0d`, nil},
		{"invalid UTF-8", "process a\xff", `w.txt:1: found bytes that are not UTF-8`, nil},
		{"a surrogate as bytes is no UTF-8", "process \xed\xa0\x80", `found bytes that are not UTF-8, expected UTF-8; in quotes a UTF-16 unit is written <D800>`, nil},
		{"UTF-16 with its mark", "\xff\xfep\x00", `found bytes that are not UTF-8`, nil},

		{"negative", "process a pid -4", `process: pid: found "-4", expected a number from 4 to 4294967292, a multiple of 4`, nil},
		{"no multiple of 4", "process a pid 6", `process: pid: found "6"`, nil},
		{"overflow of 32 bits", "process a pid 4294967296", `process: pid: found "4294967296"`, nil},
		{"overflow of 64 bits", "process a pid 99999999999999999999999", `process: pid: found "99999999999999999999999"`, nil},
		{"not a number", "process a pid NaN", `process: pid: found "NaN"`, nil},
		{"no whole number", "process a pid 8.0", `process: pid: found "8.0"`, nil},
		{"infinite bytes", "process a\nheap\nblock Inf", `w.txt:3: block: found "Inf", expected a number of bytes`, nil},
		{"bytes beyond a process", "process a\nheap\nblock 200T", `block: found "200T", expected a number of bytes from 0 to 140737488355327`, nil},
		{"bytes that overflow with their unit", "process a\nheap\nblock 0xFFFFFFFFFFFFFFFFT", `block: found "0xFFFFFFFFFFFFFFFFT"`, nil},
		{"digits with a line between", "process a\nheap\nblock 1_000", `block: found "1_000"`, nil},
		{"an address that is none", "file a base 0x10001", `file: base: found "0x10001", expected an address from 0x10000 to 0x7fffffffffff, a multiple of 0x10000`, nil},
		{"an address beyond 48 bits", "file a base 0x8000000000000000", `file: base: found`, nil},
		{"a time that is none", "world clock noon", `world: clock: found "noon", expected a time after 1601 such as 2024-01-01T09:30:00Z`, nil},
		{"a time before FILETIME", "world clock 1600-01-01T00:00:00Z", `world: clock: found`, nil},
		{"a time finer than 100 ns", "world clock 2024-01-01T00:00:00.00000001Z", `world: clock: found`, nil},
		{"time stands still", "world tick 0", `world: tick: found "0", expected a length of time such as 1ms, a multiple of 100ns`, nil},
		{"time runs back", "world tick -1ms", `world: tick: found "-1ms"`, nil},
		{"clock before boot", "world booted 2024-01-02T00:00:00Z clock 2024-01-01T00:00:00Z", `w.txt:1: world: found clock 2024-01-01T00:00:00Z, expected a time at least a tick after booted`, nil},
		{"last before first", "world first 100 last 40", `world: found last 40 before first 100`, nil},
		{"too many CPUs", "world cpus 1025", `world: cpus: found "1025", expected a number from 1 to 1024`, nil},
		{"suspended more often than Windows can", "process a\nthread suspend 128", `w.txt:2: thread: suspend: found "128", expected a number from 0 to 127`, nil},

		{"world after something else", "file a\nworld", `w.txt:2: found a world line, expected it once and before all others`, nil},
		{"world twice", "world\nworld", `w.txt:2: found a world line`, nil},
		{"system in a bare world", "world bare\nsystem", `w.txt:2: found a system line in a bare world`, nil},
		{"system twice", "system\nsystem", `w.txt:2: found a second system line, expected one: the first is line 1`, nil},
		{"pid 4 is there already", "process System pid 4", `found pid 4, expected another: pid 4 is System unless the world is bare, and a system line describes it`, nil},
		{"a thread of nobody", "thread", `w.txt:1: found a thread line before the first process, expected a process line above it`, nil},
		{"a block of no heap", "process a\nheap\nprocess b\nblock 3", `w.txt:4: found a block line before a heap of this process`, nil},
		{"duplicate pid", "process a pid 8\nprocess b pid 8", `w.txt:2: found id 8 a second time, expected every pid and tid once: line 1 has it`, nil},
		{"a tid that is a pid", "process a pid 8\nthread tid 8", `w.txt:2: found id 8 a second time`, nil},
		{"one tid for several", "process a\nthread tid 8 times 2", `found tid 8 and times 2, expected one of them`, nil},
		{"duplicate name", "process a as x\nprocess b as x", `w.txt:2: found the name "x" a second time`, nil},
		{"a name of digits", "process a as 12", `found the name "12", expected a letter in it: digits alone are a pid`, nil},
		{"an empty name", `process a as ""`, `process: as: found "", expected a name of at least one letter`, nil},
		{"no such parent, a near one named", "process explorer.exe\nprocess b parent explorer", `w.txt:2: parent: found "explorer", expected the name of a process above, or a pid`, nil},
		{"a parent that comes later", "process a parent b\nprocess b", `w.txt:1: parent: found "b", expected the name of a process above, or a pid`, nil},
		{"a parent that is several", "process a\nprocess a\nprocess b parent a", `parent: found "a", which is several processes above, expected one: give it a name with`, nil},
		{"a name hides the file's", "process a as x\nprocess b parent a", `parent: found "a", expected the name of a process above`, nil},
		{"a parent beyond pids", "process a parent 4294967296", `parent: found "4294967296", expected a pid below 4294967296, or a name`, nil},
		{"duplicate file", `file C:\a` + "\n" + `file C:\a`, `w.txt:2: file: found "C:\\a" a second time, expected it once; a different file of that path needs a name`, nil},
		{"duplicate name of a file", "file a as x\nfile b as x", `file: found the name "x" a second time`, nil},
		{"a file that is several", `file C:\a\x` + "\n" + `file C:\b\x` + "\nprocess x", `w.txt:3: process: found "x", which is the last part of several files`, nil},
		{"modules of a minimal process", "process a minimal\nmodule b", `found modules or heaps in a minimal process`, nil},
		{"a heap before the loader has run", "process a suspended\nheap", `w.txt:2: found heaps or blocks in a suspended process`, nil},
		{"a plug-in before the loader has run", "process a suspended\nmodule b count 1", `w.txt:2: found a module with count or data in a suspended process`, nil},
		{"the default heap comes first", "process a\nheap\nheap default", `w.txt:3: found a default heap after another heap`, nil},
		{"default and shared", "process a\nheap default shared", `found a heap both default and shared`, nil},
		{"free and locked", "process a\nheap\nblock 3 free locked 1", `w.txt:3: found a block both free and locked`, nil},
		{"no room", "process a\nheap\nblock 300 room 200", `found a block of 300 bytes in a room of 200`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			w, err := scenarios.Parse("w.txt", strings.NewReader(tt.text))
			wantError(t, err, tt.want, scenarios.ErrWorld)
			if w != nil {
				t.Error("Parse gives a world beside the error")
			}
		})
	}
}

func wantError(t *testing.T, err error, want string, is error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v\nwant %s", err, want)
	}
	var placed *scenarios.Error
	if !errors.Is(err, is) || !errors.As(err, &placed) {
		t.Errorf("error %v is no *scenarios.Error that wraps %v", err, is)
	}
}

// TestWorldsThatDoNotBoot: what only the kernel can refuse still tells the line.
func TestWorldsThatDoNotBoot(t *testing.T) {
	tests := []struct {
		reason, text, want string
		is                 error
	}{
		{"no id is left", "world first 8 last 16\nprocess a\nprocess b", "w.txt:3: ", sim.ErrIDsExhausted},
		{"an id that the system has", "process a pid 8", "w.txt:1: ", sim.ErrIDTaken},
		{"a heap has no room", "process a bits 32\nheap\nblock 2G", "w.txt:3: ", sim.ErrNoMemory},
		{"too many heaps", "process a bits 32\n" + strings.Repeat("heap\n", 70), "w.txt:65: ", sim.ErrNoMemory},
		{"two heaps at one address", "process a\nheap id 0x10400000000\nheap id 0x10400000000", "w.txt:3: ", sim.ErrIDTaken},
		{"a heap where none can be", "process a\nheap id 0x1000", "w.txt:2: ", sim.ErrInvalid},
		{"an image that does not fit", "process a bits 32\nmodule a base 0x7FFF0000", "w.txt:2: ", sim.ErrInvalid},
		{"a module of the wrong bitness", "file b bits 32\nprocess a\nmodule a\nmodule b", "w.txt:2: ", sim.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			w, err := scenarios.Parse("w.txt", strings.NewReader(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			k, err := w.Boot()
			wantError(t, err, tt.want, tt.is)
			if k != nil {
				t.Error("Boot gives a kernel beside the error")
			}
		})
	}
}

// TestBadLiterals: a World that was never text is checked like text, by Boot and by WriteTo.
func TestBadLiterals(t *testing.T) {
	process := func(p scenarios.Process) scenarios.World { return scenarios.World{Processes: []scenarios.Process{p}} }
	thread := func(x scenarios.Thread) scenarios.World {
		return process(scenarios.Process{File: "a", Threads: []scenarios.Thread{x}})
	}
	block := func(b scenarios.Block) scenarios.World {
		return process(scenarios.Process{File: "a", Heaps: []scenarios.Heap{{Blocks: []scenarios.Block{b}}}})
	}
	tests := []struct {
		reason string
		world  scenarios.World
		want   string
		is     error
	}{
		{"a class that is none", process(scenarios.Process{File: "a", Class: 77}), `world: process: class: found "?"`, scenarios.ErrWorld},
		{"bits that are none", process(scenarios.Process{File: "a", Bits: 16}), `process: bits: found "?"`, scenarios.ErrWorld},
		{"an id that is no multiple of 4", process(scenarios.Process{File: "a", ID: 7}), `process: pid: found "7"`, scenarios.ErrWorld},
		{"a priority between the levels", thread(scenarios.Thread{Priority: 9}), `thread: priority: found "?"`, scenarios.ErrWorld},
		{"negative suspend count", thread(scenarios.Thread{Suspend: -1}), `thread: suspend: found "-1"`, scenarios.ErrWorld},
		{"negative times", thread(scenarios.Thread{Times: -1}), `thread: times: found "-1"`, scenarios.ErrWorld},
		{"too many times", thread(scenarios.Thread{Times: 1 << 30}), `thread: times: found "1073741824"`, scenarios.ErrWorld},
		{"too many suspends together", thread(scenarios.Thread{Times: scenarios.MaxThreads, Suspend: 1}), `found more than 262144 threads`, scenarios.ErrTooLarge},
		{"a block larger than memory", block(scenarios.Block{Size: 1 << 50}), `block: found "1024T"`, scenarios.ErrWorld},
		{"too many locks together", block(scenarios.Block{Times: 5, Locks: scenarios.MaxLocks}), `found more than 262144 heap blocks`, scenarios.ErrTooLarge},
		{"a name too long", process(scenarios.Process{File: strings.Repeat("x", scenarios.MaxText+1)}), `found a text of 32768 UTF-16 units, expected at most 32767`, scenarios.ErrTooLarge},
		{"a count of loads too large", process(scenarios.Process{File: "a", Modules: []scenarios.Module{{File: "b", Count: scenarios.MaxModules}, {File: "c"}}}), `found more than 262144 modules`, scenarios.ErrTooLarge},
		{"a duplicate name", scenarios.World{Processes: []scenarios.Process{{File: "a", Name: "x"}, {File: "b", Name: "x"}}}, `found the name "x" a second time`, scenarios.ErrWorld},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			_, err := tt.world.Boot()
			wantError(t, err, tt.want, tt.is)
			var b strings.Builder
			_, err = tt.world.WriteTo(&b)
			wantError(t, err, tt.want, tt.is)
			if b.Len() > 0 {
				t.Errorf("WriteTo writes %q beside the error", b.String())
			}
		})
	}
}
