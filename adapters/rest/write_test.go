package rest_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"approdo/domain/casefile"
	"approdo/domain/event"
)

const newCase = `{"family_name":"Prova","given_name":"Oksana","sex":"F","birth_date":"2013-05-02"}`

// begun counts the cases that were ever begun.
func (h *house) begun() int {
	h.t.Helper()
	ids := map[uuid.UUID]bool{}
	for page, err := range h.store.ReadAll(h.t.Context(), 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}}) {
		h.check(err)
		for _, r := range page.Records {
			ids[casefile.IDOf(r.Stream)] = true
		}
	}
	return len(ids)
}

func TestTheSameKeyIsTheSameRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.post(ownComune, base+"/cases", newCase, "Idempotency-Key", "a-1").want(201)
	again := h.post(ownComune, base+"/cases", newCase, "Idempotency-Key", "a-1").want(201)
	if first.header.Get("Location") == "" || again.header.Get("Location") != first.header.Get("Location") || string(again.body) != string(first.body) ||
		again.header.Get("ETag") != first.header.Get("ETag") {
		t.Errorf("a retry is answered %v %s, the first was %v %s", again.header, again.body, first.header, first.body)
	}
	h.post(ownComune, base+"/cases", strings.Replace(newCase, "Oksana", "Iryna", 1), "Idempotency-Key", "a-1").refused(422, "idempotency-key-reused")
	if n := h.begun(); n != 1 {
		t.Errorf("%d cases", n)
	}
	// A key is its sender's, and of one act.
	h.post(otherComune, base+"/cases", newCase, "Idempotency-Key", "a-1").want(201)
	h.post(ownComune, base+"/cases", newCase, "Idempotency-Key", "a-2").want(201)
	h.post(ownComune, base+"/cases", newCase).want(201)
	if n := h.begun(); n != 4 {
		t.Errorf("%d cases", n)
	}
	for _, key := range []string{"with space", strings.Repeat("k", 129), "à"} {
		h.post(ownComune, base+"/cases", newCase, "Idempotency-Key", key).refused(400, "idempotency-key-malformed")
	}
}

func TestTheSameKeyManyTimesAtOnceActsOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	f := h.begin(inCharge)
	h.declare(ownSchool, ownSite)
	before := h.begun()
	var mu sync.Mutex
	locations, offers := map[string]int{}, map[string]int{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			x := h.post(ownComune, base+"/cases", newCase, "Idempotency-Key", "b-1")
			o := h.post(ownCentre, base+"/cases/"+f.id.String()+"/offers", `{"school":"ZZEE00001X","level":"primaria-3"}`, "Idempotency-Key", "b-2")
			n := h.post(ownCentre, base+"/cases/"+f.id.String()+"/notes", `{"text":"Una volta."}`, "Idempotency-Key", "b-3")
			mu.Lock()
			defer mu.Unlock()
			if x.status != 201 || o.status != 200 || n.status != 200 {
				t.Errorf("%d %s\n%d %s\n%d %s", x.status, x.body, o.status, o.body, n.status, n.body)
				return
			}
			locations[x.header.Get("Location")]++
			offers[read[caseState](o).Offer.ID.String()]++
		})
	}
	all.Wait()
	if n := h.begun(); len(locations) != 1 || n != before+1 {
		t.Errorf("%d cases at %v", n-before, locations)
	}
	if len(offers) != 1 || h.state(f.id).Offers != 2 { // the first was the one that was declined
		t.Errorf("offers %v", offers)
	}
	notes := 0
	for r, err := range h.store.ReadStream(t.Context(), casefile.Stream(f.id), event.ReadStream{}) {
		h.check(err)
		if r.Type == "case.note-added" {
			notes++
		}
	}
	if notes != 1 {
		t.Errorf("%d notes", notes)
	}
}

// Who declines has nothing to do with the case any more: a retry must still be told that it was done.
func TestARetryIsAnsweredAlsoByWhoHasLostTheCase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	f := h.begin(offered)
	path := base + "/cases/" + f.id.String() + "/offers/" + f.offer.String() + "/decline"
	h.post(ownSchool, path, `{"reason":"building-capacity"}`, "Idempotency-Key", "c-1").want(200)
	if c := read[caseState](h.post(ownSchool, path, `{"reason":"building-capacity"}`, "Idempotency-Key", "c-1").want(200)); c.Relation != "past" || c.Holder.Body != "" {
		t.Errorf("told %+v", c)
	}
	h.post(ownSchool, path, `{"reason":"building-capacity"}`).refused(403, "not-allowed")
}

