package registry

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// table is a CSV file whose header was read, in UTF-8 with or without a byte order mark. Names of columns are in capital letters.
type table struct {
	lines  *lines
	header []string
	at     map[string]int
}

const byteOrderMark = "\ufeff"

// open reads the header. The error is ErrEmpty or ErrWebPage, or what the reader says.
func open(r io.Reader) (*table, error) {
	t := &table{lines: newLines(r), at: map[string]int{}}
	first, ok := t.lines.peek(0)
	for ok && strings.Trim(first, " \t"+byteOrderMark) == "" {
		t.lines.take(1)
		first, ok = t.lines.peek(0)
	}
	if !ok {
		if err := t.lines.scan.Err(); err != nil {
			return nil, fmt.Errorf("registry: %w", err)
		}
		return nil, ErrEmpty
	}
	first = strings.TrimPrefix(first, byteOrderMark)
	if strings.HasPrefix(strings.TrimSpace(first), "<") {
		return nil, ErrWebPage
	}
	t.lines.take(1)
	t.header = parse(strings.ToUpper(first))
	for i, h := range t.header {
		t.header[i] = strings.TrimSpace(h)
		t.at[t.header[i]] = i
	}
	return t, nil
}

// lacks lists which of some columns the table does not have.
func (t *table) lacks(columns []string) (missing []string) {
	for _, c := range columns {
		if _, ok := t.at[c]; !ok {
			missing = append(missing, c)
		}
	}
	return missing
}

// others lists the columns that are none of those known.
func (t *table) others(known []string) (unknown []string) {
	for _, h := range t.header {
		if !slices.Contains(known, h) {
			unknown = append(unknown, h)
		}
	}
	return unknown
}

// next is the next row, with the number of its first line; false at the end, with a fault where the rest cannot be read.
func (t *table) next() (cells cells, line int, fault *RowError, ok bool) {
	fields, line, ok := t.lines.next(len(t.header))
	switch {
	case !ok && t.lines.scan.Err() != nil:
		return cells, line, &RowError{Line: line, Reason: ReasonUnreadable}, false
	case !ok:
		return cells, line, nil, false
	}
	cells.table, cells.fields = t, fields
	return cells, line, cells.fault(), true
}

// cells are those of one row.
type cells struct {
	table  *table
	fields []string
}

// maxField is the length in bytes of the longest text that is believed.
const maxField = 500

// fault says why a row cannot be read at all.
func (c cells) fault() *RowError {
	switch {
	case c.fields == nil:
		return &RowError{Reason: ReasonQuotes}
	case len(c.fields) != len(c.table.header):
		return &RowError{Reason: ReasonColumns}
	}
	for i, text := range c.fields {
		if !utf8.ValidString(text) {
			return &RowError{Field: c.table.header[i], Reason: ReasonEncoding}
		}
		if len(text) > maxField {
			return &RowError{Field: c.table.header[i], Reason: ReasonTooLong}
		}
	}
	return nil
}

// get is what a column says, cleaned; empty where there is no such column.
func (c cells) get(column string) string {
	i, ok := c.table.at[column]
	if !ok {
		return ""
	}
	return clean(c.fields[i])
}
