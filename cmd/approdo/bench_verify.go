package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"approdo/adapters/notary"
	"approdo/domain/ledger"
	"approdo/projections"
	hashed "approdo/projections/ledger"
)

// benchVerifyCmd verifies an export of whole cases, and in turn only reads the lines of the same file.
type benchVerifyCmd struct {
	JSON   bool   `name:"json" help:"Un oggetto JSON per riga."`
	Events int    `help:"Quanti eventi ha il registro." default:"100000"`
	Rounds int    `help:"Quante volte si misura; vale la mediana." default:"3"`
	Dir    string `help:"Cartella sul disco da misurare." default:"." type:"existingdir"`
}

// signEvery is how many records lie between two checkpoints of the export.
const signEvery = 1000

// Run measures and prints.
func (c *benchVerifyCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) (err error) {
	h, remove, err := benchHouse(ctx, c.Dir, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	crowd, err := newCrowd(ctx, h)
	if err != nil {
		return err
	}
	if err := crowd.fill(ctx, c.Events); err != nil {
		return err
	}
	if err := h.views.CatchUp(ctx); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(c.Dir, "bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "export.jsonl")
	size, err := h.exportBench(ctx, file)
	if err != nil {
		return err
	}
	var verified, read []float64
	for range max(1, c.Rounds) {
		plain, err := timed(file, func(f io.Reader) error {
			lines := bufio.NewReaderSize(f, 1<<20)
			for {
				if _, err := lines.ReadSlice('\n'); err != nil {
					if errors.Is(err, io.EOF) {
						return nil
					}
					return err
				}
			}
		})
		if err != nil {
			return err
		}
		whole, err := timed(file, func(f io.Reader) error {
			_, err := ledger.Verify(f, h.notary.VerifierKey(), nil)
			return err
		})
		if err != nil {
			return err
		}
		verified, read = append(verified, float64(size)/whole.Seconds()), append(read, float64(size)/plain.Seconds())
	}
	rate, baseline := median(verified), median(read)
	return figure{Figure: fmt.Sprintf("verify.events%d", size), Value: rate, Unit: "records/s", Baseline: baseline, Ratio: rate / baseline,
		Seconds: float64(size) / rate * float64(c.Rounds)}.print(out, c.JSON)
}

func timed(file string, do func(io.Reader) error) (took time.Duration, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	began := time.Now()
	err = do(f)
	return time.Since(began), err
}

// exportBench writes the journal with a checkpoint every so often, as a service would have signed them along the way.
func (h *house) exportBench(ctx context.Context, file string) (size int64, err error) {
	var signed []ledger.Signed
	err = h.views.Read(ctx, func(v *projections.Snapshot) error {
		if size, err = hashed.Size(v); err != nil {
			return err
		}
		for at := int64(signEvery); ; at += signEvery {
			c, err := hashed.Checkpoint(v, min(at, size))
			if err != nil {
				return err
			}
			note, err := c.Sign(h.notary.Key)
			if err != nil {
				return err
			}
			if signed = append(signed, ledger.Signed{Size: c.Size, Note: note}); c.Size == size {
				return nil
			}
		}
	})
	if err != nil {
		return 0, err
	}
	f, err := os.Create(file)
	if err != nil {
		return 0, err
	}
	to := bufio.NewWriterSize(f, 1<<20)
	err = ledger.Export(to, size, notary.Records(ctx, h.store, 0), func(yield func(ledger.Signed, error) bool) {
		for _, s := range signed {
			if !yield(s, nil) {
				return
			}
		}
	}, nil)
	return size, errors.Join(err, to.Flush(), f.Close())
}
