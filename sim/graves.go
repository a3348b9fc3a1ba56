package sim

import (
	"fmt"
	"slices"
)

// An object is what stands at an address of a list: a process, thread, module or heap, or a list head.
type object struct {
	kind     Kind
	owner    PID
	seq      uint64 // of the owner
	id       uint64
	identity uint64
	name     string
	next     link
	stale    bool
	stranger bool
}

func (o object) String() string {
	switch o.kind {
	case KindProcess:
		return fmt.Sprintf("process %d %q", o.id, o.name)
	case KindModule:
		return fmt.Sprintf("module %q at %#x of process %d", o.name, o.id, o.owner)
	case KindHead:
		return fmt.Sprintf("the list head of process %d", o.owner)
	case KindHeap:
		return fmt.Sprintf("heap %#x of process %d", o.id, o.owner)
	}
	return fmt.Sprintf("thread %d of process %d", o.id, o.owner)
}

// A grave is what is known of an object that was freed while a walk was open.
type grave struct {
	object  object
	verb    string
	version Version
}

// graveKey names an address: the system's when space is 0, else that of the process with that creation number.
type graveKey struct {
	space uint64
	at    Address
}

// walks keeps the graves that an open walk can still come to: those dug since the oldest of them began. Without an
// open walk, freeing costs a compare.
type walks struct {
	open   []*Walker // in the order they began
	graves map[graveKey][]grave
	dug    []dug // in the order of their versions
}

type dug struct {
	key     graveKey
	version Version
}

func (w *walks) any() bool { return len(w.open) > 0 }

func (w *walks) close(walker *Walker) {
	i := slices.Index(w.open, walker)
	w.open = slices.Delete(w.open, i, i+1)
	if len(w.open) == 0 {
		w.graves, w.dug = nil, nil
		return
	}
	n := 0
	for n < len(w.dug) && w.dug[n].version <= w.open[0].began {
		key := w.dug[n].key
		if list := w.graves[key]; len(list) > 1 {
			w.graves[key] = list[1:]
		} else {
			delete(w.graves, key)
		}
		n++
	}
	w.dug = w.dug[n:]
}

func (w *walks) bury(key graveKey, g grave) {
	if w.graves == nil {
		w.graves = map[graveKey][]grave{}
	}
	w.graves[key] = append(w.graves[key], g)
	w.dug = append(w.dug, dug{key, g.version})
}

// grave finds the object that a link was made for.
func (w *walks) grave(space uint64, l link) (grave, bool) {
	list := w.graves[graveKey{space, l.at}]
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].object.identity == l.identity {
			return list[i], true
		}
	}
	return grave{}, false
}

// space is the address space that an address of the walk belongs to.
func (w *Walker) space(at Address) uint64 {
	if at >= processNodes {
		return 0
	}
	return w.seq
}

// identity names an object for ever: a process by its creation number, what it owns by its ordinal besides.
func identity(seq, ord uint64) uint64 { return seq<<32 | ord }

// resident returns who lives at an address, in the space of the process with creation number seq.
func (k *Kernel) resident(seq uint64, at Address) (object, bool) {
	switch {
	case at == processHead:
		o := object{kind: KindHead, next: link{processHead, 0}}
		if _, p := k.procs.first(); p != nil {
			o.next = linkTo(*p)
		}
		return o, true
	case at >= threadNodes && at < processHead:
		who := k.threadPool.at(uint64(at-threadNodes) / systemNode)
		if who.ord == 0 || at%systemNode != 0 {
			return object{}, false
		}
		p := k.processPool.residents[who.process]
		return k.threadObject(p, uint64(who.ord), p.threads.find(uint64(who.ord))), true
	case at >= processNodes && at < threadNodes:
		p := k.processPool.at(uint64(at-processNodes) / systemNode)
		switch {
		case p != nil && at%systemNode == 0:
			return k.processObject(p), true
		case p != nil && at%systemNode == threadHead:
			return headObject(p, p.firstThreadLink()), true
		}
		return object{}, false
	}
	p := k.byPID(seq)
	if p == nil {
		return object{}, false
	}
	return k.inside(p, at)
}

// byPID finds a living process by creation number.
func (k *Kernel) byPID(seq uint64) *process {
	if p := k.procs.find(seq); p != nil {
		return *p
	}
	return nil
}

