package event_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/event"
)

func TestAnAppendIsCheckedBeforeItIsTaken(t *testing.T) {
	t.Parallel()
	good := func() event.Append {
		return event.Append{Stream: "case-1", Expected: event.NoStream, Events: []event.Draft{
			{ID: uuid.New(), Type: "case.noted", Schema: 1, Data: make([]byte, event.MaxBytes/2)},
			{ID: uuid.New(), Type: "case.noted", Schema: 1, Data: make([]byte, event.MaxBytes/2)},
		}}
	}
	for name, c := range map[string]struct {
		spoil func(*event.Append)
		want  error
	}{
		"good":            {func(*event.Append) {}, nil},
		"no events":       {func(a *event.Append) { a.Events = nil }, nil},
		"any":             {func(a *event.Append) { a.Expected = event.Any }, nil},
		"stream exists":   {func(a *event.Append) { a.Expected = event.StreamExists }, nil},
		"exact":           {func(a *event.Append) { a.Expected = 12 }, nil},
		"between":         {func(a *event.Append) { a.Expected = -3 }, event.ErrMalformed},
		"below":           {func(a *event.Append) { a.Expected = -5 }, event.ErrMalformed},
		"no stream name":  {func(a *event.Append) { a.Stream = "" }, event.ErrMalformed},
		"no id":           {func(a *event.Append) { a.Events[1].ID = uuid.Nil }, event.ErrMalformed},
		"no type":         {func(a *event.Append) { a.Events[1].Type = "" }, event.ErrMalformed},
		"a byte too many": {func(a *event.Append) { a.Events[1].Data = make([]byte, event.MaxBytes/2+1) }, event.ErrTooLarge},
		"too many events": {func(a *event.Append) { a.Events = make([]event.Draft, event.MaxEvents+1) }, event.ErrTooLarge},
	} {
		a := good()
		c.spoil(&a)
		if err := a.Check(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestErrorsOfAStoreHaveTheirKind(t *testing.T) {
	t.Parallel()
	for err, kind := range map[error]domain.Kind{
		event.ErrOverloaded:    domain.KindOverloaded,
		event.ErrUnavailable:   domain.KindUnavailable,
		event.ErrTooLarge:      domain.KindInvalid,
		&event.ConflictError{}: domain.KindConflict,
	} {
		if !errors.Is(err, kind) {
			t.Errorf("%v is not %s", err, kind)
		}
	}
}

func TestDerivedIDs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		command := uuid.Must(uuid.NewV7())
		stream := rapid.StringN(1, -1, -1).Draw(t, "stream")
		i := rapid.IntRange(0, 500).Draw(t, "i")
		id := event.DeriveID(command, stream, i)
		if id != event.DeriveID(command, stream, i) {
			t.Fatal("a retry of the command names its event otherwise")
		}
		if id == event.DeriveID(command, stream, i+1) || id == event.DeriveID(command, stream+"x", i) || id == event.DeriveID(uuid.New(), stream, i) {
			t.Fatal("two events have one id")
		}
		if id.Version() != 8 || id.Variant() != uuid.RFC4122 || [6]byte(id[:6]) != [6]byte(command[:6]) {
			t.Fatalf("%s is not of version 8 with the time of %s", id, command)
		}
	})
}
