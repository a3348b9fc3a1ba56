package main

// cameraBugs are about separate cuts.
var cameraBugs = []Bug{
	{
		Name:  "cut-kept",
		Wrong: "A snapshot of separate cuts lists the modules of an earlier cut than it says.",
		Rule:  "S61", Theme: "cuts", Dies: []string{"stale read", "torn read"},
		Edits: []Edit{{"toolhelp/separate.go", `		s.target = p
		return p, v, l.refuse(p, ok)
`, `		if s.target.IsZero() {
			s.target = p
		}
		return p, v, l.refuse(p, ok)
`}},
	},
	{
		Name:  "cut-mixed",
		Wrong: "A snapshot of separate cuts lists the heaps as they were when the modules were read.",
		Rule:  "S61", Theme: "cuts", Dies: []string{"stale read", "torn read"},
		Edits: []Edit{{"toolhelp/snapshot.go", `	case s.apart != nil:
		return s.apart.heaps
	}
	return s.target`, `	}
	return s.target`}},
	},
	{
		Name:  "cut-stale",
		Wrong: "The last of separate cuts shows the state that was there before the first.",
		Rule:  "S61", Theme: "cuts", Dies: []string{"stale read"},
		Edits: []Edit{{"toolhelp/separate.go", `	s := Snapshot{asked: l.asked, apart: new(apart)}
`, `	s := Snapshot{asked: l.asked, apart: new(apart)}
	before := k.State()
`}, {"toolhelp/separate.go", `		s.state = k.State()
`, `		s.state = before
`}},
	},
}

