package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"approdo/domain/matching"
)

// HiGHS shares nothing with the planner but the instances.
func TestNoOtherSolverFindsABetterPlan(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(root, "node_modules", "highs")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("highs is not installed: npm ci")
		}
		t.Skip("highs is not installed: npm ci")
	}
	left := 0
	for i, size := range [][3]int{{1, 1, 1}, {30, 8, 2}, {60, 200, 3}, {200, 60, 13}, {300, 80, 1}, {1000, 300, 1}, {1000, 300, 13}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			r := rand.New(rand.NewPCG(2022, uint64(i)))
			in := town(r, size[0], size[1], size[2])
			// Some live too far from most sites, some are more urgent than others, and some places were given to nobody.
			for i := range in.Pupils {
				p := &in.Pupils[i]
				p.Unplaced[0] += int64(r.IntN(3))
				if r.IntN(4) == 0 {
					p.Choices = p.Choices[:1+r.IntN(len(p.Choices))]
				}
			}
			for j := range in.Places {
				if r.IntN(3) == 0 {
					in.Places[j].Costs = nil
				}
			}
			p, err := matching.Solve(t.Context(), in, nil)
			if err != nil || !p.Optimal() {
				t.Fatalf("%v below %v (%v)", p.Value, p.Bound, err)
			}
			other, _, err := byHighs(t.Context(), root, in)
			if err != nil {
				t.Fatal(err)
			}
			if other != p.Value {
				t.Errorf("HiGHS finds %v, the planner %v", other, p.Value)
			}
			left += int(p.Value[0])
		})
	}
	if left == 0 {
		t.Error("everybody was placed everywhere: the instances are too easy")
	}
}
