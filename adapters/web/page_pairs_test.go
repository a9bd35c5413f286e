package web

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/desk"
)

// ask records a request by a comune for a girl of the third year of primaria.
func (w *world) ask(by domain.Actor, family, given, birth string) uuid.UUID {
	w.t.Helper()
	r, err := w.desk.Request(w.t.Context(), desk.NewTicket(), by, desk.RequestForm{FamilyName: domain.NewPersonal(family),
		GivenName: domain.NewPersonal(given), Sex: "F", BirthDate: domain.NewPersonal(birth)})
	w.check(err)
	w.follow()
	return r.ID
}

func TestTheUSTIsToldOfAChildThatTwoComuniAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	mine := w.ask(atRozzano, "Shevchenko", "Oleksandra", "2013-05-06")
	if _, body := w.get(atUST, "/"); strings.Contains(body, pairsPath+`">Guarda`) {
		t.Error("one case alone makes a pair")
	}
	if _, body := w.get(atUST, pairsPath); !strings.Contains(body, "Nessun possibile doppione") {
		t.Error("an empty list does not say so")
	}
	theirs := w.ask(atOpera, "Scevcenco", "Alessandra", "2013-06-05")
	w.ask(atOpera, "Bondar", "Iryna", "2014-01-02")
	w.ask(atRozzano, "Shevchenko", "Oleksandra", "2009-11-30") // a namesake
	// Who asks twice in one comune is warned there and then.
	w.ask(atOpera, "Bondar", "Iryna", "2014-01-02")

	code, body := w.get(atUST, pairsPath)
	merge := "/pratiche/" + theirs.String() + "/unione?con=" + mine.String()
	if code != http.StatusOK || strings.Count(body, "/unione?con=") != 1 || !strings.Contains(body, merge) {
		t.Fatalf("%d %s", code, inMain(body))
	}
	for _, want := range []string{"Scevcenco", "Shevchenko", "Rozzano", "Opera", "Giorno e mese"} {
		if !strings.Contains(body, want) {
			t.Errorf("the list lacks %q", want)
		}
	}
	if _, body := w.get(atUST, "/"); !strings.Contains(body, "1 coppia di pratiche sembra dello stesso minore") {
		t.Error("the home page does not tell")
	}
	for _, who := range []domain.Actor{atRozzano, atOpera, atSchool, w.centreOf(mine), atPrefettura, atAdmin} {
		code, body := w.get(who, pairsPath)
		_, home := w.get(who, "/")
		if code != http.StatusForbidden || strings.Contains(body, "Shevchenko") || strings.Contains(home, pairsPath) {
			t.Errorf("%s learns of it: %d", who.Role, code)
		}
	}
	if _, body := w.get(atOpera, "/pratiche/"+theirs.String()); strings.Contains(body, "Shevchenko") || strings.Contains(body, "Forse è già registrato") {
		t.Error("a comune learns of another's case")
	}

	if _, form := w.get(atUST, merge); !strings.Contains(form, `value="`+mine.String()+`"`) {
		t.Error("the form to merge does not know the other case")
	}
	code, body = w.submit(atUST, "/pratiche/"+theirs.String()+"/unione", url.Values{"into": {mine.String()}, "text": {"Stessi genitori"}})
	if code != http.StatusSeeOther {
		t.Fatalf("merging: %d %s", code, inMain(body))
	}
	if _, body := w.get(atUST, pairsPath); !strings.Contains(body, "Nessun possibile doppione") {
		t.Error("what was merged is still a pair")
	}
}
