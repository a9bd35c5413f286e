package esdb_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"approdo/adapters/esdb"
	"approdo/adapters/esdb/esdbtest"
	"approdo/domain/event"
	"approdo/domain/event/storetest"
)

// roomy is a server that takes the largest append of the contract: the limit of the contract is on payloads, the server's own 1 MiB on
// payloads with metadata.
var roomy = esdbtest.Options{MaxAppendSize: 2 << 20}

// variable names a real server to run the contract on, as a connection string. Its streams are left behind, under a prefix of the run.
const variable = "APPRODO_TEST_ESDB"

func TestContract(t *testing.T) {
	t.Parallel()
	t.Run("single", func(t *testing.T) {
		t.Parallel()
		runOnOne(t)
	})
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		runOnCluster(t)
	})
	t.Run("shared", func(t *testing.T) {
		t.Parallel()
		runOnShared(t, esdbtest.Start(t, esdbtest.NewLog(), roomy).URL())
	})
	if url := os.Getenv(variable); url != "" {
		t.Run("real", func(t *testing.T) { runOnShared(t, url) })
	} else {
		t.Logf("not on a real server: %s names none, such as esdb://127.0.0.1:2113?tls=false", variable)
	}
}

// runOnOne restarts the server where the program is restarted.
func runOnOne(t *testing.T) {
	var servers sync.Map // of the journals that are open
	storetest.Run(t, storetest.Engine{
		Imports: true,
		Open: func(t *testing.T) event.Store {
			server := esdbtest.Start(t, esdbtest.NewLog(), roomy)
			s := open(t, server.URL())
			servers.Store(s, server)
			return s
		},
		Reopen: func(t *testing.T, old event.Store) event.Store {
			shut(t, old)
			found, _ := servers.Load(old)
			server := found.(*esdbtest.Server)
			server.Restart()
			s := open(t, server.URL())
			servers.Store(s, server)
			return s
		},
	})
}

// open connects, and waits for a slow machine longer than a program would.
func open(t *testing.T, url string) *esdb.Store {
	t.Helper()
	if !strings.Contains(url, "defaultDeadline") {
		url += "&defaultDeadline=60000"
		if !strings.Contains(url, "?") {
			url = strings.Replace(url, "&", "?", 1)
		}
	}
	s, err := esdb.Open(t.Context(), url, esdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, s) })
	return s
}

func shut(t *testing.T, s event.Store) {
	t.Helper()
	if err := s.Close(context.Background()); err != nil && !errors.Is(err, event.ErrClosed) {
		t.Error(err)
	}
}

// runOnShared gives every rule streams of its own on one server.
func runOnShared(t *testing.T, url string) {
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	var urls sync.Map
	openAt := func(t *testing.T, url string) event.Store {
		s := open(t, url)
		urls.Store(s, url)
		return s
	}
	storetest.Run(t, storetest.Engine{
		Imports: true,
		Open: func(t *testing.T) event.Store {
			return openAt(t, url+separator+"streamPrefix=approdo-test-"+uuid.NewString()+".")
		},
		Reopen: func(t *testing.T, old event.Store) event.Store {
			shut(t, old)
			found, _ := urls.Load(old)
			return openAt(t, found.(string))
		},
	})
}
