package casefile_test

import (
	"strings"
	"testing"
	"time"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
)

func TestACentreTakesCharge(t *testing.T) {
	t.Parallel()
	take := func(a domain.Actor) casefile.TakeCharge { return casefile.TakeCharge{Act: by(a, hour(2))} }
	for _, a := range []domain.Actor{cti, ust} {
		given(t, waiting...).When(take(a)).Then(taken)
		for _, es := range []events{inCharge, asking, standing, placed, attending} {
			given(t, es...).When(take(a)).ThenNothing()
		}
	}
	given(t, waiting...).When(take(cti2)).ThenRefused(casefile.ErrHeldByAnother)
	for _, a := range []domain.Actor{rozzano, school, prefect, importer, {Role: domain.RoleComune, Body: "CTI-25"}} {
		given(t, waiting...).When(take(a)).ThenRefused(casefile.ErrNotYours)
	}
	given(t, gone...).When(take(cti)).ThenRefused(casefile.ErrNotOpen)
	given(t, joined...).When(take(cti)).ThenRefused(casefile.ErrNotOpen)
}

func TestACentreAsksAComune(t *testing.T) {
	t.Parallel()
	question := func(a domain.Actor) casefile.AskQuestion {
		return casefile.AskQuestion{Act: by(a, hour(3)), To: casefile.HeldByComune, Topic: "contacts", Text: why}
	}
	for _, a := range []domain.Actor{cti, ust} {
		for _, es := range []events{inCharge, placed, attending, {enrolled, routed}} {
			s := given(t, es...).When(question(a)).Then(asked).State()
			if want := (casefile.Holder{Kind: casefile.HeldByComune, Body: "015189"}); s.Holder() != want {
				t.Errorf("held by %v", s.Holder())
			}
		}
		given(t, waiting...).When(question(a)).ThenRefused(casefile.ErrNotInCharge)
		given(t, standing...).When(question(a)).ThenRefused(casefile.ErrOfferStands)
		given(t, asking...).When(question(a)).ThenRefused(casefile.ErrQuestionOpen)
	}
	given(t, inCharge...).When(question(cti2)).ThenRefused(casefile.ErrHeldByAnother)
	given(t, inCharge...).When(question(school)).ThenRefused(casefile.ErrNotYours)
	given(t, gone...).When(question(cti)).ThenRefused(casefile.ErrNotOpen)

	c := question(cti)
	c.Topic = "what the aunt said"
	given(t, inCharge...).When(c).ThenRefused(casefile.ErrChoiceUnknown)
	for _, to := range []casefile.HolderKind{"", casefile.HeldByCentre, "aunt"} {
		c := question(cti)
		c.To = to
		given(t, inCharge...).When(c).ThenRefused(casefile.ErrChoiceUnknown)
	}
}

func TestACentreAsksASchool(t *testing.T) {
	t.Parallel()
	question := casefile.AskQuestion{Act: by(cti, hour(6)), To: casefile.HeldBySchool, Topic: "other"}
	for _, es := range []events{standing, placed, attending, {enrolled, routed}} {
		given(t, es...).When(question).Then(askedSchool)
	}
	for _, es := range []events{waiting, inCharge} {
		given(t, es...).When(question).ThenRefused(casefile.ErrNoSuchOffer)
	}
	// The school may answer the offer and leave the question; once the place is not its own the question is gone.
	given(t, standing...).And(askedSchool).When(accept).Then(accepted)
	for _, back := range []casefile.Event{declined, lapsed, withdrawn} {
		s := given(t, standing...).And(askedSchool, back).State()
		if want := (casefile.Holder{Kind: casefile.HeldByCentre, Body: "CTI-25"}); s.Question != nil || s.Holder() != want {
			t.Errorf("%T: question %v, held by %v", back, s.Question, s.Holder())
		}
	}
}

func TestAQuestionIsAnswered(t *testing.T) {
	t.Parallel()
	answer := func(a domain.Actor) casefile.AnswerQuestion {
		return casefile.AnswerQuestion{Act: by(a, hour(4)), Text: why}
	}
	for _, a := range []domain.Actor{rozzano, ust, cti} { // the centre, where the answer came by telephone
		given(t, asking...).When(answer(a)).Then(answered)
	}
	for _, a := range []domain.Actor{opera, cti2, school, prefect, importer} {
		given(t, asking...).When(answer(a)).ThenRefused(casefile.ErrHeldByAnother)
	}
	toSchool := given(t, placed...).And(askedSchool)
	toSchool.When(answer(school)).Then(answered)
	toSchool.When(answer(rozzano)).ThenRefused(casefile.ErrHeldByAnother)
	toSchool.When(answer(school2)).ThenRefused(casefile.ErrHeldByAnother)
	given(t, inCharge...).When(answer(rozzano)).ThenRefused(casefile.ErrNoQuestion)
	given(t, inCharge...).And(asked, answered).When(answer(rozzano)).ThenRefused(casefile.ErrNoQuestion)
	given(t, asking...).And(closed).When(answer(rozzano)).ThenRefused(casefile.ErrNotOpen)
}

