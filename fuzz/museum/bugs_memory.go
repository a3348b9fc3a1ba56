package main

// memoryBugs are about modules, heaps and what stands in memory.
var memoryBugs = []Bug{
	{
		Name:  "alias-load-count",
		Wrong: "LoadLibrary counts one load more in a node that a snapshot holds.",
		Rule:  "S8", Theme: "modules", Dies: []string{"aliasing"},
		Edits: []Edit{{"sim/module.go", `			m = p.modules.edit(&k.writer, k.threshold(p), key)
			m.loads++
`, `			_ = key
			m.loads++
`}},
	},
	{
		Name:  "unmapped-at-once",
		Wrong: "FreeLibrary unmaps a module that was loaded twice.",
		Rule:  "S28", Theme: "modules", Dies: []string{"torn read", "wrong answer"},
		Edits: []Edit{{"sim/module.go", `if m.loads > 1 {`, `if m.loads > 2 {`}},
	},
	{
		Name:  "module-miscounted",
		Wrong: "FreeLibrary forgets to count the listed modules down.",
		Rule:  "S28", Theme: "modules", Dies: []string{"stale read", "broken list", "torn read"},
		Edits: []Edit{{"sim/module.go", `	if !data {
		p.listed--
	}
`, `	_ = data
`}},
	},
	{
		Name:  "alias-heap",
		Wrong: "A heap that a snapshot holds is written in place.",
		Rule:  "S8", Theme: "heaps", Dies: []string{"aliasing"},
		Edits: []Edit{{"sim/heap.go", `	if h.gen >= own {
		return h
	}
`, `	if h.gen > 0 {
		return h
	}
`}},
	},
	{
		Name:  "heap-free-twice",
		Wrong: "HeapFree looks for the block and frees it in two critical sections: two calls can free one block.",
		Rule:  "S1", Theme: "heaps", Dies: []string{"lost update"},
		Edits: []Edit{{"sim/block.go", `	p = k.mine(p)
	k.release(p, k.ownHeap(p, h), b)
	return nil
`, `	k.mu.Unlock()
	k.mu.Lock()
	if k, p, h, b, err = tx.block("HeapFree", pid, id, at); err == nil {
		p = k.mine(p)
		k.release(p, k.ownHeap(p, h), b)
	}
	return nil
`}},
	},
	{
		Name:  "block-not-zero",
		Wrong: "A new block shows what stood in the freed one before it.",
		Rule:  "S37", Theme: "memory", Dies: []string{"torn read", "wrong answer"},
		Edits: []Edit{{"sim/block.go", `	k.zero(p, Address(at), b.room)
	return Address(at)
`, `	return Address(at)
`}},
	},
	{
		Name:  "blocks-not-joined",
		Wrong: "A freed block does not join the free one behind it.",
		Rule:  "S33", Theme: "heaps", Dies: []string{"broken list", "torn read", "wrong answer"},
		Edits: []Edit{{"sim/block.go", `next.n != nil && next.item().val.flags&blockFree != 0 {`, `next.n != nil && next.item().val.flags&blockFree != 0 && to == 0 {`}},
	},
	{
		Name:  "locked-block-moves",
		Wrong: "HeapReAlloc moves a locked block.",
		Rule:  "S35", Theme: "heaps", Dies: []string{"lost update"},
		Edits: []Edit{{"sim/block.go", `	case b.locks > 0:
		return 0, fail("HeapReAlloc"`, `	case b.locks > 1:
		return 0, fail("HeapReAlloc"`}},
	},
	{
		Name:  "alias-page",
		Wrong: "A page of memory that a snapshot holds is written in place.",
		Rule:  "S8", Theme: "memory", Dies: []string{"aliasing"},
		Edits: []Edit{{"sim/memory.go", `	if (*old).gen >= own {
`, `	if (*old).gen > 0 && own > 0 {
`}},
	},
	{
		Name:  "torn-write",
		Wrong: "WriteProcessMemory lets go of the lock between the first byte and the rest.",
		Rule:  "S1", Theme: "memory", Dies: []string{"torn read", "wrong answer", "aliasing"},
		Edits: []Edit{{"sim/memory.go", `	k.write(k.mine(p), at, data)
	return nil
`, `	if len(data) > 1 {
		k.write(k.mine(p), at, data[:1])
		k.mu.Unlock()
		k.mu.Lock()
		if p = k.process(pid); p == nil || p.check("WriteProcessMemory", pid, at, len(data)) != nil {
			return nil
		}
		at, data = at+1, data[1:]
	}
	k.write(k.mine(p), at, data)
	return nil
`}},
	},
}
