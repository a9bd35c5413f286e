package session_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"approdo/adapters/session"
	"approdo/domain"
)

func TestTheCookieIsBoundToTheHost(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, tc := range []struct {
		service *session.Service
		want    string
	}{
		{h.Service, "__Host-approdo-session=secret; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{session.New(session.Config{PlainHTTP: true}), "approdo-session=secret; Path=/; HttpOnly; SameSite=Lax"},
	} {
		w := httptest.NewRecorder()
		tc.service.SetCookie(w, "secret")
		if got := w.Header().Get("Set-Cookie"); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
		w = httptest.NewRecorder()
		tc.service.SetCookie(w, "")
		want := strings.Replace(strings.Replace(tc.want, "secret", "", 1), "; HttpOnly", "; Max-Age=0; HttpOnly", 1)
		if got := w.Header().Get("Set-Cookie"); got != want {
			t.Errorf("taken back with %s, want %s", got, want)
		}
	}
}

// carrying is a request with a token in its cookie and one in its header; empty is none.
func (h *house) carrying(cookie, authorization string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: h.CookieName(), Value: cookie})
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return r
}

func TestARequestIsItsTokensBearers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna, bruno := h.person(t, annasLogin), h.person(t, "bruno@example.org")
	annas, brunos := h.signIn(t, annasLogin, goodWord), h.signIn(t, "bruno@example.org", goodWord)
	who := func(r *http.Request) (s session.Session, err error) {
		h.Authenticate(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { s, err = session.FromContext(r.Context()) })).
			ServeHTTP(httptest.NewRecorder(), r)
		return s, err
	}
	for name, tc := range map[string]struct {
		request *http.Request
		want    domain.Actor
		err     error
	}{
		"cookie":           {h.carrying(annas, ""), domain.Actor{Account: anna, Role: domain.RoleComune, Body: "015146"}, nil},
		"bearer":           {h.carrying("", "bearer  "+brunos), domain.Actor{Account: bruno, Role: domain.RoleComune, Body: "015146"}, nil},
		"bearer comes 1st": {h.carrying(annas, "Bearer "+brunos), domain.Actor{Account: bruno, Role: domain.RoleComune, Body: "015146"}, nil},
		"bearer of nobody": {h.carrying(annas, "Bearer x"), domain.Actor{}, session.ErrNotSignedIn},
		"another scheme":   {h.carrying("", "Basic "+annas), domain.Actor{}, session.ErrNotSignedIn},
		"nothing":          {h.carrying("", ""), domain.Actor{}, session.ErrNotSignedIn},
	} {
		if s, err := who(tc.request); err != tc.err || s.Actor != tc.want {
			t.Errorf("%s: %v, %v", name, s.Actor, err)
		}
	}
	h.store.noSession = state503
	_, err := who(h.carrying(annas, ""))
	refused(t, err, domain.KindUnavailable)
	sess := session.Session{ID: "1"}
	if s, err := session.FromContext(session.NewContext(t.Context(), sess)); err != nil || s.ID != "1" {
		t.Errorf("put in by hand: %v, %v", s.ID, err)
	}
}

func TestEnteringRotatesTheTokenAndLeavingEndsIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person(t, annasLogin)
	before := h.signIn(t, annasLogin, goodWord)
	w := httptest.NewRecorder()
	_, err := h.Enter(w, h.carrying(before, ""), annasLogin, wrongWord)
	refused(t, err, session.ErrSignIn)
	if len(w.Result().Cookies()) != 0 {
		t.Error("a cookie for a wrong password")
	}
	h.wantSession(t, before, nil)
	w = httptest.NewRecorder()
	sess, err := h.Enter(w, h.carrying(before, ""), annasLogin, goodWord)
	ok(t, err)
	token := w.Result().Cookies()[0].Value
	h.wantSession(t, before, session.ErrNotSignedIn)
	if found, err := h.Lookup(t.Context(), token); err != nil || found.ID != sess.ID || token == before {
		t.Errorf("the new token opens %v, %v", found.ID, err)
	}
	w = httptest.NewRecorder()
	ok(t, h.Leave(w, h.carrying(token, "")))
	h.wantSession(t, token, session.ErrNotSignedIn)
	if c := w.Result().Cookies()[0]; c.MaxAge >= 0 || c.Value != "" {
		t.Errorf("the cookie stays: %v", c.MaxAge)
	}
}
