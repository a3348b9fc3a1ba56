package fuzz

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// String tells all about a counterexample: the anomaly, who did what when, in a column for each client, what the model says, how small
// it is, a program to paste, and the token.
func (x Counterexample) String() string {
	var b strings.Builder
	var v *Violation
	if errors.As(x.Run.Err, &v) {
		fmt.Fprintf(&b, "%s, against rule %s\n\n", v.Anomaly, v.Rule)
	} else {
		fmt.Fprintf(&b, "%v\n\n", KindOf(x.Run.Err))
	}
	b.WriteString(x.interleaving())
	if v != nil {
		fmt.Fprintf(&b, "\n%s\n", v.Why)
		if v.Diff != "" {
			fmt.Fprintf(&b, "\nWhat the model says (-) and what was seen (+):\n%s", v.Diff)
		}
	} else {
		fmt.Fprintf(&b, "\n%v\n", x.Run.Err)
	}
	fmt.Fprintf(&b, "\n%s\n", x.size())
	if program := x.Program(); program != "" {
		fmt.Fprintf(&b, "\nAs a test:\n\n%s", program)
	}
	fmt.Fprintf(&b, "\nToken: %s\n", x.Run.Token())
	return b.String()
}

func (x Counterexample) size() string {
	switch {
	case x.Preemptions < 0:
		return fmt.Sprintf("Calls: %d. It takes more preemptions than could be tried.", x.Calls)
	case x.Preemptions == 0:
		return fmt.Sprintf("Calls: %d. No preemption.", x.Calls)
	case x.Fewest:
		return fmt.Sprintf("Calls: %d. Preemptions: %d; the %d schedules with fewer are all good.", x.Calls, x.Preemptions, x.Tried)
	}
	return fmt.Sprintf("Calls: %d. Preemptions: %d; not all schedules with fewer were tried.", x.Calls, x.Preemptions)
}

// A row is one thing that one client did.
type row struct {
	client int
	text   string
	point  bool
}

// interleaving runs the schedule again and tells who did what, from top to bottom.
func (x Counterexample) interleaving() string {
	t := newTrial(x.Case)
	r := sched.Run(sched.Program{Name: x.Case.Name, Body: t.body}, sched.Follow(x.Run.Schedule))
	events := make([][]Event, len(t.names)) // of each client
	for _, e := range t.log.events {
		events[e.Client] = append(events[e.Client], e)
	}
	begun := make([]int, len(t.names))
	var rows []row
	for i, step := range r.Trace {
		c := step.Thread
		switch last := len(rows) - 1; {
		case step.Op == sched.OpYield && begun[c] < len(events[c]):
			begun[c]++
			rows = append(rows, row{c, events[c][begun[c]-1].Call.String(), false})
		case step.Op == sched.OpLocked: // says no more than the lock before
		case last >= 0 && rows[last].client == c && rows[last].point:
			rows[last].text += ", " + step.Op.String() + " " + step.Object
		default:
			rows = append(rows, row{c, ". " + step.Op.String() + " " + step.Object, true})
		}
		if begun[c] > 0 && lastOfCall(r.Trace[i+1:], c) {
			if e := events[c][begun[c]-1]; e.Returned >= 0 {
				rows = append(rows, row{c, "= " + e.Result.String(), false})
			}
		}
	}
	return columns(x.names(), rows)
}

func (x Counterexample) names() (names []string) {
	for _, s := range x.Case.Scripts {
		names = append(names, s.Name)
	}
	return names
}

// lastOfCall says that the next thing a thread does, if any, is to begin a call.
func lastOfCall(rest []sched.Step, thread int) bool {
	i := slices.IndexFunc(rest, func(s sched.Step) bool { return s.Thread == thread })
	return i < 0 || rest[i].Op == sched.OpYield
}

// pageWidth is how wide an interleaving is, in characters.
const pageWidth = 120

// columns prints rows under the names of their clients.
func columns(names []string, rows []row) string {
	width := pageWidth/max(1, len(names)) - 2
	var b strings.Builder
	line := func(client int, text string) {
		b.WriteString(strings.TrimRight(strings.Repeat(" ", client*(width+2))+text, " ") + "\n")
	}
	var head strings.Builder
	for _, n := range names {
		fmt.Fprintf(&head, "%-*s", width+2, n)
	}
	line(0, head.String())
	for _, r := range rows {
		for i, text := range wrap(r.text, width) {
			if i > 0 {
				text = "  " + text
			}
			line(r.client, text)
		}
	}
	return b.String()
}

// wrap breaks text at spaces.
func wrap(text string, width int) (lines []string) {
	for _, paragraph := range strings.Split(text, "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && len(line)+1+len(word) > width-2 {
				lines, line = append(lines, line), ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		lines = append(lines, line)
	}
	return lines
}
