package web

import (
	"encoding/hex"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/projections"
	"approdo/projections/audit"
)

// dayRows is how many acts a page of a day shows.
const dayRows = 50

func (s *site) auditRoutes(r chi.Router) {
	r.Get("/registro", s.page(s.today))
	r.Get(auditPath, s.page(s.audit))
	r.Get(auditSheet, s.page(s.auditFile))
	r.Get(auditBook, s.page(s.auditFile))
	r.Get(auditProof, s.page(s.auditProofs))
	r.Get("/registro/{day}", s.page(s.day))
	r.Get("/pratiche/{case}/registro", s.page(s.trail))
}

// dayPage is the audit trail of a day: who did what, and nothing of any pupil.
type dayPage struct {
	Day            domain.Date
	Previous, Next string // addresses; Next is empty for today
	Search         string // address of the day as a search
	Picker         *Form
	Summary        []Pair
	Total          int
	Table          Table
}

var dayView = view[dayPage]{"day"}

var errNoDay = domain.NotFound("page-not-found")

// pseudonym names a pupil for whoever reads; the API gives the same reader the same one.
func (s *site) pseudonym(a domain.Actor, id uuid.UUID) string {
	return s.Tokens.Pseudonym(hex.EncodeToString(a.Account[:]), id)
}

func dayPath(d domain.Date) string { return "/registro/" + d.String() }

// today leads to a day's own address: today's, or the one that was picked.
func (s *site) today(w http.ResponseWriter, r *http.Request) error {
	if err := access.Large(actorOf(r), access.ReadDay); err != nil {
		return err
	}
	d, err := domain.ParseDate(r.URL.Query().Get("giorno"))
	if err != nil {
		d = domain.DateOf(s.Clock())
	}
	http.Redirect(w, r, dayPath(d), http.StatusSeeOther)
	return nil
}

func (s *site) day(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.ReadDay); err != nil {
		return err
	}
	d, err := domain.ParseDate(chi.URLParam(r, "day"))
	if err != nil {
		return errNoDay
	}
	after := int64(0)
	if from := r.URL.Query().Get("da"); from != "" {
		if after, err = strconv.ParseInt(from, 10, 64); err != nil || after < 0 {
			return errNoDay
		}
	}
	c := dayPage{Day: d, Previous: dayPath(d.AddDays(-1)), Search: auditQuery{from: d.String(), to: d.String()}.at(auditPath)}
	if today := domain.DateOf(s.Clock()); d.Before(today) {
		c.Next = dayPath(d.AddDays(1))
	}
	c.Picker = newFilter("/registro", text("audit.show"), Field{Name: "giorno", Kind: FieldDate, Label: text("audit.day")}).Set("giorno", d.String())
	err = s.read(r, func(v *projections.Snapshot) error {
		g, err := s.registers(r.Context(), v)
		if err != nil {
			return err
		}
		acts, err := audit.Summary(v, audit.Search{From: d, To: d})
		if err != nil {
			return err
		}
		for _, x := range acts {
			c.Total += x.N
			what := s.wordsFor("event.", x.Type)
			c.Summary = append(c.Summary, Pair{text("audit.act-count", "act", textOf(what)), count(x.N)})
		}
		rows, next, err := audit.Day(v, d, after, rowsOf(r, dayRows))
		if err != nil {
			return err
		}
		if c.Table, err = s.dayTable(r, g, a, d, rows); err != nil {
			return err
		}
		if after > 0 {
			c.Table.Pager.First = dayPath(d)
		}
		if next > 0 {
			c.Table.Pager.Next = dayPath(d) + "?da=" + strconv.FormatInt(next, 10)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if f, ok := formatOf(r); ok {
		return s.sendTable(w, r, f, fileName(r, d.String()), c.Table)
	}
	c.Table.Downloads = downloads(r, "")
	return dayView.show(s, w, r, http.StatusOK, text("audit.day-title", "day", d), c, Crumb{Text: text("audit.title")})
}

// textOf is what a cell says, as a value for another text.
func textOf(c Cell) any {
	if c.Text.IsZero() {
		return c.Code + c.Plain
	}
	return c.Text
}

func (s *site) dayTable(r *http.Request, g *registers, a domain.Actor, d domain.Date, rows []audit.Row) (Table, error) {
	t := Table{Caption: text("audit.caption", "day", d),
		Columns: []Column{{Label: text("audit.time")}, {Label: text("audit.act")}, {Label: text("audit.role")}, {Label: text("audit.body")}, {Label: text("audit.case")},
			{Label: text("basis.title")}},
		Empty: Empty{Title: text("audit.none"), Text: text("audit.none-text")}}
	for _, x := range rows {
		body, err := g.actor(domain.Actor{Role: x.Role, Body: x.Body})
		if err != nil {
			return t, err
		}
		if x.Body == "" {
			body = Cell{}
		}
		pupil := Cell{}
		if x.Case != uuid.Nil {
			pupil = code(s.pseudonym(a, x.Case)).to(trailPath(x.Case))
		}
		t.Rows = append(t.Rows, Row{Cells: []Cell{plain(x.At.In(domain.Rome).Format("15:04:05")), s.wordsFor("event.", x.Type), say(roleText(x.Role)), body, pupil,
			s.basisCell(r, x.Type, x.Marks)}})
	}
	return t, nil
}
