package fuzz

import "github.com/toolhelpsim/toolhelpsim/toolhelp"

// door adds all that the verdict on the calls of the door depends on: what each asked for and came back with, what was so at the versions that it may
// have seen, and which calls had returned when it began.
func (b sketch) door(d *door) sketch {
	for i := range d.calls {
		k := &d.calls[i]
		e := &d.c.h.Events[k.event]
		b = append(b, byte(e.Call.Verb), byte(e.Call.List), byte(k.client), byte(k.table), byte(k.fact), byte(k.object), byte(k.pid))
		b = b.word(uint64(e.Call.Handle)).word(uint64(e.Result.Handle)).word(e.Result.Entry)
		if errno, ok := e.Result.Err.(toolhelp.Errno); ok {
			b = b.word(uint64(errno))
		} else if e.Result.Err != nil {
			b = b.reason(e.Result.Err)
		}
		b = append(b, byte(len(k.issues)), byte(len(k.ends)))
		for _, pid := range k.issues {
			b = append(b, byte(pid))
		}
		for _, t := range k.ends {
			b = append(b, byte(t))
		}
		for j := range d.calls {
			if d.c.h.Events[d.calls[j].event].Returned < e.Called {
				b = append(b, byte(j), byte(j>>8))
			}
		}
	}
	for i := range d.objects {
		b = b.object(&d.objects[i])
	}
	return b
}

func (b sketch) object(o *object) sketch {
	b = b.word(uint64(len(o.contents)))
	for i := range o.contents {
		b = b.flags(o.inside[i], o.apart)
		for _, list := range o.contents[i] {
			b = b.word(uint64(len(list)))
			for _, id := range list {
				b = b.word(id)
			}
		}
	}
	return b
}
