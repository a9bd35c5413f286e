package session

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base32"
	"image/png"
	"net/url"
	"strings"

	"github.com/google/uuid"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// What every application knows: six digits of HMAC-SHA-1 every thirty seconds (RFC 6238). The secret is as long as RFC 4226 asks for.
const (
	codeStep    = 30 // seconds
	codeSkew    = 1  // steps that a clock may be wrong by, either way
	secretBytes = 20
	issuer      = "Approdo"
	pictureSide = 240 // pixels
)

var codeForm = hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

var secretText = base32.StdEncoding.WithPadding(base32.NoPadding)

// CodeOffer is a secret for an application of the person's own: to be typed, or read from a picture.
type CodeOffer struct {
	Secret  string // base32
	Picture []byte // PNG of a QR code
}

// OfferCode gives the secret that the session is to prove with EnrolCode; the same one for ten minutes.
func (s *Service) OfferCode(ctx context.Context, token string) (CodeOffer, error) {
	sess, hash, who, err := s.holder(ctx, token)
	if err == nil {
		err = s.mayEnrol(ctx, sess)
	}
	if err != nil {
		return CodeOffer{}, err
	}
	secret, err := s.asked(ctx, hash, who.Account, askCode, false)
	if err != nil {
		return CodeOffer{}, err
	}
	if secret == nil {
		b := make([]byte, secretBytes)
		rand.Read(b)
		secret = []byte(secretText.EncodeToString(b))
		if err := s.ask(ctx, hash, who.Account, askCode, secret); err != nil {
			return CodeOffer{}, err
		}
	}
	person, err := s.directory.Person(ctx, who.Account)
	if err != nil {
		return CodeOffer{}, err
	}
	picture, err := draw(person.Login.Reveal(), string(secret))
	return CodeOffer{string(secret), picture}, err
}

func draw(login, secret string) ([]byte, error) {
	label := "/" + issuer + ":" + login
	query := url.Values{"secret": {secret}, "issuer": {issuer}}
	key, err := otp.NewKeyFromURL((&url.URL{Scheme: "otpauth", Host: "totp", Path: label, RawQuery: query.Encode()}).String())
	if err != nil {
		return nil, err
	}
	picture, err := key.Image(pictureSide, pictureSide)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = png.Encode(&out, picture)
	return out.Bytes(), err
}

// EnrolCode makes the secret that was offered a second factor, for whoever has a code of it. The code is used up.
func (s *Service) EnrolCode(ctx context.Context, token, code string) (Enrolled, error) {
	sess, hash, who, err := s.holder(ctx, token)
	if err == nil {
		err = s.mayEnrol(ctx, sess)
	}
	if err != nil {
		return Enrolled{}, err
	}
	tries := s.factorTries(who.Account)
	if err := s.try(ctx, tries, strict); err != nil {
		return Enrolled{}, err
	}
	secret, err := s.asked(ctx, hash, who.Account, askCode, false)
	if err != nil {
		return Enrolled{}, err
	}
	step, right, err := s.stepOf(string(secret), unspaced(code))
	if err != nil {
		return Enrolled{}, err
	}
	if secret == nil || !right {
		return Enrolled{}, ErrFactorWrong
	}
	// Two who come with the same answer at once enrol one factor.
	if secret, err = s.asked(ctx, hash, who.Account, askCode, true); err == nil && secret == nil {
		err = ErrFactorWrong
	}
	if err != nil {
		return Enrolled{}, err
	}
	if err := s.storage.ForgetTries(ctx, tries); err != nil {
		return Enrolled{}, err
	}
	return s.enrol(ctx, sess, hash, who, FactorCode, secret, step)
}

// checkCode looks for a code among an account's factors. Each is good once: whoever looked over a shoulder comes too late.
func (s *Service) checkCode(ctx context.Context, id uuid.UUID, code string) (bool, error) {
	kept, err := s.factors(ctx, id)
	if err != nil {
		return false, err
	}
	for _, f := range kept {
		if f.Kind != FactorCode {
			continue
		}
		secret, err := s.unseal(ctx, id, factorPlace(f.ID), f.sealed)
		if err != nil {
			return false, err
		}
		step, right, err := s.stepOf(string(secret), code)
		if err != nil {
			return false, err
		}
		if right {
			return s.storage.MarkFactor(ctx, f.ID, step)
		}
	}
	return false, nil
}

// stepOf finds the step whose code this is, among those around now.
func (s *Service) stepOf(secret, code string) (step int64, right bool, err error) {
	if secret == "" || len(code) != otp.DigitsSix.Length() || strings.Trim(code, "0123456789") != "" {
		return 0, false, nil
	}
	now := s.clock().Unix() / codeStep
	for step := now - codeSkew; step <= now+codeSkew; step++ {
		if right, err := hotp.ValidateCustom(code, uint64(step), secret, codeForm); err != nil || right {
			return step, right, err
		}
	}
	return 0, false, nil
}
