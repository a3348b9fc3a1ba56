package sim

import "unsafe"

// Sharing counts the nodes of two states: lists, processes, heaps and pages of memory.
type Sharing struct {
	Nodes, Bytes           uint64 // reached from both
	NodesOnlyA, BytesOnlyA uint64
	NodesOnlyB, BytesOnlyB uint64
}

// Shared counts what two states have in common and what each keeps alive alone. It costs a walk of both.
func Shared(a, b *State) Sharing {
	inA := map[unsafe.Pointer]uintptr{}
	a.nodes(func(p unsafe.Pointer, bytes uintptr) { inA[p] = bytes })
	var s Sharing
	b.nodes(func(p unsafe.Pointer, bytes uintptr) {
		if _, ok := inA[p]; ok {
			s.Nodes++
			s.Bytes += uint64(bytes)
			delete(inA, p)
			return
		}
		s.NodesOnlyB++
		s.BytesOnlyB += uint64(bytes)
	})
	for _, bytes := range inA {
		s.NodesOnlyA++
		s.BytesOnlyA += uint64(bytes)
	}
	return s
}

// nodes calls f once for every node that the state reaches.
func (s *State) nodes(f func(unsafe.Pointer, uintptr)) {
	lent := map[unsafe.Pointer]bool{} // generation 0: reached from many processes
	s.procs.root.each(func(n *node[*process]) {
		f(unsafe.Pointer(n), n.bytes())
		for _, e := range n.items {
			p := e.val
			f(unsafe.Pointer(p), processBytes)
			visit(p.threads.root, lent, f)
			visit(p.modules.root, lent, f)
			visit(p.heaps.root, lent, f)
			visit(p.memory.root, lent, f)
			p.memory.root.each(func(n *node[*page]) {
				for _, e := range n.items {
					f(unsafe.Pointer(e.val), unsafe.Sizeof(*e.val))
				}
			})
			p.heaps.root.each(func(n *node[*heap]) {
				for _, e := range n.items {
					h := e.val
					if h.gen > 0 {
						f(unsafe.Pointer(h), heapBytes)
					}
					visit(h.blocks.root, lent, f)
				}
			})
		}
	})
}

func visit[T any](root *node[T], lent map[unsafe.Pointer]bool, f func(unsafe.Pointer, uintptr)) {
	root.each(func(n *node[T]) {
		p := unsafe.Pointer(n)
		if n.gen == 0 {
			if lent[p] {
				return
			}
			lent[p] = true
		}
		f(p, n.bytes())
	})
}
