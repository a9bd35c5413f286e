package web

import (
	"context"
	"errors"
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
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/retention"
)

// Forgetting says how far erasures have come that were decided.
type Forgetting interface {
	// Destroyed says when the keys of cases were destroyed; those with keys are not there.
	Destroyed(ctx context.Context, cases ...uuid.UUID) (map[uuid.UUID]desk.Destroyed, error)
	// Cleaned is how far in the journal everything is clean that erasures leave behind.
	Cleaned() event.Position
	// Generation is that of the wrapping of the keys.
	Generation(ctx context.Context) (int64, error)
}

const retentionPath = "/conservazione"

var retentionCrumb = Crumb{text("retention.title"), retentionPath}

func (s *site) retentionRoutes(r chi.Router) {
	r.Route(retentionPath, func(r chi.Router) {
		r.Get("/", s.page(s.retention))
		r.Get("/tempi", s.page(s.retentionTimes))
		r.Post("/tempi", s.page(s.retentionTimesPost))
		r.Get("/scadute/{scope}", s.page(s.dueCases))
		r.Post("/scadute/{scope}", s.page(s.dueCasesPost))
		r.Get("/proposte", s.page(s.proposals))
		r.Post("/proposte", s.page(s.proposalsPost))
	})
	r.Get("/pratiche/{case}/accesso", s.page(s.held))
	r.Get("/pratiche/{case}/accesso.json", s.page(s.heldJSON))
	r.Get("/pratiche/{case}/certificato", s.page(s.certificate))
}

// How many rows of each kind the page of retention shows, and how many cases can be proposed or decided at once.
const (
	shownErasures = 50
	chosenAtOnce  = 100
)

// stepDone is the second step of a batch: the deed, after the summary.
const stepDone = "done"

func (s *site) retention(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.Retain); err != nil {
		return err
	}
	land, err := s.Desk.Territory(r.Context())
	if err != nil {
		return err
	}
	today := domain.DateOf(s.Clock())
	now := land.RetentionOn(today)
	c := sheet{Title: text("retention.title"), Lead: text("retention.lead"), Actions: []Action{{text("retention.edit"), retentionPath + "/tempi"}}}
	version := plain(now.Version)
	if now.Version == "0" {
		version = version.over(say(text("retention.shipped")))
	}
	c.Facts = []Pair{{text("retention.version"), version}}
	for _, class := range territory.DataClasses() {
		c.Facts = append(c.Facts, Pair{classText(class), say(text("retention.months", "count", now.Months(class)))})
	}
	err = s.read(r, func(v *projections.Snapshot) error {
		due := part{ID: "due", Title: text("retention.due")}
		for _, scope := range casefile.ErasureScopes() {
			n, err := retention.Count(v, scope, now.Began(desk.DataClass(scope), today))
			if err != nil {
				return err
			}
			due.Facts = append(due.Facts, Pair{text("retention.due-" + string(scope)), count(n).to(duePath(scope))})
		}
		waiting, err := retention.Proposed(v, rowsOf(r, shownErasures))
		if err != nil {
			return err
		}
		table, err := s.proposalTable(r, waiting)
		if err != nil {
			return err
		}
		proposed := part{ID: "proposed", Title: text("retention.proposed"), Table: &table}
		if slices.ContainsFunc(waiting, func(p retention.Row) bool { return p.ProposedBy != a.Account }) {
			c.Actions = append(c.Actions, Action{text("retention.decide"), retentionPath + "/proposte"})
		}
		decided, err := retention.Decided(v, rowsOf(r, shownErasures))
		if err != nil {
			return err
		}
		done, err := s.decidedTable(r.Context(), decided)
		c.Parts = []part{due, proposed, {ID: "decided", Title: text("retention.decided"), Table: &done}}
		return err
	})
	if err != nil {
		return err
	}
	return c.show(s, w, r)
}

func classText(c territory.DataClass) Text { return text("data-class." + string(c)) }

