package main

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"approdo/adapters/oidc/oidctest"
)

// strongLevel is what the provider of these tests says of who has proved two factors.
const strongLevel = "https://www.spid.gov.it/SpidL2"

// publicName is how people would reach the service; their browsers here know better.
const publicName = "http://approdo.example.org"

// doors is a service with mail and a provider, and people who have found their ways in: anna of Rozzano with a password and the
// provider, carla of the UST with the provider alone. Bruno of Legnano is invited, like fabio; dario was suspended and elena's account
// closed, gina's and ida's too before they had used their links.
type doors struct {
	*testing.T
	program  *program
	provider *oidctest.Provider
	outbox   string
	links    map[string]string // token of the letter, by login
	carla    *person
	people   atomic.Int32
}

// person is somebody whose requests come from an address of their own, by a proxy: the tries of one are not counted for another.
func (d *doors) person(login string) *person {
	p := d.program.person(login)
	n := d.people.Add(1)
	p.browser.Transport = from(fmt.Sprintf("198.18.%d.%d", n/250, n%250+1))
	return p
}

type from string

func (address from) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", string(address))
	return http.DefaultTransport.RoundTrip(r)
}

func at(login string) oidctest.Person {
	return oidctest.Person{Subject: login + " there", Level: strongLevel}
}

