package session_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/event"
)

// again is an origin with the key of an earlier form: whoever fills a form in chooses its key.
func (h *house) again(o event.Origin, by domain.Actor) event.Origin {
	return event.Origin{ID: o.ID, By: by, At: h.now()}
}

// factorsOf counts the second factors an account has.
func (h *house) factorsOf(t *testing.T, id uuid.UUID) int {
	t.Helper()
	all, _, err := h.Factors(t.Context(), id)
	ok(t, err)
	return len(all)
}

// types are those of an account's events.
func (h *house) types(t *testing.T, id uuid.UUID) (all []string) {
	t.Helper()
	for r, err := range h.journal.ReadStream(t.Context(), account.Stream(id), event.ReadStream{}) {
		ok(t, err)
		all = append(all, strings.TrimPrefix(r.Type, "account."))
	}
	return all
}

func (h *house) wantTypes(t *testing.T, id uuid.UUID, want ...string) {
	t.Helper()
	if got := h.types(t, id); !slices.Equal(got, want) {
		t.Fatalf("events %q, want %q", got, want)
	}
}

func TestAResetWithTheKeyOfARenewalIsAResetOfItsOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	elena := h.member(t, domain.RoleUST, "elena@example.org")
	_, _ = h.withCode(t, h.signIn(t, "elena@example.org", goodWord))
	before := h.types(t, elena)
	o := h.origin(admin)
	_, err := h.Renew(t.Context(), o, elena, 0)
	ok(t, err)
	done, err := h.ResetFactors(t.Context(), h.again(o, admin), elena)
	if done || err != nil || h.factorsOf(t, elena) != 1 {
		t.Fatalf("done %t, %v, %d factors by one person's word", done, err, h.factorsOf(t, elena))
	}
	h.wantTypes(t, elena, append(before, "invitation-renewed", "reset-asked")...)
	done, err = h.ResetFactors(t.Context(), h.again(o, colleague), elena)
	refusedNothingDone(t, done, err, nil) // the key was used for an ask that stands
	if h.factorsOf(t, elena) != 1 {
		t.Error("a key that was used took the factors away")
	}
	if done, err = h.ResetFactors(t.Context(), h.origin(colleague), elena); !done || err != nil || h.factorsOf(t, elena) != 0 {
		t.Fatal(done, err)
	}
}

func refusedNothingDone(t *testing.T, done bool, err, want error) {
	t.Helper()
	if done {
		t.Fatal("it was done")
	}
	if want == nil {
		ok(t, err)
		return
	}
	refused(t, err, want)
}

func TestAResetThatWasTakenBackIsNotDoneByItsOldForm(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	elena := h.member(t, domain.RoleUST, "elena@example.org")
	_, elenas := h.withCode(t, h.signIn(t, "elena@example.org", goodWord))
	o := h.origin(admin)
	done, err := h.ResetFactors(t.Context(), o, elena)
	refusedNothingDone(t, done, err, nil)
	ok(t, h.KeepFactors(t.Context(), h.again(o, colleague), elena))
	kept := h.types(t, elena)
	done, err = h.ResetFactors(t.Context(), h.again(o, admin), elena)
	refusedNothingDone(t, done, err, session.ErrFormUsed)
	h.wantTypes(t, elena, kept...)
	h.wantSession(t, elenas.Token, nil)
	if h.factorsOf(t, elena) != 1 {
		t.Error("factors that were kept are gone")
	}
}

func TestAnOldFormDoesNotTakeNewFactorsAway(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	elena := h.member(t, domain.RoleUST, "elena@example.org")
	_, _ = h.withCode(t, h.signIn(t, "elena@example.org", goodWord))
	first, second := h.origin(admin), h.origin(colleague)
	_, err := h.ResetFactors(t.Context(), first, elena)
	ok(t, err)
	if done, err := h.ResetFactors(t.Context(), second, elena); !done || err != nil || h.factorsOf(t, elena) != 0 {
		t.Fatal(done, err)
	}
	h.pass(time.Hour)
	_, anew := h.withCode(t, h.signIn(t, "elena@example.org", goodWord))
	if done, err := h.ResetFactors(t.Context(), h.again(second, colleague), elena); !done || err != nil {
		t.Fatal(done, err) // it has been done
	}
	_, err = h.ResetFactors(t.Context(), h.again(first, admin), elena)
	refused(t, err, session.ErrFormUsed)
	h.wantSession(t, anew.Token, nil)
	if h.factorsOf(t, elena) != 1 {
		t.Error("factors enrolled since are gone")
	}
}

