package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// A sample is a picture that is kept until the end, to be compared with the changes that its version says it holds.
type sample struct {
	picture picture
	digest  uint64 // of the first walk
}

// errGap says that the mutators' notes do not add up: versions are missing or were made twice.
var errGap = errors.New("the changes that were written down are not the versions of the kernel")

// replay does all changes again, in the order of their versions, on the plain model, and compares each sample where it
// belongs. Every version from the first to the last must have been written down by one mutator. It returns what is wrong with
// samples; an error says that the notes themselves are wrong. tick is called now and then with how far it is.
func replay(m *model, from, to sim.Version, logs [][]change, samples []sample, tick func(sim.Version)) ([]error, error) {
	slices.SortStableFunc(samples, func(a, b sample) int { return int(int64(a.picture.version) - int64(b.picture.version)) })
	var wrong []error
	for v := from; ; {
		for len(samples) > 0 && samples[0].picture.version <= v {
			if err := m.judge(samples[0], v); err != nil {
				wrong = append(wrong, err)
			}
			samples = samples[1:]
		}
		if v == to {
			break
		}
		v++
		if v%4096 == 0 {
			tick(v)
		}
		if err := m.version(v, logs); err != nil {
			return wrong, err
		}
	}
	for _, log := range logs {
		if len(log) > 0 {
			return wrong, fmt.Errorf("%w: %v is beyond version %d, the last", errGap, log[0], to)
		}
	}
	for _, s := range samples {
		wrong = append(wrong, fmt.Errorf("a snapshot of version %d, which the kernel never had", s.picture.version))
	}
	return wrong, nil
}

// version does the changes of one version, which stand at the front of exactly one log.
func (m *model) version(v sim.Version, logs [][]change) error {
	by := -1
	for i, log := range logs {
		if len(log) > 0 && log[0].version <= v {
			if by >= 0 || log[0].version < v {
				return fmt.Errorf("%w: %v was made twice", errGap, log[0])
			}
			by = i
		}
	}
	if by < 0 {
		return fmt.Errorf("%w: nobody made version %d", errGap, v)
	}
	for len(logs[by]) > 0 && logs[by][0].version == v {
		if err := m.apply(logs[by][0]); err != nil {
			return fmt.Errorf("%w: %w", errGap, err)
		}
		logs[by] = logs[by][1:]
	}
	return nil
}

// judge compares a sample with the model at version v, walking it once more.
func (m *model) judge(s sample, v sim.Version) error {
	p := s.picture
	if p.version != v {
		return fmt.Errorf("a snapshot of version %d, which the kernel never had", p.version)
	}
	digest, err := newWalker().walk(p)
	if err == nil && digest != s.digest {
		err = errors.New("walking it again at the end finds something else")
	}
	if err == nil && p.whole {
		err = m.system(p)
	}
	if err == nil && p.pid != 0 {
		err = m.target(p)
	}
	if err != nil {
		return fmt.Errorf("snapshot of version %d: %w", v, err)
	}
	return nil
}

// system compares all processes, each with its threads, modules, heaps and blocks.
func (m *model) system(p picture) error {
	n := 0
	threads := map[sim.PID]map[sim.TID]modelThread{}
	for t := range p.threads {
		if threads[t.Owner()] == nil {
			threads[t.Owner()] = map[sim.TID]modelThread{}
		}
		if t.ID() != 0 {
			threads[t.Owner()][t.ID()] = modelThread{t.SuspendCount(), t.Priority()}
		}
	}
	for x := range p.processes {
		n++
		known := m.procs[x.ID()]
		if known == nil {
			return fmt.Errorf("it lists process %d, which there was not", x.ID())
		}
		seen := copyProcess(x)
		seen.threads = threads[x.ID()] // those of the thread list, not those inside the process
		if diff := known.differ(seen); diff != "" {
			return fmt.Errorf("process %d has %s", x.ID(), diff)
		}
	}
	if n != len(m.procs) {
		return fmt.Errorf("it lists %d processes where there were %d", n, len(m.procs))
	}
	return nil
}

// target compares the modules and heaps of one process.
func (m *model) target(p picture) error {
	known := m.procs[p.pid]
	if known == nil {
		return fmt.Errorf("it lists modules and heaps of process %d, which there was not", p.pid)
	}
	seen := *known
	seen.modules, seen.heaps = map[sim.Address]int{}, map[sim.Address]map[sim.Address]modelBlock{}
	for x := range p.modules {
		seen.modules[x.Base()] = x.LoadCount()
	}
	for h := range p.heaps {
		seen.heaps[h.ID()] = copyBlocks(h)
	}
	if diff := known.differ(&seen); diff != "" {
		return fmt.Errorf("process %d has %s", p.pid, diff)
	}
	return nil
}
