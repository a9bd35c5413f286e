// Package measure tells how well package names finds children that were written down twice, over a corpus that knows the truth.
//
// Precision is the share of the pairs shown that are of one child, recall the share of the pairs of one child that are shown.
package measure

import (
	"cmp"
	"slices"

	"approdo/domain/names"
	"approdo/domain/names/corpus"
)

// Judge scores two records; names.Compare is one.
type Judge func(a, b names.Person) names.Score

// Judged is a pair with its score.
type Judged struct {
	Same  bool
	Kinds []corpus.Kind
	names.Score
}

// Pairs judges each pair of a corpus.
func Pairs(pairs []corpus.Pair, judge Judge) []Judged {
	out := make([]Judged, len(pairs))
	for i, p := range pairs {
		out[i] = Judged{p.Same, p.Kinds, judge(names.Person(p.A), names.Person(p.B))}
	}
	return out
}

// Quality counts what a threshold does.
type Quality struct {
	Threshold            float64
	Right, Wrong, Missed int // shown and of one child, shown and of two, of one child and not shown
}

// At counts with a threshold.
func At(judged []Judged, threshold float64) Quality {
	q := Quality{Threshold: threshold}
	for _, j := range judged {
		switch shown := j.Value >= threshold; {
		case shown && j.Same:
			q.Right++
		case shown:
			q.Wrong++
		case j.Same:
			q.Missed++
		}
	}
	return q
}

// And counts two corpora as one, with the threshold of the first.
func (q Quality) And(other Quality) Quality {
	return Quality{q.Threshold, q.Right + other.Right, q.Wrong + other.Wrong, q.Missed + other.Missed}
}

// Precision is 1 where nothing is shown.
func (q Quality) Precision() float64 { return share(q.Right, q.Right+q.Wrong) }

// Recall is 1 where there is nothing to find.
func (q Quality) Recall() float64 { return share(q.Right, q.Right+q.Missed) }

// F is the harmonic mean of the two.
func (q Quality) F() float64 {
	if q.Right == 0 {
		return 0
	}
	return 2 * q.Precision() * q.Recall() / (q.Precision() + q.Recall())
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// Row counts the pairs of a kind, or with a reason: of one child and of two, and how many of each are shown.
type Row[T ~string] struct {
	Name                          T
	Same, SameShown, Other, Shown int
}

// ByKind has a row for each kind of noise and of strangers, by name. A pair stands in the row of each of its kinds.
func ByKind(judged []Judged, threshold float64) []Row[corpus.Kind] {
	return rows(judged, threshold, func(j Judged) []corpus.Kind { return j.Kinds })
}

// ByReason has a row for each reason, by name.
func ByReason(judged []Judged, threshold float64) []Row[names.Reason] {
	return rows(judged, threshold, func(j Judged) []names.Reason { return j.Reasons })
}

func rows[T ~string](judged []Judged, threshold float64, of func(Judged) []T) []Row[T] {
	found := map[T]*Row[T]{}
	for _, j := range judged {
		for _, name := range of(j) {
			row := found[name]
			if row == nil {
				row = &Row[T]{Name: name}
				found[name] = row
			}
			shown := 0
			if j.Value >= threshold {
				shown = 1
			}
			if j.Same {
				row.Same++
				row.SameShown += shown
			} else {
				row.Other++
				row.Shown += shown
			}
		}
	}
	var out []Row[T]
	for _, row := range found {
		out = append(out, *row)
	}
	slices.SortFunc(out, func(a, b Row[T]) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
