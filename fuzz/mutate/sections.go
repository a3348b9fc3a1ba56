package main

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// An underLock names functions that are called with a lock held that somebody else took.
type underLock struct {
	room     string // end of the import path
	receiver string
	methods  []string // nil: all exported ones
	when     string   // whether it is held, R being the receiver; a kernel that is booting has none yet
	lock     string
}

var underLocks = []underLock{
	{"/sim", "Tx", nil, "R.k != nil && R.k.version+1 != 0", "R.k.mu"},
	{"/sim", "Kernel", []string{"commit", "freezeInto", "exit"}, "R.version+1 != 0", "R.mu"},
	{"/sim", "HandleTable", []string{"add", "drop", "grow"}, "true", "R.k.mu"},
}

// split lets go of a lock and takes it again, before each statement of a section but the first.
func (f *finder) split(events []lockEvent) {
	for i, e := range events {
		switch {
		case e.takes:
			end := len(e.list)
			for _, u := range events[i+1:] {
				if !u.takes && !u.defers && u.name() == e.name() && len(u.list) == len(e.list) && u.list[0] == e.list[0] {
					end = min(end, u.index+1)
				}
			}
			f.splitList(e.list[e.index:end], events, "true", e.lock)
		case e.by == nil && !slices.ContainsFunc(events, func(t lockEvent) bool { return t.takes }) && !e.defers:
			f.splitList(e.list[:e.index+1], events, "true", e.lock) // taken by the caller
		}
	}
}

// held splits the sections of those functions that are called with a lock held.
func (f *finder) held(d *ast.FuncDecl) {
	for _, u := range underLocks {
		if !strings.HasSuffix(f.room.path, u.room) || receiver(d) != u.receiver {
			continue
		}
		if u.methods == nil && d.Name.IsExported() || slices.Contains(u.methods, d.Name.Name) {
			r := d.Recv.List[0].Names[0].Name
			f.splitList(d.Body.List, nil, strings.ReplaceAll(u.when, "R.", r+"."), strings.ReplaceAll(u.lock, "R.", r+"."))
		}
	}
}

// splitList makes a mutant before each statement of a section that has something to protect on both sides.
func (f *finder) splitList(list []ast.Stmt, events []lockEvent, when, lock string) {
	touched := func(list []ast.Stmt) bool {
		return slices.ContainsFunc(list, func(s ast.Stmt) bool { return !onlyLocks(s, events) && touches(s) })
	}
	for i, s := range list {
		if i == 0 || onlyLocks(s, events) || !touched(list[:i]) || !touched(list[i:]) {
			continue
		}
		n := f.add(splitSection, s, f.text(s))
		f.put(s.Pos(), fmt.Sprintf("if mutantOn(%d) && %s { %s.Unlock(); %s.Lock() }; ", n, when, lock, lock))
	}
}

// onlyLocks says whether a statement does nothing but take a lock or let it go.
func onlyLocks(s ast.Stmt, events []lockEvent) bool {
	return slices.ContainsFunc(events, func(e lockEvent) bool {
		if e.stmt != s || e.by != nil {
			return false
		}
		switch s.(type) {
		case *ast.ExprStmt, *ast.DeferStmt:
			return true
		}
		return false
	})
}

// touches says whether a statement may read or write what others can see: more than local variables.
func touches(s ast.Stmt) bool {
	found := false
	ast.Inspect(s, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.SelectorExpr, *ast.CallExpr, *ast.StarExpr, *ast.IndexExpr:
			found = true
		}
		return !found
	})
	return found
}
