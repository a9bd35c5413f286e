package web

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/spreadsheet"
	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/account"
	"approdo/domain/apart"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/places"
	"approdo/domain/planning"
	"approdo/domain/reading"
	"approdo/domain/returns"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/audit"
)

const (
	auditPath  = "/registro/cerca"
	auditSheet = auditPath + ".csv"
	auditBook  = auditPath + ".xlsx"
	auditProof = auditPath + ".jsonl"
	// auditRows is how many acts a page of a search shows, exportRows how many a file has: the newest.
	auditRows  = 50
	exportRows = 10_000
	// auditAccounts is how many accounts of a body the form offers to choose from.
	auditAccounts = 60
)

// auditPage is the audit trail searched.
type auditPage struct {
	Filter   *Form
	Callouts []Callout
	Refused  bool
	Paged    bool // not the first page: the filters are folded away
	Total    int
	Summary  []Pair
	Table    Table
	Files    []Action
	Most     int // rows of a file
}

var auditView = view[auditPage]{"audit"}

// auditQuery is what the address of a search says. It never holds a name: accounts and bodies stand by their codes, pupils by the
// pseudonym they have for the reader, or by the id of their case.
type auditQuery struct {
	from, to, body, school, account, act, pupil, known, hour string
}

func auditQueryOf(v url.Values) auditQuery {
	get := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	return auditQuery{from: get("dal"), to: get("al"), body: get("ente"), school: strings.ToUpper(get("istituto")), account: get("utenza"),
		act: get("atto"), pupil: get("pratica"), known: get("noto"), hour: get("ora")}
}

func (q auditQuery) values() url.Values {
	v := url.Values{}
	for _, p := range [][2]string{{"dal", q.from}, {"al", q.to}, {"ente", q.body}, {"istituto", q.school}, {"utenza", q.account}, {"atto", q.act},
		{"pratica", q.pupil}, {"noto", q.known}, {"ora", q.hour}} {
		if p[1] != "" {
			v.Set(p[0], p[1])
		}
	}
	return v
}

// at is the address of a search under a path.
func (q auditQuery) at(path string) string {
	if v := q.values(); len(v) > 0 {
		return path + "?" + v.Encode()
	}
	return path
}

// of narrows the search to what one body did.
func (q auditQuery) of(a domain.Actor) auditQuery {
	q.body, q.school, q.account = string(a.Role), "", ""
	switch {
	case a.Role == domain.RoleSchool:
		q.school = a.Body
	case a.Body != "":
		q.body += ":" + a.Body
	}
	return q
}

// actor reads whose acts are wanted.
func (q auditQuery) actor() (a domain.Actor, known bool) {
	role, body, _ := strings.Cut(q.body, ":")
	a = domain.Actor{Role: domain.Role(role), Body: body}
	if q.school != "" {
		if a.Role != "" && a.Role != domain.RoleSchool {
			return a, false
		}
		a = domain.Actor{Role: domain.RoleSchool, Body: q.school}
	}
	return a, a.Role == "" || a.Role == domain.RoleSystem || slices.Contains(domain.Roles(), a.Role)
}

// auditedTables are those whose records the trail has.
var auditedTables = []event.Table{casefile.Events, places.Events, territory.Events, territory.SchoolEvents, account.Events, reading.Events, returns.Events, apart.Events, planning.Events}

// auditedActs lists the stored names that can be searched for: who read what is another page.
func auditedActs() (names []string) {
	for _, table := range auditedTables {
		for _, e := range table {
			if e.Name() != "reading.pupils-read" {
				names = append(names, e.Name())
			}
		}
	}
	return names
}

func (s *site) actOptions(r *http.Request) (out []Option) {
	for _, name := range auditedActs() {
		group, _, _ := strings.Cut(name, ".")
		label := s.wordsFor("event.", name)
		what := label.Code
		if what == "" {
			what = s.spoken(r, label.Text)
		}
		out = append(out, Option{Value: name, Label: plain(s.spoken(r, text("act-group."+group)) + ": " + what)})
	}
	slices.SortStableFunc(out, func(a, b Option) int {
		groupOf := func(o Option) string { group, _, _ := strings.Cut(o.Value, "."); return group }
		if groupOf(a) != groupOf(b) {
			return 0 // the groups stay in the order of their tables
		}
		return strings.Compare(a.Label.Plain, b.Label.Plain)
	})
	return out
}

