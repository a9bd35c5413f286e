package projections

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"testing"

	"pgregory.net/rapid"

	"approdo/domain/event"
)

type pair struct {
	K string `col:"k,key"`
	V int    `col:"v"`
}

func (p pair) Key() string { return p.K }

// shelf is the least of an engine: one table, which takes an insert only where there is no such row.
type shelf struct {
	rows map[string]int
	next []Value // of the row that a query found
	done bool
}

func (s *shelf) Insert(row []Value) error {
	if _, there := s.rows[row[0].Text]; there {
		return fmt.Errorf("%w: %s is there", ErrRefused, row[0].Text)
	}
	return s.Upsert(row)
}

func (s *shelf) Upsert(row []Value) error {
	s.rows[row[0].Text] = int(row[1].Int)
	return nil
}

func (s *shelf) Delete(key []Value) error {
	delete(s.rows, key[0].Text)
	return nil
}

func (s *shelf) Generations() ([]Generation, error) { return nil, nil }

func (s *shelf) Query(_ string, args []Value) (Rows, error) {
	v, there := s.rows[args[0].Text]
	s.next, s.done = []Value{{Type: Text, Text: args[0].Text}, {Type: Int, Int: int64(v)}}, !there
	return s, nil
}

func (s *shelf) Flush() error      { return nil }
func (s *shelf) Columns() []string { return []string{"k", "v"} }
func (s *shelf) Close() error      { return nil }

func (s *shelf) Next(into []Value) (bool, error) {
	if s.done {
		return false, nil
	}
	copy(into, s.next)
	s.done = true
	return true, nil
}

func (s *shelf) Table(Generation, *Schema) (Writer, error) { return s, nil }

func (s *shelf) Create(g Generation, _ []*Schema) (Generation, error) { return g, errUnused }
func (s *shelf) Index(Generation, *Schema) error                      { return errUnused }

var errUnused = errors.New("not used by a cache")

// Whatever a projection does, and whenever its rows are written, forgotten and read again: it finds what a map would hold, and so
// does whoever reads the engine in the end. What a record did that failed has never been.
func TestACacheIsAMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table := TableOf[pair]("pairs")
		engine := &shelf{rows: map[string]int{}}
		want := map[string]int{}
		draft := map[string]int{}
		whole := rapid.Bool().Draw(t, "whole")
		if !whole {
			engine.rows["a"], engine.rows["b"] = 1, 2
			want["a"], want["b"] = 1, 2
		}
		p := &Projection{Name: "pairs", Tables: []Relation{table}, Apply: func(_ context.Context, tx *Tx, e Event) error {
			for range rapid.IntRange(1, 4).Draw(t, "acts") {
				key := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "key")
				v := rapid.IntRange(0, 99).Draw(t, "value")
				was, there := draft[key]
				switch rapid.IntRange(0, 3).Draw(t, "act") {
				case 0:
					table.Put(tx, pair{key, v})
					draft[key] = v
				case 1:
					table.Delete(tx, key)
					delete(draft, key)
				case 2:
					if ok := table.Update(tx, key, func(p *pair) { p.V += v }); ok != there {
						t.Fatalf("updated %s: %v, want %v", key, ok, there)
					}
					if there {
						draft[key] += v
					}
				default:
					if got, ok := table.Get(tx, key); ok != there || got.V != was {
						t.Fatalf("got %v %v, want %v %v", got, ok, was, there)
					}
				}
			}
			if rapid.IntRange(0, 3).Draw(t, "fails") == 0 {
				return errUnused
			}
			return nil
		}}
		tx := newTx(p, whole, func(table string) (string, error) { return table, nil })
		tx.session = engine
		write := func(limit int) {
			if _, err := tx.flush(engine, Generation{}, limit, false); err != nil {
				t.Fatal(err)
			}
			tx.settle()
		}
		for range rapid.IntRange(1, 20).Draw(t, "records") {
			draft = maps.Clone(want)
			if tx.apply(context.Background(), Event{}) == nil {
				want = draft
			}
			switch rapid.IntRange(0, 3).Draw(t, "then") {
			case 0:
				write(rapid.IntRange(0, 3).Draw(t, "limit"))
			case 1:
				write(math.MaxInt)
				tx.rotate()
			}
		}
		write(math.MaxInt)
		if !maps.Equal(engine.rows, want) {
			t.Fatalf("the engine has %v, want %v", engine.rows, want)
		}
		if n := tx.tally().changed; n != 0 {
			t.Fatalf("%d rows are still to be written", n)
		}
	})
}

func (s *shelf) Save(Generation, event.Position) error { return errUnused }
