package postgres_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"

	"approdo/adapters/postgres"
	"approdo/adapters/postgres/pgtest"
	"approdo/domain/event"
	"approdo/domain/event/storetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestContract(t *testing.T) {
	t.Parallel()
	var urls sync.Map // of the journals that are open
	storetest.Run(t, storetest.Engine{
		Open: func(t *testing.T) event.Store {
			url := pgtest.Database(t)
			s := open(t, url)
			urls.Store(s, url)
			return s
		},
		Reopen: func(t *testing.T, old event.Store) event.Store {
			if err := old.Close(context.Background()); err != nil && !errors.Is(err, event.ErrClosed) {
				t.Fatal(err)
			}
			url, _ := urls.Load(old)
			s := open(t, url.(string))
			urls.Store(s, url)
			return s
		},
		Imports: true,
	})
}

// open opens a journal that tells the tests' output nothing.
func open(t *testing.T, url string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url, postgres.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
