package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"approdo/adapters/seal"
	"approdo/adapters/session"
)

// benchCmd measures. A figure stands beside a baseline measured in the same run, since disks and neighbours have moods: it is the
// ratio that says something.
type benchCmd struct {
	Append     benchAppendCmd     `cmd:"" help:"Accodamenti durevoli al giornale, contro una transazione per evento."`
	Rebuild    benchRebuildCmd    `cmd:"" help:"Tutte le viste rifatte dal giornale, contro la sola lettura."`
	Views      benchViewsCmd      `cmd:"" help:"Le pagine del servizio con molti casi, contro le stesse con pochi."`
	Verify     benchVerifyCmd     `cmd:"" help:"Un'esportazione del registro verificata, contro la sola lettura delle righe."`
	Overload   benchOverloadCmd   `cmd:"" help:"Il servizio con dieci volte le richieste che sa servire, contro il suo massimo."`
	Import     benchImportCmd     `cmd:"" help:"Un foglio di richieste caricato, controllato e registrato, contro le stesse richieste una alla volta."`
	Live       benchLiveCmd       `cmd:"" help:"Accodamenti mentre le viste seguono, a riposo e durante un rifacimento."`
	Stream     benchStreamCmd     `cmd:"" help:"Il cruscotto in diretta su molte connessioni, mentre si registrano richieste."`
	Plan       benchPlanCmd       `cmd:"" help:"Il piano migliore per molti alunni, contro un risolutore generale sulla stessa istanza."`
	Duplicates benchDuplicatesCmd `cmd:"" help:"Quanti minori scritti due volte si ritrovano, e quante coppie si mostrano a torto."`
}

// figure is one result.
type figure struct {
	Figure   string  `json:"figure"`
	Value    float64 `json:"value"` // the median of the rounds
	Unit     string  `json:"unit"`
	Baseline float64 `json:"baseline"` // likewise, in the same unit
	Ratio    float64 `json:"ratio"`    // value to baseline
	Seconds  float64 `json:"seconds"`  // spent on measuring the value, all rounds
	P50      float64 `json:"p50_ms,omitzero"`
	P99      float64 `json:"p99_ms,omitzero"`
}

// print writes a figure as a line, for people or, as a JSON object, for programs.
func (f figure) print(out io.Writer, asJSON bool) error {
	if !asJSON {
		_, err := fmt.Fprintf(out, "%-28s %10.0f %-9s  baseline %8.0f  ratio %5.1f  p50 %7.2f ms  p99 %7.2f ms\n",
			f.Figure, f.Value, f.Unit, f.Baseline, f.Ratio, f.P50, f.P99)
		return err
	}
	line, err := json.Marshal(f)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", line)
	return err
}

// median is the middle of some values, which it sorts.
func median[T cmp.Ordered](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}

// benchHouse opens a house with the territory the program ships, in a folder of its own below dir; remove closes it and leaves nothing.
func benchHouse(ctx context.Context, dir string, log *slog.Logger) (h *house, remove func() error, err error) {
	own, err := os.MkdirTemp(dir, "bench-")
	if err != nil {
		return nil, nil, err
	}
	doors := func(c *session.Config) { c.FactorsOptional = true } // nobody lives here
	if h, err = openHouse(ctx, storage{Data: filepath.Join(own, "data")}, seal.NewMasterKey(), time.Now, true, log, doors); err == nil {
		if err = h.found(ctx); err != nil {
			h.shut(ctx)
		}
	}
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(own))
	}
	return h, func() error {
		h.shut(ctx)
		return os.RemoveAll(own)
	}, nil
}
