package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"approdo/domain/event"
)

// Signed is a checkpoint as it was signed, and when: UTC, by the clock of the node that signed it.
type Signed struct {
	Size int64
	Note []byte
	At   time.Time
}

// An export is text. Its first line says what it is and how many records it has. Then each record is a line of JSON: its number from
// 0, what its leaf says, the payload to the byte, and the hash of the leaf. Checkpoints stand behind the last record they speak of, and
// one of them is the last line.
const (
	header     = `{"format":"approdo-export-1","records":%d}`
	payloadKey = `,"data":`
	leafKey    = `,"leaf":"`
	noteKey    = `{"checkpoint":`
)

// ErrPayload is a record whose payload is no JSON in one line. The program writes none.
var ErrPayload = errors.New("ledger: a payload that is no JSON in one line")

// appendRecord writes the line of a record without its end.
func appendRecord(b []byte, n int64, r event.Record) ([]byte, error) {
	if !jsontext.Value(r.Data).IsValid() || bytes.ContainsRune(r.Data, '\n') {
		return b, fmt.Errorf("%w: %s", ErrPayload, r.ID)
	}
	b = append(strconv.AppendInt(append(b, `{"n":`...), n, 10), ',')
	head := appendHeader(nil, r)
	b = append(append(b, head[1:]...), payloadKey...)
	b = append(append(b, r.Data...), leafKey...)
	return append(append(b, LeafHash(r).String()...), `"}`...), nil
}

func appendNote(b, note []byte) ([]byte, error) {
	b, err := jsontext.AppendQuote(append(b, noteKey...), note)
	return append(b, '}'), err
}

// ErrShort is a journal that has fewer records than a checkpoint speaks of.
var ErrShort = errors.New("ledger: the journal has fewer records than were signed")

// Export writes the records that the last of some checkpoints speaks of, and the checkpoints, which come in the order of their sizes.
// It does not check them: see Verify. Where there is no checkpoint nothing can be exported, and size, that of the last one, is 0.
func Export(w io.Writer, size int64, records iter.Seq2[event.Record, error], checkpoints iter.Seq2[Signed, error], progress func(records int64)) error {
	next, stop := iter.Pull2(records)
	defer stop()
	if _, err := fmt.Fprintf(w, header+"\n", size); err != nil {
		return err
	}
	var line []byte
	write := func(b []byte, err error) error {
		if err == nil {
			line = append(b, '\n')
			_, err = w.Write(line)
		}
		return err
	}
	n := int64(0)
	for c, err := range checkpoints {
		if err != nil {
			return err
		}
		for ; n < c.Size; n++ {
			r, err, ok := next()
			if err == nil && !ok {
				err = ErrShort
			}
			if err == nil {
				err = write(appendRecord(line[:0], n, r))
			}
			if err != nil {
				return err
			}
			if progress != nil && n%tellEvery == 0 {
				progress(n)
			}
		}
		if err := write(appendNote(line[:0], c.Note)); err != nil {
			return err
		}
	}
	return nil
}

// tellEvery is how many records pass between two words of progress.
const tellEvery = 1000
