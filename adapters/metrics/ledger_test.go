package metrics_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"approdo/adapters/metrics"
	"approdo/domain/ledger"
)

type signing struct {
	size int64
	code string
	err  error
}

func (s signing) Last(context.Context) (ledger.Signed, error) {
	return ledger.Signed{Size: s.size, At: time.Unix(1_647_248_400, 0)}, s.err
}
func (s signing) Refused(context.Context) (string, time.Time, error) {
	return s.code, time.Time{}, s.err
}

func TestASilentNotaryIsSeen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		signing
		want []string
	}{
		"signing":  {signing{size: 12}, []string{"approdo_ledger_signed_records 12\n", "approdo_ledger_signed_seconds 1.6472484e+09\n", "approdo_ledger_refused 0\n"}},
		"refusing": {signing{size: 12, code: "ledger-forked"}, []string{"approdo_ledger_signed_records 12\n", "approdo_ledger_refused 1\n"}},
		"new":      {signing{}, []string{"approdo_ledger_signed_records 0\n", "approdo_ledger_refused 0\n"}},
		"away":     {signing{err: errors.New("away")}, nil},
	} {
		m := metrics.New()
		m.Signing(c.signing, slog.New(slog.DiscardHandler))
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
		for _, want := range c.want {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: no %s", name, want)
			}
		}
		if c.want == nil && strings.Contains(w.Body.String(), "approdo_ledger") {
			t.Errorf("%s: it says something", name)
		}
	}
}
