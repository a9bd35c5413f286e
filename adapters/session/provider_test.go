package session_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/account"
)

// vouching says that whoever comes with the nonce and verifier of the sign-in is who it is told.
type vouching struct {
	is              string
	strong          bool
	away            error
	err             error
	nonce, verifier string
}

func (v *vouching) Name() string { return "SPID" }
func (v *vouching) Ready() error { return v.away }

func (v *vouching) Address(state, nonce, verifier string) (string, error) {
	v.nonce, v.verifier = nonce, verifier
	return "https://accesso.example.org/?state=" + state, nil
}

var errNotTheSame = errors.New("nonce or verifier is of another sign-in")

func (v *vouching) Identify(_ context.Context, back url.Values, nonce, verifier string) (domain.Personal, bool, error) {
	if nonce != v.nonce || verifier != v.verifier || nonce == verifier || len(verifier) < 43 {
		return domain.Personal{}, false, errNotTheSame
	}
	return domain.NewPersonal(v.is), v.strong, v.err
}

// browser is somebody's, with its cookies.
type browser struct {
	t       *testing.T
	h       *house
	cookies map[string]string
}

func (h *house) browser(t *testing.T) *browser {
	return &browser{t: t, h: h, cookies: map[string]string{}}
}

func (b *browser) request(path string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

func (b *browser) keep(w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			b.t.Errorf("cookie %s can be read or sent elsewhere", c.Name)
		}
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
}

// goes sets out and gives the state.
func (b *browser) goes(setOut func(w http.ResponseWriter, r *http.Request) (string, error)) string {
	b.t.Helper()
	w := httptest.NewRecorder()
	address, err := setOut(w, b.request("/"))
	ok(b.t, err)
	b.keep(w)
	u, err := url.Parse(address)
	ok(b.t, err)
	return u.Query().Get("state")
}

func (b *browser) goesToSignIn() string {
	return b.goes(func(w http.ResponseWriter, r *http.Request) (string, error) {
		return b.h.SetOutToSignIn(w, r, "/pratiche")
	})
}

func (b *browser) comesBack(state string) (session.Arrival, error) {
	w := httptest.NewRecorder()
	at, err := b.h.Arrive(w, b.request("/accedi/ritorno?code=x&state="+state))
	b.keep(w)
	return at, err
}

// is wants somebody to be signed in, the nil UUID for nobody.
func (b *browser) is(want uuid.UUID, proof session.Proof) {
	b.t.Helper()
	sess, err := b.h.Lookup(b.t.Context(), b.cookies[b.h.CookieName()])
	if want == uuid.Nil {
		refused(b.t, err, session.ErrNotSignedIn)
		return
	}
	if err != nil || sess.Actor.Account != want || sess.Proof != proof {
		b.t.Fatalf("%v by %q, %v", sess.Actor, sess.Proof, err)
	}
}

// known is anna, who has a password and signs in by the provider as "anna-there".
func known(t *testing.T) (*house, *vouching, uuid.UUID) {
	t.Helper()
	h, v := newHouse(t), &vouching{is: "anna-there", strong: true}
	h.Trust(v)
	id := h.person(t, annasLogin)
	bound, err := h.store.Bind(t.Context(), id, h.blind("identity:anna-there"), h.now())
	if err != nil || !bound {
		t.Fatal(bound, err)
	}
	return h, v, id
}

func TestABrowserSignsInOnceByWhatItSetOutFor(t *testing.T) {
	t.Parallel()
	h, v, id := known(t)
	b := h.browser(t)
	at, err := b.comesBack(b.goesToSignIn())
	if err != nil || at != (session.Arrival{Purpose: session.ToSignIn, Next: "/pratiche"}) {
		t.Fatalf("%+v, %v", at, err)
	}
	b.is(id, session.ByStrongProvider)
	v.strong = false
	before := b.cookies[h.CookieName()]
	_, err = b.comesBack(b.goesToSignIn())
	ok(t, err)
	b.is(id, session.ByProvider)
	h.wantSession(t, before, session.ErrNotSignedIn) // it was replaced: none can be planted

	state := b.goesToSignIn()
	kept := b.cookies[h.BrowserCookie()]
	_, err = b.comesBack(state)
	ok(t, err)
	b.cookies[h.BrowserCookie()] = kept
	_, err = b.comesBack(state)
	refused(t, err, session.ErrProvider)
}

