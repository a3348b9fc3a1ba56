package scenarios

// What a world may hold. Parse checks every size against these before it makes room for anything, so that a hostile
// text ends in an error that wraps ErrTooLarge; Boot and WriteTo check a World that was never text the same way.
const (
	MaxBytes     = 16 << 20  // of the whole text
	MaxLine      = 256 << 10 // bytes of one line
	MaxText      = 32767     // UTF-16 units of one name or path, as Windows has it
	MaxFiles     = 1 << 16
	MaxProcesses = 1 << 16
	MaxThreads   = 1 << 18 // of all processes; a thread said to stand there 3 times counts 3, suspended twice 3 again
	MaxModules   = 1 << 18 // of all processes; a module loaded 3 times counts 3
	MaxHeaps     = 1 << 17 // of all processes
	MaxBlocks    = 1 << 18 // of all heaps; a block said to stand there 3 times counts 3, locked twice 3 again
	MaxSuspends  = 127     // suspend count of one thread, as Windows has it
	MaxLocks     = 1<<16 - 1
)

// A total is a sum that must not pass its limit.
type total struct {
	n, most int64
	what    string
}

type totals struct{ files, processes, threads, modules, heaps, blocks total }

func newTotals() totals {
	return totals{
		files:     total{most: MaxFiles, what: "files"},
		processes: total{most: MaxProcesses, what: "processes"},
		threads:   total{most: MaxThreads, what: "threads"},
		modules:   total{most: MaxModules, what: "modules"},
		heaps:     total{most: MaxHeaps, what: "heaps"},
		blocks:    total{most: MaxBlocks, what: "heap blocks"},
	}
}

func (t *total) add(n int64) error {
	if n > t.most-t.n {
		return tooLarge("found more than %d %s, expected at most that many in a world", t.most, t.what)
	}
	t.n += n
	return nil
}

// A weight is how much of a total something takes. Its numbers are within the bounds of their rows, so that it can't overflow.

func (t Thread) weight() int64 { return int64(max(1, t.Times)) * int64(1+t.Suspend) }

func (m Module) weight() int64 { return int64(max(1, m.Count)) }

func (b Block) weight() int64 { return int64(max(1, b.Times)) * int64(1+b.Locks) }
