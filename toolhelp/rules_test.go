package toolhelp

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// rules are how many each section of the rules of the calls has: C.1 CreateToolhelp32Snapshot, C.2 all walkers, C.3 processes, C.4 threads,
// C.5 modules, C.6 heap lists, C.7 blocks, C.8 memory, D handles, E order. docs/win32.md says what they are.
var rules = map[string]int{"C.1-": 42, "C.2-": 31, "C.3-": 11, "C.4-": 7, "C.5-": 10, "C.6-": 6, "C.7-": 15, "C.8-": 6, "D.": 34, "E.": 18}

// untested says why a rule has no test.
var untested = map[string]string{
	"C.1-34": "module strings that cannot be read: the simulator can always read them",
	"C.1-41": "the cost of real snapshots; ours is in the benchmarks",
	"C.5-9":  "module strings that real Windows spoils: not imitated",
	"C.6-5":  "what Wine leaves out",
	"C.7-14": "Windows 95",
	"C.8-6":  "the documentation is silent there, it promises nothing",
	"D.5":    "exceptions under a debugger: there is none",
	"D.15":   "how a child learns the value of a handle: its own business",
	"D.19":   "terminal sessions: there is one",
}

// TestEveryRuleHasATest: each rule has a row in docs/win32.md, and is named by a test of this package or is one of the untested.
func TestEveryRuleHasATest(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	one := regexp.MustCompile(`\b(C\.\d-|D\.|E\.)(\d+)(?:(?: to) (?:C\.\d-|D\.|E\.)(\d+))?`)
	for _, file := range files {
		if file == "rules_test.go" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range one.FindAllStringSubmatch(string(text), -1) {
			from, _ := strconv.Atoi(m[2])
			to := from
			if m[3] != "" {
				to, _ = strconv.Atoi(m[3])
			}
			if to > rules[m[1]] || from < 1 {
				t.Errorf("%s names %q, section %s has %d rules", file, m[0], m[1], rules[m[1]])
			}
			for i := from; i <= to; i++ {
				named[m[1]+strconv.Itoa(i)] = true
			}
		}
	}
	page, err := os.ReadFile(filepath.Join("..", "docs", "win32.md"))
	if err != nil {
		t.Fatal(err)
	}
	var bare []string
	for section, n := range rules {
		for i := 1; i <= n; i++ {
			rule := fmt.Sprint(section, i)
			if !regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(rule) + ` \|`).Match(page) {
				t.Errorf("docs/win32.md has no row %s", rule)
			}
			if _, excused := untested[rule]; excused == named[rule] {
				bare = append(bare, rule)
			}
		}
	}
	slices.Sort(bare)
	if len(bare) != 0 {
		t.Errorf("rules without a test, or with one though they are listed as untested: %v", bare)
	}
}
