package board

import (
	"math"
	"slices"
)

// timeline is what became known of many things, one after the other and so about in the order of time: each holds from an instant until
// the next of the same thing. Instants are microseconds.
type timeline struct {
	from   []int64
	next   []int32 // the one that followed; 0 where none did
	blocks []block
	last   []int32 // by number of the thing: the one that none followed
}

// block is when the first and the last began of some that stand together.
type block struct{ earliest, latest int64 }

// inBlock is how many stand in a block.
const inBlock = 1024

// lasting is the end of what no other followed.
const lasting = math.MaxInt64

// add puts one behind all others, and tells from when it holds: not before the one of the same thing that it follows, though the clocks
// of two nodes may differ.
func (t *timeline) add(thing uint32, from int64) int64 {
	i := len(t.from)
	if int(thing) == len(t.last) {
		t.last = append(t.last, 0)
	} else {
		before := t.last[thing]
		from = max(from, t.from[before])
		t.next[before] = int32(i)
	}
	t.last[thing] = int32(i)
	t.from, t.next = append(t.from, from), append(t.next, 0)
	if i%inBlock == 0 {
		t.blocks = append(t.blocks, block{from, from})
	}
	b := &t.blocks[i/inBlock]
	b.earliest, b.latest = min(b.earliest, from), max(b.latest, from)
	return from
}

// around finds an instant: all before over had begun by then, and none from end on.
func (t *timeline) around(known int64) (over, end int) {
	later := func(b block) bool { return b.latest > known }
	if over = slices.IndexFunc(t.blocks, later); over < 0 {
		return len(t.from), len(t.from)
	}
	for end = len(t.blocks); end > over && t.blocks[end-1].earliest > known; end-- {
	}
	return over * inBlock, min(end*inBlock, len(t.from))
}

// standing are those that were known last at an instant, of every thing one.
func (t *timeline) standing(known int64) []int32 {
	if known == lasting-1 {
		return slices.Clone(t.last)
	}
	found := make([]int32, 0, len(t.last))
	over, end := t.around(known)
	for i, next := range t.next[:over] {
		if next == 0 || int(next) >= over && t.from[next] > known {
			found = append(found, int32(i))
		}
	}
	for i := over; i < end; i++ {
		if next := t.next[i]; t.from[i] <= known && (next == 0 || t.from[next] > known) {
			found = append(found, int32(i))
		}
	}
	return found
}
