package account_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/account"
)

var (
	colleague = domain.Actor{Account: uuid.MustParse("018f0000-0000-7000-8000-0000000000cc"), Role: domain.RoleAdmin}
	ownUST    = domain.Actor{Account: id, Role: domain.RoleUST}

	first  = uuid.MustParse("018f0000-0000-7000-8000-0000000000d1")
	second = uuid.MustParse("018f0000-0000-7000-8000-0000000000d2")

	asked      = account.ApprovalAsked{By: admin.Account}
	approved   = account.InvitationApproved{}
	turnedDown = account.InvitationRefused{}
	resetAsked = account.ResetAsked{By: admin.Account}
	kept       = account.ResetRefused{}
	reset      = account.FactorsReset{Reset: first}
)

func TestAGreatRoleIsGivenByTwo(t *testing.T) {
	t.Parallel()
	activate := account.Activate{Act: by(ownUST, at)}
	approve := func(a domain.Actor) account.Command { return account.Approve{Act: by(a, at)} }
	invite := account.Invite{Act: by(admin, at), Account: id, Role: domain.RoleUST, Person: person, Expires: until}
	given(t).When(invite).Then(invitedUST, asked).When(activate).ThenRefused(account.ErrNotApproved)
	given(t, invitedUST, asked).When(approve(admin)).ThenRefused(account.ErrSamePerson)
	given(t, invitedUST, asked).When(approve(ust)).ThenRefused(account.ErrNotYours)
	given(t, invitedUST, asked).When(approve(ownUST)).ThenRefused(account.ErrNotYours)
	given(t, invitedUST, asked).When(approve(colleague)).Then(approved).When(activate).Then(activated)
	given(t, invitedUST, asked).When(approve(domain.System)).Then(approved)
	given(t, invitedUST, asked, approved).When(approve(admin)).ThenNothing()

	// A renewal by whoever invited does not stand for the second person, and neither does a suspension that ends.
	given(t, invitedUST, asked, renewed).When(activate).ThenRefused(account.ErrNotApproved)
	given(t, invitedUST, asked, suspended, reinstated).When(activate).ThenRefused(account.ErrNotApproved)

	invite.By = domain.System
	given(t).When(invite).Then(invitedUST).When(activate).Then(activated)
}

func TestTheInvitedDoesNotApproveItself(t *testing.T) {
	t.Parallel()
	invitedAdmin := account.AccountInvited{Account: colleague.Account, Role: domain.RoleAdmin, Person: person, Expires: until}
	given(t, invitedAdmin, asked).When(account.Approve{Act: by(colleague, at)}).ThenRefused(account.ErrOwnAccount)
	given(t, invitedAdmin, asked).When(account.Refuse{Act: by(colleague, at)}).ThenRefused(account.ErrOwnAccount)
}

func TestARefusedInvitationIsOver(t *testing.T) {
	t.Parallel()
	for _, who := range []domain.Actor{admin, colleague, domain.System} {
		given(t, invitedUST, asked).When(account.Refuse{Act: by(who, at)}).Then(turnedDown).
			When(account.Approve{Act: by(colleague, at)}).ThenRefused(account.ErrClosed)
	}
	given(t, invitedUST, asked, turnedDown).When(account.Activate{Act: by(ownUST, at)}).ThenRefused(account.ErrClosed)
	given(t, invitedUST, asked, turnedDown).When(account.Refuse{Act: by(colleague, at)}).ThenNothing()
	given(t, invitedUST, asked).When(account.Refuse{Act: by(ust, at)}).ThenRefused(account.ErrNotYours)
	given(t, invitedUST, asked, approved).When(account.Refuse{Act: by(colleague, at)}).ThenRefused(account.ErrInvitationUsed)
	given(t).When(account.Refuse{Act: by(colleague, at)}).ThenRefused(account.ErrNoAccount)
}

