package session_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"approdo/adapters/session"
)

// What a page asks by itself while nobody sits there must not keep a session alive.
func TestAGlanceIsNoUseOfASession(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person(t, annasLogin)
	token := h.signIn(t, annasLogin, goodWord)
	recognised := func() (err error) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		h.Recognise(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, err = session.AtTheDoor(r.Context()) })).ServeHTTP(nil, r)
		return err
	}
	for range 3 {
		h.pass(session.IdleTimeout / 4)
		if _, err := h.Glance(t.Context(), token); err != nil || recognised() != nil {
			t.Fatalf("looked at: %v, %v", err, recognised())
		}
	}
	h.pass(session.IdleTimeout / 4)
	if _, err := h.Glance(t.Context(), token); !errors.Is(err, session.ErrNotSignedIn) || recognised() == nil {
		t.Errorf("a session that nobody used is still there: %v", err)
	}
	token = h.signIn(t, annasLogin, goodWord)
	for range 3 {
		h.pass(session.IdleTimeout / 2)
		h.wantSession(t, token, nil)
	}
}
