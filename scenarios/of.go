package scenarios

import (
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// Of says a state as a world: Boot of it gives a kernel that lists the same processes, threads, modules, heaps and blocks, under
// the same ids, at the same addresses, in the same order. What a world does not hold is left out: handles, what was
// written to memory, pool addresses, and which ids come next.
//
// A state larger than a world may be is said all the same; Boot and WriteTo then refuse it.
func Of(s *sim.State) *World {
	o := &observer{w: &World{Config: s.Config(), Clock: s.Clock()}, words: map[fileKey]string{}, bases: map[fileKey]sim.Address{}, usual: map[int]sim.Address{}, booted: s.Config().Start}
	o.config(s.Config())
	o.files(s)
	for p := range s.Processes() {
		switch {
		case !s.Config().Bare && p.ID() == 0:
		case !s.Config().Bare && p.ID() == systemID:
			o.system(p, s.Config())
		default:
			o.process(p)
		}
	}
	return o.w
}

type observer struct {
	w     *World
	words map[fileKey]string
	bases map[fileKey]sim.Address
	usual map[int]sim.Address // default heaps by bits

	booted sim.Time
}

// config leaves out what a kernel would choose by itself.
func (o *observer) config(c sim.Config) {
	usual := normal(sim.Config{})
	for _, n := range []struct{ said, unsaid *uint32 }{{&o.w.Config.FirstID, &usual.FirstID}, {&o.w.Config.LastID, &usual.LastID}} {
		if *n.said == *n.unsaid {
			*n.said = 0
		}
	}
	if c.CPUs == usual.CPUs {
		o.w.Config.CPUs = 0
	}
	if c.Tick == usual.Tick {
		o.w.Config.Tick = 0
	}
	if c.Start == usual.Start {
		o.w.Config.Start = 0
	}
	if end := c.Start + c.Tick; o.w.Clock <= end {
		o.w.Clock = 0 // Boot itself takes a tick
	} else if c.Start == usual.Start {
		o.w.Config.Start = c.Start // said, so that Clock does not move it
	}
}

// A fileKey is what makes two images the same file line. Where it stands is no part of it: a file stands where it finds room.
type fileKey struct {
	path string
	size uint32
	bits int
}

func keyOf(i *sim.Image) fileKey {
	return fileKey{textOf(i.Path16()), i.Size(), i.Bits()}
}

// files says each file once, in the order in which processes use them, and finds the shortest word for each.
func (o *observer) files(s *sim.State) {
	var keys []fileKey
	in32 := map[fileKey]bool{}
	for u := range uses(s) {
		k := keyOf(u.image)
		if _, seen := o.bases[k]; !seen {
			keys = append(keys, k)
		}
		if o.bases[k] == 0 {
			o.bases[k] = u.base
		}
		if u.bits == 32 {
			in32[k] = true
		}
	}
	taken := map[string]bool{} // words that mean something already, and paths, which a word must not mean by chance
	for _, k := range keys {
		taken[k.path] = true
	}
	said := map[string]bool{}
	for _, k := range keys {
		f := File{Path: k.path, Size: k.size, Base: o.bases[k], Bits: k.bits}
		plain, err := sim.NewImage(sim.ImageSpec{Path16: unitsOf(k.path), Bits: k.bits})
		if err == nil && f.Size == plain.Size() {
			f.Size = 0
		}
		if err == nil && (f.Base == plain.Base() || f.Base == 0) {
			f.Base, o.bases[k] = 0, plain.Base()
		}
		if f.Bits == 64 && !in32[k] {
			f.Bits = 0
		}
		if last := lastPart(k.path); last != "" && (!taken[last] || last == k.path && !said[k.path]) {
			o.words[k] = last
		} else {
			f.Name = freshName(last, k.bits, taken)
			o.words[k] = f.Name
		}
		taken[o.words[k]], said[k.path] = true, true
		o.w.Files = append(o.w.Files, f)
	}
}

// freshName is a name for a file whose last part is another's already.
func freshName(last string, bits int, taken map[string]bool) string {
	if name := last + "-32"; bits == 32 && !taken[name] {
		return name
	}
	for n := 2; ; n++ {
		if name := fmt.Sprintf("%s-%d", last, n); !taken[name] {
			return name
		}
	}
}

// A use is a file that a process of so many bits runs, or maps at a base.
type use struct {
	image *sim.Image
	bits  int
	base  sim.Address // 0 when it is not known to be mapped
}

// uses walks the files of a state, those of pid 0 and pid 4 left out.
func uses(s *sim.State) iter.Seq[use] {
	return func(yield func(use) bool) {
		for p := range s.Processes() {
			if !s.Config().Bare && p.ID() <= systemID {
				continue
			}
			if !yield(use{p.Image(), p.Bits(), 0}) {
				return
			}
			for _, walk := range []iter.Seq[sim.Module]{p.Modules(), p.DataFiles()} {
				for m := range walk {
					if !yield(use{m.Image(), p.Bits(), m.Base()}) {
						return
					}
				}
			}
		}
	}
}

func (o *observer) system(p sim.Process, c sim.Config) {
	s := &o.w.System
	s.Class = p.Class()
	s.Threads = o.threads(p, c.Start)
	if first := &s.Threads[0]; first.Created == 0 && uint32(first.ID) == c.FirstID {
		first.ID = 0
	}
	if len(s.Threads) == 1 && s.Threads[0] == (Thread{}) {
		s.Threads = nil
	}
}

func (o *observer) process(p sim.Process) {
	x := Process{File: o.words[keyOf(p.Image())], ID: p.ID(), Class: p.Class(), Protection: p.Protection(), Suspended: !p.Started(),
		Minimal: p.Minimal(), Created: p.Created()}
	if p.Parent() != 0 {
		x.Parent = strconv.FormatUint(uint64(p.Parent()), 10)
	}
	if x.Created == o.booted {
		x.Created = 0
	}
	x.Threads = o.threads(p, p.Created())
	if p.Started() && !p.Minimal() {
		x.Modules = o.modules(p)
		x.Heaps = o.heaps(p)
	}
	o.w.Processes = append(o.w.Processes, x)
}

func (o *observer) threads(p sim.Process, created sim.Time) []Thread {
	var list []Thread
	for t := range p.Threads() {
		x := Thread{ID: t.ID(), Priority: t.Priority(), Suspend: t.SuspendCount(), Created: t.Created()}
		if x.Created == created {
			x.Created = 0
		}
		if !p.Started() && x.Suspend == 1 {
			x.Suspend = 0
		}
		list = append(list, x)
	}
	return list
}

// modules says what the process started with first: its lists may have the modules of another loader between.
func (o *observer) modules(p sim.Process) []Module {
	var initial, loaded []Module
	skipped := false
	for m := range p.Modules() {
		if p.Bits() == 32 && m.Bits() == 32 && !skipped {
			skipped = true // the image itself, which stands in both lists
			continue
		}
		x := Module{File: o.words[keyOf(m.Image())], Base: o.base(m)}
		if m.LoadCount() == pinned {
			initial = append(initial, x)
			continue
		}
		x.Count = m.LoadCount()
		loaded = append(loaded, x)
	}
	for m := range p.DataFiles() {
		loaded = append(loaded, Module{File: o.words[keyOf(m.Image())], Base: o.base(m), Count: m.LoadCount(), Data: true})
	}
	return append(initial, loaded...)
}

// pinned is the load count of a module that a process started with.
const pinned = 0xFFFF

func (o *observer) base(m sim.Module) sim.Address {
	if m.Base() == o.bases[keyOf(m.Image())] {
		return 0
	}
	return m.Base()
}

func (o *observer) heaps(p sim.Process) []Heap {
	var list []Heap
	for h := range p.Heaps() {
		x := Heap{ID: h.ID(), Default: h.Default(), Shared: h.Shared(), Blocks: blocksOf(h)}
		if x.Default && x.ID == o.usualHeap(p.Bits()) {
			x.ID = 0
		}
		list = append(list, x)
	}
	if len(list) == 1 && list[0].ID == 0 && list[0].Blocks == nil {
		return nil
	}
	return list
}

func (o *observer) usualHeap(bits int) sim.Address {
	if _, ok := o.usual[bits]; !ok {
		o.usual[bits] = usualHeap(bits)
	}
	return o.usual[bits]
}

// blocksOf says blocks that are alike and stand in a row as one.
func blocksOf(h sim.Heap) []Block {
	var list []Block
	blocks := slices.Collect(h.Blocks())
	for i, b := range blocks {
		x := Block{Size: b.Size(), Free: b.Free(), Moveable: b.Moveable(), Locks: b.LockCount()}
		if i+1 < len(blocks) {
			room := uint64(blocks[i+1].Address()-b.Address()) - sim.BlockOverhead
			if room != (max(x.Size, 1)+15)/16*16 {
				x.Room = room
			}
		}
		if n := len(list); n > 0 && alike(list[n-1], x) {
			list[n-1].Times = max(1, list[n-1].Times) + 1
			continue
		}
		list = append(list, x)
	}
	return list
}

func alike(a, b Block) bool {
	a.Times, b.Times = 0, 0
	return a == b && !a.Free // two free blocks in a row would be one
}
