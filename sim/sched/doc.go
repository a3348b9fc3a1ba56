// Package sched runs concurrent code one interleaving at a time: it decides at each access to shared memory which thread goes on,
// so that an interleaving can be chosen, counted, searched for, and repeated.
//
// # Points
//
// [Mutex], [Pointer], [Int64], [Uint64], [Uint32] and [Bool] are what sync and sync/atomic have, and by default no more than that: their
// zero values are ready and cost one comparison with nil over the bare operation, and a call where the compiler does not inline it. Once attached to a [Scheduler], every access to them is a
// point at which another thread may be let go on: before each access, and for a lock once more after it was got (else nobody
// could be seen waiting for it).
//
//	type Account struct {
//		mu      sched.Mutex
//		balance sched.Int64
//	}
//
//	func NewAccount(s *sched.Scheduler) *Account {
//		a := new(Account)
//		a.mu.Attach(s, "account.mu") // s is nil in production: nothing happens
//		a.balance.Attach(s, "account.balance")
//		return a
//	}
//
// Each object knows its scheduler itself. A variable of the package could be shorter to write, but two tests that run at the same time
// would then drive each other's threads, and finding out which simulated thread one is on has no cheap and honest answer in Go. One
// word in each object needs neither, and the code between construction and the end of a run is the production code.
//
// # Programs and strategies
//
// A [Program] makes its objects, starts threads with [Scheduler.Go] and returns a check of what must be true in the end. A [Strategy] decides at
// each point. [Run] runs one schedule, [Explore] many:
//
//   - [Random] chooses evenly, [PCT] by priorities that change a few times: bugs that need few changes of thread at the right
//     places are found with a probability that can be told beforehand.
//   - [Exhaustive] tries every schedule with at most so many preemptions, and tells how far it is.
//   - [Sparse] and [Bytes] take the schedule from a generator of a property test or from a fuzzer; smaller input, simpler schedule.
//   - [Freeze] parks one thread for good and shows who then has to wait.
//   - [Follow] repeats a [Schedule]; [Replay] does so from a token, the line of text in which [Result.Token] names a run.
//
// A preemption is a change of thread that nothing forced: the thread that was left could have gone on.
//
// # Threads
//
// A simulated thread is a coroutine (iter.Pull). One runs at a time, on the goroutine that called Run, and it takes the decision itself: when it
// is to go on nothing is switched. A thread that ends in a panic, threads that wait for each other, a run that does not end and a
// thread that cannot be stopped are all reported in [Result.Err].
//
// # What it does not see
//
// What happens between two points happens at once. Shared fields that are not of this package's types, real goroutines that a thread starts,
// channels and bare locks are outside: the first hide interleavings, the last can block for good. Handing the baton on orders memory too, so the race
// detector finds nothing here; run the same code on real goroutines for that. A program must depend on nothing but its schedule: no clock,
// no map order, no object kept from the run before. [Budget.Twice] finds those that do.
package sched
