package measure

import (
	"slices"

	"approdo/domain/names"
	"approdo/domain/names/corpus"
)

// Register is what a whole register shows: the pairs that share a key, judged, and those of one child that share none.
type Register struct {
	Records  int
	Twice    int // pairs of one child
	Together int // of these, that share a key
	Judged   []Judged
	Apart    []corpus.Kind // how the pairs differ that no key brings together
	Largest  int           // records that one key brings together, at the most
}

// Shared compares all pairs of a register that share a key, as the view of duplicates does.
func Shared(entries []corpus.Entry, judge Judge) Register {
	out := Register{Records: len(entries)}
	byKey := map[string][]int{}
	children := map[int][]int{}
	for i, e := range entries {
		p := names.Person(e.Person)
		for _, k := range p.Keys() {
			byKey[k] = append(byKey[k], i)
		}
		children[e.Child] = append(children[e.Child], i)
	}
	met := map[[2]int]bool{}
	for _, group := range byKey {
		out.Largest = max(out.Largest, len(group))
		for i, a := range group {
			for _, b := range group[i+1:] {
				met[[2]int{a, b}] = true
			}
		}
	}
	for pair := range met {
		a, b := entries[pair[0]], entries[pair[1]]
		kinds := slices.Concat(a.Kinds, b.Kinds)
		if a.Child != b.Child {
			kinds = nil
		}
		out.Judged = append(out.Judged, Judged{a.Child == b.Child, kinds, judge(names.Person(a.Person), names.Person(b.Person))})
	}
	for _, records := range children {
		for i, a := range records {
			for _, b := range records[i+1:] {
				out.Twice++
				if met[[2]int{a, b}] {
					out.Together++
					continue
				}
				out.Apart = append(out.Apart, slices.Concat(entries[a].Kinds, entries[b].Kinds)...)
			}
		}
	}
	return out
}

// At counts with a threshold; what no key brought together is missed.
func (r Register) At(threshold float64) Quality {
	q := At(r.Judged, threshold)
	q.Missed += r.Twice - r.Together
	return q
}
