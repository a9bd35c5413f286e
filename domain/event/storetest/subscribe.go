package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"approdo/domain/event"
)

// quiet is how long a rule listens for a page that must not come.
const quiet = 600 * time.Millisecond

// last is the stream of the record that ends a subscription of this suite.
const last = "zz-last"

var subscribeRules = []rule{
	{"a subscription yields what is there and then what comes", func(j *journal) {
		want := j.mix(10)
		sub := j.follow(0, event.Subscribe{PageSize: 3})
		sub.waitFor(len(want))
		j.add("case-1", anyRevision, drafts(2)...)
		sub.waitFor(len(want) + 2)
		j.add("places-1", anyRevision, drafts(2)...)
		sub.waitFor(len(want) + 4)
		j.same(j.all(0, event.ReadAll{}), records(sub.end()))
	}},
	{"a subscription to an empty journal says at once that it has caught up", func(j *journal) {
		sub := j.follow(0, event.Subscribe{})
		if p := sub.page(); !p.CaughtUp || len(p.Records) > 0 || p.Checkpoint != 0 {
			j.Errorf("the first page is %+v", p)
		}
	}},
	{"a subscription says once that it has caught up, and then waits", func(j *journal) {
		j.mix(10)
		sub := j.follow(0, event.Subscribe{PageSize: 3})
		sub.waitFor(10)
		time.Sleep(quiet)
		j.add("case-1", anyRevision, draft())
		sub.waitFor(11)
		time.Sleep(quiet)
		caughtUp := 0
		for _, p := range sub.end() {
			if p.CaughtUp {
				caughtUp++
			}
		}
		if caughtUp != 2 {
			j.Errorf("it said so %d times, want once for what was there and once for what came", caughtUp)
		}
	}},
	{"a subscription behind the head says that it has caught up, and then yields what comes", func(j *journal) {
		j.mix(5)
		sub := j.follow(j.head(), event.Subscribe{})
		if p := sub.page(); !p.CaughtUp || len(p.Records) > 0 {
			j.Errorf("the first page is %+v", p)
		}
		d := draft()
		j.add("case-1", anyRevision, d)
		if p := sub.page(); len(p.Records) != 1 || p.Records[0].ID != d.ID {
			j.Errorf("the second page is %+v", p)
		}
	}},
	{"a subscription begins behind its position", func(j *journal) {
		want := j.mix(10)
		sub := j.follow(want[3].Position, event.Subscribe{PageSize: 2})
		sub.waitFor(6)
		j.same(want[4:], records(sub.end()))
	}},
	{"a subscription goes on from every checkpoint without loss or repetition", func(j *journal) {
		want := j.mix(10)
		var got []event.Record
		var after event.Position
		for len(got) < len(want) {
			sub := j.follow(after, event.Subscribe{PageSize: 3})
			p := sub.page()
			sub.cancel()
			got, after = append(got, p.Records...), p.Checkpoint
		}
		j.same(want, got)
	}},
	{"a subscription's pages hold no more than their size", func(j *journal) {
		j.mix(10)
		sub := j.follow(0, event.Subscribe{PageSize: 3})
		sub.waitFor(10)
		j.add("case-1", anyRevision, drafts(8)...)
		sub.waitFor(18)
		for _, p := range sub.end() {
			if len(p.Records) > 3 {
				j.Errorf("%d records in a page of 3", len(p.Records))
			}
		}
	}},
	{"a filtered subscription yields what its prefixes keep, from what is there and from what comes", func(j *journal) {
		j.mix(9)
		o := event.Subscribe{Filter: event.Filter{Prefixes: []string{"case-", last}}, PageSize: 2}
		sub := j.follow(0, o)
		sub.waitFor(3)
		j.add("places-1", anyRevision, draft())
		j.add("case-2", anyRevision, draft())
		j.add("account-1", anyRevision, draft())
		j.add(last, anyRevision, draft())
		sub.waitFor(5)
		pages := sub.end()
		j.same(j.all(0, event.ReadAll{Filter: o.Filter}), records(pages))
		if got := pages[len(pages)-1].Checkpoint; got != j.head() {
			j.Errorf("the last checkpoint is %d, the head %d", got, j.head())
		}
	}},
	{"a subscription that keeps nothing of what is there still catches up with the head", func(j *journal) {
		j.mix(9)
		sub := j.follow(0, event.Subscribe{Filter: event.Filter{Prefixes: []string{"nobody-"}}, PageSize: 2})
		p := sub.page()
		for !p.CaughtUp {
			p = sub.page()
		}
		if p.Checkpoint != j.head() || len(p.Records) > 0 {
			j.Errorf("caught up with %+v, the head is %d", p, j.head())
		}
	}},
	{"many subscribers each see everything in order", func(j *journal) {
		j.mix(10)
		subs := make([]*subscription, 12)
		for i := range subs {
			subs[i] = j.follow(0, event.Subscribe{PageSize: i + 1})
		}
		for range 20 {
			j.add("case-1", anyRevision, draft())
		}
		want := j.all(0, event.ReadAll{})
		for _, sub := range subs {
			sub.waitFor(30)
			j.same(want, records(sub.end()))
		}
	}},
	{"a subscriber that is slow keeps nobody from appending or reading", func(j *journal) {
		j.mix(9)
		hold := make(chan struct{})
		defer close(hold)
		ctx, cancel := context.WithCancel(j.ctx)
		defer cancel()
		for range 16 {
			reached := make(chan struct{})
			go func() {
				for range j.Subscribe(ctx, 0, event.Subscribe{PageSize: 1}) {
					close(reached)
					<-hold
					return
				}
			}()
			<-reached
		}
		j.add("case-1", anyRevision, draft())
		if n := len(j.all(0, event.ReadAll{})); n != 10 {
			j.Errorf("%d records", n)
		}
	}},
	{"a subscriber may append and read from within", func(j *journal) {
		j.add("case-0", noStream, draft())
		n := 0
		for p, err := range j.Subscribe(j.ctx, 0, event.Subscribe{}) {
			if err != nil {
				j.Fatal(err)
			}
			n += len(p.Records)
			if n >= 20 {
				break
			}
			j.add(fmt.Sprintf("case-%d", n), anyRevision, draft())
			j.stream("case-0", event.ReadStream{})
		}
		if n != 20 {
			j.Errorf("%d records seen", n)
		}
	}},
	{"a subscription ends when the reader stops", func(j *journal) {
		j.mix(10)
		pages := 0
		for _, err := range j.Subscribe(j.ctx, 0, event.Subscribe{PageSize: 2}) {
			if err != nil {
				j.Fatal(err)
			}
			if pages++; pages == 2 {
				break
			}
		}
		if pages != 2 {
			j.Errorf("%d pages after a break at 2", pages)
		}
		j.add("case-1", anyRevision, draft())
	}},
	{"a subscription ends with the error of its context, cancelled", func(j *journal) {
		sub := j.follow(0, event.Subscribe{})
		sub.page()
		sub.cancel()
		if err := sub.wait(); !errors.Is(err, context.Canceled) {
			j.Errorf("it ended with %v", err)
		}
	}},
	{"a subscription ends with the error of its context, past its deadline", func(j *journal) {
		ctx, cancel := context.WithTimeout(j.ctx, 50*time.Millisecond)
		defer cancel()
		var got error
		for _, err := range j.Subscribe(ctx, 0, event.Subscribe{}) {
			got = err
		}
		if !errors.Is(got, context.DeadlineExceeded) {
			j.Errorf("it ended with %v", got)
		}
	}},
	{"a subscription whose context has ended yields its error and nothing else", func(j *journal) {
		j.mix(3)
		ctx, cancel := context.WithCancel(j.ctx)
		cancel()
		n := 0
		for p, err := range j.Subscribe(ctx, 0, event.Subscribe{}) {
			n++
			if !errors.Is(err, context.Canceled) || len(p.Records) > 0 {
				j.Errorf("%d records, error %v", len(p.Records), err)
			}
		}
		if n != 1 {
			j.Errorf("it yielded %d times", n)
		}
	}},
}

