package memory_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/event/storetest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Engine{Open: func(*testing.T) event.Store { return memory.New() }, Imports: true})
}

func appendOne(t *testing.T, s event.Store, stream string, id uuid.UUID) error {
	t.Helper()
	_, err := s.Append(t.Context(), event.Append{Stream: stream, Expected: event.Any, Events: []event.Draft{{
		ID: id, Type: "case.noted", Schema: 1, Data: []byte(`{}`), Meta: event.Meta{Actor: domain.System, At: time.Now(), Command: uuid.New()},
	}}})
	return err
}

func TestSubscriptionLivesInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := memory.New()
		ctx, cancel := context.WithCancel(t.Context())
		var written []time.Time
		var ended error
		go func() {
			for p, err := range s.Subscribe(ctx, 0, event.Subscribe{}) {
				for _, r := range p.Records {
					written = append(written, r.At)
				}
				ended = err
			}
		}()
		start := time.Now()
		for range 3 {
			time.Sleep(time.Hour)
			if err := appendOne(t, s, "case-1", uuid.New()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		cancel()
		synctest.Wait()
		if len(written) != 3 || !written[2].Equal(start.Add(3*time.Hour)) || !errors.Is(ended, context.Canceled) {
			t.Errorf("written at %v, ended with %v", written, ended)
		}
	})
}

func TestAnIdFromAnotherStreamIsRefused(t *testing.T) {
	t.Parallel()
	s := memory.New()
	id := uuid.New()
	if err := appendOne(t, s, "case-1", id); err != nil {
		t.Fatal(err)
	}
	if err := appendOne(t, s, "case-2", id); !errors.Is(err, event.ErrCorruptIdempotency) {
		t.Errorf("error is %v", err)
	}
}
