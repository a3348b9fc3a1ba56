package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// A score is what became of the mutants of one operator.
type score struct {
	mutants, killed, equivalent, survived int
}

// percent is the share killed of those that can be. An operator without mutants has nothing to be blamed for.
func (s score) percent() float64 {
	if s.mutants == s.equivalent {
		return 100
	}
	return 100 * float64(s.killed) / float64(s.mutants-s.equivalent)
}

// An account is the outcome of a trial.
type account struct {
	scores    map[operator]*score
	survivors []verdict
	errors    []string // of the list of equivalent mutants
}

// settle counts verdicts. An excuse for a mutant that was killed is an error, and the mutant counts as killed.
func settle(verdicts []verdict, list map[int]excuse, rot []string) account {
	a := account{scores: map[operator]*score{}, errors: rot}
	for _, op := range operators {
		a.scores[op] = &score{}
	}
	for _, v := range verdicts {
		s := a.scores[v.op]
		s.mutants++
		e, listed := list[v.number]
		switch {
		case v.killed && listed:
			a.errors = append(a.errors, fmt.Sprintf("line %d: killed by %s, so not equivalent: %v", e.line, v.by, e.key))
			s.killed++
		case v.killed:
			s.killed++
		case listed:
			s.equivalent++
		default:
			s.survived++
			a.survivors = append(a.survivors, v)
		}
	}
	return a
}

// good says whether every operator has its least score and the list is sound.
func (a account) good() bool {
	for op, s := range a.scores {
		if s.percent() < leastScore[op] {
			return false
		}
	}
	return len(a.errors) == 0
}

// print writes the table, the survivors and what is wrong with the list.
func (a account) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "operator\tmutants\tkilled\tequivalent\tsurvived\tscore\tleast\t")
	for _, op := range operators {
		s := a.scores[op]
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%.1f %%\t%.0f %%\t\n", op, s.mutants, s.killed, s.equivalent, s.survived, s.percent(), leastScore[op])
	}
	t.Flush()
	if len(a.survivors) > 0 {
		fmt.Fprintln(w, "\nsurvivors:")
	}
	for _, v := range a.survivors {
		unseen := ""
		if !v.reached {
			unseen = " (no test comes by it)"
		}
		fmt.Fprintf(w, "%s:%d %s %s: %s%s\n", v.file, v.line, v.op, v.function(), v.text, unseen)
	}
	if len(a.errors) > 0 {
		fmt.Fprintln(w, "\nwrong in the list of equivalent mutants:")
	}
	for _, e := range a.errors {
		fmt.Fprintln(w, e)
	}
}
