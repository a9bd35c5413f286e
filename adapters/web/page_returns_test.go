package web

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/returns"
	"approdo/domain/territory"
	mondays "approdo/projections/returns"
)

// returnSamples are a school's Monday before and after its validation, and the UST's.
func returnSamples() []sample {
	monday := domain.Date{Year: 2022, Month: time.April, Day: 4}
	m := askedMonday{monday: monday, at: returns.Due(monday), known: returns.Due(monday).Add(time.Hour)}
	figures, said := returns.Figures{Infanzia: 1, Primaria: 14, SecondariaI: 6}, returns.Figures{Infanzia: 1, Primaria: 15, SecondariaI: 6}
	validated := mondays.Answer{Validated: true, Figures: said, Computed: figures, AsOf: m.at, At: m.at.Add(20 * time.Minute)}
	links := []yearLink{{text("return.monday", "day", monday.AddDays(-7)), returnHref(monday.AddDays(-7)), false}, {text("return.monday", "day", monday), returnHref(monday), true}}
	instant := m.fill(newFilter(returnHref(monday), text("return.show-as-of"), asOf{}.fields()...))
	pupils := Table{Caption: orderText(grade.Primaria), Columns: []Column{{Label: text("list.pupil")}, {Label: text("return.site")}, {Label: text("return.in-since")}},
		Rows: []Row{{Cells: []Cell{named(domain.NewPersonal("Шевченко"), domain.NewPersonal("Olha")).to("/pratiche"), plain("Primaria di prova").over(code("ZZEE00001X")), on(monday)}}}}
	past := Table{Caption: text("return.past"), Columns: []Column{{Label: text("return.title")}, {Label: text("return.computed"), Numeric: true}, {Label: text("list.status")}},
		Rows: []Row{{Cells: []Cell{on(monday).to(returnHref(monday)), count(21), stateOf(validated)}}, {Cells: []Cell{on(monday.AddDays(-7)), count(0), stateOf(mondays.Answer{})}}}}
	open := returnPage{Name: plain("IC Via Liguria").over(code("ZZIC00001X")), Monday: monday, Mondays: links, State: stateOf(mondays.Answer{Reminded: m.at}), At: m.at,
		Callouts: returnCallouts(mondays.Answer{Reminded: m.at}, nil), Figures: figuresTable(m, figures, mondays.Answer{}), Form: figuresForm(m, figures), AsOf: m.at.Format(time.RFC3339),
		Pupils: []orderPupils{{"primaria", pupils}}, Instant: instant, Past: past, Holiday: true}
	wrong := open
	wrong.Form = figuresForm(m, figures)
	wrong.Form.refuse(returns.ErrFigure.On("primaria"))
	done := open
	late := []mondays.Movement{{In: true}}
	done.Form, done.State, done.Holiday = nil, stateOf(validated), false
	done.Callouts, done.Figures = returnCallouts(validated, late), figuresTable(m, figures, validated)
	done.Undo = Action{text("return.undo"), returnHref(monday, "annulla")}
	moved := Table{Caption: text("return.late"), Columns: []Column{{Label: text("list.pupil")}, {Label: text("return.movement")}, {Label: text("return.event")}, {Label: text("return.on")}, {Label: text("return.recorded")}},
		Rows: []Row{{Cells: []Cell{named(domain.NewPersonal("Kovalenko")).to("/pratiche"), badge(Success, text("return.came")).over(say(orderText(grade.Primaria))),
			say(text("event.case.autonomously-enrolled")), on(monday.AddDays(-3)), at(m.known)}}}}
	done.Late, done.After = moved, moved
	done.History = historyOf([]mondays.Act{{Kind: mondays.Reminder, At: m.at}, {Kind: mondays.Validation, At: m.at, Figures: said, Computed: figures, AsOf: m.at},
		{Kind: mondays.Withdrawal, At: m.at, Reason: "pupil-missing"}})
	g := &registers{land: territory.Evolve(territory.State{}, territory.Founded{Province: territory.Province015, Register: territory.Shipped()})}
	all := []institutionReturn{{figures: figures, answer: validated}, {figures: returns.Figures{SecondariaII: 2}}}
	all[0].Code, all[0].Name, all[0].Comune = "ZZIC00001X", "IC Via Liguria", "015189"
	all[1].Code, all[1].Name, all[1].Comune = "ZZIS00002X", "IIS Centro città di San Giuliano Milanese", "015146"
	whole := returnsPage{Monday: monday, Mondays: links, At: m.at, Actions: []Action{{text("return.remind"), returnHref(monday, "solleciti")}, {text("return.file"), returnHref(monday, "file")}},
		Filter: returnsFilter(g, returnsQuery{}, m), Tiles: returnsTiles(all, returnsQuery{}, m), Sums: sumsTable(all, ""), Table: (&site{}).returnsTable(g, all, m)}
	sums := returnsPage{Monday: monday, Mondays: links, At: m.at, Tiles: returnsTiles(all, returnsQuery{}, m)[:2], Sums: withheldSums(all)}
	remind := confirm{Title: text("return.remind"), Lead: text("return.remind-lead", "count", 1, "day", monday), Form: remindersForm(m, all[1:], "")}
	title := returnTitle(monday)
	return []sample{
		sampleOf("/rilevazione-da-validare", domain.RoleSchool, returnView, 200, title, open, returnsCrumb, Crumb{Text: title}),
		sampleOf("/rilevazione-rifiutata", domain.RoleSchool, returnView, 422, title, wrong, returnsCrumb, Crumb{Text: title}),
		sampleOf("/rilevazione-validata", domain.RoleSchool, returnView, 200, title, done, returnsCrumb, Crumb{Text: title}),
		sampleOf("/rilevazione-ust", domain.RoleUST, returnsView, 200, title, whole, returnsCrumb, Crumb{Text: title}),
		sampleOf("/rilevazione-prefettura", domain.RolePrefettura, returnsView, 200, title, sums, returnsCrumb, Crumb{Text: title}),
		{path: "/rilevazione-solleciti", status: 200, view: confirmView.name, as: domain.RoleUST, show: func(s *site, w http.ResponseWriter, r *http.Request) error {
			return remind.show(s, w, r, returnsCrumb, Crumb{Text: remind.Title})
		}},
	}
}

