package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// A progress shows how far something is: on a terminal by one line that is drawn again, elsewhere by a plain line now and then.
type progress struct {
	to      io.Writer
	redraws bool
	last    time.Time
	width   int // of the line that stands there
}

const (
	redrawEach = 100 * time.Millisecond
	lineEach   = 2 * time.Second
)

func newProgress(to io.Writer) *progress {
	return &progress{to: to, redraws: isTerminal(to), last: time.Now()}
}

// isTerminal says that w is a terminal that can take a line back.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	stat, err := f.Stat()
	return err == nil && stat.Mode()&os.ModeCharDevice != 0
}

// show says how far it is, unless it said so just before.
func (p *progress) show(stage string, done, of uint64) {
	each := lineEach
	if p.redraws {
		each = redrawEach
	}
	now := time.Now()
	if now.Sub(p.last) < each {
		return
	}
	p.last = now
	const cells = 24
	full := int(min(done, of) * cells / max(of, 1))
	line := fmt.Sprintf("%3d%% [%s%s] %s: %d of %d", min(done, of)*100/max(of, 1), strings.Repeat("#", full), strings.Repeat(".", cells-full), stage, done, of)
	if !p.redraws {
		fmt.Fprintln(p.to, line)
		return
	}
	fmt.Fprintf(p.to, "\r%-*s", p.width, line)
	p.width = len(line)
}

// clear takes the line back.
func (p *progress) clear() {
	if p.redraws && p.width > 0 {
		fmt.Fprintf(p.to, "\r%s\r", strings.Repeat(" ", p.width))
		p.width = 0
	}
}
