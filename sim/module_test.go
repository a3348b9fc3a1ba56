package sim_test

import (
	"fmt"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

func TestModulesStandInLoadOrder(t *testing.T) {
	d := newDesk(t)
	d.load(d.app, user32)
	p := d.process(d.app)
	wantEqual(t, "the image, ntdll, then what was loaded", names(p), []string{"app.exe", "ntdll.dll", "kernel32.dll", "user32.dll"})
	d.ok(d.FreeLibrary(d.app, d.lib))
	d.load(d.app, kernel32)
	wantEqual(t, "loaded anew, it stands last", names(d.process(d.app)), []string{"app.exe", "ntdll.dll", "user32.dll", "kernel32.dll"})
	wantEqual(t, "a kept view", names(p), []string{"app.exe", "ntdll.dll", "kernel32.dll", "user32.dll"})
}

func TestWOW64HasTwoModuleLists(t *testing.T) {
	d := newDesk(t)
	d.load(d.wow, kernel32b)
	p := d.process(d.wow)
	var got []string
	for m := range p.Modules() {
		got = append(got, fmt.Sprint(m.Name(), " ", m.Bits()))
	}
	wantEqual(t, "first the 64-bit list, then the 32-bit one", got, []string{"old.exe 64", "ntdll.dll 64", "wow64.dll 64", "wow64win.dll 64", "wow64cpu.dll 64",
		"old.exe 32", "ntdll.dll 32", "kernel32.dll 32"})
	bases := moduleIDs(p)
	if bases[0] != bases[5] || p.ModuleCount() != 8 || p.Bits() != 32 {
		t.Errorf("the image stands at %#x and %#x, %d modules counted, want one mapping in both lists, 8", bases[0], bases[5], p.ModuleCount())
	}
	exact, _ := d.start(sim.ProcessSpec{Image: oldImage, Modules: []*sim.Image{oldImage, kernel32, kernel32b}})
	wantEqual(t, "a list by name: the first module stands in both", names(d.process(exact)), []string{"old.exe", "kernel32.dll", "old.exe", "kernel32.dll"})
}

func TestLoadCounts(t *testing.T) {
	d := newDesk(t)
	count := func(base sim.Address) int {
		m, _ := d.process(d.app).Module(base)
		return m.LoadCount()
	}
	kept := d.process(d.app)
	same, err := sim.NewImage(sim.ImageSpec{Path: `c:/WINDOWS/system32/KERNEL32.DLL`})
	d.fatal(err)
	for i, img := range []*sim.Image{kernel32, same} {
		if base := d.load(d.app, img); base != d.lib || count(base) != i+2 {
			t.Errorf("%s, loaded already, stands at %#x with %d loads, want %#x with %d", img.Path(), base, count(base), d.lib, i+2)
		}
	}
	for want := 2; want >= 0; want-- {
		d.ok(d.FreeLibrary(d.app, d.lib))
		if got := count(d.lib); got != want {
			t.Errorf("load count %d, want %d", got, want)
		}
	}
	if m, ok := kept.Module(d.lib); !ok || m.LoadCount() != 1 || len(names(kept)) != 3 {
		t.Error("a kept view lost a module when it was unloaded")
	}
	for base := range kept.Modules() {
		if base.LoadCount() == 65535 {
			d.ok(d.FreeLibrary(d.app, base.Base()))
		}
	}
	wantEqual(t, "what a process starts with stays", names(d.process(d.app)), []string{"app.exe", "ntdll.dll"})
}

// A count that has grown as far as it can stands one below the mark of modules that stay.
func TestLoadCountStopsBelowPinned(t *testing.T) {
	d := newDesk(t)
	_, err := d.Update(func(tx *sim.Tx) error {
		for range 70_000 {
			if _, err := tx.LoadLibrary(d.app, kernel32, 0); err != nil {
				return err
			}
		}
		return nil
	})
	d.fatal(err)
	if m, _ := d.process(d.app).Module(d.lib); m.LoadCount() != 65534 {
		t.Errorf("loaded 70,001 times: load count %d, want 65534", m.LoadCount())
	}
}

func TestDataFilesAreNotListed(t *testing.T) {
	d := newDesk(t)
	p := d.process(d.app)
	wantEqual(t, "modules", names(p), []string{"app.exe", "ntdll.dll", "kernel32.dll"})
	wantEqual(t, "data files", ids(p.DataFiles(), sim.Module.Name), []string{"strings.mui"})
	if _, ok := p.Module(d.file); ok || p.ModuleCount() != 3 {
		t.Errorf("a data file is looked up as a module, or counted: %d modules, want 3", p.ModuleCount())
	}
	if base := first(d.LoadLibrary(d.app, mapped, sim.LoadAsDataFile))(d); base != d.file {
		t.Errorf("mapped again it stands at %#x, want %#x", base, d.file)
	}
	if base := d.load(d.app, mapped); base == d.file {
		t.Errorf("loaded as a module it stands at %#x, where the data file does", base)
	}
	buf := make([]byte, 2)
	if err := p.ReadMemory(d.file, buf); err != nil || string(buf) != "MZ" {
		t.Errorf("the mapped file reads %q, %v, want its contents", buf, err)
	}
	d.ok(d.FreeLibrary(d.app, d.file))
	d.ok(d.FreeLibrary(d.app, d.file))
	wantEqual(t, "freed as often as mapped", ids(d.process(d.app).DataFiles(), sim.Module.Name), nil)
	narrow := first(d.LoadLibrary(d.wow, mapped, sim.LoadAsDataFile))(d)
	d.ok(d.FreeLibrary(d.wow, narrow))
}

func TestImagesNeverOverlap(t *testing.T) {
	d := newDesk(t)
	at := func(path string, base sim.Address, size uint32, bits int) *sim.Image {
		i, err := sim.NewImage(sim.ImageSpec{Path: path, Base: base, Size: size, Bits: bits})
		d.fatal(err)
		return i
	}
	tests := []struct {
		reason     string
		pid        sim.PID
		img        *sim.Image
		want       sim.Address
		exhausting bool
	}{
		{"where it wants to stand", d.app, at("a", 0x7FF0_0000_0000, 0x10000, 64), 0x7FF0_0000_0000, false},
		{"behind the one that stands there", d.app, at("b", 0x7FF0_0000_0000, 1, 64), 0x7FF0_0001_0000, false},
		{"not where heaps will be", d.app, at("c", 0x100_0000_0000, 1, 64), 0x7FF0_0002_0000, false},
		{"at the very end of the address space", d.wow, at("d", 0x7FFC_0000, 0x2_0000, 32), 0x7FFC_0000, false},
		{"round the end, to the lowest address", d.wow, at("e", 0x7FFD_0000, 0x1_0000, 32), 0x6100_0000, false},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			if got := d.load(tt.pid, tt.img); got != tt.want {
				t.Errorf("base %#x, want %#x", got, tt.want)
			}
		})
	}
	huge := at("huge", 0x1_0000, 0x1000_0000, 32)
	d.load(d.wow, huge)
	v := d.Version()
	_, _, err := d.LoadLibrary(d.wow, at("more", 0x1_0000, 0x7000_0000, 32), 0)
	wantError(t, err, "LoadLibrary", sim.ErrNoMemory, v)
	_, _, _, err = d.CreateProcess(sim.ProcessSpec{Image: oldImage, Modules: []*sim.Image{at("x", 0x6100_0000, 0x1E00_0000, 32), at("y", 0x6100_0000, 0x1E00_0000, 32)}})
	wantError(t, err, "CreateProcess", sim.ErrNoMemory, v)
}

