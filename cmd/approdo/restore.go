package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"approdo/adapters/seal"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/ledger"
)

// restoreCmd makes a house anew from a backup, or sees whether it could.
type restoreCmd struct {
	From     string   `help:"La copia: la cartella approdo-… che ha il registro." required:"" type:"existingdir" placeholder:"COPIA"`
	KeysFrom string   `help:"La copia delle chiavi, se sta a parte; anche una più recente dello stesso registro." type:"existingdir" placeholder:"COPIA"`
	Identity []string `help:"File dell'identità di age che apre la copia; più d'uno, separati da virgola." required:"" type:"existingfile"`
	Check    bool     `help:"Prova soltanto, in una cartella che poi toglie."`
	Scratch  string   `help:"Con --check, dove provare; altrimenti nella cartella temporanea." type:"path"`
	Key      string   `help:"File della chiave maestra." type:"path"`
	whereabouts
	Until       string   `help:"Fino a una posizione, o a un istante (2026-11-22T12:00:00+01:00), compreso." placeholder:"FIN DOVE"`
	Checkpoint  []string `help:"Attestazioni del registro (file) a cui la copia deve corrispondere." type:"existingfile"`
	LedgerKey   string   `help:"Chiave pubblica con cui le attestazioni sono firmate, o il file che la contiene; altrimenti quella che viene dalla chiave maestra."`
	Erasures    string   `help:"Registro delle cancellazioni; altrimenti quello accanto alla chiave maestra." type:"path"`
	NoErasures  string   `help:"Ripristina senza registro delle cancellazioni, per questo motivo." placeholder:"MOTIVO"`
	checkpoints []ledger.Checkpoint
	until       until
}

// Validate names every flag that is at fault.
func (c *restoreCmd) Validate() error {
	var errs []error
	if !c.Check {
		where := c.storage(c.Key)
		errs = append(errs, where.Validate())
	}
	var err error
	if c.until, err = parseUntil(c.Until); err != nil {
		errs = append(errs, err)
	}
	if c.NoErasures != "" && c.Erasures != "" {
		errs = append(errs, errors.New("--no-erasures: non insieme a --erasures"))
	}
	if len(c.Checkpoint) > 0 && c.LedgerKey == "" && c.Key == "" {
		errs = append(errs, errors.New("--checkpoint: per leggerle serve --ledger-key, o --key"))
	}
	return errors.Join(errs...)
}

// Run is the subcommand. Nothing is written before the whole copy was read and held against all there is to hold it against.
func (c *restoreCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) (err error) {
	defer func() { err = inBackupWords(err) }()
	copied, err := openCopied(c.From, c.KeysFrom, c.Identity)
	if err != nil {
		return err
	}
	if err := copied.check(); err != nil {
		return err
	}
	r := restoring{copied: copied, where: c.storage(c.Key), out: out, log: log}
	r.where.Erasures = c.Erasures
	if c.Key != "" {
		if r.master, err = seal.LoadMasterKey(c.Key, c.Data); err != nil {
			return err
		}
	}
	if err := c.openCheckpoints(r.master); err != nil {
		return err
	}
	if c.Check {
		if err := c.hold(ctx, copied, out); err != nil {
			return err
		}
		scratch := c.Scratch
		if scratch == "" {
			scratch = os.TempDir()
		}
		return copied.rehearse(ctx, scratch, r.master, out, log)
	}
	if r.erasures, err = c.openErasures(r.master, log); err != nil {
		return err
	}
	var held int
	if r.extent, held, err = copied.measure(ctx, c.until, c.checkpoints, out); err != nil {
		return err
	}
	if err := c.told(held, copied, out); err != nil {
		return err
	}
	if err := r.build(ctx); err != nil {
		return err
	}
	if err := r.wake(ctx); err != nil {
		return err
	}
	return r.report()
}

// hold compares the copy with the checkpoints, without restoring it.
func (c *restoreCmd) hold(ctx context.Context, copied *copied, out io.Writer) error {
	if len(c.checkpoints) == 0 {
		return nil
	}
	_, held, err := copied.measure(ctx, until{}, c.checkpoints, out)
	if err != nil {
		return err
	}
	return c.told(held, copied, out)
}

