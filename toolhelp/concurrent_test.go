package toolhelp

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// TestConcurrentNext is rule C.2-28 made a promise: any number of threads, duplicates and inheritors share a cursor, and each entry goes to exactly
// one of them, from the first call on, which lays the list out.
func TestConcurrentNext(t *testing.T) {
	_, c := crowd(t, 300)
	for _, lists := range []uint32{TH32CS_SNAPPROCESS, TH32CS_SNAPTHREAD} {
		for range 20 {
			h := take(t, c, lists, 0)
			dup := duplicateOf(t, c, h, false, DUPLICATE_SAME_ACCESS)
			var mu sync.Mutex
			var got []uint64
			var all sync.WaitGroup
			for i := range 4 {
				all.Add(1)
				go func() {
					defer all.Done()
					mine := walkAs(t, c, []Handle{h, dup}[i%2], lists)
					mu.Lock()
					got = append(got, mine...)
					mu.Unlock()
				}()
			}
			all.Wait()
			alone := walkAs(t, c, take(t, c, lists, 0), lists)
			slices.Sort(got)
			slices.Sort(alone)
			if !slices.Equal(got, alone) {
				t.Fatalf("four threads got %d entries, want each of the %d once", len(got), len(alone))
			}
			want(t, "CloseHandle", c.CloseHandle(h), 0)
			want(t, "CloseHandle", c.CloseHandle(dup), 0)
		}
	}
}

// walkAs calls Next until the end.
func walkAs(t *testing.T, c *Caller, h Handle, list uint32) (ids []uint64) {
	for _, p := range probes(c) {
		if p.flag == list && !p.ansi {
			return p.rest(t, h, p.next(h))
		}
	}
	return nil
}

// TestConcurrentClose: of any number of threads that close a handle one succeeds.
func TestConcurrentClose(t *testing.T) {
	d := newDesk(t)
	for range 100 {
		h := take(t, d.me, TH32CS_SNAPPROCESS, 0)
		results := make([]error, 4)
		var all sync.WaitGroup
		for i := range results {
			all.Add(1)
			go func() {
				defer all.Done()
				results[i] = d.me.CloseHandle(h)
			}()
		}
		all.Wait()
		closed := 0
		for _, err := range results {
			if err == nil {
				closed++
			} else {
				want(t, "CloseHandle", err, ERROR_INVALID_HANDLE)
			}
		}
		if closed != 1 {
			t.Fatalf("CloseHandle succeeded %d times, want once: %v", closed, results)
		}
	}
}

// TestCloseDuringWalk: each Next gives an entry of that snapshot, in order, until the handle is closed, and ERROR_INVALID_HANDLE from then on.
func TestCloseDuringWalk(t *testing.T) {
	k, c := crowd(t, 200)
	all := pids(k)
	for range 50 {
		h := take(t, c, TH32CS_SNAPPROCESS, 0)
		begun, done := make(chan struct{}), make(chan error)
		go func() {
			e := ProcessEntry32{Size: sizeofProcess}
			for i := 0; ; i++ {
				err := c.Process32Next(h, &e)
				if i == 5 {
					close(begun)
				}
				if err == ERROR_NO_MORE_FILES || err == ERROR_INVALID_HANDLE {
					done <- nil
					return
				}
				if err != nil || e.ProcessID != all[i] {
					done <- fmt.Errorf("entry %d is process %d with error %v, want %d", i, e.ProcessID, err, all[i])
					return
				}
			}
		}()
		<-begun
		want(t, "CloseHandle", c.CloseHandle(h), 0)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

// TestOwnerEndsDuringWalk: the same when the whole process ends, and the snapshot goes on for who inherited it.
func TestOwnerEndsDuringWalk(t *testing.T) {
	d := newDesk(t)
	all := pids(d.k)
	h := take(t, d.me, TH32CS_SNAPPROCESS|TH32CS_INHERIT, 0)
	child := spawn(t, d.k, d.app, sim.ProcessSpec{InheritHandles: true})
	nextPID(t, d.me, h)
	d.end(t, d.app)
	e := ProcessEntry32{Size: sizeofProcess}
	want(t, "Next by a process that has ended", d.me.Process32Next(h, &e), ERROR_INVALID_HANDLE)
	if pid := nextPID(t, child, h); pid != all[1] {
		t.Errorf("the inheritor gets %d, want entry 1, %d", pid, all[1])
	}
}
