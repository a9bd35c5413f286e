package web

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
)

// doors are the ways in besides a password: with a provider where there is one, and by mail.
type doors struct {
	provider session.Provider
	posts    bool
	arrival  session.Arrival
	arrives  error
	forgot   []string
	bound    time.Time
}

func (d *doors) Posts() bool { return d.posts }

func (d *doors) Forgot(_ context.Context, login, _ string) error {
	if login == "busy" {
		return session.ErrTooManyTries.With("seconds", "3")
	}
	d.forgot = append(d.forgot, login)
	return nil
}

func (d *doors) Provider() session.Provider { return d.provider }

const atProvider = "https://accesso.example.org/authorize?state=x&nonce=y"

func (d *doors) SetOutToSignIn(_ http.ResponseWriter, _ *http.Request, next string) (string, error) {
	d.arrival = session.Arrival{Purpose: session.ToSignIn, Next: next}
	return atProvider, d.provider.Ready()
}

func (d *doors) SetOutToActivate(_ http.ResponseWriter, _ *http.Request, invitation string) (string, error) {
	if invitation != "invited" {
		return "", session.ErrNoInvitation
	}
	return atProvider, nil
}

func (d *doors) SetOutToBind(http.ResponseWriter, *http.Request) (string, error) {
	return atProvider, nil
}

func (d *doors) Arrive(http.ResponseWriter, *http.Request) (session.Arrival, error) {
	return d.arrival, d.arrives
}

func (d *doors) BoundSince(context.Context, uuid.UUID) (time.Time, error) { return d.bound, nil }

func (d *doors) Unbind(context.Context, string) error {
	d.bound = time.Time{}
	return nil
}

// spid is a provider by name only.
type spid struct {
	session.Provider
	away error
}

func (spid) Name() string   { return "SPID" }
func (p spid) Ready() error { return p.away }

func doorSamples() []sample {
	provider := &providerDoor{Name: "SPID o CIE"}
	departing := departure{"SPID o CIE", atProvider}
	empty := forgottenForm()
	empty.require()
	title := text("forgotten.title")
	return []sample{
		sampleOf("/accedi-provider", "", signInView, 200, text("signin.title"), signIn{Form: signInForm(), Next: "/", Provider: provider}),
		sampleOf("/accedi-provider-scaduta", "", signInView, 200, text("signin.title"), signIn{Form: signInForm(), Next: "/", Provider: provider, Kept: "a=b"}),
		sampleOf("/accedi-provider-lontano", "", signInView, 200, text("signin.title"),
			signIn{Form: signInForm(), Next: "/", Provider: &providerDoor{Name: "SPID o CIE", Away: true}}),
		sampleOf("/attiva", "", activateView, 200, text("password.activate-title"), activation{Form: activateForm()}, Crumb{Text: text("password.activate-title")}),
		sampleOf("/attiva-provider", "", activateView, 200, text("password.activate-title"), activation{activateForm(), provider}),
		sampleOf("/attiva-provider-lontano", "", activateView, 200, text("password.activate-title"), activation{activateForm(), &providerDoor{Name: "SPID", Away: true}}),
		sampleOf("/vai", "", departureView, 200, text("provider.departure", "name", "SPID o CIE"), departing),
		sampleOf("/dimenticata", "", forgottenView, 200, title, forgottenPage{Form: forgottenForm()}, Crumb{Text: title}),
		sampleOf("/dimenticata-rifiutato", "", forgottenView, 422, title, forgottenPage{Form: empty}),
		sampleOf("/dimenticata-detta", "", forgottenView, 200, title, forgottenPage{Sent: true}),
		sampleOf("/dimenticata-senza-posta", "", forgottenView, 200, title, forgottenPage{}),
	}
}

// site is one with a provider and mail, whose doors a test looks at.
func siteWithDoors(t *testing.T) (*site, *doors) {
	t.Helper()
	s := newTestSite(t, io.Discard)
	people := &sessions{people: map[string]domain.Actor{}, doors: doors{provider: spid{}, posts: true}}
	s.Sessions = people
	return s, &people.doors
}

func TestAPageLeadsToTheProviderAndNoRedirectDoes(t *testing.T) {
	t.Parallel()
	s, d := siteWithDoors(t)
	pages := s.handler()
	for _, from := range []struct{ path, form string }{
		{"/accedi/provider", url.Values{"next": {"/pratiche"}}.Encode()},
		{"/attiva/provider", "invitation=invited"},
	} {
		w := do(pages, http.MethodPost, from.path, from.form)
		if w.Code != http.StatusOK || w.Header().Get("Refresh") != "0; url="+atProvider || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %d, refresh %q", from.path, w.Code, w.Header().Get("Refresh"))
		}
		if link := strings.ReplaceAll(atProvider, "&", "&amp;"); !strings.Contains(w.Body.String(), `href="`+link+`"`) {
			t.Errorf("%s: no link for who has no automatic refresh", from.path)
		}
	}
	if d.arrival.Next != "/pratiche" {
		t.Errorf("it comes back to %q", d.arrival.Next)
	}
	if w := do(pages, http.MethodPost, "/attiva/provider", "invitation=other"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("another invitation: %d", w.Code)
	}
}

