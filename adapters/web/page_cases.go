package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"github.com/go-chi/chi/v5"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/projections"
	"approdo/projections/caseline"
	"approdo/projections/worklist"
)

// pageSize is how many cases a page of a list shows.
const pageSize = 25

// caseRoutes are the pages about cases.
func (s *site) caseRoutes(r chi.Router) {
	r.Get("/pratiche", s.page(s.cases))
	r.Route("/pratiche/{case}", func(r chi.Router) {
		r.Get("/", s.page(s.case_))
		r.Get("/{act}", s.page(s.actForm))
		r.Post("/{act}", s.page(s.act))
	})
}

// caseList is the list of cases with its filters.
type caseList struct {
	Filter *Form
	Kept   []kept // what the address says besides the form's own questions
	Counts []Tile
	Table  Table
}

// kept is a part of the address that a filter sends along.
type kept struct{ Name, Value string }

var casesView = view[caseList]{"cases"}

// listQuery is what the address of a list says. It never holds a name.
type listQuery struct {
	status, order, sort, comune, ambito, centre, school, channel, holder string
	overdue                                                              bool
}

func listQueryOf(q url.Values) listQuery {
	return listQuery{status: q.Get("stato"), order: q.Get("ordine"), sort: q.Get("ordina"), comune: q.Get("comune"), ambito: q.Get("ambito"),
		centre: q.Get("centro"), school: q.Get("scuola"), channel: q.Get("canale"), holder: q.Get("tocca"), overdue: q.Get("scadute") == "1"}
}

func (q listQuery) values() url.Values {
	v := url.Values{}
	for _, p := range [][2]string{{"stato", q.status}, {"ordine", q.order}, {"ordina", q.sort}, {"comune", q.comune}, {"ambito", q.ambito},
		{"centro", q.centre}, {"scuola", q.school}, {"canale", q.channel}, {"tocca", q.holder}} {
		if p[1] != "" {
			v.Set(p[0], p[1])
		}
	}
	if q.overdue {
		v.Set("scadute", "1")
	}
	return v
}

// kept lists what the filter form does not ask for.
func (q listQuery) kept() []kept {
	var out []kept
	for _, k := range []kept{{"comune", q.comune}, {"ambito", q.ambito}, {"centro", q.centre}, {"scuola", q.school}, {"canale", q.channel}, {"tocca", q.holder}} {
		if k.Value != "" {
			out = append(out, k)
		}
	}
	return out
}

// href is the address of the list with a cursor.
func (q listQuery) href(after caseline.Cursor) string {
	v := q.values()
	if after != "" {
		v.Set("da", string(after))
	}
	if len(v) == 0 {
		return "/pratiche"
	}
	return "/pratiche?" + v.Encode()
}

// statusesOf gives the statuses a name in the address stands for.
func (q listQuery) statuses() []casefile.Status {
	switch q.status {
	case "":
		return nil
	case "aperte":
		return slices.DeleteFunc(casefile.Statuses(), func(st casefile.Status) bool { return !st.Open() })
	case "in-attesa":
		return []casefile.Status{casefile.Requested, casefile.InCharge, casefile.Offered, casefile.Accepted}
	}
	return []casefile.Status{casefile.Status(q.status)}
}

func (q listQuery) by() caseline.By {
	if q.sort == "modifica" {
		return caseline.ByChange
	}
	return caseline.ByDue
}

func (s *site) cases(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	q := listQueryOf(r.URL.Query())
	filter := caseline.Filter{Statuses: q.statuses(), Order: grade.Order(q.order), Comune: domain.Comune(q.comune),
		Centre: domain.Centre(q.centre), School: domain.School(q.school), Channel: domain.Channel(q.channel),
		Holder: casefile.Holder{Kind: casefile.HolderKind(q.holder)}}
	if q.overdue {
		filter.Overdue = s.Clock()
	}
	var content caseList
	err := s.read(r, func(v *projections.Snapshot) error {
		g, err := s.registers(r.Context(), v)
		if err != nil {
			return err
		}
		if q.ambito != "" {
			filter.Comuni = g.comuniOf(domain.Ambito(q.ambito))
		}
		after := caseline.Cursor(r.URL.Query().Get("da"))
		lines, next, err := walk(r, after, pageSize, func(after caseline.Cursor, limit int) ([]caseline.Line, caseline.Cursor, error) {
			return worklist.List(v, a, filter, q.by(), after, limit)
		})
		if err != nil {
			return err
		}
		empty := Empty{Title: text("cases.none"), Text: text("cases.none-text")}
		if content.Table, err = s.lineTable(r, g, text("cases.caption"), lines, empty); err != nil {
			return err
		}
		if after != "" {
			content.Table.Pager.First = q.href("")
		}
		if next != "" {
			content.Table.Pager.Next = q.href(next)
		}
		content.Filter, content.Kept = s.listFilter(g, q), q.kept()
		content.Counts, err = s.statusTiles(v, a)
		return err
	})
	if err != nil {
		return err
	}
	if f, ok := formatOf(r); ok {
		return s.sendTable(w, r, f, fileName(r, ""), content.Table)
	}
	content.Table.Downloads = downloads(r, "")
	return casesView.show(s, w, r, http.StatusOK, text("cases.title"), content, Crumb{Text: text("cases.title")})
}

// statusTiles counts the actor's cases by status, each leading to its list.
func (s *site) statusTiles(v *projections.Snapshot, a domain.Actor) ([]Tile, error) {
	counts, err := worklist.Counts(v, a)
	if err != nil {
		return nil, err
	}
	var tiles []Tile
	for _, st := range casefile.Statuses() {
		if n := counts[st]; n > 0 || st.Open() && (a.Role != domain.RoleSchool || !beforeSchools[st]) {
			tiles = append(tiles, Tile{Tone: statusTones[st], Label: statusText(st), Value: n, Href: listQuery{status: string(st)}.href("")})
		}
	}
	return tiles, nil
}

// beforeSchools are the statuses in which no school knows of a case.
var beforeSchools = map[casefile.Status]bool{casefile.Requested: true, casefile.InCharge: true}

// listFilter is a form that is sent with GET: what is chosen stays in the address.
func (s *site) listFilter(g *registers, q listQuery) *Form {
	statuses := []Option{{Value: "aperte", Label: say(text("cases.open"))}, {Value: "in-attesa", Label: say(text("cases.waiting"))}}
	for _, st := range casefile.Statuses() {
		statuses = append(statuses, Option{Value: string(st), Label: say(statusText(st))})
	}
	f := newFilter("/pratiche", text("cases.filter"),
		Field{Name: "stato", Kind: FieldSelect, Label: text("list.status"), Options: statuses, Optional: true},
		Field{Name: "ordine", Kind: FieldSelect, Label: text("list.order"), Options: orderOptions(), Optional: true},
		Field{Name: "ordina", Kind: FieldSelect, Label: text("cases.sort"),
			Options: []Option{{Value: "scadenza", Label: say(text("cases.by-due"))}, {Value: "modifica", Label: say(text("cases.by-change"))}}},
		Field{Name: "scadute", Kind: FieldCheck, Label: text("cases.overdue"), Optional: true})
	f.Set("stato", q.status).Set("ordine", q.order).Set("ordina", cmp.Or(q.sort, "scadenza"))
	if q.overdue {
		f.Set("scadute", "1")
	}
	return f
}

func orderOptions() []Option {
	var out []Option
	for _, o := range grade.Orders() {
		out = append(out, Option{Value: string(o), Label: say(orderText(o))})
	}
	return out
}
