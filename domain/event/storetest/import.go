package storetest

import (
	"errors"
	"time"

	"approdo/domain/event"
)

// importRules are kept by engines that are an event.Importer.
var importRules = []rule{
	{"imported records are there as they were, with their instants", func(j *journal) {
		records := foreign(40)
		j.imports(records...)
		j.took(records)
	}},
	{"what is appended after an import stands behind it", func(j *journal) {
		records := foreign(6)
		j.imports(records...)
		j.add(records[5].Stream, event.Expected(records[5].Revision), draft())
		all := j.all(0, event.ReadAll{})
		if len(all) != 7 || all[6].Stream != records[5].Stream || all[6].Revision != records[5].Revision+1 {
			j.Errorf("%d records, the last at %d of %s", len(all), all[len(all)-1].Revision, all[len(all)-1].Stream)
		}
	}},
	{"an import goes on behind what is there", func(j *journal) {
		records := foreign(30)
		j.imports(records[:11]...)
		j.imports(records[11:]...)
		j.took(records)
	}},
	{"an import repeated writes nothing", func(j *journal) {
		records := foreign(20)
		j.imports(records...)
		j.imports(records[5:]...)
		j.took(records)
	}},
	{"an import that skips a revision is a conflict", func(j *journal) {
		records := foreign(12)
		err := j.importer().Import(j.ctx, records[6:])
		if !errors.Is(err, event.ErrConflict) {
			j.Errorf("got %v", err)
		}
		if n := len(j.all(0, event.ReadAll{})); n > 0 {
			j.Errorf("%d records were written", n)
		}
	}},
	{"an import of other records in the same place is refused", func(j *journal) {
		j.imports(foreign(6)...)
		before := j.head()
		err := j.importer().Import(j.ctx, foreign(6)[:1])
		if !errors.Is(err, event.ErrConflict) && !errors.Is(err, event.ErrCorruptIdempotency) {
			j.Errorf("got %v", err)
		}
		j.unchanged(before)
	}},
	{"a subscriber sees what is imported", func(j *journal) {
		sub := j.follow(0, event.Subscribe{})
		sub.page()
		j.imports(foreign(5)...)
		for n := 0; n < 5; {
			n += len(sub.page().Records)
		}
	}},
	{"an import into a closed journal is refused", func(j *journal) {
		j.close()
		j.closed(j.importer().Import(j.ctx, foreign(1)))
	}},
}

// foreign makes records of another journal: three streams in turn, written a year ago.
func foreign(n int) []event.Record {
	at := time.Date(2021, 9, 13, 8, 0, 0, 123456000, time.UTC)
	records := make([]event.Record, n)
	for i := range records {
		records[i] = event.Record{Draft: draft(), Stream: []string{"case-a", "case-b", "places-c"}[i%3], Revision: event.Revision(i / 3),
			At: at.Add(time.Duration(i) * time.Second)}
	}
	return records
}

func (j *journal) importer() event.Importer { return j.Store.(event.Importer) }

func (j *journal) imports(records ...event.Record) {
	j.Helper()
	if err := j.importer().Import(j.ctx, records); err != nil {
		j.Fatalf("import: %v", err)
	}
}

// took wants the journal to have just these records, but for their positions.
func (j *journal) took(want []event.Record) {
	j.Helper()
	got := j.all(0, event.ReadAll{})
	if len(got) != len(want) {
		j.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i := range want {
		if !event.Same(got[i], want[i]) {
			j.Errorf("record %d is %+v, want %+v", i, got[i], want[i])
		}
	}
}
