package main

// verbBugs are about verbs that don't happen at one instant, and about ids.
var verbBugs = []Bug{
	{
		Name:  "create-in-two",
		Wrong: "A new process can be seen before it has its thread.",
		Rule:  "S1", Theme: "lists", Dies: []string{"torn read", "aliasing", "lost update", "wrong answer", "broken list", "stale read", "panic"},
		Edits: []Edit{{"sim/create.go", `	p.threads.root = newLeaf[thread](k.gen(), 1)
	t := k.firstThread(p, &s)
	*k.procs.insert(&k.writer, k.own, p.seq) = p
`, `	*k.procs.insert(&k.writer, k.own, p.seq) = p
	k.mu.Unlock()
	k.mu.Lock()
	p.threads.root = newLeaf[thread](k.gen(), 1)
	t := k.firstThread(p, &s)
`}},
	},
	{
		Name:  "exit-in-two",
		Wrong: "A process can be seen after it has lost all threads but one.",
		Rule:  "S1", Theme: "lists", Dies: []string{"wrong answer", "torn read", "aliasing", "stale read", "broken list"},
		Edits: []Edit{{"sim/exit.go", `	err := k.begin().TerminateProcess(pid, code)
	return k.end(err), err
`, `	tx := k.begin()
	for p := k.process(pid); p != nil && p.threads.count > 1; p = k.process(pid) {
		_, t := p.threads.first()
		tx.TerminateThread(t.id, code)
	}
	k.mu.Unlock()
	err := k.begin().TerminateProcess(pid, code)
	return k.end(err), err
`}},
	},
	{
		Name:  "pid-given-early",
		Wrong: "The pid of an ended process can be handed out while the process is still listed.",
		Rule:  "S21", Theme: "lists", Dies: []string{"wrong answer", "stale read", "broken list", "torn read"},
		Edits: []Edit{
			{"sim/exit.go", `	k.procs.remove(&k.writer, k.own, p.seq)
	k.processPool.give(k.undo, p.slot)
`, `	k.processPool.give(k.undo, p.slot)
`},
			{"sim/exit.go", `	if len(k.tables) > 0 || len(k.after) > 0 {
`, `	k.mu.Unlock()
	k.mu.Lock()
	k.procs.remove(&k.writer, k.own, p.seq)
	if len(k.tables) > 0 || len(k.after) > 0 {
`},
		},
	},
	{
		Name:  "double-exit",
		Wrong: "TerminateProcess looks whether the process lives and ends it in two critical sections: two calls can end one process.",
		Rule:  "S1", Theme: "lists", Dies: []string{"lost update"},
		Edits: []Edit{{"sim/exit.go", `	k.exit(p, code, "TerminateProcess")
	return nil
`, `	k.mu.Unlock()
	k.mu.Lock()
	if p = k.process(pid); p != nil {
		k.exit(p, code, "TerminateProcess")
	}
	return nil
`}},
	},
	{
		Name:  "lost-update",
		Wrong: "SuspendThread reads the count in one critical section and writes it in the next.",
		Rule:  "S1", Theme: "threads", Dies: []string{"wrong answer", "torn read", "lost update"},
		Edits: []Edit{{"sim/thread.go", `	e := k.editThread(p, tid)
	e.suspend++
	return int(e.suspend) - 1, nil
`, `	was := t.suspend
	k.mu.Unlock()
	k.mu.Lock()
	if _, p, _, err = tx.thread("SuspendThread", tid); err != nil {
		return 0, err
	}
	k.editThread(p, tid).suspend = was + 1
	return int(was), nil
`}},
	},
	{
		Name:  "lock-gap",
		Wrong: "SetThreadPriority lets go of the lock between reading the class of the process and writing the thread.",
		Rule:  "S23", Theme: "threads", Dies: []string{"torn read", "wrong answer"},
		Edits: []Edit{{"sim/thread.go", `	e := k.editThread(p, tid)
	e.level, e.base = level, level.base(p.class)
`, `	class := p.class
	k.mu.Unlock()
	k.mu.Lock()
	if _, p, _, err = tx.thread("SetThreadPriority", tid); err != nil {
		return err
	}
	e := k.editThread(p, tid)
	e.level, e.base = level, level.base(class)
`}},
	},
	{
		Name:  "stale-process",
		Wrong: "CreateThread goes on with the process that it found before it let go of the lock.",
		Rule:  "S1", Theme: "threads", Dies: []string{"broken list", "torn read", "stale read", "aliasing", "lost update", "wrong answer", "panic"},
		Edits: []Edit{{"sim/thread.go", `	p = k.mine(p)
	p.lastThread++
`, `	k.mu.Unlock()
	k.mu.Lock()
	p = k.mine(p)
	p.lastThread++
`}},
	},
	{
		Name:  "wrong-error",
		Wrong: "FreeLibrary of what is not loaded fails with the error for a missing heap.",
		Rule:  "S28", Theme: "modules", Dies: []string{"wrong answer"},
		Edits: []Edit{{"sim/module.go", `fail("FreeLibrary", ErrNoModule,`, `fail("FreeLibrary", ErrNoHeap,`}},
	},
	{
		Name:  "thread-miscounted",
		Wrong: "TerminateThread forgets to count the thread out.",
		Rule:  "S7", Theme: "lists", Dies: []string{"broken list", "stale read", "torn read"},
		Edits: []Edit{{"sim/thread.go", `	k.threads--
`, ``}},
	},
	{
		Name:  "never-means-later",
		Wrong: "NeverReuse gives ids back like any other policy.",
		Rule:  "S24", Theme: "lists", Dies: []string{"wrong answer"},
		Edits: []Edit{{"sim/ids.go", `	if t.reuse == NeverReuse {
		if i >= t.next {
`, `	if t.reuse == NeverReuse && i >= t.next {
		if i >= t.next {
`}},
	},
	{
		Name:  "heir-of-any-class",
		Wrong: "A child inherits every priority class of its parent, not the two low ones only.",
		Rule:  "S23", Theme: "lists", Dies: []string{"torn read"},
		Edits: []Edit{{"sim/create.go", `if s.Class == NormalClass && parent != nil && (parent.class == IdleClass || parent.class == BelowNormalClass) {`,
			`if s.Class == NormalClass && parent != nil {`}},
	},
	{
		Name:  "last-thread-stays",
		Wrong: "A process outlives its last thread.",
		Rule:  "S19", Theme: "threads", Dies: []string{"broken list", "torn read", "panic", "wrong answer"},
		Edits: []Edit{{"sim/thread.go", `	if p.threads.count == 1 {
`, `	if p.threads.count == 1 && p.parent == 0 {
`}},
	},
}

