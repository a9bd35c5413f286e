package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"approdo/domain/event"
)

// long is a stream that no engine reads in one piece.
const long = 2500

var streamRules = []rule{
	{"a stream nobody wrote to yields nothing", func(j *journal) {
		j.add("case-2", noStream, draft())
		for _, o := range []event.ReadStream{{}, {From: 3}, {Backward: true}, {Backward: true, From: 3}, {Limit: 1}} {
			if n := len(j.stream("case-1", o)); n != 0 {
				j.Errorf("%+v gave %d records", o, n)
			}
		}
	}},
	{"a stream yields its own records only", func(j *journal) {
		for i, name := range []string{"case-1", "case-10", "case-1", "case", "case-1"} {
			j.add(name, anyRevision, draft())
			if n := len(j.stream("case-1", event.ReadStream{})); n != i/2+1 {
				j.Errorf("%d records after %d appends", n, i+1)
			}
		}
	}},
	{"a stream is read oldest first", func(j *journal) { j.slice(event.ReadStream{}, 0, 1, 2, 3, 4) }},
	{"From is the first revision", func(j *journal) { j.slice(event.ReadStream{From: 3}, 3, 4) }},
	{"From at the last revision yields one", func(j *journal) { j.slice(event.ReadStream{From: 4}, 4) }},
	{"From behind the end yields nothing", func(j *journal) { j.slice(event.ReadStream{From: 5}) }},
	{"Limit bounds how many", func(j *journal) { j.slice(event.ReadStream{Limit: 2}, 0, 1) }},
	{"Limit may be more than there is", func(j *journal) { j.slice(event.ReadStream{Limit: 9}, 0, 1, 2, 3, 4) }},
	{"From and Limit go together", func(j *journal) { j.slice(event.ReadStream{From: 1, Limit: 3}, 1, 2, 3) }},
	{"Backward begins at the end", func(j *journal) { j.slice(event.ReadStream{Backward: true}, 4, 3, 2, 1, 0) }},
	{"Backward begins at From", func(j *journal) { j.slice(event.ReadStream{Backward: true, From: 2}, 2, 1, 0) }},
	{"Backward from behind the end begins at the end", func(j *journal) {
		j.slice(event.ReadStream{Backward: true, From: 99}, 4, 3, 2, 1, 0)
	}},
	{"Backward and Limit 1 is the last record", func(j *journal) { j.slice(event.ReadStream{Backward: true, Limit: 1}, 4) }},
	{"Backward, From and Limit go together", func(j *journal) {
		j.slice(event.ReadStream{Backward: true, From: 3, Limit: 2}, 3, 2)
	}},
	{"a long stream is read whole, both ways", func(j *journal) {
		j.fill("case-1", long)
		want := make([]event.Revision, long)
		for i := range want {
			want[i] = event.Revision(i)
		}
		j.same(want, j.revisions("case-1", event.ReadStream{}))
		j.same(want[:long-1], j.revisions("case-1", event.ReadStream{Limit: long - 1}))
		slices.Reverse(want)
		j.same(want, j.revisions("case-1", event.ReadStream{Backward: true}))
		j.same(want[:long-1], j.revisions("case-1", event.ReadStream{Backward: true, Limit: long - 1}))
	}},
	{"reading a stream stops when the reader does", func(j *journal) {
		j.fill("case-1", long)
		n := 0
		for _, err := range j.ReadStream(j.ctx, "case-1", event.ReadStream{}) {
			if err != nil {
				j.Fatal(err)
			}
			if n++; n == 3 {
				break
			}
		}
		if n != 3 {
			j.Errorf("%d records after a break at 3", n)
		}
		j.add("case-1", anyRevision, draft())
	}},
	{"a stream can be written while it is read", func(j *journal) {
		j.add("case-1", noStream, drafts(3)...)
		for r, err := range j.ReadStream(j.ctx, "case-1", event.ReadStream{}) {
			if err != nil {
				j.Fatal(err)
			}
			if r.Revision < 3 {
				j.add("case-1", anyRevision, draft())
			}
		}
		if n := len(j.stream("case-1", event.ReadStream{})); n != 6 {
			j.Errorf("%d records, want 6", n)
		}
	}},
	{"reading a stream with an ended context gives its error", func(j *journal) {
		j.add("case-1", noStream, draft())
		ctx, cancel := context.WithCancel(j.ctx)
		cancel()
		for _, err := range j.ReadStream(ctx, "case-1", event.ReadStream{}) {
			if !errors.Is(err, context.Canceled) {
				j.Fatalf("error is %v", err)
			}
			return
		}
		j.Error("it ended without an error")
	}},
}

