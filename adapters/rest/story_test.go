package rest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// What a story reads of an answer.
type (
	caseState struct {
		ID                              uuid.UUID
		Relation, Status, Level, Centre string
		Clock                           string
		Revision                        int
		Erased                          bool
		Offer                           struct{ ID uuid.UUID }
		Erasure                         struct{ Proposal_id string }
		Holder                          struct{ Kind, Body string }
		Merged_into                     uuid.UUID
		Pupil                           *struct{ Family_name, Tax_code, Address, Languages string }
	}
	item struct {
		ID                  uuid.UUID
		Family_name, Status string
		Overdue             bool
		Score               float64
		Reasons             []struct{ Code string }
		Type, Pseudonym     string
		Case_id             string
	}
	list struct {
		Items       []item
		Next_cursor string
		Total       int
	}
	boardAnswer struct {
		By_comune, By_centre []struct {
			Key, Status string
			Cases       int
		}
		Waiting_now, Waited struct{ Pupils, Median int }
		Overdue             []struct{ Cases int }
	}
)

// story is a case that is lived through over the API.
type story struct {
	*house
	id uuid.UUID
}

// does posts an act on the case, lets the policies follow, and gives how the case stands.
func (s story) does(who persona, act, body string) caseState {
	s.t.Helper()
	x := s.post(who, base+"/cases/"+s.id.String()+"/"+act, body).want(200)
	s.follow()
	return read[caseState](x)
}

func (s story) stands(who persona, status, holder string) caseState {
	s.t.Helper()
	c := read[caseState](s.get(who, base+"/cases/"+s.id.String()).want(200))
	if c.Status != status || c.Holder.Kind+" "+c.Holder.Body != holder {
		s.t.Fatalf("to %s the case is %s, held by %s %s, want %s by %s", who, c.Status, c.Holder.Kind, c.Holder.Body, status, holder)
	}
	return c
}

// counts checks the board of a reader: "attending 1, closed 2".
func (h *house) counts(who persona, want string) {
	h.t.Helper()
	var got []string
	for _, c := range read[boardAnswer](h.get(who, base+"/board").want(200)).By_comune {
		got = append(got, c.Status+" "+string(rune('0'+c.Cases)))
	}
	slices.Sort(got)
	if s := strings.Join(got, ", "); s != want {
		h.t.Errorf("the board of %s counts %q, want %q", who, s, want)
	}
}

const fewPlaces = `{"school_year":2021,"level":"primaria-3","free":2,"pupils":20,"foreign":4}`

