package event

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
)

// Same reports whether two records say the same: id, stream, revision, type, schema, metadata and instant are equal, and the payload
// is to the byte. Positions may differ, since each engine has its own.
func Same(a, b Record) bool {
	return a.ID == b.ID && a.Stream == b.Stream && a.Revision == b.Revision && a.Type == b.Type && a.Schema == b.Schema &&
		a.At.Equal(b.At) && a.Meta.At.Equal(b.Meta.At) && meta(a) == meta(b) && bytes.Equal(a.Data, b.Data)
}

// meta is the metadata but for its instant, which does not compare with ==.
func meta(r Record) Meta {
	m := r.Meta
	m.At = m.At.Round(0).UTC()
	return m
}

// ErrNotContinued refuses a target that holds what the source has not.
var ErrNotContinued = errors.New("event: the target is neither empty nor a beginning of the source")

// Transferred is what a Transfer came to, or how far it is.
type Transferred struct {
	Records int64    // in the source, as far as it was read
	Found   int64    // of these, the target had already
	Checked int64    // of these, read again from both after the copy and found the same
	Head    Position // of the target
	Digest  [32]byte // of all records in their order, without their positions; the same for the same journal on any engine
}

// Transfer copies a journal. The target MUST be empty or hold a beginning of the source, as one does whose transfer was cut short:
// otherwise nothing is written and the error is ErrNotContinued. In the end both are read side by side, and any difference is an error.
// It calls progress now and then, which may be nil. Nobody may append to either meanwhile.
func Transfer(ctx context.Context, from Store, to Importer, progress func(Transferred)) (done Transferred, err error) {
	tell := func() {
		if progress != nil {
			progress(done)
		}
	}
	if err := done.copy(ctx, from, to, tell); err != nil {
		return done, err
	}
	if err := done.compare(ctx, from, to, tell); err != nil {
		return done, err
	}
	done.Head, err = to.Head(ctx)
	tell()
	return done, err
}

// tellEvery is how many records pass between two words of progress.
const tellEvery = 1000

func (t *Transferred) copy(ctx context.Context, from Store, to Importer, tell func()) error {
	there, stop := iter.Pull2(records(ctx, to))
	defer stop()
	var lot []Record
	size, copying := 0, false
	write := func() error {
		if len(lot) == 0 {
			return nil
		}
		err := to.Import(ctx, lot)
		lot, size = lot[:0], 0
		return err
	}
	for r, err := range records(ctx, from) {
		if err != nil {
			return err
		}
		if !copying {
			had, err, ok := there()
			switch {
			case err != nil:
				return err
			case !ok:
				copying = true
			case !Same(r, had):
				return fmt.Errorf("%w: record %d differs", ErrNotContinued, t.Records+1)
			default:
				t.Found++
			}
		}
		if copying {
			lot, size = append(lot, r), size+len(r.Data)
			if len(lot) == MaxEvents || size >= MaxBytes {
				if err := write(); err != nil {
					return err
				}
			}
		}
		if t.Records++; t.Records%tellEvery == 0 {
			tell()
		}
	}
	if !copying {
		switch _, err, more := there(); {
		case err != nil:
			return err
		case more:
			return fmt.Errorf("%w: it goes on after record %d", ErrNotContinued, t.Records)
		}
	}
	return write()
}

func (t *Transferred) compare(ctx context.Context, from, to Store, tell func()) error {
	copied, stop := iter.Pull2(records(ctx, to))
	defer stop()
	sum := sha256.New()
	for r, err := range records(ctx, from) {
		if err != nil {
			return err
		}
		c, err, ok := copied()
		if err != nil {
			return err
		}
		if !ok || !Same(r, c) {
			return fmt.Errorf("event: record %d of the copy is not that of the source", t.Checked+1)
		}
		line, err := canonical(r)
		if err != nil {
			return err
		}
		sum.Write(line)
		if t.Checked++; t.Checked%tellEvery == 0 {
			tell()
		}
	}
	switch _, err, more := copied(); {
	case err != nil:
		return err
	case more || t.Checked != t.Records:
		return fmt.Errorf("event: somebody wrote during the transfer: %d records were read, then %d", t.Records, t.Checked)
	}
	sum.Sum(t.Digest[:0])
	return nil
}

// canonical is a record as bytes: every part after its length.
func canonical(r Record) ([]byte, error) {
	r.Meta.At = r.Meta.At.UTC()
	m, err := r.Meta.Encode()
	if err != nil {
		return nil, err
	}
	var b []byte
	for _, part := range [][]byte{r.ID[:], []byte(r.Stream), []byte(r.Type), m, r.Data} {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	b = binary.AppendVarint(b, int64(r.Revision))
	b = binary.AppendUvarint(b, uint64(r.Schema))
	return binary.AppendVarint(b, r.At.UnixMicro()), nil
}

// records reads a whole journal, one by one.
func records(ctx context.Context, s Store) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for page, err := range s.ReadAll(ctx, 0, ReadAll{}) {
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, r := range page.Records {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}
