//go:build !386 && !arm

// The maps of a 64-bit machine are beyond what a 32-bit program can read.

package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/scenarios"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// statLine is /proc/PID/stat as far as anybody reads it.
func statLine(pid int, comm string, ppid, nice int, started uint64, vsize uint64) string {
	return fmt.Sprintf("%d (%s) S %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 %d 1 0 %d %d 0 18446744073709551615"+strings.Repeat(" 0", 27)+"\n", pid, comm, ppid, nice, started, vsize)
}

// tree writes files and, where the name ends in exe, links.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch {
		case strings.HasSuffix(name, "/exe"):
			err = os.Symlink(text, path)
		case text == "folder":
			err = os.Mkdir(path, 0o755)
		default:
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const shellMaps = `5600aaaa1000-5600aaab0000 r--p 00000000 08:01 11 /usr/bin/shell
5600aaab0000-5600aaad0000 r-xp 0000f000 08:01 11 /usr/bin/shell
5600bbbb0000-5600bbbd1000 rw-p 00000000 00:00 0 [heap]
7f0000000000-7f0000021000 rw-p 00000000 00:00 0 
7f0000021000-7f0004000000 ---p 00000000 00:00 0 
7f0010000000-7f0010028000 r--p 00000000 08:01 12 /usr/lib/libc.so.6
7f0010028000-7f00101b0000 r-xp 00028000 08:01 12 /usr/lib/libc.so.6
7f0020000000-7f0020100000 r--p 00000000 08:01 13 /usr/lib/locale/archive
7f0030000000-7f0030010000 r-xp 00000000 08:01 14 /usr/lib/plug.so (deleted)
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 [stack]
7ffd00100000-7ffd00102000 r-xp 00000000 00:00 0 [vdso]
`

// TestCaptureOfAMadeUpProc: what becomes of a process table of Linux, and of what is odd in it.
func TestCaptureOfAMadeUpProc(t *testing.T) {
	root := tree(t, map[string]string{
		"stat":                      "btime 1700000000\n",
		"1/stat":                    statLine(1, "init", 0, 0, 100, 4096),
		"1/exe":                     "/sbin/init",
		"1/maps":                    "00400000-00500000 r-xp 00000000 08:01 9 /sbin/init\n7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 [stack]\n",
		"1/task/1/stat":             statLine(1, "init", 0, 0, 100, 4096),
		"2/stat":                    statLine(2, "kthreadd", 0, 0, 100, 0),
		"2/task/2/stat":             statLine(2, "kthreadd", 0, 0, 100, 0),
		"3/stat":                    statLine(3, "kworker/0:1", 2, -20, 101, 0),
		"3/task/3/stat":             statLine(3, "kworker/0:1", 2, -20, 101, 0),
		"40/stat":                   statLine(40, "shell", 1, 5, 900, 1<<20),
		"40/exe":                    "/usr/bin/shell",
		"40/maps":                   shellMaps,
		"40/task/40/stat":           statLine(40, "shell", 1, 5, 900, 1<<20),
		"40/task/39/stat":           statLine(39, "shell", 1, 5, 950, 1<<20), // pids have wrapped round since
		"40/task/41/stat":           statLine(41, "shell", 1, 5, 940, 1<<20),
		"40/task/42":                "folder",                                  // a thread that is gone
		"60":                        "folder",                                  // a process that is gone
		"70/stat":                   statLine(70, "going", 40, 0, 1100, 1<<20), // gone before its maps and threads were read
		"4194304/stat":              statLine(4194304, "last) (1", 40, 0, 50, 1<<20),
		"4194304/exe":               "/opt/last (deleted)",
		"4194304/maps":              "08048000-08050000 r-xp 00000000 08:01 21 /opt/last (deleted)\n",
		"4194304/task/4194304/stat": statLine(4194304, "last) (1", 40, 0, 50, 1<<20),
	})
	w, prose, err := captureProc(root)
	if err != nil {
		t.Fatal(err)
	}
	w.Clock, w.Config.CPUs = 0, 2 // what differs from run to run
	text, err := worldText(w, prose)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "capture.world", string(text))
	back, err := scenarios.Parse("capture.world", strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	k, err := back.Boot()
	if err != nil {
		t.Fatal(err)
	}
	if p, _, ok := k.Process(pidOf(40)); !ok || p.Parent() != pidOf(1) || p.Class() != sim.BelowNormalClass || p.ThreadCount() != 3 || p.ModuleCount() != 3 || p.HeapCount() != 2 {
		t.Errorf("shell became %v", k.State())
	}
}

// TestMapsThatCannotBeRead: a process of another user is told from one that has just ended.
func TestMapsThatCannotBeRead(t *testing.T) {
	tests := []struct {
		reason string
		err    error
		want   sim.Protection
	}{
		{"its files may not be opened", &fs.PathError{Op: "open", Path: "maps", Err: syscall.EACCES}, sim.OtherUser},
		{"they may be opened and not be read", &fs.PathError{Op: "read", Path: "maps", Err: syscall.EPERM}, sim.OtherUser},
		{"its folder is gone", &fs.PathError{Op: "open", Path: "maps", Err: syscall.ENOENT}, sim.Ordinary},
		{"it ended while its files were open", &fs.PathError{Op: "read", Path: "maps", Err: syscall.ESRCH}, sim.Ordinary},
	}
	for _, tt := range tests {
		if got := whoMay(tt.err); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.reason, got, tt.want)
		}
	}
}

func TestCaptureSaysWhatCannotBeRead(t *testing.T) {
	for reason, root := range map[string]string{"no such folder": filepath.Join(t.TempDir(), "none"), "no stat": t.TempDir()} {
		if _, _, err := captureProc(root); err == nil || !strings.Contains(err.Error(), "capture: ") || !strings.Contains(err.Error(), root) {
			t.Errorf("%s: %v", reason, err)
		}
	}
}

// TestCaptureOfThisMachine: the test itself is in it, and the result boots, lists and stands a demo.
func TestCaptureOfThisMachine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "here.txt")
	if _, stderr, status := thsim(t, "capture", "-o", file); status != 0 {
		t.Fatalf("capture: exit status %d: %s", status, stderr)
	}
	stdout, stderr, status := thsim(t, "ps", "--world", file)
	if self := fmt.Sprintf("%d ", pidOf(os.Getpid())); status != 0 || !strings.Contains(stdout, self) {
		t.Errorf("ps: exit status %d, %s, and no process %s:\n%s", status, stderr, self, stdout)
	}
	if stdout, stderr, status := thsim(t, "demo", "--host", "--for", "2000", "--seed", "3"); status != 0 {
		t.Errorf("demo --host: exit status %d: %s\n%s", status, stderr, stdout)
	}
	if _, stderr, status := thsim(t, "capture", "-o", t.TempDir()); status != 1 || !strings.Contains(stderr, "failed to write the world") {
		t.Errorf("capture into a folder: exit status %d: %s", status, stderr)
	}
}
