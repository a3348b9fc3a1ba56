package scenarios

import "github.com/toolhelpsim/toolhelpsim/sim"

// World is a machine at one instant, as text says it. The zero value is a machine on which nothing was started yet: pid 0
// and pid 4 alone. A World is plain data: copy it, change it, compare it; it never refers to a kernel.
//
// Names and paths are Go strings. A UTF-16 surrogate that stands alone is the three bytes that UTF-8 would use for it if it
// could; any other byte that is not UTF-8 means U+FFFD.
type World struct {
	Config    sim.Config // of the kernel that Boot makes; 0 in Start means the start of 2024, or a tick before Clock if that is said
	Clock     sim.Time   // when everything stands; 0 means a tick after Config.Start
	Files     []File     // files on disk whose size, base or bits matter, or that deserve a short name
	System    Process    // pid 4, unless Config.Bare: only Class and Threads mean something
	Processes []Process  // in creation order

	source string // name of the text, for errors
}

// File is a file on disk that processes map.
//
// A word that names a file, in a process or a module, means in this order: the file with that Name; the file with exactly
// that Path; the only file without a Name whose Path ends in \word or /word; and when there is none, a file of that path about
// which nothing more is known.
type File struct {
	Path string      // of at most MaxText UTF-16 units
	Name string      // short name; empty for none
	Size uint32      // bytes; 0 means 64 KiB
	Base sim.Address // preferred base, a multiple of 64 KiB; 0 means one made from the path
	Bits int         // 32 or 64; 0 means what the process that maps it has

	line int
}

// Process is one process with everything in it.
type Process struct {
	File       string  // its image: a path, or a word that names a File
	Name       string  // what other lines call it; empty means the last part of its path
	Parent     string  // name of a process above, or a pid in decimal, of a process or of none; empty means 0. Nothing is inherited from it
	ID         sim.PID // multiple of 4; 0 means the next free one
	Class      sim.PriorityClass
	Protection sim.Protection // who may open it
	Bits       int            // 32 or 64; 0 means what its file has, and 64 if that says nothing
	Suspended  bool           // created suspended, and its loader has not run: until it does, it lists neither modules nor heaps
	Minimal    bool           // a kernel process such as Registry: no modules, no heaps
	Created    sim.Time       // 0 means when the machine booted
	Threads    []Thread       // the first is the one the process was created with; none means one of no distinction
	Modules    []Module       // those without Count or Data are what it started with, the image first; without any it started with its image and ntdll
	Heaps      []Heap         // none means a default heap without blocks

	line int
}

// Thread is one thread, or several that are alike.
type Thread struct {
	ID       sim.TID // multiple of 4; 0 means the next free one
	Priority sim.Priority
	Suspend  int      // suspend count, 0 to MaxSuspends; in a suspended process 0 means 1, since a thread that ran would start it
	Created  sim.Time // 0 means when its process was created
	Times    int      // how many; 0 means 1

	line int
}

// Module is one mapped file.
type Module struct {
	File  string      // a path, or a word that names a File
	Base  sim.Address // where it is mapped, a multiple of 64 KiB; 0 means the file's preferred base, or another when that is taken
	Count int         // how many times the process itself has loaded it; 0 means that it stood there from the start
	Data  bool        // loaded as a data file: mapped, and not listed; a Count of 0 then means 1

	line int
}

// Heap is one heap.
type Heap struct {
	ID      sim.Address // its address; 0 means the next
	Default bool        // the process's default heap: only the first can be it
	Shared  bool
	Blocks  []Block // in address order

	line int
}

// Block is one heap block, or several in a row that are alike.
type Block struct {
	Size     uint64 // bytes
	Room     uint64 // bytes it takes, more than Size when it fills a place that was larger; 0 means Size rounded up to 16
	Free     bool   // allocated, and freed when all blocks of its heap stood there
	Moveable bool
	Locks    int // lock count, 0 to MaxLocks
	Times    int // how many; 0 means 1

	line int
}