func duePath(s casefile.ErasureScope) string { return retentionPath + "/scadute/" + string(s) }

// caseCell leads to a case and names nobody.
func caseCell(id uuid.UUID) Cell { return say(namelessText(id)).to("/pratiche/" + id.String()) }

func (s *site) proposalTable(r *http.Request, waiting []retention.Row) (Table, error) {
	t := Table{Caption: text("retention.proposed-caption"), Columns: []Column{{Label: text("retention.case")}, {Label: text("retention.scope")},
		{Label: text("retention.ground")}, {Label: text("retention.by")}, {Label: text("retention.decide")}},
		Empty: Empty{Title: text("retention.proposed-none"), Text: text("retention.proposed-none-text")}}
	for _, p := range waiting {
		by, err := s.personCell(r.Context(), p.ProposedBy)
		if err != nil {
			return t, err
		}
		at := "/pratiche/" + p.Case.String() + "/"
		decide := say(text("act-form.approva-cancellazione")).to(at + "approva-cancellazione").
			over(say(text("act-form.respingi-cancellazione")).to(at + "respingi-cancellazione"))
		if p.ProposedBy == actorOf(r).Account {
			decide = say(text("retention.by-you")).over(say(text("act-form.ritira-cancellazione")).to(at + "ritira-cancellazione"))
		}
		t.Rows = append(t.Rows, Row{Cells: []Cell{caseCell(p.Case), say(scopeText(p.Scope)), groundCell(p.Ground, p.Register, p.Since),
			by.over(Cell{At: p.ProposedAt}), decide}})
	}
	return t, nil
}

func groundCell(g casefile.ErasureGround, register string, since domain.Date) Cell {
	c := say(erasureText(g))
	if register != "" {
		c = c.over(say(text("retention.choose-since", "since", since, "version", register)))
	}
	return c
}

// decidedTable says of each erasure how far it has come: keys destroyed, views cleaned, certificate ready.
func (s *site) decidedTable(ctx context.Context, decided []retention.Erasure) (Table, error) {
	t := Table{Caption: text("retention.decided"), Columns: []Column{{Label: text("retention.case")}, {Label: text("retention.scope")},
		{Label: text("retention.ground")}, {Label: text("retention.decided-on")}, {Label: text("retention.progress")}},
		Empty: Empty{Title: text("retention.decided-none"), Text: text("retention.decided-none-text")}}
	ids := make([]uuid.UUID, len(decided))
	for i, e := range decided {
		ids[i] = e.Case
	}
	destroyed, err := s.Forgetting.Destroyed(ctx, ids...)
	if err != nil {
		return t, err
	}
	for _, e := range decided {
		p := progressOf(destroyed[e.Case], e.Scope, e.Position, s.Forgetting.Cleaned())
		t.Rows = append(t.Rows, Row{Cells: []Cell{caseCell(e.Case), say(scopeText(e.Scope)), s.wordsFor("erasure.", string(e.Ground)), at(e.At), p.cell(e.Case)}})
	}
	return t, nil
}

// progress is how far an erasure has come.
type progress struct {
	keys  time.Time // when they were destroyed
	clean bool
}

func progressOf(d desk.Destroyed, scope casefile.ErasureScope, at, cleaned event.Position) progress {
	p := progress{keys: d.Personal, clean: cleaned >= at}
	if scope == casefile.EraseHealth {
		p.keys = d.Special
	}
	return p
}

func (p progress) done() bool { return !p.keys.IsZero() && p.clean }

func (p progress) cell(id uuid.UUID) Cell {
	switch {
	case p.keys.IsZero():
		return badge(Warning, text("retention.keys-wait"))
	case !p.clean:
		return badge(Success, text("retention.keys-gone")).over(badge(Warning, text("retention.views-wait")))
	}
	return badge(Success, text("retention.keys-gone")).over(badge(Success, text("retention.views-clean")).
		over(say(text("retention.ready")).to("/pratiche/" + id.String() + "/certificato")))
}

