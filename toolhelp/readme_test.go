package toolhelp_test

import (
	"fmt"
	"log"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// Example_readme is what README.md shows.
func Example_readme() {
	k := sim.New(sim.Config{})
	shell, _, _, _ := k.CreateProcess(sim.ProcessSpec{Parent: 4, Image: sim.MustImage(`C:\Windows\explorer.exe`)})
	editor, _, _, _ := k.CreateProcess(sim.ProcessSpec{Parent: shell, Image: sim.MustImage(`C:\Windows\notepad.exe`)})

	// A walker of the live list stands at the editor, holding its address. A snapshot holds the whole list.
	live := k.WalkProcesses(sim.FreedUnmapped)
	for range k.State().ProcessCount() {
		live.Next()
	}
	snap, err := toolhelp.Take(k, toolhelp.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		log.Fatal(err)
	}
	k.TerminateProcess(editor, 0)

	for p := range snap.Processes() {
		fmt.Println(p.ID(), p.Parent(), p.Name())
	}
	_, err = live.Next()
	fmt.Println(err)
	// Output:
	// 0 0 [System Process]
	// 4 0 System
	// 12 4 explorer.exe
	// 20 12 notepad.exe
	// sim: walking the live list: access violation 0xC0000005 reading 0xffff800000003000: process 20 "notepad.exe" was freed by TerminateProcess at version 3; at version 3 nobody lives there now
}
