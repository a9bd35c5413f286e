package session

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"approdo/domain/account"
)

// Origin is where a request reached this service as its browser has it: the public address, or over plain http, for a trial, the host that
// was asked. It is empty where passkeys cannot be used: they need a name, and a name that no request can choose.
func (s *Service) Origin(r *http.Request) string {
	origin := s.publicURL
	if origin == "" && s.plainHTTP {
		origin = "http://" + r.Host
	}
	if _, err := relyingParty(origin); err != nil {
		return ""
	}
	return origin
}

// relyingParty is who the passkeys are for. Browsers bind them to the name of the host; an address of digits is none.
func relyingParty(origin string) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return nil, ErrNoPasskeys
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return nil, ErrNoPasskeys
	}
	rp, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: issuer, RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementDiscouraged,
			UserVerification: protocol.VerificationRequired},
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore, // none is asked for and none is looked at
	})
	if err != nil {
		return nil, ErrNoPasskeys
	}
	return rp, nil
}

// keyHolder is an account as the authenticator is told of it.
type keyHolder struct {
	id     uuid.UUID
	person account.Person
	keys   []webauthn.Credential
}

func (h keyHolder) WebAuthnID() []byte                         { return h.id[:] }
func (h keyHolder) WebAuthnName() string                       { return h.person.Login.Reveal() }
func (h keyHolder) WebAuthnDisplayName() string                { return h.person.Name.Reveal() }
func (h keyHolder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

// keyHolder opens an account's passkeys, and says which factor each is. The counter is the one that was marked last.
func (s *Service) keyHolder(ctx context.Context, id uuid.UUID) (h keyHolder, of []factor, err error) {
	h.id = id
	if h.person, err = s.directory.Person(ctx, id); err != nil {
		return h, nil, err
	}
	kept, err := s.factors(ctx, id)
	if err != nil {
		return h, nil, err
	}
	for _, f := range kept {
		if f.Kind != FactorPasskey {
			continue
		}
		plain, err := s.unseal(ctx, id, factorPlace(f.ID), f.sealed)
		if err != nil {
			return h, nil, err
		}
		var key webauthn.Credential
		if err := json.Unmarshal(plain, &key); err != nil {
			return h, nil, err
		}
		key.Authenticator.SignCount = uint32(f.mark)
		h.keys, of = append(h.keys, key), append(of, f)
	}
	return h, of, nil
}

// OfferPasskey gives what the browser's navigator.credentials.create takes, as JSON. A question that stood is void.
func (s *Service) OfferPasskey(ctx context.Context, token, origin string) ([]byte, error) {
	sess, hash, who, err := s.holder(ctx, token)
	if err == nil {
		err = s.mayEnrol(ctx, sess)
	}
	if err != nil {
		return nil, err
	}
	rp, err := relyingParty(origin)
	if err != nil {
		return nil, err
	}
	holder, _, err := s.keyHolder(ctx, who.Account)
	if err != nil {
		return nil, err
	}
	options, kept, err := rp.BeginRegistration(holder, webauthn.WithExclusions(webauthn.Credentials(holder.keys).CredentialDescriptors()))
	if err != nil {
		return nil, err
	}
	return s.put(ctx, hash, who.Account, askNew, kept, options)
}

// put asks the session, and gives the browser's part.
func (s *Service) put(ctx context.Context, hash []byte, who uuid.UUID, q question, kept *webauthn.SessionData, options any) ([]byte, error) {
	plain, err := json.Marshal(kept)
	if err != nil {
		return nil, err
	}
	if err := s.ask(ctx, hash, who, q, plain); err != nil {
		return nil, err
	}
	return json.Marshal(options)
}

// taken is the question that is being answered: once, whatever the answer.
func (s *Service) taken(ctx context.Context, hash []byte, who uuid.UUID, q question) (kept webauthn.SessionData, err error) {
	plain, err := s.asked(ctx, hash, who, q, true)
	if err != nil {
		return kept, err
	}
	if plain == nil {
		return kept, ErrFactorWrong
	}
	return kept, json.Unmarshal(plain, &kept)
}

// EnrolPasskey takes the browser's answer, as JSON, and makes the passkey a second factor.
func (s *Service) EnrolPasskey(ctx context.Context, token, origin string, answer []byte) (Enrolled, error) {
	sess, hash, who, err := s.holder(ctx, token)
	if err == nil {
		err = s.mayEnrol(ctx, sess)
	}
	if err != nil {
		return Enrolled{}, err
	}
	rp, err := relyingParty(origin)
	if err != nil {
		return Enrolled{}, err
	}
	kept, err := s.taken(ctx, hash, who.Account, askNew)
	if err != nil {
		return Enrolled{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return Enrolled{}, ErrFactorWrong
	}
	key, err := rp.CreateCredential(keyHolder{id: who.Account}, kept, parsed)
	if err != nil {
		return Enrolled{}, ErrFactorWrong
	}
	key.Attestation = webauthn.CredentialAttestation{} // nobody asked which model it is
	plain, err := json.Marshal(key)
	if err != nil {
		return Enrolled{}, err
	}
	return s.enrol(ctx, sess, hash, who, FactorPasskey, plain, int64(key.Authenticator.SignCount))
}

// AskPasskey gives what the browser's navigator.credentials.get takes, as JSON; ErrNoFactor where the account has no passkey.
func (s *Service) AskPasskey(ctx context.Context, token, origin string) ([]byte, error) {
	_, hash, who, err := s.holder(ctx, token)
	if err != nil {
		return nil, err
	}
	rp, err := relyingParty(origin)
	if err != nil {
		return nil, err
	}
	holder, of, err := s.keyHolder(ctx, who.Account)
	if err == nil && len(of) == 0 {
		err = ErrNoFactor
	}
	if err != nil {
		return nil, err
	}
	options, kept, err := rp.BeginLogin(holder)
	if err != nil {
		return nil, err
	}
	return s.put(ctx, hash, who.Account, askPasskey, kept, options)
}

// ProvePasskey is ProveCode for a passkey, with the browser's answer as JSON. Where the authenticator counts its signatures, a count that
// does not rise is of a copy, and refused.
func (s *Service) ProvePasskey(ctx context.Context, token, origin string, answer []byte) (string, Session, error) {
	sess, hash, who, err := s.holder(ctx, token)
	if err != nil {
		return "", Session{}, err
	}
	rp, err := relyingParty(origin)
	if err != nil {
		return "", Session{}, err
	}
	tries := s.factorTries(who.Account)
	if err := s.try(ctx, tries, strict); err != nil {
		return "", Session{}, err
	}
	kept, err := s.taken(ctx, hash, who.Account, askPasskey)
	if err != nil {
		return "", Session{}, err
	}
	holder, of, err := s.keyHolder(ctx, who.Account)
	if err != nil {
		return "", Session{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return "", Session{}, ErrFactorWrong
	}
	key, err := rp.ValidateLogin(holder, kept, parsed)
	if err != nil {
		return "", Session{}, ErrFactorWrong
	}
	if right, err := s.counted(ctx, holder, of, key); err != nil || !right {
		if err == nil {
			err = ErrFactorWrong
		}
		return "", Session{}, err
	}
	if err := s.storage.ForgetTries(ctx, tries); err != nil {
		return "", Session{}, err
	}
	return s.rise(ctx, hash, sess.Proof.and(false))
}

// counted keeps the counter of a passkey that was proved, and is false where it did not rise; one that never counts has nothing to keep.
func (s *Service) counted(ctx context.Context, h keyHolder, of []factor, key *webauthn.Credential) (bool, error) {
	for i, k := range h.keys {
		if string(k.ID) != string(key.ID) {
			continue
		}
		if key.Authenticator.SignCount == 0 && of[i].mark == 0 {
			return true, nil
		}
		return s.storage.MarkFactor(ctx, of[i].ID, int64(key.Authenticator.SignCount))
	}
	return false, nil
}
