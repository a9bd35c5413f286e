package desk

import (
	"fmt"
	"slices"
	"strings"
	"testing"

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
