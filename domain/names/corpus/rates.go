package corpus

import "math/rand/v2"

// Percentages, of records unless they say otherwise.
const (
	elsewhere          = 18 // children who are not from Ukraine: the sum of the cultures'
	withTaxCode        = 30 // children
	withPapers         = 85 // children
	apostropheSurnames = 6  // surnames from Ukraine
	doubleSurnames     = 4  // surnames from Ukraine
	russianPassports   = 8  // of those of children from Ukraine: the passport has the Russian form
	copied             = 50 // written as in the passport, where there is one

	otherLanguage  = 6
	shortForm      = 2
	patronymic     = 10
	partOfName     = 30 // of names with two parts
	otherEnding    = 6  // of girls' surnames that are adjectives
	signKept       = 40 // of apostrophes, soft signs and accents that the spelling has
	doubledLetter  = 2
	exchanged      = 2.5
	slipFamily     = 3
	slipGiven      = 2
	cyrillicToo    = 35 // of children whose name is written in it
	cyrillicOnly   = 2
	dayMonth       = 5 // of days that can be a month
	dateDigit      = 1.5
	dateYear       = 0.7
	sexMissing     = 4
	sexWrong       = 0.7
	taxCodeWritten = 85 // of those who have one
	taxCodeOther   = 4  // of those written
	docWritten     = 75 // of those who have papers
	docOther       = 20 // of those written: another paper of the child
	docParents     = 6  // of those written: a parent's
	sameClerk      = 70 // siblings written down by one office, in one way
)

// Rates lists what is drawn and how often, with the source where there is one.
func Rates() []Rate {
	const of = "record"
	generator := "real volumes of the service"
	return []Rate{
		{"from-elsewhere", elsewhere, "child", ""},
		{"no-tax-code", 100 - withTaxCode, "child", generator}, {"no-papers", 100 - withPapers, "child", generator},
		{"surname-with-apostrophe", apostropheSurnames, "surname", generator}, {"double-surname", doubleSurnames, "surname", ""},
		{"copied-from-passport", copied, "record with papers", ""}, {"passport-of-russian-form", russianPassports, "passport", ""},
		{OtherLanguage, otherLanguage, of, ""}, {ShortForm, shortForm, of, ""}, {Patronymic, patronymic, of, ""},
		{PartOfName, partOfName, "name with two parts", ""}, {OtherEnding, otherEnding, "girl's surname that is an adjective", ""},
		{SignDropped, 100 - signKept, "spelling with signs", ""}, {Doubled, doubledLetter, of, ""},
		{Exchanged, exchanged, of, ""}, {SlipFamily, slipFamily, of, ""}, {SlipGiven, slipGiven, of, ""},
		{"cyrillic-too", cyrillicToo, of, ""}, {CyrillicOnly, cyrillicOnly, of, ""},
		{DayMonth, dayMonth, "day up to the 12th", ""}, {DateDigit, dateDigit, of, ""}, {DateYear, dateYear, of, ""},
		{SexMissing, sexMissing, of, ""}, {SexWrong, sexWrong, of, ""}, {TaxCodeOther, taxCodeOther, "tax code", ""},
		{"document-other", docOther, "document", ""}, {"document-of-parent", docParents, "document", ""},
	}
}

func chance(r *rand.Rand, percent float64) bool { return r.Float64()*100 < percent }
