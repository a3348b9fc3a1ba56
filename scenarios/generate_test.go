package scenarios_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/toolhelpsim/toolhelpsim/scenarios"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// Generators of worlds that boot.

var texts = rapid.OneOf(
	rapid.SampledFrom([]string{"", "a.exe", `C:\Windows\System32\ntdll.dll`, `C:\Program Files\x y.exe`, "#1", `"`, "<", "as", "parent", "\x1b[31m", "a\x00b",
		"\xed\xa0\x80", "x\xed\xbf\xbf.exe", "\u202eexe.txt", "\U0001F600.exe", "no\u00a0break", `C:\a\b\c.dll`, `c.dll`, "\ufeff"}),
	rapid.StringMatching(`[ -~]{1,12}`),
	rapid.StringN(1, 8, 40),
)

// worlds makes worlds whose every value is good, and whose parents, ids and files agree.
var worlds = rapid.Custom(func(t *rapid.T) *scenarios.World {
	w := &scenarios.World{Config: configs.Draw(t, "config")}
	g := &worldMaker{t: t, w: w, ids: 4_000_000}
	if rapid.Bool().Draw(t, "clock") {
		w.Clock = max(w.Config.Start, 133_000_000_000_000_000) + max(w.Config.Tick, 10_000) + sim.Time(rapid.Uint32().Draw(t, "since"))
	}
	for range rapid.IntRange(0, 4).Draw(t, "files") {
		g.file()
	}
	if !w.Config.Bare {
		w.System.Class = classes.Draw(t, "class")
		w.System.Threads = g.threads()
	}
	for range rapid.IntRange(0, 6).Draw(t, "processes") {
		g.process()
	}
	return w
})

var (
	configs = rapid.Custom(func(t *rapid.T) sim.Config {
		c := sim.Config{FirstID: 4 * rapid.Uint32Range(0, 2000).Draw(t, "first"), Reuse: sim.Reuse(rapid.IntRange(0, 2).Draw(t, "reuse")),
			CPUs: rapid.IntRange(0, 9).Draw(t, "cpus"), Bare: rapid.Bool().Draw(t, "bare"), Tick: sim.Time(rapid.SampledFrom([]int{0, 1, 10_000, 600_000_000}).Draw(t, "tick"))}
		if rapid.Bool().Draw(t, "booted") {
			c.Start = sim.Time(rapid.Uint64Range(1, 200_000_000_000_000_000).Draw(t, "start"))
		}
		return c
	})
	classes    = rapid.Map(rapid.IntRange(0, 5), func(n int) sim.PriorityClass { return sim.PriorityClass(n) })
	priorities = rapid.SampledFrom([]sim.Priority{0, 0, 0, -15, -2, -1, 1, 2, 15})
	times      = rapid.OneOf(rapid.Just(sim.Time(0)), rapid.Map(rapid.Uint64Range(1, 1<<62), func(n uint64) sim.Time { return sim.Time(n) }))
)

type worldMaker struct {
	t     *rapid.T
	w     *scenarios.World
	ids   uint32
	files map[string]bool
	names []string
}

func (g *worldMaker) file() {
	f := scenarios.File{Path: texts.Draw(g.t, "path"), Size: rapid.SampledFrom([]uint32{0, 4096, 70_000, 1 << 20}).Draw(g.t, "size"),
		Base: sim.Address(rapid.Uint64Range(0, 0x7FF).Draw(g.t, "base") << 32), Bits: rapid.SampledFrom([]int{0, 0, 64}).Draw(g.t, "bits")}
	if g.files[f.Path] || rapid.Bool().Draw(g.t, "named") {
		f.Name = fmt.Sprintf("file-%d", len(g.w.Files))
	}
	if g.files == nil {
		g.files = map[string]bool{}
	}
	g.files[f.Path] = true
	g.w.Files = append(g.w.Files, f)
}

// word names a file: by a name that is surely its own, or by a path that may be no file's.
func (g *worldMaker) word() string {
	for _, f := range g.w.Files {
		if f.Name != "" && rapid.Bool().Draw(g.t, "by name") {
			return f.Name
		}
	}
	return fmt.Sprintf(`C:\Apps\%s`, texts.Draw(g.t, "program"))
}

// id is one that nobody has, or 0.
func (g *worldMaker) id() uint32 {
	if g.ids -= 4; rapid.Bool().Draw(g.t, "id") {
		return g.ids
	}
	return 0
}

