package casefile_test

import (
	"reflect"
	"testing"

	"approdo/domain"
	"approdo/domain/casefile"
)

func propose(a domain.Actor, s casefile.ErasureScope, g casefile.ErasureGround) casefile.ProposeErasure {
	return casefile.ProposeErasure{Act: by(a, hour(9000)), Proposal: proposal1, Scope: s, Ground: g}
}

func approve(a domain.Actor) casefile.ApproveErasure {
	return casefile.ApproveErasure{Act: by(a, hour(9001)), Proposal: proposal1}
}

func TestItTakesTwoToForgetAPupil(t *testing.T) {
	t.Parallel()
	for _, es := range []events{gone, joined} {
		p := given(t, es...).When(propose(ust, casefile.ErasePupil, casefile.GroundRequest)).Then(proposed)
		p.When(approve(ust)).ThenRefused(casefile.ErrErasureOwn)
		p.When(approve(ust2)).Then(erased).When(approve(ust2)).ThenNothing()
	}
	nobody := domain.Actor{Role: domain.RoleUST} // who cannot be told from another
	for _, a := range []domain.Actor{cti, rozzano, school, prefect, importer, nobody} {
		given(t, gone...).When(propose(a, casefile.ErasePupil, casefile.GroundRequest)).ThenRefused(casefile.ErrNotYours)
		given(t, doomed...).When(approve(a)).ThenRefused(casefile.ErrNotYours)
		given(t, doomed...).When(casefile.RejectErasure{Act: by(a, hour(9001)), Proposal: proposal1, Reason: "wrong-case"}).ThenRefused(casefile.ErrNotYours)
		given(t, doomed...).When(casefile.WithdrawErasure{Act: by(a, hour(9001)), Proposal: proposal1}).ThenRefused(casefile.ErrNotYours)
	}
	for _, es := range []events{waiting, standing, attending} {
		given(t, es...).When(propose(ust, casefile.ErasePupil, casefile.GroundRequest)).ThenRefused(casefile.ErrNotClosed)
	}
	given(t, gone...).When(approve(ust2)).ThenRefused(casefile.ErrNoErasure)
	other := approve(ust2)
	other.Proposal = proposal2
	given(t, doomed...).When(other).ThenRefused(casefile.ErrNoErasure)
}

func TestGroundsAndScopesAreCoded(t *testing.T) {
	t.Parallel()
	given(t, gone...).When(propose(ust, casefile.ErasePupil, "she asked, and her name is")).ThenRefused(casefile.ErrReasonMissing)
	given(t, gone...).When(propose(ust, casefile.ErasePupil, casefile.GroundRestored)).ThenRefused(casefile.ErrReasonMissing)
	given(t, gone...).When(propose(ust, "half", casefile.GroundOrder)).ThenRefused(casefile.ErrChoiceUnknown)
	for _, scope := range casefile.ErasureScopes() {
		for _, ground := range casefile.ErasureGrounds() {
			c, e := propose(ust, scope, ground), proposed
			e.Scope, e.Ground = scope, ground
			if ground == casefile.GroundRetention {
				given(t, gone...).When(c).ThenRefused(casefile.ErrErasureNotDue)
				c.Register, c.Since = "1", day(9999)
				given(t, gone...).When(c).ThenRefused(casefile.ErrErasureNotDue)
				c.Since = domain.DateOf(c.At)
				e.Register, e.Since = "1", c.Since
			}
			var last casefile.Event = casefile.PupilErased{Ground: ground}
			if scope == casefile.EraseHealth {
				last = casefile.HealthErased{Ground: ground}
			}
			given(t, gone...).When(c).Then(e).When(approve(ust2)).Then(last)
		}
	}
}

