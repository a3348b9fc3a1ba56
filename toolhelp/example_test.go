package toolhelp_test

import (
	"fmt"
	"log"
	"unicode/utf16"
	"unsafe"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// A world is a small machine: shell.exe with a child editor.exe, and who makes the calls, the first thread of shell.exe.
type world struct {
	kernel        *sim.Kernel
	shell, editor sim.PID
	typist        sim.TID // the first thread of editor.exe
	caller        *toolhelp.Caller
}

func newWorld() world {
	k := sim.New(sim.Config{Bare: true})
	shell, tid, _, err := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage(`C:\Windows\shell.exe`)})
	if err != nil {
		log.Fatal(err)
	}
	editor, typist, _, err := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage(`C:\app\editor.exe`), Parent: shell})
	if err != nil {
		log.Fatal(err)
	}
	c, err := toolhelp.NewCaller(k, tid)
	if err != nil {
		log.Fatal(err)
	}
	return world{k, shell, editor, typist, c}
}

// str is the text of a name up to its NUL.
func str(units []uint16) string {
	for i, u := range units {
		if u == 0 {
			units = units[:i]
			break
		}
	}
	return string(utf16.Decode(units))
}

// A snapshot shows what was there when it was taken, whatever happens afterwards.
func Example() {
	k := sim.New(sim.Config{})
	editor, _, _, err := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage(`C:\app\editor.exe`)})
	if err != nil {
		log.Fatal(err)
	}
	snap, err := toolhelp.Take(k, toolhelp.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := k.TerminateProcess(editor, 0); err != nil {
		log.Fatal(err)
	}
	for p := range snap.Processes() {
		fmt.Println(p.ID(), p.Name(), p.ThreadCount())
	}
	// Output:
	// 0 [System Process] 4
	// 4 System 1
	// 12 editor.exe 1
}

