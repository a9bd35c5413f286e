package web

import (
	"archive/zip"
	"bytes"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"approdo/adapters/spreadsheet"
	"approdo/domain"
	"approdo/domain/access"
)

// openDataPath gives the board as an open-data set.
const openDataPath = "/cruscotto/dati-aperti"

// rows are all figures of the board, one in a row: of which table, of what, in which column.
func (c boardPage) rows(s *site, r *http.Request) [][]spreadsheet.Cell {
	rows := [][]spreadsheet.Cell{spreadsheet.Words(s.spoken(r, text("board.file-table")), s.spoken(r, text("board.file-row")), s.spoken(r, text("board.file-column")), s.spoken(r, text("board.file-figure")))}
	add := func(table, name, column string, n int) {
		figure := spreadsheet.Number(n)
		switch n {
		case few:
			figure = spreadsheet.Text(s.spoken(r, text("board.few")))
		case untold:
			figure = spreadsheet.Cell{}
		}
		rows = append(rows, append(spreadsheet.Words(table, name, column), figure))
	}
	for _, p := range c.Parts {
		part := s.spoken(r, p.Title)
		for _, t := range p.Tiles {
			add(part, s.spoken(r, t.Label), "", t.Value)
		}
		for _, bars := range p.Bars {
			for _, b := range bars.Bars {
				add(s.spoken(r, bars.Caption), s.cellWords(r, b.Label), "", b.Value)
			}
		}
		for _, m := range append(p.Tables, p.More...) {
			for _, row := range m.Rows {
				for i, f := range row.Cells {
					add(s.spoken(r, m.Caption), s.cellWords(r, row.Name), s.spoken(r, m.Columns[i]), f.N)
				}
			}
		}
	}
	return rows
}

// cellWords are what a cell says, below one another.
func (s *site) cellWords(r *http.Request, c Cell) string {
	words := c.Plain + c.Code
	switch {
	case !c.Date.IsZero():
		words = c.Date.String()
	case !c.Text.IsZero():
		words = s.spoken(r, c.Text)
	}
	if c.Second != nil {
		return words + " – " + s.cellWords(r, *c.Second)
	}
	return words
}

// boardFile sends every figure of the board, also those that the page has no room for.
func (s *site) boardFile(w http.ResponseWriter, r *http.Request, f spreadsheet.Format) error {
	c, err := s.boardOf(r, true, false)
	if err != nil {
		return err
	}
	return sendFile(w, f, "approdo-cruscotto-"+domain.DateOf(c.At).String(), c.rows(s, r))
}

// dataPackage describes an open-data set as the Frictionless Data Package standard, version 1, wants it.
type dataPackage struct {
	Profile     string        `json:"profile"`
	Name        string        `json:"name"`
	Title       string        `json:"title"`
	Description string        `json:"description"`
	Created     time.Time     `json:"created"`
	Licenses    []dataLicense `json:"licenses"`
	Publisher   string        `json:"publisher"`
	Contact     string        `json:"contact,omitzero"`
	Resources   []dataFile    `json:"resources"`
}

type dataLicense struct {
	Name  string `json:"name"`
	Path  string `json:"path"`
	Title string `json:"title"`
}

type dataFile struct {
	Name     string      `json:"name"`
	Path     string      `json:"path"`
	Format   string      `json:"format"`
	Encoding string      `json:"encoding"`
	Dialect  dataDialect `json:"dialect"`
	Schema   dataSchema  `json:"schema"`
}

type dataDialect struct {
	Delimiter string `json:"delimiter"`
}

type dataSchema struct {
	Fields        []dataField `json:"fields"`
	MissingValues []string    `json:"missingValues"`
}

type dataField struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Description string `json:"description"`
}

// openData sends the board of the whole territory for everybody: small figures are never told in it, whoever fetches it.
func (s *site) openData(w http.ResponseWriter, r *http.Request) error {
	if actorOf(r).Body != "" {
		return access.ErrNotAllowed
	}
	c, err := s.boardOf(r, true, true)
	if err != nil {
		return err
	}
	var table bytes.Buffer
	if err := spreadsheet.Write(&table, spreadsheet.CSV, "Approdo", c.rows(s, r)); err != nil {
		return err
	}
	words := func(t Text) string { return s.spoken(r, t) }
	day := domain.DateOf(c.At).String()
	set := dataPackage{Profile: "tabular-data-package", Name: "approdo-" + day, Title: words(text("opendata.title")), Description: words(text("opendata.description", "instant", c.At)),
		Created: c.At.UTC().Truncate(time.Second), Publisher: s.Owner, Contact: s.Contact,
		Licenses: []dataLicense{{"CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/", "Creative Commons Attribution 4.0"}},
		Resources: []dataFile{{Name: "figures", Path: "dati.csv", Format: "csv", Encoding: "utf-8", Dialect: dataDialect{";"},
			Schema: dataSchema{MissingValues: []string{"", words(text("board.few"))}, Fields: []dataField{
				{words(text("board.file-table")), "string", words(text("opendata.table"))}, {words(text("board.file-row")), "string", words(text("opendata.row"))},
				{words(text("board.file-column")), "string", words(text("opendata.column"))}, {words(text("board.file-figure")), "integer", words(text("opendata.figure"))}}}}}}
	described, err := json.Marshal(set, jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range []struct {
		name string
		data []byte
	}{{"datapackage.json", described}, {"dati.csv", table.Bytes()}} {
		in, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: c.At.UTC()})
		if err != nil {
			return err
		}
		if _, err := in.Write(f.data); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="approdo-dati-aperti-`+day+`.zip"`)
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(http.StatusOK)
	w.Write(out.Bytes()) // a browser that went away is no fault of ours
	return nil
}