func openDoors(t *testing.T) *doors {
	t.Helper()
	d := &doors{T: t, provider: oidctest.New(t), links: map[string]string{}}
	dir := t.TempDir()
	d.outbox = filepath.Join(dir, "posta")
	where := []string{"--data", filepath.Join(dir, "data"), "--key", filepath.Join(dir, "master.key")}
	command(t, "key", where[3], "--data", where[1])
	secret := filepath.Join(dir, "oidc.secret")
	if err := os.WriteFile(secret, []byte(oidctest.Secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct{ login, role, body string }{{"anna", "comune", "015189"}, {"bruno", "comune", "015118"}, {"carla", "ust", ""},
		{"dario", "comune", "015189"}, {"elena", "comune", "015189"}, {"fabio", "comune", "015189"},
		{"gina", "comune", "015189"}, {"ida", "comune", "015189"}} {
		out := command(t, append([]string{"account", "invite", "--role", p.role, "--body", p.body, "--user", p.login, "--name", "Persona Inventata",
			"--mail", p.login + "@pec.example.org"}, where...)...)
		if strings.Contains(out, "Codice") {
			t.Fatal("the code of a link that is mailed was printed")
		}
	}
	d.program = start(t, append([]string{"serve", "--plain", "--listen", "127.0.0.1:0", "--email", "approdo@example.org", "--public-url", publicName,
		"--trusted-proxies", "127.0.0.1/32", "--outbox", d.outbox, "--smtp-from", "approdo@ust.example.org", "--oidc-issuer", d.provider.URL, "--oidc-client", oidctest.Client,
		"--oidc-secret-file", secret, "--oidc-acr", strongLevel, "--oidc-name", "SPID o CIE"}, where...)...)
	for _, login := range []string{"anna", "bruno", "carla", "dario", "elena", "fabio", "gina", "ida"} {
		d.links[login] = d.letter(login, 1)
	}
	eventually(t, "the provider is found", func() bool {
		return strings.Contains(string(d.person("").page("/accedi").body), "Entra con SPID o CIE")
	})
	d.carla = d.byProvider("carla")
	for _, login := range []string{"dario", "elena"} {
		d.byProvider(login)
	}
	for login, act := range map[string]string{"dario": "sospendi", "elena": "chiudi", "gina": "sospendi", "ida": "chiudi"} {
		path := d.accountOf(login) + "/" + act
		if to := d.carla.submit(path, url.Values{"reason": {"misuse"}}).to(); to != d.accountOf(login) {
			t.Fatalf("%s leads to %s", act, to)
		}
	}
	anna := d.person("anna")
	anna.activate(d.links["anna"])
	anna.enter(phrase)
	d.provider.Is(at("anna"))
	if to := d.arrive(anna, d.visit(anna, anna.form("/sicurezza/provider", nil))).to(); to != "/sicurezza" {
		t.Fatalf("after the binding comes %s", to)
	}
	return d
}

// mailedToken finds the token in a letter, behind the #.
var mailedToken = regexp.MustCompile(regexp.QuoteMeta(publicName) + `/attiva#([A-Za-z0-9_-]{43})`)

// letter waits for the n-th letter to somebody, and gives the token in it.
func (d *doors) letter(login string, n int) (code string) {
	d.Helper()
	eventually(d.T, "the letter to "+login, func() bool {
		files, err := filepath.Glob(filepath.Join(d.outbox, "*.eml"))
		if err != nil {
			d.Fatal(err)
		}
		var found []string
		var sent []time.Time
		for _, file := range files {
			m := d.open(file)
			if m.Header.Get("To") == "<"+login+"@pec.example.org>" {
				info, err := os.Stat(file)
				if err != nil {
					d.Fatal(err)
				}
				text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
				if err != nil {
					d.Fatal(err)
				}
				found, sent = append(found, mailedToken.FindStringSubmatch(string(text))[1]), append(sent, info.ModTime())
			}
		}
		if len(found) < n {
			return false
		}
		code = found[slices.Index(sent, slices.MaxFunc(sent, time.Time.Compare))]
		return true
	})
	return code
}

func (d *doors) open(file string) *mail.Message {
	d.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		d.Fatal(err)
	}
	m, err := mail.ReadMessage(strings.NewReader(string(b)))
	if err != nil {
		d.Fatal(err)
	}
	return m
}

// byProvider activates an account with the provider.
func (d *doors) byProvider(login string) *person {
	d.Helper()
	p := d.person(login)
	d.provider.Is(at(login))
	back := d.visit(p, p.form("/attiva/provider", url.Values{"invitation": {d.links[login]}}))
	if to := d.arrive(p, back).to(); to != "/" {
		d.Fatalf("%s is led to %s", login, to)
	}
	return p
}

// accountOf finds the page of an account in carla's list.
func (d *doors) accountOf(login string) string {
	d.Helper()
	for _, m := range regexp.MustCompile(`/utenze/[0-9a-f-]{36}`).FindAllString(string(d.carla.page("/utenze").want(200).body), -1) {
		if strings.Contains(string(d.carla.page(m).want(200).body), login+"@pec.example.org") {
			return m
		}
	}
	d.Fatalf("no account of %s", login)
	return ""
}

var refresh = regexp.MustCompile(`^0; url=(.*)$`)

// setOut sends a form that leads to the provider, and gives the address there.
func (d *doors) setOut(p *person, r *http.Request) string {
	d.Helper()
	to := refresh.FindStringSubmatch(p.send(r).want(http.StatusOK).header.Get("Refresh"))
	if to == nil {
		d.Fatal("the page leads nowhere")
	}
	return to[1]
}

// visit sets out and does what the provider wants; it gives what the browser is to bring back.
func (d *doors) visit(p *person, r *http.Request) url.Values {
	d.Helper()
	return d.sent(p, d.setOut(p, r))
}

func (d *doors) sent(p *person, address string) url.Values {
	d.Helper()
	res, err := p.browser.Get(address)
	if err != nil {
		d.Fatal(err)
	}
	back, err := res.Location()
	if err = errors.Join(err, res.Body.Close()); err != nil {
		d.Fatal(err)
	}
	if !strings.HasPrefix(back.String(), publicName+"/accedi/ritorno?") {
		d.Fatalf("the provider leads to %s", back)
	}
	return back.Query()
}

func (d *doors) arrive(p *person, back url.Values) reply {
	d.Helper()
	return p.page("/accedi/ritorno?" + back.Encode())
}

// toSignIn is the form of the button.
func toSignIn(p *person) *http.Request {
	return p.form("/accedi/provider", url.Values{"next": {"/pratiche"}})
}

// isIn reports whether a browser is signed in.
func isIn(p *person) bool { return p.page("/").status == http.StatusOK }

// An abuse is a way in that is none. It has a browser of its own, with anna at the provider unless it says otherwise.
type abuse struct {
	lies oidctest.Lies
	is   oidctest.Person
	do   func(d *doors, p *person) reply // nil: an ordinary sign-in
	want int                             // 0: 422, the sign-in page with one refusal
}

func claims(change func(*oidctest.Claims)) abuse { return abuse{lies: oidctest.Lies{Claims: change}} }

func signed(sign func(*oidctest.Provider, []byte) string) abuse {
	return abuse{lies: oidctest.Lies{Sign: sign}}
}

func named(subject, level string) abuse {
	return abuse{is: oidctest.Person{Subject: subject, Level: level}}
}

func abuses(t *testing.T) map[string]abuse {
	other, soon := oidctest.New(t), func(n time.Duration) int64 { return time.Now().Add(n).Unix() }
	return map[string]abuse{
		"token: algorithm none": signed(func(_ *oidctest.Provider, b []byte) string { return oidctest.Unsigned(b) }),
		"token: HMAC with the public key": signed(func(p *oidctest.Provider, b []byte) string {
			return oidctest.SignWith(jose.HS256, p.PublicDER(), p.KeyID(), b)
		}),
		"token: another's key":                           signed(func(_ *oidctest.Provider, b []byte) string { return other.SignAs("another", b) }),
		"token: another's key under the provider's id":   signed(func(p *oidctest.Provider, b []byte) string { return other.SignAs(p.KeyID(), b) }),
		"token: signature cut off":                       signed(func(p *oidctest.Provider, b []byte) string { s := p.Sign(b); return s[:strings.LastIndex(s, ".")+1] }),
		"token: payload exchanged":                       signed(exchanged),
		"token: another issuer":                          claims(func(c *oidctest.Claims) { c.Issuer = "https://other.example.org" }),
		"token: no issuer":                               claims(func(c *oidctest.Claims) { c.Issuer = "" }),
		"token: for another client":                      claims(func(c *oidctest.Claims) { c.Audience = []string{"another"} }),
		"token: for nobody":                              claims(func(c *oidctest.Claims) { c.Audience = nil }),
		"token: for several, without a party":            claims(func(c *oidctest.Claims) { c.Audience = append(c.Audience, "another") }),
		"token: for several, of another party":           claims(func(c *oidctest.Claims) { c.Audience, c.Party = append(c.Audience, "another"), "another" }),
		"token: of another party":                        claims(func(c *oidctest.Claims) { c.Party = "another" }),
		"token: no nonce":                                claims(func(c *oidctest.Claims) { c.Nonce = "" }),
		"token: another nonce":                           claims(func(c *oidctest.Claims) { c.Nonce += "x" }),
		"token: expired":                                 claims(func(c *oidctest.Claims) { c.Expires = soon(-time.Minute) }),
		"token: never expires":                           claims(func(c *oidctest.Claims) { c.Expires = 0 }),
		"token: issued in the future":                    claims(func(c *oidctest.Claims) { c.Issued = soon(time.Hour) }),
		"token: issued long ago":                         claims(func(c *oidctest.Claims) { c.Issued = soon(-24 * time.Hour) }),
		"token: issued at no time":                       claims(func(c *oidctest.Claims) { c.Issued = 0 }),
		"token: not valid yet":                           claims(func(c *oidctest.Claims) { c.Before = soon(time.Hour) }),
		"token: of another access token":                 claims(func(c *oidctest.Claims) { c.Hash = oidctest.HalfHash("another") }),
		"token: about nobody":                            claims(func(c *oidctest.Claims) { c.Subject = "" }),
		"token: a level that is too low":                 named("anna there", "https://www.spid.gov.it/SpidL1"),
		"token: no level":                                named("anna there", ""),
		"token: several levels in one":                   named("anna there", strongLevel+" https://www.spid.gov.it/SpidL1"),
		"person: unknown here":                           named("zeno there", strongLevel),
		"person: anna's login is no identity":            named("anna", strongLevel),
		"person: anna with a space behind":               named("anna there ", strongLevel),
		"person: suspended":                              named("dario there", strongLevel),
		"person: closed":                                 named("elena there", strongLevel),
		"person: invited, who has not activated":         named("bruno there", strongLevel),
		"answer: no code":                                {lies: oidctest.Lies{Back: func(v url.Values) { v.Del("code") }}},
		"answer: the person said no":                     {lies: oidctest.Lies{Back: func(v url.Values) { v.Set("error", "access_denied") }}},
		"answer: of another issuer":                      {lies: oidctest.Lies{Back: func(v url.Values) { v.Set("iss", "https://other.example.org") }}},
		"answer: no state":                               {lies: oidctest.Lies{Back: func(v url.Values) { v.Del("state") }}},
		"answer: an invented state":                      {lies: oidctest.Lies{Back: func(v url.Values) { v.Set("state", strings.Repeat("A", 43)) }}},
		"provider: keys away":                            {lies: oidctest.Lies{Keys: broken}, want: http.StatusServiceUnavailable, do: withNewKey},
		"provider: tokens away":                          {lies: oidctest.Lies{Token: broken}, want: http.StatusServiceUnavailable},
		"browser: another one's answer":                  {do: anothersAnswer},
		"browser: the answer twice":                      {do: answerTwice},
		"browser: the answer of one who has set out":     {do: loginCSRF},
		"browser: the code twice, with a state each":     {do: codeTwice},
		"browser: another one's code with its own state": {do: anothersCode},
		"browser: no cookie":                             {do: func(d *doors, p *person) reply { return d.arrive(d.person(""), d.visit(p, toSignIn(p))) }},
		"browser: an answer out of nothing":              {do: func(d *doors, p *person) reply { return p.page("/accedi/ritorno") }},
		"site: sent out from elsewhere":                  {do: sentFromElsewhere, want: http.StatusForbidden},
		"activation: by the provider, with no link":      {do: activatesWith("")},
		"activation: by the provider, with an invention": {do: activatesWith(strings.Repeat("A", 43))},
		"activation: by the provider, with a used link":  {do: func(d *doors, p *person) reply { return activatesWith(d.links["carla"])(d, p) }},
		"activation: a used link":                        {do: func(d *doors, p *person) reply { return d.chooses(p, d.links["anna"], nil) }},
		"activation: a suspended account's link":         {do: func(d *doors, p *person) reply { return d.chooses(p, d.links["gina"], nil) }, want: http.StatusConflict},
		"activation: a closed account's link":            {do: func(d *doors, p *person) reply { return d.chooses(p, d.links["ida"], nil) }},
		"activation: an invention":                       {do: func(d *doors, p *person) reply { return d.chooses(p, strings.Repeat("A", 43), nil) }},
		"activation: by another's identity":              {do: anothersIdentity, want: http.StatusConflict},
		"binding: without a session":                     {do: func(d *doors, p *person) reply { return p.send(p.form("/sicurezza/provider", nil)) }, want: http.StatusSeeOther},
		"binding: another's identity":                    {do: bindsAnothers, want: http.StatusConflict},
	}
}

func broken(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "away", http.StatusInternalServerError)
}

