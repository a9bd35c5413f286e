package web

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/places"
)

// A secretary is offered to take back what he has just done himself, as long as nobody has gone on; and the place is free again.
func TestWhatWasJustDoneCanBeTakenBackByWhoDidIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Shevchenko", "Olha")
	path := "/pratiche/" + id.String()
	centre := w.centreOf(id)
	third := w.state(id).Level
	used := func() int {
		out, err := event.Load(t.Context(), w.store, w.codec, places.Decider, places.Stream(testSite, 2021))
		w.check(err)
		return out.State.Used(third)
	}
	does := func(as domain.Actor, act string, v url.Values) {
		t.Helper()
		if code, body := w.submit(as, path+"/"+act, v); code != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", act, code, body[max(0, strings.Index(body, "<main")):])
		}
	}
	offers := func(as domain.Actor, act string) {
		t.Helper()
		_, body := w.get(as, path)
		_, note, there := strings.Cut(body, "Hai sbagliato?")
		if note, _, _ = strings.Cut(note, "</div>"); there != (act != "") || !strings.Contains(note, act) {
			t.Errorf("%s is offered %q, want %s", as.Role, note, act)
		}
	}
	does(centre, "presa-in-carico", url.Values{})
	offers(centre, "")
	does(centre, "proposta", url.Values{"school": {string(testSite)}})
	offers(centre, path+"/ritiro-proposta")
	offers(atSchool, "")
	does(atSchool, "accoglimento", url.Values{"on": {"2022-04-04"}})
	offers(atSchool, path+"/annulla-accoglimento")
	offers(centre, "")
	does(atSchool, "primo-giorno", url.Values{"on": {"2022-04-04"}})
	does(atSchool, "annulla-primo-giorno", url.Values{"reason": {"wrong-case"}})
	if used() != 1 || w.state(id).Status != casefile.Accepted {
		t.Errorf("%d seats, %s", used(), w.state(id).Status)
	}
	does(atSchool, "annulla-accoglimento", url.Values{"reason": {"wrong-case"}, "text": {"Era il fratello."}})
	if used() != 0 || w.state(id).Status != casefile.InCharge {
		t.Errorf("%d seats, %s", used(), w.state(id).Status)
	}
	does(centre, "proposta", url.Values{"school": {string(testSite)}}) // it was no decline
	does(atSchool, "diniego", url.Values{"reason": {"no-places-in-class"}})
	offers(atSchool, path+"/annulla-diniego")
	does(atSchool, "annulla-diniego", url.Values{"reason": {"too-early"}})
	does(centre, "proposta", url.Values{"school": {string(testSite)}})
	does(centre, "ritiro-proposta", url.Values{"reason": {"better-place"}})
	other := "CTI-21"
	does(centre, "passaggio", url.Values{"to": {other}, "reason": {"agreed"}})
	offers(centre, path+"/annulla-passaggio")
	does(centre, "annulla-passaggio", url.Values{})
	if s := w.state(id); s.Centre != domain.Centre(centre.Body) || s.Status != casefile.InCharge {
		t.Errorf("%s at %s", s.Status, s.Centre)
	}
	does(atRozzano, "ritiro", url.Values{"reason": {"moved-abroad"}})
	offers(atRozzano, path+"/riapertura")
	does(atRozzano, "riapertura", url.Values{})
	if s := w.state(id); s.Status != casefile.Requested {
		t.Error(s.Status)
	}
	for _, title := range []string{"Accoglimento annullato", "No della scuola ritirato", "Primo giorno annullato", "Passaggio annullato", "Era il fratello."} {
		if _, body := w.get(atUST, path); !strings.Contains(body, title) {
			t.Errorf("the story lacks %q", title)
		}
	}
}
