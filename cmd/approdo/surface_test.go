package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"approdo/adapters/rest"
	"approdo/adapters/session"
	"approdo/adapters/web"
)

// lacking names what an answer does not carry and every answer must.
func lacking(h http.Header, secure bool) string {
	var out []string
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin"} {
		if h.Get(name) != want {
			out = append(out, name)
		}
	}
	policy := h.Get("Content-Security-Policy")
	for _, directive := range []string{"default-src 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, directive) || strings.Contains(policy, "unsafe") {
			out = append(out, "Content-Security-Policy "+directive)
		}
	}
	if r := h.Get("Referrer-Policy"); r != "no-referrer" && r != "same-origin" {
		out = append(out, "Referrer-Policy")
	}
	if !strings.Contains(h.Get("Permissions-Policy"), "camera=()") {
		out = append(out, "Permissions-Policy")
	}
	if c := h.Get("Cache-Control"); c != "no-store" && !strings.HasSuffix(c, "immutable") {
		out = append(out, "Cache-Control")
	}
	if got := h.Get("Strict-Transport-Security"); (got == "max-age=31536000; includeSubDomains") != secure {
		out = append(out, "Strict-Transport-Security")
	}
	return strings.Join(out, ", ")
}

// routesOf are the methods and paths of all that is answered, with nothing in the place of parameters.
func routesOf(t *testing.T) (out [][2]string) {
	t.Helper()
	pages, err := web.New(web.Config{Sessions: session.New(session.Config{})})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []http.Handler{pages, rest.New(rest.Config{Sessions: session.New(session.Config{}), Limiter: session.NewLimiter(1, time.Minute, time.Now)})} {
		err := chi.Walk(h.(chi.Routes), func(method, path string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
			out = append(out, [2]string{method, strings.NewReplacer("{", "", "}", "", "*", "x").Replace(path)})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// What is signed in and of whom is walked by TestEveryPageAnswersAsItsRowSays, which wants the same headers.
func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	p, client := startTLS(t)
	asked := append(routesOf(t), [2]string{"GET", "/livez"}, [2]string{"GET", "/readyz"}, [2]string{"POST", "/livez"}, [2]string{"GET", "/static/x/y.css"},
		[2]string{"GET", "/nowhere"}, [2]string{"GET", "//accedi"}, [2]string{"GET", "/a/../accedi"}, [2]string{"DELETE", "/accedi"}, [2]string{"TRACE", "/accedi"},
		[2]string{"OPTIONS", "/api/v1/cases"}, [2]string{"PROPFIND", "/api/v1/nowhere"}, [2]string{"OPTIONS", "*"})
	statuses := map[int]int{}
	for _, a := range asked {
		r, err := http.NewRequest(a[0], p+strings.TrimPrefix(a[1], "*"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if a[1] == "*" {
			r.URL.Opaque = "*"
		}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		statuses[res.StatusCode]++
		if what := lacking(res.Header, true); what != "" {
			t.Errorf("%s %s, %d: without %s", a[0], a[1], res.StatusCode, what)
		}
		if res.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s may be read from elsewhere", a[0], a[1])
		}
		if res.StatusCode == http.StatusInternalServerError || a[0] == "TRACE" && res.StatusCode < 400 {
			t.Errorf("%s %s: %d", a[0], a[1], res.StatusCode)
		}
	}
	for _, status := range []int{200, 303, 401, 404, 405} {
		if statuses[status] == 0 {
			t.Errorf("no answer was %d: %v", status, statuses)
		}
	}
}

func TestNoFilesAreTakenButSheetsWhereTheyBelong(t *testing.T) {
	t.Parallel()
	h := guarded(false, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for kind, want := range map[string]int{"multipart/form-data; boundary=x": 415, "Multipart/Mixed": 415, "multipart/form-data; boundary=x; boundary=y": 415,
		"application/x-www-form-urlencoded": 204, "application/json; charset=utf-8": 204, "": 204} {
		r, w := httptest.NewRequest("POST", "/accedi", strings.NewReader("--x--")), httptest.NewRecorder()
		r.Header.Set("Content-Type", kind)
		if h.ServeHTTP(w, r); w.Code != want || lacking(w.Header(), false) != "" && want == 204 {
			t.Errorf("%q: %d, without %s", kind, w.Code, lacking(w.Header(), false))
		}
	}
	for at, want := range map[string]int{"POST /fogli/richieste": 204, "POST /fogli/iscrizioni": 204, "PUT /fogli/richieste": 415, "POST /fogli/richieste/x": 415,
		"POST /fogli/richieste/": 415, "POST /api/v1/fogli/richieste": 415} {
		method, path, _ := strings.Cut(at, " ")
		r, w := httptest.NewRequest(method, path, strings.NewReader("--x--")), httptest.NewRecorder()
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		if h.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%s: %d", at, w.Code)
		}
	}
}

// pair is a certificate made for this test, of a machine that has no other name.
func pair(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return cert, key, pool
}

// startTLS is the program answering over TLS, and a client that believes its certificate and follows nothing.
func startTLS(t *testing.T) (url string, client *http.Client) {
	t.Helper()
	dir := t.TempDir()
	master := filepath.Join(dir, "master.key")
	if code, _, err := called(t, nil, "key", master, "--data", filepath.Join(dir, "data")); code != exitOK {
		t.Fatal(err)
	}
	cert, key, pool := pair(t)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	client = &http.Client{Transport: transport, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ctx, cancel := context.WithCancel(context.Background())
	var stdout, stderr output
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--data", filepath.Join(dir, "data"), "--key", master, "--email", "a@example.org", "--listen", "127.0.0.1:0",
			"--tls-cert", cert, "--tls-key", key}, func(string) string { return "" }, &stdout, &stderr)
	}()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		cancel()
		if code := <-ended; code != exitOK {
			t.Errorf("the program ended with %d: %s", code, stderr.String())
		}
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if at := address.FindString(stdout.String()); at != "" {
			url = "https://" + at
			if res, err := client.Get(url + "/readyz"); err == nil {
				res.Body.Close()
				if res.StatusCode == http.StatusOK {
					return url, client
				}
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the program does not answer: %s", stderr.String())
		}
	}
}

func TestOldOrWeakTLSIsRefused(t *testing.T) {
	t.Parallel()
	cert, key, pool := pair(t)
	config, err := certificate{TLSCert: cert, TLSKey: key}.config()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- listenAndServe(ctx, l, http.NotFoundHandler(), config, slog.New(slog.DiscardHandler))
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for name, c := range map[string]struct {
		client *tls.Config
		ok     bool
	}{
		"1.3":              {&tls.Config{MinVersion: tls.VersionTLS13}, true},
		"1.2 with GCM":     {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}, true},
		"1.2 with ChaCha":  {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256}}, true},
		"1.2 with CBC":     {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, false},
		"1.2 with SHA-256": {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256}}, false},
		"1.1":              {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
		"1.0":              {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, false},
	} {
		c.client.RootCAs = pool
		conn, err := tls.Dial("tcp", l.Addr().String(), c.client)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			conn.Close()
		}
	}
}

