package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"approdo/domain"
	"approdo/domain/desk"
	"approdo/domain/territory"
)

func TestProvisionalDataIsConfirmed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	comuni, centres, policy := o.land().Provisional()
	if len(comuni) == 0 || len(centres) == 0 || policy == "" {
		t.Fatal("nothing is provisional: the test proves nothing")
	}
	if _, body := o.get(atPrefettura, "/territorio"); !strings.Contains(body, "non li ha ancora confermati") || strings.Contains(body, "/territorio/conferma") {
		t.Error("the Prefettura is not told, or is asked to confirm")
	}
	const page = "/territorio/conferma"
	if code, _, body := o.post(atUST, page, page, url.Values{}); code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-what-error"`) {
		t.Errorf("confirming nothing: %d", code)
	}
	if code, _, _ := o.post(atUST, page, page, url.Values{"what": {"centri"}}); code != http.StatusSeeOther {
		t.Fatalf("confirming: %d", code)
	}
	left, none, still := o.land().Provisional()
	if len(none) != 0 || len(left) != len(comuni) || still != policy {
		t.Errorf("%d comuni, %d centres, policy %q", len(left), len(none), still)
	}
	if code, _, _ := o.post(atUST, page, page, url.Values{"what": {"comuni", "politica"}}); code != http.StatusSeeOther {
		t.Fatalf("confirming: %d", code)
	}
	if _, body := o.get(atUST, "/territorio"); strings.Contains(body, "non li ha ancora confermati") || strings.Contains(body, page) {
		t.Error("confirmed, and still asked for")
	}
}

func TestAComuneIsAmended(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const page = "/territorio/comuni/015189"
	if code, _, body := o.post(atUST, page, page, url.Values{"ambito": {"LOM0000025"}, "cap": {"2008x"}}); code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-cap-error"`) {
		t.Errorf("a bad postal code: %d", code)
	}
	if code, _, body := o.post(atUST, page, page, url.Values{"ambito": {"LOM9999999"}, "cap": {"20089"}}); code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-ambito-error"`) {
		t.Errorf("an unknown ambito: %d", code)
	}
	if code, _, body := o.post(atUST, page, page, url.Values{"ambito": {"LOM0000024"}, "cap": {"20089"}, "from": {"domani"}}); code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-from-error"`) {
		t.Errorf("a bad day: %d", code)
	}
	if code, location, _ := o.post(atUST, page, page, url.Values{"ambito": {"LOM0000024"}, "cap": {"20089, 20090"}, "from": {"2022-05-01"}}); code != http.StatusSeeOther || location != page {
		t.Fatalf("amending: %d", code)
	}
	c, _ := o.land().Comune("015189")
	if c.Ambito != "LOM0000024" || len(c.CAP) != 2 || c.Provisional || c.From != (domain.Date{Year: 2022, Month: 5, Day: 1}) || c.Name != "Rozzano" {
		t.Errorf("%+v", c)
	}
	before, _ := o.land().ComuneOn("015189", domain.DateOf(now))
	if before.Ambito == c.Ambito {
		t.Error("it holds before its day")
	}
	if code, _ := o.get(atUST, "/territorio/comuni/999999"); code != http.StatusNotFound {
		t.Errorf("a comune that is none: %d", code)
	}
	if _, body := o.get(atUST, "/territorio/comuni?ambito=LOM0000024"); !strings.Contains(body, "Rozzano") || strings.Contains(body, "Legnano") {
		t.Error("the list of an ambito")
	}
	_, body := o.get(atUST, "/territorio/comuni")
	if got := strings.Count(body, `href="/territorio/comuni/`); got != 133 {
		t.Errorf("%d comuni", got)
	}
}

func TestMilanoGoesOnLyingInBothAmbiti(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	was, _ := o.land().Comune(domain.Milano)
	if len(was.Also) != 1 {
		t.Fatal("Milano lies in one ambito")
	}
	page := "/territorio/comuni/" + string(domain.Milano)
	if code, _, _ := o.post(atUST, page, page, url.Values{"ambito": {string(was.Also[0])}, "cap": {strings.Join(was.CAP, " ")}}); code != http.StatusSeeOther {
		t.Fatalf("amending: %d", code)
	}
	if c, _ := o.land().Comune(domain.Milano); c.Ambito != was.Also[0] || !c.In(was.Ambito) {
		t.Errorf("%s, %v", c.Ambito, c.Also)
	}
}

