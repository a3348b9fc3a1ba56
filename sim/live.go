package sim

import (
	"fmt"
	"io"
)

// Freed says what a live walker meets at the address of an object that has been freed. (rule S41)
type Freed uint8

const (
	FreedReadable Freed = iota // its old contents and links, as if nobody had used the memory again
	FreedReused                // whoever lives there now: a stranger; its old contents while nobody does
	FreedUnmapped              // an access violation
)

// A Kind says what a live walker has read.
type Kind uint8

const (
	KindProcess Kind = iota
	KindThread
	KindModule
	KindHeap
	KindHead // the head of a list that is not the walker's, taken for an entry
)

func (k Kind) String() string {
	if k > KindHead {
		return "unknown"
	}
	return [...]string{"process", "thread", "module", "heap", "list head"}[k]
}

// An Entry is what one step of a live walk read.
type Entry struct {
	Kind     Kind
	Address  Address
	Owner    PID    // the process it belongs to; a process is its own
	ID       uint64 // pid, tid, module base or heap id
	Identity uint64 // of the object: unique among its kind, for ever
	Name     string // of a process or module
	Version  Version
	Stale    bool // read from freed memory
	Stranger bool // not the object that the link was made for, or of a list that is not the walker's
}

// An AccessViolation is a live walk that read unmapped memory: exception 0xC0000005.
type AccessViolation struct {
	Address Address
	Was     string  // what lived there
	FreedBy string  // the verb
	FreedAt Version // the version that verb made
	Now     string  // who lives there at the time of the fault; "" when nobody does
	Version Version // of the kernel at the time of the fault
}

func (e *AccessViolation) Error() string {
	now := "nobody lives there now"
	if e.Now != "" {
		now = e.Now + " lives there now"
	}
	return fmt.Sprintf("sim: walking the live list: access violation 0xC0000005 reading %#x: %s was freed by %s at version %d; at version %d %s",
		e.Address, e.Was, e.FreedBy, e.FreedAt, e.Version, now)
}

// Unwrap returns [ErrAccessViolation].
func (e *AccessViolation) Unwrap() error { return ErrAccessViolation }

// A link is an address as a walker or a freed object holds it, and the object it was made for.
type link struct {
	at       Address
	identity uint64
}

// A Walker walks a live list the way code without a snapshot does: it holds an address and follows the link that stands there
// at each step. Between two steps anybody may change the kernel. One goroutine at a time may use it.
type Walker struct {
	k     *Kernel
	freed Freed
	kind  Kind
	pid   PID
	seq   uint64 // of the process whose list it walks; 0 for the process list
	head  Address
	at    link
	began Version
	steps uint64
	heads map[Address]bool // foreign heads passed since the last freed object
	err   error            // set when the walk is over
}

// WalkProcesses starts a walk of the live process list.
func (k *Kernel) WalkProcesses(f Freed) *Walker {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.walk(&Walker{k: k, freed: f, kind: KindProcess, head: processHead})
}

// WalkThreads starts a walk of the live thread list of one process. It fails with [ErrNoProcess].
func (k *Kernel) WalkThreads(pid PID, f Freed) (*Walker, error) {
	return k.walkOf("WalkThreads", pid, KindThread, f)
}

// WalkModules starts a walk of the live module list of one process, data files left out, both lists of a WOW64 process
// in load order. It fails with [ErrNoProcess].
func (k *Kernel) WalkModules(pid PID, f Freed) (*Walker, error) {
	return k.walkOf("WalkModules", pid, KindModule, f)
}

// WalkHeaps starts a walk of the live heap list of one process. It fails with [ErrNoProcess].
func (k *Kernel) WalkHeaps(pid PID, f Freed) (*Walker, error) {
	return k.walkOf("WalkHeaps", pid, KindHeap, f)
}

func (k *Kernel) walkOf(call string, pid PID, kind Kind, f Freed) (*Walker, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.process(pid)
	if p == nil {
		err := fail(call, ErrNoProcess, "pid %d", pid)
		stamp(err, k.version)
		return nil, err
	}
	w := &Walker{k: k, freed: f, kind: kind, pid: pid, seq: p.seq}
	switch kind {
	case KindThread:
		w.head = processAddress(p.slot) + threadHead
	case KindModule:
		w.head = moduleHead
	default:
		w.head = heapHead
	}
	return k.walk(w), nil
}

