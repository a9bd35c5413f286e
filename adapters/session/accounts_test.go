package session_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/event"
)

func TestALinkIsUsedOnceByWhoeverIsFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	link := h.invite(t, annasLogin)
	var won atomic.Int32
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			err := h.Activate(t.Context(), link.Token, fmt.Sprintf("%s %d", goodWord, i))
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, session.ErrNoInvitation) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	in := 0
	for i := range 8 {
		if _, _, err := h.SignIn(t.Context(), annasLogin, fmt.Sprintf("%s %d", goodWord, i), fmt.Sprintf("198.51.100.%d", i)); err == nil {
			in++
		}
		h.pass(15 * time.Minute)
	}
	if won.Load() != 1 || in != 1 {
		t.Errorf("%d were told that they had won, %d passwords open", won.Load(), in)
	}
	refused(t, h.Activate(t.Context(), link.Token, otherWord), session.ErrNoInvitation)
	if n := h.events(t, link.Account); n != 2 {
		t.Errorf("%d events, want invited and activated", n)
	}
}

func (h *house) events(t *testing.T, id uuid.UUID) (n int) {
	t.Helper()
	for _, err := range h.journal.ReadStream(t.Context(), account.Stream(id), event.ReadStream{}) {
		ok(t, err)
		n++
	}
	return n
}

func TestALinkHasItsTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	in72, err := h.Invite(t.Context(), h.origin(admin), invitation(annasLogin))
	ok(t, err)
	soon := invitation("bruno@example.org")
	soon.Lasts = time.Hour
	in1, err := h.Invite(t.Context(), h.origin(admin), soon)
	ok(t, err)
	if !in72.Expires.Equal(h.now().Add(72*time.Hour)) || !in1.Expires.Equal(h.now().Add(time.Hour)) {
		t.Errorf("they expire at %v and %v", in72.Expires, in1.Expires)
	}
	h.pass(time.Hour)
	refused(t, h.Activate(t.Context(), in1.Token, goodWord), session.ErrNoInvitation)
	h.pass(71*time.Hour - time.Millisecond)
	ok(t, h.Activate(t.Context(), in72.Token, goodWord))

	again, err := h.Renew(t.Context(), h.origin(ust), in1.Account, 0)
	ok(t, err)
	more, err := h.Renew(t.Context(), h.origin(ust), in1.Account, time.Hour)
	ok(t, err)
	refused(t, h.Activate(t.Context(), again.Token, goodWord), session.ErrNoInvitation)
	ok(t, h.Activate(t.Context(), more.Token, goodWord))
	h.wantSignIn(t, "bruno@example.org", goodWord, nil)

	soon.Login, soon.Lasts = domain.NewPersonal("carla@example.org"), 73*time.Hour
	_, err = h.Invite(t.Context(), h.origin(ust), soon)
	refused(t, err, account.ErrInvitationTooLong)
}

func TestAForgottenPasswordIsReplacedByALink(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.person(t, annasLogin)
	token := h.signIn(t, annasLogin, goodWord)
	link, err := h.Renew(t.Context(), h.origin(ust), id, 0)
	ok(t, err)
	h.wantSession(t, token, nil)
	h.wantSignIn(t, annasLogin, goodWord, nil)
	ok(t, h.Activate(t.Context(), link.Token, otherWord))
	h.wantSession(t, token, session.ErrNotSignedIn)
	h.wantSignIn(t, annasLogin, goodWord, session.ErrSignIn)
	h.wantSignIn(t, annasLogin, otherWord, nil)
}

func TestAnInterruptedActivationIsTriedAgainWithTheSameLink(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	link := h.invite(t, annasLogin)
	for _, weak := range []string{"short", annasLogin, "Milano, Milano 2022!"} {
		refused(t, h.Activate(t.Context(), link.Token, weak), domain.KindInvalid)
	}
	h.store.noAccept = state503
	refused(t, h.Activate(t.Context(), link.Token, goodWord), domain.KindUnavailable)
	h.wantSignIn(t, annasLogin, goodWord, session.ErrSignIn)
	h.store.noAccept = nil
	ok(t, h.Activate(t.Context(), link.Token, otherWord))
	h.wantSignIn(t, annasLogin, otherWord, nil)
	for _, nobodys := range []string{"", "x", link.Token + "AAAA"} {
		refused(t, h.Activate(t.Context(), nobodys, goodWord), session.ErrNoInvitation)
	}
}

