package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/desk"
	"approdo/domain/matching"
	"approdo/domain/planning"
	"approdo/projections"
	"approdo/projections/plans"
)

// The plans of who could go to which school: the list, what a new one is asked, and the wait while it is drawn.

const plansPath = "/piani"

// plansListed is how many plans the list shows: the newest.
const plansListed = 30

func planPath(id uuid.UUID, more ...string) string {
	return strings.Join(append([]string{plansPath, id.String()}, more...), "/")
}

func (s *site) planRoutes(r chi.Router) {
	page := func(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
		return s.page(func(w http.ResponseWriter, r *http.Request) error {
			if err := access.Large(actorOf(r), access.Plan); err != nil {
				return err
			}
			return h(w, r)
		})
	}
	r.Get(plansPath, page(s.plans))
	r.Post(plansPath, page(s.plansPost))
	r.Get(plansPath+"/scenario", page(s.scenario))
	r.Post(plansPath+"/scenario", page(s.scenarioPost))
	r.Get(plansPath+"/confronto", page(s.comparePlans))
	r.Get(plansPath+"/in-corso/{drawing}", page(s.drawingOf))
	r.Post(plansPath+"/in-corso/{drawing}/interrompi", page(s.stopDrawing))
	r.Get(plansPath+"/{plan}", page(s.plan))
	r.Get(plansPath+"/{plan}/prova", page(s.planProof))
	r.Get(plansPath+"/{plan}/zone", page(s.planZones))
	r.Post(plansPath+"/{plan}/zone", page(s.planZonesPost))
	r.Post(plansPath+"/{plan}/ricalcola", page(s.planAgain))
	r.Post(plansPath+"/{plan}/proposte", page(s.planOffers))
}

// plansPage is the list of plans, the question for a new one, and the choice of two to compare.
type plansPage struct {
	Callouts []Callout
	Table    Table
	Form     *Form
	Scenario string
	Compare  *Form // nil while there are not two
}

var plansView = view[plansPage]{"plans"}

func (s *site) plans(w http.ResponseWriter, r *http.Request) error { return s.showPlans(w, r, nil) }

func (s *site) showPlans(w http.ResponseWriter, r *http.Request, typed *Form) error {
	c := plansPage{Scenario: plansPath + "/scenario"}
	if id, ok := s.drawings.running(actorOf(r).Account); ok {
		c.Callouts = append(c.Callouts, Callout{Tone: Info, Title: text("plan.under-way"), Cells: []Cell{say(text("plan.under-way-link")).to(drawingPath(id))}})
	}
	err := s.withRegisters(r, func(g *registers) (err error) {
		c.Form = s.termsForm(r, g, plansPath)
		lines, err := plans.List(g.views, ownCentre(actorOf(r)), plansListed)
		if err != nil {
			return err
		}
		if c.Table, err = s.plansTable(r, g, lines); err != nil {
			return err
		}
		c.Compare = compareForm(g, lines)
		return nil
	})
	if err != nil {
		return err
	}
	status := http.StatusOK
	if typed != nil {
		c.Form.take(typed)
		status = c.Form.Status()
	}
	title := text("plan.title")
	return plansView.show(s, w, r, status, title, c, Crumb{Text: title})
}

// ownCentre is the centre whose plans somebody reads; empty for whoever oversees.
func ownCentre(a domain.Actor) domain.Centre {
	if a.Role == domain.RoleCentre {
		return domain.Centre(a.Body)
	}
	return ""
}

// scopeWords names whose pupils a plan is for.
func (g *registers) scopeWords(sc planning.Scope) Cell {
	switch {
	case sc.Centre != "":
		return g.centre(sc.Centre)
	case sc.Ambito != "":
		return say(text("plan.scope-ambito", "ambito", string(sc.Ambito)))
	}
	return say(text("plan.scope-all"))
}