func TestAKeyThatOthersReadIsRefused(t *testing.T) {
	t.Parallel()
	cert, key, _ := pair(t)
	for mode, want := range map[os.FileMode]error{0o600: nil, 0o640: nil, 0o400: nil, 0o644: errKeyExposed, 0o604: errKeyExposed, 0o620: errKeyExposed} {
		if err := os.Chmod(key, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := (certificate{TLSCert: cert, TLSKey: key}).config(); !errors.Is(err, want) {
			t.Errorf("%o: %v", mode, err)
		}
	}
	code, _, out := called(t, nil, "serve", "--tls-cert", cert, "--plain", "--listen", "127.0.0.1:0")
	if code != exitUsage || !strings.Contains(out, "--tls-cert:") {
		t.Errorf("a certificate without a key: %d, %s", code, out)
	}
	code, _, out = called(t, nil, "serve", "--tls-cert", cert, "--tls-key", key, "--plain", "--listen", "127.0.0.1:0")
	if code != exitUsage || !strings.Contains(out, "--plain:") {
		t.Errorf("TLS and cookies for plain http: %d, %s", code, out)
	}
}

// serving a handler as the program does, with its patience made short where a test would wait for it.
func served(t *testing.T, h http.Handler, change func(*http.Server)) string {
	t.Helper()
	srv := newServer(h, slog.New(slog.DiscardHandler))
	for name, d := range map[string]time.Duration{"header": srv.ReadHeaderTimeout, "body": srv.ReadTimeout, "answer": srv.WriteTimeout, "idle": srv.IdleTimeout} {
		if d <= 0 || d > 2*time.Minute {
			t.Errorf("%s may take %s", name, d)
		}
	}
	change(srv)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func TestSlowAndTalkativeClientsAreClosed(t *testing.T) {
	t.Parallel()
	read := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusRequestTimeout)
			return
		}
		fmt.Fprint(w, strings.Repeat("x", 16<<20))
	})
	short := func(s *http.Server) {
		s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout = 100*time.Millisecond, 200*time.Millisecond, 300*time.Millisecond, 100*time.Millisecond
	}
	for name, text := range map[string]string{
		"nothing":        "",
		"half a header":  "GET / HTTP/1.1\r\nHost: a",
		"half a body":    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
		"idle afterward": "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", served(t, read, short))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: still open", name)
		}
	}
	// Who does not read what was asked for is not waited for: the answer ends before it is whole.
	conn, err := net.Dial("tcp", served(t, read, func(s *http.Server) { s.WriteTimeout = 300 * time.Millisecond }))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(600 * time.Millisecond)
	if n, _ := io.Copy(io.Discard, conn); n >= 16<<20 {
		t.Error("an answer waits for ever for its reader")
	}

	conn, err = net.Dial("tcp", served(t, read, func(*http.Server) {}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\nX-Long: "+strings.Repeat("a", 4*headerBytes)+"\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of %d bytes: %v, %v", 4*headerBytes, res, err)
	}
}

