package main

import (
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Bug is a mistake that production code could contain, as a change of its text, and what finds it.
type Bug struct {
	Name  string
	Wrong string // what is wrong, in a sentence
	Rule  string // the row of docs/semantics.md that it breaks
	Edits []Edit
	Theme string   // of the cases that kill it; "" if only the race detector can
	Dies  []string // the detectors that may come first: anomalies, or errors of package sched
}

// An Edit replaces text that stands in a file exactly once.
type Edit struct {
	File     string // below the root of the module
	Old, New string
}

// bugs is the museum, in the order of the rooms.
func bugs() []Bug {
	return slices.Concat(stateBugs, listBugs, verbBugs, updateBugs, memoryBugs, cameraBugs, handleBugs, raceBugs)
}

// apply returns the files that the bug changes, with their new text, by their path below root.
func (b Bug) apply(root string) (map[string]string, error) {
	files := map[string]string{}
	for _, e := range b.Edits {
		text, ok := files[e.File]
		if !ok {
			bytes, err := os.ReadFile(filepath.Join(root, e.File))
			if err != nil {
				return nil, fmt.Errorf("bug %s: %w", b.Name, err)
			}
			text = string(bytes)
		}
		if n := strings.Count(text, e.Old); n != 1 {
			return nil, fmt.Errorf("bug %s: %s: the old text stands there %d times, want once; follow the code with the edit:\n%s", b.Name, e.File, n, e.Old)
		}
		files[e.File] = strings.Replace(text, e.Old, e.New, 1)
	}
	for name, text := range files {
		if _, err := format.Source([]byte(text)); err != nil {
			return nil, fmt.Errorf("bug %s: %s: %w", b.Name, name, err)
		}
	}
	return files, nil
}
