package web

import (
	"net/http"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/names"
	"approdo/projections/duplicates"
	"approdo/projections/worklist"
)

// similarPage warns that a child may be here already, before a second case is made. Whatever was typed travels along in hidden fields.
type similarPage struct {
	Child  []domain.Personal
	Birth  domain.Date
	Table  Table
	Cases  []uuid.UUID // of the table
	Form   *Form
	Kept   []keptAnswer
	Other  string
	Drafts bool // what is typed can be put aside
}

// keptAnswer is an answer that goes on to the next page.
type keptAnswer struct{ Name, Value string }

var similarView = view[similarPage]{"similar"}

// keep lists the answers of a form for hidden fields.
func (f *Form) keep() []keptAnswer {
	var out []keptAnswer
	for _, x := range f.fields {
		for _, v := range x.values {
			if v != "" {
				out = append(out, keptAnswer{x.Name, v})
			}
		}
	}
	return out
}

// similar looks for the actor's own cases that are rather of the child of a form than not.
func (s *site) similar(r *http.Request, f *Form) (similarPage, error) {
	p := similarPage{Form: f, Kept: f.keep(), Child: []domain.Personal{domain.NewPersonal(f.value("family_name")), domain.NewPersonal(f.value("given_name"))}}
	if d, err := domain.ParseDate(f.value("birth_date")); err == nil {
		p.Birth = d
	}
	err := s.withRegisters(r, func(g *registers) error {
		matches, err := s.matches(r, g, f.personOf(), true)
		if err != nil {
			return err
		}
		for _, m := range matches[:min(len(matches), mostMatches)] {
			p.Cases = append(p.Cases, m.Case)
		}
		p.Table, err = s.matchTable(r, g, text("similar.caption"), matches)
		return err
	})
	return p, err
}

// mostMatches is how many cases a search shows; more are namesakes that a birth date tells apart.
const mostMatches = 50

func (s *site) matches(r *http.Request, g *registers, p names.Person, sure bool) ([]duplicates.Match, error) {
	return worklist.Search(r.Context(), g.views, actorOf(r), s.Keys, s.Tokens, p, sure)
}

// matchTable lists cases with the birth date below the name and why each was found.
func (s *site) matchTable(r *http.Request, g *registers, caption Text, matches []duplicates.Match) (Table, error) {
	t := Table{Caption: caption, Columns: []Column{{Label: text("list.pupil")}, {Label: text("list.grade")}, {Label: text("list.comune")},
		{Label: text("list.status")}, {Label: text("list.requested")}, {Label: text("case.why")}}}
	for _, m := range matches[:min(len(matches), mostMatches)] {
		row, err := s.lineRow(r, g, m.Line)
		if err != nil {
			return t, err
		}
		identity, err := worklist.Name(r.Context(), s.Keys, actorOf(r), m.Line, access.BirthDate)
		if err != nil {
			return t, err
		}
		who, tone := row.Cells[0], Tone("")
		if birth, err := identity.Birth(); err == nil {
			who = who.over(say(text("similar.born", "day", birth)))
		}
		if m.Value >= names.Likely {
			tone = Warning
		}
		t.Rows = append(t.Rows, Row{Tone: tone, Cells: []Cell{who, row.Cells[1], row.Cells[2], row.Cells[3], row.Cells[5], reasonsCell(m.Reasons)}})
	}
	return t, nil
}
