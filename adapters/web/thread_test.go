package web

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event/sealtest"
	"approdo/domain/places"
)

var spokenWords = regexp.MustCompile(`<p class="said-words">(?:<[^>]*>)*([^<]*)`)

// conversation are the words that somebody reads on the page of a case, the oldest first.
func (w *world) conversation(as domain.Actor, path string) string {
	w.t.Helper()
	_, body := w.get(as, path)
	var all []string
	for _, m := range spokenWords.FindAllStringSubmatch(body, -1) {
		all = append(all, m[1])
	}
	return strings.Join(all, " | ")
}

// addressee is a body as the form of a message names it.
func addressee(a domain.Actor) string { return partyValue(casefile.PartyOf(a)) }

func TestThePeopleOnACaseTalkWithoutMovingIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Shevchenko", "Olha")
	path := "/pratiche/" + id.String()
	centre := w.centreOf(id)
	send := func(as domain.Actor, words string, to domain.Actor) {
		t.Helper()
		before := w.state(id)
		if code, body := w.submit(as, path+"/messaggio", url.Values{"to": {addressee(to)}, "text": {words}}); code != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", as.Role, code, body[max(0, strings.Index(body, "<main")):])
		}
		if after := w.state(id); before.Holder() != after.Holder() || before.Status != after.Status {
			t.Errorf("a message moved the case from %v to %v", before.Holder(), after.Holder())
		}
	}
	reads := func(as domain.Actor, want string) {
		t.Helper()
		if got := w.conversation(as, path); got != want {
			t.Errorf("%s reads %q, want %q", as.Role, got, want)
		}
	}
	send(atRozzano, "Sta dalla zia.", centre)
	send(centre, "Grazie.", atRozzano)
	send(centre, "Serve un mediatore.", atUST)
	reads(atRozzano, "Sta dalla zia. | Grazie.")
	reads(centre, "Sta dalla zia. | Grazie. | Serve un mediatore.")
	reads(atUST, "Sta dalla zia. | Grazie. | Serve un mediatore.")

	w.submit(centre, path+"/presa-in-carico", url.Values{})
	w.submit(centre, path+"/proposta", url.Values{"school": {string(testSite)}})
	reads(atSchool, "")
	send(atSchool, "Da quando?", centre)
	reads(atSchool, "Da quando?")
	reads(atRozzano, "Sta dalla zia. | Grazie.")

	// The form at the foot is for whoever wrote last, and sends nothing that is empty, too long, or for nobody.
	_, body := w.get(centre, path)
	_, form, _ := strings.Cut(body, `action="`+path+`/messaggio"`)
	if form, _, _ = strings.Cut(form, "</form>"); !regexp.MustCompile(`value="school ZZIC00001X"[^>]* checked`).MatchString(form) ||
		strings.Count(form, " checked") != 1 {
		t.Errorf("the answer is not for the school: %s", form)
	}
	for name, bad := range map[string]url.Values{"text": {"to": {addressee(atRozzano)}, "text": {"  "}}, "to": {"text": {"A chi?"}}} {
		if code, body := w.submit(centre, path+"/messaggio", bad); code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-`+name+`-error"`) {
			t.Errorf("without %s: %d", name, code)
		}
	}
	long := url.Values{"to": {addressee(atRozzano)}, "text": {strings.Repeat("è", casefile.MaxMessage+1)}}
	if code, body := w.submit(centre, path+"/messaggio", long); code != http.StatusUnprocessableEntity || !strings.Contains(body, "èè</textarea>") {
		t.Errorf("too long: %d, or what was typed is lost", code)
	}
	send(centre, strings.Repeat("è", casefile.MaxMessage), atRozzano)
	_, trail := w.get(atPrefettura, path+"/registro")
	if strings.Contains(trail, "Da quando?") || strings.Contains(trail, "mediatore") || !strings.Contains(trail, "Messaggio") {
		t.Error("the Prefettura reads the words, or does not learn that there was a message")
	}
	w.check(w.site.Keys.(*sealtest.Sealer).Forget(t.Context(), id))
	reads(centre, "") // the words go with the pupil's key
}

