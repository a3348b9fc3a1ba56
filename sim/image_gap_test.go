package sim_test

import (
	"encoding/binary"
	"runtime"
	"strings"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// TestHeaderTellsThePreferredBase reads the header of images as a loader would: the base is where the image was made for, in the field of
// its bitness.
func TestHeaderTellsThePreferredBase(t *testing.T) {
	for _, spec := range []sim.ImageSpec{
		{Path: "a.dll", Bits: 32, Base: 0x1234_0000}, {Path: "a.dll", Bits: 64, Base: 0x7FF6_1234_0000},
		{Path: "b.dll", Bits: 32}, {Path: "b.dll", Bits: 64},
	} {
		img, err := sim.NewImage(spec)
		if err != nil {
			t.Fatal(err)
		}
		d := emptyDesk(t, sim.Config{})
		pid, _ := d.start(sim.ProcessSpec{Image: img})
		m, ok := firstModule(d.process(pid))
		if !ok {
			t.Fatal("no module")
		}
		var header [0x98]byte
		if err := d.process(pid).ReadMemory(m.Base(), header[:]); err != nil {
			t.Fatal(err)
		}
		optional := header[binary.LittleEndian.Uint32(header[0x3C:])+24:]
		base := sim.Address(binary.LittleEndian.Uint64(optional[24:]))
		if spec.Bits == 32 {
			base = sim.Address(binary.LittleEndian.Uint32(optional[28:]))
		}
		if base != m.Base() || spec.Base != 0 && base != spec.Base {
			t.Errorf("%s, %d bits: the header says base %#x, loaded at %#x, made for %#x", spec.Path, spec.Bits, base, m.Base(), spec.Base)
		}
	}
}

func firstModule(p sim.Process) (sim.Module, bool) {
	for m := range p.Modules() {
		return m, true
	}
	return sim.Module{}, false
}

// TestLongPathIsRefusedUnread refuses a path of many megabytes without making units of it.
func TestLongPathIsRefusedUnread(t *testing.T) {
	const size = 32 << 20
	path := strings.Repeat("x", size)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := sim.NewImage(sim.ImageSpec{Path: path})
	runtime.ReadMemStats(&after)
	wantError(t, err, "NewImage", sim.ErrInvalid, 0)
	if got := after.TotalAlloc - before.TotalAlloc; got > size {
		t.Errorf("refusing a path of %d bytes allocated %d", size, got)
	}
}
