// Package policy reacts across streams: from a record in the journal to the commands it asks for. A place follows its case, a seat
// that nobody offered is given back, a merge into a case that was over is undone, an erased pupil's keys are destroyed, a term that has
// run out goes up.
//
// Every policy may be repeated without harm, in whole or in part: it looks at how things stand now and not at what the record
// says has changed, its commands change nothing where it is already so, and their ids come from the record's own.
package policy

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
)

// The names of the policies, by which checkpoints and parked records know them: they do not change.
const (
	NamePlacesFollowCase = "places-follow-case"
	NameOrphanHolds      = "orphan-holds"
	NameMergesHold       = "merges-hold"
	NameErasure          = "erasure"
	NameCleanup          = "erasure-cleanup"
	NameClocks           = "clocks"
	NameMonths           = "reading-months"
	NameLedger           = "ledger"
	NameInvitations      = "invitations"
	NameRecoveries       = "recoveries"
	NameResets           = "resets"
	NameNotices          = "notices"
	NameNoticeSender     = "notice-sender"
	NameNoticeReceipts   = "notice-receipts"
	NameReminders        = "return-reminders"
	NameMondays          = "mondays"
)

// Names lists them.
func Names() []string {
	return []string{NamePlacesFollowCase, NameOrphanHolds, NameMergesHold, NameErasure, NameCleanup, NameClocks, NameMonths, NameLedger, NameInvitations, NameRecoveries, NameResets, NameReminders,
		NameMondays, NameNotices, NameNoticeSender, NameNoticeReceipts}
}

// OutletPrefix begins the names of the outlets, which send facts to other systems and are kept up like policies.
const OutletPrefix = "outlet-"

// Reaction is a policy that follows the journal. Whoever runs it hands it the records one at a time and in order.
type Reaction struct {
	Name     string
	Category string        // prefix of the streams it follows
	Types    []string      // stored names it reacts to; the others cannot matter and are passed over
	After    time.Duration // how long after the journal wrote a record (Record.At) it may be handed over
	React    func(ctx context.Context, r event.Record) error
}

// Parked is a record that a policy could not deal with, or one that waits behind such a record of its stream. It holds no
// personal data.
type Parked struct {
	ID       uuid.UUID
	Policy   string
	Event    uuid.UUID // nil: what failed answers to no record but to the passing of time
	Type     string    // stored name
	Stream   string
	Revision event.Revision
	Position event.Position
	Code     string // of the last error
	Attempts int    // 0: it was not tried, it waits behind another
	First    time.Time
	Last     time.Time // UTC both
}

// The codes of a Parked besides those of domain.Error.
const (
	CodeBehind   = "behind-another" // not tried: an earlier record of the stream is parked
	CodePanic    = "panic"
	CodeUnknown  = "event-unknown" // a stored name or schema this program does not know
	CodeTimeout  = "timeout"
	CodeConflict = "conflict" // others were faster every time
	CodeFault    = "fault"    // any other; the log has the words
)

// The refusals that a person meets who deals with parked records.
var (
	ErrNotParked  = domain.NotFound("parked-not-found")
	ErrBusy       = &domain.Error{Kind: domain.KindUnavailable, Code: "policy-busy"}
	ErrNotRunning = domain.Refused("policy-not-running")
	ErrStillFails = domain.Refused("policy-still-fails") // detail "code" has the error's
	ErrNotFirst   = domain.Refused("parked-behind-another")
	ErrDropReason = domain.Invalid("reason-missing").On("reason")
)

// DropReason is why a person gave up a parked record.
type DropReason string

// DropReasons lists them.
func DropReasons() []DropReason {
	return []DropReason{"done-by-hand", "no-longer-matters", "fault-in-record"}
}

// origin is that of the i-th command a record asks of a stream.
func origin(r event.Record, stream string, i int, at time.Time) event.Origin {
	return event.Origin{ID: event.DeriveID(r.ID, stream, i), By: domain.System, At: at, Correlation: r.Meta.Correlation, Causation: r.ID}
}

// caseOf is the case a record belongs to.
func caseOf(r event.Record) (uuid.UUID, error) {
	id := casefile.IDOf(r.Stream)
	if id == uuid.Nil {
		return id, fmt.Errorf("policy: %s is no case", r.Stream)
	}
	return id, nil
}
