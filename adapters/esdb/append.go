package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"

	"approdo/domain/event"
)

// Append implements event.Store. An append at Any or StreamExists reads the whole stream first: the server finds the ids of those
// only while it remembers them, so they are looked for here and appended at an exact revision. Ids in other streams are not looked
// for.
func (s *Store) Append(ctx context.Context, a event.Append) (event.Result, error) {
	if err := a.Check(); err != nil {
		return event.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return event.Result{}, err
	}
	name, err := s.name(a.Stream)
	if err != nil {
		return event.Result{}, err
	}
	if twice(a.Events) {
		return event.Result{}, event.ErrCorruptIdempotency
	}
	done, err := s.begin()
	if err != nil {
		return event.Result{}, err
	}
	defer done()
	switch {
	case len(a.Events) == 0:
		return s.check(ctx, a)
	case a.Expected == event.Any, a.Expected == event.StreamExists:
		return s.appendAnywhere(ctx, name, a)
	}
	return s.appendAt(ctx, name, a, time.Time{})
}

// Import implements event.Importer. The server gives every event its own instant, so that of the first journal goes into the metadata,
// where reading finds it. Events are appended one after the other, since two at once could change places.
func (s *Store) Import(ctx context.Context, records []event.Record) error {
	for _, r := range records {
		a := event.Append{Stream: r.Stream, Expected: event.Expected(r.Revision - 1), Events: []event.Draft{r.Draft}}
		if err := a.Check(); err != nil {
			return err
		}
		name, err := s.name(a.Stream)
		if err != nil {
			return err
		}
		done, err := s.begin()
		if err != nil {
			return err
		}
		_, err = s.appendAt(ctx, name, a, r.At.UTC())
		done()
		if err != nil {
			return err
		}
	}
	return nil
}

// twice reports whether an id stands for two events, which the server would take.
func twice(ds []event.Draft) bool {
	ids := make(map[uuid.UUID]bool, len(ds))
	for _, d := range ds {
		ids[d.ID] = true
	}
	return len(ids) < len(ds)
}

// check says whether a stream is as expected.
func (s *Store) check(ctx context.Context, a event.Append) (event.Result, error) {
	last, err := s.last(ctx, nil, a.Stream)
	switch {
	case err != nil:
		return event.Result{}, err
	case a.Expected == event.Any, a.Expected == event.StreamExists && last >= 0, a.Expected == event.Expected(last):
		return event.Result{Last: last}, nil
	}
	return event.Result{}, &event.ConflictError{Stream: a.Stream, Expected: a.Expected, Actual: last}
}

// appendAnywhere looks for the ids in the stream, and appends behind its end if they are not there. Whoever is faster makes it look
// at what he wrote, and try again.
func (s *Store) appendAnywhere(ctx context.Context, name string, a event.Append) (event.Result, error) {
	ids := map[uuid.UUID]bool{}
	for _, d := range a.Events {
		ids[d.ID] = true
	}
	there := map[uuid.UUID]event.Record{}
	exact := a
	exact.Expected = event.NoStream
	for {
		for r, err := range s.stream(ctx, nil, a.Stream, event.ReadStream{From: event.Revision(exact.Expected) + 1}) {
			if err != nil {
				return event.Result{}, err
			}
			if ids[r.ID] {
				there[r.ID] = r.Record
			}
			exact.Expected = event.Expected(r.Revision)
		}
		switch {
		case len(there) == len(ids):
			last := there[a.Events[len(a.Events)-1].ID]
			return event.Result{Last: last.Revision, Position: last.Position, Duplicate: true}, nil
		case len(there) > 0:
			return event.Result{}, event.ErrCorruptIdempotency
		case exact.Expected == event.NoStream && a.Expected == event.StreamExists:
			return event.Result{}, &event.ConflictError{Stream: a.Stream, Expected: a.Expected, Actual: event.Revision(event.NoStream)}
		}
		res, err := s.appendAt(ctx, name, exact, time.Time{})
		var conflict *event.ConflictError
		if !errors.As(err, &conflict) && !errors.Is(err, event.ErrCorruptIdempotency) {
			return res, err
		}
	}
}

