package main

// stateBugs are about what a snapshot shows, and when.
var stateBugs = []Bug{
	{
		Name:  "torn-counts",
		Wrong: "A state takes its process list in one critical section and its counts in the next.",
		Rule:  "S7", Theme: "lists", Dies: []string{"broken list", "stale read", "torn read"},
		Edits: []Edit{{"sim/kernel.go", `	s = k.freezeInto(s)
	k.mu.Unlock()
	return s
`, `	k.freeze()
	procs := k.procs
	k.mu.Unlock()
	k.mu.Lock()
	fresh := k.current == nil
	if s = k.freezeInto(s); fresh {
		s.procs = procs
	}
	k.mu.Unlock()
	return s
`}},
	},
	{
		Name:  "torn-target",
		Wrong: "A snapshot takes the processes in one cut and the modules and heaps of its target in the next.",
		Rule:  "S61", Theme: "modules", Dies: []string{"torn read"},
		Edits: []Edit{{"toolhelp/snapshot.go", `s.state, p, ok = k.StateOf(l.pid)`, `s.state = k.State()
		p, _, ok = k.Process(l.pid)`}},
	},
	{
		Name:  "live-state",
		Wrong: "A state is not frozen: it shows the living lists.",
		Rule:  "S8", Theme: "lists", Dies: []string{"aliasing"},
		Edits: []Edit{{"sim/kernel.go", `	k.freeze()
	s.roots = k.cut()`, `	s.roots = k.cut()`}},
	},
	{
		Name:  "live-target",
		Wrong: "A snapshot of one process does not freeze it: it shows the living lists.",
		Rule:  "S13", Theme: "modules", Dies: []string{"aliasing"},
		Edits: []Edit{{"sim/kernel.go", `	if p != nil && p.gen >= k.threshold(p) {
		p.own = k.gen()
	}
`, ``}},
	},
	{
		Name:  "stale-cache",
		Wrong: "A new state is shown to others after the lock was let go: by then it can be old.",
		Rule:  "S9", Theme: "lists", Dies: []string{"stale read"},
		Edits: []Edit{
			{"sim/kernel.go", `	k.current = s
	k.last.Store(s)
	return s
`, `	k.current = s
	return s
`},
			{"sim/kernel.go", `	s = k.freezeInto(s)
	k.mu.Unlock()
	return s
`, `	s = k.freezeInto(s)
	k.mu.Unlock()
	k.last.Store(s)
	return s
`},
		},
	},
	{
		Name:  "state-filled-anew",
		Wrong: "StateOf fills the state that it saw first with what is there now, though others hold it.",
		Rule:  "S8", Theme: "modules", Dies: []string{"aliasing"},
		Edits: []Edit{{"sim/kernel.go", `	var fresh *State
	if k.last.Load() == nil {
`, `	fresh := k.last.Load()
	if fresh == nil {
`}},
	},
	{
		Name:  "state-skew",
		Wrong: "A state says the version that was there before the lock was got.",
		Rule:  "S7", Theme: "lists", Dies: []string{"stale read", "torn read"},
		Edits: []Edit{{"sim/kernel.go", `	s := new(State)
	k.mu.Lock()
	s = k.freezeInto(s)
`, `	s := new(State)
	v := k.Version()
	k.mu.Lock()
	s = k.freezeInto(s)
	s.version = v
`}},
	},
	{
		Name:  "lock-kept",
		Wrong: "StateOf keeps the lock when there is no such process.",
		Rule:  "S3", Theme: "modules", Dies: []string{"deadlock", "panic"},
		Edits: []Edit{{"sim/kernel.go", `	p := k.process(pid)
	k.mu.Unlock()
	return s, Process{p}, p != nil
`, `	p := k.process(pid)
	if p != nil {
		k.mu.Unlock()
	}
	return s, Process{p}, p != nil
`}},
	},
	{
		Name:  "version-skew",
		Wrong: "A verb reads the version that it reports after it let go of the lock.",
		Rule:  "S2", Theme: "lists", Dies: []string{"lost update", "version gap", "stale read", "wrong answer"},
		Edits: []Edit{{"sim/kernel.go", `	v := k.version
	k.mu.Unlock()
	if err != nil {
		stamp(err, v)
	}
	return v
`, `	k.mu.Unlock()
	v := k.Version()
	if err != nil {
		stamp(err, v)
	}
	return v
`}},
	},
	{
		Name:  "counted-late",
		Wrong: "A change can be seen before it counts as a version.",
		Rule:  "S2", Theme: "lists", Dies: []string{"torn read", "wrong answer", "stale read", "lost update", "broken list"},
		Edits: []Edit{{"sim/kernel.go", `	if err == nil {
		k.commit()
	}
	v := k.version`, `	if err == nil {
		k.mu.Unlock()
		k.mu.Lock()
		k.commit()
	}
	v := k.version`}},
	},
}

