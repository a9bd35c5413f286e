package corpus

import "math/rand/v2"

// Entry is a record of a register. Entries of one child have one number.
type Entry struct {
	Person
	Child int
	Kinds []Kind // of a second entry: how it differs from the first
}

// What a register is made of, in a hundred.
const (
	twice      = 10  // households that a second channel enters too
	twiceEach  = 95  // their children who are among them
	twins      = 1.5 // children of a household of two or more who are a twin of the one before
	oneChildIn = 60  // households of one child
	twoChildIn = 32  // of two; the rest have three
)

// Register invents children in households, all entered once and a tenth of them twice, as the months of a great arrival leave them.
func Register(seed uint64, children int) []Entry {
	r := rand.New(rand.NewPCG(seed, 2))
	var out []Entry
	for n := 0; n < children; {
		h := newHousehold(r)
		var all []child
		for i := range householdSize(r) {
			c := newChild(r, h)
			switch {
			case i == 0:
			case chance(r, twins):
				c = twin(r, h, all[i-1])
			default:
				c = sibling(r, h, all[i-1])
			}
			all = append(all, c)
		}
		again := chance(r, twice)
		by := drawRoad(r)
		for i := range all {
			n++
			first := all[i].write(r, h.entered)
			out = append(out, Entry{Person: first.Person, Child: n})
			if again && chance(r, twiceEach) {
				second := all[i].write(r, by)
				out = append(out, Entry{Person: second.Person, Child: n, Kinds: between(first, second)})
			}
		}
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func householdSize(r *rand.Rand) int {
	switch n := r.IntN(100); {
	case n < oneChildIn:
		return 1
	case n < oneChildIn+twoChildIn:
		return 2
	}
	return 3
}
