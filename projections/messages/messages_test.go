package messages

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/reading"
	"approdo/projections/viewtest"
)

var (
	comune = domain.Actor{Account: uuid.New(), Role: domain.RoleComune, Body: "015189"}
	centre = domain.Actor{Account: uuid.New(), Role: domain.RoleCentre, Body: "CTI-25"}
	later  = domain.Actor{Account: uuid.New(), Role: domain.RoleCentre, Body: "CTI-26"}
	school = domain.Actor{Account: uuid.New(), Role: domain.RoleSchool, Body: "ZZIC00001X"}
	next   = domain.Actor{Account: uuid.New(), Role: domain.RoleSchool, Body: "ZZIC00002X"}
	ust    = domain.Actor{Account: uuid.New(), Role: domain.RoleUST}
)

// talk is a journal in which one case is talked about.
type talk struct {
	*viewtest.Journal
	t  *testing.T
	id uuid.UUID
}

func newTalk(t *testing.T) *talk {
	k := &talk{viewtest.New(t), t, uuid.New()}
	k.happens(casefile.RequestRecorded{Facts: casefile.Facts{Comune: "015189"}}, casefile.Routed{Centre: "CTI-25"})
	return k
}

func (k *talk) happens(events ...any) { k.Add(casefile.Stream(k.id), comune, events...) }

func (k *talk) says(from domain.Actor, to ...domain.Actor) {
	e := casefile.MessageSent{Text: domain.Open(k.id, domain.ClassPersonal, domain.NewPersonal("Di sera."))}
	for _, a := range to {
		e.To = append(e.To, casefile.PartyOf(a))
	}
	k.Add(casefile.Stream(k.id), from, e)
}

// sees is an answer to somebody that showed some fields of the case.
func (k *talk) sees(by domain.Actor, fields ...access.Field) {
	k.Add(reading.Category+uuid.NewString(), domain.System, reading.PupilsRead{Answer: domain.Open(reading.Subject(reading.Month(viewtest.Begin)),
		domain.ClassPersonal, reading.Answer{By: by, Pupils: []reading.Pupils{{Fields: fields, Cases: []uuid.UUID{uuid.New(), k.id}}}})})
}

// reads is an answer to somebody that showed the messages of the case up to a revision.
func (k *talk) reads(by domain.Actor, upto event.Revision) {
	k.Add(reading.Category+uuid.NewString(), domain.System, reading.PupilsRead{Answer: domain.Open(reading.Subject(reading.Month(viewtest.Begin)),
		domain.ClassPersonal, reading.Answer{By: by, Pupils: []reading.Pupils{{Fields: []access.Field{access.Words}, Cases: []uuid.UUID{k.id}}},
			Messages: []reading.Messages{{Case: uuid.New(), Upto: upto}, {Case: k.id, Upto: upto}}})})
}

// unread is how many messages of the case wait for each.
func (k *talk) unread() map[domain.Actor]int {
	k.t.Helper()
	out := map[domain.Actor]int{}
	tx := k.Fold(Projection(k.Sealer))
	gone, _ := rows.Get(tx, forgotten)
	for _, a := range []domain.Actor{comune, centre, later, school, next, ust} {
		mine := slices.DeleteFunc(rows.All(tx), func(r row) bool { return r.Role != a.Role || r.Body != a.Body || r.New == 0 })
		if n := counted(mine, gone)[k.id]; n > 0 {
			out[a] = n
		}
	}
	return out
}

func (k *talk) want(when string, want map[domain.Actor]int) {
	k.t.Helper()
	if got := k.unread(); !maps.Equal(got, want) {
		k.t.Errorf("%s: %v, want %v", when, got, want)
	}
}

func TestWhatWasSentIsNewUntilTheBodyReadsTheWords(t *testing.T) {
	t.Parallel()
	k := newTalk(t)
	k.says(comune, centre, ust)
	k.says(comune, centre)
	k.want("sent", map[domain.Actor]int{centre: 2, ust: 1})
	k.sees(centre, access.Name, access.BirthDate)
	k.want("a list that names the child is no reading of the words", map[domain.Actor]int{centre: 2, ust: 1})
	k.sees(centre, access.Words) // a note
	k.reads(comune, 3)
	k.reads(later, 3)
	k.reads(centre, 2) // the page was made before the second message
	k.want("others have read", map[domain.Actor]int{centre: 2, ust: 1})
	colleague := centre
	colleague.Account = uuid.New()
	k.reads(colleague, 3)
	k.want("one of the body has read", map[domain.Actor]int{ust: 1})
	k.says(centre, comune)
	k.says(comune, centre)
	k.want("and it goes on", map[domain.Actor]int{centre: 1, comune: 1, ust: 1})
}

func TestWhatIsUnreadWaitsForWhoeverHasTheRoleNow(t *testing.T) {
	t.Parallel()
	k := newTalk(t)
	k.says(ust, centre)
	k.happens(casefile.HandedOver{From: "CTI-25", To: "CTI-26"})
	k.want("handed over", map[domain.Actor]int{later: 1})
	k.happens(casefile.PlaceOffered{Institution: "ZZIC00001X"})
	k.says(later, school)
	k.happens(casefile.OfferDeclined{}, casefile.PlaceOffered{Institution: "ZZIC00002X"})
	k.want("the next school has nothing of the one before", map[domain.Actor]int{later: 1, school: 1})
	k.says(later, next)
	k.want("until it is told something", map[domain.Actor]int{later: 1, next: 1})
	k.happens(casefile.PupilErased{})
	k.want("of an erased pupil nothing waits", map[domain.Actor]int{})
}

// Once a month of the access record is forgotten nobody knows who read in it: the old is not new again.
func TestAForgottenMonthMakesNothingNew(t *testing.T) {
	t.Parallel()
	k := newTalk(t)
	k.says(comune, centre)
	k.reads(centre, 2)
	if err := k.Sealer.Forget(t.Context(), reading.Subject(reading.Month(viewtest.Begin))); err != nil {
		t.Fatal(err)
	}
	k.want("forgotten", map[domain.Actor]int{})
	k.says(comune, centre)
	k.want("sent since", map[domain.Actor]int{centre: 1})
}
