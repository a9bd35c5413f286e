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
	list := caseList{Filter: (&site{}).listFilter(listQuery{}), Table: table,
		Counts: []Tile{{Tone: Info, Label: statusText(casefile.Requested), Value: 12, Href: "/pratiche?stato=requested"}}}
	one := casePage{Nameless: namelessText(id), Heading: []domain.Personal{domain.NewPersonal("Shevchenko"), domain.NewPersonal("Olha")},
		Status: Badge{Info, statusText(casefile.InCharge)}, Holder: []Pair{{text("case.holder"), plain("CTI ambito 24")}},
		Callouts: []Callout{{Tone: Warning, Title: text("case.question-open"), Text: topicText("contacts")}},
		Turn:     text("case.your-turn"), Steps: []Action{{acts[4].title(), "/pratiche/" + id.String() + "/proposta"}},
		Acts: []Action{{acts[6].title(), "/pratiche/" + id.String() + "/domanda"}}, Grave: []Action{{text("act-form.chiusura"), "/pratiche/" + id.String() + "/chiusura"}},
		Groups: []group{{text("case.pupil"), []Pair{{text("case.sex"), say(text("sex.F"))}}}}, Siblings: table, Duplicates: table,
		Timeline: []Moment{{Tone: Info, At: now, Title: text("event.case.charge-taken"), By: plain("CTI ambito 24")}},
		Thread: thread{Said: []spoken{
			{By: plain("Comune di Rozzano"), To: []Cell{plain("CTI ambito 24"), say(roleText(domain.RoleUST))}, At: now, Words: domain.NewPersonal("La madre lavora di mattina.\nChiamate dopo le 17.")},
			{Own: true, By: plain("CTI ambito 24"), To: []Cell{plain("Comune di Rozzano")}, At: now}},
			Form: newForm("/pratiche/"+id.String()+"/messaggio", text("act-form.messaggio"), Field{Name: "to", Kind: FieldChecks, Label: text("act.message-to"),
				Options: []Option{{Value: "comune", Label: plain("Comune di Rozzano")}, {Value: "ust", Label: say(roleText(domain.RoleUST))}}},
				wordsField(text("act.message"), false))}}
	form := newForm("/pratiche/"+id.String()+"/diniego", acts[3].title(), reasons(declineText, casefile.DeclineReasons()), wordsField(text("act.words"), true))
	asked := actPageContent{Nameless: one.Nameless, Heading: one.Heading, Title: acts[3].title(), Lead: text("act-lead.diniego"), Facts: one.Holder, Form: form}
	late := asked
	late.Refused, late.Back, late.Typed = casefile.ErrNoSuchOffer, "/pratica", []Pair{{text("act.words"), named(domain.NewPersonal("Nessun posto in terza"))}}
	return []sample{
		sampleOf("/pratica-diniego-tardi", domain.RoleSchool, actView, 409, late.Title, late, Crumb{Text: late.Title}),
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

// submitTo posts answers without having read the form, as one does who read it before something else happened.
func (w *world) submitTo(as domain.Actor, path string, answers url.Values) (int, string) {
	w.t.Helper()
	posted := do(w.site.handler(), http.MethodPost, path, answers.Encode(), w.as(as))
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

// Whatever the state of a case, the form of an act is there exactly where its page leads to it, and elsewhere says why not in the words
// with which the act itself is refused.
func TestAFormSaysWhenItsActIsNotPossibleAnyMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Shevchenko", "Olha")
	path := "/pratiche/" + id.String()
	centre := w.centreOf(id)
	answers := url.Values{"text": {"Parole mie"}, "reason": {""}, "on": {"2022-04-04"}, "school": {string(testSite)}, "to": {"comune"}, "comune": {"015189"},
		"level": {"primaria-4"}, "reference": {"12/2022"}, "into": {w.request("Bondar", "Ivan").String()}, "family_name": {"Shevchenko"}, "given_name": {"Olha"}, "birth_date": {"2013-05-06"}, "sex": {"F"}}
	reasonsOf := map[string]string{"diniego": "no-places-in-class", "domanda": "contacts", "anno": "skills", "passaggio": "agreed", "ritiro-proposta": "better-place",
		"fine-frequenza": "moved-abroad", "ritiro": "moved-abroad", "chiusura": "moved-abroad", "cancellazione": "request",
		"annulla-accoglimento": "wrong-case", "annulla-diniego": "wrong-case", "annulla-primo-giorno": "wrong-case"}
	check := func(stage string, allowed string) {
		t.Helper()
		_, page := w.get(atUST, path)
		var all []string
		for _, a := range acts {
			linked := strings.Contains(page, `href="`+path+"/"+a.path+`"`)
			code, form := w.get(atUST, path+"/"+a.path)
			if linked != (code == http.StatusOK) || !linked && (code != http.StatusConflict || strings.Contains(form, "<form method=\"post\" action=\""+path) ||
				!strings.Contains(form, `href="`+path+`"`)) {
				t.Errorf("%s, %s: linked %t, %d", stage, a.path, linked, code)
			}
			if linked {
				all = append(all, a.path)
				continue
			}
			answers.Set("reason", reasonsOf[a.path])
			code, refused := w.submitTo(atUST, path+"/"+a.path, answers)
			why := regexp.MustCompile(`(?s)role="alert">.*?</div>`)
			if code == http.StatusSeeOther {
				continue // done before: once more changes nothing
			}
			if code != http.StatusConflict || why.FindString(refused) != why.FindString(form) {
				t.Errorf("%s, %s: the post says %d %s, the form %s", stage, a.path, code, why.FindString(refused), why.FindString(form))
			}
		}
		if got := strings.Join(all, " "); got != allowed {
			t.Errorf("%s: %s, want %s", stage, got, allowed)
		}
	}
	do := func(as domain.Actor, act string, v url.Values) {
		t.Helper()
		if code, body := w.submit(as, path+"/"+act, v); code != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", act, code, body[strings.Index(body, "<main"):])
		}
	}
	check("requested", "presa-in-carico anno passaggio domicilio correzione nota messaggio ritiro chiusura unione limitazione")
	do(centre, "presa-in-carico", url.Values{})
	check("in charge", "proposta domanda anno passaggio domicilio correzione nota messaggio ritiro chiusura unione limitazione")
	do(centre, "domanda", url.Values{"to": {"comune"}, "reason": {"contacts"}, "text": {"?"}})
	check("asked", "risposta anno domicilio correzione nota messaggio ritiro chiusura unione limitazione")
	do(atRozzano, "risposta", url.Values{"text": {"!"}})
	do(centre, "proposta", url.Values{"school": {string(testSite)}})
	check("offered", "accoglimento diniego domanda ritiro-proposta domicilio correzione nota messaggio ritiro chiusura unione limitazione")
	do(atSchool, "accoglimento", url.Values{"on": {"2022-04-04"}})
	check("accepted", "primo-giorno domanda anno domicilio correzione nota messaggio chiusura annulla-accoglimento limitazione")
	do(atSchool, "primo-giorno", url.Values{"on": {"2022-04-04"}})
	check("attending", "primo-giorno domanda anno domicilio correzione nota messaggio fine-frequenza annulla-primo-giorno limitazione")
	do(atSchool, "fine-frequenza", url.Values{"on": {"2022-04-04"}, "reason": {"moved-abroad"}})
	check("closed", "nota messaggio riapertura limitazione cancellazione")
}

