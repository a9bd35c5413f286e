package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/matching"
	"approdo/domain/planning"
	"approdo/projections"
	"approdo/projections/plans"
	"approdo/projections/readings"
)

// planned is a world in which three children of Rozzano wait in charge of their centre, the first and the last of one household.
type planned struct {
	*world
	cases  []uuid.UUID
	office domain.Actor
	at     func(before time.Duration) // sets the desk's clock
}

func newPlanned(t *testing.T) *planned {
	t.Helper()
	w, first, at := rankedWorld(t)
	at(0)
	w.site.Directory = session.NewDirectory(w.store, w.codec)
	p := &planned{world: w, cases: []uuid.UUID{first}, office: w.centreOf(first), at: at}
	for _, x := range []struct{ family, household string }{{"Zrazkovb", ""}, {"Zrazkovc", first.String()}} {
		r, err := w.desk.Request(t.Context(), desk.NewTicket(), atRozzano, desk.RequestForm{FamilyName: domain.NewPersonal(x.family), GivenName: domain.NewPersonal("Mykola"),
			Sex: "M", BirthDate: domain.NewPersonal("2013-05-06"), AdultName: domain.NewPersonal("Olena " + x.family), AdultPhone: domain.NewPersonal("+39 000 1234567"),
			Address: domain.NewPersonal("Via degli Esempi 5"), Household: x.household})
		w.check(err)
		w.follow()
		_, err = w.desk.Do(t.Context(), desk.NewTicket(), r.ID, casefile.TakeCharge{Act: w.desk.Act(p.office)})
		w.check(err)
		p.cases = append(p.cases, r.ID)
	}
	w.follow()
	return p
}

func (p *planned) send(a domain.Actor, path string, form url.Values) (code int, to, body string) {
	p.t.Helper()
	w := do(p.site.handler(), http.MethodPost, path, form.Encode(), p.as(a))
	return w.Code, w.Header().Get("Location"), w.Body.String()
}

// awaitPlan waits until a drawing leads to its plan.
func (p *planned) awaitPlan(a domain.Actor, to string) uuid.UUID {
	p.t.Helper()
	for range 1000 {
		w := do(p.site.handler(), http.MethodGet, to, "", p.as(a))
		if at := w.Header().Get("Location"); w.Code == http.StatusSeeOther && strings.HasPrefix(at, plansPath+"/") {
			id, err := uuid.Parse(strings.TrimPrefix(at, plansPath+"/"))
			p.check(err)
			p.follow()
			return id
		}
		if w.Code != http.StatusOK || w.Header().Get("Refresh") == "" {
			p.t.Fatalf("the wait for a plan: %d", w.Code)
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.t.Fatal("the plan is not done")
	return uuid.Nil
}

// draw has a centre's plan made.
func (p *planned) draw(a domain.Actor, form url.Values) uuid.UUID {
	p.t.Helper()
	code, to, body := p.send(a, plansPath, form)
	if code != http.StatusSeeOther {
		p.t.Fatalf("a plan is begun: %d\n%s", code, body)
	}
	return p.awaitPlan(a, to)
}

func ofThisYear() url.Values {
	return url.Values{keyField: {uuid.NewString()}, "year": {"2021"}, "follows": {"on"}}
}

func (p *planned) listed(a domain.Actor) (lines []plans.Line) {
	p.t.Helper()
	p.check(p.views.ReadAs(p.t.Context(), a, func(s *projections.Snapshot) (err error) {
		lines, err = plans.List(s, ownCentre(a), 50)
		return err
	}))
	return lines
}

func TestAFormMakesOnePlanHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	p := newPlanned(t)
	form := ofThisYear()
	id := p.draw(p.office, form)
	if again := p.draw(p.office, form); again != id || len(p.listed(p.office)) != 1 {
		t.Errorf("the same form made %d plans", len(p.listed(p.office)))
	}
	_, page := p.get(p.office, plansPath)
	if !strings.Contains(page, planPath(id)) || !strings.Contains(page, "3 di 3") {
		t.Error("the list does not show the plan")
	}
	code, page := p.get(p.office, planPath(id))
	for _, want := range append([]string{"Nessun piano è migliore: è provato", "Zrazkovb", "Primaria di prova", "approdo verify-plan"}, rankingPath(p.cases[0], testSite)) {
		if !strings.Contains(page, want) {
			t.Errorf("the page of a plan has no %q: %d", want, code)
		}
	}
	if n := strings.Count(page, "Fratelli insieme"); n != 2 {
		t.Errorf("%d of one household go together", n)
	}
	p.follow()
	p.check(p.views.Read(t.Context(), func(v *projections.Snapshot) error {
		for _, of := range p.cases {
			seen, err := readings.Of(v, of, 0)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(seen, func(x readings.Row) bool {
				return x.Account == p.office.Account && slices.Equal(x.Seen(), []access.Field{access.Name})
			}) {
				t.Errorf("the access record has no reading of the plan: %+v", seen)
			}
		}
		return nil
	}))
	w := do(p.site.handler(), http.MethodGet, planPath(id, "prova"), "", p.as(p.office))
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "Zrazkov") || !strings.Contains(w.Body.String(), p.cases[0].String()) {
		t.Errorf("the proof: %d", w.Code)
	}
	drawn, err := p.desk.Plan(t.Context(), p.office, id)
	p.check(err)
	if proof, digest, err := matching.Read(w.Body); err != nil || proof.Check() != nil || digest != drawn.Digest {
		t.Errorf("the file of the plan does not prove it: %v, %v, digest %s", err, proof.Check(), digest)
	}
}