// While a comune must answer, the centre can close the case and nothing else that would pass it on.
func TestWhatAnOpenQuestionStops(t *testing.T) {
	t.Parallel()
	given(t, asking...).When(offer(cti)).ThenRefused(casefile.ErrQuestionOpen)
	given(t, asking...).When(handOver(cti)).ThenRefused(casefile.ErrQuestionOpen)
	given(t, asking...).When(casefile.Close{Act: by(cti, hour(9)), Reason: "untraceable"}).
		Then(casefile.CaseClosed{Reason: "untraceable", On: day(0)})
	given(t, asking...).And(closed, reopened).When(casefile.TakeCharge{Act: by(cti, hour(1601))}).
		Then(casefile.ChargeTaken{Centre: "CTI-25", At: hour(1601)})
}

var resolution = &grade.Resolution{Reason: grade.Skills, Reference: "12/2022"}

func TestTheGradeIsDetermined(t *testing.T) {
	t.Parallel()
	determine := func(a domain.Actor, l grade.Level, r *grade.Resolution) casefile.DetermineGrade {
		return casefile.DetermineGrade{Act: by(a, hour(4)), Level: l, Resolution: r}
	}
	lower := casefile.GradeDetermined{Level: primaria2, Resolution: resolution}
	for _, a := range []domain.Actor{cti, ust} {
		for _, es := range []events{waiting, inCharge, asking, placed, attending} {
			p := given(t, es...)
			p.When(determine(a, primaria3, nil)).ThenNothing() // by age, as it is
			p.When(determine(a, primaria2, nil)).ThenRefused(grade.ErrNoResolution)
			p.When(determine(a, primaria2, resolution)).Then(lower).
				When(determine(a, primaria3, nil)).Then(casefile.GradeDetermined{Level: primaria3}) // back to the one by age
		}
	}
	given(t, attending...).When(determine(school, primaria2, resolution)).Then(lower)
	given(t, standing...).When(determine(cti, primaria2, resolution)).ThenRefused(casefile.ErrOfferStands)
	given(t, standing...).When(determine(school, primaria2, resolution)).ThenRefused(casefile.ErrNotYours)
	for _, a := range []domain.Actor{rozzano, cti2, school, prefect} {
		given(t, inCharge...).When(determine(a, primaria2, resolution)).ThenRefused(casefile.ErrNotYours)
	}
	given(t, inCharge...).When(determine(cti, grade.Level{Order: "nido"}, resolution)).ThenRefused(grade.ErrLevel)
	given(t, inCharge...).When(determine(cti, primaria2, &grade.Resolution{Reason: grade.Skills})).ThenRefused(grade.ErrReference)
	given(t, gone...).When(determine(ust, primaria2, resolution)).ThenRefused(casefile.ErrNotOpen)

	// A birth date corrected while an offer stands: what is offered may be made the grade, nothing else.
	level := primaria2
	corrected := given(t, standing...).And(casefile.RequestAmended{Level: &level, Pupil: pupil})
	corrected.When(determine(cti, primaria3, resolution)).Then(casefile.GradeDetermined{Level: primaria3, Resolution: resolution})
}

func handOver(a domain.Actor) casefile.HandOver {
	return casefile.HandOver{Act: by(a, hour(8)), To: "CTI-24", Reason: "agreed", Text: why, Terms: terms}
}