// told says how many checkpoints the copy was held against; none of those that were asked for is a fault.
func (c *restoreCmd) told(held int, copied *copied, out io.Writer) error {
	switch {
	case len(c.checkpoints) == 0:
		return nil
	case held == 0:
		return fmt.Errorf("--checkpoint: sono tutte di più eventi dei %d della copia, e di essa non dicono nulla: ne serve una più vecchia", copied.set().Size)
	}
	_, err := fmt.Fprintf(out, "Attestazioni a cui la copia corrisponde: %d su %d.\n", held, len(c.checkpoints))
	return err
}

func (c *restoreCmd) openCheckpoints(master seal.MasterKey) error {
	key := c.LedgerKey
	if b, err := os.ReadFile(key); err == nil {
		key = string(b)
	}
	if key == "" && !master.IsZero() {
		key = ledger.VerifierKey(master.LedgerKey().Public().(ed25519.PublicKey))
	}
	for _, file := range c.Checkpoint {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		k, err := ledger.Open(b, strings.TrimSpace(key))
		switch {
		case errors.Is(err, ledger.ErrKey):
			return errors.New("--ledger-key: non è la chiave pubblica di un registro")
		case errors.Is(err, ledger.ErrForeign):
			return fmt.Errorf("%s: non è firmata con quella chiave", file)
		case err != nil:
			return fmt.Errorf("%s: non è l'attestazione di un registro", file)
		}
		c.checkpoints = append(c.checkpoints, k)
	}
	return nil
}

// openErasures wants the ledger of erasures to be there. An empty one that is made on the spot would bring back whoever was erased.
func (c *restoreCmd) openErasures(master seal.MasterKey, log *slog.Logger) (*seal.Erasures, error) {
	if c.NoErasures != "" {
		log.Warn("restore without the ledger of erasures", "reason", c.NoErasures)
		return nil, nil
	}
	file := c.Erasures
	if file == "" {
		file = seal.ErasuresBeside(c.Key)
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("manca il registro delle cancellazioni, %s: senza, chi è stato cancellato dopo la copia tornerebbe leggibile. "+
			"Recuperatelo (--erasures FILE); se non c'è mai stato, --no-erasures \"motivo\"", file)
	}
	if err := seal.OutsideErasures(file, c.Data); err != nil {
		return nil, err
	}
	return seal.OpenErasures(file, master)
}

func inRome(t time.Time) string { return t.In(domain.Rome).Format("02/01/2006 15:04:05") }

// logger is where a restore tells what only the diary is to know.
type logger = *slog.Logger

// restoreMark is kept among the checkpoints while a restore is under way: a house that has it is not whole, and is not opened.
const restoreMark = "restore"

var errHalfRestored = errors.New("un ripristino è stato interrotto, e ciò che ha lasciato non è intero: svuotate la cartella o la base di dati e rifatelo")

// whole refuses what an interrupted restore has left.
func (e *engines) whole(ctx context.Context) error {
	at, err := e.checkpoints.Load(ctx, restoreMark)
	if err == nil && at > 0 {
		err = errHalfRestored
	}
	return err
}

// restoring is a restore under way.
type restoring struct {
	copied   *copied
	extent   extent
	where    storage
	master   seal.MasterKey // the zero one leaves the keys out, in a rehearsal
	erasures *seal.Erasures // nil: none
	out      io.Writer
	log      logger

	keys, unreadable, forgotten, passwords, keyless int
}

var errNotEmpty = errors.New("lì ci sono già dei dati, e non sono stati toccati: si ripristina solo in una cartella o in una base di dati vuota")

