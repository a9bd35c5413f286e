package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"approdo/domain/ledger"
)

// witnessCmd remembers the last checkpoint it was shown, and refuses one of a journal that has shrunk or is another. It is for somebody
// who does not run the service: it needs a file, the verifier key, and the proof that the one goes on from the other.
type witnessCmd struct {
	Source string `arg:"" help:"Punto di controllo nuovo: un file, o l'indirizzo …/api/v1/ledger/checkpoints/latest."`
	State  string `help:"File in cui il testimone ricorda l'ultimo punto di controllo; la prima volta non c'è." required:"" type:"path"`
	Key    string `help:"Chiave di verifica del registro (approdo/registro+…), o il file che la contiene." required:""`
	Proof  string `help:"File della prova che il nuovo prosegue dall'ultimo; con un indirizzo la chiede al servizio." type:"existingfile"`
	Token  string `name:"token-file" help:"File col token di una sessione dell'API, se l'indirizzo lo vuole." type:"existingfile"`
}

var errNoWay = errors.New("serve la prova che il nuovo punto di controllo prosegue dall'ultimo: --proof FILE")

// Run is the subcommand.
func (c *witnessCmd) Run(ctx context.Context, out io.Writer) error {
	key, err := verifierKey(c.Key)
	if err != nil {
		return err
	}
	seen, err := c.read(ctx, c.Source)
	if err != nil {
		return err
	}
	newer, err := ledger.Open(seen, key)
	if err != nil {
		return inLedgerWords(err)
	}
	kept, err := os.ReadFile(c.State)
	if errors.Is(err, fs.ErrNotExist) {
		if err := keep(c.State, seen); err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "Primo punto di controllo: %d eventi. Da qui in poi il testimone ricorda.\n", newer.Size)
		return err
	}
	if err != nil {
		return fmt.Errorf("--state: %w", err)
	}
	older, err := ledger.Open(kept, key)
	if err != nil {
		return fmt.Errorf("--state: %w", inLedgerWords(err))
	}
	var proof []byte
	if newer.Size > older.Size {
		if proof, err = c.proof(ctx, older.Size, newer.Size); err != nil {
			return err
		}
	}
	if _, err := ledger.Extends(kept, seen, proof, key); err != nil {
		return inLedgerWords(err)
	}
	if err := keep(c.State, seen); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Il registro prosegue: da %d a %d eventi.\n", older.Size, newer.Size)
	return err
}

// proof is the one that was given, or that the service gives.
func (c *witnessCmd) proof(ctx context.Context, older, newer int64) ([]byte, error) {
	if c.Proof != "" {
		return os.ReadFile(c.Proof)
	}
	base, ok := strings.CutSuffix(c.Source, "/checkpoints/latest")
	if !ok || !isAddressOfWeb(c.Source) {
		return nil, errNoWay
	}
	return c.read(ctx, fmt.Sprintf("%s/consistency?older=%d&newer=%d", base, older, newer))
}

func isAddressOfWeb(text string) bool {
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")
}

// webWithin bounds a question to a service.
const webWithin = 30 * time.Second

func (c *witnessCmd) read(ctx context.Context, source string) (_ []byte, err error) {
	if !isAddressOfWeb(source) {
		return os.ReadFile(source)
	}
	ctx, cancel := context.WithTimeout(ctx, webWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, source, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/plain")
	if c.Token != "" {
		token, err := os.ReadFile(c.Token)
		if err != nil {
			return nil, fmt.Errorf("--token-file: %w", err)
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	res, err := http.DefaultClient.Do(req)
	if told, ok := errors.AsType[*url.Error](err); ok {
		return nil, told.Err
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("il servizio ha risposto %d", res.StatusCode)
	}
	return io.ReadAll(io.LimitReader(res.Body, maxProof))
}

// keep replaces what a witness remembers; the file is there whole or as it was.
func keep(path string, note []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".witness-*")
	if err != nil {
		return err
	}
	_, err = f.Write(note)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
