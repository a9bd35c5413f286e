package metrics

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"approdo/domain/ledger"
)

// Ledger tells what was signed, and whether the journal is refused; *notary.Notary does.
type Ledger interface {
	Last(ctx context.Context) (ledger.Signed, error)
	Refused(ctx context.Context) (code string, since time.Time, err error)
}

// Signing adds what was signed and whether the journal is refused, asked for at every scrape.
func (m *Metrics) Signing(l Ledger, log *slog.Logger) { m.registry.MustRegister(&signing{l, log}) }

var (
	signedDesc   = prometheus.NewDesc("approdo_ledger_signed_records", "Records the newest signed checkpoint of the ledger speaks of.", nil, nil)
	signedAtDesc = prometheus.NewDesc("approdo_ledger_signed_seconds", "When it was signed, in seconds since 1970.", nil, nil)
	refusedDesc  = prometheus.NewDesc("approdo_ledger_refused", "1 while the journal is not signed because it does not go on from what was signed, 0 otherwise.", nil, nil)
)

type signing struct {
	ledger Ledger
	log    *slog.Logger
}

// Describe implements prometheus.Collector.
func (s *signing) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{signedDesc, signedAtDesc, refusedDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector. What cannot be read is left out, and logged.
func (s *signing) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeWithin)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	last, err := s.ledger.Last(ctx)
	if err != nil {
		s.log.Warn("metrics: ledger", "error", err)
		return
	}
	gauge(signedDesc, float64(last.Size))
	if last.Size > 0 {
		gauge(signedAtDesc, float64(last.At.Unix()))
	}
	code, _, err := s.ledger.Refused(ctx)
	if err != nil {
		s.log.Warn("metrics: ledger", "error", err)
		return
	}
	refused := 0.0
	if code != "" {
		refused = 1
	}
	gauge(refusedDesc, refused)
}
