package scenarios

import (
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A mapping is what makes two uses of a file one image.
type mapping struct {
	file int // or -1, and then the path counts
	path string
	base sim.Address
	bits int
}

// image finds or makes the image that a word means in a process; base 0 means the preferred one.
func (b *booter) image(x *Process, word string, base sim.Address) (*sim.Image, error) {
	place, err := b.plan.files.find(word)
	if err != nil {
		return nil, err
	}
	f := File{Path: word}
	key := mapping{file: place, base: base}
	if place >= 0 {
		f = b.w.Files[place]
	} else {
		key.path = word
	}
	if f.Bits == 0 {
		f.Bits = b.bits(x)
	}
	if word == x.File {
		f.Bits = b.bits(x)
	}
	if base != 0 {
		f.Base = base
	}
	key.bits = f.Bits
	if img := b.images[key]; img != nil {
		return img, nil
	}
	img, err := sim.NewImage(sim.ImageSpec{Path16: unitsOf(f.Path), Size: f.Size, Base: f.Base, Bits: f.Bits})
	if err == nil {
		b.images[key] = img
	}
	return img, err
}

// bits of a process: what its line says, or its file, or 64.
func (b *booter) bits(x *Process) int {
	if x.Bits != 0 {
		return x.Bits
	}
	if place, err := b.plan.files.find(x.File); err == nil && place >= 0 && b.w.Files[place].Bits != 0 {
		return b.w.Files[place].Bits
	}
	return 64
}

// initial are the modules that a process starts with, nil for the usual ones.
func (b *booter) initial(x *Process) ([]*sim.Image, error) {
	var images []*sim.Image
	for _, m := range x.Modules {
		if !m.initial() {
			continue
		}
		img, err := b.image(x, m.File, m.Base)
		if err != nil {
			return nil, b.w.at(m.line, err)
		}
		images = append(images, img)
	}
	return images, nil
}

func (m Module) initial() bool { return m.Count == 0 && !m.Data }

// modules loads what a process loaded itself.
func (b *booter) modules(x *Process, pid sim.PID) error {
	for _, m := range x.Modules {
		if m.initial() {
			continue
		}
		img, err := b.image(x, m.File, m.Base)
		var how sim.LoadFlags
		if m.Data {
			how = sim.LoadAsDataFile
		}
		for range max(1, m.Count) {
			if err == nil {
				_, err = b.tx.LoadLibrary(pid, img, how)
			}
		}
		if err != nil {
			return b.w.at(m.line, err)
		}
	}
	return nil
}

func (b *booter) heaps(x *Process, pid sim.PID) error {
	for i := range x.Heaps {
		h := &x.Heaps[i]
		id, err := b.heap(x, pid, h)
		if err != nil {
			return b.w.at(h.line, err)
		}
		if err := b.blocks(h, pid, id); err != nil {
			return err
		}
	}
	return nil
}

func (b *booter) heap(x *Process, pid sim.PID, h *Heap) (sim.Address, error) {
	if !h.Default {
		return b.tx.HeapCreate(pid, sim.HeapSpec{ID: h.ID, Shared: h.Shared})
	}
	if h.ID != 0 {
		return h.ID, nil
	}
	return usualHeap(b.bits(x)), nil
}

// usualHeap is the id of the default heap of a process that did not ask for another.
func usualHeap(bits int) sim.Address {
	k := sim.New(sim.Config{Bare: true})
	img, err := sim.NewImage(sim.ImageSpec{Bits: bits})
	if err != nil {
		return 0
	}
	pid, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: img})
	p, _, _ := k.Process(pid)
	for h := range p.Heaps() {
		return h.ID()
	}
	return 0
}

// blocks allocates every block before it frees any, so that none fills the place of another.
func (b *booter) blocks(h *Heap, pid sim.PID, heap sim.Address) error {
	var free []sim.Address
	for _, block := range h.Blocks {
		var how sim.AllocFlags
		if block.Moveable {
			how = sim.Moveable
		}
		for range max(1, block.Times) {
			at, err := b.tx.HeapAlloc(pid, heap, max(block.Size, block.Room), how)
			if err == nil && block.Room > block.Size {
				at, err = b.tx.HeapReAlloc(pid, heap, at, block.Size)
			}
			for range block.Locks {
				if err == nil {
					_, err = b.tx.LockBlock(pid, heap, at)
				}
			}
			if err != nil {
				return b.w.at(block.line, err)
			}
			if block.Free {
				free = append(free, at)
			}
		}
	}
	for _, at := range free {
		if err := b.tx.HeapFree(pid, heap, at); err != nil {
			return b.w.at(h.line, err)
		}
	}
	return nil
}
