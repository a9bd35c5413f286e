package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/esdb"
	"approdo/adapters/feed"
	"approdo/adapters/postgres"
	pgstate "approdo/adapters/postgres/state"
	pgviews "approdo/adapters/postgres/views"
	"approdo/adapters/rest"
	"approdo/adapters/seal"
	"approdo/adapters/session"
	"approdo/adapters/sqlite"
	"approdo/adapters/sqlite/state"
	"approdo/adapters/sqlite/views"
	"approdo/adapters/web"
	"approdo/domain/event"
	"approdo/projections"
)

// storage says where a house keeps what it must not lose: in the files of a folder, in a PostgreSQL database that several nodes share,
// or the journal on EventStoreDB and the rest in either of them.
type storage struct {
	Data     string `help:"Cartella dei dati, per tutto ciò che non sta altrove." type:"path"`
	Database string `help:"Base di dati PostgreSQL per registro, viste, stato e chiavi, comune a più nodi: postgres://…" placeholder:"URL"`
	Journal  string `help:"Registro degli eventi altrove: esdb://…, esdb+discover://… o postgres://…" placeholder:"URL"`
	Keyring  string `help:"Base di dati PostgreSQL delle chiavi, se non è la stessa: postgres://…" placeholder:"URL"`
	Key      string `help:"File della chiave maestra, fuori dalla cartella dei dati. Si crea con: approdo key FILE." type:"path"`
	Erasures string `help:"File in cui si ricordano le cancellazioni, fuori dalla cartella dei dati; se manca, accanto alla chiave: CHIAVE.erasures." type:"path"`
}

// The schemes of connection strings.
var (
	postgresSchemes = []string{"postgres", "postgresql"}
	esdbSchemes     = []string{"esdb", "esdb+discover", "kurrentdb", "kurrentdb+discover"}
)

// Validate names every flag that is at fault. Connection strings hold passwords and are not repeated.
func (s *storage) Validate() error {
	var errs []error
	fail := func(flag, why string) { errs = append(errs, fmt.Errorf("%s: %s", flag, why)) }
	if s.Data == "" && s.Database == "" {
		fail("--data", "manca: indicate una cartella, o una base di dati con --database")
	}
	if s.Key == "" {
		fail("--key", "manca il file della chiave maestra")
	}
	if s.Database != "" && !hasScheme(s.Database, postgresSchemes) {
		fail("--database", "deve cominciare con postgres://")
	}
	if s.Journal != "" && !hasScheme(s.Journal, esdbSchemes, postgresSchemes) {
		fail("--journal", "deve cominciare con esdb://, esdb+discover:// o postgres://")
	}
	if s.Keyring != "" && !hasScheme(s.Keyring, postgresSchemes) {
		fail("--keyring", "deve cominciare con postgres://")
	}
	return errors.Join(errs...)
}

func hasScheme(address string, known ...[]string) bool {
	u, err := url.Parse(address)
	return err == nil && slices.Contains(slices.Concat(known...), u.Scheme)
}

// load opens the house with the master key, which must be there.
func (s *storage) load(ctx context.Context, plain bool, log *slog.Logger, doors ...func(*session.Config)) (*house, error) {
	master, err := seal.LoadMasterKey(s.Key, s.Data)
	if err != nil {
		return nil, err
	}
	return openHouse(ctx, *s, master, time.Now, plain, log, doors...)
}

// The files of a data directory. The master key is none of them.
const (
	journalFile = "journal.db"
	keysFile    = "keys.db"
	viewsFile   = "views.db"
	stateFile   = "state.db"
)

// nodeState is what a node, or all of them together, remember beside the journal.
type nodeState interface {
	session.Storage
	rest.Answers
	web.Drafts
	web.Imports
	Passwords(ctx context.Context, each func(account uuid.UUID, login []byte, hash string) error) error
	Adopt(ctx context.Context, account uuid.UUID, login []byte, hash string) (bool, error)
	entranceState
	Purge(ctx context.Context, now time.Time) error
	EachDraft(ctx context.Context, kind string, each func(account, draft uuid.UUID, sealed []byte) error) error
	DropDraftsBefore(ctx context.Context, last time.Time) error
	DropAnswersAbout(ctx context.Context, of uuid.UUID) error
	DropRowsAbout(ctx context.Context, of uuid.UUID) error
	Scrub(ctx context.Context) error
}

// checkpoints are those of every journal there was.
type checkpoints interface {
	feed.Checkpoints
	All(ctx context.Context) (map[string]event.Position, error)
}

// engines are what a house keeps its things in, as they were opened.
type engines struct {
	journal     event.Importer
	engine      projections.Engine
	state       nodeState
	checkpoints checkpoints
	parking     feed.Parking
	signed      signedLedger
	notices     noticeRows
	keys        *seal.Keyring
	close       []func(context.Context) error // in this order
}

