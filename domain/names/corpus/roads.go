package corpus

import (
	"math/rand/v2"
	"strings"
	"unicode"
	"unicode/utf8"
)

// road is a way from Cyrillic to Latin letters. A letter stands before "=", what it becomes behind it, alternatives apart by "/", one
// of which is drawn. A letter behind "^" is at the beginning of a word, behind "+" after a vowel, a sign or at the beginning, before
// "~" stands where a vowel of the front row (е и і ї є ь ю я) follows. The first entry that applies counts.
type road struct {
	name    string
	percent int
	russian bool // from the Russian form of the name
	table   map[rune][]entry
}

type entry struct {
	initial, iotated, front bool
	to                      []string
}

func table(lists ...string) map[rune][]entry {
	out := map[rune][]entry{}
	for _, list := range lists {
		for field := range strings.FieldsSeq(list) {
			e := entry{}
			field, e.initial = strings.CutPrefix(field, "^")
			field, e.iotated = strings.CutPrefix(field, "+")
			from, to, _ := strings.Cut(field, "=")
			from, e.front = strings.CutSuffix(from, "~")
			e.to = strings.Split(to, "/")
			r, _ := utf8.DecodeRuneInString(from)
			out[r] = append(out[r], e)
		}
	}
	return out
}

const plainLetters = " а=a б=b д=d е=e з=z і=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f в=v ь= ъ= '= "

// The roads, with how many in a hundred records that are not copied from the child's passport come by each.
var roads = []road{
	// Resolution 55 of the Cabinet of Ministers of Ukraine, 27 January 2010: passports and residence permits since.
	{name: "kmu-2010", percent: 34, table: table("^є=ye ^ї=yi ^й=y ^ю=yu ^я=ya г=h ґ=g є=ie ж=zh и=y ї=i й=i х=kh ц=ts ч=ch ш=sh щ=shch ю=iu я=ia э=e ы=y ё=io", plainLetters)},
	// Decision 9 of the Ukrainian Committee for Legal Terminology, 19 April 1996, in its full form.
	{name: "national-1996", percent: 8, table: table("^є=ye ^ї=yi ^й=y ^ю=yu ^я=ya г=h/gh ґ=g є=ie ж=zh и=y ї=i й=i х=kh ц=ts ч=ch ш=sh щ=sch ю=iu я=ia ь=' э=e ы=y ё=io", plainLetters)},
	// BGN/PCGN 1965 for Ukrainian, as sworn translators write it.
	{name: "bgn-pcgn", percent: 10, table: table("г=h ґ=g є=ye ж=zh и=y ї=yi й=y х=kh ц=ts ч=ch ш=sh щ=shch ю=yu я=ya ь=' '=\" э=e ы=y ё=yo", plainLetters)},
	// ICAO Doc 9303, part 3, the table of the Russian passport since 2013, from the Russian form of the name.
	{name: "icao-russian", percent: 8, russian: true, table: table("г=g ж=zh и=i ё=e й=i х=kh ц=ts ч=ch ш=sh щ=shch ъ=ie ы=y э=e ю=iu я=ia", plainLetters)},
	// BGN/PCGN 1947 for Russian, simplified: Sergey, Yuriy, Khmelnitsky.
	{name: "russian-common", percent: 9, russian: true, table: table("+е=ye/e г=g ж=zh и=i ё=yo/e й=y х=kh/h ц=ts ч=ch ш=sh щ=shch/sch ы=y э=e ю=yu я=ya", plainLetters)},
	// Polish orthography's transcription of Ukrainian, on papers issued there, often typed without its signs.
	{name: "polish", percent: 10, table: table("в=w г=h ґ=g +є=je є=ie ж=ż/z и=y ї=ji й=j л~=l л=ł/l х=ch ц=c ч=cz ш=sz щ=szcz +ю=ju ю=iu +я=ja я=ia э=e ы=y ё=jo", plainLetters)},
	// Duden's transcription of Ukrainian.
	{name: "german", percent: 4, table: table("в=w г=h ґ=g є=je ж=sch/sh з=s и=y ї=ji й=j х=ch ц=z ч=tsch ш=sch щ=schtsch ю=ju я=ja э=e ы=y ё=jo", plainLetters)},
	// ISO 9:1968, of libraries and of whoever learned it at a university; its signs are typed or not.
	{name: "scholarly", percent: 3, table: table("г=h ґ=g є=je ж=ž/z и=y ї=ji й=j х=ch ц=c ч=č/c ш=š/s щ=šč/sc ю=ju я=ja э=e ы=y ё=jo", plainLetters)},
	// An Italian clerk writes what he hears.
	{name: "italian-ear", percent: 14, table: table("г~=gh/h г=g/h ґ~=gh ґ=g є=ie ж~=g/j ж=gi/j/z и=i/y ї=i й=i/ к~=ch/k к=c/k х=h/k/c ц=z/ts ч~=c ч=ci/c ш~=sc ш=sci/sc щ~=sc щ=sci ю=iu я=ia з=z/s э=e ы=i ё=io", plainLetters)},
}

