package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/toolhelpsim/toolhelpsim/scenarios"
	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A choice of a world, as the flags make it.
type choice struct {
	world string
	host  bool
}

func (c *choice) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.world, "world", "desktop", "the world: `NAME` of a built-in one, or a file")
	cmd.Flags().BoolVar(&c.host, "host", false, "the machine this runs on")
	cmd.MarkFlagsMutuallyExclusive("world", "host")
	// The flag was just made: this can't fail.
	_ = cmd.RegisterFlagCompletionFunc("world", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return scenarios.Names(), cobra.ShellCompDirectiveDefault
	})
}

// load finds the world and gives it a name.
func (c *choice) load() (*scenarios.World, string, error) {
	if c.host {
		w, _, err := captureHost()
		return w, "host", err
	}
	w, unknown := scenarios.Lookup(c.world)
	if unknown == nil {
		return w, c.world, nil
	}
	f, err := os.Open(c.world)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("--world: %w; nor is it a file: thsim worlds lists the built-in ones", unknown)
	}
	if err != nil {
		return nil, "", fmt.Errorf("--world: %w", err)
	}
	defer f.Close()
	w, err = scenarios.Parse(c.world, f)
	if err != nil {
		return nil, "", fmt.Errorf("--world: %w", err)
	}
	return w, c.world, nil
}

// boot is load and Boot.
func (c *choice) boot() (*sim.Kernel, string, error) {
	w, name, err := c.load()
	if err != nil {
		return nil, "", err
	}
	k, err := w.Boot()
	if err != nil {
		return nil, "", fmt.Errorf("world %s does not boot: %w", name, err)
	}
	return k, name, nil
}
