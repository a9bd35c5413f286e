package session

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/account"
)

// Provider lets people sign in elsewhere. It vouches for who somebody is and never for what they may do.
type Provider interface {
	Name() string // as people know it
	// Ready is nil when people can be sent there, and says why not otherwise.
	Ready() error
	// Address is where the browser is to go. State, nonce and verifier are unguessable texts of 43 characters, of one sign-in.
	Address(state, nonce, verifier string) (string, error)
	// Identify takes what the browser brought back and says who somebody is, in a text that no other person of this or another provider
	// has, and whether two factors were proved. The errors are ErrProvider, ErrProviderLevel and ErrProviderAway.
	Identify(ctx context.Context, back url.Values, nonce, verifier string) (who domain.Personal, strong bool, err error)
}

// ProviderStorage keeps whose identities are, and what browsers were sent to the provider for. Identities come as keyed tokens.
type ProviderStorage interface {
	// Bind gives an account an identity in the place of the one it had; false where the identity is another account's.
	Bind(ctx context.Context, account uuid.UUID, identity []byte, now time.Time) (bool, error)
	Bound(ctx context.Context, identity []byte) (uuid.UUID, error)
	BoundSince(ctx context.Context, account uuid.UUID) (time.Time, error)
	Unbind(ctx context.Context, account uuid.UUID) error
	// AcceptIdentity is Accept and Bind as one.
	AcceptIdentity(ctx context.Context, link []byte, hash string, identity []byte, now time.Time) (bool, error)
	SetOut(ctx context.Context, state, browser []byte, account uuid.UUID, errand []byte, expires time.Time) error
	// Return gives the errand once, in time and to the browser that set out; none otherwise.
	Return(ctx context.Context, state, browser []byte, now time.Time) (account uuid.UUID, errand []byte, err error)
}

// The refusals of a sign-in by a provider. ErrProvider is one and the same for an answer that does not hold, an identity nobody has, and
// an account that is not active.
var (
	ErrProvider        = &domain.Error{Kind: domain.KindUnauthorised, Code: "provider-sign-in-failed"}
	ErrProviderLevel   = &domain.Error{Kind: domain.KindUnauthorised, Code: "provider-level-too-low"}
	ErrProviderAway    = &domain.Error{Kind: domain.KindUnavailable, Code: "provider-away"}
	ErrIdentityTaken   = domain.Refused("identity-of-another-account") // told to who has proved that it is theirs
	ErrLinkForPassword = domain.Refused("link-for-a-password-only")
	ErrNoProvider      = domain.NotFound("page-not-found")
)

// Purpose is what somebody goes to a provider for.
type Purpose string

// The purposes.
const (
	ToSignIn   Purpose = "sign-in"
	ToActivate Purpose = "activate" // the account a link leads to
	ToBind     Purpose = "bind"     // the identity to the account that is signed in
)

// errand is what is kept while somebody is away. Nothing in it is personal.
type errand struct {
	Purpose Purpose `json:"purpose"`
	Next    string  `json:"next,omitzero"`
	Link    []byte  `json:"link,omitzero"` // what is kept of a link
}

// awayAtMost is how long somebody may be at the provider.
const awayAtMost = 10 * time.Minute

// Trust has people sign in by a provider, besides their passwords. It is to be called before anybody is served.
func (s *Service) Trust(p Provider) { s.provider = p }

// Provider gives it, nil where there is none.
func (s *Service) Provider() Provider { return s.provider }

// SetOutToSignIn gives the address to send the browser to. Next is the page to go to afterwards.
func (s *Service) SetOutToSignIn(w http.ResponseWriter, r *http.Request, next string) (string, error) {
	return s.setOut(w, r, uuid.Nil, errand{Purpose: ToSignIn, Next: next})
}

// SetOutToActivate is for who is invited and would rather sign in by the provider than choose a password. ErrNoInvitation as for
// Activate, and ErrLinkForPassword where the account is active.
func (s *Service) SetOutToActivate(w http.ResponseWriter, r *http.Request, token string) (string, error) {
	hash, who, err := s.invited(r.Context(), token)
	if err == nil {
		err = mayBindBy(who)
	}
	if err != nil {
		return "", err
	}
	return s.setOut(w, r, uuid.Nil, errand{Purpose: ToActivate, Link: hash})
}

