package web

import (
	"net/http"

	"approdo/projections"
)

// sheet is a page of registers and settings: what holds, what is provisional, and the forms that change it.
type sheet struct {
	Title    Text
	Lead     Text
	Callouts []Callout
	Actions  []Action
	Filter   *Form // sent with GET
	Facts    []Pair
	Parts    []part
}

// part is a section of a sheet, each thing in it where it is given.
type part struct {
	ID    string
	Title Text
	Text  Text
	Doors []door
	Facts []Pair
	Table *Table
	// Downloads are of what the part shows, where that is no table.
	Downloads []Action
	Form      *Form
	// Timeline is what happened, in the order it is to be read.
	Timeline []Moment
}

// door leads to a page, and says what is behind.
type door struct {
	Text Text
	Note Text
	Href string
}

var sheetView = view[sheet]{"sheet"}

// show writes the sheet; its status is that of the first form with something to mend.
func (c sheet) show(s *site, w http.ResponseWriter, r *http.Request, crumbs ...Crumb) error {
	if answered, err := c.offer(s, w, r); answered {
		return err
	}
	status := http.StatusOK
	for _, p := range c.Parts {
		if p.Form != nil && p.Form.Refused() {
			status = p.Form.Status()
		}
	}
	return sheetView.show(s, w, r, status, c.Title, c, append(crumbs, Crumb{Text: c.Title})...)
}

// wordsFor is the text of a family for a code of another room, or the code itself where it is newer than the catalogues.
func (s *site) wordsFor(family, name string) Cell {
	if t := (Text{key: family + name}); s.texts[Italian].texts[t.key] != "" {
		return say(t)
	}
	return code(name)
}

// withRegisters runs f with the names of the registers, on one state of all views.
func (s *site) withRegisters(r *http.Request, f func(*registers) error) error {
	return s.read(r, func(v *projections.Snapshot) error {
		g, err := s.registers(r.Context(), v)
		if err != nil {
			return err
		}
		return f(g)
	})
}
