// Package corpus invents children as different offices write them down, for measuring how well duplicates are found.
//
// It knows nothing of what it measures: its tables of transliteration are its own, made from the published standards (roads.go), and
// so are its names (ukraine.go, elsewhere.go) and its errors (noise.go). The same seed gives the same corpus.
//
// Every channel writes a child for itself, from a paper, from Cyrillic or by ear, and errs for itself, at the rates of Rates. Those
// that have a source name it; the others are assumptions, set before anything was measured and above what an office would own to.
// Who is common stays common: surnames and first names are drawn by rank. Nobody in it exists.
package corpus

// Person is one child as one channel wrote it down. Its fields are those of names.Person.
type Person struct {
	Family, Given                 string
	FamilyCyrillic, GivenCyrillic string
	Sex                           string
	BirthDate                     string
	TaxCode                       string
	Document                      string
}

// Kind names what happened to a pair of one child, or what a pair of two children is. A pair of one child may have many.
type Kind string

// What happens between two records of one child.
const (
	Plain         Kind = "plain"           // the two are written alike
	OtherSpelling Kind = "other-spelling"  // romanised by two tables, or by ear
	OtherLanguage Kind = "other-language"  // Alessandro, Nikolai
	ShortForm     Kind = "short-form"      // Sasha
	Patronymic    Kind = "patronymic"      // only one has it
	PartOfName    Kind = "part-of-name"    // one of two surnames or given names is left out
	OtherEnding   Kind = "other-ending"    // the surname of the other gender
	SignDropped   Kind = "sign-dropped"    // apostrophes, soft signs, accents
	Doubled       Kind = "doubled-letter"  // a double letter written once, or a letter twice
	Exchanged     Kind = "exchanged"       // surname and given name
	SlipFamily    Kind = "slip-in-surname" // a typing error
	SlipGiven     Kind = "slip-in-given"
	CyrillicOnly  Kind = "cyrillic-only"
	DayMonth      Kind = "day-month" // exchanged
	DateDigit     Kind = "date-digit"
	DateYear      Kind = "date-year" // the year before or after
	SexMissing    Kind = "sex-missing"
	SexWrong      Kind = "sex-wrong"
	TaxCodeOther  Kind = "tax-code-other" // a provisional code, or one typed wrong
)

// What two children of a pair are to each other.
const (
	Stranger      Kind = "stranger"
	Sibling       Kind = "sibling"
	Twin          Kind = "twin"
	Cousin        Kind = "cousin"         // one surname, another household, much of an age
	Namesake      Kind = "namesake"       // one name, another birth date
	SameDay       Kind = "same-day"       // born on one day, one first name
	AlikeSameDay  Kind = "alike-same-day" // born on one day, one first name, surnames with one beginning
	AlikeSameYear Kind = "alike-same-year"
)

// Rate is how often something happens, in a hundred, to one record unless it says otherwise.
type Rate struct {
	Kind    Kind
	Percent float64
	Of      string // what it is a share of
	Source  string // empty: assumed
}
