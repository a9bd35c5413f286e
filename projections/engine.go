package projections

import (
	"context"
	"errors"
	"strconv"

	"approdo/domain"
	"approdo/domain/event"
)

// Engine keeps tables and checkpoints. It knows nothing of Go types and nothing of the journal; adapters/sqlite/views is one.
type Engine interface {
	// Read runs f in one read transaction: all its queries see one state, whatever is written meanwhile. It MUST NOT wait for
	// a writer. The Session ends with f.
	Read(ctx context.Context, f func(Session) error) error
	// Write runs f in one write transaction, committed when f returns nil and undone otherwise. One runs at a time, in the
	// order in which they came.
	Write(ctx context.Context, f func(Batch) error) error
	// Drop removes a generation that nobody reads any more, in steps that keep no writer waiting for long.
	Drop(ctx context.Context, g Generation) error
}

// Shared is an Engine that several nodes use at the same time.
type Shared interface {
	Engine
	// Turn waits until a turn is this node's, runs f, gives the turn back and returns what f did. No two nodes that the engine can
	// reach have the same turn. The context of f ends when ctx does, and soon after the turn is lost; meanwhile another node may
	// have it already, so that a turn spares work and Save decides.
	Turn(ctx context.Context, name string, f func(context.Context) error) error
}

// Walled is an Engine that keeps rows from those whom they do not concern, whatever a query asks for; see Wall.
type Walled interface {
	Engine
	// ReadAs is Read on behalf of an actor.
	ReadAs(ctx context.Context, a domain.Actor, f func(Session) error) error
}

// Session is a read transaction. Where a query has failed, those after it may fail too.
type Session interface {
	// Generations gives all there are, in the order of their numbers.
	Generations() ([]Generation, error)
	// Query takes parameters written $1, $2 …. One result is open at a time.
	Query(sql string, args []Value) (Rows, error)
}

// Rows is the result of a query.
type Rows interface {
	Columns() []string
	// Next fills one Value a column; false at the end. The Values hold until the call after.
	Next(into []Value) (bool, error)
	Close() error
}

// Batch is a write transaction.
type Batch interface {
	// Create makes empty tables, without secondary indexes, and gives the generation its number.
	Create(g Generation, tables []*Schema) (Generation, error)
	// Table gives the writer of one table.
	Table(g Generation, t *Schema) (Writer, error)
	// Index makes the secondary indexes of a table.
	Index(g Generation, t *Schema) error
	// Save writes what is known of a generation. It MUST fail with ErrMoved unless its position so far is was and it is not
	// retired: then somebody else applies the same projection, or has built it anew.
	Save(g Generation, was event.Position) error
}

// Writer changes the rows of one table. It MUST fail with ErrRefused where the row, and not the engine, is at fault; it keeps
// nothing of a row. After an error the transaction can only be undone.
type Writer interface {
	Insert(row []Value) error // of a key that is not there
	Upsert(row []Value) error
	Delete(key []Value) error
	// Flush ends a batch: the errors of its rows have been told when it returns. A batch changes a key once; what comes in one
	// may be written in any order.
	Flush() error
}

// The errors of an Engine.
var (
	ErrMoved   = errors.New("projections: somebody else moved the checkpoint")
	ErrRefused = errors.New("projections: the engine refuses the row")
)

// Generation is one build of a projection's tables. A rebuild makes a new one beside the old and swaps.
type Generation struct {
	Number     int64 // from 1; no two of an engine have the same
	Projection string
	Version    int
	Shape      string   // what the tables look like; a generation of another shape cannot be read
	Tables     []string // their names in queries
	State      State
	Position   event.Position // checkpoint: the rows reflect the journal as far as this
	Reason     Reason         // why it halted
	Stuck      event.Position // the record at which it halted
	Journal    string         // which journal the rows are of, by its first record; empty while none was applied
}

// Physical names a table of this generation.
func (g Generation) Physical(table string) string {
	return table + "_" + strconv.FormatInt(g.Number, 10)
}

// State is what a generation is good for.
type State string

// The states. A halted one still serves, as of its position.
const (
	Building State = "building"
	Live     State = "live"
	Halted   State = "halted"
	Retired  State = "retired" // another took its place; to be dropped
)

// Reason says why a projection halted. It is a stable code; UI texts are looked up by it.
type Reason string

// The reasons. What has no type, or does not decode, needs another program or a rebuild; what failed is tried again.
const (
	UnknownEvent Reason = "unknown-event"
	Undecodable  Reason = "event-undecodable"
	ApplyFailed  Reason = "apply-failed"
	RowsRefused  Reason = "rows-refused"
)
