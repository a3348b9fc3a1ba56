package sim

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A shelf is the plain slice that the list is checked against.
type shelf struct {
	keys []uint64
	vals []int
}

func (s shelf) clone() shelf { return shelf{slices.Clone(s.keys), slices.Clone(s.vals)} }

// read collects a list in every way there is to walk it.
func read(t *rapid.T, l list[int]) shelf {
	var s shelf
	for c := l.walk(); c.leaf != nil; c.step(&l) {
		for _, e := range c.leaf.items {
			s.keys, s.vals = append(s.keys, e.key), append(s.vals, e.val)
		}
	}
	var up []uint64
	for key, v := l.first(); v != nil; key, v = l.after(key) {
		up = append(up, key)
		if got := l.find(key); got == nil || *got != *v {
			t.Fatalf("find(%d) = %v, want %d", key, got, *v)
		}
	}
	if !slices.Equal(up, s.keys) {
		t.Fatalf("after walks %v, leaves walk %v", up, s.keys)
	}
	for i, key := range up {
		n, j := l.seek(key)
		this := spot[int]{n, j}
		prev, next := l.prev(this), l.following(this)
		switch {
		case this.item().key != key, (prev.n == nil) != (i == 0), (next.n == nil) != (i == len(up)-1):
			t.Fatalf("beside %d stand %v and %v", key, prev, next)
		case prev.n != nil && prev.item().key != up[i-1], next.n != nil && next.item().key != up[i+1]:
			t.Fatalf("beside %d stand %v and %v, want %d and %d", key, prev, next, up[max(i-1, 0)], up[min(i+1, len(up)-1)])
		}
	}
	if int(l.count) != len(s.keys) {
		t.Fatalf("count %d, walked %d", l.count, len(s.keys))
	}
	return s
}

func TestListIsASortedSliceAndFrozenOnesNeverMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &writer{own: 1}
		var l list[int]
		var want shelf
		type kept struct {
			l    list[int]
			want shelf
		}
		var frozen []kept
		next := uint64(100)
		steps := rapid.IntRange(1, 400).Draw(t, "steps")
		for i := range steps {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0, 1, 2, 3: // at the end, as lists grow
				next += uint64(rapid.IntRange(1, 3).Draw(t, "gap"))
				*l.insert(w, w.own, next) = i
				want.keys, want.vals = append(want.keys, next), append(want.vals, i)
			case 4: // anywhere, as memory is written; or, knowing where, behind what stands there, as blocks are
				key := rapid.Uint64Range(1, next+50).Draw(t, "key")
				at, there := slices.BinarySearch(want.keys, key)
				if there {
					continue
				}
				next = max(next, key)
				if at > 0 && rapid.Bool().Draw(t, "behind") {
					n, j := l.seek(want.keys[at-1])
					*l.insertAfter(w, w.own, spot[int]{n, j}, key) = i
				} else {
					*l.insert(w, w.own, key) = i
				}
				want.keys, want.vals = slices.Insert(want.keys, at, key), slices.Insert(want.vals, at, i)
			case 5, 6, 7:
				if len(want.keys) == 0 {
					continue
				}
				at := rapid.IntRange(0, len(want.keys)-1).Draw(t, "out")
				if n, j := l.seek(want.keys[at]); rapid.Bool().Draw(t, "known") {
					l.removeAt(w, w.own, spot[int]{n, j})
				} else {
					l.remove(w, w.own, want.keys[at])
				}
				want.keys, want.vals = slices.Delete(want.keys, at, at+1), slices.Delete(want.vals, at, at+1)
			case 8:
				if len(want.keys) == 0 {
					continue
				}
				at := rapid.IntRange(0, len(want.keys)-1).Draw(t, "edit")
				if n, j := l.seek(want.keys[at]); rapid.Bool().Draw(t, "known") {
					*l.editAt(w, w.own, spot[int]{n, j}) = -i
				} else {
					*l.edit(w, w.own, want.keys[at]) = -i
				}
				want.vals[at] = -i
			case 9:
				frozen = append(frozen, kept{l, want.clone()})
				w.version++
				w.own = w.gen()
			}
		}
		for i, f := range append(frozen, kept{l, want}) {
			got := read(t, f.l)
			if !slices.Equal(got.keys, f.want.keys) || !slices.Equal(got.vals, f.want.vals) {
				t.Fatalf("list %d of %d reads\n%v\nwant\n%v", i, len(frozen), got, f.want)
			}
		}
	})
}

func TestListStaysDenseAsItAges(t *testing.T) {
	w := &writer{own: 1}
	var l list[int]
	const n = 100_000
	for i := range uint64(n) {
		l.insert(w, 1, i)
	}
	for i := range uint64(n) {
		if i%100 != 0 {
			l.remove(w, 1, i)
		}
	}
	nodes := 0
	l.root.each(func(*node[int]) { nodes++ })
	// 1,000 survivors: 250 leaves if each were a quarter full, and the inner nodes above.
	if nodes > 300 {
		t.Errorf("1,000 scattered survivors stand in %d nodes, want at most 300", nodes)
	}
}

func TestListGrowsInSmallPieces(t *testing.T) {
	for n := 1; n <= 2*fan; n++ {
		w := &writer{own: 1}
		var l list[int]
		for i := range n {
			*l.insert(w, 1, uint64(i)) = i
		}
		w.version, w.own = 1, 3
		before := w.count
		*l.edit(w, w.own, uint64(n-1)) = 7
		*l.edit(w, w.own, uint64(n-1)) = 8
		if copied := w.count.NodesCopied - before.NodesCopied; copied != uint64(1+min(1, (n-1)/fan)) {
			t.Errorf("%d entries: two edits of one entry copied %d nodes, want the path to it once", n, copied)
		}
	}
}
