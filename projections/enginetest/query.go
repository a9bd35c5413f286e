package enginetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/projections"
)

// every has a column of each type.
type every struct {
	N     event.Position    `col:"n,key"`
	Text  domain.Comune     `col:"town"`
	Int   domain.SchoolYear `col:"year"`
	Small int8              `col:"small"`
	Float float64           `col:"score"`
	Bool  bool              `col:"open"`
	Date  domain.Date       `col:"on_day"`
	Time  time.Time         `col:"at"`
	ID    uuid.UUID         `col:"id"`
	Bytes []byte            `col:"token"`
	Box   domain.Box        `col:"minor"`
	List  []domain.School   `col:"preferred,json"`
	Maybe *int64            `col:"maybe"`
	Who   *uuid.UUID        `col:"who"`
	Word  *domain.Centre    `col:"centre"`
}

func (e every) Key() event.Position { return e.N }

var everything = projections.TableOf[every]("everything", projections.Index{"town", "at"})

func pointer[T any](v T) *T { return &v }

// samples is a row with everything, and one with nothing.
func samples() []every {
	return []every{
		{N: 1, List: []domain.School{}},
		{
			N: 2, Text: "015146", Int: 2022, Small: -7, Float: 0.25, Bool: true, Date: domain.Date{Year: 2022, Month: 3, Day: 14},
			Time: time.Date(2022, 3, 14, 15, 9, 26, 535_897_000, time.UTC), ID: uuid.UUID{1, 2, 3}, Bytes: []byte{0, 1, 0xff},
			Box:  domain.Box{Subject: uuid.UUID{9}, Class: domain.ClassSpecial, Context: "case-1@0/x/minor", Cipher: []byte{7, 0, 7}},
			List: []domain.School{"MIIC8AA00A", "MIEE8AA01C"}, Maybe: pointer[int64](0), Who: &uuid.UUID{4},
			Word: pointer[domain.Centre]("CTI-21"),
		},
	}
}

// showcase writes the samples at the first event, and reads each back at a later one.
func showcase(seen *[]every) projections.Projection {
	return projections.Projection{
		Name: "showcase", Version: 1, Tables: []projections.Relation{everything},
		Apply: func(_ context.Context, tx *projections.Tx, e projections.Event) error {
			if e.Position == 1 {
				for _, s := range samples() {
					s.Time = s.Time.In(domain.Rome)
					if !s.Time.IsZero() {
						s.Time = s.Time.Add(12 * time.Nanosecond)
					}
					everything.Put(tx, s)
				}
				return nil
			}
			for n := event.Position(1); n <= 3; n++ {
				if row, ok := everything.Get(tx, n); ok {
					*seen = append(*seen, row)
				}
			}
			return nil
		},
	}
}

