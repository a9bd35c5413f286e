package corpus

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode"
)

// record is a child as written down, and how: for each kind of noise what was made of it. Two records differ by a kind where these do.
type record struct {
	Person
	how map[Kind]string
}

// write is one channel's work. by is the road where it does not copy the passport.
func (c *child) write(r *rand.Rand, by road) record {
	out := record{how: map[Kind]string{}}
	did := func(k Kind, percent float64) bool {
		if !chance(r, percent) {
			return false
		}
		out.how[k] = "yes"
		return true
	}
	if c.passport != "" && chance(r, copied) {
		by = c.issuedAs
	}
	family, given := c.latin(r, by, did, out.how)
	if c.cyrillic() && chance(r, cyrillicToo) {
		out.FamilyCyrillic, out.GivenCyrillic = c.family(r, func(Kind, float64) bool { return false }), c.first.cyrillic
	}
	if c.cyrillic() && did(CyrillicOnly, cyrillicOnly) {
		family, given = c.family(r, func(Kind, float64) bool { return false }), c.first.cyrillic
		delete(out.how, OtherLanguage)
		delete(out.how, ShortForm)
		out.how[OtherSpelling] = ""
	}
	if did(Doubled, doubledLetter) {
		family = doubled(r, family)
		out.how[Doubled] = family
	}
	if did(SlipFamily, slipFamily) {
		family = slip(r, family)
		out.how[SlipFamily] = family // two slips are one difference, unless they are the same
	}
	if did(SlipGiven, slipGiven) {
		given = slip(r, given)
		out.how[SlipGiven] = given
	}
	swap := exchanged
	if c.from != nil {
		swap = c.from.exchanged
	}
	if did(Exchanged, swap) {
		family, given = given, family
	}
	if r.IntN(4) == 0 {
		family = strings.ToUpper(family)
	}
	out.Family, out.Given = family, given
	out.BirthDate = c.date(r, did)
	if out.how[DateDigit] != "" {
		out.how[DateDigit] = out.BirthDate
	}
	out.Sex = c.sex(did)
	out.TaxCode, out.Document = c.codes(r, did)
	return out
}

// family is the surname in Cyrillic, in the form for a boy or a girl, with the second where both are written.
func (c *child) family(r *rand.Rand, did func(Kind, float64) bool) string {
	form := func(s string) string {
		if !c.girl || forGirl(s) == s || did(OtherEnding, otherEnding) {
			return s
		}
		return forGirl(s)
	}
	if c.second == "" {
		return form(c.surname)
	}
	if did(PartOfName, partOfName) {
		return []string{form(c.surname), form(c.second)}[r.IntN(2)]
	}
	return form(c.surname) + []string{"-", " "}[r.IntN(2)] + form(c.second)
}

// latin romanises the names, or takes a spelling where they never were in Cyrillic.
func (c *child) latin(r *rand.Rand, by road, did func(Kind, float64) bool, how map[Kind]string) (family, given string) {
	if !c.cyrillic() {
		return c.spelled(r, did, how)
	}
	inCyrillic, name := c.family(r, did), c.first.cyrillic
	russian := by.russian || c.from != nil
	if russian && c.from == nil {
		inCyrillic, name = inRussian(r, inCyrillic), c.first.russian
	} else if russian {
		name = c.first.russian
	}
	family, given = by.write(r, inCyrillic), by.write(r, name)
	how[OtherSpelling] = family + " " + given
	switch {
	case len(c.first.foreign) > 0 && did(OtherLanguage, otherLanguage):
		given = c.first.foreign[r.IntN(len(c.first.foreign))]
		how[OtherLanguage] = given
	case len(c.first.short) > 0 && did(ShortForm, shortForm):
		given = by.write(r, c.first.short[r.IntN(len(c.first.short))])
		how[ShortForm] = given
	}
	if c.patronymic != "" && did(Patronymic, patronymic) {
		given += " " + by.write(r, c.fathersName(russian))
	}
	if strings.Contains(inCyrillic, "'") && !strings.Contains(family, "'") && chance(r, signKept) {
		before, _, _ := strings.Cut(inCyrillic, "'")
		at := len(by.write(r, before))
		family = family[:min(at, len(family))] + "'" + family[min(at, len(family)):]
		how[SignDropped] = "kept"
	}
	if strings.ContainsAny(family+given, `'"’`) && !chance(r, signKept) {
		family, given = unsigned(family), unsigned(given)
		how[SignDropped] = "dropped"
	}
	if strings.ContainsFunc(family+given, func(x rune) bool { return x > unicode.MaxASCII && unicode.Is(unicode.Latin, x) }) && !chance(r, signKept) {
		family, given = unaccented(family), unaccented(given)
		how[SignDropped] = "dropped"
	}
	return family, given
}

func (c *child) fathersName(russian bool) string {
	s := c.patronymic
	if russian {
		s = strings.NewReplacer("йович", "евич", "Миколай", "Николай", "Олександр", "Александр", "Сергій", "Сергей", "і", "и").Replace(s)
	}
	if !c.girl {
		return s
	}
	if russian {
		return strings.TrimSuffix(s, "ич") + "на"
	}
	stem := strings.TrimSuffix(strings.TrimSuffix(s, "ович"), "йович")
	if strings.HasSuffix(s, "йович") {
		return strings.TrimSuffix(s, "йович") + "ївна"
	}
	return stem + "івна"
}