func TestNewMessagesAreSaidUntilSomebodyOfTheBodyReadsThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Shevchenko", "Olha")
	path := "/pratiche/" + id.String()
	centre := w.centreOf(id)
	says := func(as domain.Actor, page, want string) {
		t.Helper()
		w.follow()
		_, body := w.get(as, page)
		if has := strings.Contains(body, "messaggi nuov"); has != (want != "") || !strings.Contains(body, want) {
			t.Errorf("%s to the %s: new messages %t, want %q", page, as.Role, has, want)
		}
	}
	for _, words := range []string{"Sta dalla zia.", "Chiamate di sera."} {
		if code, _ := w.submit(atRozzano, path+"/messaggio", url.Values{"to": {addressee(centre)}, "text": {words}}); code != http.StatusSeeOther {
			t.Fatal(code)
		}
	}
	for _, page := range []string{"/", "/pratiche"} {
		says(centre, page, "2 messaggi nuovi")
		says(atRozzano, page, "")
		says(atUST, page, "")
	}
	w.get(centre, "/pratiche") // a list is no reading of the words
	says(centre, "/pratiche", "2 messaggi nuovi")
	w.get(centre, path)
	for _, page := range []string{"/", "/pratiche"} {
		says(centre, page, "")
	}
}

// What was meant for a school that has declined since does not reach the one that was asked after it, and what was written is kept.
func TestAMessageIsNotSentToWhoTookTheAddresseesPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Shevchenko", "Olha")
	path := "/pratiche/" + id.String()
	centre, next := w.centreOf(id), domain.Actor{Account: uuid.New(), Role: domain.RoleSchool, Body: "ZZIC00002X"}
	w.listSite("ZZEE00002X", domain.Institution(next.Body), "Secondo istituto di prova")
	_, err := w.desk.DeclarePlaces(t.Context(), desk.NewTicket(), "ZZEE00002X", 2021, places.Declare{Act: domain.Act{By: next, At: now}, Level: w.state(id).Level, Free: 1})
	w.check(err)
	does := func(as domain.Actor, act string, v url.Values) {
		t.Helper()
		if code, body := w.submit(as, path+"/"+act, v); code != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", act, code, body[max(0, strings.Index(body, "<main")):])
		}
	}
	does(centre, "presa-in-carico", url.Values{})
	does(centre, "proposta", url.Values{"school": {string(testSite)}})
	_, opened := w.get(centre, path)
	box := regexp.MustCompile(`type="checkbox" value="(school[^"]*)"`).FindStringSubmatch(opened)
	if box == nil {
		t.Fatal("no school to write to")
	}
	does(atSchool, "diniego", url.Values{"reason": {"no-places-in-class"}})
	does(centre, "proposta", url.Values{"school": {"ZZEE00002X"}})
	for name, to := range map[string][]string{"alone": {box[1]}, "with the UST": {addressee(atUST), box[1]}} {
		code, body := w.submitTo(centre, path+"/messaggio", url.Values{"to": to, "text": {"Il padre è in ospedale."}})
		if code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-to-error"`) || !strings.Contains(body, "Istituto di prova. Il messaggio non") ||
			!strings.Contains(body, "Il padre è in ospedale.</textarea>") {
			t.Errorf("%s: %d %s", name, code, body[max(0, strings.Index(body, "<main")):])
		}
	}
	for _, a := range []domain.Actor{next, atUST} {
		if got := w.conversation(a, path); got != "" {
			t.Errorf("%s reads %q", a.Role, got)
		}
	}
}

// A page that shows a note of the case, and not the message that came with it, leaves the message new.
func TestAMessageIsNewUntilItWasShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Shevchenko", "Olha")
	path := "/pratiche/" + id.String()
	centre := w.centreOf(id)
	_, form := w.get(atRozzano, path+"/nota")
	late := url.Values{"text": {"Un appunto."}}
	for _, m := range hidden.FindAllStringSubmatch(form, -1) {
		late.Set(m[1], m[2])
	}
	w.submit(centre, path+"/nota", url.Values{"text": {"Sentita la famiglia."}})
	w.submit(centre, path+"/messaggio", url.Values{"to": {addressee(atRozzano)}, "text": {"Chiamate la zia."}})
	code, body := w.submitTo(atRozzano, path+"/nota", late)
	if code != http.StatusConflict || !strings.Contains(body, "Sentita la famiglia.") || strings.Contains(body, "Chiamate la zia.") {
		t.Fatalf("%d, or the page shows other words than those of the note", code)
	}
	if _, home := w.get(atRozzano, "/"); !strings.Contains(home, "1 messaggio nuovo") {
		t.Error("the message is not new any more, and nobody saw it")
	}
	w.get(atRozzano, path)
	w.follow()
	if _, home := w.get(atRozzano, "/"); strings.Contains(home, "1 messaggio nuovo") {
		t.Error("the message is new after it was read")
	}
}
