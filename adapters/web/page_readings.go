package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/adapters/spreadsheet"
	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/account"
	"approdo/domain/desk"
	"approdo/domain/grade"
	"approdo/domain/reading"
	"approdo/projections"
	"approdo/projections/readings"
)

func (s *site) readingRoutes(r chi.Router) {
	r.Get("/letture", s.page(s.readings))
	r.Get("/pratiche/{case}/letture", s.page(s.caseReadings))
	r.Get("/pratiche/{case}/letture.csv", s.page(s.caseReadingsFile))
	r.Get("/pratiche/{case}/nome", s.page(s.openName))
	r.Post("/pratiche/{case}/nome", s.page(s.openNamePost))
}

const readingsPath = "/letture"

func caseReadingsPath(id uuid.UUID) string { return "/pratiche/" + id.String() + "/letture" }

func openNamePath(id uuid.UUID) string { return "/pratiche/" + id.String() + "/nome" }

// shownReadings is how many rows a page of readings shows; the file has all.
const shownReadings = 200

func groundText(r access.Relation) Text { return text("ground." + string(r)) }

// fieldsCell names groups of fields, one after the other.
func (s *site) fieldsCell(r *http.Request, fields []access.Field) Cell {
	var words []string
	for _, f := range fields {
		words = append(words, s.spoken(r, text("field."+string(f))))
	}
	return plain(strings.Join(words, ", "))
}

// spoken is a text in the reader's language.
func (s *site) spoken(r *http.Request, t Text) string {
	words, err := s.texts[visitOf(r).lang].say(t)
	if err != nil {
		return t.key
	}
	return string(words)
}

// caseReadings is who saw a pupil's data, who can see it now, and which names were opened for an audit.
func (s *site) caseReadings(w http.ResponseWriter, r *http.Request) error {
	file, err := s.readingsFile(r)
	if err != nil {
		return err
	}
	a := actorOf(r)
	c := sheet{Title: text("readings.case-title"), Lead: text("readings.case-lead"),
		Actions: []Action{{text("readings.download"), caseReadingsPath(file.ID) + ".csv"}},
		Facts:   []Pair{{text("audit.case"), code(s.pseudonym(a, file.ID)).to(trailPath(file.ID))}}}
	err = s.withRegisters(r, func(g *registers) error {
		seen, err := readings.Of(g.views, file.ID, rowsOf(r, shownReadings))
		if err != nil {
			return err
		}
		past, err := s.seenTable(r, g, seen)
		if err != nil {
			return err
		}
		now, err := s.sightTable(r, g, file)
		if err != nil {
			return err
		}
		opened, err := readings.OpeningsOf(g.views, file.ID)
		if err != nil {
			return err
		}
		names, err := s.openingTable(r, g, opened, false)
		if err != nil {
			return err
		}
		c.Parts = []part{{ID: "past", Title: text("readings.past"), Table: &past}, {ID: "now", Title: text("readings.now"), Text: text("readings.now-text"), Table: &now},
			{ID: "names", Title: text("readings.opened"), Table: &names}}
		return nil
	})
	if err != nil {
		return err
	}
	return c.show(s, w, r, Crumb{text("audit.trail-title"), trailPath(file.ID)})
}

// readingsFile is the case an address names, for who may know who read it.
func (s *site) readingsFile(r *http.Request) (desk.File, error) {
	id, err := caseID(r)
	if err != nil {
		return desk.File{}, err
	}
	file, err := s.Desk.Trail(r.Context(), actorOf(r), id)
	if err != nil {
		return desk.File{}, err
	}
	return file, access.Case(actorOf(r), file.Relation, access.ReadReadings)
}

// whoCells are a reader's name, with the role below, and the body.
func (s *site) whoCells(r *http.Request, g *registers, a domain.Actor) (who, body Cell, err error) {
	if who, err = s.personCell(r.Context(), a.Account); err != nil {
		return who, body, err
	}
	body, err = g.bodyOf(a)
	return who.over(say(roleText(a.Role))), body, err
}

