package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/calendar"
	"approdo/domain/desk"
	"approdo/domain/grade"
	"approdo/domain/returns"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/caseline"
	"approdo/projections/centre"
	mondays "approdo/projections/returns"
	"approdo/projections/school"
	"approdo/projections/worklist"
)

const returnsPath = "/rilevazione"

func (s *site) returnRoutes(r chi.Router) {
	r.Get(returnsPath, s.page(s.lastReturn))
	r.Get(returnsPath+"/{monday}", s.page(s.returns))
	r.Post(returnsPath+"/{monday}", s.page(s.validateReturn))
	r.Get(returnsPath+"/{monday}/annulla", s.page(s.askUndo))
	r.Post(returnsPath+"/{monday}/annulla", s.page(s.undoReturn))
	r.Get(returnsPath+"/{monday}/solleciti", s.page(s.askReminders))
	r.Post(returnsPath+"/{monday}/solleciti", s.page(s.remind))
	r.Get(returnsPath+"/{monday}/file", s.page(s.returnsFile))
	r.Get(returnsPath+"/{monday}/{institution}", s.page(s.returnOf))
}

// returnHref is the address of a Monday's return, or of one institution's.
func returnHref(monday domain.Date, more ...string) string {
	return strings.Join(append([]string{returnsPath, monday.String()}, more...), "/")
}

// askedMonday is which return an address asks for, and as of when.
type askedMonday struct {
	monday domain.Date
	at     time.Time // as of when pupils are counted
	known  time.Time // as of when answers are
	chosen bool      // the reader chose the instant; else pupils are counted as of the Monday, and answers are those until now
}

// mondayOf reads the Monday and the instant.
func (s *site) mondayOf(r *http.Request) (m askedMonday, err error) {
	if m.monday, err = returns.ParseMonday(chi.URLParam(r, "monday")); err != nil {
		return m, err
	}
	now := s.Clock().UTC()
	if m.at, m.known = returns.Due(m.monday), now; m.at.After(now) {
		return m, returns.ErrNotYet
	}
	k, err := s.knownOf(r)
	if k.past() {
		m.at, m.known, m.chosen = k.at, k.at, true
	}
	return m, err
}

// values are the part of an address that says the instant.
func (m askedMonday) values() url.Values {
	v := url.Values{}
	if m.chosen {
		v.Set("noto", domain.DateOf(m.at).String())
		v.Set("ora", m.at.In(domain.Rome).Format("15:04"))
	}
	return v
}

func (m askedMonday) fill(f *Form) *Form {
	return f.Set("noto", domain.DateOf(m.at).String()).Set("ora", m.at.In(domain.Rome).Format("15:04"))
}

// mondayLinks lead to the Mondays around one, and to the last.
func (s *site) mondayLinks(m domain.Date, tail ...string) []yearLink {
	last := returns.Last(s.Clock())
	days := []domain.Date{m.AddDays(-7), m, m.AddDays(7), last}
	var out []yearLink
	for i, d := range days {
		if last.Before(d) || i == 3 && slices.Contains(days[:3], last) {
			continue
		}
		out = append(out, yearLink{text("return.monday", "day", d), returnHref(d, tail...), d == m})
	}
	return out
}

func returnTitle(m domain.Date) Text { return text("return.title-of", "day", m) }

var returnsCrumb = Crumb{text("return.title"), returnsPath}

// lastReturn leads to the Monday that was last due.
func (s *site) lastReturn(w http.ResponseWriter, r *http.Request) error {
	if err := access.Large(actorOf(r), access.ReadReturns); err != nil {
		return err
	}
	http.Redirect(w, r, returnHref(returns.Last(s.Clock())), http.StatusSeeOther)
	return nil
}

// returns is a Monday as its reader may see it: a school its own return, UST and Prefettura all of them.
func (s *site) returns(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.ReadReturns); err != nil {
		return err
	}
	m, err := s.mondayOf(r)
	if err != nil {
		return err
	}
	switch a.Role {
	case domain.RoleSchool:
		return s.showReturn(w, r, m, domain.Institution(a.Body), nil)
	case domain.RolePrefettura:
		return s.sums(w, r, m)
	}
	return s.overview(w, r, m)
}

