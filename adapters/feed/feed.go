// Package feed carries the journal's records to policies, with Watermill. It carries and is not the truth: what a policy does is in
// the journal, and a record that comes twice does nothing twice.
//
// A policy has its records one at a time and in order: the next one leaves when the one before is acknowledged. What fails is tried
// again; what goes on failing is parked with all that comes after it in its stream, where a person can see it, release it or drop
// it, while other streams go on. As long as storage takes no writes nothing is parked: the policy waits.
package feed

import (
	"context"
	"strconv"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"

	"approdo/domain/event"
	"approdo/domain/policy"
)

// Checkpoints keeps how far each policy has come. A checkpoint MAY be behind: records are then repeated.
type Checkpoints interface {
	// Load gives 0 for a policy that has none.
	Load(ctx context.Context, policy string) (event.Position, error)
	Save(ctx context.Context, policy string, p event.Position) error
}

// Parking keeps what policies could not deal with.
type Parking interface {
	// Park adds a record. One that is parked already keeps its First, and adds the attempts to its own.
	Park(ctx context.Context, p policy.Parked) error
	// Find is policy.ErrNotParked where there is none.
	Find(ctx context.Context, id uuid.UUID) (policy.Parked, error)
	// Waiting lists what a policy has parked of a stream, by position.
	Waiting(ctx context.Context, policy, stream string) ([]policy.Parked, error)
	// All lists everything that is parked, by policy, stream and position.
	All(ctx context.Context) ([]policy.Parked, error)
	// Unpark removes one that was dealt with; one that is not there is no error.
	Unpark(ctx context.Context, id uuid.UUID) error
	// Drop removes one that a person gave up, and keeps a note of it.
	Drop(ctx context.Context, id, by uuid.UUID, reason policy.DropReason, at time.Time) error
}

// The metadata of a message. Its UUID is the event's id, its payload the record's data as the journal has it: personal parts closed.
const (
	MetaStream   = "stream"
	MetaType     = "type"
	MetaPosition = "position"
	MetaRevision = "revision"
)

type recordKey struct{}

// RecordOf gives the record a message carries, false where it carries none.
func RecordOf(ctx context.Context) (event.Record, bool) {
	r, ok := ctx.Value(recordKey{}).(event.Record)
	return r, ok
}

func messageOf(ctx context.Context, r event.Record) *message.Message {
	msg := message.NewMessageWithContext(context.WithValue(ctx, recordKey{}, r), r.ID.String(), r.Data)
	msg.Metadata[MetaStream] = r.Stream
	msg.Metadata[MetaType] = r.Type
	msg.Metadata[MetaPosition] = strconv.FormatUint(uint64(r.Position), 10)
	msg.Metadata[MetaRevision] = strconv.FormatInt(int64(r.Revision), 10)
	return msg
}
