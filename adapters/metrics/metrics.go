// Package metrics counts what an operator watches, in the format of Prometheus. Labels are routes, names of views and policies, and
// codes; nothing in them is about people.
package metrics

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/policy"
	"approdo/projections"
)

// Metrics are those of one node.
type Metrics struct {
	registry *prometheus.Registry
	appends  *prometheus.HistogramVec
	events   prometheus.Counter
	requests *prometheus.HistogramVec
}

// waits are the bounds of the histograms in seconds: from an idle disk to a client that gives up.
var waits = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// New begins to count.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		appends: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "approdo_append_seconds", Buckets: waits,
			Help: "How long appends to the journal took, by outcome: ok, conflict, unavailable, overloaded, unknown, other."}, []string{"outcome"}),
		events: prometheus.NewCounter(prometheus.CounterOpts{Name: "approdo_events_appended_total", Help: "Events appended by this node."}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "approdo_http_request_seconds", Buckets: waits,
			Help: "How long requests took, by method, route and status."}, []string{"method", "route", "status"}),
	}
	m.registry.MustRegister(m.appends, m.events, m.requests, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Journal measures the appends to a store.
func (m *Metrics) Journal(s event.Store) event.Store { return journal{s, m} }

type journal struct {
	event.Store
	metrics *Metrics
}

// Append implements event.Store.
func (j journal) Append(ctx context.Context, a event.Append) (event.Result, error) {
	began := time.Now()
	res, err := j.Store.Append(ctx, a)
	j.metrics.appends.WithLabelValues(outcome(err)).Observe(time.Since(began).Seconds())
	if err == nil && !res.Duplicate {
		j.metrics.events.Add(float64(len(a.Events)))
	}
	return res, err
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, event.ErrConflict):
		return "conflict"
	case errors.Is(err, event.ErrUnknownOutcome):
		return "unknown"
	case errors.Is(err, domain.KindOverloaded):
		return "overloaded"
	case errors.Is(err, domain.KindUnavailable):
		return "unavailable"
	}
	return "other"
}

// HTTP measures the answers of a handler. Routes are the patterns of chi routers below it, "/pratiche/{id}", and never addresses.
func (m *Metrics) HTTP(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		routes := chi.NewRouteContext()
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		began := time.Now()
		next.ServeHTTP(seen, r.WithContext(context.WithValue(r.Context(), chi.RouteCtxKey, routes)))
		route := routes.RoutePattern()
		if route == "" {
			route = "none"
		}
		m.requests.WithLabelValues(method(r.Method), route, strconv.Itoa(seen.status)).Observe(time.Since(began).Seconds())
	})
}

// method keeps clients from inventing labels.
func method(name string) string {
	switch name {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return name
	}
	return "other"
}

type statusWriter struct {
	http.ResponseWriter
	status int
	begun  bool
}

func (w *statusWriter) WriteHeader(status int) {
	if !w.begun {
		w.status, w.begun = status, status >= 200 // an informational answer is followed by the real one
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Views tells how far the views have come; *projections.Runner does.
type Views interface {
	Status(ctx context.Context) ([]projections.Status, error)
}

// Policies tells how far the policies have come and what they have parked; *feed.Router does.
type Policies interface {
	Positions() map[string]event.Position
	Parked(ctx context.Context) ([]policy.Parked, error)
}

// Watch adds how far the views and policies are behind the journal, and what is parked, asked for at every scrape.
func (m *Metrics) Watch(views Views, policies Policies, log *slog.Logger) {
	m.registry.MustRegister(&watch{views, policies, log})
}

var (
	headDesc   = prometheus.NewDesc("approdo_journal_head", "Position of the last event.", nil, nil)
	viewDesc   = prometheus.NewDesc("approdo_view_lag", "Positions a view is behind the journal.", []string{"view"}, nil)
	stateDesc  = prometheus.NewDesc("approdo_view_live", "1 for a view that follows the journal, 0 for one that halted or is being built.", []string{"view"}, nil)
	policyDesc = prometheus.NewDesc("approdo_policy_lag", "Positions a policy is behind the journal.", []string{"policy"}, nil)
	parkedDesc = prometheus.NewDesc("approdo_parked_records", "Records a policy has set aside for a person to look at.", []string{"policy"}, nil)
)

type watch struct {
	views    Views
	policies Policies
	log      *slog.Logger
}

// Describe implements prometheus.Collector.
func (w *watch) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{headDesc, viewDesc, stateDesc, policyDesc, parkedDesc} {
		out <- d
	}
}

// scrapeWithin bounds what a scrape may ask of the engines.
const scrapeWithin = 5 * time.Second

// Collect implements prometheus.Collector. What cannot be read is left out, and logged.
func (w *watch) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeWithin)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	all, err := w.views.Status(ctx)
	if err != nil {
		w.log.Warn("metrics: views", "error", err)
	}
	head := event.Position(0)
	for _, s := range all {
		head = max(head, s.Head)
		live := 0.0
		if s.State == projections.Live {
			live = 1
		}
		gauge(viewDesc, float64(s.Lag()), s.Projection)
		gauge(stateDesc, live, s.Projection)
	}
	gauge(headDesc, float64(head))
	parked := map[string]int{}
	records, err := w.policies.Parked(ctx)
	if err != nil {
		w.log.Warn("metrics: parked records", "error", err)
	}
	for _, p := range records {
		parked[p.Policy]++
	}
	for name, at := range w.policies.Positions() {
		gauge(policyDesc, float64(max(head, at)-at), name)
		parked[name] += 0
	}
	for name, n := range parked {
		gauge(parkedDesc, float64(n), name)
	}
}
