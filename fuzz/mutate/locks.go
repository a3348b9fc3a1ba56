package main

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// A lockEvent is a place where a function takes a lock or lets it go, itself or by calling a function that does only that half.
type lockEvent struct {
	src    *source
	stmt   ast.Stmt // the statement of a list that it stands in
	list   []ast.Stmt
	index  int           // of stmt in list
	call   *ast.CallExpr // of Lock, Unlock or the function
	lock   string        // the lock's expression, such as k.mu
	takes  bool
	defers bool
	by     *half // nil when it calls Lock or Unlock itself
}

// A half is a function that takes a lock without letting it go, or the reverse. Its callers hold the lock or have let it go.
type half struct {
	decl   *ast.FuncDecl
	src    *source
	events []lockEvent
}

// name is that of the lock whatever holds it: two locks are the same when they are.
func (e lockEvent) name() string { return e.lock[strings.LastIndex(e.lock, ".")+1:] }

// locks removes and splits every critical section of the room.
func (f *finder) locks() {
	halves := f.halves()
	shared := map[string][]*half{}
	f.functions(func(s *source, d *ast.FuncDecl) {
		f.src, f.fn = s, nameOf(d)
		if h := halves[f.room.types.Defs[d.Name]]; h != nil {
			shared[h.events[0].name()] = append(shared[h.events[0].name()], h)
			return
		}
		events := f.lockEvents(s, d, halves)
		for _, name := range names(events) {
			f.removed(slices.DeleteFunc(slices.Clone(events), func(e lockEvent) bool { return e.name() != name }))
		}
		f.split(events)
		f.held(d)
	})
	f.shared(shared)
}

// halves finds the functions that leave a lock taken, or let go of one that they have not taken.
func (f *finder) halves() map[types.Object]*half {
	found := map[types.Object]*half{}
	f.functions(func(s *source, d *ast.FuncDecl) {
		if events := f.lockEvents(s, d, nil); lopsided(events) {
			found[f.room.types.Defs[d.Name]] = &half{d, s, events}
		}
	})
	for fn, h := range found { // some only let go of what another half has taken for them
		f.src = h.src
		if !lopsided(f.lockEvents(h.src, h.decl, found)) {
			defer delete(found, fn)
		}
	}
	return found
}

func lopsided(events []lockEvent) bool {
	takes := func(e lockEvent) bool { return e.takes }
	lets := func(e lockEvent) bool { return !e.takes }
	return len(events) > 0 && (!slices.ContainsFunc(events, takes) || !slices.ContainsFunc(events, lets))
}

// functions calls g for every function of the room.
func (f *finder) functions(g func(*source, *ast.FuncDecl)) {
	for _, s := range f.room.files {
		f.src = s
		for _, d := range s.tree.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Body != nil {
				g(s, d)
			}
		}
	}
}

func names(events []lockEvent) []string {
	var found []string
	for _, e := range events {
		if !slices.Contains(found, e.name()) {
			found = append(found, e.name())
		}
	}
	return found
}

// lockEvents are those of a function, in order, not of functions within it.
func (f *finder) lockEvents(s *source, d *ast.FuncDecl, halves map[types.Object]*half) []lockEvent {
	var events []lockEvent
	eachList(d.Body, func(list []ast.Stmt) {
		for i, stmt := range list {
			_, defers := stmt.(*ast.DeferStmt)
			ownCalls(stmt, func(c *ast.CallExpr) {
				sel, ok := c.Fun.(*ast.SelectorExpr)
				if !ok {
					return
				}
				e := lockEvent{src: s, stmt: stmt, list: list, index: i, call: c, defers: defers}
				h := halves[f.room.types.Uses[sel.Sel]]
				switch {
				case h != nil:
					from := h.events[0]
					e.by, e.takes, e.lock = h, from.takes, f.text(sel.X)+strings.TrimPrefix(from.lock, h.decl.Recv.List[0].Names[0].Name)
				case (sel.Sel.Name == "Lock" || sel.Sel.Name == "Unlock") && len(c.Args) == 0:
					e.takes, e.lock = sel.Sel.Name == "Lock", f.text(sel.X)
				default:
					return
				}
				events = append(events, e)
			})
		}
	})
	return events
}