// schooldays is the world as a school lives it, with a clock that the test turns.
type schooldays struct {
	*world
	at time.Time
}

func newSchooldays(t *testing.T) *schooldays {
	w := &schooldays{world: newWorld(t, io.Discard)}
	clock := func() time.Time { return w.at }
	w.world.desk = desk.New(w.store, w.codec, clock, territory.Province015)
	w.site.Desk, w.site.Clock = w.world.desk, clock
	return w
}

// on sets the clock to an instant in Rome.
func (w *schooldays) on(day, hour int) {
	w.at = time.Date(2022, time.March, day, hour, 0, 0, 0, domain.Rome)
}

// enrol records a pupil of the third year of primaria whom the school took in on a day.
func (w *schooldays) enrol(family string, day int) uuid.UUID {
	w.t.Helper()
	r, err := w.desk.Enrol(w.t.Context(), desk.NewTicket(), atSchool, desk.EnrolmentForm{School: string(testSite), FamilyName: domain.NewPersonal(family),
		GivenName: domain.NewPersonal("Olha"), Sex: "F", BirthDate: domain.NewPersonal("2013-05-06"), Comune: "015189",
		On: domain.Date{Year: 2022, Month: time.March, Day: day}.String()})
	w.check(err)
	w.follow()
	return r.ID
}

