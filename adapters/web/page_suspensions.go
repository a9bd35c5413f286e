package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/territory"
)

// The parts of the territory a suspension can be for.
const (
	everywhere = "all"
	someAmbiti = "ambiti"
	someComuni = "comuni"
)

func kindText(k territory.Kind) Text { return text("suspension." + string(k)) }

func (s *site) suspensions(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.ReadRegisters)
	if err != nil {
		return err
	}
	may := access.Large(actorOf(r), access.Suspend) == nil
	t := Table{Caption: text("suspension.caption"), Columns: []Column{{Label: text("suspension.what")}, {Label: text("suspension.where")}, {Label: text("suspension.from")},
		{Label: text("suspension.reason")}, {Label: text("list.status")}},
		Empty: Empty{Title: text("suspension.none"), Text: text("suspension.none-text")}}
	now := s.Clock()
	for _, p := range slices.Backward(land.Suspensions()) {
		status, tone := suspensionStatus(p, now)
		if may && !p.Over(now) {
			status = status.over(say(text("suspension.resume")).to("/territorio/sospensioni/" + strconv.Itoa(p.Number) + "/riprendi"))
		}
		t.Rows = append(t.Rows, Row{Tone: tone, Cells: []Cell{say(kindText(p.Kind)), scopeCell(land, p.Scope), at(p.From).over(say(roleText(p.Role))),
			plain(p.Reason), status}})
	}
	c := sheet{Title: text("suspension.title"), Lead: text("suspension.lead"), Parts: []part{{Table: &t}}}
	if may {
		c.Actions = []Action{{text("suspension.new"), "/territorio/sospensioni/nuova"}}
	}
	return c.show(s, w, r, territoryCrumb)
}

func suspensionStatus(p territory.Suspension, now time.Time) (Cell, Tone) {
	switch {
	case p.Over(now):
		last := p.Lifted[len(p.Lifted)-1]
		return badge(Neutral, text("suspension.over")).over(at(last.From).over(plain(last.Reason))), ""
	case now.Before(p.From):
		return badge(Info, text("suspension.to-come")), ""
	case len(p.Lifted) > 0:
		return badge(Warning, text("suspension.partly")), Warning
	}
	return badge(Warning, text("suspension.in-force")), Warning
}

// scopeCell names the part of the territory.
func scopeCell(land territory.State, c territory.Scope) Cell {
	if c.All() {
		return say(text("suspension.everywhere"))
	}
	var names []string
	for _, a := range c.Ambiti {
		names = append(names, string(a))
	}
	for _, code := range c.Comuni {
		known, _ := land.Comune(code)
		names = append(names, known.Name)
	}
	return plain(strings.Join(names, ", "))
}

func suspensionForm(land territory.State) *Form {
	var comuni []Option
	for _, c := range land.Comuni() {
		comuni = append(comuni, Option{Value: string(c.Code), Label: plain(c.Name)})
	}
	f := newForm("/territorio/sospensioni/nuova", text("suspension.suspend"),
		Field{Name: "kind", Kind: FieldRadios, Label: text("suspension.what"), Options: []Option{
			{Value: string(territory.Intake), Label: say(kindText(territory.Intake)), Hint: text("suspension.intake-hint")},
			{Value: string(territory.Placement), Label: say(kindText(territory.Placement)), Hint: text("suspension.placement-hint")}}},
		Field{Name: "where", Kind: FieldRadios, Label: text("suspension.where"), Options: []Option{
			{Value: everywhere, Label: say(text("suspension.everywhere"))}, {Value: someAmbiti, Label: say(text("suspension.some-ambiti"))},
			{Value: someComuni, Label: say(text("suspension.some-comuni"))}}},
		// The long lists come last: whoever stops everything everywhere has no use for them.
		Field{Name: "reason", Kind: FieldArea, Label: text("suspension.reason"), Hint: text("suspension.reason-hint")},
		Field{Name: "from", Kind: FieldDate, Label: text("suspension.from"), Hint: text("suspension.from-hint"), Optional: true},
		Field{Name: "ambiti", Kind: FieldChecks, Label: text("suspension.ambiti"), Hint: text("suspension.ambiti-hint"), Options: ambitoOptions(land), Optional: true},
		Field{Name: "comuni", Kind: FieldChecks, Label: text("suspension.comuni"), Hint: text("suspension.comuni-hint"), Options: comuni, Optional: true})
	f.Cancel, f.Danger = "/territorio/sospensioni", true
	return f
}

var suspensionCrumb = Crumb{text("suspension.title"), "/territorio/sospensioni"}

func (s *site) suspend(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.Suspend)
	if err != nil {
		return err
	}
	return s.showSuspend(w, r, suspensionForm(land))
}

