package toolhelp

import "github.com/toolhelpsim/toolhelpsim/sim"

// protectedRights are the rights that a protected process grants nobody but itself (rule A.6).
const protectedRights = PROCESS_CREATE_THREAD | PROCESS_VM_OPERATION | PROCESS_VM_READ | PROCESS_VM_WRITE | PROCESS_DUP_HANDLE |
	PROCESS_CREATE_PROCESS | PROCESS_SET_QUOTA | PROCESS_SET_INFORMATION | PROCESS_QUERY_INFORMATION |
	DELETE | READ_CONTROL | WRITE_DAC | WRITE_OWNER

// may reports whether the caller gets all the rights in access to p:
//
//	its own process      all
//	Ordinary             all
//	OtherUser            all with SeDebugPrivilege, none without
//	Protected            all but protectedRights
//	CSRSS, System        the same with SeDebugPrivilege, none without
func (c *Caller) may(p sim.Process, access uint32) bool {
	switch {
	case p.ID() == c.pid:
		return true
	case p.Protection() == sim.OtherUser:
		return c.SeDebugPrivilege
	case p.Protection() == sim.Protected:
		return access&protectedRights == 0
	case p.Protection() == sim.CSRSS || p.Minimal():
		return c.SeDebugPrivilege && access&protectedRights == 0
	}
	return true
}

// open looks at a living process as OpenProcess does, without opening a handle: it is there, the caller gets the rights.
func (c *Caller) open(processId, access uint32) (sim.Process, Errno) {
	pid := sim.PID(processId &^ 3)
	p, _, ok := c.kernel.Process(pid)
	if !ok || pid == 0 {
		return sim.Process{}, ERROR_INVALID_PARAMETER
	}
	if !c.may(p, access) {
		return sim.Process{}, ERROR_ACCESS_DENIED
	}
	return p, 0
}

// OpenProcess opens a handle to a process, inheritable with inheritHandle; the lowest two bits of processId are ignored. While the handle
// is open the pid is nobody else's, and while somebody has one, a process that has ended can still be opened, with all rights. It returns 0
// and ERROR_INVALID_PARAMETER when there is no such process or the id is 0, ERROR_ACCESS_DENIED when the caller does not get all
// the rights in desiredAccess, and ERROR_NO_SYSTEM_RESOURCES when the handle table is full.
func (c *Caller) OpenProcess(desiredAccess uint32, inheritHandle bool, processId uint32) (Handle, error) {
	if errno := c.hooked(Call{Name: "OpenProcess", Flags: desiredAccess, PID: processId}); errno != 0 {
		return 0, c.fail(errno)
	}
	if processId&^3 == 0 {
		return 0, c.fail(ERROR_INVALID_PARAMETER)
	}
	h, err := c.table.OpenProcessIf(sim.PID(processId), inherits(inheritHandle), desiredAccess, func(p sim.Process) bool { return c.may(p, desiredAccess) })
	if err != nil {
		return 0, c.fail(errnoOf(err))
	}
	return Handle(h), nil
}

func inherits(yes bool) sim.HandleFlags {
	if yes {
		return sim.HandleInherit
	}
	return 0
}
