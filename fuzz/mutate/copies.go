package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// cloned uses the original instead of a fresh slice or map.
func (f *finder) cloned(c *ast.CallExpr) {
	var original ast.Expr
	switch {
	case f.calls(c, "slices", "Clone"), f.calls(c, "maps", "Clone"), f.calls(c, "bytes", "Clone"), f.calls(c, "slices", "Clip"):
		original = c.Args[0]
	case isAppendAll(c) && isFresh(c.Args[0]):
		original = c.Args[1]
	}
	if original != nil && f.same(c, original) {
		f.switched(f.add(dropCopy, c, f.text(c)), c, f.text(original))
	}
}

// copyAssigned uses the original in three kinds of assignment: *a = *b, and a = append(a, b...).
func (f *finder) copyAssigned(s *ast.AssignStmt) {
	if s.Tok != token.ASSIGN || len(s.Lhs) != 1 {
		return
	}
	if to, ok := s.Lhs[0].(*ast.StarExpr); ok {
		if from, ok := s.Rhs[0].(*ast.StarExpr); ok && f.same(to.X, from.X) {
			f.instead(s, to.X, from.X)
		}
		return
	}
	if c, ok := s.Rhs[0].(*ast.CallExpr); ok && isAppendAll(c) && f.text(c.Args[0]) == f.text(s.Lhs[0]) {
		if _, made := c.Args[1].(*ast.CallExpr); !made && f.same(s.Lhs[0], c.Args[1]) {
			f.instead(s, s.Lhs[0], c.Args[1])
		}
	}
}

// copyCall uses the original instead of copy(a, b), where a is a variable.
func (f *finder) copyCall(s *ast.ExprStmt) {
	c, ok := s.X.(*ast.CallExpr)
	if !ok || !isBuiltin(c, "copy") {
		return
	}
	if to, ok := c.Args[0].(*ast.Ident); ok && f.same(to, c.Args[1]) {
		f.instead(s, to, c.Args[1])
	}
}

// instead makes a plain assignment of a statement that copies.
func (f *finder) instead(s ast.Stmt, to, from ast.Expr) {
	n := f.add(dropCopy, s, f.text(s))
	f.around(s, fmt.Sprintf("if mutantOn(%d) { %s = %s } else { ", n, f.text(to), f.text(from)), " }")
}

// localCopies are the variables of a body that are copies of what a pointer points to, and that pointer.
func (f *finder) localCopies(body *ast.BlockStmt) map[types.Object]ast.Expr {
	found := map[types.Object]ast.Expr{}
	ast.Inspect(body, func(n ast.Node) bool {
		s, ok := n.(*ast.AssignStmt)
		if !ok || s.Tok != token.DEFINE || len(s.Lhs) != len(s.Rhs) {
			return true
		}
		for i := range s.Lhs {
			star, ok := s.Rhs[i].(*ast.StarExpr)
			if id, isName := s.Lhs[i].(*ast.Ident); ok && isName {
				found[f.room.types.Defs[id]] = star.X
			}
		}
		return true
	})
	return found
}

// addressed uses the original instead of the address of a local copy of it.
func (f *finder) addressed(e *ast.UnaryExpr, copies map[types.Object]ast.Expr) {
	id, ok := e.X.(*ast.Ident)
	if e.Op != token.AND || !ok {
		return
	}
	if original := copies[f.room.types.Uses[id]]; original != nil && f.same(e, original) {
		f.switched(f.add(dropCopy, e, f.text(e)+", a copy of *"+f.text(original)), e, f.text(original))
	}
}

// copiedFields uses the original instead of a fresh object that takes over an array of it.
func (f *finder) copiedFields(e *ast.UnaryExpr) {
	lit, ok := e.X.(*ast.CompositeLit)
	if e.Op != token.AND || !ok {
		return
	}
	for _, elt := range lit.Elts {
		kv, ok := elt.(*ast.KeyValueExpr)
		if !ok {
			return
		}
		from, ok := kv.Value.(*ast.SelectorExpr)
		if !ok || f.text(kv.Key) != from.Sel.Name {
			continue
		}
		if _, array := f.typeOf(from).Underlying().(*types.Array); !array {
			continue
		}
		original := from.X
		if p, ok := original.(*ast.ParenExpr); ok {
			original = p.X
		}
		if f.same(e, original) {
			f.switched(f.add(dropCopy, e, f.text(e)), e, f.text(original))
			return
		}
	}
}

func (f *finder) typeOf(e ast.Expr) types.Type {
	if t := f.room.types.TypeOf(e); t != nil {
		return t
	}
	return types.Typ[types.Invalid]
}

// same says whether one expression can stand where the other does.
func (f *finder) same(a, b ast.Expr) bool { return types.Identical(f.typeOf(a), f.typeOf(b)) }

// calls says whether c calls a function of that package.
func (f *finder) calls(c *ast.CallExpr, path, name string) bool {
	s, ok := c.Fun.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	fn, ok := f.room.types.Uses[s.Sel].(*types.Func)
	return ok && fn.Pkg() != nil && fn.Pkg().Path() == path
}

func isBuiltin(c *ast.CallExpr, name string) bool {
	id, ok := c.Fun.(*ast.Ident)
	return ok && id.Name == name
}

// isAppendAll says whether c is append(a, b...).
func isAppendAll(c *ast.CallExpr) bool {
	return isBuiltin(c, "append") && len(c.Args) == 2 && c.Ellipsis.IsValid()
}

// isFresh says whether appending to e always allocates: T(nil), T{} or x[:0:0].
func isFresh(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.CallExpr:
		if len(e.Args) == 1 {
			id, ok := e.Args[0].(*ast.Ident)
			return ok && id.Name == "nil"
		}
	case *ast.CompositeLit:
		return len(e.Elts) == 0
	case *ast.SliceExpr:
		limit, ok := e.Max.(*ast.BasicLit)
		return ok && limit.Value == "0"
	}
	return false
}