func (g *worldMaker) process() {
	p := scenarios.Process{File: g.word(), ID: sim.PID(g.id()), Class: classes.Draw(g.t, "class"), Protection: sim.Protection(rapid.IntRange(0, 3).Draw(g.t, "protection")),
		Bits: rapid.SampledFrom([]int{0, 0, 0, 64}).Draw(g.t, "bits"), Suspended: rapid.IntRange(0, 5).Draw(g.t, "suspended") == 0, Created: times.Draw(g.t, "created")}
	p.Threads = g.threads()
	switch {
	case p.Suspended:
	case rapid.IntRange(0, 4).Draw(g.t, "minimal") == 0:
		p.Minimal = true
	default:
		if strings.HasPrefix(p.File, `C:\Apps\`) && rapid.IntRange(0, 3).Draw(g.t, "32 bits") == 0 {
			p.Bits = 32
		} else {
			g.modules(&p)
		}
		g.heaps(&p)
	}
	if n := len(g.w.Processes); rapid.Bool().Draw(g.t, "named") {
		p.Name = fmt.Sprintf("process-%d", n)
	}
	if len(g.names) > 0 && rapid.Bool().Draw(g.t, "has parent") {
		p.Parent = rapid.SampledFrom(g.names).Draw(g.t, "parent")
	} else if rapid.Bool().Draw(g.t, "orphan") {
		p.Parent = fmt.Sprint(rapid.Uint32().Draw(g.t, "gone"))
	}
	if p.Name != "" {
		g.names = append(g.names, p.Name)
	}
	g.w.Processes = append(g.w.Processes, p)
}

func (g *worldMaker) threads() []scenarios.Thread {
	var list []scenarios.Thread
	for range rapid.IntRange(0, 3).Draw(g.t, "threads") {
		t := scenarios.Thread{ID: sim.TID(g.id()), Priority: priorities.Draw(g.t, "priority"), Suspend: rapid.SampledFrom([]int{0, 0, 0, 1, 2, 127}).Draw(g.t, "suspend"), Created: times.Draw(g.t, "created")}
		if t.ID == 0 {
			t.Times = rapid.SampledFrom([]int{0, 0, 2, 5}).Draw(g.t, "times")
		}
		list = append(list, t)
	}
	return list
}

func (g *worldMaker) modules(p *scenarios.Process) {
	if n := rapid.IntRange(0, 3).Draw(g.t, "initial"); n > 0 {
		p.Modules = append(p.Modules, scenarios.Module{File: p.File})
		for i := range n {
			p.Modules = append(p.Modules, scenarios.Module{File: fmt.Sprintf(`C:\Libs\%d.dll`, i), Base: sim.Address(rapid.Uint64Range(0, 3).Draw(g.t, "base")) * 0x7FF1_0000_0000 / 3 &^ 0xFFFF})
		}
	}
	for i := range rapid.IntRange(0, 2).Draw(g.t, "loaded") {
		p.Modules = append(p.Modules, scenarios.Module{File: fmt.Sprintf(`C:\Plugs\%d.dll`, i), Count: rapid.IntRange(1, 3).Draw(g.t, "count"), Data: rapid.Bool().Draw(g.t, "data")})
	}
}

func (g *worldMaker) heaps(p *scenarios.Process) {
	n := rapid.IntRange(0, 3).Draw(g.t, "heaps")
	implied := rapid.Bool().Draw(g.t, "implied")
	for i := range n {
		h := scenarios.Heap{Default: i == 0 && !implied}
		h.Shared = !h.Default && rapid.Bool().Draw(g.t, "shared")
		for range rapid.IntRange(0, 4).Draw(g.t, "blocks") {
			b := scenarios.Block{Size: uint64(rapid.IntRange(0, 5000).Draw(g.t, "size")), Free: rapid.Bool().Draw(g.t, "free"), Moveable: rapid.Bool().Draw(g.t, "moveable"),
				Times: rapid.SampledFrom([]int{0, 0, 2, 9}).Draw(g.t, "times")}
			if rapid.IntRange(0, 3).Draw(g.t, "has room") == 0 {
				b.Room = b.Size + uint64(rapid.IntRange(1, 400).Draw(g.t, "room"))
			}
			if !b.Free {
				b.Locks = rapid.IntRange(0, 2).Draw(g.t, "locks")
			}
			h.Blocks = append(h.Blocks, b)
		}
		p.Heaps = append(p.Heaps, h)
	}
}
