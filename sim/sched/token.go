package sched

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Token names the run in one line of text without spaces: program, strategy and schedule. [Replay] repeats it, on any system.
func (r Result) Token() string {
	return "sched1:" + url.QueryEscape(r.Program) + ":" + r.Strategy + ":" + r.Schedule.String()
}

// Replay repeats the run that a token names, twice over, with the first of the programs that has its name. It fails with [ErrInvalid], and a zero Result, for a
// token that cannot be read or a name that none of them has; whether the run fails stands in the Result. Result.Strategy is the one that first
// chose the schedule.
func Replay(token string, programs ...Program) (Result, error) {
	name, strategy, c, err := parseToken(token)
	if err != nil {
		return Result{}, err
	}
	i := slices.IndexFunc(programs, func(p Program) bool { return p.Name == name })
	if i < 0 {
		return Result{}, fmt.Errorf("sched: Replay of %.60q: none of the %d programs is named %.60q: %w", token, len(programs), name, ErrInvalid)
	}
	r := Twice(programs[i], Follow(c))
	r.Strategy = strategy
	return r, nil
}

func parseToken(token string) (name, strategy string, c Schedule, err error) {
	if len(token) > maxText {
		return "", "", nil, fmt.Errorf("sched: Replay of %.60q...: %d bytes, at most %d are read: %w", token, len(token), maxText, ErrInvalid)
	}
	rest, ok := strings.CutPrefix(token, "sched1:")
	escaped, rest, ok1 := strings.Cut(rest, ":")
	colon := strings.LastIndexByte(rest, ':') // a strategy may have colons in its name
	if !ok || !ok1 || colon < 0 {
		return "", "", nil, fmt.Errorf("sched: Replay of %.60q: want sched1:program:strategy:schedule: %w", token, ErrInvalid)
	}
	if name, err = url.QueryUnescape(escaped); err != nil {
		return "", "", nil, fmt.Errorf("sched: Replay of %.60q: program: %v: %w", token, err, ErrInvalid)
	}
	if c, err = ParseSchedule(rest[colon+1:]); err != nil {
		return "", "", nil, fmt.Errorf("sched: Replay of %.60q: %w", token, err)
	}
	return name, rest[:colon], c, nil
}
