package views_test

import (
	"flag"
	"testing"

	"approdo/adapters/postgres/pgtest"
	"approdo/adapters/postgres/views"
	"approdo/projections"
	"approdo/projections/enginetest"
)

func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "25"); err != nil { // each makes and drops tables, which goes to the disk
		panic(err)
	}
	pgtest.Main(m)
}

func TestEngine(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, enginetest.Engine{
		Open:   func(t *testing.T) projections.Engine { return opened(t, pgtest.Database(t)) },
		Tables: "SELECT count(*) FROM pg_tables WHERE schemaname = 'views' AND tablename NOT IN ('generation', 'migrations')",
	})
}

// opened opens views until the test ends.
func opened(t testing.TB, url string) *views.DB {
	t.Helper()
	db, err := views.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}
