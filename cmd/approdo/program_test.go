package main

import (
	"bytes"
	"context"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// patience bounds every waiting of these tests: it is for machines that stand still, not for what the program promises.
const patience = 5 * time.Minute

// ministry finds a file of the ministry's beside the repository. With CI=true it must be there; elsewhere the answer is empty.
func ministry(t testing.TB, name string) string {
	t.Helper()
	file := filepath.Join(moduleRoot(t), "..", "shared", "data", name)
	if _, err := os.Stat(file); err == nil {
		return file
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not at ../shared/data", name)
	}
	return ""
}

const stateSchools = "SCUANAGRAFESTAT20252620250901_MILANO.csv"

// output is what a program writes, for a test to watch meanwhile.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// program is the program answering on an address of its own, in this process.
type program struct {
	t      *testing.T
	url    string
	stdout output
	stderr output
	cancel context.CancelFunc
	ended  chan struct{}
	code   int
}

var address = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)

// start runs the program until the test ends or stops it, and returns once it answers.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &program{t: t, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		p.code = run(ctx, args, func(string) string { return "" }, &p.stdout, &p.stderr)
	}()
	t.Cleanup(p.stop)
	deadline := time.After(patience)
	for p.url == "" || !p.answers() {
		select {
		case <-p.ended:
			t.Fatalf("the program ended with %d: %s", p.code, p.stderr.String())
		case <-deadline:
			t.Fatalf("the program does not answer: %s", p.stderr.String())
		case <-time.After(10 * time.Millisecond):
		}
		if at := address.FindString(p.stdout.String()); at != "" {
			p.url = "http://" + at
		}
	}
	return p
}

func (p *program) answers() bool {
	res, err := http.Get(p.url + "/status")
	if err != nil {
		return false
	}
	return res.Body.Close() == nil && res.StatusCode == http.StatusOK
}

// stop ends the program as a signal would and waits for it.
func (p *program) stop() {
	p.t.Helper()
	p.cancel()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatal("the program does not end")
	}
	if p.code != exitOK {
		p.t.Errorf("the program ended with %d: %s", p.code, p.stderr.String())
	}
}

// person is somebody at a browser and at the API.
type person struct {
	t       *testing.T
	url     string
	login   string
	token   string
	browser *http.Client
}

