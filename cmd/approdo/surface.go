package main

import (
	"bytes"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"approdo/adapters/session"
	"approdo/adapters/web"
)

// guarded puts on every answer what keeps a browser from making more of it than it is, and takes no files but where the pages take a
// sheet. What the pages need beyond that they say themselves.
func guarded(secure bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		if kind := strings.TrimSpace(r.Header.Get("Content-Type")); strings.HasPrefix(strings.ToLower(kind), "multipart/") && !web.TakesFile(r) {
			http.Error(w, "no files are taken here", http.StatusUnsupportedMediaType)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// gate is how many requests are answered at once, and how many may wait for how long. Whoever comes to a full house is sent away at once:
// those inside are answered as fast as ever, where taking everybody in would answer nobody.
type gate struct {
	inside, line chan struct{}
	patience     time.Duration
}

// What a node of few cores answers within a second. With a longer line everybody in it would wait until nobody wants the answer any more.
const (
	gateInside   = 32
	gateLine     = 64
	gatePatience = 500 * time.Millisecond
)

func newGate(inside, line int, patience time.Duration) *gate {
	return &gate{inside: make(chan struct{}, inside), line: make(chan struct{}, inside+line), patience: patience}
}

// bound lets requests in. A body is read before, so that a slow sender takes no place; files of the pages' own take none either.
func (m *gate) bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/static/") {
			next.ServeHTTP(w, r)
			return
		}
		r = arrived(r)
		if !m.enter(r) {
			busy(w, r)
			return
		}
		if web.StartsStream(r) {
			begun := &begun{ResponseWriter: w, leave: sync.OnceFunc(m.leave)}
			defer begun.leave()
			next.ServeHTTP(begun, r)
			return
		}
		defer m.leave()
		next.ServeHTTP(w, r)
	})
}

// begun is an answer that goes on as long as its reader looks: once it has begun, its place is for others. How many there may be the pages
// know.
type begun struct {
	http.ResponseWriter
	leave func()
}

func (b *begun) WriteHeader(status int) {
	b.ResponseWriter.WriteHeader(status)
	b.leave()
}

// Unwrap lets http.ResponseController reach the writer below.
func (b *begun) Unwrap() http.ResponseWriter { return b.ResponseWriter }

func (m *gate) enter(r *http.Request) bool {
	select {
	case m.line <- struct{}{}:
	default:
		return false
	}
	wait := time.NewTimer(m.patience)
	defer wait.Stop()
	select {
	case m.inside <- struct{}{}:
		return true
	case <-wait.C:
	case <-r.Context().Done():
	}
	<-m.line
	return false
}

func (m *gate) leave() { <-m.inside; <-m.line }

// largestArrival is no less than the largest body that anything behind takes; what is beyond it is read there, and refused.
const largestArrival = 1 << 20

// arrived is a request with its body read. What went wrong while reading is told to whoever reads it again.
func arrived(r *http.Request) *http.Request {
	if r.Body == nil || r.Body == http.NoBody {
		return r
	}
	begun, err := io.ReadAll(io.LimitReader(r.Body, largestArrival))
	rest := io.Reader(r.Body)
	if err != nil {
		rest = unread{err}
	}
	same := *r // a handler may not change the request it was given
	same.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(begun), rest), r.Body}
	return &same
}

type unread struct{ err error }

func (u unread) Read([]byte) (int, error) { return 0, u.err }

// busyProblem is said in the form of the API; it costs nothing to make.
const busyProblem = `{"type":"urn:approdo:problem:overloaded","title":"Service Unavailable","status":503,"code":"overloaded"}`

const busyPage = "Il servizio ha troppe richieste: riprovate tra qualche secondo.\nToo many requests at once: please try again in a few seconds.\n"

func busy(w http.ResponseWriter, r *http.Request) {
	h, text := w.Header(), busyPage
	h.Set("Retry-After", "5")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	if strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == "/status" {
		h.Set("Content-Type", "application/problem+json")
		text = busyProblem
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	io.WriteString(w, text) // a client that went away is no fault of ours
}

// costlyPerMinute is how often a session, or a network where nobody is signed in, may ask for a page that costs much: a search, a file of
// much, a sign-in. Each node counts its own.
const costlyPerMinute = 120

// costly tells those pages: they read much, or what they do is worth trying often.
func costly(r *http.Request) bool {
	switch path.Ext(r.URL.Path) {
	case ".csv", ".xlsx", ".json", ".jsonl":
		return true
	}
	if strings.Contains(r.URL.RawQuery, "formato=") { // a whole list as a file
		return true
	}
	switch r.URL.Path {
	case "/registro/cerca":
		return true
	case "/cerca", "/accedi", "/attiva", "/password/dimenticata", "/sicurezza/verifica":
		return r.Method == http.MethodPost
	}
	return strings.HasPrefix(r.URL.Path, "/pratiche/") && strings.HasSuffix(r.URL.Path, "/accesso")
}

// spared counts the requests for costly pages, and says in their answers what is left, as those of the API do.
func spared(pages http.Handler, l *session.Limiter, authenticate func(http.Handler) http.Handler) http.Handler {
	counted := authenticate(l.Limit(pages, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, tooOftenPage, http.StatusTooManyRequests)
	})))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if costly(r) {
			counted.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}

const tooOftenPage = "Troppe richieste da questo accesso: riprovate tra qualche secondo.\nToo many requests: please try again in a few seconds."