// updateBugs are about Update: all or nothing.
var updateBugs = []Bug{
	{
		Name:  "update-half-seen",
		Wrong: "What an Update has done can be seen before it counts as a version.",
		Rule:  "S5", Theme: "updates", Dies: []string{"torn read", "wrong answer", "aliasing", "stale read", "broken list"},
		Edits: []Edit{{"sim/kernel.go", `	done = true
	k.undo = nil
	k.commit()
`, `	done = true
	k.undo = nil
	k.mu.Unlock()
	k.mu.Lock()
	k.commit()
`}},
	},
	{
		Name:  "update-of-parts",
		Wrong: "Each verb of an Update counts a version of its own.",
		Rule:  "S5", Theme: "updates", Dies: []string{"version gap", "wrong answer"},
		Edits: []Edit{{"sim/thread.go", `	k.threads++
	return t.id, nil
`, `	k.threads++
	if k.undo != nil {
		k.version++
	}
	return t.id, nil
`}},
	},
	{
		Name:  "rollback-count",
		Wrong: "The rollback of an Update forgets the number of threads.",
		Rule:  "S5", Theme: "updates", Dies: []string{"stale read", "broken list", "torn read"},
		Edits: []Edit{{"sim/undo.go", `k.procs, k.threads = u.before.procs, int(u.before.threads)`, `k.procs = u.before.procs`}},
	},
	{
		Name:  "rollback-sequence",
		Wrong: "The rollback of an Update forgets the creation number of the next process.",
		Rule:  "S5", Theme: "updates", Dies: []string{"torn read", "wrong answer"},
		Edits: []Edit{{"sim/undo.go", `k.clock, k.seq = u.before.clock, u.before.seq`, `k.clock = u.before.clock`}},
	},
	{
		Name:  "rollback-skipped-id",
		Wrong: "The rollback of an Update takes the id of a living process that the Update only skipped.",
		Rule:  "S5", Theme: "updates", Dies: []string{"wrong answer", "panic"},
		Edits: []Edit{{"sim/ids.go", `		t.keep(u, t.next)
		t.next++
`, `		t.next++
`}},
	},
	{
		Name:  "rollback-copy",
		Wrong: "After the rollback of an Update look-ups by pid find the copy of a process that the Update made.",
		Rule:  "S5", Theme: "updates", Dies: []string{"torn read", "wrong answer", "lost update", "broken list", "panic"},
		Edits: []Edit{{"sim/kernel.go", `	if k.undo != nil {
		k.undo.add(func() { k.processPool.residents[p.slot] = p })
	}
`, ``}},
	},
}
