// Package oidctest is an OpenID Connect provider that runs inside a test, honest unless it is told to lie.
package oidctest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
)

// The client that the provider knows.
const (
	Client = "approdo"
	Secret = "a secret of the client's"
)

// Claims are those of an ID token.
type Claims struct {
	Issuer   string   `json:"iss,omitzero"`
	Subject  string   `json:"sub,omitzero"`
	Audience []string `json:"aud,omitzero"`
	Expires  int64    `json:"exp,omitzero"`
	Issued   int64    `json:"iat,omitzero"`
	Before   int64    `json:"nbf,omitzero"`
	Nonce    string   `json:"nonce,omitzero"`
	Party    string   `json:"azp,omitzero"`
	Level    string   `json:"acr,omitzero"`
	Hash     string   `json:"at_hash,omitzero"`
	Fiscal   string   `json:"fiscalNumber,omitzero"`
}

// Person is who signs in at the provider.
type Person struct {
	Subject string
	Fiscal  string // told by userinfo, and in the token where Token is set
	Token   bool
	Level   string
}

// Lies change what the provider does.
type Lies struct {
	Claims  func(*Claims)                                // changes what the token says
	Sign    func(p *Provider, payload []byte) string     // signs in another way
	Token   func(w http.ResponseWriter, r *http.Request) // answers at the token endpoint
	Back    func(url.Values)                             // changes what the browser brings back
	Keys    func(w http.ResponseWriter, r *http.Request) // answers for the keys
	Info    func(Person) Person                          // tells userinfo about somebody else
	Missing bool                                         // there is no provider at all
}

// Provider is one that runs. Its address is its issuer.
type Provider struct {
	*httptest.Server
	// Clock is the provider's own.
	Clock func() time.Time

	mu     sync.Mutex
	person Person
	lies   Lies
	key    *ecdsa.PrivateKey
	serial int
	codes  map[string]grant
	access map[string]Person
	asked  []url.Values
}

// grant is what a code is good for.
type grant struct {
	person    Person
	nonce     string
	challenge string
	redirect  string
}

// New starts a provider that ends with the test.
func New(t testing.TB) *Provider {
	p := &Provider{Clock: time.Now, codes: map[string]grant{}, access: map[string]Person{}}
	p.Rotate(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.document)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /userinfo", p.info)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.now().Missing {
			http.Error(w, "closed", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// Lie has the provider lie from now on; no Lies make it honest.
func (p *Provider) Lie(l Lies) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lies = l
}

// Is says who signs in from now on.
func (p *Provider) Is(who Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.person = who
}

// Rotate signs with a new key, and forgets the old one.
func (p *Provider) Rotate(t testing.TB) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.key = key
	p.serial++
}

// Asked are the requests at the authorization endpoint so far.
func (p *Provider) Asked() []url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

// Public is the key that anybody can have.
func (p *Provider) Public() crypto.PublicKey { return &p.signer().PublicKey }

// PublicDER is that key as bytes.
func (p *Provider) PublicDER() []byte {
	der, err := x509.MarshalPKIXPublicKey(p.Public())
	if err != nil {
		panic(err)
	}
	return der
}

func (p *Provider) now() Lies {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lies
}

func (p *Provider) signer() *ecdsa.PrivateKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.key
}

// KeyID names the key that is in use.
func (p *Provider) KeyID() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return "key " + strconv.Itoa(p.serial)
}

func answer(w http.ResponseWriter, what any) {
	b, err := json.Marshal(what)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(b)
}

