package toolhelp

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"pgregory.net/rapid"
)

// TestCursorModel is C.2-1 to C.2-12 and D.17 as one law: whatever callers do with First and Next, in either form, by a handle, a duplicate and an
// inherited one, with wrong sizes and handles in between, each list of each snapshot behaves as a slice and one number.
func TestCursorModel(tb *testing.T) {
	d := newDesk(tb)
	rapid.Check(tb, func(t *rapid.T) {
		type snap struct {
			handles []Handle
			at      map[uint32]int
			ids     map[uint32][]uint64
		}
		var snaps []snap
		for range 2 {
			flags := rapid.Uint32Range(1, TH32CS_SNAPALL).Draw(t, "flags")
			h := take(tb, d.me, flags|TH32CS_INHERIT, 0)
			s := snap{[]Handle{h, duplicateOf(tb, d.me, h, true, DUPLICATE_SAME_ACCESS)}, map[uint32]int{}, map[uint32][]uint64{}}
			fresh := take(tb, d.me, flags, 0)
			for _, p := range probes(d.me) {
				if !p.ansi {
					s.ids[p.flag] = p.walk(tb, fresh)
				}
			}
			if err := d.me.CloseHandle(fresh); err != nil {
				t.Fatal(err)
			}
			snaps = append(snaps, s)
		}
		heir := spawn(tb, d.k, d.app, sim.ProcessSpec{InheritHandles: true})
		who := [][]*probe{probes(d.me), probes(heir)}
		for range rapid.IntRange(1, 60).Draw(t, "calls") {
			s := rapid.SampledFrom(snaps).Draw(t, "snapshot")
			h := rapid.SampledFrom(s.handles).Draw(t, "handle")
			p := rapid.SampledFrom(rapid.SampledFrom(who).Draw(t, "caller")).Draw(t, "walker")
			all, at := s.ids[p.flag], s.at[p.flag]
			what := rapid.SampledFrom([]string{"First", "Next", "Next", "Next", "size", "handle"}).Draw(t, "call")
			var err error
			expect := ERROR_NO_MORE_FILES
			switch what {
			case "size":
				p.resize(p.right - 1)
				err, expect = p.next(h), ERROR_BAD_LENGTH
				p.resize(p.right)
			case "handle":
				err, expect = p.first(0xABC0), ERROR_INVALID_HANDLE
			case "First":
				err, at = p.first(h), 0
			case "Next":
				err = p.next(h)
			}
			if what == "First" || what == "Next" {
				if at < len(all) {
					expect = 0
				}
				s.at[p.flag] = at + 1
			}
			if expect == 0 && (err != nil || p.id() != all[at]) {
				t.Fatalf("%s.%s at entry %d gives %d with error %v, want %d", p.name, what, at, p.id(), err, all[at])
			}
			if expect != 0 && err != expect {
				t.Fatalf("%s.%s at entry %d gives error %v, want %v", p.name, what, at, err, expect)
			}
		}
		d.end(tb, heir.pid)
		for _, s := range snaps {
			for _, h := range s.handles {
				if err := d.me.CloseHandle(h); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// TestOpenAndClose: a hundred thousand snapshots one after the other are one handle and no memory; as many at once all stay usable.
func TestOpenAndClose(t *testing.T) {
	const many = 100_000
	d := newDesk(t)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	first := take(t, d.me, TH32CS_SNAPALL, 0)
	want(t, "CloseHandle", d.me.CloseHandle(first), 0)
	before := heap()
	for range many {
		h := take(t, d.me, TH32CS_SNAPALL, 0)
		if err := d.me.CloseHandle(h); err != nil || h != first {
			t.Fatalf("handle %#x closed with error %v, want %#x as the first time", h, err, first)
		}
	}
	if after := heap(); after > before+1<<20 {
		t.Errorf("%d bytes in use after %d snapshots were closed, want no more than the %d before", after, many, before)
	}
	all := make([]Handle, many)
	for i := range all {
		all[i] = take(t, d.me, TH32CS_SNAPPROCESS, 0)
	}
	for _, i := range []int{0, 1, many / 2, many - 1} {
		if pid := nextPID(t, d.me, all[i]); pid != 0 {
			t.Errorf("snapshot %d of %d begins with process %d, want 0", i, many, pid)
		}
	}
	for _, h := range all {
		if err := d.me.CloseHandle(h); err != nil {
			t.Fatal(fmt.Errorf("closing %#x: %w", h, err))
		}
	}
	if n := d.me.table.Len(); n != 0 {
		t.Errorf("%d handles are open, want none", n)
	}
}
