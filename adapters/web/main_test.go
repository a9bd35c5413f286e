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
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

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
		Sessions: &sessions{people: map[string]Person{}}, Log: slog.New(slog.NewJSONHandler(log, nil)),
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

// sessions keeps people in memory: password "right" signs in anybody but "busy", who is told to wait.
type sessions struct{ people map[string]Person }

func (m *sessions) SignIn(_ context.Context, login, password, _ string) (string, error) {
	switch {
	case login == "busy":
		return "", &domain.Error{Kind: domain.KindOverloaded, Code: "too-many"}
	case password != "right":
		return "", domain.Refused("wrong")
	}
	token := "token-" + login
	m.people[token] = Person{Actor: domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000001"), Role: domain.RoleComune}, Name: login}
	return token, nil
}

func (m *sessions) Who(_ context.Context, token string) (Person, error) {
	if token == "broken" {
		return Person{}, fmt.Errorf("disk gone")
	}
	p, ok := m.people[token]
	if !ok {
		return Person{}, &domain.Error{Kind: domain.KindUnauthorised, Code: "session-ended"}
	}
	return p, nil
}

func (m *sessions) SignOut(_ context.Context, token string) error {
	delete(m.people, token)
	return nil
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
