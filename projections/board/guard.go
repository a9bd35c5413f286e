package board

import "math"

// Few stands for a figure of one or two. It is no number that a difference could be.
const Few = math.MinInt32

// Guarded is a figure as it may be told to whoever sees no lists: fewer than three are Few, and all others the nearest multiple of
// three, so that nobody finds out about single pupils by subtracting figures from one another (rounding to base 3, as census tables have
// it).
func Guarded(n int) int {
	switch {
	case n == 0:
		return 0
	case n < 3 && n > -3:
		return Few
	}
	return (n + 1) / 3 * 3
}
