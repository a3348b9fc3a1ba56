// Package scenarios holds worlds: machines as text, to be booted into a [sim.Kernel].
//
//	# Somebody at work.
//	world cpus 2
//	file C:\Windows\System32\shell.exe size 512K
//
//	process shell.exe as shell
//	  thread times 3
//	process "C:\Program Files\Editor\editor.exe" parent shell class above-normal
//	  thread
//	  thread priority highest
//	  heap default
//	    block 64 times 10
//	    block 4K moveable locked 1
//
// # The language
//
// A line is a verb and its words. Spaces and tabs stand between words and before them: children are indented for people alone. A word
// that begins with # and what follows it on the line is prose. [Grammar] shows every verb with every word it knows; a word that is
// left out means what is usual.
//
//	world    once, before all others: how the kernel boots
//	file     a file on disk: what its size, preferred base and bitness are, and a short name for it
//	system   pid 4, which is there already: the thread lines below are its threads
//	process  a process; the thread, module and heap lines below are about it
//	thread   one thread, or several that are alike; the first one is the one that the process was created with
//	module   a mapped file: those without count or data are what the process started with, the program first
//	heap     a heap; the block lines below are its blocks, in the order of their addresses
//	block    one heap block, or several that are alike
//
// Processes have names where people write: the one said with `as`, or else the last part of the path of what they run. A name is good below the
// line that gives it; one that several processes have is good for none. A parent may be a pid as well, of any process or of none: that is how
// a world has orphans, parents that are younger than their children, and circles. Nothing is inherited from a parent, a world says what is so.
//
// A word in quotes may hold spaces. Backslashes are only backslashes; <1B> is the UTF-16 unit of that number, half a surrogate pair too, and so
// " is <22> and < is <3C>, which no name on Windows can hold.
//
// Numbers are decimal. Addresses, and numbers of bytes if one likes, are 0x and hexadecimal digits; bytes may end in K, M, G or T. A time is
// 2024-01-01T09:30:00.25Z to 100 ns, a span 1ms.
//
// # What is promised
//
// Parse of what WriteTo wrote gives an equal World. Boot of [Of] a state gives a kernel that lists the same, so that a story
// can be stopped, written down, and taken up elsewhere. No text makes Parse panic, run long or take much memory: what a world may hold is limited
// by the constants of this package, and each size is checked before room is made for it.
//
// The worlds that are built in are found by [Lookup].
package scenarios
