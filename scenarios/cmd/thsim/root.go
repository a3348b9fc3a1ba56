package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// newRoot makes the command tree. Results go to stdout, all else to stderr.
func newRoot(stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "thsim",
		Short: "Simulated Windows machines, seen through Tool Help snapshots",
		Long: `thsim boots simulated Windows machines and looks at them through Tool Help:
what a snapshot guarantees, and what happens to code that walks the live lists instead.`,
		Example:           "  thsim demo\n  thsim ps --world small\n  thsim capture -o here.txt",
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(newDemo(), newWorlds(), newPS(), newThreads(), newModules(), newHeaps(), newCapture())
	for _, c := range root.Commands() {
		then := c.Annotations[thenKey]
		c.PostRun = func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.ErrOrStderr(), "next:", then) }
	}
	return root
}

// thenKey is the annotation of a command that holds a sensible next one, shown when it is done.
const thenKey = "then"

func then(command string) map[string]string { return map[string]string{thenKey: command} }