func TestACentreIsAmended(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const page = "/territorio/centri/POLO-1"
	bad := url.Values{"name": {""}, "municipi": {"1", "2", "3"}, "host": {"corto"}}
	code, _, body := o.post(atUST, page, page, bad)
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-name-error"`) || !strings.Contains(body, `id="f-host-error"`) {
		t.Errorf("%d, or not both errors", code)
	}
	if code, _, body := o.post(atUST, page, page, url.Values{"name": {"Polo START 1"}, "municipi": {"1", "4"}}); code != http.StatusConflict || !strings.Contains(body, "ha già un Polo START") {
		t.Errorf("a municipio of another Polo: %d", code)
	}
	good := url.Values{"name": {"Polo START centro"}, "municipi": {"1", "2", "3"}, "host": {"zzic00001x"}, "host_name": {"Istituto di prova"}, "email": {"polo@example.org"}}
	if code, _, _ := o.post(atUST, page, page, good); code != http.StatusSeeOther {
		t.Fatalf("amending: %d", code)
	}
	c, _ := o.land().Centre("POLO-1")
	if c.Name != "Polo START centro" || c.Host != "ZZIC00001X" || c.Email != "polo@example.org" || c.Provisional || len(c.Municipi) != 3 {
		t.Errorf("%+v", c)
	}
	if _, body := o.get(atCTI, "/territorio/centri"); !strings.Contains(body, "Istituto di prova") || !strings.Contains(body, "Milano, municipi 4, 5") {
		t.Error("the list of the centres")
	}
}

func TestRulesTermsAndCeilingHaveVersions(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const policy, terms, ceiling = "/territorio/politica", "/territorio/termini", "/territorio/tetto"
	if code, _, body := o.post(atUST, policy, policy, url.Values{"infanzia": {"polo"}, "fallback": {"CTI-21"}}); code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-fallback-error"`) {
		t.Errorf("a fallback that is no Polo: %d", code)
	}
	if code, _, _ := o.post(atUST, policy, policy, url.Values{"infanzia": {"polo"}, "fallback": {"POLO-2"}, "from": {"2022-09-01"}}); code != http.StatusSeeOther {
		t.Fatalf("adopting: %d", code)
	}
	all := o.land().Policies()
	if len(all) != 2 || all[1].Infanzia != territory.InfanziaByPolo || all[1].Fallback != "POLO-2" {
		t.Errorf("%+v", all)
	}
	if _, body := o.get(atCTI, policy); !strings.Contains(body, "1º settembre 2022") || strings.Count(body, "In vigore oggi") != 1 {
		t.Error("the versions of the policy")
	}

	bad := url.Values{"take_charge": {"due"}, "first_offer": {"5"}, "school_answer": {"3"}, "first_day": {"15"}, "access_months": {"3"}, "recast_months": {"2"}}
	if code, _, body := o.post(atUST, terms, terms, bad); code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-take_charge-error"`) || !strings.Contains(body, `value="due"`) {
		t.Errorf("a term in letters: %d, or what was typed is lost", code)
	}
	bad.Set("take_charge", "0")
	if code, _, body := o.post(atUST, terms, terms, bad); code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-take_charge-error"`) {
		t.Errorf("a term of nothing: %d", code)
	}
	bad.Set("take_charge", "4")
	if code, _, _ := o.post(atUST, terms, terms, bad); code != http.StatusSeeOther {
		t.Fatalf("setting: %d", code)
	}
	if got := o.land().ClocksOn(domain.DateOf(now)).TakeCharge; got != 4 {
		t.Errorf("take charge in %d", got)
	}

	if code, _, _ := o.post(atUST, ceiling, ceiling, url.Values{"percent": {"130"}}); code != http.StatusUnprocessableEntity {
		t.Errorf("a ceiling of 130: %d", code)
	}
	if code, _, _ := o.post(atUST, ceiling, ceiling, url.Values{"percent": {"40"}}); code != http.StatusSeeOther || o.land().CeilingOn(domain.DateOf(now)) != 40 {
		t.Errorf("a ceiling of 40: %d", code)
	}
}

