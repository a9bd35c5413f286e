package projections

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
)

// Row is a row of a Table: a struct whose fields have a col tag, and which tells its key.
type Row[K comparable] interface{ Key() K }

// Relation is a Table or a Log.
type Relation interface {
	Schema() *Schema
	open(tx *Tx, whole bool) store
}

// Table holds rows that can be found by their key and changed. It is declared once, as a variable of its package, and
// belongs to one projection.
//
// Within Apply a row is a value: nobody sees what is done to a copy until it is Put. What a slice, a pointer or a box in it
// points to MUST NOT be changed, since the copy in memory has it too.
type Table[R Row[K], K comparable] struct {
	relation[R]
	key []column // finds the columns of the key in a K
}

// TableOf declares a table. Its name is unique among all projections, and is written {name} in queries.
//
// Each column is a field with a tag `col:"name"`; `col:"name,key"` makes it part of the primary key, in the order of the
// fields, and `col:"name,json"` keeps any Go type as JSON text. Fields of embedded structs count as the row's own. Columns
// are texts, integers, bool and float64 and types made of them, time.Time, domain.Date, uuid.UUID, []byte, domain.Box, and
// pointers to those that have no NULL of their own. NULL is a nil pointer, the zero instant, the zero day, no bytes, and the
// box with nothing in it. Instants are kept to the microsecond, in UTC.
//
// K is the type of the one key column, or a struct with a field for each of them. TableOf panics where a declaration is
// wrong: that is a fault of the program.
func TableOf[R Row[K], K comparable](name string, indexes ...Index) *Table[R, K] {
	t := &Table[R, K]{relation: newRelation[R](name, indexes)}
	key, err := keyOf(reflect.TypeFor[K](), reflect.TypeFor[R](), t.plan.keys())
	if err != nil {
		panic(fmt.Sprintf("projections: table %s: %v", name, err))
	}
	t.key = key
	return t
}

// Behind puts a wall around the rows. It panics where the wall names no column of theirs that holds a text. A wall that changes is
// a change of the table: see Projection.Version.
func (t *Table[R, K]) Behind(w Wall) *Table[R, K] {
	t.schema.behind(w)
	return t
}

// keyOf matches the type of a key with the key columns of the row.
func keyOf(k, row reflect.Type, keys []column) ([]column, error) {
	same := func(t reflect.Type, c column) bool { return t == row.FieldByIndex(c.field).Type }
	if len(keys) == 1 && same(k, keys[0]) {
		keys[0].field = nil
		return keys, nil
	}
	if k.Kind() != reflect.Struct || k.NumField() != len(keys) {
		return nil, fmt.Errorf("%s is no key of %d columns", k, len(keys))
	}
	for i := range keys {
		if !same(k.Field(i).Type, keys[i]) {
			return nil, fmt.Errorf("key column %s has another type in %s", keys[i].Name, k)
		}
		keys[i].field = []int{i}
	}
	return keys, nil
}

// Get gives the row of a key as the records so far have made it; false where there is none.
func (t *Table[R, K]) Get(tx *Tx, key K) (row R, ok bool) {
	if e := t.in(tx).get(key); e != nil {
		return e.row, true
	}
	return row, false
}

// Put writes a row, whether there was one of its key or not.
func (t *Table[R, K]) Put(tx *Tx, row R) {
	c := t.in(tx)
	e := c.touch(row.Key())
	e.row, e.state = row, present
	t.plan.round(reflect.ValueOf(&e.row).Elem())
}

// Update changes the row of a key in place; false where there is none. It MUST NOT change the key.
func (t *Table[R, K]) Update(tx *Tx, key K, change func(row *R)) bool {
	c := t.in(tx)
	if c.get(key) == nil {
		return false
	}
	e := c.touch(key)
	change(&e.row)
	if e.row.Key() != key {
		panic("projections: an update of " + t.schema.Name + " changed the key of the row")
	}
	t.plan.round(reflect.ValueOf(&e.row).Elem())
	return true
}

// Delete removes the row of a key, if there is one.
func (t *Table[R, K]) Delete(tx *Tx, key K) {
	t.in(tx).remove(key)
}