// returnOf is one institution's return, for the UST and for the institution itself.
func (s *site) returnOf(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.ReadReturns); err != nil {
		return err
	}
	i := domain.Institution(chi.URLParam(r, "institution"))
	if a.Role == domain.RolePrefettura || a.Role == domain.RoleSchool && a.Body != string(i) {
		return access.ErrNotAllowed
	}
	m, err := s.mondayOf(r)
	if err != nil {
		return err
	}
	return s.showReturn(w, r, m, i, nil)
}

// returnPage is the return of one institution.
type returnPage struct {
	Name     Cell
	Monday   domain.Date
	Mondays  []yearLink
	Holiday  bool
	State    Cell
	At       time.Time
	Callouts []Callout
	Figures  Table
	Form     *Form // where the reader may validate, and has not
	AsOf     string
	Undo     Action // where he has
	Reload   Action // to the figures as of now
	Late     Table
	After    Table
	Pupils   []orderPupils
	Instant  *Form
	History  []Moment
	Past     Table
}

// orderPupils are those behind one figure.
type orderPupils struct {
	ID    string
	Table Table
}

var returnView = view[returnPage]{"return"}

// showReturn shows the return of an institution. The form is the one that was refused, or nil.
func (s *site) showReturn(w http.ResponseWriter, r *http.Request, m askedMonday, i domain.Institution, refused *Form) error {
	a := actorOf(r)
	c := returnPage{Monday: m.monday, Holiday: calendar.IsHoliday(m.monday, ""), At: m.at}
	tail := []string{}
	if a.Role != domain.RoleSchool {
		tail = []string{string(i)}
	}
	c.Mondays = s.mondayLinks(m.monday, tail...)
	here := returnHref(m.monday, tail...)
	c.Instant = m.fill(newFilter(here, text("return.show-as-of"), asOf{}.fields()...))
	c.Reload = Action{text("return.as-of-now"), here + "?" + askedMonday{at: s.Clock(), chosen: true}.values().Encode()}
	err := s.withRegisters(r, func(g *registers) error {
		name, err := school.Institution(g.views, i)
		if err != nil {
			return err
		}
		if name == "" {
			return territory.ErrSchoolNotFound
		}
		c.Name = plain(name).over(code(string(i)))
		return s.fillReturn(r, g, &c, m, i)
	})
	if err != nil {
		return err
	}
	mayValidate := access.Large(a, access.ValidateReturn) == nil
	if refused != nil {
		c.Form = refused
	}
	if !mayValidate {
		c.Form, c.Undo = nil, Action{}
	}
	status := http.StatusOK
	if c.Form != nil {
		status = c.Form.Status()
	}
	crumbs := []Crumb{returnsCrumb}
	if len(tail) > 0 {
		crumbs = append(crumbs, Crumb{returnTitle(m.monday), returnHref(m.monday)})
	}
	return returnView.show(s, w, r, status, returnTitle(m.monday), c, append(crumbs, Crumb{Text: returnTitle(m.monday)})...)
}

func (s *site) fillReturn(r *http.Request, g *registers, c *returnPage, m askedMonday, i domain.Institution) error {
	done, err := projections.Collect(mondays.ActsOf(g.views, i, m.monday, m.known))
	if err != nil {
		return err
	}
	var answer mondays.Answer
	for _, x := range done {
		answer = answer.With(x)
	}
	figures, err := mondays.FiguresOf(g.views, i, m.at)
	if err != nil {
		return err
	}
	c.State = stateOf(answer)
	c.Figures = figuresTable(m, figures, answer)
	c.History = historyOf(done)
	base := m.at // what the difference is to
	if answer.Validated {
		base = answer.AsOf
		c.Undo = Action{text("return.undo"), returnHref(m.monday, "annulla")}
	} else if !m.at.Before(returns.Due(m.monday)) {
		c.Form, c.AsOf = figuresForm(m, figures), m.at.Format(time.RFC3339)
	}
	moved, err := mondays.Movements(g.views, i, base, s.Clock().UTC())
	if err != nil {
		return err
	}
	late, after := sortMovements(moved, m.monday)
	c.Callouts = returnCallouts(answer, late)
	lines, err := s.linesOf(r, g, i, m, moved)
	if err != nil {
		return err
	}
	if c.Late, err = s.movementTable(r, lines, text("return.late"), late); err != nil {
		return err
	}
	if c.After, err = s.movementTable(r, lines, text("return.after"), after); err != nil {
		return err
	}
	if err := s.pupilsBehind(r, g, c, m, i, lines); err != nil {
		return err
	}
	c.Past, err = s.pastReturns(r, g, i)
	return err
}

