package outlet_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"approdo/adapters/outlet"
	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/fact"
	"approdo/domain/policy"
)

var (
	secret = []byte("not a secret, only for a test")
	quiet  = slog.New(slog.DiscardHandler)
)

// record is an offer that a school declined.
func record(t *testing.T, codec *event.Codec, revision event.Revision) event.Record {
	t.Helper()
	id := uuid.New()
	d, err := codec.Encode(t.Context(), casefile.Stream(id), revision, uuid.New(),
		casefile.OfferDeclined{Offer: uuid.New(), School: "MIEE8A1014", Reason: "over-ceiling", At: time.Now()},
		event.Meta{Actor: domain.Actor{Role: domain.RoleSchool, Body: "MIIC8A1003"}, At: time.Now().UTC()})
	if err != nil {
		t.Fatal(err)
	}
	return event.Record{Draft: d, Stream: casefile.Stream(id), Revision: revision, Position: 7}
}

func reaction(t *testing.T, codec *event.Codec, address string) policy.Reaction {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	o, err := outlet.Open(outlet.Config{Name: "test", URL: u, Secret: secret}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	return o.Reaction(codec)
}

// receiver is another system that keeps what it is sent, once per id, and checks who sent it.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	facts  []fact.Fact
	seen   map[string]int
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: http.StatusAccepted, seen: map[string]int{}}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, err := io.ReadAll(q.Body)
	id := q.Header.Get("Webhook-Id")
	if err != nil || q.Header.Get("Webhook-Signature") != outlet.Sign(secret, id, q.Header.Get("Webhook-Timestamp"), body) {
		http.Error(w, "signature", http.StatusUnauthorized)
		return
	}
	var f fact.Fact
	if err := json.Unmarshal(body, &f); err != nil || f.ID.String() != id {
		http.Error(w, "body", http.StatusBadRequest)
		return
	}
	if r.seen[id]++; r.status < 300 && r.seen[id] == 1 {
		r.facts = append(r.facts, f)
	}
	if r.status == http.StatusFound {
		w.Header().Set("Location", "/elsewhere")
	}
	w.WriteHeader(r.status)
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func TestAReceiverHasEachFactSigned(t *testing.T) {
	t.Parallel()
	codec, r := event.NewCodec(sealtest.New(), casefile.Events), newReceiver(t)
	react := reaction(t, codec, r.URL+"/in?tenant=1")
	if react.Name != "outlet-test" || react.Category != "case-" || len(react.Types) == 0 {
		t.Errorf("%+v", react)
	}
	rec := record(t, codec, 3)
	for range 2 { // delivered again after a crash
		if err := react.React(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.facts) != 1 || r.seen[rec.ID.String()] != 2 {
		t.Fatalf("%d facts of %d requests", len(r.facts), r.seen[rec.ID.String()])
	}
	if f := r.facts[0]; f.ID != rec.ID || f.Type != "case.offer-declined" || f.Subject != casefile.IDOf(rec.Stream) || f.Sequence != "3" ||
		f.Data.School != "MIEE8A1014" || f.Data.Reason != "over-ceiling" || f.Data.Role != domain.RoleSchool {
		t.Errorf("told %+v", f)
	}
}

// The vector is that of the specification's reference libraries.
func TestTheSignatureIsThatOfStandardWebhooks(t *testing.T) {
	t.Parallel()
	key, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := outlet.Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWhoIsAwayIsWaitedForAndWhoRefusesIsNot(t *testing.T) {
	t.Parallel()
	codec, r := event.NewCodec(sealtest.New(), casefile.Events), newReceiver(t)
	react := reaction(t, codec, r.URL)
	for status, want := range map[int]domain.Kind{500: domain.KindUnavailable, 503: domain.KindUnavailable, 429: domain.KindUnavailable,
		408: domain.KindUnavailable, 400: domain.KindRefused, 404: domain.KindRefused, 410: domain.KindRefused, 302: domain.KindRefused} {
		r.answer(status)
		if err := react.React(t.Context(), record(t, codec, 0)); !errors.Is(err, want) {
			t.Errorf("answered %d: %v", status, err)
		}
	}
	r.Close()
	if err := react.React(t.Context(), record(t, codec, 0)); !errors.Is(err, domain.KindUnavailable) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestWhatIsNoReceiverIsNotOpened(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]error{"http://example.org/in": outlet.ErrScheme, "ftp://example.org": outlet.ErrScheme,
		"nats://127.0.0.1:4222": outlet.ErrSubject, "nats://127.0.0.1:4222/a b": outlet.ErrSubject, "https://example.org/in": outlet.ErrSecret} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := outlet.Open(outlet.Config{Name: "test", URL: u, Secret: []byte("short")}, quiet); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", address, err, want)
		}
	}
	if _, err := outlet.Open(outlet.Config{Name: "Test 1", URL: &url.URL{Scheme: "https"}, Secret: secret}, quiet); !errors.Is(err, outlet.ErrName) {
		t.Errorf("got %v", err)
	}
}

// broker starts a NATS server with JetStream on a port, and gives what ends it.
func broker(t *testing.T, port int, dir string) (stop func()) {
	t.Helper()
	path, err := exec.LookPath("nats-server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("nats-server is not installed")
		}
		t.Skip("nats-server is not installed: install it, or set CI=true to have this fail")
	}
	cmd := exec.Command(path, "--jetstream", "--store_dir", dir, "--addr", "127.0.0.1", "--port", fmt.Sprint(port))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return sync.OnceFunc(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil && cmd.ProcessState.Exited() {
			t.Errorf("nats-server: %v", err)
		}
	})
}

// stream makes the stream that keeps the facts, once the broker is up.
func stream(ctx context.Context, t *testing.T, address string) nats.JetStreamContext {
	t.Helper()
	var c *nats.Conn
	for {
		var err error
		if c, err = nats.Connect(address); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Cleanup(c.Close)
	js, err := c.JetStream(nats.Context(ctx))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.AddStream(&nats.StreamConfig{Name: "APPRODO", Subjects: []string{"approdo.facts"}}); err != nil {
		t.Fatal(err)
	}
	return js
}

func TestFactsReachJetStreamOnceTheBrokerIsThere(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	codec, dir := event.NewCodec(sealtest.New(), casefile.Events), t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("nats://127.0.0.1:%d", port)
	react := reaction(t, codec, address+"/approdo.facts")
	rec := record(t, codec, 0)
	if err := react.React(ctx, rec); !errors.Is(err, domain.KindUnavailable) {
		t.Fatalf("without a broker: %v", err)
	}
	stop := broker(t, port, dir)
	defer stop()
	js := stream(ctx, t, address)
	send := func(r event.Record) {
		t.Helper()
		for err := react.React(ctx, r); err != nil; err = react.React(ctx, r) {
			if !errors.Is(err, domain.KindUnavailable) || ctx.Err() != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	second := record(t, codec, 1)
	send(rec)
	send(rec) // the broker knows it by its id
	send(second)
	sub, err := js.SubscribeSync("approdo.facts", nats.OrderedConsumer())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []event.Record{rec, second} {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var f fact.Fact
		if err := json.Unmarshal(m.Data, &f); err != nil || f.ID != want.ID {
			t.Errorf("got %s, %v; want %s", f.ID, err, want.ID)
		}
	}
	info, err := js.StreamInfo("APPRODO")
	if err != nil || info.State.Msgs != 2 {
		t.Errorf("%+v, %v", info, err)
	}
}
