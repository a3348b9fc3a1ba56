package sim

// fan is the most entries a node holds. 16 is the knee between walking speed and bytes copied.
const fan = 16

// A node of a list: a leaf holds values, an inner node holds kids. Never both.
//
// The whole rule of copy on write: a node whose generation is below the threshold of the list it
// stands in can be seen by a snapshot and is never written again; owned copies it first.
type node[T any] struct {
	gen   uint64
	items []item[T] // of a leaf
	inner *inner[T] // nil in a leaf
}

type item[T any] struct {
	key uint64
	val T
}

// inner is the rest of an inner node. Kid i holds the keys from keys[i] on, up to those of kid i+1.
type inner[T any] struct {
	n    int
	keys [fan]uint64 // all ones from n on
	kids [fan]*node[T]
}

// A list is an ordered map from ascending 64-bit keys to values: a B+tree whose nodes carry the
// generation that wrote them. Copying the header is taking a snapshot, provided the threshold is raised.
type list[T any] struct {
	root  *node[T]
	count int32
}

// A writer says which nodes may be written in place and counts what had to be copied instead.
type writer struct {
	version Version
	own     uint64 // nodes of an older generation belong to a snapshot
	count   Counters
}

// gen is the current generation, stamped on every node made: one more than the version that the change under way will
// make, since generation 1 is that of the boot and 0 that of nodes which nobody may write.
func (w *writer) gen() uint64 { return uint64(w.version) + 2 }

func (w *writer) copied(bytes uintptr) {
	w.count.NodesCopied++
	w.count.BytesCopied += uint64(bytes)
}

// owned returns n itself when it may be written in place and has room for that many entries, else a
// copy that takes its place. This is the only door to writing a node. What leads to an owned node is owned.
func owned[T any](w *writer, own uint64, n *node[T], room int) *node[T] {
	if n.gen >= own && (room <= cap(n.items) || !n.leaf()) {
		return n
	}
	return replaced(w, own, n, room)
}

func replaced[T any](w *writer, own uint64, n *node[T], room int) *node[T] {
	var c *node[T]
	if n.leaf() {
		c = newLeaf[T](w.gen(), max(room, len(n.items)))
		c.items = append(c.items, n.items...)
	} else {
		c = newInner[T](w.gen())
		*c.inner = *n.inner
	}
	if n.gen < own {
		w.copied(c.bytes())
	} else {
		w.count.NodesMade++
	}
	return c
}

// below counts the items whose key is smaller than key: where key stands or belongs. What is young is
// the last. Elsewhere a guess comes first: ordinals stand close together, addresses are spread evenly.
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
	d := key - items[0].key
	if d >= uint64(n) {
		d /= (items[n-1].key-items[0].key)/uint64(n) + 1
	}
	i := int(d)
	for items[i].key < key {
		i++
	}
	for items[i-1].key >= key {
		i--
	}
	return i
}

// way is the kid under which key stands or belongs.
func (n *inner[T]) way(key uint64) int {
	key = min(key, noKey-1) // nothing is ever kept under noKey
	i := 0
	for _, k := range n.keys[1:] {
		if k <= key {
			i++
		}
	}
	return i
}

// seek returns the leaf where key stands or belongs, and where in it.
func (l *list[T]) seek(key uint64) (*node[T], int) {
	n := l.root
	for !n.leaf() {
		n = n.inner.kids[n.inner.way(key)]
	}
	return n, below(n.items, key)
}

// find returns the value of key, or nil. What it points to must not be written.
func (l *list[T]) find(key uint64) *T {
	if l.root == nil {
		return nil
	}
	n, i := l.seek(key)
	if i < len(n.items) && n.items[i].key == key {
		return &n.items[i].val
	}
	return nil
}

// edit returns the value of a key that is there, to be written in place.
func (l *list[T]) edit(w *writer, own uint64, key uint64) *T {
	if n, i := l.seek(key); n.gen >= own {
		return &n.items[i].val
	}
	for at := &l.root; ; {
		n := owned(w, own, *at, 0)
		*at = n
		if n.leaf() {
			return &n.items[below(n.items, key)].val
		}
		at = &n.inner.kids[n.inner.way(key)]
	}
}

