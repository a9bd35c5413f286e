package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"approdo/adapters/sqlite"
	"approdo/domain/event"
)

// migrateCmd copies a journal from one engine to another while nobody works on either. It can be run again: what is there already is
// compared and left alone.
type migrateCmd struct {
	From string `help:"Registro da copiare: una cartella dei dati, o esdb://…, o postgres://…" required:""`
	To   string `help:"Registro in cui copiarlo, vuoto o lasciato a metà da una copia interrotta." required:""`
}

// errNotContinued is event.ErrNotContinued in the words of whoever moves house.
var errNotContinued = errors.New("--to: il registro contiene altro, e non è stato toccato. Serve un registro vuoto, o lasciato a metà da questa stessa copia")

// Run is the subcommand.
func (c *migrateCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) (err error) {
	closing := func(s event.Store) {
		err = errors.Join(err, s.Close(context.WithoutCancel(ctx)))
	}
	from, err := openSource(ctx, c.From, log)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	defer closing(from)
	address, err := journalOf(c.To)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	to, err := openJournal(ctx, address, log)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	defer closing(to)
	done, err := event.Transfer(ctx, from, to, func(t event.Transferred) {
		fmt.Fprintf(out, "\rEventi letti: %d, già presenti: %d, confrontati: %d ", t.Records, t.Found, t.Checked)
	})
	fmt.Fprintln(out)
	if errors.Is(err, event.ErrNotContinued) {
		return errNotContinued
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "I due registri sono uguali: %d eventi, impronta %x.\n", done.Checked, done.Digest)
	return err
}

// openSource opens a journal that must be there.
func openSource(ctx context.Context, address string, log *slog.Logger) (event.Store, error) {
	if hasScheme(address, esdbSchemes, postgresSchemes) {
		return openJournal(ctx, address, log)
	}
	file := filepath.Join(address, journalFile)
	if _, err := os.Stat(file); err != nil {
		return nil, err
	}
	return sqlite.Open(ctx, file, sqlite.Options{Log: log}) // for writing, so that nobody else writes meanwhile
}

// journalOf is the connection string as it is, or the file of a data directory, which it makes.
func journalOf(address string) (string, error) {
	if hasScheme(address, esdbSchemes, postgresSchemes) {
		return address, nil
	}
	if err := os.MkdirAll(address, 0o700); err != nil {
		return "", err
	}
	return filepath.Join(address, journalFile), nil
}