func bodyOptions(g *registers) (out []Option) {
	for _, role := range append(domain.Roles(), domain.RoleSystem) {
		out = append(out, Option{Value: string(role), Label: say(text("audit.every-" + string(role)))})
	}
	for _, c := range g.land.Centres() {
		out = append(out, Option{Value: string(domain.RoleCentre) + ":" + string(c.Code), Label: plain(c.Name)})
	}
	for _, c := range g.land.Comuni() {
		out = append(out, Option{Value: string(domain.RoleComune) + ":" + string(c.Code), Label: plain("Comune di " + c.Name)})
	}
	return out
}

// accountOptions are the accounts of the body that was chosen, and the one that was chosen already.
func (s *site) accountOptions(ctx context.Context, q auditQuery) (out []Option, err error) {
	a, _ := q.actor()
	for _, x := range s.Directory.Accounts() {
		ofBody := a.Role != "" && a.Role == x.Actor().Role && a.Body == x.Actor().Body && len(out) < auditAccounts
		if id := x.Actor().Account; ofBody || id.String() == q.account {
			who, err := s.accountCell(ctx, id)
			if err != nil {
				return nil, err
			}
			out = append(out, Option{Value: id.String(), Label: who})
		}
	}
	return out, nil
}

// accountCell names a person, or the account where the journal is older than it.
func (s *site) accountCell(ctx context.Context, id uuid.UUID) (Cell, error) {
	who, err := s.personCell(ctx, id)
	if isAbsent(err) {
		return code(id.String()[:8]), nil
	}
	return who, err
}

func (s *site) auditForm(r *http.Request, g *registers, q auditQuery) (*Form, error) {
	fields := []Field{
		{Name: "dal", Kind: FieldDate, Label: text("audit.from"), Optional: true},
		{Name: "al", Kind: FieldDate, Label: text("audit.to"), Optional: true},
		{Name: "atto", Kind: FieldSelect, Label: text("audit.act"), Options: s.actOptions(r), Optional: true},
		{Name: "ente", Kind: FieldSelect, Label: text("audit.whose"), Options: bodyOptions(g), Optional: true},
		{Name: "istituto", Kind: FieldText, Label: text("audit.school"), Width: 12, Optional: true},
	}
	accounts, err := s.accountOptions(r.Context(), q)
	if err != nil {
		return nil, err
	}
	if len(accounts) > 0 {
		fields = append(fields, Field{Name: "utenza", Kind: FieldSelect, Label: text("audit.account"), Options: accounts, Optional: true})
	}
	fields = append(fields, Field{Name: "pratica", Kind: FieldText, Label: text("audit.pupil"), Width: 12, Optional: true},
		Field{Name: "noto", Kind: FieldDate, Label: text("audit.known"), Optional: true},
		Field{Name: "ora", Kind: FieldText, Label: text("audit.hour"), Width: 6, Optional: true})
	f := newFilter(auditPath, text("audit.search"), fields...)
	for name, values := range q.values() {
		f.Set(name, values...)
	}
	return f, nil
}

// What can be wrong with a search.
var (
	errDate   = domain.Invalid("date-malformed")
	errChoice = domain.Invalid("choice-unknown")
	errHour   = domain.Invalid("hour-malformed")
	errNoDate = domain.Invalid("field-required")
)

// seek reads what is looked for. What is wrong with it is one domain.Errors, by field.
func (s *site) seek(v *projections.Snapshot, a domain.Actor, q auditQuery) (f audit.Search, errs domain.Errors, err error) {
	wrong := func(e *domain.Error, field string) { errs = append(errs, e.On(field)) }
	date := func(text, field string) (d domain.Date) {
		if text != "" {
			var err error
			if d, err = domain.ParseDate(text); err != nil {
				wrong(errDate, field)
			}
		}
		return d
	}
	f.From, f.To, f.Type = date(q.from, "dal"), date(q.to, "al"), q.act
	if q.act != "" && !slices.Contains(auditedActs(), q.act) {
		wrong(errChoice, "atto")
	}
	by, known := q.actor()
	if f.Role, f.Body = by.Role, by.Body; !known {
		wrong(errChoice, "ente")
	}
	if q.account != "" {
		if f.Account, err = uuid.Parse(q.account); err != nil {
			wrong(errChoice, "utenza")
		}
	}
	if day := date(q.known, "noto"); !day.IsZero() {
		hour, ok := timeOf(q.hour)
		if !ok {
			wrong(errHour, "ora")
		}
		f.AsOf = instantOf(day, hour)
	} else if q.hour != "" && q.known == "" {
		wrong(errNoDate, "noto")
	}
	f.Cases, err = s.casesOf(v, a, q.pupil)
	if err == nil && q.pupil != "" && len(f.Cases) == 0 {
		wrong(access.ErrAbsent, "pratica")
	}
	return f, errs, err
}