func rowsComeBackAsTheyWereWritten(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	j.Add(Stream(Nth(1)), Delivered{})
	var seen []every
	CatchUp(t, NewRunner(j, db, showcase(&seen)))
	j.Add(Stream(Nth(1)), Delivered{}) // seen by Apply through another runner, without memory
	r := NewRunner(j, db, showcase(&seen))
	CatchUp(t, r)
	if diff := cmp.Diff(samples(), seen); diff != "" {
		t.Errorf("in Apply (-written +got):\n%s", diff)
	}
	if err := r.Read(t.Context(), func(s *projections.Snapshot) error {
		got, err := projections.Collect(everything.Where(s, "true ORDER BY n"))
		if err != nil {
			return err
		}
		if diff := cmp.Diff(samples(), got); diff != "" {
			t.Errorf("in a query (-written +got):\n%s", diff)
		}
		row, ok, err := everything.Lookup(s, 2)
		if err != nil || !ok {
			t.Errorf("looked up: %v, %v", ok, err)
		}
		if diff := cmp.Diff(samples()[1], row); diff != "" {
			t.Errorf("looked up (-written +got):\n%s", diff)
		}
		if _, ok, err = everything.Lookup(s, 5); ok || err != nil {
			t.Errorf("looked up where there is none: %v, %v", ok, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	// The same in memory, before any engine has seen it.
	seen = nil
	tx, err := projections.Fold(t.Context(), showcase(&seen), eventAt(1), eventAt(2))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(samples(), seen); diff != "" {
		t.Errorf("in memory (-written +got):\n%s", diff)
	}
	if diff := cmp.Diff(samples(), everything.All(tx)); diff != "" {
		t.Errorf("folded (-written +got):\n%s", diff)
	}
}

func eventAt(at event.Position) (e projections.Event) {
	e.Position = at
	return e
}

func queries(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	Fill(j, 8)
	r := NewRunner(j, db, Toys()...)
	CatchUp(t, r)
	type total struct {
		Depot string  `col:"depot"`
		N     int     `col:"n"`
		Mean  float64 `col:"mean"`
		Other *string `col:"other"`
	}
	if err := r.Read(t.Context(), func(s *projections.Snapshot) error {
		got, err := projections.Collect(projections.Select[total](s, `
			SELECT p.depot, Count(*) FILTER (WHERE p.weight >= $2) AS n, avg(p.weight) AS mean, min(l.depot) AS other
			FROM {parcels} p LEFT JOIN {loads} l ON l.depot = p.depot AND l.depot <> $1
			WHERE (p.depot, p.weight) > ($1, $2) GROUP BY p.depot ORDER BY p.depot LIMIT $3`, "Br", 1, 2))
		if err != nil {
			return err
		}
		want := []total{{"Br", 1, 4, nil}, {"Bra", 2, 5, pointer("Bra")}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		ids, err := projections.Collect(projections.Select[uuid.UUID](s,
			"SELECT id FROM {parcels} WHERE since <= $1 ORDER BY id", time.Now()))
		if err != nil || len(ids) != 8 || ids[3] != Nth(3) {
			t.Errorf("ids: %v, %v", ids, err)
		}
		first, err := projections.Collect(Parcels.Where(s, "(since, id) > ($1, $2) ORDER BY since, id", time.Time{}, uuid.UUID{}))
		if err != nil || len(first) != 8 {
			t.Errorf("%d rows after the zero instant, %v", len(first), err)
		}
		n, _, err := projections.One[int](s, "SELECT count(*) FROM {parcels} WHERE coalesce(on_day, '2022-03-14') > $1", domain.Date{})
		if err != nil || n != 8 {
			t.Errorf("%d rows after the zero day, %v", n, err)
		}
		if at := s.Position("where"); at != 16 {
			t.Errorf("position %d", at)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func queriesThatAreWrong(t *testing.T, engine Engine) {
	j, db := NewJournal(), engine.Open(t)
	Fill(j, 2)
	r := NewRunner(j, db, Toys()...)
	CatchUp(t, r)
	one := func(s *projections.Snapshot, sql string, args ...any) error {
		_, _, err := projections.One[int64](s, sql, args...)
		return err
	}
	for name, c := range map[string]struct {
		ask  func(*projections.Snapshot) error
		want string
	}{
		"no such table":       {func(s *projections.Snapshot) error { return one(s, "SELECT 1 FROM {nowhere}") }, `named "nowhere"`},
		"open brace":          {func(s *projections.Snapshot) error { return one(s, "SELECT 1 FROM {steps") }, "without }"},
		"syntax":              {func(s *projections.Snapshot) error { return one(s, "SELECT count(* FROM {steps}") }, "syntax"},
		"two statements":      {func(s *projections.Snapshot) error { return one(s, "SELECT 1; SELECT 2") }, "statement"},
		"parameter by place":  {func(s *projections.Snapshot) error { return one(s, "SELECT at FROM {steps} WHERE at = ?", 1) }, ""},
		"argument is lacking": {func(s *projections.Snapshot) error { return one(s, "SELECT at FROM {steps} WHERE at IN ($1, $2)", 1) }, "argument"},
		"argument of no type": {func(s *projections.Snapshot) error { return one(s, "SELECT $1", struct{ A int }{1}) }, "$1"},
		"two columns for one": {func(s *projections.Snapshot) error { return one(s, "SELECT 1, 2") }, "2 columns"},
		"null for a number":   {func(s *projections.Snapshot) error { return one(s, "SELECT max(at) FROM {steps} WHERE false") }, "NULL"},
		"text for a number":   {func(s *projections.Snapshot) error { return one(s, "SELECT 'a'") }, "type"},
		"no field for a column": {func(s *projections.Snapshot) error {
			_, err := projections.Collect(projections.Select[load](s, "SELECT depot, 1 AS extra FROM {loads}"))
			return err
		}, "no field for column extra"},
		"number too large": {func(s *projections.Snapshot) error {
			_, _, err := projections.One[int8](s, "SELECT 1000")
			return err
		}, "range"},
		"query within a query": {func(s *projections.Snapshot) error {
			for _, err := range steps.Where(s, "true") {
				if err != nil {
					return err
				}
				return one(s, "SELECT 1")
			}
			return nil
		}, "another is open"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := r.Read(t.Context(), func(s *projections.Snapshot) error {
				err := c.ask(s)
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want one with %q", err, c.want)
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
			Count(t, r, "SELECT 1") // and the engine goes on
		})
	}
	err := r.Read(t.Context(), func(*projections.Snapshot) error { return projections.ErrUnknownProjection })
	if !errors.Is(err, domain.KindNotFound) {
		t.Errorf("the caller's own error: %v", err)
	}
}
