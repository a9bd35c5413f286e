package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/oauth2"

	"approdo/domain"
)

// claims are what is looked at in an ID token besides what its verifier has looked at.
type claims struct {
	Party   string         `json:"azp"`
	Level   string         `json:"acr"`
	Rest    jsontext.Value `json:",embed"`
	Subject string         `json:"sub"`
}

// Identify exchanges the code that a browser brought back for an ID token, and says whom the token is about, by issuer, claim and value,
// and whether the level is one that stands for two factors. Every check of OpenID Connect Core 1.0 §3.1.3.7 is made, and nonce and acr are
// required where they were asked for. The errors are ErrRefused, ErrLevel and ErrAway; what is wrong stands in their text, which holds
// nothing of the token.
func (p *Provider) Identify(ctx context.Context, back url.Values, nonce, verifier string) (who domain.Personal, strong bool, err error) {
	f := p.found.Load()
	if f == nil {
		return who, false, ErrAway
	}
	code, err := p.code(f, back)
	if err != nil {
		return who, false, err
	}
	ctx = oidc.ClientContext(ctx, p.HTTP)
	tokens, err := f.oauth.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return who, false, exchangeFault(err)
	}
	id, said, err := p.verified(ctx, f, tokens)
	if err != nil {
		return who, false, err
	}
	if err := p.holds(id, said, nonce, tokens.AccessToken); err != nil {
		return who, false, err
	}
	if len(p.Levels) > 0 && !slices.Contains(p.Levels, said.Level) {
		return who, false, fmt.Errorf("%w: acr", ErrLevel)
	}
	value, err := p.claim(ctx, f, said, tokens)
	if err != nil {
		return who, false, err
	}
	return domain.NewPersonal(p.Issuer + " " + p.Claim + " " + value), len(p.Levels) > 0, nil
}

// code reads the answer of the authorization endpoint.
func (p *Provider) code(f *found, back url.Values) (string, error) {
	switch issuer := back.Get("iss"); {
	case issuer != "" && issuer != p.Issuer, issuer == "" && f.named:
		return "", fmt.Errorf("%w: the answer is of another issuer", ErrRefused)
	}
	switch fault := back.Get("error"); fault {
	case "":
	case "temporarily_unavailable", "server_error":
		return "", ErrAway
	default:
		return "", fmt.Errorf("%w: the provider refused", ErrRefused)
	}
	if code := back.Get("code"); code != "" {
		return code, nil
	}
	return "", fmt.Errorf("%w: no code", ErrRefused)
}

// exchangeFault tells a provider that is away from one that does not want the code. Its answer is not repeated.
func exchangeFault(err error) error {
	if told, ok := errors.AsType[*oauth2.RetrieveError](err); ok && told.Response != nil {
		if told.Response.StatusCode < 500 {
			return fmt.Errorf("%w: the token endpoint answers %d", ErrRefused, told.Response.StatusCode)
		}
		return fmt.Errorf("%w: the token endpoint answers %d", ErrAway, told.Response.StatusCode)
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("%w: the token endpoint does not answer", ErrAway)
	}
	return fmt.Errorf("%w: the token endpoint answers something else", ErrRefused)
}

// keys notes whether the keys could be had: the verifier's own error does not tell.
type keys struct {
	oidc.KeySet
	away bool
}

func (k *keys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, jwt)
	k.away = err != nil && strings.HasPrefix(err.Error(), "fetching keys")
	return payload, err
}

// verified checks signature, issuer, audience and expiry.
func (p *Provider) verified(ctx context.Context, f *found, tokens *oauth2.Token) (*oidc.IDToken, claims, error) {
	var said claims
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return nil, said, fmt.Errorf("%w: no ID token", ErrRefused)
	}
	set := &keys{KeySet: f.keys}
	id, err := oidc.NewVerifier(p.Issuer, set, &oidc.Config{ClientID: p.Client, SupportedSigningAlgs: algorithms, Now: p.Clock}).Verify(ctx, raw)
	if set.away {
		return nil, said, fmt.Errorf("%w: its keys cannot be had", ErrAway)
	}
	if err != nil {
		return nil, said, fmt.Errorf("%w: the ID token does not hold", ErrRefused)
	}
	var payload jsontext.Value
	if id.Claims(&payload) != nil || json.Unmarshal(payload, &said) != nil { // the decoder's own words would quote it
		return nil, said, fmt.Errorf("%w: the claims do not decode", ErrRefused)
	}
	return id, said, nil
}

// holds checks what the verifier leaves to its caller.
func (p *Provider) holds(id *oidc.IDToken, said claims, nonce, access string) error {
	now := p.Clock()
	fault := ""
	switch {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1:
		fault = "nonce"
	case id.Subject == "":
		fault = "sub"
	case said.Party != "" && said.Party != p.Client, len(id.Audience) > 1 && said.Party == "":
		fault = "azp"
	case id.IssuedAt.IsZero() || id.IssuedAt.After(now.Add(skew)) || id.IssuedAt.Before(now.Add(-oldest)):
		fault = "iat"
	case id.AccessTokenHash != "" && id.VerifyAccessToken(access) != nil:
		fault = "at_hash"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s", ErrRefused, fault)
}

// claim reads the claim from the ID token, else from the userinfo endpoint, which must speak of the same person.
func (p *Provider) claim(ctx context.Context, f *found, said claims, tokens *oauth2.Token) (string, error) {
	if p.Claim == "sub" {
		return said.Subject, nil
	}
	if value := member(said.Rest, p.Claim); value != "" {
		return value, nil
	}
	none := fmt.Errorf("%w: the claim is missing", ErrRefused)
	if f.server.UserInfoEndpoint() == "" {
		return "", none
	}
	info, err := f.server.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return "", fmt.Errorf("%w: no userinfo", ErrAway)
	}
	var payload jsontext.Value
	if info.Subject != said.Subject || info.Claims(&payload) != nil {
		return "", none
	}
	if value := member(payload, p.Claim); value != "" {
		return value, nil
	}
	return "", none
}

// member gives a text of a JSON object; empty where there is none.
func member(object jsontext.Value, name string) string {
	var all map[string]jsontext.Value
	if len(object) == 0 || json.Unmarshal(object, &all) != nil {
		return ""
	}
	var text string
	if json.Unmarshal(all[name], &text) != nil {
		return ""
	}
	return strings.TrimSpace(text)
}