func TestWhoComesBackFromElsewhereOrTooLateIsRefused(t *testing.T) {
	t.Parallel()
	h, _, id := known(t)
	mine, others := h.browser(t), h.browser(t)
	state, other := mine.goesToSignIn(), others.goesToSignIn()
	for name, b := range map[string]*browser{"another browser": others, "no cookie": h.browser(t), "a cookie of nothing": {t: t, h: h, cookies: map[string]string{h.BrowserCookie(): "x"}}} {
		cookies := map[string]string{}
		for k, v := range b.cookies {
			cookies[k] = v
		}
		b := &browser{t: t, h: h, cookies: cookies}
		if _, err := b.comesBack(state); !errors.Is(err, session.ErrProvider) {
			t.Errorf("%s: %v", name, err)
		}
		b.is(uuid.Nil, "")
	}
	for _, invented := range []string{"", "x", other} {
		if _, err := mine.comesBack(invented); !errors.Is(err, session.ErrProvider) {
			t.Errorf("state %q: %v", invented, err)
		}
	}
	h.pass(10*time.Minute - time.Millisecond)
	_, err := mine.comesBack(state) // nobody has used it up
	if !errors.Is(err, errNotTheSame) {
		t.Fatalf("%v: the verifier is of the last sign-in, not of this one", err)
	}
	state = mine.goesToSignIn()
	h.pass(10 * time.Minute)
	_, err = mine.comesBack(state)
	refused(t, err, session.ErrProvider)
	mine.is(uuid.Nil, "")
	_, err = mine.comesBack(mine.goesToSignIn())
	ok(t, err)
	mine.is(id, session.ByStrongProvider)
}

func TestOneRefusalForWhomeverTheProviderNames(t *testing.T) {
	t.Parallel()
	h, v, id := known(t)
	invited := h.invite(t, "bruno@example.org")
	_, err := h.store.Bind(t.Context(), invited.Account, h.blind("identity:bruno-there"), h.now())
	ok(t, err)
	ok(t, h.Suspend(t.Context(), h.origin(ust), id, account.ReasonLeft))
	for name, is := range map[string]string{"nobody": "nobody-there", "somebody suspended": "anna-there", "somebody only invited": "bruno-there", "no name": ""} {
		v.is = is
		b := h.browser(t)
		_, err := b.comesBack(b.goesToSignIn())
		if e, isDomain := errors.AsType[*domain.Error](err); !isDomain || e != session.ErrProvider {
			t.Errorf("%s: %v", name, err)
		}
		b.is(uuid.Nil, "")
	}
	v.is = "anna-there"
	ok(t, h.Reinstate(t.Context(), h.origin(ust), id))
	b := h.browser(t)
	_, err = b.comesBack(b.goesToSignIn())
	ok(t, err)
	b.is(id, session.ByStrongProvider)
	ok(t, h.Close(t.Context(), h.origin(ust), id, account.ReasonLeft))
	b.is(uuid.Nil, "")
	_, err = b.comesBack(b.goesToSignIn())
	refused(t, err, session.ErrProvider)
}

