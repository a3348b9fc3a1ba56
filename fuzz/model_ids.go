package fuzz

import (
	"fmt"
	"slices"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// taken says that a process or thread has an id, or that a handle keeps it.
func (m *Model) taken(id uint32) bool {
	if m.process(sim.PID(id)) != nil || m.held(sim.PID(id)) {
		return true
	}
	_, t := m.thread(sim.TID(id))
	return t != nil
}

// inRange says that an id can be handed out in turn; others are given by name only.
func (m *Model) inRange(id uint32) bool { return id >= m.Config.FirstID && id <= m.Config.LastID }

// spent says that an id was handed out before and the policy forbids to do so again.
func (m *Model) spent(id uint32) bool {
	return m.Config.Reuse == sim.NeverReuse && m.inRange(id) && m.used[id]
}

// left counts the ids that can still be handed out in turn, up to want of them; named ones are spoken for.
func (m *Model) left(want int, named ...uint32) int {
	n := 0
	for id := uint64(m.Config.FirstID); id <= uint64(m.Config.LastID) && n < want; id += 4 {
		if i := uint32(id); !m.taken(i) && !m.spent(i) && !slices.Contains(named, i) {
			n++
		}
	}
	return n
}

// hand checks an id that the kernel handed out, against the one that was asked for or else the policy.
func (m *Model) hand(id, named uint32) error {
	if m.taken(id) || m.spent(id) {
		return fmt.Errorf("id %d was handed out and is taken, or was before, under NeverReuse", id)
	}
	switch at := slices.Index(m.freed, id); {
	case named != 0:
		if id != named {
			return fmt.Errorf("id %d was handed out, %d asked for", id, named)
		}
		if at >= 0 {
			m.freed = slices.Delete(m.freed, at, at+1)
		}
	case id%4 != 0 || !m.inRange(id):
		return fmt.Errorf("id %d was handed out: want a multiple of 4 from %d to %d", id, m.Config.FirstID, m.Config.LastID)
	case m.forked:
	case len(m.freed) > 0:
		next := 0
		if m.Config.Reuse == sim.LastFirst {
			next = len(m.freed) - 1
		}
		if id != m.freed[next] {
			return fmt.Errorf("id %d was handed out, want %d of the free ones %d, oldest first", id, m.freed[next], m.freed)
		}
		m.freed = slices.Delete(m.freed, next, next+1)
	}
	m.used[id] = true
	return nil
}

// give takes an id back that nobody has any more. Ids outside the range were given by name and are not handed out.
func (m *Model) give(id uint32) {
	if m.Config.Reuse != sim.NeverReuse && m.inRange(id) {
		m.freed = append(m.freed, id)
	}
}

// A held is an open handle to a process.
type held struct {
	holder uint64 // the sequence of the process whose table it is in
	handle sim.Handle
	pid    sim.PID
}

// Open notes a handle to the process pid in the table of the process holder: it keeps the pid from being handed out.
func (m *Model) Open(holder sim.PID, h sim.Handle, pid sim.PID) {
	m.handles = append(m.handles, held{m.process(holder).Sequence, h, pid})
}

// Close notes that such a handle was closed, and says whether it was open; holder is the sequence of its process. The last
// one gives the pid of an ended process back.
func (m *Model) Close(h sim.Handle, pid sim.PID, holder uint64) bool {
	i := slices.Index(m.handles, held{holder, h, pid})
	if i < 0 {
		return false
	}
	m.handles = slices.Delete(m.handles, i, i+1)
	ending := slices.ContainsFunc(m.endings, func(e ending) bool { return e.kept && e.pid == pid })
	if !m.held(pid) && m.process(pid) == nil && !ending {
		m.give(uint32(pid))
	}
	return true
}

func (m *Model) held(pid sim.PID) bool {
	return slices.ContainsFunc(m.handles, func(h held) bool { return h.pid == pid })
}

// An ending is a process that ended in the change under way; kept says that a handle kept its pid.
type ending struct {
	sequence uint64
	pid      sim.PID
	kept     bool
}

// settle does, once a change is certain, what the processes that ended in it leave to handles, one after the other: a pid
// that no handle keeps any more is given back, and what the process has left open is closed, lowest handle first.
func (m *Model) settle() {
	for len(m.endings) > 0 {
		e := m.endings[0]
		m.endings = m.endings[1:]
		if e.kept && !m.held(e.pid) {
			m.give(uint32(e.pid))
		}
		var left []held
		for _, h := range m.handles {
			if h.holder == e.sequence {
				left = append(left, h)
			}
		}
		slices.SortFunc(left, func(a, b held) int { return int(a.handle) - int(b.handle) })
		for _, h := range left {
			m.Close(h.handle, h.pid, e.sequence)
		}
	}
}
