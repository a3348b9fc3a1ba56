package main

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/spf13/cobra"

	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

func noProcess(pid uint32) error {
	return fmt.Errorf("pid %d: no process has it, see thsim ps", pid)
}

// ofProcess is a command about one process.
func ofProcess(cmd *cobra.Command, list func(c *toolhelp.Caller, pid uint32) (*table, error)) *cobra.Command {
	var l look
	cmd.Args = cobra.ExactArgs(1)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		pid, err := pidArgument(args[0])
		if err != nil {
			return err
		}
		c, err := l.caller()
		if err != nil {
			return err
		}
		t, err := list(c, pid)
		if err != nil {
			return err
		}
		return t.write(cmd.OutOrStdout())
	}
	return l.flags(cmd)
}

func newModules() *cobra.Command {
	return ofProcess(&cobra.Command{
		Use:   "modules PID",
		Short: "List the modules of one process of a world",
		Long: `List the modules of one process of a world in load order, by Module32First and Module32Next, under WOW64 those of both loaders.
A pid of 0 is the process that looks: the first ordinary 64-bit one.`,
		Example:     "  thsim ps --world wow64\n  thsim modules 0 --world small",
		Annotations: then("thsim heaps PID, with the same pid"),
	}, moduleTable)
}

func moduleTable(c *toolhelp.Caller, pid uint32) (*table, error) {
	h, err := snapshot(c, toolhelp.TH32CS_SNAPMODULE|toolhelp.TH32CS_SNAPMODULE32, pid)
	if err != nil {
		return nil, err
	}
	t := newTable(">BASE", ">SIZE", "NAME", "PATH")
	e := toolhelp.ModuleEntry32{Size: uint32(unsafe.Sizeof(toolhelp.ModuleEntry32{}))}
	err = walk("Module32Next", func() error { return c.Module32First(h, &e) }, func() error { return c.Module32Next(h, &e) }, func() {
		t.row(fmt.Sprintf("%#x", e.ModBaseAddr), e.ModBaseSize, safeUnits(e.Module[:]), safeUnits(e.ExePath[:]))
	})
	return t, err
}

func newHeaps() *cobra.Command {
	return ofProcess(&cobra.Command{
		Use:   "heaps PID",
		Short: "List the heaps of one process of a world",
		Long: `List the heaps of one process of a world by Heap32ListFirst and Heap32ListNext, each with its blocks, which Heap32First and
Heap32Next read from the living heap: they take no snapshot. A pid of 0 is the process that looks: the first ordinary 64-bit one.`,
		Example:     "  thsim ps --world small\n  thsim heaps 0 --world small",
		Annotations: then("thsim demo"),
	}, heapTable)
}

func heapTable(c *toolhelp.Caller, pid uint32) (*table, error) {
	h, err := snapshot(c, toolhelp.TH32CS_SNAPHEAPLIST, pid)
	if err != nil {
		return nil, err
	}
	if pid == 0 {
		pid = c.GetCurrentProcessId() // which Heap32First does not do
	}
	t := newTable(">HEAP", "FLAGS", ">BLOCKS", ">BYTES", ">FREE", ">FREE BYTES")
	e := toolhelp.HeapList32{Size: unsafe.Sizeof(toolhelp.HeapList32{})}
	var failed error
	err = walk("Heap32ListNext", func() error { return c.Heap32ListFirst(h, &e) }, func() error { return c.Heap32ListNext(h, &e) }, func() {
		b, err := countBlocks(c, pid, e.HeapID)
		failed = errors.Join(failed, err)
		t.row(fmt.Sprintf("%#x", e.HeapID), heapFlags(e.Flags), b.used, b.usedBytes, b.free, b.freeBytes)
	})
	return t, errors.Join(err, failed)
}

type blockCount struct{ used, usedBytes, free, freeBytes uint64 }

func countBlocks(c *toolhelp.Caller, pid uint32, heap uintptr) (n blockCount, err error) {
	e := toolhelp.HeapEntry32{Size: unsafe.Sizeof(toolhelp.HeapEntry32{})}
	err = walk("Heap32Next", func() error { return c.Heap32First(&e, pid, heap) }, func() error { return c.Heap32Next(&e) }, func() {
		if e.Flags&toolhelp.LF32_FREE != 0 {
			n.free++
			n.freeBytes += uint64(e.BlockSize)
		} else {
			n.used++
			n.usedBytes += uint64(e.BlockSize)
		}
	})
	return n, err
}

func heapFlags(flags uint32) string {
	switch {
	case flags&toolhelp.HF32_DEFAULT != 0:
		return "default"
	case flags&toolhelp.HF32_SHARED != 0:
		return "shared"
	}
	return ""
}
