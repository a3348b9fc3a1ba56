package fuzz

// mostKept bounds the pids that judge thinks about.
const mostKept = 6

// judge is m.Judge for an event of a history in which handles may keep pids from being given away. Which of them do at that version is not known, so the model has
// to agree with one guess; whether they can is the door's to say.
func (c *certificate) judge(m *Model, e *Event) error {
	opened := c.door.opened
	if len(opened) == 0 {
		return m.Judge(*e.Call, e.Result)
	}
	m.forked = true // when pids come back depends on handles too
	var first error
	for guess := range 1 << min(len(opened), mostKept) {
		kept := m.Clone()
		for i, pid := range opened {
			if guess>>i&1 != 0 {
				kept.handles = append(kept.handles, held{pid: pid})
			}
		}
		err := kept.Judge(*e.Call, e.Result)
		if err == nil {
			kept.handles = m.handles
			*m = *kept
			return nil
		}
		if guess == 0 {
			first = err
		}
		if !givesID(e.Call) {
			break
		}
	}
	return first
}

// givesID says that a call needs an id that is free.
func givesID(c *Call) bool {
	for _, inner := range c.Calls {
		if givesID(&inner) {
			return true
		}
	}
	return c.Verb == CreateProcess || c.Verb == CreateThread
}
