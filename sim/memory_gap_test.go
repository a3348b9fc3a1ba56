package sim_test

import (
	"bytes"
	"testing"
)

// TestReadingFillsTheWholeBuffer reads memory that nobody has written, beside some that somebody has, into buffers that hold something:
// what they held never shows.
func TestReadingFillsTheWholeBuffer(t *testing.T) {
	d := newDesk(t)
	block := d.alloc(3 * 4096)
	d.ok(d.WriteProcessMemory(d.app, block+4096, []byte("written")))
	var reads [4][3 * 4096]byte
	for i := range reads {
		buf := reads[i][:]
		for j := range buf {
			buf[j] = byte(i / 2 * 0xFF)
		}
		if i%2 == 0 {
			d.ok(d.ReadProcessMemory(d.app, block, buf))
		} else if err := d.process(d.app).ReadMemory(block, buf); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(buf, reads[0][:]) {
			t.Errorf("read %d differs from the first, which went into a buffer of zeros", i)
		}
	}
}