func TestAProposalIsRejectedOrWithdrawnAndMadeAnew(t *testing.T) {
	t.Parallel()
	p := given(t, doomed...)
	p.When(propose(ust2, casefile.ErasePupil, casefile.GroundRequest)).ThenNothing() // the same id
	again := propose(ust2, casefile.ErasePupil, casefile.GroundOrder)
	again.Proposal = proposal2
	p.When(again).ThenRefused(casefile.ErrErasureProposed)
	renewed := casefile.ErasureProposed{Proposal: proposal2, Scope: casefile.ErasePupil, Ground: casefile.GroundOrder, By: ust2.Account, At: again.At}

	no := casefile.RejectErasure{Act: by(ust2, hour(9001)), Proposal: proposal1, Reason: "still-needed"}
	p.When(no).Then(rejected).When(no).ThenNothing()
	p.And(rejected).When(propose(ust, casefile.ErasePupil, casefile.GroundRequest)).ThenNothing() // heard too late
	p.And(rejected).When(approve(ust2)).ThenRefused(casefile.ErrNoErasure)
	p.And(rejected).When(again).Then(renewed)
	own := no
	own.By = ust
	p.When(own).ThenRefused(casefile.ErrErasureOwn)
	no.Reason = "I know her"
	p.When(no).ThenRefused(casefile.ErrReasonMissing)

	back := casefile.WithdrawErasure{Act: by(ust, hour(9001)), Proposal: proposal1}
	p.When(back).Then(casefile.ErasureRejected{Proposal: proposal1, Withdrawn: true}).When(back).ThenNothing()
	back.By = ust2
	p.When(back).ThenRefused(casefile.ErrErasureNotOwn)

	// A case that is taken up again is not proposed any more.
	if s := p.And(reopened).State(); s.Erasure != nil {
		t.Errorf("reopened, and yet proposed: %+v", s.Erasure)
	}
	p.And(reopened).When(approve(ust2)).ThenRefused(casefile.ErrNoErasure)
	given(t, joined...).And(proposed, casefile.CaseParted{From: other, At: hour(9000)}).When(approve(ust2)).ThenRefused(casefile.ErrNoErasure)
}

// The facts stay countable, and nothing more can be asked of the case.
func TestOfAnErasedPupilOnlyTheFactsAreLeft(t *testing.T) {
	t.Parallel()
	s := given(t, forgotten...).State()
	if s.Status != casefile.Closed || s.FirstDay != day(2) || s.Reason != "returned-home" || s.Erasure != nil {
		t.Errorf("%s for %s, first day %v, proposed %v", s.Status, s.Reason, s.FirstDay, s.Erasure)
	}
	for _, c := range everyCommand(ust, hour(9001)) {
		switch c.(type) {
		case casefile.RecordRequest, casefile.RecordAutonomousEnrolment: // ErrExists
		case casefile.ApproveErasure, casefile.RestoreErasure, casefile.LapseOffer, casefile.ExpireClock:
			given(t, forgotten...).When(c).ThenNothing()
		default:
			given(t, forgotten...).When(c).ThenRefused(casefile.ErrErased)
		}
	}
}

func TestHealthGoesBeforeTheRest(t *testing.T) {
	t.Parallel()
	p := given(t, gone...).And(healthGone)
	p.When(propose(ust, casefile.EraseHealth, casefile.GroundOrder)).ThenRefused(casefile.ErrHealthErased)
	p.When(propose(ust, casefile.ErasePupil, casefile.GroundRequest)).Then(proposed).When(approve(ust2)).Then(erased)
	// The child's way goes on, and what was forgotten cannot be given anew.
	sick := casefile.Pupil{Health: domain.Open(id, domain.ClassSpecial, casefile.Health{Vaccination: casefile.HealthPending})}
	p.And(reopened).When(casefile.AmendRequest{Act: by(ust, hour(9000)), Pupil: sick}).ThenRefused(casefile.ErrHealthErased)
	causes(t, p.And(reopened), casefile.AmendRequest{Act: by(ust, hour(9000)), Pupil: pupil}, casefile.RequestAmended{Pupil: pupil})
	full := requested
	full.Pupil.Health = sick.Health
	if kept := (casefile.Papers{}).With(full).With(healthGone); !kept.Health.IsZero() || kept.Identity.IsZero() {
		t.Error("the papers still have what was said of health, or lost more than that")
	}
}