func (t *Table[R, K]) in(tx *Tx) *cache[R, K] { return tx.store(t).(*cache[R, K]) }

func (t *Table[R, K]) open(tx *Tx, whole bool) store { return newCache(t, tx, whole) }

// Lookup reads the row of a key from a snapshot; false where there is none.
func (t *Table[R, K]) Lookup(s *Snapshot, key K) (row R, ok bool, err error) {
	args := make([]Value, len(t.key))
	if err := encode(t.key, reflect.ValueOf(&key).Elem(), args); err != nil {
		return row, false, err
	}
	for row, err := range t.scan(s, t.byKey(), args) {
		return row, err == nil, err
	}
	return row, false, nil
}

// byKey is the query for one row.
func (t *Table[R, K]) byKey() string {
	return t.selectAll + names(t.schema.Key(), `"?" = $#`, " AND ")
}

// All gives the rows of a Fold in the order of their keys.
func (t *Table[R, K]) All(tx *Tx) (rows []R) {
	for _, e := range t.in(tx).young {
		if e.state == present {
			rows = append(rows, e.row)
		}
	}
	t.sort(rows)
	return rows
}

// Log holds rows that are only ever added, each with a new key. They are not kept in memory; there can be millions.
type Log[R any] struct{ relation[R] }

// LogOf declares a log. Columns are declared as those of a table; a key that grows from row to row, such as the position of
// the record, is written fastest.
func LogOf[R any](name string, indexes ...Index) *Log[R] {
	return &Log[R]{newRelation[R](name, indexes)}
}

// Behind puts a wall around the rows, like that of a Table.
func (l *Log[R]) Behind(w Wall) *Log[R] {
	l.schema.behind(w)
	return l
}

// Append adds a row. A key that is there already halts the projection.
func (l *Log[R]) Append(tx *Tx, row R) {
	q := tx.store(l).(*queue[R])
	q.rows = append(q.rows, row)
	l.plan.round(reflect.ValueOf(&q.rows[len(q.rows)-1]).Elem())
}

// All gives the rows of a Fold in the order of their keys.
func (l *Log[R]) All(tx *Tx) []R {
	rows := slices.Clone(tx.store(l).(*queue[R]).rows)
	l.sort(rows)
	return rows
}

func (l *Log[R]) open(*Tx, bool) store { return newQueue(l) }

// relation is what a Table and a Log have in common.
type relation[R any] struct {
	plan      *plan
	schema    *Schema
	selectAll string // as far as WHERE
}

func newRelation[R any](name string, indexes []Index) relation[R] {
	p, err := planOf(reflect.TypeFor[R]())
	if err != nil {
		panic(fmt.Sprintf("projections: table %s: %v", name, err))
	}
	s, err := p.schema(name, indexes)
	if err != nil {
		panic("projections: " + err.Error())
	}
	return relation[R]{plan: p, schema: s, selectAll: "SELECT " + names(s.Columns, `"?"`, ", ") + " FROM {" + name + "} WHERE "}
}

// Schema is the table as an engine sees it.
func (r *relation[R]) Schema() *Schema { return r.schema }

// Where reads whole rows from a snapshot: what follows WHERE in SQL, "centre = $1 ORDER BY since LIMIT $2"; "true" for all.
// See Select.
func (r *relation[R]) Where(s *Snapshot, where string, args ...any) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		values, err := bind(args)
		if err != nil {
			var none R
			yield(none, err)
			return
		}
		r.scan(s, r.selectAll+where, values)(yield)
	}
}

func (r *relation[R]) sort(rows []R) {
	byKey := make([]*R, len(rows))
	for i, row := range rows {
		byKey[i] = &row
	}
	sortByKey(byKey, r.plan.keys(), func(row *R) reflect.Value { return reflect.ValueOf(row).Elem() })
	for i, row := range byKey {
		rows[i] = *row
	}
}

func (r *relation[R]) scan(s *Snapshot, sql string, args []Value) iter.Seq2[R, error] {
	return read(s, sql, args, func([]string) (func(*R, []Value) error, error) {
		return func(row *R, in []Value) error { return decode(r.plan.columns, reflect.ValueOf(row).Elem(), in) }, nil
	})
}
