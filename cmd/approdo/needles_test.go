package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf16"

	"approdo/domain"
)

// A needle is a text that must not be on the disk, in one way of writing it. What names it for a report and never holds it.
type needle struct {
	text string
	what string
	// chance is set for a few letters in clear that ciphertext written in base64 holds sooner or later: inside a long run of base64
	// they say nothing.
	chance bool
}

// What is too short is found by chance: ciphertext is random, and there are megabytes of it. So that a false alarm comes once in
// some ten thousand runs,
//   - a text is looked for as it stands from wholeLength bytes on, and in base64 from base64Length certain characters on;
//   - a shorter one (Ivan, Zhuk, Sumy) is looked for with what would stand around it: in JSON, markup, a form, a sentence;
//   - one shorter than shortest is nobody's name: those are codes (UA, uk, A1), which are looked for with the name of their field.
const (
	wholeLength  = 6
	base64Length = 9
	shortest     = 4
	// In a run of runLength characters of base64 a text in clear of those characters needs certainLength to be one.
	runLength     = 64
	certainLength = 10
)

// haystack finds needles: the first wholeLength bytes of each are marked in a table of bits, and where those of the hay are marked
// too the needles that begin so are compared.
type haystack struct {
	marks   []uint64
	byStart map[uint64][]needle
	known   map[string]bool
}

func newHaystack() *haystack {
	return &haystack{marks: make([]uint64, 1<<16), byStart: map[uint64][]needle{}, known: map[string]bool{}}
}

func mark(start uint64) (word, bit uint64) {
	h := start * 0x9e3779b97f4a7c15 >> 42
	return h >> 6, h & 63
}

func (h *haystack) add(text, what string, chance bool) {
	if len(text) < wholeLength || h.known[text] {
		return
	}
	h.known[text] = true
	var first [8]byte
	copy(first[:], text[:wholeLength])
	start := binary.LittleEndian.Uint64(first[:])
	word, bit := mark(start)
	h.marks[word] |= 1 << bit
	h.byStart[start] = append(h.byStart[start], needle{text, what, chance})
}

// seek adds a text in every way of writing it, for capitals and small letters too.
func (h *haystack) seek(text, what string) {
	for _, s := range []string{text, strings.ToLower(text), strings.ToUpper(text)} {
		h.written(s, what)
	}
}

func (h *haystack) written(s, what string) {
	if len(s) < shortest {
		return
	}
	h.add(s, what+" in clear", len(s) < certainLength && isBase64(s))
	h.add(utf16Of(s, binary.LittleEndian), what+" in UTF-16LE", false)
	h.add(utf16Of(s, binary.BigEndian), what+" in UTF-16BE", false)
	if e := url.QueryEscape(s); e != s {
		h.add(e, what+" in an address", false)
	}
	if e := escaped(s); e != s {
		h.add(e, what+" in JSON escapes", false)
	}
	if len(s) >= wholeLength {
		h.encoded(s, what)
		return
	}
	h.encoded(`":"`+s+`"`, what+" as a member of JSON")
	for _, around := range []string{`"%s"`, `>%s<`, ` %s `, `=%s&`, `=%s `, "'%s'", ` %s,`, "\n%s\n"} {
		h.add(fmt.Sprintf(around, s), what+" among other words", false)
	}
}

// encoded adds the forms in which a text looks like none.
func (h *haystack) encoded(s, what string) {
	h.add(s, what, len(s) < certainLength && isBase64(s))
	low := hex.EncodeToString([]byte(s))
	h.add(low, what+" in hex", false)
	h.add(strings.ToUpper(low), what+" in hex", false)
	for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			if form := certain(alphabet, s, shift); len(form) >= base64Length {
				h.add(form, what+" in base64", false)
			}
		}
	}
}

// certain gives the characters that base64 has for a text whatever stands before and after it, where shift bytes of a group of three
// came before.
func certain(alphabet *base64.Encoding, s string, shift int) string {
	form := alphabet.EncodeToString(append(make([]byte, shift), s...))
	bits := 8 * shift
	return form[(bits+5)/6 : (bits+8*len(s))/6]
}

func utf16Of(s string, order binary.ByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, 0, 0)
		order.PutUint16(b[len(b)-2:], u)
	}
	return string(b)
}

// escaped writes what is not ASCII as \u0448, as some encoders do.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func base64Letter(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

func isBase64(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 || !base64Letter(byte(r)) }) < 0
}

// find gives what of the needles is in the hay, and where.
func (h *haystack) find(hay []byte, report func(n needle, at int)) {
	marks, start := h.marks, uint64(0)
	for i, c := range hay {
		start = start>>8 | uint64(c)<<(8*(wholeLength-1))
		at := i + 1 - wholeLength
		if at < 0 {
			continue
		}
		word, bit := mark(start)
		if marks[word]>>bit&1 == 0 {
			continue
		}
		for _, n := range h.byStart[start] {
			if bytes.HasPrefix(hay[at:], []byte(n.text)) && !(n.chance && insideRun(hay, at, len(n.text))) {
				report(n, at)
			}
		}
	}
}

// insideRun reports whether a place lies in a long run of base64.
func insideRun(hay []byte, at, length int) bool {
	first, last := at, at+length
	for first > 0 && last-first < runLength && base64Letter(hay[first-1]) {
		first--
	}
	for last < len(hay) && last-first < runLength && base64Letter(hay[last]) {
		last++
	}
	return last-first >= runLength
}

// codeFields are parts of a pupil that hold words out of a list everybody has: alone they are everywhere and say nothing, so they are
// looked for together with the field's name. The postal code is left out: the registers of comuni and schools hold every one of them.
var codeFields = map[string]bool{"citizenship": true, "host": true, "relation": true, "language": true, "languages": true,
	"italian":     true,
	"vaccination": true, "disability": true, "arrived_on": true, "last_grade": true}

const postalCode = "cap"

// seekField adds what a sealed field held.
func (h *haystack) seekField(field, value string) {
	switch {
	case value == "" || field == postalCode:
	case value == flag:
		h.seek(`"`+field+`":`+flag, field)
	case codeFields[field]:
		h.seek(`"`+field+`":"`+value+`"`, field)
	case field == "birth_date":
		for _, w := range datesOf(value) {
			h.seek(w, field)
		}
	case field == "phone":
		h.seek(value, field)
		h.seek(strings.ReplaceAll(value, " ", ""), field)
		h.seek(strings.ReplaceAll(strings.TrimPrefix(value, "+39"), " ", ""), field)
	default:
		h.seek(value, field)
	}
}

var months = strings.Fields("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre")

// datesOf gives the writings of a date. One of eight digits alone is not among them: ids are full of such digits.
func datesOf(s string) []string {
	d, err := domain.ParseDate(s)
	if err != nil {
		return []string{s}
	}
	out := []string{s, fmt.Sprintf("%d %s %d", d.Day, months[d.Month-1], d.Year)}
	for _, between := range []string{"/", ".", "-"} {
		out = append(out, fmt.Sprintf("%02d%s%02d%s%d", d.Day, between, d.Month, between, d.Year), fmt.Sprintf("%d%s%d%s%d",
			d.Day, between, d.Month, between, d.Year))
	}
	return append(out, fmt.Sprintf("%d/%02d/%02d", d.Year, d.Month, d.Day))
}
