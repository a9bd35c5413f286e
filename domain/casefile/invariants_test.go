package casefile_test

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/grade"
)

// The eight rules that hold at every moment (domain.md). The property test drives random actors against all of them at once; here
// each is told once, so that a reader sees what it means.

func TestInvariant1OneHolder(t *testing.T) {
	t.Parallel()
	centre := casefile.Holder{Kind: casefile.HeldByCentre, Body: "CTI-25"}
	centre2 := casefile.Holder{Kind: casefile.HeldByCentre, Body: "CTI-24"}
	sits := casefile.Holder{Kind: casefile.HeldBySchool, Body: "MIIC8AB00X"}
	comune := casefile.Holder{Kind: casefile.HeldByComune, Body: "015189"}
	nobody := casefile.Holder{}

	life := []struct {
		happens casefile.Event
		holder  casefile.Holder
	}{
		{routed, centre}, {taken, centre}, {asked, comune}, {answered, centre}, {handed, centre2},
		{casefile.HandedOver{From: "CTI-24", To: "CTI-25", At: hour(9)}, centre},
		{casefile.ChargeTaken{Centre: "CTI-25", At: hour(10)}, centre},
		{casefile.GradeDetermined{Level: primaria2, Resolution: resolution}, centre},
		{offered, sits}, {askedSchool, sits}, {answered, sits}, {declined, centre},
		{casefile.PlaceOffered{Offer: offer2, School: site2, Institution: "MIIC8CD00V"},
			casefile.Holder{Kind: casefile.HeldBySchool, Body: "MIIC8CD00V"}},
		{casefile.OfferLapsed{Offer: offer2, School: site2}, centre},
		{offered, sits}, {withdrawn, centre}, {merged, nobody}, {casefile.CaseParted{From: other}, centre},
		{offered, sits}, {accepted, sits}, {asked, comune}, {firstDay, comune}, {answered, sits},
		{casefile.NoteAdded{Text: why}, sits}, {ended, sits}, {closed, nobody}, {reopened, centre},
	}
	s := casefile.Evolve(casefile.State{}, requested)
	for i, step := range life {
		s = casefile.Evolve(s, step.happens)
		if s.Holder() != step.holder {
			t.Fatalf("step %d, after %T: held by %v, want %v", i, step.happens, s.Holder(), step.holder)
		}
		if nobody := s.Holder() == nobody; nobody == s.Status.Open() {
			t.Fatalf("step %d, after %T: %s, held by %v", i, step.happens, s.Status, s.Holder())
		}
	}
}

func TestInvariant2NoPingPong(t *testing.T) {
	t.Parallel()
	again := offer(cti)
	again.Act, again.Offer = by(cti, hour(10)), offer2
	e := offered
	e.Offer, e.At = offer2, hour(10)
	refused := given(t, standing...).And(declined) // at hour 6

	refused.When(again).ThenRefused(casefile.ErrDeclinedBefore)
	for at, ok := range map[time.Time]bool{hour(5): false, hour(6): false, hour(6).Add(time.Nanosecond): true, hour(9): true} {
		c := again
		c.DeclaredAt = at
		if ok {
			refused.When(c).Then(e)
		} else {
			refused.When(c).ThenRefused(casefile.ErrDeclinedBefore)
		}
	}

	// Another site is another question, and silence or a withdrawal is no decline.
	elsewhere := again
	elsewhere.School, elsewhere.Institution = site2, "MIIC8CD00V"
	there := e
	there.School, there.Institution = site2, "MIIC8CD00V"
	refused.When(elsewhere).Then(there)
	given(t, standing...).And(lapsed).When(again).Then(e)
	given(t, standing...).And(withdrawn).When(again).Then(e)

	// The UST may ask all the same, with a reason.
	c := again
	c.Act, c.Override = by(ust, hour(10)), over
	e.Override = over
	refused.When(c).Then(e)
	c.Override = nil
	refused.When(c).ThenRefused(casefile.ErrDeclinedBefore)

	// Hand-overs and merges do not make anybody forget.
	refused.And(handed, casefile.ChargeTaken{Centre: "CTI-24", At: hour(9)}).
		When(casefile.OfferPlace{Act: by(cti2, hour(10)), Offer: offer2, School: site, Institution: "MIIC8AB00X", Level: primaria3}).
		ThenRefused(casefile.ErrDeclinedBefore)
	refused.And(merged, casefile.CaseParted{From: other, At: hour(9)}).When(again).ThenRefused(casefile.ErrDeclinedBefore)
}

