package sim_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

var refresh = flag.Bool("update", false, "write the golden files in testdata anew")

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *refresh {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: go test -run %s -update writes it", err, t.Name())
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got); diff != "" {
		t.Errorf("%s differs; if that is right, go test -run %s -update takes it over:\n%s", path, t.Name(), diff)
	}
}

func TestStateReadsLikeThis(t *testing.T) {
	d := newDesk(t)
	child, _ := d.start(sim.ProcessSpec{Parent: d.app, Image: sim.MustImage(`C:\app\child one.exe`), Class: sim.RealtimeClass})
	d.start(sim.ProcessSpec{Parent: child, Protection: sim.OtherUser})
	d.start(sim.ProcessSpec{Parent: 4, Image: sim.MustImage(`C:\Windows\System32\csrss.exe`), Protection: sim.CSRSS})
	orphan, _ := d.start(sim.ProcessSpec{Parent: child, Image: oldImage, Suspended: true, Protection: sim.Protected})
	d.start(sim.ProcessSpec{Parent: orphan})
	d.end(child)
	d.start(sim.ProcessSpec{ID: child, Thread: 9000, Image: sim.MustImage(`C:\late\young.exe`)})
	d.start(sim.ProcessSpec{Parent: 8888, AnyParent: true})
	s := d.State()
	golden(t, "state", s.String()+"\n"+s.Tree())
}

// hostile are names that break terminals, columns and careless code.
var hostile = []struct {
	reason string
	name   []uint16
}{
	{"empty", []uint16{}},
	{"a lone high surrogate", []uint16{'a', 0xD83D}},
	{"a lone low surrogate", []uint16{0xDE00, 'b'}},
	{"a pair the wrong way round", []uint16{0xDE00, 0xD83D}},
	{"two high ones and a low one", []uint16{0xD83D, 0xD83D, 0xDE00}},
	{"beyond the basic plane", []uint16{0xD83D, 0xDE00}},
	{"a private character beyond it", []uint16{0xDB80, 0xDC00}},
	{"an embedded NUL", []uint16{'a', 0, 'b'}},
	{"new lines and tabs", units("a\r\n\tb")},
	{"an escape sequence", units("\x1b[2J\x1b[31mred")},
	{"an escape sequence of one byte", []uint16{0x9B, '2', 'J'}},
	{"delete and backspace", units("a\x7f\b\b")},
	{"a right-to-left override", []uint16{'a', 0x202E, 'e', 'x', 'e', '.', 't', 'x', 't'}},
	{"right-to-left and left-to-right marks", []uint16{'a', 0x200F, 'b', 0x200E}},
	{"a mark that nobody sees", []uint16{'a', 0x200B, 0xFEFF, 'b'}},
	{"other spaces", []uint16{'a', 0xA0, 0x2003, 0x3000, 'b'}},
	{"line and paragraph separators", []uint16{'a', 0x2028, 0x2029, 'b'}},
	{"not characters", []uint16{0xFFFE, 0xFFFF}},
	{"what looks like an escape", units(`u0000 "quoted" %s %d`)},
}

func TestHostileNamesAreEscaped(t *testing.T) {
	d := emptyDesk(t, sim.Config{Bare: true})
	var why strings.Builder
	for _, h := range hostile {
		img, err := sim.NewImage(sim.ImageSpec{Path16: h.name})
		d.fatal(err)
		pid, _ := d.start(sim.ProcessSpec{Image: img})
		fmt.Fprintf(&why, "%7d %s\n", pid, h.reason)
	}
	text := d.State().String() + "\n" + d.State().Tree()
	for _, r := range text {
		if r != '\n' && r != ' ' && (!unicode.IsGraphic(r) || r == unicode.ReplacementChar) {
			t.Errorf("the text has %U in it", r)
		}
	}
	if n := strings.Count(text, "\n"); n != 2*len(hostile)+2 {
		t.Errorf("the text has %d lines, want one for each process in both halves", n)
	}
	golden(t, "hostile", text+"\n"+why.String())
}

func TestLongNamesAreShownWhole(t *testing.T) {
	for _, n := range []int{259, 260, 261, sim.MaxPath} {
		d := emptyDesk(t, sim.Config{Bare: true})
		name := strings.Repeat("x", n)
		d.start(sim.ProcessSpec{Image: sim.MustImage(name)})
		if s := d.State(); !strings.HasSuffix(s.String(), " "+name+"\n") || s.Tree() != name+" 8\n" {
			t.Errorf("a name of %d units is not shown as it is", n)
		}
	}
}

