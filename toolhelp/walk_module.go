package toolhelp

import "github.com/toolhelpsim/toolhelpsim/sim"

// Module32First writes the first module of a snapshot, which is the exe. It fails as Process32First does.
func (c *Caller) Module32First(snapshot Handle, moduleEntry *ModuleEntry32) error {
	if errno := c.show("Module32First", snapshot); errno != 0 {
		return c.fail(errno)
	}
	return c.moduleW(snapshot, moduleEntry, true)
}

// Module32Next writes the module at the cursor and moves on, as Process32Next does for processes.
func (c *Caller) Module32Next(snapshot Handle, moduleEntry *ModuleEntry32) error {
	if errno := c.show("Module32Next", snapshot); errno != 0 {
		return c.fail(errno)
	}
	return c.moduleW(snapshot, moduleEntry, false)
}

// Module32FirstA is Module32First with names in code page 1252. It shares the cursor with the other form.
func (c *Caller) Module32FirstA(snapshot Handle, moduleEntry *ModuleEntry32A) error {
	if errno := c.show("Module32FirstA", snapshot); errno != 0 {
		return c.fail(errno)
	}
	return c.moduleA(snapshot, moduleEntry, true)
}

// Module32NextA is Module32Next with names in code page 1252. It shares the cursor with the other form.
func (c *Caller) Module32NextA(snapshot Handle, moduleEntry *ModuleEntry32A) error {
	if errno := c.show("Module32NextA", snapshot); errno != 0 {
		return c.fail(errno)
	}
	return c.moduleA(snapshot, moduleEntry, false)
}

// What the counts of a module show: the loader keeps none that means anything (rule C.5-3).
const moduleUsage = 0xFFFF

func (c *Caller) moduleW(h Handle, e *ModuleEntry32, first bool) error {
	s, errno := c.enter(h, e == nil, e != nil && e.Size < sizeofModule)
	if errno != 0 {
		return c.fail(errno)
	}
	m := s.module(first)
	if m == nil {
		return c.fail(ERROR_NO_MORE_FILES)
	}
	*e = ModuleEntry32{Size: sizeofModule, ModuleID: 1, ProcessID: s.pid, GlblcntUsage: moduleUsage, ProccntUsage: moduleUsage,
		ModBaseAddr: uintptr(m.Base()), ModBaseSize: m.Size(), ModuleHandle: Handle(m.Base())}
	m.Image().CopyName(e.Module[:MAX_MODULE_NAME32])
	s.copyPath(e.ExePath[:MAX_PATH-1], m)
	return nil
}

func (c *Caller) moduleA(h Handle, e *ModuleEntry32A, first bool) error {
	s, errno := c.enter(h, e == nil, e != nil && e.Size < sizeofModuleANSI)
	if errno != 0 {
		return c.fail(errno)
	}
	m := s.module(first)
	if m == nil {
		return c.fail(ERROR_NO_MORE_FILES)
	}
	e.ModuleID, e.ProcessID, e.GlblcntUsage, e.ProccntUsage = 1, s.pid, moduleUsage, moduleUsage
	e.ModBaseAddr, e.ModBaseSize, e.ModuleHandle = uintptr(m.Base()), m.Size(), Handle(m.Base())
	var wide [MAX_PATH - 1]uint16
	putANSI(e.Module[:], wide[:m.Image().CopyName(wide[:MAX_MODULE_NAME32])])
	putANSI(e.ExePath[:], wide[:s.copyPath(wide[:], m)])
	return nil
}

// module claims the next module, nil at the end.
func (s *section) module(first bool) *sim.Module {
	rows := s.modules.rows.Load()
	if rows == nil {
		rows = s.modules.lay(s, layModules)
	}
	return s.modules.claim(*rows, first)
}

// copyPath copies as much of the path of m as dst holds. A 64-bit look at a WOW64 process shows where the file is and not what its
// own loader, which is redirected, calls it (rule C.5-10).
func (s *section) copyPath(dst []uint16, m *sim.Module) int {
	n := m.Image().CopyPath(dst)
	if s.bits == 64 && m.Bits() == 32 && hasFold(dst[:n], 2, `\windows\system32\`) {
		for i, u := range []byte("SysWOW64") {
			dst[len(`C:\windows\`)+i] = uint16(u)
		}
	}
	return n
}

// hasFold reports whether text stands at path[at:], its lower-case ASCII letters for either case.
func hasFold(path []uint16, at int, text string) bool {
	if len(path) < at+len(text) {
		return false
	}
	for i := range len(text) {
		u := path[at+i]
		if u >= 'A' && u <= 'Z' {
			u += 'a' - 'A'
		}
		if u != uint16(text[i]) {
			return false
		}
	}
	return true
}
