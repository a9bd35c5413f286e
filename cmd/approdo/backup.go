package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"

	"approdo/adapters/archive"
	"approdo/adapters/seal"
	"approdo/adapters/sqlite"
	"approdo/domain/event"
	"approdo/domain/ledger"
)

// backupCmd takes a copy, and makes the identity that opens copies.
type backupCmd struct {
	Take     takeCmd     `cmd:"" default:"withargs" help:"Copia registro, chiavi e password mentre il servizio lavora, cifrati con age."`
	Identity identityCmd `cmd:"" help:"Crea l'identità con cui le copie si aprono, e dice il destinatario da dare a --recipient."`
}

// whereabouts say where a house is, without its master key.
type whereabouts struct {
	Data     string `help:"Cartella dei dati." type:"path"`
	Database string `help:"Base di dati PostgreSQL: postgres://…" placeholder:"URL"`
	Journal  string `help:"Registro degli eventi, se sta altrove: esdb://…, esdb+discover://… o postgres://…" placeholder:"URL"`
	Keyring  string `help:"Base di dati PostgreSQL delle chiavi, se non è la stessa." placeholder:"URL"`
}

func (w whereabouts) storage(key string) storage {
	return storage{Data: w.Data, Database: w.Database, Journal: w.Journal, Keyring: w.Keyring, Key: key}
}

// takeCmd writes a set of archives.
type takeCmd struct {
	whereabouts
	To             string   `help:"Cartella in cui mettere la copia, che ne diventa una sottocartella." required:"" type:"path"`
	Recipient      []string `help:"Chi potrà aprirla: chiave pubblica di age (age1…). Più d'una, separate da virgola." required:"" placeholder:"age1…"`
	KeysTo         string   `help:"Cartella a parte per le chiavi dei minori, da tenere meno a lungo." type:"path"`
	KeysRecipient  []string `help:"Chi potrà aprire le chiavi, se non sono gli stessi." placeholder:"age1…"`
	Since          string   `help:"Solo ciò che è venuto dopo questa copia, che sta nella stessa cartella; last: dopo l'ultima." placeholder:"COPIA"`
	Compress       bool     `help:"Comprimi." default:"true" negatable:""`
	VerifyIdentity []string `help:"File dell'identità con cui provare subito a ripristinare la copia." type:"existingfile"`
	Scratch        string   `help:"Cartella in cui provare il ripristino; altrimenti quella della copia." type:"path"`
	Keep           int      `help:"Quante copie tenere: le più vecchie vanno via, ma solo dopo che la nuova è stata controllata. 0: tutte."`
	KeysKeep       int      `help:"Quante copie delle chiavi tenere, se stanno a parte. 0: quante le altre."`
}

// Validate names every flag that is at fault.
func (c *takeCmd) Validate() error {
	where := c.storage("-")
	errs := []error{where.Validate()}
	for flag, keys := range map[string][]string{"--recipient": c.Recipient, "--keys-recipient": c.KeysRecipient} {
		if len(keys) == 0 {
			continue
		}
		if _, err := archive.Recipients(keys); err != nil {
			errs = append(errs, fmt.Errorf("%s: non è una chiave pubblica di age (age1…)", flag))
		}
	}
	if c.Keep < 0 || c.KeysKeep < 0 {
		errs = append(errs, errors.New("--keep, --keys-keep: da 1 in su"))
	}
	if c.KeysKeep > 0 && c.KeysTo == "" {
		errs = append(errs, errors.New("--keys-keep: solo con --keys-to"))
	}
	return errors.Join(errs...)
}

// Run is the subcommand.
func (c *takeCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) (err error) {
	defer func() { err = inBackupWords(err) }()
	began := time.Now()
	for _, dir := range []string{c.To, c.KeysTo} {
		if dir == "" {
			continue
		}
		unlock, err := archive.Lock(dir)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, unlock()) }()
	}
	var e engines
	defer func() { err = errors.Join(err, e.shut(context.WithoutCancel(ctx))) }()
	if err := c.open(ctx, &e, log); err != nil {
		return err
	}
	draft, facts, contents, err := c.write(ctx, &e, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, draft.Discard()) }()
	sets, err := draft.Finish(facts)
	if err != nil {
		return err
	}
	if err := c.verify(ctx, sets, out, log); err != nil {
		return fmt.Errorf("la copia non ha superato il controllo, e non è stata tenuta: %w", inBackupWords(err))
	}
	if err := draft.Commit(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Copia %s: %d eventi fino alla posizione %d, %s, in %.1f s.\nRadice del registro: %s\n", filepath.Join(c.To, facts.Name()),
		facts.Size, facts.Head, contents, time.Since(began).Seconds(), facts.Root)
	if err != nil {
		return err
	}
	return c.thinOut(facts, out)
}