func TestACentreSeesNoPlanOfAnother(t *testing.T) {
	t.Parallel()
	p := newPlanned(t)
	id := p.draw(p.office, ofThisYear())
	other := domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-00000000000c"), Role: domain.RoleCentre, Body: "POLO-1"}
	for _, x := range []struct {
		method string
		path   func(uuid.UUID) string
	}{{http.MethodGet, func(id uuid.UUID) string { return planPath(id) }}, {http.MethodGet, func(id uuid.UUID) string { return planPath(id, "prova") }},
		{http.MethodPost, func(id uuid.UUID) string { return planPath(id, "ricalcola") }}, {http.MethodPost, func(id uuid.UUID) string { return planPath(id, "proposte") }},
		{http.MethodGet, func(id uuid.UUID) string { return comparePath(id, id) }}, {http.MethodGet, func(id uuid.UUID) string { return plansPath + "/scenario?da=" + id.String() }}} {
		body := ""
		if x.method == http.MethodPost {
			body = keyField + "=" + uuid.NewString()
		}
		theirs := do(p.site.handler(), x.method, x.path(id), body, p.as(other))
		absent := do(p.site.handler(), x.method, x.path(uuid.New()), body, p.as(other))
		if theirs.Code != http.StatusNotFound || absent.Code != http.StatusNotFound {
			t.Errorf("%s %s: %d, and %d for an absent one", x.method, x.path(uuid.Nil), theirs.Code, absent.Code)
		}
	}
	if _, page := p.get(other, plansPath); strings.Contains(page, id.String()) || len(p.listed(other)) != 0 {
		t.Error("another centre's list has the plan")
	}
	if _, page := p.get(atUST, plansPath); !strings.Contains(page, id.String()) {
		t.Error("the UST's list has not the plan")
	}
	for _, a := range []domain.Actor{atRozzano, atSchool, atPrefettura, atAdmin} {
		if code, _ := p.get(a, planPath(id)); code != http.StatusForbidden {
			t.Errorf("%s: %d", a.Role, code)
		}
	}
}

