package names

import "strings"

// tooFar is what edits counts at the most: further apart two names are two names.
const tooFar = 4

// From how many letters on two changes are rather slips than another name. It takes a longer surname, because surnames share their
// endings: Petrenko is not Petruk.
const (
	longSurname   = 10
	longGivenName = 7
)

// isSlip reports whether so many changes in a name of so many letters are rather a slip of the pen than another name.
func isSlip(changes, length, long int) bool {
	return changes == 1 && length > 2 || changes == 2 && length >= long
}

// sameConsonants reports whether only vowels tell two folds apart, and there are consonants enough for that to mean something.
func sameConsonants(a, b string) bool {
	s := skeleton(a)
	return len(s) > 2 && s == skeleton(b)
}

// nearest is the fewest changes between two names over their readings, without regard to spaces, and the letters of the longer one.
func nearest(a, b []string) (changes, length int) {
	changes = tooFar
	for i, x := range a {
		for j, y := range b {
			if i > 0 && j > 0 {
				continue // two unusual readings that meet prove nothing
			}
			if n, l := edits(x, y); n < changes || length == 0 {
				changes, length = n, l
			}
		}
	}
	return changes, length
}

// edits counts the letters put in, left out, changed or exchanged with the next one between two folds, spaces apart, up to tooFar: the
// distance of Damerau and Levenshtein, each letter touched once. It counts the letters of the longer one too.
func edits(a, b string) (changes, length int) {
	var bufA, bufB [64]rune
	x, y := lettersOf(a, bufA[:0]), lettersOf(b, bufB[:0])
	length = max(len(x), len(y))
	if len(x)-len(y) >= tooFar || len(y)-len(x) >= tooFar {
		return tooFar, length
	}
	var rows [3][65]int
	if len(y) >= len(rows[0]) || len(x) >= len(rows[0]) {
		x, y = x[:min(len(x), 64)], y[:min(len(y), 64)]
	}
	before, last, now := &rows[0], &rows[1], &rows[2]
	for j := range len(y) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		now[0] = i
		least := i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			n := min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				n = min(n, before[j-2]+1)
			}
			now[j], least = n, min(least, n)
		}
		if least >= tooFar {
			return tooFar, length
		}
		before, last, now = last, now, before
	}
	return min(last[len(y)], tooFar), length
}

func lettersOf(s string, out []rune) []rune {
	if !strings.ContainsRune(s, ' ') {
		for _, r := range s {
			out = append(out, r)
		}
		return out
	}
	for _, r := range s {
		if r != ' ' {
			out = append(out, r)
		}
	}
	return out
}