func retentionForm(now territory.Retention) *Form {
	var fields []Field
	for _, class := range territory.DataClasses() {
		fields = append(fields, Field{Name: string(class), Kind: FieldNumber, Label: classText(class), Width: 4})
	}
	from := fromField()
	f := newForm(retentionPath+"/tempi", text("retention.save"), append(fields, from)...)
	f.Cancel = retentionPath
	for _, class := range territory.DataClasses() {
		f.Set(string(class), strconv.Itoa(now.Months(class)))
	}
	return f
}

func (s *site) retentionTimes(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.Retain)
	if err != nil {
		return err
	}
	return s.showRetentionTimes(w, r, land, retentionForm(land.RetentionOn(domain.DateOf(s.Clock()))))
}

func (s *site) showRetentionTimes(w http.ResponseWriter, r *http.Request, land territory.State, f *Form) error {
	t := Table{Caption: text("retention.versions"), Columns: []Column{{Label: text("retention.version")}, {Label: text("retention.from")}}}
	for _, class := range territory.DataClasses() {
		t.Columns = append(t.Columns, Column{Label: classText(class), Numeric: true})
	}
	now := land.RetentionOn(domain.DateOf(s.Clock()))
	for _, v := range slices.Backward(land.Retentions()) {
		version := plain(v.Version)
		if v == now {
			version = version.over(say(text("retention.in-force")))
		}
		row := Row{Cells: []Cell{version, on(v.From)}}
		for _, class := range territory.DataClasses() {
			row.Cells = append(row.Cells, count(v.Months(class)))
		}
		t.Rows = append(t.Rows, row)
	}
	c := sheet{Title: text("retention.edit-title"), Lead: text("retention.edit-lead"), Parts: []part{{Table: &t}, {ID: "set", Title: text("retention.edit"), Form: f}}}
	return c.show(s, w, r, retentionCrumb)
}

func (s *site) retentionTimesPost(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.Retain)
	if err != nil {
		return err
	}
	f := retentionForm(territory.Retention{})
	if err := f.read(r); err != nil {
		return err
	}
	var v territory.Retention
	var errs domain.Errors
	for class, months := range map[territory.DataClass]*int{territory.PupilData: &v.Pupil, territory.HealthData: &v.Health,
		territory.DraftData: &v.Drafts, territory.ReadingData: &v.Readings} {
		if *months, err = numberOf(f, string(class)); err != nil {
			errs = append(errs, errNoNumber.On(string(class)))
		}
	}
	if v.From, err = fromOf(f); err != nil {
		errs = append(errs, domain.Invalid("date-malformed").On("from"))
	}
	if errs != nil {
		f.refuse(errs)
		return s.showRetentionTimes(w, r, land, f)
	}
	done, err := s.edit(r, f, territory.SetRetention{Act: s.Desk.Act(actorOf(r)), Retention: v})
	if err != nil {
		return err
	}
	if !done {
		return s.showRetentionTimes(w, r, land, f)
	}
	s.redirect(w, r, retentionPath, "retention-saved")
	return nil
}

// scopeOfPath is the scope an address names.
func scopeOfPath(r *http.Request) (casefile.ErasureScope, error) {
	scope := casefile.ErasureScope(chi.URLParam(r, "scope"))
	if !slices.Contains(casefile.ErasureScopes(), scope) {
		return "", domain.NotFound("page-not-found")
	}
	return scope, nil
}

// dueCases lists what is due of a scope, to be chosen from.
func (s *site) dueCases(w http.ResponseWriter, r *http.Request) error {
	scope, err := scopeOfPath(r)
	if err != nil {
		return err
	}
	if err := access.Large(actorOf(r), access.Retain); err != nil {
		return err
	}
	return s.showDue(w, r, scope, nil)
}