// The journal said it and the service was interrupted before it did it.
func TestAResetThatWasInterruptedIsCarriedOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.person(t, annasLogin)
	_, old := h.withCode(t, h.signIn(t, annasLogin, goodWord))
	o := h.origin(ust)
	_, err := event.Execute(t.Context(), h.journal, h.codec, account.Decider, account.Stream(anna),
		account.Command(account.ResetFactors{Act: domain.Act{By: ust, At: o.At}, Reset: o.ID}), o)
	ok(t, err)
	follow := func() {
		t.Helper()
		reaction, handled := h.Resets(), 0
		for page, err := range h.journal.ReadAll(t.Context(), 0, event.ReadAll{}) {
			ok(t, err)
			for _, r := range page.Records {
				if slices.Contains(reaction.Types, r.Type) {
					ok(t, reaction.React(t.Context(), r))
					handled++
				}
			}
		}
		if handled != 1 {
			t.Fatalf("%d resets in the journal", handled)
		}
	}
	follow()
	h.wantSession(t, old.Token, session.ErrNotSignedIn)
	if h.factorsOf(t, anna) != 0 {
		t.Fatal("lost factors outlived their reset")
	}
	h.pass(time.Minute)
	_, anew := h.withCode(t, h.signIn(t, annasLogin, goodWord))
	follow() // from the beginning
	h.wantSession(t, anew.Token, nil)
	if _, codes, err := h.Factors(t.Context(), anna); err != nil || codes != len(anew.Codes) || h.factorsOf(t, anna) != 1 {
		t.Errorf("%d codes are left of the new factor, %v", codes, err)
	}
}

func TestAClosureWithAUsedKeyCloses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.person(t, annasLogin)
	token := h.signIn(t, annasLogin, goodWord)
	o := h.origin(ust)
	_, err := h.Renew(t.Context(), o, anna, 0)
	ok(t, err)
	ok(t, h.Close(t.Context(), h.again(o, ust), anna, account.ReasonLeft))
	h.wantTypes(t, anna, "invited", "activated", "invitation-renewed", "closed")
	h.wantSession(t, token, session.ErrNotSignedIn)
}

func TestALinkThatGoesByMailIsShownToNobodyWithItsKey(t *testing.T) {
	t.Parallel()
	h, m := newHouse(t), &mailbox{}
	invited := h.origin(ust)
	link, err := h.Invite(t.Context(), invited, byMail(annasLogin))
	ok(t, err)
	ok(t, h.deliver(t, m))
	shown := byMail(annasLogin)
	shown.ByMail = false
	_, err = h.Invite(t.Context(), h.again(invited, ust), shown)
	refused(t, err, session.ErrFormUsed)
	same, err := h.Invite(t.Context(), h.again(invited, ust), byMail(annasLogin))
	if err != nil || same.Account != link.Account || same.Token != "" {
		t.Fatalf("account %v, %v", same.Account, err)
	}
	ok(t, h.Activate(t.Context(), m.last().token, goodWord)) // the letter's link is still good
	_, err = h.Invite(t.Context(), h.again(invited, ust), byMail(annasLogin))
	refused(t, err, session.ErrFormUsed)

	h.pass(time.Minute)
	mailed := h.origin(ust)
	ok(t, h.RenewByMail(t.Context(), mailed, link.Account))
	ok(t, h.deliver(t, m))
	_, err = h.Renew(t.Context(), h.again(mailed, ust), link.Account, 0)
	refused(t, err, session.ErrFormUsed)
	_, err = h.Invite(t.Context(), h.again(invited, ust), shown)
	refused(t, err, session.ErrFormUsed)
	h.wantTypes(t, link.Account, "invited", "activated", "invitation-renewed")
	ok(t, h.Activate(t.Context(), m.last().token, otherWord))
}

func TestARenewalSentAgainIsTheSameAndOverOnceItIsUsed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.person(t, annasLogin)
	o := h.origin(ust)
	first, err := h.Renew(t.Context(), o, anna, 0)
	ok(t, err)
	h.pass(time.Hour)
	again, err := h.Renew(t.Context(), h.again(o, ust), anna, 0)
	if err != nil || !again.Expires.Equal(first.Expires) {
		t.Fatalf("it ends at %v, %v; want %v", again.Expires, err, first.Expires)
	}
	refused(t, h.RenewByMail(t.Context(), h.again(o, ust), anna), account.ErrNoMail)
	ok(t, h.Activate(t.Context(), again.Token, otherWord))
	_, err = h.Renew(t.Context(), h.again(o, ust), anna, 0)
	refused(t, err, session.ErrFormUsed)
}
