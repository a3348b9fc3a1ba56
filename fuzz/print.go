package fuzz

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/toolhelp"
)

// String shows a call with the arguments that are not zero, in one line.
func (c Call) String() string {
	var b strings.Builder
	b.WriteString(c.Verb.String())
	v := reflect.ValueOf(c)
	for i := 1; i < v.NumField(); i++ {
		f := v.Field(i)
		if name := v.Type().Field(i).Name; !f.IsZero() && name != "Calls" {
			fmt.Fprintf(&b, " %s:%s", name, argument(f.Interface()))
		}
	}
	for _, inner := range c.Calls {
		fmt.Fprintf(&b, "\n\t%v", inner)
	}
	return b.String()
}

// GoString is String: programs are read by people, also when a test prints them as Go values.
func (c Call) GoString() string { return c.String() }

func argument(a any) string {
	switch a := a.(type) {
	case *sim.Image:
		return fmt.Sprintf("%q", a.Path())
	case sim.Address:
		return fmt.Sprintf("%#x", uint64(a))
	case sim.ProcessSpec, sim.ThreadSpec, sim.HeapSpec:
		return fields(reflect.ValueOf(a))
	case []*sim.Image:
		return fmt.Sprintf("%d modules", len(a))
	case toolhelp.Snapshot:
		n, threads := 0, 0
		for range a.Processes() {
			n++
		}
		for range a.Threads() {
			threads++
		}
		return fmt.Sprintf("%d processes, %d threads", n, threads)
	case []sim.Entry:
		return fmt.Sprintf("%d entries", len(a))
	case uint32:
		return fmt.Sprintf("%#x", a)
	case []byte:
		return fmt.Sprintf("% x", a)
	}
	return fmt.Sprintf("%+v", a)
}

// fields shows the fields of a struct that are not zero.
func fields(v reflect.Value) string {
	var all []string
	for i := range v.NumField() {
		if f := v.Field(i); !f.IsZero() {
			all = append(all, v.Type().Field(i).Name+":"+argument(f.Interface()))
		}
	}
	return "{" + strings.Join(all, " ") + "}"
}

// String shows what a call came back with, leaving out what is zero.
func (r Result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "version %d", r.Version)
	v := reflect.ValueOf(r)
	for i := 1; i < v.NumField(); i++ {
		if f := v.Field(i); !f.IsZero() {
			fmt.Fprintf(&b, " %s:%s", v.Type().Field(i).Name, argument(f.Interface()))
		}
	}
	return b.String()
}
