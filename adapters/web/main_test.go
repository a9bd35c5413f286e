package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
)

// With APPRODO_SAMPLES set, the test binary serves the samples for the browser suite instead of testing, until its input ends.
func TestMain(m *testing.M) {
	if os.Getenv("APPRODO_SAMPLES") == "" {
		os.Exit(m.Run())
	}
	if err := serveSamples(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serveSamples(until io.Reader, out io.Writer) error {
	static, err := fs.Sub(embedded, "static")
	if err != nil {
		return err
	}
	s, err := sampleSite(static, os.Stderr)
	if err != nil {
		return err
	}
	if !s.assets.complete {
		return fmt.Errorf("the graphic components are missing: make assets")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "http://%s\n", l.Addr())
	for _, x := range samples() {
		fmt.Fprintln(out, x.path)
	}
	fmt.Fprintln(out)
	server := &http.Server{Handler: sampleHandler(s), ReadHeaderTimeout: time.Second}
	go func() {
		io.Copy(io.Discard, until)
		server.Close()
	}()
	if err := server.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// sampleHandler serves each sample at its path as whoever would see it.
func sampleHandler(s *site) http.Handler {
	r := s.handler()
	mux := http.NewServeMux()
	mux.Handle("/static/", r)
	mux.Handle("/lingua", r)
	mux.Handle("/favicon.ico", r)
	for _, x := range samples() {
		pattern := x.path
		if pattern == "/" {
			pattern = "/{$}"
		}
		mux.Handle("GET "+pattern, s.begin(secured(false)(s.page(
			func(w http.ResponseWriter, r *http.Request) error {
				visitOf(r).person = samplePerson(x.as)
				if x.notice != "" {
					r.AddCookie(&http.Cookie{Name: s.cookieName("notice"), Value: x.notice})
				}
				return x.show(s, w, r)
			}))))
	}
	return mux
}

// sampleSite is a site that also knows the samples' invented texts and the gallery.
func sampleSite(static fs.FS, log io.Writer) (*site, error) {
	s, err := newSite(Config{
		Sessions: &sessions{people: map[string]domain.Actor{}}, BodyName: bodyName, Log: slog.New(slog.NewJSONHandler(log, nil)),
		Owner: "Ufficio scolastico territoriale di Milano", Contact: "approdo@example.org", Demo: true,
	}, static)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile("testdata/gallery.html")
	if err != nil {
		return nil, err
	}
	samples() // invents their texts
	for _, lang := range languages {
		invented.Range(func(text, _ any) bool {
			s.texts[lang].texts[text.(string)] = text.(string)
			return true
		})
		base, err := s.parseBase(lang)
		if err != nil {
			return nil, err
		}
		if s.pages[lang]["gallery"], err = base.Parse(string(b)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func bodyName(_ context.Context, a domain.Actor) (string, error) {
	if a.Body == "015189" {
		return "Comune di Rozzano", nil
	}
	return "", nil
}

// withAssets is a build that has its components, whatever make has done.
var withAssets = fstest.MapFS{
	stylesheet:  {Data: bytes.Repeat([]byte("body{margin:0}\n"), 200)},
	"app.css":   {Data: []byte("main{}")},
	"fonts.css": {Data: []byte("@font-face{}")},
}

// newTestSite serves on a recorder; log receives the access log.
func newTestSite(t *testing.T, log io.Writer) *site {
	t.Helper()
	s, err := sampleSite(withAssets, log)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sessions keeps people in memory by token: password "right" signs in anybody but "busy", who is told to wait, a token's owner as himself and
// others as somebody of a comune; "halfway" has a second factor yet to prove.
type sessions struct {
	Security
	mu     sync.Mutex
	people map[string]domain.Actor
	doors
}

// of is whose a token is.
func (m *sessions) of(token string) (a domain.Actor, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok = m.people[token]
	return a, ok
}

func (m *sessions) end(token string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.people, token)
}

var (
	errWrong = &domain.Error{Kind: domain.KindUnauthorised, Code: "sign-in-failed"}
	errWait  = &domain.Error{Kind: domain.KindOverloaded, Code: "sign-in-busy"}
)

func (m *sessions) Authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a, ok := m.of(m.Token(r)); ok {
			r = r.WithContext(session.NewContext(r.Context(), session.Session{Actor: a}))
		}
		next.ServeHTTP(w, r)
	})
}

func (m *sessions) Recognise(next http.Handler) http.Handler { return m.Authenticate(next) }

func (m *sessions) Glance(_ context.Context, token string) (session.Session, error) {
	if a, ok := m.of(token); ok {
		return session.Session{Actor: a}, nil
	}
	return session.Session{}, session.ErrNotSignedIn
}

func (m *sessions) Enter(w http.ResponseWriter, _ *http.Request, login, password string) (session.Session, error) {
	switch {
	case login == "busy":
		return session.Session{}, errWait
	case login == "broken":
		return session.Session{}, fmt.Errorf("disk gone")
	case password != "right":
		return session.Session{}, errWrong
	}
	a, known := m.people[login]
	if !known {
		a = domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000001"), Role: domain.RoleComune, Body: "015189"}
	}
	m.people["token-"+login] = a
	m.SetCookie(w, "token-"+login)
	entered := session.Session{Actor: a}
	if login == "halfway" {
		entered.Lacks = session.LacksFactor
	}
	return entered, nil
}

func (m *sessions) Leave(w http.ResponseWriter, r *http.Request) error {
	delete(m.people, m.Token(r))
	m.SetCookie(w, "")
	return nil
}

func (m *sessions) ActivateFrom(_ context.Context, token, password, _ string) error {
	switch {
	case token != "invited":
		return session.ErrNoInvitation
	case len(password) < 15:
		return session.ErrPasswordTooShort
	}
	return nil
}

func (m *sessions) ChangePassword(_ context.Context, token, current, _ string) (string, session.Session, error) {
	if current != "right" {
		return "", session.Session{}, session.ErrWrongPassword
	}
	m.people["changed"] = m.people[token]
	delete(m.people, token)
	return "changed", session.Session{}, nil
}

func (m *sessions) Token(r *http.Request) string {
	c, err := r.Cookie("approdo-session")
	if err != nil {
		return ""
	}
	return c.Value
}

func (m *sessions) SetCookie(w http.ResponseWriter, token string) {
	http.SetCookie(w, &http.Cookie{Name: "approdo-session", Value: token, Path: "/"})
}

// do asks the site for a page; each edit changes the request.
func do(s http.Handler, method, target, body string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func cookie(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: name, Value: value}) }
}
