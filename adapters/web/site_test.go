package web

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"approdo/domain"
)

func TestEveryPageIsGuarded(t *testing.T) {
	t.Parallel()
	s := newTestSite(t, io.Discard)
	for _, path := range []string{"/accedi", "/privacy", "/nowhere"} {
		w := do(s.handler(), http.MethodGet, path, "")
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
				"font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"X-Frame-Options":        "DENY",
			"X-Content-Type-Options": "nosniff",
			"Referrer-Policy":        "same-origin",
			"Cache-Control":          "no-store",
			"Content-Type":           "text/html; charset=utf-8",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s: %q", path, name, got)
			}
		}
		if strings.Contains(w.Body.String(), " style=") || strings.Contains(w.Body.String(), "<script") {
			t.Errorf("%s: what the policy forbids", path)
		}
	}
}

func TestAssetsAreKeptForEverUnderTheirHashAlone(t *testing.T) {
	t.Parallel()
	s := newTestSite(t, io.Discard)
	h := s.handler()
	at := s.assets.base + stylesheet
	plain := do(h, http.MethodGet, at, "")
	if plain.Code != http.StatusOK || plain.Header().Get("Content-Encoding") != "" || !bytes.Equal(plain.Body.Bytes(), withAssets[stylesheet].Data) {
		t.Fatalf("%d %v", plain.Code, plain.Header())
	}
	if got := plain.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Error(got)
	}
	if got := plain.Header().Get("Content-Type"); got != "text/css; charset=utf-8" {
		t.Error(got)
	}
	zipped := do(h, http.MethodGet, at, "", header("Accept-Encoding", "br, gzip"))
	z, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); err != nil || !bytes.Equal(b, withAssets[stylesheet].Data) {
		t.Error("what was compressed is not what was there", err)
	}
	for _, old := range []string{"/static/0123456789abcdef/" + stylesheet, s.assets.base + "nothing.css", s.assets.base + ".gitkeep"} {
		if w := do(h, http.MethodGet, old, ""); w.Code != http.StatusNotFound || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %s", old, w.Code, w.Header().Get("Cache-Control"))
		}
	}
	changed, err := loadAssets(fstest.MapFS{stylesheet: {Data: []byte("other")}})
	if err != nil || changed.base == s.assets.base {
		t.Error("other content at the same address", err)
	}
}

func TestABuildWithoutComponentsSaysSo(t *testing.T) {
	t.Parallel()
	s, err := newSite(Config{Sessions: &sessions{}, BodyName: bodyName, Log: slog.New(slog.DiscardHandler)}, fstest.MapFS{})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/accedi", "/nowhere"} {
		if w := do(s.handler(), http.MethodGet, path, ""); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make build") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestAPostFromElsewhereIsStopped(t *testing.T) {
	t.Parallel()
	s := newTestSite(t, io.Discard)
	for _, from := range []func(*http.Request){header("Sec-Fetch-Site", "cross-site"), header("Origin", "https://elsewhere.example")} {
		w := do(s.handler(), http.MethodPost, "/esci", "a=b", from)
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "altro sito") {
			t.Errorf("%d", w.Code)
		}
	}
	if w := do(s.handler(), http.MethodPost, "/esci", "a=b", header("Sec-Fetch-Site", "same-origin")); w.Code != http.StatusSeeOther {
		t.Errorf("own post: %d", w.Code)
	}
}

