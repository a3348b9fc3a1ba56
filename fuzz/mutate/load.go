package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A room is a package to be mutated, parsed and type-checked, and what is to be spliced into its files.
type room struct {
	path  string // import path
	dir   string
	name  string
	files []*source
	types types.Info
}

// A source is one file of a room.
type source struct {
	name    string // below the module, with slashes
	path    string
	text    string
	tree    *ast.File
	splices []splice
}

// listed is what go list says of a package, as far as it matters here.
type listed struct {
	ImportPath, Dir, Name, Export string
	GoFiles                       []string
	DepOnly                       bool
	Module                        *struct{ Dir string }
}

// load reads the packages that patterns name, as seen from dir.
func load(fset *token.FileSet, dir string, patterns ...string) ([]*room, error) {
	packages, err := list(dir, patterns)
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	for _, p := range packages {
		exports[p.ImportPath] = p.Export
	}
	known := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("go list shows no export file of %s", path)
		}
		return os.Open(exports[path])
	})
	var rooms []*room
	for _, p := range packages {
		if p.DepOnly {
			continue
		}
		r, err := read(fset, p, known)
		if err != nil {
			return nil, err
		}
		rooms = append(rooms, r)
	}
	return rooms, nil
}

func list(dir string, patterns []string) ([]listed, error) {
	args := append([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,Name,Export,GoFiles,DepOnly,Module", "--"}, patterns...)
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w\n%s", strings.Join(patterns, " "), err, stderr.Bytes())
	}
	var packages []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list -json: %w", err)
		}
		packages = append(packages, p)
	}
}

func read(fset *token.FileSet, p listed, known types.Importer) (*room, error) {
	r := &room{path: p.ImportPath, dir: p.Dir, name: p.Name}
	r.types = types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	var trees []*ast.File
	for _, name := range p.GoFiles {
		s := &source{path: filepath.Join(p.Dir, name)}
		text, err := os.ReadFile(s.path)
		if err != nil {
			return nil, err
		}
		s.text = string(text)
		if s.tree, err = parser.ParseFile(fset, s.path, text, parser.SkipObjectResolution); err != nil {
			return nil, err
		}
		root := p.Dir
		if p.Module != nil {
			root = p.Module.Dir
		}
		below, err := filepath.Rel(root, s.path)
		if err != nil {
			return nil, err
		}
		s.name = filepath.ToSlash(below)
		r.files, trees = append(r.files, s), append(trees, s.tree)
	}
	config := types.Config{Importer: known}
	if _, err := config.Check(p.ImportPath, fset, trees, &r.types); err != nil {
		return nil, err
	}
	return r, nil
}
