package sim

// A pool hands out the addresses of list objects the way a system pool does: the last one freed is the
// first one used again. The lists of processes and threads live in the system's pool, one slot an object.
type pool struct {
	residents []resident // by slot
	freed     []uint32
}

// A resident is who lives in a slot: a thread by its ordinal in the process of that index, or, with
// the ordinal reserved, that process. Ordinals start at 1, so the zero value is nobody.
type resident struct{ owner, ord uint32 }

func (p *pool) take(u *undo, who resident) uint32 {
	if last := len(p.freed) - 1; last >= 0 {
		slot := p.freed[last]
		p.freed = p.freed[:last]
		u.tookSlot(p, slot)
		p.residents[slot] = who
		return slot
	}
	p.residents = append(p.residents, who)
	return uint32(len(p.residents) - 1)
}

func (p *pool) give(u *undo, slot uint32) {
	u.gaveSlot(p, p.residents[slot])
	p.residents[slot] = resident{}
	p.freed = append(p.freed, slot)
}

// at returns who lives in a slot; the second result is false when nobody does.
func (p *pool) at(slot uint64) (resident, bool) {
	if slot >= uint64(len(p.residents)) {
		return resident{}, false
	}
	who := p.residents[slot]
	return who, who != resident{}
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

// settle puts a resident into a slot while a fork is made; vacate then frees the empty ones, the lowest to go first.
func (p *pool) settle(slot uint32, who resident) {
	if n := int(slot) + 1 - len(p.residents); n > 0 {
		p.residents = append(p.residents, make([]resident, n)...)
	}
	p.residents[slot] = who
}

func (p *pool) vacate() {
	for i := len(p.residents) - 1; i >= 0; i-- {
		if p.residents[i] == (resident{}) {
			p.freed = append(p.freed, uint32(i))
		}
	}
}
