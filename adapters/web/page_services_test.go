package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/territory"
)

// register has an importer say something of a site.
func (w *town) register(site domain.School, c territory.SchoolCommand) {
	w.t.Helper()
	origin := event.Origin{ID: uuid.Must(uuid.NewV7()), By: c.Issued().By, At: c.Issued().At}
	_, err := event.Execute(w.t.Context(), w.store, w.codec, territory.SchoolDecider, territory.SchoolStream(site), c, origin)
	w.check(err)
	w.follow()
}

func TestASchoolDeclaresItsServices(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	path := "/posti/" + primaria + "/servizi"
	w.is(w.get("scuola", "/posti"), http.StatusOK, []string{"Servizi della sede", "Mai dichiarati", path})
	form := w.is(w.get("scuola", path), http.StatusOK, []string{"Primaria Via Liguria", "Mai dichiarati", `name="services" type="checkbox" value="canteen"`}, "checked")
	seen := w.hidden(form, "_seen")
	w.is(w.post("scuola", path, url.Values{"_seen": {seen}, "services": {"pool"}}), http.StatusUnprocessableEntity, []string{`id="f-services-error"`})
	w.is(w.post("scuola", path, nil), http.StatusConflict, []string{"Mai dichiarati"})
	done := w.post("scuola", path, url.Values{"_seen": {seen}, "services": {"canteen", "language-support"}})
	w.is(done, http.StatusSeeOther, nil)
	if to := done.Header().Get("Location"); to != "/posti" {
		t.Error(to)
	}
	w.is(w.get("scuola", "/posti"), http.StatusOK, []string{"Italiano per chi arriva, Mensa", "dichiarati il"})
	// Somebody else has declared meanwhile: what was ticked stays, and nothing is recorded before that was seen.
	w.is(w.post("scuola", path, url.Values{"_seen": {seen}, "services": {"transport"}}), http.StatusConflict,
		[]string{"Italiano per chi arriva, Mensa", `value="transport" checked`})
	form = w.is(w.get("scuola", path), http.StatusOK, []string{`value="canteen" checked`, `value="language-support" checked`}, `value="transport" checked`)
	w.is(w.get("cti", "/scuole/"+primaria), http.StatusOK, []string{"Italiano per chi arriva, Mensa"}, "Aggiorna i servizi")
	w.is(w.get("ust", "/scuole/"+primaria), http.StatusOK, []string{path, "Aggiorna i servizi"})
	w.is(w.get("ust", path), http.StatusOK, []string{`href="/scuole/` + primaria + `"`})
	done = w.post("ust", path, url.Values{"_seen": {w.hidden(form, "_seen")}})
	w.is(done, http.StatusSeeOther, nil)
	if to := done.Header().Get("Location"); to != "/scuole/"+primaria {
		t.Error(to)
	}
	w.is(w.get("scuola", "/posti"), http.StatusOK, []string{"Nessuno di quelli previsti"}, "Mensa")

	w.is(w.get("altra", path), http.StatusNotFound, nil, "Via Liguria")
	w.is(w.post("altra", path, url.Values{"services": {"transport"}}), http.StatusNotFound, nil)
	w.is(w.get("scuola", "/posti/"+prisonSite+"/servizi"), http.StatusConflict, nil)
	w.is(w.post("scuola", "/posti/"+prisonSite+"/servizi", url.Values{"services": {"canteen"}}), http.StatusConflict, nil)
	w.is(w.get("scuola", "/posti/MIEE8ZZ01A/servizi"), http.StatusNotFound, nil)
	for who, actor := range townspeople {
		forbidden := access.Large(actor, access.DeclarePlaces) != nil
		if got := w.get(who, path).Code; forbidden != (got == http.StatusForbidden) {
			t.Errorf("%s reads: %d", who, got)
		}
		if got := w.post(who, path, url.Values{"services": {"pool"}}).Code; forbidden != (got == http.StatusForbidden) {
			t.Errorf("%s writes: %d", who, got)
		}
	}
	w.is(w.get("scuola", "/posti"), http.StatusOK, []string{"Nessuno di quelli previsti"})
}

func TestTheSiteShowsWhereItLiesAndWhomItHas(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.is(w.get("ust", "/scuole/"+primaria), http.StatusOK, []string{"Dove si trova e che cosa offre", "Non nota: le distanze"}, "Alunni nel")
	act := domain.Act{By: domain.System, At: now.AddDate(0, -1, 0)}
	w.register(primaria, territory.LocateSchool{Act: act, Lat: 45.3802, Lon: 9.15001, Source: "© OpenStreetMap contributors (ODbL) (civico)"})
	w.register(primaria, territory.CountSchool{Act: act, Year: 2020, Source: "MIM, cittadinanza", Counts: []territory.Count{
		{Grade: 1, Pupils: 41, Foreign: 12, ForeignKnown: true}, {Grade: 2, Pupils: 40, Foreign: 16, ForeignKnown: true},
		{Grade: 4, Pupils: 23, Foreign: 0, ForeignKnown: true}, {Grade: 5, Pupils: 19, Foreign: 5, ForeignKnown: true}}})
	w.register(primaria, territory.CountSchool{Act: act, Year: 2020, Source: "MIM, classi", Counts: []territory.Count{
		{Grade: 1, Classes: 2, Pupils: 41}, {Grade: 3, Classes: 1, Pupils: 20}, {Grade: 4, Classes: 2, Pupils: 23}, {Grade: 5, Classes: 2, Pupils: 19}}})
	w.is(w.get("cti", "/scuole/"+primaria), http.StatusOK, []string{"45.3802, 9.15001", "© OpenStreetMap contributors (ODbL) (civico)",
		"Alunni nel 2020/21", "Fonte: MIM, cittadinanza; MIM, classi.", "Entro il 30 %", "12 (29,3 %)", "Un alunno in più supera il 30 %", "16 (40,0 %)",
		"Oltre il 30 % già ora", "0 (0,0 %)", "ancora 4 per classe", "ancora 1 in tutto", "non nota", "Tutta la sede", ">143<"})
	w.is(w.get("pref", "/scuole/"+primaria), http.StatusOK, []string{"12 (29,3 %)", "45.3802, 9.15001"}, "Posti per il")
	w.is(w.get("ust", "/scuole/"+prisonSite), http.StatusOK, nil, "Dove si trova e che cosa offre", "Alunni nel")

	if _, err := w.desk.DeclareServices(t.Context(), desk.NewTicket(), primaria, territory.DeclareServices{Act: w.desk.Act(townspeople["cti"])}); err == nil {
		t.Error("a centre says what a school offers")
	}
}
