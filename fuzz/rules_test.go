package fuzz_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const rulesFile = "docs/semantics.md"

var (
	ruleRow  = regexp.MustCompile(`^\|\s*\**(S[0-9]+)\**\s*\|(.*)\|\s*$`)
	testName = regexp.MustCompile(`\b(?:Test|Example|Benchmark|Fuzz)[A-Z0-9_]?\w*`)
)

// A rule is one row of the table of promises: | S12 | promise | source | test |.
type rule struct {
	number string
	line   int
	tests  []string // names in its last column
}

// parseRules finds the rules of a text and whatever is wrong with the table itself.
func parseRules(text string) (rules []rule, wrong []string) {
	seen := map[string]int{}
	for i, line := range strings.Split(text, "\n") {
		m := ruleRow.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		r := rule{number: m[1], line: i + 1}
		if first, again := seen[r.number]; again {
			wrong = append(wrong, fmt.Sprintf("%s:%d: %s stands in line %d already: a number is given once", rulesFile, r.line, r.number, first))
		}
		seen[r.number] = r.line
		cells := strings.Split(m[2], "|")
		if len(cells) != 3 {
			wrong = append(wrong, fmt.Sprintf("%s:%d: %s has %d columns, want | number | promise | source | test |", rulesFile, r.line, r.number, len(cells)+1))
		}
		r.tests = testName.FindAllString(cells[len(cells)-1], -1)
		rules = append(rules, r)
	}
	return rules, wrong
}

// unkept names every rule that no test holds: it names none, or one that does not exist.
func unkept(rules []rule, exists map[string]bool) (wrong []string) {
	for _, r := range rules {
		if len(r.tests) == 0 {
			wrong = append(wrong, fmt.Sprintf("%s:%d: %s names no Test, Example, Benchmark or Fuzz in its last column", rulesFile, r.line, r.number))
		}
		for _, name := range r.tests {
			if !exists[name] {
				wrong = append(wrong, fmt.Sprintf("%s:%d: %s names %s, which no _test.go file of the module declares", rulesFile, r.line, r.number, name))
			}
		}
	}
	return wrong
}

// TestRulesNameTests holds the promise of docs/semantics.md that each of its rules is held by a test.
func TestRulesNameTests(t *testing.T) {
	rules, wrong := parseRules(readModuleFile(t, rulesFile))
	if len(rules) == 0 {
		t.Fatalf("%s has no row like | S1 | promise | source | test |", rulesFile)
	}
	for _, w := range append(wrong, unkept(rules, declaredTests(t))...) {
		t.Error(w)
	}
}

// declaredTests collects the names of all top-level test functions of the module.
func declaredTests(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, file := range moduleFiles(t, "_test.go") {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(moduleRoot, file), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && testName.MatchString(fn.Name.Name) {
				names[fn.Name.Name] = true
			}
		}
	}
	return names
}

// TestUnkeptRuleIsSeen gives the checker tables that are wrong in one way each.
func TestUnkeptRuleIsSeen(t *testing.T) {
	exists := map[string]bool{"TestOneCut": true, "ExampleTake": true, "Example": true}
	tests := []struct {
		reason string
		text   string
		wrong  string // part of the only finding; "" for none
	}{
		{"a kept rule", "| S1 | one cut | D.3 | `TestOneCut` |", ""},
		{"several tests, one in a package", "| **S1** | one cut | our choice | `fuzz.TestOneCut`, `ExampleTake`, `Example` |", ""},
		{"the head of the table is no rule", "| rule | promise | source | test |\n|---|---|---|---|\n| S1 | a | b | TestOneCut |", ""},
		{"prose may speak of rules", "S9 says more.", ""},
		{"no test named", "| S1 | one cut | D.3 | none yet |", "names no Test"},
		{"a test in another column does not count", "| S1 | TestOneCut | D.3 | - |", "names no Test"},
		{"a test that is gone", "| S1 | one cut | D.3 | TestGone |", "names TestGone"},
		{"one of two is gone", "| S1 | one cut | D.3 | TestOneCut TestGone |", "names TestGone"},
		{"a number twice", "| S1 | a | b | TestOneCut |\n| S1 | c | d | ExampleTake |", "given once"},
		{"a column is missing", "| S1 | one cut | TestOneCut |", "columns"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			rules, wrong := parseRules(tt.text)
			wrong = append(wrong, unkept(rules, exists)...)
			if got := strings.Join(wrong, "\n"); (tt.wrong == "") != (got == "") || !strings.Contains(got, tt.wrong) {
				t.Errorf("findings %q, want one with %q", got, tt.wrong)
			}
		})
	}
}

var (
	citation = regexp.MustCompile(`\brules? (S[0-9]+(?:(?: to|,| and) S[0-9]+)*)`)
	number   = regexp.MustCompile(`S[0-9]+`)
)

// TestCitedRulesExist: whatever rule a comment in the module cites stands in docs/semantics.md.
func TestCitedRulesExist(t *testing.T) {
	rules, _ := parseRules(readModuleFile(t, rulesFile))
	stands := map[string]bool{}
	for _, r := range rules {
		stands[r.number] = true
	}
	cited := 0
	for _, file := range moduleFiles(t, ".go") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range citation.FindAllStringSubmatch(readModuleFile(t, file), -1) {
			for _, n := range number.FindAllString(m[1], -1) {
				cited++
				if !stands[n] {
					t.Errorf("%s cites rule %s, which does not stand in %s", file, n, rulesFile)
				}
			}
		}
	}
	if cited == 0 {
		t.Error("no file cites a rule: is the search broken?")
	}
}
