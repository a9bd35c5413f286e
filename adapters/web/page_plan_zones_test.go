package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/places"
	"approdo/domain/territory"
)

// listAt puts a site of another comune into the register, with places in the third year of primaria.
func (p *planned) listAt(site domain.School, institution domain.Institution, comune domain.Comune, free int) {
	p.t.Helper()
	act := domain.Act{By: domain.System, At: now.AddDate(0, -1, 0)}
	list := territory.ListSchool{Act: act, Year: 2021, School: territory.School{Code: site, Institution: institution, Name: "Primaria di Legnano", InstitutionName: "Istituto di Legnano",
		Comune: comune, Order: grade.Primaria, Type: "SCUOLA PRIMARIA", Feature: territory.Ordinary, Management: territory.StateRun}}
	_, err := event.Execute(p.t.Context(), p.store, p.codec, territory.SchoolDecider, territory.SchoolStream(site), territory.SchoolCommand(list),
		event.Origin{ID: uuid.Must(uuid.NewV7()), By: act.By, At: act.At})
	p.check(err)
	_, err = p.desk.DeclarePlaces(p.t.Context(), desk.NewTicket(), site, 2021, places.Declare{
		Act: domain.Act{By: domain.Actor{Role: domain.RoleSchool, Body: string(institution)}, At: now.AddDate(0, 0, -3)}, Level: grade.Level{Order: grade.Primaria, Year: 3}, Free: free})
	p.check(err)
}

func TestCasesOfAFullZoneAreHandedToItsNeighbour(t *testing.T) {
	t.Parallel()
	p := newPlanned(t)
	p.listAt("ZZEE00009X", "ZZIC00009X", "015118", 5)
	// More pupils than the zone has places for.
	for _, family := range []string{"Zrazkovd", "Zrazkove", "Zrazkovf", "Zrazkovg", "Zrazkovh", "Zrazkovi"} {
		id := p.request(family, "Mykola")
		_, err := p.desk.Do(t.Context(), desk.NewTicket(), id, casefile.TakeCharge{Act: p.desk.Act(p.office)})
		p.check(err)
		p.cases = append(p.cases, id)
	}
	p.follow()
	form := ofThisYear()
	form.Set("scope", scopeAll)
	id := p.draw(atUST, form)
	d, err := p.desk.Plan(t.Context(), atUST, id)
	p.check(err)
	var away []uuid.UUID
	for _, x := range d.Seats {
		if x.School == "ZZEE00009X" {
			away = append(away, x.Case)
		}
	}
	if len(away) < 2 {
		t.Fatalf("%d go to the other zone: %+v", len(away), d.Figures)
	}
	if _, home := p.get(atUST, "/"); !strings.Contains(home, zonesPath(id)) || strings.Count(home, "pratiche ai centri vicini") != 1 {
		t.Error("the UST is not told of what the plan proposes")
	}
	if _, home := p.get(p.office, "/"); strings.Contains(home, zonesPath(id)) {
		t.Error("a centre is told of the UST's plan")
	}
	other := domain.Centre(p.zoneOf("015118"))
	between := zonesPath(id, domain.Centre(p.office.Body), other)
	_, page := p.get(atUST, zonesPath(id))
	if !strings.Contains(page, strings.ReplaceAll(between, "&", "&amp;")) {
		t.Fatalf("the proposal is not there:\n%s", page)
	}
	if !strings.Contains(page, "0 giorni") {
		t.Error("how long the pupils of a centre have waited is not told")
	}
	_, page = p.get(atUST, between)
	for _, c := range away {
		if !strings.Contains(page, c.String()) {
			t.Error("a case that could be handed over is not to be chosen")
		}
	}
	chosen := url.Values{keyField: {uuid.NewString()}, "cases": {away[0].String()}}
	if code, _, sure := p.send(atUST, between, chosen); code != http.StatusOK || !strings.Contains(sure, "Stai per passare 1 pratica") || p.state(away[0]).Centre == other {
		t.Errorf("the summary: %d", code)
	}
	chosen.Set(doField, stepDone)
	for range 2 {
		if code, _, report := p.send(atUST, between, chosen); code != http.StatusOK || strings.Count(report, ">Passata<") != 1 {
			t.Errorf("the report: %d", code)
		}
	}
	if p.state(away[0]).Centre != other || p.state(away[1]).Centre == other {
		t.Errorf("one is with %s, the other with %s", p.state(away[0]).Centre, p.state(away[1]).Centre)
	}
	p.follow()
	if _, page = p.get(atUST, between); strings.Contains(page, `value="`+away[0].String()) || !strings.Contains(page, away[1].String()) {
		t.Error("what is handed over can be chosen again")
	}
	// Neither a case that is not proposed nor a pair of centres that is not can be asked for.
	stays := ""
	for _, x := range d.Seats {
		if x.School != "ZZEE00009X" {
			stays = x.Case.String()
		}
	}
	if code, _, _ := p.send(atUST, between, url.Values{keyField: {uuid.NewString()}, "cases": {stays}, doField: {stepDone}}); code != http.StatusUnprocessableEntity {
		t.Errorf("a case that is not proposed: %d", code)
	}
	if code, _ := p.get(atUST, zonesPath(id, other, domain.Centre(p.office.Body))); code != http.StatusNotFound {
		t.Errorf("centres the other way round: %d", code)
	}
	if code, _ := p.get(p.office, zonesPath(id)); code != http.StatusNotFound {
		t.Errorf("a centre reads the UST's plan: %d", code)
	}
}

// zoneOf is the centre to which a comune's pupils of primaria go.
func (p *planned) zoneOf(c domain.Comune) string {
	p.t.Helper()
	land, err := p.desk.Territory(p.t.Context())
	p.check(err)
	r, err := land.Route(c, 0, "", grade.Primaria, domain.DateOf(now))
	p.check(err)
	return string(r.Centre)
}