// thinOut removes the oldest sets.
func (c *takeCmd) thinOut(facts archive.Facts, out io.Writer) error {
	keys := c.KeysKeep
	if keys == 0 {
		keys = c.Keep
	}
	for dir, n := range map[string]int{c.To: c.Keep, c.KeysTo: keys} {
		if dir == "" || n == 0 {
			continue
		}
		gone, err := archive.Keep(dir, facts.Journal, n, facts.Set)
		for _, name := range gone {
			fmt.Fprintf(out, "Tolta la copia %s.\n", filepath.Join(dir, name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// open opens what is to be copied beside a service that works on it, without the master key, and makes nothing. It refuses what an
// interrupted restore has left.
func (c whereabouts) open(ctx context.Context, e *engines, log *slog.Logger) error {
	where := c.storage("")
	if where.Database == "" {
		if _, err := os.Stat(where.file(stateFile)); err != nil {
			return fmt.Errorf("--data: %w", err)
		}
	}
	if err := where.openState(ctx, e); err != nil {
		return err
	}
	if err := e.whole(ctx); err != nil {
		return err
	}
	if where.Journal != "" || where.Database != "" {
		return where.openJournal(ctx, e, log)
	}
	journal, err := sqlite.OpenReadOnly(ctx, where.file(journalFile))
	if err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	e.journal = journal
	e.close = append(e.close, journal.Close)
	return nil
}

// engine names what keeps a journal.
func (w whereabouts) engine() string {
	switch {
	case hasScheme(w.Journal, esdbSchemes):
		return "eventstoredb"
	case w.Journal != "" || w.Database != "":
		return "postgresql"
	}
	return "sqlite"
}

// write writes the archives. What policies have done is read before the journal, keys and passwords after it: so that nothing in the
// copy knows of more than the journal has, but for the ways to read it.
func (c *takeCmd) write(ctx context.Context, e *engines, out io.Writer) (_ *archive.Draft, f archive.Facts, contents string, err error) {
	var b belongings
	if err := b.progress(ctx, e); err != nil {
		return nil, f, "", err
	}
	b.Signed = lastOfDays(b.Signed)
	f = archive.Facts{Set: uuid.Must(uuid.NewV7()), Taken: time.Now().UTC().Truncate(time.Millisecond), Program: build(), Engine: c.engine()}
	if f.Journal, err = event.Name(ctx, e.journal); err != nil {
		return nil, f, "", err
	}
	if f.Head, err = e.journal.Head(ctx); err != nil {
		return nil, f, "", err
	}
	if f.Head == 0 {
		return nil, f, "", errors.New("il registro è vuoto: non c'è nulla da copiare")
	}
	base, err := c.base(f, out)
	if err != nil {
		return nil, f, "", err
	}
	f.Since = base
	draft, pupils, err := c.begin(ctx, e, &f, out)
	if errors.Is(err, errOtherBranch) && c.Since == last {
		fmt.Fprintln(out, "Il registro non è la continuazione dell'ultima copia: questa è intera.")
		f.Since = archive.Base{}
		draft, pupils, err = c.begin(ctx, e, &f, out)
	}
	if err != nil {
		return nil, f, "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, draft.Discard())
		}
	}()
	if err := b.entrances(ctx, e); err != nil {
		return nil, f, "", err
	}
	keys, err := c.keys(ctx)
	if err != nil {
		return nil, f, "", err
	}
	if pupils && len(keys.Keys)+len(keys.Forgotten) == 0 {
		return nil, f, "", errors.New("non ci sono chiavi, e le pratiche ci sono: se stanno in una base di dati a parte indicatela con --keyring")
	}
	readers := c.KeysRecipient
	if len(readers) == 0 {
		readers = c.Recipient
	}
	for _, a := range []struct {
		kind    archive.Kind
		readers []string
		value   any
	}{{archive.State, c.Recipient, b}, {archive.Keys, readers, keys}} {
		w, err := draft.Archive(a.kind, a.readers, c.Compress)
		if err == nil {
			err = w.Value(a.value)
		}
		if err != nil {
			return nil, f, "", err
		}
	}
	return draft, f, fmt.Sprintf("%d chiavi, %d cancellazioni, %d password", len(keys.Keys), len(keys.Forgotten), len(b.Passwords)), nil
}

// last is what --since says of the newest set there is.
const last = "last"

// errOtherBranch is a set that the journal does not continue: it was restored to an earlier point, and has gone on from there.
var errOtherBranch = errors.New("--since: il registro non è la continuazione di quella copia")

// base finds the set to be continued; the zero Base is none.
func (c *takeCmd) base(f archive.Facts, out io.Writer) (b archive.Base, err error) {
	var s *archive.Set
	switch c.Since {
	case "":
		return b, nil
	case last:
		if s, err = archive.Latest(c.To, f.Journal); err != nil || s == nil {
			return b, err // the first one is whole
		}
	default:
		if s, err = archive.Open(filepath.Join(c.To, filepath.Base(c.Since))); err != nil {
			return b, err
		}
	}
	if c.Since == last && s.Head > f.Head {
		_, err := fmt.Fprintln(out, "Il registro finisce prima dell'ultima copia: questa è intera.")
		return b, err
	}
	if s.Journal != f.Journal || s.Head > f.Head || !s.Has(archive.Journal) {
		return b, errors.New("--since: quella copia è di un altro registro, o più recente di questo")
	}
	return s.Base(), nil
}

// begin makes a draft with the journal in it. With an error there is none.
func (c *takeCmd) begin(ctx context.Context, e *engines, f *archive.Facts, out io.Writer) (*archive.Draft, bool, error) {
	draft, err := archive.Create(c.To, c.KeysTo, *f)
	if err != nil {
		return nil, false, err
	}
	pupils, err := c.journal(ctx, e, draft, f, out)
	if err != nil {
		return nil, false, errors.Join(err, draft.Discard())
	}
	return draft, pupils, nil
}

// journal writes the records up to the head as it was found, those after the base, and puts size and root into the facts.
func (c *takeCmd) journal(ctx context.Context, e *engines, draft *archive.Draft, f *archive.Facts, out io.Writer) (pupils bool, err error) {
	w, err := draft.Archive(archive.Journal, c.Recipient, c.Compress)
	if err != nil {
		return false, err
	}
	var tree ledger.Tree
	for page, err := range e.journal.ReadAll(ctx, 0, event.ReadAll{}) {
		if err != nil {
			return false, err
		}
		for _, r := range page.Records {
			if r.Position > f.Head {
				break
			}
			if tree.Size() >= f.Since.Size {
				if err := w.Record(r); err != nil {
					return false, err
				}
			}
			tree.Add(ledger.LeafHash(r))
			pupils = pupils || isCase(r)
			if tree.Size() == f.Since.Size && tree.Root() != f.Since.Root {
				return false, errOtherBranch
			}
			if tree.Size()%progressEvery == 0 {
				fmt.Fprintf(out, "\rEventi letti: %d ", tree.Size())
			}
		}
		if page.Checkpoint >= f.Head {
			break
		}
	}
	fmt.Fprintf(out, "\rEventi letti: %d \n", tree.Size())
	if tree.Size() < f.Since.Size {
		return false, errOtherBranch
	}
	f.Size, f.Root = tree.Size(), tree.Root()
	return pupils, nil
}

// progressEvery is how many records pass between two words of progress.
const progressEvery = 1000

func (c *takeCmd) keys(ctx context.Context) (seal.Copy, error) {
	where := c.storage("")
	switch {
	case where.Keyring != "":
		return seal.CopyPostgres(ctx, where.Keyring)
	case where.Database != "":
		return seal.CopyPostgres(ctx, where.Database)
	}
	return seal.CopyFile(ctx, where.file(keysFile))
}

// verify restores the set where an identity allows it, and compares the archives with what was written where not.
func (c *takeCmd) verify(ctx context.Context, sets []*archive.Set, out io.Writer, log *slog.Logger) error {
	identities, err := identitiesOf(c.VerifyIdentity)
	if err != nil {
		return fmt.Errorf("--verify-identity: %w", err)
	}
	copied := &copied{keys: sets[len(sets)-1], identities: identities}
	if copied.chain, err = sets[0].Chain(); err != nil {
		return err
	}
	if err := copied.check(); err != nil {
		return err
	}
	if len(identities) == 0 {
		_, err := fmt.Fprintln(out, "Riletti gli archivi: sono quelli scritti (dimensione e SHA-256). NON è stata provata a ripristinare: per farlo, --verify-identity FILE.")
		return err
	}
	scratch := c.Scratch
	if scratch == "" {
		scratch = c.To
	}
	return copied.rehearse(ctx, scratch, seal.MasterKey{}, out, log)
}

// identityCmd makes an age identity.
type identityCmd struct {
	File string `arg:"" help:"File da creare, da tenere lontano dalle copie." type:"path"`
}

// Run is the subcommand. A file that is there already stays.
func (c *identityCmd) Run(out io.Writer) error {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "# %s\n%s\n", id.Recipient(), id)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Identità in %s. Senza di essa le copie non si aprono: tenetene una copia in cassaforte, lontano da quelle.\nDestinatario: %s\n", c.File, id.Recipient())
	return err
}