// spelled writes names that have no Cyrillic form.
func (c *child) spelled(r *rand.Rand, did func(Kind, float64) bool, how map[Kind]string) (family, given string) {
	family, given = another(r, c.surname), another(r, c.given)
	how[OtherSpelling] = family + " " + given
	if c.second != "" && !did(PartOfName, partOfName) {
		family += " " + another(r, c.second)
	}
	if c.givenToo != "" && !did(PartOfName, partOfName) {
		given += " " + another(r, c.givenToo)
	}
	if bare := unaccented(family + given); bare != family+given && !chance(r, signKept) {
		family, given = unaccented(family), unaccented(given)
		how[SignDropped] = "dropped"
	}
	return family, given
}

// unsigned drops apostrophes.
func unsigned(s string) string { return strings.NewReplacer("'", "", "\"", "", "’", "").Replace(s) }

var accents = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ü", "u", "ñ", "n", "Á", "A", "ł", "l", "Ł", "L", "ż", "z", "Ż", "Z",
	"ž", "z", "Ž", "Z", "č", "c", "Č", "C", "š", "s", "Š", "S", "ź", "z", "ó", "o")

func unaccented(s string) string { return accents.Replace(s) }

// doubled writes a double letter once, or a letter in the middle twice.
func doubled(r *rand.Rand, s string) string {
	text := []rune(s)
	for i := 1; i < len(text); i++ {
		if unicode.ToLower(text[i]) == unicode.ToLower(text[i-1]) {
			return string(slices.Delete(text, i, i+1))
		}
	}
	if len(text) < 4 {
		return s
	}
	at := 1 + r.IntN(len(text)-2)
	if !unicode.IsLetter(text[at]) {
		return s
	}
	return string(slices.Insert(text, at, unicode.ToLower(text[at])))
}

// neighbours are the keys beside a key, on an Italian keyboard.
var neighbours = func() map[rune][]rune {
	out := map[rune][]rune{}
	for _, row := range []string{"qwertyuiop", "asdfghjkl", "zxcvbnm"} {
		keys := []rune(row)
		for i, k := range keys {
			if i > 0 {
				out[k] = append(out[k], keys[i-1])
			}
			if i+1 < len(keys) {
				out[k] = append(out[k], keys[i+1])
			}
		}
	}
	return out
}()

// slip is one typing error anywhere in a word: a key beside, two letters exchanged, a letter left out or typed too many.
func slip(r *rand.Rand, s string) string {
	text := []rune(s)
	if len(text) < 3 {
		return s
	}
	at := r.IntN(len(text))
	switch r.IntN(4) {
	case 0:
		if near := neighbours[unicode.ToLower(text[at])]; len(near) > 0 {
			text[at] = near[r.IntN(len(near))]
		}
	case 1:
		at = min(at, len(text)-2)
		text[at], text[at+1] = text[at+1], text[at]
	case 2:
		text = slices.Delete(text, at, at+1)
	default:
		if near := neighbours[unicode.ToLower(text[at])]; len(near) > 0 {
			text = slices.Insert(text, at+1, near[r.IntN(len(near))])
		}
	}
	return string(text)
}

// date is the birth date with its errors, at most one.
func (c *child) date(r *rand.Rand, did func(Kind, float64) bool) string {
	y, m, d := c.birth.Date()
	switch {
	case d <= 12 && d != int(m) && did(DayMonth, dayMonth):
		m, d = time.Month(d), int(m)
	case did(DateYear, dateYear):
		y += 1 - 2*r.IntN(2)
	case did(DateDigit, dateDigit):
		return wrongDigit(r, c.birth)
	}
	return fmt.Sprintf("%04d-%02d-%02d", y, m, d)
}

// wrongDigit changes one digit of a date so that it stays one of a child.
func wrongDigit(r *rand.Rand, birth time.Time) string {
	text := birth.Format(time.DateOnly)
	for range 100 {
		b := []byte(text)
		at := 3 + r.IntN(len(b)-3)
		if b[at] == '-' {
			continue
		}
		b[at] = byte('0' + r.IntN(10))
		if _, err := time.Parse(time.DateOnly, string(b)); err == nil && string(b) != text {
			return string(b)
		}
	}
	return text
}

func (c *child) sex(did func(Kind, float64) bool) string {
	if did(SexMissing, sexMissing) {
		return ""
	}
	if c.girl != did(SexWrong, sexWrong) {
		return "F"
	}
	return "M"
}

func (c *child) codes(r *rand.Rand, did func(Kind, float64) bool) (taxCode, paper string) {
	if c.taxCode != "" && chance(r, taxCodeWritten) {
		taxCode = c.taxCode
		if did(TaxCodeOther, taxCodeOther) {
			taxCode = c.provisional
		}
	}
	if c.passport != "" && chance(r, docWritten) {
		switch n := r.Float64() * 100; {
		case n < docParents:
			paper = c.parents
		case n < docParents+docOther:
			paper = c.certificate
		default:
			paper = c.passport
		}
	}
	return taxCode, paper
}