// sortMovements tells those that concern a Monday although the journal learned of them later from those of the week that follows. What
// came after the next Monday is that return's.
func sortMovements(all []mondays.Movement, monday domain.Date) (late, after []mondays.Movement) {
	next := returns.Due(monday.AddDays(7))
	for _, x := range all {
		switch {
		case x.On.Before(monday), x.On == monday && domain.DateOf(x.At) != monday: // what Monday's afternoon brings is of the week after
			late = append(late, x)
		case x.At.Before(next):
			after = append(after, x)
		}
	}
	return late, after
}

// balance is how many came and how many left.
func balance(all []mondays.Movement) (in, out int) {
	for _, x := range all {
		if x.In {
			in++
		} else {
			out++
		}
	}
	return in, out
}

func returnCallouts(x mondays.Answer, late []mondays.Movement) (out []Callout) {
	in, left := balance(late)
	switch {
	case x.Validated && len(late) > 0:
		out = append(out, Callout{Tone: Warning, Title: text("return.changed", "in", in, "out", left), Text: text("return.changed-text")})
	case len(late) > 0:
		out = append(out, Callout{Tone: Info, Title: text("return.late-before", "in", in, "out", left), Text: text("return.late-before-text")})
	}
	if x.Validated && x.Figures != x.Computed {
		out = append(out, Callout{Tone: Info, Title: text("return.other-figures"), Text: text("return.other-figures-text", "said", x.Figures.Total(), "computed", x.Computed.Total())})
	}
	if !x.Validated && !x.Reminded.IsZero() {
		out = append(out, Callout{Tone: Warning, Title: text("return.was-reminded", "day", domain.DateOf(x.Reminded))})
	}
	return out
}

// stateOf says how a return stands.
func stateOf(x mondays.Answer) Cell {
	switch {
	case x.Validated:
		return badge(Success, text("return.state-validated")).over(at(x.At))
	case !x.Withdrawn.IsZero():
		return badge(Warning, text("return.withdrawn")).over(at(x.Withdrawn))
	case !x.Reminded.IsZero():
		return badge(Warning, text("return.reminded")).over(at(x.Reminded))
	}
	return badge(Neutral, text("return.open"))
}

func figuresTable(m askedMonday, figures returns.Figures, x mondays.Answer) Table {
	heading := text("return.computed")
	if m.chosen {
		heading = text("return.computed-then")
	}
	t := Table{Caption: text("return.figures"), Columns: []Column{{Label: text("list.order")}, {Label: heading, Numeric: true}}}
	if x.Validated {
		t.Columns = append(t.Columns, Column{Label: text("return.validated"), Numeric: true}, Column{Label: text("return.difference"), Numeric: true})
	}
	row := func(name Cell, n, said int) {
		out := Row{Cells: []Cell{name, count(n)}}
		if x.Validated {
			out.Cells = append(out.Cells, count(said), count(said-n))
			if said != n {
				out.Tone = Warning
			}
		}
		t.Rows = append(t.Rows, out)
	}
	for _, o := range grade.Orders() {
		name := say(orderText(o))
		if n := figures.Of(o); n > 0 {
			name = name.to("#" + string(o))
		}
		row(name, figures.Of(o), x.Figures.Of(o))
	}
	row(say(text("return.total")), figures.Total(), x.Figures.Total())
	return t
}

// figuresForm asks for the four figures, with those of the journal filled in: who agrees presses the button.
func figuresForm(m askedMonday, f returns.Figures) *Form {
	form := newForm(returnHref(m.monday), text("return.validate"))
	for _, o := range grade.Orders() {
		form.fields = append(form.fields, &Field{Name: string(o), Kind: FieldNumber, Label: orderText(o), Hint: text("return.journal-has", "count", f.Of(o)), Width: 4})
		form.Set(string(o), strconv.Itoa(f.Of(o)))
	}
	return form
}

