package toolhelp

import (
	"slices"
	"testing"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// TestDuplicate is rules D.7, D.17 and D.21 to D.28 within one process.
func TestDuplicate(t *testing.T) {
	d := newDesk(t)
	all := pids(d.k)
	self := d.me.CurrentProcess()
	h := take(t, d.me, TH32CS_SNAPPROCESS|TH32CS_INHERIT, 0)
	hole := take(t, d.me, TH32CS_SNAPTHREAD, 0)
	last := take(t, d.me, TH32CS_SNAPTHREAD, 0)
	want(t, "CloseHandle", d.me.CloseHandle(hole), 0)
	dup := duplicateOf(t, d.me, h, false, DUPLICATE_SAME_ACCESS)
	if dup != hole {
		t.Errorf("D.27: the duplicate is %#x, want the lowest free %#x and not one after %#x", dup, hole, last)
	}
	if flagsOf(t, d.me, dup) != 0 || flagsOf(t, d.me, duplicateOf(t, d.me, dup, true, DUPLICATE_SAME_ACCESS)) != HANDLE_FLAG_INHERIT {
		t.Error("D.22: bInheritHandle alone decides whether the duplicate is inheritable")
	}
	got := []uint32{nextPID(t, d.me, h), nextPID(t, d.me, dup), nextPID(t, d.me, h)}
	if !slices.Equal(got, all[:3]) {
		t.Errorf("D.17: Next by turns gives %v, want entries 0 to 2, %v", got, all[:3])
	}
	want(t, "CloseHandle", d.me.CloseHandle(h), 0)
	if next := nextPID(t, d.me, dup); next != all[3] {
		t.Errorf("D.7: after the first handle is closed the duplicate gives %d, want entry 3, %d", next, all[3])
	}

	same := duplicateOf(t, d.me, dup, true, DUPLICATE_SAME_ACCESS|DUPLICATE_CLOSE_SOURCE)
	if same != dup || flagsOf(t, d.me, same) != HANDLE_FLAG_INHERIT {
		t.Errorf("D.25: CLOSE_SOURCE within one process gives %#x with flags %d, want the same %#x, inheritable", same, flagsOf(t, d.me, same), dup)
	}
	if next := nextPID(t, d.me, same); next != all[4] {
		t.Errorf("D.25: it gives %d, want entry 4, %d", next, all[4])
	}
	want(t, "SetHandleInformation", d.me.SetHandleInformation(same, 2, 2), 0)
	moved := duplicateOf(t, d.me, same, false, DUPLICATE_SAME_ACCESS|DUPLICATE_CLOSE_SOURCE)
	if moved == same || nextPID(t, d.me, same) != all[5] {
		t.Errorf("D.26: CLOSE_SOURCE of the protected %#x gives %#x, want another, and the source open", same, moved)
	}
	want(t, "SetHandleInformation", d.me.SetHandleInformation(same, 2, 0), 0)

	open := d.me.table.Len()
	want(t, "D.28 nowhere to write the duplicate", d.me.DuplicateHandle(self, same, self, nil, 0, false, DUPLICATE_SAME_ACCESS), 0)
	if d.me.table.Len() != open+1 {
		t.Errorf("D.28: %d handles open, want one more than %d, which nobody knows", d.me.table.Len(), open)
	}
	var any Handle
	for _, access := range []uint32{0, 4, 0xFFFFFFFF} {
		want(t, "D.23 whatever access", d.me.DuplicateHandle(self, same, self, &any, access, false, DUPLICATE_SAME_ACCESS), 0)
		nextPID(t, d.me, any)
	}
}

func TestDuplicateFails(t *testing.T) {
	d := newDesk(t)
	self := d.me.CurrentProcess()
	fresh := func() Handle { return take(t, d.me, TH32CS_SNAPPROCESS, 0) }
	process := func(pid sim.PID) Handle {
		h, err := d.me.OpenProcess(PROCESS_ALL_ACCESS, false, uint32(pid))
		want(t, "OpenProcess", err, 0)
		return h
	}
	dead := process(d.child)
	d.end(t, d.child)
	tests := []struct {
		reason             string
		from, source, to   Handle
		code, closedSource Errno // what CloseHandle of the source says afterwards, with DUPLICATE_CLOSE_SOURCE
	}{
		{"a source that is no handle", self, 0xABC0, self, ERROR_INVALID_HANDLE, ERROR_INVALID_HANDLE},
		{"no source", self, 0, self, ERROR_INVALID_HANDLE, ERROR_INVALID_HANDLE},
		{"the pseudo handle of a thread", self, InvalidHandle - 1, self, ERROR_INVALID_HANDLE, 0},
		{"D.24 no such target process, the source is closed", self, 0xAAAA, 0xABC0, ERROR_INVALID_HANDLE, ERROR_INVALID_HANDLE},
		{"D.24 a target process that has ended, likewise", self, 0xAAAA, dead, ERROR_INVALID_HANDLE, ERROR_INVALID_HANDLE},
		{"D.24 a target that is no process, likewise", self, 0xAAAA, fresh(), ERROR_INVALID_HANDLE, ERROR_INVALID_HANDLE},
		{"a target process with the pseudo handle of a thread", self, 0xAAAA, InvalidHandle - 1, ERROR_INVALID_HANDLE, ERROR_INVALID_HANDLE},
		{"no such source process, nothing is closed", 0xABC0, 0xAAAA, self, ERROR_INVALID_HANDLE, 0},
		{"a source process that has ended", dead, 0xAAAA, self, ERROR_INVALID_HANDLE, 0},
		{"D.28 no target process at all closes the source", self, 0xAAAA, 0, 0, ERROR_INVALID_HANDLE},
		{"D.28 and fails when there is none", self, 0xABC0, 0, ERROR_INVALID_HANDLE, ERROR_INVALID_HANDLE},
		{"D.28 and when it is a pseudo handle", self, InvalidHandle, 0, ERROR_INVALID_HANDLE, 0},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			source := tt.source
			if source == 0xAAAA {
				source = fresh()
			}
			dup := Handle(77)
			want(t, "the call", d.me.DuplicateHandle(tt.from, source, tt.to, &dup, 0, false, DUPLICATE_CLOSE_SOURCE), tt.code)
			if dup != 77 {
				t.Errorf("the call wrote a duplicate %#x", dup)
			}
			want(t, "CloseHandle of the source afterwards", d.me.CloseHandle(source), tt.closedSource)
		})
	}
	h := fresh()
	want(t, "no target without CLOSE_SOURCE", d.me.DuplicateHandle(self, h, 0, nil, 0, false, 0), ERROR_INVALID_HANDLE)
	want(t, "a target that is none without CLOSE_SOURCE", d.me.DuplicateHandle(self, h, dead, nil, 0, false, 0), ERROR_INVALID_HANDLE)
	want(t, "the source is still open", d.me.SetHandleInformation(h, 2, 2), 0)
	want(t, "D.26 a protected source and no target", d.me.DuplicateHandle(self, h, 0, nil, 0, false, DUPLICATE_CLOSE_SOURCE), 0)
	want(t, "D.26 it is still open", d.me.SetHandleInformation(h, 2, 0), 0)
}

