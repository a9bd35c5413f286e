package measure

import (
	"math"
	"math/rand/v2"

	"approdo/domain/names"
	"approdo/domain/names/corpus"
)

// Estimate is what a reason weighs by a corpus, after Fellegi and Sunter: how often it is found between two records of one child, how
// often between any two of different children, and the logarithm to base 2 of how many times likelier the first is.
type Estimate struct {
	Reason    names.Reason
	Same      float64 // share of the pairs of one child
	Different float64 // share of the pairs of different children
	Bits      float64
}

// What is drawn to estimate weights: pairs of one child, and records of a register that are compared with random others.
const (
	pairsDrawn    = 20000
	childrenDrawn = 4000
	strangersMet  = 400000
)

// Estimates weighs every reason by the corpus of a seed, in their order. Half a pair is added to each count, so that what never
// happened is not infinite.
func Estimates(seed uint64) []Estimate {
	same, different := map[names.Reason]float64{}, map[names.Reason]float64{}
	nSame, nDifferent := 1.0, 1.0
	for _, p := range corpus.Pairs(seed, pairsDrawn) {
		if p.Same {
			nSame++
			for _, r := range names.Compare(names.Person(p.A), names.Person(p.B)).Reasons {
				same[r]++
			}
		}
	}
	register, r := corpus.Register(seed, childrenDrawn), rand.New(rand.NewPCG(seed, 3))
	for range strangersMet {
		a, b := register[r.IntN(len(register))], register[r.IntN(len(register))]
		if a.Child != b.Child {
			nDifferent++
			for _, reason := range names.Compare(names.Person(a.Person), names.Person(b.Person)).Reasons {
				different[reason]++
			}
		}
	}
	var out []Estimate
	for _, reason := range names.Reasons() {
		e := Estimate{reason, (same[reason] + 0.5) / nSame, (different[reason] + 0.5) / nDifferent, 0}
		e.Bits = math.Log2(e.Same / e.Different)
		out = append(out, e)
	}
	return out
}