func TestAnInvitationIsUsedWithTheProviderInsteadOfAPassword(t *testing.T) {
	t.Parallel()
	h, v, _ := known(t)
	link := h.invite(t, "bruno@example.org")
	toActivate := func(token string) func(w http.ResponseWriter, r *http.Request) (string, error) {
		return func(w http.ResponseWriter, r *http.Request) (string, error) { return h.SetOutToActivate(w, r, token) }
	}
	b := h.browser(t)
	_, err := h.SetOutToActivate(httptest.NewRecorder(), b.request("/"), otherLink)
	refused(t, err, session.ErrNoInvitation)

	_, err = b.comesBack(b.goes(toActivate(link.Token))) // as anna, whose identity is hers
	refused(t, err, session.ErrIdentityTaken)
	b.is(uuid.Nil, "")
	if n := h.events(t, link.Account); n != 1 {
		t.Errorf("%d events of an account that nobody activated", n)
	}
	v.is = "bruno-there"
	at, err := b.comesBack(b.goes(toActivate(link.Token)))
	if err != nil || at.Purpose != session.ToActivate {
		t.Fatalf("%+v, %v", at, err)
	}
	b.is(link.Account, session.ByStrongProvider)
	refused(t, h.Activate(t.Context(), link.Token, goodWord), session.ErrNoInvitation)
	h.wantSignIn(t, "bruno@example.org", "", session.ErrSignIn)
	h.pass(100 * time.Hour)
	ok(t, h.store.Purge(t.Context(), h.now()))
	refused(t, func() error {
		_, err := h.Invite(t.Context(), h.origin(ust), invitation("bruno@example.org"))
		return err
	}(), session.ErrLoginTaken)
	_, err = b.comesBack(b.goesToSignIn())
	ok(t, err)
	b.is(link.Account, session.ByStrongProvider)

	// Somebody else used the link while this browser was away.
	carla := h.invite(t, "carla@example.org")
	v.is = "carla-there"
	state := b.goes(toActivate(carla.Token))
	ok(t, h.Activate(t.Context(), carla.Token, goodWord))
	_, err = b.comesBack(state)
	refused(t, err, session.ErrNoInvitation)
	_, err = b.comesBack(b.goesToSignIn())
	refused(t, err, session.ErrProvider)
}

const otherLink = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func TestAnIdentityIsBoundByWhoIsSignedInAndStaysTheirs(t *testing.T) {
	t.Parallel()
	h, v, anna := known(t)
	bruno := h.person(t, "bruno@example.org")
	b := h.browser(t)
	_, err := h.SetOutToBind(httptest.NewRecorder(), b.request("/"))
	refused(t, err, session.ErrNotSignedIn)
	b.cookies[h.CookieName()] = h.signIn(t, "bruno@example.org", goodWord)
	_, err = b.comesBack(b.goes(h.SetOutToBind))
	refused(t, err, session.ErrIdentityTaken)

	v.is = "bruno-there"
	state := b.goes(h.SetOutToBind)
	b.cookies[h.CookieName()] = h.signIn(t, annasLogin, goodWord) // somebody else sits down meanwhile
	_, err = b.comesBack(state)
	refused(t, err, session.ErrNotSignedIn)
	state = b.goes(h.SetOutToBind)
	delete(b.cookies, h.CookieName())
	_, err = b.comesBack(state)
	refused(t, err, session.ErrNotSignedIn)

	b.cookies[h.CookieName()] = h.signIn(t, "bruno@example.org", goodWord)
	at, err := b.comesBack(b.goes(h.SetOutToBind))
	if err != nil || at.Purpose != session.ToBind {
		t.Fatalf("%+v, %v", at, err)
	}
	if since, err := h.BoundSince(t.Context(), bruno); err != nil || !since.Equal(h.now()) {
		t.Errorf("bound since %v, %v", since, err)
	}
	fresh := h.browser(t)
	_, err = fresh.comesBack(fresh.goesToSignIn())
	ok(t, err)
	fresh.is(bruno, session.ByStrongProvider)
	token := fresh.cookies[h.CookieName()]
	h.pass(16 * time.Minute)
	refused(t, h.Unbind(t.Context(), token), session.ErrNotRecent)
	_, err = h.SetOutToBind(httptest.NewRecorder(), fresh.request("/"))
	refused(t, err, session.ErrNotRecent)
	ok(t, h.Unbind(t.Context(), h.signIn(t, "bruno@example.org", goodWord)))
	_, err = fresh.comesBack(fresh.goesToSignIn())
	refused(t, err, session.ErrProvider)
	if since, err := h.BoundSince(t.Context(), anna); err != nil || since.IsZero() {
		t.Errorf("another's identity went too: %v, %v", since, err)
	}
}