// historyOf tells what was done to a return, newest first.
func historyOf(done []mondays.Act) (out []Moment) {
	for _, x := range slices.Backward(done) {
		switch x.Kind {
		case mondays.Validation:
			detail := []Pair{{text("return.as-of"), at(x.AsOf)}}
			for _, o := range grade.Orders() {
				value := count(x.Figures.Of(o))
				if n := x.Computed.Of(o); n != x.Figures.Of(o) {
					value = value.over(say(text("return.journal-had", "count", n)))
				}
				detail = append(detail, Pair{orderText(o), value})
			}
			out = append(out, Moment{Tone: Success, At: x.At, By: say(roleText(domain.RoleSchool)), Title: text("event.return.validated"), Detail: detail})
		case mondays.Withdrawal:
			p := Moment{Tone: Warning, At: x.At, By: say(roleText(domain.RoleSchool)), Title: text("event.return.withdrawn")}
			if x.Reason != "" {
				p.Detail = []Pair{{text("return.reason"), say(undoText(x.Reason))}}
			}
			out = append(out, p)
		case mondays.Reminder:
			by := domain.RoleUST
			if x.Account == uuid.Nil {
				by = domain.RoleSystem
			}
			out = append(out, Moment{Tone: Info, At: x.At, By: say(roleText(by)), Title: text("event.return.reminded")})
		}
	}
	return out
}

func undoText(r returns.UndoReason) Text { return text("undo." + string(r)) }

// linesOf finds the lines of those behind the figures and of those who came and left, in the reader's own lists.
func (s *site) linesOf(r *http.Request, g *registers, i domain.Institution, m askedMonday, moved []mondays.Movement) (map[uuid.UUID]caseline.Line, error) {
	var ids []uuid.UUID
	for stay, err := range mondays.StaysOf(g.views, i, m.at) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, stay.Case)
	}
	for _, x := range moved {
		ids = append(ids, x.Case)
	}
	out := map[uuid.UUID]caseline.Line{}
	for _, id := range ids {
		l, ours, err := listed(g.views, actorOf(r), id)
		if err != nil {
			return nil, err
		}
		if ours {
			out[id] = l
		}
	}
	return out, nil
}

// listed finds the line of a case in the list of whoever may see a return by name; false where it is in none of his.
func listed(v *projections.Snapshot, a domain.Actor, id uuid.UUID) (caseline.Line, bool, error) {
	switch a.Role {
	case domain.RoleSchool:
		return school.Line(v, domain.Institution(a.Body), id)
	case domain.RoleUST:
		return centre.Line(v, id)
	}
	return caseline.Line{}, false, nil
}

// pupilCell names a pupil as the reader's lists do. Who has gone to another school is known by the case alone.
func (s *site) pupilCell(r *http.Request, lines map[uuid.UUID]caseline.Line, id uuid.UUID) (Cell, error) {
	nameless := say(text("case.nameless", "id", id.String()[:8]))
	l, ours := lines[id]
	if !ours {
		return nameless, nil
	}
	identity, err := worklist.Name(r.Context(), s.Keys, actorOf(r), l, access.Name)
	if err != nil {
		return Cell{}, err
	}
	if identity.FamilyName.IsZero() {
		return nameless.to("/pratiche/" + id.String()), nil
	}
	return named(identity.FamilyName, identity.GivenName).to("/pratiche/" + id.String()), nil
}

// movementTable explains a difference case by case; it has no rows where there is none.
func (s *site) movementTable(r *http.Request, lines map[uuid.UUID]caseline.Line, caption Text, moved []mondays.Movement) (Table, error) {
	t := Table{Caption: caption, Columns: []Column{{Label: text("list.pupil")}, {Label: text("return.movement")}, {Label: text("return.event")},
		{Label: text("return.on")}, {Label: text("return.recorded")}}}
	for _, x := range moved {
		who, err := s.pupilCell(r, lines, x.Case)
		if err != nil {
			return t, err
		}
		what := badge(Success, text("return.came"))
		event := s.wordsFor("event.", x.By)
		if !x.In {
			what = badge(Neutral, text("return.left"))
			if x.Reason != "" {
				event = event.over(s.wordsFor("closure.", string(x.Reason)))
			}
		}
		t.Rows = append(t.Rows, Row{Cells: []Cell{who, what.over(say(orderText(x.Order))), event, on(x.On), at(x.At)}})
	}
	return t, nil
}