func TestAnArrivalGoesOnInsideTheSiteAlone(t *testing.T) {
	t.Parallel()
	s, d := siteWithDoors(t)
	pages := s.handler()
	for next, want := range map[string]string{"/pratiche": "/pratiche", "": "/", "https://evil.example.org": "/", "//evil.example.org": "/", `/\evil.example.org`: "/"} {
		d.arrival = session.Arrival{Purpose: session.ToSignIn, Next: next}
		if w := do(pages, http.MethodGet, "/accedi/ritorno?code=a&state=b", ""); w.Code != http.StatusSeeOther || w.Header().Get("Location") != want {
			t.Errorf("%q leads to %d %q", next, w.Code, w.Header().Get("Location"))
		}
		w := do(pages, http.MethodPost, "/accedi/provider", url.Values{"next": {next}}.Encode())
		if w.Code != http.StatusOK || d.arrival.Next != want {
			t.Errorf("%q set out for %q, %d", next, d.arrival.Next, w.Code)
		}
	}
}

func TestARefusedArrivalSaysSoWhereItSetOut(t *testing.T) {
	t.Parallel()
	s, d := siteWithDoors(t)
	pages := s.handler()
	for _, tc := range []struct {
		purpose session.Purpose
		err     error
		code    int
		says    string
	}{
		{session.ToSignIn, session.ErrProvider, 422, "non è collegata a un’utenza attiva"},
		{"", session.ErrProvider, 422, "non è collegata a un’utenza attiva"},
		{session.ToSignIn, session.ErrProviderLevel, 422, "livello di sicurezza troppo basso"},
		{session.ToSignIn, session.ErrProviderAway, 503, "non risponde"},
		{session.ToActivate, session.ErrProvider, 422, `name="username"`},
		{session.ToActivate, session.ErrNoInvitation, 422, `name="invitation"`},
		{session.ToActivate, session.ErrIdentityTaken, 409, "già collegata a un’altra utenza"},
		{session.ToBind, session.ErrIdentityTaken, 409, "già collegata a un’altra utenza"},
		{session.ToBind, session.ErrNotSignedIn, 422, `name="username"`},
	} {
		d.arrival, d.arrives = session.Arrival{Purpose: tc.purpose}, tc.err
		w := do(pages, http.MethodGet, "/accedi/ritorno?code=a&state=b", "")
		if w.Code != tc.code || !strings.Contains(w.Body.String(), tc.says) {
			t.Errorf("%s, %v: %d", tc.purpose, tc.err, w.Code)
		}
	}
}

func TestAProviderThatIsAwayHasNoButtonAndThePageSaysWhy(t *testing.T) {
	t.Parallel()
	s, d := siteWithDoors(t)
	pages := s.handler()
	shows := func(path string, button bool) {
		t.Helper()
		body := do(pages, http.MethodGet, path, "").Body.String()
		if strings.Contains(body, `"`+path+`/provider"`) != button || strings.Contains(body, "SPID non risponde") == button {
			t.Errorf("%s: a button %v, want %v", path, !button, button)
		}
	}
	shows("/accedi", true)
	shows("/attiva", true)
	d.provider = spid{away: session.ErrProviderAway}
	shows("/accedi", false)
	shows("/attiva", false)
	if w := do(pages, http.MethodPost, "/accedi/provider", "next=/"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("set out to a provider that is away: %d", w.Code)
	}
}

func TestAForgottenPasswordIsAnsweredAlikeWhoeverItIs(t *testing.T) {
	t.Parallel()
	s, d := siteWithDoors(t)
	pages := s.handler()
	one, other := do(pages, http.MethodPost, "/password/dimenticata", "username=anna"), do(pages, http.MethodPost, "/password/dimenticata", "username=nobody")
	if one.Code != http.StatusOK || one.Code != other.Code || one.Body.String() != other.Body.String() {
		t.Errorf("%d and %d differ", one.Code, other.Code)
	}
	if len(d.forgot) != 2 {
		t.Errorf("noted %v", d.forgot)
	}
	for form, want := range map[string]int{"username=": 422, "username=busy": 429} {
		if w := do(pages, http.MethodPost, "/password/dimenticata", form); w.Code != want {
			t.Errorf("%s: %d", form, w.Code)
		}
	}
	d.posts = false
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if w := do(pages, method, "/password/dimenticata", "username=anna"); w.Code != 200 || !strings.Contains(w.Body.String(), "non spedisce messaggi") {
			t.Errorf("%s without mail: %d", method, w.Code)
		}
	}
	if len(d.forgot) != 2 {
		t.Error("something was noted that nobody can send")
	}
}
