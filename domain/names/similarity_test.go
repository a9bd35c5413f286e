package names_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"approdo/domain/names"
)

func TestSimilarityOfOneNameReadInOtherTraditions(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"Kovalchuk", "Covalciuk"},      // heard in Italy
		{"Zhytomyrska", "Gitomirska"},   // heard in Italy
		{"Shevchenko", "Scevcenko"},     // heard in Italy
		{"Kharchenko", "Charczenko"},    // a Polish card
		{"Khrystenko", "Chrystenko"},    // a Polish card
		{"Rzhevskyi", "Rżewski"},        // a Polish card
		{"Хоменко", "Chomenko"},         // a Polish card
		{"Жданов", "Jdanov"},            // an older passport
		{"Maria Pia", "Mariapia"},       // written together
		{"Rossi Zirka", "Zirka Rossi"},  // the other way round
		{"Нечуй-Левко", "Levko Nechui"}, // both
	} {
		if got := names.Similarity(pair[0], pair[1]); got != 1 {
			t.Errorf("%s and %s: %.3f", pair[0], pair[1], got)
		}
	}
}

func TestSimilarityOrdersNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, near, far string }{
		{"Kovalenko", "Kovalemko", "Bondarenko"},
		{"Kovalenko", "Koalenko", "Shevchenko"},
		{"Testovenko", "Testovneko", "Petrenko"},
		{"Testovenko Rossi", "Testovenko", "Bianchi"},
		{"Yuliia", "Julija", "Yurii"},
	} {
		near, far := names.Similarity(c.name, c.near), names.Similarity(c.name, c.far)
		if near < 0.9 || far > 0.85 {
			t.Errorf("%s: %s is %.3f, %s is %.3f", c.name, c.near, near, c.far, far)
		}
	}
}

// Examples of Winkler's report of 1990, Martha with a letter the fold leaves alone.
func TestSimilarityIsJaroWinkler(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want float64
	}{{"martga", "margta", 0.9611111111}, {"dwayne", "duane", 0.84}, {"a", "b", 0}, {"a", "a", 1}, {"", "a", 0}, {"", "", 0}} {
		if got := names.Similarity(c.a, c.b); math.Abs(got-c.want) > 0.0001 {
			t.Errorf("%s, %s: %.4f, want %.4f", c.a, c.b, got, c.want)
		}
	}
}

func TestSimilarityProperties(t *testing.T) {
	t.Parallel()
	name := rapid.OneOf(rapid.StringMatching(`[A-Za-zčšž' -]{0,16}`), rapid.StringMatching(`[а-яіїєґ' -]{0,16}`), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		a, b := name.Draw(t, "a"), name.Draw(t, "b")
		ab, ba := names.Similarity(a, b), names.Similarity(b, a)
		if ab != ba {
			t.Errorf("%v one way, %v the other", ab, ba)
		}
		if ab < 0 || ab > 1 {
			t.Errorf("%v", ab)
		}
		if self := names.Similarity(a, a); names.Fold(a) != "" && self != 1 {
			t.Errorf("%q is %v like itself", a, self)
		}
	})
}
