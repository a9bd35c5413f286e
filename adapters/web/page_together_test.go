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
)

func TestSeveralCasesAreTakenInChargeAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	one, two, other := o.request("ProvaUno", "Uno"), o.request("ProvaDue", "Due"), o.request("ProvaTre", "Tre")
	centre := o.centreOf(one)
	path := togetherPath + "presa-in-carico"
	_, page := o.get(centre, path)
	if strings.Count(page, `name="cases"`) != 3 || !strings.Contains(page, "ProvaDue") {
		t.Errorf("%d cases to choose from", strings.Count(page, `name="cases"`))
	}
	key := uuid.NewString()
	form := url.Values{"cases": {one.String(), two.String()}, keyField: {key}}
	post := func(a domain.Actor, form url.Values) (int, string) {
		w := do(o.site.handler(), http.MethodPost, path, form.Encode(), o.as(a))
		return w.Code, w.Body.String()
	}
	if code, sure := post(centre, form); code != http.StatusOK || strings.Contains(sure, "ProvaTre") || !strings.Contains(sure, "per 2 pratiche") {
		t.Errorf("the summary: %d", code)
	}
	if o.state(one).Status != casefile.Requested {
		t.Fatal("the summary does it already")
	}
	// The second was closed meanwhile: its line says so; and sent twice nothing happens twice.
	_, err := o.desk.Do(t.Context(), desk.NewTicket(), two, casefile.Close{Act: o.desk.Act(atUST), Reason: "returned-home"})
	o.check(err)
	form.Set(doField, stepDone)
	for range 2 {
		code, report := post(centre, form)
		if code != http.StatusOK || strings.Count(report, ">Fatto<") != 1 || !strings.Contains(report, "/pratiche/"+two.String()) {
			t.Errorf("the report: %d", code)
		}
	}
	if o.state(one).Status != casefile.InCharge || o.state(other).Status != casefile.Requested {
		t.Errorf("one is %s, the other %s", o.state(one).Status, o.state(other).Status)
	}
	if n := o.events(one); n != 3 {
		t.Errorf("the case has %d events", n)
	}
	if code, _ := post(centre, url.Values{keyField: {key}}); code != http.StatusUnprocessableEntity {
		t.Errorf("nothing chosen: %d", code)
	}
	// Whoever may never do it meets a closed door, and a centre another's case an absent one.
	for _, a := range []domain.Actor{atRozzano, atSchool, atPrefettura} {
		if code, _ := post(a, form); code != http.StatusForbidden {
			t.Errorf("%s: %d", a.Role, code)
		}
	}
	stranger := url.Values{"cases": {other.String()}, keyField: {uuid.NewString()}, doField: {stepDone}}
	elsewhere := domain.Actor{Role: domain.RoleCentre, Body: "POLO-1"}
	if _, report := post(elsewhere, stranger); strings.Contains(report, ">Fatto<") || o.state(other).Status != casefile.Requested {
		t.Error("a centre takes another's case")
	}
}

// events counts the records of a case.
func (o *office) events(id uuid.UUID) (n int) {
	o.t.Helper()
	f, err := o.desk.Case(o.t.Context(), atUST, id)
	o.check(err)
	return len(f.Trail)
}
