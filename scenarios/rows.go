package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

// A row says how one word of the language is read into a T and written from it. Reading and printing look at the same
// rows, so what one can say the other can read.
type row[T any] struct {
	word  string
	takes string // what follows the word, as an error and the manual call it; empty when nothing does
	read  func(into *T, value string) error
	print func(from *T) string // the value; empty when the row has nothing to say
}

// readRows reads the rest of a line, each row at most once.
func readRows[T any](l *line, rows []row[T], into *T) error {
	var seen uint64 // no verb has 64 rows
	for {
		word, ok, err := l.next()
		if err != nil || !ok {
			return err
		}
		i := slices.IndexFunc(rows, func(r row[T]) bool { return r.word == word })
		if i < 0 {
			return unknownWord(l.verb, word, rows)
		}
		if seen&(1<<i) != 0 {
			return problem("%s: found %s a second time, expected it at most once", l.verb, word)
		}
		seen |= 1 << i
		if err := readValue(l, rows[i], into); err != nil {
			return err
		}
	}
}

func readValue[T any](l *line, r row[T], into *T) error {
	value := ""
	if r.takes != "" {
		var ok bool
		var err error
		if value, ok, err = l.next(); err != nil {
			return err
		}
		if !ok {
			return problem("%s: found the end of the line after %s, expected %s", l.verb, r.word, r.takes)
		}
	}
	if err := r.read(into, value); err != nil {
		return prefix(l.verb+": "+r.word, err)
	}
	return nil
}

func unknownWord[T any](verb, word string, rows []row[T]) error {
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.word
	}
	if len(names) == 0 {
		return problem("%s: found %s, expected the end of the line", verb, show(word))
	}
	return problem("%s: found %s, expected %s%s", verb, show(word), anyOf(names), didYouMean(word, names))
}

// printRows writes a line: what stands first, then every row that has something to say.
func printRows[T any](b *strings.Builder, first string, rows []row[T], from *T) {
	b.WriteString(first)
	for _, r := range rows {
		value := r.print(from)
		switch {
		case value == "":
		case r.takes == "":
			b.WriteString(" " + r.word)
		default:
			b.WriteString(" " + r.word + " " + value)
		}
	}
	b.WriteByte('\n')
}

// form is the line as the manual shows it: `thread [tid N] [suspend N]`.
func form[T any](first string, rows []row[T]) string {
	for _, r := range rows {
		if r.takes == "" {
			first += " [" + r.word + "]"
		} else {
			first += " [" + r.word + " " + r.takes + "]"
		}
	}
	return first
}

func anyOf(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
	return words[0]
}

func prefix(by string, err error) error {
	if e, ok := err.(*Error); ok {
		return &Error{File: e.File, Line: e.Line, Problem: by + ": " + e.Problem, Err: e.Err}
	}
	return fmt.Errorf("%s: %w", by, err)
}