func (s *site) showSuspend(w http.ResponseWriter, r *http.Request, f *Form) error {
	c := confirm{Title: text("suspension.new"), Lead: text("suspension.new-lead"), Form: f}
	return c.show(s, w, r, territoryCrumb, suspensionCrumb, Crumb{Text: c.Title})
}

func (s *site) suspendPost(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.Suspend)
	if err != nil {
		return err
	}
	f := suspensionForm(land)
	if err := f.read(r); err != nil {
		return err
	}
	f.require()
	scope, err := scopeOf(f)
	if err != nil {
		f.refuse(err)
	}
	from, err := fromOf(f)
	if err != nil {
		f.refuse(err)
	}
	if f.Refused() {
		return s.showSuspend(w, r, f)
	}
	c := territory.Suspend{Act: s.Desk.Act(actorOf(r)), Kind: territory.Kind(f.value("kind")), Scope: scope, Reason: f.value("reason")}
	if !from.IsZero() {
		c.From = from.Start()
	}
	done, err := s.edit(r, f, c)
	if err != nil {
		return err
	}
	if !done {
		return s.showSuspend(w, r, f)
	}
	s.redirect(w, r, "/territorio/sospensioni", "suspended")
	return nil
}

// scopeOf reads for which part of the territory. A part that names nothing must not become the whole.
func scopeOf(f *Form) (territory.Scope, error) {
	var scope territory.Scope
	where := f.value("where")
	switch where {
	case everywhere:
		return scope, nil
	case someAmbiti, someComuni:
	case "": // said already, with the others that are missing
		return scope, nil
	default:
		return scope, domain.Invalid("choice-unknown").On("where")
	}
	field, err := f.Field(where)
	if err != nil {
		return scope, err
	}
	for _, v := range field.values {
		if where == someAmbiti {
			scope.Ambiti = append(scope.Ambiti, domain.Ambito(v))
		} else {
			scope.Comuni = append(scope.Comuni, domain.Comune(v))
		}
	}
	if scope.All() {
		return scope, domain.Invalid("field-required").On(where)
	}
	return scope, nil
}

func resumeForm(p territory.Suspension) *Form {
	f := newForm("/territorio/sospensioni/"+strconv.Itoa(p.Number)+"/riprendi", text("suspension.resume"),
		Field{Name: "reason", Kind: FieldArea, Label: text("suspension.reason"), Hint: text("suspension.reason-hint")},
		Field{Name: "from", Kind: FieldDate, Label: text("suspension.resume-from"), Hint: text("suspension.from-hint"), Optional: true})
	f.Cancel = "/territorio/sospensioni"
	return f
}

// suspensionOf is the suspension the address names.
func suspensionOf(r *http.Request, land territory.State) (territory.Suspension, error) {
	n, err := strconv.Atoi(chi.URLParam(r, "number"))
	for _, p := range land.Suspensions() {
		if err == nil && p.Number == n {
			return p, nil
		}
	}
	return territory.Suspension{}, territory.ErrSuspensionNotFound
}

func (s *site) askResume(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.Suspend)
	if err != nil {
		return err
	}
	p, err := suspensionOf(r, land)
	if err != nil {
		return err
	}
	return s.showResume(w, r, land, p, resumeForm(p))
}

func (s *site) showResume(w http.ResponseWriter, r *http.Request, land territory.State, p territory.Suspension, f *Form) error {
	c := confirm{Title: text("suspension.resume-title"), Lead: text("suspension.resume-lead"), Form: f, Facts: []Pair{{text("suspension.what"), say(kindText(p.Kind))},
		{text("suspension.where"), scopeCell(land, p.Scope)}, {text("suspension.from"), at(p.From)}, {text("suspension.reason"), plain(p.Reason)}}}
	return c.show(s, w, r, territoryCrumb, suspensionCrumb, Crumb{Text: c.Title})
}

func (s *site) resumePost(w http.ResponseWriter, r *http.Request) error {
	land, err := s.land(r, access.Suspend)
	if err != nil {
		return err
	}
	p, err := suspensionOf(r, land)
	if err != nil {
		return err
	}
	f := resumeForm(p)
	if err := f.read(r); err != nil {
		return err
	}
	from, err := fromOf(f)
	if err != nil {
		f.refuse(err)
		return s.showResume(w, r, land, p, f)
	}
	c := territory.Resume{Act: s.Desk.Act(actorOf(r)), Number: p.Number, Reason: f.value("reason")}
	if !from.IsZero() {
		c.From = from.Start()
	}
	done, err := s.edit(r, f, c)
	if err != nil {
		return err
	}
	if !done {
		return s.showResume(w, r, land, p, f)
	}
	s.redirect(w, r, "/territorio/sospensioni", "resumed")
	return nil
}