// sees wants texts on a page, and others not to be there.
func (w *schooldays) sees(as domain.Actor, path string, want []string, not ...string) {
	w.t.Helper()
	code, body := w.get(as, path)
	body = html.UnescapeString(body)
	if _, main, ok := strings.Cut(body, "<main"); ok {
		body = main
	}
	if code != http.StatusOK {
		w.t.Fatalf("%s: %d", path, code)
	}
	for _, text := range want {
		if !strings.Contains(body, text) {
			w.t.Errorf("%s as %s: %q is missing", path, as.Role, text)
		}
	}
	for _, text := range not {
		if strings.Contains(body, text) {
			w.t.Errorf("%s as %s: %q is there", path, as.Role, text)
		}
	}
}

// 28 March 2022 is a Monday, the first in summer time.
func TestASchoolValidatesItsMondayAndSeesWhatChangedSince(t *testing.T) {
	t.Parallel()
	w := newSchooldays(t)
	const monday = "/rilevazione/2022-03-28"
	w.on(24, 10)
	w.enrol("Shevchenko", 24)
	w.on(28, 14)
	if code, _ := w.get(atSchool, monday); code != http.StatusConflict {
		t.Errorf("before 15:00 the return answers %d", code)
	}
	w.sees(atSchool, "/", nil, "rilevazione di lunedì 28 marzo")
	w.on(28, 16)
	w.enrol("Bondarenko", 25) // recorded an hour late: of this Monday, and not in its figures
	w.sees(atSchool, "/", []string{"Resta da validare la rilevazione di lunedì 28 marzo 2022", "1 alunno accolto"})
	w.sees(atSchool, monday, []string{"Da validare", "VALIDA", `name="primaria" type="text" inputmode="numeric" value="1"`, "Shevchenko", "Bondarenko",
		"Ci sono registrazioni arrivate dopo", "24 marzo 2022"}, "Annulla la validazione")
	if before := len(w.answers()); before != 0 {
		t.Fatalf("%d answers before any", before)
	}
	if code, to := w.submit(atSchool, monday, url.Values{"infanzia": {"0"}, "primaria": {"due"}, "secondaria-1": {"0"}, "secondaria-2": {"0"}}); code != http.StatusUnprocessableEntity {
		t.Errorf("a figure in words: %d %s", code, to)
	}
	if code, body := w.submit(atSchool, monday, url.Values{"infanzia": {"0"}, "primaria": {"1"}, "secondaria-1": {"0"}, "secondaria-2": {"0"}}); code != http.StatusSeeOther {
		t.Fatalf("validated: %d %s", code, body)
	}
	w.on(29, 9)
	w.enrol("Kovalenko", 25) // the school recorded it on Tuesday: it was there on Monday
	left := w.enrol("Melnyk", 29)
	_, err := w.desk.Do(t.Context(), desk.NewTicket(), left, casefile.Close{Act: w.desk.Act(atSchool), Reason: "returned-home"})
	w.check(err)
	w.follow()
	w.sees(atSchool, monday, []string{"Validati", "28 marzo 2022, 16:00", "Annulla la validazione", "Dopo la validazione il registro è cambiato: 2 in più, 0 in meno",
		"La differenza, caso per caso", "Kovalenko", "Iscrizione autonoma", "25 marzo 2022", "Arrivi e uscite dopo questo lunedì", "Melnyk", "Uscito"}, ">VALIDA<")
	w.sees(atSchool, "/", nil, "Resta da validare")
	w.sees(atUST, monday, []string{"Istituto di prova", "ZZIC00001X", "Da trasmettere"})
	// As it was: at noon on Friday one pupil was known, and nobody had validated.
	w.sees(atUST, monday+"?noto=2022-03-25&ora=12:00", []string{"Anche le validazioni sono quelle arrivate fino a quel momento", ">1<", "Da validare"}, "28 marzo 2022, 16:00")
	w.sees(atUST, monday+"?noto=2022-03-24&ora=09:00", []string{"Nessuna istituzione"})
	w.sees(atUST, monday+"/ZZIC00001X", []string{"Kovalenko", "Shevchenko"}, "VALIDA", "Annulla la validazione")

	if code, body := w.submit(atSchool, monday+"/annulla", url.Values{"reason": {"pupil-missing"}}); code != http.StatusSeeOther {
		t.Fatalf("undone: %d %s", code, body)
	}
	w.sees(atSchool, monday, []string{"Validazione annullata", "Mancava un alunno", ">VALIDA<"}, "Annulla la validazione")
	if code, _ := w.get(atSchool, monday+"/annulla"); code != http.StatusConflict {
		t.Errorf("nothing to undo: %d", code)
	}
	now := monday + "?noto=2022-03-29&ora=09:00"
	w.sees(atSchool, now, []string{`value="3"`, "29 marzo 2022, 09:00"}, "La differenza, caso per caso")
	if code, body := w.submit(atSchool, monday, url.Values{"infanzia": {"0"}, "primaria": {"4"}, "secondaria-1": {"0"}, "secondaria-2": {"0"}, "_as_of": {"2022-03-29T07:00:00Z"}}); code != http.StatusSeeOther {
		t.Fatalf("validated again: %d %s", code, body)
	}
	w.sees(atSchool, monday, []string{"La scuola ha validato numeri diversi", "Validati in tutto 4; il registro ne contava 3"}, "La differenza, caso per caso")
	w.sees(atUST, monday+"?mostra=differenze", []string{"Istituto di prova", "4/1"})
	if got := len(w.answers()); got != 3 {
		t.Errorf("%d acts in the journal", got)
	}
}

