package scenarios

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// A line is cut into words as they are asked for: a hostile line never becomes a list of words.
type words struct {
	rest string
}

// next gives the next word without its quotes; ok is false at the end of the line or where a comment begins.
func (w *words) next() (word string, ok bool, err error) {
	w.rest = strings.TrimLeft(w.rest, " \t")
	if w.rest == "" || w.rest[0] == '#' {
		return "", false, nil
	}
	if w.rest[0] == '"' {
		word, err = w.quoted()
		return word, err == nil, err
	}
	end := strings.IndexAny(w.rest, " \t")
	if end < 0 {
		end = len(w.rest)
	}
	word, w.rest = w.rest[:end], w.rest[end:]
	if at := strings.IndexAny(word, `"<`); at >= 0 {
		return "", false, problem("found %s in the bare word %s, expected the whole word in quotes: spaces, \" and < need them, and inside them \" is <22> and < is <3C>",
			show(word[at:at+1]), show(word))
	}
	return word, true, nil
}

// quoted reads a word in quotes. Everything between them stands for itself but `<hex>`, which is one UTF-16 unit: no
// file name of Windows can hold a quote or a <, so real names, backslashes and all, need no escape.
func (w *words) quoted() (string, error) {
	var units []uint16 // made only when there is an escape
	in := w.rest[1:]
	for i := 0; i < len(in); {
		switch c := in[i]; {
		case c == '"':
			if w.rest = in[i+1:]; w.rest != "" && w.rest[0] != ' ' && w.rest[0] != '\t' {
				return "", problem("found %s right after a closing quote, expected a space or the end of the line", show(w.rest))
			}
			if units == nil {
				return in[:i], nil
			}
			return textOf(units), nil
		case c == '<':
			unit, size, err := escape(in[i:])
			if err != nil {
				return "", err
			}
			if units == nil {
				units = unitsOf(in[:i])
			}
			units = append(units, unit)
			i += size
		default:
			r, size := utf8.DecodeRuneInString(in[i:])
			if units != nil {
				units = utf16.AppendRune(units, r)
			}
			i += size
		}
	}
	return "", problem("found the end of the line inside quotes that begin at %s, expected a closing quote", show(w.rest))
}

func escape(s string) (unit uint16, size int, err error) {
	if end := strings.IndexByte(s[:min(len(s), len("<FFFF>"))], '>'); end > 0 {
		n, err := strconv.ParseUint(s[1:end], 16, 16)
		if err == nil {
			return uint16(n), end + 1, nil
		}
	}
	return 0, 0, problem("found %s in quotes, expected a UTF-16 unit such as <1B> or <D800>; a < itself is <3C>", show(s))
}

// quote writes a word so that next reads it back, unit for unit, and so that no terminal obeys it.
func quote(s string) string {
	if isBare(s) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); {
		r, size := decode(s[i:])
		if unicode.IsPrint(r) && r != '"' && r != '<' {
			b.WriteRune(r)
		} else {
			for _, u := range appendUnits(nil, r) {
				b.WriteString("<" + strings.ToUpper(strconv.FormatUint(uint64(u), 16)) + ">")
			}
		}
		i += size
	}
	b.WriteByte('"')
	return b.String()
}

func isBare(s string) bool {
	if s == "" || s[0] == '#' {
		return false
	}
	for i := 0; i < len(s); {
		r, size := decode(s[i:])
		if r == ' ' || r == '"' || r == '<' || !unicode.IsPrint(r) {
			return false
		}
		i += size
	}
	return true
}

// Names are UTF-16 units as Windows keeps them, and Go strings here: a surrogate without its other half is the three
// bytes that UTF-8 would use if it had surrogates. Any other byte that is not UTF-8 reads as U+FFFD.

func decode(s string) (rune, int) {
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 && len(s) >= 3 && s[0] == 0xED && s[1] >= 0xA0 && s[1] <= 0xBF && s[2] >= 0x80 && s[2] <= 0xBF {
		return 0xD000 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), 3
	}
	return r, size
}

func appendUnits(units []uint16, r rune) []uint16 {
	if utf16.IsSurrogate(r) {
		return append(units, uint16(r))
	}
	return utf16.AppendRune(units, r)
}

func unitsOf(s string) []uint16 {
	units := make([]uint16, 0, len(s))
	for i := 0; i < len(s); {
		r, size := decode(s[i:])
		units = appendUnits(units, r)
		i += size
	}
	return units
}

func textLen(s string) int {
	n := 0
	for i := 0; i < len(s); {
		r, size := decode(s[i:])
		if n++; r > 0xFFFF {
			n++
		}
		i += size
	}
	return n
}

func textOf(units []uint16) string {
	b := make([]byte, 0, len(units))
	for i := 0; i < len(units); i++ {
		r := rune(units[i])
		if utf16.IsSurrogate(r) {
			if i+1 < len(units) {
				if pair := utf16.DecodeRune(r, rune(units[i+1])); pair != unicode.ReplacementChar {
					b = utf8.AppendRune(b, pair)
					i++
					continue
				}
			}
			b = append(b, 0xED, 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
			continue
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b)
}

// show is a piece of the input as an error may say it: quoted, printable everywhere, never long.
func show(s string) string {
	const most = 40
	if len(s) <= most {
		return strconv.QuoteToASCII(s)
	}
	return strconv.QuoteToASCII(s[:most]) + "..."
}
