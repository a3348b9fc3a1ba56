package sim

import (
	"iter"
	"reflect"

	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

// A Handle is a number by which a process refers to an object: a multiple of 4; the lowest free one is handed out.
// The low two bits are ignored. (rules S50 to S56)
type Handle uint32

// HandleFlags are what Get- and SetHandleInformation show and set.
type HandleFlags uint32

const (
	HandleInherit HandleFlags = 1 // children that ask for it get the handle
	HandleProtect HandleFlags = 2 // CloseHandle refuses
	handleFlags               = HandleInherit | HandleProtect
)

const allAccess = ^uint32(0)

// MostHandles is how many handles a process can have open.
const MostHandles = 1 << 24

// An Object is what a handle refers to. Both methods are called without any lock held and must not change their answer.
type Object interface {
	Kind() string  // the type name the system would give: "Process", "Section", "Event" ...
	Bytes() uint64 // of system memory held while a handle is open
}

// An opening is one open handle. It is replaced, never written, so that look-ups need no lock.
type opening struct {
	obj    Object
	flags  HandleFlags
	access uint32
}

// A HandleTable holds the open handles of one process. It is emptied and closed for good when the process ends.
type HandleTable struct {
	k      *Kernel
	pid    PID
	seq    uint64
	closed bool
	slots  []handleSlot                // by handle/4; slot 0 stays empty
	shown  sched.Pointer[[]handleSlot] // slots, for those without the lock
	lowest int                         // no free slot is below
	open   int
}

// A handleSlot holds the opening of one handle, nil when there is none.
type handleSlot struct {
	held  *opening
	shown sched.Pointer[opening] // held, for those without the lock
}

func (s *handleSlot) put(o *opening) {
	s.held = o
	s.shown.Store(o)
}

// Handles returns the handle table of a process. It fails with [ErrNoProcess].
func (k *Kernel) Handles(pid PID) (*HandleTable, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.process(pid)
	if p == nil {
		err := fail("Handles", ErrNoProcess, "pid %d", pid)
		stamp(err, k.version)
		return nil, err
	}
	return k.table(p), nil
}

func (k *Kernel) table(p *process) *HandleTable {
	t := k.tables[p.pid]
	if t == nil {
		t = &HandleTable{k: k, pid: p.pid, seq: p.seq, lowest: 1}
		t.shown.Store(new([]handleSlot))
		t.shown.Attach(k.sched, "handles.slots")
		if k.tables == nil {
			k.tables = map[PID]*HandleTable{}
		}
		k.tables[p.pid] = t
	}
	return t
}

// PID is the process whose table it is.
func (t *HandleTable) PID() PID { return t.pid }

// Object returns what a handle refers to. It takes no lock. It fails with [ErrInvalidHandle].
func (t *HandleTable) Object(h Handle) (Object, error) {
	if o := t.Find(h); o != nil {
		return o, nil
	}
	return nil, fail("Object", ErrInvalidHandle, "handle %#x of pid %d", h, t.pid)
}

// Find is Object for callers with an error of their own: nil when the handle is not open.
func (t *HandleTable) Find(h Handle) Object {
	if o := t.seen(h); o != nil {
		return o.obj
	}
	return nil
}

// at returns the opening of a handle, nil when there is none, to those who have the lock.
func (t *HandleTable) at(h Handle) *opening {
	if i := int(h / 4); i < len(t.slots) {
		return t.slots[i].held
	}
	return nil
}

// seen is at for those who have not.
func (t *HandleTable) seen(h Handle) *opening {
	slots := *t.shown.Load()
	if i := int(h / 4); i < len(slots) {
		return slots[i].shown.Load()
	}
	return nil
}

// Open gives an object a handle. It fails with [ErrInvalid] (no object, an unknown flag), [ErrTooManyHandles] and, when the
// table's process has ended, [ErrNoProcess].
func (t *HandleTable) Open(o Object, f HandleFlags) (Handle, error) {
	if o == nil || !reflect.ValueOf(o).Comparable() || f&^handleFlags != 0 {
		return 0, fail("Open", because(ErrInvalid, "no object, one that can't be compared, or a flag that is none"), "flags %#x, pid %d", f, t.pid)
	}
	t.k.mu.Lock()
	defer t.k.mu.Unlock()
	if err := t.room("Open"); err != nil {
		return 0, err
	}
	return t.add(&opening{o, f, allAccess}), nil
}

// room says why no handle can be added.
func (t *HandleTable) room(call string) error {
	switch {
	case t.closed:
		return fail(call, ErrNoProcess, "pid %d, which has ended", t.pid)
	case t.open >= MostHandles:
		return fail(call, ErrTooManyHandles, "pid %d", t.pid)
	}
	return nil
}

// add opens the lowest free handle. There is room.
func (t *HandleTable) add(o *opening) Handle {
	i := t.lowest
	for i < len(t.slots) && t.slots[i].held != nil {
		i++
	}
	t.lowest = i + 1
	if i < len(t.slots) {
		t.set(&t.slots[i], o)
		return Handle(i * 4)
	}
	more := make([]handleSlot, max(8, 2*len(t.slots)))
	for i := range t.slots {
		more[i].put(t.slots[i].held)
	}
	t.set(&more[i], o)
	t.show(more)
	return Handle(i * 4)
}

// set opens a handle in a free slot.
func (t *HandleTable) set(s *handleSlot, o *opening) {
	s.put(o)
	t.open++
	if p, ok := o.obj.(*ProcessObject); ok {
		p.refs++
	}
}

// show puts slots, which nobody has seen yet, in the place of the old ones, in which look-ups went on meanwhile.
func (t *HandleTable) show(slots []handleSlot) {
	attachSlots(slots, t.k.sched)
	t.slots = slots
	t.shown.Store(&slots)
}

// Close closes a handle. It fails with [ErrInvalidHandle] and [ErrProtectedHandle]. Of two concurrent calls one succeeds.
func (t *HandleTable) Close(h Handle) error {
	t.k.mu.Lock()
	defer t.k.mu.Unlock()
	o := t.at(h)
	switch {
	case o == nil:
		return fail("Close", ErrInvalidHandle, "handle %#x of pid %d", h, t.pid)
	case o.flags&HandleProtect != 0:
		return fail("Close", ErrProtectedHandle, "handle %#x of pid %d", h, t.pid)
	}
	t.drop(h)
	return nil
}

// drop closes an open handle.
func (t *HandleTable) drop(h Handle) {
	i := int(h / 4)
	o := t.slots[i].held
	t.slots[i].put(nil)
	t.open--
	t.lowest = min(t.lowest, i)
	t.k.dropRef(o)
}

// dropRef takes a closed handle off the count of its object.
func (k *Kernel) dropRef(o *opening) {
	if p, ok := o.obj.(*ProcessObject); ok {
		if p.refs--; p.refs == 0 {
			k.dropObject(p)
		}
	}
}

// Duplicate opens another handle, in the same table or another one of the same kernel, to the object of h. With closeSource h is
// closed: within one table the duplicate then has the same value, unless h is protected, which stays open. A closeSource call
// closes h even if the rest fails. It fails with [ErrInvalidHandle], [ErrInvalid], [ErrTooManyHandles] and, when to's process has ended, [ErrNoProcess].
func (t *HandleTable) Duplicate(h Handle, to *HandleTable, f HandleFlags, closeSource bool) (Handle, error) {
	return t.DuplicateAccess(h, to, f, allAccess, closeSource)
}

// DuplicateAccess is Duplicate that keeps, of the access mask of h, what is in keep.
func (t *HandleTable) DuplicateAccess(h Handle, to *HandleTable, f HandleFlags, keep uint32, closeSource bool) (Handle, error) {
	t.k.mu.Lock()
	defer t.k.mu.Unlock()
	o := t.at(h)
	if o == nil {
		return 0, fail("Duplicate", ErrInvalidHandle, "handle %#x of pid %d", h, t.pid)
	}
	copied := &opening{o.obj, f, o.access & keep}
	closeSource = closeSource && o.flags&HandleProtect == 0
	var err error
	if to == nil || to.k != t.k || f&^handleFlags != 0 {
		err = fail("Duplicate", because(ErrInvalid, "no table of this kernel, or a flag that is none"), "handle %#x of pid %d", h, t.pid)
	} else if to != t || !closeSource {
		err = to.room("Duplicate")
	}
	switch {
	case err != nil:
		if closeSource {
			t.drop(h)
		}
		return 0, err
	case closeSource && to == t:
		t.slots[h/4].put(copied)
		return h &^ 3, nil
	}
	d := to.add(copied)
	if closeSource {
		t.drop(h)
	}
	return d, nil
}

// Flags returns the flags of a handle. It takes no lock. It fails with [ErrInvalidHandle].
func (t *HandleTable) Flags(h Handle) (HandleFlags, error) {
	if o := t.seen(h); o != nil {
		return o.flags, nil
	}
	return 0, fail("Flags", ErrInvalidHandle, "handle %#x of pid %d", h, t.pid)
}

// SetFlags sets those flags of a handle that are in mask; unknown bits are ignored. It fails with [ErrInvalidHandle].
func (t *HandleTable) SetFlags(h Handle, mask, f HandleFlags) error {
	t.k.mu.Lock()
	defer t.k.mu.Unlock()
	o := t.at(h)
	if o == nil {
		return fail("SetFlags", ErrInvalidHandle, "handle %#x of pid %d", h, t.pid)
	}
	mask &= handleFlags
	t.slots[h/4].put(&opening{o.obj, o.flags&^mask | f&mask, o.access})
	return nil
}

// Access returns the access mask of a handle: what SetAccess has set, else all ones. It takes no lock. It fails with [ErrInvalidHandle].
func (t *HandleTable) Access(h Handle) (uint32, error) {
	if o := t.seen(h); o != nil {
		return o.access, nil
	}
	return 0, fail("Access", ErrInvalidHandle, "handle %#x of pid %d", h, t.pid)
}

// SetAccess sets the access mask of a handle, which duplicates and children then get with it; the kernel only keeps it. It fails
// with [ErrInvalidHandle].
func (t *HandleTable) SetAccess(h Handle, access uint32) error {
	t.k.mu.Lock()
	defer t.k.mu.Unlock()
	o := t.at(h)
	if o == nil {
		return fail("SetAccess", ErrInvalidHandle, "handle %#x of pid %d", h, t.pid)
	}
	t.slots[h/4].put(&opening{o.obj, o.flags, access})
	return nil
}

// Len is the number of open handles.
func (t *HandleTable) Len() int {
	t.k.mu.Lock()
	defer t.k.mu.Unlock()
	return t.open
}

// Bytes is what the objects with a handle in this table hold, each counted once.
func (t *HandleTable) Bytes() uint64 {
	var sum uint64
	seen := map[Object]bool{}
	for _, o := range t.All() {
		if !seen[o] {
			seen[o] = true
			sum += o.Bytes()
		}
	}
	return sum
}

// All walks the open handles in ascending order. It takes no lock: handles opened or closed meanwhile may be seen or not.
func (t *HandleTable) All() iter.Seq2[Handle, Object] {
	return func(yield func(Handle, Object) bool) {
		slots := *t.shown.Load()
		for i := range slots {
			if o := slots[i].shown.Load(); o != nil && !yield(Handle(i*4), o.obj) {
				return
			}
		}
	}
}