func TestACaseIsHandedOver(t *testing.T) {
	t.Parallel()
	for _, a := range []domain.Actor{cti, ust} {
		for _, es := range []events{waiting, inCharge} {
			s := given(t, es...).When(handOver(a)).Then(handed).State()
			if s.Status != casefile.Requested || s.Holder().Body != "CTI-24" || s.ChargeDue != hour(8) ||
				s.HeldSince != hour(8) || len(s.PastCentres) != 1 {
				t.Errorf("%s, held by %v since %v", s.Status, s.Holder(), s.ChargeDue)
			}
		}
		for _, es := range []events{standing, placed, attending, {enrolled, routed}} {
			given(t, es...).When(handOver(a)).ThenRefused(casefile.ErrOfferStands)
		}
	}
	given(t, waiting...).When(handOver(cti2)).ThenRefused(casefile.ErrHeldByAnother)
	given(t, waiting...).When(handOver(rozzano)).ThenRefused(casefile.ErrNotYours)
	given(t, gone...).When(handOver(cti)).ThenRefused(casefile.ErrNotOpen)
	for to, want := range map[domain.Centre]error{"CTI-25": casefile.ErrSameCentre, "": casefile.ErrCentreUnknown} {
		c := handOver(cti)
		c.To = to
		given(t, inCharge...).When(c).ThenRefused(want)
	}
	c := handOver(cti)
	c.Reason = "they are nicer"
	given(t, inCharge...).When(c).ThenRefused(casefile.ErrReasonMissing)
	// There and back: the first centre has it again and must take charge anew.
	back := handOver(cti2)
	back.To = "CTI-25"
	given(t, inCharge...).And(handed).When(back).
		Then(casefile.HandedOver{From: "CTI-24", To: "CTI-25", Reason: "agreed", Text: why, Terms: terms, At: hour(8)})
}

func offer(a domain.Actor) casefile.OfferPlace {
	return casefile.OfferPlace{Act: by(a, hour(5)), Offer: offer1, School: site, Institution: "MIIC8AB00X", Level: primaria3,
		Due: hour(72)}
}

func TestAPlaceIsOffered(t *testing.T) {
	t.Parallel()
	for _, a := range []domain.Actor{cti, ust} {
		s := given(t, inCharge...).When(offer(a)).Then(offered).State()
		if want := (casefile.Holder{Kind: casefile.HeldBySchool, Body: "MIIC8AB00X"}); s.Holder() != want || s.Offers != 1 {
			t.Errorf("held by %v after %d offers", s.Holder(), s.Offers)
		}
	}
	for _, es := range []events{standing, placed, attending} {
		given(t, es...).When(offer(cti)).ThenNothing()
		second := offer(cti)
		second.Offer = offer2
		given(t, es...).When(second).ThenRefused(casefile.ErrOfferStands)
	}
	given(t, waiting...).When(offer(cti)).ThenRefused(casefile.ErrNotInCharge)
	given(t, gone...).When(offer(cti)).ThenRefused(casefile.ErrNotOpen)
	given(t, joined...).When(offer(cti)).ThenRefused(casefile.ErrNotOpen)
	given(t, inCharge...).When(offer(cti2)).ThenRefused(casefile.ErrHeldByAnother)
	for _, a := range []domain.Actor{rozzano, school, prefect, importer} {
		given(t, inCharge...).When(offer(a)).ThenRefused(casefile.ErrNotYours)
	}
	c := offer(cti)
	c.Level = primaria2
	given(t, inCharge...).When(c).ThenRefused(casefile.ErrOtherGrade)
	given(t, inCharge...).And(casefile.GradeDetermined{Level: primaria2, Resolution: resolution}).When(offer(cti)).
		ThenRefused(casefile.ErrOtherGrade)
}

func TestAnOverrideIsTheUSTsAndHasAReason(t *testing.T) {
	t.Parallel()
	c := offer(cti)
	c.Override = over
	given(t, inCharge...).When(c).ThenRefused(casefile.ErrNotYours)
	c.Act = by(ust, hour(5))
	c.Override = &casefile.Override{Rule: "placement"}
	given(t, inCharge...).When(c).ThenRefused(casefile.ErrOverrideReason)
	c.Override = over
	e := offered
	e.Override = over
	given(t, inCharge...).When(c).Then(e)
	// It sets aside places and declines, not the order of things.
	given(t, waiting...).When(c).ThenRefused(casefile.ErrNotInCharge)
	given(t, asking...).When(c).ThenRefused(casefile.ErrQuestionOpen)
	c.Level = primaria2
	given(t, inCharge...).When(c).ThenRefused(casefile.ErrOtherGrade)
}

var accept = casefile.AcceptOffer{Act: by(school, hour(24)), Offer: offer1, On: day(1), Section: "B"}

