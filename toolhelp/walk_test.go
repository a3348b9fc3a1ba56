package toolhelp

import (
	"bytes"
	"slices"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// TestCursor is rules C.2-1 to C.2-7: what First and Next do to the cursor of a walker.
func TestCursor(t *testing.T) {
	eachWalker(t, func(t *testing.T, d *desk, p *probe, h Handle) {
		want(t, "C.2-7 Next on a fresh snapshot", p.next(h), 0)
		all := []uint64{p.id()}
		all = append(all, p.rest(t, h, p.next(h))...)
		if len(all) < 2 {
			t.Fatalf("the list has %d entries, too few to tell", len(all))
		}
		for range 1000 {
			if err := p.next(h); err != ERROR_NO_MORE_FILES {
				t.Fatalf("C.2-4: Next after the end: %v, want %v for ever", err, ERROR_NO_MORE_FILES)
			}
		}
		if got := p.walk(t, h); !slices.Equal(got, all) {
			t.Errorf("C.2-6, C.2-7: a walk with First after the end gives %v, want %v as the walk with Next alone", got, all)
		}
		for i := range 3 {
			want(t, "C.2-5 First", p.first(h), 0)
			if p.id() != all[0] {
				t.Errorf("C.2-1: First number %d gives %d, want entry 0, %d", i, p.id(), all[0])
			}
		}
		want(t, "C.2-2 Next", p.next(h), 0)
		if p.id() != all[1] {
			t.Errorf("C.2-2: Next after First gives %d, want entry 1, %d", p.id(), all[1])
		}
		want(t, "C.2-5 First in mid-walk", p.first(h), 0)
		if got := p.rest(t, h, p.next(h)); !slices.Equal(got, all[1:]) {
			t.Errorf("C.2-8: a loop that looks only after Next gives %v, want all but entry 0, %v", got, all[1:])
		}
	})
}

// TestOneCursorPerList is rule C.2-11: walking one list moves no other, and First on one rewinds no other.
func TestOneCursorPerList(t *testing.T) {
	d := newDesk(t)
	h := take(t, d.me, TH32CS_SNAPALL, 0)
	var walkers []*probe
	alone := map[string][]uint64{}
	for _, p := range probes(d.me) {
		if !p.ansi {
			walkers = append(walkers, p)
			alone[p.name] = p.walk(t, h)
			want(t, p.name, p.first(h), 0)
		}
	}
	got := map[string][]uint64{}
	for _, p := range walkers {
		got[p.name] = []uint64{p.id()}
	}
	for live := true; live; {
		live = false
		for _, p := range walkers {
			if p.next(h) == nil {
				got[p.name] = append(got[p.name], p.id())
				live = true
			}
		}
	}
	for _, p := range walkers {
		if !slices.Equal(got[p.name], alone[p.name]) {
			t.Errorf("%s in turn with the others gives %v, want %v as alone", p.name, got[p.name], alone[p.name])
		}
		want(t, p.name, p.first(h), 0)
		for _, q := range walkers {
			if q != p {
				want(t, q.name, q.first(h), 0)
			}
		}
		want(t, p.name, p.next(h), 0)
		if p.id() != alone[p.name][1] {
			t.Errorf("%s.Next after First of all others gives %d, want its entry 1, %d", p.name, p.id(), alone[p.name][1])
		}
	}
}

// TestANSISharesTheCursor is rule C.2-12.
func TestANSISharesTheCursor(t *testing.T) {
	d := newDesk(t)
	h := take(t, d.me, TH32CS_SNAPALL, 0)
	for _, flag := range []uint32{TH32CS_SNAPPROCESS, TH32CS_SNAPMODULE} {
		var pair []*probe
		for _, p := range probes(d.me) {
			if p.flag == flag {
				pair = append(pair, p)
			}
		}
		all := pair[0].walk(t, h)
		w, a := pair[0], pair[1]
		want(t, w.name, w.first(h), 0)
		want(t, a.name, a.next(h), 0)
		want(t, w.name, w.next(h), 0)
		if got := []uint64{a.id(), w.id()}; !slices.Equal(got, all[1:3]) {
			t.Errorf("after %s.First, %s.Next and %s.Next give %v, want entries 1 and 2, %v", w.name, a.name, w.name, got, all[1:3])
		}
		want(t, a.name, a.first(h), 0)
		want(t, w.name, w.next(h), 0)
		if w.id() != all[1] {
			t.Errorf("%s.First does not rewind %s", a.name, w.name)
		}
	}
}

// TestWrongSize is rules C.2-13 to C.2-17: Size is looked at first, in First and in Next, and a wrong one has no effect.
func TestWrongSize(t *testing.T) {
	eachWalker(t, func(t *testing.T, d *desk, p *probe, h Handle) {
		all := p.walk(t, h)
		want(t, "First", p.first(h), 0)
		for _, size := range []uint64{0, 1, 4, p.right / 2, p.right - 1} {
			p.resize(size)
			before := bytes.Clone(p.raw())
			for _, handle := range []Handle{h, 0, InvalidHandle, 0xABCD0} {
				want(t, "C.2-16 First, whatever the handle", p.first(handle), ERROR_BAD_LENGTH)
				want(t, "C.2-14 Next, whatever the handle", p.next(handle), ERROR_BAD_LENGTH)
			}
			if !bytes.Equal(p.raw(), before) {
				t.Errorf("C.2-17, C.2-20: size %d: the entry was written", size)
			}
		}
		p.resize(p.right)
		want(t, "Next", p.next(h), 0)
		if p.id() != all[1] {
			t.Errorf("C.2-17: after calls with wrong sizes Next gives %d, want entry 1, %d: First must not rewind nor Next consume", p.id(), all[1])
		}
		for i, err := range p.lacking(h) {
			want(t, "C.2-27 a nil entry", err, ERROR_NOACCESS)
			want(t, "C.2-27 a nil entry and no handle", p.lacking(0)[i], ERROR_NOACCESS)
		}
	})
}

// TestLargeSize is rules C.2-15, C.2-18, C.2-19 and C.6-6: larger sizes are accepted; the W forms set the true one, the A forms leave theirs.
func TestLargeSize(t *testing.T) {
	eachWalker(t, func(t *testing.T, d *desk, p *probe, h Handle) {
		for _, size := range []uint64{p.right, p.right + 1, p.right + 1000, 1080 + p.right, 0x7FFFFFFF, 0xFFFFFFFF} {
			p.resize(size)
			want(t, "First", p.first(h), 0)
			after := p.right
			if p.ansi {
				after = size
			}
			if p.size() != after {
				t.Errorf("C.2-18: Size %d reads %d after the call, want %d", size, p.size(), after)
			}
			want(t, "C.2-19 Next without a new Size", p.next(h), 0)
		}
	})
}

// TestWrongForm is rule C.2-31: the sizes of the other form and of other structs.
func TestWrongForm(t *testing.T) {
	d := newDesk(t)
	h := take(t, d.me, TH32CS_SNAPALL, 0)
	w := ProcessEntry32{Size: sizeofProcessANSI}
	want(t, "the A size in a W entry", d.me.Process32First(h, &w), ERROR_BAD_LENGTH)
	m := ModuleEntry32{Size: sizeofModuleANSI}
	want(t, "the A size in a W module entry", d.me.Module32First(h, &m), ERROR_BAD_LENGTH)
	a := ProcessEntry32A{Size: sizeofProcess}
	want(t, "the W size in an A entry, which is large enough", d.me.Process32FirstA(h, &a), 0)
	if sizeofModuleANSI == 568 && sizeofProcess != 568 {
		t.Errorf("sizes %d and %d, want both 568 on 64-bit hosts", sizeofModuleANSI, sizeofProcess)
	}
}

// An event is an object of another kind.
type event string

func (e event) Kind() string  { return string(e) }
func (e event) Bytes() uint64 { return 0 }

// TestWrongHandle is rules C.2-20 to C.2-24, D.1 and D.29: every handle that is no snapshot of the caller's process.
func TestWrongHandle(t *testing.T) {
	eachWalker(t, func(t *testing.T, d *desk, p *probe, h Handle) {
		open := func(o sim.Object) Handle {
			h, err := d.me.table.Open(o, 0)
			if err != nil {
				t.Fatal(err)
			}
			return Handle(h)
		}
		process, err := d.me.OpenProcess(PROCESS_ALL_ACCESS, false, uint32(d.child))
		want(t, "OpenProcess", err, 0)
		closed := take(t, d.me, TH32CS_SNAPALL, 0)
		for range 40 { // so that the number is none of the caller's
			take(t, d.narrow, TH32CS_SNAPALL, 0)
		}
		far := take(t, d.narrow, TH32CS_SNAPALL, 0)
		want(t, "CloseHandle", d.me.CloseHandle(closed), 0)
		tests := []struct {
			reason string
			h      Handle
		}{
			{"C.2-22 zero", 0},
			{"C.2-22 InvalidHandle", InvalidHandle},
			{"C.2-22 the pseudo handle of the thread", InvalidHandle - 1},
			{"C.2-22 never issued", 0xFFF0},
			{"C.2-22 1, 2 and 3 are 0 with tag bits", 3},
			{"C.2-21 closed", closed},
			{"C.2-23 an event", open(event("Event"))},
			{"C.2-23 a process", process},
			{"C.2-24 a section that is no snapshot", open(event("Section"))},
			{"D.1, D.29 a number that means something in another process", far},
		}
		before := bytes.Clone(p.raw())
		for _, tt := range tests {
			want(t, tt.reason+", First", p.first(tt.h), ERROR_INVALID_HANDLE)
			want(t, tt.reason+", Next", p.next(tt.h), ERROR_INVALID_HANDLE)
		}
		if !bytes.Equal(p.raw(), before) {
			t.Error("C.2-20: a failed call wrote the entry")
		}
		want(t, "the tag bits of a handle are ignored", p.first(h+3), 0)
	})
}

// TestHighHandleBits is the handle that is right but for its upper half.
func TestHighHandleBits(t *testing.T) {
	d := newDesk(t)
	h := take(t, d.me, TH32CS_SNAPPROCESS, 0)
	e := ProcessEntry32{Size: sizeofProcess}
	high := uint64(1)<<32 | uint64(h)
	if uint64(Handle(high)) != high {
		high = uint64(h) | 0x80000000 // a host whose handles have no upper half
	}
	want(t, "First", d.me.Process32First(Handle(high), &e), ERROR_INVALID_HANDLE)
	want(t, "CloseHandle", d.me.CloseHandle(Handle(high)), ERROR_INVALID_HANDLE)
	want(t, "Process32First with the handle itself", d.me.Process32First(h, &e), 0)
}

// TestAbsentList is rules C.2-9, C.2-10, C.3-1, C.4-1, C.5-1 and C.6-1: a list that was not asked for, or is empty, is at its end.
func TestAbsentList(t *testing.T) {
	d := newDesk(t)
	empty := take(t, d.me, TH32CS_SNAPHEAPLIST|TH32CS_SNAPMODULE32, uint32(d.asleep))
	for _, p := range probes(d.me) {
		other := uint32(TH32CS_SNAPALL) &^ p.flag
		without := take(t, d.me, other, 0)
		for _, h := range []Handle{without, empty} {
			before := bytes.Clone(p.raw())
			want(t, p.name+" First", p.first(h), ERROR_NO_MORE_FILES)
			want(t, p.name+" Next", p.next(h), ERROR_NO_MORE_FILES)
			if !bytes.Equal(p.raw(), before) {
				t.Errorf("C.2-20: %s: a failed call wrote the entry", p.name)
			}
		}
	}
}

// TestLastError is rules C.2-25 and C.2-26: success leaves the last error alone, failure sets it to what it returns.
func TestLastError(t *testing.T) {
	eachWalker(t, func(t *testing.T, d *desk, p *probe, h Handle) {
		const mark = Errno(0xBADC0DE)
		d.me.SetLastError(mark)
		for err := p.first(h); err == nil; err = p.next(h) {
			want(t, "C.2-25 the last error after success", d.me.GetLastError(), mark)
		}
		want(t, "C.2-26 the last error at the end", d.me.GetLastError(), ERROR_NO_MORE_FILES)
		d.me.SetLastError(0)
		want(t, "after SetLastError(0)", d.me.GetLastError(), 0)
	})
}

// TestSuccessKeepsLastError is C.2-25 for the calls beside the walkers.
func TestSuccessKeepsLastError(t *testing.T) {
	d := newDesk(t)
	const mark = Errno(0xBADC0DE)
	d.me.SetLastError(mark)
	h := take(t, d.me, TH32CS_SNAPALL, 0)
	var dup Handle
	var flags uint32
	self := d.me.CurrentProcess()
	p, err := d.me.OpenProcess(PROCESS_ALL_ACCESS, false, uint32(d.app))
	want(t, "OpenProcess", err, 0)
	want(t, "DuplicateHandle", d.me.DuplicateHandle(self, h, self, &dup, 0, false, DUPLICATE_SAME_ACCESS), 0)
	want(t, "GetHandleInformation", d.me.GetHandleInformation(h, &flags), 0)
	want(t, "SetHandleInformation", d.me.SetHandleInformation(h, 1, 1), 0)
	want(t, "Toolhelp32ReadProcessMemory", d.me.Toolhelp32ReadProcessMemory(0, 0, nil, nil), 0)
	want(t, "CloseHandle", d.me.CloseHandle(h), 0)
	want(t, "CloseHandle", d.me.CloseHandle(p), 0)
	want(t, "the last error", d.me.GetLastError(), mark)
}

// TestOverwrites is rules C.2-18, C.2-20 and C.2-29: a W form overwrites the whole entry; an A form leaves what stands behind the NUL of a name.
func TestOverwrites(t *testing.T) {
	eachWalker(t, func(t *testing.T, d *desk, p *probe, h Handle) {
		want(t, "First", p.first(h), 0)
		clean := bytes.Clone(p.raw())
		for i := range p.raw() {
			p.raw()[i] = 0xCC
		}
		p.resize(p.right)
		want(t, "First", p.first(h), 0)
		kept := 0
		for i, b := range p.raw() {
			if b == 0xCC && clean[i] != 0xCC {
				kept++
			}
		}
		const padding = 8
		if !p.ansi && kept > padding {
			t.Errorf("a W form left %d bytes of the entry as they were, want none but padding", kept)
		}
		if p.ansi && kept < 200 {
			t.Errorf("an A form left %d bytes of the entry, want what stands behind the names", kept)
		}
	})
}

// TestResidue is rule C.2-29 as users meet it: the tail of a longer earlier name is there after a shorter one.
func TestResidue(t *testing.T) {
	d := newDesk(t)
	h := take(t, d.me, TH32CS_SNAPPROCESS, 0)
	e := ProcessEntry32A{Size: sizeofProcessANSI}
	want(t, "First", d.me.Process32FirstA(h, &e), 0)
	want(t, "Next", d.me.Process32NextA(h, &e), 0)
	if got, want := string(e.ExeFile[:16]), "System\x00 Process]"; got != want {
		t.Errorf("the array after System reads %q, want %q: the rest of [System Process] stays", got, want)
	}
}
