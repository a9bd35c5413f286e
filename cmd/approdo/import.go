package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"approdo/adapters/registry"
	"approdo/domain"
)

// importCmd reads official registers.
type importCmd struct {
	Schools    importSchoolsCmd    `cmd:"" help:"Legge l'anagrafe delle scuole del Ministero (CSV, statali o paritarie)."`
	Pupils     importPupilsCmd     `cmd:"" help:"Legge gli alunni per sede e anno di corso (CSV del Ministero), con la cittadinanza e le classi."`
	Sites      importSitesCmd      `cmd:"" help:"Legge dove sono le sedi (CSV con le coordinate) e, se ci sono, quanti alunni hanno."`
	Boundaries importBoundariesCmd `cmd:"" help:"Legge i confini dei Comuni per la mappa (GeoJSON di openpolis o dell'ISTAT, WGS84)."`
}

// importSchoolsCmd may be run again on the same file: it then changes nothing.
type importSchoolsCmd struct {
	storage
	File     string `arg:"" help:"File CSV del Ministero." type:"existingfile"`
	Complete bool   `help:"Il file è completo: le scuole che non ci sono più vengono chiuse da quell'anno."`
}

// errRejected ends the program with a failure when rows were rejected, so that a script notices.
var errRejected = errors.New("alcune righe sono state respinte")

// Run is the subcommand.
func (c *importSchoolsCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) error {
	h, err := c.load(ctx, true, log)
	if err != nil {
		return err
	}
	defer h.shut(ctx)
	if err := h.found(ctx); err != nil {
		return err
	}
	report, err := h.importSchools(ctx, c.File, registry.Options{Complete: c.Complete}, out)
	if err != nil {
		return err
	}
	if len(report.Rejected) > 0 {
		return errRejected
	}
	return nil
}

// importSchools shows how far it has come, and then what came of every row.
func (h *house) importSchools(ctx context.Context, file string, o registry.Options, out io.Writer) (registry.Report, error) {
	f, err := os.Open(file)
	if err != nil {
		return registry.Report{}, err
	}
	defer f.Close()
	land, err := h.desk.Territory(ctx)
	if err != nil {
		return registry.Report{}, err
	}
	var last time.Time
	o.Progress = func(done, of int) {
		if time.Since(last) > 100*time.Millisecond || done == of {
			last = time.Now()
			fmt.Fprintf(out, "\rAnagrafe delle scuole: %d righe su %d", done, of)
		}
	}
	report, err := registry.Importer{Store: h.store, Codec: h.codec, Clock: h.clock, By: domain.System}.Import(ctx, f, registry.AreaOf(land), o)
	if err != nil {
		return report, err
	}
	fmt.Fprintf(out, "\n%s, anno %s: %d nuove, %d cambiate, %d già come sono, %d di altre province, %d chiuse, %d respinte\n",
		managementWords[report.Management], report.Year, report.Listed, report.Amended, report.Unchanged, report.Elsewhere, report.Delisted, len(report.Rejected))
	for _, r := range report.Rejected {
		fmt.Fprintf(out, "  %s\n", rejectedRow(r))
	}
	return report, nil
}
