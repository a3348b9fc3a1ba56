package sim

// Leaves are walked by for n := l.leaf(); n != nil; n = l.next(n). Most lists are one leaf.

// leaf returns the first leaf, or nil.
func (l *list[T]) leaf() *node[T] {
	n := l.root
	for n != nil && !n.leaf() {
		n = n.kids[0].node
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
		i := way(n.kids, key)
		if i+1 < len(n.kids) {
			right = n.kids[i+1].node
		}
		n = n.kids[i].node
	}
	for right != nil && !right.leaf() {
		right = right.kids[0].node
	}
	return right
}

// after returns the entry with the lowest key above key.
func (l *list[T]) after(key uint64) (uint64, *T) {
	n := l.root
	if n == nil {
		return 0, nil
	}
	var right *node[T] // the subtree that follows the path, if any
	for !n.leaf() {
		i := way(n.kids, key)
		if i+1 < len(n.kids) {
			right = n.kids[i+1].node
		}
		n = n.kids[i].node
	}
	i := below(n.items, key)
	if i < len(n.items) && n.items[i].key == key {
		i++
	}
	if i < len(n.items) {
		return n.items[i].key, &n.items[i].val
	}
	if right == nil {
		return 0, nil
	}
	for !right.leaf() {
		right = right.kids[0].node
	}
	return right.items[0].key, &right.items[0].val
}

// before returns the entry with the highest key below key.
func (l *list[T]) before(key uint64) (uint64, *T) {
	n := l.root
	if n == nil {
		return 0, nil
	}
	var left *node[T]
	for !n.leaf() {
		i := way(n.kids, key)
		if i > 0 {
			left = n.kids[i-1].node
		}
		n = n.kids[i].node
	}
	if i := below(n.items, key); i > 0 {
		return n.items[i-1].key, &n.items[i-1].val
	}
	if left == nil {
		return 0, nil
	}
	for !left.leaf() {
		left = left.kids[len(left.kids)-1].node
	}
	e := &left.items[len(left.items)-1]
	return e.key, &e.val
}

// first returns the entry with the lowest key.
func (l *list[T]) first() (uint64, *T) {
	n := l.root
	if n == nil {
		return 0, nil
	}
	for !n.leaf() {
		n = n.kids[0].node
	}
	return n.items[0].key, &n.items[0].val
}

// each calls f with every node, inner ones too.
func (n *node[T]) each(f func(*node[T])) {
	if n == nil {
		return
	}
	f(n)
	for i := range n.kids {
		n.kids[i].each(f)
	}
}
