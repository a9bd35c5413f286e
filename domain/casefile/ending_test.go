package casefile_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
)

func TestACaseIsClosed(t *testing.T) {
	t.Parallel()
	finish := func(a domain.Actor, r casefile.ClosureReason) casefile.Close {
		return casefile.Close{Act: by(a, hour(30)), Reason: r, Text: why}
	}
	closing := casefile.CaseClosed{Reason: "untraceable", On: day(1), Text: why}
	for _, a := range []domain.Actor{cti, ust} {
		for _, es := range []events{waiting, inCharge, asking, placed, {enrolled, routed}} {
			s := given(t, es...).When(finish(a, "untraceable")).Then(closing).State()
			if s.Offer != nil || s.Question != nil || s.Holder() != (casefile.Holder{}) {
				t.Errorf("closed, with %v and %v, held by %v", s.Offer, s.Question, s.Holder())
			}
		}
		given(t, standing...).When(finish(a, "untraceable")).
			Then(casefile.OfferWithdrawn{Offer: offer1, School: site, Reason: "case-closed", At: hour(30)}, closing)
		given(t, attending...).When(finish(a, "untraceable")).ThenRefused(casefile.ErrStillAttending)
	}
	for _, es := range []events{placed, {enrolled, routed}} {
		given(t, es...).When(finish(school, "untraceable")).Then(closing) // the child never came
		given(t, es...).When(finish(school2, "untraceable")).ThenRefused(casefile.ErrNotYours)
	}
	given(t, attending...).When(finish(school, "untraceable")).ThenRefused(casefile.ErrStillAttending)
	given(t, standing...).When(finish(school, "untraceable")).ThenRefused(casefile.ErrNotYours)
	given(t, waiting...).When(finish(cti2, "untraceable")).ThenRefused(casefile.ErrHeldByAnother)
	given(t, waiting...).When(finish(rozzano, "untraceable")).ThenRefused(casefile.ErrNotYours)
	given(t, waiting...).When(finish(cti, "")).ThenRefused(casefile.ErrReasonMissing)
	given(t, placed...).When(finish(cti, "year-completed")).ThenRefused(casefile.ErrNotAttending)
	given(t, gone...).When(finish(cti, "returned-home")).ThenNothing()
	given(t, gone...).When(finish(cti, "untraceable")).ThenRefused(casefile.ErrNotOpen)
	given(t, joined...).When(finish(ust, "duplicate")).ThenRefused(casefile.ErrNotOpen)
	for _, reason := range casefile.ClosureReasons() {
		if reason == "year-completed" {
			continue
		}
		given(t, inCharge...).When(finish(cti, reason)).Then(casefile.CaseClosed{Reason: reason, On: day(1), Text: why})
	}
}

func TestACaseIsReopened(t *testing.T) {
	t.Parallel()
	reopen := func(a domain.Actor) casefile.Reopen {
		return casefile.Reopen{Act: by(a, hour(1600)), Text: why, Terms: terms}
	}
	for _, a := range []domain.Actor{cti, ust} {
		s := given(t, gone...).When(reopen(a)).Then(reopened).State()
		if s.Status != casefile.Requested || s.Holder().Body != "CTI-25" || !s.AcceptedOn.IsZero() || !s.FirstDay.IsZero() ||
			!s.EndedOn.IsZero() {
			t.Errorf("%s, held by %v, first day %v", s.Status, s.Holder(), s.FirstDay)
		}
		for _, es := range []events{waiting, standing, attending} {
			given(t, es...).When(reopen(a)).ThenNothing()
		}
	}
	for _, a := range []domain.Actor{cti2, rozzano, school, prefect, importer} {
		given(t, gone...).When(reopen(a)).ThenRefused(casefile.ErrHeldByAnother)
	}
	given(t, joined...).When(reopen(ust)).ThenRefused(casefile.ErrNotClosed)
	given(t, forgotten...).When(reopen(ust)).ThenRefused(casefile.ErrErased)
}

// What the school said before the case was closed still holds; the clocks run anew.
func TestWhatAReopenedCaseRemembers(t *testing.T) {
	t.Parallel()
	p := given(t, standing...).And(declined, casefile.ClockExpired{Clock: casefile.ClockFirstDay, Due: hour(360), To: domain.RoleUST},
		casefile.CaseClosed{Reason: "untraceable", On: day(40)}, reopened,
		casefile.ChargeTaken{Centre: "CTI-25", At: hour(1601)})
	s := p.State()
	if s.Offers != 0 || len(s.Expired) != 0 || s.RequestedAt != hour(1600) || s.RequestedOn != day(0) {
		t.Errorf("%d offers, expired %v, since %v", s.Offers, s.Expired, s.RequestedAt)
	}
	again := offer(cti)
	again.Act, again.Offer = by(cti, hour(1602)), offer2
	p.When(again).ThenRefused(casefile.ErrDeclinedBefore)
}

func merge(a domain.Actor) casefile.Merge {
	return casefile.Merge{Act: by(a, hour(9)), Into: other, IntoStatus: casefile.Attending, Text: why}
}

