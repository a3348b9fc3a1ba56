package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
)

// A finder goes through rooms and splices every mutant it finds into their sources.
type finder struct {
	fset    *token.FileSet
	room    *room
	src     *source
	fn      string // where it is: Type.Method or function
	mutants []mutant
	alike   map[key]int
	taken   map[ast.Stmt]bool // statements whose deletion is another operator's business
	skipped map[string]int    // statements that can't go, by reason
}

func newFinder(fset *token.FileSet) *finder {
	return &finder{fset: fset, alike: map[key]int{}, taken: map[ast.Stmt]bool{}, skipped: map[string]int{}}
}

// find mutates one room.
func (f *finder) find(r *room) {
	f.room = r
	f.locks()
	for _, s := range r.files {
		f.src = s
		for _, d := range s.tree.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Body != nil {
					f.fn = nameOf(d)
					f.function(d.Type, d.Body)
				}
			case *ast.GenDecl:
				f.fn = "var"
				f.nested(d)
			}
		}
	}
}

// function mutates a body: expressions and statements alike. Functions within have their own results and so their own turn.
func (f *finder) function(t *ast.FuncType, body *ast.BlockStmt) {
	seen := f.localCopies(body)
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			f.function(n.Type, n.Body)
			return false
		case *ast.BlockStmt:
			f.deleted(t, body, n.List)
		case *ast.CaseClause:
			f.deleted(t, body, n.Body)
		case *ast.CommClause:
			f.deleted(t, body, n.Body)
		case *ast.AssignStmt:
			f.raised(n)
			f.copyAssigned(n)
		case *ast.ExprStmt:
			f.copyCall(n)
		case *ast.BinaryExpr:
			f.compared(n)
		case *ast.CallExpr:
			f.cloned(n)
			f.thresholds(n)
		case *ast.UnaryExpr:
			f.addressed(n, seen)
			f.copiedFields(n)
		}
		return true
	})
	if t.Results != nil {
		f.put(body.Rbrace, `;panic("a mutant fell off the end");`)
	}
}

// nested mutates the functions in a declaration.
func (f *finder) nested(d ast.Node) {
	ast.Inspect(d, func(n ast.Node) bool {
		if lit, ok := n.(*ast.FuncLit); ok {
			f.function(lit.Type, lit.Body)
			return false
		}
		return true
	})
}

// add gives the next number to a mutant of what stands from node on.
func (f *finder) add(op operator, node ast.Node, text string) int {
	p := f.fset.Position(node.Pos())
	k := key{op: op, file: f.src.name, fn: f.fn, text: oneLine(text)}
	f.alike[k]++
	k.nth = f.alike[k]
	f.mutants = append(f.mutants, mutant{number: len(f.mutants) + 1, key: k, room: f.room.path, line: p.Line})
	return len(f.mutants)
}

// switched splices a choice into the source: what is there when mutant n is off, text when it is on.
func (f *finder) switched(n int, e ast.Expr, text string) {
	f.around(e, fmt.Sprintf("mutantPick(%d, ", n), fmt.Sprintf(", %s)", text))
}

// around splices text before and after a node.
func (f *finder) around(node ast.Node, before, after string) {
	f.src.splices = append(f.src.splices, splice{f.offset(node.Pos()), false, before}, splice{f.offset(node.End()), true, after})
}

func (f *finder) put(at token.Pos, text string) {
	f.src.splices = append(f.src.splices, splice{f.offset(at), false, text})
}

func (f *finder) offset(p token.Pos) int { return f.fset.Position(p).Offset }

// text is what the source says for a node.
func (f *finder) text(n ast.Node) string { return f.src.text[f.offset(n.Pos()):f.offset(n.End())] }

// nameOf is Type.Method or the name of a function.
func nameOf(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	return receiver(d) + "." + d.Name.Name
}

// receiver is the name of the type that has the method, without star and type parameters.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// byPlace orders mutants as a reader meets them.
func byPlace(list []mutant) {
	slices.SortFunc(list, func(a, b mutant) int {
		switch {
		case a.file != b.file:
			if a.file < b.file {
				return -1
			}
			return 1
		case a.line != b.line:
			return a.line - b.line
		}
		return a.number - b.number
	})
}