// Ten times what a house takes is offered at once. What it takes it answers; the others learn at once that they must come back; and no more
// than it takes is ever inside. Nothing here depends on how fast the machine is.
func TestAFullHouseAnswersThoseInsideAndSendsTheOthersAway(t *testing.T) {
	t.Parallel()
	const inside, line = 4, 8
	var now, most atomic.Int64
	open := make(chan struct{})
	m := newGate(inside, line, patience)
	h := m.bound(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		n := now.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		<-open
		now.Add(-1)
	}))
	var mu sync.Mutex
	statuses, gone := map[int]int{}, make(chan struct{}, 10*inside)
	var all sync.WaitGroup
	for i := range 10 * inside {
		all.Go(func() {
			path := "/pratiche"
			if i%2 == 0 {
				path = "/api/v1/cases"
			}
			r, w := httptest.NewRequest("POST", path, strings.NewReader("a=b")), httptest.NewRecorder()
			h.ServeHTTP(w, r)
			mu.Lock()
			defer mu.Unlock()
			statuses[w.Code]++
			if w.Code == http.StatusServiceUnavailable {
				if w.Header().Get("Retry-After") == "" || (i%2 == 0) != (w.Header().Get("Content-Type") == "application/problem+json") {
					t.Errorf("%v", w.Header())
				}
				gone <- struct{}{}
			}
		})
	}
	for range 10*inside - inside - line { // they are sent away while nobody inside has been answered
		<-gone
	}
	close(open)
	all.Wait()
	if statuses[200] != inside+line || most.Load() > inside {
		t.Errorf("%v, %d at once", statuses, most.Load())
	}
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, httptest.NewRequest("GET", "/pratiche", nil)); w.Code != 200 {
		t.Errorf("the house does not empty: %d", w.Code)
	}
}

func TestWhoWaitsTooLongIsSentAway(t *testing.T) {
	t.Parallel()
	m := newGate(1, 1, time.Millisecond)
	in, out := make(chan struct{}), make(chan struct{})
	h := m.bound(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(in); <-out }))
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}()
	<-in
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	close(out)
	<-done
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d", w.Code)
	}
}

// A body reaches whoever reads it as it was sent, also beyond what was read ahead, and so does its fault.
func TestABodyReadAheadIsTheBody(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, largestArrival, largestArrival + 7} {
		sent := bytes.Repeat([]byte("a"), size)
		r := arrived(httptest.NewRequest("POST", "/", bytes.NewReader(sent)))
		if got, err := io.ReadAll(r.Body); err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%d of %d, %v", len(got), size, err)
		}
	}
	fault := errors.New("gone")
	r := arrived(httptest.NewRequest("POST", "/", io.MultiReader(strings.NewReader("ab"), unread{fault})))
	if got, err := io.ReadAll(r.Body); !errors.Is(err, fault) || string(got) != "ab" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWhoAsksForCostlyPagesTooOftenIsToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	pages := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	same := func(next http.Handler) http.Handler { return next }
	now := time.Now()
	h := spared(pages, session.NewLimiter(2, time.Minute, func() time.Time { return now }), same)
	ask := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}
	for _, cheap := range [][2]string{{"GET", "/"}, {"GET", "/accedi"}, {"GET", "/cerca"}, {"POST", "/pratiche/nuova"}, {"GET", "/static/x/y.css"}} {
		for range 3 {
			if w := ask(cheap[0], cheap[1]); w.Code != 200 || w.Header().Get("X-RateLimit-Limit") != "" {
				t.Errorf("%s: %d, %v", cheap, w.Code, w.Header())
			}
		}
	}
	for _, dear := range [][2]string{{"POST", "/accedi"}, {"POST", "/cerca"}, {"GET", "/registro/cerca"}, {"GET", "/registro/cerca.csv"},
		{"GET", "/registro/cerca.jsonl"}, {"GET", "/pratiche/x/accesso.json"}, {"GET", "/pratiche/x/accesso"}, {"GET", "/pratiche/x/letture.csv"}} {
		now = now.Add(time.Minute)
		for left, want := range []int{200, 200, 429} {
			w := ask(dear[0], dear[1])
			if w.Code != want || w.Header().Get("X-RateLimit-Limit") != "2" || (w.Header().Get("Retry-After") == "30") != (left == 2) {
				t.Errorf("%s: %d, %v", dear, w.Code, w.Header())
			}
		}
	}
}
