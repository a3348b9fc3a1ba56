package sim_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

func TestImageMemoryIsTrue(t *testing.T) {
	full, err := sim.NewImage(sim.ImageSpec{Path: `C:\full.dll`, Size: 0x2000, Contents: []byte("what stands at the start")})
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	base := d.load(d.app, full)
	buf := make([]byte, 0x2000)
	d.ok(d.ReadProcessMemory(d.app, base, buf))
	if want := append([]byte("what stands at the start"), make([]byte, 0x2000-24)...); !bytes.Equal(buf, want) {
		t.Errorf("the image reads %q..., want its contents, then zeros", buf[:40])
	}
	for _, tt := range []struct {
		reason  string
		img     *sim.Image
		machine uint16
		magic   uint16
	}{
		{"a 64-bit header", kernel32, 0x8664, 0x20B},
		{"a 32-bit header", kernel32b, 0x14C, 0x10B},
	} {
		h := tt.img.Contents()
		pe := binary.LittleEndian.Uint32(h[0x3C:])
		size := binary.LittleEndian.Uint32(h[pe+24+56:])
		if string(h[:2]) != "MZ" || string(h[pe:pe+4]) != "PE\x00\x00" || binary.LittleEndian.Uint16(h[pe+4:]) != tt.machine ||
			binary.LittleEndian.Uint16(h[pe+24:]) != tt.magic || size != tt.img.Size() {
			t.Errorf("%s is not true about the image: % x", tt.reason, h)
		}
	}
}

// TestMemoryIsAMapOfBytes checks writes, reads and kept views against a plain byte slice over one block.
func TestMemoryIsAMapOfBytes(t *testing.T) {
	const size = 3 * 4096
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t)
		block := d.alloc(size)
		want := make([]byte, size)
		type kept struct {
			p    sim.Process
			want []byte
		}
		var views []kept
		for i := range rapid.IntRange(1, 30).Draw(t, "steps") {
			at := rapid.IntRange(0, size).Draw(t, "at")
			n := rapid.IntRange(0, size-at).Draw(t, "n")
			part := bytes.Repeat([]byte{byte(i + 1)}, n)
			d.ok(d.WriteProcessMemory(d.app, block+sim.Address(at), part))
			copy(want[at:], part)
			if n%3 == 0 {
				views = append(views, kept{d.process(d.app), bytes.Clone(want)})
			}
		}
		for _, v := range append(views, kept{d.process(d.app), want}) {
			got := make([]byte, size)
			d.fatal(v.p.ReadMemory(block, got))
			if !bytes.Equal(got, v.want) {
				t.Fatalf("a kept view of %d reads differently from what had been written then", len(views))
			}
		}
	})
}

func TestMemoryRefusals(t *testing.T) {
	verbs := []struct {
		call string
		f    func(d *desk, pid sim.PID, at sim.Address, n int) (sim.Version, error)
	}{
		{"WriteProcessMemory", func(d *desk, pid sim.PID, at sim.Address, n int) (sim.Version, error) {
			return d.WriteProcessMemory(pid, at, bytes.Repeat([]byte{7}, n))
		}},
		{"ReadProcessMemory", func(d *desk, pid sim.PID, at sim.Address, n int) (sim.Version, error) {
			buf := bytes.Repeat([]byte{7}, n)
			v, err := d.ReadProcessMemory(pid, at, buf)
			if bytes.ContainsFunc(buf, func(r rune) bool { return r != 7 }) {
				d.t.Errorf("a refused read wrote into the buffer")
			}
			return v, err
		}},
	}
	var rows []refusal
	for _, v := range verbs {
		for _, no := range []struct {
			reason string
			want   error
			at     func(d *desk) (sim.PID, sim.Address, int)
		}{
			{"in a process that ended", sim.ErrNoProcess, func(d *desk) (sim.PID, sim.Address, int) { return d.gone, d.block, 1 }},
			{"at 0", sim.ErrPartialCopy, func(d *desk) (sim.PID, sim.Address, int) { return d.app, 0, 1 }},
			{"from the last address round to 0", sim.ErrPartialCopy, func(d *desk) (sim.PID, sim.Address, int) { return d.app, ^sim.Address(0), 2 }},
			{"one byte beyond an image", sim.ErrPartialCopy, func(d *desk) (sim.PID, sim.Address, int) { return d.app, d.lib + 0xFFFF, 2 }},
			{"one byte before an image", sim.ErrPartialCopy, func(d *desk) (sim.PID, sim.Address, int) { return d.app, d.lib - 1, 2 }},
			{"beyond the page of the last block", sim.ErrPartialCopy, func(d *desk) (sim.PID, sim.Address, int) { return d.app, d.heap + 0x1FFF, 2 }},
			{"before the loader has run", sim.ErrPartialCopy, func(d *desk) (sim.PID, sim.Address, int) { return d.asleep, 0x100_0000_0000, 1 }},
			{"in a minimal process", sim.ErrPartialCopy, func(d *desk) (sim.PID, sim.Address, int) { return d.quiet, d.heap, 1 }},
		} {
			rows = append(rows, refusal{v.call + " " + no.reason, v.call, no.want, func(d *desk) (sim.Version, error) {
				pid, at, n := no.at(d)
				return v.f(d, pid, at, n)
			}})
		}
	}
	refuse(t, rows)
	d := newDesk(t)
	wantError(t, (sim.Process{}).ReadMemory(0, nil), "ReadMemory", sim.ErrNoProcess, 0)
	wantError(t, d.process(d.app).ReadMemory(0, make([]byte, 1)), "ReadMemory", sim.ErrPartialCopy, 0)
	if err := d.process(d.app).ReadMemory(0, nil); err != nil {
		t.Errorf("no bytes at no address: %v, want nil: all of them were read", err)
	}
}