func exchanged(p *oidctest.Provider, payload []byte) string {
	honest, changed := strings.Split(p.Sign(payload), "."), strings.Split(p.Sign([]byte(strings.Replace(string(payload), "anna", "carla", 1))), ".")
	return honest[0] + "." + changed[1] + "." + honest[2]
}

// withNewKey signs with a key that is nowhere to be had.
func withNewKey(d *doors, p *person) reply {
	d.provider.Rotate(d.T)
	return d.arrive(p, d.visit(p, toSignIn(p)))
}

func anothersAnswer(d *doors, p *person) reply {
	anna := d.person("anna")
	return d.arrive(p, d.visit(anna, toSignIn(anna)))
}

// loginCSRF has a browser that has set out itself given the answer of an attacker's: it would be signed in as the attacker.
func loginCSRF(d *doors, p *person) reply {
	attacker := d.person("")
	d.setOut(p, toSignIn(p))
	return d.arrive(p, d.visit(attacker, toSignIn(attacker)))
}

func answerTwice(d *doors, p *person) reply {
	first := d.person("anna")
	address := d.setOut(first, toSignIn(first))
	kept := first.browser.Jar.Cookies(first.request("GET", "/", nil).URL)
	back := d.sent(first, address)
	d.arrive(first, back).want(http.StatusSeeOther)
	p.browser.Jar.SetCookies(p.request("GET", "/", nil).URL, kept)
	return d.arrive(p, back)
}