// build makes the house. With an error a folder is as empty as it was; a database keeps the mark.
func (r *restoring) build(ctx context.Context) (err error) {
	behind, keys, err := r.copied.contents()
	if err != nil {
		return err
	}
	if !r.master.IsZero() {
		if err := keys.Check(r.master); err != nil {
			return err
		}
	}
	if r.where.Data != "" {
		clear, fault := emptyDir(r.where.Data)
		if fault != nil {
			return fault
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, clear())
			}
		}()
	}
	var e engines
	closed := false
	defer func() {
		if !closed {
			err = errors.Join(err, e.shut(context.WithoutCancel(ctx)))
		}
	}()
	if err := r.open(ctx, &e); err != nil {
		return err
	}
	if err := e.checkpoints.Save(ctx, restoreMark, 1); err != nil {
		return err
	}
	samePositions, err := r.journal(ctx, e.journal)
	if err != nil {
		return err
	}
	behind.upTo(r.extent, samePositions)
	if _, err := behind.settle(ctx, &e); err != nil {
		return err
	}
	r.passwords = len(behind.Passwords)
	if e.keys != nil {
		if err := r.takeKeys(ctx, e.keys, keys); err != nil {
			return err
		}
	}
	if err := e.checkpoints.Save(ctx, restoreMark, 0); err != nil {
		return err
	}
	closed = true
	return e.shut(context.WithoutCancel(ctx))
}

// emptyDir makes a folder, or wants it to be empty, and gives the way back.
func emptyDir(dir string) (clear func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	entries := func() ([]os.DirEntry, error) { return os.ReadDir(dir) }
	found, err := entries()
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		if f.Name() != "lost+found" { // of a file system of its own
			return nil, fmt.Errorf("%s: %w", dir, errNotEmpty)
		}
	}
	return func() error {
		made, err := entries()
		for _, f := range made {
			if f.Name() != "lost+found" {
				err = errors.Join(err, os.RemoveAll(filepath.Join(dir, f.Name())))
			}
		}
		return err
	}, nil
}

// open opens the engines and wants them empty.
func (r *restoring) open(ctx context.Context, e *engines) error {
	if err := r.where.openState(ctx, e); err != nil {
		return err
	}
	if err := e.whole(ctx); err != nil {
		return err
	}
	if err := r.where.openJournal(ctx, e, r.log); err != nil {
		return err
	}
	var there belongings
	if err := errors.Join(there.progress(ctx, e), there.entrances(ctx, e)); err != nil {
		return err
	}
	head, err := e.journal.Head(ctx)
	if err != nil {
		return err
	}
	if head > 0 || len(there.Passwords)+len(there.Identities)+len(there.Checkpoints)+len(there.Parked)+len(there.Signed) > 0 {
		return errNotEmpty
	}
	if r.master.IsZero() {
		return nil
	}
	if err := r.where.openKeys(ctx, e, r.master); err != nil {
		return err
	}
	left, err := r.copyOfKeys(ctx)
	if err == nil && len(left.Keys)+len(left.Forgotten) > 0 {
		err = errNotEmpty
	}
	return err
}

func (r *restoring) copyOfKeys(ctx context.Context) (seal.Copy, error) {
	t := takeCmd{whereabouts: whereabouts{Data: r.where.Data, Database: r.where.Database, Keyring: r.where.Keyring}}
	return t.keys(ctx)
}

// journal imports the records and reads them again. It tells whether they have the positions they had.
func (r *restoring) journal(ctx context.Context, to event.Importer) (samePositions bool, err error) {
	var lot []event.Record
	size, done := 0, int64(0)
	write := func() error {
		if len(lot) == 0 {
			return nil
		}
		err := to.Import(ctx, lot)
		lot, size = lot[:0], 0
		return err
	}
	for record, err := range r.copied.records() {
		if err != nil {
			return false, err
		}
		if done == r.extent.size {
			break
		}
		lot, size = append(lot, record), size+len(record.Data)
		if len(lot) == event.MaxEvents || size >= event.MaxBytes {
			if err := write(); err != nil {
				return false, err
			}
		}
		if done++; done%progressEvery == 0 {
			fmt.Fprintf(r.out, "\rEventi ripristinati: %d ", done)
		}
	}
	if err := write(); err != nil {
		return false, err
	}
	fmt.Fprintf(r.out, "\rEventi ripristinati: %d \n", done)
	return r.readAgain(ctx, to)
}

