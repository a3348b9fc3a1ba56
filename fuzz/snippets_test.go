package fuzz_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A snippet is one fenced block of a page.
type snippet struct {
	file  string
	line  int // of its first line of text
	lang  string
	lines []string
}

func (s snippet) String() string { return fmt.Sprintf("%s:%d", s.file, s.line) }

// snippets cuts the fenced blocks out of a page.
func snippets(file, text string) []snippet {
	var found []snippet
	var open *snippet
	for i, line := range strings.Split(text, "\n") {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && open == nil:
			open = &snippet{file: file, line: i + 2, lang: strings.TrimSpace(fence)}
		case isFence:
			found = append(found, *open)
			open = nil
		case open != nil:
			open.lines = append(open.lines, line)
		}
	}
	return found
}

// pages are the README and everything under docs.
func pages(t *testing.T) []snippet {
	t.Helper()
	var found []snippet
	for _, file := range moduleFiles(t, ".md") {
		if file == "README.md" || strings.HasPrefix(file, "docs/") {
			found = append(found, snippets(file, readModuleFile(t, file))...)
		}
	}
	return found
}

// flat takes the indentation off each line, so that a block can be found inside a function's body.
func flat(lines []string) string {
	var b strings.Builder
	b.WriteString("\n")
	for _, l := range lines {
		b.WriteString(strings.TrimSpace(l) + "\n")
	}
	return b.String()
}

// standsIn reports whether the block stands, line after line, in one of the files; apart from indentation and the
// blank lines around it every character counts.
func standsIn(s snippet, files map[string]string) bool {
	block := "\n" + strings.Trim(flat(s.lines), "\n") + "\n"
	for _, text := range files {
		if strings.Contains(text, block) {
			return true
		}
	}
	return false
}

// TestGoSnippetsAreRun finds every Go block of the pages in code that the compiler or a test has seen.
func TestGoSnippetsAreRun(t *testing.T) {
	files := map[string]string{}
	for _, file := range moduleFiles(t, ".go") {
		files[file] = flat(strings.Split(readModuleFile(t, file), "\n"))
	}
	for _, s := range pages(t) {
		if s.lang == "go" && !standsIn(s, files) {
			t.Errorf("%v: this block stands in no .go file of the module; put it into the body of an Example, word for word:\n%s", s, strings.Join(s.lines, "\n"))
		}
	}
}

// TestStrangeSnippetIsSeen shows that the finder finds, and that it can fail.
func TestStrangeSnippetIsSeen(t *testing.T) {
	files := map[string]string{"a_test.go": flat([]string{"func ExampleTake() {", "\tk := sim.New(c)", "", "\tfor {", "\t\tk.State()", "\t}", "}"})}
	tests := []struct {
		reason string
		page   string
		stands bool
	}{
		{"a body without its indentation", "```go\nk := sim.New(c)\n\nfor {\n\tk.State()\n}\n```", true},
		{"one line of it", "text\n```go\nk.State()\n```\ntext", true},
		{"blank lines around do not count", "```go\n\nk.State()\n\n```", true},
		{"blank lines inside do", "```go\nk := sim.New(c)\nfor {\n```", false},
		{"another word", "```go\nk.Snapshot()\n```", false},
		{"part of a line", "```go\nState()\n```", false},
		{"lines that do not follow each other", "```go\nk := sim.New(c)\nk.State()\n```", false},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			found := snippets("page.md", tt.page)
			if len(found) != 1 || found[0].lang != "go" {
				t.Fatalf("snippets found %v, want one go block", found)
			}
			if got := standsIn(found[0], files); got != tt.stands {
				t.Errorf("standsIn = %v, want %v", got, tt.stands)
			}
		})
	}
}

const runThsim = "go run ./scenarios/cmd/thsim"

// TestShellSnippetsRun runs the lines of ```sh blocks that start with go run ./scenarios/cmd/thsim. The lines of one
// block run in order in an empty folder of their own, so a block may use files that it wrote itself. A line must succeed, or exit
// with N when it ends in `# exit N`. A --for above 20000 is run with 20000: the test is of the words, not of patience.
func TestShellSnippetsRun(t *testing.T) {
	thsim := filepath.Join(t.TempDir(), "thsim")
	if runtime.GOOS == "windows" {
		thsim += ".exe"
	}
	goTool(t, nil, "build", "-o", thsim, "./scenarios/cmd/thsim")
	for _, s := range pages(t) {
		if s.lang == "sh" && strings.Contains(strings.Join(s.lines, "\n"), runThsim) {
			t.Run(s.String(), func(t *testing.T) { runShell(t, thsim, s, t.TempDir()) })
		}
	}
}

// hasHost says that thsim can read the process table of the machine it runs on; elsewhere it
// says that it can't, and exits with 2.
const hasHost = runtime.GOOS == "linux" || runtime.GOOS == "windows"