func TestChoicesGoIntoTheNextPlan(t *testing.T) {
	t.Parallel()
	p := newPlanned(t)
	first := p.draw(p.office, ofThisYear())
	choose := url.Values{keyField: {uuid.NewString()}, "never": {p.cases[0].String()}, "fix": {p.cases[1].String()}}
	code, to, _ := p.send(p.office, planPath(first, "ricalcola"), choose)
	if code != http.StatusSeeOther {
		t.Fatalf("drawn again: %d", code)
	}
	second := p.awaitPlan(p.office, to)
	d, err := p.desk.Plan(t.Context(), p.office, second)
	p.check(err)
	never, kept := planning.Lock{Case: p.cases[0], School: testSite, Never: true}, planning.Lock{Case: p.cases[1], School: testSite}
	if seat, _ := d.Seat(p.cases[0]); d.Last != first || !slices.Contains(d.Locks, never) || !slices.Contains(d.Locks, kept) || seat.School == testSite {
		t.Errorf("the second plan: follows %s, locks %v, goes to %s", d.Last, d.Locks, seat.School)
	}
	_, page := p.get(p.office, planPath(second))
	for _, want := range []string{lockValue(never), lockValue(kept), "Cambiato dal piano di prima", "Rispetto al piano di prima"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	// Whoever takes the tick of one away keeps the other alone.
	_, to, _ = p.send(p.office, planPath(second, "ricalcola"), url.Values{keyField: {uuid.NewString()}, "keep": {lockValue(kept)}})
	d, err = p.desk.Plan(t.Context(), p.office, p.awaitPlan(p.office, to))
	p.check(err)
	if !slices.Equal(d.Locks, []planning.Lock{kept}) {
		t.Errorf("the third plan has the locks %v", d.Locks)
	}
	// Two words on one pupil that cannot both hold come back as they were ticked.
	both := url.Values{keyField: {uuid.NewString()}, "never": {p.cases[1].String()}, "fix": {p.cases[1].String()}}
	code, _, page = p.send(p.office, planPath(first, "ricalcola"), both)
	if code != http.StatusUnprocessableEntity || !strings.Contains(page, "lascia una scelta sola") || strings.Count(page, ` checked>`) != 2 {
		t.Errorf("contradicting choices: %d, %d ticks", code, strings.Count(page, ` checked>`))
	}
	// They come back to the page on which they were made.
	_, whole := p.get(p.office, planPath(first)+"?tutti")
	again := planPath(first, "ricalcola") + "?tutti"
	if _, _, page = p.send(p.office, again, both); !strings.Contains(whole, again) || !strings.Contains(page, again) {
		t.Error("the page with all pupils is left for the first one")
	}
	many := url.Values{keyField: {uuid.NewString()}}
	for range chosenAtOnce + 1 {
		many.Add("cases", uuid.NewString())
	}
	if code, _, page = p.send(p.office, planPath(first, "proposte"), many); code != http.StatusUnprocessableEntity || !strings.Contains(page, "al massimo 100 alla volta") {
		t.Errorf("too many at once: %d", code)
	}
}

func TestAPlanIsOfferedOnceAndSaysWhatCameOfEach(t *testing.T) {
	t.Parallel()
	p := newPlanned(t)
	id := p.draw(p.office, ofThisYear())
	path, form := planPath(id, "proposte"), url.Values{keyField: {uuid.NewString()}, "all": {"on"}}
	code, _, sure := p.send(p.office, path, form)
	if code != http.StatusOK || !strings.Contains(sure, "Stai per fare 3 proposte") || !strings.Contains(sure, "Primaria di prova, Rozzano") {
		t.Errorf("the summary: %d", code)
	}
	if p.state(p.cases[0]).Status != casefile.InCharge {
		t.Fatal("the summary offers already")
	}
	if code, _, _ := p.send(p.office, path, url.Values{keyField: {uuid.NewString()}}); code != http.StatusUnprocessableEntity {
		t.Errorf("nothing chosen: %d", code)
	}
	if code, _, _ := p.send(p.office, path, url.Values{keyField: {uuid.NewString()}, "cases": {uuid.NewString()}}); code != http.StatusUnprocessableEntity {
		t.Errorf("a case that is not in the plan: %d", code)
	}
	_, err := p.desk.Do(t.Context(), desk.NewTicket(), p.cases[2], casefile.Close{Act: p.desk.Act(atUST), Reason: "returned-home"})
	p.check(err)
	form = url.Values{keyField: form[keyField], doField: {stepDone}, "cases": {p.cases[0].String(), p.cases[1].String(), p.cases[2].String()}}
	for range 2 {
		code, _, report := p.send(p.office, path, form)
		if code != http.StatusOK || strings.Count(report, ">Proposta fatta<") != 2 {
			t.Errorf("the report: %d, %d made", code, strings.Count(report, ">Proposta fatta<"))
		}
	}
	p.follow()
	for _, of := range p.cases[:2] {
		s := p.state(of)
		if s.Status != casefile.Offered || s.Offer.School != testSite {
			t.Errorf("the case is %s", s.Status)
		}
	}
	var offered []plans.Offered
	p.check(p.views.ReadAs(t.Context(), p.office, func(s *projections.Snapshot) (err error) {
		offered, err = plans.Offers(s, id)
		return err
	}))
	if len(offered) != 2 {
		t.Errorf("%d offers name the plan", len(offered))
	}
	if _, page := p.get(p.office, planPath(id)); strings.Count(page, "Proposto da questo piano") != 2 || !strings.Contains(page, "Non aspetta più") || strings.Contains(page, `name="cases"`) {
		t.Error("the page of the plan does not say what became of it")
	}
}

func TestAScenarioIsComparedAndNotOffered(t *testing.T) {
	t.Parallel()
	p := newPlanned(t)
	first := p.draw(p.office, ofThisYear())
	path := plansPath + "/scenario"
	if code, page := p.get(p.office, path+"?da="+first.String()); code != http.StatusOK || !strings.Contains(page, `value="`+first.String()+`"`) {
		t.Errorf("the form of a scenario: %d", code)
	}
	form := ofThisYear()
	form.Set("da", first.String())
	if code, _, page := p.send(p.office, path, form); code != http.StatusUnprocessableEntity || !strings.Contains(page, "Riempi almeno una riga") {
		t.Errorf("nothing supposed: %d", code)
	}
	form.Set("reserve-1-school", "ZZEE99999X")
	form.Set("reserve-1-number", "molti")
	code, _, page := p.send(p.office, path, form)
	for _, want := range []string{"Posti tenuti da parte, riga 2, codice della sede: Questa scuola non è nel registro", `value="ZZEE99999X"`, `value="molti"`, `value="` + first.String() + `"`} {
		if code != http.StatusUnprocessableEntity || !strings.Contains(page, want) {
			t.Errorf("a bad row: %d, no %q", code, want)
		}
	}
	more := url.Values{keyField: form[keyField], "rows": {"2"}, doField: {stepMore}, "close-0-school": {"ZZEE00001X"}, "year": {"2021"}}
	if code, _, page := p.send(p.office, path, more); code != http.StatusOK || !strings.Contains(page, `name="close-3-school"`) || !strings.Contains(page, `value="ZZEE00001X"`) {
		t.Errorf("more rows: %d", code)
	}
	p.at(-time.Minute) // the scenario is the newest of the list
	form.Del("reserve-1-school")
	form.Del("reserve-1-number")
	form.Set("close-0-school", string(testSite))
	code, to, page := p.send(p.office, path, form)
	if code != http.StatusSeeOther {
		t.Fatalf("a scenario: %d\n%s", code, page)
	}
	second := p.awaitPlan(p.office, to)
	_, page = p.get(p.office, planPath(second))
	for _, want := range []string{"È uno scenario", "Non accoglie nessuno: Primaria di prova", strings.ReplaceAll(comparePath(first, second), "&", "&amp;")} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of a scenario has no %q", want)
		}
	}
	if strings.Contains(page, ">Proponi") {
		t.Error("a scenario can be offered")
	}
	for _, form := range []url.Values{{keyField: {uuid.NewString()}, "all": {"on"}}, {keyField: {uuid.NewString()}, doField: {stepDone}, "cases": {p.cases[0].String()}}} {
		if code, _, page := p.send(p.office, planPath(second, "proposte"), form); code != http.StatusConflict || !strings.Contains(page, "non si può proporre alle scuole") {
			t.Errorf("a scenario is offered: %d", code)
		}
	}
	if code, page := p.get(p.office, comparePath(first, second)); code != http.StatusOK || !strings.Contains(page, "3 alunni andrebbero altrove") || !strings.Contains(page, "Zrazkovc") {
		t.Errorf("the comparison: %d", code)
	}
	// The next plan follows the last one that supposes nothing.
	third := p.draw(p.office, ofThisYear())
	if d, err := p.desk.Plan(t.Context(), p.office, third); err != nil || d.Last != first {
		t.Errorf("the third plan follows %s: %v", d.Last, err)
	}
}