// shut closes what was opened, the last first.
func (e *engines) shut(ctx context.Context) error {
	var errs []error
	for _, f := range slices.Backward(e.close) {
		errs = append(errs, f(ctx))
	}
	return errors.Join(errs...)
}

// open opens every engine, and makes what is not there yet. What was opened is closed again where one fails.
func (s *storage) open(ctx context.Context, master seal.MasterKey, log *slog.Logger) (e *engines, err error) {
	e = &engines{}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.shut(context.WithoutCancel(ctx)))
		}
	}()
	if s.Data != "" {
		if err := os.MkdirAll(s.Data, 0o700); err != nil {
			return e, fmt.Errorf("--data: %w", err)
		}
	}
	if err := s.openKeys(ctx, e, master); err != nil {
		return e, err
	}
	if err := s.openJournal(ctx, e, log); err != nil {
		return e, err
	}
	if err := s.openState(ctx, e); err != nil {
		return e, err
	}
	return e, s.openViews(ctx, e)
}

func (s *storage) file(name string) string { return filepath.Join(s.Data, name) }

func (s *storage) openKeys(ctx context.Context, e *engines, master seal.MasterKey) (err error) {
	switch {
	case s.Keyring != "":
		e.keys, err = seal.OpenKeyringPostgres(ctx, s.Keyring, master)
	case s.Database != "":
		e.keys, err = seal.OpenKeyringPostgres(ctx, s.Database, master)
	default:
		e.keys, err = seal.OpenKeyring(s.file(keysFile), master)
	}
	if err != nil {
		return err
	}
	e.close = append(e.close, func(context.Context) error { return e.keys.Close() })
	return nil
}

// records are a journal with its keys, for reading. The service may be running.
type records struct {
	store event.Store
	keys  *seal.Keyring
	codec *event.Codec
}

// openRecords opens what must be there already.
func (s *storage) openRecords(ctx context.Context, log *slog.Logger) (_ *records, err error) {
	master, err := seal.LoadMasterKey(s.Key, s.Data)
	if err != nil {
		return nil, err
	}
	a, e := &records{}, &engines{}
	if err := s.openKeys(ctx, e, master); err != nil {
		return nil, err
	}
	a.keys, a.codec = e.keys, allEvents(e.keys)
	defer func() {
		if err != nil {
			err = errors.Join(err, a.keys.Close())
		}
	}()
	if s.Journal == "" && s.Database == "" {
		a.store, err = sqlite.OpenReadOnly(ctx, s.file(journalFile))
		return a, err
	}
	if err := s.openJournal(ctx, e, log); err != nil {
		return nil, err
	}
	a.store = e.journal
	return a, nil
}

func (a *records) shut(ctx context.Context) error {
	return errors.Join(a.store.Close(context.WithoutCancel(ctx)), a.keys.Close())
}

func (s *storage) openJournal(ctx context.Context, e *engines, log *slog.Logger) (err error) {
	address := s.Journal
	if address == "" {
		address = s.Database
	}
	if address == "" {
		address = s.file(journalFile)
	}
	if e.journal, err = openJournal(ctx, address, log); err != nil {
		return err
	}
	e.close = append(e.close, e.journal.Close)
	return nil
}

// openJournal opens a journal by a connection string or the path of a file.
func openJournal(ctx context.Context, address string, log *slog.Logger) (event.Importer, error) {
	switch {
	case hasScheme(address, postgresSchemes):
		return postgres.Open(ctx, address, postgres.Options{Log: log})
	case hasScheme(address, esdbSchemes):
		return esdb.Open(ctx, address, esdb.Options{Log: log})
	}
	return sqlite.Open(ctx, address, sqlite.Options{Log: log})
}

func (s *storage) openState(ctx context.Context, e *engines) error {
	if s.Database != "" {
		shared, err := pgstate.Open(ctx, s.Database)
		if err != nil {
			return err
		}
		e.state, e.checkpoints, e.parking, e.signed = shared, shared.Checkpoints(), shared.Parking(), shared.Ledger()
		e.notices = shared.Notices()
		e.close = append(e.close, func(context.Context) error { return shared.Close() })
		return nil
	}
	own, err := state.Open(s.file(stateFile))
	if err != nil {
		return err
	}
	e.state, e.checkpoints, e.parking, e.signed = own, own.Checkpoints(), own.Parking(), own.Ledger()
	e.notices = own.Notices()
	e.close = append(e.close, func(context.Context) error { return own.Close() })
	return nil
}

func (s *storage) openViews(ctx context.Context, e *engines) error {
	if s.Database != "" {
		shared, err := pgviews.Open(ctx, s.Database)
		if err != nil {
			return err
		}
		e.engine = shared
		e.close = append(e.close, func(context.Context) error { shared.Close(); return nil })
		return nil
	}
	own, err := views.Open(ctx, s.file(viewsFile))
	if err != nil {
		return err
	}
	e.engine = own
	e.close = append(e.close, func(context.Context) error { return own.Close() })
	return nil
}
