package scenarios_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/scenarios"
)

// A generated is a text that is made while it is read: nothing of it stands in memory.
type generated struct {
	line func(b []byte, i int) []byte
	i, n int
	buf  []byte // used again for each line, so that making the text costs next to nothing
	rest []byte
}

func (g *generated) Read(p []byte) (int, error) {
	for len(g.rest) == 0 {
		if g.i == g.n {
			return 0, io.EOF
		}
		g.buf = g.line(g.buf[:0], g.i)
		g.rest = g.buf
		g.i++
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

func lines(n int, line func(b []byte, i int) []byte) func() io.Reader {
	return func() io.Reader { return &generated{n: n, line: line} }
}

func same(n int, first, line string) func() io.Reader {
	return lines(n+1, func(b []byte, i int) []byte {
		if i == 0 {
			return append(b, first...)
		}
		return append(b, line...)
	})
}

// TestHostileWorlds: whatever the text, Parse and Boot end in an error or a kernel, and all that Parse ever allocates fits
// into 64 MB; what Boot keeps does too.
func TestHostileWorlds(t *testing.T) {
	const chain = 1_000_000
	tests := []struct {
		reason string
		text   func() io.Reader
		want   string // of the error; empty when it is a world
	}{
		{"a thousand million threads", same(0, "process a\nthread times 1000000000\n", ""), `thread: times: found "1000000000"`},
		{"the most threads, again and again", same(1000, "process a\n", "thread times 262144\n"), "more than 262144 threads"},
		{"the most threads, each suspended", same(1, "process a\n", "thread times 262144 suspend 127\n"), "more than 262144 threads"},
		{"a thousand million blocks", same(0, "process a\nheap\nblock 1 times 1000000000\n", ""), `block: times: found`},
		{"blocks without end", same(1000, "process a\nheap\n", "block 1 times 262144\n"), "more than 262144 heap blocks"},
		{"loads without end", same(1000, "process a\n", "module b count 262144\n"), "more than 262144 modules"},
		{"bytes without end, in few blocks", same(10, "process a\nheap\n", "block 100T\n"), "no address space is left"},
		{"a chain of parents, a million deep", lines(chain, func(b []byte, i int) []byte {
			if i == 0 {
				return append(b, "process p0\n"...)
			}
			return fmt.Appendf(b, "process p%d parent p%d\n", i, i-1)
		}), "more than 65536 processes"},
		{"the longest chain of parents", lines(scenarios.MaxProcesses, func(b []byte, i int) []byte {
			if i == 0 {
				return append(b, "process p as p0\n"...)
			}
			return fmt.Appendf(b, "process p as p%d parent p%d\n", i, i-1)
		}), ""},
		{"as many threads as there may be", same(0, "process a\nthread times 262144\n", ""), ""},
		{"as many blocks as there may be", same(0, "process a\nheap\nblock 1 times 262144\n", ""), ""},
		{"as many free blocks as there may be", same(131071, "process a\nheap\n", "block 1\nblock 1 free\n"), ""},
		{"as many loads as there may be", same(0, "process a\nmodule b count 262143\n", ""), ""},
		{"as many heaps as there may be", lines(17, func(b []byte, i int) []byte {
			return append(b, "process a\n"+strings.Repeat("heap\n", 7700)...)
		}), ""},
		{"everybody is his own parent", lines(1000, func(b []byte, i int) []byte {
			return fmt.Appendf(b, "process a pid %d parent %d\n", 8000+8*i, 8000+8*i)
		}), ""},
		{"a circle of parents", same(0, "process a pid 800 parent 804\nprocess b pid 804 parent 800\n", ""), ""},
		{"files without end", lines(chain, func(b []byte, i int) []byte { return fmt.Appendf(b, "file f%d\n", i) }), "more than 65536 files"},
		{"modules without end", same(chain, "process a\n", "module b\n"), "more than 262144 modules"},
		{"heaps without end", same(chain, "process a\n", "heap\n"), "more than 131072 heaps"},
		{"100 MB on one line", same(99, "", strings.Repeat("x", 1<<20)), "w.txt:1: found a line of more than 256K"},
		{"100 MB on one line, in quotes", same(100, `process "`, strings.Repeat("<D800>", 1<<20/6)), "w.txt:1: found a line of more than 256K"},
		{"100 MB of blanks on one line", same(99, "", strings.Repeat(" ", 1<<20)), "found a line of more than 256K"},
		{"100 MB of blank lines", same(99, "", strings.Repeat("\n", 1<<20)), "found more than 16M of text"},
		{"100 MB of prose", same(100<<10, "", "#"+strings.Repeat("x", 1022)+"\n"), "found more than 16M of text"},
		{"a line full of words", same(0, "process a "+strings.Repeat("a ", 100_000), ""), `process: found "a"`},
		{"the longest name, every unit an escape", same(0, `process "`+strings.Repeat("<D800>", scenarios.MaxText)+"\"\n", ""), ""},
		{"a name one unit longer", same(0, `process "`+strings.Repeat("<D800>", scenarios.MaxText+1)+"\"\n", ""), "found a text of 32768 UTF-16 units"},
		{"names that are all long", lines(500, func(b []byte, i int) []byte { return fmt.Appendf(b, "process %d%s\n", i, strings.Repeat("y", 32_000)) }), ""},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			var w *scenarios.World
			var err error
			text := tt.text()
			spent := allocated(func() { w, err = scenarios.Parse("w.txt", text) })
			if err == nil {
				kept := live(func() any {
					k, e := w.Boot()
					err = e
					return k
				})
				t.Logf("the kernel keeps %d KB", kept>>10)
				if kept > 64<<20 {
					t.Errorf("the kernel that was booted keeps %d MB", kept>>20)
				}
			}
			t.Logf("Parse allocated %d KB", spent>>10)
			if spent > 64<<20 {
				t.Errorf("Parse allocated %d MB", spent>>20)
			}
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// allocated is how many bytes f allocates, whether they stay or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// live is how many bytes of what f made are still there when it is done.
func live(f func() any) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	kept := f()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(kept)
	return after.HeapAlloc - min(after.HeapAlloc, before.HeapAlloc)
}

// A broken reader fails after some text.
type broken struct{ io.Reader }

var errBroken = errors.New("the disk is on fire")

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = errBroken
	}
	return n, err
}

func TestParseSaysWhatTheReaderSaid(t *testing.T) {
	_, err := scenarios.Parse("w.txt", broken{strings.NewReader("process a\nprocess b\n")})
	wantError(t, err, "w.txt:3: the disk is on fire", errBroken)
}

// TestMarksAndLineEnds: what editors of Windows add changes nothing.
func TestMarksAndLineEnds(t *testing.T) {
	text := "world cpus 2\n# prose\nprocess a\n  thread times 2\n"
	for reason, variant := range map[string]string{
		"byte order mark":        "\ufeff" + text,
		"returns":                strings.ReplaceAll(text, "\n", "\r\n"),
		"both":                   "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n"),
		"no end of the last":     strings.TrimSuffix(text, "\n"),
		"blanks at ends":         strings.ReplaceAll(text, "\n", " \t\n"),
		"tabs between words":     strings.ReplaceAll(text, " ", "\t"),
		"prose behind each line": strings.ReplaceAll(text, "\n", " # so\n"),
	} {
		t.Run(reason, func(t *testing.T) {
			if got, want := write(t, parse(t, variant)), write(t, parse(t, text)); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestWriteToSaysWhatTheWriterSaid(t *testing.T) {
	w := parse(t, "process a")
	if _, err := w.WriteTo(fullDisk{}); !errors.Is(err, errBroken) {
		t.Errorf("WriteTo: %v, want %v", err, errBroken)
	}
	var b bytes.Buffer
	if n, err := w.WriteTo(&b); err != nil || n != int64(b.Len()) {
		t.Errorf("WriteTo says %d bytes and %v, and writes %d", n, err, b.Len())
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errBroken }
