package sim

import "time"

// A PID is a process id: a multiple of 4, from one space with the thread ids.
type PID uint32

// A TID is a thread id. The idle threads of pid 0 all have TID 0.
type TID uint32

// A Version is the number of a change: the first one after boot is 1. It is the order in which things happened.
type Version uint64

// An Address is a simulated virtual address: the base of a module, the id of a heap, a block, a list object in a pool.
type Address uint64

// A Time counts 100 ns since the start of 1601, as FILETIME does.
type Time uint64

const unixEpoch Time = 116444736000000000

// Std converts to a time in UTC. Times beyond the year 9999 are not promised.
func (t Time) Std() time.Time {
	d := int64(t - unixEpoch)
	return time.Unix(d/1e7, d%1e7*100).UTC()
}

// TimeOf converts from a time after 1601, to the 100 ns below.
func TimeOf(t time.Time) Time {
	return unixEpoch + Time(t.Unix()*1e7) + Time(t.Nanosecond()/100)
}

// Reuse says when an id that was given back is handed out again. (rule S24)
type Reuse uint8

const (
	OldestFirst Reuse = iota // the id that has been free longest
	LastFirst                // the id that was freed last: the shortest way to a reused pid
	NeverReuse               // a new id each time, until none is left; asking for a used one by name fails too
)

// A Config says how a kernel boots. The zero value is a good one.
type Config struct {
	FirstID uint32 // the first id handed out; 0 means 8; rounded up to a multiple of 4, at least 8
	LastID  uint32 // the last id handed out; 0 means 0xFFFFFFFC; rounded down to a multiple of 4, at least FirstID
	Reuse   Reuse  // when ids come back
	CPUs    int    // threads of pid 0; 0 means 4; at most 1024
	Bare    bool   // leaves out pid 0 and pid 4
	Start   Time   // the clock at boot; 0 means the start of 2024
	Tick    Time   // how far each change moves the clock; 0 means 1 ms
}

const (
	lowestID  = 8
	highestID = 0xFFFFFFFC
	mostCPUs  = 1024
)

func (c Config) normal() Config {
	if c.FirstID = min(max(c.FirstID, lowestID), highestID); c.FirstID&3 != 0 {
		c.FirstID = c.FirstID&^3 + 4
	}
	if c.LastID == 0 {
		c.LastID = highestID
	}
	c.LastID = max(c.LastID&^3, c.FirstID)
	if c.Reuse > NeverReuse {
		c.Reuse = OldestFirst
	}
	if c.CPUs <= 0 {
		c.CPUs = 4
	}
	c.CPUs = min(c.CPUs, mostCPUs)
	if c.Start == 0 {
		c.Start = TimeOf(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	}
	if c.Tick == 0 {
		c.Tick = Time(time.Millisecond / 100)
	}
	return c
}

// Counters tell what copy on write has cost a kernel since it was made. A node is a part of a list,
// a process, a heap or a page of memory.
type Counters struct {
	States      uint64 // states taken while something had changed
	NodesMade   uint64 // nodes made because something is new
	NodesCopied uint64 // nodes copied because a snapshot could see them
	BytesCopied uint64 // the size of those copies
}

// A PriorityClass is what SetPriorityClass sets. The zero value is NormalClass.
type PriorityClass uint8

const (
	NormalClass PriorityClass = iota
	IdleClass
	BelowNormalClass
	AboveNormalClass
	HighClass
	RealtimeClass
	classes
)

var classNames = [classes]string{"normal", "idle", "below-normal", "above-normal", "high", "realtime"}

func (c PriorityClass) String() string {
	if c >= classes {
		return "unknown"
	}
	return classNames[c]
}

// Base is the base priority of a thread of that class at PriorityNormal: 8, 4, 6, 10, 13 or 24.
func (c PriorityClass) Base() int {
	return int([classes]uint8{8, 4, 6, 10, 13, 24}[min(c, classes-1)])
}

// A Priority is the level of a thread within its process's class.
type Priority int8

const (
	PriorityIdle         Priority = -15
	PriorityLowest       Priority = -2
	PriorityBelowNormal  Priority = -1
	PriorityNormal       Priority = 0
	PriorityAboveNormal  Priority = 1
	PriorityHighest      Priority = 2
	PriorityTimeCritical Priority = 15
)

func (p Priority) valid() bool {
	return p >= PriorityLowest && p <= PriorityHighest || p == PriorityIdle || p == PriorityTimeCritical
}

// base is the base priority of a thread of that level in a process of class c.
func (p Priority) base(c PriorityClass) int8 {
	switch {
	case p == PriorityIdle && c == RealtimeClass:
		return 16
	case p == PriorityIdle:
		return 1
	case p == PriorityTimeCritical && c == RealtimeClass:
		return 31
	case p == PriorityTimeCritical:
		return 15
	}
	return int8(c.Base()) + int8(p)
}

// Protection says who may open a process. The kernel keeps it, the camera decides by it.
type Protection uint8

const (
	Ordinary  Protection = iota // everybody
	OtherUser                   // callers with SeDebugPrivilege
	Protected                   // nobody, for more than to know of it
	CSRSS                       // nobody: System and the client/server runtime
	protections
)

var protectionNames = [protections]string{"ordinary", "other-user", "protected", "csrss"}

func (p Protection) String() string {
	if p >= protections {
		return "unknown"
	}
	return protectionNames[p]
}