func TestMemoryStartsAsZeroAgain(t *testing.T) {
	const big = 64 << 10
	tests := []struct {
		reason string
		again  func(d *desk) sim.Address
	}{
		{"a block freed and allocated again", func(d *desk) sim.Address {
			d.ok(d.HeapFree(d.app, d.heap, d.block))
			return d.alloc(100)
		}},
		{"blocks at the end of a heap freed and allocated again", func(d *desk) sim.Address {
			at := d.alloc(big)
			d.ok(d.WriteProcessMemory(d.app, at, bytes.Repeat([]byte{1}, big)))
			d.ok(d.HeapFree(d.app, d.heap, at))
			return d.alloc(big)
		}},
		{"a heap destroyed and created again", func(d *desk) sim.Address {
			at := d.heap
			d.ok(d.HeapDestroy(d.app, at))
			d.heap = first(d.HeapCreate(d.app, sim.HeapSpec{ID: at}))(d)
			return d.alloc(100)
		}},
		{"an unloaded image, loaded again: its contents", func(d *desk) sim.Address {
			d.ok(d.WriteProcessMemory(d.app, d.lib, []byte("MZ\x01\x02")))
			d.ok(d.FreeLibrary(d.app, d.lib))
			return d.load(d.app, kernel32) + 2 // behind MZ
		}},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			d := newDesk(t)
			d.ok(d.WriteProcessMemory(d.app, d.block, bytes.Repeat([]byte{1}, 100)))
			buf := make([]byte, 50)
			d.ok(d.ReadProcessMemory(d.app, tt.again(d), buf))
			if !bytes.Equal(buf, make([]byte, 50)) {
				t.Errorf("it reads % x, want zeros", buf)
			}
		})
	}
}

func TestFreedBlockCanStillBeRead(t *testing.T) {
	d := newDesk(t)
	d.ok(d.WriteProcessMemory(d.app, d.block, []byte("left behind")))
	d.ok(d.HeapFree(d.app, d.heap, d.block))
	buf := make([]byte, 11)
	d.ok(d.ReadProcessMemory(d.app, d.block, buf))
	if string(buf) != "left behind" {
		t.Errorf("the freed block reads %q, want what was left in it", buf)
	}
}

func TestMovedBlockTakesItsBytesAlong(t *testing.T) {
	d := newDesk(t)
	at := d.alloc(40_000)
	d.alloc(1)
	for _, off := range []sim.Address{0, 20_000, 39_999} { // the pages between were never written
		d.ok(d.WriteProcessMemory(d.app, at+off, []byte{9}))
	}
	to := first(d.HeapReAlloc(d.app, d.heap, at, 80_000))(d)
	got := make([]byte, 80_000)
	d.ok(d.ReadProcessMemory(d.app, to, got))
	want := make([]byte, 80_000)
	want[0], want[20_000], want[39_999] = 9, 9, 9
	if to == at || !bytes.Equal(got, want) {
		t.Errorf("from %#x to %#x the bytes did not come along", at, to)
	}
}

func TestEachProcessHasMemoryOfItsOwn(t *testing.T) {
	d := newDesk(t)
	other, _ := d.start(sim.ProcessSpec{})
	at := moduleIDs(d.process(other))[0]
	d.ok(d.WriteProcessMemory(d.app, at, []byte("ZM")))
	buf := make([]byte, 2)
	d.ok(d.ReadProcessMemory(other, at, buf))
	if string(buf) != "MZ" {
		t.Errorf("what one process wrote over its image another reads: %q", buf)
	}
}

func TestPagesAreWrittenInAnyOrder(t *testing.T) {
	const pages, stride = 5_000, 1_619 // coprime: every page comes once
	d := newDesk(t)
	at := d.alloc(pages * 4096)
	page := func(i int) sim.Address { return at + sim.Address(i*stride%pages)*4096 }
	_, err := d.Update(func(tx *sim.Tx) error {
		for i := range pages {
			if err := tx.WriteProcessMemory(d.app, page(i), []byte{byte(i), byte(i >> 8)}); err != nil {
				return err
			}
		}
		return nil
	})
	d.fatal(err)
	p := d.process(d.app)
	d.ok(d.HeapFree(d.app, d.heap, at))
	again := d.alloc(pages * 4096)
	for i := range pages {
		var kept, fresh [2]byte
		d.fatal(p.ReadMemory(page(i), kept[:]))
		d.ok(d.ReadProcessMemory(d.app, page(i), fresh[:]))
		if kept != [2]byte{byte(i), byte(i >> 8)} || fresh != [2]byte{} {
			t.Fatalf("page %d, written as number %d, reads % x in the kept view and % x in the block made anew", i*stride%pages, i, kept, fresh)
		}
	}
	if again != at {
		t.Errorf("the block made anew stands at %#x, want %#x", again, at)
	}
}
