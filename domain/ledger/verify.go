package ledger

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/tlog"
)

// Reason is why an export does not hold.
type Reason string

// The reasons.
const (
	NoExport  Reason = "no-export"  // the first line is not that of an export
	Malformed Reason = "malformed"  // a line is neither a record nor a checkpoint, to the letter
	Altered   Reason = "altered"    // a record is not the one whose hash stands beside it
	Missing   Reason = "missing"    // a record is not where its number says: there are too few before it
	Surplus   Reason = "surplus"    // a record is not where its number says: there are too many before it
	Rewritten Reason = "rewritten"  // the records are not those that were signed
	Foreign   Reason = "foreign"    // a checkpoint in the export was not signed with the key
	Truncated Reason = "truncated"  // the export breaks off
	Rollback  Reason = "rollback"   // it holds by itself, and has fewer records than a checkpoint that was kept
	Fork      Reason = "fork"       // it has other records than a checkpoint that was kept speaks of
	BadKept   Reason = "kept"       // a checkpoint that was kept is none, or was not signed with the key
	Unread    Reason = "unreadable" // the file could not be read
)

// Fault is the first thing that does not hold. Records are counted from 0: it is the record First, or, where Last is another, one of
// those from First to Last, whose hashes match and yet not what was signed. Line counts from 1, Offset is where it begins, in bytes.
type Fault struct {
	Reason      Reason
	First, Last int64
	Line        int64
	Offset      int64
	Cause       error
}

func (f *Fault) Error() string {
	return fmt.Sprintf("ledger: %s: records %d to %d, line %d, byte %d: %v", f.Reason, f.First, f.Last, f.Line, f.Offset, f.Cause)
}

// Unwrap gives the cause, which may be nil.
func (f *Fault) Unwrap() error { return f.Cause }

// Verified is what an export was found to hold, or how far Verify has come.
type Verified struct {
	Checkpoint      // the last
	Checkpoints int // in the export
	Kept        int // of those that were kept, how many speak of these records
}

// maxLine bounds a line, so that a file that is no export cannot fill the memory. A journal takes payloads of event.MaxBytes.
const maxLine = 4 << 20

// verifier goes through an export line by line. Of the records it keeps nothing but the edge of their tree.
type verifier struct {
	key          string
	kept         []Checkpoint // by size
	tree         Tree
	held         int64 // so many records are those that were signed
	done         Verified
	line, offset int64
}

// Verify reads an export to its end and tells whether every byte is as it was when the house signed it. It needs the verifier key and
// whatever checkpoints were kept elsewhere: without them it cannot know whether the house itself has rewritten the journal and signed it
// anew, or shows an old one. The error is a Fault. It calls progress now and then, which may be nil.
func Verify(export io.Reader, key string, progress func(Verified), kept ...[]byte) (Verified, error) {
	v := &verifier{key: key}
	for _, signed := range kept {
		c, err := Open(signed, key)
		if err != nil {
			return v.done, v.fault(BadKept, 0, 0, err)
		}
		v.kept = append(v.kept, c)
	}
	slices.SortFunc(v.kept, func(a, b Checkpoint) int { return cmp.Compare(a.Size, b.Size) })
	lines := bufio.NewScanner(export)
	lines.Buffer(nil, maxLine)
	lines.Split(splitLine)
	if !lines.Scan() {
		return v.done, v.ended(lines.Err())
	}
	var records int64
	if _, err := fmt.Sscanf(lines.Text(), header, &records); err != nil || records < 1 || lines.Text() != fmt.Sprintf(header, records) {
		return v.done, v.fault(NoExport, 0, 0, nil)
	}
	v.next(lines.Bytes())
	for lines.Scan() {
		if err := v.take(lines.Bytes()); err != nil {
			return v.done, err
		}
		v.next(lines.Bytes())
		if progress != nil && v.line%tellEvery == 0 {
			progress(v.done)
		}
	}
	if lines.Err() != nil {
		return v.done, v.ended(lines.Err())
	}
	if v.tree.Size() > records {
		return v.done, v.fault(Surplus, records, v.tree.Size()-1, nil)
	}
	if v.done.Size < records {
		return v.done, v.fault(Truncated, v.tree.Size(), records-1, nil)
	}
	if len(v.kept) > 0 {
		return v.done, v.fault(Rollback, records, v.kept[len(v.kept)-1].Size-1, nil)
	}
	return v.done, nil
}