// handleBugs are about handles and cursors.
var handleBugs = []Bug{
	{
		Name:  "cursor-race",
		Wrong: "Next reads the cursor and moves it in two steps: two calls can get one entry.",
		Rule:  "S62", Theme: "cursors", Dies: []string{"repeated entry"},
		Edits: []Edit{{"toolhelp/section.go", `		i = l.cursor.Add(1) - 1
`, `		i = l.cursor.Load()
		l.cursor.Store(i + 1)
`}},
	},
	{
		Name:  "handle-twice",
		Wrong: "The lowest free handle is looked for and handed out in two critical sections: two calls can get one handle.",
		Rule:  "S50", Theme: "handles", Dies: []string{"handle reuse"},
		Edits: []Edit{{"sim/handles.go", `	t.lowest = i + 1
	if i < len(t.slots) {
`, `	t.k.mu.Unlock()
	t.k.mu.Lock()
	t.lowest = i + 1
	if i < len(t.slots) {
`}},
	},
	{
		Name:  "use-after-close",
		Wrong: "A closed handle can still be used: look-ups without the lock are not told.",
		Rule:  "S51", Theme: "handles", Dies: []string{"handle reuse"},
		Edits: []Edit{{"sim/handles.go", `	t.slots[i].put(nil)
	t.open--
`, `	t.slots[i].held = nil
	t.open--
`}},
	},
	{
		Name:  "close-twice",
		Wrong: "CloseHandle looks whether the handle is open and closes it in two critical sections: two calls can close one handle.",
		Rule:  "S51", Theme: "handles", Dies: []string{"handle reuse"},
		Edits: []Edit{{"sim/handles.go", `	t.drop(h)
	return nil
}

// drop closes`, `	t.k.mu.Unlock()
	t.k.mu.Lock()
	if t.at(h) != nil {
		t.drop(h)
	}
	return nil
}

// drop closes`}},
	},
	{
		Name:  "handle-not-lowest",
		Wrong: "A closed handle is not handed out again while there are others.",
		Rule:  "S50", Theme: "handles", Dies: []string{"wrong answer", "handle reuse"},
		Edits: []Edit{{"sim/handles.go", `	t.lowest = min(t.lowest, i)
`, ``}},
	},
	{
		Name:  "handles-outlive",
		Wrong: "The handles of a process stay open when it ends.",
		Rule:  "S55", Theme: "handles", Dies: []string{"handle reuse", "wrong answer"},
		Edits: []Edit{{"sim/inherit.go", `	old := t.slots
	t.open = 0
	t.show(nil)
`, `	old := t.slots
	t.open = 0
`}},
	},
	{
		Name:  "table-outlives",
		Wrong: "A process that has ended can open handles.",
		Rule:  "S55", Theme: "handles", Dies: []string{"handle reuse", "wrong answer"},
		Edits: []Edit{{"sim/inherit.go", `	t.closed = true
`, ``}},
	},
	{
		Name:  "pid-not-kept",
		Wrong: "The pid of an ended process is handed out though a handle keeps it.",
		Rule:  "S56", Theme: "handles", Dies: []string{"handle reuse", "wrong answer"},
		Edits: []Edit{{"sim/exit.go", `	if o := k.objects[p.pid]; o != nil {
		k.ids.set(n, reserved)
`, `	if o := k.objects[p.pid]; o != nil {
		k.ids.set(n, 0)
		k.giveID(n)
`}},
	},
	{
		Name:  "cursor-of-its-own",
		Wrong: "A duplicated handle has cursors of its own.",
		Rule:  "S52", Theme: "cursors", Dies: []string{"repeated entry"},
		Edits: []Edit{{"toolhelp/handles.go", `	h, ok := number(source)
	if !ok {
		return 0, ERROR_INVALID_HANDLE
	}
`, `	h, ok := number(source)
	if !ok {
		return 0, ERROR_INVALID_HANDLE
	}
	if s, ok := from.Find(h).(*section); ok && !closing {
		d, err := to.Open(&section{snapshot: s.snapshot, bits: s.bits, pid: s.pid}, f)
		return d, errnoOf(err)
	}
`}},
	},
	{
		Name:  "lock-within-lock",
		Wrong: "Closing the handles of an ended process takes the lock that its end holds.",
		Rule:  "S20", Theme: "handles", Dies: []string{"deadlock"},
		Edits: []Edit{{"sim/inherit.go", `	t := k.tables[pid]
	if t == nil || t.seq != seq {
`, `	t := k.tables[pid]
	k.Version()
	if t == nil || t.seq != seq {
`}},
	},
	{
		Name:  "lock-order",
		Wrong: "Two locks are taken in one order by a process that ends and in the other by CloseHandle.",
		Rule:  "S4", Theme: "handles", Dies: []string{"deadlock"},
		Edits: []Edit{
			{"sim/handles.go", `	lowest int                         // no free slot is below
`, `	lowest int                         // no free slot is below
	mu     sched.Mutex
`},
			{"sim/handles.go", `		t.shown.Attach(k.sched, "handles.slots")
`, `		t.shown.Attach(k.sched, "handles.slots")
		t.mu.Attach(k.sched, "handles.mu")
`},
			{"sim/handles.go", `func (t *HandleTable) Close(h Handle) error {
`, `func (t *HandleTable) Close(h Handle) error {
	t.mu.Lock()
	defer t.mu.Unlock()
`},
			{"sim/inherit.go", `	t.closed = true
`, `	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
`},
		},
	},
}

// raceBugs have no yield point inside: only the race detector sees them, on real goroutines.
var raceBugs = []Bug{
	{
		Name:  "racy-counter",
		Wrong: "State counts how often it was called, without the lock.",
		Rule:  "S12", Dies: []string{"race detector"},
		Edits: []Edit{{"sim/kernel.go", `	if s := k.last.Load(); s != nil {
		return s
	}
	return k.take()
`, `	k.count.States++
	if s := k.last.Load(); s != nil {
		return s
	}
	return k.take()
`}},
	},
	{
		Name:  "racy-version",
		Wrong: "Version reads the number without the lock.",
		Rule:  "S1", Dies: []string{"race detector"},
		Edits: []Edit{{"sim/kernel.go", `	k.mu.Lock()
	defer k.mu.Unlock()
	return k.version
}
`, `	return k.version
}
`}},
	},
}
