package names

import (
	"slices"
	"strings"
)

// Keys are texts that records of the same person are likely to share, sorted, without repetition: for finding candidates. They are
// personal data; make keyed tokens of them before they are kept. One shared key makes a candidate, Compare judges it.
//
//	f:<consonants of the surname>                  any spelling of the vowels, any reading of the rest
//	b:<first name>:<first two consonants>          a slip in the middle or at the end of the surname
//	e:<first name>:<consonants but the first>      a slip at its beginning
//	p:<one>|<other>                                surname and given name in each other's field
//
// A double surname gives the keys of each of its words too. The keys f of a frequent surname bring many candidates together; whoever
// has a birth date narrows them by it.
func Keys(family, given string) []string {
	var keys []string
	firsts := firstNameKeys(given)
	for _, fold := range readings(family) {
		words := strings.Fields(fold)
		if len(words) > 1 {
			words = append(words, strings.Join(words, ""))
		}
		for _, w := range words {
			if len(words) > 1 && len([]rune(w)) < 3 {
				continue // a particle: de, di, von
			}
			s := []rune(skeleton(w))
			keys = append(keys, "f:"+string(s))
			for _, first := range firsts {
				keys = append(keys, "b:"+first+":"+string(s[:min(2, len(s))]))
				if len(s) > 2 {
					keys = append(keys, "e:"+first+":"+string(s[1:]))
				}
			}
		}
	}
	for _, x := range firstNameKeys(family) {
		for _, y := range firsts {
			keys = append(keys, "p:"+min(x, y)+"|"+max(x, y))
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Keys are the keys of all that is known of somebody: of the names in each alphabet, and
//
//	d:<birth date>       the earlier of day and month first, so that one key stands for both orders
//	t:<codice fiscale>   or any other code
//	n:<document>
func (p Person) Keys() []string {
	keys := Keys(p.Family, p.Given)
	if p.FamilyCyrillic != "" {
		keys = append(keys, Keys(p.FamilyCyrillic, p.GivenCyrillic)...)
	}
	if d := strings.Split(p.BirthDate, "-"); len(d) == 3 {
		keys = append(keys, "d:"+d[0]+"-"+min(d[1], d[2])+"-"+max(d[1], d[2]))
	}
	if t := code(p.TaxCode); t != "" {
		keys = append(keys, "t:"+t)
	}
	if n := code(p.Document); n != "" {
		keys = append(keys, "n:"+n)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// manyLines is where a short form says too little: Slava is short for eight names.
const manyLines = 3

// firstNameKeys are the lines of the table in which the first word of a name stands, or its consonants where it is not known there
// or says too little.
func firstNameKeys(name string) []string {
	words := strings.Fields(Fold(name))
	if len(words) == 0 {
		return nil
	}
	in := lines[words[0]]
	if len(in) == 0 || len(in) > manyLines {
		return []string{skeleton(words[0])}
	}
	var out []string
	for _, i := range in {
		out = append(out, heads[i])
	}
	return out
}

// skeleton is a folded word without its vowels, or the word itself where hardly anything else is in it.
func skeleton(word string) string {
	s := strings.Map(func(r rune) rune {
		if strings.ContainsRune("aeiou", r) {
			return -1
		}
		return r
	}, word)
	if len([]rune(s)) < 2 {
		return word
	}
	return s
}
