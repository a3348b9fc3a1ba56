package fuzz

import "fmt"

// An Anomaly is the name of a way in which a promise can be broken.
type Anomaly string

// The anomalies. What ends a run before there is a history to judge has an error of package sched: ErrDeadlock, ErrPanic, ErrEndless, ErrLeak.
const (
	TornRead   Anomaly = "torn read"   // a snapshot that was never the state of the kernel, at any version
	StaleRead  Anomaly = "stale read"  // a snapshot or an answer of another version than it says, or older than what had been seen before
	LostUpdate Anomaly = "lost update" // two changes that count as one version, or a change that was allowed to happen on what was no longer there
	VersionGap Anomaly = "version gap" // versions that do not follow each other
	Aliasing   Anomaly = "aliasing"    // what was frozen has changed

	HandleReuse   Anomaly = "handle reuse"   // a handle that is open twice, or works after it was closed
	RepeatedEntry Anomaly = "repeated entry" // one entry given to two calls
	LostEntry     Anomaly = "lost entry"     // an entry that no call was given, or that is of another snapshot

	WrongAnswer   Anomaly = "wrong answer"   // a result or an error that the model does not allow
	BrokenList    Anomaly = "broken list"    // a snapshot that contradicts itself
	BrokenPromise Anomaly = "broken promise" // what the case itself asks for does not hold
)

// Error returns the name: an Anomaly is an error, so that a kind of failure can be asked for.
func (a Anomaly) Error() string { return string(a) }

// A Violation is the error of a history that breaks a promise.
type Violation struct {
	Anomaly Anomaly
	Rule    string // its row in docs/semantics.md
	Event   int    // the event that shows it, by its place in History.Events; -1 if no single one does
	Why     string // what was wrong, in one line or a few
	Diff    string // what the model says (-) and what was seen (+); "" where there is nothing to compare
}

// Error returns all of it as text.
func (v *Violation) Error() string {
	text := fmt.Sprintf("%s (rule %s): %s", v.Anomaly, v.Rule, v.Why)
	if v.Diff != "" {
		text += "\n(-model +seen)\n" + v.Diff
	}
	return text
}

// Unwrap returns the anomaly.
func (v *Violation) Unwrap() error { return v.Anomaly }