// slice reads a stream of five.
func (j *journal) slice(o event.ReadStream, want ...event.Revision) {
	j.Helper()
	j.add("case-0", noStream, drafts(2)...)
	j.add("case-1", noStream, drafts(3)...)
	j.add("case-0", 1, draft())
	j.add("case-1", 2, drafts(2)...)
	j.same(append([]event.Revision{}, want...), j.revisions("case-1", o))
}

// fill appends many events to one stream.
func (j *journal) fill(stream string, n int) {
	j.Helper()
	for n > 0 {
		k := min(n, event.MaxEvents)
		j.add(stream, anyRevision, drafts(k)...)
		n -= k
	}
}

// mix appends to three streams in turn and gives all records.
func (j *journal) mix(n int) []event.Record {
	j.Helper()
	for i := range n {
		j.add(fmt.Sprintf("%s-1", []string{"case", "places", "account"}[i%3]), anyRevision, draft())
	}
	got := j.all(0, event.ReadAll{})
	if len(got) != n {
		j.Fatalf("%d records, want %d", len(got), n)
	}
	return got
}

var allRules = []rule{
	{"an empty journal yields no record and has head 0", func(j *journal) {
		if n := len(j.all(0, event.ReadAll{})); n != 0 || j.head() != 0 {
			j.Errorf("%d records, head %d", n, j.head())
		}
	}},
	{"the head is the position of the last record", func(j *journal) {
		for range 3 {
			res := j.add("case-1", anyRevision, drafts(2)...)
			if head := j.head(); head != res.Position {
				j.Errorf("head is %d after an append at %d", head, res.Position)
			}
		}
	}},
	{"the journal is read in the order of the appends", func(j *journal) {
		var want []event.Draft
		for i := range 30 {
			ds := drafts(i%3 + 1)
			j.add(fmt.Sprintf("case-%d", i%7), anyRevision, ds...)
			want = append(want, ds...)
		}
		var got []event.Draft
		for _, r := range j.all(0, event.ReadAll{}) {
			got = append(got, r.Draft)
		}
		j.same(want, got)
	}},
	{"the records of a page are the reader's to keep", func(j *journal) {
		want := j.mix(30)
		var got []event.Record
		for page, err := range j.ReadAll(j.ctx, 0, event.ReadAll{PageSize: 4}) {
			if err != nil {
				j.Fatal(err)
			}
			got = append(got, page.Records...)
		}
		j.same(want, got)
	}},
	{"positions are above 0 and grow", func(j *journal) {
		var before event.Position
		for _, r := range j.mix(30) {
			if r.Position <= before {
				j.Errorf("position %d after %d", r.Position, before)
			}
			before = r.Position
		}
	}},
	{"a record is the same in its stream and in the journal", func(j *journal) {
		want := slices.DeleteFunc(j.mix(30), func(r event.Record) bool { return r.Stream != "places-1" })
		j.same(want, j.stream("places-1", event.ReadStream{}))
	}},
	{"reading twice gives the same", func(j *journal) {
		j.same(j.mix(30), j.all(0, event.ReadAll{}))
	}},
	{"every page size gives the same records", func(j *journal) {
		want := j.mix(30)
		for _, size := range []int{1, 2, 3, 7, 29, 30, 31, 10_000} {
			j.same(want, j.all(0, event.ReadAll{PageSize: size}))
		}
	}},
	{"a page holds no more than its size", func(j *journal) {
		j.mix(30)
		for _, size := range []int{1, 4, 30} {
			for _, p := range j.pages(0, event.ReadAll{PageSize: size}) {
				if len(p.Records) > size {
					j.Errorf("%d records in a page of %d", len(p.Records), size)
				}
			}
		}
	}},
	{"checkpoints grow and stand at or behind the last record of their page", func(j *journal) {
		j.mix(30)
		var before event.Position
		for _, p := range j.pages(0, event.ReadAll{PageSize: 4}) {
			if p.Checkpoint <= before || p.Checkpoint < p.Records[len(p.Records)-1].Position {
				j.Errorf("checkpoint %d after %d", p.Checkpoint, before)
			}
			before = p.Checkpoint
		}
		if before != j.head() {
			j.Errorf("the last checkpoint is %d, the head %d", before, j.head())
		}
	}},
	{"the last page is caught up and no other", func(j *journal) {
		j.mix(30)
		for _, size := range []int{1, 7, 30, 100} {
			pages := j.pages(0, event.ReadAll{PageSize: size})
			for i, p := range pages {
				if p.CaughtUp != (i == len(pages)-1) {
					j.Errorf("page %d of %d at size %d says caught up %t", i+1, len(pages), size, p.CaughtUp)
				}
			}
		}
	}},
	{"reading goes on from every checkpoint without loss or repetition", func(j *journal) {
		want := j.mix(30)
		for _, size := range []int{1, 4, 30} {
			seen := 0
			for _, p := range j.pages(0, event.ReadAll{PageSize: size}) {
				seen += len(p.Records)
				j.same(want[seen:], j.all(p.Checkpoint, event.ReadAll{PageSize: 5}))
			}
		}
	}},
	{"reading goes on from every record's position", func(j *journal) {
		want := j.mix(30)
		for i, r := range want {
			j.same(want[i+1:], j.all(r.Position, event.ReadAll{PageSize: 7}))
		}
	}},
	{"nothing is behind the head", func(j *journal) {
		j.mix(9)
		for _, after := range []event.Position{j.head(), j.head() + 1000} {
			for _, p := range j.pages(after, event.ReadAll{}) {
				if len(p.Records) > 0 || p.Checkpoint != after {
					j.Errorf("after %d: %d records, checkpoint %d", after, len(p.Records), p.Checkpoint)
				}
			}
		}
	}},
	{"a filter keeps the streams of its prefix", func(j *journal) {
		want := slices.DeleteFunc(j.mix(30), func(r event.Record) bool { return r.Stream != "case-1" })
		for _, size := range []int{1, 4, 100} {
			j.same(want, j.all(0, event.ReadAll{Filter: event.Filter{Prefixes: []string{"case-"}}, PageSize: size}))
		}
	}},
	{"a filter keeps the streams of any of its prefixes", func(j *journal) {
		want := slices.DeleteFunc(j.mix(30), func(r event.Record) bool { return r.Stream == "account-1" })
		j.same(want, j.all(0, event.ReadAll{Filter: event.Filter{Prefixes: []string{"case-", "places-1", "case"}}, PageSize: 4}))
	}},
	{"a prefix is text and not a pattern", func(j *journal) {
		for _, stream := range []string{"case-1", "c_se-1", "c%-1", "c-è", "c-e", "C-1", "c-[a-z]"} {
			j.add(stream, noStream, draft())
		}
		for prefix, want := range map[string]int{"c_se": 1, "c%": 1, "c": 6, "C": 1, "c-è": 1, "c-[": 1, "%": 0, "*": 0, "^c": 0} {
			if n := len(j.all(0, event.ReadAll{Filter: event.Filter{Prefixes: []string{prefix}}})); n != want {
				j.Errorf("prefix %q kept %d, want %d", prefix, n, want)
			}
		}
	}},
	{"the checkpoint passes over what the filter left out", func(j *journal) {
		j.mix(30)
		for _, size := range []int{1, 4, 100} {
			pages := j.pages(0, event.ReadAll{Filter: event.Filter{Prefixes: []string{"nobody-"}}, PageSize: size})
			if len(pages) == 0 || len(records(pages)) > 0 || pages[len(pages)-1].Checkpoint != j.head() || !pages[len(pages)-1].CaughtUp {
				j.Errorf("at size %d: %d pages, %d records", size, len(pages), len(records(pages)))
			}
		}
	}},
	{"filtered reading goes on from every checkpoint without loss or repetition", func(j *journal) {
		o := event.ReadAll{Filter: event.Filter{Prefixes: []string{"places-"}}, PageSize: 4}
		want := slices.DeleteFunc(j.mix(30), func(r event.Record) bool { return r.Stream != "places-1" })
		seen := 0
		for _, p := range j.pages(0, o) {
			seen += len(p.Records)
			j.same(want[seen:], j.all(p.Checkpoint, o))
		}
	}},
	{"reading all stops when the reader does", func(j *journal) {
		j.mix(30)
		n := 0
		for _, err := range j.ReadAll(j.ctx, 0, event.ReadAll{PageSize: 2}) {
			if err != nil {
				j.Fatal(err)
			}
			if n++; n == 2 {
				break
			}
		}
		if n != 2 {
			j.Errorf("%d pages after a break at 2", n)
		}
		j.add("case-1", anyRevision, draft())
	}},
	{"the journal can be written and read while it is read", func(j *journal) {
		j.mix(12)
		n := 0
		for p, err := range j.ReadAll(j.ctx, 0, event.ReadAll{PageSize: 3}) {
			if err != nil {
				j.Fatal(err)
			}
			n += len(p.Records)
			if n <= 12 {
				j.add("case-1", anyRevision, draft())
				j.stream("case-1", event.ReadStream{})
			}
		}
		if n < 12 {
			j.Errorf("%d records, 12 were there before", n)
		}
	}},
	{"reading all with an ended context gives its error", func(j *journal) {
		j.mix(3)
		ctx, cancel := context.WithCancel(j.ctx)
		cancel()
		for _, err := range j.ReadAll(ctx, 0, event.ReadAll{}) {
			if !errors.Is(err, context.Canceled) {
				j.Fatalf("error is %v", err)
			}
			return
		}
		j.Error("it ended without an error")
	}},
	{"reading all that is cancelled on the way ends with the error", func(j *journal) {
		j.mix(30)
		ctx, cancel := context.WithCancel(j.ctx)
		defer cancel()
		var last error
		pages := 0
		for _, err := range j.ReadAll(ctx, 0, event.ReadAll{PageSize: 1}) {
			cancel()
			pages++
			last = err
		}
		if !errors.Is(last, context.Canceled) || pages > 3 {
			j.Errorf("%d pages, then %v", pages, last)
		}
	}},
	{"a hundred thousand records are read back in order", func(j *journal) {
		if testing.Short() {
			j.Skip("writes 100,000 records")
		}
		const total = 100_000
		small := draft()
		small.Data, small.Meta = []byte(`{}`), event.Meta{}
		ds := make([]event.Draft, 500)
		for i := range total / len(ds) {
			for k := range ds {
				ds[k] = small
				ds[k].ID = uuid.Must(uuid.NewV7())
			}
			j.add(fmt.Sprintf("case-%d", i%40), event.Expected(i/40*len(ds)-1), ds...)
		}
		revisions := map[string]event.Revision{}
		var before event.Position
		n := 0
		for p, err := range j.ReadAll(j.ctx, 0, event.ReadAll{}) {
			if err != nil {
				j.Fatal(err)
			}
			for _, r := range p.Records {
				if r.Position <= before || r.Revision != revisions[r.Stream] {
					j.Fatalf("%s@%d at %d after %d, want revision %d", r.Stream, r.Revision, r.Position, before, revisions[r.Stream])
				}
				before = r.Position
				revisions[r.Stream]++
				n++
			}
		}
		if n != total {
			j.Errorf("%d records", n)
		}
	}},
}
