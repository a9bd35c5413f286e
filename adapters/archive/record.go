package archive

import (
	"encoding/binary"
	"errors"
	"iter"
	"path/filepath"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"

	"approdo/domain/event"
)

// Record adds a record of the journal: every part after its length, payload and metadata to the byte.
func (w *Writer) Record(r event.Record) error {
	r.Meta.At = r.Meta.At.UTC()
	m, err := r.Meta.Encode()
	if err != nil {
		return err
	}
	var b []byte
	for _, part := range [][]byte{r.ID[:], []byte(r.Stream), []byte(r.Type), m, r.Data} {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	b = binary.AppendVarint(b, int64(r.Revision))
	b = binary.AppendUvarint(b, uint64(r.Schema))
	b = binary.AppendVarint(b, r.At.UnixMicro())
	return w.Frame(binary.AppendUvarint(b, uint64(r.Position)))
}

var errRecord = errors.New("not a record")

func decode(b []byte) (r event.Record, err error) {
	part := func() []byte {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > uint64(len(b)-used) {
			err = errRecord
			return nil
		}
		p := b[used : used+int(n)]
		b = b[used+int(n):]
		return p
	}
	number := func() uint64 {
		n, used := binary.Uvarint(b)
		if used <= 0 {
			err = errRecord
			return 0
		}
		b = b[used:]
		return n
	}
	signed := func() int64 {
		n, used := binary.Varint(b)
		if used <= 0 {
			err = errRecord
			return 0
		}
		b = b[used:]
		return n
	}
	id, stream, typ, meta, data := part(), part(), part(), part(), part()
	r.Stream, r.Type, r.Data = string(stream), string(typ), append([]byte(nil), data...)
	r.Revision, r.Schema = event.Revision(signed()), uint16(number())
	r.At, r.Position = time.UnixMicro(signed()).UTC(), event.Position(number())
	if err != nil || len(b) > 0 {
		return r, errRecord
	}
	if r.ID, err = uuid.FromBytes(id); err != nil {
		return r, errRecord
	}
	r.Meta, err = event.DecodeMeta(meta)
	return r, err
}

// Records gives the records of the journal's archive, in their order; positions grow.
func (s *Set) Records(identities ...age.Identity) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		var last event.Position
		for b, err := range s.Frames(Journal, identities...) {
			var r event.Record
			if err == nil {
				r, err = decode(b)
				if err == nil && r.Position <= last {
					err = errRecord
				}
				if err != nil {
					err = &Fault{Reason: Damaged, File: filepath.Join(s.Dir, Journal.File()), Err: err}
				}
			}
			if !yield(r, err) || err != nil {
				return
			}
			last = r.Position
		}
	}
}
