package scenarios_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/toolhelpsim/toolhelpsim/scenarios"
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// A world is text; booted, it is a kernel to take snapshots of.
func Example() {
	w, err := scenarios.Parse("story.txt", strings.NewReader(`
# Somebody at work.
world cpus 2
file C:\Windows\System32\shell.exe size 512K

process shell.exe as shell
  thread times 3
process "C:\Program Files\Editor\editor.exe" parent shell class above-normal
  thread
  thread priority highest
  heap default
    block 64 times 10
    block 4K moveable locked 1
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	k, err := w.Boot()
	if err != nil {
		fmt.Println(err)
		return
	}
	snapshot, err := toolhelp.Take(k, toolhelp.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	for p := range snapshot.Processes() {
		fmt.Println(p.ID(), p.Parent(), p.Name(), p.ThreadCount())
	}
	// Output:
	// 0 0 [System Process] 2
	// 4 0 System 1
	// 12 0 shell.exe 3
	// 28 12 editor.exe 2
}

// The language on one screen.
func ExampleGrammar() {
	fmt.Print(scenarios.Grammar())
	// Output:
	// world [first N] [last N] [reuse oldest-first|last-first|never] [cpus N] [booted TIME] [clock TIME] [tick SPAN] [bare]
	// file PATH [as NAME] [size BYTES] [base 0xADDRESS] [bits 64|32]
	// system [class normal|idle|below-normal|above-normal|high|realtime]
	// process FILE [as NAME] [parent PROCESS] [pid N] [bits 64|32] [protection ordinary|other-user|protected|csrss] [class normal|idle|below-normal|above-normal|high|realtime] [suspended] [minimal] [created TIME]
	// thread [tid N] [priority normal|idle|lowest|below-normal|above-normal|highest|time-critical] [suspend N] [created TIME] [times N]
	// module FILE [base 0xADDRESS] [count N] [data]
	// heap [id 0xADDRESS] [default] [shared]
	// block BYTES [room BYTES] [times N] [moveable] [locked N] [free]
}

// An error tells the line, what was found, and what was expected.
func ExampleParse_error() {
	_, err := scenarios.Parse("story.txt", strings.NewReader("process shell.exe\nproces editor.exe parent shell.exe\n"))
	fmt.Println(err)
	// Output:
	// story.txt:2: found "proces", expected a line that begins with world, file, system, process, thread, module, heap or block (did you mean process?)
}

// A state that verbs have made can be written down, and taken up again elsewhere.
func ExampleOf() {
	k := sim.New(sim.Config{})
	app, _, _, _ := k.CreateProcess(sim.ProcessSpec{Image: sim.MustImage(`C:\app.exe`)})
	k.LoadLibrary(app, sim.MustImage(`C:\plug.dll`), 0)
	k.HeapAlloc(app, 0x10000000000, 100, 0)

	scenarios.Of(k.State()).WriteTo(os.Stdout)
	// Output:
	// world booted 2024-01-01T00:00:00Z clock 2024-01-01T00:00:00.003Z
	// file C:\app.exe
	// file C:\Windows\System32\ntdll.dll size 1984K
	// file C:\plug.dll
	// process app.exe pid 12
	//   thread tid 16
	//   module app.exe
	//   module ntdll.dll
	//   module plug.dll count 1
	//   heap default
	//     block 100
}

// A World is plain data: what is wanted different is changed before it is booted.
func ExampleLookup() {
	w, err := scenarios.Lookup("small")
	if err != nil {
		fmt.Println(err)
		return
	}
	w.Config.FirstID = 5_000_000 // ids that no process of a real Linux machine has
	w.Processes = w.Processes[:3]
	k, err := w.Boot()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(k.State())
	// Output:
	//     PID  PARENT  THR  MOD HEAP  PRIO NAME
	//       0       0    2    0    0     0 [System Process] (csrss)
	//       4       0   12    0    0     8 System (csrss)
	// 5000048       4    4    0    0     8 Registry (protected)
	// 5000068       4    2    2    1    10 smss.exe (protected)
	// 5000080   30412   12   10    2    13 csrss.exe (csrss)
}
