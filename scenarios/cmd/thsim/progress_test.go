package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestProgress: plain lines where nothing can be drawn again, one line that is drawn again on a terminal, and no more of either than
// anybody can read.
func TestProgress(t *testing.T) {
	tests := []struct {
		reason   string
		redraws  bool
		done, of uint64
		want     string
	}{
		{"a plain line", false, 50, 200, " 25% [######..................] changing: 50 of 200\n"},
		{"done", false, 200, 200, "100% [########################] changing: 200 of 200\n"},
		{"more than was to be done", false, 300, 200, "100% [########################] changing: 300 of 200\n"},
		{"nothing to do", false, 0, 0, "  0% [........................] changing: 0 of 0\n"},
		{"on a terminal", true, 50, 200, "\r 25% [######..................] changing: 50 of 200"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			var out bytes.Buffer
			p := newProgress(&out)
			p.redraws = tt.redraws
			p.show("changing", tt.done, tt.of)
			if out.Len() > 0 {
				t.Errorf("%q is shown at once", out.String())
			}
			p.last = time.Time{} // long ago
			p.show("changing", tt.done, tt.of)
			p.show("changing", tt.done, tt.of)
			if out.String() != tt.want {
				t.Errorf("got %q, want %q", out.String(), tt.want)
			}
			out.Reset()
			p.clear()
			if blank := strings.Trim(out.String(), "\r "); blank != "" || tt.redraws != (out.Len() > 0) {
				t.Errorf("clear writes %q", out.String())
			}
		})
	}
	if isTerminal(&bytes.Buffer{}) {
		t.Error("a buffer is taken for a terminal")
	}
}
