package scenarios_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/toolhelpsim/toolhelpsim/scenarios"
)

// FuzzParse: no text makes Parse or Boot panic; what parses is written and read back as the same world; and what boots
// is the same state once more after Of.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"world first 100 last 4000 reuse last-first cpus 2 booted 2024-01-01T00:00:00Z clock 2024-01-01T00:00:01.0000001Z tick 2ms bare",
		"file C:\\a.exe as x size 4K base 0x7FF600000000 bits 32\nprocess x\nprocess a.exe parent x",
		"system class high\nthread\nthread times 3 priority time-critical suspend 127",
		"process \"evil<1B>[31m<D800>.exe\" as e parent 77 pid 104 protection csrss suspended\nthread tid 108 created 133000000000000000",
		"process a minimal\nprocess b bits 32\nmodule b\nmodule c count 2\nmodule d data\nheap default\nblock 64K room 0x11000 times 3 moveable locked 1\nheap id 0x20000000 shared\nblock 1 free",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w, err := scenarios.Parse("fuzz.txt", strings.NewReader(text))
		if err != nil {
			if w != nil || !strings.HasPrefix(err.Error(), "fuzz.txt:") {
				t.Fatalf("Parse gives %v beside %v", w, err)
			}
			return
		}
		if diff := cmp.Diff(w, parse(t, write(t, w)), sameWorld); diff != "" {
			t.Fatalf("parse(write(w)) differs (-wrote +read):\n%s", diff)
		}
		k, err := w.Boot()
		if err != nil {
			return
		}
		s := k.State()
		said := scenarios.Of(s)
		if again := boot(t, said).State(); again.String() != s.String() {
			t.Fatalf("boot(of(state)) is another state:\n%s\n%s", s, again)
		}
	})
}
