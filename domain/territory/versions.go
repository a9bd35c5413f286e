package territory

import (
	"cmp"
	"slices"

	"approdo/domain"
)

// dated is a version of something, in force from a day until the next version's.
type dated interface{ since() domain.Date }

func (c Comune) since() domain.Date  { return c.From }
func (c Centre) since() domain.Date  { return c.From }
func (p Policy) since() domain.Date  { return p.From }
func (c Clocks) since() domain.Date  { return c.From }
func (c Ceiling) since() domain.Date { return c.From }

func (r Retention) since() domain.Date { return r.From }

// on is the version in force on a day. Before the first one it is the first: a register that begins later than a case still has
// an answer for it.
func on[T dated](versions []T, d domain.Date) (T, bool) {
	var v T
	for i := len(versions) - 1; i >= 0; i-- {
		if v = versions[i]; !d.Before(v.since()) {
			break
		}
	}
	return v, len(versions) > 0
}

// with puts a version in its place, in a copy; of two of the same day the later one counts.
func with[T dated](versions []T, v T) []T {
	i := slices.IndexFunc(versions, func(o T) bool { return v.since().Before(o.since()) })
	if i < 0 {
		i = len(versions)
	}
	return slices.Insert(slices.Clone(versions), i, v)
}

// sorted is a list in order, without what is said twice; nil where it is empty.
func sorted[T cmp.Ordered](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}
