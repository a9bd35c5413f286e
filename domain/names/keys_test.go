package names_test

import (
	"slices"
	"testing"

	"approdo/domain/names"
)

func share(a, b []string) bool {
	return slices.ContainsFunc(a, func(k string) bool { return slices.Contains(b, k) })
}

func TestKeysBringCandidatesTogether(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]string{
		{"Testovenko", "Oleksandr", "Тестовенко", "Олександр"},
		{"Testovenko", "Oleksandr", "Testovenco", "Alessandro"},
		{"Kharchuk", "Zirka", "Charczuk", "Zirka"},
		{"Kovalchuk", "Zirka", "Covalciuk", "Zirca"},
		{"Khmarenko", "Mykola", "Kmarenko", "Nikolai"},     // a letter lost, the first name in another language
		{"Khmarenko", "Mykola", "Khmaremko", "Nikolai"},    // a letter changed
		{"Khmarenko", "Mykola", "Smarenko", "Nikolai"},     // the first letter changed
		{"Khmarenko", "Zirka", "Khmarenko", "Dzvinka"},     // another first name
		{"Yaremchuk", "Kateryna", "Caterina", "Jaremczuk"}, // exchanged
		{"Yaremchuk-Rossi", "Zirka", "Yaremchuk", "Zirka"},
		{"Rossi Yaremchuk", "Zirka", "Yaremchuk", "Zirka"},
		{"Yaremchuk", "Zirka Ivanivna", "Yaremchuk", "Zirka"},
		{"Yaremchuk", "", "Jaremczuk", "Zirka"},
	} {
		if a, b := names.Keys(c[0], c[1]), names.Keys(c[2], c[3]); !share(a, b) {
			t.Errorf("%v: %v and %v", c, a, b)
		}
	}
}

func TestKeysKeepStrangersApart(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]string{
		{"Testovenko", "Oleksandr", "Khmarchuk", "Oleksandr"},
		{"Testovenko", "Oleksandr", "Khmarchuk", "Zirka"},
		{"De Rossi", "Zirka", "De Bianchi", "Taras"},
		{"", "Zirka", "", "Zirka"},
	} {
		if a, b := names.Keys(c[0], c[1]), names.Keys(c[2], c[3]); share(a, b) {
			t.Errorf("%v: %v and %v", c, a, b)
		}
	}
}

func TestKeysAreFewSortedAndDistinct(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"Testovenko", "Zirka"}, {"Charczenko", "Sasha"}, {"Nechui-Levytskyi", "Slava"}, {"", ""}, {"Li", "An"}} {
		keys := names.Keys(c[0], c[1])
		if !slices.IsSorted(keys) || len(slices.Compact(slices.Clone(keys))) != len(keys) || len(keys) > 32 {
			t.Errorf("%v: %d keys %v", c, len(keys), keys)
		}
	}
	if n := len(names.Keys("Testovenko", "Zirka")); n == 0 || n > 4 {
		t.Errorf("%d keys for a plain name", n)
	}
}
