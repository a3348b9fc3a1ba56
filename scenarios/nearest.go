package scenarios

import "fmt"

// nearest is the candidate that a mistyped word was most likely meant to be, the first of equals; false when none is near.
func nearest(word string, candidates []string) (string, bool) {
	if len(word) > 32 {
		return "", false
	}
	best, least := "", 1+len(word)/3
	for _, c := range candidates {
		if d := distance(word, c); d <= least && c != "" {
			best, least = c, d-1
		}
	}
	return best, best != ""
}

// didYouMean is a sentence for the end of an error, or nothing.
func didYouMean(word string, candidates []string) string {
	if n, ok := nearest(word, candidates); ok {
		return fmt.Sprintf(" (did you mean %s?)", n)
	}
	return ""
}

// distance counts the letters to insert, drop, change or swap with their neighbour to make a into b.
func distance(a, b string) int {
	var before, last, row []int
	last = make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row = make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
