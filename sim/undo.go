package sim

// undo is what an Update needs besides the state it started from: how to take back each step of the id table and
// the pools, which stand outside every state. A nil *undo notes nothing.
type undo struct {
	k      *Kernel
	before roots
	places [2]int // residents of the two pools
	after  int    // len(k.after)
	steps  []func()
}

func (u *undo) add(back func()) { u.steps = append(u.steps, back) }

// begin notes where the kernel stands and freezes it.
func (u *undo) begin(k *Kernel) {
	if k.current == nil {
		k.freeze()
	}
	*u = undo{k: k, before: k.cut(), after: len(k.after)}
	u.places = [2]int{len(k.processPool.residents), len(k.threadPool.residents)}
}

// rollback brings everything back to where begin found it.
func (u *undo) rollback() {
	k := u.k
	for i := u.before.next; i < k.ids.next; i++ {
		if k.ids.get(i) != 0 {
			k.ids.set(i, 0)
		}
	}
	for i := len(u.steps) - 1; i >= 0; i-- {
		u.steps[i]()
	}
	k.ids.next, k.fixed = u.before.next, u.before.fixed
	clear(k.processPool.residents[u.places[0]:])
	k.processPool.residents = k.processPool.residents[:u.places[0]]
	k.threadPool.residents = k.threadPool.residents[:u.places[1]]
	k.procs, k.threads = u.before.procs, int(u.before.threads)
	k.clock, k.seq = u.before.clock, u.before.seq
	clear(k.after[u.after:])
	k.after = k.after[:u.after]
}
