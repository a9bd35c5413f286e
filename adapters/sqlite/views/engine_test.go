package views_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"approdo/adapters/sqlite/views"
	"approdo/projections"
	"approdo/projections/enginetest"
)

func TestEngine(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, enginetest.Engine{
		Open:   func(t *testing.T) projections.Engine { return opened(t) },
		Tables: "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'generation'",
	})
}

// open opens views in a directory of the test.
func open(t testing.TB, dir string) *views.DB {
	t.Helper()
	db, err := views.Open(context.Background(), filepath.Join(dir, "views.db"))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func opened(t testing.TB) *views.DB {
	db := open(t, t.TempDir())
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestAnEventThatFailsIsTriedAgainAndHaltsOnlyItsProjection(t *testing.T) {
	for _, lead := range []int{1, 2} { // it fails by an error, or by a panic
		synctest.Test(t, func(t *testing.T) {
			var mended atomic.Bool
			var tries atomic.Int64
			j, db := enginetest.NewJournal(), opened(t)
			r := enginetest.NewRunner(j, db, enginetest.History(), enginetest.Failing(func(e projections.Event) bool {
				if !enginetest.Heavy(e) {
					return false
				}
				tries.Add(1)
				return !mended.Load()
			}))
			enginetest.Follow(t, r)
			enginetest.Await(t, r, 0)
			light := []any{enginetest.Sent{Depot: "Bra", Weight: 12}, enginetest.Sent{Depot: "Bra", Weight: 12}}
			after := j.Add(enginetest.Stream(enginetest.Nth(99)), append(light[:lead:lead], enginetest.Sent{Depot: "Dro", Weight: 13}, enginetest.Carried{Depot: "Cles"})...)
			synctest.Wait()
			if s := enginetest.StatusOf(t, r, "history"); s.Position != after {
				t.Errorf("the other waits: %+v", s)
			}
			if n := enginetest.Count(t, r, "SELECT sum(weight) FROM {parcels} WHERE depot = 'Bra'"); n != 12 {
				t.Errorf("weight %d: what failed was not taken back", n)
			}
			if n := enginetest.Count(t, r, "SELECT count(*) FROM {stays} WHERE depot = 'Bra'"); n != 1 {
				t.Errorf("%d stays: what failed was not taken back", n)
			}
			if s := enginetest.StatusOf(t, r, "where"); s.State != projections.Live || s.Position != after-2 {
				t.Errorf("after the first failure: %+v", s)
			}
			time.Sleep(10 * time.Second)
			s := enginetest.StatusOf(t, r, "where")
			if s.State != projections.Halted || s.Reason != projections.ApplyFailed || s.Stuck != after-1 || tries.Load() != 6 {
				t.Errorf("after %d tries: %+v", tries.Load(), s)
			}
			mended.Store(true)
			time.Sleep(time.Minute)
			synctest.Wait()
			if s := enginetest.StatusOf(t, r, "where"); s.State != projections.Live || s.Position != after {
				t.Errorf("after it was mended: %+v", s)
			}
			grown := enginetest.Dump(t, r)
			if _, err := r.Rebuild(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if grown != enginetest.Dump(t, r) {
				t.Error("what failed and was mended differs from a rebuild")
			}
		})
	}
}
