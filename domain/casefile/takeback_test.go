package casefile_test

import (
	"testing"
	"time"

	"approdo/domain"
	"approdo/domain/casefile"
)

var (
	acceptanceBack = casefile.AcceptanceTakenBack{Offer: offer1, School: site, Reason: "wrong-case", Text: why, At: hour(9)}
	declineBack    = casefile.DeclineTakenBack{Offer: offer1, School: site, Reason: "too-early", Text: why}
	dayBack        = casefile.FirstDayAnnulled{Reason: "wrong-case", Text: why}
)

func TestAHandOverIsTakenBackUntilTheOtherCentreTakesCharge(t *testing.T) {
	t.Parallel()
	passed := given(t, append(inCharge[:3:3], handed)...) // at hour 8
	back := casefile.TakeBackHandOver{Act: by(cti, hour(9)), Text: why, Terms: terms}
	returned := casefile.HandedOver{From: "CTI-24", To: "CTI-25", Reason: "taken-back", Text: why, Terms: terms, At: hour(9)}
	after := passed.When(back).Then(returned, casefile.ChargeTaken{Centre: "CTI-25", At: hour(9)})
	if s := after.State(); s.Status != casefile.InCharge || s.Holder() != (casefile.Holder{Kind: casefile.HeldByCentre, Body: "CTI-25"}) || s.HeldSince != hour(9) {
		t.Errorf("%s, held by %v since %v", s.Status, s.Holder(), s.HeldSince)
	}
	// The centre that had it for a moment does not take it back in turn, and nobody does it twice.
	again := back
	for _, a := range []domain.Actor{cti2, cti, ust} {
		again.By = a
		after.When(again).ThenRefused(casefile.ErrNothingToTakeBack)
	}
	while := back
	while.Suspended = true
	passed.When(while).Then(returned)
	// Whoever had not taken charge gets it as it was.
	after = given(t, append(waiting[:2:2], handed)...).When(back).Then(returned)
	if s := after.State(); s.Status != casefile.Requested {
		t.Error(s.Status)
	}
	again.By = cti2
	after.When(again).ThenRefused(casefile.ErrNothingToTakeBack)
	passed.And(casefile.ChargeTaken{Centre: "CTI-24", At: hour(9)}).When(back).ThenRefused(casefile.ErrNothingToTakeBack)
	given(t, inCharge...).When(back).ThenRefused(casefile.ErrNothingToTakeBack)
	passed.And(closed).When(back).ThenRefused(casefile.ErrNotOpen)
	passed.And(closed, reopened).When(back).ThenRefused(casefile.ErrNothingToTakeBack)
	for _, a := range []domain.Actor{cti2, rozzano, school, {Role: domain.RoleCentre, Body: "CTI-21"}} {
		again.By = a
		passed.When(again).ThenRefused(casefile.ErrHeldByAnother)
	}
}

func TestAnAcceptanceIsTakenBackBeforeTheFirstDayAndSoon(t *testing.T) {
	t.Parallel()
	yes := accepted // on a Tuesday
	back := casefile.TakeBackAcceptance{Act: by(school, hour(9)), Offer: offer1, Reason: "wrong-case", Text: why}
	e := acceptanceBack
	back.At = yes.At.Add(time.Hour)
	e.At = back.At
	after := given(t, placed...).When(back).Then(e)
	if s := after.State(); s.Status != casefile.InCharge || s.Offer != nil || !s.AcceptedOn.IsZero() || s.Holder().Kind != casefile.HeldByCentre {
		t.Errorf("%+v", s)
	}
	// It is no decline: the school may be asked again, and the same offer cannot be accepted any more.
	next := offer(cti)
	next.Act, next.Offer = by(cti, back.At.Add(time.Hour)), offer2
	o := offered
	o.Offer, o.At = offer2, next.At
	after.When(next).Then(o)
	yesAgain := accept
	yesAgain.At = next.At
	after.When(yesAgain).ThenRefused(casefile.ErrNoSuchOffer)

	// For one working day; the UST for as long as nobody attends.
	last := domain.DateOf(yes.At)
	for last = last.AddDays(1); last.Weekday() == time.Saturday || last.Weekday() == time.Sunday; last = last.AddDays(1) {
	}
	back.At = last.AddDays(1).Start().Add(-time.Second)
	e.At = back.At
	given(t, placed...).When(back).Then(e)
	back.At = last.AddDays(1).Start()
	given(t, placed...).When(back).ThenRefused(casefile.ErrTakenBackTooLate)
	back.By, e.At = ust, back.At
	given(t, placed...).When(back).Then(e)
	given(t, attending...).When(back).ThenRefused(casefile.ErrNothingToTakeBack)
	given(t, standing...).When(back).ThenRefused(casefile.ErrNothingToTakeBack)
	given(t, gone...).When(back).ThenRefused(casefile.ErrNotOpen)
	own := back
	own.Offer = enrolled.Enrolment
	given(t, enrolled, routed).When(own).ThenRefused(casefile.ErrNothingToTakeBack) // its own enrolment a school closes
	back.By, back.At = school2, yes.At
	given(t, placed...).When(back).ThenRefused(casefile.ErrHeldByAnother)
	back.By, back.Reason = school, "changed-my-mind"
	given(t, placed...).When(back).ThenRefused(casefile.ErrReasonMissing)
}