// A suspension between the two halves of an activation wins.
func TestAnInterruptedActivationDoesNotUndoASuspension(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	link := h.invite(t, annasLogin)
	h.store.noAccept = state503
	refused(t, h.Activate(t.Context(), link.Token, goodWord), domain.KindUnavailable)
	h.store.noAccept = nil
	ok(t, h.Suspend(t.Context(), h.origin(ust), link.Account, account.ReasonMistake))
	refused(t, h.Activate(t.Context(), link.Token, goodWord), session.ErrNoInvitation)
	h.wantSignIn(t, annasLogin, goodWord, session.ErrSignIn)
}

func TestARetriedInvitationIsTheSameAccountWithANewLink(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	o := h.origin(ust)
	h.journal.noAppend = event.ErrUnknownOutcome
	_, err := h.Invite(t.Context(), o, invitation(annasLogin))
	refused(t, err, event.ErrUnknownOutcome)
	h.journal.noAppend = nil
	first, err := h.Invite(t.Context(), o, invitation(annasLogin))
	ok(t, err)
	second, err := h.Invite(t.Context(), o, invitation(annasLogin))
	ok(t, err)
	if first.Account != second.Account || first.Token == second.Token || h.events(t, first.Account) != 1 {
		t.Errorf("accounts %v and %v, %d events", first.Account, second.Account, h.events(t, first.Account))
	}
	refused(t, h.Activate(t.Context(), first.Token, goodWord), session.ErrNoInvitation)
	ok(t, h.Activate(t.Context(), second.Token, goodWord))
}

func TestALoginBelongsToOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	link := h.invite(t, annasLogin)
	_, err := h.Invite(t.Context(), h.origin(ust), invitation("ANNA.verdi@example.org"))
	refused(t, err, session.ErrLoginTaken)
	h.pass(73 * time.Hour)
	h.person(t, annasLogin)
	_, err = h.Renew(t.Context(), h.origin(ust), link.Account, 0)
	refused(t, err, session.ErrLoginTaken)
}

func TestARefusedInvitationReservesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	forAdmin := invitation(annasLogin)
	forAdmin.Role, forAdmin.Body = domain.RoleAdmin, ""
	_, err := h.Invite(t.Context(), h.origin(ust), forAdmin)
	refused(t, err, account.ErrNotYours)
	h.journal.noAppend = event.ErrOverloaded
	_, err = h.Invite(t.Context(), h.origin(ust), invitation(annasLogin))
	refused(t, err, domain.KindOverloaded)
	h.journal.noAppend = nil
	h.person(t, annasLogin)

	_, err = h.Invite(t.Context(), h.origin(ust), session.Invitation{Role: domain.RoleComune, Body: "Milano"})
	var errs domain.Errors
	if !errors.As(err, &errs) || len(errs) != 3 || errs[0].Field+" "+errs[1].Field+" "+errs[2].Field != "login name body" {
		t.Errorf("three fields at fault: %v", err)
	}
}

func TestPasswordsAreChangedByWhoKnowsThem(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.person(t, annasLogin)
	token, elsewhere := h.signIn(t, annasLogin, goodWord), h.signIn(t, annasLogin, goodWord)
	change := func(token, current, password string) error {
		_, _, err := h.ChangePassword(t.Context(), token, current, password)
		return err
	}
	refused(t, change("", goodWord, otherWord), session.ErrNotSignedIn)
	refused(t, change(token, goodWord, "short"), session.ErrPasswordTooShort)
	refused(t, change(token, wrongWord, otherWord), session.ErrWrongPassword)
	h.wantSession(t, elsewhere, nil)
	fresh, sess, err := h.ChangePassword(t.Context(), token, goodWord, otherWord)
	ok(t, err)
	h.wantSession(t, token, session.ErrNotSignedIn)
	h.wantSession(t, elsewhere, session.ErrNotSignedIn)
	h.wantSession(t, fresh, nil)
	if sess.Actor.Account != id {
		t.Errorf("a session of %v", sess.Actor)
	}
	h.wantSignIn(t, annasLogin, goodWord, session.ErrSignIn)
	for range 5 {
		refused(t, change(fresh, wrongWord, goodWord), session.ErrWrongPassword)
	}
	refused(t, change(fresh, otherWord, goodWord), session.ErrTooManyTries)
	h.pass(time.Second)
	session.WatchHashes(h.Service, func(hash func() []byte) []byte { // somebody else is faster, in the midst of it
		old, err := h.store.Password(t.Context(), id)
		ok(t, err)
		_, err = h.store.ReplacePassword(t.Context(), id, old, old+"x")
		ok(t, err)
		return hash()
	})
	refused(t, change(fresh, otherWord, goodWord), session.ErrOtherWasFaster)
}

