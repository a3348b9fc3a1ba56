package fuzz

import (
	"fmt"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A litmus is a small program that could go wrong in one way.
type litmus struct {
	name    string
	reason  string // what could go wrong
	origin  string
	threads []string        // in the notation of litmusWords
	do      []func(*Client) // more threads
}

// litmusPrograms are explored with every schedule of few preemptions.
var litmusPrograms = []litmus{
	// Processes and threads.
	{"birth seen", "a process is seen half born", "two", []string{"create; take", "take; take"}, nil},
	{"twin births", "two births get one id, one sequence or one version", "two", []string{"create; take", "create; take"}, nil},
	{"exit seen", "a process is seen without its threads, or they without it", "two", []string{"exit 8; take", "take; take"}, nil},
	{"double exit", "two calls end the same process", "two", []string{"exit 8; take", "exit 8; take"}, nil},
	{"birth of an orphan", "a child is born to a parent that has ended", "two", []string{"exit 8; take", "child 8; take"}, nil},
	{"spawn into an exit", "a thread appears in a process that has ended", "two", []string{"exit 8; take", "spawn 8; take"}, nil},
	{"last threads", "both threads end and nobody ends the process", "pair", []string{"end 12; take", "end 24; take"}, nil},
	{"last thread and a new one", "the process ends with its last thread and goes on with a new one", "two", []string{"end 12; take", "spawn 8; take"}, nil},
	{"end of what has ended", "a thread ends twice, once with its process", "pair", []string{"exit 8; take", "end 12; end 24"}, nil},
	{"suspend and resume", "a suspend count is lost", "two", []string{"suspend 12; resume 12", "suspend 12; take"}, nil},
	{"suspend an ending thread", "the count of a thread that has ended is written", "pair", []string{"suspend 24; take", "end 24; spawn 8"}, nil},
	{"loader runs once", "two threads run the loader of a process that was asleep", "asleep", []string{"resume 28; look 24", "spawn 24; look 24"}, nil},
	{"class and birth of a thread", "the new thread keeps the base priority of the old class", "two", []string{"class 8 4; take", "spawn 8; take"}, nil},
	{"class and priority", "one of two changes of a base priority is lost", "two", []string{"class 8 1; take", "priority 12 2; take"}, nil},
	{"clock", "a birth is dated before the one ahead of it", "two", []string{"advance 50; create", "create; take"}, nil},
	{"three births", "of three births one is lost", "two", []string{"create; take", "create; take", "create; take"}, nil},
	{"two readers", "one reader goes back behind what the other has seen", "two", []string{"create; exit 8", "take; take", "take; take"}, nil},
	{"chain", "what a thread makes another ends while a third looks", "two", []string{"child 16; exit 24", "exit 24; exit 16", "take; take"}, nil},
	{"four at once", "the writers' order is not the one that readers see", "two", []string{"create; take", "exit 8; take", "spawn 16; take", "take; take"}, nil},
	// Ids.
	{"pid comes back", "a pid is given to two, or the old process is shown as the new one", "last", []string{"exit 16; create", "take; take"}, nil},
	{"ids run out", "more ids are given than there are", "tight", []string{"create; take", "create; take"}, nil},
	{"ids come back in time", "a creation fails though ids were given back", "tight", []string{"create; exit 8; create", "create; create"}, nil},
	{"a pid by name", "a pid that was asked for by name is given twice", "two", []string{"named 40; take", "named 40; exit 40"}, nil},
	{"never again", "an id is used again although the policy is never", "never", []string{"exit 16; named 16", "create; take"}, nil},
	{"a pid that a handle keeps", "the pid of an ended process is reused while a handle is open", "last", []string{"open 16; close 4", "exit 16; create; create"}, nil},
	// Modules.
	{"loads counted", "one of two loads is not counted", "two", []string{"load 8 1; look 8", "load 8 1; look 8"}, nil},
	{"last unload", "two calls unload what is loaded once", "home", []string{"unload 8 1; look 8", "unload 8 1; look 8"}, nil},
	{"load between looks", "the module list and the rest are of two versions", "home", []string{"unload 8 1; load 8 2", "look 8; modules 8"}, nil},
	{"load into an exit", "a module is loaded into a process that has ended", "home", []string{"exit 8; take", "load 8 2; modules 8"}, nil},
	{"file and library", "a data file is listed, or counted for the library", "two", []string{"data 8 1; modules 8", "load 8 1; unload 8 1"}, nil},
	// Heaps, blocks, memory.
	{"two heaps", "two heaps get one id", "two", []string{"heap 8; look 8", "heap 8; heaps 8"}, nil},
	{"alloc in a heap that goes", "a block lives in a heap that was destroyed", "home", []string{"destroy 8 1; look 8", "alloc 8 1; look 8"}, nil},
	{"two blocks", "two blocks overlap", "home", []string{"alloc 8 0; heaps 8", "alloc 8 0; heaps 8"}, nil},
	{"double free", "a block is freed twice, or what was put in its place is", "home", []string{"free 8 0 0; alloc 8 0", "free 8 0 0; look 8"}, nil},
	{"neighbours freed", "free neighbours do not join", "home", []string{"free 8 0 0; heaps 8", "free 8 0 1; heaps 8"}, nil},
	{"free what is locked", "a locked block is freed or moves", "home", []string{"lock 8 0 0; unlock 8 0 0", "grow 8 0 0; free 8 0 0"}, nil},
	{"bytes move along", "what is written while the block moves is lost", "home", []string{"write 8 0 7; grow 8 0 0", "write 8 0 9; look 8"}, nil},
	{"page seen", "a page is seen half written", "home", []string{"write 8 0 1; write 8 1 2", "look 8; look 8"}, nil},
	{"write and read", "a read is of no version", "home", []string{"write 8 0 1; read 8 0", "write 8 0 2; read 8 0"}, nil},
	{"write into an exit", "memory is written of a process that has ended", "home", []string{"exit 8; take", "write 8 0 1; read 8 0"}, nil},
	// Updates.
	{"whole update", "half of an Update is seen", "two", []string{"update(create, exit 16); take", "take; take"}, nil},
	{"undone update", "something of an Update that failed is seen", "two", []string{"undone(exit 8, create, spawn 16); take", "take; spawn 8"}, nil},
	{"ids of what was undone", "ids that an undone Update was given are lost or given twice", "tight", []string{"undone(create); create", "create; take"}, nil},
	{"two updates", "Updates are mixed with each other", "two", []string{"update(spawn 8, exit 16); take", "update(spawn 16, exit 8); take"}, nil},
	{"update that panics", "the kernel stays locked, or half changed", "two", []string{"panics(exit 8, create); take", "spawn 8; take"}, nil},
	{"update of memory", "undone bytes, blocks or modules stay, in what was seen too", "home",
		[]string{"undone(write 8 0 5, alloc 8 0, unload 8 1); look 8", "look 8; write 8 1 6"}, nil},
	// Separate cuts.
	{"modules between cuts", "entries of two module lists are mixed", "home", []string{"apart 8; apart 8", "load 8 2; unload 8 1"}, nil},
	{"target gone between cuts", "modules are of one process, heaps of another with its pid", "last", []string{"apart 16; take", "exit 16; create"}, nil},
	{"heaps between cuts", "the heap list is of a version that it does not say", "home", []string{"apart 8; heaps 8", "heap 8; destroy 8 1"}, nil},
	{"cuts of two", "versions of cuts go back", "two", []string{"apart 8; take", "create; take", "exit 16; take"}, nil},
	// Live walks.
	{"walk of stale links", "a walk of old links does not end", "two", []string{"walk 0; walk 0", "exit 8; create"}, nil},
	{"walk among strangers", "a walk that went astray does not end", "last", []string{"walk 1; walk 1", "exit 8; create"}, nil},
	{"walk of unmapped links", "a fault leaves the walk open or the kernel locked", "two", []string{"walk 2; walk 2", "exit 16; create"}, nil},
	{"walk of threads", "the thread list goes away under a walk", "pair", []string{"walk-threads 8 1; take", "end 24; spawn 8"}, nil},
	{"walk of modules", "the module list changes under a walk", "home", []string{"walk-modules 8 0; modules 8", "unload 8 1; load 8 2"}, nil},
	{"walk of heaps", "the process ends under a walk of its heaps", "home", []string{"walk-heaps 8 2; take", "destroy 8 1; exit 8"}, nil},
	// Handles and cursors.
	{"two opens", "two handles get one value", "two", []string{"snap 0; open 16", "snap 0; open 8"}, nil},
	{"double close", "one handle is closed twice", "two", []string{"snap 0; close 4; close 4", "close 4; snap 0"}, nil},
	{"reissued", "a handle that was closed works for what has its value now", "two", []string{"snap 0; close 4; open 8", "next 4; next 4"}, nil},
	{"duplicate of what goes", "a duplicate is of a handle that was closed", "two", []string{"snap 0; close 4", "dup 4; next 8; close 8"}, nil},
	{"exit closes", "a handle outlives its process", "two", []string{"open 8; snap 0; close 4", "exit 8; take"}, nil},
	{"one cursor", "an entry is given twice or to nobody", "two", []string{"snap 0; next 4; next 4", "next 4; next 4"}, nil},
	{"rewound", "First is undone by a Next that began before it", "two", []string{"snap 0; first 4; first 4", "next 4; next 4"}, nil},
	{"laid by two", "two first calls lay the list and each follows its own", "two", []string{"snap 8; next-thread 4; next-thread 4", "next-thread 4; next-module 4"}, nil},
	{"cursors of two lists", "the cursor of one list moves that of another", "home", []string{"snap 8; next-heap 4; next-module 4", "next-module 4; next-heap 4"}, nil},
	{"three walkers", "of three on one cursor two get one entry", "pair", []string{"snap 0; first-thread 4", "next-thread 4; next-thread 4", "next-thread 4; next-thread 4"}, nil},
	{"two processes", "a handle is good in another process", "two", []string{"open 8; close 4", "@open 8; @close 4", "exit 16; exit 8"}, nil},
	{"table grows", "a look-up is lost while the table moves", "two", []string{"snap 0; next 4", "next 4; close 8"}, []func(*Client){litmusGrow}},
	// More than calls.
	{"heirs", "a child inherits half of what is open", "two", []string{"snap-inherit 0; snap-inherit 0", "exit 8; take"}, []func(*Client){litmusHeir}},
	{"fork while it changes", "a fork or its origin sees the other's changes", "two", []string{"create; exit 8", "spawn 16; take"}, []func(*Client){litmusFork}},
	{"kept among changes", "what was kept is written", "home", []string{"write 8 0 1; unload 8 1", "free 8 0 0; exit 16"}, []func(*Client){litmusKeep}},
}

// litmusGrow opens more handles than the table has room for at first.
func litmusGrow(c *Client) {
	for range 7 {
		c.Do(Call{Verb: CreateToolhelp32Snapshot, Flags: systemFlags})
	}
}

// litmusHeir creates an heir of process 8 and sees that what it has open is what 8 had at one time: its first handles, as none is closed.
func litmusHeir(c *Client) {
	r := c.Do(Call{Verb: CreateProcess, Process: sim.ProcessSpec{Image: litmusImages[0], Parent: 8, InheritHandles: true}})
	if r.Err != nil {
		return
	}
	t, err := c.Kernel.Handles(r.PID)
	if err != nil {
		panic(err)
	}
	n := t.Len()
	for h := range t.All() {
		if int(h) > 4*n {
			panic(fmt.Sprintf("the heir has %d handles, and %d among them", n, h))
		}
	}
	c.Do(Call{Verb: TerminateProcess, PID: r.PID})
}

// litmusFork forks the kernel and changes the fork; neither sees it, nor does what the fork began with.
func litmusFork(c *Client) {
	s := c.Do(Call{Verb: Take, Flags: systemFlags}).Snapshot.State()
	before := List(s)
	f := s.Fork()
	mine := NewRecorder(f, NewModel(s).Fork())
	on := mine.Client("fork")
	on.Do(Call{Verb: CreateThread, PID: 16})
	c.Do(Call{Verb: Take, Flags: systemFlags})
	on.Do(Call{Verb: CreateProcess, Process: sim.ProcessSpec{Image: litmusImages[0]}})
	on.Do(Call{Verb: Take, Flags: systemFlags})
	if err := Certify(mine.History()); err != nil {
		panic(err)
	}
	if diff := Compare(before, List(s)); diff != "" {
		panic("what was forked has changed:\n" + diff)
	}
}

// litmusKeep reads what it was given first again after what it was given last.
func litmusKeep(c *Client) {
	first := c.Do(Call{Verb: Take, Flags: allFlags, PID: 8}).Snapshot.State()
	before := List(first)
	c.Do(Call{Verb: Take, Flags: allFlags, PID: 8})
	if diff := Compare(before, List(first)); diff != "" {
		panic("what was kept has changed:\n" + diff)
	}
}