// subscription runs a Subscribe beside the rule.
type subscription struct {
	j      *journal
	cancel context.CancelFunc
	pages  chan event.Page
	seen   []event.Page
	done   chan struct{}
	err    error // how it ended; read after done
}

func (j *journal) follow(after event.Position, o event.Subscribe) *subscription {
	ctx, cancel := context.WithCancel(j.ctx)
	sub := &subscription{j: j, cancel: cancel, pages: make(chan event.Page), done: make(chan struct{})}
	j.Cleanup(func() {
		cancel()
		<-sub.done
	})
	store := j.Store
	go func() {
		defer close(sub.done)
		for p, err := range store.Subscribe(ctx, after, o) {
			if sub.err = err; err != nil {
				return
			}
			select {
			case sub.pages <- p:
			case <-ctx.Done():
			}
		}
	}()
	return sub
}

// page waits for the next page.
func (s *subscription) page() event.Page {
	s.j.Helper()
	select {
	case p := <-s.pages:
		s.seen = append(s.seen, p)
		return p
	case <-s.done:
		s.j.Fatalf("the subscription ended: %v", s.err)
	}
	return event.Page{}
}

// waitFor waits until so many records came and it has caught up.
func (s *subscription) waitFor(n int) {
	s.j.Helper()
	for len(records(s.seen)) < n || !s.seen[len(s.seen)-1].CaughtUp {
		s.page()
	}
}

// end stops it and gives every page it yielded.
func (s *subscription) end() []event.Page {
	s.cancel()
	for {
		select {
		case p := <-s.pages:
			s.seen = append(s.seen, p)
		case <-s.done:
			return slices.Clone(s.seen)
		}
	}
}

// wait gives the error it ended with.
func (s *subscription) wait() error {
	for {
		select {
		case <-s.pages:
		case <-s.done:
			return s.err
		}
	}
}