// pupilsBehind lists who is behind each figure.
func (s *site) pupilsBehind(r *http.Request, g *registers, c *returnPage, m askedMonday, i domain.Institution, lines map[uuid.UUID]caseline.Line) error {
	here, err := projections.Collect(mondays.StaysOf(g.views, i, m.at))
	if err != nil {
		return err
	}
	for _, o := range grade.Orders() {
		t := Table{Caption: orderText(o), Columns: []Column{{Label: text("list.pupil")}, {Label: text("return.site")}, {Label: text("return.in-since")},
			{Label: text("return.recorded")}, {Label: text("return.status-now")}}}
		for _, stay := range here {
			if stay.Order != o {
				continue
			}
			who, err := s.pupilCell(r, lines, stay.Case)
			if err != nil {
				return err
			}
			where, err := g.school(stay.School)
			if err != nil {
				return err
			}
			status := say(text("return.elsewhere"))
			if l, ours := lines[stay.Case]; ours {
				status = statusBadge(l.Status)
			}
			t.Rows = append(t.Rows, Row{Cells: []Cell{who, where, on(stay.Came), at(stay.Since), status}})
		}
		if len(t.Rows) > 0 {
			c.Pupils = append(c.Pupils, orderPupils{string(o), t})
		}
	}
	return nil
}

// pastShown is how many Mondays a school finds at the foot of its page.
const pastShown = 10

