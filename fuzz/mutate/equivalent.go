package main

import (
	"fmt"
	"strconv"
	"strings"
)

// An excuse is an entry of the reviewed list: a mutant that behaves as the original does, and why.
type excuse struct {
	key
	reason string
	line   int // in the list
}

// excuses reads the list. An entry is a line with operator, file and function, a line with the text of the statement as the
// tool prints it, and one or more lines with the reason; empty lines stand between entries, and lines that begin with # are comments.
func excuses(name, text string) ([]excuse, error) {
	var found []excuse
	var entry []string
	begin := 0
	number := 0
	finish := func() error {
		if len(entry) == 0 {
			return nil
		}
		e, err := excused(entry)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", name, begin, err)
		}
		e.line = begin
		found = append(found, e)
		entry = nil
		return nil
	}
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#"):
		case line == "":
			if err := finish(); err != nil {
				return nil, err
			}
		default:
			if len(entry) == 0 {
				begin = number
			}
			entry = append(entry, line)
		}
	}
	return found, finish()
}

func excused(lines []string) (excuse, error) {
	head := strings.Fields(lines[0])
	if len(head) != 3 || len(lines) < 3 {
		return excuse{}, fmt.Errorf("an entry is OPERATOR FILE FUNCTION, the statement, and a reason; have %q", lines)
	}
	e := excuse{key: key{op: operator(head[0]), file: head[1], fn: head[2], text: lines[1], nth: 1}, reason: strings.Join(lines[2:], " ")}
	if fn, nth, ok := strings.Cut(e.fn, "#"); ok {
		n, err := strconv.Atoi(nth)
		if err != nil || n < 2 {
			return excuse{}, fmt.Errorf("function %q: # is followed by a number from 2 on", e.fn)
		}
		e.fn, e.nth = fn, n
	}
	return e, nil
}

// match returns the excuses by mutant number, and what is wrong with those that fit no mutant or one that has an excuse already.
func match(list []excuse, mutants []mutant) (map[int]excuse, []string) {
	numbers := map[key]int{}
	for _, m := range mutants {
		numbers[m.key] = m.number
	}
	found := map[int]excuse{}
	var rot []string
	for _, e := range list {
		n, ok := numbers[e.key]
		_, twice := found[n]
		switch {
		case !ok:
			rot = append(rot, fmt.Sprintf("line %d: no such mutant: %v", e.line, e.key))
		case twice:
			rot = append(rot, fmt.Sprintf("line %d: listed twice: %v", e.line, e.key))
		default:
			found[n] = e
		}
	}
	return found, rot
}