func TestTheUSTAndThePrefetturaSuspendAndResume(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const list, page = "/territorio/sospensioni", "/territorio/sospensioni/nuova"
	for field, answers := range map[string]url.Values{
		"where":  {"kind": {"intake"}, "reason": {"Ordinanza 12"}},
		"comuni": {"kind": {"intake"}, "where": {"comuni"}, "reason": {"Ordinanza 12"}}, // naming none must not be all
		"reason": {"kind": {"intake"}, "where": {"all"}},
		"kind":   {"where": {"all"}, "reason": {"Ordinanza 12"}},
		"from":   {"kind": {"intake"}, "where": {"all"}, "reason": {"Ordinanza 12"}, "from": {"x"}},
	} {
		if code, _, body := o.post(atPrefettura, page, page, answers); code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-`+field+`-error"`) {
			t.Errorf("%s: %d, or no error beside the field", field, code)
		}
	}
	if len(o.land().Suspensions()) != 0 {
		t.Fatal("a form that was refused suspends")
	}
	if code, _, _ := o.post(atPrefettura, page, page, url.Values{"kind": {"intake"}, "where": {"comuni"}, "comuni": {"015189"}, "reason": {"Ordinanza 12"}}); code != http.StatusSeeOther {
		t.Fatalf("suspending: %d", code)
	}
	if _, stopped := o.land().Suspended(territory.Intake, "015189", now); !stopped {
		t.Error("not suspended")
	}
	if _, stopped := o.land().Suspended(territory.Intake, "015159", now); stopped {
		t.Error("the neighbour is suspended too")
	}
	if _, body := o.get(atCTI, list); !strings.Contains(body, "Ordinanza 12") || !strings.Contains(body, "Rozzano") || strings.Contains(body, "riprendi") || strings.Contains(body, page) {
		t.Error("the centre does not read it, or may change it")
	}
	resume := list + "/1/riprendi"
	if code, _, body := o.post(atUST, resume, resume, url.Values{}); code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-reason-error"`) {
		t.Errorf("resuming without a reason: %d", code)
	}
	if code, _, _ := o.post(atUST, resume, resume, url.Values{"reason": {"Ordinanza 13"}}); code != http.StatusSeeOther {
		t.Fatalf("resuming: %d", code)
	}
	if _, stopped := o.land().Suspended(territory.Intake, "015189", now.Add(time.Second)); stopped {
		t.Error("still suspended")
	}
	if _, body := o.get(atPrefettura, list); !strings.Contains(body, "Finita") || !strings.Contains(body, "Ordinanza 13") {
		t.Error("the list does not say that it is over")
	}
	if code, _ := o.get(atUST, list+"/9/riprendi"); code != http.StatusNotFound {
		t.Errorf("a suspension that is none: %d", code)
	}
}

func TestACaseSaysThatASuspensionHoldsItUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.request("Shevchenko", "Olha")
	centre, page := o.centreOf(id), "/pratiche/"+id.String()
	const why = "Le prese in carico sono sospese."
	if _, body := o.get(centre, page); strings.Contains(body, why) || !strings.Contains(body, page+"/presa-in-carico") {
		t.Error("nothing is suspended, and the page says so or offers no charge of the case")
	}
	_, err := o.desk.EditTerritory(t.Context(), desk.NewTicket(), territory.Suspend{Act: o.desk.Act(atPrefettura), Kind: territory.Intake, Reason: "Ordinanza 12"})
	o.check(err)
	o.follow()
	if _, body := o.get(centre, page); !strings.Contains(body, why) || strings.Contains(body, page+"/presa-in-carico") {
		t.Error("the centre does not read why it cannot take charge, or is offered to")
	}
}
