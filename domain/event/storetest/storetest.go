// Package storetest is the contract of event.Store as tests. Every engine runs it unchanged.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
)

// Engine is a journal under test.
type Engine struct {
	// Open gives an empty journal. The suite closes it.
	Open func(t *testing.T) event.Store
	// Reopen closes a journal that Open gave and opens it again, as a program does that was restarted. It is nil where nothing
	// outlives the process; the rules that need it are then left out.
	Reopen func(t *testing.T, s event.Store) event.Store
	// Imports says that what Open gives is an event.Importer.
	Imports bool
}

// fewest is how many rules the contract has at least; a suite that shrank is not the contract.
const fewest = 60

// patience ends a rule that waits for what does not come.
const patience = 5 * time.Minute

// rule is one sentence of the contract.
type rule struct {
	name  string
	check func(j *journal)
}

// Run checks every rule, each on a journal of its own.
func Run(t *testing.T, e Engine) {
	var rules []rule
	for _, group := range [][]rule{appendRules, retryRules, shapeRules, streamRules, allRules, subscribeRules, raceRules, closeRules, commandRules} {
		rules = append(rules, group...)
	}
	if e.Reopen != nil {
		rules = append(rules, reopenRules...)
	}
	if e.Imports {
		rules = append(rules, importRules...)
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			j := &journal{T: t, Store: e.Open(t), ctx: ctx, engine: e}
			defer j.finish()
			r.check(j)
		})
	}
	t.Logf("%d rules", len(rules))
	if len(rules) < fewest {
		t.Errorf("%d rules, the contract has at least %d", len(rules), fewest)
	}
}

// journal is a store in the hands of one rule. Its methods end the rule where something fails that the rule is not about.
type journal struct {
	*testing.T
	event.Store
	ctx    context.Context
	engine Engine
}

func (j *journal) finish() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := j.Close(ctx); err != nil && !errors.Is(err, event.ErrClosed) {
		j.Errorf("close: %v", err)
	}
}

// reopen restarts the program, as it were.
func (j *journal) reopen() { j.Store = j.engine.Reopen(j.T, j.Store) }

// draft proposes an event as a command would. Every part of it is set and differs from the next one's.
func draft() event.Draft {
	id := uuid.Must(uuid.NewV7())
	return event.Draft{
		ID: id, Type: "case.noted", Schema: 1, Data: fmt.Appendf(nil, `{"n":"%s"}`, id),
		Meta: event.Meta{
			Actor:       domain.Actor{Account: uuid.New(), Role: domain.RoleCentre, Body: "CTI-21"},
			At:          time.Date(2022, 3, 14, 9, 26, 53, 589793238, time.UTC),
			Command:     uuid.New(),
			Correlation: uuid.New(),
			Causation:   uuid.New(),
		},
	}
}

func drafts(n int) []event.Draft {
	ds := make([]event.Draft, n)
	for i := range ds {
		ds[i] = draft()
	}
	return ds
}

// add appends what must succeed.
func (j *journal) add(stream string, expected event.Expected, ds ...event.Draft) event.Result {
	j.Helper()
	res, err := j.Append(j.ctx, event.Append{Stream: stream, Expected: expected, Events: ds})
	if err != nil {
		j.Fatalf("append to %q at %d: %v", stream, expected, err)
	}
	return res
}

// fail appends what must be refused, and sees that nothing was written.
func (j *journal) fail(want error, stream string, expected event.Expected, ds ...event.Draft) {
	j.Helper()
	before := j.head()
	_, err := j.Append(j.ctx, event.Append{Stream: stream, Expected: expected, Events: ds})
	if !errors.Is(err, want) {
		j.Errorf("append to %q at %d gave %v, want %v", stream, expected, err, want)
	}
	j.unchanged(before)
}

// conflict appends what must be refused because the stream is not as expected.
func (j *journal) conflict(actual event.Revision, stream string, expected event.Expected, ds ...event.Draft) {
	j.Helper()
	before := j.head()
	_, err := j.Append(j.ctx, event.Append{Stream: stream, Expected: expected, Events: ds})
	var got *event.ConflictError
	if !errors.As(err, &got) {
		j.Fatalf("append to %q at %d gave %v, want a conflict", stream, expected, err)
	}
	if want := (event.ConflictError{Stream: stream, Expected: expected, Actual: actual}); *got != want {
		j.Errorf("conflict is %+v, want %+v", *got, want)
	}
	j.unchanged(before)
}

func (j *journal) unchanged(before event.Position) {
	j.Helper()
	if now := j.head(); now != before {
		j.Errorf("the journal went on from %d to %d", before, now)
	}
}

func (j *journal) head() event.Position {
	j.Helper()
	p, err := j.Head(j.ctx)
	if err != nil {
		j.Fatalf("head: %v", err)
	}
	return p
}

// stream reads a stream.
func (j *journal) stream(name string, o event.ReadStream) []event.Record {
	j.Helper()
	var out []event.Record
	for r, err := range j.ReadStream(j.ctx, name, o) {
		if err != nil {
			j.Fatalf("read %q: %v", name, err)
		}
		out = append(out, r)
	}
	return out
}

// revisions reads a stream and gives what stood where.
func (j *journal) revisions(name string, o event.ReadStream) []event.Revision {
	j.Helper()
	out := []event.Revision{}
	for _, r := range j.stream(name, o) {
		out = append(out, r.Revision)
	}
	return out
}

// pages reads the journal.
func (j *journal) pages(after event.Position, o event.ReadAll) []event.Page {
	j.Helper()
	var out []event.Page
	for p, err := range j.ReadAll(j.ctx, after, o) {
		if err != nil {
			j.Fatalf("read all after %d: %v", after, err)
		}
		out = append(out, p)
	}
	return out
}

// all reads the records of the journal.
func (j *journal) all(after event.Position, o event.ReadAll) []event.Record {
	j.Helper()
	return records(j.pages(after, o))
}

func records(pages []event.Page) []event.Record {
	out := []event.Record{}
	for _, p := range pages {
		out = append(out, p.Records...)
	}
	return out
}

// holds sees that a stream holds exactly these drafts.
func (j *journal) holds(name string, want ...event.Draft) {
	j.Helper()
	got := []event.Draft{}
	for i, r := range j.stream(name, event.ReadStream{}) {
		if r.Revision != event.Revision(i) || r.Stream != name {
			j.Errorf("record %d of %q is revision %d of %q", i, name, r.Revision, r.Stream)
		}
		got = append(got, r.Draft)
	}
	j.same(append([]event.Draft{}, want...), got)
}

// same compares to the byte.
func (j *journal) same(want, got any) {
	j.Helper()
	if diff := cmp.Diff(want, got, cmp.Comparer(bytes.Equal)); diff != "" {
		j.Errorf("want -, got +\n%s", diff)
	}
}
