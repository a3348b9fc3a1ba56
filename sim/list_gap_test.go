package sim

import "testing"

// TestNeighboursInADeepList goes both ways through lists of up to four levels, so that a neighbour may stand under another branch at every
// level. The lists that are drawn at random seldom have three.
func TestNeighboursInADeepList(t *testing.T) {
	w := &writer{own: 1}
	var l list[int]
	const n = 3 * fan * fan * fan
	for key := range uint64(n) {
		*l.insert(w, w.own, 2*key+2) = int(key)
	}
	levels := 1
	for at := l.root; !at.leaf(); at = at.inner.kids[0] {
		levels++
	}
	if levels != 4 {
		t.Fatalf("%d levels, want 4", levels)
	}
	for key := range uint64(n) {
		leaf, i := l.seek(2*key + 2)
		this := spot[int]{leaf, i}
		prev, next := l.prev(this), l.following(this)
		if (prev.n == nil) != (key == 0) || (next.n == nil) != (key == n-1) {
			t.Fatalf("beside entry %d of %d stand %v and %v", key, n, prev, next)
		}
		if prev.n != nil && prev.item().val != int(key)-1 || next.n != nil && next.item().val != int(key)+1 {
			t.Fatalf("beside entry %d stand %v and %v", key, prev.item(), next.item())
		}
	}
}
