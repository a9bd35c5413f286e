package esdb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/metadata"

	"approdo/domain/event"
)

// ahead is how many records a subscription takes from the connection before its reader wants them.
const ahead = 256

// Subscribe implements event.Store. It reads pages until it has caught up, filtered by the server, and then follows a catch-up
// subscription to the whole of this journal: that way the checkpoint passes over every record at once and not at the server's
// intervals. Where the subscription ends, by an outage or because another node leads, it goes on from its checkpoint in the same way,
// for ever.
func (s *Store) Subscribe(ctx context.Context, after event.Position, o event.Subscribe) iter.Seq2[event.Page, error] {
	return func(yield func(event.Page, error) bool) {
		f := follower{Store: s, o: o, yield: yield, checkpoint: after, news: true}
		if f.o.PageSize <= 0 {
			f.o.PageSize = defaultPage
		}
		for outages := 0; ; {
			before := f.checkpoint
			err := f.catchUp(ctx)
			if err == nil {
				err = f.live(ctx)
			}
			switch {
			case errors.Is(err, errStopped):
				return
			case s.life.Err() != nil:
				yield(event.Page{}, event.ErrClosed)
				return
			case ctx.Err() != nil:
				yield(event.Page{}, ctx.Err())
				return
			case !passes(err):
				yield(event.Page{}, err)
				return
			}
			if outages++; f.checkpoint > before {
				outages = 0
			}
			s.log.Warn("journal: subscription interrupted", "at", uint64(f.checkpoint), "tries", outages, "err", err)
			f.rest(ctx, outages)
		}
	}
}

// errStopped says that the reader wants no more.
var errStopped = errors.New("esdb: the reader stopped")

// follower is a subscription.
type follower struct {
	*Store
	o          event.Subscribe
	yield      func(event.Page, error) bool
	checkpoint event.Position
	news       bool // the reader was not told yet that he has caught up with the checkpoint
}

// tell gives a page to the reader, unless it tells him nothing.
func (f *follower) tell(p event.Page) error {
	if p.Checkpoint == f.checkpoint && !(f.news && p.CaughtUp) {
		return nil
	}
	f.checkpoint, f.news = p.Checkpoint, !p.CaughtUp
	if !f.yield(p, nil) {
		return errStopped
	}
	return nil
}

// rest pauses after an outage, and no longer than the store is open.
func (f *follower) rest(ctx context.Context, tries int) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(f.life, cancel)()
	pause(ctx, tries)
}

// catchUp reads pages until one has caught up.
func (f *follower) catchUp(ctx context.Context) error {
	for {
		page, err := f.page(ctx, f.checkpoint, f.o.Filter, f.o.PageSize)
		if err != nil {
			return err
		}
		if err := f.tell(page); err != nil || page.CaughtUp {
			return err
		}
	}
}

// live follows the subscription until it ends.
func (f *follower) live(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(f.life, cancel)()
	l, err := f.links.join(ctx)
	if err != nil {
		return err
	}
	sub, err := f.subscribe(ctx, cancel, l)
	l.calls.Done() // from here on closing the link ends the subscription
	if err == nil {
		err = f.follow(ctx, sub)
	}
	if ctx.Err() == nil {
		f.links.blame(l, err)
	}
	return err
}

// subscribe begins a subscription behind the checkpoint and waits for its confirmation, as long as for any call.
func (f *follower) subscribe(ctx context.Context, cancel context.CancelFunc, l *link) (streams.Streams_ReadClient, error) {
	late := time.AfterFunc(f.deadline, cancel)
	defer late.Stop()
	sub, err := l.Read(metadata.AppendToOutgoingContext(ctx, "requires-leader", "true"), &streams.ReadReq{Options: &streams.ReadReq_Options{
		StreamOption:  position(f.checkpoint),
		ReadDirection: streams.ReadReq_Options_Forwards,
		CountOption:   &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}},
		FilterOption:  f.filter(event.Filter{}),
		UuidOption:    &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_Structured{Structured: &shared.Empty{}}},
	}})
	if err != nil {
		return nil, meaning(err, nil)
	}
	m, err := sub.Recv()
	switch {
	case err != nil:
		return nil, meaning(err, sub.Trailer())
	case m.GetConfirmation() == nil:
		return nil, fmt.Errorf("%w: the subscription is not confirmed", errOutage)
	}
	return sub, nil
}

// follow hands on what a subscription sends. Its messages are taken from the connection beside the reader, so that it is seen when
// more than one waits.
func (f *follower) follow(ctx context.Context, sub streams.Streams_ReadClient) error {
	records := make(chan found, ahead)
	ended := make(chan error, 1)
	go func() {
		ended <- f.receive(ctx, sub, records)
		close(records)
	}()
	for {
		page, err := f.gather(ctx, records)
		if page.Checkpoint > f.checkpoint {
			if err := f.tell(page); err != nil {
				return err
			}
		}
		if errors.Is(err, errEnded) {
			return <-ended
		}
		if err != nil {
			return err
		}
	}
}

// errEnded says that a subscription sends no more.
var errEnded = errors.New("esdb: the subscription ended")

// receive takes the records of a subscription. Checkpoints mean nothing here: nothing of this journal is left out.
func (f *follower) receive(ctx context.Context, sub streams.Streams_ReadClient, records chan<- found) error {
	for {
		m, err := sub.Recv()
		if err != nil {
			return meaning(err, sub.Trailer())
		}
		if m.GetEvent() == nil {
			continue
		}
		r, err := f.record(m.GetEvent())
		if err != nil {
			return err
		}
		select {
		case records <- r:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// gather makes a page of what has come: all that waits, up to the size of a page. When nothing more waits, the head tells whether it has
// caught up or the rest is still on its way.
func (f *follower) gather(ctx context.Context, records <-chan found) (event.Page, error) {
	page := event.Page{Checkpoint: f.checkpoint}
	silence := time.NewTicker(f.deadline)
	defer silence.Stop()
	for looked := 0; ; {
		select {
		case r, open := <-records:
			if !open {
				return page, errEnded
			}
			if r.Position <= page.Checkpoint {
				continue
			}
			looked++
			page.Checkpoint = r.Position
			if keeps(f.o.Filter, r.Stream) {
				page.Records = append(page.Records, r.Record)
			}
		case <-silence.C:
			if err := f.verify(ctx, page.Checkpoint); err != nil {
				return page, err
			}
			continue
		}
		if len(records) == 0 {
			head, err := f.Head(ctx)
			if err != nil {
				return page, err
			}
			page.CaughtUp = head <= page.Checkpoint
		}
		if page.CaughtUp || looked == f.o.PageSize {
			return page, nil
		}
	}
}

// verify asks the leader whether silence is all there is to hear. A node that lost its cluster keeps its subscribers and tells them nothing.
func (f *follower) verify(ctx context.Context, checkpoint event.Position) error {
	head, err := f.Head(ctx)
	if err == nil && head > checkpoint {
		err = fmt.Errorf("%w: the subscription is silent behind the head", errOutage)
	}
	return err
}