func TestACaseIsLivedThroughOverTheAPI(t *testing.T) {
	t.Parallel()
	h := newHouse(t)

	// The comune asks; its case is routed to the CTI of its ambito.
	x := h.post(ownComune, base+"/cases", `{"family_name":"Prova","given_name":"Oksana","sex":"F","birth_date":"2013-05-02","languages":"uk"}`).want(201)
	s := story{h, read[caseState](x).ID}
	if want := base + "/cases/" + s.id.String(); x.header.Get("Location") != want || x.header.Get("ETag") != `"1"` {
		t.Errorf("created at %q with %q", x.header.Get("Location"), x.header.Get("ETag"))
	}
	h.counts(ownComune, "requested 1")
	if c := s.stands(ownComune, "requested", "centre CTI-25"); c.Pupil == nil || c.Pupil.Family_name != "Prova" || c.Clock != "take-charge" {
		t.Errorf("the comune reads %+v", c)
	}
	s.does(ownComune, "amendments", `{"tax_code":"99900000011"}`)
	s.does(ownComune, "domicile-changes", `{"comune":"015189","address":"via Inventata 3"}`)
	if c := s.stands(pastCentre, "requested", "centre CTI-25"); c.Pupil.Tax_code != "99900000011" || c.Pupil.Address != "via Inventata 3" || c.Pupil.Languages != "uk" {
		t.Errorf("the centre reads %+v", c.Pupil)
	}

	// Terms run out in the lists.
	h.pass(7 * 24 * time.Hour)
	for p := range bodies {
		h.tokens[p] = h.signIn(p)
	}
	if l := read[list](h.get(pastCentre, base+"/cases?overdue=true&sort=due").want(200)); len(l.Items) != 1 || !l.Items[0].Overdue || l.Items[0].Family_name != "Prova" {
		t.Errorf("overdue: %+v", l)
	}
	if b := read[boardAnswer](h.get(ust, base+"/board").want(200)); len(b.Overdue) != 1 || b.Overdue[0].Cases != 1 || b.Waiting_now.Pupils != 1 || b.Waiting_now.Median != 7 {
		t.Errorf("the board says %+v", b)
	}

	// The first centre takes charge, asks the comune, and hands over.
	s.does(pastCentre, "charge", "")
	s.does(pastCentre, "questions", `{"to":"comune","topic":"contacts","text":"Un telefono?"}`)
	s.stands(ownComune, "in-charge", "comune 015189")
	s.does(ownComune, "answers", `{"text":"Quello della signora che li ospita."}`)
	s.does(pastCentre, "hand-overs", `{"to":"CTI-24","reason":"agreed"}`)
	if c := s.stands(ownCentre, "requested", "centre CTI-24"); c.Relation != "own" {
		t.Errorf("the second centre is %s", c.Relation)
	}
	s.does(ownCentre, "charge", "")
	s.does(ownCentre, "grade-determinations", `{"level":"primaria-2","resolution":{"reason":"skills","reference":"n. 1 del 20/3/2022"}}`)
	s.does(ownCentre, "grade-determinations", `{"level":"primaria-3"}`)

	// A school declines, another accepts.
	h.post(pastSchool, base+"/schools/ZZEE00002X/places", fewPlaces).want(201)
	h.post(ownSchool, base+"/schools/ZZEE00001X/places", fewPlaces).want(201)
	offer := s.does(ownCentre, "offers", `{"school":"ZZEE00002X","level":"primaria-3"}`).Offer.ID.String()
	s.stands(pastSchool, "offered", "school ZZIC00002X")
	s.does(pastSchool, "offers/"+offer+"/decline", `{"reason":"building-capacity"}`)
	h.post(ownCentre, base+"/cases/"+s.id.String()+"/offers", `{"school":"ZZEE00002X","level":"primaria-3"}`).refused(409, "school-declined-before")
	offer = s.does(ownCentre, "offers", `{"school":"ZZEE00001X","level":"primaria-3"}`).Offer.ID.String()
	s.does(ownCentre, "offers/"+offer+"/withdrawal", `{"reason":"sent-in-error"}`)
	offer = s.does(ownCentre, "offers", `{"school":"ZZEE00001X","level":"primaria-3"}`).Offer.ID.String()
	h.counts(ownSchool, "offered 1")
	s.does(ownSchool, "offers/"+offer+"/acceptance", `{"section":"B"}`)
	s.does(ownSchool, "first-day", "")
	s.stands(ownSchool, "attending", "school ZZIC00001X")
	h.counts(ust, "attending 1")
	type grades struct {
		Items []struct {
			Level                         string
			Capacity, Held, Taken, Free   int
			Ceiling_percent, Ceiling_room int
		}
	}
	h.settle()
	p := read[grades](h.get(ownCentre, base+"/schools/ZZEE00001X/places?school_year=2021").want(200))
	if g := p.Items[0]; len(p.Items) != 1 || g.Capacity != 2 || g.Taken != 1 || g.Held != 0 || g.Free != 1 || g.Ceiling_percent != 30 || g.Ceiling_room != 2 {
		t.Errorf("places %+v", p)
	}

	// Another school enrolled the same child on its own: found by name, however it was written, merged, parted, merged again.
	twin := read[caseState](h.post(otherSchool, base+"/enrolments",
		`{"school":"ZZEE00003X","family_name":"Prova","given_name":"Oxana","sex":"F","birth_date":"2013-05-02","comune":"015189"}`).want(201)).ID
	h.follow()
	h.counts(ust, "accepted 1, attending 1")
	found := read[list](h.post(ust, base+"/case-searches", `{"family_name":"Prova","given_name":"Oksana","birth_date":"2013-05-02","likely_only":true}`).want(200))
	if len(found.Items) != 2 || found.Items[0].Score < found.Items[1].Score || len(found.Items[0].Reasons) == 0 {
		t.Fatalf("found %+v", found)
	}
	late := story{h, read[caseState](h.post(ust, base+"/cases", `{"comune":"015189","family_name":"Prova","given_name":"Oksana","sex":"F","birth_date":"2013-05-02"}`).want(201)).ID}
	if c := late.does(ust, "merge", `{"into":"`+s.id.String()+`","text":"Stesso minore."}`); c.Status != "merged" || c.Merged_into != s.id {
		t.Errorf("merged: %+v", c)
	}
	h.counts(ust, "accepted 1, attending 1, merged 1")
	late.does(ust, "un-merge", `{"text":"Verifica."}`)
	late.stands(ust, "requested", "centre CTI-25")
	h.post(ust, base+"/cases/"+late.id.String()+"/merge", `{"into":"`+uuid.NewString()+`","text":"Stesso minore."}`).refused(422, "case-not-found")
	late.does(ust, "merge", `{"into":"`+s.id.String()+`","text":"Stesso minore."}`)
	story{h, twin}.does(ust, "closure", `{"reason":"duplicate"}`)
	h.counts(ust, "attending 1, closed 1, merged 1")

	// The pupil leaves, the case is closed, reopened, withdrawn.
	s.does(ownSchool, "notes", `{"text":"Partenza annunciata."}`)
	s.does(ownSchool, "attendance-end", `{"reason":"returned-home"}`)
	s.stands(ownComune, "closed", " ")
	s.does(ownCentre, "reopening", `{"text":"Sono tornati."}`)
	s.does(ownComune, "withdrawal", `{"reason":"moved-abroad"}`)
	if b := read[boardAnswer](h.get(prefettura, base+"/board").want(200)); b.Waiting_now.Pupils != 0 {
		t.Errorf("still waiting: %+v", b.Waiting_now)
	}

	// The Prefettura reads who did what, and nobody's name.
	trail := h.get(prefettura, base+"/cases/"+s.id.String()+"/events").want(200)
	day := h.get(prefettura, base+"/audit-days/2022-03-21?limit=200").want(200)
	for _, x := range []exchange{trail, day} {
		for _, personal := range []string{"Prova", "Oksana", "Inventata", "annunciata"} {
			if strings.Contains(string(x.body), personal) {
				t.Errorf("the Prefettura reads %s", personal)
			}
		}
	}
	if l := read[list](day); l.Total != len(l.Items) || l.Total < 30 || !slices.ContainsFunc(l.Items, func(i item) bool {
		return i.Case_id == s.id.String() && strings.HasPrefix(i.Pseudonym, "P-")
	}) {
		t.Errorf("the day has %d of %d", len(l.Items), l.Total)
	}

	// The pupil is forgotten; the facts stay countable.
	if c := s.does(ust, "erasure-proposal", `{"ground":"request"}`); c.Erased || c.Erasure.Proposal_id == "" {
		t.Errorf("%+v", c)
	} else if c := s.does(ust2, "erasure-approval", `{"proposal_id":"`+c.Erasure.Proposal_id+`"}`); !c.Erased {
		t.Errorf("%+v", c)
	}
	if c := s.stands(ust, "closed", " "); c.Pupil != nil || !c.Erased {
		t.Errorf("after the erasure: %+v", c)
	}
	if x := h.get(ust, base+"/cases/"+s.id.String()+"/events").want(200); strings.Contains(string(x.body), "signora") {
		t.Error("words of an erased pupil are read")
	}
	if l := read[list](h.get(ownComune, base+"/cases?status=closed").want(200)); len(l.Items) != 2 ||
		!slices.ContainsFunc(l.Items, func(i item) bool { return i.ID == s.id && i.Family_name == "" }) {
		t.Errorf("the list says %+v", l)
	}
	h.counts(ust, "closed 2, merged 1")
}

