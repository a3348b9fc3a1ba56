package fuzz

import (
	"bytes"
	"fmt"
	"go/format"
	"reflect"
	"slices"
	"strings"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// Program is the counterexample as a test file, to be pasted into any package: it makes the case and replays the token. It is "" for a case that is not plain calls from an
// origin of [NewOrigin].
func (x Counterexample) Program() string {
	c := x.Case
	if len(c.Origin.Calls) == 0 && c.Origin.State.Version() != 0 {
		return ""
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `package found_test

import (
	"testing"

	"github.com/toolhelpsim/toolhelpsim/fuzz"
	"github.com/toolhelpsim/toolhelpsim/sim"
	"github.com/toolhelpsim/toolhelpsim/sim/sched"
)

func TestFound(t *testing.T) {
	image := func(s sim.ImageSpec) *sim.Image {
		i, err := sim.NewImage(s)
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	_ = image
	origin, err := fuzz.NewOrigin(%s, %s...)
	if err != nil {
		t.Fatal(err)
	}
	c := fuzz.Case{Name: %q, Origin: origin, Callers: %s, Scripts: []fuzz.Script{
`, literal(reflect.ValueOf(c.Origin.Config)), literal(reflect.ValueOf(c.Origin.Calls)), c.Name, literal(reflect.ValueOf(c.Callers)))
	for _, s := range c.Scripts {
		if s.Do != nil {
			return ""
		}
		fmt.Fprintf(&b, "{Name: %q, Calls: %s},\n", s.Name, literal(reflect.ValueOf(s.Calls)))
	}
	fmt.Fprintf(&b, `	}}
	r, err := sched.Replay(%q, c.Program())
	if err != nil {
		t.Fatal(err)
	}
	if r.Err != nil {
		t.Fatal(r.Err)
	}
}
`, x.Run.Token())
	source, err := format.Source(b.Bytes())
	if err != nil {
		return b.String() // it would be a mistake of this file; what there is helps more than nothing
	}
	return string(source)
}

// literal is a value of a call as Go source: fields that are zero are left out.
func literal(v reflect.Value) string {
	if v.Type() == reflect.TypeFor[*sim.Image]() {
		if v.IsNil() {
			return "nil"
		}
		return imageLiteral(v.Interface().(*sim.Image))
	}
	if verb, ok := v.Interface().(Verb); ok {
		return "fuzz." + strings.TrimSuffix(verb.String(), "ProcessMemory") // of Write and Read
	}
	switch v.Kind() {
	case reflect.Struct:
		var fields []string
		for i := range v.NumField() {
			if f := v.Field(i); !f.IsZero() {
				fields = append(fields, v.Type().Field(i).Name+": "+literal(f))
			}
		}
		return fmt.Sprintf("%s{%s}", v.Type(), strings.Join(fields, ", "))
	case reflect.Slice:
		if v.IsNil() {
			return fmt.Sprintf("%s(nil)", v.Type())
		}
		var items []string
		for i := range v.Len() {
			items = append(items, literal(v.Index(i)))
		}
		return fmt.Sprintf("%s{%s}", v.Type(), strings.Join(items, ", "))
	case reflect.Bool:
		return fmt.Sprint(v.Bool())
	case reflect.String:
		return fmt.Sprintf("%q", v.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return fmt.Sprint(v.Int())
	}
	return fmt.Sprintf("%#x", v.Uint())
}

// imageLiteral makes an image with the same path, bitness, place, size and contents.
func imageLiteral(i *sim.Image) string {
	path := fmt.Sprintf("Path: %q", i.Path())
	if same, err := sim.NewImage(sim.ImageSpec{Path: i.Path()}); err != nil || !slices.Equal(same.Path16(), i.Path16()) {
		path = "Path16: " + literal(reflect.ValueOf(i.Path16()))
	}
	return fmt.Sprintf("image(sim.ImageSpec{%s, Bits: %d, Base: %#x, Size: %#x, Contents: %s})", path, i.Bits(), uint64(i.Base()), i.Size(),
		literal(reflect.ValueOf(i.Contents())))
}
