package fuzz_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

var soak = flag.Duration("soak", 0, "how long TestSoak goes on: rounds are begun until then; 0 means three rounds")

const (
	soakClients = 6
	soakCalls   = 300 // of each client in a round
	leastShare  = 0.2 // of the calls must overlap another one: where calls never meet, nothing is tested
)

// TestSoak lets real goroutines call one kernel, with jitter at every point, certifies what they did, and shares a snapshot handle out among them. With -race it sees what no interleaving
// of the scheduler shows. For a night:
//
//	go test -race ./fuzz -run TestSoak -soak 8h -timeout 0 -v
func TestSoak(t *testing.T) {
	start := time.Now()
	goroutines := runtime.NumGoroutine()
	calls, met := 0, 0
	rounds := 0
	for ; rounds < 3 || time.Since(start) < *soak; rounds++ {
		n, overlapping := soakRound(t, uint64(rounds))
		calls, met = calls+n, met+overlapping
	}
	share := float64(met) / float64(calls)
	t.Logf("%d rounds, %d calls, %.0f%% of them overlap another one, %.0f calls/s", rounds, calls, 100*share, float64(calls)/time.Since(start).Seconds())
	if share < leastShare {
		t.Errorf("%.1f%% of the calls overlap another one, want %.0f%%", 100*share, 100*leastShare)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
}

// soakRound returns how many calls were made, and how many of them overlap another.
func soakRound(t *testing.T, seed uint64) (calls, overlapping int) {
	t.Helper()
	k := sim.New(sim.Config{Reuse: sim.Reuse(seed % 3), FirstID: 8, LastID: 400})
	k.Attach(sched.Jitter(40))
	r := fuzz.NewRecorder(k, fuzz.NewModel(k.State()))
	themes := fuzz.CaseThemes()
	var all sync.WaitGroup
	for i := range soakClients {
		c := r.Client(fmt.Sprintf("client %d", i))
		theme := themes[(int(seed)+i)%7] // those of the kernel
		all.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			for range soakCalls {
				call := fuzz.Draw(fuzz.NewModel(k.State()), theme, rng.IntN)
				if call.End == fuzz.Panics {
					call.End = fuzz.Fails
				}
				c.Do(call)
			}
		})
	}
	all.Wait()
	h := r.History()
	if err := fuzz.Certify(h); err != nil {
		t.Fatalf("round %d: %v", seed, err)
	}
	soakHandles(t, k)
	return len(h.Events), fuzz.Overlapping(h)
}

// soakHandles walks one snapshot by many goroutines and handles: each entry goes to one of them, and one Close of many succeeds.
func soakHandles(t *testing.T, k *sim.Kernel) {
	t.Helper()
	_, tid, _, err := k.CreateProcess(sim.ProcessSpec{Image: image, Parent: 4, ID: 4000, Thread: 4004})
	if err != nil {
		t.Fatal(err)
	}
	owner, err := toolhelp.NewCaller(k, tid)
	if err != nil {
		t.Fatal(err)
	}
	h, err := owner.CreateToolhelp32Snapshot(toolhelp.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []uint32{}
	for p := range k.State().Processes() {
		want = append(want, uint32(p.ID()))
	}
	got := make([][]uint32, soakClients)
	closed := make([]bool, soakClients)
	var all, walked sync.WaitGroup
	walked.Add(soakClients)
	for i := range soakClients {
		all.Go(func() {
			c, err := toolhelp.NewCaller(k, tid)
			if err != nil {
				t.Error(err)
			}
			for {
				e := toolhelp.ProcessEntry32{Size: 568}
				if err = c.Process32Next(h, &e); err != nil {
					break
				}
				got[i] = append(got[i], e.ProcessID)
			}
			if !errors.Is(err, toolhelp.ERROR_NO_MORE_FILES) {
				t.Error(err)
			}
			walked.Done()
			walked.Wait()
			closed[i] = c.CloseHandle(h) == nil
		})
	}
	all.Wait()
	entries := slices.Concat(got...)
	slices.Sort(entries)
	slices.Sort(want)
	if !slices.Equal(entries, want) {
		t.Fatalf("%d goroutines were given the processes %d, want %d: each once", soakClients, entries, want)
	}
	wins := 0
	for _, c := range closed {
		if c {
			wins++
		}
	}
	if wins != 1 {
		t.Fatalf("%d goroutines closed the handle, want one", wins)
	}
}
