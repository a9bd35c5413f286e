package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

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
	s.togetherRoutes(r)
	s.viewRoutes(r)
	r.Route("/pratiche/{case}", func(r chi.Router) {
		r.Get("/", s.page(s.case_))
		r.Get("/ricevuta", s.page(s.receipt))
		r.Get("/lettera", s.page(s.letter))
		r.Get("/scuole", s.page(s.ranking))
		r.Get("/scuole/{school}", s.page(s.rankingSheet))
		r.Get("/{act}", s.page(s.actForm))
		r.Post("/{act}", s.page(s.act))
	})
}

// caseList is the list of cases with its filters.
type caseList struct {
	Callouts []Callout
	Together []Action // what can be done with several at once
	Views    []savedView
	Query    string // of the list, to be kept as a view
	Filter   *Form
	Kept     []kept // what the address says besides the form's own questions
	Counts   []Tile
	Table    Table
	Live     *liveLink
}

// kept is a part of the address that a filter sends along.
type kept struct{ Name, Value string }

var casesView = view[caseList]{"cases"}

// listQuery is what the address of a list says. It never holds a name.
type listQuery struct {
	status, order, sort, comune, ambito, centre, school, channel, holder string
	municipio, grade, institution, body, since                           string
	overdue                                                              bool
	known                                                                asOf
}

func listQueryOf(q url.Values) listQuery {
	return listQuery{status: q.Get("stato"), order: q.Get("ordine"), sort: q.Get("ordina"), comune: q.Get("comune"), ambito: q.Get("ambito"),
		centre: q.Get("centro"), school: q.Get("scuola"), channel: q.Get("canale"), holder: q.Get("tocca"), municipio: q.Get("municipio"), grade: q.Get("classe"),
		institution: q.Get("istituto"), body: q.Get("presso"), since: q.Get("entro"), overdue: q.Get("scadute") == "1"}
}

// query is what the address says, and a cursor: its parameters in the order of their names, as url.Values have them. A board has a
// thousand of them.
func (q listQuery) query(after caseline.Cursor) string {
	var day, hour, overdue string
	if q.known.past() {
		day, hour = q.known.day, q.known.hour
	}
	if q.overdue {
		overdue = "1"
	}
	var out strings.Builder
	for _, p := range [...][2]string{{"ambito", q.ambito}, {"canale", q.channel}, {"centro", q.centre}, {"classe", q.grade}, {"comune", q.comune},
		{"da", string(after)}, {"entro", q.since}, {"istituto", q.institution}, {"municipio", q.municipio}, {"noto", day}, {"ora", hour},
		{"ordina", q.sort}, {"ordine", q.order}, {"presso", q.body}, {"scadute", overdue}, {"scuola", q.school}, {"stato", q.status},
		{"tocca", q.holder}} {
		if p[1] == "" {
			continue
		}
		if out.Len() > 0 {
			out.WriteByte('&')
		}
		out.WriteString(p[0])
		out.WriteByte('=')
		out.WriteString(url.QueryEscape(p[1]))
	}
	return out.String()
}

// kept lists what the filter form does not ask for.
func (q listQuery) kept() []kept {
	var out []kept
	for _, k := range []kept{{"comune", q.comune}, {"ambito", q.ambito}, {"centro", q.centre}, {"scuola", q.school}, {"canale", q.channel}, {"tocca", q.holder},
		{"municipio", q.municipio}, {"classe", q.grade}, {"istituto", q.institution}, {"presso", q.body}, {"entro", q.since}} {
		if k.Value != "" {
			out = append(out, k)
		}
	}
	return out
}

// href is the address of the list with a cursor.
func (q listQuery) href(after caseline.Cursor) string {
	if query := q.query(after); query != "" {
		return "/pratiche?" + query
	}
	return "/pratiche"
}

