package names

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Person is what is compared of a child. What is not known is empty. It holds its texts in the open: make one from domain.Personal
// at the edge, compare, and let it go. It cannot be printed or encoded by accident.
type Person struct {
	Family, Given                 string // as in the papers, in either alphabet
	FamilyCyrillic, GivenCyrillic string // where the papers have both
	Sex                           string // F or M
	BirthDate                     string // 2015-03-07
	TaxCode                       string // codice fiscale, provisional code or STP
	Document                      string // number of the passport or identity card
}

// Format covers every verb of fmt.
func (Person) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[person]")) }

// LogValue covers slog.
func (Person) LogValue() slog.Value { return slog.StringValue("[person]") }

// MarshalJSON refuses.
func (Person) MarshalJSON() ([]byte, error) {
	return nil, errors.New("names: a person is not written anywhere")
}

// Reason is a stable code for one thing that speaks for or against two records being of one person. The texts are in the catalogues.
type Reason string

// The reasons. At most one of each group holds: surname, given name (or both exchanged), birth, sex, tax code, document.
const (
	FamilyNameSame       Reason = "family-name-same"       // one fold, whatever the alphabet
	FamilyNameEquivalent Reason = "family-name-equivalent" // the same in another tradition's reading
	FamilyNameSimilar    Reason = "family-name-similar"
	FamilyNameDiffers    Reason = "family-name-differs"

	GivenNameSame       Reason = "given-name-same"
	GivenNameEquivalent Reason = "given-name-equivalent" // the same name in another language or a short form
	GivenNameSimilar    Reason = "given-name-similar"
	GivenNameDiffers    Reason = "given-name-differs"

	NamesSwapped Reason = "names-swapped" // each stands in the other's field

	BirthDateSame        Reason = "birth-date-same"
	BirthDayMonthSwapped Reason = "birth-day-month-swapped"
	BirthDateNear        Reason = "birth-date-near" // two of day, month and year are the same
	BirthYearSame        Reason = "birth-year-same"
	BirthDateDiffers     Reason = "birth-date-differs"

	SexDiffers     Reason = "sex-differs"
	TaxCodeSame    Reason = "tax-code-same"
	TaxCodeDiffers Reason = "tax-code-differs" // weak: a provisional code is replaced by a final one
	DocumentSame   Reason = "document-same"    // siblings may be entered under a parent's document
)

// weights say how much a reason tells, as the logarithm (base 2) of how many times likelier it is between two records of one child
// than between any two of different children (Fellegi and Sunter). They are estimates over a corpus, rounded; docs/doppioni.md has
// both. Two stand off from their estimates on purpose, because pairs drawn by chance are hardly ever of one family: a given name that
// differs weighs more, for twins share all the rest, and a document less, for children are entered under their parent's.
var weights = []struct {
	reason Reason
	bits   float64
}{
	{FamilyNameSame, 9}, {FamilyNameEquivalent, 9}, {FamilyNameSimilar, 6}, {FamilyNameDiffers, -8},
	{GivenNameSame, 6.5}, {GivenNameEquivalent, 5.5}, {GivenNameSimilar, 5}, {GivenNameDiffers, -9},
	{NamesSwapped, 12},
	{BirthDateSame, 13}, {BirthDayMonthSwapped, 9}, {BirthDateNear, 2.5}, {BirthYearSame, -6.5}, {BirthDateDiffers, -10.5},
	{SexDiffers, -5}, {TaxCodeSame, 17}, {TaxCodeDiffers, -2}, {DocumentSame, 8},
}

// prior is the same logarithm before anything is known: of a register of three thousand records in which one child in ten stands
// twice, three hundred pairs in four and a half million are of one child.
const prior = -14

// Likely is the score from which two records are rather of one child than not, and a person should look.
const Likely = 0.5

// Bits is how much a reason weighs: the logarithm to base 2 of how many times likelier it makes one child.
func (r Reason) Bits() float64 { return bits(r) }

// Reasons lists every reason, for the catalogues.
func Reasons() []Reason {
	var out []Reason
	for _, w := range weights {
		out = append(out, w.reason)
	}
	return out
}

// Score is how likely two records are of one person, from 0 to 1, with what speaks for and against it in the order of Reasons.
type Score struct {
	Value   float64
	Reasons []Reason
}

// Has reports whether a reason is among them.
func (s Score) Has(r Reason) bool { return slices.Contains(s.Reasons, r) }

// For reports whether a reason speaks for one person rather than against it.
func (r Reason) For() bool { return bits(r) > 0 }

func bits(r Reason) float64 {
	for _, w := range weights {
		if w.reason == r {
			return w.bits
		}
	}
	return 0
}

// Compare scores two records. Their order does not matter. What either does not have counts neither way.
func Compare(a, b Person) Score {
	reasons := nameReasons(a, b)
	reasons = append(reasons, birthReason(a.BirthDate, b.BirthDate))
	if differ(code(a.Sex), code(b.Sex)) {
		reasons = append(reasons, SexDiffers)
	}
	switch ta, tb := code(a.TaxCode), code(b.TaxCode); {
	case differ(ta, tb):
		reasons = append(reasons, TaxCodeDiffers)
	case ta == tb && ta != "":
		reasons = append(reasons, TaxCodeSame)
	}
	if d := code(a.Document); d != "" && d == code(b.Document) {
		reasons = append(reasons, DocumentSame)
	}
	reasons = slices.DeleteFunc(reasons, func(r Reason) bool { return r == "" })
	sum := float64(prior)
	for _, r := range reasons {
		sum += bits(r)
	}
	return Score{Value: 1 / (1 + math.Exp2(-sum)), Reasons: reasons}
}

