package scenarios

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/toolhelpsim/toolhelpsim/sim"
)

// The kinds of rows there are. Each takes a function that says where in a T the value lives.

type integer interface {
	~int | ~int8 | ~uint8 | ~uint32 | ~uint64
}

// bounds of a number: least to most, in steps.
type bounds struct{ least, most, step int64 }

func (b bounds) String() string {
	s := "a number from " + strconv.FormatInt(b.least, 10) + " to " + strconv.FormatInt(b.most, 10)
	if b.step > 1 {
		s += ", a multiple of " + strconv.FormatInt(b.step, 10)
	}
	return s
}

// A value of zero always means that nothing was said, and is not printed.

func number[T any, N integer](word string, b bounds, where func(*T) *N) row[T] {
	return row[T]{word: word, takes: "N",
		read: func(into *T, value string) error {
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil || n < b.least || n > b.most || b.step > 1 && n%b.step != 0 {
				return problem("found %s, expected %v", show(value), b)
			}
			*where(into) = N(n)
			return nil
		},
		print: func(from *T) string {
			if n := *where(from); n != 0 {
				return strconv.FormatInt(int64(n), 10)
			}
			return ""
		},
	}
}

// most of an address: simulated processes have the lower half of 48 bits, as on Windows.
const mostAddress = 1<<47 - 1

func address[T any](word string, step uint64, where func(*T) *sim.Address) row[T] {
	return row[T]{word: word, takes: "0xADDRESS",
		read: func(into *T, value string) error {
			n, ok := parseUnsigned(value)
			if !ok || n == 0 || n > mostAddress || n%step != 0 {
				return problem("found %s, expected an address from %#x to %#x, a multiple of %#x", show(value), step, uint64(mostAddress), step)
			}
			*where(into) = sim.Address(n)
			return nil
		},
		print: func(from *T) string {
			if a := *where(from); a != 0 {
				return "0x" + upper(uint64(a))
			}
			return ""
		},
	}
}

func upper(n uint64) string {
	const digits = "0123456789ABCDEF"
	b := []byte{}
	for ; n > 0; n >>= 4 {
		b = append(b, digits[n&15])
	}
	slices.Reverse(b)
	return string(b)
}

// parseUnsigned reads 123 and 0x7B, and nothing else that Go would take for a number.
func parseUnsigned(s string) (uint64, bool) {
	base := 10
	if len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		s, base = s[2:], 16
	}
	n, err := strconv.ParseUint(s, base, 64)
	return n, err == nil
}

func bytesRow[T any, N ~uint32 | ~uint64](word string, most uint64, where func(*T) *N) row[T] {
	return row[T]{word: word, takes: "BYTES",
		read: func(into *T, value string) error {
			n, err := parseBytes(value, most)
			*where(into) = N(n)
			return err
		},
		print: func(from *T) string {
			if n := *where(from); n != 0 {
				return printBytes(uint64(n))
			}
			return ""
		},
	}
}

const byteUnits = "KMGT"

// parseBytes reads 65536, 0x10000 and 64K.
func parseBytes(value string, most uint64) (uint64, error) {
	digits, shift := value, 0
	if n := len(value); n > 1 {
		for i := range len(byteUnits) {
			if value[n-1] == byteUnits[i] {
				digits, shift = value[:n-1], 10*(i+1)
			}
		}
	}
	n, ok := parseUnsigned(digits)
	if !ok || n > most>>shift {
		return 0, problem("found %s, expected a number of bytes from 0 to %s, such as 4096 or 64K", show(value), printBytes(most))
	}
	return n << shift, nil
}

func printBytes(n uint64) string {
	unit := ""
	for i := 0; n != 0 && n%1024 == 0 && i < len(byteUnits); i++ {
		n, unit = n/1024, byteUnits[i:i+1]
	}
	return strconv.FormatUint(n, 10) + unit
}

func flag[T any](word string, where func(*T) *bool) row[T] {
	return row[T]{word: word,
		read: func(into *T, _ string) error {
			*where(into) = true
			return nil
		},
		print: func(from *T) string {
			if *where(from) {
				return word
			}
			return ""
		},
	}
}

