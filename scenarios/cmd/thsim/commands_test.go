package main

import (
	"bytes"
	"context"
	"flag"
	"math/bits"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "write the golden files anew")

// thsim runs a command in this process.
func thsim(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(context.Background(), args, &out, &errs)
	return out.String(), errs.String(), status
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got); diff != "" {
		t.Errorf("%s differs (-want +got), go test -update writes it anew:\n%s", path, diff)
	}
}

// TestLists: what a world looks like through the Win32 door.
func TestLists(t *testing.T) {
	tests := []struct {
		golden string
		args   []string
	}{
		{"worlds.txt", []string{"worlds"}},
		{"ps-small.txt", []string{"ps", "--world", "small"}},
		{"ps-odd.txt", []string{"ps", "--world", "testdata/odd.world"}},
		{"threads-small.txt", []string{"threads", "--world", "small"}},
		{"threads-small-system.txt", []string{"threads", "4", "--world", "small"}},
		{"modules-small.txt", []string{"modules", "0", "--world", "small"}},
		{"modules-odd.txt", []string{"modules", "0", "--world", "testdata/odd.world"}},
		{"modules-small-svchost.txt", []string{"modules", "276", "--world", "small", "--privileged"}},
		{"modules-wow64.txt", []string{"modules", "1160", "--world", "wow64"}},
		{"heaps-small.txt", []string{"heaps", "0", "--world", "small"}},
	}
	for _, tt := range tests {
		t.Run(tt.golden, func(t *testing.T) {
			stdout, stderr, status := thsim(t, tt.args...)
			if status != 0 {
				t.Fatalf("exit status %d: %s", status, stderr)
			}
			if !strings.HasPrefix(stderr, "next: thsim ") {
				t.Errorf("standard error is %q, want a sensible next command", stderr)
			}
			if strings.Contains(stdout, "0x") && bits.UintSize == 32 {
				stdout = longAddresses(t, tt.golden, stdout)
			}
			golden(t, tt.golden, stdout)
		})
	}
}

// longAddresses gives a list of a 32-bit host, whose entries hold half of each address, the addresses and widths that the golden file has:
// what is left to compare is all else.
func longAddresses(t *testing.T, name, got string) string {
	t.Helper()
	want, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	lines, wanted := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(lines), len(wanted)) {
		_, rest, _ := strings.Cut(strings.TrimSpace(lines[i]), " ")
		first, wantedRest, _ := strings.Cut(strings.TrimSpace(wanted[i]), " ")
		if rest == wantedRest && first != "" {
			lines[i] = wanted[i]
		}
	}
	return strings.Join(lines, "\n")
}

// TestNothingIsObeyedByATerminal: names of the world are shown, control characters in them are not printed.
func TestNothingIsObeyedByATerminal(t *testing.T) {
	for _, args := range [][]string{{"ps"}, {"threads"}, {"modules", "0"}, {"heaps", "0"}} {
		stdout, stderr, status := thsim(t, append(args, "--world", "testdata/odd.world")...)
		if status != 0 {
			t.Fatalf("%v: exit status %d: %s", args, status, stderr)
		}
		for _, r := range stdout + stderr {
			if r < ' ' && r != '\n' || r == 0x7F || r == 0x202E || r == 0xFEFF {
				t.Errorf("%v prints %U", args, r)
			}
		}
	}
	_, stderr, _ := thsim(t, "\x1b[31mps")
	if strings.Contains(stderr, "\x1b") {
		t.Errorf("an error prints what was typed: %q", stderr)
	}
}

