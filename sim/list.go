package sim

import "unsafe"

// fan is the most entries a node holds. 16 is the knee between walking speed and bytes copied.
const fan = 16

// A node of a list: a leaf holds values, an inner node holds kids. Never both.
//
// The whole rule of copy on write: a node whose generation is below the threshold of the list it
// stands in can be seen by a snapshot and is never written again; owned copies it first.
type node[T any] struct {
	gen   uint64
	items []item[T] // nil in an inner node
	kids  []kid[T]  // nil in a leaf
}

type item[T any] struct {
	key uint64
	val T
}

// A kid holds the keys from its key on, up to that of the kid to its right.
type kid[T any] struct {
	key uint64
	*node[T]
}

// A list is an ordered map from ascending 64-bit keys to values: a B+tree whose nodes carry the
// generation that wrote them. Copying the header is taking a snapshot, provided the threshold is raised.
type list[T any] struct {
	root  *node[T]
	count int32
}

// A writer says which nodes may be written in place and counts what had to be copied instead.
type writer struct {
	tag   uint64 // the current generation: stamped on every node made
	own   uint64 // nodes of an older generation belong to a snapshot
	count Counters
}

func (w *writer) copied(bytes uintptr) {
	w.count.NodesCopied++
	w.count.BytesCopied += uint64(bytes)
}

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
	inner8[T any] struct {
		node[T]
		v [8]kid[T]
	}
	inner16[T any] struct {
		node[T]
		v [fan]kid[T]
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

func newInner[T any](gen uint64, room int) *node[T] {
	if room <= 8 {
		l := &inner8[T]{node: node[T]{gen: gen}}
		l.kids = l.v[:0]
		return &l.node
	}
	l := &inner16[T]{node: node[T]{gen: gen}}
	l.kids = l.v[:0]
	return &l.node
}

func (n *node[T]) leaf() bool { return n.items != nil }

// size is the number of entries, room how many there can be.
func (n *node[T]) size() int { return len(n.items) + len(n.kids) }
func (n *node[T]) room() int { return cap(n.items) + cap(n.kids) }

// low is the lowest key of a node that is not empty, or a bound below it.
func (n *node[T]) low() uint64 {
	if n.leaf() {
		return n.items[0].key
	}
	return n.kids[0].key
}

// bytes is the size of the node with its arrays.
func (n *node[T]) bytes() uintptr {
	return unsafe.Sizeof(*n) + uintptr(cap(n.items))*unsafe.Sizeof(item[T]{}) + uintptr(cap(n.kids))*unsafe.Sizeof(kid[T]{})
}

// owned returns n itself when it may be written in place and has room for that many entries, else a
// copy that takes its place. This is the only door to writing a node.
func owned[T any](w *writer, own uint64, n *node[T], room int) *node[T] {
	if n.gen >= own && room <= n.room() {
		return n
	}
	return replaced(w, own, n, room)
}

func replaced[T any](w *writer, own uint64, n *node[T], room int) *node[T] {
	var c *node[T]
	if room = max(room, n.size()); n.leaf() {
		c = newLeaf[T](w.tag, room)
		c.items = append(c.items, n.items...)
	} else {
		c = newInner[T](w.tag, room)
		c.kids = append(c.kids, n.kids...)
	}
	if n.gen < own {
		w.copied(c.bytes())
	} else {
		w.count.NodesMade++
	}
	return c
}

// below counts the items whose key is smaller than key: where key stands or belongs. What is young is
// the last. Ordinals stand close together, so that their distance from the first is a good guess, never too low.
func below[T any](items []item[T], key uint64) int {
	n := len(items)
	switch {
	case n == 0:
		return 0
	case key >= items[n-1].key:
		if key > items[n-1].key {
			return n
		}
		return n - 1
	case key <= items[0].key:
		return 0
	}
	if d := key - items[0].key; d < uint64(n) {
		i := int(d)
		for items[i-1].key >= key {
			i--
		}
		return i
	}
	i := 0
	for j := range items {
		if items[j].key < key {
			i++
		}
	}
	return i
}

// way is the kid of an inner node under which key stands or belongs.
func way[T any](kids []kid[T], key uint64) int {
	i := 0
	for j := range kids[1:] {
		if kids[j+1].key <= key {
			i++
		}
	}
	return i
}

// find returns the value of key, or nil. What it points to must not be written.
func (l *list[T]) find(key uint64) *T {
	n := l.root
	if n == nil {
		return nil
	}
	for !n.leaf() {
		n = n.kids[way(n.kids, key)].node
	}
	if i := below(n.items, key); i < len(n.items) && n.items[i].key == key {
		return &n.items[i].val
	}
	return nil
}

// edit returns the value of a key that is there, to be written in place: the path to it is owned.
func (l *list[T]) edit(w *writer, own uint64, key uint64) *T {
	at := &l.root
	for {
		n := owned(w, own, *at, 0)
		*at = n
		if n.leaf() {
			return &n.items[below(n.items, key)].val
		}
		at = &n.kids[way(n.kids, key)].node
	}
}

// insert adds a key that is not there and returns its value, zero, to be written.
func (l *list[T]) insert(w *writer, own uint64, key uint64) *T {
	l.count++
	n := l.root
	if n != nil && n.leaf() && n.gen >= own && len(n.items) < cap(n.items) && n.items[len(n.items)-1].key < key {
		return n.append(key)
	}
	if n == nil {
		l.root = newLeaf[T](w.tag, 1)
		w.count.NodesMade++
		return l.root.append(key)
	}
	left, right := insert(w, own, n, key)
	l.root = left
	if right != nil {
		l.root = newInner[T](w.tag, fan)
		l.root.kids = append(l.root.kids, kid[T]{left.low(), left}, kid[T]{right.low(), right})
		w.count.NodesMade++
	}
	return l.find(key)
}

// append adds the highest key to an owned leaf with room.
func (n *node[T]) append(key uint64) *T {
	i := len(n.items)
	n.items = n.items[:i+1]
	e := &n.items[i]
	e.key = key
	return &e.val
}

// insert returns n or its copy, and the node split off to its right if it was full.
func insert[T any](w *writer, own uint64, n *node[T], key uint64) (left, right *node[T]) {
	var more *node[T]
	i := 0
	if n.leaf() {
		i = below(n.items, key)
	} else {
		i = way(n.kids, key)
		n = owned(w, own, n, 0)
		k := &n.kids[i]
		k.key = min(k.key, key) // only ever lower at the left edge
		k.node, more = insert(w, own, k.node, key)
		if more == nil {
			return n, nil
		}
		i, key = i+1, more.low()
	}
	if n.size() < fan {
		n = owned(w, own, n, n.size()+1)
		n.put(i, key, more)
		return n, nil
	}
	n, right = split(w, own, n, i)
	if i < n.size() {
		n.put(i, key, more)
	} else {
		right.put(i-n.size(), key, more)
	}
	return n, right
}

// split makes room in a full node for an entry at i. At the right edge, where lists grow, the node stays full.
func split[T any](w *writer, own uint64, n *node[T], i int) (left, right *node[T]) {
	w.count.NodesMade++
	half := fan / 2
	if i == fan {
		half = fan
	} else {
		n = owned(w, own, n, fan)
	}
	if n.leaf() {
		right = newLeaf[T](w.tag, fan)
		right.items = append(right.items, n.items[half:]...)
	} else {
		right = newInner[T](w.tag, fan)
		right.kids = append(right.kids, n.kids[half:]...)
	}
	if half < fan {
		n.cut(half)
	}
	return n, right
}

// cut drops the entries of an owned node from i on.
func (n *node[T]) cut(i int) {
	if n.leaf() {
		clear(n.items[i:])
		n.items = n.items[:i]
		return
	}
	clear(n.kids[i:])
	n.kids = n.kids[:i]
}

// put adds an entry to an owned node with room: a kid, or in a leaf the zero value.
func (n *node[T]) put(i int, key uint64, more *node[T]) {
	if more != nil {
		n.kids = n.kids[:len(n.kids)+1]
		copy(n.kids[i+1:], n.kids[i:])
		n.kids[i] = kid[T]{key, more}
		return
	}
	n.items = n.items[:len(n.items)+1]
	copy(n.items[i+1:], n.items[i:])
	n.items[i] = item[T]{key: key}
}

// remove takes out a key that is there.
func (l *list[T]) remove(w *writer, own uint64, key uint64) {
	l.count--
	n := remove(w, own, l.root, key)
	for !n.leaf() && len(n.kids) == 1 {
		n = n.kids[0].node
	}
	if n.size() == 0 {
		n = nil
	}
	l.root = n
}

func remove[T any](w *writer, own uint64, n *node[T], key uint64) *node[T] {
	n = owned(w, own, n, 0)
	if n.leaf() {
		n.take(below(n.items, key))
		return n
	}
	i := way(n.kids, key)
	less := remove(w, own, n.kids[i].node, key)
	n.kids[i].node = less
	switch size := less.size(); {
	case size == 0:
		n.take(i)
	case size <= fan/4:
		// A node a quarter full moves in with a neighbour, so that ageing lists stay dense.
		if i > 0 && size+n.kids[i-1].size() <= fan*3/4 {
			join(w, own, n, i-1)
		} else if i+1 < len(n.kids) && size+n.kids[i+1].size() <= fan*3/4 {
			join(w, own, n, i)
		}
	}
	return n
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
	last := len(n.kids) - 1
	copy(n.kids[i:], n.kids[i+1:])
	n.kids[last] = kid[T]{}
	n.kids = n.kids[:last]
}

// join moves the entries of kid i+1 of the owned node n into kid i.
func join[T any](w *writer, own uint64, n *node[T], i int) {
	a, b := n.kids[i].node, n.kids[i+1].node
	a = owned(w, own, a, a.size()+b.size())
	if a.leaf() {
		a.items = append(a.items, b.items...)
	} else {
		a.kids = append(a.kids, b.kids...)
	}
	n.kids[i].node = a
	n.take(i + 1)
}
