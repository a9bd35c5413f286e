package matching

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// sprouted is a tree of nothing but chance.
func sprouted(r *rand.Rand, in Instance, depth int) *Branch {
	b := &Branch{}
	if depth == 0 || r.IntN(3) == 0 {
		for range in.Places {
			b.Prices = append(b.Prices, int64(r.IntN(3000)-300))
		}
	}
	if depth > 5 || r.IntN(4) == 0 {
		return b
	}
	households := in.households()
	if len(households) == 0 {
		return b
	}
	members := households[r.IntN(len(households))]
	b.Pupil, b.Apart = members[r.IntN(len(members))], r.IntN(3) == 0
	for j := range in.Places {
		if r.IntN(3) == 0 {
			b.At = append(b.At, j)
		}
	}
	b.With, b.Without = sprouted(r, in, depth+1), sprouted(r, in, depth+1)
	return b
}

// Of whatever is told in two, by whatever prices and weights, no more is shown than is true; and what is shown is more than by prices alone.
func TestNoTreeShowsWhatIsFalse(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 16))
	near, parts := 0, 0
	for range 400 {
		in := related(r, 2+r.IntN(4), 2+r.IntN(4))
		least := leastTogether(in)
		honest := checked(t, in).Tree
		for range 40 {
			tree := Tree{Cost{int64(1 + r.IntN(900)), int64(1 + r.IntN(30)), int64(1 + r.IntN(3))}, *sprouted(r, in, 0)}
			if honest != nil && r.IntN(2) == 0 {
				tree = Tree{honest.Weights, *spoilt(r, in, &honest.Root)}
			}
			bound, err := tree.Bound(in)
			if err != nil {
				t.Fatal(err)
			}
			if least.Less(bound) {
				t.Fatalf("%v is said to be the least, and %v is: %+v %+v", bound, least, in, tree)
			}
			if bound == least {
				near++
			}
			if tree.Root.With != nil {
				parts++
			}
		}
	}
	if near < 500 || parts < 5000 {
		t.Errorf("%d show what is true, %d tell in two", near, parts)
	}
}

// spoilt is a tree in which something is another.
func spoilt(r *rand.Rand, in Instance, b *Branch) *Branch {
	if b == nil {
		return nil
	}
	out := *b
	out.Prices, out.At = slices.Clone(b.Prices), slices.Clone(b.At)
	if len(out.Prices) > 0 && r.IntN(4) == 0 {
		out.Prices[r.IntN(len(out.Prices))] += int64(r.IntN(20_000) - 10_000)
	}
	if out.With != nil {
		switch r.IntN(8) {
		case 0:
			out.Apart = !out.Apart
		case 1:
			out.At = append(out.At, r.IntN(len(in.Places)))
		case 2:
			out.At = nil
		case 3:
			out.With, out.Without = out.Without, out.With
		}
	}
	out.With, out.Without = spoilt(r, in, out.With), spoilt(r, in, out.Without)
	return &out
}

// withTree is a plan that only a tree proves, and one that tells in two.
func withTree(t *testing.T) Plan {
	t.Helper()
	r := rand.New(rand.NewPCG(2022, 17))
	for range 100 {
		p := checked(t, related(r, 24, 10))
		if p.Tree != nil && p.Optimal() && p.Tree.Root.With != nil && len(p.Tree.Root.At) > 0 {
			return p
		}
	}
	t.Fatal("no plan wants a tree")
	return Plan{}
}

