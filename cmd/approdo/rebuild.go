package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"approdo/adapters/seal"
	"approdo/projections"
)

// rebuildCmd builds the views anew from the journal, beside those that serve.
type rebuildCmd struct {
	Views []string `arg:"" optional:"" help:"Viste da rifare; nessuna: tutte."`
	storage
}

// Run is the subcommand.
func (c *rebuildCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) error {
	h, err := c.load(ctx, true, log)
	if err != nil {
		return err
	}
	defer h.shut(ctx)
	if err := h.views.CatchUp(ctx); err != nil {
		return err
	}
	done, err := h.views.Rebuild(ctx, func(p projections.Progress) {
		fmt.Fprintf(out, "\rViste: posizione %d di %d, %.0f eventi/s", p.Position, p.Head, p.Rate())
	}, c.Views...)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nViste rifatte: %d eventi in %.1f s\n", done.Records, done.Elapsed.Seconds())
	return err
}

// keyCmd makes a master key.
type keyCmd struct {
	File string `arg:"" help:"File da creare, fuori dalla cartella dei dati; ne serve una copia in cassaforte." type:"path"`
	Data string `help:"Cartella dei dati che proteggerà." required:"" type:"path"`
}

// Run is the subcommand. A key that is there already stays.
func (c *keyCmd) Run(out io.Writer) error {
	if _, err := seal.LoadOrCreateMasterKey(c.File, c.Data); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "Chiave maestra in %s. Senza di essa i dati personali non si leggono più: tenetene una copia altrove.\n", c.File)
	return err
}