// gapBadge says in words how far a plan is proven: gap is the first part of its cost that is not.
func gapBadge(gap int) Cell {
	switch gap {
	case 0:
		return badge(Warning, text("plan.gap-0"))
	case 1:
		return badge(Info, text("plan.gap-1"))
	case 2:
		return badge(Info, text("plan.gap-2"))
	}
	return badge(Success, text("plan.gap-none"))
}

func (s *site) plansTable(r *http.Request, g *registers, lines []plans.Line) (Table, error) {
	t := Table{Caption: text("plan.list"), Columns: []Column{{Label: text("plan.drawn-at")}, {Label: text("plan.scope")}, {Label: text("plan.year")}, {Label: text("plan.placed"), Numeric: true},
		{Label: text("plan.apart"), Numeric: true}, {Label: text("plan.far"), Numeric: true}, {Label: text("plan.proven")}, {Label: text("plan.offered"), Numeric: true}},
		Empty: Empty{Title: text("plan.none"), Text: text("plan.none-text")}}
	people := map[uuid.UUID]Cell{}
	for _, l := range lines {
		if _, known := people[l.Account]; !known {
			who, err := s.accountCell(r.Context(), l.Account)
			if err != nil {
				return t, err
			}
			people[l.Account] = who
		}
		offered, err := plans.Offers(g.views, l.ID)
		if err != nil {
			return t, err
		}
		confirmed := count(len(offered))
		scope := g.scopeWords(planning.Scope{Centre: l.Centre, Ambito: l.Ambito})
		if l.Supposed {
			confirmed, scope = Cell{}, scope.over(badge(Warning, text("plan.scenario")))
		}
		t.Rows = append(t.Rows, Row{Cells: []Cell{at(l.At).to(planPath(l.ID)).over(people[l.Account]), scope, plain(l.Year.String()),
			say(text("plan.of", "part", l.Figures.Placed, "whole", l.Figures.Pupils)), count(l.Figures.Apart), count(l.Figures.Far), gapBadge(l.Gap), confirmed}})
	}
	return t, nil
}

// The answers about whose pupils a plan is for.
const (
	scopeAll    = "all"
	scopeCentre = "centre:"
	scopeAmbito = "ambito:"
)

// termsForm asks for whom a plan is. A centre plans for its own pupils and is not asked; exceptions from the ceiling are the UST's.
func (s *site) termsForm(r *http.Request, g *registers, action string) *Form {
	a := actorOf(r)
	var fields []Field
	if a.Role == domain.RoleUST {
		scope := Field{Name: "scope", Kind: FieldSelect, Label: text("plan.scope"), Options: []Option{{Value: scopeAll, Label: say(text("plan.scope-all"))}}}
		for _, c := range g.land.Centres() {
			scope.Options = append(scope.Options, Option{Value: scopeCentre + string(c.Code), Label: plain(c.Name)})
		}
		for _, x := range slices.Compact(slices.Sorted(slices.Values(ambiti(g.land)))) {
			scope.Options = append(scope.Options, Option{Value: scopeAmbito + string(x), Label: say(text("plan.scope-ambito", "ambito", string(x)))})
		}
		fields = append(fields, scope)
	}
	this := domain.SchoolYearOf(domain.DateOf(s.Clock()))
	year := Field{Name: "year", Kind: FieldSelect, Label: text("plan.year")}
	for _, y := range []domain.SchoolYear{this, this + 1} {
		year.Options = append(year.Options, Option{Value: strconv.Itoa(int(y)), Label: plain(y.String())})
	}
	fields = append(fields, year, Field{Name: "follows", Kind: FieldCheck, Label: text("plan.follows"), Hint: text("plan.follows-hint"), Optional: true})
	if a.Role == domain.RoleUST {
		fields = append(fields, Field{Name: "derogations", Kind: FieldText, Label: text("plan.derogations"), Hint: text("plan.derogations-hint"), Optional: true})
	}
	f := newForm(action, text("plan.draw"), fields...)
	return f.Set("scope", scopeAll).Set("year", strconv.Itoa(int(this))).Set("follows", "on")
}