// statusesOf gives the statuses a name in the address stands for.
func (q listQuery) statuses() []casefile.Status {
	switch q.status {
	case "":
		return nil
	case "aperte":
		return slices.DeleteFunc(casefile.Statuses(), func(st casefile.Status) bool { return !st.Open() })
	case "senza-posto":
		return []casefile.Status{casefile.Requested, casefile.InCharge}
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

// filter is what the address asks for; what no register knows finds nothing.
func (q listQuery) filter(now time.Time) caseline.Filter {
	f := caseline.Filter{Statuses: q.statuses(), Order: grade.Order(q.order), Comune: domain.Comune(q.comune), Centre: domain.Centre(q.centre),
		School: domain.School(q.school), Institution: domain.Institution(q.institution), Channel: domain.Channel(q.channel),
		Holder: casefile.Holder{Kind: casefile.HolderKind(q.holder), Body: q.body}}
	if n, err := strconv.Atoi(q.municipio); err == nil {
		f.Municipio = domain.Municipio(n)
	}
	if n, err := strconv.Atoi(q.grade); err == nil {
		f.Grade = n
	}
	if d, err := domain.ParseDate(q.since); err == nil {
		f.Since = d
	}
	if q.overdue {
		f.Overdue = now
	}
	return f
}

func (s *site) cases(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	k, err := s.knownOf(r)
	if err != nil {
		return err
	}
	q := listQueryOf(r.URL.Query())
	q.known = k
	filter := q.filter(k.or(s.Clock()))
	if q.ambito != "" {
		land, err := s.Desk.Territory(r.Context())
		if err != nil {
			return err
		}
		filter.Comuni = comuniOf(land, domain.Ambito(q.ambito))
	}
	after, rows := caseline.Cursor(r.URL.Query().Get("da")), rowsOf(r, pageSize)
	if _, file := formatOf(r); file {
		after = "" // a file has the whole list
	}
	if k.past() {
		return s.pastCases(w, r, q, filter, after, rows)
	}
	asked, err := worklist.List(r.Context(), s.Board, a, filter, q.by(), after, rows)
	if err != nil {
		return err
	}
	content := caseList{Live: newsOf(r)}
	if content.Counts, err = s.statusTiles(r); err != nil {
		return err
	}
	err = s.read(r, func(v *projections.Snapshot) error {
		g, err := s.registers(r.Context(), v)
		if err != nil {
			return err
		}
		lines, next, err := asked.Lines(v)
		if err != nil {
			return err
		}
		content.Table, err = s.lineTable(r, g, text("cases.caption"), lines, noCases)
		content.page(q, after, next)
		return err
	})
	if err != nil {
		return err
	}
	return s.showCases(w, r, q, content)
}

var noCases = Empty{Title: text("cases.none"), Text: text("cases.none-text")}

func (c *caseList) page(q listQuery, after, next caseline.Cursor) {
	if after != "" {
		c.Table.Pager.First = q.href("")
	}
	if next != "" {
		c.Table.Pager.Next = q.href(next)
	}
}

// mostPast is how many cases of the past a file has: each is read from its own beginning.
const mostPast = 2_000

// pastCases is the list as it was known at an instant: in the order of the terms that ran then.
func (s *site) pastCases(w http.ResponseWriter, r *http.Request, q listQuery, f caseline.Filter, after caseline.Cursor, rows int) error {
	found, next, err := worklist.Past(r.Context(), s.Board, actorOf(r), f, q.known.at, after, rows)
	if err != nil {
		return err
	}
	if _, file := formatOf(r); file && len(found) > mostPast {
		return errListTooLong // before anybody's name is opened for it
	}
	now := q
	now.known = asOf{}
	content := caseList{Callouts: []Callout{q.known.callout(now.href(""))}, Table: Table{Caption: text("cases.caption"), Columns: lineColumns(), Empty: noCases}}
	err = s.withRegisters(r, func(g *registers) (err error) {
		var others int
		content.Table.Rows, others, err = s.pastRows(r, g, found, q.known)
		if others > 0 {
			content.Callouts = append(content.Callouts, Callout{Tone: Info, Title: text("known.others", "count", others)})
		}
		return err
	})
	if err != nil {
		return err
	}
	content.page(q, after, next)
	return s.showCases(w, r, q, content)
}

func (s *site) showCases(w http.ResponseWriter, r *http.Request, q listQuery, content caseList) error {
	if f, ok := formatOf(r); ok {
		return s.sendTable(w, r, f, fileName(r, ""), content.Table)
	}
	var err error
	if content.Views, err = s.viewsOf(r.Context(), actorOf(r).Account); err != nil {
		return err
	}
	content.Filter, content.Kept, content.Query = s.listFilter(q), q.kept(), q.query("")
	for _, t := range togetherOf(actorOf(r)) {
		if !q.known.past() {
			content.Together = append(content.Together, Action{text("together.link", "act", t.title()), togetherPath + t.path})
		}
	}
	content.Table.Downloads = downloads(r, "")
	return casesView.show(s, w, r, http.StatusOK, text("cases.title"), content, Crumb{Text: text("cases.title")})
}

// statusTiles counts the actor's cases by status, each leading to its list.
func (s *site) statusTiles(r *http.Request) ([]Tile, error) {
	a := actorOf(r)
	counts, err := worklist.Counts(r.Context(), s.Board, a)
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
func (s *site) listFilter(q listQuery) *Form {
	statuses := []Option{{Value: "aperte", Label: say(text("cases.open"))}, {Value: "in-attesa", Label: say(text("cases.waiting"))},
		{Value: "senza-posto", Label: say(text("cases.seatless"))}}
	for _, st := range casefile.Statuses() {
		statuses = append(statuses, Option{Value: string(st), Label: say(statusText(st))})
	}
	f := newFilter("/pratiche", text("cases.filter"), append(q.known.fields(),
		Field{Name: "stato", Kind: FieldSelect, Label: text("list.status"), Options: statuses, Optional: true},
		Field{Name: "ordine", Kind: FieldSelect, Label: text("list.order"), Options: orderOptions(), Optional: true},
		Field{Name: "ordina", Kind: FieldSelect, Label: text("cases.sort"),
			Options: []Option{{Value: "scadenza", Label: say(text("cases.by-due"))}, {Value: "modifica", Label: say(text("cases.by-change"))}}},
		Field{Name: "scadute", Kind: FieldCheck, Label: text("cases.overdue"), Optional: true})...)
	f.Set("noto", q.known.day).Set("ora", q.known.hour)
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