// insert adds a key that is not there and returns its value, zero, to be written.
func (l *list[T]) insert(w *writer, own uint64, key uint64) *T {
	l.count++
	n := l.root
	if n == nil {
		l.root = newLeaf[T](w.gen(), 1)
		w.count.NodesMade++
		return l.root.append(key)
	}
	for !n.leaf() { // lists grow at the right edge
		n = n.inner.kids[n.inner.n-1]
	}
	if n.gen >= own && len(n.items) < cap(n.items) && n.items[len(n.items)-1].key < key {
		return n.append(key)
	}
	n = l.root
	left, right := insert(w, own, n, key)
	l.root = left
	if right != nil {
		l.root = newInner[T](w.gen())
		l.root.put(0, left.low(), left)
		l.root.put(1, right.low(), right)
		w.count.NodesMade++
	}
	return l.find(key)
}

// insert returns n or its copy, and the node split off to its right if it was full.
func insert[T any](w *writer, own uint64, n *node[T], key uint64) (left, right *node[T]) {
	var more *node[T]
	i := 0
	if n.leaf() {
		i = below(n.items, key)
	} else {
		n = owned(w, own, n, 0)
		in := n.inner
		i = in.way(key)
		in.keys[i] = min(in.keys[i], key) // only ever lower at the left edge
		in.kids[i], more = insert(w, own, in.kids[i], key)
		if more == nil {
			return n, nil
		}
		i, key = i+1, more.low()
	}
	size := n.size()
	if size < fan {
		n = owned(w, own, n, size+1)
		n.put(i, key, more)
		return n, nil
	}
	n, right = split(w, own, n, i)
	if size = n.size(); i < size {
		n.put(i, key, more)
	} else {
		right.put(i-size, key, more)
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
		right = newLeaf[T](w.gen(), fan)
		right.items = append(right.items, n.items[half:]...)
		if half < fan {
			clear(n.items[half:])
			n.items = n.items[:half]
		}
		return n, right
	}
	right = newInner[T](w.gen())
	for j := half; j < fan; j++ {
		right.put(j-half, n.inner.keys[j], n.inner.kids[j])
	}
	for n.inner.n > half {
		n.take(n.inner.n - 1)
	}
	return n, right
}

// remove takes out a key that is there.
func (l *list[T]) remove(w *writer, own uint64, key uint64) {
	l.count--
	if n, i := l.seek(key); n.gen >= own && (len(n.items) > fan/4+1 || n == l.root && len(n.items) > 1) {
		n.take(i)
		return
	}
	n := remove(w, own, l.root, key)
	for !n.leaf() && n.inner.n == 1 {
		n = n.inner.kids[0]
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
	in := n.inner
	i := in.way(key)
	less := remove(w, own, in.kids[i], key)
	in.kids[i] = less
	switch size := less.size(); {
	case size == 0:
		n.take(i)
	case size <= fan/4:
		// A node a quarter full moves in with a neighbour, so that ageing lists stay dense.
		if i > 0 && size+in.kids[i-1].size() <= fan*3/4 {
			join(w, own, n, i-1)
		} else if i+1 < in.n && size+in.kids[i+1].size() <= fan*3/4 {
			join(w, own, n, i)
		}
	}
	return n
}

// join moves the entries of kid i+1 of the owned node n into kid i.
func join[T any](w *writer, own uint64, n *node[T], i int) {
	a, b := n.inner.kids[i], n.inner.kids[i+1]
	a = owned(w, own, a, a.size()+b.size())
	if a.leaf() {
		a.items = append(a.items, b.items...)
	} else {
		for j := range b.inner.n {
			a.put(a.inner.n, b.inner.keys[j], b.inner.kids[j])
		}
	}
	n.inner.kids[i] = a
	n.take(i + 1)
}