func (s *site) showDue(w http.ResponseWriter, r *http.Request, scope casefile.ErasureScope, typed *Form) error {
	land, err := s.Desk.Territory(r.Context())
	if err != nil {
		return err
	}
	today := domain.DateOf(s.Clock())
	register, class := land.RetentionOn(today), desk.DataClass(scope)
	c := sheet{Title: text("retention.due-" + string(scope)), Lead: text("retention.due-lead"), Facts: []Pair{{text("retention.version"), plain(register.Version)},
		{classText(class), say(text("retention.months", "count", register.Months(class)))}}}
	var whole Table
	err = s.read(r, func(v *projections.Snapshot) error {
		due, next, err := retention.List(v, scope, register.Began(class, today), dueCursor(r), chosenAtOnce)
		if err != nil {
			return err
		}
		if _, file := formatOf(r); file {
			whole, err = dueTable(v, scope, register, today)
			return err
		}
		if len(due) == 0 {
			c.Parts = []part{{Table: &Table{Empty: Empty{Title: text("retention.due-none"), Text: text("retention.due-none-text")}}}}
			return nil
		}
		f := newForm(duePath(scope), text("retention.preview"), s.dueField(due, register, class))
		f.Cancel = retentionPath
		if typed != nil {
			f.take(typed)
		}
		c.Parts = []part{{ID: "choose", Title: text("retention.choose"), Form: f, Downloads: downloads(r, "")}}
		if next != (retention.Cursor{}) {
			after := url.Values{"dopo": {next.Ended.String() + "_" + next.Case.String()}}
			c.Parts = append(c.Parts, part{Doors: []door{{Text: text("retention.next"), Href: duePath(scope) + "?" + after.Encode()}}})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if f, file := formatOf(r); file {
		return s.sendTable(w, r, f, fileName(r, string(scope)), whole)
	}
	return c.show(s, w, r, retentionCrumb)
}

// dueTable is all that is due, for a file.
func dueTable(v *projections.Snapshot, scope casefile.ErasureScope, register territory.Retention, today domain.Date) (Table, error) {
	t := Table{Columns: []Column{{Label: text("retention.case")}, {Label: text("retention.ended")}, {Label: text("retention.due-since")}, {Label: text("retention.remark")}}}
	class, after := desk.DataClass(scope), retention.Cursor{}
	for {
		due, next, err := retention.List(v, scope, register.Began(class, today), after, exportStep)
		if err != nil {
			return t, err
		}
		for _, d := range due {
			remark := Cell{}
			switch {
			case d.Restricted != "":
				remark = say(text("retention.choose-restricted"))
			case d.MergedInto != uuid.Nil:
				remark = say(text("retention.choose-merged"))
			}
			t.Rows = append(t.Rows, Row{Cells: []Cell{code(d.Case.String()), on(d.Ended), on(register.Due(class, d.Ended)), remark}})
		}
		if after = next; after == (retention.Cursor{}) || len(t.Rows) > mostExported {
			return t, nil
		}
	}
}

// dueCursor reads where a list goes on; what is none begins it.
func dueCursor(r *http.Request) retention.Cursor {
	day, id, _ := strings.Cut(r.URL.Query().Get("dopo"), "_")
	ended, err := domain.ParseDate(day)
	if err != nil {
		return retention.Cursor{}
	}
	last, err := uuid.Parse(id)
	if err != nil {
		return retention.Cursor{}
	}
	return retention.Cursor{Ended: ended, Case: last}
}

// dueField offers the cases that are due, all of them ticked but those whose reading is restricted.
func (s *site) dueField(due []retention.Due, register territory.Retention, class territory.DataClass) Field {
	f := Field{Name: "cases", Kind: FieldChecks, Label: text("retention.choose"), Optional: true}
	for _, d := range due {
		since := register.Due(class, d.Ended)
		o := Option{Value: d.Case.String(), Label: say(namelessText(d.Case)), Hint: text("retention.choose-line", "ended", d.Ended, "since", since)}
		switch {
		case d.Restricted != "":
			o.Label = o.Label.over(say(text("retention.choose-restricted")))
		case d.MergedInto != uuid.Nil:
			o.Label = o.Label.over(say(text("retention.choose-merged")))
			f.values = append(f.values, o.Value)
		default:
			f.values = append(f.values, o.Value)
		}
		f.Options = append(f.Options, o)
	}
	return f
}

// chosen are the cases that a form names, at most chosenAtOnce.
func chosen(f *Form) (out []uuid.UUID, err error) {
	field, err := f.Field("cases")
	if err != nil {
		return nil, err
	}
	for _, v := range field.values {
		id, err := uuid.Parse(v)
		if err != nil {
			return nil, domain.Invalid("case-id-malformed").On("cases")
		}
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	switch {
	case len(out) == 0:
		return nil, domain.Invalid("nothing-chosen").On("cases")
	case len(out) > chosenAtOnce:
		return nil, domain.Invalid("too-many-chosen").On("cases")
	}
	return out, nil
}

// dueCasesPost shows what would be proposed, and then proposes it, with what came of each.
func (s *site) dueCasesPost(w http.ResponseWriter, r *http.Request) error {
	scope, err := scopeOfPath(r)
	if err != nil {
		return err
	}
	if err := access.Large(actorOf(r), access.Retain); err != nil {
		return err
	}
	f := newForm(duePath(scope), text("retention.preview"), Field{Name: "cases", Kind: FieldChecks, Label: text("retention.choose")})
	if err := f.read(r); err != nil {
		return err
	}
	ids, err := chosen(f)
	if err != nil {
		f.refuse(err)
		return s.showDue(w, r, scope, f)
	}
	if r.PostForm.Get(doField) != stepDone {
		return s.previewDue(w, r, scope, f, ids)
	}
	return s.report(w, r, f, ids, text("retention.done-propose"), func(t desk.Ticket, id uuid.UUID) (desk.Receipt, error) {
		return s.Desk.ProposeErasure(r.Context(), t, actorOf(r), id, scope, casefile.GroundRetention)
	})
}

// previewDue says once more what is about to be proposed.
func (s *site) previewDue(w http.ResponseWriter, r *http.Request, scope casefile.ErasureScope, typed *Form, ids []uuid.UUID) error {
	land, err := s.Desk.Territory(r.Context())
	if err != nil {
		return err
	}
	today := domain.DateOf(s.Clock())
	register, class := land.RetentionOn(today), desk.DataClass(scope)
	t := Table{Caption: text("retention.preview-title"), Columns: []Column{{Label: text("retention.case")}, {Label: text("list.comune")},
		{Label: text("retention.ended")}, {Label: text("retention.since")}}}
	var again Field
	err = s.withRegisters(r, func(g *registers) error {
		due, err := dueAmong(g.views, scope, register.Began(class, today), ids)
		if err != nil {
			return err
		}
		again = s.dueField(due, register, class)
		for _, d := range due {
			t.Rows = append(t.Rows, Row{Cells: []Cell{caseCell(d.Case), g.comune(d.Comune), on(d.Ended), on(register.Due(class, d.Ended))}})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(t.Rows) == 0 {
		typed.refuse(domain.Invalid("nothing-chosen").On("cases"))
		return s.showDue(w, r, scope, typed)
	}
	f := newForm(duePath(scope), text("retention.propose"), again)
	f.Cancel, f.Danger, f.Key, f.Step = duePath(scope), true, typed.Key, stepDone
	c := sheet{Title: text("retention.preview-title"), Lead: text("retention.preview-lead"), Facts: []Pair{{text("retention.scope"), say(scopeText(scope))},
		{text("retention.version"), plain(register.Version)}, {text("retention.choose"), count(len(t.Rows))}}, Parts: []part{{Table: &t}, {Form: f}}}
	return c.show(s, w, r, retentionCrumb)
}

// dueAmong are those of some cases that are due.
func dueAmong(v *projections.Snapshot, scope casefile.ErasureScope, by domain.Date, ids []uuid.UUID) (out []retention.Due, err error) {
	var after retention.Cursor
	for {
		page, next, err := retention.List(v, scope, by, after, 1_000)
		if err != nil {
			return nil, err
		}
		for _, d := range page {
			if slices.Contains(ids, d.Case) {
				out = append(out, d)
			}
		}
		if next == (retention.Cursor{}) || len(out) == len(ids) {
			return out, nil
		}
		after = next
	}
}

func (s *site) report(w http.ResponseWriter, r *http.Request, f *Form, ids []uuid.UUID, done Text, do func(desk.Ticket, uuid.UUID) (desk.Receipt, error)) error {
	return s.reportOf(w, r, f, ids, done, Action{text("retention.back"), retentionPath}, retentionCrumb, do)
}

// reportOf does something to each of some cases, and says what came of it. Sent twice, it says the same again.
func (s *site) reportOf(w http.ResponseWriter, r *http.Request, f *Form, ids []uuid.UUID, done Text, back Action, crumb Crumb, do func(desk.Ticket, uuid.UUID) (desk.Receipt, error)) error {
	t := Table{Caption: text("retention.report-title"), Columns: []Column{{Label: text("retention.case")}, {Label: text("retention.outcome")}}}
	var last desk.Receipt
	for _, id := range ids {
		row := Row{Cells: []Cell{caseCell(id), badge(Success, done)}}
		receipt, err := do(desk.KeyedTicket(actorOf(r), f.Key.String()+"/"+id.String()), id)
		if err != nil {
			refused, ok := errors.AsType[*domain.Error](err)
			if !ok {
				return err
			}
			row = Row{Tone: Warning, Cells: []Cell{caseCell(id), say(text("error." + refused.Code))}}
		}
		if receipt.Position > last.Position {
			last = receipt
		}
		t.Rows = append(t.Rows, row)
	}
	s.settled(r, last)
	c := sheet{Title: text("retention.report-title"), Actions: []Action{back}, Parts: []part{{Table: &t}}}
	return c.show(s, w, r, crumb)
}

func (s *site) proposals(w http.ResponseWriter, r *http.Request) error {
	if err := access.Large(actorOf(r), access.Retain); err != nil {
		return err
	}
	return s.showProposals(w, r, nil, false)
}

// The decisions on proposals.
const (
	approve = "approve"
	reject  = "reject"
)

// showProposals asks what to do with what others proposed; a second time once it is known, to be sure.
func (s *site) showProposals(w http.ResponseWriter, r *http.Request, typed *Form, sure bool) error {
	title, lead, submit := text("retention.decide-title"), text("retention.decide-lead"), text("retention.preview")
	if sure {
		title, submit = text("retention.decide-preview"), text("retention.confirm")
		lead = text("retention.decide-preview-lead")
	}
	field := Field{Name: "cases", Kind: FieldChecks, Label: text("retention.choose"), Optional: true}
	err := s.read(r, func(v *projections.Snapshot) error {
		waiting, err := retention.Proposed(v, chosenAtOnce)
		if err != nil {
			return err
		}
		for _, p := range waiting {
			value := proposalValue(p.Case, p.Proposal)
			if p.ProposedBy == actorOf(r).Account || sure && !slices.Contains(valuesOf(typed, "cases"), value) {
				continue
			}
			field.Options = append(field.Options, Option{Value: value,
				Label: say(namelessText(p.Case)).over(say(scopeText(p.Scope)).over(groundCell(p.Ground, p.Register, p.Since)))})
		}
		return nil
	})
	if err != nil {
		return err
	}
	c := sheet{Title: title, Lead: lead}
	if len(field.Options) == 0 {
		c.Parts = []part{{Table: &Table{Empty: Empty{Title: text("retention.proposed-none"), Text: text("retention.proposed-none-text")}}}}
		return c.show(s, w, r, retentionCrumb)
	}
	f := decisionForm(field)
	f.Submit, f.Cancel, f.Danger = submit, retentionPath, sure
	if typed != nil {
		f.take(typed)
	}
	if sure {
		f.Step = stepDone
	}
	c.Parts = []part{{Form: f}}
	return c.show(s, w, r, retentionCrumb)
}

func valuesOf(f *Form, name string) []string {
	if f == nil {
		return nil
	}
	for _, x := range f.fields {
		if x.Name == name {
			return x.values
		}
	}
	return nil
}

// proposalValue names a proposal as it was seen: one that was withdrawn and made anew is another, and may go further.
func proposalValue(id, proposal uuid.UUID) string { return id.String() + "/" + proposal.String() }

// chosenProposals are the proposals that a form names, by their cases.
func chosenProposals(f *Form) (ids []uuid.UUID, proposals map[uuid.UUID]uuid.UUID, err error) {
	field, err := f.Field("cases")
	if err != nil {
		return nil, nil, err
	}
	proposals = map[uuid.UUID]uuid.UUID{}
	for _, v := range field.values {
		of, named, _ := strings.Cut(v, "/")
		id, err := uuid.Parse(of)
		if err != nil {
			return nil, nil, domain.Invalid("case-id-malformed").On("cases")
		}
		proposal, err := uuid.Parse(named)
		if err != nil || proposal == uuid.Nil {
			return nil, nil, domain.Invalid("nothing-chosen").On("cases")
		}
		if _, twice := proposals[id]; !twice {
			ids = append(ids, id)
		}
		proposals[id] = proposal
	}
	if len(ids) == 0 || len(ids) > chosenAtOnce {
		return nil, nil, domain.Invalid("nothing-chosen").On("cases")
	}
	return ids, proposals, nil
}

func decisionForm(cases Field) *Form {
	why := reasons(rejectionText, casefile.ErasureRejections())
	why.Label, why.Hint, why.Optional = text("retention.why-reject"), text("retention.why-reject-hint"), true
	return newForm(retentionPath+"/proposte", text("retention.confirm"), cases,
		Field{Name: "decision", Kind: FieldRadios, Label: text("retention.decision"), Options: []Option{
			{Value: approve, Label: say(text("retention.approve")), Hint: text("retention.approve-hint")}, {Value: reject, Label: say(text("retention.reject"))}}}, why)
}

func (s *site) proposalsPost(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.Retain); err != nil {
		return err
	}
	f := decisionForm(Field{Name: "cases", Kind: FieldChecks, Label: text("retention.choose"), Optional: true})
	if err := f.read(r); err != nil {
		return err
	}
	f.require()
	ids, proposals, err := chosenProposals(f)
	if err != nil {
		f.refuse(err)
	}
	decision, why := f.value("decision"), casefile.ErasureRejection(f.value("reason"))
	if decision == reject && !slices.Contains(casefile.ErasureRejections(), why) {
		f.refuse(casefile.ErrReasonMissing.On("reason"))
	}
	if f.Refused() {
		return s.showProposals(w, r, f, false)
	}
	if r.PostForm.Get(doField) != stepDone {
		return s.showProposals(w, r, f, true)
	}
	act := s.Desk.Act(a)
	done := text("retention.done-approve")
	if decision == reject {
		done = text("retention.done-reject")
	}
	return s.report(w, r, f, ids, done, func(t desk.Ticket, id uuid.UUID) (desk.Receipt, error) {
		if decision == reject {
			return s.Desk.Do(r.Context(), t, id, casefile.RejectErasure{Act: act, Proposal: proposals[id], Reason: why})
		}
		return s.Desk.Do(r.Context(), t, id, casefile.ApproveErasure{Act: act, Proposal: proposals[id]})
	})
}