func TestWhatCannotBePlannedIsToldBesideTheForm(t *testing.T) {
	t.Parallel()
	p := newPlanned(t)
	form := ofThisYear()
	form.Set("year", "2022")
	if code, _, page := p.send(p.office, plansPath, form); code != http.StatusConflict || !strings.Contains(page, "Nessun alunno aspetta una proposta") || !strings.Contains(page, `value="2022" selected`) {
		t.Errorf("a year in which nobody waits: %d", code)
	}
	form = ofThisYear()
	form.Set("scope", scopeAll)
	form.Set("derogations", "ZZEE00001X, MANCA")
	if code, _, page := p.send(atUST, plansPath, form); code != http.StatusUnprocessableEntity || !strings.Contains(page, "ZZEE00001X, MANCA") {
		t.Errorf("a derogation for no school: %d", code)
	}
	// A centre gets its own pupils whatever scope it sends, and no exceptions.
	form.Set("derogations", string(fullSite))
	id := p.draw(p.office, ofThisYear())
	if d, err := p.desk.Plan(t.Context(), p.office, id); err != nil || string(d.Scope.Centre) != p.office.Body {
		t.Errorf("a centre plans for %v: %v", d.Scope, err)
	}
	if code, _, _ := p.send(p.office, plansPath, form); code == http.StatusSeeOther {
		for _, l := range p.listed(p.office) {
			if d, err := p.desk.Plan(t.Context(), p.office, l.ID); err != nil || len(d.Derogations) > 0 {
				t.Errorf("a centre has the exceptions %v: %v", d.Derogations, err)
			}
		}
	}
}

