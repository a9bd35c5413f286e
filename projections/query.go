package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"
	"time"

	"approdo/domain"
	"approdo/domain/event"
)

// Reader gives snapshots of all views. A Runner is one.
type Reader interface {
	// Read runs f on one state of all views, whatever is written meanwhile. It does not wait for writers, nor they for it.
	Read(ctx context.Context, f func(*Snapshot) error) error
	// ReadAs is Read on behalf of an actor. Engines that are Walled show no more than concerns him, even to a query that forgets
	// to ask for less; the others trust the query.
	ReadAs(ctx context.Context, a domain.Actor, f func(*Snapshot) error) error
}

// Snapshot is one state of all views. It belongs to one goroutine and ends with the function it was given to.
type Snapshot struct {
	session Session
	tables  map[string]string         // physical names; "" while it is being built
	at      map[string]event.Position // by projection
	numbers map[string]int64          // of generations, by projection
	open    bool
}

// Generation is the number of the generation that serves for a projection: another number means other tables. 0 while there is none.
func (s *Snapshot) Generation(projection string) int64 { return s.numbers[projection] }

// Position is how far in the journal the tables of a projection have come; 0 while it is being built.
func (s *Snapshot) Position(projection string) event.Position { return s.at[projection] }

func newSnapshot(session Session, ps []*Projection) (*Snapshot, error) {
	all, err := session.Generations()
	if err != nil {
		return nil, err
	}
	s := &Snapshot{session: session, tables: map[string]string{}, at: map[string]event.Position{}, numbers: map[string]int64{}}
	for _, p := range ps {
		g, ok := p.serving(all)
		for _, t := range p.Tables {
			if s.tables[t.Schema().Name] = ""; ok {
				s.tables[t.Schema().Name] = g.Physical(t.Schema().Name)
			}
		}
		s.at[p.Name], s.numbers[p.Name] = g.Position, g.Number
	}
	return s, nil
}

func (s *Snapshot) physical(table string) (string, error) {
	name, ok := s.tables[table]
	switch {
	case !ok:
		return "", fmt.Errorf("projections: no table named %q", table)
	case name == "":
		return "", ErrBuilding
	}
	return name, nil
}

// expand puts the names of the tables that serve in the place of {name}.
func expand(sql string, physical func(table string) (string, error)) (string, error) {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(sql, "{")
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		table, rest, ok := strings.Cut(after, "}")
		if !ok {
			return "", errors.New("projections: { without } in a query")
		}
		name, err := physical(table)
		if err != nil {
			return "", err
		}
		b.WriteString(name)
		sql = rest
	}
}

// Select runs a query. It is written in the SQL that SQLite and PostgreSQL have in common: tables as {name}, parameters as $1,
// $2 …, keyset paging by row values, (a, b) > ($1, $2), count(*) FILTER (WHERE …), NULLS LAST; no functions of dates or JSON.
// Parameters are what columns can be made of; the zero instant and the zero day are before all others there, and not NULL.
//
// R is a struct whose fields have col tags, and then each column of the result needs a field of its name; or it is what a column
// can be made of, and then there is one column. NULL needs a type that has a place for it.
//
// One result is open at a time: read to the end, or stop, before the next query.
func Select[R any](s *Snapshot, sql string, args ...any) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		values, err := bind(args)
		if err != nil {
			var none R
			yield(none, err)
			return
		}
		read(s, sql, values, scanner[R])(yield)
	}
}

// One gives the first row of a result; false where there is none.
func One[R any](s *Snapshot, sql string, args ...any) (row R, ok bool, err error) {
	for row, err := range Select[R](s, sql, args...) {
		return row, err == nil, err
	}
	return row, false, nil
}

// Collect gives all rows of a result.
func Collect[R any](rows iter.Seq2[R, error]) (all []R, err error) {
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, nil
}

// read runs a query whose parameters are bound.
func read[R any](s *Snapshot, sql string, args []Value, scan func([]string) (func(*R, []Value) error, error)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		var none R
		if err := s.each(sql, args, func(rows Rows) error {
			decode, err := scan(rows.Columns())
			if err != nil {
				return err
			}
			cells := make([]Value, len(rows.Columns()))
			for {
				there, err := rows.Next(cells)
				if err != nil || !there {
					return err
				}
				var row R
				if err := decode(&row, cells); err != nil {
					return err
				}
				if !yield(row, nil) {
					return errStopped
				}
			}
		}); err != nil && !errors.Is(err, errStopped) {
			yield(none, err)
		}
	}
}

var errStopped = errors.New("projections: the caller has seen enough")

func (s *Snapshot) each(sql string, args []Value, f func(Rows) error) error {
	if s.open {
		return errors.New("projections: a query while the result of another is open")
	}
	query, err := expand(sql, s.physical)
	if err != nil {
		return err
	}
	rows, err := s.session.Query(query, args)
	if err != nil {
		return err
	}
	s.open = true
	err = f(rows)
	s.open = false
	return errors.Join(err, rows.Close())
}

// scanner finds out how a row of these columns becomes an R.
func scanner[R any](names []string) (func(*R, []Value) error, error) {
	t := reflect.TypeFor[R]()
	if c, err := codecOf(t); err == nil {
		if len(names) != 1 {
			return nil, fmt.Errorf("projections: %d columns for one %s", len(names), t)
		}
		return func(row *R, in []Value) error {
			if err := c.set(reflect.ValueOf(row).Elem(), &in[0]); err != nil {
				return fmt.Errorf("projections: column %s %w", names[0], err)
			}
			return nil
		}, nil
	}
	p, err := planOf(t)
	if err != nil {
		return nil, fmt.Errorf("projections: %w", err)
	}
	columns := make([]column, len(names))
	for i, name := range names {
		c := p.find(name)
		if c == nil {
			return nil, fmt.Errorf("projections: %s has no field for column %s", t, name)
		}
		columns[i] = *c
	}
	return func(row *R, in []Value) error {
		if err := decode(columns, reflect.ValueOf(row).Elem(), in); err != nil {
			return fmt.Errorf("projections: %w", err)
		}
		return nil
	}, nil
}

// bind makes the parameters of a query.
func bind(args []any) ([]Value, error) {
	values := make([]Value, len(args))
	for i, arg := range args {
		var err error
		switch a := arg.(type) {
		case nil:
		case time.Time:
			values[i] = Value{Type: Time, Int: a.UnixMicro()}
		case domain.Date:
			values[i] = Value{Type: Date, Text: a.String()}
		default:
			v := reflect.New(reflect.TypeOf(arg)).Elem()
			v.Set(reflect.ValueOf(arg))
			var c codec
			if c, err = codecOf(v.Type()); err == nil {
				err = c.get(v, &values[i])
			}
		}
		if err != nil {
			return nil, fmt.Errorf("projections: parameter $%d: %w", i+1, err)
		}
	}
	return values, nil
}
