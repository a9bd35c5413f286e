package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"approdo/adapters/registry/boundaries"
	"approdo/domain"
)

// importBoundariesCmd may be run again on the same file: it then changes nothing.
type importBoundariesCmd struct {
	storage
	File   string `arg:"" help:"File GeoJSON, in gradi WGS84." type:"existingfile"`
	Source string `required:"" help:"Di chi sono i confini, come la licenza chiede che si scriva sotto la mappa, per esempio \"Confini: openpolis, da ISTAT (CC BY 4.0)\"." placeholder:"TESTO"`
	From   string `help:"Giorno dal quale valgono (AAAA-MM-GG); se manca, oggi." placeholder:"DATA"`
}

// Run is the subcommand.
func (c *importBoundariesCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) error {
	var from domain.Date
	if c.From != "" {
		var err error
		if from, err = domain.ParseDate(c.From); err != nil {
			return err
		}
	}
	h, err := c.load(ctx, true, log)
	if err != nil {
		return err
	}
	defer h.shut(ctx)
	if err := h.found(ctx); err != nil {
		return err
	}
	report, err := h.importBoundaries(ctx, c.File, boundaries.Options{Source: c.Source, From: from}, out)
	if err != nil {
		return err
	}
	if len(report.Rejected) > 0 {
		return errRejected
	}
	return nil
}

// importBoundaries shows how far it has come, and then what came of every feature, also of a file from which nothing was taken.
func (h *house) importBoundaries(ctx context.Context, file string, o boundaries.Options, out io.Writer) (boundaries.Report, error) {
	f, err := os.Open(file)
	if err != nil {
		return boundaries.Report{}, err
	}
	defer f.Close()
	land, err := h.desk.Territory(ctx)
	if err != nil {
		return boundaries.Report{}, err
	}
	var last time.Time
	o.Progress = func(features int) {
		if time.Since(last) > 100*time.Millisecond {
			last = time.Now()
			fmt.Fprintf(out, "\rConfini dei Comuni: %d letti", features)
		}
	}
	report, err := boundaries.Importer{Store: h.store, Codec: h.codec, Clock: h.clock, By: domain.System}.Import(ctx, f, land, o)
	if report.Features > 0 {
		fmt.Fprintf(out, "\rConfini dei Comuni: %d letti, %d presi (%d byte), %d di altre province, %d respinti, %d Comuni senza confini\n",
			report.Features, len(report.Taken), report.Bytes, report.Elsewhere, len(report.Rejected), len(report.Missing))
	}
	for _, r := range report.Rejected {
		fmt.Fprintf(out, "  elemento %d, %s: %s\n", r.Feature, cmp.Or(string(r.Comune), "Comune non detto"), boundaryWords[r.Reason])
	}
	if err == nil && !report.Changed {
		fmt.Fprintln(out, "Sono già così: nulla è cambiato.")
	}
	return report, err
}

// boundaryWords say why the boundaries of a comune were left out.
var boundaryWords = map[boundaries.Reason]string{
	boundaries.ReasonElsewhere: "è di un'altra provincia",
	boundaries.ReasonFeature:   "non è un elemento GeoJSON",
	boundaries.ReasonNoCode:    "manca il codice ISTAT (com_istat_code o PRO_COM_T)",
	boundaries.ReasonComune:    "il Comune non è nel registro",
	boundaries.ReasonTwice:     "il Comune è già in un elemento precedente",
	boundaries.ReasonGeometry:  "non è un poligono",
	boundaries.ReasonNumbers:   "le coordinate non si leggono",
	boundaries.ReasonDegrees:   "le coordinate non sono in gradi: il file dev'essere in WGS84",
	boundaries.ReasonSwapped:   "latitudine e longitudine sono scambiate",
	boundaries.ReasonOutside:   "sta fuori dal territorio",
	boundaries.ReasonOpen:      "il contorno non si chiude",
	boundaries.ReasonFew:       "il contorno ha troppo pochi punti",
	boundaries.ReasonNoArea:    "il contorno non racchiude nulla",
}
