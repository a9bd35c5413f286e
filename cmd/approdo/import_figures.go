package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"approdo/adapters/registry"
	"approdo/domain"
)

// importPupilsCmd may be run again on the same file: it then changes nothing. The files of one year complete each other.
type importPupilsCmd struct {
	storage
	File string `arg:"" help:"File CSV del Ministero: ALUITASTRACIT* (cittadinanza), ALUCORSOINDCLAST* (classi) o INFANZIACLAST*; si riconosce dall'intestazione." type:"existingfile"`
}

// Run is the subcommand.
func (c *importPupilsCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) error {
	return c.figures(ctx, out, log, func(h *house) (registry.FigureReport, error) { return h.importPupils(ctx, c.File, out) })
}

// importSitesCmd may be run again on the same file: it then changes nothing.
type importSitesCmd struct {
	storage
	File   string `arg:"" help:"File CSV con le colonne CODICESCUOLA, LAT, LON (gradi WGS84) e, se ci sono, FONTE_COORD, ALUNNI, STRANIERI." type:"existingfile"`
	Source string `required:"" help:"Di chi sono i dati, come la licenza chiede che si scriva, per esempio \"© OpenStreetMap contributors (ODbL)\"." placeholder:"TESTO"`
	Year   int    `help:"Anno in cui comincia l'anno scolastico degli alunni (2024 per il 2024/25); serve se il file ha la colonna ALUNNI." placeholder:"ANNO"`
}

// Run is the subcommand.
func (c *importSitesCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) error {
	o := registry.SiteOptions{Source: c.Source, Year: domain.SchoolYear(c.Year)}
	return c.figures(ctx, out, log, func(h *house) (registry.FigureReport, error) { return h.importSites(ctx, c.File, o, out) })
}

// figures opens the house for an import, and fails where a row was rejected.
func (s storage) figures(ctx context.Context, out io.Writer, log *slog.Logger, read func(*house) (registry.FigureReport, error)) error {
	h, err := s.load(ctx, true, log)
	if err != nil {
		return err
	}
	defer h.shut(ctx)
	if err := h.found(ctx); err != nil {
		return err
	}
	report, err := read(h)
	if err != nil {
		return err
	}
	if len(report.Rejected) > 0 {
		return errRejected
	}
	return nil
}

func (h *house) importPupils(ctx context.Context, file string, out io.Writer) (registry.FigureReport, error) {
	return h.importFigures(ctx, file, "Alunni delle sedi", out, func(i registry.Importer, f io.Reader, area registry.Area, progress func(done, of int)) (registry.FigureReport, error) {
		return i.ImportPupils(ctx, f, area, progress)
	})
}

func (h *house) importSites(ctx context.Context, file string, o registry.SiteOptions, out io.Writer) (registry.FigureReport, error) {
	return h.importFigures(ctx, file, "Posizione delle sedi", out, func(i registry.Importer, f io.Reader, area registry.Area, progress func(done, of int)) (registry.FigureReport, error) {
		o.Progress = progress
		return i.ImportSites(ctx, f, area, o)
	})
}

// importFigures shows how far it has come, and then what came of every row.
func (h *house) importFigures(ctx context.Context, file, what string, out io.Writer,
	read func(registry.Importer, io.Reader, registry.Area, func(done, of int)) (registry.FigureReport, error)) (registry.FigureReport, error) {
	f, err := os.Open(file)
	if err != nil {
		return registry.FigureReport{}, err
	}
	defer f.Close()
	land, err := h.desk.Territory(ctx)
	if err != nil {
		return registry.FigureReport{}, err
	}
	var last time.Time
	progress := func(done, of int) {
		if time.Since(last) > 100*time.Millisecond || done == of {
			last = time.Now()
			fmt.Fprintf(out, "\r%s: %d righe su %d", what, done, of)
		}
	}
	report, err := read(registry.Importer{Store: h.store, Codec: h.codec, Clock: h.clock, By: domain.System}, f, registry.AreaOf(land), progress)
	if err != nil {
		return report, err
	}
	fmt.Fprintf(out, "\n%s%s: %d sedi cambiate; righe: %d nuove, %d già come sono, %d senza dati, %d di altre province, %d con numeri oscurati, %d respinte\n",
		report.Source, ofYear(report.Year), report.Sites, report.Taken, report.Unchanged, report.Empty, report.Elsewhere, report.Masked, len(report.Rejected))
	if len(report.Unknown) > 0 {
		fmt.Fprintf(out, "  colonne non lette: %s\n", strings.Join(report.Unknown, ", "))
	}
	for _, r := range report.Rejected {
		fmt.Fprintf(out, "  %s\n", rejectedRow(r))
	}
	return report, nil
}

func ofYear(y domain.SchoolYear) string {
	if y == 0 {
		return ""
	}
	return ", anno " + y.String()
}
