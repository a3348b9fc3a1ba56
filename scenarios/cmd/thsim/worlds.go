package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/toolhelpsim/toolhelpsim/scenarios"
)

func newWorlds() *cobra.Command {
	return &cobra.Command{
		Use:         "worlds",
		Aliases:     []string{"list"},
		Short:       "List the worlds that are built in",
		Long:        "List the worlds that are built in, each with what it holds once it is booted.",
		Example:     "  thsim worlds\n  thsim ps --world server",
		Args:        cobra.NoArgs,
		Annotations: then("thsim ps --world desktop"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			t := newTable("NAME", ">PROCESSES", ">THREADS", ">MODULES", ">HEAPS", "ABOUT")
			for _, name := range scenarios.Names() {
				w, err := scenarios.Lookup(name)
				if err != nil {
					return err
				}
				k, err := w.Boot()
				if err != nil {
					return fmt.Errorf("world %s does not boot: %w", name, err)
				}
				modules, heaps := 0, 0
				s := k.State()
				for p := range s.Processes() {
					modules += p.ModuleCount()
					heaps += p.HeapCount()
				}
				t.row(name, s.ProcessCount(), s.ThreadCount(), modules, heaps, scenarios.About(name))
			}
			return t.write(cmd.OutOrStdout())
		},
	}
}
