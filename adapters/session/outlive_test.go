package session_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/session"
)

// replaced has somebody else replace the password at once, who ends all sessions by it.
func (h *house) replaced(t *testing.T, id uuid.UUID) {
	t.Helper()
	old, err := h.store.Password(t.Context(), id)
	ok(t, err)
	if done, err := h.store.ReplacePassword(t.Context(), id, old, old+"x"); err != nil || !done {
		t.Fatal(done, err)
	}
}

// nothing wants an account to have no session and no factor.
func (h *house) nothing(t *testing.T, id uuid.UUID) {
	t.Helper()
	ok(t, h.store.Sessions(t.Context(), id, func([]byte, string, time.Time, time.Time, time.Time) error {
		t.Error("a session outlives the password it was begun by")
		return nil
	}))
	if all, codes, err := h.Factors(t.Context(), id); err != nil || len(all) > 0 || codes > 0 {
		t.Errorf("%d factors and %d codes, %v", len(all), codes, err)
	}
}

func TestNoSessionIsBornByAPasswordThatIsBeingReplaced(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.person(t, annasLogin)
	session.WatchHashes(h.Service, func(hash func() []byte) []byte {
		h.replaced(t, id)
		return hash()
	})
	h.wantSignIn(t, annasLogin, goodWord, session.ErrSignIn)
	h.nothing(t, id)
}

func TestNoSessionRisesWhileItIsEnded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.person(t, annasLogin)
	token := h.signIn(t, annasLogin, goodWord)
	offer, err := h.OfferCode(t.Context(), token)
	ok(t, err)
	h.store.beforeRise = func() { h.replaced(t, id) }
	_, err = h.EnrolCode(t.Context(), token, code(t, offer.Secret, h.now()))
	refused(t, err, session.ErrNotSignedIn)
	h.nothing(t, id)
}
