package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/mod/sumdb/tlog"
)

// A selection is some records of a journal, each with the proof that it stands in the tree of one signed checkpoint: what a search has
// found. Its first line says what it is, how many records it has, and has the checkpoint. Then each record is a line of JSON, the
// latest first: its number from 0, what its leaf says, and the path of its proof. Payloads are not in it, only their hashes.
//
// It proves what is in it, and not that there is nothing else: whoever made it chose.
const (
	selectionKey   = `{"format":"approdo-selection-1"`
	selectionBegin = selectionKey + `,"records":%d,"checkpoint":`
	pathKey        = `,"path":`
)

// Chosen is a record of a selection.
type Chosen struct {
	Index int64 // in the journal, from 0
	Leaf  []byte
	Path  tlog.RecordProof
}

// Check is ErrProofFails where the record is not in the tree of a checkpoint.
func (r Chosen) Check(c Checkpoint) error {
	if err := tlog.CheckRecord(r.Path, c.Size, c.Root, r.Index, tlog.RecordHash(r.Leaf)); err != nil {
		return fmt.Errorf("%w: %w", ErrProofFails, err)
	}
	return nil
}

// ErrOrder is a selection whose records are not the latest first, each once.
var ErrOrder = errors.New("ledger: the records of a selection are not in order")

// Select writes a selection. Nothing in it is checked but the order: see VerifySelection.
func Select(w io.Writer, note []byte, records []Chosen) error {
	b, err := appendSelectionHead(nil, len(records), note)
	if err != nil {
		return err
	}
	for i, r := range records {
		if i > 0 && r.Index >= records[i-1].Index {
			return ErrOrder
		}
		if _, err := w.Write(append(b, '\n')); err != nil {
			return err
		}
		b = appendChosen(b[:0], r)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

func appendSelectionHead(b []byte, records int, note []byte) ([]byte, error) {
	b, err := jsontext.AppendQuote(fmt.Appendf(b, selectionBegin, records), note)
	return append(b, '}'), err
}

// appendChosen writes a line: the leaf with the number before it and the path behind it.
func appendChosen(b []byte, r Chosen) []byte {
	b = append(strconv.AppendInt(append(b, `{"n":`...), r.Index, 10), ',')
	b = append(append(b, r.Leaf[1:len(r.Leaf)-1]...), pathKey...)
	for i, h := range r.Path {
		before := byte(',')
		if i == 0 {
			before = '['
		}
		b = append(append(append(b, before, '"'), h.String()...), '"')
	}
	if len(r.Path) == 0 { // the only record there was
		b = append(b, '[')
	}
	return append(b, `]}`...)
}

// IsSelection tells whether a file begins as a selection does.
func IsSelection(begin []byte) bool { return bytes.HasPrefix(begin, []byte(selectionKey)) }

// SelectionBegins is how many bytes IsSelection looks at.
const SelectionBegins = len(selectionKey)

// Selected is what a selection was found to hold.
type Selected struct {
	Checkpoint
	Records int64
}

// VerifySelection reads a selection to its end and tells whether every record in it stands in the journal that the house signed. It needs
// the verifier key alone. The error is a Fault; Records is then how many held before it.
func VerifySelection(selection io.Reader, key string) (got Selected, err error) {
	v := &verifier{key: key}
	lines := bufio.NewScanner(selection)
	lines.Buffer(nil, maxLine)
	lines.Split(splitLine)
	if !lines.Scan() {
		return got, v.ended(lines.Err())
	}
	records, c, err := v.selectionHead(lines.Bytes())
	if err != nil {
		return got, err
	}
	got.Checkpoint = c
	v.next(lines.Bytes())
	for last := c.Size; lines.Scan(); got.Records++ {
		r, err := parseChosen(lines.Bytes())
		switch {
		case err != nil:
			return got, v.fault(Malformed, got.Records, got.Records, err)
		case got.Records == records:
			return got, v.fault(Surplus, r.Index, r.Index, nil)
		case r.Index >= last:
			return got, v.fault(Malformed, r.Index, r.Index, ErrOrder)
		}
		if err := r.Check(c); err != nil {
			return got, v.fault(Altered, r.Index, r.Index, err)
		}
		last = r.Index
		v.next(lines.Bytes())
	}
	if lines.Err() != nil {
		return got, v.ended(lines.Err())
	}
	if got.Records < records {
		return got, v.fault(Truncated, got.Records, records-1, nil)
	}
	return got, nil
}

// selectionHead reads the first line. It is the one that Select writes, to the byte.
func (v *verifier) selectionHead(line []byte) (records int64, c Checkpoint, err error) {
	var read struct {
		Format     string `json:"format"`
		Records    int64  `json:"records"`
		Checkpoint string `json:"checkpoint"`
	}
	if !IsSelection(line) || json.Unmarshal(line, &read) != nil {
		return 0, c, v.fault(NoExport, 0, 0, nil)
	}
	if again, err := appendSelectionHead(nil, int(read.Records), []byte(read.Checkpoint)); err != nil || read.Records < 0 || !bytes.Equal(again, line) {
		return 0, c, v.fault(Malformed, 0, 0, err)
	}
	c, err = Open([]byte(read.Checkpoint), v.key)
	switch {
	case errors.Is(err, ErrMalformed):
		return 0, c, v.fault(Malformed, 0, 0, err)
	case err != nil:
		return 0, c, v.fault(Foreign, 0, 0, err)
	}
	return read.Records, c, nil
}

// parseChosen takes a line apart. There is one line for what it finds.
func parseChosen(line []byte) (r Chosen, err error) {
	var read struct {
		N    int64    `json:"n"`
		Path []string `json:"path"`
	}
	if err := json.Unmarshal(line, &read); err != nil {
		return r, err
	}
	r.Index = read.N
	for _, text := range read.Path {
		h, err := tlog.ParseHash(text)
		if err != nil {
			return r, err
		}
		r.Path = append(r.Path, h)
	}
	head, _, _ := bytes.Cut(line, []byte(pathKey))
	_, leaf, _ := bytes.Cut(head, []byte(","))
	r.Leaf = append(append([]byte("{"), leaf...), '}')
	if !bytes.Equal(appendChosen(nil, r), line) {
		return r, ErrNoProof
	}
	return r, nil
}
