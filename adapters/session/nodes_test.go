package session_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"testing"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/event"
)

// node is one more service over the journal and the state of a house, with a directory of its own that follows or does not.
func (h *house) node(t *testing.T, follows bool) (*session.Service, *session.Directory) {
	t.Helper()
	d := session.NewDirectory(h.journal, h.codec)
	ok(t, d.CatchUp(t.Context()))
	if follows {
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- d.Run(ctx) }()
		t.Cleanup(func() {
			stop()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	return session.New(session.Config{Directory: d, Storage: h.store, Clock: h.now, Blind: h.blind, Cost: cheap}), d
}

func TestASuspensionOnOneNodeEndsSessionsOnAnother(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other, directory := h.node(t, true)
	ctx, id := t.Context(), h.person(t, annasLogin)
	token, _, err := other.SignIn(ctx, annasLogin, goodWord, somewhere)
	ok(t, err)
	h.wantSession(t, token, nil)
	ok(t, h.Suspend(ctx, h.origin(ust), id, account.ReasonMisuse))
	_, err = other.Lookup(ctx, token)
	refused(t, err, session.ErrNotSignedIn)
	_, _, err = other.SignIn(ctx, annasLogin, goodWord, somewhere)
	refused(t, err, session.ErrSignIn)

	// A session that slips in while the suspension is written ends as soon as the other node has heard of it.
	slipped := h.slipIn(t, id)
	ok(t, directory.Await(ctx, h.directory.Position()))
	_, err = other.Lookup(ctx, slipped)
	refused(t, err, session.ErrNotSignedIn)
	ok(t, h.Reinstate(ctx, h.origin(ust), id))
	slipped = h.slipIn(t, id)
	_, err = other.Lookup(ctx, slipped)
	ok(t, err)
}

// slipIn begins a session past everything that would refuse it.
func (h *house) slipIn(t *testing.T, id uuid.UUID) (token string) {
	t.Helper()
	secret := uuid.New()
	b := append(secret[:], secret[:]...)
	hash := sha256.Sum256(b)
	ok(t, h.store.BeginSession(t.Context(), hash[:], id, "password", h.now(), h.now().Add(session.IdleTimeout)))
	return base64.RawURLEncoding.EncodeToString(b)
}

func TestWhatOneNodeDidAnotherKnowsAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other, directory := h.node(t, false) // it has read nothing since it started
	ctx := t.Context()
	link := h.invite(t, annasLogin)
	ok(t, other.Activate(ctx, link.Token, goodWord))
	late, _ := h.node(t, false)
	before := directory.Position()

	link = h.invite(t, "bruno@example.org")
	ok(t, h.Activate(ctx, link.Token, goodWord))
	token, sess, err := other.SignIn(ctx, "bruno@example.org", goodWord, somewhere)
	ok(t, err)
	if sess.Actor.Account != link.Account || directory.Position() == before {
		t.Errorf("signed in as %v", sess.Actor)
	}
	found, err := late.Lookup(ctx, token)
	if err != nil || found.Actor != sess.Actor {
		t.Errorf("looked up: %v, %v", found.Actor, err)
	}

	ok(t, h.Suspend(ctx, h.origin(ust), link.Account, account.ReasonMisuse))
	_, _, err = late.SignIn(ctx, "bruno@example.org", goodWord, somewhere)
	refused(t, err, session.ErrSignIn)
	ok(t, h.Reinstate(ctx, h.origin(ust), link.Account))
	token, _, err = late.SignIn(ctx, "bruno@example.org", goodWord, somewhere)
	ok(t, err)
	_, err = other.Lookup(ctx, token)
	ok(t, err)
}

func TestTriesOnOneNodeCountOnAnother(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other, _ := h.node(t, false)
	h.person(t, annasLogin)
	for i := range 6 {
		node := []*session.Service{h.Service, other}[i%2]
		_, _, err := node.SignIn(t.Context(), annasLogin, wrongWord, somewhere)
		if want := []error{session.ErrSignIn, session.ErrTooManyTries}[i/5]; !errors.Is(err, want) {
			t.Errorf("try %d: %v, want %v", i, err, want)
		}
	}
}

// A journal that cannot be read leaves it open who may come in.
func TestNobodySignsInWhileTheJournalCannotBeRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person(t, annasLogin)
	token := h.signIn(t, annasLogin, goodWord)
	h.journal.noRead = event.ErrUnavailable
	h.wantSignIn(t, annasLogin, goodWord, session.ErrDirectoryHalted)
	h.wantSignIn(t, "nobody@example.org", goodWord, domain.KindUnavailable)
	h.wantSession(t, token, nil)
	h.journal.noRead = nil
	h.wantSignIn(t, annasLogin, goodWord, nil)
}