func TestACaseThatLeavesItsComuneTellsNothingMore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := story{h, h.begin(requested).id}
	x := h.post(ownComune, base+"/cases/"+s.id.String()+"/domicile-changes", `{"comune":"015118","address":"via Altrove 1"}`, "Idempotency-Key", "moved-1").want(200)
	if want := `{"id":"` + s.id.String() + `","relation":"none","erased":false}`; string(x.body) != want || x.header.Get("ETag") != "" {
		t.Errorf("answered %s", x.body)
	}
	h.get(ownComune, base+"/cases/"+s.id.String()).refused(404, "case-not-found")
	if c := s.stands(otherComune, "requested", "centre CTI-26"); c.Pupil == nil {
		t.Error("the new comune does not see the pupil")
	}
	again := h.post(ownComune, base+"/cases/"+s.id.String()+"/domicile-changes", `{"comune":"015118","address":"via Altrove 1"}`, "Idempotency-Key", "moved-1").want(200)
	if string(again.body) != string(x.body) {
		t.Errorf("a retry is answered %s", again.body)
	}
}

func TestListsArePagedFilteredAndSorted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var all []string
	for range 7 {
		h.pass(time.Minute)
		all = append(all, h.begin(requested).id.String())
	}
	h.settle()
	for _, sort := range []string{"change", "due"} {
		var got []string
		path := base + "/cases?limit=3&sort=" + sort
		for cursor := ""; ; {
			l := read[list](h.get(ownComune, path+cursor).want(200))
			for _, i := range l.Items {
				got = append(got, i.ID.String())
			}
			if l.Next_cursor == "" {
				break
			}
			cursor = "&cursor=" + l.Next_cursor
		}
		slices.Sort(got)
		if want := slices.Sorted(slices.Values(all)); !slices.Equal(got, want) {
			t.Errorf("by %s the pages hold %d, want %d", sort, len(got), len(want))
		}
	}
	for filter, want := range map[string]int{"status=requested": 7, "status=closed": 0, "status=closed&status=requested": 7, "order=primaria": 7, "order=infanzia": 0,
		"comune=015189": 7, "comune=015118": 0, "centre=CTI-24": 7, "centre=CTI-25": 0, "school=ZZEE00001X": 0, "channel=comune": 7, "channel=ust": 0, "overdue=true": 0} {
		if l := read[list](h.get(ust, base+"/cases?"+filter).want(200)); len(l.Items) != want {
			t.Errorf("%s: %d, want %d", filter, len(l.Items), want)
		}
	}
	for filter, want := range map[string]string{"status=lost": "status choice-unknown", "sort=name": "sort choice-unknown", "limit=0": "limit number-out-of-range",
		"limit=201": "limit number-out-of-range", "overdue=maybe": "overdue value-malformed", "family_name=Prova": "family_name parameter-unknown",
		"cursor=nowhere": "cursor cursor-malformed"} {
		if p := read[problem](h.get(ownComune, base+"/cases?"+filter).want(422)); !slices.Equal(p.fields(), []string{want}) {
			t.Errorf("%s: %v, want %s", filter, p.fields(), want)
		}
	}
	events := base + "/cases/" + all[0] + "/events?limit=4"
	first := read[list](h.get(ust, events).want(200))
	second := read[list](h.get(ust, events+"&cursor="+first.Next_cursor).want(200))
	if len(first.Items) != 4 || len(second.Items) != 2 || second.Next_cursor != "" {
		t.Errorf("%d and %d events", len(first.Items), len(second.Items))
	}
	sites := read[struct {
		Items       []struct{ Code string }
		Next_cursor string
	}](h.get(ownComune, base+"/schools?q=zzee&limit=2").want(200))
	if len(sites.Items) != 2 || sites.Next_cursor != "ZZEE00002X" {
		t.Errorf("schools %+v", sites)
	}
	people := read[list](h.get(admin, base+"/accounts?limit=5").want(200))
	rest := read[list](h.get(admin, base+"/accounts?limit=200&cursor="+people.Next_cursor).want(200))
	if len(people.Items) != 5 || len(rest.Items) != len(bodies)-5 {
		t.Errorf("%d and %d accounts", len(people.Items), len(rest.Items))
	}
	day := read[list](h.get(ust, base+"/audit-days/2022-03-14?limit=10").want(200))
	next := read[list](h.get(ust, base+"/audit-days/2022-03-14?limit=200&cursor="+day.Next_cursor).want(200))
	if len(day.Items) != 10 || len(next.Items) != day.Total-10 {
		t.Errorf("%d and %d of %d acts", len(day.Items), len(next.Items), day.Total)
	}
}
