package names_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"approdo/domain/names"
)

// p reads "Family, Given, birth date, sex".
func p(line string) names.Person {
	f := strings.Split(line+",,,", ",")
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	return names.Person{Family: f[0], Given: f[1], BirthDate: f[2], Sex: f[3]}
}

// All of them are invented.
func TestCompareSeesOneChild(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"Testovenko, Oleksandr, 2014-03-07, M", "Testovenko, Oleksandr, 2014-03-07, M"},
		{"Testovenko, Oleksandr, 2014-03-07, M", "Тестовенко, Олександр, 2014-03-07, M"},
		{"Testovenko, Oleksandr, 2014-03-07, M", "Testovenko, Alexander, 2014-03-07, M"},
		{"Testovenko, Oleksandr, 2014-03-07, M", "TESTOVENKO, ALESSANDRO, 2014-03-07, M"},
		{"Testovenko, Oleksandr, 2014-03-07, M", "Testovenko, Sashko, 2014-03-07"},
		{"Shcherbukha, Yuliia, 2015-11-02, F", "Scerbuca, Giulia, 2015-11-02, F"},
		{"Shcherbukha, Yuliia, 2015-11-02, F", "Szczerbucha, Julia, 2015-11-02, F"},
		{"Shcherbukha, Yuliia, 2015-11-02, F", "Shcherbuha, Iuliia, 2015-02-11, F"},
		{"Khmarenko, Mykola, 2012-12-09, M", "Hmarenko, Nikolai, 2012-12-09, M"},
		{"Khmarenko, Mykola, 2012-12-09, M", "Chmarenko, Mikołaj, 2012-12-09, M"},
		{"Mar'ianenko, Mariia, 2013-01-05, F", "Marianenko, Maria, 2013-05-01, F"},
		{"Marianenko, Mariia Ivanivna, 2013-01-05, F", "Marianenko, Maria, 2013-01-05, F"},
		{"Marianenko, Yevhen Olehovych, 2013-01-05, M", "Marjanenko, Evgeni, 2013-01-05, M"},
		{"Yaremchuk, Zirka, 2010-06-30, F", "Zirka, Yaremchuk, 2010-06-30, F"},
		{"Yaremchuk, Kateryna, 2010-06-30, F", "Caterina, Jaremczuk, 2010-06-30, F"},
		{"Yaremchuk-Rossi, Zirka, 2010-06-30, F", "Yaremchuk, Zirka, 2010-06-30, F"},
		{"Yaremchuk, Zirka, 2010-06-30, F", "Yaremchiuk, Zirca, 2010-06-30, F"},
		{"Yaremchuk, Zirka, 2010-06-30, F", "Yarenchuk, Zirka, 2010-06-30, F"},
		{"Yaremchuk, Zirka, 2010-06-30, F", "Yaremchuk, Zirka, 2010-06-20, F"},
		{"Kovalskyi, Heorhii, 2011-08-15, M", "Kowalski, Jerzy, 2011-08-15, M"},
		{"Ковальская, Анастасия, 2011-08-15, F", "Kovalska, Anastasiia, 2011-08-15, F"},
	} {
		s := names.Compare(p(c[0]), p(c[1]))
		if s.Value < 0.9 && !s.Has(names.BirthDateNear) || s.Value < names.Likely {
			t.Errorf("%s | %s: %.3f %v", c[0], c[1], s.Value, s.Reasons)
		}
	}
}

func TestCompareSeesTwoChildren(t *testing.T) {
	t.Parallel()
	for name, c := range map[string][2]string{
		"namesakes":             {"Testovenko, Oleksandr, 2014-03-07, M", "Testovenko, Oleksandr, 2011-10-21, M"},
		"of one year":           {"Testovenko, Oleksandr, 2014-03-07, M", "Testovenko, Oleksandr, 2014-10-21, M"},
		"twins":                 {"Testovenko, Oleksandr, 2014-03-07, M", "Testovenko, Mykhailo, 2014-03-07, M"},
		"twins with a father":   {"Testovenko, Zirka Ivanivna, 2014-03-07, F", "Testovenko, Zoia Ivanivna, 2014-03-07, F"},
		"twins, alike":          {"Testovenko, Marta, 2014-03-07, F", "Testovenko, Maria, 2014-03-07, F"},
		"twins, alike again":    {"Testovenko, Daria, 2014-03-07, F", "Testovenko, Maria, 2014-03-07, F"},
		"twin sister":           {"Testovenko, Oleksandr, 2014-03-07, M", "Testovenko, Oleksandra, 2014-03-07, F"},
		"siblings":              {"Testovenko, Oleksandr, 2014-03-07, M", "Testovenko, Yuliia, 2011-10-21, F"},
		"born on one day":       {"Testovenko, Oleksandr, 2014-03-07, M", "Khmarenko, Taras, 2014-03-07, M"},
		"one day, one name":     {"Testovenko, Oleksandr, 2014-03-07, M", "Khmarchuk, Oleksandr, 2014-03-07, M"},
		"nothing but a surname": {"Testovenko", "Testovenko"},
		"nothing":               {"", ""},
	} {
		if s := names.Compare(p(c[0]), p(c[1])); s.Value >= names.Likely {
			t.Errorf("%s: %.3f %v", name, s.Value, s.Reasons)
		}
	}
}

