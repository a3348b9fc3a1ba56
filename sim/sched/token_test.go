package sched_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

func TestReplayRefuses(t *testing.T) {
	tests := []struct {
		reason, token string
	}{
		{"nothing", ""},
		{"another format", "sched2:lost+update:follow:0x1"},
		{"too few parts", "sched1:lost+update:0x1"},
		{"no such program", "sched1:gone:follow:0x1"},
		{"a name that is not escaped well", "sched1:%zz:follow:0x1"},
		{"no count", "sched1:lost+update:follow:0"},
		{"count 0", "sched1:lost+update:follow:0x0"},
		{"negative", "sched1:lost+update:follow:-2x1"},
		{"leading zero", "sched1:lost+update:follow:00x1"},
		{"too large a count", "sched1:lost+update:follow:0x4294967296"},
		{"an empty turn", "sched1:lost+update:follow:0x1..1x1"},
		{"more after stop", "sched1:lost+update:follow:stop.0x1"},
		{"longer than a mebibyte", "sched1:lost+update:follow:" + strings.Repeat("0x1.", 1<<18) + "0x1"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			r, err := sched.Replay(tt.token, lost)
			if !errors.Is(err, sched.ErrInvalid) || r.Steps != 0 || len(err.Error()) > 500 {
				t.Errorf("got %d steps, %v", r.Steps, err)
			}
		})
	}
	if _, err := sched.ParseSchedule(strings.Repeat("0x1.", 1<<18) + "0x1"); !errors.Is(err, sched.ErrInvalid) {
		t.Errorf("ParseSchedule of more than a mebibyte: %v", err)
	}
}

// A huge count costs nothing but what the program runs.
func TestReplayOfAHugeCountDiverges(t *testing.T) {
	r, err := sched.Replay("sched1:lost+update:odd:name(1):0x2147483647", lost)
	if err != nil || !errors.Is(r.Err, sched.ErrDiverged) || r.Strategy != "odd:name(1)" {
		t.Errorf("got %v, %v, strategy %q", r.Err, err, r.Strategy)
	}
}

// What is read is what is written, and running it never does worse than diverge.
func FuzzSchedule(f *testing.F) {
	for _, seed := range []string{"", "0x1", "0x1.1x2.0x1", "1x2.stop", "0x9.7x1", "stop", "0x1.x", "0x2147483647"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := sched.ParseSchedule(text)
		if err != nil {
			if !errors.Is(err, sched.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		if got := c.String(); got != text {
			t.Fatalf("read %q, written %q", text, got)
		}
		r := sched.Twice(locked, sched.Follow(c))
		if r.Err != nil && !errors.Is(r.Err, sched.ErrDiverged) && !errors.Is(r.Err, sched.ErrHeld) {
			t.Fatal(r.Err)
		}
	})
}

// Bytes are schedules of a correct program: none makes it fail.
func FuzzBytes(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte{0, 1, 0, 1})
	f.Add([]byte{1, 1, 1, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		if r := sched.Twice(locked, sched.Bytes(b)); r.Err != nil {
			t.Fatal(r.Err)
		}
	})
}
