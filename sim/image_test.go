package sim_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

func TestImageLimits(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	tests := []struct {
		reason string
		spec   sim.ImageSpec
		units  int // of the path; -1 means refused
	}{
		{"an empty path", sim.ImageSpec{}, 0},
		{"259 units", sim.ImageSpec{Path: long(259)}, 259},
		{"260 units", sim.ImageSpec{Path: long(260)}, 260},
		{"261 units", sim.ImageSpec{Path: long(261)}, 261},
		{"as many as there can be", sim.ImageSpec{Path: long(sim.MaxPath)}, sim.MaxPath},
		{"as many, of three bytes each", sim.ImageSpec{Path: strings.Repeat("語", sim.MaxPath)}, sim.MaxPath},
		{"one more", sim.ImageSpec{Path: long(sim.MaxPath + 1)}, -1},
		{"one more, in units", sim.ImageSpec{Path16: make([]uint16, sim.MaxPath+1)}, -1},
		{"too many because of pairs", sim.ImageSpec{Path: strings.Repeat("😀", sim.MaxPath/2+1)}, -1},
		{"2^20 units", sim.ImageSpec{Path: long(1 << 20)}, -1},
		{"2^20 units, in units", sim.ImageSpec{Path16: make([]uint16, 1<<20)}, -1},
		{"units in place of a path", sim.ImageSpec{Path: "not this", Path16: []uint16{}}, 0},
		{"neither 32 nor 64 bits", sim.ImageSpec{Bits: 16}, -1},
		{"a negative number of bits", sim.ImageSpec{Bits: -64}, -1},
		{"2 GiB", sim.ImageSpec{Size: 1 << 31}, -1},
		{"2^32-1 bytes", sim.ImageSpec{Size: 1<<32 - 1}, -1},
		{"a base between two", sim.ImageSpec{Base: 0x1000}, -1},
		{"a base beyond the process's half", sim.ImageSpec{Base: 0xFFFF_8000_0000_0000}, -1},
		{"an image that ends beyond it", sim.ImageSpec{Base: 0x7FFF_FFFE_0000, Size: 0x2_0000}, -1},
		{"an image that ends right there", sim.ImageSpec{Base: 0x7FFF_FFFE_0000, Size: 0x1_0000}, 0},
		{"a 32-bit image above 2 GiB", sim.ImageSpec{Bits: 32, Base: 0x8000_0000}, -1},
		{"contents longer than the image", sim.ImageSpec{Size: 1, Contents: make([]byte, 2)}, -1},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			i, err := sim.NewImage(tt.spec)
			if tt.units < 0 {
				wantError(t, err, "NewImage", sim.ErrInvalid, 0)
				if len(err.Error()) > 1000 {
					t.Errorf("the error has %d bytes: it quotes all of a hostile path", len(err.Error()))
				}
				return
			}
			if err != nil || i.PathLen() != tt.units || i.NameLen() != tt.units {
				t.Errorf("%d units, %v, want %d", i.PathLen(), err, tt.units)
			}
		})
	}
}

func TestNamesAreKeptUnitByUnit(t *testing.T) {
	tests := []struct {
		reason     string
		path       []uint16
		name       []uint16
		text, tail string
	}{
		{"behind the last backslash", units(`C:\a\b.exe`), units("b.exe"), `C:\a\b.exe`, "b.exe"},
		{"behind the last slash", units(`C:\a/b.exe`), units("b.exe"), `C:\a/b.exe`, "b.exe"},
		{"nothing behind it", units(`C:\a\`), nil, `C:\a\`, ""},
		{"a lone high surrogate", []uint16{'a', 0xD83D}, []uint16{'a', 0xD83D}, "a\uFFFD", "a\uFFFD"},
		{"a lone low surrogate", []uint16{0xDE00, 'a'}, []uint16{0xDE00, 'a'}, "\uFFFDa", "\uFFFDa"},
		{"a pair", []uint16{0xD83D, 0xDE00}, []uint16{0xD83D, 0xDE00}, "😀", "😀"},
		{"NULs", []uint16{'a', 0, '\\', 0, 'b'}, []uint16{0, 'b'}, "a\x00\\\x00b", "\x00b"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			given := slices.Clone(tt.path)
			i, err := sim.NewImage(sim.ImageSpec{Path16: given})
			if err != nil {
				t.Fatal(err)
			}
			clear(given) // the caller may do with his slice what he likes
			clear(i.Path16())
			name := make([]uint16, i.NameLen())
			path := make([]uint16, i.PathLen()+1)
			if n, m := i.CopyName(name), i.CopyPath(path); n != len(tt.name) || m != len(tt.path) {
				t.Errorf("copied %d and %d units, want %d and %d", n, m, len(tt.name), len(tt.path))
			}
			wantEqual(t, "name", name, tt.name)
			wantEqual(t, "path", path[:len(tt.path)], tt.path)
			wantEqual(t, "path", i.Path16(), tt.path)
			if i.Path() != tt.text || i.Name() != tt.tail {
				t.Errorf("it reads %q and %q, want %q and %q", i.Path(), i.Name(), tt.text, tt.tail)
			}
			if short := make([]uint16, 1); i.CopyPath(short) != min(1, len(tt.path)) || i.CopyName(short) != min(1, len(tt.name)) {
				t.Error("more was copied than there is room for")
			}
		})
	}
}

// units is what utf16.Encode does for ASCII.
func units(s string) (u []uint16) {
	for _, r := range s {
		u = append(u, uint16(r))
	}
	return u
}

func TestImageDefaults(t *testing.T) {
	i := sim.MustImage(`C:\a.exe`)
	if i.Size() != 64<<10 || i.Bits() != 64 || i.Base() == 0 || i.Base()%0x10000 != 0 {
		t.Errorf("size %d, %d bits, base %#x, want 64 KiB, 64 and a multiple of 64 KiB", i.Size(), i.Bits(), i.Base())
	}
	j, err := sim.NewImage(sim.ImageSpec{Path: `c:/A.EXE`, Size: 4097})
	if err != nil || j.Base() != i.Base() || j.Size() != 8192 {
		t.Errorf("the same file by another spelling prefers %#x, want %#x; size %d, want 8192: %v", j.Base(), i.Base(), j.Size(), err)
	}
	contents := []byte("MZ and more")
	j, err = sim.NewImage(sim.ImageSpec{Contents: contents})
	clear(contents)
	if err != nil || string(j.Contents()) != "MZ and more" {
		t.Errorf("the contents are %q, %v, want a copy of what was given", j.Contents(), err)
	}
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, sim.ErrInvalid) {
			t.Errorf("MustImage of a bad path panics with %v, want ErrInvalid", err)
		}
	}()
	sim.MustImage(strings.Repeat("x", 1<<16))
}