func TestAProviderThatIsAwayOrMissingLetsNobodyOut(t *testing.T) {
	t.Parallel()
	h, v, _ := known(t)
	v.away = session.ErrProviderAway
	_, err := h.SetOutToSignIn(httptest.NewRecorder(), h.browser(t).request("/"), "/")
	refused(t, err, session.ErrProviderAway)
	h.Trust(nil)
	_, err = h.SetOutToSignIn(httptest.NewRecorder(), h.browser(t).request("/"), "/")
	refused(t, err, session.ErrNoProvider)
	_, err = h.browser(t).comesBack("x")
	refused(t, err, session.ErrNoProvider)
}

func TestSettingOutAgainAndAgainHasToWait(t *testing.T) {
	t.Parallel()
	h, _, id := known(t)
	b := h.browser(t)
	for range 40 { // whoever comes back is not counted
		_, err := b.comesBack(b.goesToSignIn())
		ok(t, err)
	}
	b.is(id, session.ByStrongProvider)
	var err error
	for range 40 {
		if _, err = h.SetOutToSignIn(httptest.NewRecorder(), b.request("/"), "/"); err != nil {
			break
		}
	}
	refused(t, err, session.ErrTooManyTries)
}

// A link stands for a forgotten password. With an identity it would open the account without its second factor.
func TestALinkOfAnActiveAccountLeadsToNoIdentity(t *testing.T) {
	t.Parallel()
	for name, renew := range map[string]func(*house, *mailbox, uuid.UUID) string{
		"shown": func(h *house, _ *mailbox, id uuid.UUID) string {
			link, err := h.Renew(t.Context(), h.origin(ust), id, 0)
			ok(t, err)
			return link.Token
		},
		"mailed": func(h *house, m *mailbox, id uuid.UUID) string {
			ok(t, h.Forgot(t.Context(), annasLogin, somewhere))
			ok(t, h.Recover(t.Context()))
			ok(t, h.deliver(t, m))
			return m.last().token
		},
	} {
		h, v, m := newHouse(t), &vouching{is: "thief", strong: true}, &mailbox{}
		h.Trust(v)
		invited, err := h.Invite(t.Context(), h.origin(ust), byMail(annasLogin))
		ok(t, err)
		ok(t, h.deliver(t, m))
		b := h.browser(t)
		toActivate := func(token string) func(http.ResponseWriter, *http.Request) (string, error) {
			return func(w http.ResponseWriter, r *http.Request) (string, error) { return h.SetOutToActivate(w, r, token) }
		}
		ok(t, h.Activate(t.Context(), m.last().token, goodWord))
		_, _ = h.withCode(t, h.signIn(t, annasLogin, goodWord))
		token := renew(h, m, invited.Account)
		_, err = h.SetOutToActivate(httptest.NewRecorder(), b.request("/"), token)
		refused(t, err, session.ErrLinkForPassword)

		// Whoever set out while nobody had used the account comes back to one that is active.
		carla, err := h.Invite(t.Context(), h.origin(ust), invitation("carla@example.org"))
		ok(t, err)
		state := b.goes(toActivate(carla.Token))
		h.store.noAccept = state503
		refused(t, h.Activate(t.Context(), carla.Token, goodWord), domain.KindUnavailable)
		h.store.noAccept = nil
		_, err = b.comesBack(state)
		refused(t, err, session.ErrLinkForPassword)

		b.is(uuid.Nil, "")
		if owner, err := h.store.Bound(t.Context(), h.blind("identity:thief")); err != nil || owner != uuid.Nil {
			t.Errorf("%s: the identity is bound, %v", name, err)
		}
		ok(t, h.Activate(t.Context(), token, otherWord))
		h.lacks(t, h.signIn(t, annasLogin, otherWord), session.LacksFactor)
	}
}
