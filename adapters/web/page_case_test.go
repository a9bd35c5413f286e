package web

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/grade"
)

// caseSamples are the pages about cases, with an invented child.
func caseSamples() []sample {
	id := uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-00000000000a")
	table := Table{Caption: text("cases.caption"), Columns: lineColumns(), Rows: []Row{{Tone: Danger, Cells: []Cell{
		named(domain.NewPersonal("Шевченко"), domain.NewPersonal("Olha")).to("/pratiche/" + id.String()), say(levelText(grade.Level{Order: grade.Primaria, Year: 3})),
		plain("Rozzano"), statusBadge(casefile.InCharge).over(plain("CTI ambito 24")), badge(Danger, due(-2)), on(domain.Date{Year: 2022, Month: 3, Day: 14})}}}}
	list := caseList{Filter: (&site{}).listFilter(nil, listQuery{}), Table: table,
		Counts: []Tile{{Tone: Info, Label: statusText(casefile.Requested), Value: 12, Href: "/pratiche?stato=requested"}}}
	one := casePage{Nameless: namelessText(id), Heading: []domain.Personal{domain.NewPersonal("Shevchenko"), domain.NewPersonal("Olha")},
		Status: Badge{Info, statusText(casefile.InCharge)}, Holder: []Pair{{text("case.holder"), plain("CTI ambito 24")}},
		Callouts: []Callout{{Tone: Warning, Title: text("case.question-open"), Text: topicText("contacts")}},
		Acts:     []Action{{acts[4].title(), "/pratiche/" + id.String() + "/proposta"}, {acts[0].title(), "/pratiche/" + id.String() + "/presa-in-carico"}},
		Groups:   []group{{text("case.pupil"), []Pair{{text("case.sex"), say(text("sex.F"))}}}}, Siblings: table, Duplicates: table,
		Timeline: []Moment{{Tone: Info, At: now, Title: text("event.case.charge-taken"), By: plain("CTI ambito 24")}}}
	form := newForm("/pratiche/"+id.String()+"/diniego", acts[3].title(), reasons(declineText, casefile.DeclineReasons()), wordsField(text("act.words"), true))
	asked := actPageContent{Nameless: one.Nameless, Heading: one.Heading, Title: acts[3].title(), Lead: text("act-lead.diniego"), Facts: one.Holder, Form: form}
	return []sample{
		sampleOf("/pratiche", domain.RoleCentre, casesView, 200, text("cases.title"), list, Crumb{Text: text("cases.title")}),
		sampleOf("/pratica", domain.RoleCentre, caseView, 200, text("case.title"), one, Crumb{Text: text("case.title")}),
		sampleOf("/pratica-diniego", domain.RoleSchool, actView, 200, asked.Title, asked, Crumb{Text: asked.Title}),
	}
}

var hidden = regexp.MustCompile(`name="(_key|_revision)" value="([^"]*)"`)

// submit reads the form of an act and posts it with answers.
func (w *world) submit(as domain.Actor, path string, answers url.Values) (int, string) {
	w.t.Helper()
	h := w.site.handler()
	page := do(h, http.MethodGet, path, "", w.as(as))
	if page.Code != http.StatusOK {
		return page.Code, page.Body.String()
	}
	for _, m := range hidden.FindAllStringSubmatch(page.Body.String(), -1) {
		if !answers.Has(m[1]) {
			answers.Set(m[1], m[2])
		}
	}
	posted := do(h, http.MethodPost, path, answers.Encode(), w.as(as))
	w.follow()
	return posted.Code, posted.Body.String()
}

func (w *world) get(as domain.Actor, path string) (int, string) {
	page := do(w.site.handler(), http.MethodGet, path, "", w.as(as))
	return page.Code, page.Body.String()
}

func TestACaseIsLivedThroughOnItsPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Shevchenko", "Olha")
	path := "/pratiche/" + id.String()
	centre := w.centreOf(id)
	step := func(as domain.Actor, act string, answers url.Values, want casefile.Status) {
		t.Helper()
		if code, body := w.submit(as, path+"/"+act, answers); code != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", act, code, body[strings.Index(body, "<main"):])
		}
		if got := w.state(id).Status; got != want {
			t.Fatalf("after %s the case is %s, want %s", act, got, want)
		}
	}
	if _, body := w.get(centre, "/"); !strings.Contains(body, "Shevchenko") {
		t.Error("the centre does not find the case among what it has to do")
	}
	step(centre, "presa-in-carico", url.Values{}, casefile.InCharge)
	step(centre, "domanda", url.Values{"to": {"comune"}, "reason": {"contacts"}, "text": {"Avete un altro numero?"}}, casefile.InCharge)
	if _, body := w.get(atRozzano, "/"); !strings.Contains(body, "Attende una risposta") {
		t.Error("the comune does not see that it must answer")
	}
	step(atRozzano, "risposta", url.Values{"text": {"Chiamate di sera."}}, casefile.InCharge)
	step(centre, "proposta", url.Values{"school": {string(testSite)}}, casefile.Offered)
	step(atSchool, "accoglimento", url.Values{"on": {"2022-04-04"}, "section": {"B"}}, casefile.Accepted)
	step(atSchool, "primo-giorno", url.Values{"on": {"2022-04-04"}}, casefile.Attending)
	step(centre, "correzione", url.Values{"family_name": {"Shevchenko"}, "given_name": {"Olga"}, "birth_date": {"2013-05-06"}, "sex": {"F"},
		"adult_name": {"Olena Shevchenko"}, "adult_phone": {"+39 000 1234567"}}, casefile.Attending)
	_, body := w.get(atUST, path)
	for _, want := range []string{"Olga", "Avete un altro numero?", "Primaria di prova", "Accolta dalla scuola", "+39 000 1234567"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestWhatIsNotYoursLooksLikeWhatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Shevchenko", "Olha")
	steady := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)
	for _, tail := range []string{"", "/nota", "/registro"} {
		c1, theirs := w.get(atOpera, "/pratiche/"+id.String()+tail)
		c2, absent := w.get(atOpera, "/pratiche/"+uuid.NewString()+tail)
		if c1 != http.StatusNotFound || c1 != c2 || steady.ReplaceAllString(theirs, "") != steady.ReplaceAllString(absent, "") {
			t.Errorf("%q: %d and %d, or the pages differ", tail, c1, c2)
		}
	}
	if _, body := w.get(atOpera, "/pratiche"); strings.Contains(body, "Shevchenko") || strings.Contains(body, "Olha") {
		t.Error("a neighbour's list names the child")
	}
}

func TestASchoolSeesNoMoreThanItNeeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Shevchenko", "Olha")
	path := "/pratiche/" + id.String()
	centre := w.centreOf(id)
	if code, _ := w.get(atSchool, path); code != http.StatusNotFound {
		t.Errorf("before the offer: %d", code)
	}
	for _, c := range []casefile.Command{casefile.TakeCharge{Act: w.desk.Act(centre)},
		casefile.AddNote{Act: w.desk.Act(centre), Text: domain.Open(id, domain.ClassPersonal, domain.NewPersonal("Solo per il centro"))}} {
		_, err := w.desk.Do(t.Context(), desk.NewTicket(), id, c)
		w.check(err)
	}
	_, err := w.desk.Offer(t.Context(), desk.NewTicket(), id, centre, desk.Placement{School: testSite, Level: w.state(id).Level})
	w.check(err)
	w.follow()
	_, body := w.get(atSchool, path)
	if !strings.Contains(body, "Olha") || strings.Contains(body, "+39 000 1234567") || strings.Contains(body, "Via degli Esempi 5") ||
		strings.Contains(body, "Solo per il centro") {
		t.Error("an offer shows too little or too much")
	}
	_, err = w.desk.Do(t.Context(), desk.NewTicket(), id, casefile.AskQuestion{Act: w.desk.Act(centre), To: casefile.HeldBySchool, Topic: "other",
		Text: domain.Open(id, domain.ClassPersonal, domain.NewPersonal("Avete un mediatore?"))})
	w.check(err)
	w.follow()
	if _, body := w.get(atSchool, path); !strings.Contains(body, "Avete un mediatore?") {
		t.Error("the school cannot read what it is asked")
	}
	if code, _ := w.submit(atSchool, path+"/diniego", url.Values{"reason": {"no-places-in-class"}}); code != http.StatusSeeOther {
		t.Fatalf("declining: %d", code)
	}
	code, body := w.get(atSchool, path)
	if code != http.StatusOK || strings.Contains(body, "Olha") {
		t.Errorf("after the decline: %d, or the child is still named", code)
	}
}

func TestAnActFilledInOverAnOlderStateIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Shevchenko", "Olha")
	path := "/pratiche/" + id.String() + "/nota"
	code, body := w.submit(atRozzano, path, url.Values{"text": {"Prima nota"}, revisionField: {"0"}})
	if code != http.StatusConflict || !strings.Contains(body, "Prima nota") {
		t.Errorf("%d, or what was typed is lost", code)
	}
	before := w.state(id)
	code, body = w.submit(atRozzano, path, url.Values{"text": {"  "}})
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-text-error"`) {
		t.Errorf("an empty note: %d, or no error beside the field", code)
	}
	if after := w.state(id); after.Status != before.Status {
		t.Error("something happened all the same")
	}
}
