package fuzz

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// A Hunt draws cases on a theme and explores each of them, until one fails.
type Hunt struct {
	Theme Theme
	Seed  uint64
	// Schedules is how many are explored of each case: few find a mistake sooner, many are quicker each.
	Schedules int
}

// A Bag is what a hunt came home with.
type Bag struct {
	Cases     int
	Schedules int
	Steps     int          // decisions in them
	Case      Case         // that failed
	Failure   sched.Result // Failure.Err is nil if none did
}

// Cases explores the cases numbered from first on, every step-th, until one fails or so many schedules have been explored. The same numbers give the same bag.
func (h Hunt) Cases(first, step, schedules int) Bag {
	var b Bag
	for n := first; b.Schedules < schedules; n += step {
		c, st := h.Case(n)
		r := sched.Explore(c.Program(), st, sched.Budget{Runs: min(h.Schedules, schedules-b.Schedules)})
		b.Cases++
		b.Schedules += r.Runs
		b.Steps += r.Steps
		if r.Failure.Err != nil {
			b.Case, b.Failure = c, r.Failure
			break
		}
	}
	return b
}

// Case draws the n-th case of the hunt, and the strategy that it is explored with.
func (h Hunt) Case(n int) (Case, sched.Strategy) {
	rng := rand.New(rand.NewPCG(h.Seed, uint64(n)))
	c := DrawCase(h.Theme, caseName(h.Theme.Name, h.Seed, n), rng.IntN)
	seed := rng.Uint64()
	switch n % 3 {
	case 0:
		return c, sched.Random(seed)
	case 1:
		return c, sched.PCT(seed, 3)
	}
	return c, sched.PCT(seed, 2)
}

// CaseNamed draws the case of a hunt again by its name, as a token has it.
func CaseNamed(name string) (Case, error) {
	part := strings.Split(name, ".")
	if len(part) == 3 {
		theme, ok := CaseTheme(part[0])
		seed, err := strconv.ParseUint(part[1], 10, 64)
		n, err2 := strconv.ParseInt(part[2], 10, 32)
		if ok && err == nil && err2 == nil && n >= 0 {
			c, _ := Hunt{Theme: theme, Seed: seed}.Case(int(n))
			return c, nil
		}
	}
	return Case{}, fmt.Errorf("fuzz: CaseNamed(%.60q): want the name of a drawn case, theme.seed.number: %w", name, sched.ErrInvalid)
}
