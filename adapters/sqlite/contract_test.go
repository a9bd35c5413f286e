package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"approdo/adapters/sqlite"
	"approdo/domain/event"
	"approdo/domain/event/storetest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	var paths sync.Map // of the journals that are open
	storetest.Run(t, storetest.Engine{
		Imports: true,
		Open: func(t *testing.T) event.Store {
			path := filepath.Join(t.TempDir(), "journal.db")
			s := open(t, path)
			paths.Store(s, path)
			return s
		},
		Reopen: func(t *testing.T, old event.Store) event.Store {
			if err := old.Close(context.Background()); err != nil && !errors.Is(err, event.ErrClosed) {
				t.Fatal(err)
			}
			path, _ := paths.Load(old)
			s := open(t, path.(string))
			paths.Store(s, path)
			return s
		},
	})
}

func open(t *testing.T, path string) event.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
