package names

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// letters brings single letters to the folded alphabet: a b č d e f g i k l m n o p r s t u v z. It is coarse on purpose. One letter
// stands for the sounds that transliterations confuse: g for г ґ х, s for с ш щ, z for з ж, č for ц ч, i for и і ї й ы, e for е є э ё.
var letters = func() map[rune]string {
	m := map[rune]string{
		'а': "a", 'б': "b", 'в': "v", 'г': "g", 'ґ': "g", 'д': "d", 'е': "e", 'є': "e", 'ё': "e", 'э': "e", 'ж': "z", 'з': "z",
		'и': "i", 'і': "i", 'ї': "i", 'й': "i", 'ы': "i", 'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r",
		'с': "s", 'т': "t", 'у': "u", 'ў': "u", 'ф': "f", 'х': "g", 'ц': "č", 'ч': "č", 'ш': "s", 'щ': "s", 'ю': "iu", 'я': "ia",
		'ь': "", 'ъ': "",
		'ß': "ss", 'æ': "ae", 'œ': "oe", 'þ': "t",
	}
	// The first of each row is what the rest is written for: Latin-1, Latin Extended-A and what else European names have.
	for row := range strings.FieldsSeq("aàáâãäåāăą čçćĉċ dďđð eèéêëēĕėęěə gĝğġģ iìíîïĩīĭįıў jĵ kķĸ lĺļľŀł nñńņňŋ oòóôõöøōŏőơ " +
		"rŕŗř sśŝşšș tţťŧț uùúûüũūŭůűųư wŵ yýÿŷ zźżž hĥħ") {
		_, size := utf8.DecodeRuneInString(row)
		for _, r := range row[size:] {
			m[r] = row[:size]
		}
	}
	return m
}()

// A spelling says how a group of Latin letters is read. It applies where one of the runes of before follows; any follows "".
type spelling struct {
	group, before, sound string
}

// A tradition is a list of spellings by their first letter; of those that apply, the first in the list does.
type tradition map[rune][]spelling

func newTradition(lists ...[]spelling) tradition {
	t := tradition{}
	for _, s := range slices.Concat(lists...) {
		first, _ := utf8.DecodeRuneInString(s.group)
		t[first] = append(t[first], s)
	}
	return t
}

var (
	common  = newTradition(shared)
	italian = newTradition(heard, shared)
	polish  = newTradition(issued, shared)
)

// shared are the spellings that no tradition reads in another way, or hardly any name would.
var shared = []spelling{
	{"schtsch", "", "s"}, {"shch", "", "s"}, {"szcz", "", "s"}, {"tsch", "", "č"},
	{"sch", "", "s"}, {"tch", "", "č"}, {"tsh", "", "č"}, {"szh", "", "sz"}, {"tzh", "", "tz"},
	{"sh", "", "s"}, {"sz", "", "s"}, {"sč", "", "s"}, {"sc", "eiy", "s"}, {"zh", "", "z"},
	{"cz", "", "č"}, {"ts", "", "č"}, {"tz", "", "č"}, {"tč", "", "č"}, {"kh", "", "g"}, {"gh", "", "g"}, {"ph", "", "f"}, {"th", "", "t"},
	{"ck", "aiy", "čk"}, {"ck", "", "k"}, {"ch", "", "č"}, {"c", "eiy", "č"}, {"c", "", "k"}, {"q", "", "k"}, {"x", "", "ks"},
	{"h", "", "g"}, {"w", "", "v"}, {"y", "", "i"}, {"j", "", "i"},
}

// heard is what an Italian writes for what he hears, and reads in what is written.
var heard = []spelling{
	{"sch", "eiy", "sk"}, {"sci", "aou", "s"}, {"ch", "eiybdfgklmnprstvz", "k"}, {"ci", "aou", "č"},
	{"gi", "aou", "z"}, {"g", "eiy", "z"}, {"j", "", "z"},
}

// issued is how papers issued in Poland are read, where many stayed first.
var issued = []spelling{
	{"szcz", "", "s"}, {"ch", "", "g"}, {"rz", "", "z"}, {"cz", "", "č"}, {"ck", "", "čk"}, {"c", "", "č"},
}

// Fold writes a name as all its spellings share it: lower case, without diacritics, apostrophes and soft signs, in the folded
// alphabet, words apart by one space. Шевченко, Shevchenko, Ševčenko, Szewczenko and Scevcenko are all "sevčenko". It is idempotent.
// Letters of other alphabets stay; what is no letter separates words.
func Fold(name string) string { return settle(read(plain(name), common)) }

// readings are the folds of a name in each tradition, the one Fold gives first, without repetition.
func readings(name string) []string {
	p := plain(name)
	out := []string{settle(read(p, common))}
	if strings.ContainsFunc(name, isCyrillic) {
		return out // nothing was left to a clerk's ear
	}
	for _, t := range []tradition{italian, polish} {
		if f := settle(read(p, t)); !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

// settle folds until nothing changes: a group may come together only when what stood between was folded away.
func settle(name string) string {
	for {
		next := read(name, common)
		if next == name {
			return name
		}
		name = next
	}
}

// plain brings a name to lower-case letters and single spaces.
func plain(name string) string {
	out := make([]byte, 0, len(name)+4)
	for _, r := range name {
		if r < utf8.RuneSelf && 'a' <= r|0x20 && r|0x20 <= 'z' {
			out = append(out, byte(r|0x20))
			continue
		}
		r = unicode.ToLower(r)
		to, known := letters[r]
		switch {
		case isApostrophe(r): // first, because one of them counts as a letter
		case known:
			out = append(out, to...)
		case unicode.IsLetter(r):
			out = utf8.AppendRune(out, r)
		case unicode.Is(unicode.Mn, r):
			if n := len(out); n > 0 && out[n-1] == 'c' && strings.ContainsRune("\u030c\u0301\u0327\u0302\u0307", r) {
				out = append(out[:n-1], "č"...) // decomposed č, ć, ç, ĉ, ċ
			}
		default:
			out = append(out, ' ')
		}
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

// read puts sounds for spellings, and tidies each word.
func read(name string, t tradition) string {
	words := strings.Fields(name)
	for i, w := range words {
		words[i] = tidy(t.sound(w))
	}
	return strings.Join(words, " ")
}

func (t tradition) sound(word string) string {
	out := make([]byte, 0, len(word)+4)
	for word != "" {
		r, size := utf8.DecodeRuneInString(word)
		sound := word[:size]
		for _, s := range t[r] {
			rest, ok := strings.CutPrefix(word, s.group)
			if ok && (s.before == "" || rest != "" && strings.IndexByte(s.before, rest[0]) >= 0) {
				sound, size = s.sound, len(s.group)
				break
			}
		}
		out = append(out, sound...)
		word = word[size:]
	}
	return string(out)
}

// tidy joins what endings and iotated vowels are spelled like: -ii, -iy, -yi, -y, -ij and -ei; ie, ye and je; doubled letters.
func tidy(word string) string {
	var out []rune
	for _, r := range word {
		n := len(out)
		switch {
		case n > 0 && out[n-1] == r:
		case n > 0 && out[n-1] == 'i' && r == 'e':
			out[n-1] = 'e'
		default:
			out = append(out, r)
		}
	}
	w := string(out)
	if stem, ok := strings.CutSuffix(w, "ei"); ok {
		return stem + "i"
	}
	if stem, ok := strings.CutSuffix(w, "skaia"); ok {
		return stem + "ska" // -ская is -ська
	}
	return w
}
