package main

import (
	"flag"
	"fmt"
	"go/token"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden file anew")

// TestTrialOfAShop mutates a small package that has one of everything, and runs its tests: a wrong mutant does not compile, or lives or dies
// where it should not.
func TestTrialOfAShop(t *testing.T) {
	f := newFinder(token.NewFileSet())
	rooms, err := load(f.fset, ".", "./testdata/shop")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rooms {
		f.find(r)
	}
	byPlace(f.mutants)
	tr := &trial{dir: t.TempDir(), jobs: 2, slowest: time.Minute, progress: io.Discard}
	over, err := overlay(tr.dir, rooms, len(f.mutants))
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.build(over, ".", []string{"./testdata/shop"}, false); err != nil {
		t.Fatal(err)
	}
	if err := tr.survey(); err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, v := range tr.verdicts(f.mutants) {
		word := "survives"
		if v.killed {
			word = "killed"
		}
		fmt.Fprintf(&got, "%-8s %s\n", word, strings.TrimPrefix(v.mutant.String(), fmt.Sprint(v.number, " fuzz/mutate/testdata/")))
	}
	fmt.Fprintf(&got, "left out: %s\ncan't be deleted: %v\n", strings.Join(tr.left, "; "), f.skipped)
	const golden = "testdata/shop.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%swant\n%srun with -update if that is right", &got, want)
	}
}

// TestEquivalentMutantsExist finds every entry of the reviewed list in the code as it stands.
func TestEquivalentMutantsExist(t *testing.T) {
	f := newFinder(token.NewFileSet())
	rooms, err := load(f.fset, "../..", mutated...)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rooms {
		f.find(r)
	}
	if len(f.mutants) < 1000 {
		t.Errorf("%d mutants in all: too few to mean anything", len(f.mutants))
	}
	text, err := os.ReadFile("testdata/equivalent.txt")
	if err != nil {
		t.Fatal(err)
	}
	list, err := excuses(listName, string(text))
	if err != nil {
		t.Fatal(err)
	}
	_, rot := match(list, f.mutants)
	for _, r := range rot {
		t.Error(r)
	}
}

func TestBadEntriesAreRefused(t *testing.T) {
	tests := []struct{ reason, text string }{
		{"no reason is given", "SDL a.go F\nx++\n"},
		{"no function", "SDL a.go\nx++\nwhy\n"},
		{"the number is none", "SDL a.go F#x\nx++\nwhy\n"},
		{"the first one needs no number", "SDL a.go F#1\nx++\nwhy\n"},
	}
	for _, tt := range tests {
		if list, err := excuses("list", "# comment\n\n"+tt.text); err == nil || !strings.HasPrefix(err.Error(), "list:3: ") {
			t.Errorf("%s: got %v, %v", tt.reason, list, err)
		}
	}
}

// TestListRots puts an entry on the list for each thing that can become of a mutant.
func TestListRots(t *testing.T) {
	mutants := []mutant{
		{number: 1, key: key{deleteLine, "a.go", "F", "x++", 1}},
		{number: 2, key: key{deleteLine, "a.go", "F", "x++", 2}},
		{number: 3, key: key{dropCopy, "a.go", "F", "y", 1}},
		{number: 4, key: key{deleteLine, "a.go", "F", "z", 1}},
	}
	list, err := excuses("list", "SDL a.go F\nx++\nwhy\nso\n\nSDL a.go F#2\nx++\nwhy\n\nSDL a.go G\nx++\nwhy\n\nSDL a.go F\nx++\nwhy\n")
	if err != nil {
		t.Fatal(err)
	}
	listed, rot := match(list, mutants)
	var verdicts []verdict
	for _, m := range mutants {
		verdicts = append(verdicts, verdict{mutant: m, killed: m.number == 2 || m.number == 3, by: "TestX", reached: m.number < 4})
	}
	a := settle(verdicts, listed, rot)
	var got strings.Builder
	a.print(&got)
	for _, want := range []string{
		"SDL 3 1 1 1 50.0 % 95 %",
		"CPY 1 1 0 0 100.0 % 100 %",
		"a.go:0 SDL F: z (no test comes by it)",
		"line 10: no such mutant: SDL a.go G: x++",
		"line 14: listed twice: SDL a.go F: x++",
		"line 6: killed by TestX, so not equivalent: SDL a.go F#2: x++",
	} {
		if !strings.Contains(strings.Join(strings.Fields(got.String()), " "), want) {
			t.Errorf("%q is missing in\n%s", want, &got)
		}
	}
	if a.good() {
		t.Error("a list that rots is good")
	}
	for _, tt := range []struct {
		reason string
		killed int
		good   bool
	}{{"95 of 100", 95, true}, {"94 of 100", 94, false}} {
		verdicts = nil
		for i := range 100 {
			verdicts = append(verdicts, verdict{mutant: mutant{number: i + 1, key: key{op: deleteLine}}, killed: i < tt.killed})
		}
		if got := settle(verdicts, nil, nil).good(); got != tt.good {
			t.Errorf("%s: good() = %v", tt.reason, got)
		}
	}
}

// TestSampleTakesOneInSoMany chooses by place, operator and package.
func TestSampleTakesOneInSoMany(t *testing.T) {
	var mutants []mutant
	for i := range 100 {
		mutants = append(mutants, mutant{number: i + 1, line: 100 - i, key: key{op: operators[i%2], file: "sim/a.go", fn: "F"}})
	}
	for _, tt := range []struct {
		reason string
		c      choice
		want   string
	}{
		{"every 40th, last line first", choice{every: 40}, "80 40"},
		{"of one operator", choice{every: 20, ops: "LKS,GEN"}, "80 40"},
		{"of another package", choice{every: 1, rooms: "toolhelp"}, ""},
		{"by number", choice{every: 1, run: 17, file: "sim/a.go", fn: "F"}, "17"},
	} {
		var got []string
		for _, m := range tt.c.chosen(mutants) {
			got = append(got, fmt.Sprint(m.number))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v, want %s", tt.reason, got, tt.want)
		}
	}
}