func TestCompareGivesItsReasons(t *testing.T) {
	t.Parallel()
	with := func(line, tax, doc string) names.Person {
		x := p(line)
		x.TaxCode, x.Document = tax, doc
		return x
	}
	for _, c := range []struct {
		a, b names.Person
		want []names.Reason
	}{
		{p("Testovenko, Oleksandr, 2014-03-07, M"), p("Тестовенко, Alexander, 2014-07-03, f"),
			[]names.Reason{names.FamilyNameSame, names.GivenNameEquivalent, names.BirthDayMonthSwapped, names.SexDiffers}},
		{p("Kharchuk, Zirka, 2014-03-07"), p("Charczuk, Zirka, 2014-03-08"),
			[]names.Reason{names.FamilyNameEquivalent, names.GivenNameSame, names.BirthDateNear}},
		{p("Testovenko, Zoreslava, 2014-03-07"), p("Testovemko, Zoreslav, 2014-04-01"),
			[]names.Reason{names.FamilyNameSimilar, names.GivenNameSimilar, names.BirthYearSame}},
		{p("Testovenko, Zirka, 2014-03-07"), p("Zirka, Testovenko, 2013-04-01"),
			[]names.Reason{names.NamesSwapped, names.BirthDateDiffers}},
		{p("Testovenko, Zirka"), p("Khmara, Taras, 2014-03-07"), []names.Reason{names.FamilyNameDiffers, names.GivenNameDiffers}},
		{with("Testovenko", "tst zrk 14c47-z138a", "FX 123456"), with("", "TSTZRK14C47Z138A", "fx123456"),
			[]names.Reason{names.TaxCodeSame, names.DocumentSame}},
		{with("", "12345678901", "FX1"), with("", "TSTZRK14C47Z138A", "FX2"), []names.Reason{names.TaxCodeDiffers}},
		{names.Person{Family: "Scherbuca", FamilyCyrillic: "Щербуха"}, names.Person{FamilyCyrillic: "ЩЕРБУХА"}, []names.Reason{names.FamilyNameSame}},
		{names.Person{BirthDate: "2014"}, names.Person{BirthDate: "2014"}, nil},
	} {
		got := names.Compare(c.a, c.b)
		if diff := cmp.Diff(c.want, got.Reasons, cmp.Transformer("nil", func(r []names.Reason) []names.Reason {
			return append([]names.Reason{}, r...)
		})); diff != "" {
			t.Errorf("%s", diff)
		}
		order := names.Reasons()
		if !slices.IsSortedFunc(got.Reasons, func(x, y names.Reason) int { return slices.Index(order, x) - slices.Index(order, y) }) {
			t.Errorf("not in order: %v", got.Reasons)
		}
	}
}

func TestEveryReasonSpeaksForOrAgainst(t *testing.T) {
	t.Parallel()
	seen := map[names.Reason]bool{}
	for _, r := range names.Reasons() {
		against := strings.HasSuffix(string(r), "-differs") || r == names.BirthYearSame
		if seen[r] || r.For() == against {
			t.Errorf("%s: twice %v, for %v", r, seen[r], r.For())
		}
		seen[r] = true
	}
}

var person = rapid.Custom(func(t *rapid.T) names.Person {
	name := rapid.OneOf(
		rapid.SampledFrom([]string{"Testovenko", "Тестовенко", "Testowenko", "Zirka", "Oleksandr", "Alexander", "Maria Ivanivna", "Charczenko", ""}),
		rapid.StringMatching(`[A-Z][a-z]{1,9}( [A-Z][a-z]{1,9})?`), rapid.StringMatching(`[А-Я][а-я]{1,9}`))
	return names.Person{
		Family: name.Draw(t, "family"), Given: name.Draw(t, "given"),
		FamilyCyrillic: name.Draw(t, "family in Cyrillic"), GivenCyrillic: name.Draw(t, "given in Cyrillic"),
		Sex:       rapid.SampledFrom([]string{"", "F", "M"}).Draw(t, "sex"),
		BirthDate: rapid.StringMatching(`(201[0-3]-0[1-4]-0[1-4])?`).Draw(t, "born"),
		TaxCode:   rapid.StringMatching(`[AB]{0,2}`).Draw(t, "tax code"),
		Document:  rapid.StringMatching(`[AB]{0,2}`).Draw(t, "document"),
	}
})

func TestCompareProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := person.Draw(t, "a"), person.Draw(t, "b")
		ab, ba := names.Compare(a, b), names.Compare(b, a)
		if diff := cmp.Diff(ab, ba); diff != "" {
			t.Errorf("not the same the other way:\n%s", diff)
		}
		if ab.Value < 0 || ab.Value > 1 {
			t.Errorf("%v", ab.Value)
		}
		for _, r := range names.Compare(a, a).Reasons {
			if !r.For() {
				t.Errorf("%s speaks against somebody being himself", r)
			}
		}
	})
}

func TestPersonCannotBePrinted(t *testing.T) {
	t.Parallel()
	x := p("Testovenko, Zirka, 2014-03-07, F")
	var shown strings.Builder
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("x", "p", x, "in", struct{ P names.Person }{x}, "ptr", &x)
	slog.New(slog.NewTextHandler(&shown, nil)).Info("x", "p", x, "in", struct{ P names.Person }{x})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&shown, verb, x)
		fmt.Fprintf(&shown, verb, []*names.Person{&x})
		fmt.Fprintf(&shown, verb, struct{ P names.Person }{x})
	}
	if b, err := json.Marshal(x); err == nil {
		shown.Write(b)
	}
	for _, clear := range []string{"Testovenko", "Zirka", "2014", "546573746f76656e6b6f"} {
		if strings.Contains(shown.String(), clear) {
			t.Errorf("%s was printed", clear)
		}
	}
}