func (r *restoring) readAgain(ctx context.Context, s event.Store) (samePositions bool, err error) {
	var tree ledger.Tree
	samePositions = true
	was, stop := pull(r.copied.records())
	defer stop()
	for page, err := range s.ReadAll(ctx, 0, event.ReadAll{}) {
		if err != nil {
			return false, err
		}
		for _, is := range page.Records {
			tree.Add(ledger.LeafHash(is))
			record, err := was()
			if err != nil {
				return false, err
			}
			samePositions = samePositions && record.Position == is.Position
		}
	}
	if tree.Size() != r.extent.size || tree.Root() != r.extent.root {
		return false, errors.New("ciò che è stato scritto, riletto, non è ciò che era nella copia: la radice del registro è un'altra")
	}
	return samePositions, nil
}

// takeKeys brings the keys back, and destroys those of everybody who was erased since.
func (r *restoring) takeKeys(ctx context.Context, to *seal.Keyring, c seal.Copy) (err error) {
	if r.keys, err = to.TakeOverCopy(ctx, c, r.master); err != nil {
		return err
	}
	r.unreadable = len(c.Keys) - r.keys
	if r.erasures != nil {
		if _, err := r.erasures.Replay(ctx, to); err != nil {
			return err
		}
	}
	// Whoever the journal says is erased may have had keys yet when the copy was taken.
	for class, subjects := range r.extent.erased {
		left, err := to.Unforgotten(ctx, class, subjects...)
		if err == nil && len(left) > 0 {
			err = to.ForgetClass(ctx, class, left...)
		}
		if err != nil {
			return err
		}
	}
	gone, err := to.Forgotten(ctx)
	if err != nil {
		return err
	}
	r.forgotten = len(gone) - len(c.Forgotten)
	known := map[string]bool{}
	for _, k := range c.Keys {
		known[k.Subject.String()] = true
	}
	for _, t := range gone {
		known[t.Subject.String()] = true
	}
	for id := range r.extent.pupils {
		if !known[id.String()] {
			r.keyless++
		}
	}
	return nil
}

// wake opens the house once, as a start does: views are made anew, and cases are told of erasures that came after the copy.
func (r *restoring) wake(ctx context.Context) error {
	h, err := openHouse(ctx, r.where, r.master, time.Now, true, r.log)
	if err != nil {
		return err
	}
	return errors.Join(h.catchUp(ctx), h.engines.shut(context.WithoutCancel(ctx)))
}

// report says what was restored, what was not, and what is to be done.
func (r *restoring) report() (err error) {
	f := r.copied.set().Facts
	fmt.Fprintf(r.out, "\nRipristinati %d eventi, fino alla posizione %d, scritto il %s. Radice del registro: %s\n", r.extent.size, r.extent.head, inRome(r.extent.at), r.extent.root)
	if r.extent.size < f.Size {
		fmt.Fprintf(r.out, "La copia arriva più in là: %d eventi, del %s, sono rimasti fuori.\n", f.Size-r.extent.size, inRome(f.Taken))
	}
	fmt.Fprintf(r.out, "Chiavi: %d. Password: %d. Cancellazioni fatte valere dopo la copia: %d.\n", r.keys, r.passwords, r.forgotten)
	if r.unreadable > 0 {
		fmt.Fprintf(r.out, "ATTENZIONE: %d chiavi erano già guaste quando sono state copiate.\n", r.unreadable)
	}
	if r.keyless > 0 {
		fmt.Fprintf(r.out, "ATTENZIONE: di %d pratiche non ci sono né le chiavi né una cancellazione: i loro dati personali non si leggono.\n", r.keyless)
	}
	if r.erasures == nil {
		fmt.Fprintln(r.out, "ATTENZIONE: senza registro delle cancellazioni. Chi è stato cancellato dopo la copia è tornato leggibile: cancellatelo di nuovo.")
	}
	_, err = fmt.Fprint(r.out, `Non ci sono: le sessioni (tutti rientrano), le bozze, gli inviti e i collegamenti in corso, ciò che è accaduto dopo la copia.
Ora:
 1. avviate approdo serve con le stesse opzioni;
 2. confrontate un'attestazione del registro tenuta altrove (--checkpoint), se non l'avete già fatto;
 3. rifate ciò che è andato perso dopo quella posizione, e avvertite chi legge /api/v1/events: riparta dalla prima pagina;
 4. distruggete ciò che resta della casa vecchia, chiavi comprese, o una cancellazione fatta qui là non vale.
`)
	return err
}