func differ(a, b string) bool { return a != "" && b != "" && a != b }

// code is a code as it is compared: letters and digits, in capitals.
func code(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, s)
}

// written is a name as it is compared.
type written struct {
	readings []string // of the whole name
	given    []string // without a patronymic
	words    []string // of the first of these
}

// writtenAs leaves out texts that fold to nothing.
func writtenAs(texts ...string) []written {
	var out []written
	for _, text := range texts {
		w := written{readings: readings(text)}
		if w.readings[0] == "" {
			continue
		}
		w.given = w.readings
		if short := withoutPatronymic(text); short != text {
			w.given = readings(short)
		}
		w.words = strings.Fields(w.given[0])
		out = append(out, w)
	}
	return out
}

func nameReasons(a, b Person) []Reason {
	familyA, familyB := writtenAs(a.Family, a.FamilyCyrillic), writtenAs(b.Family, b.FamilyCyrillic)
	givenA, givenB := writtenAs(a.Given, a.GivenCyrillic), writtenAs(b.Given, b.GivenCyrillic)
	family, given := best(familyA, familyB, familyReason), best(givenA, givenB, givenReason)
	if bits(family)+bits(given) < bits(NamesSwapped) && areExchanged(familyA, givenA, familyB, givenB) {
		return []Reason{NamesSwapped}
	}
	return []Reason{family, given}
}

// best is the reason that speaks most for one person, over both alphabets; none where a name is missing.
func best(a, b []written, reason func(a, b written) Reason) Reason {
	var out Reason
	for i, x := range a {
		for j, y := range b {
			if r := reason(x, y); i+j == 0 || bits(r) > bits(out) {
				out = r
			}
		}
	}
	return out
}

// areExchanged reports whether each record's surname is the other's given name: one of them the same, the other at least with a slip.
func areExchanged(familyA, givenA, familyB, givenB []written) bool {
	one, slip := exchanged(familyA, givenB)
	other, alsoSlip := exchanged(givenA, familyB)
	return one && (other || alsoSlip) || slip && other
}

func exchanged(a, b []written) (same, slip bool) {
	for _, x := range a {
		for _, y := range b {
			switch familyReason(x, y) {
			case FamilyNameSame, FamilyNameEquivalent:
				return true, false
			case FamilyNameSimilar:
				slip = true
			}
			switch givenReason(x, y) {
			case GivenNameSame, GivenNameEquivalent:
				return true, false
			case GivenNameSimilar:
				slip = true
			}
		}
	}
	return false, slip
}

// similar is the likeness from which on two names of several words are one with a slip or with a word left out, different the one
// below which they are two names; between them nothing is said.
const (
	similar   = 0.90
	different = 0.80
)

func familyReason(a, b written) Reason {
	if a.readings[0] == b.readings[0] {
		return FamilyNameSame
	}
	near, length := nearest(a.readings, b.readings)
	like := 0.0
	if strings.ContainsRune(a.readings[0], ' ') || strings.ContainsRune(b.readings[0], ' ') {
		like = alike(a.readings, b.readings)
	}
	switch {
	case near == 0 || like == 1:
		return FamilyNameEquivalent
	case isSlip(near, length, longSurname) || near < tooFar && sameConsonants(a.readings[0], b.readings[0]) || like >= similar:
		return FamilyNameSimilar
	case near > 2 && like < different:
		return FamilyNameDiffers
	}
	return ""
}

func givenReason(a, b written) Reason {
	if a.given[0] == b.given[0] {
		return GivenNameSame
	}
	bothKnown := true
	for _, x := range a.words {
		for _, y := range b.words {
			same, known := sameFirstName(x, y)
			if same || x == y {
				return GivenNameEquivalent
			}
			bothKnown = bothKnown && known
		}
	}
	if bothKnown {
		return GivenNameDiffers // Marta is not a slip for Maria
	}
	near, length := nearest(a.given, b.given)
	switch {
	case near == 0:
		return GivenNameEquivalent
	case isSlip(near, length, longGivenName) || anyWordSlips(a.words, b.words):
		return GivenNameSimilar
	}
	return GivenNameDiffers
}

// anyWordSlips reports whether a word of one name is a word of the other with a slip, or with other vowels: Meriem and Mariam.
func anyWordSlips(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if _, known := sameFirstName(x, y); known {
				continue
			}
			near, length := edits(x, y)
			if isSlip(near, length, longGivenName) || near < tooFar && sameConsonants(x, y) {
				return true
			}
		}
	}
	return false
}

// birthReason compares two days written 2015-03-07; anything else is not known.
func birthReason(a, b string) Reason {
	pa, pb := strings.Split(a, "-"), strings.Split(b, "-")
	if len(pa) != 3 || len(pb) != 3 {
		return ""
	}
	equal := 0
	for i := range pa {
		if pa[i] == pb[i] {
			equal++
		}
	}
	sameYear := pa[0] == pb[0]
	switch {
	case equal == 3:
		return BirthDateSame
	case sameYear && pa[1] == pb[2] && pa[2] == pb[1]:
		return BirthDayMonthSwapped
	case equal == 2:
		return BirthDateNear
	case sameYear:
		return BirthYearSame
	}
	return BirthDateDiffers
}