func TestASuspensionEndsSessionsAtOnceAndTheyDoNotComeBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.person(t, annasLogin)
	token := h.signIn(t, annasLogin, goodWord)
	himself, prefettura := domain.Actor{Account: id, Role: domain.RoleUST}, domain.Actor{Role: domain.RolePrefettura}
	refused(t, h.Suspend(t.Context(), h.origin(himself), id, account.ReasonLeft), account.ErrOwnAccount)
	refused(t, h.Suspend(t.Context(), h.origin(prefettura), id, account.ReasonLeft), account.ErrNotYours)
	refused(t, h.Reinstate(t.Context(), h.origin(prefettura), id), account.ErrNotYours)
	ok(t, h.Reinstate(t.Context(), h.origin(ust), id))
	h.wantSession(t, token, nil)
	planted := []byte("a session that slips in")
	isGone := func() {
		t.Helper()
		if found, _, _, _, _, _, err := h.store.Store.Session(t.Context(), planted); err != nil || found != uuid.Nil {
			t.Errorf("it is still of %v, %v", found, err)
		}
	}
	slipIn := func() {
		t.Helper()
		ok(t, h.store.BeginSession(t.Context(), planted, id, "password", h.now(), h.now().Add(time.Hour)))
	}
	slipIn()
	ok(t, h.Suspend(t.Context(), h.origin(ust), id, account.ReasonLeft))
	isGone()
	h.wantSession(t, token, session.ErrNotSignedIn)
	h.wantSignIn(t, annasLogin, goodWord, session.ErrSignIn)
	slipIn()
	ok(t, h.Reinstate(t.Context(), h.origin(ust), id))
	isGone()
	h.wantSession(t, token, session.ErrNotSignedIn)
	token = h.signIn(t, annasLogin, goodWord)
	ok(t, h.Close(t.Context(), h.origin(ust), id, account.ReasonLeft))
	h.wantSession(t, token, session.ErrNotSignedIn)
	h.person(t, annasLogin)
}

// Another node suspends: this one learns it from the journal alone.
func TestASuspensionElsewhereReachesThisNodeThroughTheJournal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- h.directory.Run(ctx) }()
		id := h.person(t, annasLogin)
		token := h.signIn(t, annasLogin, goodWord)
		elsewhere := func(c account.Command) event.Position {
			out, err := event.Execute(t.Context(), h.journal, h.codec, account.Decider, account.Stream(id), c, h.origin(ust))
			ok(t, err)
			return out.Position
		}
		act := domain.Act{By: ust, At: h.now()}
		at := elsewhere(account.Suspend{Act: act, Reason: account.ReasonCompromised})
		ok(t, h.directory.Await(t.Context(), at))
		h.wantSession(t, token, session.ErrNotSignedIn)
		h.wantSignIn(t, annasLogin, goodWord, session.ErrSignIn)
		at = elsewhere(account.Reinstate{Act: act})
		synctest.Wait()
		if got := h.directory.Position(); got != at {
			t.Errorf("at %d, the journal at %d", got, at)
		}
		h.wantSignIn(t, annasLogin, goodWord, nil)
		stop()
		refused(t, <-ended, context.Canceled)
		h.wantSignIn(t, annasLogin, goodWord, nil)
	})
}
