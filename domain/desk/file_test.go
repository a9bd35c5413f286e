package desk

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/event"
)

// A case that was routed to one centre, declined by one school and accepted by another, handed over in between.
func TestTheTimelineIsOnesOwnPartOfTheStory(t *testing.T) {
	t.Parallel()
	var (
		comune = domain.Actor{Role: domain.RoleComune, Body: "015189"}
		first  = domain.Actor{Role: domain.RoleCentre, Body: "CTI-25"}
		second = domain.Actor{Role: domain.RoleCentre, Body: "CTI-26"}
		said   = domain.Actor{Role: domain.RoleSchool, Body: "ZZIC00001X"} // said no
		late   = domain.Actor{Role: domain.RoleSchool, Body: "ZZIC00003X"} // never answered
		took   = domain.Actor{Role: domain.RoleSchool, Body: "ZZIC00002X"}
		ust    = domain.Actor{Role: domain.RoleUST}
	)
	one, two, three := uuid.New(), uuid.New(), uuid.New()
	offer := func(id uuid.UUID, to domain.Actor) casefile.PlaceOffered {
		return casefile.PlaceOffered{Offer: id, Institution: domain.Institution(to.Body)}
	}
	var trail []Entry
	for _, x := range []struct {
		by domain.Actor
		e  casefile.Event
	}{
		{comune, casefile.RequestRecorded{}},
		{comune, casefile.Routed{Centre: "CTI-25"}},
		{first, casefile.ChargeTaken{Centre: "CTI-25"}},
		{first, offer(one, said)},
		{first, casefile.QuestionAsked{To: casefile.Holder{Kind: casefile.HeldBySchool, Body: said.Body}}},
		{said, casefile.QuestionAnswered{}},
		{said, casefile.OfferDeclined{Offer: one}},
		{first, casefile.HandedOver{From: "CTI-25", To: "CTI-26"}},
		{second, casefile.ChargeTaken{Centre: "CTI-26"}},
		{second, offer(two, late)},
		{domain.System, casefile.OfferLapsed{Offer: two}},
		{second, casefile.NoteAdded{}},
		{second, offer(three, took)},
		{ust, casefile.OfferAccepted{Offer: three}},
		{took, casefile.FirstDayRecorded{}},
	} {
		trail = append(trail, Entry{event.Record{Revision: event.Revision(len(trail)), Draft: event.Draft{Meta: event.Meta{Actor: x.by}}}, x.e})
	}
	const all = "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14"
	for name, c := range map[string]struct {
		who  domain.Actor
		rel  access.Relation
		want string
	}{
		"the comune of the pupil":        {comune, access.Own, all},
		"the centre that has it":         {second, access.Own, all},
		"the UST":                        {ust, access.Oversees, all},
		"the Prefettura":                 {domain.Actor{Role: domain.RolePrefettura}, access.Audits, all},
		"the centre that handed it over": {first, access.Past, "1 2 3 4 7"},
		"the school that said no":        {said, access.Past, "3 4 5 6"},
		"the school that was silent":     {late, access.Past, "9 10"},
		"the school that has the pupil":  {took, access.Enrolled, "12 13 14"},
	} {
		var got []string
		for _, e := range (File{Trail: trail, Relation: c.rel, actor: c.who}).Timeline() {
			got = append(got, fmt.Sprint(e.Revision))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s reads %s, want %s", name, s, c.want)
		}
	}
	// A school that is asked a second time reads its first time and the present, and not what another said in between.
	again := append(slices.Clone(trail[:12]), Entry{event.Record{Revision: 12, Draft: event.Draft{Meta: event.Meta{Actor: second}}}, offer(three, said)})
	var got []string
	for _, e := range (File{Trail: again, Relation: access.OfferedTo, actor: said}).Timeline() {
		got = append(got, fmt.Sprint(e.Revision))
	}
	if s := strings.Join(got, " "); s != "3 4 5 6 12" {
		t.Errorf("asked again, a school reads %s", s)
	}
}

// The past of a case is read by whoever had it then and may read it now, and shows of the pupil what both allow.
func TestThePastIsForWhoHadTheCaseThenAndHasItNow(t *testing.T) {
	t.Parallel()
	var (
		begin  = time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)
		first  = domain.Actor{Role: domain.RoleComune, Body: "015189"}
		second = domain.Actor{Role: domain.RoleComune, Body: "015159"}
		centre = domain.Actor{Role: domain.RoleCentre, Body: "CTI-25"}
		other  = domain.Actor{Role: domain.RoleCentre, Body: "CTI-26"}
		ust    = domain.Actor{Role: domain.RoleUST}
		trail  []Entry
		state  casefile.State
	)
	for i, e := range []casefile.Event{
		casefile.RequestRecorded{Facts: casefile.Facts{Comune: "015189"}, At: begin}, casefile.Routed{Centre: "CTI-25", At: begin}, casefile.ChargeTaken{Centre: "CTI-25", At: begin},
		casefile.DomicileChanged{Comune: "015159", At: begin}, casefile.HandedOver{From: "CTI-25", To: "CTI-26", At: begin},
		casefile.CaseRestricted{Reason: casefile.RestrictionReasons()[0]},
	} {
		trail = append(trail, Entry{event.Record{Revision: event.Revision(i), Draft: event.Draft{Meta: event.Meta{At: begin.AddDate(0, 0, i)}}}, e})
		state = casefile.Evolve(state, e)
	}
	for name, c := range map[string]struct {
		who    domain.Actor
		day    int
		absent bool
		is     access.Relation
		status casefile.Status
	}{
		"the UST, before it was there":                   {who: ust, day: -1, absent: true},
		"the UST, on the first day":                      {who: ust, day: 1, is: access.Oversees, status: casefile.Requested},
		"the UST, later":                                 {who: ust, day: 2, is: access.Oversees, status: casefile.InCharge},
		"the comune where the pupil came to":             {who: second, day: 3, is: access.Withheld, status: casefile.InCharge},
		"the comune where the pupil came to, before":     {who: second, day: 2, absent: true},
		"the centre that handed over, when it had it":    {who: centre, day: 2, is: access.Past, status: casefile.InCharge},
		"the centre that has it, before it had it":       {who: other, day: 3, absent: true},
		"the centre that has it, while it has it":        {who: other, day: 5, is: access.Own, status: casefile.Requested},
		"the centre that has it, before the restriction": {who: other, day: 4, is: access.Own, status: casefile.Requested},
	} {
		f := File{Trail: trail, State: state, actor: c.who}
		f.Relation = access.Relate(c.who, FactsOf(state))
		then, err := f.AsOf(begin.AddDate(0, 0, c.day))
		if c.absent {
			if !errors.Is(err, access.ErrAbsent) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || then.Relation != c.is || then.State.Status != c.status || len(then.Trail) != c.day+1 {
			t.Errorf("%s: %v, %s, %s, %d entries", name, err, then.Relation, then.State.Status, len(then.Trail))
		}
		if then.State.Restriction == "" {
			t.Errorf("%s: the restriction of today is forgotten", name)
		}
	}
	if f := (File{Trail: trail, State: state, actor: first}); access.Case(first, access.Relate(first, FactsOf(f.State)), access.ReadCase) == nil {
		t.Error("the comune that the pupil left still reads the case")
	}
}
