package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/event"
	"approdo/domain/policy"
)

// FactorKind is how a second factor is proved.
type FactorKind string

// The kinds. A code comes from an application of the person's own (TOTP, RFC 6238); a passkey is proved by the browser (WebAuthn).
const (
	FactorCode    FactorKind = "totp"
	FactorPasskey FactorKind = "passkey"
)

// maxFactors is how many an account may have: one for each device, and one in a drawer.
const maxFactors = 5

// recently is how long after a sign-in somebody may change what the next one takes. Whoever finds a screen unlocked cannot.
const recently = 15 * time.Minute

// answerWithin is how long a person may take to answer what a session was asked.
const answerWithin = 10 * time.Minute

// The refusals of second factors. ErrFactorWrong is one and the same for a code that is wrong, was used or is too old, a recovery code
// that nobody was given, and a passkey that does not prove anything.
var (
	ErrFormUsed      = domain.Refused("form-used-already")                                      // what it asked for was done once, and something else since
	ErrFactorMissing = &domain.Error{Kind: domain.KindForbidden, Code: "second-factor-missing"} // detail "lacks": a Lack
	ErrFactorWrong   = domain.Invalid("second-factor-wrong").On("code")
	ErrFactorNeeded  = domain.Refused("second-factor-needed")
	ErrFactorsMany   = domain.Refused("second-factors-too-many").With("max", fmt.Sprint(maxFactors))
	ErrNoFactor      = domain.NotFound("second-factor-not-found")
	ErrNoPasskeys    = domain.Refused("passkeys-unavailable")
	ErrNotRecent     = &domain.Error{Kind: domain.KindForbidden, Code: "sign-in-not-recent"}
)

// FactorStorage keeps second factors, recovery codes and what sessions were asked. What a factor is checked with comes sealed, and codes
// as keyed tokens. Every change MUST be durable when its method returns, and each method MUST act as a whole.
type FactorStorage interface {
	AddFactor(ctx context.Context, factor, account uuid.UUID, kind string, sealed []byte, mark int64, since time.Time) error
	Factors(ctx context.Context, account uuid.UUID,
		each func(factor uuid.UUID, kind string, sealed []byte, mark int64, since time.Time) error) error
	// MarkFactor raises a factor's mark. It MUST be true for one of those who come with a mark, and for nobody with a lower one.
	MarkFactor(ctx context.Context, factor uuid.UUID, mark int64) (bool, error)
	// RemoveFactor takes the recovery codes away with the last factor. Where that is to stay it is false, without effect, for the last one.
	RemoveFactor(ctx context.Context, account, factor uuid.UUID, lastStays bool) (bool, error)
	// DropFactors takes the factors, the identity and the sessions away that are not younger than until, the recovery codes with the
	// factors they came with, and every question and errand.
	DropFactors(ctx context.Context, account uuid.UUID, until time.Time) error
	SetRecoveryCodes(ctx context.Context, account uuid.UUID, codes [][]byte) error
	// FirstRecoveryCodes is SetRecoveryCodes for an account with a factor and no codes; false, without effect, where there are some. It MUST
	// be true for one of those who come together.
	FirstRecoveryCodes(ctx context.Context, account uuid.UUID, codes [][]byte) (bool, error)
	RecoveryCodes(ctx context.Context, account uuid.UUID) ([][]byte, error)
	// UseRecoveryCode MUST be true once for each code.
	UseRecoveryCode(ctx context.Context, account uuid.UUID, code []byte) (bool, error)
	// Ask replaces an earlier question of the kind; Question gives it, nil where there is none.
	Ask(ctx context.Context, session []byte, kind string, account uuid.UUID, sealed []byte, expires time.Time) error
	Question(ctx context.Context, session []byte, kind string) (sealed []byte, expires time.Time, err error)
	// Answered takes a question away. It MUST be true once.
	Answered(ctx context.Context, session []byte, kind string, sealed []byte) (bool, error)
}

// Factor is a second factor as its owner sees it.
type Factor struct {
	ID    uuid.UUID
	Kind  FactorKind
	Since time.Time
}

