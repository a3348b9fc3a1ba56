package toolhelp

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// FuzzCalls makes snapshots with any flags and pid and drives them, and any other number, through the handle calls. Whatever it does: no panic, an
// error is a code that the package knows, and the last error is what the last failure returned.
//
// Each four bytes of program are one call: which, and three arguments that are reduced to handles and flags.
func FuzzCalls(f *testing.F) {
	f.Add(uint32(TH32CS_SNAPALL), uint32(0), []byte{0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0})
	f.Add(uint32(TH32CS_SNAPMODULE|TH32CS_SNAPMODULE32), uint32(108), []byte{4, 0, 3, 1, 3, 0, 1, 0, 1, 1, 0, 0})
	f.Add(uint32(0xFFFFFFFF), uint32(4), []byte{5, 0, 0, 1, 6, 0, 3, 3, 1, 0, 0, 0, 6, 0, 2, 0, 1, 0, 0, 0})
	f.Add(uint32(0), uint32(0xFFFFFFFF), []byte{7, 0, 0, 0, 8, 2, 1, 3})
	f.Fuzz(func(t *testing.T, flags, pid uint32, program []byte) {
		d := newDesk(t)
		handles := []Handle{0, 4, InvalidHandle, InvalidHandle - 1, 0xABC0}
		check := func(what string, h Handle, fails bool, err error) {
			if err == nil {
				if !fails && h != 0 {
					handles = append(handles, h)
				}
				return
			}
			errno, ok := err.(Errno)
			if !ok || !slices.Contains(codes, errno) || errno == 0 || errno == ERROR_GEN_FAILURE {
				t.Fatalf("%s: error %v, want a code that the package knows", what, err)
			}
			want(t, what+", the last error", d.me.GetLastError(), errno)
		}
		h, err := d.me.CreateToolhelp32Snapshot(flags, pid)
		if (h == InvalidHandle) != (err != nil) {
			t.Fatalf("CreateToolhelp32Snapshot(%#x, %d) = %#x, %v", flags, pid, h, err)
		}
		check("CreateToolhelp32Snapshot", h, false, err)
		program = program[:min(len(program), 400)]
		for len(program) >= 4 {
			op, a, b, c := program[0], program[1], program[2], program[3]
			program = program[4:]
			h, g := handles[int(a)%len(handles)], handles[int(b)%len(handles)]
			var dup Handle
			switch op % 9 {
			case 0:
				_ = probes(d.me)[int(b)%6].first(h)
			case 1:
				p := probes(d.me)[int(b)%6]
				if err := p.first(h); err == nil {
					p.rest(t, h, p.next(h))
				}
			case 2:
				p := probes(d.me)[int(b)%6]
				p.resize(uint64(c))
				check(p.name, 0, true, p.next(h))
			case 3:
				check("CloseHandle", 0, true, d.me.CloseHandle(h+Handle(c)))
			case 4:
				err := d.me.DuplicateHandle(handles[2], h, g, &dup, uint32(b), c&1 != 0, uint32(c))
				check("DuplicateHandle", dup, false, err)
			case 5:
				dup, err := d.me.OpenProcess(uint32(b)<<8|uint32(c), c&1 != 0, uint32(a)*4)
				check("OpenProcess", dup, false, err)
			case 6:
				check("SetHandleInformation", 0, true, d.me.SetHandleInformation(h, uint32(b), uint32(c)))
			case 7:
				check("GetHandleInformation", 0, true, d.me.GetHandleInformation(h, nil))
			case 8:
				dup, err := d.me.CreateToolhelp32Snapshot(uint32(b)|uint32(c)<<28, uint32(a)*2)
				if err != nil && dup != InvalidHandle {
					t.Fatalf("handle %#x with error %v", dup, err)
				}
				check("CreateToolhelp32Snapshot", dup, err != nil, err)
			}
		}
	})
}