// termsOf reads what a form asks of a plan. Last is the newest plan of the same scope and year, where the new one is to follow it.
func (s *site) termsOf(r *http.Request, g *registers, f *Form) (t planning.Terms, err error) {
	var errs domain.Errors
	a := actorOf(r)
	t.Scope.Centre = ownCentre(a)
	if a.Role == domain.RoleUST {
		if t.Scope, err = scopeOfAnswer(g, f.value("scope")); err != nil {
			errs = append(errs, domain.Invalid("choice-unknown").On("scope"))
		}
	}
	year, err := strconv.Atoi(f.value("year"))
	this := int(domain.SchoolYearOf(domain.DateOf(s.Clock())))
	if err != nil || year != this && year != this+1 {
		errs = append(errs, domain.Invalid("choice-unknown").On("year"))
	}
	t.Year = domain.SchoolYear(year)
	for _, word := range strings.FieldsFunc(f.value("derogations"), func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' }) {
		code, err := knownSchool(g, word)
		if err != nil {
			errs = append(errs, err.On("derogations"))
			break
		}
		t.Derogations = append(t.Derogations, code)
	}
	if len(errs) > 0 {
		return t, errs
	}
	if f.value("follows") == "on" {
		last, ok, err := plans.Newest(g.views, t.Scope, t.Year)
		if err != nil {
			return t, err
		}
		if ok {
			t.Last = last.ID
		}
	}
	return t, nil
}

func scopeOfAnswer(g *registers, v string) (planning.Scope, error) {
	unknown := domain.Invalid("choice-unknown")
	switch {
	case v == scopeAll:
		return planning.Scope{}, nil
	case strings.HasPrefix(v, scopeCentre):
		c := domain.Centre(strings.TrimPrefix(v, scopeCentre))
		if _, ok := g.land.Centre(c); !ok {
			return planning.Scope{}, unknown
		}
		return planning.Scope{Centre: c}, nil
	}
	x := domain.Ambito(strings.TrimPrefix(v, scopeAmbito))
	if !slices.Contains(ambiti(g.land), x) {
		return planning.Scope{}, unknown
	}
	return planning.Scope{Ambito: x}, nil
}

func (s *site) plansPost(w http.ResponseWriter, r *http.Request) error {
	var f *Form
	var t planning.Terms
	err := s.withRegisters(r, func(g *registers) (err error) {
		f = s.termsForm(r, g, plansPath)
		if err = f.read(r); err != nil {
			return err
		}
		t, err = s.termsOf(r, g, f)
		return err
	})
	if err == nil {
		err = s.draw(w, r, f.Key, t)
	}
	if err == nil || !f.refuse(err) {
		return err
	}
	return s.showPlans(w, r, f)
}

