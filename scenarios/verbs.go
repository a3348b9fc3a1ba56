package scenarios

import (
	"strings"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A verb is one kind of line. Whoever extends the language adds a row here.
type verb struct {
	name string
	form string // the line as the manual shows it
	read func(p *parser, l *line) error
}

var verbs = []verb{
	{"world", form("world", worldRows), (*parser).readWorld},
	{"file", form("file PATH", fileRows), (*parser).readFile},
	{"system", form("system", systemRows), (*parser).readSystem},
	{"process", form("process FILE", processRows), (*parser).readProcess},
	{"thread", form("thread", threadRows), (*parser).readThread},
	{"module", form("module FILE", moduleRows), (*parser).readModule},
	{"heap", form("heap", heapRows), (*parser).readHeap},
	{"block", form("block BYTES", blockRows), (*parser).readBlock},
}

// Grammar is the language on one screen: a line for each verb with every word it knows.
func Grammar() string {
	var b strings.Builder
	for _, v := range verbs {
		b.WriteString(v.form + "\n")
	}
	return b.String()
}

func verbNames() []string {
	names := make([]string, len(verbs))
	for i, v := range verbs {
		names[i] = v.name
	}
	return names
}

const mostID = 1<<32 - 4

var (
	anID       = bounds{4, mostID, 4}
	everyBits  = []choice[int]{{0, ""}, {64, "64"}, {32, "32"}}
	everyReuse = []choice[sim.Reuse]{{sim.OldestFirst, "oldest-first"}, {sim.LastFirst, "last-first"}, {sim.NeverReuse, "never"}}
	everyClass = []choice[sim.PriorityClass]{{sim.NormalClass, "normal"}, {sim.IdleClass, "idle"}, {sim.BelowNormalClass, "below-normal"},
		{sim.AboveNormalClass, "above-normal"}, {sim.HighClass, "high"}, {sim.RealtimeClass, "realtime"}}
	everyPriority = []choice[sim.Priority]{{sim.PriorityNormal, "normal"}, {sim.PriorityIdle, "idle"}, {sim.PriorityLowest, "lowest"},
		{sim.PriorityBelowNormal, "below-normal"}, {sim.PriorityAboveNormal, "above-normal"}, {sim.PriorityHighest, "highest"},
		{sim.PriorityTimeCritical, "time-critical"}}
	everyProtection = []choice[sim.Protection]{{sim.Ordinary, "ordinary"}, {sim.OtherUser, "other-user"}, {sim.Protected, "protected"}, {sim.CSRSS, "csrss"}}
)

var worldRows = []row[World]{
	number("first", anID, func(w *World) *uint32 { return &w.Config.FirstID }),
	number("last", anID, func(w *World) *uint32 { return &w.Config.LastID }),
	oneOf("reuse", everyReuse, func(w *World) *sim.Reuse { return &w.Config.Reuse }),
	number("cpus", bounds{1, 1024, 1}, func(w *World) *int { return &w.Config.CPUs }),
	instant("booted", func(w *World) *sim.Time { return &w.Config.Start }),
	instant("clock", func(w *World) *sim.Time { return &w.Clock }),
	span("tick", func(w *World) *sim.Time { return &w.Config.Tick }),
	flag("bare", func(w *World) *bool { return &w.Config.Bare }),
}

var fileRows = []row[File]{
	text("as", "NAME", func(f *File) *string { return &f.Name }),
	bytesRow("size", 1<<32-1, func(f *File) *uint32 { return &f.Size }),
	address("base", 1<<16, func(f *File) *sim.Address { return &f.Base }),
	oneOf("bits", everyBits, func(f *File) *int { return &f.Bits }),
}

var systemRows = []row[Process]{
	oneOf("class", everyClass, func(p *Process) *sim.PriorityClass { return &p.Class }),
}

var processRows = []row[Process]{
	text("as", "NAME", func(p *Process) *string { return &p.Name }),
	text("parent", "PROCESS", func(p *Process) *string { return &p.Parent }),
	number("pid", anID, func(p *Process) *sim.PID { return &p.ID }),
	oneOf("bits", everyBits, func(p *Process) *int { return &p.Bits }),
	oneOf("protection", everyProtection, func(p *Process) *sim.Protection { return &p.Protection }),
	oneOf("class", everyClass, func(p *Process) *sim.PriorityClass { return &p.Class }),
	flag("suspended", func(p *Process) *bool { return &p.Suspended }),
	flag("minimal", func(p *Process) *bool { return &p.Minimal }),
	instant("created", func(p *Process) *sim.Time { return &p.Created }),
}

var threadRows = []row[Thread]{
	number("tid", anID, func(t *Thread) *sim.TID { return &t.ID }),
	oneOf("priority", everyPriority, func(t *Thread) *sim.Priority { return &t.Priority }),
	number("suspend", bounds{0, MaxSuspends, 1}, func(t *Thread) *int { return &t.Suspend }),
	instant("created", func(t *Thread) *sim.Time { return &t.Created }),
	number("times", bounds{1, MaxThreads, 1}, func(t *Thread) *int { return &t.Times }),
}

var moduleRows = []row[Module]{
	address("base", 1<<16, func(m *Module) *sim.Address { return &m.Base }),
	number("count", bounds{1, MaxModules, 1}, func(m *Module) *int { return &m.Count }),
	flag("data", func(m *Module) *bool { return &m.Data }),
}

var heapRows = []row[Heap]{
	address("id", 1<<12, func(h *Heap) *sim.Address { return &h.ID }),
	flag("default", func(h *Heap) *bool { return &h.Default }),
	flag("shared", func(h *Heap) *bool { return &h.Shared }),
}

var blockRows = []row[Block]{
	bytesRow("room", mostAddress, func(b *Block) *uint64 { return &b.Room }),
	number("times", bounds{1, MaxBlocks, 1}, func(b *Block) *int { return &b.Times }),
	flag("moveable", func(b *Block) *bool { return &b.Moveable }),
	number("locked", bounds{0, MaxLocks, 1}, func(b *Block) *int { return &b.Locks }),
	flag("free", func(b *Block) *bool { return &b.Free }),
}