// write romanises a text by a road. What is ambiguous is decided once a word.
func (t road) write(r *rand.Rand, cyrillic string) string {
	chosen := map[string]string{}
	text := []rune(cyrillic)
	var out strings.Builder
	for i, c := range text {
		lower := unicode.ToLower(c)
		entries, known := t.table[lower]
		if !known {
			out.WriteRune(c)
			continue
		}
		to := ""
		for _, e := range entries {
			if t.applies(e, text, i) {
				key := string(lower) + strings.Join(e.to, "/")
				if _, before := chosen[key]; !before {
					chosen[key] = e.to[r.IntN(len(e.to))]
				}
				to = chosen[key]
				break
			}
		}
		if lower == 'г' && i > 0 && unicode.ToLower(text[i-1]) == 'з' && to == "h" {
			to = "gh" // both resolutions say so, or it would be read as ж
		}
		if c != lower {
			to = title(to)
		}
		out.WriteString(to)
	}
	return t.mend(out.String())
}

func (t road) applies(e entry, text []rune, i int) bool {
	before, after := ' ', ' '
	if i > 0 {
		before = unicode.ToLower(text[i-1])
	}
	if i+1 < len(text) {
		after = unicode.ToLower(text[i+1])
	}
	begins := before == ' ' || before == '-'
	switch {
	case e.initial && !begins:
	case e.iotated && !begins && !strings.ContainsRune("аеєиіїоуюяыэё'ьъ", before):
	case e.front && !strings.ContainsRune("еєиіїьюяё", after):
	default:
		return true
	}
	return false
}

// mend writes endings and meetings of letters as the road does.
func (t road) mend(s string) string {
	switch t.name {
	case "russian-common":
		for _, ending := range []string{"iy", "yy"} { // Dmitry, Khmelnitsky
			if stem, ok := strings.CutSuffix(s, ending); ok && len(stem) > 3 {
				return stem + "y"
			}
		}
	case "italian-ear":
		s = strings.NewReplacer("ii", "i", "cii", "ci", "scii", "sci", "gii", "gi", "iie", "ie").Replace(s)
	case "polish":
		s = strings.NewReplacer("lia", "la", "liu", "lu").Replace(s)
		if stem, ok := strings.CutSuffix(s, "kyj"); ok {
			return stem + "ki"
		}
	}
	return s
}

func title(s string) string {
	if s == "" {
		return ""
	}
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}

// inRussian is a Ukrainian surname as a Russian paper has it.
func inRussian(r *rand.Rand, s string) string {
	out := strings.NewReplacer("ськ", "ск", "цьк", "цк", "ї", "и", "Ї", "И", "і", "и", "І", "И", "є", "е", "Є", "Е", "ґ", "г", "ьо", "ё", "йо", "ё", "'", "ъ").Replace(s)
	if strings.HasSuffix(out, "ска") || strings.HasSuffix(out, "цка") {
		out = strings.TrimSuffix(out, "а") + "ая"
	}
	if r.IntN(2) == 0 { // Лисенко is Лысенко, Левицкий is Левицкий
		out = strings.NewReplacer("Ри", "Ры", "Ли", "Лы", "ли", "лы", "ри", "ры").Replace(out)
	}
	return out
}
