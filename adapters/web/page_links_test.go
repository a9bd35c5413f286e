package web

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/desk"
)

// A page leads only to what its reader may open, and names brothers and sisters only to whom they concern.
func TestAPageLeadsOnlyWhereItsReaderMayGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	first := w.request("Zrazkova", "Olha")
	atLegnano := domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-0000000000e1"), Role: domain.RoleComune, Body: "015118"}
	sibling := func(a domain.Actor, given string) uuid.UUID {
		t.Helper()
		r, err := w.desk.Request(t.Context(), desk.NewTicket(), a, desk.RequestForm{FamilyName: domain.NewPersonal("Zrazkova"), GivenName: domain.NewPersonal(given),
			Sex: "F", BirthDate: domain.NewPersonal("2015-07-08"), Household: first.String()})
		w.check(err)
		return r.ID
	}
	near, far := sibling(atRozzano, "Daryna"), sibling(atLegnano, "Solomiia")
	w.follow()
	path := "/pratiche/" + first.String()
	body := func(a domain.Actor, path string) string {
		t.Helper()
		status, body := w.get(a, path)
		if status != http.StatusOK {
			t.Fatalf("%s answers %d to %s", path, status, a.Role)
		}
		return body
	}
	for _, x := range []struct {
		who  domain.Actor
		page string
		link string
		want bool
	}{
		{atRozzano, path + "/", "/pratiche/" + near.String(), true},
		{atRozzano, path + "/", "/pratiche/" + far.String(), false},
		{atUST, path + "/", "/pratiche/" + far.String(), true},
		{atRozzano, path + "/", "/pratiche/nuova?fratello=", true},
		{atUST, path + "/", "/pratiche/nuova?fratello=", true},
		{w.centreOf(first), path + "/", "/pratiche/nuova?fratello=", false},
		{w.centreOf(first), path + "/registro", path + "/letture", false},
		{w.centreOf(first), path + "/registro", path + "/nome", false},
		{w.centreOf(first), path + "/registro", `href="` + path + `"`, true},
		{atUST, path + "/registro", path + "/letture", true},
		{w.centreOf(first), "/pratiche", togetherPath + "presa-in-carico", true},
		{atRozzano, "/pratiche", togetherPath + "presa-in-carico", false},
		{atUST, path + "/registro", path + "/nome", false},
		{atPrefettura, path + "/registro", path + "/letture", true},
		{atPrefettura, path + "/registro", path + "/nome", true},
		{atPrefettura, path + "/registro", `href="` + path + `"`, false},
	} {
		if got := strings.Contains(body(x.who, x.page), x.link); got != x.want {
			t.Errorf("%s of %s: %s is there: %t", x.page, x.who.Role, x.link, got)
		}
	}
	if strings.Contains(body(atRozzano, path+"/"), "Solomiia") {
		t.Error("a comune reads the name of another's case")
	}
}
