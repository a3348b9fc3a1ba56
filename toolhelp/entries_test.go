package toolhelp

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A layout is the size of a struct and the offset of each field, in their order.
type layout struct {
	Size    int64
	Offsets []int64
}

// TestLayouts is section B of docs/win32.md: size and offsets of the entry structs on 64-bit and 32-bit hosts, whatever this one is.
func TestLayouts(t *testing.T) {
	tests := []struct {
		name        string
		amd64, i386 layout
	}{
		{"ProcessEntry32", layout{568, []int64{0, 4, 8, 16, 24, 28, 32, 36, 40, 44}}, layout{556, []int64{0, 4, 8, 12, 16, 20, 24, 28, 32, 36}}},
		{"ProcessEntry32A", layout{304, []int64{0, 4, 8, 16, 24, 28, 32, 36, 40, 44}}, layout{296, []int64{0, 4, 8, 12, 16, 20, 24, 28, 32, 36}}},
		{"ThreadEntry32", layout{28, []int64{0, 4, 8, 12, 16, 20, 24}}, layout{28, []int64{0, 4, 8, 12, 16, 20, 24}}},
		{"ModuleEntry32", layout{1080, []int64{0, 4, 8, 12, 16, 24, 32, 40, 48, 560}}, layout{1064, []int64{0, 4, 8, 12, 16, 20, 24, 28, 32, 544}}},
		{"ModuleEntry32A", layout{568, []int64{0, 4, 8, 12, 16, 24, 32, 40, 48, 304}}, layout{548, []int64{0, 4, 8, 12, 16, 20, 24, 28, 32, 288}}},
		{"HeapList32", layout{32, []int64{0, 8, 16, 24}}, layout{16, []int64{0, 4, 8, 12}}},
		{"HeapEntry32", layout{56, []int64{0, 8, 16, 24, 32, 36, 40, 44, 48}}, layout{36, []int64{0, 4, 8, 12, 16, 20, 24, 28, 32}}},
	}
	for _, arch := range []string{"amd64", "386"} {
		scope, sizes := entryTypes(t, arch)
		for _, tt := range tests {
			want := tt.amd64
			if arch == "386" {
				want = tt.i386
			}
			s := scope.Lookup(tt.name).Type().Underlying().(*types.Struct)
			var fields []*types.Var
			for i := range s.NumFields() {
				fields = append(fields, s.Field(i))
			}
			if diff := cmp.Diff(want, layout{sizes.Sizeof(s), sizes.Offsetsof(fields)}); diff != "" {
				t.Errorf("%s on %s (-want +got):\n%s", tt.name, arch, diff)
			}
		}
	}
}

// entryTypes checks entries.go, which stands alone, for an architecture.
func entryTypes(t *testing.T, arch string) (*types.Scope, types.Sizes) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "entries.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	sizes := types.SizesFor("gc", arch)
	p, err := (&types.Config{Sizes: sizes, Importer: unsafeOnly{}}).Check("toolhelp", fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p.Scope(), sizes
}

// unsafeOnly imports what entries.go may import.
type unsafeOnly struct{}

func (unsafeOnly) Import(path string) (*types.Package, error) {
	if path != "unsafe" {
		return nil, fmt.Errorf("entries.go imports %q, want unsafe alone", path)
	}
	return types.Unsafe, nil
}

// TestHeadIsAPrefix: filling a ProcessEntry32 by its head relies on the same fields in the same order.
func TestHeadIsAPrefix(t *testing.T) {
	fields := func(file, name string) (all [][2]string) {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.Name == name {
				for _, field := range spec.Type.(*ast.StructType).Fields.List {
					kind := "array"
					if id, ok := field.Type.(*ast.Ident); ok {
						kind = id.Name
					}
					for _, id := range field.Names {
						all = append(all, [2]string{id.Name, kind})
					}
				}
			}
			return true
		})
		return all
	}
	whole, head := fields("entries.go", "ProcessEntry32"), fields("section.go", "processHead")
	if diff := cmp.Diff(whole, head); diff != "" || len(head) != 10 {
		t.Errorf("ProcessEntry32 and processHead differ in more than the length of ExeFile (-entry +head):\n%s", diff)
	}
}