// inside returns who lives at an address of a process's own.
func (k *Kernel) inside(p *process, at Address) (object, bool) {
	switch at {
	case moduleHead:
		return headObject(p, p.moduleLink(0)), true
	case heapHead:
		o := headObject(p, link{heapHead, p.seq})
		if _, h := p.heaps.first(); h != nil && p.started {
			o.next = link{(*h).base, identity(p.seq, (*h).ord)}
		}
		return o, true
	}
	if at >= moduleNodes && at < heaps64 {
		for key, m := p.modules.first(); m != nil; key, m = p.modules.after(key) {
			if moduleAddress(m.slot) == at && !m.data {
				return p.moduleObject(key, m), true
			}
		}
		return object{}, false
	}
	if _, h := p.heap(at); h != nil {
		return p.heapObject(h), true
	}
	return object{}, false
}

func headObject(p *process, next link) object {
	return object{kind: KindHead, owner: p.pid, seq: p.seq, identity: p.seq, next: next}
}

func linkTo(p *process) link { return link{processAddress(p.slot), p.seq} }

func (p *process) firstThreadLink() link {
	if ord, t := p.threads.first(); t != nil {
		return link{threadAddress(t.slot), identity(p.seq, ord)}
	}
	return link{processAddress(p.slot) + threadHead, p.seq}
}

// moduleLink is the link to the first listed module behind the one with that key.
func (p *process) moduleLink(key uint64) link {
	if p.started {
		for key, m := p.modules.after(key); m != nil; key, m = p.modules.after(key) {
			if !m.data {
				return link{moduleAddress(m.slot), identity(p.seq, key)}
			}
		}
	}
	return link{moduleHead, p.seq}
}

func (k *Kernel) processObject(p *process) object {
	o := object{kind: KindProcess, owner: p.pid, seq: p.seq, id: uint64(p.pid), identity: p.seq, name: p.image.Name(), next: link{processHead, 0}}
	if _, q := k.procs.after(p.seq); q != nil {
		o.next = linkTo(*q)
	}
	return o
}

func (k *Kernel) threadObject(p *process, ord uint64, t *thread) object {
	o := object{kind: KindThread, owner: p.pid, seq: p.seq, id: uint64(t.id), identity: identity(p.seq, ord),
		next: link{processAddress(p.slot) + threadHead, p.seq}}
	if ord, u := p.threads.after(ord); u != nil {
		o.next = link{threadAddress(u.slot), identity(p.seq, ord)}
	}
	return o
}

func (p *process) moduleObject(key uint64, m *module) object {
	return object{kind: KindModule, owner: p.pid, seq: p.seq, id: uint64(m.base), identity: identity(p.seq, key), name: m.img.Name(),
		next: p.moduleLink(key)}
}

func (p *process) heapObject(h *heap) object {
	o := object{kind: KindHeap, owner: p.pid, seq: p.seq, id: uint64(h.base), identity: identity(p.seq, h.ord), next: link{heapHead, p.seq}}
	if _, g := p.heaps.after(h.ord); g != nil {
		o.next = link{(*g).base, identity(p.seq, (*g).ord)}
	}
	return o
}

// The bury functions note an object that is about to be freed. They are called only while a walk is open.

func (k *Kernel) buryObject(space uint64, at Address, o object, verb string) {
	k.walks.bury(graveKey{space, at}, grave{o, verb, k.version + 1})
}

func (k *Kernel) buryThread(p *process, ord uint32, t *thread, verb string) {
	k.buryObject(0, threadAddress(t.slot), k.threadObject(p, uint64(ord), t), verb)
}

func (k *Kernel) buryModule(p *process, key uint64, m *module, verb string) {
	if !m.data {
		k.buryObject(p.seq, moduleAddress(m.slot), p.moduleObject(key, m), verb)
	}
}

func (k *Kernel) buryHeap(p *process, h *heap, verb string) {
	k.buryObject(p.seq, h.base, p.heapObject(h), verb)
}

// buryProcess buries a process with all it owns, and its list heads, which are empty by then.
func (k *Kernel) buryProcess(p *process, verb string) {
	k.buryObject(0, processAddress(p.slot), k.processObject(p), verb)
	for ord, t := p.threads.first(); t != nil; ord, t = p.threads.after(ord) {
		k.buryThread(p, uint32(ord), t, verb)
	}
	head := processAddress(p.slot) + threadHead
	k.buryObject(0, head, headObject(p, link{head, p.seq}), verb)
	for key, m := p.modules.first(); m != nil && p.started; key, m = p.modules.after(key) {
		k.buryModule(p, key, m, verb)
	}
	k.buryObject(p.seq, moduleHead, headObject(p, link{moduleHead, p.seq}), verb)
	for ord, h := p.heaps.first(); h != nil && p.started; ord, h = p.heaps.after(ord) {
		k.buryHeap(p, *h, verb)
	}
	k.buryObject(p.seq, heapHead, headObject(p, link{heapHead, p.seq}), verb)
}