// TestBadInput: the exit status is 2, standard output stays empty, and the error says what was found and what to do.
func TestBadInput(t *testing.T) {
	tests := []struct {
		reason string
		args   []string
		want   []string
	}{
		{"unknown command, the nearest named", []string{"dmo"}, []string{`unknown command "dmo"`, "demo"}},
		{"unknown flag", []string{"ps", "--wrold", "small"}, []string{"unknown flag: --wrold"}},
		{"unknown world, the nearest named", []string{"ps", "--world", "smal"}, []string{`found "smal"`, "did you mean small?", "nor is it a file", "thsim worlds"}},
		{"a world and the host", []string{"ps", "--world", "small", "--host"}, []string{"world", "host", "none of the others"}},
		{"a world file that is none: file, line and what was expected", []string{"ps", "--world", "testdata/bad.world"}, []string{`testdata/bad.world:3:`, "did you mean process?"}},
		{"a folder", []string{"ps", "--world", "testdata"}, []string{"testdata"}},
		{"a world nobody could look at", []string{"ps", "--world", "testdata/deserted.world"}, []string{"no thread that could make a call"}},
		{"words too many", []string{"ps", "small"}, []string{`unknown command "small"`}},
		{"no pid", []string{"modules"}, []string{"accepts 1 arg(s), received 0"}},
		{"a pid that is no number", []string{"modules", "explorer", "--world", "small"}, []string{`found "explorer" for a pid`}},
		{"a negative pid", []string{"modules", "--world", "small", "--", "-4"}, []string{`found "-4" for a pid`}},
		{"a pid beyond 32 bits", []string{"heaps", "4294967296", "--world", "small"}, []string{`found "4294967296" for a pid`}},
		{"no such process", []string{"modules", "4000", "--world", "small"}, []string{"pid 4000: no process has it"}},
		{"no such process to list threads of", []string{"threads", "4000", "--world", "small"}, []string{"pid 4000: no process has it"}},
		{"a process of another user", []string{"modules", "276", "--world", "small"}, []string{"pid 276: may not be opened", "--privileged"}},
		{"a protected process", []string{"heaps", "188", "--world", "small", "--privileged"}, []string{"pid 188: may not be opened"}},
		{"a process that has not started", []string{"modules", "396", "--world", "small"}, []string{"pid 396: its loader has not run"}},
		{"nobody to change anything", []string{"demo", "--mutators", "0"}, []string{"--mutators: found 0, expected a number from 1 to 256"}},
		{"too many to change anything", []string{"demo", "--mutators", "100000"}, []string{"--mutators: found 100000"}},
		{"no changes", []string{"demo", "--for", "0"}, []string{"--for: found 0, expected a number of changes from 1 to 100000000"}},
		{"negative changes", []string{"demo", "--for", "-1"}, []string{"--for: found -1"}},
		{"changes without end", []string{"demo", "--for", "99999999999999999999"}, []string{"--for"}},
		{"a seed that is no number", []string{"demo", "--seed", "lucky"}, []string{"--seed"}},
		{"a demo of a world that is none", []string{"demo", "--world", "nowhere"}, []string{`found "nowhere"`}},
		{"words for capture", []string{"capture", "here.txt"}, []string{`unknown command "here.txt"`}},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			stdout, stderr, status := thsim(t, tt.args...)
			if status != 2 || stdout != "" {
				t.Errorf("exit status %d and %q on standard output, want 2 and nothing", status, stdout)
			}
			for _, want := range append(tt.want, "thsim: ") {
				if !strings.Contains(stderr, want) {
					t.Errorf("standard error is %q, want %q in it", stderr, want)
				}
			}
		})
	}
}

// TestEveryCommandTeaches: a summary, an example that names the command, and a next one.
func TestEveryCommandTeaches(t *testing.T) {
	root := newRoot(&bytes.Buffer{}, &bytes.Buffer{})
	for _, c := range append([]*cobra.Command{root}, root.Commands()...) {
		if c.Short == "" || c.Long == "" || !strings.Contains(c.Example, "thsim ") {
			t.Errorf("%s has no summary, description or example", c.Name())
		}
		if c != root && !strings.HasPrefix(c.Annotations[thenKey], "thsim ") {
			t.Errorf("%s names no next command", c.Name())
		}
		stdout, stderr, status := thsim(t, append(strings.Fields(c.CommandPath())[1:], "--help")...)
		if status != 0 || !strings.Contains(stdout, "Examples:") {
			t.Errorf("%s --help: exit status %d, %q, %q", c.Name(), status, stdout, stderr)
		}
	}
}

// TestExamplesRun: the commands that help shows are good ones, as far as they need no file and change nothing.
func TestExamplesRun(t *testing.T) {
	root := newRoot(&bytes.Buffer{}, &bytes.Buffer{})
	ran := 0
	for _, c := range append([]*cobra.Command{root}, root.Commands()...) {
		for _, line := range strings.Split(c.Example, "\n") {
			if strings.Contains(line, "here.txt") || strings.Contains(line, "--host") || strings.Contains(line, "demo") {
				continue
			}
			if _, stderr, status := thsim(t, strings.Fields(line)[1:]...); status != 0 {
				t.Errorf("%s: exit status %d: %s", line, status, stderr)
			}
			ran++
		}
	}
	if ran < 6 {
		t.Errorf("only %d examples ran", ran)
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if stdout, stderr, status := thsim(t, "completion", shell); status != 0 || !strings.Contains(stdout, "thsim") {
			t.Errorf("completion %s: exit status %d, %s", shell, status, stderr)
		}
	}
	stdout, _, _ := thsim(t, "__complete", "ps", "--world", "")
	for _, name := range []string{"desktop", "empty", "server", "small", "wow64"} {
		if !strings.Contains(stdout, name+"\n") {
			t.Errorf("completing --world offers %q, want %s among it", stdout, name)
		}
	}
}

// TestFullDisk: a result that can't be written is a failure, not a usage error.
func TestFullDisk(t *testing.T) {
	for _, args := range [][]string{{"worlds"}, {"ps", "--world", "small"}, {"demo", "--world", "small", "--for", "100", "--seed", "1"}} {
		var stderr bytes.Buffer
		if status := run(context.Background(), args, fullDisk{}, &stderr); status != 1 || !strings.Contains(stderr.String(), "no room") {
			t.Errorf("%v: exit status %d, %q, want 1 and what the disk said", args, status, stderr.String())
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errNoRoom }