// SetOutToBind is for who signed in a moment ago, with nothing lacking: ErrNotRecent otherwise.
func (s *Service) SetOutToBind(w http.ResponseWriter, r *http.Request) (string, error) {
	sess, err := s.whole(r)
	if err == nil {
		err = s.mayChange(sess)
	}
	if err != nil {
		return "", err
	}
	return s.setOut(w, r, sess.Actor.Account, errand{Purpose: ToBind})
}

// whole is the session of a request, when it lacks nothing.
func (s *Service) whole(r *http.Request) (Session, error) {
	sess, err := s.Lookup(r.Context(), s.Token(r))
	if err == nil && sess.Lacks != LacksNothing {
		err = ErrNotSignedIn
	}
	return sess, err
}

func (s *Service) setOut(w http.ResponseWriter, r *http.Request, who uuid.UUID, e errand) (string, error) {
	if s.provider == nil {
		return "", ErrNoProvider
	}
	if err := s.provider.Ready(); err != nil {
		return "", err
	}
	if err := s.try(r.Context(), s.providerTries(r), tolerantOfOffices); err != nil {
		return "", err
	}
	browser, browserHash := newToken()
	state, stateHash := newToken()
	kept, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	address, err := s.provider.Address(state, derived(browser, state, "nonce"), derived(browser, state, "verifier"))
	if err != nil {
		return "", err
	}
	if err := s.storage.SetOut(r.Context(), stateHash, browserHash, who, kept, s.clock().Add(awayAtMost)); err != nil {
		return "", err
	}
	s.setBrowser(w, browser)
	return address, nil
}

func (s *Service) providerTries(r *http.Request) []byte {
	return s.blind("provider-remote:" + network(r.RemoteAddr))
}

// derived makes a text that only this browser's sign-in has, out of what the browser keeps: neither nonce nor verifier is written down.
func derived(browser, state, what string) string {
	mac := hmac.New(sha256.New, []byte(browser))
	mac.Write([]byte(what + " " + state))
	return tokenText.EncodeToString(mac.Sum(nil))
}

// BrowserCookie is the name of the cookie that knows a browser again when it comes back from the provider. It is Lax, and not Strict,
// because it comes back from another site.
func (s *Service) BrowserCookie() string {
	if s.plainHTTP {
		return "approdo-provider"
	}
	return "__Host-approdo-provider"
}

