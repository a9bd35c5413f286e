package desk

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/reading"
)

// talk is a case that is talked about while it goes from one centre to another, to a school that says no and to one that has the pupil,
// and from one comune to another. Each message is named by its revision.
type talk struct {
	*testing.T
	sealer domain.Sealer
	codec  *event.Codec
	id     uuid.UUID
	state  casefile.State
	trail  []Entry
}

// happens adds an event and gives its revision.
func (k *talk) happens(by domain.Actor, e casefile.Event) int {
	k.Helper()
	n := event.Revision(len(k.trail))
	stream := casefile.Stream(k.id)
	d, err := k.codec.Encode(k.Context(), stream, n, uuid.New(), e, event.Meta{Actor: by})
	if err != nil {
		k.Fatal(err)
	}
	r := event.Record{Draft: d, Stream: stream, Revision: n}
	closed, err := k.codec.Decode(r)
	if err != nil {
		k.Fatal(err)
	}
	k.trail = append(k.trail, Entry{r, closed.(casefile.Event)})
	k.state = casefile.Evolve(k.state, e)
	return int(n)
}

// says is a message to whoever has the roles now.
func (k *talk) says(by domain.Actor, to ...domain.Role) int {
	k.Helper()
	var parties []casefile.Party
	for _, p := range k.state.Parties() {
		if slices.Contains(to, p.Role) {
			parties = append(parties, p)
		}
	}
	text := domain.Open(k.id, domain.ClassPersonal, domain.NewPersonal("La madre chiama di sera."))
	events, err := casefile.Decide(k.state, casefile.SendMessage{Act: domain.Act{By: by}, To: parties, Text: text})
	if err != nil {
		k.Fatal(err)
	}
	return k.happens(by, events[0])
}

// file is the case as somebody may see it now.
func (k *talk) file(a domain.Actor) File {
	return File{ID: k.id, State: k.state, Trail: k.trail, actor: a, sealer: k.sealer, Relation: access.Relate(a, FactsOf(k.state))}
}

// reads are the messages in somebody's timeline, and those of which he reads the words.
func (k *talk) reads(a domain.Actor) (told, words []int) {
	k.Helper()
	ctx, _ := reading.NewContext(k.Context())
	f := k.file(a)
	for _, e := range f.Timeline() {
		if _, ok := e.Event.(casefile.MessageSent); ok {
			told = append(told, int(e.Revision))
		}
	}
	for _, e := range k.trail { // even of one that is in no timeline of his
		if _, ok := e.Event.(casefile.MessageSent); !ok {
			continue
		}
		text, err := f.Words(ctx, e)
		if err != nil {
			k.Fatal(err)
		}
		if !text.IsZero() {
			words = append(words, int(e.Revision))
		}
	}
	return told, words
}

func TestAMessageIsReadByItsPartiesAndTheirSuccessors(t *testing.T) {
	t.Parallel()
	var (
		rozzano, opera  = domain.Actor{Role: domain.RoleComune, Body: "015189"}, domain.Actor{Role: domain.RoleComune, Body: "015159"}
		first, second   = domain.Actor{Role: domain.RoleCentre, Body: "CTI-25"}, domain.Actor{Role: domain.RoleCentre, Body: "CTI-26"}
		said, took      = domain.Actor{Role: domain.RoleSchool, Body: "ZZIC00001X"}, domain.Actor{Role: domain.RoleSchool, Body: "ZZIC00002X"}
		ust, prefect    = domain.Actor{Role: domain.RoleUST}, domain.Actor{Role: domain.RolePrefettura}
		everybody       = []domain.Actor{rozzano, opera, first, second, said, took, ust, prefect, {Role: domain.RoleComune, Body: "015146"}}
		comune, centre  = domain.RoleComune, domain.RoleCentre
		school, ufficio = domain.RoleSchool, domain.RoleUST
	)
	sealer := sealtest.New()
	k := &talk{T: t, sealer: sealer, codec: event.NewCodec(sealer, casefile.Events), id: uuid.New()}
	want := map[domain.Actor][2][]int{}
	check := func(when string) {
		t.Helper()
		for _, a := range everybody {
			told, words := k.reads(a)
			if w := want[a]; !slices.Equal(told, w[0]) || !slices.Equal(words, w[1]) {
				t.Errorf("%s: %s %s is told of %v and reads %v, want %v", when, a.Role, a.Body, told, words, w)
			}
		}
	}
	both := func(n ...int) [2][]int { return [2][]int{n, n} }
	offer := func(to domain.Actor) casefile.PlaceOffered {
		return casefile.PlaceOffered{Offer: uuid.New(), School: domain.School("ZZEE" + to.Body[4:]), Institution: domain.Institution(to.Body)}
	}
	k.happens(rozzano, casefile.RequestRecorded{Facts: casefile.Facts{Comune: "015189"}})
	k.happens(rozzano, casefile.Routed{Centre: "CTI-25"})
	k.happens(first, casefile.ChargeTaken{Centre: "CTI-25"})
	a := k.says(rozzano, centre)
	b := k.says(first, ufficio)
	want[rozzano], want[first], want[ust], want[prefect] = both(a), both(a, b), both(a, b), [2][]int{{a, b}, nil}
	check("two messages")

	one := offer(said)
	k.happens(first, one)
	c := k.says(first, school)
	d := k.says(said, centre, comune)
	want[rozzano], want[first], want[said], want[ust], want[prefect] = both(a, d), both(a, b, c, d), both(c, d), both(a, b, c, d), [2][]int{{a, b, c, d}, nil}
	check("a school is asked")

	// Who had the case knows that it was talked about, and reads nothing of the child any more.
	k.happens(said, casefile.OfferDeclined{Offer: one.Offer, School: one.School})
	want[said] = [2][]int{{c, d}, nil}
	check("the school has declined")
	k.happens(first, casefile.HandedOver{From: "CTI-25", To: "CTI-26"})
	want[first], want[second] = [2][]int{{a, b, c, d}, nil}, both(a, b, c, d)
	check("the case was handed over")

	// The next school reads nothing of what the one before was told, and the one before nothing of the next.
	k.happens(second, casefile.ChargeTaken{Centre: "CTI-26"})
	k.happens(second, offer(took))
	e := k.says(took, centre)
	want[took], want[second], want[ust], want[prefect] = both(e), both(a, b, c, d, e), both(a, b, c, d, e), [2][]int{{a, b, c, d, e}, nil}
	check("another school is asked")

	// The comune where the pupil lives now goes on with the conversation of the one before.
	k.happens(rozzano, casefile.DomicileChanged{Comune: "015159"})
	delete(want, rozzano)
	want[opera] = both(a, d)
	everybody = everybody[1:] // the comune that the pupil left has no relation to the case: nobody asks for its timeline
	check("the pupil has moved")

	k.happens(ust, casefile.CaseRestricted{Reason: casefile.RestrictionReasons()[0]})
	want[opera], want[second] = [2][]int{{a, d}, nil}, [2][]int{{a, b, c, d, e}, nil}
	check("the reading is restricted to who has the case")
	k.happens(ust, casefile.RestrictionLifted{})

	if err := sealer.Forget(t.Context(), k.id); err != nil {
		t.Fatal(err)
	}
	for x, w := range want {
		w[1] = nil
		want[x] = w
	}
	want[opera], want[second] = [2][]int{{a, d}, nil}, [2][]int{{a, b, c, d, e}, nil}
	check("the pupil's keys are gone")
}