// What was refused may be tried again with the same key: nothing was done.
func TestARefusalDoesNotUseAKeyUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	f := h.begin(requested)
	path := base + "/cases/" + f.id.String() + "/offers"
	h.declare(ownSchool, ownSite)
	h.post(ownCentre, path, `{"school":"ZZEE00001X","level":"primaria-3"}`, "Idempotency-Key", "d-1").refused(409, "charge-not-taken")
	h.post(ownCentre, base+"/cases/"+f.id.String()+"/charge", "").want(200)
	h.post(ownCentre, path, `{"school":"ZZEE00001X","level":"primaria-3"}`, "Idempotency-Key", "d-1").want(200)
}

func TestAnInvitationIsToldOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	type invited struct {
		ID               uuid.UUID
		Status           string
		Invitation_token string
	}
	body := `{"role":"comune","body":"015189","login":"nuova@example.org","full_name":"Persona di prova"}`
	first := read[invited](h.post(ust, base+"/accounts", body, "Idempotency-Key", "e-1").want(201))
	again := read[invited](h.post(ust, base+"/accounts", body, "Idempotency-Key", "e-1").want(201))
	if first.Invitation_token == "" || again.Invitation_token != "" || again.ID != first.ID || first.Status != "invited" {
		t.Errorf("first %+v, then %+v", first, again)
	}
	renewed := read[invited](h.post(ust, base+"/accounts/"+first.ID.String()+"/invitation-renewal", "").want(200))
	if renewed.Invitation_token == "" || renewed.Invitation_token == first.Invitation_token {
		t.Errorf("renewed %+v", renewed)
	}
	h.post(ust, base+"/accounts", body).refused(409, "login-taken")
	p := read[problem](h.post(ust, base+"/accounts", `{"role":"comune","body":"x","login":"a","full_name":""}`).want(422))
	if got := strings.Join(p.fields(), ", "); got != "login login-malformed, full_name name-malformed, body body-malformed" {
		t.Errorf("at fault: %s", got)
	}
	h.post(admin, base+"/accounts/"+h.actors[otherSchool].Account.String()+"/suspension", `{"reason":"left-the-office"}`).want(200)
	h.get(otherSchool, base+"/cases").refused(401, "not-signed-in")
	h.post(admin, base+"/accounts/"+h.actors[admin].Account.String()+"/suspension", `{"reason":"misuse"}`).refused(403, "account-is-your-own")
}

func TestARevisionThatWasNotSeenIsAStaleOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	f := h.begin(inCharge)
	path := base + "/cases/" + f.id.String()
	seen := h.get(ownCentre, path).want(200).header.Get("ETag")
	h.post(ownComune, path+"/notes", `{"text":"Nel frattempo."}`).want(200)
	for _, act := range []struct{ path, body string }{{"/notes", `{"text":"Su che cosa?"}`}, {"/amendments", `{"languages":"uk"}`},
		{"/hand-overs", `{"to":"CTI-26","reason":"agreed"}`}, {"/domicile-changes", `{"comune":"015189","address":"via Inventata 4"}`}} {
		h.post(ownCentre, path+act.path, act.body, "If-Match", seen).refused(412, "revision-stale")
	}
	h.post(ownCentre, path+"/notes", `{"text":"Letto tutto."}`, "If-Match", "*").want(200)
	now := h.get(ownCentre, path).want(200).header.Get("ETag")
	after := h.post(ownCentre, path+"/amendments", `{"languages":"uk"}`, "If-Match", now).want(200).header.Get("ETag")
	if after == now || after != h.get(ownCentre, path).header.Get("ETag") {
		t.Errorf("from %s to %s", now, after)
	}
	for _, malformed := range []string{"12", `W/"12"`, `"x"`, `"1", "2"`, `"-1"`} {
		h.post(ownCentre, path+"/notes", `{"text":"?"}`, "If-Match", malformed).refused(400, "if-match-malformed")
	}
	h.post(otherCentre, path+"/notes", `{"text":"?"}`, "If-Match", seen).refused(404, "case-not-found")
}

func TestWhatIsUnchangedIsNotSentAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	f := h.begin(inCharge)
	path := base + "/cases/" + f.id.String()
	tag := h.get(ownCentre, path).want(200).header.Get("ETag")
	for _, known := range []string{tag, "W/" + tag, `"0", ` + tag, "*"} {
		for _, p := range []string{path, path + "/events"} {
			if x := h.ask(ownCentre, "GET", p, "", "If-None-Match", known); x.status != 304 || len(x.body) != 0 || x.header.Get("ETag") != tag {
				t.Errorf("%s with %s: %d %s", p, known, x.status, x.body)
			}
		}
	}
	h.ask(ownCentre, "GET", path, "", "If-None-Match", `"0"`).want(200)
	h.ask(otherCentre, "GET", path, "", "If-None-Match", tag).refused(404, "case-not-found")
	h.post(ownCentre, path+"/notes", `{"text":"Una nota."}`, "If-None-Match", "*").want(200)
}

func TestTwoAmendmentsAtOnceBothStand(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	f := h.begin(inCharge)
	path := base + "/cases/" + f.id.String()
	bodies := []string{`{"birth_place":"Kyiv"}`, `{"document":"XX000002"}`, `{"citizenship":"PL"}`}
	for round := range 5 {
		var all sync.WaitGroup
		for _, b := range bodies {
			all.Go(func() {
				h.post(ownCentre, path+"/amendments", fmt.Sprintf("%s,%q:%q}", b[:len(b)-1], "last_school", fmt.Sprint("Scuola ", round))).want(200)
			})
		}
		all.Wait()
	}
	type papers struct{ Birth_place, Document, Citizenship string }
	pupil := func() papers {
		return read[struct{ Pupil papers }](h.get(ownCentre, path).want(200)).Pupil
	}
	if p := pupil(); p.Birth_place != "Kyiv" || p.Document != "XX000002" || p.Citizenship != "PL" {
		t.Errorf("what stands is %+v", p)
	}
	// Somebody else amends between the reading of what stands and the writing of what is to stand.
	meanwhile := func() { h.post(ownComune, path+"/amendments", `{"document":"XX000003"}`).want(200) }
	h.store.afterRead.Store(&meanwhile)
	h.post(ownCentre, path+"/amendments", `{"birth_place":"Odesa"}`).want(200)
	if p := pupil(); p.Birth_place != "Odesa" || p.Document != "XX000003" {
		t.Errorf("what stands is %+v", p)
	}
	for body, want := range map[string]string{`{"comune":"015118"}`: "comune field-unknown", `{"address":"via Altrove 1"}`: "address field-unknown",
		`{"tax_code":"99900000012"}`: "tax_code tax-code-malformed", `{"birth_date":"2013-02-30"}`: "birth_date date-malformed",
		`{"family_name":""}`: "family_name field-required", `{"nationality":"UA"}`: "nationality field-unknown"} {
		if got := read[problem](h.post(ownCentre, path+"/amendments", body).want(422)).fields(); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v, want %s", body, got, want)
		}
	}
	h.post(ownCentre, path+"/amendments", `{}`).refused(422, "nothing-to-change")
	// An empty text takes a field away; a birth date that was wrong changes the grade by age.
	h.post(ownCentre, path+"/amendments", `{"document":"","birth_date":"2012-05-02"}`).want(200)
	c := read[struct {
		Level string
		Pupil struct{ Document, Birth_date string }
	}](h.get(ownCentre, path).want(200))
	if c.Pupil.Document != "" || c.Pupil.Birth_date != "2012-05-02" || c.Level != "primaria-4" {
		t.Errorf("what stands is %+v", c)
	}
}

func TestWhoeverWroteReadsItAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for n := range 20 {
		h.post(ownComune, base+"/cases", newCase).want(201)
		if l := read[list](h.get(ownComune, base+"/cases").want(200)); len(l.Items) != n+1 {
			t.Fatalf("%d cases are listed after %d", len(l.Items), n+1)
		}
	}
}
