package storetest

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
)

const (
	noStream     = event.NoStream
	anyRevision  = event.Any
	streamExists = event.StreamExists
)

var appendRules = []rule{
	{"NoStream starts a stream at revision 0", func(j *journal) {
		d := draft()
		if res := j.add("case-1", noStream, d); res.Last != 0 || res.Position == 0 || res.Duplicate {
			j.Errorf("result is %+v", res)
		}
		j.holds("case-1", d)
	}},
	{"an exact revision continues a stream", func(j *journal) {
		a, b := draft(), draft()
		j.add("case-1", noStream, a)
		if res := j.add("case-1", 0, b); res.Last != 1 {
			j.Errorf("last revision is %d", res.Last)
		}
		j.holds("case-1", a, b)
	}},
	{"Any starts a stream", func(j *journal) {
		d := draft()
		if res := j.add("case-1", anyRevision, d); res.Last != 0 {
			j.Errorf("last revision is %d", res.Last)
		}
		j.holds("case-1", d)
	}},
	{"Any continues a stream wherever it is", func(j *journal) {
		j.add("case-1", noStream, drafts(3)...)
		if res := j.add("case-1", anyRevision, draft()); res.Last != 3 {
			j.Errorf("last revision is %d", res.Last)
		}
	}},
	{"StreamExists continues a stream wherever it is", func(j *journal) {
		j.add("case-1", noStream, drafts(3)...)
		if res := j.add("case-1", streamExists, draft()); res.Last != 3 {
			j.Errorf("last revision is %d", res.Last)
		}
	}},
	{"StreamExists without a stream is a conflict with actual -1", func(j *journal) {
		j.conflict(-1, "case-1", streamExists, draft())
	}},
	{"NoStream on a stream is a conflict with its last revision", func(j *journal) {
		j.add("case-1", noStream, drafts(3)...)
		j.conflict(2, "case-1", noStream, draft())
	}},
	{"a revision behind the last is a conflict", func(j *journal) {
		j.add("case-1", noStream, drafts(3)...)
		j.conflict(2, "case-1", 1, draft())
	}},
	{"a revision ahead of the last is a conflict", func(j *journal) {
		j.add("case-1", noStream, drafts(3)...)
		j.conflict(2, "case-1", 3, draft())
	}},
	{"an exact revision of no stream is a conflict with actual -1", func(j *journal) {
		j.conflict(-1, "case-1", 0, draft())
	}},
	{"a conflict on many events writes none of them", func(j *journal) {
		d := draft()
		j.add("case-1", noStream, d)
		j.conflict(0, "case-1", 7, drafts(10)...)
		j.holds("case-1", d)
	}},
	{"a conflict is a conflict of the domain", func(j *journal) {
		_, err := j.Append(j.ctx, event.Append{Stream: "case-1", Expected: 4, Events: drafts(1)})
		if !errors.Is(err, domain.KindConflict) {
			j.Errorf("%v is not of kind conflict", err)
		}
	}},
	{"after a conflict the actual revision it named is right", func(j *journal) {
		j.add("case-1", noStream, drafts(2)...)
		_, err := j.Append(j.ctx, event.Append{Stream: "case-1", Expected: noStream, Events: drafts(1)})
		var conflict *event.ConflictError
		if !errors.As(err, &conflict) {
			j.Fatalf("%v is no conflict", err)
		}
		j.add("case-1", event.Expected(conflict.Actual), draft())
	}},
	{"the events of one append stand one behind the other in their order", func(j *journal) {
		ds := drafts(20)
		j.add("other", noStream, draft())
		res := j.add("case-1", noStream, ds...)
		if res.Last != 19 {
			j.Errorf("last revision is %d", res.Last)
		}
		j.holds("case-1", ds...)
		var before event.Position
		for _, r := range j.stream("case-1", event.ReadStream{}) {
			if r.Position <= before {
				j.Errorf("revision %d has position %d after %d", r.Revision, r.Position, before)
			}
			before = r.Position
		}
		if before != res.Position {
			j.Errorf("the result says position %d, the last event has %d", res.Position, before)
		}
	}},
	{"every stream counts its own revisions", func(j *journal) {
		for i := range 3 {
			for _, stream := range []string{"a", "b", "c"} {
				if res := j.add(stream, event.Expected(i-1), draft()); res.Last != event.Revision(i) {
					j.Errorf("%s is at %d, want %d", stream, res.Last, i)
				}
			}
		}
	}},
	{"positions grow from append to append across streams", func(j *journal) {
		var before event.Position
		for i := range 12 {
			res := j.add(string(rune('a'+i%4)), anyRevision, draft())
			if res.Position <= before {
				j.Errorf("position %d after %d", res.Position, before)
			}
			before = res.Position
		}
	}},
	{"an append that was acknowledged can be read at once", func(j *journal) {
		for range 20 {
			d := draft()
			res := j.add("case-1", anyRevision, d)
			if got := j.stream("case-1", event.ReadStream{From: res.Last}); len(got) != 1 || got[0].ID != d.ID {
				j.Fatalf("%d records from revision %d", len(got), res.Last)
			}
			if head := j.head(); head < res.Position {
				j.Fatalf("head is %d, position %d was acknowledged", head, res.Position)
			}
		}
	}},
	{"no events and the right expectation pass, with the last revision", func(j *journal) {
		j.add("case-1", noStream, drafts(3)...)
		before := j.head()
		for _, expected := range []event.Expected{2, anyRevision, streamExists} {
			if res := j.add("case-1", expected); res.Last != 2 || res.Duplicate {
				j.Errorf("at %d the result is %+v", expected, res)
			}
		}
		for _, expected := range []event.Expected{noStream, anyRevision} {
			if res := j.add("case-2", expected); res.Last != -1 {
				j.Errorf("at %d the last revision of no stream is %d", expected, res.Last)
			}
		}
		j.unchanged(before)
	}},
	{"no events and a wrong expectation are a conflict", func(j *journal) {
		j.add("case-1", noStream, drafts(3)...)
		for _, expected := range []event.Expected{noStream, 0, 1, 3} {
			j.conflict(2, "case-1", expected)
		}
		j.conflict(-1, "case-2", streamExists)
		j.conflict(-1, "case-2", 0)
	}},
	{"no events do not make a stream", func(j *journal) {
		j.add("case-1", noStream)
		j.conflict(-1, "case-1", streamExists, draft())
		j.add("case-1", noStream, draft())
	}},
	{"an append whose context has ended is not taken", func(j *journal) {
		ctx, cancel := context.WithCancel(j.ctx)
		cancel()
		_, err := j.Append(ctx, event.Append{Stream: "case-1", Expected: noStream, Events: drafts(1)})
		if !errors.Is(err, context.Canceled) || errors.Is(err, event.ErrUnknownOutcome) {
			j.Errorf("error is %v", err)
		}
		j.unchanged(0)
	}},
}

