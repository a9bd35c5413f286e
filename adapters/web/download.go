package web

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"approdo/adapters/spreadsheet"
	"approdo/domain"
)

// The address of a list with these is the list as a file: in which format, and which of several tables of the page.
const (
	formatParam = "formato"
	tableParam  = "tabella"
)

// mostExported is how many rows a file of a list has at most. A list that is longer is refused rather than cut: whoever counts in a
// spreadsheet counts what is there.
const mostExported = 20_000

// exportStep is how many rows are read at a time for a file.
const exportStep = 500

var (
	errListTooLong = domain.Invalid("list-too-long")
	errNoFile      = domain.NotFound("page-not-found")
)

var formatTexts = map[spreadsheet.Format]Text{spreadsheet.CSV: text("part.download-csv"), spreadsheet.XLSX: text("part.download-xlsx")}

// formatOf is the format in which an address asks for a list; false where it asks for the page.
func formatOf(r *http.Request) (spreadsheet.Format, bool) {
	wanted := spreadsheet.Format(r.URL.Query().Get(formatParam))
	for _, f := range spreadsheet.Formats() {
		if f == wanted && r.Method == http.MethodGet {
			return f, true
		}
	}
	return "", false
}

// rowsOf is how many rows of a list a request reads: a page, or all there are where it asks for a file.
func rowsOf(r *http.Request, page int) int {
	if _, file := formatOf(r); file {
		return mostExported + 1
	}
	return page
}

// downloads are the links to a list as a file, with the filters of the page and without its place in the list.
func downloads(r *http.Request, table string) []Action {
	var out []Action
	for _, f := range spreadsheet.Formats() {
		v := url.Values{}
		for name, values := range r.URL.Query() {
			if name != "da" && name != "dopo" && name != "prima" {
				v[name] = values
			}
		}
		v.Set(formatParam, string(f))
		if table != "" {
			v.Set(tableParam, table)
		}
		out = append(out, Action{formatTexts[f], r.URL.Path + "?" + v.Encode()})
	}
	return out
}

// sendTable sends the table of a page as a file. What a cell has below its first line stands in columns of its own.
func (s *site) sendTable(w http.ResponseWriter, r *http.Request, f spreadsheet.Format, name string, t Table) error {
	if len(t.Rows) > mostExported {
		return errListTooLong
	}
	deep := make([]int, len(t.Columns))
	for _, row := range t.Rows {
		for i, c := range row.Cells {
			lines := 1
			for below := c.Second; below != nil; below = below.Second {
				lines++
			}
			deep[i] = max(deep[i], lines)
		}
	}
	var heading []spreadsheet.Cell
	for i, c := range t.Columns {
		label := s.spoken(r, c.Label)
		heading = append(heading, spreadsheet.Text(label))
		for n := 2; n <= deep[i]; n++ {
			heading = append(heading, spreadsheet.Text(s.spoken(r, text("part.column-more", "label", label, "number", n))))
		}
	}
	rows := [][]spreadsheet.Cell{heading}
	for _, row := range t.Rows {
		var out []spreadsheet.Cell
		for i, c := range row.Cells {
			cell := &c
			for range max(deep[i], 1) {
				if cell == nil {
					out = append(out, spreadsheet.Cell{})
					continue
				}
				out = append(out, s.fileCell(r, *cell))
				cell = cell.Second
			}
		}
		rows = append(rows, out)
	}
	return sendFile(w, f, name, rows)
}

// fileCell is the first line of a cell as a file has it.
func (s *site) fileCell(r *http.Request, c Cell) spreadsheet.Cell {
	switch {
	case c.Number != nil:
		return spreadsheet.Number(*c.Number)
	case !c.Date.IsZero():
		return spreadsheet.Day(c.Date)
	case !c.At.IsZero():
		return spreadsheet.Instant(c.At)
	case !c.Text.IsZero():
		return spreadsheet.Text(s.spoken(r, c.Text))
	case !c.Badge.Text.IsZero():
		return spreadsheet.Text(s.spoken(r, c.Badge.Text))
	}
	words := []string{}
	for _, p := range c.Person {
		if name := p.Reveal(); name != "" {
			words = append(words, name)
		}
	}
	return spreadsheet.Text(c.Plain + c.Code + strings.Join(words, " "))
}

// sendFile sends rows as a file, in memory and whole. The name is of what it holds and never of anybody.
func sendFile(w http.ResponseWriter, f spreadsheet.Format, name string, rows [][]spreadsheet.Cell) error {
	var out bytes.Buffer
	if err := spreadsheet.Write(&out, f, "Approdo", rows); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", f.ContentType())
	h.Set("Content-Disposition", `attachment; filename="`+name+`.`+string(f)+`"`)
	w.WriteHeader(http.StatusOK)
	w.Write(out.Bytes()) // a browser that went away is no fault of ours
	return nil
}

// fileRows makes rows of texts into those of a file.
func fileRows(rows [][]string) [][]spreadsheet.Cell {
	out := make([][]spreadsheet.Cell, len(rows))
	for i, row := range rows {
		out[i] = spreadsheet.Words(row...)
	}
	return out
}

// fileName names a file after the route that gives it, without its parameters, and the table.
func fileName(r *http.Request, table string) string {
	var parts []string
	for _, p := range strings.Split(chi.RouteContext(r.Context()).RoutePattern(), "/") {
		if p != "" && p != "*" && !strings.HasPrefix(p, "{") {
			parts = append(parts, p)
		}
	}
	if table != "" {
		parts = append(parts, table)
	}
	return strings.Join(parts, "-")
}

// offer gives the tables of a sheet their links, or sends the one that is asked for as a file. It says whether it has answered. A part
// that says itself what can be taken away, be it nothing, is left as it is.
func (c *sheet) offer(s *site, w http.ResponseWriter, r *http.Request) (answered bool, err error) {
	f, file := formatOf(r)
	for _, p := range c.Parts {
		switch {
		case r.Method != http.MethodGet || p.Table == nil || p.Downloads != nil:
		case file && p.ID == r.URL.Query().Get(tableParam):
			return true, s.sendTable(w, r, f, fileName(r, p.ID), *p.Table)
		default:
			p.Table.Downloads = downloads(r, p.ID)
		}
	}
	if file {
		return true, errNoFile
	}
	return false, nil
}
