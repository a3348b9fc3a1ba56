package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// What the mutated code reads: the number of the mutant that is on, and the file to which it writes the numbers of those it comes by.
const (
	mutantVar = "MUTANT"
	reachVar  = "MUTANT_REACH"
)

// switchText is the file that each mutated package gets. No mutant is on unless the environment says so.
const switchText = `package %[1]s

import (
	mutantos "os"
	mutantstrconv "strconv"
	mutantatomic "sync/atomic"
)

var (
	mutantNow, mutantReach = mutantStart()
	mutantSeen             [%[2]d]mutantatomic.Bool
)

func mutantStart() (int, *mutantos.File) {
	now, _ := mutantstrconv.Atoi(mutantos.Getenv("` + mutantVar + `"))
	path := mutantos.Getenv("` + reachVar + `")
	if path == "" {
		return now, nil
	}
	reach, err := mutantos.OpenFile(path, mutantos.O_APPEND|mutantos.O_CREATE|mutantos.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	return now, reach
}

func mutantOn(n int) bool {
	if mutantReach != nil {
		mutantCame(n)
	}
	return n == mutantNow
}

func mutantCame(n int) {
	if !mutantSeen[n].Swap(true) {
		mutantReach.WriteString(mutantstrconv.Itoa(n) + "\n")
	}
}

func mutantPick[T any](n int, right, wrong T) T {
	if mutantOn(n) {
		return wrong
	}
	return right
}
`

// overlay writes the mutated sources below dir, and the file that tells the go command to read them in place of the true ones.
func overlay(dir string, rooms []*room, mutants int) (string, error) {
	replace := map[string]string{}
	put := func(path, text string) error {
		to := filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		replace[path] = to
		return os.WriteFile(to, []byte(text), 0o600)
	}
	for _, r := range rooms {
		for _, s := range r.files {
			if err := put(s.path, spliced(s.text, s.splices)); err != nil {
				return "", err
			}
		}
		if err := put(filepath.Join(r.dir, "zz_mutant.go"), fmt.Sprintf(switchText, r.name, mutants+1)); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, text, 0o600)
}

// A binary is the tests of one package, built with all mutants in.
type binary struct {
	path  string // import path of the package
	file  string
	dir   string // where its tests run
	race  bool
	flags []string // that every run gets
}

func (b *binary) String() string {
	name := b.path[strings.LastIndex(b.path, "/")+1:]
	if b.race {
		name += " -race"
	}
	return name
}

// build makes the test binary of the package in pkgDir.
func build(overlay, pkgDir, path, out string, race bool) (*binary, error) {
	args := []string{"test", "-c", "-vet=off", "-overlay", overlay, "-o", out}
	if race {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, ".")...)
	cmd.Dir = pkgDir
	if race {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the mutated tests of %s: %w\n%s", path, err, text)
	}
	b := &binary{path: path, file: out, dir: pkgDir, race: race}
	usage, _ := exec.Command(out, "-h").CombinedOutput() // its exit code says nothing
	if strings.Contains(string(usage), "-rapid.seed") {
		b.flags = []string{"-rapid.seed=1", "-rapid.nofailfile"} // the same inputs each time, and nothing written to testdata
	}
	return b, nil
}
