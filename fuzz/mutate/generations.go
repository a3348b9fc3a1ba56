package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
)

// The fields that hold the generation of a node and the threshold below which nodes are not written. Every comparison with the first
// decides whether something is written in place, or counts what was not.
const (
	generationField = "gen"
	thresholdField  = "own"
)

// compared makes a comparison of a generation come out as if the node were young.
func (f *finder) compared(e *ast.BinaryExpr) {
	if !isField(e.X, generationField) {
		return
	}
	if _, constant := e.Y.(*ast.BasicLit); constant {
		return
	}
	switch e.Op {
	case token.GEQ:
		n := f.add(dropGeneration, e, f.text(e))
		f.around(e, "(", fmt.Sprintf(" || mutantOn(%d))", n))
	case token.LSS:
		n := f.add(dropGeneration, e, f.text(e))
		f.around(e, "(", fmt.Sprintf(" && !mutantOn(%d))", n))
	}
}

// raises says whether a statement raises a threshold: dropping it is this operator's business.
func raises(s ast.Stmt) bool {
	a, ok := s.(*ast.AssignStmt)
	return ok && len(a.Lhs) == 1 && a.Tok == token.ASSIGN && isField(a.Lhs[0], thresholdField)
}

// raised leaves a threshold where it was.
func (f *finder) raised(s *ast.AssignStmt) {
	if raises(s) {
		n := f.add(dropGeneration, s, f.text(s))
		f.around(s, fmt.Sprintf("if !mutantOn(%d) { ", n), " }")
	}
}

// thresholds ignores one of the thresholds that a node must pass.
func (f *finder) thresholds(c *ast.CallExpr) {
	if id, ok := c.Fun.(*ast.Ident); !ok || id.Name != "max" || slices.ContainsFunc(c.Args, func(e ast.Expr) bool { return !isField(e, thresholdField) }) {
		return
	}
	for _, arg := range c.Args {
		n := f.add(dropGeneration, c, f.text(c)+" -> "+f.text(arg))
		f.switched(n, c, f.text(arg))
	}
}

func isField(e ast.Expr, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	return ok && s.Sel.Name == name
}