func codeTwice(d *doors, p *person) reply {
	first := d.person("anna")
	used := d.visit(first, toSignIn(first))
	d.arrive(first, used).want(http.StatusSeeOther)
	back := d.visit(p, toSignIn(p))
	back.Set("code", used.Get("code"))
	return d.arrive(p, back)
}

// anothersCode is a code that was stolen before it was used: the provider misses the verifier of its challenge.
func anothersCode(d *doors, p *person) reply {
	anna := d.person("anna")
	stolen := d.visit(anna, toSignIn(anna))
	d.provider.Is(oidctest.Person{Subject: "attacker there", Level: strongLevel})
	back := d.visit(p, toSignIn(p))
	back.Set("code", stolen.Get("code"))
	return d.arrive(p, back)
}

func sentFromElsewhere(_ *doors, p *person) reply {
	r := toSignIn(p)
	r.Header.Set("Origin", "https://evil.example.org")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	return p.send(r)
}

func activatesWith(link string) func(d *doors, p *person) reply {
	return func(_ *doors, p *person) reply {
		return p.send(p.form("/attiva/provider", url.Values{"invitation": {link}}))
	}
}

func (d *doors) chooses(p *person, link string, besides url.Values) reply {
	d.Helper()
	answers := url.Values{"invitation": {link}, "password": {phrase}, "repeat": {phrase}}
	for name, values := range besides {
		answers[name] = values
	}
	return p.submit("/attiva", answers)
}