// casesOf are the cases that a text stands for: the one of an id, or those whose pupils have this pseudonym for the reader, of which
// there is hardly ever more than one. No table says which: all cases are tried.
func (s *site) casesOf(v *projections.Snapshot, a domain.Actor, text string) ([]uuid.UUID, error) {
	if id, err := uuid.Parse(text); err == nil {
		return audit.CasesWhere(v, func(x uuid.UUID) bool { return x == id })
	}
	if text == "" {
		return nil, nil
	}
	return audit.CasesWhere(v, func(x uuid.UUID) bool { return strings.EqualFold(s.pseudonym(a, x), text) })
}

// timeOf reads an hour of the day, 24:00 where nothing is given.
func timeOf(text string) (time.Duration, bool) {
	if text == "" {
		return 24 * time.Hour, true
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, strings.ReplaceAll(text, ".", ":")); err == nil {
			d := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
			if layout == "15:04" { // the whole minute
				d += time.Minute
			} else {
				d += time.Second
			}
			return d, true
		}
	}
	return 0, false
}

// instantOf is the last instant (UTC) before a time of a day as clocks in Rome show it.
func instantOf(d domain.Date, at time.Duration) time.Time {
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, int(at/time.Second), 0, domain.Rome)
	return t.Add(-time.Microsecond).UTC()
}

func (s *site) audit(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.ReadDay); err != nil {
		return err
	}
	q, c, status := auditQueryOf(r.URL.Query()), auditPage{Most: exportRows}, http.StatusOK
	behind, err := placeOf(r)
	if err != nil {
		return err
	}
	c.Paged = behind != (audit.Place{})
	err = s.withRegisters(r, func(g *registers) error {
		f, errs, err := s.seek(g.views, a, q)
		if err != nil {
			return err
		}
		if c.Filter, err = s.auditForm(r, g, q); err != nil {
			return err
		}
		if len(f.Cases) > 0 { // an id was asked for by an address, and is no text for a page
			c.Filter.Set("pratica", s.pseudonym(a, f.Cases[0]))
		}
		if len(errs) > 0 {
			c.Filter.refuse(errs)
			c.Refused, status = true, http.StatusUnprocessableEntity
			return nil
		}
		return s.fillAudit(r, g, q, f, behind, &c)
	})
	if err != nil {
		return err
	}
	return auditView.show(s, w, r, status, text("audit.search-title"), c, Crumb{text("audit.title"), "/registro"}, Crumb{Text: text("audit.search-title")})
}

// placeOf is where the page that is asked for begins.
func placeOf(r *http.Request) (audit.Place, error) {
	from := r.URL.Query().Get("da")
	if from == "" {
		return audit.Place{}, nil
	}
	p, err := audit.ParsePlace(from)
	if err != nil {
		return p, errNoDay
	}
	return p, nil
}

func (s *site) fillAudit(r *http.Request, g *registers, q auditQuery, f audit.Search, behind audit.Place, c *auditPage) error {
	if len(f.Cases) > 1 {
		c.Callouts = append(c.Callouts, Callout{Tone: Warning, Title: text("audit.same-pseudonym", "count", len(f.Cases))})
	}
	if !f.AsOf.IsZero() {
		c.Callouts = append(c.Callouts, Callout{Tone: Info, Title: text("audit.as-of", "day", domain.DateOf(f.AsOf), "hour", f.AsOf.In(domain.Rome).Format("15:04:05"))})
	}
	acts, err := audit.Summary(g.views, f)
	if err != nil {
		return err
	}
	for _, x := range acts {
		c.Total += x.N
		narrower := q
		narrower.act = x.Type
		c.Summary = append(c.Summary, Pair{text("audit.act-count", "act", textOf(s.wordsFor("event.", x.Type))), count(x.N).to(narrower.at(auditPath))})
	}
	rows, next, err := audit.Find(g.views, f, behind, auditRows)
	if err != nil {
		return err
	}
	if c.Table, err = s.auditTable(r, g, q, rows); err != nil {
		return err
	}
	if c.Paged {
		c.Table.Pager.First = q.at(auditPath)
	}
	if next != (audit.Place{}) {
		v := q.values()
		v.Set("da", next.String())
		c.Table.Pager.Next = auditPath + "?" + v.Encode()
	}
	if c.Total > 0 {
		c.Files = []Action{{text("audit.sheet"), q.at(auditSheet)}, {text("audit.book"), q.at(auditBook)}, {text("audit.proofs"), q.at(auditProof)}}
	}
	return nil
}

