// Package fuzz is the court of the project: what the kernel promises is tried here. It is for tests only; nothing
// that is shipped imports it.
//
// The slow obvious [Model] is the oracle. It is told each [Call] and its [Result], says whether the kernel was allowed
// to answer so, and follows. [Diff] then compares everything that a state shows with what the model holds. The ids
// and addresses are the kernel's to choose; the model only checks that they are free and that the stated policy was kept.
//
// [Draw] makes calls, good and bad ones, from any source of small numbers, so that the same programs
// come from rapid, from the bytes of a native fuzz target and from a seeded generator. [Do] makes the kernel obey.
package fuzz
