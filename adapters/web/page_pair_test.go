package web

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
)

// couple is a girl that two comuni asked for.
func (w *world) couple() (mine, theirs uuid.UUID) {
	w.t.Helper()
	return w.ask(atRozzano, "Shevchenko", "Oleksandra", "2013-05-06"), w.ask(atOpera, "Scevcenco", "Alessandra", "2013-06-05")
}

// sends posts a form that stands on another page.
func (w *world) sends(as domain.Actor, path string, answers url.Values) (int, string) {
	w.t.Helper()
	answers.Set("_key", uuid.NewString())
	return w.submitTo(as, path, answers)
}

func (w *world) lists(path string, n int) {
	w.t.Helper()
	if _, body := w.get(atUST, path); strings.Count(body, ">Confronta</a>") != n {
		w.t.Errorf("%s does not list %d pairs: %s", path, n, inMain(body))
	}
}

func TestTwoCasesStandSideBySideWithTheReasonsInWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	mine, theirs := w.couple()
	w.lists(pairsPath, 1)
	code, body := w.get(atUST, pairPath(mine, theirs))
	for _, want := range []string{"Shevchenko", "Scevcenco", "Stesso cognome", "Stesso nome in un’altra lingua", "Giorno e mese di nascita scambiati",
		"Rozzano", "Opera", "Non è lo stesso minore", "/unione?con=" + mine.String()} {
		if !strings.Contains(body, want) {
			t.Errorf("%d: the comparison lacks %q: %s", code, want, inMain(body))
		}
	}
	for _, who := range []domain.Actor{atRozzano, atOpera, atSchool, w.centreOf(mine), atPrefettura, atAdmin} {
		code, body := w.get(who, pairPath(mine, theirs))
		posted, _ := w.sends(who, pairPath(mine, theirs)+"/distinti", url.Values{"reason": {"siblings"}})
		undone, _ := w.sends(who, pairPath(mine, theirs)+"/dubbio", url.Values{})
		listed, _ := w.get(who, toldPath)
		if code != http.StatusForbidden || posted != http.StatusForbidden || undone != http.StatusForbidden || listed != http.StatusForbidden ||
			strings.Contains(body, "Shevchenko") || strings.Contains(body, "Scevcenco") {
			t.Errorf("%s: %d, %d, %d, %d", who.Role, code, posted, undone, listed)
		}
	}
	for _, path := range []string{pairPath(mine, uuid.New()), pairsPath + "/x/" + mine.String()} {
		if code, _ := w.get(atUST, path); code != http.StatusNotFound {
			t.Errorf("%s: %d", path, code)
		}
	}
	if code, _ := w.sends(atUST, pairPath(mine, mine)+"/distinti", url.Values{"reason": {"siblings"}}); code == http.StatusSeeOther {
		t.Error("a case is told apart from itself")
	}
}

func TestNotTheSameChildIsRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	mine, theirs := w.couple()
	path := pairPath(mine, theirs)
	if code, body := w.sends(atUST, path+"/distinti", url.Values{}); code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-reason`) {
		t.Errorf("without a reason: %d %s", code, inMain(body))
	}
	before := w.revision(mine)
	if code, body := w.sends(atUST, pairPath(theirs, mine)+"/distinti", url.Values{"reason": {"siblings"}}); code != http.StatusSeeOther {
		t.Fatalf("%d %s", code, inMain(body))
	}
	w.lists(pairsPath, 0)
	w.lists(toldPath, 1)
	if _, home := w.get(atUST, "/"); strings.Contains(home, "sembra dello stesso minore") {
		t.Error("the home page still tells of it")
	}
	if _, body := w.get(atUST, "/pratiche/"+mine.String()); strings.Contains(body, "Forse è già registrato") {
		t.Error("the page of the case still warns")
	}
	if w.revision(mine) != before {
		t.Error("the case was changed")
	}
	_, err := w.desk.Do(t.Context(), desk.NewTicket(), theirs, casefile.AmendRequest{Act: w.desk.Act(atUST),
		Pupil: casefile.Pupil{Identity: domain.Open(theirs, domain.ClassPersonal, casefile.Identity{FamilyName: domain.NewPersonal("Shevchenko"),
			GivenName: domain.NewPersonal("Oleksandra"), BirthDate: domain.NewPersonal("2013-05-06")})}})
	w.check(err)
	w.follow()
	w.lists(pairsPath, 0) // also when they become as alike as can be
	_, body := w.get(atUST, path)
	if !strings.Contains(body, "Fratelli, sorelle o gemelli") || strings.Contains(body, `name="reason"`) {
		t.Errorf("the comparison does not know: %s", inMain(body))
	}
	if code, _ := w.sends(atUST, path+"/dubbio", url.Values{}); code != http.StatusSeeOther {
		t.Errorf("taken back: %d", code)
	}
	w.lists(pairsPath, 1)
	w.lists(toldPath, 0)

	// Merged, and parted again by somebody who knows better.
	for _, act := range []struct {
		path    string
		answers url.Values
	}{{"unione", url.Values{"into": {mine.String()}, "text": {"Stessi genitori"}}}, {"separazione", url.Values{"text": {"Sono cugine"}}}} {
		if code, body := w.submit(atUST, "/pratiche/"+theirs.String()+"/"+act.path, act.answers); code != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", act.path, code, inMain(body))
		}
		w.lists(pairsPath, 0)
	}
	w.lists(toldPath, 1)
}

// watched counts what is opened.
type watched struct {
	domain.Sealer
	opened atomic.Int64
}

func (k *watched) Open(ctx context.Context, subject uuid.UUID, class domain.Class, place string, sealed []byte) ([]byte, error) {
	k.opened.Add(1)
	return k.Sealer.Open(ctx, subject, class, place, sealed)
}

var random = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8,}|nonce-[^']*`)

// A comune enters a child whom another comune has, and one whom nobody has: it can tell them apart neither by what is answered, nor by
// what the answer took.
func TestAComuneLearnsNothingOfAnothersChild(t *testing.T) {
	t.Parallel()
	type heard struct {
		status         int
		to, head, page string
		opened         int64
	}
	enters := func(elsewhere bool) (h heard) {
		w := newTown(t).world
		keys := &watched{Sealer: w.site.Keys}
		w.site.Keys = keys
		w.ask(atOpera, "Bondar", "Iryna", "2014-01-02")
		theirs := [3]string{"Tkachuk", "Nadiia", "2009-11-30"}
		if elsewhere {
			theirs = [3]string{"Shevchenko", "Oleksandra", "2013-05-06"}
		}
		w.ask(atRozzano, theirs[0], theirs[1], theirs[2])
		keys.opened.Store(0)
		form := sofiia("family_name", "Shevchenko", "given_name", "Oleksandra", "birth_date", "2013-05-06")
		answer := do(w.site.handler(), http.MethodPost, "/pratiche/nuova", form.Encode(), w.as(atOpera))
		h.opened = keys.opened.Load()
		w.follow()
		h.status, h.to = answer.Code, random.ReplaceAllString(answer.Header().Get("Location"), "*")
		for _, name := range []string{"Cache-Control", "Content-Type", "Vary", "Content-Length"} {
			h.head += answer.Header().Get(name) + "|"
		}
		for _, path := range []string{answer.Header().Get("Location"), "/", "/pratiche"} {
			page := httptest.NewRecorder()
			if path != "" {
				page = do(w.site.handler(), http.MethodGet, path, "", w.as(atOpera))
			}
			h.page += random.ReplaceAllString(inMain(page.Body.String()), "*")
		}
		if _, search := w.sends(atOpera, "/cerca", url.Values{"family_name": {"Tkachuk"}}); strings.Contains(search, "Nadiia") {
			t.Error("a search leads to another comune's case")
		}
		if _, pairs := w.get(atUST, pairsPath); strings.Contains(pairs, ">Confronta</a>") != elsewhere {
			t.Errorf("the UST is told: %v", !elsewhere)
		}
		return h
	}
	known, unknown := enters(true), enters(false)
	if known.status != http.StatusSeeOther || known.status != unknown.status || known.to != unknown.to || known.head != unknown.head {
		t.Errorf("%d to %s, %d to %s", known.status, known.to, unknown.status, unknown.to)
	}
	if known.page != unknown.page {
		t.Errorf("the pages that follow differ:\n%s\n%s", known.page, unknown.page)
	}
	if known.opened != unknown.opened {
		t.Errorf("%d identities opened, else %d: it takes another time", known.opened, unknown.opened)
	}
}
