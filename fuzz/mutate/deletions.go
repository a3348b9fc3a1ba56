package main

import (
	"fmt"
	"go/ast"
	"go/token"
)

// deleted makes a mutant of each statement of a list that can go.
func (f *finder) deleted(t *ast.FuncType, body *ast.BlockStmt, list []ast.Stmt) {
	for _, s := range list {
		if f.taken[s] || raises(s) || !deletable(s) {
			continue
		}
		if t.Results != nil && !terminates(body.List, s) {
			f.skipped["the function would end without a result"]++
			continue
		}
		n := f.add(deleteLine, s, f.text(s))
		f.around(s, fmt.Sprintf("if !mutantOn(%d) { ", n), " }")
	}
}

// deletable says whether the rest compiles without s. Declarations are not statements that do anything by themselves.
func deletable(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.AssignStmt:
		if blank, ok := s.Lhs[0].(*ast.Ident); ok && len(s.Lhs) == 1 && blank.Name == "_" {
			return false
		}
		return s.Tok != token.DEFINE
	case *ast.BranchStmt:
		return s.Tok != token.FALLTHROUGH
	case *ast.DeclStmt, *ast.EmptyStmt, *ast.BlockStmt:
		return false
	}
	return !isClause(s)
}

// terminates says whether a list of statements, without the one that is gone, never reaches its end: the terminating statements of
// the Go specification.
func terminates(list []ast.Stmt, gone ast.Stmt) bool {
	for i := len(list) - 1; i >= 0; i-- {
		if _, empty := list[i].(*ast.EmptyStmt); !empty && list[i] != gone {
			return ends(list[i], "", gone)
		}
	}
	return false
}

func ends(s ast.Stmt, label string, gone ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return s.Tok == token.GOTO || s.Tok == token.FALLTHROUGH
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		id, ok := call.Fun.(*ast.Ident)
		return ok && id.Name == "panic"
	case *ast.BlockStmt:
		return terminates(s.List, gone)
	case *ast.LabeledStmt:
		return ends(s.Stmt, s.Label.Name, gone)
	case *ast.IfStmt:
		return s.Else != nil && terminates(s.Body.List, gone) && ends(s.Else, "", gone)
	case *ast.ForStmt:
		return s.Cond == nil && !broken(s.Body, label, gone)
	case *ast.SwitchStmt:
		return clausesEnd(s.Body, label, gone)
	case *ast.TypeSwitchStmt:
		return clausesEnd(s.Body, label, gone)
	case *ast.SelectStmt:
		return clausesEnd(s.Body, label, gone)
	}
	return false
}

func clausesEnd(body *ast.BlockStmt, label string, gone ast.Stmt) bool {
	every := false // a default, or a select
	for _, c := range body.List {
		var list []ast.Stmt
		switch c := c.(type) {
		case *ast.CaseClause:
			list, every = c.Body, every || c.List == nil
		case *ast.CommClause:
			list, every = c.Body, true
		}
		if !terminates(list, gone) {
			return false
		}
	}
	return every && !broken(body, label, gone)
}

// broken says whether a break leaves the statement that body and label belong to.
func broken(body ast.Node, label string, gone ast.Stmt) bool {
	found := false
	var look func(n ast.Node, bare bool)
	look = func(n ast.Node, bare bool) {
		ast.Inspect(n, func(m ast.Node) bool {
			switch m := m.(type) {
			case *ast.FuncLit:
				return false
			case *ast.BranchStmt:
				if ast.Stmt(m) != gone && m.Tok == token.BREAK && (m.Label == nil && bare || m.Label != nil && m.Label.Name == label) {
					found = true
				}
			case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
				if m != n && m != gone {
					look(m, false)
				}
				return m == n
			}
			return true
		})
	}
	look(body, true)
	return found
}
