// Package fuzz is the court of the project: what the kernel promises is tried here. It is for tests only, those of this module and of whoever embeds the
// kernel; nothing that is shipped imports it.
//
// # The model
//
// The slow obvious [Model] is the oracle. It is told each [Call] and its [Result], says whether the kernel was allowed
// to answer so, and follows. [Diff] then compares everything that a state shows with what the model holds. The ids
// and addresses are the kernel's to choose; the model only checks that they are free and that the stated policy was kept.
//
// [Draw] makes calls, good and bad ones, from any source of small numbers, so that the same programs
// come from rapid, from the bytes of a native fuzz target and from a seeded generator. [Do] makes the kernel obey.
//
// # Histories
//
// A [Recorder] notes what the clients of one kernel do, goroutines or simulated threads. Every call comes back with the version it made or saw, and so a history
// carries its own proof: [Certify] leads the model through it in the order of the versions, compares every result and every
// snapshot, read late, and looks whether that order fits the time at which calls began and returned.
//
// # Cases
//
// A [Case] is a concurrent program: clients that make calls on a fork of one [Origin]. [Case.Program] is what package sched
// runs, by any of its strategies, with the histories of all runs certified. [Find] and [Try] look for a run that fails, make it small ([Shrink]: the fewest calls, then
// the fewest preemptions, proved by trying all schedules with fewer) and tell what happened. A [Hunt] draws cases; go run ./fuzz/court hunts for as long as wanted.
package fuzz
