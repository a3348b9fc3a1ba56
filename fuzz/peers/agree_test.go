package peers

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

var (
	most    = flag.Int("histories", 10_000, "how many histories TestAgree judges; fewer than 2,000 show too little")
	program = flag.Int("program", -1, "the one program that TestAgree tries, as a failure names it")
)

// runsOfProgram is how many schedules of one program are tried.
const runsOfProgram = 8

// TestAgree shows histories of at most 4 clients and 12 calls to Certify and to porcupine: as the kernel made them, and doctored. What porcupine
// rejects, though it knows no version, Certify must reject; and if porcupine's model tells versions, the two must agree to the letter. The full count:
//
//	go test -run TestAgree -v -histories 100000
func TestAgree(t *testing.T) {
	c := counts{}
	o := smallOrigin(t)
	for i := 0; c.total() < *most; i++ {
		if *program >= 0 {
			i = *program
		}
		tryProgram(t, o, i, c)
		if t.Failed() || *program >= 0 {
			break
		}
	}
	t.Logf("%d histories\n%s", c.total(), c.table())
	if *program < 0 {
		c.require(t)
	}
}

// tryProgram draws program i, which says all: what is called, in which schedules, and how these are doctored.
func tryProgram(t *testing.T, o *fuzz.Origin, i int, c counts) {
	r := rand.New(rand.NewPCG(uint64(i), 0))
	clients := 2 + r.IntN(3)
	st := sched.Random(uint64(i))
	if i%2 == 1 {
		st = sched.PCT(uint64(i), 3)
	}
	all := histories(t, o, drawScripts(r, clients, clients+r.IntN(13-clients)), st, runsOfProgram)
	for run, h := range all {
		at := fmt.Sprintf("program %d, run %d", i, run)
		c.add(honest, judge(t, at, h), h)
		for _, d := range doctors {
			sick := h
			sick.Events = slices.Clone(h.Events)
			if sick, ok := d.cure(sick, all[(run+1)%len(all)], r); ok {
				c.add(d.name, judge(t, at+", "+d.name, sick), h)
			}
		}
	}
}

// A verdict is who accepts a history.
type verdict struct{ certify, blackBox bool }

// judge has a history judged by all, and fails where they must not differ.
func judge(t *testing.T, at string, h fuzz.History) verdict {
	err := fuzz.Certify(h)
	v := verdict{err == nil, linearizable(h, false)}
	if v.certify && !v.blackBox {
		t.Errorf("%s: porcupine finds no order, Certify passes it\n%s", at, show(h))
	}
	if versioned := linearizable(h, true); versioned != v.certify {
		t.Errorf("%s: porcupine with versions says %v, Certify says %v\n%s", at, versioned, err, show(h))
	}
	return v
}

func show(h fuzz.History) string {
	var b strings.Builder
	for _, e := range h.Events {
		fmt.Fprintf(&b, "%2d-%2d %s: %v\n      -> version %d pid %d tid %d count %d error %v\n", e.Called, e.Returned, h.Clients[e.Client], e.Call,
			e.Result.Version, e.Result.PID, e.Result.TID, e.Result.Count, e.Result.Err)
		if e.Result.Snapshot.State() != nil {
			fmt.Fprintf(&b, "%v", e.Result.Snapshot.State())
		}
	}
	return b.String()
}

const honest = "as it was"

// A count is how the histories of one kind were judged.
type count struct{ passed, both, certifyAlone, porcupineAlone, calls, overlapping int }

type counts map[string]*count

func (c counts) add(kind string, v verdict, h fuzz.History) {
	if c[kind] == nil {
		c[kind] = &count{}
	}
	n := c[kind]
	n.calls += len(h.Events)
	n.overlapping += fuzz.Overlapping(h)
	switch {
	case v.certify && v.blackBox:
		n.passed++
	case !v.certify && !v.blackBox:
		n.both++
	case v.blackBox:
		n.certifyAlone++
	default:
		n.porcupineAlone++
	}
}

func (c counts) total() (n int) {
	for _, k := range c {
		n += k.passed + k.both + k.certifyAlone + k.porcupineAlone
	}
	return n
}

func (c counts) kinds() []string {
	all := []string{honest}
	for _, d := range doctors {
		all = append(all, d.name)
	}
	return all
}

func (c counts) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-24s %8s %8s %14s %16s\n", "", "passed", "rejected", "Certify alone", "porcupine alone")
	var sum count
	row := func(kind string, n count) {
		fmt.Fprintf(&b, "%-24s %8d %8d %14d %16d\n", kind, n.passed, n.both, n.certifyAlone, n.porcupineAlone)
	}
	for _, kind := range c.kinds() {
		if n := c[kind]; n != nil {
			row(kind, *n)
			sum.passed, sum.both = sum.passed+n.passed, sum.both+n.both
			sum.certifyAlone, sum.porcupineAlone = sum.certifyAlone+n.certifyAlone, sum.porcupineAlone+n.porcupineAlone
		}
	}
	row("all", sum)
	if n := c[honest]; n != nil {
		fmt.Fprintf(&b, "%.0f%% of the calls overlap another one", 100*float64(n.overlapping)/float64(n.calls))
	}
	return b.String()
}

// require fails where the comparison proved nothing: the kernel's own histories must pass, a doctor must be found out by both now and then, and
// what nobody but Certify can see, a broken promise about versions, must have been there.
func (c counts) require(t *testing.T) {
	if n := c[honest]; n == nil || n.both+n.certifyAlone+n.porcupineAlone > 0 {
		t.Errorf("histories of the kernel itself: %+v, want them all to pass", n)
	}
	for _, d := range doctors {
		n := c[d.name]
		switch {
		case n == nil:
			t.Errorf("%s: never tried", d.name)
		case n.both+n.certifyAlone == 0:
			t.Errorf("%s: all %d passed", d.name, n.passed)
		case n.both == 0 && d.name != "version shifted" && d.name != "versions swapped":
			t.Errorf("%s: porcupine rejected none of %d", d.name, n.certifyAlone)
		}
	}
	if n := c["version shifted"]; n != nil && n.certifyAlone == 0 {
		t.Error("version shifted: Certify alone found none")
	}
}