// Invariant 3, no double seat, is told in package places.

func TestInvariant4PlacementIsNotEnrolmentIsNotAttendance(t *testing.T) {
	t.Parallel()
	dates := func(s casefile.State) [3]domain.Date { return [3]domain.Date{s.AcceptedOn, s.FirstDay, s.EndedOn} }
	none := domain.Date{}
	for name, tt := range map[string]struct {
		past events
		want [3]domain.Date
	}{
		"offered":   {standing, [3]domain.Date{none, none, none}},
		"accepted":  {placed, [3]domain.Date{day(1), none, none}},
		"attending": {attending, [3]domain.Date{day(1), day(2), none}},
		"gone":      {gone, [3]domain.Date{day(1), day(2), day(60)}},
		"reopened":  {append(gone[:8:8], reopened), [3]domain.Date{none, none, none}},
	} {
		if got := dates(given(t, tt.past...).State()); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestInvariant5NothingBlocksAChildsRight(t *testing.T) {
	t.Parallel()
	papers := map[string]casefile.Pupil{
		"nothing but a name": pupil,
		"nothing at all":     {},
		"con riserva": {Identity: pupil.Identity, Profile: domain.Open(id, domain.ClassPersonal,
			casefile.Profile{WithReserve: true, TemporaryProtection: false})},
		"health pending": {Health: domain.Open(id, domain.ClassSpecial, casefile.Health{Vaccination: casefile.HealthPending})},
	}
	for name, p := range papers {
		for at := hour(0); at.Before(hour(0).AddDate(1, 0, 0)); at = at.AddDate(0, 0, 1) { // any day, in term or out of it
			c := ask
			c.Act, c.On, c.Pupil = by(rozzano, at), domain.DateOf(at), p
			got, err := casefile.Decide(casefile.State{}, c)
			if err != nil || len(got) != 2 {
				t.Fatalf("%s, on %v: %d events, %v", name, c.On, len(got), err)
			}
		}
	}

	// A correction is a new event: what was first declared stays where it was, and the latest is what is known.
	corrected := domain.Open(id, domain.ClassPersonal, casefile.Identity{FamilyName: domain.NewPersonal("Testowenko")})
	e := casefile.RequestAmended{Pupil: casefile.Pupil{Identity: corrected}}
	causes(t, given(t, waiting...), casefile.AmendRequest{Act: by(rozzano, hour(9)), Pupil: e.Pupil}, e)
	known := casefile.Papers{}.With(requested).With(routed).With(e)
	if !reflect.DeepEqual(known.Identity, corrected) || !reflect.DeepEqual(requested.Identity, pupil.Identity) {
		t.Error("the correction did not come, or came over what was declared")
	}
}

func TestInvariant6MergingIsReversible(t *testing.T) {
	t.Parallel()
	parted := casefile.CaseParted{From: other, Text: why, At: hour(20)}
	for name, es := range map[string]events{
		"requested": waiting, "in charge": inCharge, "asked": asking, "declined": append(standing[:4:4], declined),
		"handed over": append(inCharge[:3:3], handed), "expired": append(waiting[:2:2],
			casefile.ClockExpired{Clock: "first-day", To: domain.RoleUST}),
	} {
		p := given(t, es...)
		before := p.State()
		there := p.When(merge(ust)).Then(merged)
		if s := there.State(); s.Status != casefile.Merged || s.MergedInto != other {
			t.Errorf("%s: %s into %v", name, s.Status, s.MergedInto)
		}
		after := there.When(casefile.Unmerge{Act: by(ust, hour(20)), Text: why}).Then(parted).State()
		if after.HeldSince != hour(20) {
			t.Errorf("%s: held since %v", name, after.HeldSince)
		}
		after.HeldSince = before.HeldSince
		if !reflect.DeepEqual(before, after) {
			t.Errorf("%s: was %+v, is %+v", name, before, after)
		}
	}
}

func TestInvariant7ASuspensionStopsChargeAndPlacementAndNoRequest(t *testing.T) {
	t.Parallel()
	charge := casefile.TakeCharge{Act: by(cti, hour(2)), Suspended: true}
	given(t, waiting...).When(charge).ThenRefused(casefile.ErrIntakeSuspended)
	charge.By = ust // resuming is the way, not going around
	given(t, waiting...).When(charge).ThenRefused(casefile.ErrIntakeSuspended)
	given(t, inCharge...).When(charge).ThenNothing()

	place := offer(cti)
	place.Suspended = true
	given(t, inCharge...).When(place).ThenRefused(casefile.ErrPlacementStopped)
	place.By = ust
	given(t, inCharge...).When(place).ThenRefused(casefile.ErrPlacementStopped)
	place.Override = over
	e := offered
	e.Override = over
	given(t, inCharge...).When(place).Then(e)

	yes := accept
	yes.Suspended = true
	given(t, standing...).When(yes).ThenRefused(casefile.ErrPlacementStopped)
	given(t, placed...).When(yes).ThenNothing()
	no := casefile.DeclineOffer{Act: by(school, hour(6)), Offer: offer1, Reason: "no-places-in-class", Text: why}
	given(t, standing...).When(no).Then(declined)

	// A request, an enrolment, papers, a move, a question know of no suspension: nothing in them could say so.
	given(t).When(ask).Then(requested, routed)
	given(t).When(enrol).Then(enrolled, routed)
}

// everyCommand is one of each, as somebody might send it at an instant.
func everyCommand(a domain.Actor, at time.Time) []casefile.Command {
	act := by(a, at)
	level := primaria2
	return []casefile.Command{
		casefile.RecordRequest{Act: act, Channel: domain.ChannelUST, On: day(0), Facts: facts, Pupil: pupil, Route: route},
		casefile.RecordAutonomousEnrolment{Act: act, School: site, Institution: "MIIC8AB00X", Enrolment: offer2, On: day(0),
			Facts: facts,
			Pupil: pupil, Route: route},
		casefile.AmendRequest{Act: act, Level: &level, Needs: []casefile.Need{"transport"}, Pupil: pupil},
		casefile.ChangeDomicile{Act: act, Comune: "015159", From: day(1), Domicile: home, Route: casefile.Route{Centre: "CTI-24"}},
		casefile.TakeCharge{Act: act},
		casefile.AskQuestion{Act: act, To: casefile.HeldByComune, Topic: "contacts", Text: why},
		casefile.AskQuestion{Act: act, To: casefile.HeldBySchool, Topic: "schooling", Text: why},
		casefile.AnswerQuestion{Act: act, Text: why},
		casefile.DetermineGrade{Act: act, Level: primaria2, Resolution: resolution},
		casefile.HandOver{Act: act, To: "CTI-24", Reason: "agreed"},
		casefile.OfferPlace{Act: act, Offer: offer1, School: site, Institution: "MIIC8AB00X", Level: primaria3,
			Due: at.Add(72 * time.Hour)},
		casefile.AcceptOffer{Act: act, Offer: offer1, On: day(1)},
		casefile.DeclineOffer{Act: act, Offer: offer1, Reason: "over-ceiling"},
		casefile.LapseOffer{Act: act, Offer: offer1},
		casefile.WithdrawOffer{Act: act, Offer: offer1, Reason: "family-asked"},
		casefile.RecordFirstDay{Act: act, On: day(2)},
		casefile.EndAttendance{Act: act, On: day(3), Reason: "moved-abroad"},
		casefile.WithdrawRequest{Act: act, Reason: "moved-abroad"},
		casefile.Close{Act: act, Reason: "untraceable"},
		casefile.Reopen{Act: act, Terms: terms},
		casefile.Merge{Act: act, Into: other, IntoStatus: casefile.InCharge, Text: why},
		casefile.Unmerge{Act: act, Text: why},
		casefile.AddNote{Act: act, Text: why},
		casefile.TakeBackHandOver{Act: act},
		casefile.TakeBackAcceptance{Act: act, Offer: offer1, Reason: "wrong-case", Text: why},
		casefile.TakeBackDecline{Act: act, Offer: offer1, Reason: "wrong-case", Text: why},
		casefile.AnnulFirstDay{Act: act, Reason: "wrong-case"},
		casefile.SendMessage{Act: act, To: []casefile.Party{toCentre}, Text: why},
		casefile.ExpireClock{Act: act, Clock: casefile.ClockFirstDay, Due: at, To: domain.RoleCentre},
		casefile.ProposeErasure{Act: act, Proposal: proposal2, Scope: casefile.ErasePupil, Ground: casefile.GroundRetention, Register: "1",
			Since: day(10)},
		casefile.ProposeErasure{Act: act, Proposal: proposal2, Scope: casefile.EraseHealth, Ground: casefile.GroundOrder},
		casefile.WithdrawErasure{Act: act, Proposal: proposal1},
		casefile.RejectErasure{Act: by(ust2, at), Proposal: proposal1, Reason: "wrong-case"},
		casefile.ApproveErasure{Act: by(ust2, at), Proposal: proposal1},
		casefile.RestoreErasure{Act: by(importer, at), Scope: casefile.ErasePupil},
		casefile.RestoreErasure{Act: by(importer, at), Scope: casefile.EraseHealth},
		casefile.Restrict{Act: act, Reason: "legal-claim"},
		casefile.LiftRestriction{Act: act},
	}
}

func TestInvariant8WhatIsSoAlreadyChangesNothing(t *testing.T) {
	t.Parallel()
	pasts := map[string]events{"nothing": nil, "waiting": waiting, "in charge": inCharge, "asking": asking,
		"standing": standing, "placed": placed,
		"handed over": append(inCharge[:3:3], handed), "declined": append(standing[:4:4], declined),
		"attending": attending, "gone": gone, "joined": joined, "doomed": doomed,
		"restricted": append(inCharge[:3:3], restricted), "forgotten": forgotten, "enrolled": {enrolled, routed}}
	acted := map[reflect.Type]bool{}
	for name, es := range pasts {
		for _, c := range everyCommand(ust, hour(2000)) {
			s := given(t, es...).State()
			first, err := casefile.Decide(s, c)
			if err != nil || len(first) == 0 {
				continue
			}
			acted[reflect.TypeOf(c)] = true
			for _, e := range first {
				s = casefile.Evolve(s, e)
			}
			if again, err := casefile.Decide(s, c); err == nil && len(again) > 0 && !isNews(c) {
				t.Errorf("%s: %T repeated caused %+v", name, c, again)
			}
			retriedActsOnce(t, name, es, c)
		}
	}
	for _, c := range everyCommand(ust, hour(2000)) {
		if !acted[reflect.TypeOf(c)] {
			t.Errorf("%T did nothing in any of these cases", c)
		}
	}
}

// isNews tells the commands that carry something sealed, which a decision cannot compare: repeated, they say it again. That a
// retried request does not is for the command's id.
func isNews(c casefile.Command) bool {
	switch c := c.(type) {
	case casefile.AddNote, casefile.SendMessage:
		return true
	case casefile.AmendRequest:
		return !c.Pupil.Identity.IsZero() || !c.Pupil.Domicile.IsZero() || !c.Pupil.Profile.IsZero() || !c.Pupil.Health.IsZero()
	case casefile.ChangeDomicile:
		return !c.Domicile.IsZero()
	}
	return false
}

// retriedActsOnce carries a command out twice under one id, as a client does that heard no answer.
func retriedActsOnce(t *testing.T, name string, es events, c casefile.Command) {
	t.Helper()
	j := &journal{t: t, codec: event.NewCodec(sealtest.New(), casefile.Events)}
	for i, e := range es {
		j.add(e, event.DeriveID(other, "past", i))
	}
	o := event.Origin{ID: uuid.MustParse("018f0000-0000-7000-8000-0000000000cc"), By: c.Issued().By, At: c.Issued().At}
	for _, want := range []bool{false, true} {
		before := len(j.records)
		out, err := event.Execute(t.Context(), j, j.codec, casefile.Decider, casefile.Stream(id), c, o)
		if err != nil || out.Duplicate != want || (len(j.records) == before) != want {
			t.Errorf("%s: %T: duplicate %v, %d events added, %v", name, c, out.Duplicate, len(j.records)-before, err)
		}
	}
}

// journal is one stream in memory: what event.Execute asks of a store, and no more.
type journal struct {
	event.Store
	t       testing.TB
	codec   *event.Codec
	records []event.Record
}

func (j *journal) add(e casefile.Event, id uuid.UUID) {
	d, err := j.codec.Encode(j.t.Context(), casefile.Stream(other), event.Revision(len(j.records)), id, e, event.Meta{})
	if err != nil {
		j.t.Fatal(err)
	}
	j.records = append(j.records, event.Record{Draft: d, Stream: casefile.Stream(other), Revision: event.Revision(len(j.records))})
}

func (j *journal) ReadStream(context.Context, string, event.ReadStream) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		for _, r := range j.records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (j *journal) Append(_ context.Context, a event.Append) (event.Result, error) {
	if int(a.Expected) != len(j.records)-1 {
		return event.Result{}, errors.New("not as expected")
	}
	for _, d := range a.Events {
		j.records = append(j.records, event.Record{Draft: d, Stream: a.Stream, Revision: event.Revision(len(j.records))})
	}
	return event.Result{Last: event.Revision(len(j.records) - 1)}, nil
}

// Whatever a stream holds, in whatever order, it can be read and asked of: what is in the journal has happened.
func TestEvolveIsTotal(t *testing.T) {
	t.Parallel()
	level := grade.Level{Order: grade.Primaria, Year: 4}
	all := events{requested, enrolled, routed, casefile.RequestAmended{Level: &level},
		casefile.DomicileChanged{Comune: "015159", At: hour(1)}, taken,
		asked, askedSchool, answered, casefile.GradeDetermined{Level: level}, handed, offered, declined, lapsed, withdrawn,
		accepted, firstDay, ended, closed,
		reopened, merged, casefile.CaseParted{From: other, At: hour(9)}, casefile.NoteAdded{Text: why}, said, acceptanceBack, declineBack, dayBack,
		casefile.ClockExpired{Clock: casefile.ClockFirstDay, To: domain.RoleUST},
		proposed, rejected, erased, healthGone, restricted, lifted}
	if len(all) != len(casefile.Events)+1 { // two questions
		t.Fatalf("%d events here, %d in the table", len(all), len(casefile.Events))
	}
	actors := []domain.Actor{ust, importer, cti, school, rozzano, {}}
	for _, a := range all {
		for _, b := range all {
			for _, c := range all {
				s := casefile.Evolve(casefile.Evolve(casefile.Evolve(casefile.State{}, a), b), c)
				if s.Status.HoldsPlace() && s.Offer == nil {
					t.Fatalf("%T, %T, %T: %s without a place", a, b, c, s.Status)
				}
				s.Holder()
			}
			s := casefile.Evolve(casefile.Evolve(casefile.State{}, a), b)
			for _, actor := range actors {
				for _, c := range everyCommand(actor, hour(2000)) {
					if es, err := casefile.Decide(s, c); err != nil && len(es) > 0 {
						t.Fatalf("%T, %T, then %T: refused, and %d events", a, b, c, len(es))
					}
				}
			}
		}
	}
}