func TestSigningInLeadsWhereOneWantedToGoAndOutAgain(t *testing.T) {
	t.Parallel()
	s := newWorld(t, io.Discard).site
	h := s.handler()
	asked := do(h, http.MethodGet, "/password?x=1", "")
	if asked.Code != http.StatusSeeOther || asked.Header().Get("Location") != "/accedi?next=/password" {
		t.Fatal(asked.Code, asked.Header().Get("Location"))
	}
	if w := do(h, http.MethodGet, "/accedi?next=/password", ""); !strings.Contains(w.Body.String(), `name="next" value="/password"`) {
		t.Error("the wish is not kept")
	}
	in := do(h, http.MethodPost, "/accedi", "username=marta&password=right&next=/password")
	if in.Code != http.StatusSeeOther || in.Header().Get("Location") != "/password" {
		t.Fatal(in.Code, in.Header().Get("Location"))
	}
	mine := cookie("approdo-session", "token-marta")
	if w := do(h, http.MethodGet, "/", "", mine); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Comune di Rozzano") {
		t.Error(w.Code, "the body is not shown")
	}
	if w := do(h, http.MethodGet, "/accedi", "", mine); w.Code != http.StatusSeeOther {
		t.Error("who is in was asked to sign in")
	}
	if w := do(h, http.MethodPost, "/password", "current=right&password=un+cavallo+giallo&repeat=un+cavallo+giallo", mine); w.Code != http.StatusSeeOther {
		t.Error(w.Code, "the password was not changed")
	}
	if w := do(h, http.MethodPost, "/esci", "a=b", cookie("approdo-session", "changed")); w.Code != http.StatusSeeOther {
		t.Error(w.Code)
	}
	if w := do(h, http.MethodGet, "/", "", cookie("approdo-session", "changed")); w.Code != http.StatusSeeOther {
		t.Error(w.Code, "still in")
	}
}

func TestSigningInRefused(t *testing.T) {
	t.Parallel()
	h := newTestSite(t, io.Discard).handler()
	for body, want := range map[string]int{
		"username=nobody&password=x": http.StatusUnprocessableEntity,
		"username=busy&password=x":   http.StatusTooManyRequests,
		"username=broken&password=x": http.StatusInternalServerError,
	} {
		if w := do(h, http.MethodPost, "/accedi", body); w.Code != want || len(w.Result().Cookies()) > 0 {
			t.Errorf("%s: %d", body, w.Code)
		}
	}
}

func TestChoosingAPassword(t *testing.T) {
	t.Parallel()
	h := newTestSite(t, io.Discard).handler()
	for body, want := range map[string]string{
		"invitation=other&password=un+cavallo+giallo&repeat=un+cavallo+giallo": `id="f-invitation-error"`,
		"invitation=invited&password=short&repeat=short":                       `id="f-password-error"`,
		"invitation=invited&password=un+cavallo+giallo&repeat=altro":           `id="f-repeat-error"`,
	} {
		if w := do(h, http.MethodPost, "/attiva", body); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d", body, w.Code)
		}
	}
	w := do(h, http.MethodPost, "/attiva", "invitation=invited&password=un+cavallo+giallo&repeat=un+cavallo+giallo")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/accedi" {
		t.Error(w.Code)
	}
}

func TestANoticeIsSaidOnceAndOnlyIfItIsOurs(t *testing.T) {
	t.Parallel()
	h := newTestSite(t, io.Discard).handler()
	w := do(h, http.MethodGet, "/accedi", "", cookie("approdo-notice", "signed-out"))
	if !strings.Contains(w.Body.String(), "Sei uscito") || !strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age=0") {
		t.Error("not said, or not once")
	}
	if w := do(h, http.MethodGet, "/accedi", "", cookie("approdo-notice", "you-have-won")); strings.Contains(w.Body.String(), `role="status"`) {
		t.Error("a forged notice was shown")
	}
}

func TestTheLanguageIsChosenAskedForOrItalian(t *testing.T) {
	t.Parallel()
	h := newTestSite(t, io.Discard).handler()
	for _, c := range []struct {
		edit func(*http.Request)
		want string
	}{
		{header("Accept-Language", "uk,en;q=0.5"), "it"},
		{header("Accept-Language", "en-GB,it;q=0.8"), "en"},
		{cookie(languageCookie, "en"), "en"},
		{cookie(languageCookie, "xx"), "it"},
	} {
		if w := do(h, http.MethodGet, "/accedi", "", c.edit); !strings.Contains(w.Body.String(), `<html lang="`+c.want+`">`) || w.Header().Get("Content-Language") != c.want {
			t.Errorf("not %s", c.want)
		}
	}
	w := do(h, http.MethodPost, "/lingua", "lang=en&back=/privacy")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/privacy" || !strings.Contains(w.Header().Get("Set-Cookie"), languageCookie+"=en") {
		t.Error(w.Code, w.Header())
	}
	if w := do(h, http.MethodPost, "/lingua", "lang=xx&back=/privacy"); w.Code != http.StatusUnprocessableEntity {
		t.Error(w.Code)
	}
}

