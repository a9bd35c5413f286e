package feed_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/feed"
	"approdo/adapters/memory"
	"approdo/domain"
	"approdo/domain/event"
)

// What was passed in one journal says nothing of another, though the positions are there too.
func TestCheckpointsOfAnotherJournalAreNotGoneOnFrom(t *testing.T) {
	t.Parallel()
	kept := &checkpoints{at: map[string]event.Position{}}
	first, second := memory.New(), memory.New()
	begin := func(s *memory.Store) {
		t.Helper()
		e := event.Draft{ID: uuid.New(), Type: "case.noted", Schema: 1, Data: []byte("{}"), Meta: event.Meta{Actor: domain.System, At: time.Now()}}
		if _, err := s.Append(t.Context(), event.Append{Stream: "case-1", Expected: event.NoStream, Events: []event.Draft{e}}); err != nil {
			t.Fatal(err)
		}
	}
	wants := func(s *memory.Store, want event.Position) {
		t.Helper()
		if at, err := feed.OfJournal(kept, s).Load(t.Context(), "erasure"); err != nil || at != want {
			t.Errorf("%d, %v; want %d", at, err, want)
		}
	}
	save := func(s *memory.Store, at event.Position) {
		t.Helper()
		if err := feed.OfJournal(kept, s).Save(t.Context(), "erasure", at); err != nil {
			t.Fatal(err)
		}
	}
	save(first, 3) // there is nothing yet that could have been passed
	wants(first, 0)
	begin(first)
	save(first, 1)
	wants(first, 1)
	wants(second, 0)
	begin(second)
	wants(second, 0)
	save(second, 5)
	wants(first, 1)
	wants(second, 5)
}
