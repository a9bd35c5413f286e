// Package session knows who is at the door: it keeps accounts' passwords, links and sessions, and the directory of who may act for
// which body. The pages and the API share it. A token is 32 random bytes that only its bearer has; what is kept is its SHA-256.
package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/account"
)

// A session ends when it was not used for IdleTimeout, and MaxSession after it began in any case.
const (
	IdleTimeout = 30 * time.Minute
	MaxSession  = 12 * time.Hour
)

// touchEvery is how exactly the last use of a session is known: every use would be a write.
const touchEvery = time.Minute

// The refusals of this package. ErrSignIn is one and the same for a login nobody has, a wrong password, and an account that is not
// active.
var (
	ErrSignIn         = &domain.Error{Kind: domain.KindUnauthorised, Code: "sign-in-failed"}
	ErrNotSignedIn    = &domain.Error{Kind: domain.KindUnauthorised, Code: "not-signed-in"}
	ErrTooManyTries   = &domain.Error{Kind: domain.KindOverloaded, Code: "too-many-tries"} // detail "seconds": to wait
	ErrBusy           = &domain.Error{Kind: domain.KindOverloaded, Code: "sign-in-busy"}
	ErrLoginTaken     = (&domain.Error{Kind: domain.KindConflict, Code: "login-taken"}).On("login")
	ErrNoInvitation   = domain.NotFound("invitation-not-found") // unknown, used, replaced or expired
	ErrWrongPassword  = domain.Invalid("password-wrong").On("current")
	ErrOtherWasFaster = &domain.Error{Kind: domain.KindConflict, Code: "password-changed-meanwhile"}
)

// Storage is what is neither history nor view. Keys, logins, links and tokens come hashed; a nil UUID says that nothing was found.
// Every change MUST be durable when its method returns, and each method MUST act as a whole.
type Storage interface {
	// Reserve keeps a login until an invitation expires and makes link the account's only one; false where the login is another's.
	Reserve(ctx context.Context, account uuid.UUID, login, link []byte, now, expires time.Time) (bool, error)
	// Withdraw takes back an account's link, and its login where no password was chosen yet.
	Withdraw(ctx context.Context, account uuid.UUID) error
	// Invitation says whose a link is.
	Invitation(ctx context.Context, link []byte) (account uuid.UUID, expires time.Time, used bool, err error)
	// Accept uses a link up, keeps the password hash and ends the account's sessions. It MUST be true once for each link.
	Accept(ctx context.Context, link []byte, hash string, now time.Time) (bool, error)
	// Credential finds who has a login; the hash is empty until a password was chosen.
	Credential(ctx context.Context, login []byte) (account uuid.UUID, hash string, err error)
	// Password gives an account's hash, empty where there is none.
	Password(ctx context.Context, account uuid.UUID) (hash string, err error)
	// ReplacePassword ends the account's sessions and link too; false, without effect, where old is no longer its hash.
	ReplacePassword(ctx context.Context, account uuid.UUID, old, hash string) (bool, error)
	// Drop removes all that is kept of an account.
	Drop(ctx context.Context, account uuid.UUID) error

	BeginSession(ctx context.Context, token []byte, account uuid.UUID, proof string, created, expires time.Time) error
	// BeginByPassword is BeginSession for whoever proved a password; false, without effect, where hash is no longer the account's.
	BeginByPassword(ctx context.Context, token []byte, account uuid.UUID, hash, proof string, created, expires time.Time) (bool, error)
	// RaiseSession puts a session in the place of an older one of the same account; false, without effect, where that has ended.
	RaiseSession(ctx context.Context, old, token []byte, proof string, created, expires time.Time) (bool, error)
	// Session also says how many second factors the account has at the moment.
	Session(ctx context.Context, token []byte) (
		account uuid.UUID, proof string, factors int, created, seen, expires time.Time, err error)
	// TouchSession MUST NOT bring back a session that has ended.
	TouchSession(ctx context.Context, token []byte, seen, expires time.Time) error
	EndSession(ctx context.Context, token []byte) error
	EndSessions(ctx context.Context, account uuid.UUID) error
	EndOtherSessions(ctx context.Context, account uuid.UUID, token []byte) error
	// Sessions calls each for every session, the newest first, and perhaps for some that have expired.
	Sessions(ctx context.Context, account uuid.UUID, each func(token []byte, proof string, created, seen, expires time.Time) error) error

	// Try counts a try under a key as judge says, who is given what is kept (0 and the zero time where nothing is) and gives the new
	// count, or the instant until which there is to be no try: then that comes back and nothing is counted. Two tries MUST NOT be
	// judged on the same past.
	Try(ctx context.Context, key []byte, now time.Time, judge func(count int, last time.Time) (int, time.Time)) (time.Time, error)
	// TakeBack uncounts one try, ForgetTries all.
	TakeBack(ctx context.Context, key []byte) error
	ForgetTries(ctx context.Context, key []byte) error

	FactorStorage
	PostStorage
	ProviderStorage
}

