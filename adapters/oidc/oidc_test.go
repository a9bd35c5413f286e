package oidc_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"approdo/adapters/oidc"
	"approdo/adapters/oidc/oidctest"
	"approdo/domain"
)

const (
	strong   = "https://www.spid.gov.it/SpidL2"
	nonce    = "a-nonce-of-forty-three-characters-0123456789"
	verifier = "a-verifier-of-forty-three-characters-0123456"
	redirect = "https://approdo.example.org/accedi/ritorno"
)

var anna = oidctest.Person{Subject: "anna-at-the-provider", Fiscal: "TINIT-VRDNNA80A41F205X", Token: true, Level: strong}

func config(p *oidctest.Provider) oidc.Config {
	return oidc.Config{Issuer: p.URL, Client: oidctest.Client, Secret: oidctest.Secret, Claim: "sub", Levels: []string{strong}, Label: "SPID",
		Redirect: redirect, Clock: time.Now, Log: slog.New(slog.DiscardHandler)}
}

func open(t *testing.T, c oidc.Config) *oidc.Provider {
	t.Helper()
	party, err := oidc.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := party.Discover(t.Context()); err != nil {
		t.Fatal(err)
	}
	return party
}

// browse goes to the provider as a browser does, and gives what comes back.
func browse(t *testing.T, address string) url.Values {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	to, err := resp.Location()
	if err != nil || !strings.HasPrefix(to.String(), redirect+"?") {
		t.Fatalf("sent to %v, %v", to, err)
	}
	return to.Query()
}

func setOut(t *testing.T, party *oidc.Provider) url.Values {
	t.Helper()
	address, err := party.Address("the-state", nonce, verifier)
	if err != nil {
		t.Fatal(err)
	}
	return browse(t, address)
}

func TestAPersonIsNamedByIssuerClaimAndValue(t *testing.T) {
	t.Parallel()
	p := oidctest.New(t)
	p.Is(anna)
	byFiscal := config(p)
	byFiscal.Claim, byFiscal.Levels = "fiscalNumber", nil
	fromInfo := anna
	fromInfo.Token = false
	for name, tc := range map[string]struct {
		config oidc.Config
		person oidctest.Person
		want   string
		strong bool
	}{
		"by subject":                     {config(p), anna, p.URL + " sub " + anna.Subject, true},
		"by a claim of the token":        {byFiscal, anna, p.URL + " fiscalNumber " + anna.Fiscal, false},
		"by a claim that userinfo tells": {byFiscal, fromInfo, p.URL + " fiscalNumber " + anna.Fiscal, false},
	} {
		p.Is(tc.person)
		party := open(t, tc.config)
		who, isStrong, err := party.Identify(t.Context(), setOut(t, party), nonce, verifier)
		if err != nil || who.Reveal() != tc.want || isStrong != tc.strong {
			t.Errorf("%s: %q, strong %v, %v", name, who.Reveal(), isStrong, err)
		}
	}
	asked := p.Asked()[0]
	for parameter, want := range map[string]string{"redirect_uri": redirect, "state": "the-state", "nonce": nonce, "response_type": "code",
		"code_challenge_method": "S256"} {
		if got := asked.Get(parameter); got != want {
			t.Errorf("%s is %q", parameter, got)
		}
	}
	if asked.Get("code_challenge") == verifier || asked.Get("code_verifier") != "" {
		t.Error("the verifier was shown to the browser")
	}
}

func TestTheLevelIsAskedForAndRequired(t *testing.T) {
	t.Parallel()
	p := oidctest.New(t)
	party := open(t, config(p))
	for level, want := range map[string]error{strong: nil, "https://www.spid.gov.it/SpidL1": oidc.ErrLevel, "": oidc.ErrLevel} {
		who := anna
		who.Level = level
		p.Is(who)
		_, isStrong, err := party.Identify(t.Context(), setOut(t, party), nonce, verifier)
		if !errors.Is(err, want) || isStrong != (want == nil) {
			t.Errorf("level %q: strong %v, %v", level, isStrong, err)
		}
	}
	if got := p.Asked()[0].Get("acr_values"); got != strong {
		t.Errorf("asked for %q", got)
	}
}

