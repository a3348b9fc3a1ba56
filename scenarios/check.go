package scenarios

import (
	"maps"
	"slices"
)

// checkValues checks a World that was never text against the rows that would read it.
func checkValues(w *World) error {
	if err := checkRows("world", worldRows, w); err != nil {
		return w.at(0, err)
	}
	sum := newTotals()
	for i := range w.Files {
		f := &w.Files[i]
		err := sum.files.add(1)
		if err == nil {
			err = checkLine("file", f.Path, fileRows, f)
		}
		if err != nil {
			return w.at(f.line, err)
		}
	}
	for i := -1; i < len(w.Processes); i++ {
		p := &w.System
		if i >= 0 {
			p = &w.Processes[i]
			err := sum.processes.add(1)
			if err == nil {
				err = checkLine("process", p.File, processRows, p)
			}
			if err != nil {
				return w.at(p.line, err)
			}
		}
		if err := checkChildren(w, p, &sum); err != nil {
			return err
		}
	}
	return nil
}

func checkChildren(w *World, p *Process, sum *totals) error {
	for i := range p.Threads {
		t := &p.Threads[i]
		if err := first(checkRows("thread", threadRows, t), func() error { return sum.threads.add(t.weight()) }); err != nil {
			return w.at(t.line, prefix("process "+show(p.File), err))
		}
	}
	for i := range p.Modules {
		m := &p.Modules[i]
		if err := first(checkLine("module", m.File, moduleRows, m), func() error { return sum.modules.add(m.weight()) }); err != nil {
			return w.at(m.line, prefix("process "+show(p.File), err))
		}
	}
	for i := range p.Heaps {
		h := &p.Heaps[i]
		if err := first(checkRows("heap", heapRows, h), func() error { return sum.heaps.add(1) }); err != nil {
			return w.at(h.line, prefix("process "+show(p.File), err))
		}
		for j := range h.Blocks {
			b := &h.Blocks[j]
			err := first(checkRows("block", blockRows, b), func() error { return sum.blocks.add(b.weight()) })
			if _, bad := parseBytes(printBytes(b.Size), mostAddress); err == nil && bad != nil {
				err = prefix("block", bad)
			}
			if err != nil {
				return w.at(b.line, prefix("process "+show(p.File), err))
			}
		}
	}
	return nil
}

func first(err error, then func() error) error {
	if err != nil {
		return err
	}
	return then()
}

func checkLine[T any](verb, name string, rows []row[T], from *T) error {
	if err := checkLen(name); err != nil {
		return prefix(verb, err)
	}
	return checkRows(verb, rows, from)
}

// checkRows asks each row to read back what it would print.
func checkRows[T any](verb string, rows []row[T], from *T) error {
	for _, r := range rows {
		printed := r.print(from)
		if printed == "" {
			continue
		}
		value := words{rest: printed}
		word, _, err := value.next()
		if err == nil {
			var scratch T
			err = r.read(&scratch, word)
		}
		if err != nil {
			return prefix(verb+": "+r.word, err)
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
