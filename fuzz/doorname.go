package fuzz

import "fmt"

// A laxity is a set of rules that do not hold: which of them is broken is found out by doing without one after the other.
type laxity uint8

const (
	anyVersion laxity = 1 << iota // a snapshot shows any version
	anyCuts                       // its lists are of different ones
	anyTwice                      // an entry is given again
	anyEntry                      // walkers see anything
	anyAnswer                     // calls fail with anything, and whatever is asked for is opened
	anyHandle                     // a handle that was free, not the lowest
	anyID                         // a kept pid is given away
)

// ways is in how many ways a step can be made: besides the right one an entry can be given again, and the cursor be moved or not.
func ways(lax laxity) int {
	if lax&anyTwice != 0 {
		return 3
	}
	return 1
}

// broken is what is wrong if an order is found without a rule, in the order in which they are dropped.
var broken = []struct {
	rule    laxity
	anomaly Anomaly
	row     string
	why     string
}{
	{anyVersion, StaleRead, "S9", "the snapshot behind a handle is of a version that its creation can't have seen"},
	{anyCuts, TornRead, "S61", "the lists behind a handle are of no one version"},
	{anyTwice, RepeatedEntry, "S62", "an entry was given to two calls"},
	{anyEntry, LostEntry, "S62", "an entry was given to no call, or is of another snapshot"},
	{anyAnswer, WrongAnswer, "S63", "a call failed, or failed in a way, that its handle is no reason for"},
	{anyHandle, WrongAnswer, "S50", "a handle was given that is not the lowest free one"},
	{anyID, WrongAnswer, "S56", "a pid was given away that a handle keeps"},
}

// accuse names what is wrong with calls that there is no order for.
func (d *door) accuse() *Violation {
	s := &d.search
	steps, stuck, gaveUp := s.best, d.calls[s.stuck].event, s.gaveUp
	accuse := func(a Anomaly, row, why string) *Violation {
		return d.c.violation(a, row, stuck, "no order of the calls explains their answers: %s. The longest order has %d steps, and this call can't come next",
			why, steps)
	}
	if gaveUp {
		return accuse(BrokenPromise, "S1", fmt.Sprintf("at least, not in %d states; record fewer calls at once", mostStates))
	}
	var lax laxity
	for _, b := range broken {
		if lax |= b.rule; s.find(d, lax) {
			return accuse(b.anomaly, b.row, b.why)
		}
	}
	return accuse(HandleReuse, "S51", "a handle is open twice, or works or is closed when it is not open")
}
