package fuzz_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// A room of the module and what its non-test code may reach, directly or not. Rooms are import paths below the
// module; a name that ends in "/..." stands for everything under it. The first row that fits a package is its room.
type room struct {
	name    string
	reaches []string
	modules bool // may link other people's modules
}

var rooms = []room{
	{name: "sim/sched"},
	{name: "sim", reaches: []string{"sim/sched"}},
	{name: "toolhelp", reaches: []string{"sim", "sim/sched"}},
	{name: "toolhelp/toolhelptest", reaches: []string{"toolhelp", "sim", "sim/sched"}},
	{name: "toolhelp/...", reaches: []string{"toolhelp", "toolhelp/...", "sim", "sim/sched"}},
	{name: "scenarios/cmd/...", reaches: []string{"scenarios", "toolhelp", "toolhelp/...", "sim", "sim/sched"}, modules: true},
	{name: "scenarios", reaches: []string{"toolhelp", "toolhelp/...", "sim", "sim/sched"}},
	{name: "fuzz", reaches: []string{"scenarios", "toolhelp", "toolhelp/...", "sim", "sim/sched"}, modules: true},
	{name: "fuzz/court", reaches: []string{"fuzz", "toolhelp", "sim", "sim/sched", "scenarios"}, modules: true},
	{name: "fuzz/museum", modules: true},
	{name: "fuzz/mutate", modules: true},
	{name: "docs/...", reaches: []string{"scenarios", "toolhelp", "toolhelp/...", "sim", "sim/sched"}, modules: true},
}

// listed is what `go list -json` says of a package, as far as it matters here.
type listed struct {
	ImportPath string
	Standard   bool
	Deps       []string
}

func roomOf(name string) (room, bool) {
	for _, r := range rooms {
		if fits(r.name, name) {
			return r, true
		}
	}
	return room{}, false
}

func fits(pattern, name string) bool {
	if below, ok := strings.CutSuffix(pattern, "..."); ok {
		return strings.HasPrefix(name, below)
	}
	return pattern == name
}

// turnedArrows names every package that reaches what its room may not, and every package that stands in no room.
func turnedArrows(packages []listed) []string {
	standard := map[string]bool{}
	for _, p := range packages {
		standard[p.ImportPath] = p.Standard
	}
	var wrong []string
	for _, p := range packages {
		name, ours := strings.CutPrefix(p.ImportPath, modulePath+"/")
		if !ours {
			continue
		}
		r, ok := roomOf(name)
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s stands in no room of the design", name))
			continue
		}
		for _, d := range p.Deps {
			if !mayReach(r, name, d, standard[d]) {
				wrong = append(wrong, fmt.Sprintf("%s must not reach %s", name, d))
			}
		}
	}
	return wrong
}

func mayReach(r room, from, to string, standard bool) bool {
	name, ours := strings.CutPrefix(to, modulePath+"/")
	if !ours {
		return standard || r.modules
	}
	return name == from || slices.ContainsFunc(r.reaches, func(p string) bool { return fits(p, name) })
}

// TestImportArrows reads the import graph of the non-test code as two systems see it.
func TestImportArrows(t *testing.T) {
	for _, goos := range []string{"linux", "windows"} {
		t.Run(goos, func(t *testing.T) {
			out := goTool(t, []string{"GOOS=" + goos, "GOARCH=amd64", "CGO_ENABLED=0"}, "list", "-deps", "-json=ImportPath,Standard,Deps", "./...")
			packages := decodeList(t, out)
			for _, w := range turnedArrows(packages) {
				t.Error(w)
			}
			for _, must := range []string{"sim", "toolhelp", "scenarios"} {
				if !slices.ContainsFunc(packages, func(p listed) bool { return p.ImportPath == modulePath+"/"+must }) {
					t.Errorf("go list does not show %s: the arrows of nothing were checked", must)
				}
			}
		})
	}
}

func decodeList(t *testing.T, out []byte) []listed {
	t.Helper()
	var packages []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatalf("go list -json: %v", err)
		}
		packages = append(packages, p)
	}
}

// TestTurnedArrowIsSeen turns arrows round in a made-up graph: the checker must be able to fail.
func TestTurnedArrowIsSeen(t *testing.T) {
	ours := func(name string, deps ...string) listed {
		for i, d := range deps {
			if _, isRoom := roomOf(d); isRoom {
				deps[i] = modulePath + "/" + d
			}
		}
		return listed{ImportPath: modulePath + "/" + name, Deps: deps}
	}
	others := []listed{{ImportPath: "sync", Standard: true}, {ImportPath: "golang.org/x/sys/windows"}, {ImportPath: "vendor/golang.org/x/text", Standard: true}}
	tests := []struct {
		reason string
		graph  listed
		wrong  bool
	}{
		{"the kernel may use the standard library", ours("sim", "sync"), false},
		{"what the standard library vendors is standard", ours("sim", "vendor/golang.org/x/text"), false},
		{"the kernel may use the scheduler", ours("sim", "sim/sched"), false},
		{"the kernel must not know the camera", ours("sim", "toolhelp"), true},
		{"the scheduler must not know the kernel", ours("sim/sched", "sim"), true},
		{"the kernel links no module", ours("sim", "golang.org/x/sys/windows"), true},
		{"the camera looks at the kernel", ours("toolhelp", "sim", "sync"), false},
		{"the camera must not know the stage", ours("toolhelp", "scenarios"), true},
		{"the camera must not use its own drop-in", ours("toolhelp", "toolhelp/windows"), true},
		{"a drop-in stands on the camera", ours("toolhelp/windows", "toolhelp", "sim"), false},
		{"a drop-in links no module", ours("toolhelp/windows", "golang.org/x/sys/windows"), true},
		{"the stage stands on the camera", ours("scenarios", "toolhelp", "sim"), false},
		{"the stage must not know its command", ours("scenarios", "scenarios/cmd/thsim"), true},
		{"the stage links no module", ours("scenarios", "golang.org/x/sys/windows"), true},
		{"the stage must not need the court", ours("scenarios", "fuzz"), true},
		{"the command may link modules", ours("scenarios/cmd/thsim", "scenarios", "golang.org/x/sys/windows"), false},
		{"nothing but tests needs the court", ours("scenarios/cmd/thsim", "fuzz"), true},
		{"the court may use everything and modules", ours("fuzz", "scenarios", "sim", "golang.org/x/sys/windows"), false},
		{"a package outside the rooms is a new room nobody decided on", ours("internal/tools"), true},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			wrong := turnedArrows(append([]listed{tt.graph}, others...))
			if (len(wrong) > 0) != tt.wrong {
				t.Errorf("%s -> %v: turnedArrows says %q, want a finding: %v", tt.graph.ImportPath, tt.graph.Deps, wrong, tt.wrong)
			}
		})
	}
}
