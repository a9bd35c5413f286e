package spreadsheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"approdo/domain"
)

// The bounds of a workbook as it lies in its archive, before any of it is taken apart.
const (
	maxParts    = 500
	maxUnpacked = 16 << 20
	maxTags     = 1 << 20 // of XML, in one part: this is what a parser's memory grows with
)

// bounded reads every part of an archive once, since what it says of its own size may be a lie, and keeps nothing.
func bounded(file []byte) error {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return ErrUnreadable
	}
	if len(z.File) > maxParts {
		return ErrTooLarge
	}
	left := int64(maxUnpacked)
	for _, part := range z.File {
		if part.UncompressedSize64 > uint64(left) {
			return ErrTooLarge
		}
		size, err := tags(part, left)
		if err != nil {
			return err
		}
		left -= size
	}
	return nil
}

func tags(part *zip.File, most int64) (int64, error) {
	r, err := part.Open()
	if err != nil {
		return 0, ErrUnreadable
	}
	defer r.Close()
	var size int64
	found, block := 0, make([]byte, 32<<10)
	for {
		n, err := r.Read(block)
		size += int64(n)
		found += bytes.Count(block[:n], []byte("<"))
		switch {
		case size > most || found > maxTags:
			return size, ErrTooLarge
		case errors.Is(err, io.EOF):
			return size, nil
		case err != nil:
			return size, ErrUnreadable
		}
	}
}

// readXLSX reads a sheet of a workbook as it was saved: formulas are not calculated, their last result counts.
func readXLSX(file []byte, name string) (table Table, err error) {
	if err := bounded(file); err != nil {
		return Table{}, err
	}
	defer func() { // a library that takes apart whatever comes may meet what it did not expect
		if recover() != nil {
			table, err = Table{}, ErrUnreadable
		}
	}()
	// With both limits alike nothing is ever unpacked to a temporary file.
	f, err := excelize.OpenReader(bytes.NewReader(file), excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked})
	if err != nil {
		return Table{}, ErrUnreadable
	}
	defer f.Close()
	names := visible(f)
	if name = strings.TrimSpace(name); name != "" {
		i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
		if i < 0 {
			return Table{}, ErrNoSuchSheet.With("sheets", strings.Join(names, ", "))
		}
		names = names[i : i+1]
	}
	for _, n := range names {
		table, err := readSheet(f, n)
		if !errors.Is(err, ErrEmpty) {
			return table, err
		}
	}
	return Table{}, ErrEmpty
}

func visible(f *excelize.File) (names []string) {
	for _, n := range f.GetSheetList() {
		if shown, err := f.GetSheetVisible(n); err == nil && shown {
			names = append(names, n)
		}
	}
	return names
}

func readSheet(f *excelize.File, name string) (Table, error) {
	rows, err := f.Rows(name)
	if err != nil {
		return Table{}, ErrUnreadable
	}
	defer rows.Close()
	styles := styles{f: f, known: map[int]look{}}
	epoch1904 := false
	if props, err := f.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		epoch1904 = *props.Date1904
	}
	var g gather
	for number := 1; rows.Next(); number++ {
		if number > 10*MaxRows { // nothing but empty rows, far below
			return Table{}, ErrTooManyRows
		}
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return Table{}, ErrUnreadable
		}
		if len(cells) > MaxColumns && slices.ContainsFunc(cells[MaxColumns:], func(c string) bool { return c != "" }) {
			return Table{}, ErrTooWide
		}
		for i, raw := range cells {
			if cells[i], err = styles.shown(name, i+1, number, raw, epoch1904); err != nil {
				return Table{}, ErrUnreadable
			}
		}
		if !g.add(number, cells) {
			break
		}
	}
	if err := rows.Error(); err != nil && g.err == nil {
		return Table{}, ErrUnreadable
	}
	return g.done()
}

// look is what the format of a number makes of it.
type look struct {
	day    bool
	digits int // at least so many, with zeros in front
}

type styles struct {
	f     *excelize.File
	known map[int]look
}

// shown is a cell as its reader sees it: a number with the look of a day is that day, one with leading zeros has them, and any other
// number is written out whole, without an exponent.
func (s styles) shown(sheet string, column, row int, raw string, epoch1904 bool) (string, error) {
	number, err := strconv.ParseFloat(raw, 64)
	if err != nil || strings.TrimSpace(raw) != raw || math.IsInf(number, 0) || math.IsNaN(number) {
		return raw, nil
	}
	at, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		return "", err
	}
	switch kind, err := s.f.GetCellType(sheet, at); {
	case err != nil:
		return "", err
	case kind == excelize.CellTypeSharedString || kind == excelize.CellTypeInlineString || kind == excelize.CellTypeFormula:
		return raw, nil // words that look like a number: a postal code, a phone
	}
	style, err := s.f.GetCellStyle(sheet, at)
	if err != nil {
		return "", err
	}
	l, err := s.look(style)
	if err != nil {
		return "", err
	}
	if l.day && number >= 1 && number < 2958466 { // 31 December 9999
		t, err := excelize.ExcelDateToTime(number, epoch1904)
		return t.Format(time.DateOnly), err
	}
	if number == math.Trunc(number) && math.Abs(number) < 1e15 {
		digits := strconv.FormatFloat(number, 'f', 0, 64)
		if missing := l.digits - len(digits); missing > 0 && number >= 0 {
			digits = strings.Repeat("0", missing) + digits
		}
		return digits, nil
	}
	return raw, nil
}

