package sim

// checkHandleList says why a child can't inherit these handles of a process.
func (k *Kernel) checkHandleList(p *process, list []Handle) error {
	for _, h := range list {
		t := k.tables[p.pid]
		if t == nil || t.seq != p.seq {
			return because(ErrInvalidHandle, "the parent has no handles open")
		}
		if o := t.at(h); o == nil || o.flags&HandleInherit == 0 {
			return because(ErrInvalidHandle, "a handle of the list is not open in the parent, or not inheritable")
		}
	}
	return nil
}

// inherit gives a child, once its creation is certain, the inheritable handles of its parent under the same values.
func (k *Kernel) inherit(parent PID, child *process, list []Handle) {
	if len(k.tables) == 0 && len(k.after) == 0 {
		return
	}
	only := map[Handle]bool{}
	for _, h := range list {
		only[h&^3] = true
	}
	k.after = append(k.after, func() {
		from := k.tables[parent]
		if from == nil {
			return
		}
		to, slots := k.table(child), make([]handleSlot, len(from.slots))
		for i := range from.slots {
			o := from.slots[i].held
			if o != nil && o.flags&HandleInherit != 0 && (list == nil || only[Handle(i*4)]) {
				to.set(&slots[i], o)
			}
		}
		to.show(slots)
	})
}

// closeTable closes what an ended process has left open, protected handles too, all at once.
func (k *Kernel) closeTable(pid PID, seq uint64) {
	t := k.tables[pid]
	if t == nil || t.seq != seq {
		return
	}
	delete(k.tables, pid)
	t.closed = true
	if t.open == 0 {
		return
	}
	old := t.slots
	t.open = 0
	t.show(nil)
	for i := range old {
		if o := old[i].held; o != nil {
			k.dropRef(o)
		}
	}
}