// Factors are an account's, the oldest first, and how many recovery codes are left.
func (s *Service) Factors(ctx context.Context, id uuid.UUID) (all []Factor, codes int, err error) {
	kept, err := s.factors(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	for _, f := range kept {
		all = append(all, f.Factor)
	}
	left, err := s.storage.RecoveryCodes(ctx, id)
	return all, len(left), err
}

// factor is one with what it is checked with.
type factor struct {
	Factor
	sealed []byte
	mark   int64
}

func (s *Service) factors(ctx context.Context, id uuid.UUID) (all []factor, err error) {
	err = s.storage.Factors(ctx, id, func(f uuid.UUID, kind string, sealed []byte, mark int64, since time.Time) error {
		all = append(all, factor{Factor{f, FactorKind(kind), since}, sealed, mark})
		return nil
	})
	return all, err
}

// holder is the session of a token with what is kept of the token, and its account.
func (s *Service) holder(ctx context.Context, token string) (sess Session, hash []byte, who Account, err error) {
	if sess, err = s.Lookup(ctx, token); err != nil {
		return sess, nil, who, err
	}
	hash, _ = hashOf(token)
	who, err = s.directory.Account(sess.Actor.Account)
	return sess, hash, who, err
}

// mayChange lets whoever signed in a moment ago change what signing in takes; who has a factor proves it first.
func (s *Service) mayChange(sess Session) error {
	if sess.Lacks == LacksFactor {
		return ErrFactorMissing.With("lacks", string(sess.Lacks))
	}
	if s.clock().Sub(sess.Since) > recently {
		return ErrNotRecent
	}
	return nil
}

// mayEnrol also counts the factors there are.
func (s *Service) mayEnrol(ctx context.Context, sess Session) error {
	if err := s.mayChange(sess); err != nil {
		return err
	}
	kept, err := s.factors(ctx, sess.Actor.Account)
	if err == nil && len(kept) >= maxFactors {
		err = ErrFactorsMany
	}
	return err
}

// rise gives the person of a session another one with a new token, and ends the first: whoever had the old token has nothing of the new. A
// session that was ended meanwhile rises no more.
func (s *Service) rise(ctx context.Context, hash []byte, proved Proof) (string, Session, error) {
	token, risen := newToken()
	now := s.clock()
	lives, err := s.storage.RaiseSession(ctx, hash, risen, string(proved), now, now.Add(IdleTimeout))
	if err == nil && !lives {
		err = ErrNotSignedIn
	}
	if err != nil {
		return "", Session{}, err
	}
	sess, err := s.Lookup(ctx, token)
	return token, sess, err
}

// Enrolled is what comes of enrolling a factor: a session in which it is proved, in the place of the one before, and with the first
// factor the recovery codes, told this once.
type Enrolled struct {
	Token   string
	Session Session
	Codes   []string
}

// enrol keeps a factor that was proved.
func (s *Service) enrol(ctx context.Context, sess Session, hash []byte, who Account, kind FactorKind, plain []byte, mark int64) (Enrolled, error) {
	f := uuid.Must(uuid.NewV7())
	sealed, err := s.seal(ctx, who.Account, factorPlace(f), plain)
	if err != nil {
		return Enrolled{}, err
	}
	if err := s.storage.AddFactor(ctx, f, who.Account, string(kind), sealed, mark, s.clock()); err != nil {
		return Enrolled{}, err
	}
	var out Enrolled
	told, codes := s.newRecoveryCodes(who.Account)
	first, err := s.storage.FirstRecoveryCodes(ctx, who.Account, codes)
	if err != nil {
		return Enrolled{}, err
	}
	if first {
		out.Codes = told
	}
	out.Token, out.Session, err = s.rise(ctx, hash, sess.Proof.and(false))
	if errors.Is(err, ErrNotSignedIn) { // whoever ended the session meanwhile wants nothing to be left that it began
		_, undoErr := s.storage.RemoveFactor(ctx, who.Account, f, false)
		return Enrolled{}, errors.Join(err, undoErr)
	}
	return out, err
}

// RemoveFactor takes one of the person's own factors away. The last one stays where the role needs one.
func (s *Service) RemoveFactor(ctx context.Context, token string, id uuid.UUID) error {
	sess, _, who, err := s.holder(ctx, token)
	if err == nil {
		err = s.mayChange(sess)
	}
	if err != nil {
		return err
	}
	kept, err := s.factors(ctx, who.Account)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(kept, func(f factor) bool { return f.ID == id }) {
		return ErrNoFactor
	}
	removed, err := s.storage.RemoveFactor(ctx, who.Account, id, NeedsFactor(who.Role) && !s.optional)
	if err == nil && !removed {
		err = ErrFactorNeeded
	}
	return err
}

// ProveCode takes the code of an application, or a recovery code, and gives a session that lacks nothing in the place of this one. The
// errors are ErrFactorWrong, ErrTooManyTries and ErrNotSignedIn.
func (s *Service) ProveCode(ctx context.Context, token, code string) (string, Session, error) {
	sess, hash, who, err := s.holder(ctx, token)
	if err != nil {
		return "", Session{}, err
	}
	tries := s.factorTries(who.Account)
	if err := s.try(ctx, tries, strict); err != nil {
		return "", Session{}, err
	}
	code = unspaced(code)
	right, recovered := false, len(code) == recoveryLetters
	if recovered {
		right, err = s.storage.UseRecoveryCode(ctx, who.Account, s.recoveryKey(who.Account, code))
	} else {
		right, err = s.checkCode(ctx, who.Account, code)
	}
	if err == nil && !right {
		err = ErrFactorWrong
	}
	if err != nil {
		return "", Session{}, err
	}
	if err := s.storage.ForgetTries(ctx, tries); err != nil {
		return "", Session{}, err
	}
	return s.rise(ctx, hash, sess.Proof.and(recovered))
}

// factorTries is the key under which tries of an account's factors are counted, of all kinds together.
func (s *Service) factorTries(id uuid.UUID) []byte { return s.blind("factor:" + id.String()) }

// unspaced takes out what people write between the groups of a code.
func unspaced(code string) string {
	if len(code) > 64 {
		return ""
	}
	return strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\t", "").Replace(strings.ToLower(code))
}

// SignInWithCode is SignIn for whoever sends a second factor's code along. With an empty code, or where no factor is lacking, it is
// SignIn; a wrong one opens no session.
func (s *Service) SignInWithCode(ctx context.Context, login, password, code, remote string) (string, Session, error) {
	token, sess, err := s.SignIn(ctx, login, password, remote)
	if err != nil || code == "" || sess.Lacks != LacksFactor {
		return token, sess, err
	}
	risen, whole, err := s.ProveCode(ctx, token, code)
	if err != nil {
		return "", Session{}, errors.Join(err, s.SignOut(ctx, token))
	}
	return risen, whole, nil
}

// Approve lets an invitation be used that waited for a second person.
func (s *Service) Approve(ctx context.Context, o event.Origin, id uuid.UUID) error {
	_, err := s.execute(ctx, o, id, account.Approve{Act: act(o)})
	return err
}

// Refuse ends an invitation that waits for a second person, and forgets its login and link.
func (s *Service) Refuse(ctx context.Context, o event.Origin, id uuid.UUID) error {
	out, err := s.execute(ctx, o, id, account.Refuse{Act: act(o)})
	if err != nil || out.State.Status() != account.Closed {
		return err
	}
	return s.storage.Drop(ctx, id)
}

// clocksApart is how far ahead of this node's clock another's may be.
const clocksApart = time.Minute

// ResetFactors takes an account's second factors and its bound identity away and ends its sessions, or asks a second person to agree:
// then done is false. What the person enrolled since is left alone when the same is asked again. ErrFormUsed says that what was asked
// has been refused, or overtaken by another reset.
func (s *Service) ResetFactors(ctx context.Context, o event.Origin, id uuid.UUID) (done bool, err error) {
	out, err := s.execute(ctx, o, id, account.ResetFactors{Act: act(o), Reset: o.ID})
	switch {
	case err != nil || out.State.Resetter != uuid.Nil:
		return false, err
	case out.State.Reset != o.ID:
		return false, ErrFormUsed
	case len(out.Events) == 0:
		return true, nil
	}
	return true, s.storage.DropFactors(ctx, id, s.clock().Add(clocksApart))
}

// Resets carries out what the journal says was reset, for whoever was interrupted between saying so and doing it.
func (s *Service) Resets() policy.Reaction {
	return policy.Reaction{Name: policy.NameResets, Category: account.Prefix, Types: []string{"account.factors-reset"},
		React: func(ctx context.Context, r event.Record) error {
			id, err := uuid.Parse(strings.TrimPrefix(r.Stream, account.Prefix))
			if err != nil {
				return fmt.Errorf("session: %s is no account's stream", r.Stream)
			}
			return s.storage.DropFactors(ctx, id, r.Meta.At)
		}}
}

// KeepFactors refuses what somebody asked with ResetFactors.
func (s *Service) KeepFactors(ctx context.Context, o event.Origin, id uuid.UUID) error {
	_, err := s.execute(ctx, o, id, account.KeepFactors{Act: act(o)})
	return err
}

// What is kept of a factor or a question is sealed under the account's own key: it is gone when that is destroyed.
func (s *Service) seal(ctx context.Context, id uuid.UUID, place string, plain []byte) ([]byte, error) {
	return s.directory.codec.Sealer().Seal(ctx, id, domain.ClassPersonal, place, plain)
}

func (s *Service) unseal(ctx context.Context, id uuid.UUID, place string, sealed []byte) ([]byte, error) {
	return s.directory.codec.Sealer().Open(ctx, id, domain.ClassPersonal, place, sealed)
}

func factorPlace(id uuid.UUID) string { return "factor/" + id.String() }

// question is what a session is to be asked.
type question string

const (
	askCode    question = "totp"           // the code of the secret that is shown
	askNew     question = "passkey-new"    // a new passkey
	askPasskey question = "passkey-proved" // one that the account has
)

// ask keeps a question for the session with this token.
func (s *Service) ask(ctx context.Context, hash []byte, who uuid.UUID, q question, plain []byte) error {
	sealed, err := s.seal(ctx, who, questionPlace(hash, q), plain)
	if err != nil {
		return err
	}
	return s.storage.Ask(ctx, hash, string(q), who, sealed, s.clock().Add(answerWithin))
}

// asked is the question that stands; nil where there is none, or it took too long. Closing takes it away, and gives it to one.
func (s *Service) asked(ctx context.Context, hash []byte, who uuid.UUID, q question, closing bool) ([]byte, error) {
	sealed, expires, err := s.storage.Question(ctx, hash, string(q))
	if err != nil || sealed == nil || !s.clock().Before(expires) {
		return nil, err
	}
	if closing {
		if first, err := s.storage.Answered(ctx, hash, string(q), sealed); err != nil || !first {
			return nil, err
		}
	}
	return s.unseal(ctx, who, questionPlace(hash, q), sealed)
}

func questionPlace(hash []byte, q question) string { return fmt.Sprintf("question/%s/%x", q, hash) }