// Config is what the service needs from the other rooms.
type Config struct {
	Directory *Directory
	Storage   Storage
	// Blind gives the keyed token of a text: nobody without the key can find the text by trying.
	Blind func(text string) []byte
	Clock domain.Clock
	// Cost is what a password hash costs; the zero Cost is DefaultCost.
	Cost Cost
	// FactorsOptional asks nobody for a second factor who has not chosen one, whatever the role: for a demo.
	FactorsOptional bool
	// PublicURL is the address under which people reach this service, "https://approdo.example.org", for passkeys to be bound to.
	PublicURL string
	// PlainHTTP gives up the Secure flag and the __Host- prefix of the cookie, for a demo on the loopback address.
	PlainHTTP bool
}

// Service signs people in and out and manages their accounts. It may be used by many goroutines.
type Service struct {
	directory *Directory
	storage   Storage
	blind     func(text string) []byte
	clock     domain.Clock
	plainHTTP bool
	optional  bool
	publicURL string
	posts     bool
	provider  Provider // nil where people sign in here alone
	hasher    *hasher
	decoy     string // hash of no password, so that an unknown login costs what a known one does
}

// New gives a service over a directory that was caught up.
func New(c Config) *Service {
	if c.Cost == (Cost{}) {
		c.Cost = DefaultCost()
	}
	h := newHasher(c.Cost)
	return &Service{directory: c.Directory, storage: c.Storage, blind: c.Blind, clock: c.Clock, plainHTTP: c.PlainHTTP,
		optional: c.FactorsOptional, publicURL: c.PublicURL, hasher: h, decoy: h.decoy()}
}

// Session is who is signed in.
type Session struct {
	ID      string // names the session in logs and limits; it opens nothing
	Actor   domain.Actor
	Proof   Proof
	Lacks   Lack // what is still to be shown before anything but that may be done
	Since   time.Time
	Expires time.Time // unless it is used until then
	person  domain.Sealed[account.Person]
	sealer  domain.Sealer
}

// Name is what the person is called. It is opened only when asked for.
func (s Session) Name(ctx context.Context) (domain.Personal, error) {
	p, err := s.person.Unseal(ctx, s.sealer)
	return p.Name, err
}

// SignIn opens a session with a token of its own. Remote is the address the request came from, with or without a port. The errors
// are ErrSignIn, ErrTooManyTries and ErrBusy; the first two come alike, and as late, whether or not anybody has the login.
func (s *Service) SignIn(ctx context.Context, login, password, remote string) (string, Session, error) {
	if len(password) > 4*maxPassword {
		password = "" // wrong like it, and hashed for less
	}
	byLogin, byRemote := s.loginKey(login), s.blind("remote:"+network(remote))
	if err := s.try(ctx, byRemote, tolerantOfOffices); err != nil {
		return "", Session{}, err
	}
	if err := s.try(ctx, byLogin, strict); err != nil {
		return "", Session{}, err
	}
	who, hash, err := s.whoHas(ctx, byLogin, password)
	if errors.Is(err, ErrBusy) { // no password was looked at
		return "", Session{}, errors.Join(err, s.storage.TakeBack(ctx, byLogin), s.storage.TakeBack(ctx, byRemote))
	}
	if err != nil {
		return "", Session{}, err
	}
	if err := errors.Join(s.storage.ForgetTries(ctx, byLogin), s.storage.TakeBack(ctx, byRemote)); err != nil {
		return "", Session{}, err
	}
	token, sess, err := s.beginByPassword(ctx, who.Account, hash, byPassword(password))
	if errors.Is(err, errReplaced) {
		err = ErrSignIn
	}
	return token, sess, err
}

// whoHas takes one look-up and one hash, whatever it finds; and gives that of the password that was right.
func (s *Service) whoHas(ctx context.Context, login []byte, password string) (_ Account, hash string, err error) {
	id, hash, err := s.storage.Credential(ctx, login)
	if err != nil {
		return Account{}, "", err
	}
	known := hash != ""
	if !known {
		hash = s.decoy
	}
	right, err := s.hasher.verify(ctx, hash, password)
	if err != nil {
		return Account{}, "", err
	}
	who, err := s.latest(ctx, id) // whatever was found, so that nobody can tell by the time it takes
	if err != nil && !errors.Is(err, domain.KindNotFound) {
		return Account{}, "", err
	}
	if !known || !right || who.Status() != account.Active {
		return Account{}, "", ErrSignIn
	}
	return who, hash, nil
}

// errReplaced is a password that was right when it was looked at, and has been replaced since.
var errReplaced = errors.New("session: the password was replaced meanwhile")

// beginByPassword opens a session for whoever has proved a password, as long as it is still the account's: a change of password ends the
// sessions there are, and one that is born a moment later must not outlive it.
func (s *Service) beginByPassword(ctx context.Context, id uuid.UUID, passwordHash string, proved Proof) (string, Session, error) {
	token, hash := newToken()
	now := s.clock()
	begun, err := s.storage.BeginByPassword(ctx, hash, id, passwordHash, string(proved), now, now.Add(IdleTimeout))
	if err == nil && !begun {
		err = errReplaced
	}
	if err != nil {
		return "", Session{}, err
	}
	sess, err := s.Lookup(ctx, token)
	return token, sess, err
}

