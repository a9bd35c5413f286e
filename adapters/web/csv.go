package web

import (
	"encoding/csv"
	"net/http"
	"strings"
)

// byteOrderMark makes the spreadsheet programs of Italian offices read UTF-8.
const byteOrderMark = "\ufeff"

// sendCSV sends rows as a file, separated by semicolons as an Italian spreadsheet expects. The name is of what it holds and never of
// anybody.
func sendCSV(w http.ResponseWriter, name string, rows [][]string) error {
	var out strings.Builder
	out.WriteString(byteOrderMark)
	c := csv.NewWriter(&out)
	c.Comma, c.UseCRLF = ';', true
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = inert(cell)
		}
		if err := c.Write(safe); err != nil {
			return err
		}
	}
	c.Flush()
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	w.WriteHeader(http.StatusOK)
	w.Write([]byte(out.String())) // a browser that went away is no fault of ours
	return c.Error()
}

// inert keeps a cell from being a formula: spreadsheets begin one at these characters, also behind spaces (OWASP, CSV injection).
func inert(cell string) string {
	if s := strings.TrimLeft(cell, " \u00a0"); s != "" && strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", []rune(s)[0]) {
		return "'" + cell
	}
	return cell
}