func (v *verifier) next(line []byte) {
	v.line++
	v.offset += int64(len(line)) + 1
}

func (v *verifier) fault(why Reason, first, last int64, cause error) error {
	return &Fault{why, first, last, v.line + 1, v.offset, cause}
}

// ended tells why there is no further line.
func (v *verifier) ended(err error) error {
	at, why := v.tree.Size(), Unread
	switch {
	case err == nil:
		why = NoExport
	case errors.Is(err, bufio.ErrTooLong):
		why = Malformed
	case errors.Is(err, io.ErrUnexpectedEOF):
		why = Truncated
	}
	return v.fault(why, at, at, err)
}

// splitLine is a bufio.SplitFunc that gives whole lines only, and all of them.
func splitLine(data []byte, atEOF bool) (int, []byte, error) {
	if end := bytes.IndexByte(data, '\n'); end >= 0 {
		return end + 1, data[:end], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}

func (v *verifier) take(line []byte) error {
	if bytes.HasPrefix(line, []byte(noteKey)) {
		return v.checkpoint(line)
	}
	if err := v.record(line); err != nil {
		return err
	}
	for len(v.kept) > 0 && v.kept[0].Size == v.tree.Size() {
		if v.kept[0].Root != v.tree.Root() {
			return v.fault(Fork, v.held, v.tree.Size()-1, nil)
		}
		v.held, v.kept = v.tree.Size(), v.kept[1:]
		v.done.Kept++
	}
	return nil
}

// record takes the line of a record into the tree. What stands before the payload is the leaf but for the payload's hash, which is
// computed here; so no byte of the line is left that could be another.
func (v *verifier) record(line []byte) error {
	at := v.tree.Size()
	rest, ok := bytes.CutPrefix(line, fmt.Appendf(nil, `{"n":%d,`, at))
	if !ok {
		return v.fault(misplaced(line, at), at, at, nil)
	}
	head, rest, _ := bytes.Cut(rest, []byte(payloadKey))
	tail := len(rest) - len(leafKey) - hashText - len(`"}`)
	if tail < 0 {
		return v.fault(Malformed, at, at, nil)
	}
	payload := sha256.Sum256(rest[:tail])
	leaf := tlog.RecordHash(slices.Concat([]byte("{"), head, []byte(`,"payload":"`+hex.EncodeToString(payload[:])+`"}`)))
	if string(rest[tail:]) != leafKey+leaf.String()+`"}` {
		return v.fault(Altered, at, at, nil)
	}
	v.tree.Add(leaf)
	return nil
}

// hashText is the length of a hash in base64.
const hashText = 44

// misplaced tells why a line is not that of the record at a place.
func misplaced(line []byte, at int64) Reason {
	digits, _, _ := bytes.Cut(bytes.TrimPrefix(line, []byte(`{"n":`)), []byte(","))
	switch n, err := strconv.ParseInt(string(digits), 10, 64); {
	case err != nil:
		return Malformed
	case n > at:
		return Missing
	default:
		return Surplus
	}
}

// checkpoint compares the tree with what was signed.
func (v *verifier) checkpoint(line []byte) error {
	at := v.tree.Size()
	var read struct {
		Note string `json:"checkpoint"`
	}
	readErr := json.Unmarshal(line, &read)
	if again, err := appendNote(nil, []byte(read.Note)); err != nil || readErr != nil || !bytes.Equal(again, line) {
		return v.fault(Malformed, at, at, nil)
	}
	c, err := Open([]byte(read.Note), v.key)
	switch {
	case errors.Is(err, ErrMalformed):
		return v.fault(Malformed, at, at, err)
	case err != nil:
		return v.fault(Foreign, at, at, err)
	case c.Size > at:
		return v.fault(Missing, v.held, at, nil)
	case c.Size < at || c.Size == v.done.Size:
		return v.fault(Surplus, v.held, at, nil)
	case c.Root != v.tree.Root():
		return v.fault(Rewritten, v.held, at-1, nil)
	}
	v.held, v.done.Checkpoint = at, c
	v.done.Checkpoints++
	return nil
}