func TestADrawingIsStoppedByWhoBeganIt(t *testing.T) {
	t.Parallel()
	p := newPlanned(t)
	d := p.site.drawings
	id, begun := uuid.New(), make(chan struct{})
	wait := func(ctx context.Context, progress func(int, int)) (uuid.UUID, error) {
		progress(3, 10)
		close(begun)
		<-ctx.Done()
		return uuid.Nil, ctx.Err()
	}
	p.check(d.begin(id, p.office.Account, wait))
	<-begun
	if err := d.begin(uuid.New(), p.office.Account, wait); !errors.Is(err, errDrawingOwn) {
		t.Errorf("a second one at the same time: %v", err)
	}
	code, page := p.get(p.office, drawingPath(id))
	if code != http.StatusOK || !strings.Contains(page, `max="10" value="3"`) || !strings.Contains(page, "Interrompi") {
		t.Errorf("the wait: %d", code)
	}
	if _, page := p.get(p.office, plansPath); !strings.Contains(page, drawingPath(id)) {
		t.Error("the list does not lead to the wait")
	}
	stop := func(a domain.Actor) string {
		_, to, _ := p.send(a, drawingPath(id)+"/interrompi", url.Values{keyField: {uuid.NewString()}})
		return to
	}
	if to := stop(atUST); to != plansPath {
		t.Errorf("another is led to %s", to)
	}
	if x, ok := d.of(id, p.office.Account); !ok || !x.ended.IsZero() {
		t.Error("another has stopped it")
	}
	if to := stop(p.office); to != drawingPath(id) {
		t.Errorf("who began it is led to %s", to)
	}
	for x, _ := d.of(id, p.office.Account); x.ended.IsZero(); x, _ = d.of(id, p.office.Account) {
		time.Sleep(time.Millisecond)
	}
	if code, page := p.get(p.office, drawingPath(id)); code != http.StatusOK || !strings.Contains(page, "Piano interrotto") {
		t.Errorf("after it was stopped: %d", code)
	}
	// A fault in the work ends it alone, and the service's end ends all.
	fault := uuid.New()
	p.check(d.begin(fault, p.office.Account, func(context.Context, func(int, int)) (uuid.UUID, error) { panic("planted") }))
	for x, _ := d.of(fault, p.office.Account); x.ended.IsZero(); x, _ = d.of(fault, p.office.Account) {
		time.Sleep(time.Millisecond)
	}
	if code, _ := p.get(p.office, drawingPath(fault)); code != http.StatusInternalServerError {
		t.Errorf("after a fault: %d", code)
	}
	end, ended := make(chan struct{}), make(chan struct{})
	service := newDrawings(p.site.Log, end)
	p.check(service.begin(id, p.office.Account, func(ctx context.Context, _ func(int, int)) (uuid.UUID, error) {
		defer close(ended)
		<-ctx.Done()
		return uuid.Nil, ctx.Err()
	}))
	close(end)
	<-ended
}
