package names

import (
	"strings"
	"unicode"
)

// kmu is the table of resolution 55 of the Cabinet of Ministers of Ukraine, 27 January 2010, for letters inside a word. The last
// four are Russian, as ICAO Doc 9303 writes them: they occur in the papers of people from Ukraine.
var kmu = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "h", 'ґ': "g", 'д': "d", 'е': "e", 'є': "ie", 'ж': "zh", 'з': "z", 'и': "y", 'і': "i",
	'ї': "i", 'й': "i", 'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u",
	'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch", 'ю': "iu", 'я': "ia", 'ь': "",
	'ё': "e", 'ы': "y", 'э': "e", 'ъ': "ie",
}

// kmuInitial are the letters written otherwise at the beginning of a word.
var kmuInitial = map[rune]string{'є': "ye", 'ї': "yi", 'й': "y", 'ю': "yu", 'я': "ya"}

// Romanise writes a Ukrainian name as its bearer's passport does (KMU 55/2010). The apostrophe and the soft sign are left out;
// what is not Cyrillic stays as it is.
func Romanise(cyrillic string) string {
	text := compose([]rune(cyrillic))
	var out strings.Builder
	for i, r := range text {
		lower := unicode.ToLower(r)
		if isApostrophe(r) && i > 0 && isCyrillic(text[i-1]) {
			continue
		}
		latin, known := kmu[lower]
		switch {
		case !known:
			out.WriteRune(r)
			continue
		case i == 0 || !unicode.IsLetter(text[i-1]) && !isApostrophe(text[i-1]):
			if initial, other := kmuInitial[lower]; other {
				latin = initial
			}
		case lower == 'г' && unicode.ToLower(text[i-1]) == 'з':
			latin = "gh" // so that зг is not read as ж
		}
		if r != lower {
			latin = capital(latin, inCapitals(text, i))
		}
		out.WriteString(latin)
	}
	return out.String()
}

func capital(latin string, all bool) string {
	if all || latin == "" {
		return strings.ToUpper(latin)
	}
	return strings.ToUpper(latin[:1]) + latin[1:]
}

// inCapitals reports whether the word around a capital is written in capitals: Щ is Shch in Щербухи and SHCH in ЩЕРБУХИ.
func inCapitals(text []rune, i int) bool {
	if i+1 < len(text) && unicode.IsLetter(text[i+1]) {
		return unicode.IsUpper(text[i+1])
	}
	return i > 0 && unicode.IsUpper(text[i-1])
}

// compose joins the three Cyrillic letters that come in two parts from some keyboards and file systems (NFD).
func compose(text []rune) []rune {
	pairs := map[[2]rune]rune{
		{'и', 0x306}: 'й', {'і', 0x308}: 'ї', {'е', 0x308}: 'ё',
		{'И', 0x306}: 'Й', {'І', 0x308}: 'Ї', {'Е', 0x308}: 'Ё',
	}
	out := text[:0:0]
	for _, r := range text {
		if n := len(out); n > 0 {
			if whole, ok := pairs[[2]rune{out[n-1], r}]; ok {
				out[n-1] = whole
				continue
			}
		}
		out = append(out, r)
	}
	return out
}

func isCyrillic(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }

// isApostrophe knows the signs that stand for the Ukrainian apostrophe, and for the soft sign in scholarly romanisation.
func isApostrophe(r rune) bool { return strings.ContainsRune("'’ʼ‘`´ʹ′ʺ″\"*", r) }
