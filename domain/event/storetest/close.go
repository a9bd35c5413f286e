package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"approdo/domain/event"
)

var closeRules = []rule{
	{"a closed journal takes no append", func(j *journal) {
		j.close()
		_, err := j.Append(j.ctx, event.Append{Stream: "case-1", Expected: noStream, Events: drafts(1)})
		j.closed(err)
	}},
	{"a closed journal reads no stream", func(j *journal) {
		j.add("case-1", noStream, draft())
		j.close()
		for _, err := range j.ReadStream(j.ctx, "case-1", event.ReadStream{}) {
			j.closed(err)
			return
		}
		j.Error("it ended without an error")
	}},
	{"a closed journal is not read", func(j *journal) {
		j.mix(3)
		j.close()
		for _, err := range j.ReadAll(j.ctx, 0, event.ReadAll{}) {
			j.closed(err)
			return
		}
		j.Error("it ended without an error")
	}},
	{"a closed journal has no head", func(j *journal) {
		j.close()
		_, err := j.Head(j.ctx)
		j.closed(err)
	}},
	{"a closed journal takes no subscriber", func(j *journal) {
		j.close()
		for _, err := range j.Subscribe(j.ctx, 0, event.Subscribe{}) {
			j.closed(err)
			return
		}
		j.Error("it ended without an error")
	}},
	{"closing ends the subscriptions that wait", func(j *journal) {
		subs := make([]*subscription, 3)
		for i := range subs {
			subs[i] = j.follow(0, event.Subscribe{})
			subs[i].page()
		}
		j.close()
		for _, sub := range subs {
			j.closed(sub.wait())
		}
	}},
	{"closing twice does no harm", func(j *journal) {
		j.close()
		if err := j.Close(j.ctx); err != nil && !errors.Is(err, event.ErrClosed) {
			j.Errorf("the second gave %v", err)
		}
	}},
	{"closing beside writers answers every append, with success or that it is closed", func(j *journal) {
		j.closeBesideWriters()
	}},
}

func (j *journal) close() {
	j.Helper()
	if err := j.Close(j.ctx); err != nil {
		j.Fatalf("close: %v", err)
	}
}

func (j *journal) closed(err error) {
	j.Helper()
	if !errors.Is(err, event.ErrClosed) {
		j.Errorf("error is %v, want %v", err, event.ErrClosed)
	}
}

// closeBesideWriters gives how many appends of each stream were acknowledged.
func (j *journal) closeBesideWriters() map[string]int {
	j.Helper()
	const writers = 16
	acknowledged := make([]int, writers)
	var total atomic.Int64
	begun := make(chan struct{})
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for {
				_, err := j.Append(context.Background(), event.Append{
					Stream: fmt.Sprintf("case-%d", w), Expected: event.Expected(acknowledged[w] - 1), Events: drafts(1)})
				if errors.Is(err, event.ErrClosed) {
					return
				}
				if err != nil {
					j.Error(err)
					return
				}
				acknowledged[w]++
				if total.Add(1) == 3*writers {
					close(begun)
				}
			}
		})
	}
	<-begun
	j.close()
	all.Wait()
	out := map[string]int{}
	for w, n := range acknowledged {
		out[fmt.Sprintf("case-%d", w)] = n
	}
	return out
}

var reopenRules = []rule{
	{"a journal opened again holds the same records at the same positions", func(j *journal) {
		want := j.mix(30)
		for range 3 {
			j.reopen()
			j.same(want, j.all(0, event.ReadAll{}))
		}
	}},
	{"a journal opened again has the same head", func(j *journal) {
		j.mix(5)
		before := j.head()
		j.reopen()
		j.unchanged(before)
	}},
	{"a journal opened again goes on where it was", func(j *journal) {
		j.add("case-1", noStream, drafts(3)...)
		before := j.head()
		j.reopen()
		j.conflict(2, "case-1", noStream, draft())
		if res := j.add("case-1", 2, draft()); res.Last != 3 || res.Position <= before {
			j.Errorf("result is %+v after head %d", res, before)
		}
		j.reopen()
		if got := j.revisions("case-1", event.ReadStream{}); len(got) != 4 {
			j.Errorf("revisions are %v", got)
		}
	}},
	{"a retry after opening again is a duplicate with the first result", func(j *journal) {
		for i, expected := range []event.Expected{noStream, anyRevision} {
			ds := drafts(3)
			first := j.add(fmt.Sprintf("case-%d", i), expected, ds...)
			j.reopen()
			first.Duplicate = true
			j.same(first, j.add(fmt.Sprintf("case-%d", i), expected, ds...))
		}
	}},
	{"a reader goes on from its checkpoint after opening again", func(j *journal) {
		want := j.mix(30)
		pages := j.pages(0, event.ReadAll{PageSize: 7})
		j.reopen()
		j.same(want[14:], j.all(pages[1].Checkpoint, event.ReadAll{}))
	}},
	{"a subscriber goes on from its checkpoint after opening again", func(j *journal) {
		want := j.mix(10)
		sub := j.follow(want[4].Position, event.Subscribe{})
		sub.waitFor(5)
		j.reopen()
		sub = j.follow(want[6].Position, event.Subscribe{})
		j.add("case-1", anyRevision, draft())
		sub.waitFor(4)
		j.same(j.all(want[6].Position, event.ReadAll{}), records(sub.end()))
	}},
	{"everything acknowledged beside a closing is there after opening again, and nothing else", func(j *journal) {
		acknowledged := j.closeBesideWriters()
		j.reopen()
		found := map[string]int{}
		for _, r := range j.all(0, event.ReadAll{}) {
			found[r.Stream]++
		}
		j.same(acknowledged, found)
	}},
}
