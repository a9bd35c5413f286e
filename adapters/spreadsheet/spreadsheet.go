// Package spreadsheet reads and writes tables as offices pass them on: CSV and XLSX. It knows no case and no page. What it reads comes from
// anybody, so that everything is bounded before it is taken apart, nothing is calculated and nothing touches the disk.
package spreadsheet

import (
	"io"
	"strconv"
	"strings"
	"time"

	"approdo/domain"
)

// Format is a kind of file.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// Formats are all formats, the plainest first.
func Formats() []Format { return []Format{CSV, XLSX} }

// ContentType is the media type of a format.
func (f Format) ContentType() string {
	if f == XLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// The bounds of a table that is read. They are those of an office's sheet, with room to spare.
const (
	MaxBytes   = 4 << 20 // of the file
	MaxRows    = 2000    // below the heading
	MaxColumns = 100
	MaxCell    = 1000 // bytes of a cell
)

// What cannot be read. None of these quotes a cell.
var (
	ErrTooLarge    = domain.Invalid("sheet-too-large")
	ErrUnreadable  = domain.Invalid("sheet-unreadable")
	ErrEmpty       = domain.Invalid("sheet-empty")
	ErrTooManyRows = domain.Invalid("sheet-too-many-rows").With("most", strconv.Itoa(MaxRows))
	ErrTooWide     = domain.Invalid("sheet-too-wide").With("most", strconv.Itoa(MaxColumns))
	ErrCellTooLong = domain.Invalid("sheet-cell-too-long").With("most", strconv.Itoa(MaxCell))
	ErrNoSuchSheet = domain.Invalid("sheet-not-found")
	ErrLocked      = domain.Invalid("sheet-locked")
)

// Table is a sheet as it was read: a heading and rows as wide as it. Cells are trimmed, days are as 2022-03-14 where the file knows
// that they are days, and rows without a cell are left out.
type Table struct {
	Heading []string
	Rows    []Row
}

// Row is a row with its number in the file, from 1.
type Row struct {
	Number int
	Cells  []string
}

// Read reads a file whose format its first bytes tell, whatever its name. Of a workbook it reads the sheet of a name; of the first
// that holds anything where the name is empty. The error is one of this package's.
func Read(file []byte, name string) (Table, error) {
	if len(file) > MaxBytes {
		return Table{}, ErrTooLarge
	}
	switch {
	case strings.HasPrefix(string(file), "PK\x03\x04"):
		return readXLSX(file, name)
	case strings.HasPrefix(string(file), "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"): // an old XLS, or an XLSX behind a password
		return Table{}, ErrLocked
	}
	return readCSV(file)
}

// gather makes a table of rows as they come. Add says whether there is room for more.
type gather struct {
	table Table
	err   error
}

func (g *gather) add(number int, cells []string) bool {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) == 0 {
		return true
	}
	row := make([]string, len(cells))
	for i, c := range cells {
		if len(c) > MaxCell {
			g.err = ErrCellTooLong.With("row", strconv.Itoa(number))
			return false
		}
		row[i] = clean(c)
	}
	if len(row) > MaxColumns {
		g.err = ErrTooWide
		return false
	}
	switch {
	case g.table.Heading == nil:
		g.table.Heading = row
	case len(g.table.Rows) == MaxRows:
		g.err = ErrTooManyRows
		return false
	default:
		g.table.Rows = append(g.table.Rows, Row{number, row})
	}
	return true
}

// done gives the table with every row as wide as the widest.
func (g *gather) done() (Table, error) {
	if g.err != nil {
		return Table{}, g.err
	}
	if len(g.table.Rows) == 0 {
		return Table{}, ErrEmpty
	}
	wide := len(g.table.Heading)
	for _, r := range g.table.Rows {
		wide = max(wide, len(r.Cells))
	}
	widen := func(cells []string) []string { return append(cells, make([]string, wide-len(cells))...) }
	g.table.Heading = widen(g.table.Heading)
	for i := range g.table.Rows {
		g.table.Rows[i].Cells = widen(g.table.Rows[i].Cells)
	}
	return g.table, nil
}

// clean takes from a cell what the eye does not see: spaces around it, control characters, and bytes that are no text.
func clean(cell string) string {
	cell = strings.ToValidUTF8(cell, "")
	cell = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == '\u00a0':
			return ' '
		case r < ' ' || r == 0x7f || r == '\u200b' || r == '\ufeff':
			return -1
		}
		return r
	}, cell)
	return strings.TrimSpace(cell)
}

// Cell is a value that is written.
type Cell struct {
	text   string
	number *int
	day    domain.Date
	at     time.Time
}

// Text is words. They never become a formula.
func Text(s string) Cell { return Cell{text: s} }

// Number is a whole number.
func Number(n int) Cell { return Cell{number: &n} }

// Day is a day; the zero Date is an empty cell.
func Day(d domain.Date) Cell { return Cell{day: d} }

// Instant is a moment, written as the clocks in Rome show it; the zero time is an empty cell.
func Instant(t time.Time) Cell { return Cell{at: t} }

// Words makes a row of texts.
func Words(all ...string) []Cell {
	out := make([]Cell, len(all))
	for i, s := range all {
		out[i] = Text(s)
	}
	return out
}

// inert keeps a cell of a CSV file from being a formula: spreadsheets begin one at these characters, also behind spaces (OWASP, CSV
// injection).
func inert(cell string) string {
	if begins(cell) {
		return "'" + cell
	}
	return cell
}

func begins(cell string) bool {
	s := strings.TrimLeft(cell, " \u00a0")
	return s != "" && strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", []rune(s)[0])
}

// Write writes rows as a file, the heading first. A workbook's one sheet bears a name of at most 31 characters.
func Write(w io.Writer, f Format, name string, rows [][]Cell) error {
	if f == XLSX {
		return writeXLSX(w, name, rows)
	}
	return writeCSV(w, rows)
}
