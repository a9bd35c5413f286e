package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math"
	"os"

	"approdo/adapters/notary"
	"approdo/adapters/seal"
	"approdo/domain/ledger"
)

// exportCmd writes the journal as a file that can be verified years later. The service may be at work meanwhile.
type exportCmd struct {
	whereabouts
	File string `arg:"" help:"File in cui scrivere; non deve esserci già." type:"path"`
}

// Validate names every flag that is at fault.
func (c *exportCmd) Validate() error {
	where := c.storage("-")
	return where.Validate()
}

var errUnsigned = errors.New("il registro non ha ancora punti di controllo: li firma il servizio mentre è acceso, ogni dieci secondi se c'è qualcosa di nuovo")

// Run is the subcommand.
func (c *exportCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) (err error) {
	var e engines
	defer func() { err = errors.Join(err, e.shut(context.WithoutCancel(ctx))) }()
	if err := c.open(ctx, &e, log); err != nil {
		return err
	}
	newest, err := e.signed.Newest(ctx, math.MaxInt64, 1)
	if err != nil {
		return err
	}
	if len(newest) == 0 {
		return errUnsigned
	}
	last := newest[0]
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := export(ctx, &e, f, last.Size, out); err != nil {
		return errors.Join(inLedgerWords(err), f.Close(), os.Remove(c.File))
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nEsportati %d eventi, fino al punto di controllo del %s.\n", last.Size, last.At.Format("2006-01-02 15:04:05 MST"))
	return err
}

// export writes so many records and every checkpoint that speaks of them.
func export(ctx context.Context, e *engines, f io.Writer, size int64, out io.Writer) error {
	to := bufio.NewWriterSize(f, 1<<20)
	upTo := func(yield func(ledger.Signed, error) bool) {
		for s, err := range allSigned(ctx, e.signed, 0) {
			if s.Size > size || !yield(s, err) { // signed since
				return
			}
		}
	}
	err := ledger.Export(to, size, notary.Records(ctx, e.journal, 0), upTo, func(n int64) { fmt.Fprintf(out, "\rEventi esportati: %d di %d ", n, size) })
	if err != nil {
		return err
	}
	return to.Flush()
}

// signedPage is how many checkpoints are read at a time.
const signedPage = 500

// allSigned reads the checkpoints with more records than above, the smallest first.
func allSigned(ctx context.Context, s signedLedger, above int64) iter.Seq2[ledger.Signed, error] {
	return func(yield func(ledger.Signed, error) bool) {
		for {
			page, err := s.Oldest(ctx, above, signedPage)
			if err != nil {
				yield(ledger.Signed{}, err)
				return
			}
			for _, c := range page {
				if !yield(c, nil) {
					return
				}
				above = c.Size
			}
			if len(page) < signedPage {
				return
			}
		}
	}
}

// verifierCmd shows the public half of the key that signs the ledger.
type verifierCmd struct {
	Key  string `help:"File della chiave maestra." type:"path" required:""`
	Data string `help:"Cartella dei dati, in cui la chiave non può stare." type:"path"`
}

// Run is the subcommand.
func (c *verifierCmd) Run(out io.Writer) error {
	master, err := seal.LoadMasterKey(c.Key, c.Data)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, ledger.VerifierKey(master.LedgerKey().Public().(ed25519.PublicKey)))
	return err
}
