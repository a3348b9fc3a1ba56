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
		to := k.table(child)
		old := *from.slots.Load()
		slots := to.grow(len(old))
		for i := range old {
			o := old[i].Load()
			if o != nil && o.flags&HandleInherit != 0 && (list == nil || only[Handle(i*4)]) {
				to.set(slots, i, o)
			}
		}
	})
}

// closeTable closes what an ended process has left open, protected handles too.
func (k *Kernel) closeTable(pid PID, seq uint64) {
	t := k.tables[pid]
	if t == nil || t.seq != seq {
		return
	}
	delete(k.tables, pid)
	t.closed = true
	slots := *t.slots.Load()
	for i := range slots {
		if slots[i].Load() != nil {
			t.drop(Handle(i * 4))
		}
	}
}
