package fuzz

import (
	"cmp"
	"fmt"
	"slices"
)

// An Event is a call and what it came back with.
type Event struct {
	Call   Call
	Result Result
}

// changes says that the event made its version, in place of only seeing it.
func (e Event) changes() bool { return e.Result.Err == nil && e.Call.Verb != Read }

// Replay tries whether the versions that calls of many goroutines reported are an order in which one goroutine could
// have made them: the changes are versions 1, 2, 3 ... after m's, each once, and the model agrees to every result. After each
// version, and before the first, it calls at with the model as it then is. Replay orders events itself.
func Replay(m *Model, events []Event, at func(*Model) error) error {
	slices.SortStableFunc(events, func(a, b Event) int {
		if c := cmp.Compare(a.Result.Version, b.Result.Version); c != 0 {
			return c
		}
		switch {
		case a.changes() && !b.changes():
			return -1
		case !a.changes() && b.changes():
			return 1
		}
		return 0
	})
	if err := at(m); err != nil {
		return err
	}
	for _, e := range events {
		want := m.Version
		if e.changes() {
			want++
		}
		if e.Result.Version != want {
			return fmt.Errorf("%v\n-> %v\nafter version %d: versions must follow each other without gap or repeat", e.Call, e.Result, m.Version)
		}
		if err := m.Judge(e.Call, e.Result); err != nil {
			return fmt.Errorf("%v\n-> %v\n%w", e.Call, e.Result, err)
		}
		if !e.changes() {
			continue
		}
		if err := at(m); err != nil {
			return err
		}
	}
	return nil
}