func runShell(t *testing.T, thsim string, s snippet, dir string) {
	t.Helper()
	for i, line := range s.lines {
		args, output, exit, ok, err := shellLine(line)
		if err != nil {
			t.Errorf("%s:%d: %v", s.file, s.line+i, err)
		}
		if !ok || err != nil {
			continue
		}
		cmd := exec.Command(thsim, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		noHost := !hasHost && (slices.Contains(args, "--host") || slices.Contains(args, "capture"))
		if noHost {
			exit = 2
		}
		if got := cmd.ProcessState.ExitCode(); got != exit {
			t.Errorf("%s:%d: %s\nexit status %d (%v), want %d\n%s", s.file, s.line+i, line, got, err, exit, out)
		}
		if noHost {
			return // the rest of the block is about what this line did not do
		}
		if output != "" {
			if err := os.WriteFile(filepath.Join(dir, output), out, 0o600); err != nil {
				t.Errorf("%s:%d: %v", s.file, s.line+i, err)
			}
		}
	}
}

var (
	exitComment = regexp.MustCompile(`#\s*exit\s+([0-9]+)\s*$`)
	comment     = regexp.MustCompile(`(^|\s)#.*$`)
)

// shellLine takes one line of a block apart. It knows words, "quoted" and 'quoted' ones, one > FILE at the end and
// comments; of anything else a shell can do it says that the page must do without. ok is false for lines that are not thsim's.
func shellLine(line string) (args []string, output string, exit int, ok bool, err error) {
	line = strings.TrimPrefix(strings.TrimSpace(line), "$ ")
	rest, ok := strings.CutPrefix(line, runThsim)
	if !ok || rest != "" && rest[0] != ' ' {
		return nil, "", 0, false, nil
	}
	if m := exitComment.FindStringSubmatch(rest); m != nil {
		exit, _ = strconv.Atoi(m[1])
	}
	args, err = words(comment.ReplaceAllString(rest, ""))
	if err != nil {
		return nil, "", 0, true, err
	}
	if n := len(args); n >= 2 && args[n-2] == ">" {
		args, output = args[:n-2], args[n-1]
	}
	for i, a := range args {
		if n, err := strconv.Atoi(a); err == nil && n > 20000 && i > 0 && args[i-1] == "--for" {
			args[i] = "20000"
		}
	}
	return args, output, exit, true, nil
}

func words(s string) ([]string, error) {
	var found []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		if q := s[0]; q == '"' || q == '\'' {
			end := strings.IndexByte(s[1:], q)
			if end < 0 {
				return nil, fmt.Errorf("%s: the quote is not closed", s)
			}
			found, s = append(found, s[1:1+end]), s[2+end:]
			continue
		}
		end := strings.IndexAny(s, " \t")
		if end < 0 {
			end = len(s)
		}
		word := s[:end]
		if word != ">" && strings.ContainsAny(word, "|&;<>$`*?\\\"'") {
			return nil, fmt.Errorf("%s: the test runs plain words only, without a shell", word)
		}
		found, s = append(found, word), s[end:]
	}
	return found, nil
}

// TestShellLine is the reader of lines by example.
func TestShellLine(t *testing.T) {
	tests := []struct {
		reason string
		line   string
		args   string // joined by |
		output string
		exit   int
		ok     bool
		bad    bool
	}{
		{reason: "words", line: "go run ./scenarios/cmd/thsim ps --world small", args: "ps|--world|small", ok: true},
		{reason: "no words", line: "go run ./scenarios/cmd/thsim", ok: true},
		{reason: "prompt", line: "$ go run ./scenarios/cmd/thsim list", args: "list", ok: true},
		{reason: "quotes", line: `go run ./scenarios/cmd/thsim modules "a b" 'c d'`, args: "modules|a b|c d", ok: true},
		{reason: "comment", line: "go run ./scenarios/cmd/thsim list # the worlds", args: "list", ok: true},
		{reason: "wanted exit status", line: "go run ./scenarios/cmd/thsim nonsense # exit 2", args: "nonsense", exit: 2, ok: true},
		{reason: "into a file", line: "go run ./scenarios/cmd/thsim ps > ps.txt", args: "ps", output: "ps.txt", ok: true},
		{reason: "cut to what a test can wait for", line: "go run ./scenarios/cmd/thsim demo --for 1000000", args: "demo|--for|20000", ok: true},
		{reason: "another command", line: "go test ./..."},
		{reason: "another program", line: "go run ./scenarios/cmd/thsimulator"},
		{reason: "a pipe needs a shell", line: "go run ./scenarios/cmd/thsim ps | head", ok: true, bad: true},
		{reason: "open quote", line: `go run ./scenarios/cmd/thsim "ps`, ok: true, bad: true},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			args, output, exit, ok, err := shellLine(tt.line)
			if (err != nil) != tt.bad || ok != tt.ok {
				t.Fatalf("ok %v, error %v; want ok %v, an error: %v", ok, err, tt.ok, tt.bad)
			}
			if got := strings.Join(args, "|"); got != tt.args || output != tt.output || exit != tt.exit {
				t.Errorf("args %q, output %q, exit %d; want %q, %q, %d", got, output, exit, tt.args, tt.output, tt.exit)
			}
		})
	}
}
