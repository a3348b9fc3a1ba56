package sim

// Leaves are walked by for n := l.leaf(); n != nil; n = l.next(n). Most lists are one leaf.

// leaf returns the first leaf, or nil.
func (l *list[T]) leaf() *node[T] {
	n := l.root
	for n != nil && !n.leaf() {
		n = n.inner.kids[0]
	}
	return n
}

// next returns the leaf to the right of leaf n, or nil.
func (l *list[T]) next(n *node[T]) *node[T] {
	if n == l.root {
		return nil
	}
	return l.right(n.items[len(n.items)-1].key)
}

// right returns the leaf to the right of the one that holds key.
func (l *list[T]) right(key uint64) *node[T] {
	var right *node[T]
	for n := l.root; !n.leaf(); {
		i := n.inner.way(key)
		if i+1 < n.inner.n {
			right = n.inner.kids[i+1]
		}
		n = n.inner.kids[i]
	}
	for right != nil && !right.leaf() {
		right = right.inner.kids[0]
	}
	return right
}

// around returns the entry of a key that is there and its neighbours, nil at the ends.
func (l *list[T]) around(key uint64) (prev, this, next *item[T]) {
	n, i := l.seek(key)
	this = &n.items[i]
	if i > 0 {
		prev = &n.items[i-1]
	} else if left := l.left(key); left != nil {
		prev = &left.items[len(left.items)-1]
	}
	if i+1 < len(n.items) {
		next = &n.items[i+1]
	} else if right := l.right(key); right != nil {
		next = &right.items[0]
	}
	return prev, this, next
}

// left returns the leaf to the left of the one that holds key.
func (l *list[T]) left(key uint64) *node[T] {
	var left *node[T]
	for n := l.root; !n.leaf(); {
		i := n.inner.way(key)
		if i > 0 {
			left = n.inner.kids[i-1]
		}
		n = n.inner.kids[i]
	}
	for left != nil && !left.leaf() {
		left = left.inner.kids[left.inner.n-1]
	}
	return left
}

// after returns the entry with the lowest key above key.
func (l *list[T]) after(key uint64) (uint64, *T) {
	if l.root == nil {
		return 0, nil
	}
	n, i := l.seek(key)
	if i < len(n.items) && n.items[i].key == key {
		i++
	}
	if i == len(n.items) {
		if n, i = l.right(key), 0; n == nil {
			return 0, nil
		}
	}
	return n.items[i].key, &n.items[i].val
}

// first returns the entry with the lowest key.
func (l *list[T]) first() (uint64, *T) {
	n := l.root
	if n == nil {
		return 0, nil
	}
	for !n.leaf() {
		n = n.inner.kids[0]
	}
	return n.items[0].key, &n.items[0].val
}

// each calls f with every node, inner ones too.
func (n *node[T]) each(f func(*node[T])) {
	if n == nil {
		return
	}
	f(n)
	if n.leaf() {
		return
	}
	for _, kid := range n.inner.kids[:n.inner.n] {
		kid.each(f)
	}
}
