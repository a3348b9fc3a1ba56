package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/toolhelpsim/toolhelpsim/scenarios"
)

func newCapture() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "capture",
		Short: "Write the machine this runs on as a world",
		Long: `Write the processes, threads, modules and heaps of the machine this runs on as a world: on Linux from /proc, on Windows from
Tool Help itself. No memory contents, command lines or environments are written, but the names of programs and paths are.`,
		Example:     "  thsim capture -o here.txt\n  thsim demo --world here.txt",
		Args:        cobra.NoArgs,
		Annotations: then("thsim demo --host"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, prose, err := captureHost()
			if err != nil {
				return err
			}
			text, err := worldText(w, prose)
			if err != nil {
				return err
			}
			if file == "" {
				_, err = cmd.OutOrStdout().Write(text)
			} else {
				err = os.WriteFile(file, text, 0o644)
			}
			if err != nil {
				return fmt.Errorf("%w to write the world: %w", errFailed, err)
			}
			threads := 0
			for _, p := range w.Processes {
				threads += len(p.Threads)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "captured %d processes with %d threads\n", len(w.Processes), threads)
			return nil
		},
	}
	cmd.Flags().StringVarP(&file, "output", "o", "", "the `FILE` to write; standard output when not given")
	return cmd
}

// worldText is what a captured world looks like once it is booted, with prose above it. Booting finds short names for files and
// room for modules whose bases no simulated process has.
func worldText(w *scenarios.World, prose []string) ([]byte, error) {
	k, err := w.Boot()
	if err != nil {
		return nil, fmt.Errorf("this machine makes no world: %w", err)
	}
	var b bytes.Buffer
	for _, line := range prose {
		b.WriteString(strings.TrimRight("# "+line, " ") + "\n")
	}
	if _, err := scenarios.Of(k.State()).WriteTo(&b); err != nil {
		return nil, fmt.Errorf("this machine makes no world: %w", err)
	}
	return b.Bytes(), nil
}

// A catalogue collects the files of a captured machine, each once.
type catalogue struct {
	world  *scenarios.World
	places map[string]int
}

// word says the file, if it was not said before, and returns what to call it. size 0 means that it is not known.
func (c *catalogue) word(path string, size uint32) string {
	i, said := c.places[path]
	if !said {
		i = len(c.world.Files)
		c.places[path] = i
		c.world.Files = append(c.world.Files, scenarios.File{Path: path})
	}
	c.world.Files[i].Size = max(c.world.Files[i].Size, size)
	return path
}
