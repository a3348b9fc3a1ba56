package sim

// A pool hands out the addresses of list objects the way a system pool does: the last one freed is the
// first one used again. The lists of processes and threads live in the system's two pools, one place an object.
// The zero T is nobody.
type pool[T comparable] struct {
	residents []T
	freed     []uint32
}

// A resident of the thread pool is a thread by ordinal, 1 and on, and the place of its process.
type resident struct{ process, ord uint32 }

func (p *pool[T]) take(u *undo, who T) uint32 {
	last := len(p.freed) - 1
	if last < 0 {
		p.residents = append(p.residents, who)
		return uint32(len(p.residents) - 1)
	}
	place := p.freed[last]
	p.freed = p.freed[:last]
	p.residents[place] = who
	if u != nil {
		u.add(func() { p.vacate(place) })
	}
	return place
}

func (p *pool[T]) give(u *undo, place uint32) {
	if u != nil {
		who := p.residents[place]
		u.add(func() {
			p.freed = p.freed[:len(p.freed)-1]
			p.residents[place] = who
		})
	}
	p.vacate(place)
}

func (p *pool[T]) vacate(place uint32) {
	var nobody T
	p.residents[place] = nobody
	p.freed = append(p.freed, place)
}

// at returns who lives at a place, or nobody.
func (p *pool[T]) at(place uint64) (who T) {
	if place < uint64(len(p.residents)) {
		who = p.residents[place]
	}
	return who
}

// settle gives a place to somebody while a fork is made; open then frees the empty ones, the lowest to go first.
func (p *pool[T]) settle(place uint32, who T) {
	p.residents = reach(p.residents, place)
	p.residents[place] = who
}

func (p *pool[T]) open() {
	var nobody T
	for i := len(p.residents) - 1; i >= 0; i-- {
		if p.residents[i] == nobody {
			p.freed = append(p.freed, uint32(i))
		}
	}
}

// slots hands out the addresses of one process's own list objects (its modules, its heaps). The four
// freed last are used again, the last one first; what was freed before them is given back for good.
// It is a plain value: it is copied with the process it belongs to.
type slots struct {
	next  uint32
	freed [4]uint32
	n     uint8
}

func (s *slots) take() uint32 {
	if s.n > 0 {
		s.n--
		return s.freed[s.n]
	}
	s.next++
	return s.next - 1
}

func (s *slots) give(slot uint32) {
	if int(s.n) == len(s.freed) {
		copy(s.freed[:], s.freed[1:])
		s.n--
	}
	s.freed[s.n] = slot
	s.n++
}

// claim takes a slot by name.
func (s *slots) claim(slot uint32) {
	for i, f := range s.freed[:s.n] {
		if f == slot {
			copy(s.freed[i:], s.freed[i+1:s.n])
			s.n--
			return
		}
	}
	s.next = max(s.next, slot+1)
}