// TestDuplicateAcross is rules D.21, D.24 and D.28 between processes, and the close by one while the other holds on.
func TestDuplicateAcross(t *testing.T) {
	d := newDesk(t)
	all := pids(d.k)
	self := d.me.CurrentProcess()
	wow, err := d.me.OpenProcess(PROCESS_DUP_HANDLE, false, uint32(d.wow))
	want(t, "OpenProcess", err, 0)
	h := take(t, d.me, TH32CS_SNAPPROCESS, 0)
	nextPID(t, d.me, h)
	var there, back Handle
	want(t, "into another process", d.me.DuplicateHandle(self, h, wow, &there, 0, false, DUPLICATE_CLOSE_SOURCE|DUPLICATE_SAME_ACCESS), 0)
	want(t, "the source is closed", d.me.CloseHandle(h), ERROR_INVALID_HANDLE)
	if pid := nextPID(t, d.narrow, there); pid != all[1] {
		t.Errorf("D.21: the other process gets %d, want entry 1, %d", pid, all[1])
	}
	want(t, "and back", d.me.DuplicateHandle(wow, there, self, &back, 0, false, DUPLICATE_SAME_ACCESS), 0)
	want(t, "D.28 closing a handle in another process", d.me.DuplicateHandle(wow, there, 0, nil, 0, false, DUPLICATE_CLOSE_SOURCE), 0)
	want(t, "it is closed there", d.narrow.CloseHandle(there), ERROR_INVALID_HANDLE)
	if pid := nextPID(t, d.me, back); pid != all[2] {
		t.Errorf("D.7: the duplicate that came back gives %d, want entry 2, %d", pid, all[2])
	}
	var real Handle
	want(t, "the pseudo handle becomes a real one", d.me.DuplicateHandle(self, self, wow, &real, 0, true, DUPLICATE_SAME_ACCESS), 0)
	var again Handle
	want(t, "by which the other process reaches this one", d.narrow.DuplicateHandle(real, back, d.narrow.CurrentProcess(), &again, 0, false, DUPLICATE_SAME_ACCESS), 0)
	if pid := nextPID(t, d.narrow, again); pid != all[3] {
		t.Errorf("D.21: it gives %d, want entry 3, %d", pid, all[3])
	}
}