func (s *site) auditTable(r *http.Request, g *registers, q auditQuery, rows []audit.Row) (Table, error) {
	t := Table{Caption: text("audit.found"), Columns: []Column{{Label: text("audit.when")}, {Label: text("audit.act")}, {Label: text("readings.who")},
		{Label: text("audit.body")}, {Label: text("audit.case")}, {Label: text("basis.title")}},
		Empty: Empty{Title: text("audit.nothing"), Text: text("audit.nothing-text")}}
	a, people := actorOf(r), map[uuid.UUID]Cell{}
	for _, x := range rows {
		by := domain.Actor{Account: x.Account, Role: x.Role, Body: x.Body}
		body, err := g.bodyOf(by)
		if err != nil {
			return t, err
		}
		who := say(roleText(x.Role))
		if x.Account != uuid.Nil {
			if _, known := people[x.Account]; !known {
				if people[x.Account], err = s.accountCell(r.Context(), x.Account); err != nil {
					return t, err
				}
			}
			mine := q.of(by)
			mine.account = x.Account.String()
			who = people[x.Account].to(mine.at(auditPath)).over(who)
		}
		if x.Body != "" {
			body = body.to(q.of(by).at(auditPath))
		}
		pupil := Cell{}
		if x.Case != uuid.Nil {
			pupil = code(s.pseudonym(a, x.Case)).to(trailPath(x.Case))
		}
		t.Rows = append(t.Rows, Row{Cells: []Cell{on(x.Day).over(plain(x.At.In(domain.Rome).Format("15:04:05"))), s.wordsFor("event.", x.Type), who, body, pupil,
			s.basisCell(r, x.Type, x.Marks)}})
	}
	return t, nil
}

// found reads a search for a file, and at most so many rows of it.
func (s *site) found(r *http.Request, f func(g *registers, rows []audit.Row) error) error {
	a := actorOf(r)
	if err := access.Large(a, access.ReadDay); err != nil {
		return err
	}
	return s.withRegisters(r, func(g *registers) error {
		q, errs, err := s.seek(g.views, a, auditQueryOf(r.URL.Query()))
		if err != nil {
			return err
		}
		if len(errs) > 0 {
			return errs
		}
		rows, _, err := audit.Find(g.views, q, audit.Place{}, exportRows)
		if err != nil {
			return err
		}
		return f(g, rows)
	})
}

// auditFile is a search as a spreadsheet.
func (s *site) auditFile(w http.ResponseWriter, r *http.Request) error {
	a, heading := actorOf(r), []string{}
	for _, t := range []Text{text("audit.number"), text("audit.when"), text("audit.taken"), text("audit.act"), text("audit.code"), text("audit.role"),
		text("audit.body"), text("audit.account"), text("audit.case"), text("basis.law"), text("basis.decided")} {
		heading = append(heading, s.spoken(r, t))
	}
	rows := [][]string{heading}
	err := s.found(r, func(_ *registers, found []audit.Row) error {
		for _, x := range found {
			account, pupil := "", ""
			if x.Account != uuid.Nil {
				account = x.Account.String()
			}
			if x.Case != uuid.Nil {
				pupil = s.pseudonym(a, x.Case)
			}
			what := s.wordsFor("event.", x.Type)
			words := what.Code
			if words == "" {
				words = s.spoken(r, what.Text)
			}
			rows = append(rows, []string{strconv.FormatInt(x.Position, 10), x.At.In(domain.Rome).Format(time.RFC3339), x.Known.In(domain.Rome).Format(time.RFC3339), words, x.Type,
				s.spoken(r, roleText(x.Role)), x.Body, account, pupil, s.lawWords(r, x.Type), s.markWords(r, x.Type, x.Marks)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	format := spreadsheet.CSV
	if r.URL.Path == auditBook {
		format = spreadsheet.XLSX
	}
	return sendFile(w, format, "registro", fileRows(rows))
}

// auditProofs is a search with the proof of each record, for approdo verify.
func (s *site) auditProofs(w http.ResponseWriter, r *http.Request) error {
	var positions []event.Position
	err := s.found(r, func(_ *registers, rows []audit.Row) error {
		for _, x := range rows {
			positions = append(positions, event.Position(x.Position))
		}
		return nil
	})
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := s.Ledger.Selection(r.Context(), positions, &out); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/jsonl; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="registro.jsonl"`)
	w.WriteHeader(http.StatusOK)
	w.Write(out.Bytes()) // a browser that went away is no fault of ours
	return nil
}
