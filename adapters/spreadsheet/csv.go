package spreadsheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"approdo/domain"
)

// byteOrderMark makes the spreadsheet programs of Italian offices read UTF-8.
const byteOrderMark = "\ufeff"

// writeCSV writes rows separated by semicolons, as an Italian spreadsheet expects, with days as 14/03/2022.
func writeCSV(w io.Writer, rows [][]Cell) error {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.Comma, c.UseCRLF = ';', true
	for _, row := range rows {
		words := make([]string, len(row))
		for i, cell := range row {
			words[i] = cell.words()
		}
		if err := c.Write(words); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func (c Cell) words() string {
	switch {
	case c.number != nil:
		return strconv.Itoa(*c.number)
	case !c.day.IsZero():
		return fmt.Sprintf("%02d/%02d/%04d", c.day.Day, c.day.Month, c.day.Year)
	case !c.at.IsZero():
		return c.at.In(domain.Rome).Format("02/01/2006 15:04:05")
	}
	return inert(c.text)
}

// readCSV reads what spreadsheets save as CSV: semicolons, commas or tabs, in UTF-8 with or without a mark, in UTF-16, or in the
// code page of Western Windows, which is what Excel writes in Italy.
func readCSV(file []byte) (Table, error) {
	text, err := decode(file)
	if err != nil {
		return Table{}, err
	}
	comma, skipped := separator(text), 0
	if hint, rest, ok := strings.Cut(text, "\n"); ok && strings.HasPrefix(hint, "sep=") { // which only Excel writes, and heeds
		if r, _ := utf8.DecodeRuneInString(hint[len("sep="):]); strings.ContainsRune(";,\t|", r) {
			comma = r
		}
		text, skipped = rest, 1
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = comma, true, -1
	var g gather
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return g.done()
		}
		if err != nil {
			return Table{}, ErrUnreadable
		}
		line, _ := r.FieldPos(0)
		for i, c := range cells {
			cells[i] = mobile(c)
		}
		if !g.add(line+skipped, cells) {
			return g.done()
		}
	}
}

// mobile undoes inert.
func mobile(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && begins(rest) {
		return rest
	}
	return cell
}

// separator is whatever there is most of in the heading, outside quotes.
func separator(text string) rune {
	found, quoted := map[rune]int{}, false
	for _, r := range text {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '\n' && len(found) > 0:
			return most(found)
		case r == ';' || r == ',' || r == '\t':
			found[r]++
		}
	}
	return most(found)
}

func most(found map[rune]int) rune {
	best := ';'
	for _, r := range []rune{',', '\t'} {
		if found[r] > found[best] {
			best = r
		}
	}
	return best
}

func decode(file []byte) (string, error) {
	switch {
	case bytes.HasPrefix(file, []byte{0xff, 0xfe}):
		return wide(file[2:], func(b []byte) uint16 { return uint16(b[0]) | uint16(b[1])<<8 }), nil
	case bytes.HasPrefix(file, []byte{0xfe, 0xff}):
		return wide(file[2:], func(b []byte) uint16 { return uint16(b[1]) | uint16(b[0])<<8 }), nil
	case bytes.IndexByte(file, 0) >= 0: // no text has one
		return "", ErrUnreadable
	case utf8.Valid(file):
		return strings.TrimPrefix(string(file), byteOrderMark), nil
	}
	var out strings.Builder
	for _, b := range file {
		r := rune(b)
		if b >= 0x80 && b < 0xa0 {
			r = windows1252[b-0x80]
		}
		out.WriteRune(r)
	}
	return out.String(), nil
}

func wide(file []byte, unit func([]byte) uint16) string {
	units := make([]uint16, 0, len(file)/2)
	for i := 0; i+1 < len(file); i += 2 {
		units = append(units, unit(file[i:]))
	}
	return string(utf16.Decode(units))
}

// windows1252 are the characters from 0x80 to 0x9f; the others of that code page are those of Unicode.
// https://encoding.spec.whatwg.org/index-windows-1252.txt
var windows1252 = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ',
}
