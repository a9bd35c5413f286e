package event_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/domain"
	"approdo/domain/event"
)

// lived is a journal of so many records, in five streams.
func lived(t *testing.T, n int) *memory.Store {
	t.Helper()
	s := memory.New()
	for i := range n {
		e := event.Draft{ID: uuid.New(), Type: "case.noted", Schema: 1, Data: fmt.Appendf(nil, `{"n":%d}`, i),
			Meta: event.Meta{Actor: domain.System, At: time.Date(2022, 3, 14, 9, 0, i, 0, time.UTC), Command: uuid.New()}}
		if _, err := s.Append(t.Context(), event.Append{Stream: fmt.Sprintf("case-%d", i%5), Expected: event.Any, Events: []event.Draft{e}}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func transfer(t *testing.T, from event.Store, to event.Importer) event.Transferred {
	t.Helper()
	done, err := event.Transfer(t.Context(), from, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestATransferLeavesTheSameJournal(t *testing.T) {
	t.Parallel()
	from, there, back := lived(t, 1700), memory.New(), memory.New()
	var told []event.Transferred
	done, err := event.Transfer(t.Context(), from, there, func(p event.Transferred) { told = append(told, p) })
	if err != nil || done.Records != 1700 || done.Found != 0 || done.Checked != 1700 || done.Head != 1700 {
		t.Fatalf("%+v, %v", done, err)
	}
	if len(told) < 3 || told[0].Records != 1000 || told[len(told)-1] != done {
		t.Errorf("told %+v", told)
	}
	if again := transfer(t, there, back); again.Digest != done.Digest {
		t.Error("the way back gives another digest")
	}
	if other := transfer(t, lived(t, 1700), memory.New()); other.Digest == done.Digest {
		t.Error("another journal has the same digest")
	}
}

// cutShort is a target that fails after so many imports.
type cutShort struct {
	*memory.Store
	left int
}

var errCut = errors.New("cut")

func (c *cutShort) Import(ctx context.Context, records []event.Record) error {
	if c.left--; c.left < 0 {
		return errCut
	}
	return c.Store.Import(ctx, records)
}

func TestATransferCutShortIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	from, to := lived(t, 1700), &cutShort{memory.New(), 2}
	if _, err := event.Transfer(t.Context(), from, to, nil); !errors.Is(err, errCut) {
		t.Fatalf("got %v", err)
	}
	if done := transfer(t, from, to.Store); done.Found != 2*event.MaxEvents || done.Checked != 1700 {
		t.Errorf("%+v", done)
	}
	if done := transfer(t, from, to.Store); done.Found != 1700 || done.Checked != 1700 {
		t.Errorf("with nothing left to copy: %+v", done)
	}
}

func TestATargetThatIsNoBeginningIsLeftAlone(t *testing.T) {
	t.Parallel()
	from, longer := lived(t, 20), memory.New()
	transfer(t, from, longer)
	goOn(t, longer)
	for name, to := range map[string]*memory.Store{"another journal": lived(t, 3), "a longer one": longer} {
		before, err := to.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := event.Transfer(t.Context(), from, to, nil); !errors.Is(err, event.ErrNotContinued) {
			t.Errorf("%s: got %v", name, err)
		}
		if after, err := to.Head(t.Context()); err != nil || after != before {
			t.Errorf("%s: head went from %d to %d, %v", name, before, after, err)
		}
	}
}

func goOn(t *testing.T, s *memory.Store) {
	t.Helper()
	e := event.Draft{ID: uuid.New(), Type: "case.noted", Schema: 1, Data: []byte(`{}`)}
	if _, err := s.Append(t.Context(), event.Append{Stream: "case-9", Expected: event.NoStream, Events: []event.Draft{e}}); err != nil {
		t.Fatal(err)
	}
}

// forger is a target that changes one byte of what it is given.
type forger struct{ *memory.Store }

func (f forger) Import(ctx context.Context, records []event.Record) error {
	for i := range records {
		if string(records[i].Data) == `{"n":7}` {
			records[i].Data = []byte(`{"n":8}`)
		}
	}
	return f.Store.Import(ctx, records)
}

func TestACopyThatDiffersIsNoticed(t *testing.T) {
	t.Parallel()
	if done, err := event.Transfer(t.Context(), lived(t, 20), forger{memory.New()}, nil); err == nil || done.Checked != 7 {
		t.Errorf("%+v, %v", done, err)
	}
}