var retryRules = []rule{
	{"the same append at NoStream again is a duplicate with the first result", func(j *journal) {
		j.again(noStream, 0)
	}},
	{"the same append at an exact revision again is a duplicate with the first result", func(j *journal) {
		j.add("case-1", noStream, drafts(2)...)
		j.again(1, 0)
	}},
	{"the same append at Any again is a duplicate with the first result", func(j *journal) {
		j.again(anyRevision, 0)
	}},
	{"the same append at StreamExists again is a duplicate with the first result", func(j *journal) {
		j.add("case-1", noStream, drafts(2)...)
		j.again(streamExists, 0)
	}},
	{"NoStream again after later appends is a duplicate with the first result", func(j *journal) {
		j.again(noStream, 5)
	}},
	{"an exact revision again after later appends is a duplicate with the first result", func(j *journal) {
		j.add("case-1", noStream, drafts(2)...)
		j.again(1, 5)
	}},
	{"Any again after later appends is a duplicate with the first result", func(j *journal) {
		j.again(anyRevision, 5)
	}},
	{"StreamExists again after later appends is a duplicate with the first result", func(j *journal) {
		j.add("case-1", noStream, drafts(2)...)
		j.again(streamExists, 5)
	}},
	{"the ids make a retry, not the bytes", func(j *journal) {
		d := draft()
		first := j.add("case-1", noStream, d)
		changed := d
		changed.Data = []byte(`{"other":true}`)
		first.Duplicate = true
		j.same(first, j.add("case-1", noStream, changed))
		j.holds("case-1", d)
	}},
	{"an append longer than the one that is there is corrupt", func(j *journal) {
		ds := drafts(3)
		j.add("case-1", noStream, ds[:2]...)
		j.fail(event.ErrCorruptIdempotency, "case-1", noStream, ds...)
		j.holds("case-1", ds[:2]...)
	}},
	{"an append of which one id is there at its place is corrupt", func(j *journal) {
		ds := drafts(3)
		j.add("case-1", noStream, ds...)
		j.fail(event.ErrCorruptIdempotency, "case-1", noStream, draft(), ds[1], draft())
		j.holds("case-1", ds...)
	}},
	{"Any with only some of the ids there is corrupt", func(j *journal) {
		ds := drafts(2)
		j.add("case-1", noStream, ds...)
		j.fail(event.ErrCorruptIdempotency, "case-1", anyRevision, ds[1], draft())
		j.fail(event.ErrCorruptIdempotency, "case-1", streamExists, draft(), ds[0])
		j.holds("case-1", ds...)
	}},
	{"other ids at the same place are a conflict", func(j *journal) {
		j.add("case-1", noStream, drafts(2)...)
		j.conflict(1, "case-1", noStream, drafts(2)...)
	}},
	{"a shorter append whose ids are all there is a duplicate", func(j *journal) {
		ds := drafts(3)
		j.add("case-1", noStream, ds...)
		if res := j.add("case-1", noStream, ds[:2]...); !res.Duplicate || res.Last != 1 {
			j.Errorf("result is %+v", res)
		}
	}},
	{"retries of one append at the same time write it once", func(j *journal) {
		for round := range 10 {
			a := event.Append{Stream: "case-" + uuid.NewString(), Expected: noStream, Events: drafts(3)}
			results := make(chan event.Result, 8)
			j.together(8, func(int) error {
				res, err := j.Append(j.ctx, a)
				results <- res
				return err
			})
			close(results)
			fresh := 0
			var first event.Result
			for res := range results {
				if !res.Duplicate {
					fresh++
				}
				res.Duplicate = false
				if first == (event.Result{}) {
					first = res
				}
				j.same(first, res)
			}
			if fresh != 1 {
				j.Errorf("round %d: %d of 8 wrote", round, fresh)
			}
			j.holds(a.Stream, a.Events...)
		}
	}},
	{"an append given up on its way is there once after a retry", func(j *journal) {
		appends := make([]event.Append, 200)
		for i := range appends {
			appends[i] = event.Append{Stream: "case-" + uuid.NewString(), Expected: noStream, Events: drafts(2)}
		}
		ctx, cancel := context.WithCancel(j.ctx)
		j.together(len(appends), func(i int) error {
			if i == len(appends)/2 {
				cancel()
			}
			_, err := j.Append(ctx, appends[i])
			if errors.Is(err, context.Canceled) || errors.Is(err, event.ErrUnknownOutcome) {
				return nil
			}
			return err
		})
		cancel()
		for _, a := range appends {
			j.add(a.Stream, a.Expected, a.Events...)
			j.holds(a.Stream, a.Events...)
		}
		if n := len(j.all(0, event.ReadAll{})); n != 2*len(appends) {
			j.Errorf("%d records, want %d", n, 2*len(appends))
		}
	}},
}

// again appends, lets others append, and appends the same again.
func (j *journal) again(expected event.Expected, others int) {
	j.Helper()
	ds := drafts(3)
	first := j.add("case-1", expected, ds...)
	for range others {
		j.add("case-1", anyRevision, draft())
	}
	before := j.head()
	second := j.add("case-1", expected, ds...)
	if !second.Duplicate {
		j.Error("the second is not said to be a duplicate")
	}
	second.Duplicate = false
	j.same(first, second)
	j.unchanged(before)
}
