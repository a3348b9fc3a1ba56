package shop

import "testing"

func newShop(t *testing.T) *Shop {
	s := &Shop{shelf: &shelf{gen: 1, labels: make([]string, 0, 4)}, own: 1}
	s.deal = func() {
		if s.mu.TryLock() {
			t.Error("not locked")
			s.mu.Unlock()
		}
	}
	return s
}

func TestSell(t *testing.T) {
	s := newShop(t)
	if s.Sell(2) != 2 || s.Sell(3) != 3 || s.Sold() != 5 || s.shelf.goods[0] != -5 {
		t.Fatal(s.Sold())
	}
}

func TestPut(t *testing.T) {
	s := newShop(t)
	old, last, same := s.shelf, s.Last(), s.Same()
	if s.Put("a") != old {
		t.Fatal("copied")
	}
	s.Freeze()
	if s.Put("b") == old || len(old.labels) != 0 || old.labels[:1][0] != "" || s.shelf.labels[0] != "b" || s.shelf.gen != 2 {
		t.Fatal("not copied")
	}
	if old.goods[1]++; last.goods[1] != 0 || same.goods[1] != 0 {
		t.Fatal("shared")
	}
}

func TestCount(t *testing.T) {
	for want, list := range [][]int{{}, {1, -1}, {1, 1, -1}} {
		if got := Count(list); got != want && want > 0 || got == 0 {
			t.Fatal(list, got)
		}
	}
}

// TestBroken fails whatever is done to the shop.
func TestBroken(t *testing.T) { t.Fatal(newShop(t).Sold()) }
