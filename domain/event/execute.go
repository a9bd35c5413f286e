package event

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
)

// Decider is an aggregate: three pure functions over a state S, commands C and events E.
type Decider[S, C, E any] struct {
	Initial func() S
	// Decide answers a command with the events it causes, with none if it is already so, or with the rule that forbids it.
	Decide func(S, C) ([]E, error)
	// Evolve is total: what is in the journal has happened.
	Evolve func(S, E) S
}

// Origin is where a command comes from. ID names the command itself: carried out again with the same ID it changes nothing.
type Origin struct {
	ID          uuid.UUID
	By          domain.Actor
	At          time.Time
	Correlation uuid.UUID // zero: the command is its own
	Causation   uuid.UUID
	// Expected, where set, is the revision the person saw: a stream that has moved on is a conflict and not decided anew.
	Expected *Revision
}

// Outcome is what a command came to.
type Outcome[S, E any] struct {
	Result
	State  S
	Events []E // what was appended now; none when it was already so
}

// conflictTries bounds how often a command is decided anew because others were faster.
const conflictTries = 8

// Execute lets a command meet the past of one stream and appends what it causes. Where somebody else appended meanwhile, it is
// decided again on the newer past. An outcome that is unknown is settled by a retry with the same ids.
func Execute[S, C, E any](ctx context.Context, store Store, codec *Codec, d Decider[S, C, E], stream string, c C, o Origin) (Outcome[S, E], error) {
	for try := 1; ; try++ {
		out, err := executeOnce(ctx, store, codec, d, stream, c, o)
		var conflict *ConflictError
		if errors.As(err, &conflict) && o.Expected == nil && try < conflictTries {
			continue
		}
		return out, err
	}
}

func executeOnce[S, C, E any](ctx context.Context, store Store, codec *Codec, d Decider[S, C, E], stream string, c C, o Origin) (Outcome[S, E], error) {
	out, done, err := load(ctx, store, codec, d, stream, o.ID)
	if err != nil || done {
		return out, err
	}
	if o.Expected != nil && *o.Expected != out.Last {
		return out, &ConflictError{Stream: stream, Expected: Expected(*o.Expected), Actual: out.Last}
	}
	events, err := d.Decide(out.State, c)
	if err != nil || len(events) == 0 {
		return out, err
	}
	meta := Meta{Actor: o.By, At: o.At.UTC(), Command: o.ID, Correlation: o.Correlation, Causation: o.Causation}
	if meta.Correlation == uuid.Nil {
		meta.Correlation = o.ID
	}
	a := Append{Stream: stream, Expected: Expected(out.Last)}
	for i, e := range events {
		at := out.Last + 1 + Revision(i)
		draft, err := codec.Encode(ctx, stream, at, DeriveID(o.ID, stream, i), e, meta)
		if err != nil {
			return out, err
		}
		a.Events = append(a.Events, draft)
	}
	res, err := store.Append(ctx, a)
	if errors.Is(err, ErrUnknownOutcome) && ctx.Err() == nil {
		res, err = store.Append(ctx, a)
	}
	if err != nil {
		return out, err
	}
	out.Result, out.Events = res, events
	for _, e := range events {
		out.State = d.Evolve(out.State, e)
	}
	return out, nil
}

// Load folds a stream. Last is -1 where there is none.
func Load[S, C, E any](ctx context.Context, store Store, codec *Codec, d Decider[S, C, E], stream string) (Outcome[S, E], error) {
	out, _, err := load(ctx, store, codec, d, stream, uuid.Nil)
	return out, err
}

// load also reports whether a command left its events there already.
func load[S, C, E any](ctx context.Context, store Store, codec *Codec, d Decider[S, C, E], stream string, command uuid.UUID) (Outcome[S, E], bool, error) {
	out := Outcome[S, E]{Result: Result{Last: Revision(NoStream)}, State: d.Initial()}
	done := false
	for r, err := range store.ReadStream(ctx, stream, ReadStream{}) {
		if err != nil {
			return out, false, err
		}
		decoded, err := codec.Decode(r)
		if err != nil {
			return out, false, err
		}
		e, ok := decoded.(E)
		if !ok {
			return out, false, fmt.Errorf("%w: %s in %s", ErrUnknownEvent, r.Type, stream)
		}
		out.State = d.Evolve(out.State, e)
		out.Last, out.Position = r.Revision, r.Position
		if command != uuid.Nil && r.Meta.Command == command {
			done, out.Duplicate = true, true
		}
	}
	return out, done, nil
}

// DeriveID names the i-th event of a command in a stream. It keeps the command's leading time bits, so that ids of one hour lie
// together in an index, and is a UUID of version 8 (RFC 9562).
func DeriveID(command uuid.UUID, stream string, i int) uuid.UUID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", command, stream, i))
	id := command
	copy(id[6:], sum[:10])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}