func TestModuleRefusals(t *testing.T) {
	load := func(pid func(d *desk) sim.PID, i *sim.Image, f sim.LoadFlags) func(d *desk) (sim.Version, error) {
		return func(d *desk) (sim.Version, error) { return late(d.LoadLibrary(pid(d), i, f)) }
	}
	app := func(d *desk) sim.PID { return d.app }
	refuse(t, []refusal{
		{"in a process that ended", "LoadLibrary", sim.ErrNoProcess, load(func(d *desk) sim.PID { return d.gone }, kernel32, 0)},
		{"no image", "LoadLibrary", sim.ErrInvalid, load(app, nil, 0)},
		{"a flag that is none", "LoadLibrary", sim.ErrInvalid, load(app, kernel32, 2)},
		{"32-bit into 64-bit", "LoadLibrary", sim.ErrInvalid, load(app, kernel32b, 0)},
		{"64-bit into 32-bit", "LoadLibrary", sim.ErrInvalid, load(func(d *desk) sim.PID { return d.wow }, kernel32, 0)},
		{"into a minimal process", "LoadLibrary", sim.ErrInvalid, load(func(d *desk) sim.PID { return d.quiet }, kernel32, 0)},
		{"before the loader has run", "LoadLibrary", sim.ErrInvalid, load(func(d *desk) sim.PID { return d.asleep }, kernel32, 0)},
		{"free in a process that ended", "FreeLibrary", sim.ErrNoProcess, func(d *desk) (sim.Version, error) { return d.FreeLibrary(d.gone, d.lib) }},
		{"free at no base", "FreeLibrary", sim.ErrNoModule, func(d *desk) (sim.Version, error) { return d.FreeLibrary(d.app, d.lib+1) }},
		{"free before the loader has run", "FreeLibrary", sim.ErrNoModule, func(d *desk) (sim.Version, error) {
			m := moduleIDs(d.process(d.app))
			return d.FreeLibrary(d.asleep, m[0])
		}},
	})
}

func TestModuleFields(t *testing.T) {
	d := newDesk(t)
	p := d.process(d.app)
	m, ok := p.Module(d.lib)
	if !ok || m.Base() != d.lib || m.Size() != 0x10000 || m.Image() != kernel32 || m.Path() != kernel32.Path() || m.Bits() != 64 || m.Sequence() == 0 {
		t.Errorf("module %s at %#x, %d bytes, want what was loaded", m.Path(), m.Base(), m.Size())
	}
	d.load(d.app, kernel32)
	if now, _ := d.process(d.app).Module(d.lib); now.Equal(m) || !m.Equal(m) || m.Equal(sim.Module{}) {
		t.Error("Equal does not tell a module from what it was before, or from none")
	}
	if _, ok := d.process(d.asleep).Module(moduleIDs(p)[0]); ok {
		t.Error("a module can be looked up before the loader has run")
	}
}
