package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"approdo/domain/ledger"
)

// verifyCmd tells whether an export, a selection, a proof or a checkpoint holds. It needs the file, the verifier key and whatever was kept, and
// neither service nor network.
type verifyCmd struct {
	File       string   `arg:"" help:"Esportazione del registro, file con le prove, prova o punto di controllo." type:"existingfile"`
	Key        string   `help:"Chiave di verifica del registro (approdo/registro+…), o il file che la contiene." required:""`
	Checkpoint []string `help:"Punto di controllo conservato altrove; anche più d'uno, separati da virgola." type:"existingfile"`
}

// Run is the subcommand.
func (c *verifyCmd) Run(_ context.Context, out io.Writer) (err error) {
	key, err := verifierKey(c.Key)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	from := bufio.NewReaderSize(f, 1<<20)
	if begins, err := from.Peek(ledger.SelectionBegins); err == nil && ledger.IsSelection(begins) {
		return c.selection(from, key, out)
	}
	if begins, err := from.Peek(len("{")); err != nil || string(begins) == "{" {
		return c.export(from, key, out) // an empty file is told there what it is not
	}
	text, err := io.ReadAll(io.LimitReader(from, maxProof))
	if err != nil {
		return err
	}
	if len(c.Checkpoint) > 0 {
		return errKeptForExport
	}
	said, err := holds(text, key)
	if err != nil {
		return inLedgerWords(err)
	}
	_, err = fmt.Fprint(out, said)
	return err
}

// maxProof bounds what is read of a file that may be anything.
const maxProof = 1 << 20

var errKeptForExport = errors.New("--checkpoint: serve solo con un'esportazione")

func (c *verifyCmd) export(from io.Reader, key string, out io.Writer) error {
	var kept [][]byte
	for _, file := range c.Checkpoint {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		kept = append(kept, b)
	}
	told := false
	got, err := ledger.Verify(from, key, func(v ledger.Verified) {
		fmt.Fprintf(out, "\rEventi controllati: almeno %d ", v.Size)
		told = true
	}, kept...)
	if told {
		fmt.Fprintln(out)
	}
	if err != nil {
		return inLedgerWords(err)
	}
	fmt.Fprintf(out, "L'esportazione è integra: %d eventi, %d punti di controllo firmati.\nRadice del registro: %s\n", got.Size, got.Checkpoints, got.Root)
	if got.Kept == 0 {
		_, err = fmt.Fprintln(out, "Nessun punto di controllo conservato altrove: che la casa stessa non abbia riscritto il registro si accerta con --checkpoint.")
		return err
	}
	_, err = fmt.Fprintf(out, "Prosegue da tutti i punti di controllo conservati: %d.\n", got.Kept)
	return err
}

// holds says what a proof or a checkpoint proves.
func holds(text []byte, key string) (string, error) {
	if !ledger.IsProof(text) {
		c, err := ledger.Open(text, key)
		return fmt.Sprintf("Il punto di controllo è firmato con questa chiave: %d eventi, radice %s\n", c.Size, c.Root), err
	}
	if p, c, err := ledger.OpenInclusion(text, key); err == nil {
		return fmt.Sprintf("L'evento n. %d sta nel registro di %d eventi, così:\n%s\n", p.Index, c.Size, p.Leaf), nil
	} else if !errors.Is(err, ledger.ErrNoProof) {
		return "", err
	}
	older, newer, err := ledger.OpenConsistency(text, key)
	return fmt.Sprintf("Il registro di %d eventi prosegue da quello di %d: nulla è stato tolto o cambiato.\n", newer.Size, older.Size), err
}

// verifierKey is a key as it was given, or what the file of that name holds.
func verifierKey(given string) (string, error) {
	if !strings.Contains(given, "+") {
		b, err := os.ReadFile(given)
		if err != nil {
			return "", fmt.Errorf("--key: %w", err)
		}
		given = string(b)
	}
	return strings.TrimSpace(given), nil
}