// draw begins to draw a plan and leads to where one waits for it. The key of a form makes one plan of the same terms, however often it is
// sent.
func (s *site) draw(w http.ResponseWriter, r *http.Request, key uuid.UUID, t planning.Terms) error {
	a := actorOf(r)
	if err := planning.May(a, t); err != nil {
		return err
	}
	land, err := s.Desk.Territory(r.Context())
	if err != nil {
		return err
	}
	var waiting plans.Waiting
	err = s.read(r, func(v *projections.Snapshot) (err error) {
		waiting, err = plans.Among(v, a, land, t, s.Clock())
		return err
	})
	switch {
	case err != nil:
		return err
	case len(waiting.Lines) == 0 && !t.Supposes():
		return planning.ErrNobody
	case len(waiting.Lines) > planning.MostPupils:
		return planning.ErrTooMany
	}
	asked := t
	asked.Last = uuid.Nil // it may be kept meanwhile
	words, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	ticket := desk.KeyedTicket(a, key.String()+"/"+string(words))
	err = s.drawings.begin(ticket.ID, a.Account, func(ctx context.Context, progress func(done, total int)) (uuid.UUID, error) {
		drawn, err := plans.Draw(ctx, s.Desk, s.Board, a, waiting, t, progress)
		if err != nil {
			return uuid.Nil, err
		}
		if err := ctx.Err(); err != nil {
			return uuid.Nil, err
		}
		receipt, err := s.Desk.KeepPlan(ctx, ticket, planning.Draw{Act: s.Desk.Act(a), Plan: drawn})
		if err != nil {
			return uuid.Nil, err
		}
		patient, cancel := context.WithTimeout(ctx, awaited)
		defer cancel()
		if err := s.Views.Await(patient, receipt.Position); err != nil {
			s.Log.WarnContext(ctx, "views behind", "position", uint64(receipt.Position))
		}
		return receipt.ID, nil
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r, drawingPath(ticket.ID), http.StatusSeeOther)
	return nil
}

func drawingPath(id uuid.UUID) string { return plansPath + "/in-corso/" + id.String() }

// drawingPage is the wait for a plan. It reads itself again.
type drawingPage struct {
	Done, Total int
	Stop        *Form
	Faults      []*domain.Error // why there is no plan
	Stopped     bool
	Back        string
}

var drawingView = view[drawingPage]{"drawing"}

// refreshAfter is after how many seconds the page of a drawing reads itself again.
const refreshAfter = "2"

func (s *site) drawingOf(w http.ResponseWriter, r *http.Request) error {
	id, err := uuid.Parse(chi.URLParam(r, "drawing"))
	if err != nil {
		return errNoDrawing
	}
	x, ok := s.drawings.of(id, actorOf(r).Account)
	if !ok {
		s.redirect(w, r, plansPath, "plan-gone")
		return nil
	}
	c, title, status := drawingPage{Done: x.done, Total: x.total, Back: plansPath}, text("plan.drawing"), http.StatusOK
	switch refused, told := errors.AsType[*domain.Error](x.err); {
	case x.ended.IsZero():
		w.Header().Set("Refresh", refreshAfter)
		c.Stop = newForm(drawingPath(id)+"/interrompi", text("plan.stop"))
	case x.err == nil:
		http.Redirect(w, r, planPath(x.plan), http.StatusSeeOther)
		return nil
	case errors.Is(x.err, context.Canceled):
		c.Stopped, title = true, text("plan.stopped")
	case told:
		c.Faults, title, status = []*domain.Error{refused}, text("plan.not-drawn"), statusOf(refused)
	default:
		return x.err
	}
	return drawingView.show(s, w, r, status, title, c, Crumb{text("plan.title"), plansPath}, Crumb{Text: title})
}

func (s *site) stopDrawing(w http.ResponseWriter, r *http.Request) error {
	id, err := uuid.Parse(chi.URLParam(r, "drawing"))
	if err != nil {
		return errNoDrawing
	}
	x, ok := s.drawings.of(id, actorOf(r).Account)
	if !ok {
		s.redirect(w, r, plansPath, "plan-gone")
		return nil
	}
	x.stop()
	http.Redirect(w, r, drawingPath(id), http.StatusSeeOther)
	return nil
}

// planOf is the plan an address names, as far as it is the actor's.
func (s *site) planOf(r *http.Request) (id uuid.UUID, d planning.Drawn, err error) {
	if id, err = uuid.Parse(chi.URLParam(r, "plan")); err != nil {
		return id, d, desk.ErrNoPlan
	}
	d, err = s.Desk.Plan(r.Context(), actorOf(r), id)
	return id, d, err
}

// planProof is the file that proves a plan, for approdo verify-plan.
func (s *site) planProof(w http.ResponseWriter, r *http.Request) error {
	id, d, err := s.planOf(r)
	if err != nil {
		return err
	}
	p, err := plans.File(r.Context(), s.Desk, s.Board, d)
	if err != nil {
		return err
	}
	return sendPlan(w, id, p)
}

func sendPlan(w http.ResponseWriter, id uuid.UUID, p matching.Plan) error {
	var out bytes.Buffer
	if _, err := p.Write(&out); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="piano-`+id.String()[:8]+`.json"`)
	w.WriteHeader(http.StatusOK)
	w.Write(out.Bytes()) // a browser that went away is no fault of ours
	return nil
}