func TestAFalseTreeIsRefused(t *testing.T) {
	t.Parallel()
	honest := withTree(t)
	if !Bound(honest.Instance, honest.Prices).Less(honest.Bound) {
		t.Fatal("the prices alone prove as much")
	}
	leafOf := func(p *Plan) *Branch {
		b := &p.Tree.Root
		for b.With != nil {
			b = b.With
		}
		return b
	}
	alone := slices.IndexFunc(honest.Instance.Pupils, func(p Pupil) bool { return p.Household == "" })
	other := slices.IndexFunc(honest.Instance.households(), func(members []int) bool { return !slices.Contains(members, honest.Tree.Root.Pupil) })
	var dearest int64
	if r, err := reckon(honest.Instance, honest.Tree.Weights); err != nil {
		t.Fatal(err)
	} else {
		dearest = r.dearest
	}
	for name, x := range map[string]struct {
		want  string
		spoil func(*Plan)
	}{
		"no tree":                {"bound-wrong", func(p *Plan) { p.Tree = nil }},
		"a higher bound":         {"bound-wrong", func(p *Plan) { p.Bound[2]++ }},
		"a lower bound":          {"bound-wrong", func(p *Plan) { p.Bound[2]-- }},
		"a weight of nothing":    {"weights-wrong", func(p *Plan) { p.Tree.Weights[1] = 0 }},
		"a weight below zero":    {"weights-wrong", func(p *Plan) { p.Tree.Weights[0] *= -1 }},
		"a weight too large":     {"weights-wrong", func(p *Plan) { p.Tree.Weights[0] = 1 << 59 }},
		"another weight":         {"bound-wrong", func(p *Plan) { p.Tree.Weights[1] = 1 }},
		"no prices":              {"prices-missing", func(p *Plan) { p.Tree.Root = Branch{} }},
		"a price fewer":          {"prices-missing", func(p *Plan) { leafOf(p).Prices = make([]int64, len(p.Prices)-1) }},
		"a price more":           {"prices-missing", func(p *Plan) { p.Tree.Root.Prices = make([]int64, len(p.Prices)+1) }},
		"too large a price":      {"price-too-large", func(p *Plan) { leafOf(p).Prices = append(make([]int64, len(p.Prices)-1), dearest+1) }},
		"too small a price":      {"price-too-large", func(p *Plan) { leafOf(p).Prices = append(make([]int64, len(p.Prices)-1), -dearest-1) }},
		"other prices":           {"bound-wrong", func(p *Plan) { leafOf(p).Prices = make([]int64, len(p.Prices)) }},
		"nobody's household":     {"household-unknown", func(p *Plan) { p.Tree.Root.Pupil = alone }},
		"nobody":                 {"household-unknown", func(p *Plan) { p.Tree.Root.Pupil = len(p.At) }},
		"less than nobody":       {"household-unknown", func(p *Plan) { p.Tree.Root.Pupil = -1 }},
		"another household":      {"bound-wrong", func(p *Plan) { p.Tree.Root.Pupil = p.Instance.households()[other][0] }},
		"an unknown institution": {"places-unknown", func(p *Plan) { p.Tree.Root.At = []int{len(p.Prices)} }},
		"no place":               {"places-unknown", func(p *Plan) { p.Tree.Root.At = []int{Unplaced} }},
		"no institution":         {"bound-wrong", func(p *Plan) { p.Tree.Root.At = nil }},
		"one side alone":         {"branch-missing", func(p *Plan) { p.Tree.Root.With = nil }},
		"the other side alone":   {"branch-missing", func(p *Plan) { p.Tree.Root.Without = nil }},
		"the sides exchanged":    {"bound-wrong", func(p *Plan) { r := &p.Tree.Root; r.With, r.Without = r.Without, r.With }},
		"too many branches": {"too-many", func(p *Plan) {
			for range MostBranches / 2 {
				root := p.Tree.Root
				p.Tree.Root = Branch{Pupil: root.Pupil, Prices: root.Prices, With: &Branch{Prices: make([]int64, len(p.Prices))}, Without: &root}
			}
		}},
	} {
		p := clone(honest)
		p.Tree = &Tree{honest.Tree.Weights, *copied(&honest.Tree.Root)}
		x.spoil(&p)
		var f *Fault
		if err := p.Check(); !errors.As(err, &f) || f.Code != x.want {
			t.Errorf("%s: %v, want %s", name, err, x.want)
		}
		var b bytes.Buffer
		if _, err := p.Write(&b); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Read(&b); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

func copied(b *Branch) *Branch {
	if b == nil {
		return nil
	}
	out := *b
	out.Prices, out.At, out.With, out.Without = slices.Clone(b.Prices), slices.Clone(b.At), copied(b.With), copied(b.Without)
	return &out
}

func TestATreeIsWrittenAndRead(t *testing.T) {
	t.Parallel()
	p := withTree(t)
	var b bytes.Buffer
	digest, err := p.Write(&b)
	if err != nil {
		t.Fatal(err)
	}
	text := b.String()
	again, read, err := Read(&b)
	if err != nil || read != digest || !again.Optimal() || again.Bound != p.Bound {
		t.Fatalf("%v: %v above %v", err, again.Value, again.Bound)
	}
	if !strings.HasPrefix(text, `{"format":"approdo-plan/3"`) {
		t.Errorf("it begins with %.40s", text)
	}
	var f *Fault
	if _, _, err := Read(strings.NewReader(strings.Replace(text, "approdo-plan/3", "approdo-plan/2", 1))); !errors.As(err, &f) || f.Code != "no-plan" {
		t.Errorf("a tree in a file of before: %v", err)
	}
	most := solved(t, Instance{Pupils: []Pupil{{ID: "p", Unplaced: Cost{0, -5}}}})
	most.Maximised = true
	b.Reset()
	if _, err := most.Write(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), `{"format":"approdo-plan/3"`) {
		t.Errorf("where the most was asked for, it begins with %.40s", b.String())
	}
	if p, _, err := Read(&b); err != nil || !p.Maximised {
		t.Errorf("the most was not asked for any more: %v", err)
	}
	// A byte of the tree is another, and the digest with it.
	plan, err := json.Marshal(p, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	passed := 0
	for i := bytes.Index(plan, []byte(`"tree"`)); i < len(plan); i++ {
		spoilt := bytes.Clone(plan)
		if spoilt[i]++; spoilt[i] == '9'+1 {
			spoilt[i] = '0'
		}
		file := fmt.Sprintf(`{"format":"approdo-plan/3","digest":%q,"plan":%s}`, digestOf(spoilt), spoilt)
		q, _, err := Read(strings.NewReader(file))
		if err == nil {
			passed++ // another tree that shows the same
			if q.Bound != p.Bound || q.Value != p.Value {
				t.Errorf("byte %d: %v above %v", i, q.Value, q.Bound)
			}
		}
		if _, _, err := Read(strings.NewReader(strings.Replace(file, digestOf(spoilt), digest, 1))); err == nil {
			t.Errorf("byte %d: the digest is of another", i)
		}
	}
	t.Logf("%d bytes make no difference to what is shown", passed)
}

// What a number says of a cost is the least there is of so much.
func TestANumberIsToldAsACost(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2022, 18))
	for range 2000 {
		x := &reckoner{weights: Cost{int64(1 + r.IntN(40)), int64(1 + r.IntN(9)), int64(1 + r.IntN(3))}}
		for i := range x.low {
			x.low[i] = int64(r.IntN(9) - 6)
			x.high[i] = x.low[i] + int64(r.IntN(5))
		}
		n := int64(r.IntN(200) - 100)
		least, found := Cost{}, false
		for a := x.low[0]; a <= x.high[0]; a++ {
			for b := x.low[1]; b <= x.high[1]; b++ {
				for c := x.low[2]; c <= x.high[2]; c++ {
					if at := (Cost{a, b, c}); x.number(at) >= n && (!found || at.Less(least)) {
						least, found = at, true
					}
				}
			}
		}
		if got := x.told(n); found && got != least {
			t.Fatalf("%d is %v, and told as %v", n, least, got)
		}
	}
}