func (s *site) seenTable(r *http.Request, g *registers, seen []readings.Row) (Table, error) {
	t := Table{Caption: text("readings.past-caption"), Columns: []Column{{Label: text("readings.who")}, {Label: text("audit.body")}, {Label: text("readings.when")},
		{Label: text("readings.times"), Numeric: true}, {Label: text("readings.ground")}, {Label: text("readings.fields")}},
		Empty: Empty{Title: text("readings.none"), Text: text("readings.none-text")}}
	for _, x := range seen {
		who, body, err := s.whoCells(r, g, domain.Actor{Account: x.Account, Role: x.Role, Body: x.Body})
		if err != nil {
			return t, err
		}
		when := at(x.Last)
		if x.Times > 1 {
			when = when.over(say(text("readings.first-at", "instant", x.First.In(domain.Rome).Format("15:04"))))
		}
		t.Rows = append(t.Rows, Row{Cells: []Cell{who, body, when, count(x.Times), say(groundText(x.Ground)), s.fieldsCell(r, x.Seen())}})
	}
	return t, nil
}

// sightTable is the access review: every account that signs in and could open the pupil's data now.
func (s *site) sightTable(r *http.Request, g *registers, file desk.File) (Table, error) {
	t := Table{Caption: text("readings.now-caption"), Columns: []Column{{Label: text("readings.who")}, {Label: text("audit.body")}, {Label: text("readings.ground")}, {Label: text("readings.fields")}},
		Empty: Empty{Title: text("readings.nobody"), Text: text("readings.nobody-text")}}
	sights, err := s.Desk.Sights(r.Context(), file, s.activeAccounts())
	if err != nil {
		return t, err
	}
	for _, x := range sights {
		who, body, err := s.whoCells(r, g, x.Actor)
		if err != nil {
			return t, err
		}
		t.Rows = append(t.Rows, Row{Cells: []Cell{who, body, say(groundText(x.Ground)), s.fieldsCell(r, x.Fields)}})
	}
	return t, nil
}

// activeAccounts are those who sign in.
func (s *site) activeAccounts() (out []domain.Actor) {
	for _, x := range s.Directory.Accounts() {
		if x.Status() == account.Active {
			out = append(out, x.Actor())
		}
	}
	return out
}

