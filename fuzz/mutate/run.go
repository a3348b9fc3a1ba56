package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// mostMemory ends a run that holds more: deleting the step of a loop that appends must not take the machine along.
const mostMemory int64 = 3 << 30

// A run is one execution of a test binary.
type run struct {
	passed bool
	why    string // what failed, when it did not pass
	took   time.Duration
	output []byte
}

// execute runs the tests of those names, all of them if there are none, with that mutant on, and gives up after limit.
func (b *binary) execute(names []string, mutant int, reach string, limit time.Duration) run {
	args := append([]string{"-test.failfast", "-test.timeout=" + limit.String()}, b.flags...)
	if len(names) > 0 {
		args = append(args, "-test.run=^("+strings.Join(names, "|")+")$")
	}
	cmd := exec.Command(b.file, args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", mutantVar, mutant), reachVar+"="+reach)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second // for children of the tests that outlive them
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return run{why: err.Error()}
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	why := ""
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case err := <-done:
			tick.Stop()
			r := run{passed: err == nil, took: time.Since(began), output: out.Bytes(), why: why}
			if !r.passed && why == "" {
				r.why = reason(r.output, err)
			}
			return r
		case <-tick.C:
			if memory(cmd.Process.Pid) > mostMemory {
				why = "more than 3 GiB of memory"
			} else if time.Since(began) > limit+10*time.Second {
				why = "no end" // not even that of -test.timeout
			} else {
				continue
			}
			cmd.Process.Kill()
		}
	}
}

// memory is what a process holds, where the system says so.
func memory(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var pages, resident int64
	fmt.Sscan(string(text), &pages, &resident)
	return resident * int64(os.Getpagesize())
}

var (
	failedTest = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)
	died       = regexp.MustCompile(`(?m)^(panic: .*|fatal error: .*|WARNING: DATA RACE)`)
)

// reason is why a run failed, in a few words.
func reason(output []byte, err error) string {
	test, death := failedTest.FindSubmatch(output), died.Find(output)
	switch {
	case bytes.Contains(death, []byte("test timed out")):
		return "no end"
	case test != nil:
		return string(test[1])
	case death != nil:
		return oneLine(string(death))
	}
	return err.Error()
}

// tests lists what the binary can run but for benchmarks.
func (b *binary) tests() ([]string, error) {
	cmd := exec.Command(b.file, "-test.list=.")
	cmd.Dir = b.dir
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the tests of %s: %w", b.path, err)
	}
	var names []string
	for name := range strings.Lines(string(out)) {
		if name = strings.TrimSpace(name); name != "" && !strings.HasPrefix(name, "Benchmark") {
			names = append(names, name)
		}
	}
	return names, nil
}

// reached reads the numbers that a run has written.
func reached(path string) ([]int, error) {
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	var found []int
	for line := range strings.Lines(string(text)) {
		n, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		found = append(found, n)
	}
	return found, err
}