// anothersIdentity has bruno's link used by anna's identity: his account would be hers.
func anothersIdentity(d *doors, p *person) reply {
	return d.arrive(p, d.visit(p, p.form("/attiva/provider", url.Values{"invitation": {d.links["bruno"]}})))
}

func bindsAnothers(d *doors, p *person) reply {
	carla := d.byProviderAgain("carla")
	d.provider.Is(at("anna"))
	return d.arrive(carla, d.visit(carla, carla.form("/sicurezza/provider", nil)))
}

func (d *doors) byProviderAgain(login string) *person {
	d.Helper()
	p := d.person(login)
	d.provider.Is(at(login))
	if to := d.arrive(p, d.visit(p, toSignIn(p))).to(); to != "/pratiche" {
		d.Fatalf("%s is led to %s", login, to)
	}
	return p
}

func TestNoAbuseOfTheDoorsIsAccepted(t *testing.T) {
	t.Parallel()
	d := openDoors(t)
	refusals := map[string][]string{}
	all := abuses(t)
	for name, a := range all {
		who := a.is
		if who == (oidctest.Person{}) {
			who = at("anna")
		}
		d.provider.Is(who)
		d.provider.Lie(a.lies)
		p := d.person("")
		do := a.do
		if do == nil {
			do = func(d *doors, p *person) reply { return d.arrive(p, d.visit(p, toSignIn(p))) }
		}
		x := do(d, p)
		want := a.want
		if want == 0 {
			want = http.StatusUnprocessableEntity
		}
		if x.status != want {
			t.Errorf("%s: %d, want %d", name, x.status, want)
		}
		d.provider.Lie(oidctest.Lies{})
		if isIn(p) {
			t.Errorf("%s: it is signed in", name)
		}
		if group, _, _ := strings.Cut(name, ":"); a.want == 0 && (group == "person" || group == "browser") {
			refusals[said(x)] = append(refusals[said(x)], name)
		}
	}
	if len(refusals) != 1 {
		t.Errorf("they can be told apart: %v", refusals)
	}
	t.Logf("%d abuses", len(all))
	d.unharmed()
}

