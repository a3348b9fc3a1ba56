// Thsim boots simulated machines and looks at them through Tool Help.
//
//	thsim demo                        snapshots hold still while live walks go astray
//	thsim worlds                      the machines that are built in
//	thsim ps --world small            its processes, by Process32First and Process32Next
//	thsim capture -o here.txt         this machine as a world
//
// Results go to standard output, progress and advice to standard error. The exit status is 0 when all went well, 1 when
// what was to be shown was not so or could not be written, 2 when the command line or a world is wrong, 130 after an interrupt.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole command without the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot(stdout, stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && !errors.Is(err, errInterrupted) {
		fmt.Fprintln(stderr, "thsim:", safeLines(err.Error()))
	}
	return status(err)
}

// Reasons for an exit status other than 2.
var (
	errFailed      = errors.New("failed")
	errInterrupted = errors.New("interrupted")
)

func status(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errInterrupted):
		return 130
	case errors.Is(err, errFailed):
		return 1
	}
	return 2
}
