package fuzz

import "github.com/toolhelpsim/toolhelpsim/sim"

// direct is a kernel with the methods of a *sim.Tx: it keeps the version of the last verb.
type direct struct {
	k       *sim.Kernel
	version sim.Version
}

func (d *direct) CreateProcess(s sim.ProcessSpec) (pid sim.PID, tid sim.TID, err error) {
	pid, tid, d.version, err = d.k.CreateProcess(s)
	return pid, tid, err
}

func (d *direct) TerminateProcess(pid sim.PID, code uint32) (err error) {
	d.version, err = d.k.TerminateProcess(pid, code)
	return err
}

func (d *direct) CreateThread(pid sim.PID, s sim.ThreadSpec) (tid sim.TID, err error) {
	tid, d.version, err = d.k.CreateThread(pid, s)
	return tid, err
}

func (d *direct) TerminateThread(tid sim.TID, code uint32) (err error) {
	d.version, err = d.k.TerminateThread(tid, code)
	return err
}

func (d *direct) SuspendThread(tid sim.TID) (previous int, err error) {
	previous, d.version, err = d.k.SuspendThread(tid)
	return previous, err
}

func (d *direct) ResumeThread(tid sim.TID) (previous int, err error) {
	previous, d.version, err = d.k.ResumeThread(tid)
	return previous, err
}

func (d *direct) LoadLibrary(pid sim.PID, img *sim.Image, f sim.LoadFlags) (base sim.Address, err error) {
	base, d.version, err = d.k.LoadLibrary(pid, img, f)
	return base, err
}

func (d *direct) FreeLibrary(pid sim.PID, base sim.Address) (err error) {
	d.version, err = d.k.FreeLibrary(pid, base)
	return err
}

func (d *direct) HeapCreate(pid sim.PID, s sim.HeapSpec) (id sim.Address, err error) {
	id, d.version, err = d.k.HeapCreate(pid, s)
	return id, err
}

func (d *direct) HeapDestroy(pid sim.PID, heap sim.Address) (err error) {
	d.version, err = d.k.HeapDestroy(pid, heap)
	return err
}

func (d *direct) HeapAlloc(pid sim.PID, heap sim.Address, size uint64, f sim.AllocFlags) (block sim.Address, err error) {
	block, d.version, err = d.k.HeapAlloc(pid, heap, size, f)
	return block, err
}

func (d *direct) HeapReAlloc(pid sim.PID, heap, block sim.Address, size uint64) (at sim.Address, err error) {
	at, d.version, err = d.k.HeapReAlloc(pid, heap, block, size)
	return at, err
}

func (d *direct) HeapFree(pid sim.PID, heap, block sim.Address) (err error) {
	d.version, err = d.k.HeapFree(pid, heap, block)
	return err
}

func (d *direct) LockBlock(pid sim.PID, heap, block sim.Address) (count int, err error) {
	count, d.version, err = d.k.LockBlock(pid, heap, block)
	return count, err
}

func (d *direct) UnlockBlock(pid sim.PID, heap, block sim.Address) (count int, err error) {
	count, d.version, err = d.k.UnlockBlock(pid, heap, block)
	return count, err
}

func (d *direct) WriteProcessMemory(pid sim.PID, at sim.Address, bytes []byte) (err error) {
	d.version, err = d.k.WriteProcessMemory(pid, at, bytes)
	return err
}

func (d *direct) ReadProcessMemory(pid sim.PID, at sim.Address, buf []byte) (err error) {
	d.version, err = d.k.ReadProcessMemory(pid, at, buf)
	return err
}

func (d *direct) SetPriorityClass(pid sim.PID, c sim.PriorityClass) (err error) {
	d.version, err = d.k.SetPriorityClass(pid, c)
	return err
}

func (d *direct) SetThreadPriority(tid sim.TID, p sim.Priority) (err error) {
	d.version, err = d.k.SetThreadPriority(tid, p)
	return err
}

func (d *direct) Advance(by sim.Time) (err error) {
	d.version, err = d.k.Advance(by)
	return err
}
