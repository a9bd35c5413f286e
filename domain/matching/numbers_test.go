package matching

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// In numbers and in parts the same is found, by code that has nothing in common.
func TestNumbersAndPartsFindTheSame(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 19))
	goOn := func(int) error { return nil }
	alike, large := 0, 0
	for n := range 600 {
		in := drawn(r, 1+r.IntN(40), 1+r.IntN(15))
		by := int64(1) << r.IntN(24) // so large that numbers just hold them, or not
		if n%3 == 1 {
			for i := range in.Pupils {
				p := &in.Pupils[i]
				p.Unplaced = times(p.Unplaced, by)
				for k := range p.Choices {
					p.Choices[k].Cost = times(p.Choices[k].Cost, by)
				}
			}
		}
		if n%3 == 0 { // costs far below zero, and far from each other
			for i := range in.Pupils {
				p, by := &in.Pupils[i], Cost{int64(r.IntN(3)), int64(r.IntN(1000)), -int64(r.IntN(1000))}
				p.Unplaced = p.Unplaced.Sub(by)
				for k := range p.Choices {
					p.Choices[k].Cost = p.Choices[k].Cost.Sub(by)
				}
			}
		}
		s := newSolver(in)
		for i := range s.rows {
			s.insert(int32(i))
		}
		parts := s.plan(in)
		numbers, ok, err := inNumbers(in, goOn)
		if err != nil || !ok && (n%3 != 1 || by < 1<<8) {
			t.Fatalf("numbers do not hold a small instance (%v)", err)
		}
		if !ok {
			large++
			continue
		}
		if err := numbers.Check(); err != nil || !numbers.Optimal() || numbers.Value != parts.Value {
			t.Fatalf("%v in numbers, %v in parts (%v)", numbers.Value, parts.Value, err)
		}
		if slices.Equal(numbers.At, parts.At) {
			alike++
		}
	}
	if alike < 400 || large < 20 {
		t.Errorf("%d plans of 600 are the same, no number holds %d", alike, large)
	}
}

func times(c Cost, by int64) Cost { return Cost{c[0] * by, c[1] * by, c[2] * by} }
