package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/policy"
)

// worker runs one policy. The live feed and a person who releases what was parked take turns, so that no record slips in between.
type worker struct {
	name    string
	do      func(context.Context, event.Record) error
	store   event.Store
	parking Parking
	log     *slog.Logger
	turn    chan struct{}
}

// take waits for the turn, which is not given to who comes too late.
func (w *worker) take(ctx context.Context) error {
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		w.give()
		return err
	}
	return nil
}

func (w *worker) give() { <-w.turn }

// soon is how long a person waits for the turn of a policy that is at work, perhaps on a record that has to wait for another system.
const soon = 2 * time.Second

func (w *worker) takeSoon(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	if err := w.take(within); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return policy.ErrBusy
	}
	return nil
}

// live deals with a message of the journal. An error means that the message is to come again: the policy was interrupted, or what
// happened to the record could not be written down.
func (w *worker) live(msg *message.Message) error {
	ctx := msg.Context()
	r, ok := RecordOf(ctx)
	if !ok {
		return errors.New("feed: message without a record")
	}
	if err := w.take(ctx); err != nil {
		return err
	}
	defer w.give()
	waiting, err := w.parking.Waiting(ctx, w.name, r.Stream)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(waiting, func(p policy.Parked) bool { return p.Event == r.ID }) {
		return nil // it comes again because the checkpoint was older than the parking
	}
	if len(waiting) > 0 && waiting[0].Position < r.Position {
		if behind, err := w.wait(ctx, r); behind || err != nil {
			return err
		}
	}
	failures, err := try(ctx, w.do, r, w.log)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return w.park(ctx, r, failures, codeOf(err))
}

// wait parks a record behind those of its stream that wait already. It is false where somebody has released them on another node
// meanwhile: then nobody would come back for it, and it is its turn.
func (w *worker) wait(ctx context.Context, r event.Record) (behind bool, err error) {
	if err := w.park(ctx, r, 0, policy.CodeBehind); err != nil {
		return true, err
	}
	waiting, err := w.parking.Waiting(ctx, w.name, r.Stream)
	if err != nil || len(waiting) > 0 && waiting[0].Position < r.Position {
		return true, err
	}
	return false, w.parking.Unpark(ctx, w.id(r))
}

// tick deals with a message of a ticker, which carries nothing: one that failed is made up for by the next.
func (w *worker) tick(msg *message.Message) error {
	ctx := msg.Context()
	if err := w.take(ctx); err != nil {
		return err
	}
	defer w.give()
	failures, err := try(ctx, w.do, event.Record{}, w.log)
	switch {
	case err == nil:
		return w.parking.Unpark(ctx, w.id(event.Record{}))
	case ctx.Err() != nil:
		return err
	}
	return w.park(ctx, event.Record{}, failures, codeOf(err))
}

// id names a record that this policy has parked.
func (w *worker) id(r event.Record) uuid.UUID { return event.DeriveID(r.ID, w.name, 0) }

func (w *worker) park(ctx context.Context, r event.Record, failures int, code string) error {
	w.log.Error("policy parked a record", "stream", r.Stream, "position", r.Position, "event", r.ID, "failures", failures, "code", code)
	now := time.Now().UTC()
	return w.parking.Park(ctx, policy.Parked{ID: w.id(r), Policy: w.name, Event: r.ID, Type: r.Type, Stream: r.Stream, Revision: r.Revision,
		Position: r.Position, Code: code, Attempts: failures, First: now, Last: now})
}

// again tries what is parked of a stream, in order, up to the first that fails.
func (w *worker) again(ctx context.Context, stream string) error {
	if err := w.takeSoon(ctx); err != nil {
		return err
	}
	defer w.give()
	waiting, err := w.parking.Waiting(ctx, w.name, stream)
	if err != nil {
		return err
	}
	for _, p := range waiting {
		r, err := w.recordOf(ctx, p)
		if err != nil {
			return err
		}
		if err := once(ctx, w.do, r); err != nil {
			if ctx.Err() != nil || passing(err) {
				return err
			}
			w.log.Warn("policy failed", "stream", r.Stream, "position", r.Position, "code", codeOf(err), "error", err)
			if err := w.park(ctx, r, 1, codeOf(err)); err != nil {
				return err
			}
			return policy.ErrStillFails.With("code", codeOf(err))
		}
		if err := w.parking.Unpark(ctx, p.ID); err != nil {
			return err
		}
	}
	return nil
}

// recordOf reads a parked record back from the journal.
func (w *worker) recordOf(ctx context.Context, p policy.Parked) (event.Record, error) {
	if p.Event == uuid.Nil {
		return event.Record{}, nil
	}
	for r, err := range w.store.ReadStream(ctx, p.Stream, event.ReadStream{From: p.Revision, Limit: 1}) {
		if err != nil {
			return event.Record{}, err
		}
		if r.ID == p.Event {
			return r, nil
		}
	}
	return event.Record{}, fmt.Errorf("feed: the journal has no event %s in %s at %d", p.Event, p.Stream, p.Revision)
}

func (w *worker) drop(ctx context.Context, p policy.Parked, by domain.Actor, reason policy.DropReason) error {
	if !slices.Contains(policy.DropReasons(), reason) {
		return policy.ErrDropReason
	}
	if err := w.takeSoon(ctx); err != nil {
		return err
	}
	defer w.give()
	waiting, err := w.parking.Waiting(ctx, w.name, p.Stream)
	if err != nil {
		return err
	}
	switch i := slices.IndexFunc(waiting, func(q policy.Parked) bool { return q.ID == p.ID }); {
	case i < 0:
		return policy.ErrNotParked // somebody was faster
	case i > 0:
		return policy.ErrNotFirst
	}
	w.log.Warn("parked record dropped", "stream", p.Stream, "position", p.Position, "event", p.Event, "by", by.Account, "reason", reason)
	return w.parking.Drop(ctx, p.ID, by.Account, reason, time.Now().UTC())
}
