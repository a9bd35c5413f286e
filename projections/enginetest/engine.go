package enginetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"approdo/domain/event"
	"approdo/projections"
)

func readsEndWithTheirContext(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	Fill(j, 300)
	r := NewRunner(j, db, Toys()...)
	CatchUp(t, r)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := r.Read(ctx, func(s *projections.Snapshot) error {
		_, _, err := projections.One[int64](s, "SELECT count(*) FROM {steps} a, {steps} b, {steps} c, {steps} d WHERE a.what < b.what")
		return err
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a query without end: %v", err)
	}
	if n := Count(t, r, "SELECT count(*) FROM {steps}"); n != 600 {
		t.Errorf("%d rows are read after it", n)
	}
}

func readersCannotWrite(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	Fill(j, 2)
	r := NewRunner(j, db, Toys()...)
	CatchUp(t, r)
	if err := r.Read(t.Context(), func(s *projections.Snapshot) error {
		_, _, err := projections.One[int64](s, "DELETE FROM {steps} RETURNING at")
		return err
	}); err == nil {
		t.Error("a query has deleted rows")
	}
	if n := Count(t, r, "SELECT count(*) FROM {steps}"); n != 4 {
		t.Errorf("%d rows are left", n)
	}
}

// made makes one live generation of the loads.
func made(t *testing.T, db projections.Engine) (g projections.Generation) {
	t.Helper()
	if err := db.Write(t.Context(), func(b projections.Batch) (err error) {
		g, err = b.Create(projections.Generation{
			Projection: "loads", Version: 1, Shape: "a", Tables: []string{"loads"}, State: projections.Live,
		}, []*projections.Schema{loads.Schema()})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return g
}

func cells(depot string, n int64) []projections.Value {
	return []projections.Value{{Type: projections.Text, Text: depot}, {Type: projections.Int, Int: n}, {Type: projections.Int, Int: n}}
}

// weights reads what is at the depots, by their names.
func weights(t *testing.T, db projections.Engine, g projections.Generation) map[string]int64 {
	t.Helper()
	got := map[string]int64{}
	if err := db.Read(t.Context(), func(s projections.Session) error {
		rows, err := s.Query("SELECT depot, weight FROM "+g.Physical("loads"), nil)
		if err != nil {
			return err
		}
		row := make([]projections.Value, 2)
		for {
			there, err := rows.Next(row)
			if err != nil || !there {
				return errors.Join(err, rows.Close())
			}
			got[row[0].Text] = row[1].Int
		}
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func aBatchIsWrittenAsAWholeOrNotAtAll(t *testing.T, engine Engine) {
	db := engine.Open(t)
	g := made(t, db)
	write := func(f func(projections.Writer) error) error {
		return db.Write(t.Context(), func(b projections.Batch) error {
			w, err := b.Table(g, loads.Schema())
			if err != nil {
				return err
			}
			return errors.Join(f(w), w.Flush())
		})
	}
	if err := write(func(w projections.Writer) error {
		return errors.Join(w.Insert(cells("Bra", 1)), w.Upsert(cells("Dro", 2)), w.Insert(cells("Cles", 3)))
	}); err != nil {
		t.Fatal(err)
	}
	if err := write(func(w projections.Writer) error {
		return errors.Join(w.Upsert(cells("Bra", 10)), w.Delete(cells("Dro", 0)[:1]), w.Delete(cells("Br", 0)[:1]), w.Insert(cells("Ala", 4)))
	}); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string][]projections.Value{
		"a key that is there":    cells("Cles", 9),
		"NULL where none may be": {{Type: projections.Text, Text: "Trento"}, {}, {}},
	} {
		err := write(func(w projections.Writer) error { return errors.Join(w.Upsert(cells("Bra", 99)), w.Insert(row)) })
		if !errors.Is(err, projections.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	own := errors.New("own")
	if err := write(func(w projections.Writer) error { return errors.Join(w.Delete(cells("Bra", 0)[:1]), own) }); !errors.Is(err, own) {
		t.Errorf("the caller's own error: %v", err)
	}
	got := weights(t, db, g)
	if len(got) != 3 || got["Bra"] != 10 || got["Cles"] != 3 || got["Ala"] != 4 {
		t.Errorf("the rows are %v", got)
	}
}

func aCheckpointThatMovedIsNotSaved(t *testing.T, engine Engine) {
	db := engine.Open(t)
	g := made(t, db)
	save := func(state projections.State, to, was event.Position) error {
		g.State, g.Position = state, to
		return db.Write(t.Context(), func(b projections.Batch) error { return b.Save(g, was) })
	}
	if err := save(projections.Live, 5, 0); err != nil {
		t.Fatal(err)
	}
	if err := save(projections.Live, 6, 4); !errors.Is(err, projections.ErrMoved) {
		t.Errorf("from where it never was: %v", err)
	}
	if err := save(projections.Retired, 5, 5); err != nil {
		t.Fatal(err)
	}
	if err := save(projections.Live, 6, 5); !errors.Is(err, projections.ErrMoved) {
		t.Errorf("once it is retired: %v", err)
	}
	gone := projections.Generation{Number: g.Number + 1}
	if err := db.Write(t.Context(), func(b projections.Batch) error { return b.Save(gone, 0) }); !errors.Is(err, projections.ErrMoved) {
		t.Errorf("what is not there: %v", err)
	}
}

func aReaderKeepsItsStateWhateverIsDropped(t *testing.T, engine Engine) {
	db := engine.Open(t)
	g := made(t, db)
	dropped := make(chan error, 1)
	if err := db.Read(t.Context(), func(s projections.Session) error {
		all, err := s.Generations()
		if err != nil || len(all) != 1 {
			t.Errorf("%d generations, %v", len(all), err)
		}
		go func() { dropped <- db.Drop(context.Background(), g) }()
		select {
		case err := <-dropped: // an engine whose snapshots hold tables too need not wait
			dropped <- err
		case <-time.After(300 * time.Millisecond):
		}
		rows, err := s.Query("SELECT depot FROM "+g.Physical("loads"), nil)
		if err != nil {
			return err
		}
		_, err = rows.Next(make([]projections.Value, 1))
		return errors.Join(err, rows.Close())
	}); err != nil {
		t.Errorf("a table that was there when the state was taken: %v", err)
	}
	if err := <-dropped; err != nil {
		t.Error(err)
	}
}
