package main

// A bug is a mistake that could be in the production code: source text that takes the place of other source text.
type bug struct {
	name  string
	wrong string // what is wrong, in a sentence
	rule  string // broken, in docs/semantics.md
	theme string // of the cases that show it; "race" for what the race detector alone can see
	by    string // the kinds of failure it may be found by
	edits []edit
}

// An edit replaces the one place where old stands in a file.
type edit struct{ file, old, new string }

// gap lets go of the lock in the middle of a verb.
const gap = "k.mu.Unlock()\n\tk.mu.Lock()\n"

var bugs = []bug{
	// Snapshots.
	{"torn", "State takes the processes a moment before the rest.", "S7", "lists", "torn read, broken list, stale read, aliasing",
		[]edit{{"sim/kernel.go", "	k.mu.Lock()\n	s = k.freezeInto(s)\n", "	k.mu.Lock()\n	k.freeze()\n	procs := k.procs\n	k.mu.Unlock()\n	k.mu.Lock()\n	s = k.freezeInto(s)\n	s.procs = procs\n"}}},
	{"live", "State does not freeze what it gives away.", "S8", "lists", "aliasing, torn read, broken list",
		[]edit{{"sim/kernel.go", "	k.freeze()\n	s.roots = k.cut()", "	s.roots = k.cut()"}}},
	{"stale", "A change drops the cached state only after it has let go of the lock.", "S9", "lists", "stale read, torn read, version gap, lost update, aliasing",
		[]edit{{"sim/kernel.go", "		k.last.Store(nil)\n", ""},
			{"sim/kernel.go", "	k.mu.Unlock()\n	if err != nil {", "	k.mu.Unlock()\n	k.last.Store(nil)\n	if err != nil {"},
			{"sim/kernel.go", "	k.commit()\n	return k.version, nil", "	k.commit()\n	k.last.Store(nil)\n	return k.version, nil"}}},
	{"skew", "A state says the version from before the lock was got.", "S7", "lists", "stale read, torn read",
		[]edit{{"sim/kernel.go", "	s := new(State)\n	k.mu.Lock()\n	s = k.freezeInto(s)\n", "	s := new(State)\n	v := k.Version()\n	k.mu.Lock()\n	s = k.freezeInto(s)\n	s.version = v\n"}}},
	{"refilled", "StateOf fills the state it saw first anew, though others keep it.", "S8", "lists", "aliasing",
		[]edit{{"sim/kernel.go", "	var fresh *State\n	if k.last.Load() == nil {", "	fresh := k.last.Load()\n	if fresh == nil {"}}},
	{"half-frozen", "Process gives a process away without freezing it.", "S13", "modules", "aliasing, torn read, wrong answer",
		[]edit{{"sim/kernel.go", "		p.own = k.gen()\n", "		_ = p.own\n"}}},
	{"early-cut", "A snapshot in separate cuts says the version of the first look at its modules.", "S61", "cuts", "stale read, torn read, broken list",
		[]edit{{"toolhelp/separate.go", "		measured, _, errno := see(CutModules)", "		measured, early, errno := see(CutModules)"},
			{"toolhelp/separate.go", "		read, v, errno := see(CutModulesAgain)", "		read, _, errno := see(CutModulesAgain)"},
			{"toolhelp/separate.go", "s.apart.cuts.Modules = v", "s.apart.cuts.Modules = early"},
			{"toolhelp/separate.go", "if !sameModules(measured, read) {", "if false && !sameModules(measured, read) {"}}},
	{"one-cut-late", "The heaps of a snapshot in separate cuts are those of the last cut.", "S61", "cuts", "torn read, stale read, wrong answer",
		[]edit{{"toolhelp/separate.go", "		s.apart.cuts.Modules = v\n", "		s.apart.cuts.Modules = v\n		s.apart.heaps = read\n"}}},

	// Versions and locks.
	{"lost-update", "Two changes at the same time count one version.", "S2", "lists", "lost update, version gap, stale read, wrong answer, torn read",
		[]edit{{"sim/kernel.go", "	if err == nil {\n		k.commit()\n	}\n	v := k.version\n	k.mu.Unlock()",
			"	if err == nil {\n		v := k.version\n		k.mu.Unlock()\n		k.mu.Lock()\n		k.version = v\n		k.commit()\n	}\n	v := k.version\n	k.mu.Unlock()"}}},
	{"late-version", "The version that a verb reports is read after the lock is gone.", "S2", "lists", "lost update, version gap, stale read, wrong answer",
		[]edit{{"sim/kernel.go", "	v := k.version\n	k.mu.Unlock()\n	if err != nil {", "	k.mu.Unlock()\n	v := k.Version()\n	if err != nil {"}}},
	{"lock-gap", "CreateThread looks the process up, lets go of the lock, and then adds the thread.", "S1", "lists", "lost update, torn read, stale read, broken list, wrong answer, panic, aliasing",
		[]edit{{"sim/thread.go", "	p = k.mine(p)\n	p.lastThread++", "	" + gap + "	p = k.mine(p)\n	p.lastThread++"}}},
	{"double-exit", "TerminateProcess checks and ends in two critical sections.", "S1", "lists", "lost update, panic, broken list, wrong answer, torn read, stale read",
		[]edit{{"sim/exit.go", "	k.exit(p, code, \"TerminateProcess\")", "	" + gap + "	k.exit(p, code, \"TerminateProcess\")"}}},
	{"two-step-create", "A process is in the list, and seen, before its thread is counted.", "S1", "lists", "torn read, broken list, stale read, lost update, wrong answer",
		[]edit{{"sim/create.go", "	*k.procs.insert(&k.writer, k.own, p.seq) = p\n	k.count.NodesMade += 2", "	*k.procs.insert(&k.writer, k.own, p.seq) = p\n	" + gap + "	k.count.NodesMade += 2"}}},
	{"two-step-exit", "The threads of an ending process are gone before the process is.", "S1", "lists", "torn read, broken list, stale read, wrong answer, lost update",
		[]edit{{"sim/exit.go", "	k.threads -= int(p.threads.count)\n", "	k.threads -= int(p.threads.count)\n	" + gap}}},
	{"early-reuse", "The ids of an ending process are given back before it is out of the list.", "S21", "lists", "broken list, torn read, wrong answer, lost update, panic, stale read",
		[]edit{{"sim/exit.go", "	k.threads -= int(p.threads.count)\n	k.procs.remove(&k.writer, k.own, p.seq)\n", "	k.threads -= int(p.threads.count)\n	" + gap + "	k.procs.remove(&k.writer, k.own, p.seq)\n"}}},
	{"kept-lock", "StateOf keeps the lock when there is no such process.", "S12", "lists", "deadlock, panic",
		[]edit{{"sim/kernel.go", "	p := k.process(pid)\n	k.mu.Unlock()\n	return s, Process{p}, p != nil", "	p := k.process(pid)\n	if p == nil {\n		return s, Process{}, false\n	}\n	k.mu.Unlock()\n	return s, Process{p}, p != nil"}}},
	{"own-lock", "Closing the handles of an ended process takes the lock that its end holds.", "S20", "handles", "deadlock",
		[]edit{{"sim/inherit.go", "	t := k.tables[pid]\n	if t == nil || t.seq != seq {", "	t := k.tables[pid]\n	k.Version()\n	if t == nil || t.seq != seq {"}}},
	{"seen-update", "Update lets go of the lock between its last verb and its version.", "S5", "updates", "torn read, stale read, broken list, lost update, wrong answer, version gap, aliasing",
		[]edit{{"sim/kernel.go", "	done = true\n	k.undo = nil\n	k.commit()", "	done = true\n	k.undo = nil\n	k.mu.Unlock()\n	k.mu.Lock()\n	k.commit()"}}},

	// Verbs.
	{"wrong-error", "TerminateThread of a thread that is gone blames the process.", "S3", "lists", "wrong answer",
		[]edit{{"sim/exit.go", "fail(call, ErrNoThread, \"tid %d\", tid)", "fail(call, ErrNoProcess, \"tid %d\", tid)"}}},
	{"uncounted", "TerminateThread forgets to count the thread out.", "S7", "lists", "broken list, torn read",
		[]edit{{"sim/thread.go", "	k.threads--\n", ""}}},
	{"never-again", "NeverReuse gives an id back like any other policy.", "S24", "lists", "wrong answer",
		[]edit{{"sim/ids.go", "	if t.reuse == NeverReuse {\n		if i >= t.next {", "	if false {\n		if i >= t.next {"}}},
	{"unlisted", "FreeLibrary does not count the module out.", "S7", "modules", "broken list, torn read",
		[]edit{{"sim/module.go", "		p.listed--\n", ""}}},
	{"half-rollback", "An Update that fails leaves its threads counted.", "S5", "updates", "broken list, torn read",
		[]edit{{"sim/undo.go", "k.procs, k.threads = u.before.procs, int(u.before.threads)", "k.procs = u.before.procs"}}},
	{"kept-ids", "An Update that fails leaves the ids in the table that it handed out.", "S5", "updates", "wrong answer, panic, lost update, torn read, broken list",
		[]edit{{"sim/undo.go", "		if k.ids.get(i) != 0 {\n			k.ids.set(i, 0)\n		}\n", ""}, {"sim/undo.go", "		u.steps[i]()\n", "		_ = i\n"}}},

	// Copy on write.
	{"alias", "A node is written whatever its generation.", "S8", "lists", "aliasing, torn read, broken list, wrong answer",
		[]edit{{"sim/list.go", "	if n.gen >= own && (room <= cap(n.items) || !n.leaf()) {", "	if room <= cap(n.items) || !n.leaf() {"}}},
	{"shared-array", "The copy of a leaf keeps the entries of the original.", "S8", "lists", "aliasing, torn read, broken list, wrong answer",
		[]edit{{"sim/list.go", "		c.items = append(c.items, n.items...)\n	} else {\n		c = newInner", "		if c.items = append(c.items, n.items...); cap(n.items) >= room {\n			c.items = n.items\n		}\n	} else {\n		c = newInner"}}},
	{"edited-alias", "An entry is edited whatever the generation of its node.", "S8", "threads", "aliasing, torn read",
		[]edit{{"sim/list.go", "	if n, i := l.seek(key); n.gen >= own {\n		return &n.items[i].val", "	if n, i := l.seek(key); n.gen <= w.gen() {\n		return &n.items[i].val"}}},
	{"removed-alias", "An entry is taken out whatever the generation of its node.", "S8", "lists", "aliasing, torn read, broken list",
		[]edit{{"sim/list.go", "	if n, i := l.seek(key); n.gen >= own && (len", "	if n, i := l.seek(key); n.gen <= w.gen() && (len"}}},
	{"process-alias", "A process is written whatever its generation.", "S8", "threads", "aliasing, torn read, broken list",
		[]edit{{"sim/kernel.go", "	if p.gen >= k.threshold(p) {\n		return p", "	if p.gen <= k.gen() {\n		return p"}}},
	{"moved-process", "The copy of a process is in the list, and look-ups still find the original.", "S7", "threads", "torn read, wrong answer, broken list, aliasing, lost update, stale read",
		[]edit{{"sim/kernel.go", "	k.processPool.residents[c.slot] = c\n	return c", "	return c"}}},
	{"class-alias", "SetPriorityClass writes the process that snapshots show.", "S8", "threads", "aliasing, torn read",
		[]edit{{"sim/exit.go", "	p = k.mine(p)\n	p.class = c", "	p.class = c"}}},
	{"load-alias", "Loading what is loaded counts in the entry that snapshots show.", "S8", "modules", "aliasing, torn read",
		[]edit{{"sim/module.go", "			m = p.modules.edit(&k.writer, k.threshold(p), key)\n			m.loads++", "			_ = key\n			m.loads++"}}},
	{"heap-alias", "A heap is written whatever its generation.", "S8", "heaps", "aliasing, torn read, broken list",
		[]edit{{"sim/heap.go", "	if h.gen >= own {\n		return h", "	if h.gen <= k.gen() {\n		return h"}}},
	{"page-alias", "A page of memory is written whatever its generation.", "S37", "memory", "aliasing, torn read",
		[]edit{{"sim/memory.go", "	if (*old).gen >= own {", "	if (*old).gen <= k.gen() {"}}},
	{"dirty-block", "A new block shows what stood there.", "S37", "memory", "wrong answer, torn read",
		[]edit{{"sim/block.go", "	k.zero(p, Address(at), b.room)\n", ""}}},

	// Handles and cursors.
	{"cursor-race", "Next reads the cursor and writes it in two steps.", "S62", "cursors", "repeated entry, lost entry, wrong answer",
		[]edit{{"toolhelp/section.go", "		i = l.cursor.Add(1) - 1", "		i = l.cursor.Load()\n		l.cursor.Store(i + 1)"}}},
	{"use-after-close", "A closed handle is still found by those without the lock.", "S51", "handles", "handle reuse, wrong answer",
		[]edit{{"sim/handles.go", "	t.slots[i].put(nil)\n", "	t.slots[i].held = nil\n"}}},
	{"close-race", "Close checks and closes in two critical sections.", "S51", "handles", "handle reuse, panic, wrong answer",
		[]edit{{"sim/handles.go", "	t.drop(h)\n	return nil", "	t.k.mu.Unlock()\n	t.k.mu.Lock()\n	t.drop(h)\n	return nil"}}},
	{"left-open", "A process's end leaves its handles open.", "S55", "handles", "handle reuse, wrong answer",
		[]edit{{"sim/inherit.go", "	t.open = 0\n	t.show(nil)\n", "	t.open = 0\n"}}},
	{"highest-free", "The next handle is not the lowest free one once one was closed.", "S50", "handles", "handle reuse, wrong answer",
		[]edit{{"sim/handles.go", "	t.lowest = min(t.lowest, i)\n", ""}}},

	// What no interleaving shows, as nothing happens between two points.
	{"racy-counter", "The counter of states is counted without the lock.", "S10", "race", "data race",
		[]edit{{"sim/kernel.go", "	s := new(State)\n	k.mu.Lock()\n", "	s := new(State)\n	k.count.States++\n	k.mu.Lock()\n"}}},
	{"racy-version", "Version is read without the lock.", "S2", "race", "data race",
		[]edit{{"sim/kernel.go", "	k.mu.Lock()\n	defer k.mu.Unlock()\n	return k.version\n}", "	return k.version\n}"}}},
}
