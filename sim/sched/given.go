package sched

import "fmt"

type follow struct {
	once
	schedule Schedule
	turn     int
	used     int // of the turn
}

// Follow repeats a schedule, once. Where the schedule has ended threads go on without preemption. Where it names a thread that
// cannot go on the run ends with [ErrDiverged].
func Follow(c Schedule) Strategy { return &follow{schedule: c} }

func (f *follow) Choose(p Point) int {
	for f.turn < len(f.schedule) && f.used >= f.schedule[f.turn].Count {
		f.turn, f.used = f.turn+1, 0
	}
	if f.turn == len(f.schedule) {
		return p.base()
	}
	f.used++
	return f.schedule[f.turn].Thread
}

func (f *follow) String() string { return "follow" }

// A Preemption is a change of thread for [Sparse]. Every value of both fields means something, zero the least.
type Preemption struct {
	Gap uint // decisions with a choice to let pass since the preemption before, or since the start
	To  uint // which of the other threads that can go on, counted round and round
}

type sparse struct {
	once
	list   []Preemption
	at     int
	passed uint
}

// Sparse goes on without preemption but for those listed, once. A shorter list and smaller numbers make a simpler schedule: draw
// it up front from a generator that shrinks. Only decisions between two threads or more are counted, so no entry is without effect unless the run ends before it.
func Sparse(list []Preemption) Strategy { return &sparse{list: list} }

func (f *sparse) Choose(p Point) int {
	if len(p.Ready) == 1 || f.at == len(f.list) {
		return p.base()
	}
	next := f.list[f.at]
	if f.passed < next.Gap {
		f.passed++
		return p.base()
	}
	f.at, f.passed = f.at+1, 0
	return p.other(uint64(next.To))
}

func (f *sparse) String() string { return fmt.Sprintf("sparse(%d)", len(f.list)) }

type given struct {
	once
	bytes []byte
}

// Bytes takes one byte for each decision between two threads or more, once: 0 goes on, n chooses the n-th of the others, counted round and
// round. Where the bytes have ended threads go on without preemption. Every input is a schedule, as a fuzzer needs it.
func Bytes(b []byte) Strategy { return &given{bytes: b} }

func (f *given) Choose(p Point) int {
	if len(p.Ready) == 1 || len(f.bytes) == 0 {
		return p.base()
	}
	b := f.bytes[0]
	f.bytes = f.bytes[1:]
	if b == 0 {
		return p.base()
	}
	return p.other(uint64(b - 1))
}

func (f *given) String() string { return "bytes" }

type freeze struct {
	once
	thread, k, passed int
}

// Freeze runs one thread alone until it was chosen k times, parks it for good at its next point, and runs the others without preemption, once. If they
// all end the run is good, and [Result.Stopped] tells that the thread was left standing; it is false if the thread ended before. Who has
// to wait for the parked thread makes the run fail with [ErrHeld]: with k from 0 until Stopped is false, that tells which of one
// thread's steps can hold up another.
func Freeze(thread, k int) Strategy { return &freeze{thread: thread, k: k} }

func (f *freeze) Choose(p Point) int {
	for _, id := range p.Ready {
		if id == f.thread && f.passed < f.k {
			f.passed++
			return id
		}
	}
	if p.Current >= 0 && p.Current != f.thread {
		return p.Current
	}
	for _, id := range p.Ready {
		if id != f.thread {
			return id
		}
	}
	return Stop
}

func (f *freeze) String() string { return fmt.Sprintf("freeze(%d,%d)", f.thread, f.k) }