func TestADeclineIsTakenBackUntilTheCentreGoesOn(t *testing.T) {
	t.Parallel()
	refused := given(t, append(standing[:4:4], declined)...)
	back := casefile.TakeBackDecline{Act: by(school, hour(8)), Offer: offer1, Reason: "too-early", Text: why}
	again := offer(cti)
	again.Act, again.Offer = by(cti, hour(10)), offer2
	o := offered
	o.Offer, o.At = offer2, hour(10)
	refused.When(again).ThenRefused(casefile.ErrDeclinedBefore)
	after := refused.When(back).Then(declineBack)
	if s := after.State(); s.Status != casefile.InCharge || s.Holder().Kind != casefile.HeldByCentre || s.HeldSince != declined.At {
		t.Errorf("it moved the case: %+v", s)
	}
	after.When(again).Then(o)
	after.When(back).ThenRefused(casefile.ErrNothingToTakeBack)

	elsewhere := casefile.PlaceOffered{Offer: offer2, School: site2, Institution: "MIIC8CD00V", Level: primaria3, At: hour(7)}
	refused.And(elsewhere).When(back).ThenRefused(casefile.ErrNothingToTakeBack)
	refused.And(elsewhere, casefile.OfferLapsed{Offer: offer2, School: site2, At: hour(7)}).When(back).ThenRefused(casefile.ErrNothingToTakeBack)
	refused.And(handed).When(back).ThenRefused(casefile.ErrNothingToTakeBack)
	refused.And(closed).When(back).ThenRefused(casefile.ErrNotOpen)
	refused.And(closed, reopened).When(back).ThenRefused(casefile.ErrNothingToTakeBack)
	given(t, append(standing[:4:4], lapsed)...).When(back).ThenRefused(casefile.ErrNothingToTakeBack)
	back.By = school2
	refused.When(back).ThenRefused(casefile.ErrHeldByAnother)
	back.By, back.Reason = school, ""
	refused.When(back).ThenRefused(casefile.ErrReasonMissing)
}

func TestAFirstDayIsAnnulled(t *testing.T) {
	t.Parallel()
	back := casefile.AnnulFirstDay{Act: by(school, hour(60)), Reason: "wrong-case", Text: why}
	after := given(t, attending...).When(back).Then(dayBack)
	if s := after.State(); s.Status != casefile.Accepted || !s.FirstDay.IsZero() || s.AcceptedOn != day(1) {
		t.Errorf("%+v", s)
	}
	after.When(casefile.RecordFirstDay{Act: by(school, hour(100)), On: day(3)}).Then(casefile.FirstDayRecorded{On: day(3)})
	after.When(back).ThenRefused(casefile.ErrNothingToTakeBack)
	given(t, gone...).When(back).ThenRefused(casefile.ErrNotOpen)
	back.By = cti
	given(t, attending...).When(back).ThenRefused(casefile.ErrHeldByAnother)
	back.By, back.Reason = school, ""
	given(t, attending...).When(back).ThenRefused(casefile.ErrReasonMissing)
}

// Of all that closes a case its comune takes back what was its own: the request that it withdrew.
func TestAComuneTakesItsWithdrawalBack(t *testing.T) {
	t.Parallel()
	withdrawn := casefile.CaseClosed{Reason: "moved-abroad", On: day(1), Withdrawn: true, WithdrawnBy: toComune, Text: why}
	open := casefile.Reopen{Act: by(rozzano, hour(60)), Text: why, Terms: terms}
	e := casefile.CaseReopened{Text: why, Terms: terms, At: hour(60)}
	after := given(t, append(inCharge[:3:3], withdrawn)...).When(open).Then(e)
	if s := after.State(); s.Status != casefile.Requested || s.WithdrawnBy != (casefile.Party{}) {
		t.Errorf("%+v", s)
	}
	given(t, append(inCharge[:3:3], closed)...).When(open).ThenRefused(casefile.ErrHeldByAnother)
	after.And(closed).When(open).ThenRefused(casefile.ErrHeldByAnother) // by the centre, later
	open.By = opera
	given(t, append(inCharge[:3:3], withdrawn)...).When(open).ThenRefused(casefile.ErrHeldByAnother)
	moved := casefile.DomicileChanged{Comune: domain.Comune(opera.Body)}
	given(t, append(inCharge[:3:3], withdrawn, moved)...).When(open).ThenRefused(casefile.ErrHeldByAnother) // it did not withdraw
	open.By = rozzano
	given(t, append(inCharge[:3:3], withdrawn, moved)...).When(open).ThenRefused(casefile.ErrHeldByAnother) // it has nothing to do with the case any more
	withdrawn.WithdrawnBy = toUST
	given(t, append(inCharge[:3:3], withdrawn)...).When(open).ThenRefused(casefile.ErrHeldByAnother)
	withdrawn.WithdrawnBy = casefile.Party{} // nobody knows who it was
	given(t, append(inCharge[:3:3], withdrawn)...).When(open).ThenRefused(casefile.ErrHeldByAnother)
}