// answers are the acts on the school's return of 28 March.
func (w *schooldays) answers() (types []string) {
	for r, err := range w.store.ReadStream(w.t.Context(), returns.Stream(testInstitution, domain.Date{Year: 2022, Month: time.March, Day: 28}), event.ReadStream{}) {
		w.check(err)
		types = append(types, r.Type)
	}
	return types
}

func TestTheUSTSeesWhoHasNotAnsweredAndReminds(t *testing.T) {
	t.Parallel()
	w := newSchooldays(t)
	const monday = "/rilevazione/2022-03-28"
	w.on(24, 10)
	w.enrol("Shevchenko", 24)
	w.on(29, 8)
	w.sees(atUST, monday+"?mostra=senza-risposta", []string{"Istituto di prova", "Da validare", "Non hanno risposto"})
	w.sees(atUST, monday+"?ambito=LOM0000021", nil, "Istituto di prova") // Rozzano lies elsewhere
	w.sees(atUST, monday+"/solleciti", []string{"1 istituzione con alunni non ha validato la rilevazione del 28 marzo 2022", "Istituto di prova", "1 alunno nel registro"})
	if code, _ := w.submit(atUST, monday+"/solleciti", url.Values{}); code != http.StatusUnprocessableEntity {
		t.Errorf("nobody ticked: %d", code)
	}
	if code, body := w.submit(atUST, monday+"/solleciti", url.Values{"institutions": {"ZZIC00001X", "ZZIC00009X"}}); code != http.StatusSeeOther {
		t.Fatalf("reminded: %d %s", code, body)
	}
	w.sees(atSchool, "/", []string{"Resta da validare", "L’UST ha sollecitato la risposta il 29 marzo 2022"})
	w.sees(atUST, monday, []string{"Sollecitata"})
	if got := strings.Join(w.answers(), " "); got != "return.reminded" {
		t.Errorf("the journal has %q", got)
	}
	file := w.file(atUST, monday+"/file")
	if len(file) != 2 || !strings.Contains(file[1], "2022-03-28;ZZIC00001X;Istituto di prova;015189;Rozzano;") || !strings.Contains(file[1], ";0;1;0;0;1;registro;;2022-03-28 15:00;0;1;0;0;1;0") {
		t.Errorf("the file has %q", file)
	}
	if code, _ := w.submit(atSchool, monday, url.Values{"infanzia": {"0"}, "primaria": {"2"}, "secondaria-1": {"0"}, "secondaria-2": {"0"}}); code != http.StatusSeeOther {
		t.Fatal("not validated")
	}
	file = w.file(atUST, monday+"/file")
	if !strings.Contains(file[1], ";0;2;0;0;2;scuola;2022-03-29 08:00;2022-03-28 15:00;0;1;0;0;1;1") {
		t.Errorf("the file has %q", file[1])
	}
	if file = w.file(atUST, monday+"/file?righe=sedi"); len(file) != 2 || !strings.Contains(file[1], "ZZIC00001X;Istituto di prova;ZZEE00001X;Primaria di prova;015189;Rozzano;2022-03-28 15:00;0;1;0;0;1") {
		t.Errorf("the file of sites has %q", file)
	}
	if code, _ := w.get(atUST, monday+"/solleciti"); code != http.StatusSeeOther {
		t.Errorf("nobody is left to remind: %d", code)
	}
	// Sums are the Prefettura's, without a school and without a figure that may point at a child.
	w.sees(atPrefettura, monday, []string{"meno di 3", "non mostrato"}, "Istituto di prova", "ZZIC00001X", "Scarica", "Sollecita")
	w.sees(atPrefettura, monday+"?noto=2022-03-24&ora=09:00", []string{"28 marzo 2022, 15:00"})
}