// TestDuplicateAccess is rules D.21 and D.23: the two process handles must have been opened for it, and DUPLICATE_SAME_ACCESS keeps the rights.
func TestDuplicateAccess(t *testing.T) {
	d := newDesk(t)
	self := d.me.CurrentProcess()
	h := take(t, d.me, TH32CS_SNAPPROCESS, 0)
	weak, err := d.me.OpenProcess(PROCESS_ALL_ACCESS&^PROCESS_DUP_HANDLE, false, uint32(d.wow))
	want(t, "OpenProcess", err, 0)
	strong, err := d.me.OpenProcess(PROCESS_DUP_HANDLE|PROCESS_TERMINATE, false, uint32(d.wow))
	want(t, "OpenProcess", err, 0)
	less := func(source Handle, access, options uint32) Handle {
		var dup Handle
		want(t, "DuplicateHandle of a process handle", d.me.DuplicateHandle(self, source, self, &dup, access, false, options), 0)
		return dup
	}
	tests := []struct {
		reason string
		to     Handle
		code   Errno
	}{
		{"D.21 with the right", strong, 0},
		{"D.21 without", weak, ERROR_ACCESS_DENIED},
		{"D.23 a duplicate with the same access", less(strong, 0, DUPLICATE_SAME_ACCESS), 0},
		{"D.23 a duplicate with less", less(strong, PROCESS_TERMINATE, 0), ERROR_ACCESS_DENIED},
		{"a duplicate that asks for more than its source has", less(weak, PROCESS_DUP_HANDLE, 0), ERROR_ACCESS_DENIED},
		{"a real handle to oneself", less(self, 0, DUPLICATE_SAME_ACCESS), 0},
		{"and one with less", less(self, PROCESS_TERMINATE, 0), ERROR_ACCESS_DENIED},
	}
	for _, tt := range tests {
		want(t, tt.reason+", as target", d.me.DuplicateHandle(self, h, tt.to, nil, 0, false, DUPLICATE_SAME_ACCESS), tt.code)
		err := d.me.DuplicateHandle(tt.to, 0xABC0, self, nil, 0, false, DUPLICATE_SAME_ACCESS)
		source := tt.code
		if source == 0 {
			source = ERROR_INVALID_HANDLE // of the source handle, which there is not
		}
		want(t, tt.reason+", as source", err, source)
	}
	victim := take(t, d.me, TH32CS_SNAPPROCESS, 0)
	want(t, "D.24 denied", d.me.DuplicateHandle(self, victim, weak, nil, 0, false, DUPLICATE_CLOSE_SOURCE), ERROR_ACCESS_DENIED)
	want(t, "D.24 and closed all the same", d.me.CloseHandle(victim), ERROR_INVALID_HANDLE)
}
