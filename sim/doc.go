// Package sim is a simulated Windows kernel, as far as the Tool Help library can see it: the lists of
// processes, threads, modules and heaps of one system, in memory, deterministic, and safe for any number of goroutines.
//
// A [Kernel] is what changes. Its verbs are those of Windows: CreateProcess, TerminateThread, LoadLibrary, HeapAlloc ...
// A [State] is a frozen kernel: all four lists as they stood at one [Version]. Taking one costs the same for ten
// processes and for a million, walking it takes no lock and allocates nothing, and it needs no closing.
//
// # Copy on write
//
// The lists are trees whose nodes carry the generation that wrote them. Taking a state keeps the root and
// raises the generation; from then on whoever writes to an older node copies it first, and the path to it:
//
//	   state, version 7       kernel, version 8: one thread more in process C
//	        |                      |
//	     [ root ]               [ root']           copied: it leads to C
//	     /      \               /      \
//	[ A  B ]  [ C  D ]   <-----'    [ C' D ]       copied: C stands in it
//	             |                     |
//	          threads               threads'       copied: it is what changed
//
// A and B, and D with all it owns, are shared. The next change to C copies nothing: C' is the kernel's own until somebody
// takes a state again. [Kernel.Counters] and [Shared] show what was copied and what is shared.
//
// # Live lists
//
// The lists are there without a state too. A [Walker] holds an address and follows the link that stands there at each step,
// as code without a snapshot would. While others change the list it misses entries, repeats them, walks on in a stranger's list, or
// faults with an [AccessViolation] that tells the history of the address.
//
// # Versions
//
// Every verb takes effect at one instant between its call and its return, and counts one version. Every verb and every state
// reports its version: it is the order in which things happened. A verb that fails changes nothing. [Kernel.Update] makes one change of several verbs.
//
// # Words
//
// The rules in docs/semantics.md have numbers, S1 and on; comments here cite them. Nothing in this package reads the real
// system, the clock or a random number: the same calls give the same ids, the same order and the same text.
package sim