// file reads the lines of a file, without the mark at its beginning.
func (w *schooldays) file(as domain.Actor, path string) []string {
	w.t.Helper()
	code, body := w.get(as, path)
	if code != http.StatusOK {
		w.t.Fatalf("%s: %d", path, code)
	}
	return strings.Split(strings.TrimSpace(strings.TrimPrefix(body, "\ufeff")), "\r\n")
}

func TestReturnsAreForThoseWhoMay(t *testing.T) {
	t.Parallel()
	w := newSchooldays(t)
	w.on(29, 8)
	for _, row := range []struct {
		path                            string
		comune, school, ust, prefettura int
	}{
		{"/rilevazione", 403, 303, 303, 303},
		{"/rilevazione/2022-03-28", 403, 200, 200, 200},
		{"/rilevazione/2022-03-29", 403, 404, 404, 404},
		{"/rilevazione/2022-04-04", 403, 409, 409, 409},
		{"/rilevazione/2022-03-28/annulla", 403, 409, 403, 403},
		{"/rilevazione/2022-03-28/solleciti", 403, 403, 303, 403},
		{"/rilevazione/2022-03-28/file", 403, 403, 200, 403},
		{"/rilevazione/2022-03-28/ZZIC00001X", 403, 200, 200, 403},
		{"/rilevazione/2022-03-28/ZZIC00002X", 403, 403, 404, 403},
	} {
		for a, want := range map[domain.Actor]int{atRozzano: row.comune, atSchool: row.school, atUST: row.ust, atPrefettura: row.prefettura, atAdmin: 403} {
			if code, _ := w.get(a, row.path); code != want {
				t.Errorf("%s to %s: %d, want %d", row.path, a.Role, code, want)
			}
		}
	}
	for _, path := range []string{"/rilevazione/2022-03-28", "/rilevazione/2022-03-28/annulla"} {
		if code, _ := w.submit(atUST, path, url.Values{"primaria": {"1"}}); code != http.StatusForbidden {
			t.Errorf("the UST at %s: %d", path, code)
		}
	}
	if code, _ := w.submitTo(atUST, "/rilevazione/2022-03-29/annulla", url.Values{}); code != http.StatusForbidden {
		t.Errorf("the UST is told of a day that is no Monday: %d", code)
	}
	w.on(24, 10)
	w.enrol("Shevchenko", 24)
	w.on(29, 8)
	namesake := domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-0000000000e2"), Role: domain.RoleCentre, Body: string(testInstitution)}
	for a, want := range map[domain.Actor]bool{atSchool: true, namesake: false} {
		if _, body := w.get(a, "/"); strings.Contains(body, "/rilevazione/2022-03-28") != want {
			t.Errorf("the home page of a %s leads to the return: %v", a.Role, !want)
		}
	}
}
