package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"approdo/adapters/seal"
	"approdo/adapters/sqlite"
	"approdo/domain/casefile"
	"approdo/domain/event"
)

// migrateCmd copies a journal from one engine to another while nobody works on either, and with a master key also what a service needs
// beside it. It can be run again: what is there already is compared and left alone.
type migrateCmd struct {
	From string `help:"Registro da copiare: una cartella dei dati, o esdb://…, o postgres://…" required:""`
	To   string `help:"Registro in cui copiarlo, vuoto o lasciato a metà da una copia interrotta." required:""`
	Key  string `help:"File della chiave maestra: copia anche le chiavi dei minori, le password e i punti di ripresa. Tra cartelle e PostgreSQL." type:"path"`
	// Keys that have a database of their own.
	FromKeyring string `help:"Base di dati PostgreSQL delle chiavi della casa da copiare, se ne ha una a parte." placeholder:"URL"`
	ToKeyring   string `help:"Base di dati PostgreSQL in cui mettere le chiavi, se non è quella del registro." placeholder:"URL"`

	pupils bool // there are cases in the journal
}

// errNotContinued is event.ErrNotContinued in the words of whoever moves house.
var errNotContinued = errors.New("--to: il registro contiene altro, e non è stato toccato. Serve un registro vuoto, o lasciato a metà da questa stessa copia")

var (
	errEmpty  = errors.New("--from: il registro è vuoto")
	errNoKeys = errors.New("nella casa da copiare non ci sono chiavi, e le pratiche ci sono: se stanno in una base di dati a parte indicatela con --from-keyring")
)

// hasPupils tells whether there is a case in a journal.
func hasPupils(ctx context.Context, s event.Store) (bool, error) {
	for page, err := range s.ReadAll(ctx, 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}}) {
		if err != nil || len(page.Records) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// Run is the subcommand.
func (c *migrateCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) error {
	if err := c.whole(ctx); err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	if err := c.journal(ctx, out, log); err != nil || c.Key == "" {
		return err
	}
	if hasScheme(c.From, esdbSchemes) || hasScheme(c.To, esdbSchemes) {
		_, err := fmt.Fprintln(out, "Chiavi e password restano dove sono: EventStoreDB tiene il solo registro.")
		return err
	}
	return c.belongings(ctx, out)
}

// whole refuses a source that an interrupted restore has left. A folder without a state has a journal alone, and EventStoreDB too.
func (c *migrateCmd) whole(ctx context.Context) (err error) {
	if hasScheme(c.From, esdbSchemes) {
		return nil
	}
	where := houseOf(c.From, c.FromKeyring)
	if where.Data != "" {
		if _, err := os.Stat(where.file(stateFile)); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	var e engines
	defer func() { err = errors.Join(err, e.shut(context.WithoutCancel(ctx))) }()
	if err := where.openState(ctx, &e); err != nil {
		return err
	}
	return e.whole(ctx)
}

func (c *migrateCmd) journal(ctx context.Context, out io.Writer, log *slog.Logger) (err error) {
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
	if done.Checked == 0 {
		return errEmpty
	}
	if c.pupils, err = hasPupils(ctx, from); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "I due registri sono uguali: %d eventi, impronta %x.\n", done.Checked, done.Digest)
	return err
}

// belongings takes along what a service has beside its journal and cannot make anew. Sessions and drafts stay behind.
func (c *migrateCmd) belongings(ctx context.Context, out io.Writer) (err error) {
	var both [2]engines
	for i, where := range []storage{houseOf(c.From, c.FromKeyring), houseOf(c.To, c.ToKeyring)} {
		e := &both[i]
		master, err := seal.LoadMasterKey(c.Key, where.Data)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, e.shut(context.WithoutCancel(ctx))) }()
		if err := where.openKeys(ctx, e, master); err != nil {
			return err
		}
		if err := where.openState(ctx, e); err != nil {
			return err
		}
	}
	from, to := both[0], both[1]
	keys, err := to.keys.TakeOver(ctx, from.keys)
	if err != nil {
		return err
	}
	if gone, err := from.keys.Forgotten(ctx); err != nil || keys+len(gone) == 0 && c.pupils {
		return errors.Join(err, errNoKeys)
	}
	var b belongings
	if err := errors.Join(b.progress(ctx, &from), b.entrances(ctx, &from)); err != nil {
		return err
	}
	refused, err := b.settle(ctx, &to)
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintf(out, "Chiavi: %d. Password: %d. Reazioni ferme: %d.\n", keys, len(b.Passwords), len(b.Parked)); err != nil || refused == 0 {
		return err
	}
	return fmt.Errorf("%d password o identità non sono state copiate: là quelle utenze ne hanno già un'altra", refused)
}

// houseOf is the storage behind an address: a folder, or a database.
func houseOf(address, keyring string) storage {
	if hasScheme(address, postgresSchemes) {
		return storage{Database: address, Keyring: keyring}
	}
	return storage{Data: address, Keyring: keyring}
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
