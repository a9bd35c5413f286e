// Package event is the journal as the domain sees it: what a record is, the contract every engine keeps (Store), how
// events become bytes and come back (Codec), and how a command meets the past of one stream (Execute).
package event

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
)

// Position is the place of a record in the whole journal; 0 is before everything. Positions grow but may have holes:
// compare them, never add one.
type Position uint64

// Revision is the place of a record in its stream, counted from 0.
type Revision int64

// Expected is what an append asks of its stream: an exact last revision, or one of the constants.
type Expected int64

// The constants of Expected, with the values EventStoreDB gives them.
const (
	NoStream     Expected = -1
	Any          Expected = -2
	StreamExists Expected = -4
)

// The largest append an engine MUST take: EventStoreDB's own default bounds it.
const (
	MaxEvents = 500
	MaxBytes  = 1 << 20
)

// Meta says who caused an event and when. It holds no personal data.
type Meta struct {
	Actor       domain.Actor `json:"actor"`
	At          time.Time    `json:"at"`                   // UTC, when the act was done, by the clock of the node that took it
	Command     uuid.UUID    `json:"command"`              // the command that caused it; a retry of the command carries the same
	Correlation uuid.UUID    `json:"correlation,omitzero"` // the request of a person at the root of it all
	Causation   uuid.UUID    `json:"causation,omitzero"`   // the record a policy reacted to
}

// Encode writes the metadata as engines keep it.
func (m Meta) Encode() ([]byte, error) { return json.Marshal(m) }

// DecodeMeta is the inverse of Encode.
func DecodeMeta(b []byte) (m Meta, err error) {
	err = json.Unmarshal(b, &m)
	return m, err
}

// Draft is an event to be appended. The id is chosen by the caller before the first try, so that a retry finds itself.
type Draft struct {
	ID     uuid.UUID
	Type   string // stored name, "case.place-offered"
	Schema uint16 // version of the payload's shape, from 1
	Data   []byte // JSON, kept to the byte
	Meta   Meta
}

// Record is an event in the journal.
type Record struct {
	Draft
	Stream   string
	Revision Revision
	Position Position
	At       time.Time // UTC, when the engine wrote it
}

// Append is what one command adds to one stream.
type Append struct {
	Stream   string
	Expected Expected
	Events   []Draft
}

// Result is what an append gives back. Position is that of its last event: a reader that has come so far sees it.
type Result struct {
	Last      Revision
	Position  Position
	Duplicate bool // the same ids were there already; nothing was written
}

// ReadStream says how to read one stream. The zero value reads all of it, oldest first.
type ReadStream struct {
	From     Revision // first revision wanted; backward: the last one, where 0 with Backward means the end
	Backward bool
	Limit    int // 0: no limit
}

// ReadAll says how to read the journal.
type ReadAll struct {
	Filter   Filter
	PageSize int // records looked at for a page; 0: the engine's choice
}

// Subscribe says how to follow the journal.
type Subscribe struct {
	Filter   Filter
	PageSize int
}

// Filter keeps records whose stream has one of the prefixes; none keeps all.
type Filter struct{ Prefixes []string }

// Page is a run of records in order; they are the caller's to keep. Checkpoint is where to go on from: it also passes over what the filter left out.
type Page struct {
	Records    []Record
	Checkpoint Position
	CaughtUp   bool // nothing was behind it when it was read
}