// openingTable lists opened names. With cases it says whose.
func (s *site) openingTable(r *http.Request, g *registers, opened []readings.Opening, cases bool) (Table, error) {
	t := Table{Caption: text("readings.opened-caption"), Columns: []Column{{Label: text("readings.who")}, {Label: text("readings.when")}, {Label: text("readings.until")}, {Label: text("readings.reason")}},
		Empty: Empty{Title: text("readings.none-opened"), Text: text("readings.none-opened-text")}}
	if cases {
		t.Columns = append(t.Columns, Column{Label: text("audit.case")})
	}
	now := s.Clock()
	for _, x := range opened {
		who, _, err := s.whoCells(r, g, domain.Actor{Account: x.Account, Role: domain.RolePrefettura})
		if err != nil {
			return t, err
		}
		reason := say(text("opening." + string(x.Reason)))
		words, err := s.Desk.OpeningWords(r.Context(), x.Words)
		if err != nil {
			return t, err
		}
		if !words.IsZero() {
			reason = reason.over(named(words))
		}
		row := Row{Cells: []Cell{who, at(x.At), at(x.Until), reason}}
		if now.Before(x.Until) {
			row.Tone = Warning
		}
		if cases {
			row.Cells = append(row.Cells, code(s.pseudonym(actorOf(r), x.Case)).to(caseReadingsPath(x.Case)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// caseReadingsFile is who saw a pupil's data, as a file.
func (s *site) caseReadingsFile(w http.ResponseWriter, r *http.Request) error {
	file, err := s.readingsFile(r)
	if err != nil {
		return err
	}
	var heading []string
	for _, column := range []Text{text("readings.day"), text("readings.first"), text("readings.last"), text("readings.times"), text("readings.account"),
		text("audit.role"), text("audit.body"), text("readings.ground"), text("readings.fields")} {
		heading = append(heading, s.spoken(r, column))
	}
	rows := [][]string{heading}
	err = s.read(r, func(v *projections.Snapshot) error {
		seen, err := readings.Of(v, file.ID, 0)
		for _, x := range seen {
			rows = append(rows, []string{x.Day.String(), x.First.Format(time.RFC3339), x.Last.Format(time.RFC3339), strconv.Itoa(x.Times), x.Account.String(),
				s.spoken(r, roleText(x.Role)), x.Body, s.spoken(r, groundText(x.Ground)), s.fieldsCell(r, x.Seen()).Plain})
		}
		return err
	})
	if err != nil {
		return err
	}
	return sendFile(w, spreadsheet.CSV, "letture-"+file.ID.String(), fileRows(rows))
}

// The spans of days that a page of readings looks at: those it shows, and those that make a habit.
const (
	watchedDays = 14
	habitSpan   = 60
)

// readings is how much who read of late, what was unusual first, and which names were opened.
func (s *site) readings(w http.ResponseWriter, r *http.Request) error {
	if err := access.Large(actorOf(r), access.WatchReadings); err != nil {
		return err
	}
	c := sheet{Title: text("readings.title"), Lead: text("readings.lead", "days", watchedDays)}
	err := s.withRegisters(r, func(g *registers) error {
		today := domain.DateOf(s.Clock())
		watched, err := s.watched(g, today)
		if err != nil {
			return err
		}
		unusual := slices.DeleteFunc(slices.Clone(watched), func(x watchedDay) bool { return len(x.Reasons) == 0 })
		first, err := s.watchedTable(r, g, text("readings.unusual-caption"), unusual)
		if err != nil {
			return err
		}
		first.Empty = Empty{Title: text("readings.nothing-unusual"), Text: text("readings.nothing-unusual-text")}
		all, err := s.watchedTable(r, g, text("readings.all-caption"), watched[:min(len(watched), rowsOf(r, shownReadings))])
		if err != nil {
			return err
		}
		all.Empty = Empty{Title: text("readings.none"), Text: text("readings.none-text")}
		opened, err := readings.OpeningsSince(g.views, today.AddDays(-watchedDays).Start())
		if err != nil {
			return err
		}
		names, err := s.openingTable(r, g, opened, true)
		if err != nil {
			return err
		}
		c.Parts = []part{{ID: "unusual", Title: text("readings.unusual"), Text: text("readings.unusual-text"), Table: &first},
			{ID: "names", Title: text("readings.opened"), Table: &names}, {ID: "all", Title: text("readings.all"), Table: &all}}
		return nil
	})
	if err != nil {
		return err
	}
	return c.show(s, w, r)
}

// watchedDay is what somebody read on a day, and why that is unusual.
type watchedDay struct {
	readings.Day
	Reasons []reading.Reason
}

// watched are the readers' days of late, the latest first.
func (s *site) watched(g *registers, today domain.Date) ([]watchedDay, error) {
	from := today.AddDays(-watchedDays)
	days, err := readings.Days(g.views, from.AddDays(-habitSpan), today)
	if err != nil {
		return nil, err
	}
	away, err := readings.ByComune(g.views, from, today)
	if err != nil {
		return nil, err
	}
	elsewhere := map[readings.DayKey]int{}
	for _, x := range away {
		serves := func(o grade.Order) bool { return g.land.CentreServes(domain.Centre(x.Body), x.Comune, o) }
		if !slices.ContainsFunc(grade.Orders(), serves) {
			elsewhere[readings.DayKey{Day: x.Day, Account: x.Account}] += x.Pupils
		}
	}
	opened, err := readings.OpeningsSince(g.views, from.Start())
	if err != nil {
		return nil, err
	}
	names := map[readings.DayKey]int{}
	for _, x := range opened {
		names[readings.DayKey{Day: domain.DateOf(x.At), Account: x.Account}]++
	}
	habits := map[uuid.UUID][]readings.Day{}
	for _, d := range days {
		habits[d.Account] = append(habits[d.Account], d)
	}
	var out []watchedDay
	for _, d := range days {
		if d.Day.Before(from) {
			break
		}
		amount := reading.Amount{Pupils: d.Pupils, OutOfHours: d.OutOfHours, Elsewhere: elsewhere[d.Key()], Named: names[d.Key()]}
		for _, earlier := range habits[d.Account] {
			if earlier.Day.Before(d.Day) && !earlier.Day.Before(d.Day.AddDays(-habitSpan)) {
				amount.Before = append(amount.Before, earlier.Pupils)
			}
		}
		out = append(out, watchedDay{d, reading.Unusual(amount)})
	}
	return out, nil
}

func (s *site) watchedTable(r *http.Request, g *registers, caption Text, days []watchedDay) (Table, error) {
	t := Table{Caption: caption, Columns: []Column{{Label: text("readings.who")}, {Label: text("audit.body")}, {Label: text("readings.day")},
		{Label: text("readings.pupils"), Numeric: true}, {Label: text("readings.answers"), Numeric: true}, {Label: text("readings.remark")}}}
	for _, x := range days {
		who, body, err := s.whoCells(r, g, domain.Actor{Account: x.Account, Role: x.Role, Body: x.Body})
		if err != nil {
			return t, err
		}
		row := Row{Cells: []Cell{who, body, on(x.Day.Day), count(x.Pupils), count(x.Answers), {}}}
		for _, reason := range slices.Backward(x.Reasons) {
			remark := badge(Warning, text("unusual."+string(reason)))
			if last := &row.Cells[5]; last.Badge.Tone != "" {
				remark = remark.over(*last)
			}
			row.Cells[5], row.Tone = remark, Warning
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// openingForm asks why somebody who audits must know who a pupil is.
func openingForm(id uuid.UUID) *Form {
	var reasons []Option
	for _, x := range reading.OpeningReasons() {
		reasons = append(reasons, Option{Value: string(x), Label: say(text("opening." + string(x)))})
	}
	f := newForm(openNamePath(id), text("opening.submit"),
		Field{Name: "reason", Kind: FieldRadios, Label: text("readings.reason"), Options: reasons},
		Field{Name: "words", Kind: FieldArea, Label: text("opening.words"), Hint: text("opening.words-hint"), Optional: true})
	f.Cancel, f.Danger = trailPath(id), true
	return f
}

// nameable is the case whose name somebody wants to open.
func (s *site) nameable(r *http.Request) (desk.File, error) {
	id, err := caseID(r)
	if err != nil {
		return desk.File{}, err
	}
	file, err := s.Desk.Trail(r.Context(), actorOf(r), id)
	if err != nil {
		return desk.File{}, err
	}
	return file, access.Case(actorOf(r), file.Relation, access.OpenName)
}

func (s *site) openName(w http.ResponseWriter, r *http.Request) error {
	file, err := s.nameable(r)
	if err != nil {
		return err
	}
	return s.showOpening(w, r, file, openingForm(file.ID))
}

func (s *site) showOpening(w http.ResponseWriter, r *http.Request, file desk.File, f *Form) error {
	c := confirm{Title: text("opening.title"), Lead: text("opening.lead", "hours", int(reading.OpenFor.Hours())), Form: f,
		Facts: []Pair{{text("audit.case"), code(s.pseudonym(actorOf(r), file.ID))}, {text("list.status"), statusBadge(file.State.Status)}}}
	return c.show(s, w, r, Crumb{text("audit.trail-title"), trailPath(file.ID)}, Crumb{Text: c.Title})
}

func (s *site) openNamePost(w http.ResponseWriter, r *http.Request) error {
	file, err := s.nameable(r)
	if err != nil {
		return err
	}
	f := openingForm(file.ID)
	if err := f.read(r); err != nil {
		return err
	}
	f.require()
	if f.Refused() {
		return s.showOpening(w, r, file, f)
	}
	receipt, err := s.Desk.OpenName(r.Context(), desk.Ticket{ID: ticketOf(r, f).ID}, actorOf(r), file, reading.OpeningReason(f.value("reason")),
		domain.NewPersonal(strings.TrimSpace(f.value("words"))))
	if err != nil {
		if f.refuse(err) {
			return s.showOpening(w, r, file, f)
		}
		return err
	}
	s.settled(r, receipt)
	s.redirect(w, r, trailPath(file.ID), "name-opened")
	return nil
}