func TestWhatWasWrittenForAnActThatCameTooLateIsNotLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Shevchenko", "Olha")
	path := "/pratiche/" + id.String()
	w.submit(w.centreOf(id), path+"/presa-in-carico", url.Values{})
	code, body := w.submitTo(w.centreOf(id), path+"/ritiro-proposta", url.Values{"reason": {"better-place"}})
	if code != http.StatusConflict || !strings.Contains(body, "Adesso non si può fare") {
		t.Errorf("no offer stands: %d", code)
	}
	code, body = w.submitTo(atRozzano, path+"/risposta", url.Values{"text": {"Chiamate di sera."}})
	if code != http.StatusConflict || !strings.Contains(body, "Chiamate di sera.") {
		t.Errorf("%d, or what was written is lost", code)
	}
	code, body = w.submit(w.centreOf(id), path+"/proposta", url.Values{})
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-school-error"`) {
		t.Errorf("no school: %d", code)
	}
	code, body = w.submit(w.centreOf(id), path+"/proposta", url.Values{"school": {string(testSite)}, "other": {"ZZEE00009X"}})
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-other-error"`) {
		t.Errorf("two schools: %d", code)
	}
	code, body = w.submit(atUST, path+"/unione", url.Values{"into": {uuid.NewString()}, "text": {"Stessa data di nascita"}})
	if code != http.StatusNotFound && code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-into-error"`) || !strings.Contains(body, "Stessa data di nascita") {
		t.Errorf("merging into a case that is not there: %d, or the text is lost", code)
	}
	code, body = w.submit(w.centreOf(id), path+"/passaggio", url.Values{"text": {"Vive altrove"}})
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-to-error"`) || !strings.Contains(body, `id="f-reason-error"`) ||
		!strings.Contains(body, "Vive altrove") {
		t.Errorf("two questions without an answer: %d, not both named, or the text is lost", code)
	}
}

