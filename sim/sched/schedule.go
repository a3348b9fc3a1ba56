package sched

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Turn is a thread chosen a number of times in a row.
type Turn struct {
	Thread int // or [Stop]
	Count  int // at least 1
}

// A Schedule is the decisions of one run, those without a choice included.
type Schedule []Turn

// then returns the schedule with one decision more.
func (c Schedule) then(id int) Schedule {
	if n := len(c); n > 0 && c[n-1].Thread == id {
		c[n-1].Count++
		return c
	}
	return append(c, Turn{id, 1})
}

// String returns the schedule as text: "0x3.1x5.0x2" is thread 0 three times, thread 1 five times, thread 0 twice. A schedule that the
// strategy stopped ends in "stop".
func (c Schedule) String() string {
	var b []byte
	for i, t := range c {
		if i > 0 {
			b = append(b, '.')
		}
		if t.Thread == Stop {
			b = append(b, "stop"...)
			continue
		}
		b = strconv.AppendInt(b, int64(t.Thread), 10)
		b = append(b, 'x')
		b = strconv.AppendInt(b, int64(t.Count), 10)
	}
	return string(b)
}

// maxText bounds what is read as a schedule or token, in bytes.
const maxText = 1 << 20

// ParseSchedule reads what [Schedule.String] wrote. Text that is longer than 1 MiB or not a schedule is refused with an error that names the turn and wraps [ErrInvalid].
// What it takes to hold the schedule grows with the text, whatever counts stand in it.
func ParseSchedule(text string) (Schedule, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("sched: ParseSchedule: %d bytes, at most %d are read: %w", len(text), maxText, ErrInvalid)
	}
	if text == "" {
		return nil, nil
	}
	var c Schedule
	for turn := range strings.SplitSeq(text, ".") {
		t, ok := parseTurn(turn)
		if !ok || len(c) > 0 && c[len(c)-1].Thread == Stop {
			return nil, fmt.Errorf("sched: ParseSchedule: turn %d is %.20q, want one like 0x3, or stop at the end: %w", len(c)+1, turn, ErrInvalid)
		}
		c = append(c, t)
	}
	return c, nil
}

func parseTurn(text string) (Turn, bool) {
	if text == "stop" {
		return Turn{Stop, 1}, true
	}
	thread, count, ok := strings.Cut(text, "x")
	id, ok1 := parseNumber(thread)
	n, ok2 := parseNumber(count)
	return Turn{id, n}, ok && ok1 && ok2 && n > 0
}

// parseNumber reads digits without sign or leading zero, so that each schedule has one text only.
func parseNumber(text string) (int, bool) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err == nil && n <= math.MaxInt32 && strconv.FormatUint(n, 10) == text
}