var volatile = regexp.MustCompile(`name="_key" value="[^"]*"|name="next" value="[^"]*"`)

// said is a page without what is different each time.
func said(x reply) string { return volatile.ReplaceAllString(string(x.body), "") }

// unharmed wants everybody to come in as before, and the diary to hold nothing of all that.
func (d *doors) unharmed() {
	d.Helper()
	for _, login := range []string{"anna", "carla"} {
		if !isIn(d.byProviderAgain(login)) {
			d.Errorf("%s does not come in any more", login)
		}
	}
	d.person("anna").enter(phrase)
	if !isIn(d.carla) {
		d.Error("carla's session has ended")
	}
	if x := d.chooses(d.person("bruno"), d.links["bruno"], nil); x.to() != "/accedi" {
		d.Error("bruno's link was used up")
	}
	log := d.program.stderr.String()
	for _, secret := range []string{"example.org>", "@pec", " there", oidctest.Secret, d.links["anna"], d.links["carla"], "code=", "state="} {
		if strings.Contains(log, secret) {
			d.Errorf("the diary holds %q", secret)
		}
	}
	if !strings.Contains(log, "sign-in by the provider refused") {
		d.Error("the diary does not tell why")
	}
}

// What a form or a token adds of its own changes nobody's role or body.
func TestNeitherFormsNorTokensGiveRoles(t *testing.T) {
	t.Parallel()
	d := openDoors(t)
	fabio := d.person("fabio")
	d.chooses(fabio, d.links["fabio"], url.Values{"role": {"ust"}, "body": {"015118"}, "account": {"carla"}}).to()
	fabio.enter(phrase)
	fabio.signIn(phrase)
	type who struct{ Role, Body string }
	if got := read[who](fabio.get("/sessions/current")); got != (who{"comune", "015189"}) {
		t.Errorf("fabio is %v", got)
	}
	d.provider.Lie(oidctest.Lies{Sign: func(p *oidctest.Provider, b []byte) string {
		return p.Sign([]byte(strings.Replace(string(b), "{", `{"role":"ust","groups":["ust","administrator"],"body":"015118",`, 1)))
	}})
	anna := d.byProviderAgain("anna")
	if x := anna.page("/utenze"); x.status != http.StatusForbidden {
		t.Errorf("a token opened the accounts: %d", x.status)
	}
	d.provider.Lie(oidctest.Lies{})
	if x := d.byProviderAgain("carla").page("/utenze"); x.status != http.StatusOK {
		t.Errorf("two factors at the provider are not enough for the UST: %d", x.status)
	}
}

// A session that somebody planted is not the one that is signed in, a page elsewhere is not where one is led to, and a rotated key is
// believed.
func TestASignInByTheProviderBeginsAnew(t *testing.T) {
	t.Parallel()
	d := openDoors(t)
	p := d.person("anna")
	jar, here := p.browser.Jar, p.request("GET", "/", nil).URL
	jar.SetCookies(here, []*http.Cookie{{Name: "approdo-session", Value: strings.Repeat("A", 43), Path: "/"}})
	d.provider.Is(at("anna"))
	d.provider.Rotate(t)
	back := d.visit(p, p.form("/accedi/provider", url.Values{"next": {"https://evil.example.org"}}))
	if to := d.arrive(p, back).to(); to != "/" {
		t.Errorf("led to %s", to)
	}
	for _, c := range jar.Cookies(here) {
		if c.Name == "approdo-session" && c.Value == strings.Repeat("A", 43) {
			t.Error("the planted session is the one")
		}
	}
	if !isIn(p) {
		t.Error("a key that was rotated is not believed")
	}
}

func TestAForgottenPasswordTellsNobodyWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	d := openDoors(t)
	answers := map[string][]string{}
	for _, login := range []string{"anna", "nobody", "dario", "elena", "bruno"} {
		x := d.person("").submit("/password/dimenticata", url.Values{"username": {login}}).want(http.StatusOK)
		x.header.Del("X-Request-Id")
		x.header.Del("Date")
		var headers strings.Builder
		if err := x.header.Write(&headers); err != nil {
			t.Fatal(err)
		}
		answers[headers.String()+said(x)] = append(answers[headers.String()+said(x)], login)
	}
	if len(answers) != 1 {
		t.Errorf("%d different answers", len(answers))
	}
	first := d.letter("anna", 2)
	d.person("").submit("/password/dimenticata", url.Values{"username": {"ANNA"}}).want(http.StatusOK)
	second := d.letter("anna", 3)
	if x := d.chooses(d.person(""), first, nil); x.status != http.StatusUnprocessableEntity {
		t.Errorf("a link that was replaced: %d", x.status)
	}
	again := http.StatusOK
	for range 20 { // each has to wait twice as long as the one before
		if again = d.person("").submit("/password/dimenticata", url.Values{"username": {"zeno"}}).status; again != http.StatusOK {
			break
		}
	}
	if again != http.StatusTooManyRequests {
		t.Errorf("asked for again and again: %d", again)
	}
	d.person("anna").enter(phrase) // the old password works until the link is used
	other := "un'altra frase del tutto diversa"
	x := d.person("").submit("/attiva", url.Values{"invitation": {second}, "password": {other}, "repeat": {other}})
	if to := x.to(); to != "/accedi" {
		t.Errorf("led to %s", to)
	}
	d.person("anna").enter(other)
	files, err := filepath.Glob(filepath.Join(d.outbox, "*.eml"))
	if err != nil || len(files) != 8+2 {
		t.Errorf("%d letters, %v; want the invitations and two", len(files), err)
	}
	for _, file := range files {
		if _, err := new(mime.WordDecoder).DecodeHeader(d.open(file).Header.Get("Subject")); err != nil {
			t.Error(err)
		}
	}
}

// While the provider is away the service starts and lives, and the page says why there is no button.
func TestTheServiceLivesWithoutItsProvider(t *testing.T) {
	t.Parallel()
	provider := oidctest.New(t)
	provider.Lie(oidctest.Lies{Missing: true})
	dir := t.TempDir()
	key, secret := filepath.Join(dir, "master.key"), filepath.Join(dir, "oidc.secret")
	command(t, "key", key, "--data", filepath.Join(dir, "data"))
	if err := os.WriteFile(secret, []byte(oidctest.Secret), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, "serve", "--plain", "--listen", "127.0.0.1:0", "--email", "approdo@example.org", "--public-url", publicName, "--data", filepath.Join(dir, "data"),
		"--key", key, "--oidc-issuer", provider.URL, "--oidc-client", oidctest.Client, "--oidc-secret-file", secret, "--oidc-name", "SPID o CIE")
	who := p.person("")
	shows := func(words string) func() bool {
		return func() bool { return strings.Contains(string(who.page("/accedi").body), words) }
	}
	eventually(t, "the page says why", shows("SPID o CIE non risponde"))
	who.send(toSignIn(who)).want(http.StatusServiceUnavailable)
	provider.Lie(oidctest.Lies{})
	eventually(t, "the button comes", shows("Entra con SPID o CIE"))
	if x := who.page("/password/dimenticata").want(http.StatusOK); !strings.Contains(string(x.body), "non spedisce messaggi") {
		t.Error("a service without mail offers to send some")
	}
}
