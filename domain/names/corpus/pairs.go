package corpus

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Pair is two records, of one child or of two, and why they are alike or not.
type Pair struct {
	A, B  Person
	Same  bool
	Kinds []Kind
}

// StrangersPerPair is how many pairs of two children stand beside one pair of one child.
const StrangersPerPair = 2

// strangers says how many in a hundred pairs of two children are what to each other.
var strangers = []struct {
	kind    Kind
	percent int
}{{Stranger, 15}, {Sibling, 20}, {Twin, 12}, {Cousin, 10}, {Namesake, 18}, {SameDay, 10}, {AlikeSameDay, 7}, {AlikeSameYear, 8}}

// StrangerKinds lists what two children of a pair are, and how many in a hundred.
func StrangerKinds() []Rate {
	var out []Rate
	for _, s := range strangers {
		out = append(out, Rate{Kind: s.kind, Percent: float64(s.percent), Of: "pair of two children"})
	}
	return out
}

// Pairs invents n pairs of one child and StrangersPerPair times as many of two, in no order that tells them apart.
func Pairs(seed uint64, n int) []Pair {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]Pair, 0, n*(1+StrangersPerPair))
	for range n {
		out = append(out, oneChild(r))
		for range StrangersPerPair {
			out = append(out, twoChildren(r))
		}
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func oneChild(r *rand.Rand) Pair {
	c := newChild(r, newHousehold(r))
	a, b := c.write(r, drawRoad(r)), c.write(r, drawRoad(r))
	return Pair{A: a.Person, B: b.Person, Same: true, Kinds: between(a, b)}
}

// between lists the kinds of noise by which two records of a child differ.
func between(a, b record) []Kind {
	var out []Kind
	for _, how := range []map[Kind]string{a.how, b.how} {
		for k := range how {
			if a.how[k] != b.how[k] && !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	if len(out) == 0 {
		out = append(out, Plain)
	}
	slices.Sort(out)
	return out
}

func twoChildren(r *rand.Rand) Pair {
	h := newHousehold(r)
	a := newChild(r, h)
	b, kind := a, strangers[0].kind
	n := r.IntN(100)
	for _, s := range strangers {
		if n -= s.percent; n < 0 {
			kind = s.kind
			break
		}
	}
	byA, byB := drawRoad(r), drawRoad(r)
	switch kind {
	case Stranger:
		b = newChild(r, newHousehold(r))
	case Sibling:
		b = sibling(r, h, a)
	case Twin:
		b = twin(r, h, a)
	case Cousin:
		other := newHousehold(r)
		other.from, other.surname, other.second, other.patronymic = h.from, h.surname, h.second, ranked(r, patronymics, 4)
		b = otherThan(r, other, a)
		b.birth = a.birth.AddDate(0, 0, r.IntN(1400)-700)
	case Namesake, SameDay, AlikeSameDay, AlikeSameYear:
		b = alike(r, kind, h, a)
	}
	if (kind == Sibling || kind == Twin) && chance(r, sameClerk) {
		byB = byA
	}
	return Pair{A: a.write(r, byA).Person, B: b.write(r, byB).Person, Kinds: []Kind{kind}}
}

// otherThan is another child of a household, with another first name.
func otherThan(r *rand.Rand, h household, than child) child {
	c := newChild(r, h)
	for c.sharesName(&than) {
		c.name(r)
	}
	return c
}

// sibling is nine months or more apart.
func sibling(r *rand.Rand, h household, of child) child {
	c := otherThan(r, h, of)
	apart := 280 + r.IntN(365*8)
	if r.IntN(2) == 0 {
		apart = -apart
	}
	c.birth = of.birth.AddDate(0, 0, apart)
	return c
}

// twin was born on the same day, two times in three of the same sex. Four in ten have a first name that begins like the other's, where
// there is one.
func twin(r *rand.Rand, h household, of child) child {
	c := newChild(r, h)
	c.birth = of.birth
	if r.IntN(3) > 0 {
		c.girl = of.girl
	}
	alliterate := r.IntN(10) < 4
	for tries := 0; ; tries++ {
		c.name(r)
		if !c.sharesName(&of) && (!alliterate || tries > 100 || begins(c.first.cyrillic+c.given, of.first.cyrillic+of.given)) {
			return c
		}
	}
}

func begins(a, b string) bool {
	x, y := []rune(a), []rune(b)
	return strings.EqualFold(string(x[:min(2, len(x))]), string(y[:min(2, len(y))]))
}

// alike is a child of other parents with the same first name, and more.
func alike(r *rand.Rand, kind Kind, h household, of child) child {
	other := newHousehold(r)
	other.from = h.from
	other.surname, other.second, other.patronymic = h.surname, "", h.patronymic
	if kind != Namesake {
		other.surname = surnameLike(r, h, kind != SameDay)
	}
	c := newChild(r, other)
	c.girl, c.first, c.given, c.givenToo = of.girl, of.first, of.given, ""
	switch kind {
	case SameDay, AlikeSameDay:
		c.birth = of.birth
	case AlikeSameYear:
		c.birth = time.Date(of.birth.Year(), 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(365))
	}
	return c
}

// surnameLike is another surname, with alike of one beginning.
func surnameLike(r *rand.Rand, h household, alike bool) string {
	for {
		var s string
		switch {
		case h.from != nil:
			s = ranked(r, h.from.surnames, 5)
		case alike:
			text := []rune(h.surname)
			s = strings.TrimSuffix(string(text[:max(3, len(text)-4)]), "с") + endings[r.IntN(len(endings))].ending
		default:
			s = surname(r)
		}
		if s != h.surname {
			return s
		}
	}
}
