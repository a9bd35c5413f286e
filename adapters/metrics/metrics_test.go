package metrics_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/adapters/metrics"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/policy"
	"approdo/projections"
)

func scrape(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func wants(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
}

func TestAppendsAreCountedByOutcome(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	s := m.Journal(memory.New())
	draft := func() event.Draft {
		return event.Draft{ID: uuid.New(), Type: "case.noted", Schema: 1, Data: []byte("{}"), Meta: event.Meta{At: time.Now()}}
	}
	first := event.Append{Stream: "case-1", Expected: event.NoStream, Events: []event.Draft{draft(), draft()}}
	for range 2 { // the second finds itself
		if _, err := s.Append(t.Context(), first); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Append(t.Context(), event.Append{Stream: "case-1", Expected: event.NoStream, Events: []event.Draft{draft()}}); !errors.Is(err, event.ErrConflict) {
		t.Fatal(err)
	}
	wants(t, scrape(t, m), `approdo_append_seconds_count{outcome="ok"} 2`, `approdo_append_seconds_count{outcome="conflict"} 1`,
		`approdo_events_appended_total 2`)
}

func TestRequestsAreCountedByRouteAndNeverByAddress(t *testing.T) {
	t.Parallel()
	m, id := metrics.New(), uuid.NewString()
	pages := chi.NewRouter()
	pages.Route("/pratiche", func(r chi.Router) {
		r.Get("/{id}", func(w http.ResponseWriter, r *http.Request) {
			if chi.URLParam(r, "id") != id {
				http.Error(w, "id", http.StatusTeapot)
			}
		})
	})
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	h := m.HTTP(mux)
	for _, r := range []struct{ method, path string }{{"GET", "/pratiche/" + id}, {"GET", "/Mario-Rossi"}, {"BREW", "/pratiche/" + id}} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(r.method, r.path, nil))
	}
	text := scrape(t, m)
	wants(t, text, `approdo_http_request_seconds_count{method="GET",route="/pratiche/{id}",status="200"} 1`,
		`approdo_http_request_seconds_count{method="GET",route="none",status="404"} 1`)
	for _, leak := range []string{id, "Mario", "BREW"} {
		if strings.Contains(text, leak) {
			t.Errorf("%q is among the metrics", leak)
		}
	}
}

type house struct{ fail error }

func (h house) Status(context.Context) ([]projections.Status, error) {
	live := projections.Status{Projection: "board", State: projections.Live, Position: 90, Head: 100}
	halted := projections.Status{Projection: "audit", State: projections.Halted, Position: 40, Head: 100}
	return []projections.Status{live, halted}, h.fail
}

func (h house) Positions() map[string]event.Position {
	return map[string]event.Position{policy.NameErasure: 100, policy.NameMergesHold: 97}
}

func (h house) Parked(context.Context) ([]policy.Parked, error) {
	return []policy.Parked{{Policy: policy.NameMergesHold}, {Policy: policy.NameClocks}}, h.fail
}

func TestWhatIsBehindAndWhatIsParked(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	m.Watch(house{}, house{}, slog.New(slog.DiscardHandler))
	wants(t, scrape(t, m), `approdo_journal_head 100`, `approdo_view_lag{view="board"} 10`, `approdo_view_lag{view="audit"} 60`,
		`approdo_view_live{view="board"} 1`, `approdo_view_live{view="audit"} 0`, `approdo_policy_lag{policy="merges-hold"} 3`,
		`approdo_policy_lag{policy="erasure"} 0`, `approdo_parked_records{policy="merges-hold"} 1`, `approdo_parked_records{policy="clocks"} 1`,
		`approdo_parked_records{policy="erasure"} 0`)
}

func TestAScrapeAnswersWhenAnEngineDoesNot(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	m.Watch(house{domain.KindUnavailable}, house{domain.KindUnavailable}, slog.New(slog.DiscardHandler))
	wants(t, scrape(t, m), `approdo_policy_lag{policy="erasure"} 0`)
}
