// Package shop has one of everything that is mutated.
package shop

import (
	"slices"
	"sync"
)

type shelf struct {
	gen, own uint64
	goods    [2]int
	labels   []string
}

type Shop struct {
	mu    sync.Mutex
	own   uint64
	shelf *shelf
	sold  int
	idle  int
	deal  func() // called under the lock
}

func (s *Shop) begin() *shelf {
	s.mu.Lock()
	return s.shelf
}

func (s *Shop) end(n int) int {
	s.deal()
	s.sold += n
	s.mu.Unlock()
	return n
}

// Sell locks through begin and end.
func (s *Shop) Sell(n int) int {
	s.begin().goods[0] -= n
	return s.end(n)
}

// Sold locks by itself.
func (s *Shop) Sold() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deal()
	s.idle++ // nobody asks
	return s.sold
}

// Freeze raises a threshold.
func (s *Shop) Freeze() { s.own = s.shelf.gen + 1 }

// Put copies the shelf if it is frozen.
func (s *Shop) Put(label string) *shelf {
	if s.shelf.gen >= max(s.own, s.shelf.own) {
		return s.shelf
	}
	c := new(shelf)
	*c = *s.shelf
	c.labels = append(slices.Clone(c.labels), label)
	c.gen = s.own
	s.shelf = c
	return c
}

// Last looks at a copy.
func (s *Shop) Last() *shelf {
	seen := *s.shelf
	return &seen
}

// Same makes a shelf with the goods of this one.
func (s *Shop) Same() *shelf {
	old := s.shelf
	return &shelf{gen: 1, goods: old.goods}
}

// Count has ends that can go and ends that can't.
func Count(list []int) (n int) {
	for _, v := range list {
		if v < 0 {
			break
		}
		n++
	}
	switch {
	case n == 0:
		return -1
	default:
		return n
	}
}