func (s *site) pastReturns(r *http.Request, g *registers, i domain.Institution) (Table, error) {
	last := returns.Last(s.Clock())
	t := Table{Caption: text("return.past"), Columns: []Column{{Label: text("return.title")}, {Label: text("return.computed"), Numeric: true},
		{Label: text("return.validated"), Numeric: true}, {Label: text("list.status")}}}
	answers, err := mondays.AnswersOf(g.views, i, last.AddDays(-7*(pastShown-1)))
	if err != nil {
		return t, err
	}
	for n := range pastShown {
		monday := last.AddDays(-7 * n)
		f, err := mondays.FiguresOf(g.views, i, returns.Due(monday))
		if err != nil {
			return t, err
		}
		x, href := answers[monday], returnHref(monday)
		if actorOf(r).Role != domain.RoleSchool {
			href = returnHref(monday, string(i))
		}
		row := Row{Cells: []Cell{on(monday).to(href), count(f.Total()), {}, stateOf(x)}}
		if x.Validated {
			row.Cells[2] = count(x.Figures.Total())
			if x.Figures != f {
				row.Tone = Warning
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// validateReturn records what the school says of its Monday.
func (s *site) validateReturn(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.ValidateReturn); err != nil {
		return err
	}
	m, err := s.mondayOf(r)
	if err != nil {
		return err
	}
	f := figuresForm(m, returns.Figures{})
	if err := f.read(r); err != nil {
		return err
	}
	f.require()
	c := returns.Validate{Act: s.Desk.Act(a), Subject: returns.Subject{Institution: domain.Institution(a.Body), Monday: m.monday}, AsOf: m.at}
	for _, o := range grade.Orders() {
		v := strings.TrimSpace(f.value(string(o)))
		n, err := strconv.Atoi(v)
		if v != "" && err != nil {
			f.place(returns.ErrFigure.On(string(o)))
		}
		c.Figures = c.Figures.With(o, n)
	}
	if t, err := time.Parse(time.RFC3339, r.PostForm.Get("_as_of")); err == nil {
		c.AsOf = t.UTC()
	}
	if err := s.read(r, func(v *projections.Snapshot) (err error) {
		c.Computed, err = mondays.FiguresOf(v, c.Institution, c.AsOf)
		return err
	}); err != nil {
		return err
	}
	var receipt desk.Receipt
	if !f.Refused() {
		if receipt, err = s.Desk.Return(r.Context(), ticketOf(r, f), c); err != nil && !f.refuse(err) {
			return err
		}
	}
	if f.Refused() {
		m.at, m.chosen = c.AsOf, !c.AsOf.Equal(m.at)
		return s.showReturn(w, r, m, c.Institution, f)
	}
	s.settled(r, receipt)
	s.redirect(w, r, returnHref(m.monday), "return-validated")
	return nil
}

func undoForm(monday domain.Date) *Form {
	var reasons []Option
	for _, x := range returns.UndoReasons() {
		reasons = append(reasons, Option{Value: string(x), Label: say(undoText(x))})
	}
	f := newForm(returnHref(monday, "annulla"), text("return.undo"),
		Field{Name: "reason", Kind: FieldRadios, Label: text("return.reason"), Options: reasons, Optional: true})
	f.Cancel = returnHref(monday)
	return f
}

func (s *site) askUndo(w http.ResponseWriter, r *http.Request) error {
	if err := access.Large(actorOf(r), access.ValidateReturn); err != nil {
		return err
	}
	m, err := s.mondayOf(r)
	if err != nil {
		return err
	}
	return s.showUndo(w, r, m, undoForm(m.monday))
}

func (s *site) showUndo(w http.ResponseWriter, r *http.Request, m askedMonday, f *Form) error {
	var x mondays.Answer
	if err := s.read(r, func(v *projections.Snapshot) (err error) {
		x, err = answerOf(v, domain.Institution(actorOf(r).Body), m.monday, m.known)
		return err
	}); err != nil {
		return err
	}
	if !x.Validated {
		return returns.ErrNotValidated
	}
	c := confirm{Title: text("return.undo"), Lead: text("return.undo-lead"), Form: f,
		Facts: []Pair{{text("return.title"), on(m.monday)}, {text("return.validated"), at(x.At)}, {text("return.total"), count(x.Figures.Total())}}}
	return c.show(s, w, r, returnsCrumb, Crumb{returnTitle(m.monday), returnHref(m.monday)}, Crumb{Text: c.Title})
}

func (s *site) undoReturn(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.ValidateReturn); err != nil {
		return err
	}
	m, err := s.mondayOf(r)
	if err != nil {
		return err
	}
	f := undoForm(m.monday)
	if err := f.read(r); err != nil {
		return err
	}
	c := returns.Undo{Act: s.Desk.Act(a), Subject: returns.Subject{Institution: domain.Institution(a.Body), Monday: m.monday},
		Reason: returns.UndoReason(f.value("reason"))}
	receipt, err := s.Desk.Return(r.Context(), ticketOf(r, f), c)
	if err != nil {
		if !f.refuse(err) {
			return err
		}
		return s.showUndo(w, r, m, f)
	}
	s.settled(r, receipt)
	s.redirect(w, r, returnHref(m.monday), "return-withdrawn")
	return nil
}

// returnToDo reminds a school on its home page of the return that waits for it: where it has pupils, or was asked.
func (s *site) returnToDo(r *http.Request, v *projections.Snapshot) ([]Callout, error) {
	a := actorOf(r)
	if access.Large(a, access.ValidateReturn) != nil {
		return nil, nil
	}
	i, now := domain.Institution(a.Body), s.Clock().UTC()
	monday := returns.Last(now)
	figures, err := mondays.FiguresOf(v, i, returns.Due(monday))
	if err != nil {
		return nil, err
	}
	x, err := answerOf(v, i, monday, now)
	if err != nil || x.Validated || figures.Total() == 0 && x.Reminded.IsZero() {
		return nil, err
	}
	c := Callout{Tone: Info, Title: text("return.to-do", "day", monday), Text: text("return.to-do-text", "count", figures.Total()),
		Cells: []Cell{say(text("return.to-do-link")).to(returnHref(monday))}}
	if !x.Reminded.IsZero() {
		c.Tone, c.Text = Warning, text("return.was-reminded", "day", domain.DateOf(x.Reminded))
	}
	return []Callout{c}, nil
}

// answerOf is how an institution's return for a Monday stands.
func answerOf(v *projections.Snapshot, i domain.Institution, monday domain.Date, known time.Time) (x mondays.Answer, err error) {
	for done, err := range mondays.ActsOf(v, i, monday, known) {
		if err != nil {
			return x, err
		}
		x = x.With(done)
	}
	return x, nil
}