func (p *program) person(login string) *person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return &person{t: p.t, url: p.url, login: login, browser: &http.Client{Jar: jar, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// reply is an answer, read to its end.
type reply struct {
	t      *testing.T
	asked  string
	status int
	header http.Header
	body   []byte
}

func (x reply) want(status int) reply {
	x.t.Helper()
	if x.status != status {
		x.t.Fatalf("%s: %d, want %d: %.600s", x.asked, x.status, status, x.body)
	}
	return x
}

// refused wants a problem with a status and a code.
func (x reply) refused(status int, code string) {
	x.t.Helper()
	if p := read[struct{ Code string }](x.want(status)); p.Code != code {
		x.t.Fatalf("%s: problem %q, want %q", x.asked, p.Code, code)
	}
}

// read decodes an answer.
func read[T any](x reply) (v T) {
	x.t.Helper()
	if err := json.Unmarshal(x.body, &v, json.MatchCaseInsensitiveNames(true)); err != nil {
		x.t.Fatalf("%s: %v", x.asked, err)
	}
	return v
}

func (p *person) send(r *http.Request) reply {
	p.t.Helper()
	res, err := p.browser.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return reply{p.t, r.Method + " " + r.URL.Path, res.StatusCode, res.Header, body}
}

func (p *person) request(method, path string, body io.Reader) *http.Request {
	p.t.Helper()
	r, err := http.NewRequest(method, p.url+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// fields are what a request to the API holds.
type fields map[string]any

// ask sends a request to the API.
func (p *person) ask(method, path string, body any) reply {
	p.t.Helper()
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		content = bytes.NewReader(b)
	}
	r := p.request(method, "/api/v1"+path, content)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	return p.send(r)
}

func (p *person) get(path string) reply {
	p.t.Helper()
	return p.ask("GET", path, nil).want(http.StatusOK)
}

// post wants success.
func (p *person) post(path string, body any) reply {
	p.t.Helper()
	x := p.ask("POST", path, body)
	if x.status != http.StatusOK && x.status != http.StatusCreated {
		p.t.Fatalf("%s: %d: %.600s", x.asked, x.status, x.body)
	}
	return x
}

// page opens a page.
func (p *person) page(path string) reply {
	p.t.Helper()
	return p.send(p.request("GET", path, nil))
}

// submit opens a page with a form, fills the form in, and sends it as a browser does.
func (p *person) submit(path string, answers url.Values) reply {
	p.t.Helper()
	form := p.page(path).want(http.StatusOK).hidden()
	for name, values := range answers {
		form[name] = values
	}
	return p.send(p.form(path, form))
}

// form is what a browser sends for a form.
func (p *person) form(path string, answers url.Values) *http.Request {
	p.t.Helper()
	r := p.request("POST", path, strings.NewReader(answers.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", p.url)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)

// hidden are the answers a form brings along.
func (x reply) hidden() url.Values {
	v := url.Values{}
	for _, m := range hiddenField.FindAllSubmatch(x.body, -1) {
		v.Set(html.UnescapeString(string(m[1])), html.UnescapeString(string(m[2])))
	}
	return v
}

// to wants a redirect and gives where it leads.
func (x reply) to() string {
	x.t.Helper()
	return x.want(http.StatusSeeOther).header.Get("Location")
}

// phrase is everybody's password in these tests.
const phrase = "quattro barche e nessun vento"

// activate chooses the password on the page that asks for the code of the invitation.
func (p *person) activate(code string) {
	p.t.Helper()
	if to := p.submit("/attiva", url.Values{"invitation": {code}, "password": {phrase}, "repeat": {phrase}}).to(); to != "/accedi" {
		p.t.Fatalf("after the activation comes %s", to)
	}
}

// enter signs in on the page.
func (p *person) enter(password string) {
	p.t.Helper()
	if to := p.submit("/accedi", url.Values{"username": {p.login}, "password": {password}}).to(); to != "/" {
		p.t.Fatalf("after the sign-in comes %s", to)
	}
}

// signIn opens a session of the API. Whoever needs a second factor enrols one on the pages first, and signs in with recovery codes.
func (p *person) signIn(password string) {
	p.t.Helper()
	with := func(code string) (lacks string) {
		s := read[struct{ Token, Lacks string }](p.ask("POST", "/sessions", fields{"login": p.login, "password": password, "code": code}).want(http.StatusCreated))
		p.token = s.Token
		return s.Lacks
	}
	lacks := with("")
	if lacks == "second-factor-enrolment" {
		if p.page("/sicurezza").status != http.StatusOK {
			p.enter(password)
		}
		p.enrol()
	}
	if lacks != "" {
		if lacks = with(recoveryCode(p)); lacks != "" {
			p.t.Fatalf("with a recovery code the session lacks %s", lacks)
		}
	}
}

// eventually waits for what a policy brings about after the answer.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if holds() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not in %s", what, patience)
		}
	}
}

// command runs a subcommand to its end and wants it to succeed.
func command(t *testing.T, args ...string) string {
	t.Helper()
	code, out, stderr := called(t, nil, args...)
	if code != exitOK {
		t.Fatalf("%s: code %d: %s%s", strings.Join(args[:min(2, len(args))], " "), code, out, stderr)
	}
	return out
}

// invitationCode finds the code that `account invite` prints.
func invitationCode(t *testing.T, out string) string {
	t.Helper()
	_, rest, found := strings.Cut(out, "Codice di invito: ")
	code, _, _ := strings.Cut(rest, "\n")
	if !found || code == "" {
		t.Fatal("no code of an invitation was printed")
	}
	return code
}