func (p *Provider) document(w http.ResponseWriter, _ *http.Request) {
	answer(w, struct {
		Issuer     string   `json:"issuer"`
		Authorize  string   `json:"authorization_endpoint"`
		Token      string   `json:"token_endpoint"`
		Keys       string   `json:"jwks_uri"`
		Info       string   `json:"userinfo_endpoint"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}{p.URL, p.URL + "/authorize", p.URL + "/token", p.URL + "/keys", p.URL + "/userinfo", []string{"none", "HS256", "ES256"}})
}

// authorize signs the present person in without asking, and sends the browser back.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	code := rand.Text()
	p.mu.Lock()
	p.asked = append(p.asked, q)
	p.codes[code] = grant{p.person, q.Get("nonce"), q.Get("code_challenge"), q.Get("redirect_uri")}
	lies := p.lies
	p.mu.Unlock()
	if q.Get("client_id") != Client || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || len(q.Get("nonce")) < 16 {
		http.Error(w, "not as agreed", http.StatusBadRequest)
		return
	}
	back := url.Values{"code": {code}, "state": {q.Get("state")}}
	if lies.Back != nil {
		lies.Back(back)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

// token takes each code once, from the client, with the verifier of its challenge (RFC 7636 §4.6).
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	lies := p.now()
	if lies.Token != nil {
		lies.Token(w, r)
		return
	}
	id, secret, _ := r.BasicAuth()
	if plain, err := url.QueryUnescape(secret); id != Client || err != nil || plain != Secret {
		http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
		return
	}
	code := r.PostFormValue("code")
	p.mu.Lock()
	g, ok := p.codes[code]
	delete(p.codes, code)
	p.mu.Unlock()
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || g.redirect != r.PostFormValue("redirect_uri") || g.challenge != base64.RawURLEncoding.EncodeToString(challenge[:]) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	access := rand.Text()
	p.mu.Lock()
	p.access[access] = g.person
	p.mu.Unlock()
	now := p.Clock()
	c := Claims{Issuer: p.URL, Subject: g.person.Subject, Audience: []string{Client}, Issued: now.Unix(), Expires: now.Add(5 * time.Minute).Unix(),
		Nonce: g.nonce, Level: g.person.Level, Hash: HalfHash(access)}
	if g.person.Token {
		c.Fiscal = g.person.Fiscal
	}
	if lies.Claims != nil {
		lies.Claims(&c)
	}
	payload, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	sign := (*Provider).Sign
	if lies.Sign != nil {
		sign = lies.Sign
	}
	answer(w, struct {
		Access string `json:"access_token"`
		Type   string `json:"token_type"`
		ID     string `json:"id_token"`
	}{access, "Bearer", sign(p, payload)})
}

// HalfHash is the at_hash of an access token under a SHA-256 signature.
func HalfHash(access string) string {
	sum := sha256.Sum256([]byte(access))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// Sign is how an honest provider signs.
func (p *Provider) Sign(payload []byte) string {
	return SignWith(jose.ES256, p.signer(), p.KeyID(), payload)
}

// SignAs signs with this provider's key and another's name for it.
func (p *Provider) SignAs(id string, payload []byte) string {
	return SignWith(jose.ES256, p.signer(), id, payload)
}

// SignWith signs with whatever algorithm and key.
func SignWith(alg jose.SignatureAlgorithm, key any, id string, payload []byte) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: id}}, nil)
	if err != nil {
		panic(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		panic(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return text
}

// Unsigned is a token with the algorithm "none".
func Unsigned(payload []byte) string {
	b64 := base64.RawURLEncoding.EncodeToString
	return b64([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + b64(payload) + "."
}

func (p *Provider) keys(w http.ResponseWriter, r *http.Request) {
	if lies := p.now(); lies.Keys != nil {
		lies.Keys(w, r)
		return
	}
	answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &p.signer().PublicKey, KeyID: p.KeyID(), Algorithm: "ES256", Use: "sig"}}})
}

func (p *Provider) info(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	who, ok := p.access[r.Header.Get("Authorization")[min(len("Bearer "), len(r.Header.Get("Authorization"))):]]
	lies := p.lies
	p.mu.Unlock()
	if !ok {
		http.Error(w, "whose?", http.StatusUnauthorized)
		return
	}
	if lies.Info != nil {
		who = lies.Info(who)
	}
	answer(w, struct {
		Subject string `json:"sub"`
		Fiscal  string `json:"fiscalNumber,omitzero"`
	}{who.Subject, who.Fiscal})
}