// appendAt appends at an exact revision, or where there is no stream. It is made again when no answer came: the ids make that safe.
// The instant is that of another journal, or zero.
func (s *Store) appendAt(ctx context.Context, name string, a event.Append, at time.Time) (event.Result, error) {
	attempt := uuid.New()
	messages, err := proposal(name, a, attempt, at)
	if err != nil {
		return event.Result{}, err
	}
	var resp *streams.AppendResp
	unsure := false // it was handed over whole, and nobody said what became of it
	err = s.try(ctx, nil, func(ctx context.Context, l *link) error {
		call, err := l.Append(ctx)
		if err != nil {
			return meaning(err, nil)
		}
		for _, m := range messages {
			if err := call.Send(m); errors.Is(err, io.EOF) {
				break // the server has ended the call, and says below why
			} else if err != nil {
				return meaning(err, call.Trailer())
			}
		}
		resp, err = call.CloseAndRecv()
		err = meaning(err, call.Trailer())
		unsure = unsure || errors.Is(err, errOutage)
		return err
	})
	switch {
	case err == nil:
		return s.settle(ctx, a, attempt, resp)
	case unsure:
		return event.Result{}, fmt.Errorf("%w: %w", event.ErrUnknownOutcome, err)
	}
	return event.Result{}, err
}

// proposal is an append as it goes over the wire.
func proposal(name string, a event.Append, attempt uuid.UUID, at time.Time) ([]*streams.AppendReq, error) {
	options := &streams.AppendReq_Options{
		StreamIdentifier:       &shared.StreamIdentifier{StreamName: []byte(name)},
		ExpectedStreamRevision: &streams.AppendReq_Options_NoStream{NoStream: &shared.Empty{}},
	}
	if a.Expected >= 0 {
		options.ExpectedStreamRevision = &streams.AppendReq_Options_Revision{Revision: uint64(a.Expected)}
	}
	messages := []*streams.AppendReq{{Content: &streams.AppendReq_Options_{Options: options}}}
	for i, d := range a.Events {
		c := custom{Schema: d.Schema, Meta: d.Meta, At: at}
		if i == len(a.Events)-1 {
			c.Append = attempt
		}
		m, err := message(d, c)
		if err != nil {
			return nil, err
		}
		messages = append(messages, m)
	}
	return messages, nil
}

// settle makes a result of the server's answer. Of a success it reads the last event: whose call wrote it tells whether this one was
// a repetition, which the answer does not.
func (s *Store) settle(ctx context.Context, a event.Append, attempt uuid.UUID, resp *streams.AppendResp) (event.Result, error) {
	if wrong := resp.GetWrongExpectedVersion(); wrong != nil {
		actual := event.Revision(event.NoStream)
		if r, ok := wrong.GetCurrentRevisionOption().(*streams.AppendResp_WrongExpectedVersion_CurrentRevision); ok {
			actual = event.Revision(r.CurrentRevision)
		}
		return s.refused(ctx, a, actual)
	}
	last := event.Revision(a.Expected) + event.Revision(len(a.Events))
	records, err := s.streamPage(ctx, nil, a.Stream, at(last), false, 1)
	switch {
	case err != nil:
		return event.Result{}, fmt.Errorf("%w: written, but who wrote it could not be read: %w", event.ErrUnknownOutcome, err)
	case len(records) == 0 || records[0].ID != a.Events[len(a.Events)-1].ID:
		return event.Result{}, fmt.Errorf("%w: the server says written, and shows something else", event.ErrUnknownOutcome)
	}
	return event.Result{Last: last, Position: records[0].Position, Duplicate: records[0].append != attempt}, nil
}

// refused tells a conflict from an append that is there in part, and from one that came to stand there meanwhile.
func (s *Store) refused(ctx context.Context, a event.Append, actual event.Revision) (event.Result, error) {
	conflict := &event.ConflictError{Stream: a.Stream, Expected: a.Expected, Actual: actual}
	if event.Revision(a.Expected) >= actual {
		return event.Result{}, conflict
	}
	first := event.Revision(a.Expected) + 1
	records, err := s.streamPage(ctx, nil, a.Stream, at(first), false, len(a.Events))
	if err != nil {
		return event.Result{}, err
	}
	same := 0
	for _, r := range records {
		if i := int(r.Revision - first); i < len(a.Events) && r.ID == a.Events[i].ID {
			same++
		}
	}
	switch same {
	case 0:
		return event.Result{}, conflict
	case len(a.Events):
		last := records[len(records)-1]
		return event.Result{Last: last.Revision, Position: last.Position, Duplicate: true}, nil
	}
	return event.Result{}, event.ErrCorruptIdempotency
}