func TestTreeStandsAnyParents(t *testing.T) {
	x := func(id, parent sim.PID) sim.ProcessSpec {
		return sim.ProcessSpec{ID: id, Thread: sim.TID(id) + 4, Parent: parent, AnyParent: true, Image: sim.MustImage("x")}
	}
	tests := []struct {
		reason string
		specs  []sim.ProcessSpec
		want   string
	}{
		{"its own parent", []sim.ProcessSpec{x(8, 8)}, "x 8\n"},
		{"two that are each other's", []sim.ProcessSpec{x(8, 16), x(16, 8)}, "x 8 (parent 16 is a younger process)\n  x 16\n"},
		{"a circle of three", []sim.ProcessSpec{x(8, 24), x(16, 8), x(24, 16)}, "x 8 (parent 24 is a younger process)\n  x 16\n    x 24\n"},
		{"a parent that is gone", []sim.ProcessSpec{x(8, 4000)}, "x 8 (parent 4000 is gone)\n"},
		{"no parent", []sim.ProcessSpec{x(8, 0)}, "x 8\n"},
		{"children in list order, each with its own", []sim.ProcessSpec{x(8, 0), x(16, 8), x(24, 8), x(32, 16)}, "x 8\n  x 16\n    x 32\n  x 24\n"},
		{"none at all", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			d := emptyDesk(t, sim.Config{Bare: true})
			for _, s := range tt.specs {
				d.start(s)
			}
			if got := d.State().Tree(); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}

func TestErrorsReadLikeThis(t *testing.T) {
	d := newDesk(t)
	var b strings.Builder
	for _, f := range []func() (sim.Version, error){
		func() (sim.Version, error) { return later(d.CreateProcess(sim.ProcessSpec{})) },
		func() (sim.Version, error) {
			return later(d.CreateProcess(sim.ProcessSpec{Image: appImage, Parent: 6000}))
		},
		func() (sim.Version, error) { return d.TerminateProcess(0, 0) },
		func() (sim.Version, error) { return d.TerminateThread(9000, 0) },
		func() (sim.Version, error) { return late(d.LoadLibrary(d.asleep, kernel32, 0)) },
		func() (sim.Version, error) { return d.FreeLibrary(d.app, 0x10000) },
		func() (sim.Version, error) { return late(d.HeapAlloc(d.app, d.heap, 1<<60, 0)) },
		func() (sim.Version, error) { return d.HeapFree(d.app, d.heap, d.locked) },
		func() (sim.Version, error) { return d.WriteProcessMemory(d.app, 0, make([]byte, 3)) },
		func() (sim.Version, error) { return 0, d.handles(d.app).Close(64) },
	} {
		_, err := f()
		fmt.Fprintln(&b, err)
	}
	golden(t, "errors", b.String())
}

func TestConstantsHaveNames(t *testing.T) {
	got := fmt.Sprint(sim.NormalClass, sim.RealtimeClass, sim.PriorityClass(6), sim.Ordinary, sim.OtherUser, sim.Protected, sim.CSRSS, sim.Protection(4))
	if want := "normal realtime unknown ordinary other-user protected csrss unknown"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if b := sim.PriorityClass(200).Base(); b != 24 {
		t.Errorf("a class that is none has base priority %d, want the highest one's and no panic", b)
	}
}

func TestTimeIsFILETIME(t *testing.T) {
	tests := []struct {
		reason string
		t      sim.Time
		want   time.Time
	}{
		{"the start of 1601", 0, time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"one step", 1, time.Date(1601, 1, 1, 0, 0, 0, 100, time.UTC)},
		{"just before 1970", 116444735999999999, time.Date(1969, 12, 31, 23, 59, 59, 999999900, time.UTC)},
		{"1970", 116444736000000000, time.Unix(0, 0).UTC()},
		{"the start of 2024", sim.New(sim.Config{}).State().Clock(), time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"the year 9999", 2650467743999999999, time.Date(9999, 12, 31, 23, 59, 59, 999999900, time.UTC)},
	}
	for _, tt := range tests {
		if got := tt.t.Std(); !got.Equal(tt.want) || sim.TimeOf(tt.want) != tt.t {
			t.Errorf("%s: %d is %v and %v is %d", tt.reason, tt.t, got, tt.want, sim.TimeOf(tt.want))
		}
	}
	if a, b := sim.TimeOf(time.Unix(0, 199)), sim.TimeOf(time.Unix(0, 100)); a != b {
		t.Errorf("199 ns are %d, want the 100 ns below, %d", a, b)
	}
}
