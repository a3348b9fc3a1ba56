package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A bench is where mutants are built: a directory of their own. Nothing of the module is edited.
type bench struct {
	root string // of the module
	dir  string
}

func newBench() (bench, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	root := filepath.Dir(strings.TrimSpace(string(out)))
	if err != nil || root == "." || root == os.DevNull {
		return bench{}, errors.New("run it inside the module: go env GOMOD names none")
	}
	dir, err := os.MkdirTemp("", "museum")
	return bench{root, dir}, err
}

// build makes an executable of the module with the bug in it: go, then args, then the name of the executable's package.
func (w bench) build(b Bug, env string, args ...string) (string, error) {
	files, err := b.apply(w.root)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(w.dir, b.Name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	replace := map[string]string{}
	for name, text := range files {
		changed := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(w.root, name)] = changed
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay, binary := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "mutant.exe")
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		return "", err
	}
	pkg := args[len(args)-1]
	args = append(args[:len(args)-1:len(args)-1], "-ldflags", "-s -w", "-overlay", overlay, "-o", binary, pkg)
	c := exec.Command("go", args...)
	c.Dir, c.Env = w.root, append(os.Environ(), env)
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("bug %s: go %s: %w\n%s", b.Name, strings.Join(args, " "), err, out)
	}
	return binary, nil
}
