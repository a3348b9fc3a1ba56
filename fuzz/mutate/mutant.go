package main

import (
	"fmt"
	"strings"
)

// An operator is a kind of mistake.
type operator string

const (
	removeLock     operator = "LKD" // a lock is not taken, and so not let go
	splitSection   operator = "LKS" // a lock is let go and taken again between two statements
	dropGeneration operator = "GEN" // a node counts as young enough to be written in place
	dropCopy       operator = "CPY" // the original is used where a copy was made
	deleteLine     operator = "SDL" // a statement is gone
)

var operators = []operator{removeLock, splitSection, dropGeneration, dropCopy, deleteLine}

// leastScore is the percentage of mutants that must be killed.
var leastScore = map[operator]float64{removeLock: 100, splitSection: 100, dropGeneration: 100, dropCopy: 100, deleteLine: 95}

// A key names a mutant for as long as its statement stays as it is, wherever it moves in its function.
type key struct {
	op   operator
	file string // below the module, with slashes
	fn   string // Type.Method or function; of a lock that several functions share, the first
	text string // on one line, cut after mostText bytes
	nth  int    // among those that are alike so far: 1, 2 ...
}

const mostText = 160

func (k key) String() string { return fmt.Sprintf("%s %s %s: %s", k.op, k.file, k.function(), k.text) }

// function is the function with the number that tells k from others that are alike.
func (k key) function() string {
	if k.nth > 1 {
		return fmt.Sprintf("%s#%d", k.fn, k.nth)
	}
	return k.fn
}

// A mutant is one mistake that the build holds ready behind its number.
type mutant struct {
	number int // from 1
	key
	room string // import path of its package
	line int
}

func (m mutant) String() string {
	return fmt.Sprintf("%d %s:%d %s %s: %s", m.number, m.file, m.line, m.op, m.function(), m.text)
}

// oneLine puts source text on one line and cuts it.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > mostText {
		text = strings.ToValidUTF8(text[:mostText], "") + "..."
	}
	return text
}
