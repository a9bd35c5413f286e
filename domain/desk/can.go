package desk

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/domain/territory"
)

// ErrDone is for an act that was done already and leaves nothing to do.
var ErrDone = domain.Refused("already-done")

// Can says whether an act can be done to a case as it stands: nil, or the rule of the case that a command would meet. What a command
// still has to be told (a reason, a day, a school) is taken as given, so the command may be refused for that all the same. Acts that
// change nothing are nobody's to refuse here: access has the say on those.
func (d *Desk) Can(ctx context.Context, f File, act access.Act) error {
	if err := access.Case(f.actor, f.Relation, act); err != nil {
		return err
	}
	c, ok := probe(f.State, f.ID, d.Act(f.actor), act)
	if !ok {
		return nil
	}
	var err error
	switch p := c.(type) {
	case casefile.TakeCharge:
		p.Suspended, err = d.suspended(ctx, territory.Intake, f.State.Comune, p.Act)
		c = p
	case casefile.AcceptOffer:
		p.Suspended, err = d.suspended(ctx, territory.Placement, f.State.Comune, p.Act)
		c = p
	case casefile.OfferPlace:
		p.Suspended, err = d.suspended(ctx, territory.Placement, f.State.Comune, p.Act)
		if slices.Contains(f.May(), access.Override) {
			p.Suspended = false // a reason sets it aside
		}
		c = p
	}
	if err != nil {
		return err
	}
	events, err := casefile.Decide(f.State, c)
	if err == nil && len(events) == 0 && act != access.RecordFirstDay { // the day can still be corrected
		return ErrDone
	}
	return err
}

// probe is a command for an act that only the state of the case can refuse.
func probe(s casefile.State, id uuid.UUID, act domain.Act, what access.Act) (casefile.Command, bool) {
	today := domain.DateOf(act.At)
	words := domain.Open(id, domain.ClassPersonal, domain.NewPersonal("-"))
	var offer, proposal uuid.UUID
	if s.Offer != nil {
		offer = s.Offer.ID
	}
	if s.Erasure != nil {
		proposal = s.Erasure.ID
	}
	switch what {
	case access.Amend:
		return casefile.AmendRequest{Act: act, Pupil: casefile.Pupil{Identity: domain.Open(id, domain.ClassPersonal, casefile.Identity{})}}, true
	case access.ChangeDomicile:
		return casefile.ChangeDomicile{Act: act, Comune: s.Comune, Municipio: s.Municipio, From: s.LivesFrom,
			Domicile: domain.Open(id, domain.ClassPersonal, casefile.Domicile{})}, true
	case access.TakeCharge:
		return casefile.TakeCharge{Act: act}, true
	case access.Ask:
		to := casefile.HeldByComune
		if s.Offer != nil {
			to = casefile.HeldBySchool
		}
		return casefile.AskQuestion{Act: act, To: to, Topic: casefile.QuestionTopics()[0], Text: words}, true
	case access.Answer:
		return casefile.AnswerQuestion{Act: act, Text: words}, true
	case access.DetermineGrade:
		other := grade.Levels()[0]
		if other == s.Level {
			other = grade.Levels()[1]
		}
		return casefile.DetermineGrade{Act: act, Level: other, Resolution: &grade.Resolution{Reason: grade.Skills, Reference: "-"}}, true
	case access.HandOver:
		return casefile.HandOver{Act: act, To: s.Centre + "-", Reason: casefile.HandOverReasons()[0]}, true
	case access.Offer:
		return casefile.OfferPlace{Act: act, Offer: uuid.Max, Level: s.Level}, true
	case access.WithdrawOffer:
		return casefile.WithdrawOffer{Act: act, Offer: offer, Reason: casefile.OfferWithdrawalReasons()[0]}, true
	case access.Accept:
		return casefile.AcceptOffer{Act: act, Offer: offer, On: today}, true
	case access.Decline:
		return casefile.DeclineOffer{Act: act, Offer: offer, Reason: casefile.DeclineReasons()[0]}, true
	case access.RecordFirstDay:
		return casefile.RecordFirstDay{Act: act, On: today}, true
	case access.EndAttendance:
		return casefile.EndAttendance{Act: act, On: today, Reason: casefile.ClosureReasons()[0]}, true
	case access.WithdrawRequest:
		return casefile.WithdrawRequest{Act: act, Reason: casefile.WithdrawalReasons()[0]}, true
	case access.Close:
		return casefile.Close{Act: act, Reason: casefile.WithdrawalReasons()[0]}, true
	case access.Reopen:
		return casefile.Reopen{Act: act}, true
	case access.Merge:
		return casefile.Merge{Act: act, Into: uuid.Max, IntoStatus: casefile.Requested, Text: words}, true
	case access.Unmerge:
		return casefile.Unmerge{Act: act, Text: words}, true
	case access.Note:
		return casefile.AddNote{Act: act, Text: words}, true
	case access.Message:
		to := casefile.Party{Role: domain.RoleUST}
		if to.Is(act.By) {
			to = casefile.Party{Role: domain.RoleCentre, Body: string(s.Centre)}
		}
		return casefile.SendMessage{Act: act, To: []casefile.Party{to}, Text: words}, true
	case access.TakeBackHandOver:
		return casefile.TakeBackHandOver{Act: act}, true
	case access.TakeBackAcceptance:
		return casefile.TakeBackAcceptance{Act: act, Offer: offer, Reason: casefile.TakingBackReasons()[0]}, true
	case access.TakeBackDecline:
		var declined uuid.UUID
		if s.LastDecline != nil {
			declined = s.LastDecline.Offer
		}
		return casefile.TakeBackDecline{Act: act, Offer: declined, Reason: casefile.TakingBackReasons()[0]}, true
	case access.AnnulFirstDay:
		return casefile.AnnulFirstDay{Act: act, Reason: casefile.TakingBackReasons()[0]}, true
	case access.Erase:
		return casefile.ProposeErasure{Act: act, Proposal: uuid.Max, Scope: casefile.ErasePupil, Ground: casefile.GroundOrder}, true
	case access.ApproveErasure:
		return casefile.ApproveErasure{Act: act, Proposal: proposal}, true
	case access.RejectErasure:
		return casefile.RejectErasure{Act: act, Proposal: proposal, Reason: casefile.ErasureRejections()[0]}, true
	case access.WithdrawErasure:
		return casefile.WithdrawErasure{Act: act, Proposal: proposal}, true
	case access.Restrict:
		return casefile.Restrict{Act: act, Reason: casefile.RestrictionReasons()[0]}, true
	case access.LiftRestriction:
		return casefile.LiftRestriction{Act: act}, true
	}
	return nil, false
}
