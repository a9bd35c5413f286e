// Package oidc is a relying party of one OpenID Connect provider: authorization code with PKCE (RFC 7636), state and nonce. It says who
// somebody is and how strongly that was proved, and keeps nothing.
//
// SPID and CIE speak OpenID Federation and SAML; a proxy in front of them (SATOSA, Keycloak, a regional hub) speaks what is spoken here.
package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"approdo/domain"
)

// Config is what the provider and this service know of each other.
type Config struct {
	Issuer string // https://…, exactly as the provider calls itself
	Client string
	Secret string
	// Claim tells people apart: "sub", or one that stays the same at every client, such as "fiscalNumber".
	Claim string
	// Levels are the values of acr that stand for two factors. They are asked for, and nothing else is accepted; without any, acr is not
	// looked at and no sign-in counts as strong.
	Levels []string
	// Label is what people call the provider.
	Label string
	// Redirect is where the provider sends browsers back to.
	Redirect string
	// HTTP reaches the provider; nil: with a time limit of ten seconds.
	HTTP  *http.Client
	Clock domain.Clock
	Log   *slog.Logger
}

// The faults of a Config.
var (
	ErrIssuer = errors.New("oidc: the issuer begins with https://, or with http:// on this machine, and has no query")
	ErrClient = errors.New("oidc: client and secret are missing")
	ErrClaim  = errors.New("oidc: the claim is missing")
)

// Check gives the fault of a Config, nil where it has none.
func (c Config) Check() error {
	u, err := url.Parse(c.Issuer)
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return ErrIssuer
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return ErrIssuer
	case c.Client == "" || c.Secret == "":
		return ErrClient
	case c.Claim == "":
		return ErrClaim
	}
	return nil
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// The refusals. They are those of package session, by their codes.
var (
	ErrRefused = &domain.Error{Kind: domain.KindUnauthorised, Code: "provider-sign-in-failed"}
	ErrLevel   = &domain.Error{Kind: domain.KindUnauthorised, Code: "provider-level-too-low"}
	ErrAway    = &domain.Error{Kind: domain.KindUnavailable, Code: "provider-away"}
)

const (
	httpTimeout = 10 * time.Second
	largest     = 1 << 20 // of any answer
	// skew is how far clocks may be apart, and oldest how long a token may have been on its way.
	skew   = time.Minute
	oldest = 10 * time.Minute
)

// algorithms are the signatures that are believed: with a private key each, so that nobody who only has to check can sign. None is not
// one of them, and neither is HMAC, whose key the public one could be taken for.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}

// Provider is the relying party. It may be used by many goroutines.
type Provider struct {
	Config
	found atomic.Pointer[found]
}

// found is what the provider says of itself.
type found struct {
	oauth  oauth2.Config
	keys   oidc.KeySet
	server *oidc.Provider
	named  bool // answers name their issuer (RFC 9207)
}

// New makes a relying party that knows nothing of its provider yet; see Run.
func New(c Config) (*Provider, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: httpTimeout}
	}
	bounded := *c.HTTP
	bounded.Transport = short{bounded.Transport}
	c.HTTP = &bounded
	return &Provider{Config: c}, nil
}

// short ends answers that are too long to be any.
type short struct{ next http.RoundTripper }

func (s short) RoundTrip(r *http.Request) (*http.Response, error) {
	next := s.next
	if next == nil {
		next = http.DefaultTransport
	}
	answer, err := next.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, largest), answer.Body}
	}
	return answer, err
}

// How long is waited before the provider is asked again who it is.
const (
	firstPause = time.Second
	longPause  = time.Minute
)

// Run asks the provider who it is, again and again until it has answered or ctx ends; it is no error that it does not.
func (p *Provider) Run(ctx context.Context) {
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		err := p.Discover(ctx)
		if err == nil {
			return
		}
		p.Log.Warn("identity provider not reached", "error", err, "again", pause)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// Discover asks the provider who it is, once (OpenID Connect Discovery 1.0). The error is ErrAway.
func (p *Provider) Discover(ctx context.Context) error {
	// Keys are fetched with this client too, for as long as the program runs.
	lasting := oidc.ClientContext(context.WithoutCancel(ctx), p.HTTP)
	server, err := oidc.NewProvider(oidc.ClientContext(ctx, p.HTTP), p.Issuer)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	var said struct {
		Keys    string   `json:"jwks_uri"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
		Named   bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := server.Claims(&said); err != nil || said.Keys == "" {
		return fmt.Errorf("%w: its document does not decode", ErrAway)
	}
	where := server.Endpoint()
	where.AuthStyle = oauth2.AuthStyleInHeader
	if len(said.Methods) > 0 && !slices.Contains(said.Methods, "client_secret_basic") {
		where.AuthStyle = oauth2.AuthStyleInParams
	}
	p.found.Store(&found{server: server, keys: oidc.NewRemoteKeySet(lasting, said.Keys), named: said.Named,
		oauth: oauth2.Config{ClientID: p.Client, ClientSecret: p.Secret, Endpoint: where, RedirectURL: p.Redirect, Scopes: p.scopes()}})
	return nil
}

// scopes ask for the profile where sub is not enough.
func (p *Provider) scopes() []string {
	if p.Claim == "sub" {
		return []string{oidc.ScopeOpenID}
	}
	return []string{oidc.ScopeOpenID, "profile"}
}

// Name is what people call the provider.
func (p *Provider) Name() string { return p.Label }

// Ready is ErrAway until the provider has said who it is.
func (p *Provider) Ready() error {
	if p.found.Load() == nil {
		return ErrAway
	}
	return nil
}

// Address is where a browser is sent to sign in.
func (p *Provider) Address(state, nonce, verifier string) (string, error) {
	f := p.found.Load()
	if f == nil {
		return "", ErrAway
	}
	with := []oauth2.AuthCodeOption{oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)}
	if len(p.Levels) > 0 {
		with = append(with, oauth2.SetAuthURLParam("acr_values", strings.Join(p.Levels, " ")))
	}
	return f.oauth.AuthCodeURL(state, with...), nil
}