func TestASchoolAccepts(t *testing.T) {
	t.Parallel()
	s := given(t, standing...).When(accept).Then(accepted).State()
	if s.Status != casefile.Accepted || s.Holder().Body != "MIIC8AB00X" || s.AcceptedOn != day(1) || !s.FirstDay.IsZero() {
		t.Errorf("%s, accepted on %v", s.Status, s.AcceptedOn)
	}
	c := accept
	c.Act = by(ust, hour(24))
	given(t, standing...).When(c).Then(accepted)
	for _, es := range []events{placed, attending} {
		given(t, es...).When(accept).ThenNothing()
	}
	refused := func(want error, es events, change func(*casefile.AcceptOffer)) {
		t.Helper()
		c := accept
		change(&c)
		given(t, es...).When(c).ThenRefused(want)
	}
	same := func(*casefile.AcceptOffer) {}
	refused(casefile.ErrNoSuchOffer, waiting, same)
	refused(casefile.ErrNoSuchOffer, append(standing[:4:4], declined), same)
	refused(casefile.ErrNoSuchOffer, append(standing[:4:4], lapsed), same)
	refused(casefile.ErrNoSuchOffer, standing, func(c *casefile.AcceptOffer) { c.Offer = offer2 })
	refused(casefile.ErrNoSuchOffer, events{enrolled, routed}, func(c *casefile.AcceptOffer) { c.Offer = offer2 })
	refused(casefile.ErrNotOpen, gone, same)
	refused(casefile.ErrHeldByAnother, standing, func(c *casefile.AcceptOffer) { c.By = school2 })
	refused(casefile.ErrNotYours, standing, func(c *casefile.AcceptOffer) { c.By = cti })
	refused(casefile.ErrMissing, standing, func(c *casefile.AcceptOffer) { c.On = domain.Date{} })
	refused(casefile.ErrDayInFuture, standing, func(c *casefile.AcceptOffer) { c.On = day(2) })
	refused(casefile.ErrAcceptedTooEarly, standing, func(c *casefile.AcceptOffer) { c.On = day(-1) })
	refused(casefile.ErrTextTooLong, standing, func(c *casefile.AcceptOffer) { c.Section = strings.Repeat("B", 21) })
}

func TestASchoolDeclines(t *testing.T) {
	t.Parallel()
	decline := casefile.DeclineOffer{Act: by(school, hour(6)), Offer: offer1, Reason: "no-places-in-class", Text: why}
	s := given(t, standing...).When(decline).Then(declined).State()
	if s.Status != casefile.InCharge || s.Holder().Body != "CTI-25" || s.HeldSince != hour(6) || len(s.PastInstitutions) != 1 {
		t.Errorf("%s, held by %v", s.Status, s.Holder())
	}
	c := decline
	c.Act = by(ust, hour(6))
	given(t, standing...).When(c).Then(declined)
	given(t, inCharge...).When(decline).ThenRefused(casefile.ErrNoSuchOffer)
	for _, es := range []events{placed, attending, {enrolled, routed}} { // its own yes, or its own enrolment
		given(t, es...).When(decline).ThenRefused(casefile.ErrNoSuchOffer)
	}
	given(t, gone...).When(decline).ThenRefused(casefile.ErrNotOpen)
	c = decline
	c.By = school2
	given(t, standing...).When(c).ThenRefused(casefile.ErrHeldByAnother)
	c.By = cti
	given(t, standing...).When(c).ThenRefused(casefile.ErrNotYours)
	c = decline
	c.Reason = "we would rather not"
	given(t, standing...).When(c).ThenRefused(casefile.ErrReasonMissing)
	for _, reason := range casefile.DeclineReasons() {
		c, e := decline, declined
		c.Reason, e.Reason = reason, reason
		given(t, standing...).When(c).Then(e)
	}
}

func TestAnOfferLapses(t *testing.T) {
	t.Parallel()
	lapse := casefile.LapseOffer{Act: by(importer, hour(72)), Offer: offer1}
	given(t, standing...).When(lapse).Then(lapsed)
	given(t, standing...).And(askedSchool).When(lapse).Then(lapsed)
	for _, es := range []events{waiting, append(standing[:4:4], declined), placed, attending, gone, joined, forgotten} {
		given(t, es...).When(lapse).ThenNothing()
	}
	early := lapse
	early.At = hour(72).Add(-time.Nanosecond)
	given(t, standing...).When(early).ThenRefused(casefile.ErrNotDueYet)
	another := lapse
	another.Offer = offer2
	given(t, standing...).When(another).ThenNothing()
	for _, a := range []domain.Actor{cti, school, rozzano, prefect} {
		given(t, standing...).When(casefile.LapseOffer{Act: by(a, hour(72)), Offer: offer1}).ThenRefused(casefile.ErrNotYours)
	}
}