func TestTwoCasesAreMerged(t *testing.T) {
	t.Parallel()
	for _, es := range []events{waiting, inCharge, asking} {
		given(t, es...).When(merge(ust)).Then(merged)
	}
	given(t, standing...).When(merge(ust)).
		Then(casefile.OfferWithdrawn{Offer: offer1, School: site, Reason: "case-merged", At: hour(9)}, merged)
	given(t, joined...).When(merge(ust)).ThenNothing()
	for _, es := range []events{placed, attending, {enrolled, routed}} {
		given(t, es...).When(merge(ust)).ThenRefused(casefile.ErrPlaceKept)
	}
	given(t, gone...).When(merge(ust)).ThenRefused(casefile.ErrNotOpen)
	for _, a := range []domain.Actor{cti, rozzano, school, prefect, importer} {
		given(t, inCharge...).When(merge(a)).ThenRefused(casefile.ErrNotYours)
	}
	for status, want := range map[casefile.Status]error{
		"": casefile.ErrNoCase, casefile.Merged: casefile.ErrMergeIntoMerged, casefile.Closed: casefile.ErrMergeIntoClosed,
	} {
		c := merge(ust)
		c.IntoStatus = status
		given(t, inCharge...).When(c).ThenRefused(want)
	}
	c := merge(ust)
	c.Text = casefile.Text{}
	given(t, inCharge...).When(c).ThenRefused(casefile.ErrReasonMissing)
	c = merge(ust)
	c.Into = uuid.MustParse("018f0000-0000-7000-8000-000000000003")
	given(t, joined...).When(c).ThenRefused(casefile.ErrNotOpen)
}

func TestTwoCasesAreParted(t *testing.T) {
	t.Parallel()
	part := func(a domain.Actor) casefile.Unmerge { return casefile.Unmerge{Act: by(a, hour(20)), Text: why} }
	given(t, joined...).When(part(ust)).Then(casefile.CaseParted{From: other, Text: why, At: hour(20)})
	unasked := casefile.Unmerge{Act: by(importer, hour(20))} // as a policy does
	given(t, joined...).When(unasked).Then(casefile.CaseParted{From: other, At: hour(20)})
	for _, a := range []domain.Actor{cti, rozzano, school, prefect} {
		given(t, joined...).When(part(a)).ThenRefused(casefile.ErrNotYours)
	}
	for _, es := range []events{waiting, attending, gone} {
		given(t, es...).When(part(ust)).ThenRefused(casefile.ErrNotMerged)
	}
	given(t, joined...).When(casefile.Unmerge{Act: by(ust, hour(20))}).ThenRefused(casefile.ErrReasonMissing)
	given(t, joined...).And(erased).When(part(ust)).ThenRefused(casefile.ErrErased)
}

func TestOverdueCasesGoUp(t *testing.T) {
	t.Parallel()
	expire := func(clock casefile.ClockName, to domain.Role) casefile.ExpireClock {
		return casefile.ExpireClock{Act: by(importer, hour(400)), Clock: clock, Due: hour(400), To: to}
	}
	expired := func(clock casefile.ClockName, to domain.Role) casefile.ClockExpired {
		return casefile.ClockExpired{Clock: clock, Due: hour(400), To: to}
	}
	standsIn := map[casefile.ClockName][]events{
		casefile.ClockTakeCharge: {waiting},
		casefile.ClockFirstOffer: {waiting, inCharge, asking},
		casefile.ClockFirstDay:   {waiting, inCharge, asking, standing, append(standing[:4:4], declined), placed, {enrolled, routed}},
	}
	restsIn := map[casefile.ClockName][]events{
		casefile.ClockTakeCharge: {inCharge, asking, standing, placed, attending, gone, joined, forgotten, {enrolled, routed}},
		casefile.ClockFirstOffer: {standing, append(standing[:4:4], declined), placed, attending, gone, joined, forgotten,
			{enrolled, routed}},
		casefile.ClockFirstDay: {attending, gone, joined, forgotten},
		"lunch":                {waiting, inCharge},
	}
	for clock, pasts := range standsIn {
		for _, es := range pasts {
			first := expired(clock, domain.RoleCentre)
			given(t, es...).When(expire(clock, domain.RoleCentre)).Then(first).
				When(expire(clock, domain.RoleUST)).Then(expired(clock, domain.RoleUST)).
				When(expire(clock, domain.RoleCentre)).ThenNothing()
			given(t, es...).When(expire(clock, domain.RoleUST)).Then(expired(clock, domain.RoleUST))

			early := expire(clock, domain.RoleCentre)
			early.At = hour(400).Add(-time.Nanosecond)
			given(t, es...).When(early).ThenRefused(casefile.ErrNotDueYet)
			for _, a := range []domain.Actor{cti, rozzano, school, prefect} {
				c := expire(clock, domain.RoleCentre)
				c.By = a
				given(t, es...).When(c).ThenRefused(casefile.ErrNotYours)
			}
		}
	}
	for clock, pasts := range restsIn {
		for _, es := range pasts {
			given(t, es...).When(expire(clock, domain.RoleCentre)).ThenNothing()
		}
	}
}

// The centre that receives a case has its own time to take charge; the child's wait for a place goes on.
func TestAHandOverStartsOnlyTheClockOfTheNewCentre(t *testing.T) {
	t.Parallel()
	up := func(clock casefile.ClockName) casefile.Event {
		return casefile.ClockExpired{Clock: clock, Due: hour(1), To: domain.RoleUST}
	}
	p := given(t, waiting...).And(up(casefile.ClockTakeCharge), up(casefile.ClockFirstOffer), handed)
	if s := p.State(); s.Expired[casefile.ClockTakeCharge] != "" || s.Expired[casefile.ClockFirstOffer] != domain.RoleUST ||
		s.ChargeDue != hour(8) {
		t.Errorf("expired %v, charge since %v", s.Expired, s.ChargeDue)
	}
	c := casefile.ExpireClock{Act: by(importer, hour(60)), Clock: casefile.ClockTakeCharge, Due: hour(56), To: domain.RoleCentre}
	p.When(c).Then(casefile.ClockExpired{Clock: casefile.ClockTakeCharge, Due: hour(56), To: domain.RoleCentre})
}