func TestWhatWasLeftOutOfARequestIsAddedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	r, err := w.desk.Request(t.Context(), desk.NewTicket(), atRozzano, desk.RequestForm{FamilyName: domain.NewPersonal("Shevchenko"),
		GivenName: domain.NewPersonal("Olha"), Sex: "F", BirthDate: domain.NewPersonal("2013-05-06"), AdultName: domain.NewPersonal("Olena Shevchenko"),
		AdultRelation: domain.NewPersonal("madrina")})
	w.check(err)
	w.follow()
	path := "/pratiche/" + r.ID.String()
	if _, form := w.get(atRozzano, path+"/correzione"); !strings.Contains(form, `<option value="madrina" selected>madrina</option>`) {
		t.Error("an answer in words of one's own is not kept among the choices")
	}
	code, body := w.submit(atRozzano, path+"/correzione", url.Values{"family_name": {"Shevchenko"}, "given_name": {"Olha"}, "birth_date": {"2013-05-06"}, "sex": {"F"},
		"adult_name": {"Olena Shevchenko"}, "adult_relation": {"madrina"}, "adult_language": {"uk"}, "last_grade": {"2 klas"}, "italian": {"A1"},
		"vaccination": {"pending"}, "disability": {"certified"}})
	if code != http.StatusSeeOther {
		t.Fatalf("%d %s", code, inMain(body))
	}
	_, body = w.get(atRozzano, path)
	for _, want := range []string{"<dd>madrina</dd>", "<dd>Ucraino</dd>", "<dd>2 klas</dd>", "<dd>A1</dd>", "<dd>In corso</dd>", "<dd>Certificata</dd>"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestACaseIsReadInWordsNotInCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	r, err := w.desk.Request(t.Context(), desk.NewTicket(), atRozzano, desk.RequestForm{FamilyName: domain.NewPersonal("Shevchenko"),
		GivenName: domain.NewPersonal("Olha"), Sex: "F", BirthDate: domain.NewPersonal("2013-05-06"), AdultName: domain.NewPersonal("Olena Shevchenko"),
		AdultLanguage: domain.NewPersonal("uk"), Languages: domain.NewPersonal("uk, ru, lingua dei segni"), Citizenship: domain.NewPersonal("UA")})
	w.check(err)
	w.follow()
	path := "/pratiche/" + r.ID.String()
	_, body := w.get(atRozzano, path)
	for _, want := range []string{"<dd>Ucraino</dd>", "Russo", "lingua dei segni", "<dd>Ucraina</dd>", "Ora tocca a: CTI"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	centre := w.centreOf(r.ID)
	if _, body := w.get(centre, path); !strings.Contains(body, "Tocca a voi.") {
		t.Error("the centre is not told that it is its turn")
	}
	w.submit(centre, path+"/presa-in-carico", url.Values{})
	w.submit(centre, path+"/proposta", url.Values{"school": {string(testSite)}})
	if _, body := w.get(atSchool, path); strings.Contains(body, ", 00:00") || !strings.Contains(body, "Risposta entro</dt><dd><time datetime=\"2022-04-07\">7 aprile 2022</time>") {
		t.Error("the term is told as the midnight after it")
	}
	if _, body := w.get(atSchool, path); strings.Contains(body, "Presa in carico") || strings.Contains(body, "Richiesta registrata") {
		t.Error("a school reads what was done before the case came to it")
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
	if !strings.Contains(body, "Che cosa è successo nel frattempo") || strings.Count(body, `class="moment `) != 1 || !strings.Contains(body, ">Instradata<") {
		t.Errorf("who was slower is told of %d things that happened", strings.Count(body, `class="moment `))
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

func TestTheCaseSaysWhichPapersLackAndThatNoneBlocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Shevchenko", "Olha")
	path := "/pratiche/" + id.String()
	_, body := w.get(atRozzano, path)
	_, papers, found := strings.Cut(body, "Documenti</h")
	if !found || !strings.Contains(papers, "manca") || !strings.Contains(papers, "non blocca nulla") {
		t.Error("the papers are not listed, or none lacks")
	}
	if _, body := w.get(atOpera, path); strings.Contains(body, "Documenti") {
		t.Error("another comune reads of papers")
	}
}