// FuzzEntries hands every walker an entry of any size and contents. It is written when the call succeeds, which it does exactly for sizes that
// suffice, and not one byte of it otherwise; a block entry with any contents never breaks the walk of blocks.
func FuzzEntries(f *testing.F) {
	f.Add(uint64(568), []byte{})
	f.Add(uint64(304), bytes.Repeat([]byte{0xCC}, 64))
	f.Add(uint64(56), []byte("\x6c\x00\x00\x00"))
	f.Add(uint64(0xFFFFFFFFFFFFFFFF), []byte{1})
	f.Fuzz(func(t *testing.T, size uint64, dirt []byte) {
		d := newDesk(t)
		h := take(t, d.me, TH32CS_SNAPALL, 0)
		for _, p := range probes(d.me) {
			if len(dirt) > 0 {
				for i := range p.raw() {
					p.raw()[i] = dirt[i%len(dirt)]
				}
			}
			p.resize(size)
			size, before := p.size(), bytes.Clone(p.raw())
			code := Errno(0)
			if size < p.right {
				code = ERROR_BAD_LENGTH
			}
			want(t, p.name, p.next(h), code)
			if code != 0 && !bytes.Equal(before, p.raw()) {
				t.Errorf("%s: a failed call wrote the entry", p.name)
			}
		}
		fields := append(bytes.Clone(dirt), make([]byte, 64)...)
		e := HeapEntry32{Size: uintptr(size), Address: uintptr(binary.LittleEndian.Uint64(fields)), Resvd: binary.LittleEndian.Uint32(fields[8:]),
			ProcessID: binary.LittleEndian.Uint32(fields[12:]), HeapID: uintptr(binary.LittleEndian.Uint64(fields[16:]))}
		before := e
		if err := d.me.Heap32Next(&e); err != nil && e != before {
			t.Errorf("Heap32Next failed with %v and wrote the entry", err)
		}
	})
}

// FuzzNames gives a process any name in UTF-16: the W forms hold as many units of it as there is room for and zeroes behind, the A forms its text up to a
// NUL, unit by unit.
func FuzzNames(f *testing.F) {
	f.Add([]byte("n\x00o\x00t\x00e\x00"))
	f.Add([]byte{0x3D, 0xD8, 0x00, 0xDE})
	f.Add(bytes.Repeat([]byte{0xAC, 0x20}, 300))
	f.Add([]byte{'a', 0, 0, 0, 'b', 0, '\\', 0, 'c', 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		units := make([]uint16, len(raw)/2)
		for i := range units {
			units[i] = binary.LittleEndian.Uint16(raw[2*i:])
		}
		img, err := sim.NewImage(sim.ImageSpec{Path16: units})
		if len(units) > sim.MaxPath {
			if err == nil {
				t.Fatalf("a path of %d units was accepted", len(units))
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		k := sim.New(sim.Config{Bare: true})
		_, tid, _, err := k.CreateProcess(sim.ProcessSpec{Image: img})
		if err != nil {
			t.Fatal(err)
		}
		c, err := NewCaller(k, tid)
		if err != nil {
			t.Fatal(err)
		}
		h := take(t, c, TH32CS_SNAPALL, 0)
		name := make([]uint16, img.NameLen())
		img.CopyName(name)
		w, a, m := ProcessEntry32{Size: sizeofProcess}, ProcessEntry32A{Size: sizeofProcessANSI}, ModuleEntry32{Size: sizeofModule}
		want(t, "Process32First", c.Process32First(h, &w), 0)
		want(t, "Process32FirstA", c.Process32FirstA(h, &a), 0)
		want(t, "Module32First", c.Module32First(h, &m), 0)
		checkWide(t, "ExeFile", w.ExeFile[:], name)
		checkWide(t, "Module", m.Module[:], name)
		checkWide(t, "ExePath", m.ExePath[:], units)
		for i := range a.ExeFile {
			if w.ExeFile[i] == 0 {
				if a.ExeFile[i] != 0 {
					t.Errorf("the A form goes on after the NUL at %d", i)
				}
				break
			}
			if a.ExeFile[i] != toANSI(w.ExeFile[i]) {
				t.Errorf("unit %d, %#x, is byte %#x, want %#x", i, w.ExeFile[i], a.ExeFile[i], toANSI(w.ExeFile[i]))
			}
		}
	})
}
