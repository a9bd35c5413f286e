package rest_test

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/places"
)

// stage is how far the case of a test has come. By the first one it has been with another centre and a school that declined.
type stage string

const (
	requested stage = "requested"
	inCharge  stage = "in-charge"
	asked     stage = "asked"
	offered   stage = "offered"
	accepted  stage = "accepted"
	attending stage = "attending"
	closed    stage = "closed"
	erased    stage = "erased"
	merged    stage = "merged"
	doomed    stage = "doomed"  // closed, and its erasure proposed by the UST's first person
	limited   stage = "limited" // attending, and the reading restricted
	absent    stage = "absent"
)

// fixture is a case at a stage.
type fixture struct{ id, offer uuid.UUID }

// form is a request with every field filled in.
func form() desk.RequestForm {
	p := domain.NewPersonal
	return desk.RequestForm{FamilyName: p("Prova"), GivenName: p("Oksana"), FamilyNameCyrillic: p("Прова"), GivenNameCyrillic: p("Оксана"), Sex: "F",
		BirthDate: p("2013-05-02"), BirthPlace: p("Lviv"), Citizenship: p("UA"), TaxCode: p("99900000011"), Document: p("XX000001"),
		Address: p("via Inventata 1"), CAP: p("20089"), Host: p("family"), ArrivedOn: p("2022-03-01"), TemporaryProtection: true, WithReserve: true,
		AdultName: p("Iryna Prova"), AdultRelation: p("mother"), AdultPhone: p("+390200000000"), AdultEmail: p("iryna@example.org"), AdultLanguage: p("uk"),
		LastSchool: p("Scuola 1"), LastGrade: p("2"), StillOnline: true, Languages: p("uk, ru"), Italian: "A1", Vaccination: "yes", Disability: "pending",
		AskedGrade: "primaria-3", Preferred: []string{string(ownSite)}, SiblingAt: string(otherSite), Needs: []string{"canteen"}}
}

// act carries out a command of a persona at the desk.
func (h *house) act(who persona, id uuid.UUID, make func(domain.Act) casefile.Command) {
	h.t.Helper()
	_, err := h.desk.Do(context.Background(), desk.NewTicket(), id, make(h.desk.Act(h.actors[who])))
	h.check(err)
}

// erasureProposal is the id of the proposals of these tests.
var erasureProposal = uuid.MustParse("018f0000-0000-7000-8000-0000000000e1")

func proposeErasure(a domain.Act) casefile.Command {
	return casefile.ProposeErasure{Act: a, Proposal: erasureProposal, Scope: casefile.ErasePupil, Ground: casefile.GroundRequest}
}

func words(id uuid.UUID, s string) casefile.Text {
	return domain.Open(id, domain.ClassPersonal, domain.NewPersonal(s))
}

// declare gives a site places enough.
func (h *house) declare(who persona, site domain.School) {
	h.t.Helper()
	_, err := h.desk.DeclarePlaces(context.Background(), desk.NewTicket(), site, 2021, places.Declare{Act: h.desk.Act(h.actors[who]), Level: third, Free: 99})
	h.check(err)
}

func (h *house) propose(who persona, id uuid.UUID, site domain.School) uuid.UUID {
	h.t.Helper()
	_, err := h.desk.Offer(context.Background(), desk.NewTicket(), id, h.actors[who], desk.Placement{School: site, Level: third})
	h.check(err)
	return h.state(id).Offer.ID
}

func (h *house) state(id uuid.UUID) casefile.State {
	h.t.Helper()
	out, err := event.Load(context.Background(), h.store, h.codec, casefile.Decider, casefile.Stream(id))
	h.check(err)
	return out.State
}

// begin records a request and lives through it up to a stage.
func (h *house) begin(to stage) fixture {
	h.t.Helper()
	if to == absent {
		return fixture{uuid.New(), uuid.New()}
	}
	r, err := h.desk.Request(context.Background(), desk.NewTicket(), h.actors[ownComune], form())
	h.check(err)
	f := fixture{id: r.ID, offer: uuid.New()}
	takeCharge := func(a domain.Act) casefile.Command { return casefile.TakeCharge{Act: a} }
	h.act(pastCentre, f.id, takeCharge)
	h.declare(pastSchool, pastSite)
	declined := h.propose(pastCentre, f.id, pastSite)
	h.act(pastSchool, f.id, func(a domain.Act) casefile.Command {
		return casefile.DeclineOffer{Act: a, Offer: declined, Reason: "building-capacity", Text: words(f.id, "Palestra chiusa.")}
	})
	h.follow()
	h.act(pastCentre, f.id, func(a domain.Act) casefile.Command { return casefile.HandOver{Act: a, To: "CTI-24", Reason: "agreed"} })
	steps := []struct {
		reached stage
		do      func()
	}{
		{requested, func() { h.act(ownCentre, f.id, takeCharge) }},
		{inCharge, func() { h.declare(ownSchool, ownSite); f.offer = h.propose(ownCentre, f.id, ownSite) }},
		{offered, func() {
			h.act(ownSchool, f.id, func(a domain.Act) casefile.Command {
				return casefile.AcceptOffer{Act: a, Offer: f.offer, On: domain.DateOf(a.At)}
			})
		}},
		{accepted, func() {
			h.act(ownSchool, f.id, func(a domain.Act) casefile.Command { return casefile.RecordFirstDay{Act: a, On: domain.DateOf(a.At)} })
		}},
		{attending, func() {
			h.act(ownSchool, f.id, func(a domain.Act) casefile.Command {
				return casefile.EndAttendance{Act: a, On: domain.DateOf(a.At), Reason: "returned-home"}
			})
		}},
		{closed, func() {
			h.act(ust, f.id, proposeErasure)
			h.act(ust2, f.id, func(a domain.Act) casefile.Command { return casefile.ApproveErasure{Act: a, Proposal: erasureProposal} })
			h.follow()
		}},
	}
	for _, s := range steps {
		if s.reached == to {
			return f
		}
		if s.reached == closed && to == doomed {
			h.act(ust, f.id, proposeErasure)
			return f
		}
		if s.reached == attending && to == limited {
			h.act(ust, f.id, func(a domain.Act) casefile.Command { return casefile.Restrict{Act: a, Reason: "objection"} })
			return f
		}
		if s.reached == inCharge {
			switch to {
			case asked:
				h.act(ownCentre, f.id, func(a domain.Act) casefile.Command {
					return casefile.AskQuestion{Act: a, To: casefile.HeldByComune, Topic: "contacts", Text: words(f.id, "Un altro telefono?")}
				})
				return f
			case merged:
				into := h.begin(inCharge)
				h.act(ust, f.id, func(a domain.Act) casefile.Command {
					return casefile.Merge{Act: a, Into: into.id, Text: words(f.id, "Stesso minore.")}
				})
				return f
			}
		}
		s.do()
	}
	if to != erased {
		h.t.Fatal(fmt.Errorf("no stage %s", to))
	}
	return f
}
