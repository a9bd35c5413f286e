package web

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"approdo/adapters/sqlite/state"
	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/territory"
)

// town is the world with one institution of Rozzano that has two sites and one in a prison, another with one site, drafts, and
// somebody of each role.
type town struct {
	*world
	pages http.Handler
	log   *strings.Builder
}

const (
	rozzano     = "015189"
	institution = "MIIC8AA00X"
	primaria    = "MIEE8AA01A"
	prisonSite  = "MIEE8AA02B"
	foreignSite = "MIEE8BB01A"
)

// Whoever signs in with the token of a role's name.
var townspeople = map[string]domain.Actor{
	"comune": {Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000001"), Role: domain.RoleComune, Body: rozzano},
	"milano": {Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000002"), Role: domain.RoleComune, Body: string(domain.Milano)},
	"cti":    {Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000003"), Role: domain.RoleCentre, Body: "CTI-24"},
	"scuola": {Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000004"), Role: domain.RoleSchool, Body: institution},
	"altra":  {Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000005"), Role: domain.RoleSchool, Body: "MIIC8BB00X"},
	"ust":    {Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000006"), Role: domain.RoleUST},
	"pref":   {Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000007"), Role: domain.RolePrefettura},
	"admin":  {Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000008"), Role: domain.RoleAdmin},
}

func newTown(t *testing.T) *town {
	t.Helper()
	log := &strings.Builder{}
	w := &town{world: newWorld(t, log), log: log}
	kept, err := state.Open(filepath.Join(t.TempDir(), "state.db"))
	w.check(err)
	t.Cleanup(func() {
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
	act := domain.Act{By: domain.System, At: now.AddDate(0, -1, 0)}
	for _, x := range []territory.School{
		{Code: institution, Institution: institution, Name: "IC Via Liguria", Type: "ISTITUTO COMPRENSIVO", Feature: territory.Ordinary},
		{Code: primaria, Institution: institution, Name: "Primaria Via Liguria", Order: grade.Primaria, Type: "SCUOLA PRIMARIA", Feature: territory.Ordinary},
		{Code: "MIMM8AA01B", Institution: institution, Name: "Media Via Liguria", Order: grade.SecondariaI, Type: "SCUOLA PRIMO GRADO", Feature: territory.Ordinary},
		{Code: prisonSite, Institution: institution, Name: "Sede presso la casa circondariale", Order: grade.Primaria, Type: "SCUOLA PRIMARIA", Feature: territory.Prison},
		{Code: foreignSite, Institution: "MIIC8BB00X", Name: "Primaria Via Sicilia", Order: grade.Primaria, Type: "SCUOLA PRIMARIA", Feature: territory.Ordinary},
	} {
		x.Comune, x.InstitutionName, x.Management = rozzano, "IC Via Liguria", territory.StateRun
		listing := territory.SchoolCommand(territory.ListSchool{Act: act, Year: 2020, School: x})
		origin := event.Origin{ID: uuid.Must(uuid.NewV7()), By: act.By, At: act.At}
		_, err := event.Execute(t.Context(), w.store, w.codec, territory.SchoolDecider, territory.SchoolStream(x.Code), listing, origin)
		w.check(err)
	}
	w.follow()
	w.site.Drafts = kept
	for who, actor := range townspeople {
		w.doors.people[who] = actor
	}
	w.pages = w.site.handler()
	return w
}

func (w *town) get(who, target string) *httptest.ResponseRecorder {
	return do(w.pages, http.MethodGet, target, "", cookie("approdo-session", who))
}

func (w *town) post(who, target string, form url.Values) *httptest.ResponseRecorder {
	return do(w.pages, http.MethodPost, target, form.Encode(), cookie("approdo-session", who))
}

// is checks an answer's status and that its page says, and does not say, some texts.
func (w *town) is(r *httptest.ResponseRecorder, status int, says []string, never ...string) string {
	w.t.Helper()
	body := r.Body.String()
	if r.Code != status {
		w.t.Fatalf("status %d, not %d, to %s\n%s\n%s", r.Code, status, r.Header().Get("Location"), inMain(body), w.log)
	}
	for _, s := range says {
		if !strings.Contains(body, s) {
			w.t.Errorf("the page does not say %q:\n%s", s, inMain(body))
		}
	}
	for _, s := range never {
		if strings.Contains(body, s) {
			w.t.Errorf("the page says %q", s)
		}
	}
	return body
}

func inMain(body string) string {
	_, rest, _ := strings.Cut(body, "<main")
	main, _, _ := strings.Cut(rest, "</main>")
	return main
}

// hidden reads the value of a hidden field.
func (w *town) hidden(body, name string) string {
	w.t.Helper()
	_, rest, found := strings.Cut(body, `name="`+name+`" value="`)
	value, _, closed := strings.Cut(rest, `"`)
	if !found || !closed {
		w.t.Fatalf("no hidden field %s in\n%s", name, inMain(body))
	}
	return value
}

// sofiia is a request with no more than is needed.
func sofiia(more ...string) url.Values {
	v := url.Values{"family_name": {"Kovalenko"}, "given_name": {"Sofiia"}, "birth_date": {"2014-05-01"}, "sex": {"F"}, "_key": {uuid.NewString()}}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

// recorded follows the redirect to the new case.
func (w *town) recorded(who string, r *httptest.ResponseRecorder) string {
	w.t.Helper()
	w.is(r, http.StatusSeeOther, nil)
	to := r.Header().Get("Location")
	if !strings.HasPrefix(to, "/pratiche/") || strings.Contains(to, "nuova") {
		w.t.Fatalf("led to %s", to)
	}
	w.is(w.get(who, to), http.StatusOK, []string{"Kovalenko"})
	return to
}

func TestFiveAnswersAreARequest(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.is(w.get("comune", "/pratiche/nuova"), http.StatusOK, []string{`name="family_name"`, "Comune di Rozzano"}, `name="comune"`, `name="municipio"`)
	w.is(w.get("milano", "/pratiche/nuova"), http.StatusOK, []string{"Municipio (solo Milano)"}, `name="comune"`)
	w.is(w.get("ust", "/pratiche/nuova"), http.StatusOK, []string{`name="comune"`, `name="municipio"`})
	form := sofiia()
	first := w.recorded("comune", w.post("comune", "/pratiche/nuova", form))
	if again := w.recorded("comune", w.post("comune", "/pratiche/nuova", with(form, otherField, w.site.childToken(formOf(form).personOf())))); again != first {
		t.Errorf("the same form sent twice made %s and %s", first, again)
	}
	w.is(w.get("milano", first), http.StatusNotFound, nil, "Kovalenko")
	if strings.Contains(w.log.String(), "Kovalenko") || strings.Contains(w.log.String(), "2014-05-01") {
		t.Error("the log tells who it is")
	}
}

func with(v url.Values, name, value string) url.Values {
	out := url.Values{}
	for k, x := range v {
		out[k] = x
	}
	out.Set(name, value)
	return out
}

// formOf is a form of the answers alone.
func formOf(v url.Values) *Form {
	f := &Form{}
	for name, values := range v {
		f.fields = append(f.fields, &Field{Name: name, values: values})
	}
	return f
}

func TestAFormToMendKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	typed := url.Values{"given_name": {"Sofiia"}, "cap": {"2008"}, "tax_code": {"NOT-A-CODE"}, "with_reserve": {"on"}, "preferred_2": {"MI1"},
		"needs": {"canteen"}, "adult_phone": {"+39 333 1"}, "last_school": {"Scuola n. 5"}}
	w.is(w.post("comune", "/pratiche/nuova", typed), http.StatusUnprocessableEntity, []string{
		`href="#f-family_name"`, `id="f-birth_date-error"`, `id="f-sex-error"`, `id="f-cap-error"`, `id="f-tax_code-error"`, `id="f-preferred_2-error"`,
		`value="Sofiia"`, `value="2008"`, `value="NOT-A-CODE"`, `value="canteen" checked`, `value="Scuola n. 5"`,
		`name="with_reserve" type="checkbox" value="on" checked`, `<details class="fold" open>`,
	}, `id="f-given_name-error"`)
	w.is(w.post("ust", "/pratiche/nuova", sofiia()), http.StatusUnprocessableEntity, []string{`id="f-comune-error"`})
	w.is(w.post("comune", "/pratiche/nuova", sofiia("birth_date", "1990-01-01")), http.StatusUnprocessableEntity, []string{`id="f-birth_date-error"`})
}

func TestADraftIsOnesOwnAndEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	key := uuid.NewString()
	half := url.Values{"_key": {key}, "_do": {"draft"}, "family_name": {"Kovalenko"}, "adult_name": {"Olena"}, "needs": {"canteen", "transport"}}
	saved := w.post("comune", "/pratiche/nuova", half)
	if to := saved.Header().Get("Location"); saved.Code != http.StatusSeeOther || to != "/pratiche/nuova" {
		t.Fatal(saved.Code, to)
	}
	w.is(w.get("comune", "/pratiche/nuova"), http.StatusOK, []string{"Le tue bozze", "Kovalenko", "?bozza=" + key})
	body := w.is(w.get("comune", "/pratiche/nuova?bozza="+key), http.StatusOK, []string{`value="Kovalenko"`, `value="Olena"`, `value="transport" checked`})
	if got := w.hidden(body, "_key"); got != key {
		t.Errorf("the draft goes on under %s", got)
	}
	w.is(w.get("milano", "/pratiche/nuova"), http.StatusOK, nil, "Kovalenko", "Le tue bozze")
	w.is(w.get("milano", "/pratiche/nuova?bozza="+key), http.StatusNotFound, nil, "Kovalenko")
	w.is(w.post("milano", "/bozze/"+key+"/elimina", url.Values{"x": {""}}), http.StatusSeeOther, nil)
	w.is(w.get("comune", "/pratiche/nuova?bozza=nothing"), http.StatusNotFound, nil)
	w.recorded("comune", w.post("comune", "/pratiche/nuova", sofiia("_key", key)))
	w.is(w.get("comune", "/pratiche/nuova?bozza="+key), http.StatusNotFound, nil)

	other := with(half, "_key", uuid.NewString())
	w.post("comune", "/pratiche/nuova", other)
	w.is(w.post("comune", "/bozze/"+other.Get("_key")+"/elimina", url.Values{"x": {""}}), http.StatusSeeOther, nil)
	w.is(w.get("comune", "/pratiche/nuova"), http.StatusOK, nil, "Le tue bozze")
}

func TestASessionThatEndedLosesNothingThatWasTyped(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	typed := sofiia("cap", "20089")
	body := w.is(do(w.pages, http.MethodPost, "/pratiche/nuova", with(typed, doField, "draft").Encode()), http.StatusOK, []string{"La sessione era scaduta", `name="password"`})
	kept := url.Values{"username": {"marta"}, "password": {"wrong"}, "next": {w.hidden(body, "next")}, keptField: {html.UnescapeString(w.hidden(body, keptField))}}
	again := w.is(do(w.pages, http.MethodPost, "/accedi", kept.Encode()), http.StatusUnprocessableEntity, []string{"La sessione era scaduta"})
	kept.Set(keptField, html.UnescapeString(w.hidden(again, keptField)))
	kept.Set("password", "right")
	in := do(w.pages, http.MethodPost, "/accedi", kept.Encode())
	to := in.Header().Get("Location")
	if in.Code != http.StatusSeeOther || to != "/pratiche/nuova?bozza="+typed.Get("_key") {
		t.Fatal(in.Code, to)
	}
	w.is(do(w.pages, http.MethodGet, to, "", cookie("approdo-session", "token-marta")), http.StatusOK, []string{`value="Kovalenko"`, `value="20089"`, `value="F" checked`})
	if strings.Contains(w.log.String(), "Kovalenko") {
		t.Error("the log tells what was typed")
	}
}

func TestAnyFormIsKeptOverTheEndOfASessionAndSentAfterwards(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	id := w.request("Shevchenko", "Olha")
	path := "/pratiche/" + id.String() + "/nota"
	before := w.revision(id)
	typed := url.Values{keyField: {uuid.NewString()}, revisionField: {strconv.FormatInt(int64(before), 10)}, "text": {"La madre chiama di sera"}}
	body := w.is(do(w.pages, http.MethodPost, path, typed.Encode()), http.StatusOK, []string{"La sessione era scaduta", `name="next" value="` + path + `"`})
	in := do(w.pages, http.MethodPost, "/accedi", url.Values{"username": {"marta"}, "password": {"right"}, "next": {path},
		keptField: {html.UnescapeString(w.hidden(body, keptField))}}.Encode())
	to := in.Header().Get("Location")
	if in.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/riprendi/") {
		t.Fatal(in.Code, to)
	}
	w.is(w.get("milano", to), http.StatusNotFound, nil, "di sera")
	offered := w.is(w.get("token-marta", to), http.StatusOK, []string{"Aggiungi una nota", "<li>La madre chiama di sera</li>", `action="` + path + `"`})
	if w.revision(id) != before {
		t.Fatal("the note was added by signing in")
	}
	again := url.Values{}
	for _, name := range []string{keyField, revisionField, "text", draftField} {
		again.Set(name, html.UnescapeString(w.hidden(offered, name)))
	}
	w.is(w.post("token-marta", path, with(again, "text", " ")), http.StatusUnprocessableEntity, []string{`id="f-text-error"`})
	w.is(w.post("token-marta", path, again), http.StatusSeeOther, nil)
	w.is(w.get("token-marta", to), http.StatusNotFound, nil, "di sera")
	w.follow()
	w.is(w.get("token-marta", "/pratiche/"+id.String()), http.StatusOK, []string{"La madre chiama di sera"})
	if strings.Contains(w.log.String(), "di sera") {
		t.Error("the log tells what was typed")
	}

	// What is not worth keeping, or must not be kept, leads to the sign-in page alone.
	for path, body := range map[string]string{"/password": "current=segreta&password=segretissima", path: "_key=1", "/posti/" + primaria: ""} {
		if got := do(w.pages, http.MethodPost, path, body); got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/accedi" {
			t.Errorf("%s: %d %s", path, got.Code, got.Header().Get("Location"))
		}
	}
	// And what was kept can be dropped.
	body = w.is(do(w.pages, http.MethodPost, path, typed.Encode()), http.StatusOK, nil)
	to = do(w.pages, http.MethodPost, "/accedi", url.Values{"username": {"marta"}, "password": {"right"}, "next": {path},
		keptField: {html.UnescapeString(w.hidden(body, keptField))}}.Encode()).Header().Get("Location")
	w.is(w.post("token-marta", to+"/elimina", url.Values{"x": {""}}), http.StatusSeeOther, nil)
	w.is(w.get("token-marta", to), http.StatusNotFound, nil)
	w.is(w.get("token-marta", "/riprendi/niente"), http.StatusNotFound, nil)
}

func (w *world) revision(id uuid.UUID) event.Revision {
	w.t.Helper()
	file, err := w.desk.Case(w.t.Context(), atUST, id)
	w.check(err)
	return file.Revision
}

func TestASecondCaseOfOneChildIsAskedAboutFirst(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	first := w.recorded("comune", w.post("comune", "/pratiche/nuova", sofiia()))
	twice := url.Values{"family_name": {"Kowalenko"}, "given_name": {"Sofia"}, "birth_date": {"2014-01-05"}, "sex": {"F"}, "address": {"Via Roma 1"},
		"needs": {"canteen"}, "_key": {uuid.NewString()}}
	body := w.is(w.post("comune", "/pratiche/nuova", twice), http.StatusConflict, []string{"Forse è già registrato", first, "Kovalenko", "Giorno e mese",
		`name="address" value="Via Roma 1"`, `name="needs" value="canteen"`, "registra comunque"})
	w.is(w.post("comune", "/pratiche/nuova", with(twice, "_do", "edit")), http.StatusOK, []string{`value="Kowalenko"`, `value="Via Roma 1"`})
	confirmed := with(twice, otherField, w.hidden(body, otherField))
	w.is(w.post("comune", "/pratiche/nuova", with(with(confirmed, "given_name", "Sofiya"), "birth_date", "2014-05-01")), http.StatusConflict,
		[]string{"Forse è già registrato"})
	second := w.post("comune", "/pratiche/nuova", confirmed)
	if to := second.Header().Get("Location"); second.Code != http.StatusSeeOther || to == first {
		t.Fatal(second.Code, to)
	}
	// Another comune learns nothing of it.
	w.is(w.post("milano", "/pratiche/nuova", with(twice, "municipio", "3")), http.StatusSeeOther, nil, "Kovalenko")
}

func TestTheSameFormGoneBackToForAnotherChildIsAnotherRequest(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	form := sofiia()
	first := w.recorded("comune", w.post("comune", "/pratiche/nuova", form))
	other := with(with(form, "given_name", "Maksym"), "birth_date", "2010-11-30")
	if second := w.recorded("comune", w.post("comune", "/pratiche/nuova", other)); second == first {
		t.Error("the second child was taken for the first")
	}
}

func TestASiblingsFormIsFilledInByTheCase(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	first := w.recorded("comune", w.post("comune", "/pratiche/nuova", sofiia("address", "Via Roma 1", "adult_name", "Olena Kovalenko", "adult_relation", "mother")))
	id := strings.TrimPrefix(first, "/pratiche/")
	w.is(w.get("comune", first), http.StatusOK, []string{"/pratiche/nuova?fratello=" + id})
	body := w.is(w.get("comune", "/pratiche/nuova?fratello="+id), http.StatusOK, []string{`value="Kovalenko"`, `value="Via Roma 1"`,
		`value="Olena Kovalenko"`, `value="mother" selected`}, "Sofiia", "2014-05-01")
	household := w.hidden(body, "household")
	second := w.recorded("comune", w.post("comune", "/pratiche/nuova", sofiia("given_name", "Maksym", "birth_date", "2010-11-30", "sex", "M", "household", household)))
	w.is(w.get("comune", second), http.StatusOK, []string{"Fratelli e sorelle", first})
	w.is(w.get("milano", "/pratiche/nuova?fratello="+id), http.StatusNotFound, nil, "Kovalenko")
}

// Who may not record what a form is for is refused before it is read, whichever of its buttons was pressed, and keeps nothing of it.
func TestWhoMayNotAskKeepsNoDraftEither(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	for path, may := range map[string][]string{requestPath: {"comune", "milano", "ust"}, householdPath: {"comune", "milano", "ust"}, "/iscrizioni/nuova": {"scuola", "altra"}} {
		for who, actor := range townspeople {
			if slices.Contains(may, who) {
				continue
			}
			for _, button := range []string{"", "draft", "edit"} {
				w.is(w.post(who, path, sofiia(doField, button)), http.StatusForbidden, nil, "Kovalenko")
			}
			kept, err := w.site.draftsOf(t.Context(), actor.Account, uuid.Nil)
			if w.check(err); len(kept) > 0 {
				t.Errorf("%s: %s keeps %d drafts", path, who, len(kept))
			}
		}
	}
}

func TestASchoolEnrolsInEightAnswers(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	body := w.is(w.get("scuola", "/iscrizioni/nuova"), http.StatusOK, []string{`name="school"`, "Primaria Via Liguria", `value="015189" selected`}, "casa circondariale", "Via Sicilia")
	if n := len(fieldNames(body)); n != 8 {
		t.Errorf("%d fields: %v", n, fieldNames(body))
	}
	one := w.is(w.get("altra", "/iscrizioni/nuova"), http.StatusOK, []string{"Via Sicilia"}, `name="school"`)
	if n := len(fieldNames(one)); n != 7 {
		t.Errorf("%d fields with one site: %v", n, fieldNames(one))
	}
	w.is(w.post("scuola", "/iscrizioni/nuova", url.Values{"family_name": {"Kovalenko"}}), http.StatusUnprocessableEntity,
		[]string{`id="f-school-error"`, "Questo dato serve", `value="Kovalenko"`}, "dieci caratteri")
	form := sofiia("school", primaria, "comune", rozzano)
	first := w.recorded("scuola", w.post("scuola", "/iscrizioni/nuova", form))
	w.is(w.post("scuola", "/iscrizioni/nuova", with(form, "_key", uuid.NewString())), http.StatusConflict, []string{first}, "Salva bozza")
	w.is(w.post("scuola", "/iscrizioni/nuova", with(form, "school", foreignSite)), http.StatusUnprocessableEntity, []string{`id="f-school-error"`})
	if to := w.post("altra", "/iscrizioni/nuova", sofiia("comune", rozzano)).Header().Get("Location"); !strings.HasPrefix(to, "/pratiche/") {
		t.Error("a school with one site could not enrol", to)
	}
}

// fieldNames are the names of the visible controls of the form in the page's main part.
func fieldNames(body string) map[string]bool {
	out := map[string]bool{}
	main := inMain(body)
	for _, control := range []string{"<input ", "<select ", "<textarea "} {
		for _, tag := range strings.Split(main, control)[1:] {
			tag, _, _ = strings.Cut(tag, ">")
			_, rest, named := strings.Cut(tag, `name="`)
			name, _, _ := strings.Cut(rest, `"`)
			if named && !strings.Contains(tag, `type="hidden"`) {
				out[name] = true
			}
		}
	}
	return out
}

func TestASearchFindsOnesOwnHoweverWritten(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	first := w.recorded("comune", w.post("comune", "/pratiche/nuova", sofiia()))
	w.is(w.get("comune", "/cerca"), http.StatusOK, []string{`method="post" action="/cerca"`})
	for _, name := range []string{"Kovalenko", "Коваленко", "Kowalenko"} {
		w.is(w.post("comune", "/cerca", url.Values{"family_name": {name}}), http.StatusOK, []string{first, "1 pratica trovata", "1º maggio 2014"})
		w.is(w.post("milano", "/cerca", url.Values{"family_name": {name}}), http.StatusOK, []string{"Nessuna pratica trovata"}, first, "Sofiia")
	}
	w.is(w.post("ust", "/cerca", url.Values{"family_name": {"Kovalenko"}, "given_name": {"Sofiia"}, "birth_date": {"2014-05-01"}}), http.StatusOK,
		[]string{first, "Stessa data di nascita"})
	w.is(w.post("comune", "/cerca", url.Values{"birth_date": {"1 maggio"}}), http.StatusUnprocessableEntity,
		[]string{`id="f-family_name-error"`, `id="f-birth_date-error"`, `value="1 maggio"`})
	if strings.Contains(w.log.String(), "Kovalenko") {
		t.Error("the log tells who was looked for")
	}
}

func TestASchoolDeclaresItsPlacesAndConfirmsThem(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.is(w.get("scuola", "/posti"), http.StatusOK, []string{"Primaria Via Liguria", "3ª primaria", "mai dichiarati", "/posti/" + primaria + "?anno=2021",
		"Anno scolastico 2022/23"}, "casa circondariale", "Via Sicilia")
	form := w.is(w.get("scuola", "/posti/"+primaria+"?anno=2021"), http.StatusOK, []string{`name="free-primaria-3"`, `name="_used-primaria-3" value="0"`})
	key := w.hidden(form, "_key")
	wrong := url.Values{"_key": {key}, "free-primaria-1": {"many"}, "free-primaria-2": {"3"}, "pupils-primaria-2": {"4"}, "foreign-primaria-2": {"5"},
		"pupils-primaria-3": {"20"}, "_used-primaria-2": {"0"}, "_used-primaria-3": {"0"}}
	w.is(w.post("scuola", "/posti/"+primaria+"?anno=2021", wrong), http.StatusUnprocessableEntity, []string{`id="f-free-primaria-1-error"`,
		`id="f-foreign-primaria-2-error"`, `id="f-free-primaria-3-error"`, `value="many"`})
	w.is(w.post("scuola", "/posti/"+primaria, url.Values{"_key": {key}}), http.StatusConflict, []string{"Non hai cambiato nulla"})
	stale := url.Values{"_key": {key}, "free-primaria-3": {"2"}, "_used-primaria-3": {"1"}}
	w.is(w.post("scuola", "/posti/"+primaria, stale), http.StatusUnprocessableEntity, []string{`id="f-free-primaria-3-error"`})
	right := url.Values{"_key": {key}, "free-primaria-3": {"4"}, "pupils-primaria-3": {"20"}, "foreign-primaria-3": {"7"}, "_used-primaria-3": {"0"},
		"free-primaria-4": {"1"}, "_used-primaria-4": {"0"}}
	done := w.post("scuola", "/posti/"+primaria+"?anno=2021", right)
	w.is(done, http.StatusSeeOther, nil)
	if got := done.Header().Get("Set-Cookie"); !strings.Contains(got, "places-declared-above") {
		t.Error("nothing is said of the ceiling: ", got)
	}
	w.is(w.get("scuola", "/posti?anno=2021"), http.StatusOK, []string{"20, di cui 7", "Oltre il 30 % già ora", "oggi"})
	w.is(w.get("scuola", "/posti?anno=2022"), http.StatusOK, nil, "di cui 7")
	w.is(w.get("scuola", "/posti/"+primaria), http.StatusOK, []string{`name="free-primaria-3" type="text" inputmode="numeric" value="4"`})
	w.is(w.get("altra", "/posti/"+primaria), http.StatusNotFound, nil, "Via Liguria")
	w.is(w.post("altra", "/posti/"+primaria, right), http.StatusNotFound, nil)
	w.is(w.get("scuola", "/posti/"+prisonSite), http.StatusConflict, nil)
	w.is(w.get("ust", "/posti/"+primaria), http.StatusOK, []string{`name="free-primaria-3"`})
	if to := w.get("ust", "/posti").Header().Get("Location"); to != "/scuole" {
		t.Error("the UST chooses a school first, not", to)
	}
	w.is(w.get("cti", "/scuole/"+primaria), http.StatusOK, []string{"Posti per il 2021/22", "20, di cui 7", "Nessun posto dichiarato per il 2022/23"}, "Aggiorna i posti")
	w.is(w.get("pref", "/scuole/"+primaria), http.StatusOK, []string{"Via Liguria"}, "Posti per il", "20, di cui 7", "Aggiorna i posti")
	w.is(w.get("pref", "/scuole/"+primaria), http.StatusOK, []string{"Primaria Via Liguria"}, "di cui 7", "Posti per il")
}

func TestTheCeilingWarnsByTheRoomThatIsLeft(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pupils, foreign, free int
		want                  Text
	}{
		{0, 0, 5, Text{}}, {20, 2, 5, Text{}}, {20, 7, 0, Text{}},
		{20, 2, 6, text("places.ceiling-room", "percent", 30, "count", 5)},
		{20, 6, 1, text("places.ceiling-reached", "percent", 30)}, {20, 7, 1, text("places.ceiling-passed", "percent", 30)},
	} {
		if got := ceilingText(30, c.pupils, c.foreign, c.free); got.key != c.want.key {
			t.Errorf("%d of %d, %d free: %v, not %v", c.foreign, c.pupils, c.free, got, c.want)
		}
	}
}

func TestTheRegisterOfSchoolsIsSearchedAndPaged(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.is(w.get("ust", "/scuole"), http.StatusOK, []string{"Via Liguria", "Via Sicilia", "Mai proposta", "Sede in carcere", "Sede amministrativa"})
	w.is(w.get("cti", "/scuole?nome=sicilia&comune=015189&ordine=primaria"), http.StatusOK, []string{"Via Sicilia"}, "Media Via Liguria")
	w.is(w.get("cti", "/scuole?comune=015146"), http.StatusOK, []string{"Nessuna scuola trovata"})
	w.is(w.get("ust", "/scuole?da="+primaria), http.StatusOK, []string{prisonSite, "Torna all’inizio"}, "/scuole/"+primaria)
	w.is(w.get("ust", "/scuole/"+prisonSite), http.StatusOK, []string{"Mai proposta", "Sede in carcere", "L’anagrafe del 2021/22 non è ancora stata importata"},
		"Aggiorna i posti", "Posti per il")
	for _, absent := range []string{"MIEE8ZZ01A", "short", "Kovalenko"} {
		if main := inMain(w.is(w.get("ust", "/scuole/"+absent), http.StatusNotFound, nil)); strings.Contains(main, absent) {
			t.Error("the page repeats ", absent)
		}
	}
}

func TestPagesOfIntakeFollowTheTableOfAccess(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	for target, act := range map[string]access.Act{"/pratiche/nuova": access.Request, householdPath: access.Request, "/iscrizioni/nuova": access.Enrol, "/cerca": access.SearchByName,
		"/posti": access.DeclarePlaces, "/posti/" + primaria: access.DeclarePlaces, "/scuole": access.ReadRegisters, "/scuole/" + primaria: access.ReadRegisters} {
		for who, actor := range townspeople {
			forbidden := access.Large(actor, act) != nil
			if got := w.get(who, target).Code; forbidden != (got == http.StatusForbidden) {
				t.Errorf("%s reads %s: %d", who, target, got)
			}
			if strings.HasPrefix(target, "/scuole") || target == "/posti" {
				continue
			}
			if got := w.post(who, target, url.Values{"x": {"1"}}).Code; forbidden != (got == http.StatusForbidden) {
				t.Errorf("%s writes %s: %d", who, target, got)
			}
		}
	}
	if got := w.post("cti", "/bozze/"+uuid.NewString()+"/elimina", url.Values{"x": {"1"}}).Code; got != http.StatusForbidden {
		t.Error("a centre drops drafts", got)
	}
}
