package sim

// Leaves are walked by for c := l.walk(); c.leaf != nil; c.step(&l). Most lists are one leaf.
type walk[T any] struct {
	leaf *node[T]
	over *inner[T] // the inner node above the leaf, nil above a root
	i    int       // of the leaf in it
}

// walk returns a walk that stands at the first leaf, if there is one.
func (l *list[T]) walk() walk[T] {
	if l.root == nil || l.root.leaf() {
		return walk[T]{leaf: l.root}
	}
	return l.walkTo(0)
}

// walkTo returns a walk that stands at the leaf where key stands or belongs. The root is no leaf.
func (l *list[T]) walkTo(key uint64) walk[T] {
	w := walk[T]{leaf: l.root}
	for !w.leaf.leaf() {
		w.over = w.leaf.inner
		w.i = w.over.way(key)
		w.leaf = w.over.kids[w.i]
	}
	return w
}

// step goes to the next leaf. Only behind the last kid of an inner node does it search from the root.
func (w *walk[T]) step(l *list[T]) {
	if w.over == nil {
		w.leaf = nil
		return
	}
	if w.i++; w.i < w.over.n {
		w.leaf = w.over.kids[w.i]
		return
	}
	w.leap(l)
}

func (w *walk[T]) leap(l *list[T]) {
	right := l.right(w.leaf.items[len(w.leaf.items)-1].key)
	if right == nil {
		w.leaf = nil
		return
	}
	*w = l.walkTo(right.items[0].key)
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

// A spot is where an item stands. It is good until the list is changed elsewhere than through it.
type spot[T any] struct {
	n *node[T]
	i int
}

func (s spot[T]) item() *item[T] { return &s.n.items[s.i] }

// prev and next return the spots beside the one of a key; a nil node at the ends.
func (l *list[T]) prev(s spot[T]) spot[T] {
	if s.i > 0 {
		return spot[T]{s.n, s.i - 1}
	}
	if left := l.left(s.item().key); left != nil {
		return spot[T]{left, len(left.items) - 1}
	}
	return spot[T]{}
}

func (l *list[T]) following(s spot[T]) spot[T] {
	if s.i+1 < len(s.n.items) {
		return spot[T]{s.n, s.i + 1}
	}
	return spot[T]{l.right(s.item().key), 0}
}

// editAt is edit where the item has been found already.
func (l *list[T]) editAt(w *writer, own uint64, s spot[T]) *T {
	if s.n.gen >= own {
		return &s.item().val
	}
	return l.edit(w, own, s.item().key)
}

// removeAt is remove where the item has been found already. It returns true if spots to the left of it are still good.
func (l *list[T]) removeAt(w *writer, own uint64, s spot[T]) bool {
	if s.n.gen >= own && len(s.n.items) > fan/4+1 {
		l.count--
		s.n.take(s.i)
		return true
	}
	l.remove(w, own, s.item().key)
	return false
}

// spot returns where a key that is there stands.
func (l *list[T]) spot(key uint64) spot[T] {
	n, i := l.seek(key)
	return spot[T]{n, i}
}

// insertAfter is insert of a key that belongs behind a spot. No spot is good after it. Behind the last item of a leaf the key may
// belong to the next one, whose bound can be lower than its first item.
func (l *list[T]) insertAfter(w *writer, own uint64, s spot[T], key uint64) *T {
	if n := s.n; n.gen >= own && len(n.items) < cap(n.items) && s.i+1 < len(n.items) {
		l.count++
		n.put(s.i+1, key, nil)
		return &n.items[s.i+1].val
	}
	return l.insert(w, own, key)
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