func text[T any](word, takes string, where func(*T) *string) row[T] {
	return row[T]{word: word, takes: takes,
		read: func(into *T, value string) error {
			*where(into) = value
			return checkText(value)
		},
		print: func(from *T) string {
			if s := *where(from); s != "" {
				return quote(s)
			}
			return ""
		},
	}
}

// checkText refuses what Windows could not keep; the empty text means that nothing was said, so nobody may say it.
func checkText(s string) error {
	if s == "" {
		return problem(`found "", expected a name of at least one letter`)
	}
	return checkLen(s)
}

func checkLen(s string) error {
	if n := textLen(s); n > MaxText {
		return tooLarge("found a text of %d UTF-16 units, expected at most %d", n, MaxText)
	}
	return nil
}

// choice is one of some values, each with its word; the first is what is meant when nothing is said.
type choice[N comparable] struct {
	value N
	word  string
}

func oneOf[T any, N comparable](word string, choices []choice[N], where func(*T) *N) row[T] {
	var words []string // a choice without a word is made by saying nothing
	for _, c := range choices {
		if c.word != "" {
			words = append(words, c.word)
		}
	}
	return row[T]{word: word, takes: strings.Join(words, "|"),
		read: func(into *T, value string) error {
			i := slices.IndexFunc(choices, func(c choice[N]) bool { return c.word == value && value != "" })
			if i < 0 {
				return problem("found %s, expected %s%s", show(value), anyOf(words), didYouMean(value, words))
			}
			*where(into) = choices[i].value
			return nil
		},
		print: func(from *T) string {
			i := slices.IndexFunc(choices, func(c choice[N]) bool { return c.value == *where(from) })
			switch i {
			case 0:
				return ""
			case -1:
				return "?" // no value that has a word: only a World that was never text can hold it
			}
			return choices[i].word
		},
	}
}

// instant is a time of the clock: RFC 3339 to 100 ns, or FILETIME's own count where RFC 3339 has no year for it.
func instant[T any](word string, where func(*T) *sim.Time) row[T] {
	return row[T]{word: word, takes: "TIME",
		read: func(into *T, value string) error {
			t, ok := parseTime(value)
			if !ok {
				return problem("found %s, expected a time after 1601 such as 2024-01-01T09:30:00Z", show(value))
			}
			*where(into) = t
			return nil
		},
		print: func(from *T) string {
			if t := *where(from); t != 0 {
				return printTime(t)
			}
			return ""
		},
	}
}

const timeForm = "2006-01-02T15:04:05.9999999Z07:00"

func printTime(t sim.Time) string {
	s := t.Std().UTC().Format(timeForm)
	if back, err := time.Parse(timeForm, s); err == nil && sim.TimeOf(back) == t {
		return s
	}
	return strconv.FormatUint(uint64(t), 10)
}

func parseTime(s string) (sim.Time, bool) {
	if n, err := strconv.ParseUint(s, 10, 64); err == nil {
		return sim.Time(n), n != 0
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1601 || t.Nanosecond()%100 != 0 {
		return 0, false
	}
	ft := sim.TimeOf(t)
	return ft, ft != 0
}

// span is a length of time: 1ms, or a count of 100 ns where Go's durations end.
func span[T any](word string, where func(*T) *sim.Time) row[T] {
	const unit = 100 // nanoseconds
	return row[T]{word: word, takes: "SPAN",
		read: func(into *T, value string) error {
			n, err := strconv.ParseUint(value, 10, 64)
			if err != nil {
				var d time.Duration
				if d, err = time.ParseDuration(value); err == nil && d > 0 && d%unit == 0 {
					n = uint64(d) / unit
				}
			}
			if err != nil || n == 0 {
				return problem("found %s, expected a length of time such as 1ms, a multiple of 100ns", show(value))
			}
			*where(into) = sim.Time(n)
			return nil
		},
		print: func(from *T) string {
			switch t := *where(from); {
			case t == 0:
				return ""
			case t > math.MaxInt64/unit:
				return strconv.FormatUint(uint64(t), 10)
			default:
				return time.Duration(t * unit).String()
			}
		},
	}
}
