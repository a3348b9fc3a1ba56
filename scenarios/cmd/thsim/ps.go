package main

import (
	"unsafe"

	"github.com/spf13/cobra"

	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

func newPS() *cobra.Command {
	var l look
	return l.flags(&cobra.Command{
		Use:         "ps",
		Short:       "List the processes of a world",
		Long:        "List the processes of a world in creation order, by CreateToolhelp32Snapshot, Process32First and Process32Next.",
		Example:     "  thsim ps --world small\n  thsim ps --world here.txt\n  thsim ps --host",
		Args:        cobra.NoArgs,
		Annotations: then("thsim modules PID, with a pid of the list"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := l.caller()
			if err != nil {
				return err
			}
			h, err := snapshot(c, toolhelp.TH32CS_SNAPPROCESS, 0)
			if err != nil {
				return err
			}
			t := newTable(">PID", ">PARENT", ">THREADS", ">PRIORITY", "NAME")
			err = eachProcess(c, h, func(e *toolhelp.ProcessEntry32) {
				t.row(e.ProcessID, e.ParentProcessID, e.Threads, e.PriClassBase, safeUnits(e.ExeFile[:]))
			})
			if err != nil {
				return err
			}
			return t.write(cmd.OutOrStdout())
		},
	})
}

func eachProcess(c *toolhelp.Caller, h toolhelp.Handle, each func(*toolhelp.ProcessEntry32)) error {
	e := toolhelp.ProcessEntry32{Size: uint32(unsafe.Sizeof(toolhelp.ProcessEntry32{}))}
	return walk("Process32Next", func() error { return c.Process32First(h, &e) }, func() error { return c.Process32Next(h, &e) },
		func() { each(&e) })
}

func newThreads() *cobra.Command {
	var l look
	return l.flags(&cobra.Command{
		Use:   "threads [PID]",
		Short: "List the threads of a world, or of one process of it",
		Long: `List the threads of a world, or of one process of it, by Thread32First and Thread32Next.
A thread snapshot always shows the whole system: picking out one process is up to who walks it.`,
		Example:     "  thsim threads --world small\n  thsim threads 4 --world small",
		Args:        cobra.MaximumNArgs(1),
		Annotations: then("thsim heaps PID, with an owner of the list"),
		RunE: func(cmd *cobra.Command, args []string) error {
			only := int64(-1)
			if len(args) == 1 {
				pid, err := pidArgument(args[0])
				if err != nil {
					return err
				}
				only = int64(pid)
			}
			c, err := l.caller()
			if err != nil {
				return err
			}
			t, err := threadTable(c, only)
			if err != nil {
				return err
			}
			return t.write(cmd.OutOrStdout())
		},
	})
}

// threadTable lists the threads of one process, or of all when only is negative.
func threadTable(c *toolhelp.Caller, only int64) (*table, error) {
	h, err := snapshot(c, toolhelp.TH32CS_SNAPPROCESS|toolhelp.TH32CS_SNAPTHREAD, 0)
	if err != nil {
		return nil, err
	}
	names := map[uint32]string{}
	err = eachProcess(c, h, func(e *toolhelp.ProcessEntry32) { names[e.ProcessID] = safeUnits(e.ExeFile[:]) })
	if err != nil {
		return nil, err
	}
	if _, ok := names[uint32(only)]; only >= 0 && !ok {
		return nil, noProcess(uint32(only))
	}
	t := newTable(">TID", ">OWNER", ">PRIORITY", "NAME")
	e := toolhelp.ThreadEntry32{Size: uint32(unsafe.Sizeof(toolhelp.ThreadEntry32{}))}
	err = walk("Thread32Next", func() error { return c.Thread32First(h, &e) }, func() error { return c.Thread32Next(h, &e) }, func() {
		if only < 0 || e.OwnerProcessID == uint32(only) {
			t.row(e.ThreadID, e.OwnerProcessID, e.BasePri, names[e.OwnerProcessID])
		}
	})
	return t, err
}