func TestRedirectsStayInside(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		"/richieste/1": "/richieste/1", "": "/", "https://elsewhere.example": "/", "//elsewhere.example": "/", `/\elsewhere.example`: "/",
		"/a\r\nSet-Cookie: x": "/", "javascript:alert(1)": "/",
	} {
		if got := local(to); got != want {
			t.Errorf("%q led to %q", to, got)
		}
	}
}

func TestTheLogTellsTheRouteAndNothingTyped(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := newWorld(t, &log).site
	h := s.handler()
	do(h, http.MethodPost, "/accedi", "username=marta&password=right")
	log.Reset()
	mine := cookie("approdo-session", "token-marta")
	do(h, http.MethodGet, "/Kovalenko-Sofiia?name=Kovalenko", "", mine)
	do(h, http.MethodGet, "/?name=Kovalenko", "", mine)
	do(h, http.MethodPost, "/accedi", "username=Kovalenko&password=Kovalenko")
	line := log.String()
	if strings.Contains(line, "Kovalenko") {
		t.Errorf("a name reached the log: %s", line)
	}
	for _, want := range []string{`"uri":"/"`, `"method":"GET"`, `"status":200`, `"status":404`, `"consumer":"019a3c1e-8f5d-7a10-9b1c-000000000001"`,
		`"role":"comune"`, `"client":"192.0.2.1"`, `"request":"0`, `Z","request"`} {
		if !strings.Contains(line, want) {
			t.Errorf("the log lacks %s:\n%s", want, line)
		}
	}
}

func TestAPanicBecomesAPageWithTheRequestsID(t *testing.T) {
	t.Parallel()
	for _, fault := range []any{"Kovalenko", errors.New("Kovalenko"), nil} {
		var log bytes.Buffer
		s := newTestSite(t, &log)
		h := s.begin(s.recovered(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			if fault == nil {
				var none *site
				fault = none.Owner
			}
			panic(fault)
		})))
		w := do(h, http.MethodGet, "/", "")
		id := w.Header().Get("X-Request-Id")
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), id) || !strings.Contains(log.String(), id) {
			t.Errorf("%v: %d", fault, w.Code)
		}
		if strings.Contains(w.Body.String()+log.String(), "Kovalenko") {
			t.Error("what was panicked with came out")
		}
	}
}

func TestAFaultOfOursIsNotTold(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := newTestSite(t, &log)
	h := s.begin(s.page(func(http.ResponseWriter, *http.Request) error { return errors.New("table cases_v7 is gone") }))
	w := do(h, http.MethodGet, "/", "")
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "cases_v7") || !strings.Contains(log.String(), "cases_v7") {
		t.Errorf("%d %s", w.Code, log.String())
	}
}

func TestEveryKindHasAStatusAndAPage(t *testing.T) {
	t.Parallel()
	s := newTestSite(t, io.Discard)
	for kind, want := range statuses {
		h := s.begin(s.page(func(http.ResponseWriter, *http.Request) error { return &domain.Error{Kind: kind, Code: "some-code"} }))
		w := do(h, http.MethodGet, "/x", "")
		switch {
		case kind == domain.KindUnauthorised:
			if to, err := url.Parse(w.Header().Get("Location")); err != nil || w.Code != http.StatusSeeOther || to.Path != "/accedi" {
				t.Error(kind, w.Code)
			}
		case w.Code != want || !strings.Contains(w.Body.String(), "</html>"):
			t.Errorf("%s: %d", kind, w.Code)
		case (want == 429 || want == 503) != (w.Header().Get("Retry-After") != ""):
			t.Errorf("%s: Retry-After %q", kind, w.Header().Get("Retry-After"))
		}
	}
}

func TestAbsentAndHiddenLookAlike(t *testing.T) {
	t.Parallel()
	s := newTestSite(t, io.Discard)
	show := func(err error) string {
		w := do(s.begin(s.page(func(http.ResponseWriter, *http.Request) error { return err })), http.MethodGet, "/x", "")
		return strings.ReplaceAll(w.Body.String(), w.Header().Get("X-Request-Id"), "ID")
	}
	if show(domain.NotFound("case-not-found")) != show(domain.NotFound("page-not-found")) {
		t.Error("they can be told apart")
	}
}
