package matching

// Cost is compared like a word: a part counts only where those before it are equal. Costs are added and subtracted part by part, so
// that a part may be negative.
type Cost [3]int64

// Add gives c + d.
func (c Cost) Add(d Cost) Cost { return Cost{c[0] + d[0], c[1] + d[1], c[2] + d[2]} }

// Sub gives c − d.
func (c Cost) Sub(d Cost) Cost { return Cost{c[0] - d[0], c[1] - d[1], c[2] - d[2]} }

// Less reports whether c costs less than d.
func (c Cost) Less(d Cost) bool {
	if c[0] != d[0] {
		return c[0] < d[0]
	}
	if c[1] != d[1] {
		return c[1] < d[1]
	}
	return c[2] < d[2]
}

// within reports whether no part is beyond a limit, either way.
func (c Cost) within(limit int64) bool {
	for _, part := range c {
		if part > limit || part < -limit {
			return false
		}
	}
	return true
}

// Large is a part of a cost, either way, that an instance of any size may have. A smaller one may have more: see Instance.Largest.
const Large = 1 << 30
