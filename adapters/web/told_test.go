package web

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/notice"
)

// toldTo are the rows of the notices on a page: body and how far they came.
func (w *world) toldTo(as domain.Actor, path string) string {
	w.t.Helper()
	_, body := w.get(as, path)
	_, part, _ := strings.Cut(body, `id="told"`)
	part, _, _ = strings.Cut(part, "</section>")
	var all []string
	for _, row := range regexp.MustCompile(`(?s)<tr[ >].*?</tr>`).FindAllString(part, -1)[min(1, strings.Count(part, "<tr")):] {
		text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(row, " ")
		if strings.Contains(text, "@") || strings.Contains(row, "019a3c1e-8f5d-7a10-9b1c-0000000000") {
			w.t.Errorf("%s reads who was written to: %s", as.Role, text)
		}
		all = append(all, strings.Join(strings.Fields(text), " "))
	}
	return strings.Join(all, "\n")
}

func TestACaseShowsWhatWasToldOfItToWhomItConcerns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Shevchenko", "Olha")
	path := "/pratiche/" + id.String()
	centre := w.centreOf(id)
	w.submit(centre, path+"/presa-in-carico", url.Values{})
	w.submit(centre, path+"/proposta", url.Values{"school": {string(testSite)}})
	do := func(mail uuid.UUID, c notice.Command, at time.Time) {
		t.Helper()
		_, err := event.Execute(t.Context(), w.store, w.codec, notice.Decider, notice.Stream(mail), c, event.Origin{ID: uuid.New(), By: domain.System, At: at})
		w.check(err)
	}
	offered, routed, answered := uuid.New(), uuid.New(), uuid.New()
	send := func(to domain.Actor, e uuid.UUID, what string, kind notice.Kind, of uuid.UUID, at time.Time) uuid.UUID {
		mail := uuid.New()
		do(mail, notice.Send{Sent: notice.Sent{Account: to.Account, Role: to.Role, Body: to.Body, Channel: notice.ByPEC, Message: mail.String(), At: at,
			Items: []notice.Item{{Event: e, What: what, Case: of, Kind: kind}}}}, at)
		return mail
	}
	send(centre, routed, "case.routed", notice.Task, id, now.AddDate(0, 0, -1))
	first := send(atSchool, offered, "case.place-offered", notice.Task, id, now)
	send(atSchool, offered, "case.place-offered", notice.Task, id, now)
	send(atRozzano, answered, "case.offer-accepted", notice.Outcome, id, now)
	send(atSchool, uuid.New(), "case.question-asked", notice.Task, uuid.New(), now) // of another case
	do(first, notice.Receive{Receipted: notice.Receipted{Receipt: notice.Undelivered, At: now}}, now)
	w.follow()

	_, page := w.get(atUST, path)
	if !strings.Contains(page, "3 avvisi spediti") {
		t.Error("the UST does not see three notices")
	}
	toCentre, toComune := w.toldTo(centre, path), w.toldTo(atRozzano, path)
	if got := w.toldTo(atUST, path); got != toCentre || strings.Count(got, "\n") != 2 {
		t.Errorf("the UST reads\n%s\nthe centre\n%s", got, toCentre)
	}
	if !strings.HasPrefix(toComune, "Comune di Rozzano") || strings.Contains(toComune, "\n") {
		t.Errorf("the comune reads\n%s", toComune)
	}
	school := w.toldTo(atSchool, path)
	if strings.Contains(school, "\n") || strings.Contains(school, "Rozzano") || !strings.Contains(school, "a 2 persone") || !strings.Contains(school, "Non consegnato") {
		t.Errorf("the school reads\n%s", school)
	}

	// What left later than the page is asked for is not on it.
	send(centre, uuid.New(), "case.clock-expired", notice.Overdue, id, now.Add(time.Hour))
	w.follow()
	if got := w.toldTo(atUST, path); got != toCentre {
		t.Errorf("an hour before\n%s", got)
	}
}

// That the UST and the comune talk is not told to the centre by the list of what was sent, as its story of the case does not tell it.
func TestNoticesDoNotTellOfAMessageBetweenOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Shevchenko", "Olha")
	path := "/pratiche/" + id.String()
	centre := w.centreOf(id)
	said := func(from, to domain.Actor) {
		t.Helper()
		if code, _ := w.submit(from, path+"/messaggio", url.Values{"to": {addressee(to)}, "text": {"Di sera."}}); code != http.StatusSeeOther {
			t.Fatal(code)
		}
		f, err := w.desk.Case(t.Context(), from, id)
		w.check(err)
		mail := uuid.New()
		_, err = event.Execute(t.Context(), w.store, w.codec, notice.Decider, notice.Stream(mail), notice.Command(notice.Send{Sent: notice.Sent{Role: to.Role,
			Body: to.Body, Channel: notice.ByPEC, Message: mail.String(), At: now, Items: []notice.Item{{Event: f.Trail[len(f.Trail)-1].ID, What: "case.message-sent",
				Case: id, Kind: notice.Message}}}}), event.Origin{ID: uuid.New(), By: domain.System, At: now})
		w.check(err)
	}
	said(atUST, atRozzano)
	w.follow()
	for as, want := range map[domain.Actor]int{atUST: 1, atRozzano: 1, centre: 0} {
		if got := w.toldTo(as, path); strings.Count(got, "Rozzano") != want {
			t.Errorf("%s reads %q", as.Role, got)
		}
	}
	said(centre, atRozzano)
	w.follow()
	if got := w.toldTo(centre, path); strings.Count(got, "Rozzano") != 1 {
		t.Errorf("of its own message the centre reads %q", got)
	}
}