func TestAnOfferIsWithdrawn(t *testing.T) {
	t.Parallel()
	withdraw := casefile.WithdrawOffer{Act: by(cti, hour(7)), Offer: offer1, Reason: "better-place"}
	given(t, standing...).When(withdraw).Then(withdrawn)
	c := withdraw
	c.Act = by(ust, hour(7))
	given(t, standing...).When(c).Then(withdrawn)
	for _, es := range []events{waiting, placed, attending, {enrolled, routed}} {
		given(t, es...).When(withdraw).ThenRefused(casefile.ErrNoSuchOffer)
	}
	given(t, gone...).When(withdraw).ThenRefused(casefile.ErrNotOpen)
	c = withdraw
	c.Offer = offer2
	given(t, standing...).When(c).ThenRefused(casefile.ErrNoSuchOffer)
	c = withdraw
	c.By = cti2
	given(t, standing...).When(c).ThenRefused(casefile.ErrHeldByAnother)
	c.By = school
	given(t, standing...).When(c).ThenRefused(casefile.ErrNotYours)
	for _, reason := range []casefile.OfferWithdrawalReason{"", "case-closed", "case-merged"} { // nobody may say what did not happen
		c := withdraw
		c.Reason = reason
		given(t, standing...).When(c).ThenRefused(casefile.ErrReasonMissing)
	}
}

func TestTheFirstDayIsRecorded(t *testing.T) {
	t.Parallel()
	first := casefile.RecordFirstDay{Act: by(school, hour(48)), On: day(2)}
	for _, a := range []domain.Actor{school, ust} {
		c := first
		c.By = a
		given(t, placed...).When(c).Then(firstDay)
		given(t, enrolled, routed).When(c).Then(firstDay)
		given(t, attending...).When(c).ThenNothing()
		c.On = day(1)
		given(t, attending...).When(c).Then(casefile.FirstDayRecorded{On: day(1)}) // corrected
	}
	for _, es := range []events{waiting, inCharge, standing} {
		given(t, es...).When(first).ThenRefused(casefile.ErrNoSuchOffer)
	}
	given(t, gone...).When(first).ThenRefused(casefile.ErrNotOpen)
	for _, a := range []domain.Actor{school2, cti, rozzano, prefect, importer} {
		c := first
		c.By = a
		given(t, placed...).When(c).ThenRefused(casefile.ErrHeldByAnother)
	}
	for on, want := range map[domain.Date]error{
		day(0): casefile.ErrFirstDayTooEarly, day(3): casefile.ErrDayInFuture, {}: casefile.ErrMissing,
	} {
		c := first
		c.On = on
		given(t, placed...).When(c).ThenRefused(want)
		given(t, attending...).When(c).ThenRefused(want)
	}
}

func TestAttendanceEnds(t *testing.T) {
	t.Parallel()
	end := casefile.EndAttendance{Act: by(school, hour(1440)), On: day(60), Reason: "returned-home", Text: why}
	s := given(t, attending...).When(end).Then(ended, closed).State()
	if s.Status != casefile.Closed || s.Offer != nil || s.AcceptedOn != day(1) || s.FirstDay != day(2) || s.EndedOn != day(60) {
		t.Errorf("%s, from %v and %v to %v", s.Status, s.AcceptedOn, s.FirstDay, s.EndedOn)
	}
	c := end
	c.By = ust
	given(t, attending...).When(c).Then(ended, closed)
	c = end
	c.Reason = "year-completed"
	given(t, attending...).When(c).Then(ended, casefile.CaseClosed{Reason: "year-completed", On: day(60), Text: why})
	for _, es := range []events{waiting, standing, placed} {
		given(t, es...).When(end).ThenRefused(casefile.ErrNotAttending)
	}
	given(t, gone...).When(end).ThenRefused(casefile.ErrNotOpen)
	for _, a := range []domain.Actor{school2, cti, rozzano, prefect} {
		c := end
		c.By = a
		given(t, attending...).When(c).ThenRefused(casefile.ErrHeldByAnother)
	}
	for on, want := range map[domain.Date]error{
		day(1): casefile.ErrEndBeforeFirstDay, day(61): casefile.ErrDayInFuture, {}: casefile.ErrMissing,
	} {
		c := end
		c.On = on
		given(t, attending...).When(c).ThenRefused(want)
	}
	c = end
	c.Reason = "left"
	given(t, attending...).When(c).ThenRefused(casefile.ErrReasonMissing)
}
