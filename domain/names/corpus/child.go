package corpus

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// child is what is true of one, before anybody writes it down.
type child struct {
	girl       bool
	from       *culture // nil: Ukraine
	surname    string   // Cyrillic in the man's form, or an entry of spellings
	second     string   // another surname, empty for most
	first      first    // of whoever is written in Cyrillic
	given      string   // entries of spellings of the others
	givenToo   string
	patronymic string // the father's, in the man's form
	birth      time.Time
	taxCode    string // empty: none yet
	provisional,
	passport, certificate, parents string // numbers; empty: no papers
	issuedAs road // the table by which the passport was made
}

func (c *child) cyrillic() bool { return c.from == nil || c.from.name == "russian" }

// household is what brothers and sisters share.
type household struct {
	from            *culture
	surname, second string
	patronymic      string
	parents         string
	entered         road // how the office that wrote them all down does it
}

func newHousehold(r *rand.Rand) household {
	h := household{parents: document(r), entered: drawRoad(r)}
	n := r.IntN(100)
	for i := range cultures {
		if n -= cultures[i].percent; n < 0 {
			h.from = &cultures[i]
			break
		}
	}
	switch {
	case h.from == nil:
		h.surname, h.patronymic = surname(r), ranked(r, patronymics, 4)
		if chance(r, apostropheSurnames) {
			h.surname = withApostrophe[r.IntN(len(withApostrophe))]
		}
		if chance(r, doubleSurnames) {
			h.second = surname(r)
		}
	case h.from.name == "russian":
		h.surname, h.patronymic = ranked(r, h.from.surnames, 5), ranked(r, patronymics, 4)
	default:
		h.surname = ranked(r, h.from.surnames, 3)
		if h.from.twoSurnames {
			h.second = ranked(r, h.from.surnames, 5)
		}
	}
	return h
}

// The children taken in are between three and eighteen at the end of 2022.
var firstBirth, days = time.Date(2004, 1, 1, 0, 0, 0, 0, time.UTC), 365 * 15

func newChild(r *rand.Rand, h household) child {
	c := child{from: h.from, surname: h.surname, second: h.second, patronymic: h.patronymic, parents: h.parents, girl: r.IntN(2) == 0,
		birth: firstBirth.AddDate(0, 0, r.IntN(days)), issuedAs: roads[0]}
	if r.IntN(100) < russianPassports {
		c.issuedAs = roads[3]
	}
	c.name(r)
	c.provisional = fmt.Sprintf("%011d", r.Int64N(1e11))
	if chance(r, withTaxCode) {
		c.taxCode = letters(r, 6) + fmt.Sprint(10+r.IntN(90)) + letters(r, 1) + fmt.Sprint(10+r.IntN(61)) + letters(r, 1) + fmt.Sprint(100+r.IntN(900)) + letters(r, 1)
	}
	if chance(r, withPapers) {
		c.passport, c.certificate = document(r), document(r)
	}
	return c
}

// name gives a first name of the culture.
func (c *child) name(r *rand.Rand) {
	if c.cyrillic() {
		list := boys
		if c.girl {
			list = girls
		}
		c.first = ranked(r, list, 6)
		return
	}
	list := c.from.boys
	if c.girl {
		list = c.from.girls
	}
	c.given, c.givenToo = ranked(r, list, 4), ""
	if r.Float64() >= c.from.secondGiven {
		return
	}
	for c.givenToo == "" || c.givenToo == c.given {
		c.givenToo = ranked(r, list, 4)
	}
}

// sharesName reports whether two children have a first name in common, which brothers and sisters have not.
func (c *child) sharesName(other *child) bool {
	if c.cyrillic() {
		return c.first.cyrillic == other.first.cyrillic || c.first.russian == other.first.russian
	}
	return slices.ContainsFunc([]string{c.given, c.givenToo}, func(s string) bool {
		return s != "" && (s == other.given || s == other.givenToo)
	})
}

func document(r *rand.Rand) string { return letters(r, 2) + fmt.Sprintf("%06d", r.IntN(1e6)) }

func letters(r *rand.Rand, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte('A' + r.IntN(26))
	}
	return string(out)
}

func drawRoad(r *rand.Rand) road {
	n := r.IntN(100)
	for _, t := range roads {
		if n -= t.percent; n < 0 {
			return t
		}
	}
	return roads[0]
}
