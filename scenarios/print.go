package scenarios

import (
	"io"
	"strings"
)

// WriteTo writes the world as Parse reads it, in one form for equal worlds: nothing that is said by saying nothing, and
// children indented. A World that Parse would refuse is refused here, with an [*Error].
func (w *World) WriteTo(to io.Writer) (int64, error) {
	if _, err := resolve(w, true); err != nil {
		return 0, err
	}
	n, err := io.WriteString(to, w.String())
	return int64(n), err
}

// String is the text that WriteTo writes, without its checks: for people and for comparison.
func (w *World) String() string {
	var b strings.Builder
	if line := lineOf("world", worldRows, w); line != "world\n" {
		b.WriteString(line)
	}
	for i := range w.Files {
		printRows(&b, "file "+quote(w.Files[i].Path), fileRows, &w.Files[i])
	}
	if line := lineOf("system", systemRows, &w.System); line != "system\n" || len(w.System.Threads) > 0 {
		b.WriteString(line)
		printChildren(&b, &w.System)
	}
	for i := range w.Processes {
		p := &w.Processes[i]
		printRows(&b, "process "+quote(p.File), processRows, p)
		printChildren(&b, p)
	}
	return b.String()
}

func lineOf[T any](verb string, rows []row[T], from *T) string {
	var b strings.Builder
	printRows(&b, verb, rows, from)
	return b.String()
}

func printChildren(b *strings.Builder, p *Process) {
	for i := range p.Threads {
		printRows(b, "  thread", threadRows, &p.Threads[i])
	}
	for i := range p.Modules {
		printRows(b, "  module "+quote(p.Modules[i].File), moduleRows, &p.Modules[i])
	}
	for i := range p.Heaps {
		h := &p.Heaps[i]
		printRows(b, "  heap", heapRows, h)
		for j := range h.Blocks {
			printRows(b, "    block "+printBytes(h.Blocks[j].Size), blockRows, &h.Blocks[j])
		}
	}
}