// eachList calls g for every list of statements in a body, not for those of functions within it.
func eachList(body *ast.BlockStmt, g func([]ast.Stmt)) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.BlockStmt:
			if len(n.List) > 0 && !isClause(n.List[0]) {
				g(n.List)
			}
		case *ast.CaseClause:
			g(n.Body)
		case *ast.CommClause:
			g(n.Body)
		}
		return true
	})
}

// isClause says whether s is a case of a switch or select, whose body is its own list.
func isClause(s ast.Stmt) bool {
	switch s.(type) {
	case *ast.CaseClause, *ast.CommClause:
		return true
	}
	return false
}

// ownCalls calls g for every call in a statement that does not stand in a list of statements or a function within it.
func ownCalls(s ast.Stmt, g func(*ast.CallExpr)) {
	ast.Inspect(s, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit, *ast.BlockStmt:
			return false
		case *ast.CallExpr:
			g(n)
		}
		return true
	})
}

// removed makes one mutant of all events of one lock in one function.
func (f *finder) removed(events []lockEvent) {
	if len(events) == 0 {
		return
	}
	n := f.add(removeLock, events[0].stmt, f.text(events[0].call))
	for _, e := range events {
		f.unlocked(n, e)
	}
}

// unlocked leaves an event out when mutant n is on.
func (f *finder) unlocked(n int, e lockEvent) {
	f.taken[e.stmt] = true
	if e.by == nil {
		f.around(e.stmt, fmt.Sprintf("if !mutantOn(%d) { ", n), " }")
		return
	}
	d := e.by.decl
	fun := e.call.Fun.(*ast.SelectorExpr)
	method := fmt.Sprintf("(%s).", e.by.text(f, d.Recv.List[0].Type))
	comma := ""
	if len(e.call.Args) > 0 {
		comma = ", "
	}
	// x.begin(a) becomes mutantPick(n, (*T).begin, (*T).mutantbegin)(x, a).
	f.put(e.call.Pos(), fmt.Sprintf("mutantPick(%d, %s%s, %smutant%s)(", n, method, d.Name.Name, method, d.Name.Name))
	f.src.splices = append(f.src.splices, splice{f.offset(fun.X.End()), true, comma + "/*"},
		splice{f.offset(e.call.Lparen) + 1, false, "*/"})
}

// shared removes a lock from the functions that have one half of it each: from all that call them at once. It also adds the copies
// without lock that unlocked calls.
func (f *finder) shared(groups map[string][]*half) {
	var names []string
	for name := range groups {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		group := groups[name]
		f.src, f.fn = group[0].src, nameOf(group[0].decl)
		n := f.add(removeLock, group[0].events[0].stmt, f.text(group[0].events[0].call))
		for _, h := range group {
			f.src, f.fn = h.src, nameOf(h.decl)
			h.copied(f)
			for _, e := range h.events {
				f.unlocked(n, e)
			}
			f.split(h.events)
		}
	}
}

func (h *half) text(f *finder, n ast.Node) string {
	return h.src.text[f.offset(n.Pos()):f.offset(n.End())]
}

// copied adds, at the end of the file, the function under another name without its lock.
func (h *half) copied(f *finder) {
	from := f.offset(h.decl.Pos())
	name := f.offset(h.decl.Name.Pos())
	text := h.src.text[from:name] + "mutant" + h.src.text[name:f.offset(h.decl.End())]
	for i := len(h.events) - 1; i >= 0; i-- { // from behind, so that offsets stay
		e := h.events[i]
		at := f.offset(e.stmt.Pos()) - from + len("mutant")
		text = text[:at] + text[at+len(h.text(f, e.stmt)):]
	}
	h.src.splices = append(h.src.splices, splice{len(h.src.text), false, "\n" + text + "\n"})
}