// The right loop: set Size, look at the first entry too, and tell the end of the list from a failure.
func ExampleCaller_Process32Next() {
	c := newWorld().caller
	h, err := c.CreateToolhelp32Snapshot(toolhelp.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseHandle(h)
	var e toolhelp.ProcessEntry32
	e.Size = uint32(unsafe.Sizeof(e))
	err = c.Process32First(h, &e)
	for err == nil {
		fmt.Println(e.ProcessID, e.ParentProcessID, str(e.ExeFile[:]))
		err = c.Process32Next(h, &e)
	}
	if err != toolhelp.ERROR_NO_MORE_FILES {
		log.Fatal(err)
	}
	// Output:
	// 8 0 shell.exe
	// 16 8 editor.exe
}

// The wrong loop: it drops the first entry, and takes any failure for the end. One failed call in the middle, and the list is short without a word.
func ExampleHook_wrongLoop() {
	c := newWorld().caller
	h, _ := c.CreateToolhelp32Snapshot(toolhelp.TH32CS_SNAPPROCESS, 0)
	defer c.CloseHandle(h)
	var e toolhelp.ProcessEntry32
	e.Size = uint32(unsafe.Sizeof(e))
	_ = c.Process32First(h, &e)
	for c.Process32Next(h, &e) == nil {
		fmt.Println("without the first:", str(e.ExeFile[:]))
	}
	c.Hook = func(_ *toolhelp.Caller, call toolhelp.Call) toolhelp.Errno {
		if call.Name == "Process32Next" {
			return toolhelp.ERROR_NOT_ENOUGH_MEMORY
		}
		return 0
	}
	for err := c.Process32First(h, &e); err == nil; err = c.Process32Next(h, &e) {
		fmt.Println("cut short:", str(e.ExeFile[:]))
	}
	fmt.Println("and nobody looked at this:", c.GetLastError())
	// Output:
	// without the first: editor.exe
	// cut short: shell.exe
	// and nobody looked at this: Not enough memory resources are available to process this command.
}

// ERROR_BAD_LENGTH means that modules came or went during the call: call again, but not for ever.
func ExampleCaller_CreateToolhelp32Snapshot_retry() {
	w := newWorld()
	c := w.caller
	c.SeparateCuts = true
	busy := 2 // loads that fall into the call
	c.Hook = func(_ *toolhelp.Caller, call toolhelp.Call) toolhelp.Errno {
		if call.Cut == toolhelp.CutModulesAgain && busy > 0 {
			busy--
			lib := sim.MustImage(fmt.Sprintf(`C:\app\plugin%d.dll`, busy))
			if _, _, err := w.kernel.LoadLibrary(w.editor, lib, 0); err != nil {
				log.Fatal(err)
			}
		}
		return 0
	}
	for try := 1; try <= 5; try++ {
		h, err := c.CreateToolhelp32Snapshot(toolhelp.TH32CS_SNAPMODULE, uint32(w.editor))
		fmt.Println(try, err)
		if err == nil {
			c.CloseHandle(h)
			break
		}
		if err != toolhelp.ERROR_BAD_LENGTH {
			break
		}
	}
	// Output:
	// 1 The program issued a command but the command length is incorrect.
	// 2 The program issued a command but the command length is incorrect.
	// 3 <nil>
}

// The program of the documentation page "Taking a Snapshot and Viewing Processes": all processes, and the modules and threads of each.
func ExampleCaller() {
	w := newWorld()
	c := w.caller
	h, err := c.CreateToolhelp32Snapshot(toolhelp.TH32CS_SNAPPROCESS|toolhelp.TH32CS_SNAPTHREAD, 0)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseHandle(h)
	var p toolhelp.ProcessEntry32
	p.Size = uint32(unsafe.Sizeof(p))
	for err = c.Process32First(h, &p); err == nil; err = c.Process32Next(h, &p) {
		fmt.Printf("%s  pid %d  parent %d  threads %d  base priority %d\n", str(p.ExeFile[:]), p.ProcessID, p.ParentProcessID, p.Threads, p.PriClassBase)
		listModules(c, p.ProcessID)
		listThreads(c, h, p.ProcessID)
	}
	if err != toolhelp.ERROR_NO_MORE_FILES {
		log.Fatal(err)
	}
	// Output:
	// shell.exe  pid 8  parent 0  threads 1  base priority 8
	//   module C:\Windows\shell.exe
	//   module C:\Windows\System32\ntdll.dll
	//   thread 12  base priority 8
	// editor.exe  pid 16  parent 8  threads 1  base priority 8
	//   module C:\app\editor.exe
	//   module C:\Windows\System32\ntdll.dll
	//   thread 20  base priority 8
}

// listModules takes a snapshot of its own: modules are of one process.
func listModules(c *toolhelp.Caller, pid uint32) {
	h, err := c.CreateToolhelp32Snapshot(toolhelp.TH32CS_SNAPMODULE, pid)
	if err != nil {
		fmt.Println("  modules:", err)
		return
	}
	defer c.CloseHandle(h)
	var m toolhelp.ModuleEntry32
	m.Size = uint32(unsafe.Sizeof(m))
	for err = c.Module32First(h, &m); err == nil; err = c.Module32Next(h, &m) {
		fmt.Println("  module", str(m.ExePath[:]))
	}
}

// listThreads filters: the threads are of the whole system.
func listThreads(c *toolhelp.Caller, h toolhelp.Handle, pid uint32) {
	var t toolhelp.ThreadEntry32
	t.Size = uint32(unsafe.Sizeof(t))
	for err := c.Thread32First(h, &t); err == nil; err = c.Thread32Next(h, &t) {
		if t.OwnerProcessID == pid {
			fmt.Printf("  thread %d  base priority %d\n", t.ThreadID, t.BasePri)
		}
	}
}

// A child inherits the handle under the same number, and the cursors with it.
func ExampleCaller_CreateToolhelp32Snapshot_inherit() {
	w := newWorld()
	parent := w.caller
	h, err := parent.CreateToolhelp32Snapshot(toolhelp.TH32CS_SNAPPROCESS|toolhelp.TH32CS_INHERIT, 0)
	if err != nil {
		log.Fatal(err)
	}
	_, tid, _, err := w.kernel.CreateProcess(sim.ProcessSpec{Image: sim.MustImage(`C:\child.exe`), Parent: w.shell, InheritHandles: true})
	if err != nil {
		log.Fatal(err)
	}
	child, err := toolhelp.NewCaller(w.kernel, tid)
	if err != nil {
		log.Fatal(err)
	}
	var e toolhelp.ProcessEntry32
	e.Size = uint32(unsafe.Sizeof(e))
	fmt.Println(parent.Process32First(h, &e), str(e.ExeFile[:]))
	fmt.Println(child.Process32Next(h, &e), str(e.ExeFile[:]))
	fmt.Println(parent.Process32Next(h, &e))
	// Output:
	// <nil> shell.exe
	// <nil> editor.exe
	// There are no more files.
}

// Blocks are not in the snapshot: the walk is of the living heap, and stops when its place is gone.
func ExampleCaller_Heap32Next() {
	w := newWorld()
	k, c := w.kernel, w.caller
	heap, _, err := k.HeapCreate(w.editor, sim.HeapSpec{})
	if err != nil {
		log.Fatal(err)
	}
	var blocks []sim.Address
	for range 3 {
		b, _, err := k.HeapAlloc(w.editor, heap, 48, 0)
		if err != nil {
			log.Fatal(err)
		}
		blocks = append(blocks, b)
	}
	h, err := c.CreateToolhelp32Snapshot(toolhelp.TH32CS_SNAPHEAPLIST, uint32(w.editor))
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseHandle(h)
	var l toolhelp.HeapList32
	l.Size = unsafe.Sizeof(l)
	fmt.Println(c.Heap32ListFirst(h, &l), l.Flags == toolhelp.HF32_DEFAULT)
	fmt.Println(c.Heap32ListNext(h, &l), l.Flags == toolhelp.HF32_DEFAULT)
	var e toolhelp.HeapEntry32
	e.Size = unsafe.Sizeof(e)
	fmt.Println(c.Heap32First(&e, l.ProcessID, l.HeapID), e.BlockSize)
	fmt.Println(c.Heap32Next(&e), e.BlockSize)
	for _, b := range blocks[:2] { // the second joins the first, which is free already
		if _, err := k.HeapFree(w.editor, heap, b); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(c.Heap32Next(&e))
	// Output:
	// <nil> true
	// <nil> false
	// <nil> 64
	// <nil> 64
	// The data is invalid.
}

// Diff goes by identity: a pid that comes back is another process.
func ExampleDiff() {
	k := sim.New(sim.Config{Reuse: sim.LastFirst})
	first, _, _, err := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage(`C:\first.exe`)})
	if err != nil {
		log.Fatal(err)
	}
	before, err := toolhelp.Take(k, toolhelp.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := k.TerminateProcess(first, 0); err != nil {
		log.Fatal(err)
	}
	if _, _, _, err := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage(`C:\second.exe`), ID: first}); err != nil {
		log.Fatal(err)
	}
	after, err := toolhelp.Take(k, toolhelp.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(toolhelp.Diff(before, after))
	// Output:
	// process 12 "first.exe" ended
	// process 12 "second.exe" started
}

