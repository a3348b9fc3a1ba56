// Package toolhelp is the camera: it takes snapshots of a simulated kernel and shows them, by a door for Go and by the twelve calls of
// the Windows Tool Help library. It can look at the kernel and open handles; it cannot change a list.
//
// # What a snapshot freezes
//
//	                    kernel                                snapshot
//	processes  [System Process] System shell.exe ...      as they were at one version
//	threads      of all processes                         as they were at the same version
//	modules      of one process                           as they were at the same version
//	heaps        of one process                           as they were at the same version
//	blocks       of a heap                            --> read as they are now, Heap32First
//	memory       of a process                         --> read as it is now, Toolhelp32ReadProcessMemory
//
// The first four are one cut: every thread belongs to a process of the same snapshot, which says how many threads it has. That is more than Windows
// does; [TakeSeparately], and [Caller] with SeparateCuts, make the cuts that real systems make. The two on the right of the
// arrows take no snapshot in Windows either, and show why one wants it. (By the Go door the blocks in [Snapshot.Heaps] do stand still.)
//
// Walking a snapshot takes no lock, cannot be torn, never waits and allocates nothing. What it says may be out of date the moment it is taken:
// a pid in it may be gone, or be another process's, by the time it is used. [Diff] tells what became of it.
//
// # The Go door
//
// [Take] gives a [Snapshot], a value without a handle and without Close. Its errors say what was called, and with what, and wrap an [Errno].
//
// # The Win32 door
//
// A [Caller] is a thread of a simulated process. Its methods have the names, parameters and entry structs of golang.org/x/sys/windows, and in
// their style the calls that are not there: the heap calls, the ANSI forms (with an A behind the name), GetHandleInformation.
// Handles, pseudo handles, inheritance, rights, bitness and the last error are those of its process and thread. Errors are bare codes:
//
//	ERROR_NO_MORE_FILES 18      the end of the list, or a list the snapshot does not hold; the one normal end of a loop
//	ERROR_BAD_LENGTH 24         Size is too small; from CreateToolhelp32Snapshot: modules came or went meanwhile, call again
//	ERROR_INVALID_HANDLE 6      closed, never open, another kind of object, protected from close
//	ERROR_INVALID_PARAMETER 87  no such process; flags without a list
//	ERROR_ACCESS_DENIED 5       System, CSRSS, a protected process; another user's without SeDebugPrivilege
//	ERROR_PARTIAL_COPY 299      a process that has not started; a 64-bit one seen by a 32-bit caller; memory that cannot be read
//	ERROR_INVALID_DATA 13       the heap changed so that the walk of its blocks cannot go on
//	ERROR_NOACCESS 998          a nil entry
//
// A [Hook] sees each call before it happens and can return an error in its place, hold it, log it, or change the kernel meanwhile: the way to
// test what code does when things go wrong.
//
// Where Windows, Wine and ReactOS differ, or the documentation is silent, docs/win32.md says what is done here and why. Rules that comments
// cite, such as C.2-13 or D.24, stand there.
package toolhelp
