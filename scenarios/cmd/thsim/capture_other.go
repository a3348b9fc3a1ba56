//go:build !linux && !windows

package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/toolhelpsim/toolhelpsim/scenarios"
)

func captureHost() (*scenarios.World, []string, error) {
	return nil, nil, fmt.Errorf("the processes of %s can't be captured, only those of linux and windows; --world takes a built-in machine instead: %s",
		runtime.GOOS, strings.Join(scenarios.Names(), ", "))
}
