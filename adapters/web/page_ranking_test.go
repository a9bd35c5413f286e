package web

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/places"
	"approdo/domain/territory"
)

// Sites of the tests' rankings beside testSite, which is in Rozzano and has three places.
const (
	fullSite  domain.School = "ZZEE00002X" // in Rozzano, without a place
	farSite   domain.School = "ZZEE00003X" // in Arese, with places
	otherYear domain.School = "ZZMM00004X" // has no third year of primaria
)

// rankedWorld has four sites and a case of a child of Rozzano in charge of its centre, an hour before now.
func rankedWorld(t *testing.T) (w *world, id uuid.UUID, at func(time.Duration)) {
	w = newWorld(t, io.Discard)
	clock := now.Add(-time.Hour)
	w.desk = desk.New(w.store, w.codec, func() time.Time { return clock }, territory.Province015)
	w.site.Desk = w.desk
	at = func(before time.Duration) { clock = now.Add(-before) }
	school := func(code domain.School, comune domain.Comune, o grade.Order) {
		act := domain.Act{By: domain.System, At: now.AddDate(0, -1, 0)}
		for _, c := range []territory.SchoolCommand{territory.ListSchool{Act: act, Year: 2021, School: territory.School{Code: code, Institution: domain.Institution(code),
			Name: "Scuola " + string(code), Comune: comune, Order: o, Type: "SCUOLA", Feature: territory.Ordinary, Management: territory.StateRun}}} {
			_, err := event.Execute(t.Context(), w.store, w.codec, territory.SchoolDecider, territory.SchoolStream(code), c, event.Origin{ID: uuid.Must(uuid.NewV7()), By: act.By, At: act.At})
			w.check(err)
		}
	}
	school(fullSite, "015189", grade.Primaria)
	school(farSite, "015009", grade.Primaria)
	school(otherYear, "015189", grade.SecondariaI)
	for site, free := range map[domain.School]int{fullSite: 0, farSite: 4} {
		_, err := w.desk.DeclarePlaces(t.Context(), desk.NewTicket(), site, 2021, places.Declare{Act: domain.Act{By: atUST, At: now.AddDate(0, 0, -2)},
			Level: grade.Level{Order: grade.Primaria, Year: 3}, Free: free, Pupils: 20, Foreign: 2 + 2*free})
		w.check(err)
	}
	id = w.request("Zrazkova", "Olha")
	_, err := w.desk.Do(t.Context(), desk.NewTicket(), id, casefile.TakeCharge{Act: w.desk.Act(w.centreOf(id))})
	w.check(err)
	w.follow()
	return w, id, at
}

var rankLink = regexp.MustCompile(`/scuole/(ZZ[A-Z0-9]{8})`)

