package toolhelp

import "testing"

// TestCodePage: every unit of the first plane has at most one byte, every byte but '?' exactly one unit, and 27 of the 256 are not Latin-1.
func TestCodePage(t *testing.T) {
	of := map[byte][]uint16{}
	for u := range 0x10000 {
		if b := toANSI(uint16(u)); b != '?' || u == '?' {
			of[b] = append(of[b], uint16(u))
		}
	}
	strange := 0
	for b := range 256 {
		units := of[byte(b)]
		if len(units) != 1 {
			t.Errorf("byte %#x stands for %d units, want 1: %#x", b, len(units), units)
			continue
		}
		if units[0] != uint16(b) {
			strange++
		}
	}
	if strange != 27 {
		t.Errorf("%d bytes are not Latin-1, want 27", strange)
	}
	for u, b := range map[uint16]byte{0x20AC: 0x80, 0x0178: 0x9F, 0x2122: 0x99, 0x152: 0x8C, 0xFF: 0xFF, 0xA0: 0xA0, 0x100: '?', 0xD800: '?'} {
		if got := toANSI(u); got != b {
			t.Errorf("toANSI(%#x) = %#x, want %#x", u, got, b)
		}
	}
}