func TestAUserinfoOfAnotherPersonIsNotBelieved(t *testing.T) {
	t.Parallel()
	p := oidctest.New(t)
	c := config(p)
	c.Claim = "fiscalNumber"
	party := open(t, c)
	who := anna
	who.Token = false
	p.Is(who)
	for name, info := range map[string]func(oidctest.Person) oidctest.Person{
		"of another":        func(x oidctest.Person) oidctest.Person { x.Subject = "bruno"; return x },
		"without the claim": func(x oidctest.Person) oidctest.Person { x.Fiscal = ""; return x },
		"of nothing":        func(x oidctest.Person) oidctest.Person { x.Fiscal = "  "; return x },
	} {
		p.Lie(oidctest.Lies{Info: info})
		if _, _, err := party.Identify(t.Context(), setOut(t, party), nonce, verifier); !errors.Is(err, oidc.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Keys come and go; a provider that has rotated them is asked for the new ones once.
func TestANewKeyIsFetchedAndAnOldOneForgotten(t *testing.T) {
	t.Parallel()
	p := oidctest.New(t)
	p.Is(anna)
	party := open(t, config(p))
	for range 3 {
		if _, _, err := party.Identify(t.Context(), setOut(t, party), nonce, verifier); err != nil {
			t.Fatal(err)
		}
		p.Rotate(t)
	}
}

func TestAProviderThatIsAwayIsAskedAgain(t *testing.T) {
	t.Parallel()
	p := oidctest.New(t)
	p.Is(anna)
	p.Lie(oidctest.Lies{Missing: true})
	party, err := oidc.New(config(p))
	if err != nil {
		t.Fatal(err)
	}
	if err := party.Discover(t.Context()); !errors.Is(err, oidc.ErrAway) || !errors.Is(err, domain.KindUnavailable) {
		t.Errorf("discovered: %v", err)
	}
	if _, err := party.Address("s", nonce, verifier); !errors.Is(err, oidc.ErrAway) || !errors.Is(party.Ready(), oidc.ErrAway) {
		t.Errorf("an address: %v", err)
	}
	if _, _, err := party.Identify(t.Context(), url.Values{"code": {"x"}}, nonce, verifier); !errors.Is(err, oidc.ErrAway) {
		t.Errorf("identified: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p.Lie(oidctest.Lies{})
	party.Run(ctx)
	if err := party.Ready(); err != nil {
		t.Fatal(err)
	}
	away := func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "later", http.StatusServiceUnavailable) }
	for name, lies := range map[string]oidctest.Lies{
		"no keys":           {Keys: away},
		"no tokens":         {Token: away},
		"says so":           {Back: func(v url.Values) { v.Del("code"); v.Set("error", "temporarily_unavailable") }},
		"hangs up":          {Token: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		"hangs up on users": {Keys: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	} {
		fresh := open(t, config(p)) // knows no keys yet
		p.Lie(lies)
		if _, _, err := fresh.Identify(t.Context(), setOut(t, fresh), nonce, verifier); !errors.Is(err, oidc.ErrAway) {
			t.Errorf("%s: %v", name, err)
		}
		p.Lie(oidctest.Lies{})
	}
}

func TestAProviderThatCallsItselfOtherwiseIsNotTrusted(t *testing.T) {
	t.Parallel()
	p := oidctest.New(t)
	c := config(p)
	c.Issuer += "/"
	party, err := oidc.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := party.Discover(t.Context()); !errors.Is(err, oidc.ErrAway) {
		t.Errorf("%v", err)
	}
}

func TestAConfigurationIsChecked(t *testing.T) {
	t.Parallel()
	good := oidc.Config{Issuer: "https://accesso.example.org/realms/ust", Client: "a", Secret: "b", Claim: "sub"}
	with := func(change func(*oidc.Config)) oidc.Config { c := good; change(&c); return c }
	for name, tc := range map[string]struct {
		config oidc.Config
		want   error
	}{
		"good":             {good, nil},
		"on this machine":  {with(func(c *oidc.Config) { c.Issuer = "http://127.0.0.1:8081" }), nil},
		"in clear":         {with(func(c *oidc.Config) { c.Issuer = "http://accesso.example.org" }), oidc.ErrIssuer},
		"with a query":     {with(func(c *oidc.Config) { c.Issuer += "?x=y" }), oidc.ErrIssuer},
		"with a password":  {with(func(c *oidc.Config) { c.Issuer = "https://a:b@accesso.example.org" }), oidc.ErrIssuer},
		"no address":       {with(func(c *oidc.Config) { c.Issuer = "accesso" }), oidc.ErrIssuer},
		"without a client": {with(func(c *oidc.Config) { c.Client = "" }), oidc.ErrClient},
		"without a secret": {with(func(c *oidc.Config) { c.Secret = "" }), oidc.ErrClient},
		"without a claim":  {with(func(c *oidc.Config) { c.Claim = "" }), oidc.ErrClaim},
	} {
		if err := tc.config.Check(); !errors.Is(err, tc.want) || tc.want == nil && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A code is exchanged with the verifier whose challenge the browser showed, and nothing that is wrong is repeated in an error.
func TestWhatComesBackWrongIsRefusedWithoutItsWords(t *testing.T) {
	t.Parallel()
	p := oidctest.New(t)
	p.Is(anna)
	party := open(t, config(p))
	for name, tc := range map[string]struct {
		lies     oidctest.Lies
		verifier string
	}{
		"another verifier":   {oidctest.Lies{}, nonce},
		"no verifier":        {oidctest.Lies{}, ""},
		"no code":            {oidctest.Lies{Back: func(v url.Values) { v.Del("code") }}, verifier},
		"the person said no": {oidctest.Lies{Back: func(v url.Values) { v.Set("error", "access_denied") }}, verifier},
		"another issuer":     {oidctest.Lies{Back: func(v url.Values) { v.Set("iss", "https://other.example.org") }}, verifier},
		"no ID token": {oidctest.Lies{Token: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(`{"access_token":"anna","token_type":"Bearer"}`))
		}}, verifier},
		"no JSON":              {oidctest.Lies{Token: func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("anna")) }}, verifier},
		"an error with words":  {oidctest.Lies{Token: func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "anna", http.StatusTeapot) }}, verifier},
		"no token but words":   {oidctest.Lies{Sign: func(*oidctest.Provider, []byte) string { return "anna" }}, verifier},
		"claims of no object":  {oidctest.Lies{Sign: func(p *oidctest.Provider, _ []byte) string { return p.Sign([]byte(`"anna"`)) }}, verifier},
		"claims that are both": {oidctest.Lies{Sign: twice}, verifier},
		"HMAC with the secret": {oidctest.Lies{Sign: func(p *oidctest.Provider, b []byte) string {
			return oidctest.SignWith(jose.HS256, []byte(oidctest.Secret+oidctest.Secret), p.KeyID(), b)
		}}, verifier},
	} {
		p.Lie(tc.lies)
		who, isStrong, err := party.Identify(t.Context(), setOut(t, party), nonce, tc.verifier)
		if !errors.Is(err, oidc.ErrRefused) || !who.IsZero() || isStrong {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), "anna") {
			t.Errorf("%s: the error repeats it: %v", name, err)
		}
	}
}

// twice says two different things under one name.
func twice(p *oidctest.Provider, payload []byte) string {
	return p.Sign([]byte(strings.Replace(string(payload), `{`, `{"acr":"`+strong+`","acr":"other",`, 1)))
}
