package sim

import "unsafe"

// A node is allocated in one piece with its entries, in the smallest of a few sizes.
type (
	leaf1[T any] struct {
		node[T]
		v [1]item[T]
	}
	leaf2[T any] struct {
		node[T]
		v [2]item[T]
	}
	leaf4[T any] struct {
		node[T]
		v [4]item[T]
	}
	leaf8[T any] struct {
		node[T]
		v [8]item[T]
	}
	leaf12[T any] struct {
		node[T]
		v [12]item[T]
	}
	leaf16[T any] struct {
		node[T]
		v [fan]item[T]
	}
	inner16[T any] struct {
		node[T]
		rest inner[T]
	}
)

func newLeaf[T any](gen uint64, room int) *node[T] {
	var n *node[T]
	switch {
	case room <= 1:
		l := &leaf1[T]{}
		n, l.items = &l.node, l.v[:0]
	case room <= 2:
		l := &leaf2[T]{}
		n, l.items = &l.node, l.v[:0]
	case room <= 4:
		l := &leaf4[T]{}
		n, l.items = &l.node, l.v[:0]
	case room <= 8:
		l := &leaf8[T]{}
		n, l.items = &l.node, l.v[:0]
	case room <= 12:
		l := &leaf12[T]{}
		n, l.items = &l.node, l.v[:0]
	default:
		l := &leaf16[T]{}
		n, l.items = &l.node, l.v[:0]
	}
	n.gen = gen
	return n
}

func newInner[T any](gen uint64) *node[T] {
	n := &inner16[T]{}
	n.gen, n.inner = gen, &n.rest
	for i := range n.rest.keys {
		n.rest.keys[i] = noKey
	}
	return &n.node
}

const noKey = ^uint64(0)

func (n *node[T]) leaf() bool { return n.inner == nil }

// size is the number of entries.
func (n *node[T]) size() int {
	if n.leaf() {
		return len(n.items)
	}
	return n.inner.n
}

// low is the lowest key of a node that is not empty, or a bound below it.
func (n *node[T]) low() uint64 {
	if n.leaf() {
		return n.items[0].key
	}
	return n.inner.keys[0]
}

// bytes is the size of the node with its entries.
func (n *node[T]) bytes() uintptr {
	if n.leaf() {
		return unsafe.Sizeof(*n) + uintptr(cap(n.items))*unsafe.Sizeof(item[T]{})
	}
	return unsafe.Sizeof(inner16[T]{})
}

// append adds the highest key to an owned leaf with room.
func (n *node[T]) append(key uint64) *T {
	i := len(n.items)
	n.items = n.items[:i+1]
	e := &n.items[i]
	e.key = key
	return &e.val
}

// put adds an entry to an owned node with room: a kid, or in a leaf the zero value.
func (n *node[T]) put(i int, key uint64, kid *node[T]) {
	if n.leaf() {
		n.items = n.items[:len(n.items)+1]
		copy(n.items[i+1:], n.items[i:])
		n.items[i] = item[T]{key: key}
		return
	}
	in := n.inner
	copy(in.keys[i+1:], in.keys[i:in.n])
	copy(in.kids[i+1:], in.kids[i:in.n])
	in.keys[i], in.kids[i] = key, kid
	in.n++
}

// take takes entry i out of an owned node.
func (n *node[T]) take(i int) {
	if n.leaf() {
		last := len(n.items) - 1
		copy(n.items[i:], n.items[i+1:])
		n.items[last] = item[T]{}
		n.items = n.items[:last]
		return
	}
	in := n.inner
	in.n--
	copy(in.keys[i:], in.keys[i+1:])
	copy(in.kids[i:], in.kids[i+1:])
	in.keys[in.n], in.kids[in.n] = noKey, nil
}