// A journal that was brought back from before an erasure is told of it; whoever was still in a queue there leaves it.
func TestAnErasureIsRestored(t *testing.T) {
	t.Parallel()
	restore := casefile.RestoreErasure{Act: by(importer, hour(9000)), Scope: casefile.ErasePupil}
	was := casefile.PupilErased{Ground: casefile.GroundRestored}
	over := casefile.CaseClosed{Reason: "pupil-erased", On: domain.DateOf(hour(9000))}
	left := casefile.OfferWithdrawn{Offer: offer1, School: site, Reason: "case-closed", At: hour(9000)}
	given(t, gone...).When(restore).Then(was)
	given(t, doomed...).When(restore).Then(was)
	given(t, joined...).When(restore).Then(was)
	given(t, waiting...).When(restore).Then(over, was)
	given(t, standing...).When(restore).Then(left, over, was)
	given(t, attending...).When(restore).Then(casefile.AttendanceEnded{On: domain.DateOf(hour(9000))}, over, was)
	given(t, forgotten...).When(restore).ThenNothing()
	given(t, gone...).And(restricted).When(restore).Then(was)
	restore.Scope = casefile.EraseHealth
	given(t, attending...).When(restore).Then(casefile.HealthErased{Ground: casefile.GroundRestored}).When(restore).ThenNothing()
	restore.By = ust
	given(t, gone...).When(restore).ThenRefused(casefile.ErrNotYours)
}

// A restriction is of reading: nothing a child is due waits for its end.
func TestARestrictionStopsNothingButErasure(t *testing.T) {
	t.Parallel()
	restrict := casefile.Restrict{Act: by(ust, hour(5000)), Reason: "accuracy-contested"}
	lift := casefile.LiftRestriction{Act: by(ust, hour(5001))}
	for _, es := range []events{waiting, inCharge, asking, standing, placed, attending, gone, joined} {
		p := given(t, es...)
		limited := p.When(restrict).Then(restricted)
		limited.When(lift).Then(lifted)
		p.When(lift).ThenNothing()
		for _, a := range []domain.Actor{ust, cti, school, rozzano, importer} {
			for _, c := range everyCommand(a, hour(2000)) {
				switch c.(type) {
				case casefile.Restrict, casefile.LiftRestriction, casefile.ProposeErasure, casefile.ApproveErasure:
					continue
				}
				want, wantErr := casefile.Decide(p.State(), c)
				got, err := casefile.Decide(limited.State(), c)
				if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(err, wantErr) {
					t.Errorf("%T by %s: %v, %v; unrestricted %v, %v", c, a.Role, got, err, want, wantErr)
				}
			}
		}
		for _, a := range []domain.Actor{cti, rozzano, school, prefect, importer} {
			c, l := restrict, lift
			c.By, l.By = a, a
			p.When(c).ThenRefused(casefile.ErrNotYours)
			limited.When(l).ThenRefused(casefile.ErrNotYours)
		}
	}
	other := restrict
	other.Reason = "legal-claim"
	given(t, waiting...).And(restricted).When(other).ThenRefused(casefile.ErrRestricted)
	other.Reason = "because"
	given(t, waiting...).When(other).ThenRefused(casefile.ErrReasonMissing)
	// Whoever asks for the restriction may need the data: art. 18(1)(b) and (c).
	given(t, gone...).And(restricted).When(propose(ust, casefile.ErasePupil, casefile.GroundRequest)).ThenRefused(casefile.ErrErasureRestricted)
	given(t, doomed...).And(restricted).When(approve(ust2)).ThenRefused(casefile.ErrErasureRestricted)
	given(t, forgotten...).When(restrict).ThenRefused(casefile.ErrErased)
}