// With separate cuts, as real systems make them, the lists of one snapshot need not fit together.
func ExampleTakeSeparately() {
	w := newWorld()
	snap, err := toolhelp.TakeSeparately(w.kernel, toolhelp.TH32CS_SNAPALL, w.editor, func(next toolhelp.Cut) {
		if next == toolhelp.CutProcesses {
			if _, err := w.kernel.TerminateProcess(w.editor, 0); err != nil {
				log.Fatal(err)
			}
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	for m := range snap.Modules() {
		fmt.Println("a module of", w.editor, m.Name())
	}
	_, ok := snap.Process(w.editor)
	fmt.Println("the process is listed:", ok, snap.Cuts())
	// Output:
	// a module of 16 editor.exe
	// a module of 16 ntdll.dll
	// the process is listed: false {2 2 3}
}

// A handle that nobody closes holds its snapshot until the process ends.
func ExampleCaller_CloseHandle_forgotten() {
	w := newWorld()
	for range 10 {
		if _, err := w.caller.CreateToolhelp32Snapshot(toolhelp.TH32CS_SNAPALL, 0); err != nil {
			log.Fatal(err)
		}
	}
	table, err := w.kernel.Handles(w.shell)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(table.Len(), "handles,", table.Bytes(), "bytes")
	if _, err := w.kernel.TerminateProcess(w.shell, 0); err != nil {
		log.Fatal(err)
	}
	fmt.Println(table.Len(), "handles,", table.Bytes(), "bytes")
	// Output:
	// 10 handles, 33840 bytes
	// 0 handles, 0 bytes
}