func (s *Service) setBrowser(w http.ResponseWriter, token string) {
	c := &http.Cookie{Name: s.BrowserCookie(), Value: token, Path: "/", MaxAge: int(awayAtMost.Seconds()), HttpOnly: true, Secure: !s.plainHTTP,
		SameSite: http.SameSiteLaxMode}
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// Arrival is what came of it.
type Arrival struct {
	Purpose Purpose // empty where nobody set out from this browser, or it took too long
	Next    string
}

// Arrive takes the browser back. After a sign-in and an activation the cookie carries a new session, and the one before has ended. The
// errors are those of Provider, of Activate for an activation, ErrNotSignedIn and ErrIdentityTaken for a binding; whatever the error,
// nothing has changed.
func (s *Service) Arrive(w http.ResponseWriter, r *http.Request) (Arrival, error) {
	if s.provider == nil {
		return Arrival{}, ErrNoProvider
	}
	ctx, back := r.Context(), r.URL.Query()
	cookie, err := r.Cookie(s.BrowserCookie())
	if err != nil {
		return Arrival{}, ErrProvider
	}
	browser, ok := hashOf(cookie.Value)
	state, alsoOK := hashOf(back.Get("state"))
	if !ok || !alsoOK {
		return Arrival{}, ErrProvider
	}
	who, kept, err := s.storage.Return(ctx, state, browser, s.clock())
	if err != nil {
		return Arrival{}, err
	}
	if kept == nil {
		return Arrival{}, ErrProvider
	}
	s.setBrowser(w, "")
	var e errand
	if err := json.Unmarshal(kept, &e); err != nil {
		return Arrival{}, errors.New("session: an errand does not decode")
	}
	at := Arrival{Purpose: e.Purpose, Next: e.Next}
	is, strong, err := s.provider.Identify(ctx, back, derived(cookie.Value, back.Get("state"), "nonce"), derived(cookie.Value, back.Get("state"), "verifier"))
	if err != nil {
		return at, err
	}
	proved := ByProvider
	if strong {
		proved = ByStrongProvider
	}
	identity := s.blind("identity:" + is.Reveal())
	switch e.Purpose {
	case ToSignIn:
		err = s.arriveToSignIn(w, r, identity, proved)
	case ToActivate:
		err = s.arriveToActivate(w, r, identity, proved, e.Link)
	case ToBind:
		err = s.arriveToBind(r, identity, who)
	default:
		err = ErrProvider
	}
	return at, err
}

func (s *Service) arriveToSignIn(w http.ResponseWriter, r *http.Request, identity []byte, proved Proof) error {
	id, err := s.storage.Bound(r.Context(), identity)
	if err != nil {
		return err
	}
	who, err := s.latest(r.Context(), id) // whatever was found: nobody can tell by the time it takes
	if err != nil && !errors.Is(err, domain.KindNotFound) {
		return err
	}
	if who.Status() != account.Active {
		return ErrProvider
	}
	return s.letIn(w, r, who, proved)
}

// mayBindBy lets a link to an account bind an identity only before anybody used the account. A later one stands for a forgotten password
// and nothing more: an identity would open the account without its second factor, and is bound by who is signed in.
func mayBindBy(who Account) error {
	if who.Status() == account.Active {
		return ErrLinkForPassword
	}
	return nil
}

func (s *Service) arriveToActivate(w http.ResponseWriter, r *http.Request, identity []byte, proved Proof, link []byte) error {
	ctx := r.Context()
	who, err := s.invitedBy(ctx, link)
	if err == nil {
		err = mayBindBy(who)
	}
	if err != nil {
		return err
	}
	owner, err := s.storage.Bound(ctx, identity)
	if err == nil && owner != uuid.Nil && owner != who.Account {
		err = ErrIdentityTaken
	}
	if err != nil {
		return err
	}
	// A password that nobody knows keeps the login, until the person chooses one.
	err = s.activate(ctx, link, who, func(now time.Time) (bool, error) {
		return s.storage.AcceptIdentity(ctx, link, s.hasher.decoy(), identity, now)
	})
	if err != nil {
		return err
	}
	if who, err = s.latest(ctx, who.Account); err != nil {
		return err
	}
	return s.letIn(w, r, who, proved)
}

// arriveToBind wants the same account to be signed in as when the browser set out.
func (s *Service) arriveToBind(r *http.Request, identity []byte, who uuid.UUID) error {
	sess, err := s.whole(r)
	if err == nil && sess.Actor.Account != who {
		err = ErrNotSignedIn
	}
	if err != nil {
		return err
	}
	bound, err := s.storage.Bind(r.Context(), who, identity, s.clock())
	if err == nil && !bound {
		err = ErrIdentityTaken
	}
	return err
}

func (s *Service) letIn(w http.ResponseWriter, r *http.Request, who Account, proved Proof) error {
	token, _, err := s.begin(r.Context(), who, proved)
	if err != nil {
		return err
	}
	if err := errors.Join(s.SignOut(r.Context(), s.Token(r)), s.storage.TakeBack(r.Context(), s.providerTries(r))); err != nil {
		return err
	}
	s.SetCookie(w, token)
	return nil
}

// BoundSince says since when an account signs in by the provider; the zero time where it does not.
func (s *Service) BoundSince(ctx context.Context, id uuid.UUID) (time.Time, error) {
	return s.storage.BoundSince(ctx, id)
}

// Unbind parts the account of a session from its identity; the session must have begun a moment ago, as for binding. Sessions go on.
func (s *Service) Unbind(ctx context.Context, token string) error {
	sess, err := s.Lookup(ctx, token)
	if err == nil {
		err = s.mayChange(sess)
	}
	if err != nil {
		return err
	}
	return s.storage.Unbind(ctx, sess.Actor.Account)
}