// listBugs are about the copy-on-write list.
var listBugs = []Bug{
	{
		Name:  "alias-edit",
		Wrong: "A value of a list is changed in a node that a snapshot holds.",
		Rule:  "S8", Theme: "threads", Dies: []string{"aliasing"},
		Edits: []Edit{{"sim/list.go", `	if n, i := l.seek(key); n.gen >= own {
		return &n.items[i].val
	}
`, `	if n, i := l.seek(key); n.gen > 0 {
		return &n.items[i].val
	}
`}},
	},
	{
		Name:  "alias-append",
		Wrong: "A list grows in a node that a snapshot holds.",
		Rule:  "S8", Theme: "lists", Dies: []string{"aliasing"},
		Edits: []Edit{{"sim/list.go", `if n.gen >= own && len(n.items) < cap(n.items) && n.items[len(n.items)-1].key < key {`,
			`if n.gen > 0 && len(n.items) < cap(n.items) && n.items[len(n.items)-1].key < key {`}},
	},
	{
		Name:  "alias-remove",
		Wrong: "A list shrinks in a node that a snapshot holds.",
		Rule:  "S8", Theme: "threads", Dies: []string{"aliasing"},
		Edits: []Edit{{"sim/list.go", `n.gen >= own && (len(n.items) > fan/4+1 ||`, `n.gen > 0 && (len(n.items) > fan/4+1 ||`}},
	},
	{
		Name:  "alias-inner",
		Wrong: "An inner node that a snapshot holds is written when a leaf below it is replaced.",
		Rule:  "S8", Theme: "threads", Dies: []string{"aliasing"},
		Edits: []Edit{{"sim/list.go", `		n = owned(w, own, n, 0)
		in := n.inner
		i = in.way(key)
		in.keys[i]`, `		in := n.inner
		i = in.way(key)
		in.keys[i]`}},
	},
	{
		Name:  "shared-array",
		Wrong: "The copy of a node keeps the array of the original.",
		Rule:  "S8", Theme: "threads", Dies: []string{"aliasing"},
		Edits: []Edit{{"sim/list.go", `		c.items = append(c.items, n.items...)
`, `		if c.items = append(c.items, n.items...); n.gen > 0 && cap(n.items) >= room {
			c.items = n.items
		}
`}},
	},
	{
		Name:  "process-not-copied",
		Wrong: "A process that a snapshot holds is written in place.",
		Rule:  "S8", Theme: "threads", Dies: []string{"aliasing"},
		Edits: []Edit{{"sim/kernel.go", `	if p.gen >= k.threshold(p) {
		return p
	}
	return k.copyProcess(p)`, `	if p.gen >= p.own {
		return p
	}
	return k.copyProcess(p)`}},
	},
	{
		Name:  "alias-class",
		Wrong: "SetPriorityClass writes the process that snapshots hold.",
		Rule:  "S8", Theme: "threads", Dies: []string{"aliasing"},
		Edits: []Edit{{"sim/exit.go", `	p = k.mine(p)
	p.class = c
`, `	p.class = c
`}},
	},
	{
		Name:  "copy-not-found",
		Wrong: "The copy of a process takes its place in the list, but look-ups by pid go on finding the original.",
		Rule:  "S1", Theme: "threads", Dies: []string{"broken list", "wrong answer", "torn read", "lost update", "aliasing", "stale read"},
		Edits: []Edit{{"sim/kernel.go", `	k.processPool.residents[c.slot] = c
`, ``}},
	},
}