func TestSecondFactorsAreResetByWhoManagesTheAccountAndOfGreatRolesByTwo(t *testing.T) {
	t.Parallel()
	resetBy := func(a domain.Actor) account.Command { return account.ResetFactors{Act: by(a, at), Reset: first} }
	given(t, invited, activated).When(resetBy(ust)).Then(reset)
	given(t, invited, activated, reset).When(resetBy(ust)).ThenNothing()
	given(t, invited, activated, reset).When(account.ResetFactors{Act: by(ust, at), Reset: second}).Then(account.FactorsReset{Reset: second})
	given(t, invited, activated).When(resetBy(own)).ThenRefused(account.ErrNotYours)
	given(t, invited, closed).When(resetBy(ust)).ThenRefused(account.ErrClosed)

	given(t, invitedUST, activated).When(resetBy(ust)).ThenRefused(account.ErrNotYours)
	given(t, invitedUST, activated).When(resetBy(admin)).Then(resetAsked).When(resetBy(admin)).ThenRefused(account.ErrSamePerson)
	given(t, invitedUST, activated, resetAsked).When(resetBy(colleague)).Then(reset)
	given(t, invitedUST, activated, resetAsked, reset).When(resetBy(colleague)).ThenNothing()
	given(t, invitedUST, activated, resetAsked, reset).When(account.ResetFactors{Act: by(colleague, at), Reset: second}).Then(account.ResetAsked{By: colleague.Account})
	given(t, invitedUST, activated, resetAsked).When(resetBy(domain.System)).Then(reset)
	given(t, invitedUST, activated).When(resetBy(domain.System)).Then(reset)

	keep := account.KeepFactors{Act: by(colleague, at)}
	given(t, invitedUST, activated, resetAsked).When(keep).Then(kept).When(resetBy(colleague)).Then(account.ResetAsked{By: colleague.Account})
	given(t, invitedUST, activated).When(keep).ThenNothing()
	given(t, invitedUST, activated, resetAsked).When(account.KeepFactors{Act: by(ownUST, at)}).ThenRefused(account.ErrNotYours)
	invitedAdmin := account.AccountInvited{Account: admin.Account, Role: domain.RoleAdmin, Person: person, Expires: until}
	given(t, invitedAdmin, activated).When(resetBy(admin)).ThenRefused(account.ErrOwnAccount)
}

func TestALinkOfAGreatRoleThatGoesByMailIsNotShown(t *testing.T) {
	t.Parallel()
	shown := func(a domain.Actor) account.Command { return account.Renew{Act: by(a, until), Expires: later} }
	mailed := account.Renew{Act: by(admin, until), Expires: later, Delivery: account.Mailed}
	renewedByMail := account.InvitationRenewed{Expires: later, Delivery: account.Mailed}
	invitedByMail := invitedUST
	invitedByMail.Delivery = account.Mailed
	given(t, invitedByMail).When(shown(admin)).ThenRefused(account.ErrByMailOnly)
	given(t, invitedByMail, activated).When(shown(admin)).ThenRefused(account.ErrByMailOnly)
	given(t, invitedByMail, activated).When(mailed).Then(renewedByMail)
	given(t, invitedByMail, activated).When(shown(domain.System)).Then(renewed)
	given(t, invitedUST, activated).When(shown(admin)).Then(renewed)
	given(t, invitedUST, activated, renewedByMail).When(account.Renew{Act: by(admin, later), Expires: later.Add(time.Hour)}).ThenRefused(account.ErrByMailOnly)
	ofComune := invited
	ofComune.Delivery = account.Mailed
	given(t, ofComune, activated).When(shown(ust)).Then(renewed)
}

// Whatever is asked in which order: nobody gets an account of a great role, or loses its factors, by one person's word.
func TestNoOrderOfCommandsSparesTheSecondPerson(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, now := account.State{}, at
		var inviter, agreed, resetter uuid.UUID
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "hours")) * time.Hour)
			who := rapid.SampledFrom([]domain.Actor{ownUST, ust, admin, colleague}).Draw(t, "by")
			act, ends := by(who, now), now.Add(account.MaxInvitation)
			c := rapid.SampledFrom([]account.Command{
				account.Invite{Act: act, Account: id, Role: domain.RoleUST, Person: person, Expires: ends}, account.Renew{Act: act, Expires: ends},
				account.Activate{Act: act}, account.Approve{Act: act}, account.Refuse{Act: act}, account.ResetFactors{Act: act, Reset: uuid.New()},
				account.KeepFactors{Act: act}, account.Suspend{Act: act, Reason: account.ReasonLeft}, account.Reinstate{Act: act},
			}).Draw(t, "command")
			events, err := account.Decide(s, c)
			if err != nil && len(events) > 0 {
				t.Fatal("refused and yet caused")
			}
			for _, e := range events {
				switch e.(type) {
				case account.AccountInvited:
					inviter = who.Account
				case account.InvitationApproved:
					agreed = who.Account
				case account.AccountActivated:
					if agreed == uuid.Nil || agreed == inviter {
						t.Fatal("one person's word opened the account")
					}
				case account.ResetAsked:
					resetter = who.Account
				case account.ResetRefused:
					resetter = uuid.Nil
				case account.FactorsReset:
					if resetter == uuid.Nil || resetter == who.Account {
						t.Fatal("one person's word took the factors away")
					}
					resetter = uuid.Nil
				}
				s = account.Evolve(s, e)
			}
		}
	})
}
