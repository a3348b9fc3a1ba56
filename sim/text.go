package sim

import (
	"fmt"
	"strings"
	"unicode"
)

// String is a table of the processes, in list order: what a person wants to see of a state, stable enough for golden files.
// Control characters and lone surrogates in names are escaped.
func (s *State) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%7s %7s %4s %4s %4s %5s %s\n", "PID", "PARENT", "THR", "MOD", "HEAP", "PRIO", "NAME")
	for p := range s.Processes() {
		fmt.Fprintf(&b, "%7d %7d %4d %4d %4d %5d %s%s\n", p.ID(), p.Parent(), p.ThreadCount(), p.ModuleCount(), p.HeapCount(),
			p.BasePriority(), printable(p.p.image.name), p.remarks())
	}
	return b.String()
}

// remarks says what is unusual about a process.
func (p Process) remarks() string {
	var r []string
	if p.Bits() == 32 {
		r = append(r, "32-bit")
	}
	if !p.Started() {
		r = append(r, "not started")
	}
	if p.Protection() != Ordinary {
		r = append(r, p.Protection().String())
	}
	if r == nil {
		return ""
	}
	return " (" + strings.Join(r, ", ") + ")"
}

// Tree is the processes as a tree, children under the process that had their parent's pid when they were created. A process whose
// parent is gone, or whose parent's pid belongs to a younger process, stands at the root with a note.
func (s *State) Tree() string {
	byPID := make(map[PID]Process, s.ProcessCount())
	for p := range s.Processes() {
		byPID[p.ID()] = p
	}
	children := map[uint64][]Process{}
	var roots []Process
	for p := range s.Processes() {
		if q, ok := byPID[p.Parent()]; ok && q.Sequence() < p.Sequence() {
			children[q.Sequence()] = append(children[q.Sequence()], p)
		} else {
			roots = append(roots, p)
		}
	}
	// An explicit stack, because a chain of parents may be a million deep.
	type branch struct {
		p     Process
		depth int
	}
	var b strings.Builder
	var stack []branch
	push := func(ps []Process, depth int) {
		for i := len(ps) - 1; i >= 0; i-- {
			stack = append(stack, branch{ps[i], depth})
		}
	}
	for push(roots, 0); len(stack) > 0; {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		note := ""
		if _, ok := byPID[at.p.Parent()]; at.depth == 0 && at.p.Parent() != 0 && at.p.Parent() != at.p.ID() {
			note = fmt.Sprintf(" (parent %d is gone)", at.p.Parent())
			if ok {
				note = fmt.Sprintf(" (parent %d is a younger process)", at.p.Parent())
			}
		}
		fmt.Fprintf(&b, "%s%s %d%s\n", strings.Repeat("  ", min(at.depth, deepestIndent)), printable(at.p.p.image.name), at.p.ID(), note)
		push(children[at.p.Sequence()], at.depth+1)
	}
	return b.String()
}

// deepestIndent is where a tree stops moving to the right.
const deepestIndent = 40

// printable is a name with nothing in it that a terminal or an eye would stumble over.
func printable(units []uint16) string {
	var b strings.Builder
	for i := 0; i < len(units); i++ {
		r := rune(units[i])
		if r >= 0xD800 && r < 0xDC00 && i+1 < len(units) && units[i+1] >= 0xDC00 && units[i+1] < 0xE000 {
			r = (r-0xD800)<<10 + rune(units[i+1]-0xDC00) + 0x10000
			i++
		}
		switch {
		case r >= 0xD800 && r < 0xE000, r != ' ' && !unicode.IsGraphic(r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