// begin opens a session for whoever has proved by other means that the account is theirs.
func (s *Service) begin(ctx context.Context, who Account, proved Proof) (string, Session, error) {
	token, hash := newToken()
	now := s.clock()
	if err := s.storage.BeginSession(ctx, hash, who.Account, string(proved), now, now.Add(IdleTimeout)); err != nil {
		return "", Session{}, err
	}
	sess, err := s.Lookup(ctx, token)
	return token, sess, err
}

// Lookup tells whose session a token is; ErrNotSignedIn when it is nobody's, has ended, or its account is no longer active.
func (s *Service) Lookup(ctx context.Context, token string) (Session, error) {
	hash, sess, seen, err := s.find(ctx, token)
	now := s.clock()
	if err != nil || now.Sub(seen) < touchEvery {
		return sess, err
	}
	sess.Expires = earlier(now.Add(IdleTimeout), sess.Since.Add(MaxSession))
	// Reading goes on while the disk takes nothing; the session then ends as if it had not been used.
	if err := s.storage.TouchSession(ctx, hash, now, sess.Expires); err != nil && !errors.Is(err, domain.KindUnavailable) {
		return Session{}, err
	}
	return sess, nil
}

// Glance is Lookup for what a page asks by itself while nobody may be sitting there: it is no use of the session.
func (s *Service) Glance(ctx context.Context, token string) (Session, error) {
	_, sess, _, err := s.find(ctx, token)
	return sess, err
}

// find also gives when the session was used last.
func (s *Service) find(ctx context.Context, token string) (hash []byte, sess Session, seen time.Time, err error) {
	hash, ok := hashOf(token)
	if !ok {
		return nil, Session{}, seen, ErrNotSignedIn
	}
	id, proof, factors, since, seen, expires, err := s.storage.Session(ctx, hash)
	if err != nil {
		return nil, Session{}, seen, err
	}
	if id == uuid.Nil || !s.clock().Before(expires) {
		return nil, Session{}, seen, ErrNotSignedIn
	}
	who, err := s.account(ctx, id)
	switch {
	case errors.Is(err, domain.KindNotFound):
		return nil, Session{}, seen, ErrNotSignedIn
	case err != nil:
		return nil, Session{}, seen, err
	case who.Status() != account.Active:
		return nil, Session{}, seen, ErrNotSignedIn
	}
	return hash, Session{ID: idOf(hash), Actor: who.Actor(), Proof: Proof(proof), Lacks: s.lacks(who, Proof(proof), factors > 0),
		Since: since, Expires: expires, person: who.Person, sealer: s.directory.codec.Sealer()}, seen, nil
}

// account is what the directory knows, and where that is no active account what the journal says.
func (s *Service) account(ctx context.Context, id uuid.UUID) (Account, error) {
	who, err := s.directory.Account(id)
	if err == nil && who.Status() == account.Active || errors.Is(err, ErrDirectoryHalted) {
		return who, err
	}
	return s.latest(ctx, id)
}

// latest reads on to the journal's head first: another node may have let the account in, or kept it out, a moment ago.
func (s *Service) latest(ctx context.Context, id uuid.UUID) (Account, error) {
	if err := s.directory.CatchUp(ctx); err != nil {
		if ctx.Err() == nil {
			err = fmt.Errorf("%w: %w", ErrDirectoryHalted, err)
		}
		return Account{}, err
	}
	return s.directory.Account(id)
}

// SignOut ends the session of a token; a token of none is no error.
func (s *Service) SignOut(ctx context.Context, token string) error {
	hash, ok := hashOf(token)
	if !ok {
		return nil
	}
	return s.storage.EndSession(ctx, hash)
}

// SignOutEverywhere ends all sessions of an account.
func (s *Service) SignOutEverywhere(ctx context.Context, id uuid.UUID) error {
	return s.storage.EndSessions(ctx, id)
}

// loginKey makes Anna and anna one.
func (s *Service) loginKey(login string) []byte {
	return s.blind("login:" + strings.ToLower(strings.TrimSpace(login)))
}

// network is the address without its port; of an IPv6 address the /64, which one household has to itself.
func network(remote string) string {
	a, ok := parseAddress(remote)
	switch {
	case !ok:
		return remote
	case a.Is4():
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
}

var tokenText = base64.RawURLEncoding.Strict()

const tokenBytes = 32

// newToken gives a token and what is kept of it.
func newToken() (token string, hash []byte) {
	b := make([]byte, tokenBytes)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	sum := sha256.Sum256(b)
	return tokenText.EncodeToString(b), sum[:]
}

// hashOf reports whether a text can be a token at all.
func hashOf(token string) ([]byte, bool) {
	b, err := tokenText.DecodeString(token)
	if err != nil || len(b) != tokenBytes {
		return nil, false
	}
	sum := sha256.Sum256(b)
	return sum[:], true
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
