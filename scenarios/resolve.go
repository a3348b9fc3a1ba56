package scenarios

import (
	"strconv"
	"strings"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A plan is a world whose names are looked up: what Boot needs beside the World itself.
type plan struct {
	files   files
	parents []parent
	ids     map[uint32]int // ids that lines ask for, and those lines
}

// A parent is a process of the world by its place, or a pid.
type parent struct {
	place int // -1 when pid is all that is known
	pid   sim.PID
}

// resolve checks what no line can be checked for alone; with values also each value by itself, for a World that was never text.
func resolve(w *World, values bool) (*plan, error) {
	if values {
		if err := checkValues(w); err != nil {
			return nil, err
		}
	}
	if err := checkClock(w); err != nil {
		return nil, w.at(1, err)
	}
	p := &plan{ids: map[uint32]int{}, parents: make([]parent, len(w.Processes))}
	for i := range w.Files {
		if err := p.files.add(&w.Files[i], i); err != nil {
			return nil, w.at(w.Files[i].line, err)
		}
	}
	if err := p.claimThreads(w, &w.System); err != nil {
		return nil, err
	}
	names := newNames(w.Config.Bare)
	for i := range w.Processes {
		x := &w.Processes[i]
		if err := p.process(w, names, i); err != nil {
			return nil, w.at(x.line, err)
		}
		if err := p.claimThreads(w, x); err != nil {
			return nil, err
		}
		if err := p.lists(w, x); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func checkClock(w *World) error {
	c := w.Config
	if c.LastID != 0 && c.LastID < c.FirstID {
		return problem("world: found last %d before first %d, expected it after", c.LastID, c.FirstID)
	}
	if w.Clock != 0 && c.Start != 0 && w.Clock-min(w.Clock, normal(c).Tick) < c.Start {
		return problem("world: found clock %s, expected a time at least a tick after booted %s", printTime(w.Clock), printTime(c.Start))
	}
	return nil
}

func (w *World) at(line int, err error) error { return at(w.source, line, err) }

// process looks up what a process line says.
func (p *plan) process(w *World, names *names, i int) (err error) {
	x := &w.Processes[i]
	file, err := p.files.find(x.File)
	if err != nil {
		return prefix("process", err)
	}
	if p.parents[i], err = names.parent(x.Parent); err != nil {
		return err
	}
	if x.ID != 0 {
		if x.ID == 4 && !w.Config.Bare {
			return problem("found pid 4, expected another: pid 4 is System unless the world is bare, and a system line describes it")
		}
		if err := p.claim(uint32(x.ID), x.line); err != nil {
			return err
		}
	}
	path := x.File
	if file >= 0 {
		path = w.Files[file].Path
	}
	return names.add(x.Name, lastPart(path), i)
}

func (p *plan) claim(id uint32, line int) error {
	if first, taken := p.ids[id]; taken {
		return problem("found id %d a second time, expected every pid and tid once: line %d has it", id, first)
	}
	p.ids[id] = line
	return nil
}

func (p *plan) claimThreads(w *World, x *Process) error {
	for i := range x.Threads {
		t := &x.Threads[i]
		if t.ID == 0 {
			continue
		}
		err := p.claim(uint32(t.ID), t.line)
		if err == nil && t.Times > 1 {
			err = problem("found tid %d and times %d, expected one of them: two threads can't have one tid", t.ID, t.Times)
		}
		if err != nil {
			return w.at(t.line, err)
		}
	}
	return nil
}

// lists checks what a process's modules and heaps say together.
func (p *plan) lists(w *World, x *Process) error {
	if x.Minimal && len(x.Modules)+len(x.Heaps) > 0 {
		return w.at(x.line, problem("found modules or heaps in a minimal process, expected none: drop minimal, or them"))
	}
	if x.Suspended && len(x.Heaps) > 0 && (len(x.Heaps) > 1 || !x.Heaps[0].Default || len(x.Heaps[0].Blocks) > 0) {
		return w.at(x.Heaps[0].line, problem("found heaps or blocks in a suspended process, expected at most an empty default heap: its loader has not run"))
	}
	for i := range x.Modules {
		m := &x.Modules[i]
		if _, err := p.files.find(m.File); err != nil {
			return w.at(m.line, prefix("module", err))
		}
		if x.Suspended && !m.initial() {
			return w.at(m.line, problem("found a module with count or data in a suspended process, expected none: its loader has not run"))
		}
	}
	for i := range x.Heaps {
		if x.Heaps[i].Default && i > 0 {
			return w.at(x.Heaps[i].line, problem("found a default heap after another heap, expected it first"))
		}
		if x.Heaps[i].Default && x.Heaps[i].Shared {
			return w.at(x.Heaps[i].line, problem("found a heap both default and shared, expected one of them"))
		}
		if err := checkBlocks(w, &x.Heaps[i]); err != nil {
			return err
		}
	}
	return nil
}

func checkBlocks(w *World, h *Heap) error {
	for i := range h.Blocks {
		b := &h.Blocks[i]
		if b.Free && b.Locks > 0 {
			return w.at(b.line, problem("found a block both free and locked, expected one of them"))
		}
		if b.Room != 0 && b.Room < b.Size {
			return w.at(b.line, problem("found a block of %d bytes in a room of %d, expected a room of at least its size", b.Size, b.Room))
		}
	}
	return nil
}

// names are what later lines may call a process.
type names struct {
	said  map[string]int // with `as`
	files map[string]int // by the last part of the path; several when more than one goes by it
}

const (
	several    = -1
	systemProc = -2 // pid 4
	idleProc   = -3 // pid 0
)

func newNames(bare bool) *names {
	n := &names{said: map[string]int{}, files: map[string]int{}}
	if !bare {
		n.files["System"], n.files["[System Process]"] = systemProc, idleProc
	}
	return n
}

func (n *names) add(said, file string, place int) error {
	if said == "" {
		if _, taken := n.files[file]; taken {
			place = several
		}
		n.files[file] = place
		return nil
	}
	if isDigits(said) {
		return problem("found the name %s, expected a letter in it: digits alone are a pid", show(said))
	}
	if _, taken := n.said[said]; taken {
		return problem("found the name %s a second time, expected every name once", show(said))
	}
	n.said[said] = place
	return nil
}

func (n *names) parent(word string) (parent, error) {
	if word == "" {
		return parent{place: -1}, nil
	}
	if isDigits(word) {
		pid, err := strconv.ParseUint(word, 10, 32)
		if err != nil {
			return parent{}, problem("parent: found %s, expected a pid below 4294967296, or a name", show(word))
		}
		return parent{place: -1, pid: sim.PID(pid)}, nil
	}
	place, ok := n.said[word]
	if !ok {
		place, ok = n.files[word]
	}
	switch {
	case !ok:
		return parent{}, problem("parent: found %s, expected the name of a process above, or a pid%s", show(word), didYouMean(word, n.some()))
	case place == several:
		return parent{}, problem("parent: found %s, which is several processes above, expected one: give it a name with `as`, or say its pid", show(word))
	case place == systemProc:
		return parent{place: -1, pid: 4}, nil
	case place == idleProc:
		return parent{place: -1}, nil
	}
	return parent{place: place}, nil
}

// some are names to look for a mistyped one among; in a large world looking would cost more than it helps.
func (n *names) some() []string {
	if len(n.said)+len(n.files) > 1000 {
		return nil
	}
	return append(sortedKeys(n.said), sortedKeys(n.files)...)
}

// files finds the file that a word means.
type files struct {
	names, paths, lasts map[string]int // several when more than one fits
}

func (f *files) add(x *File, i int) error {
	if f.names == nil {
		f.names, f.paths, f.lasts = map[string]int{}, map[string]int{}, map[string]int{}
	}
	if _, taken := f.paths[x.Path]; taken && x.Name == "" {
		return problem("file: found %s a second time, expected it once; a different file of that path needs a name: as NAME", show(x.Path))
	} else if !taken {
		f.paths[x.Path] = i
	}
	if x.Name != "" {
		if _, taken := f.names[x.Name]; taken {
			return problem("file: found the name %s a second time, expected every name once", show(x.Name))
		}
		f.names[x.Name] = i
		return nil
	}
	last := lastPart(x.Path)
	if _, taken := f.lasts[last]; taken {
		i = several
	}
	f.lasts[last] = i
	return nil
}

// find gives the place of a file, or -1 when the word is the path of a file that no line describes.
func (f *files) find(word string) (int, error) {
	for _, by := range []map[string]int{f.names, f.paths, f.lasts} {
		if i, ok := by[word]; ok {
			if i == several {
				return 0, problem("found %s, which is the last part of several files, expected a whole path or a file's name", show(word))
			}
			return i, nil
		}
	}
	return -1, nil
}

func lastPart(path string) string { return path[strings.LastIndexAny(path, `\/`)+1:] }

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
