package main

import (
	"cmp"
	"slices"
	"strings"
)

// A splice is text put into a source. Nothing of the original is ever taken away or moved to another line.
type splice struct {
	at     int
	closes bool // it ends what an earlier splice began
	text   string
}

// spliced returns text with all splices in it. Of those at one place the closing ones come first, the last begun first.
func spliced(text string, list []splice) string {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := list[i], list[j]
		switch {
		case a.at != b.at:
			return cmp.Compare(a.at, b.at)
		case a.closes != b.closes:
			if a.closes {
				return -1
			}
			return 1
		case a.closes:
			return cmp.Compare(j, i)
		}
		return cmp.Compare(i, j)
	})
	var b strings.Builder
	done := 0
	for _, i := range order {
		b.WriteString(text[done:list[i].at])
		b.WriteString(list[i].text)
		done = list[i].at
	}
	b.WriteString(text[done:])
	return b.String()
}