// order lists the schools of a ranking as its page has them.
func order(body string) []string {
	var out []string
	for _, m := range rankLink.FindAllStringSubmatch(body, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestAnOfficerSeesWhySchoolsStandWhereTheyDo(t *testing.T) {
	t.Parallel()
	w, id, at := rankedWorld(t)
	office, page := w.centreOf(id), rankingPath(id)
	ranked := func(path string) []string {
		t.Helper()
		code, body := w.get(office, path)
		if code != http.StatusOK {
			t.Fatalf("%s: %d", path, code)
		}
		return order(body)
	}
	first := []string{string(testSite), string(fullSite), string(farSite)}
	if got := ranked(page); !slices.Equal(got, first) {
		t.Fatalf("in order %v, want %v", got, first)
	}
	_, body := w.get(office, page)
	for _, want := range []string{"centro del comune di Rozzano", "nello stesso comune, a circa 1,5 km", "posti ancora liberi: 3 (dichiarazione del 1º aprile 2022)",
		"nessun posto libero dei 0 dichiarati il 2 aprile 2022", "più lontana di quanto si ritiene giusto", "10,0 % senza cittadinanza italiana, sotto il tetto (la classe, come la descrive la scuola)",
		"50,0 % senza cittadinanza italiana: un altro alunno straniero va oltre il tetto", "quota senza cittadinanza italiana non nota", "versione 0", "30 per cento", "Come è fatto l’ordine"} {
		if !strings.Contains(body, want) {
			t.Errorf("the ranking lacks %q", want)
		}
	}
	for _, who := range []domain.Actor{atRozzano, atSchool, atPrefettura, atOpera} {
		for _, path := range []string{page, rankingPath(id, testSite)} {
			if code, _ := w.get(who, path); code == http.StatusOK {
				t.Errorf("%s sees the ranking", who.Role)
			}
		}
	}
	if code, _ := w.get(office, rankingPath(id, otherYear)); code != http.StatusNotFound {
		t.Errorf("a school that cannot be offered: %d", code)
	}

	at(30 * time.Minute)
	form := "/pratiche/" + id.String() + "/proposta"
	if _, body := w.get(office, form+"?scuola="+string(farSite)); !strings.Contains(body, `value="`+string(farSite)+`" checked`) || !strings.Contains(body, "1ª in ordine, Rozzano. nello stesso comune") {
		t.Error("the form has neither the reasons nor the school that was chosen")
	}
	if code, body := w.submit(office, form, url.Values{"school": {string(testSite)}}); code != http.StatusSeeOther {
		t.Fatalf("offering: %d %s", code, body)
	}
	w.follow()

	if _, body := w.get(office, "/pratiche/"+id.String()+"/"); !strings.Contains(body, `href="`+page+`"`) {
		t.Error("the case does not lead to its ranking")
	}

	// What the officer saw can be seen again: the place that the offer took is free there, and the weights are those of then.
	_, body = w.get(office, "/pratiche/"+id.String()+"/")
	why := regexp.MustCompile(`href="(/pratiche/[^"]*/scuole/[^"]*)"`).FindStringSubmatch(body)
	if why == nil {
		t.Fatal("the offer does not lead to its reasons")
	}
	then := strings.ReplaceAll(why[1], "&amp;", "&")
	at(10 * time.Minute)
	w.check(func() error {
		land, err := w.desk.Territory(t.Context())
		heavier := land.WeightsOn(domain.DateOf(now))
		heavier.Full, heavier.From = 100_000, domain.Date{}
		if err == nil {
			_, err = w.desk.EditTerritory(t.Context(), desk.NewTicket(), territory.SetWeights{Act: w.desk.Act(atUST), Weights: heavier})
		}
		return err
	}())
	w.follow()
	at(0)
	_, past := w.get(office, then)
	for _, want := range []string{"1ª di 3", "posti ancora liberi: 3", "versione 0", "+1,5 km", "Zrazkova", id.String()[:8], "Stai guardando com’era"} {
		if !strings.Contains(past, want) {
			t.Errorf("the sheet of then lacks %q", want)
		}
	}
	_, present := w.get(office, rankingPath(id, testSite)+"?confronta="+strings.ToLower(string(farSite)))
	for _, want := range []string{"posti ancora liberi: 3", "versione 1", "A confronto", "in più", "di 3"} {
		if !strings.Contains(present, want) {
			t.Errorf("the sheet of now lacks %q", want)
		}
	}
	if got := ranked(page); !slices.Equal(got, []string{string(testSite), string(farSite), string(fullSite)}) {
		t.Errorf("by the new weights %v", got)
	}
	if got := ranked(offeredAt(now.Add(-30 * time.Minute)).on(page)); !slices.Equal(got, first) {
		t.Errorf("of then %v", got)
	}
	if _, body := w.get(office, rankingPath(id, testSite)+"?confronta="+string(otherYear)); !strings.Contains(body, "non è tra quelle possibili") {
		t.Error("a school that cannot be offered is compared in silence")
	}
}

func TestABrotherAtSchoolBringsItNearer(t *testing.T) {
	t.Parallel()
	w, id, _ := rankedWorld(t)
	office := w.centreOf(id)
	r, err := w.desk.Request(t.Context(), desk.NewTicket(), atRozzano, desk.RequestForm{FamilyName: domain.NewPersonal("Zrazkov"), GivenName: domain.NewPersonal("Danylo"),
		Sex: "M", BirthDate: domain.NewPersonal("2012-07-01"), AdultName: domain.NewPersonal("Olena Zrazkova"), AdultPhone: domain.NewPersonal("+39 000 1234567"),
		Address: domain.NewPersonal("Via degli Esempi 5"), Household: id.String(), Preferred: []string{string(fullSite)}})
	w.check(err)
	w.follow()
	_, body := w.get(office, rankingPath(r.ID))
	if strings.Contains(body, "fratello") || !strings.Contains(body, "preferenza n. 1 della famiglia") {
		t.Fatal("nobody of the household has a place, and the family has one wish")
	}
	_, err = w.desk.Offer(t.Context(), desk.NewTicket(), id, office, desk.Placement{School: farSite, Level: grade.Level{Order: grade.Primaria, Year: 3}})
	w.check(err)
	w.follow()
	if _, body := w.get(office, rankingPath(r.ID, farSite)); !strings.Contains(body, "un fratello o una sorella ha un posto") || !strings.Contains(body, "−6,0 km") {
		t.Error("the sister's school is not known for it")
	}
}

func TestTheUSTWeighsTheReasons(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	if _, body := o.get(atCTI, weightsPath); !strings.Contains(body, "6,0 km") || strings.Contains(body, `<form method="post" action="`+weightsPath) {
		t.Error("a centre reads the weights and sets none")
	}
	shipped := o.land().WeightsOn(domain.DateOf(now))
	answers := func() url.Values {
		v := url.Values{"from": {""}}
		for _, c := range territory.WeightCodes() {
			v.Set(string(c), catalogue{lang: Italian}.tenths(*shipped.Of(c)/100))
		}
		v.Set(string(territory.WeightStaleDays), "45")
		v.Set(string(territory.WeightSibling), "8.5")
		return v
	}
	for field, value := range map[string]string{"sibling": "molto", "full": "100,1", "wish-1": "1,25", "stale-days": "0", "far": "-1", "from": "ieri"} {
		bad := answers()
		bad.Set(field, value)
		if code, _, body := o.post(atUST, weightsPath, weightsPath, bad); code != http.StatusUnprocessableEntity || !strings.Contains(body, value) {
			t.Errorf("%s %q: %d", field, value, code)
		}
	}
	if code, _, _ := o.post(atUST, weightsPath, weightsPath, answers()); code != http.StatusSeeOther {
		t.Fatalf("setting: %d", code)
	}
	want := shipped
	want.Version, want.From, want.StaleDays, want.Sibling = "1", domain.DateOf(now), 45, 8_500
	if got := o.land().WeightsOn(domain.DateOf(now)); got != want {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if _, body := o.get(atUST, weightsPath); !strings.Contains(body, "45 giorni") || !strings.Contains(body, "30 giorni") {
		t.Error("both versions of the weights")
	}
}