func (k *Kernel) walk(w *Walker) *Walker {
	w.at = link{w.head, w.seq} // the end of its process frees the head of a list
	w.began = k.version
	k.walks.open = append(k.walks.open, w)
	return w
}

// Resident returns who lives at an address of the system's pools, as a live walk would read it: a process, a thread, or
// the head of a list. It costs two array look-ups.
func (k *Kernel) Resident(at Address) (Entry, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if at < processNodes {
		return Entry{}, false
	}
	o, ok := k.resident(0, at)
	if !ok {
		return Entry{}, false
	}
	return o.entry(at, k.version), true
}

func (o object) entry(at Address, v Version) Entry {
	return Entry{Kind: o.kind, Address: at, Owner: o.owner, ID: o.id, Identity: o.identity, Name: o.name, Version: v, Stale: o.stale,
		Stranger: o.stranger}
}

// Close ends the walk. A walk that has ended by itself is closed. While any walk is open the kernel keeps the history of freed
// addresses, so a walk that is given up must be closed.
func (w *Walker) Close() {
	w.k.mu.Lock()
	defer w.k.mu.Unlock()
	w.stop(io.EOF)
}

func (w *Walker) stop(err error) error {
	if w.err == nil {
		w.err = err
		w.k.walks.close(w)
	}
	return w.err
}

// Next follows one link and returns what stands there. It fails with [io.EOF] when the walk is back at its head, with an
// [*AccessViolation], and with [ErrEndless] when the walk goes in a circle. After a failure it fails in the same way again.
func (w *Walker) Next() (Entry, error) {
	k := w.k
	k.mu.Lock()
	defer k.mu.Unlock()
	if w.err != nil {
		return Entry{}, w.err
	}
	here, err := w.read(w.at)
	if err != nil {
		return Entry{}, w.stop(err)
	}
	next := here.next
	if next.at == w.head {
		return Entry{}, w.stop(io.EOF)
	}
	o, err := w.read(next)
	if err != nil {
		return Entry{}, w.stop(err)
	}
	w.at = link{next.at, o.identity}
	if w.circles(o) {
		err := fail("Walker.Next", ErrEndless, "%s list of pid %d, %d steps", w.kind, w.pid, w.steps)
		stamp(err, k.version)
		return Entry{}, w.stop(err)
	}
	e := o.entry(next.at, k.version)
	e.Stranger = o.stranger || o.kind != w.kind || o.seq != w.seq && w.kind != KindProcess
	return e, nil
}

// circles says whether the walk is caught in a foreign list: it passes the head of one again without having met a freed object
// in between, so that only luck could bring it back. Every circle has a head in it.
func (w *Walker) circles(o object) bool {
	w.steps++
	if o.stale || o.stranger {
		clear(w.heads)
	}
	if o.kind != KindHead {
		return false
	}
	again := w.heads[w.at.at]
	if w.heads == nil {
		w.heads = map[Address]bool{}
	}
	w.heads[w.at.at] = true
	return again
}

// read resolves a link: the object it was made for if it still lives there, else what the policy says.
func (w *Walker) read(l link) (object, error) {
	now, lives := w.k.resident(w.seq, l.at)
	if lives && now.identity == l.identity {
		return now, nil
	}
	grave, known := w.k.walks.grave(w.space(l.at), l)
	switch {
	case w.freed == FreedReused && lives:
		now.stranger = true
		return now, nil
	case w.freed != FreedUnmapped && known:
		old := grave.object
		old.stale = true
		return old, nil
	}
	v := &AccessViolation{Address: l.at, Was: "something", FreedBy: "an earlier verb", Version: w.k.version}
	if known {
		v.Was, v.FreedBy, v.FreedAt = grave.object.String(), grave.verb, grave.version
	}
	if lives {
		v.Now = now.String()
	}
	return object{}, v
}