func (s styles) look(id int) (look, error) {
	if l, ok := s.known[id]; ok {
		return l, nil
	}
	style, err := s.f.GetStyle(id)
	if err != nil {
		return look{}, err
	}
	l := look{day: builtInDay(style.NumFmt)}
	if style.CustomNumFmt != nil {
		l = lookOf(*style.CustomNumFmt)
	}
	s.known[id] = l
	return l, nil
}

// builtInDay are the formats of days that need no pattern, ECMA-376 part 1, 18.8.30, those of East Asian locales among them.
func builtInDay(id int) bool {
	return id >= 14 && id <= 17 || id == 22 || id >= 27 && id <= 31 || id == 36 || id >= 50 && id <= 54 || id == 57 || id == 58
}

// lookOf reads a pattern as "dd/mm/yyyy" or "00000". What is in quotes or brackets, or escaped, is no part of it.
func lookOf(pattern string) look {
	pattern, _, _ = strings.Cut(pattern, ";")
	var bare strings.Builder
	quoted, bracketed, escaped := false, false, false
	for _, r := range strings.ToLower(pattern) {
		switch {
		case escaped:
			escaped = false
		case r == '\\' || r == '_' || r == '*':
			escaped = true
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '[' || r == ']':
			bracketed = r == '['
		case !bracketed:
			bare.WriteRune(r)
		}
	}
	b := bare.String()
	if b != "general" && b != "standard" && strings.ContainsAny(b, "yd") {
		return look{day: true}
	}
	if b != "" && strings.Trim(b, "0") == "" {
		return look{digits: len(b)}
	}
	return look{}
}

// writeXLSX writes a workbook of one sheet. Texts are texts to every program that opens it, whatever they begin with.
func writeXLSX(w io.Writer, name string, rows [][]Cell) (err error) {
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.SetSheetName(f.GetSheetName(0), name); err != nil {
		return err
	}
	dayFormat, momentFormat := "dd/mm/yyyy", "dd/mm/yyyy hh:mm:ss"
	head, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	day, err := f.NewStyle(&excelize.Style{CustomNumFmt: &dayFormat})
	if err != nil {
		return err
	}
	moment, err := f.NewStyle(&excelize.Style{CustomNumFmt: &momentFormat})
	if err != nil {
		return err
	}
	asText, err := f.NewStyle(&excelize.Style{NumFmt: 49})
	if err != nil {
		return err
	}
	widths := map[int]int{}
	for y, row := range rows {
		for x, c := range row {
			at, err := excelize.CoordinatesToCellName(x+1, y+1)
			if err != nil {
				return err
			}
			style := asText
			switch {
			case c.number != nil:
				err, style = f.SetCellInt(name, at, int64(*c.number)), 0
			case !c.day.IsZero():
				err, style = f.SetCellFloat(name, at, serial(c.day), 0, 64), day
			case !c.at.IsZero():
				t := c.at.In(domain.Rome)
				of := serial(domain.DateOf(t)) + float64(t.Hour()*3600+t.Minute()*60+t.Second())/86400
				err, style = f.SetCellFloat(name, at, of, -1, 64), moment
			default:
				err = f.SetCellStr(name, at, cut(c.text))
			}
			if y == 0 {
				style = head
			}
			if err = errors.Join(err, f.SetCellStyle(name, at, at, style)); err != nil {
				return err
			}
			widths[x] = max(widths[x], min(len([]rune(c.words()))+2, 40))
		}
	}
	for x, wide := range widths {
		column, err := excelize.ColumnNumberToName(x + 1)
		if err != nil {
			return err
		}
		if err := f.SetColWidth(name, column, column, float64(max(wide, 8))); err != nil {
			return err
		}
	}
	if err := f.SetPanes(name, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	return f.Write(w)
}

// serial is a day as spreadsheets count it, from 30 December 1899.
func serial(d domain.Date) float64 {
	from := time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC)
	return math.Round(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Sub(from).Hours() / 24)
}

// cut keeps a text within what a cell can hold.
func cut(s string) string {
	if r := []rune(s); len(r) > excelize.TotalCellChars {
		return string(r[:excelize.TotalCellChars])
	}
	return s
}