// Store is a journal. Every engine passes the suite in storetest unchanged.
type Store interface {
	// Append adds events at the end of a stream, all or none, and returns after they are durable.
	// It MUST fail with a ConflictError that carries the actual revision, and write nothing, unless the stream is as
	// expected. With an exact revision or NoStream, the same ids already at the expected place are a success that writes
	// nothing (Duplicate, with the original revision and position); only some of them is ErrCorruptIdempotency. With Any
	// and StreamExists, ids that are all in this stream already are such a success wherever they stand.
	// No events is a check of the expectation and writes nothing. More than MaxEvents or MaxBytes is ErrTooLarge.
	// An empty stream name, event type or id is ErrMalformed.
	// When ctx ends after the append was handed over, the error is ErrUnknownOutcome and a retry with the same ids is safe.
	// A full queue is ErrOverloaded, never a growing one.
	Append(ctx context.Context, a Append) (Result, error)
	// ReadStream yields one stream in order; a stream nobody wrote to yields nothing.
	ReadStream(ctx context.Context, stream string, o ReadStream) iter.Seq2[Record, error]
	// ReadAll yields pages after a position, oldest first, and ends at the head as it was found on the way. An event MUST
	// NOT appear behind a position already yielded: whoever resumes from the last checkpoint misses nothing.
	ReadAll(ctx context.Context, after Position, o ReadAll) iter.Seq2[Page, error]
	// Subscribe is ReadAll that does not end: it waits at the head, where it yields a page with CaughtUp (perhaps empty)
	// once, and wakes within a second of an append by any process. It ends with the error of ctx.
	Subscribe(ctx context.Context, after Position, o Subscribe) iter.Seq2[Page, error]
	// Head is the position of the last record, 0 in an empty journal.
	Head(ctx context.Context) (Position, error)
	// Close takes no more appends, finishes those it took, and frees what it holds. Calls after it give ErrClosed.
	Close(ctx context.Context) error
}

// Name names a journal by its first record: id and position. It is empty while there is no record. Positions mean nothing in a journal
// of another name, and the same records on another engine may be one.
func Name(ctx context.Context, s Store) (string, error) {
	for page, err := range s.ReadAll(ctx, 0, ReadAll{PageSize: 1}) {
		if err != nil {
			return "", err
		}
		if len(page.Records) > 0 {
			return fmt.Sprintf("%s at %d", page.Records[0].ID, page.Records[0].Position), nil
		}
	}
	return "", nil
}

// Importer is a Store that takes over the records of another one; see Transfer.
type Importer interface {
	Store
	// Import adds records behind the last one, in their order, each with the instant at which its first journal wrote it; their
	// positions are this journal's own. It returns after they are durable. Each record MUST be the next of its stream, or be there
	// already: otherwise the error is a ConflictError or ErrCorruptIdempotency. With an error, as many of the first records as were
	// written stay. Nobody else may append meanwhile. Records are at most MaxEvents, and MaxBytes give or take the last one.
	Import(ctx context.Context, records []Record) error
}

// The errors of a Store. Engines wrap them with what happened.
var (
	// ErrUnknownOutcome: the append may or may not be there. A retry with the same ids is safe, and tells.
	ErrUnknownOutcome     = &domain.Error{Kind: domain.KindUnavailable, Code: "outcome-unknown"}
	ErrOverloaded         = &domain.Error{Kind: domain.KindOverloaded, Code: "journal-overloaded"}
	ErrUnavailable        = &domain.Error{Kind: domain.KindUnavailable, Code: "journal-unavailable"}
	ErrTooLarge           = domain.Invalid("append-too-large")
	ErrMalformed          = errors.New("event: append without stream, id or type")
	ErrCorruptIdempotency = errors.New("event: only some of the ids are already there")
	ErrClosed             = errors.New("event: journal is closed")
)

// ConflictError says that the stream was not as expected. Actual is its last revision, -1 where there is no stream.
type ConflictError struct {
	Stream   string
	Expected Expected
	Actual   Revision
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("event: %s: expected revision %d, is %d", e.Stream, e.Expected, e.Actual)
}

// ErrConflict is what a person is told of a ConflictError.
var ErrConflict = &domain.Error{Kind: domain.KindConflict, Code: "changed-meanwhile"}

// Unwrap makes it a domain conflict.
func (e *ConflictError) Unwrap() error { return ErrConflict }

// Check validates an append as every engine must before it takes it.
func (a Append) Check() error {
	if a.Stream == "" || a.Expected < NoStream && a.Expected != Any && a.Expected != StreamExists {
		return ErrMalformed
	}
	if len(a.Events) > MaxEvents {
		return ErrTooLarge
	}
	size := 0
	for _, d := range a.Events {
		if d.ID == uuid.Nil || d.Type == "" {
			return ErrMalformed
		}
		size += len(d.Data)
	}
	if size > MaxBytes {
		return ErrTooLarge
	}
	return nil
}
