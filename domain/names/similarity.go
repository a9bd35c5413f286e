package names

import (
	"slices"
	"strings"
)

// leftover is what a word without a counterpart costs: Rossi Testovenko beside Testovenko.
const leftover = 0.95

// Similarity tells how alike two names are, from 0 to 1, over their folds and readings: Jaro-Winkler of the whole, or of the words
// that match best where one has more words or another order. Two names with one fold are 1. Nothing is like the empty name.
func Similarity(a, b string) float64 { return alike(readings(a), readings(b)) }

func alike(a, b []string) float64 {
	best := 0.0
	for i, x := range a {
		for j, y := range b {
			if i == 0 || j == 0 { // two unusual readings that meet prove nothing
				best = max(best, likeness(x, y))
			}
		}
	}
	return best
}

// likeness compares two folds. The order of the arguments does not matter: greedy matching would let it.
func likeness(a, b string) float64 {
	if a > b {
		a, b = b, a
	}
	if a == "" {
		return 0
	}
	whole := jaroWinkler([]rune(strings.ReplaceAll(a, " ", "")), []rune(strings.ReplaceAll(b, " ", "")))
	return max(whole, wordLikeness(strings.Fields(a), strings.Fields(b)))
}

func wordLikeness(a, b []string) float64 {
	if len(a) == 1 && len(b) == 1 {
		return 0 // the whole has said it
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	type pair struct {
		i, j int
		like float64
	}
	var pairs []pair
	for i, x := range a {
		for j, y := range b {
			pairs = append(pairs, pair{i, j, jaroWinkler([]rune(x), []rune(y))})
		}
	}
	slices.SortStableFunc(pairs, func(p, q pair) int {
		switch {
		case p.like > q.like:
			return -1
		case p.like < q.like:
			return 1
		}
		return 0
	})
	usedA, usedB := make([]bool, len(a)), make([]bool, len(b))
	sum := 0.0
	for _, p := range pairs {
		if !usedA[p.i] && !usedB[p.j] {
			usedA[p.i], usedB[p.j] = true, true
			sum += p.like
		}
	}
	like := sum / float64(len(a))
	if len(a) != len(b) {
		like *= leftover
	}
	return like
}

// jaroWinkler is Winkler's measure: Jaro's share of letters that match within half the longer word, and a tenth of what is missing
// for each letter of a common beginning, up to four.
func jaroWinkler(a, b []rune) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	window := max(0, max(len(a), len(b))/2-1)
	takenB := make([]bool, len(b))
	var inA []rune
	for i, r := range a {
		for j := max(0, i-window); j < min(len(b), i+window+1); j++ {
			if !takenB[j] && b[j] == r {
				takenB[j] = true
				inA = append(inA, r)
				break
			}
		}
	}
	if len(inA) == 0 {
		return 0
	}
	moved, k := 0, 0
	for j, taken := range takenB {
		if taken {
			if b[j] != inA[k] {
				moved++
			}
			k++
		}
	}
	m := float64(len(inA))
	jaro := (m/float64(len(a)) + m/float64(len(b)) + (m-float64(moved)/2)/m) / 3
	prefix := 0
	for prefix < min(4, len(a), len(b)) && a[prefix] == b[prefix] {
		prefix++
	}
	return jaro + float64(prefix)*0.1*(1-jaro)
}
