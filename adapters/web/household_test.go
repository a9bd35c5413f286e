package web

import (
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/desk"
	"approdo/projections"
	"approdo/projections/readings"
)

// family is the form of a sister of seven and a brother of eleven with no more than is needed, and what is said besides.
func family(more ...string) url.Values {
	v := url.Values{"_key": {uuid.NewString()}, "address": {"Via Roma 1"}, "adult_name": {"Olena Kovalenko"}}
	for name, value := range map[string]string{"0.family_name": "Kovalenko", "0.given_name": "Sofiia", "0.birth_date": "2014-05-01", "0.sex": "F",
		"1.family_name": "", "1.given_name": "Maksym", "1.birth_date": "2010-11-30", "1.sex": "M"} {
		v.Set("children."+name, value)
	}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

// entered follows the redirect of a recorded form, and gives the cases in its order.
func (w *town) entered(who string, form url.Values) []string {
	w.t.Helper()
	r := w.post(who, householdPath, form)
	w.is(r, http.StatusSeeOther, nil)
	to, err := url.Parse(r.Header().Get("Location"))
	w.check(err)
	if to.Path != householdPath+"/registrate" {
		w.t.Fatalf("led to %s", to.Path)
	}
	return to.Query()["pratica"]
}

func recordedAt(cases []string) string {
	return householdPath + "/registrate?" + url.Values{"pratica": cases}.Encode()
}

func TestAHouseholdIsEnteredInOneGo(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	for _, page := range []string{"/", requestPath} {
		w.is(w.get("comune", page), http.StatusOK, []string{`href="` + householdPath + `"`})
	}
	w.is(w.get("comune", householdPath), http.StatusOK, []string{`name="children.0.family_name"`, `name="children.1.birth_date"`, "Comune di Rozzano", `name="address"`},
		`name="children.2.`, `name="comune"`, `name="children.0.address"`)
	w.is(w.get("ust", householdPath), http.StatusOK, []string{`name="comune"`, `name="municipio"`}, `name="children.0.comune"`)

	form := family("children.2.given_name", " ", "children.2.family_name", "Kovalenko", "children.2.sex", "", "children.1.asked_grade", "secondaria-1-1") // the third was left blank
	cases := w.entered("comune", form)
	if len(cases) != 2 || cases[0] == cases[1] {
		t.Fatalf("cases %v", cases)
	}
	page := recordedAt(cases)
	w.is(w.get("comune", page), http.StatusOK, []string{"/pratiche/" + cases[0], "/pratiche/" + cases[1] + "/ricevuta", "Sofiia", "Maksym", "CTI"})
	for i, id := range cases {
		file, err := w.desk.Case(t.Context(), townspeople["comune"], uuid.MustParse(id))
		w.check(err)
		if file.Papers.Household != cases[0] {
			t.Errorf("child %d is of the household %q", i, file.Papers.Household)
		}
		w.is(w.get("comune", "/pratiche/"+id), http.StatusOK, []string{"Kovalenko", "Via Roma 1", "Olena Kovalenko", cases[1-i]})
	}
	if again := w.entered("comune", form); !slices.Equal(again, cases) {
		t.Errorf("the same form sent twice made %v and %v", cases, again)
	}
	// Gone back to in the browser and filled in for another family, it is another request.
	other := family("_key", form.Get("_key"), "children.0.family_name", "Melnyk", "children.0.given_name", "Ivan", "children.0.birth_date", "2012-02-03",
		"children.1.given_name", "Petro", "children.1.birth_date", "2008-07-08")
	if next := w.entered("comune", other); slices.Contains(cases, next[0]) || slices.Contains(cases, next[1]) {
		t.Errorf("another family was taken for the first: %v", next)
	}
	for who, status := range map[string]int{"milano": http.StatusNotFound, "cti": http.StatusForbidden, "scuola": http.StatusForbidden} {
		w.is(w.get(who, page), status, nil, "Sofiia")
	}
	for _, none := range []string{"", "?pratica=x", "?pratica=" + uuid.NewString(), "?" + strings.Repeat("pratica="+cases[0]+"&", desk.MostChildren+1)} {
		w.is(w.get("comune", householdPath+"/registrate"+none), http.StatusNotFound, nil, "Sofiia")
	}
	if strings.Contains(w.log.String(), "Kovalenko") || strings.Contains(w.log.String(), "2014-05-01") {
		t.Error("the log tells who they are")
	}
}

// The page that names them after all is a reading of each.
func TestThePageOfWhatWasRecordedIsInTheAccessRecord(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	cases := w.entered("comune", family())
	w.is(w.get("comune", recordedAt(cases)), http.StatusOK, []string{"Sofiia", "Maksym"})
	w.follow()
	w.check(w.views.Read(t.Context(), func(v *projections.Snapshot) error {
		for i, id := range cases {
			seen, err := readings.Of(v, uuid.MustParse(id), 0)
			if err != nil {
				return err
			}
			if len(seen) != 1 || !slices.Equal(seen[0].Seen(), []access.Field{access.Name, access.BirthDate}) {
				t.Errorf("child %d: %+v", i, seen)
			}
		}
		return nil
	}))
}

// Orders of one household can belong to different centres: each child's is said.
func TestEachChildsCentreIsSaid(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	cases := w.entered("milano", family("municipio", "3", "children.1.birth_date", "2005-11-30"))
	body := w.is(w.get("milano", recordedAt(cases)), http.StatusOK, []string{"I centri sono diversi", "Polo START", "CTI"})
	if n := strings.Count(body, "/ricevuta"); n != 2 {
		t.Errorf("%d receipts", n)
	}
	w.is(w.get("comune", recordedAt(w.entered("comune", family()))), http.StatusOK, nil, "I centri sono diversi")
}

func TestChildrenAreAddedAndTakenOutWithoutLosingWhatWasTyped(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	form := family("children.0.needs", "canteen", "children.1.with_reserve", "on", "host", "family")
	body := w.is(w.post("comune", householdPath, with(form, doField, addChild)), http.StatusOK, []string{`name="children.2.given_name"`, "Terzo minore", `id="minore-3"`, `name="children.2.family_name" type="text" value=""`,
		"vale quello del primo minore: Kovalenko.",
		`value="Sofiia"`, `value="Maksym"`, `value="2010-11-30"`, `name="children.0.needs" type="checkbox" value="canteen" checked`,
		`name="children.1.with_reserve" type="checkbox" value="on" checked`, `value="family" selected`}, `id="faults"`, `name="children.3.`)
	if w.hidden(body, "_key") != form.Get("_key") {
		t.Error("the form has another key")
	}
	body = w.is(w.post("comune", householdPath, with(form, doField, childPlace(0).DropButton())), http.StatusOK,
		[]string{`name="children.0.given_name" type="text" value="Maksym"`, `name="children.0.family_name" type="text" value="Kovalenko"`, `value="Via Roma 1"`,
			`name="children.0.with_reserve" type="checkbox" value="on" checked`}, "Sofiia", "canteen\" checked", `name="children.1.`, dropChild+".0")
	if w.hidden(body, "_key") != form.Get("_key") {
		t.Error("the form has another key")
	}
	full := form
	for i := range desk.MostChildren {
		full = with(full, desk.ChildField(i, "given_name"), "N"+strconv.Itoa(i))
	}
	w.is(w.post("comune", householdPath, with(full, doField, addChild)), http.StatusOK, []string{`value="N7"`, "Ottavo minore", "fino a 8 minori"},
		`name="children.8.`, `value="`+addChild+`"`)
	for _, odd := range []string{dropChild, dropChild + ".9", dropChild + ".-1", dropChild + ".x", knownChild, knownChild + ".7.x"} {
		w.is(w.post("comune", householdPath, with(form, doField, odd)), http.StatusOK, []string{`value="Sofiia"`, `value="Maksym"`})
	}
	// What Enter presses is the first button: it takes nobody out.
	if first, _, _ := strings.Cut(inMain(body), "<fieldset"); strings.Count(first, `<button type="submit"`) != 1 || strings.Contains(first, doField) {
		t.Error("the first button of the form is not the one that records")
	}
}

func TestWhatIsToMendNamesTheChildAndTheField(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	form := family("cap", "2008", "children.1.birth_date", "", "children.1.preferred_2", "MI1", "children.0.sex", "", "children.0.tax_code", "NO")
	body := w.is(w.post("comune", householdPath, form), http.StatusUnprocessableEntity, []string{
		`<a href="#f-children.1.birth_date">Secondo minore, data di nascita: `, `<a href="#f-children.0.sex-0">Primo minore, sesso: `,
		`<a href="#f-cap">CAP: `, `id="f-cap-error"`, `id="f-children.1.preferred_2-error"`, `id="f-children.0.tax_code-error"`,
		`value="2008"`, `value="MI1"`, `value="NO"`, `value="Maksym"`}, `id="f-children.0.birth_date-error"`, `id="f-children.1.family_name-error"`)
	if n := strings.Count(body, "Il CAP ha cinque cifre."); n != 2 { // above and beside
		t.Errorf("what is asked once is refused %d times", n)
	}
	w.is(w.post("ust", householdPath, family()), http.StatusUnprocessableEntity, []string{`<a href="#f-comune">`})
	w.is(w.post("comune", householdPath, family("children.1.given_name", "Sofiia", "children.1.birth_date", "2014-05-01")), http.StatusUnprocessableEntity,
		[]string{`<a href="#f-children.1.given_name">Secondo minore, nome: È lo stesso minore già scritto al numero 1`})
	found, err := w.site.draftsOf(t.Context(), townspeople["comune"].Account, uuid.Nil)
	if w.check(err); len(found) != 0 {
		t.Errorf("%d drafts", len(found))
	}
	if list := w.is(w.get("comune", "/pratiche"), http.StatusOK, nil); strings.Contains(list, "Sofiia") {
		t.Error("a child was recorded beside one to mend")
	}
}

// A family name is one in two scripts: nobody gets half of another's.
func TestAFamilyNameOfTheFirstChildIsTakenAsAWhole(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	type name struct{ latin, cyrillic string }
	first := name{"Kovalenko", "Коваленко"}
	for _, c := range []struct{ own, want name }{
		{name{}, first},
		{name{" ", " "}, first},
		{name{"Bondar", ""}, name{"Bondar", ""}},
		{name{"Bondar", "Бондар"}, name{"Bondar", "Бондар"}},
		{name{"", "Коваленко"}, first},
		{name{"", "Бондар"}, name{"", "Бондар"}}, // and the desk asks for the other half
	} {
		h := w.typed("comune", family("children.0.family_name_cyrillic", first.cyrillic, "children.1.family_name", c.own.latin, "children.1.family_name_cyrillic", c.own.cyrillic))
		if second := h.of(1); second.value("family_name") != c.want.latin || second.value("family_name_cyrillic") != c.want.cyrillic {
			t.Errorf("%+v became %q %q", c.own, second.value("family_name"), second.value("family_name_cyrillic"))
		}
	}
	cases := w.entered("comune", family("children.0.family_name_cyrillic", "Коваленко", "children.1.family_name", "Bondar"))
	w.is(w.get("comune", "/pratiche/"+cases[0]), http.StatusOK, []string{"Коваленко"})
	w.is(w.get("comune", "/pratiche/"+cases[1]), http.StatusOK, []string{"Bondar"}, "Коваленко")
}

func TestATypingErrorInTheFirstFamilyNameIsMendedForAll(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	form := family("children.0.family_name", "Kovalneko", "children.1.birth_date", "", "children.2.family_name", "")
	body := w.is(w.post("comune", householdPath, form), http.StatusUnprocessableEntity, []string{`value="Kovalneko"`, `name="children.1.family_name" type="text" value=""`,
		"vale quello del primo minore: Kovalneko."})
	for i := 1; i < 3; i++ {
		at := desk.ChildField(i, "family_name")
		_, rest, _ := strings.Cut(body, `name="`+at+`" type="text" value="`)
		typed, _, _ := strings.Cut(rest, `"`)
		form.Set(at, html.UnescapeString(typed))
	}
	cases := w.entered("comune", but(form, "children.0.family_name", "Kovalenko", "children.1.birth_date", "2010-11-30"))
	if len(cases) != 2 {
		t.Fatalf("%d cases of two children", len(cases))
	}
	for _, id := range cases {
		w.is(w.get("comune", "/pratiche/"+id), http.StatusOK, []string{"Kovalenko"}, "Kovalneko")
	}
}

func TestWhoHadTheFamilyNameOfTheFirstChildKeepsItWithoutIt(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	for second, want := range map[string][]string{"": {"Kovalenko Коваленко", "Kovalenko Коваленко"}, "Bondar": {"Bondar ", "Kovalenko Коваленко"}} {
		h := w.typed("comune", family("children.0.family_name_cyrillic", "Коваленко", "children.1.family_name", second, "children.2.given_name", "Daryna", "children.3.sex", ""))
		form := h.without(0)
		form.Set("_key", uuid.NewString())
		left := w.typed("comune", form)
		for i, want := range want {
			if of := left.of(i); of.value("family_name")+" "+of.value("family_name_cyrillic") != want {
				t.Errorf("behind %q child %d is %s %s, not %s", second, i, of.value("family_name"), of.value("family_name_cyrillic"), want)
			}
		}
	}
}

func TestADraftOfAHouseholdKeepsEveryChild(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	form := family("children.2.given_name", "Daryna")
	saved := w.post("comune", householdPath, with(form, doField, "draft"))
	if to := saved.Header().Get("Location"); saved.Code != http.StatusSeeOther || to != householdPath {
		t.Fatal(saved.Code, to)
	}
	resume := householdPath + "?bozza=" + form.Get("_key")
	for _, page := range []string{householdPath, requestPath} {
		w.is(w.get("comune", page), http.StatusOK, []string{"Le tue bozze", "Kovalenko", "3 minori", resume})
		w.is(w.get("milano", page), http.StatusOK, nil, "Kovalenko", "Le tue bozze")
	}
	body := w.is(w.get("comune", resume), http.StatusOK, []string{`value="Sofiia"`, `value="Maksym"`, `value="Daryna"`, `value="Via Roma 1"`}, "Le tue bozze")
	if w.hidden(body, "_key") != form.Get("_key") {
		t.Error("the draft goes on under another key")
	}
	w.is(w.get("milano", resume), http.StatusNotFound, nil, "Kovalenko")
	w.is(w.get("comune", requestPath+"?bozza="+form.Get("_key")), http.StatusNotFound, nil, "Kovalenko")
	w.entered("comune", but(form, "children.2.birth_date", "2016-01-02", "children.2.sex", "F"))
	w.is(w.get("comune", resume), http.StatusNotFound, nil)

	other := with(form, "_key", uuid.NewString())
	w.post("comune", householdPath, with(other, doField, "draft"))
	dropped := w.post("comune", "/bozze/"+other.Get("_key")+"/elimina", url.Values{"x": {""}})
	if to := dropped.Header().Get("Location"); to != householdPath {
		t.Errorf("led to %s", to)
	}
	w.is(w.get("comune", householdPath), http.StatusOK, nil, "Le tue bozze")
}

func TestAHouseholdIsKeptOverTheEndOfASession(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	typed := family("children.2.given_name", "Daryna")
	body := w.is(do(w.pages, http.MethodPost, householdPath, with(typed, doField, addChild).Encode()), http.StatusOK, []string{"La sessione era scaduta"})
	in := do(w.pages, http.MethodPost, "/accedi", url.Values{"username": {"marta"}, "password": {"right"}, "next": {w.hidden(body, "next")},
		keptField: {html.UnescapeString(w.hidden(body, keptField))}}.Encode())
	to := in.Header().Get("Location")
	if in.Code != http.StatusSeeOther || to != householdPath+"?bozza="+typed.Get("_key") {
		t.Fatal(in.Code, to)
	}
	w.is(w.get("token-marta", to), http.StatusOK, []string{`value="Sofiia"`, `value="Maksym"`, `value="Daryna"`, `value="Via Roma 1"`})
	if strings.Contains(w.log.String(), "Kovalenko") {
		t.Error("the log tells what was typed")
	}
}

func TestChildrenOfAHouseholdWhoMayBeHereAreAskedAboutFirst(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	first := w.recorded("comune", w.post("comune", requestPath, sofiia()))
	id := strings.TrimPrefix(first, "/pratiche/")
	form := family("children.0.family_name", "Kowalenko", "children.0.given_name", "Sofia", "children.0.birth_date", "2014-01-05")
	body := w.is(w.post("comune", householdPath, form), http.StatusConflict, []string{"Forse è già registrato", "Primo minore: ", first, "Giorno e mese",
		`name="children.1.given_name" value="Maksym"`, `name="address" value="Via Roma 1"`, "registra comunque", childPlace(0).KnownButton(uuid.MustParse(id))}, "Secondo minore: ")
	if list := inMain(w.is(w.get("comune", "/pratiche"), http.StatusOK, nil)); strings.Contains(list, "Maksym") {
		t.Fatal("a child was recorded beside one that is asked about")
	}
	seen := but(form, seenField, w.hidden(body, seenField))
	// To go back, or to look at it again, is not to say that it is another.
	back := w.is(w.post("comune", householdPath, with(seen, doField, "edit")), http.StatusOK, []string{`value="Kowalenko"`, `value="Maksym"`})
	if strings.Contains(back, `name="`+otherField+`"`) {
		t.Error("who goes back has said that the child is another")
	}
	w.is(w.post("comune", householdPath, seen), http.StatusConflict, nil)
	// Nor is it of a child whose name was changed meanwhile.
	w.is(w.post("comune", householdPath, but(seen, doField, noneKnown, "children.0.given_name", "Sofiia")), http.StatusConflict, nil)

	// The child is the one who is here: the brother joins her family.
	known := w.is(w.post("comune", householdPath, with(seen, doField, childPlace(0).KnownButton(uuid.MustParse(id)))), http.StatusOK,
		[]string{`value="Maksym"`, `value="Kowalenko"`, "fratelli e sorelle di un minore che ha già la sua pratica"}, `value="Sofia"`, `name="children.1.`)
	brother := url.Values{"_key": {w.hidden(known, "_key")}, householdField: {w.hidden(known, householdField)}, "children.0.family_name": {"Kovalenko"},
		"children.0.given_name": {"Maksym"}, "children.0.birth_date": {"2010-11-30"}, "children.0.sex": {"M"}}
	joined := w.entered("comune", brother)
	file, err := w.desk.Case(t.Context(), townspeople["comune"], uuid.MustParse(joined[0]))
	if w.check(err); file.Papers.Household != id || len(joined) != 1 {
		t.Errorf("%d cases, in the household %q", len(joined), file.Papers.Household)
	}

	// She is another: both are recorded. The brother, who was recorded meanwhile, is asked about then.
	body = w.is(w.post("comune", householdPath, but(seen, doField, noneKnown)), http.StatusConflict, []string{"Secondo minore: "}, "Primo minore: ")
	both := but(seen, doField, noneKnown, otherField, w.hidden(body, otherField), seenField, w.hidden(body, seenField))
	if cases := w.entered("comune", both); len(cases) != 2 || cases[0] == id {
		t.Errorf("cases %v", cases)
	}

	// Another comune learns nothing of it, and cannot join a family that is not its own.
	if cases := w.entered("milano", with(form, "municipio", "3")); len(cases) != 2 {
		t.Error(cases)
	}
	w.is(w.post("milano", householdPath, with(form, doField, childPlace(0).KnownButton(uuid.MustParse(id)))), http.StatusNotFound, nil, "Kovalenko")
	w.is(w.get("milano", householdPath+"?fratello="+id), http.StatusNotFound, nil, "Kovalenko")
}

// but gives a form with other answers in the place of some.
func but(v url.Values, more ...string) url.Values {
	for i := 0; i+1 < len(more); i += 2 {
		v = with(v, more[i], more[i+1])
	}
	return v
}

func TestTwoChildrenOfAFormWhoLookAlikeAreAskedAbout(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	form := family("children.1.given_name", "Sofia", "children.1.birth_date", "2014-01-05", "children.1.sex", "F")
	body := w.is(w.post("comune", householdPath, form), http.StatusConflict, []string{"Secondo minore: ", "Somiglia a un altro minore di questo modulo", "Primo minore",
		childPlace(1).DropButton()}, "Primo minore: ")
	w.is(w.post("comune", householdPath, with(form, doField, childPlace(1).DropButton())), http.StatusOK, []string{`value="Sofiia"`}, `value="Sofia"`)
	if cases := w.entered("comune", but(form, doField, noneKnown, seenField, w.hidden(body, seenField))); len(cases) != 2 || cases[0] == cases[1] {
		t.Error(cases)
	}
	twins := family("children.0.family_name", "Melnyk", "children.0.given_name", "Ivan", "children.0.sex", "M", "children.1.given_name", "Petro", "children.1.birth_date", "2014-05-01")
	if cases := w.entered("comune", twins); len(cases) != 2 {
		t.Error(cases)
	}
}

// What was cut off between two children is sent again as it was: the child that is recorded is not asked about.
func TestAHouseholdThatWasCutOffGoesOnWithTheSameForm(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	form := family()
	a, h := townspeople["comune"], w.typed("comune", form)
	asked := w.site.asks(h)
	asked.Children = asked.Children[:1]
	part, err := w.desk.RequestHousehold(t.Context(), householdTicket(a, h), a, asked)
	w.check(err)
	w.follow()
	if cases := w.entered("comune", form); len(cases) != 2 || cases[0] != part.Children[0].ID.String() {
		t.Errorf("%v, begun was %s", cases, part.Children[0].ID)
	}
}

// What was mended in the form after a child was recorded is not in the child's case, and whoever mended it is told so.
func TestWhoWasRecordedBeforeTheFormWasSentAgainIsTold(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	form := family()
	asked := w.site.asks(w.typed("comune", form))
	asked.Children = asked.Children[:1]
	_, err := w.desk.RequestHousehold(t.Context(), householdTicket(townspeople["comune"], w.typed("comune", form)), townspeople["comune"], asked)
	w.check(err)
	w.follow()
	const was, were = "Era già registrato: se qualcosa è cambiato, correggilo dalla pratica.", "Erano già registrati: "
	again := func() (page, warned string, notice bool) {
		r := w.post("comune", householdPath, but(form, "address", "Via Nuova 2"))
		w.is(r, http.StatusSeeOther, nil)
		page = w.is(w.get("comune", r.Header().Get("Location")), http.StatusOK, []string{"Sofiia", "Maksym"})
		warned, _, _ = strings.Cut(inMain(page), "<table")
		return page, warned, strings.Contains(strings.Join(r.Header()["Set-Cookie"], " "), "household-recorded")
	}
	page, warned, notice := again()
	if !strings.Contains(page, was) || !strings.Contains(warned, "Sofiia") || strings.Contains(warned, "Maksym") || !notice {
		t.Errorf("one was recorded before, and the page says (notice %t): %s", notice, warned)
	}
	page, warned, notice = again()
	if !strings.Contains(page, were) || !strings.Contains(warned, "Sofiia") || !strings.Contains(warned, "Maksym") || notice {
		t.Errorf("both were recorded before, and the page says (notice %t): %s", notice, warned)
	}
	form = family("children.0.family_name", "Melnyk", "children.0.given_name", "Ivan", "children.1.given_name", "Petro")
	r := w.post("comune", householdPath, form)
	w.is(w.get("comune", r.Header().Get("Location")), http.StatusOK, []string{"Ivan", "Petro"}, was, were)
}

// typed is a form as it is posted.
func (w *town) typed(who string, form url.Values) household {
	w.t.Helper()
	land, err := w.desk.Territory(w.t.Context())
	w.check(err)
	h := newHousehold(townspeople[who], &registers{land: land}, childrenIn(form))
	h.fill(form)
	h.Key = uuid.MustParse(form.Get("_key"))
	return h
}

func TestAHouseholdsFormIsFilledInByASiblingsCase(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	first := w.recorded("comune", w.post("comune", requestPath, sofiia("address", "Via Roma 1", "adult_name", "Olena Kovalenko")))
	id := strings.TrimPrefix(first, "/pratiche/")
	w.is(w.get("comune", requestPath+"?fratello="+id), http.StatusOK, []string{householdPath + "?fratello=" + id})
	body := w.is(w.get("comune", householdPath+"?fratello="+id), http.StatusOK, []string{`name="children.0.family_name" type="text" value="Kovalenko"`, `value="Via Roma 1"`,
		`value="Olena Kovalenko"`}, "Sofiia", "2014-05-01")
	if got := w.hidden(body, householdField); got != id {
		t.Errorf("household %q", got)
	}
	w.is(w.get("comune", householdPath+"?fratello=x"), http.StatusNotFound, nil)
}

// The questions of a household are those of a request, each asked once or of every child.
func TestAHouseholdIsAskedWhatARequestIsAsked(t *testing.T) {
	t.Parallel()
	for _, a := range []domain.Actor{townspeople["comune"], townspeople["milano"], townspeople["ust"]} {
		h := newHousehold(a, &registers{}, 2)
		shared, children := h.layOut()
		shown := map[*Field]int{}
		for _, part := range shared {
			for _, x := range part.Asked {
				shown[x]++
			}
		}
		for _, child := range children {
			for _, part := range append([]section{child.First}, child.Folded...) {
				for _, x := range part.Asked {
					shown[x]++
				}
			}
		}
		for _, x := range h.Fields() {
			if want := 1; x.Name != householdField && shown[x] != want {
				t.Errorf("%s: %s is asked %d times", a.Role, x.Name, shown[x])
			}
		}
		for i, x := range requestFields(a, &registers{}) {
			if alone := h.of(1); alone.fields == nil {
				t.Fatal("no questions")
			} else if _, err := alone.Field(x.Name); err != nil {
				t.Errorf("%s: question %d, %s, is not asked of a child", a.Role, i, x.Name)
			}
		}
	}
}
