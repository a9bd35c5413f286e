package views

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/domain/event"
	"approdo/projections"
)

// writer is the connection that writes.
type writer struct {
	conn   *sqlite.Conn
	tables map[string]*table
}

func (w *writer) close() (err error) {
	for _, t := range w.tables {
		err = errors.Join(err, t.finalize())
	}
	return errors.Join(err, w.conn.Close())
}

// Write implements projections.Engine.
func (d *DB) Write(ctx context.Context, f func(projections.Batch) error) error {
	return d.write(ctx, func(w *writer) error { return w.within(func() error { return f(w) }) })
}

// write lends the connection that writes.
func (d *DB) write(ctx context.Context, f func(*writer) error) error {
	w, err := take(ctx, d, d.turn)
	if err != nil {
		return err
	}
	defer func() { d.turn <- w }()
	w.conn.SetInterrupt(ctx.Done())
	defer w.conn.SetInterrupt(nil)
	return d.judge(ctx, f(w))
}

func (w *writer) within(f func() error) (err error) {
	if err := run(w.conn, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil && !w.conn.AutocommitEnabled() { // some errors have ended the transaction already
			w.conn.SetInterrupt(nil)
			err = errors.Join(err, run(w.conn, "ROLLBACK"))
		}
	}()
	if err := f(); err != nil {
		return err
	}
	return run(w.conn, "COMMIT")
}

// Create implements projections.Batch.
func (w *writer) Create(g projections.Generation, tables []*projections.Schema) (projections.Generation, error) {
	s, err := w.conn.Prepare(`INSERT INTO generation (projection, version, shape, tables, state, position, reason, stuck, journal)
		VALUES (?, ?, ?, ?, ?, 0, '', 0, '')`)
	if err != nil {
		return g, err
	}
	s.BindText(1, g.Projection)
	s.BindInt64(2, int64(g.Version))
	s.BindText(3, g.Shape)
	s.BindText(4, strings.Join(g.Tables, " "))
	s.BindText(5, string(g.State))
	if _, err := s.Step(); err != nil {
		return g, err
	}
	g.Number = w.conn.LastInsertRowID()
	for _, t := range tables {
		if err := run(w.conn, create(g.Physical(t.Name), t)); err != nil {
			return g, err
		}
	}
	return g, s.Reset()
}

var storage = map[projections.Type]string{
	projections.Int: "INTEGER", projections.Bool: "INTEGER", projections.Time: "INTEGER", projections.Float: "REAL",
	projections.Text: "TEXT", projections.Date: "TEXT", projections.JSON: "TEXT",
	projections.UUID: "BLOB", projections.Bytes: "BLOB",
}

// create is the statement that makes a table.
func create(name string, t *projections.Schema) string {
	var columns []string
	for _, c := range t.Columns {
		column := quote(c.Name) + " " + storage[c.Type]
		if !c.Null {
			column += " NOT NULL"
		}
		columns = append(columns, column)
	}
	options := "STRICT"
	if inKeyOrder(t) {
		options = "STRICT, WITHOUT ROWID"
	}
	return fmt.Sprintf("CREATE TABLE %s (%s, PRIMARY KEY (%s)) %s", quote(name), strings.Join(columns, ", "), list(t.Key()), options)
}

// inKeyOrder tells whether the rows themselves are kept in the order of their keys. It saves a second tree, and does not suit long
// rows, such as those with a sealed box; a key that is one integer has that order anyhow.
func inKeyOrder(t *projections.Schema) bool {
	for _, c := range t.Columns {
		if c.Type == projections.JSON || c.Type == projections.Bytes && !c.Key {
			return false
		}
	}
	key := t.Key()
	return len(key) > 1 || storage[key[0].Type] != "INTEGER"
}

func quote(name string) string { return `"` + name + `"` }

func list(columns []projections.Column) string {
	var names []string
	for _, c := range columns {
		names = append(names, quote(c.Name))
	}
	return strings.Join(names, ", ")
}

// Index implements projections.Batch.
func (w *writer) Index(g projections.Generation, t *projections.Schema) (err error) {
	name := g.Physical(t.Name)
	// In memory alone all entries would be sorted at once, each in a piece of its own; so what is too much for the cache goes to an
	// unlinked file meanwhile.
	if temporaryFiles() {
		if err := run(w.conn, "PRAGMA temp_store = FILE"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, run(w.conn, "PRAGMA temp_store = MEMORY")) }()
	}
	for i, index := range t.Indexes {
		columns := `"` + strings.Join(indexed(t, index), `", "`) + `"`
		if err := run(w.conn, fmt.Sprintf("CREATE INDEX %s ON %s (%s)", indexName(name, i), quote(name), columns)); err != nil {
			return err
		}
	}
	return nil
}

// indexed are the columns of an index. A key that is one integer is the number of the row, which every index has at its end anyhow: named
// there, it would be kept, and compared, twice.
func indexed(t *projections.Schema, index projections.Index) projections.Index {
	key, last := t.Key(), len(index)-1
	if last > 0 && len(key) == 1 && storage[key[0].Type] == "INTEGER" && index[last] == key[0].Name {
		return index[:last]
	}
	return index
}

// temporaryFiles tells whether files can be made where SQLite makes its temporary ones.
func temporaryFiles() bool {
	f, err := os.CreateTemp("", "views-")
	if err != nil {
		return false
	}
	return errors.Join(f.Close(), os.Remove(f.Name())) == nil
}

func indexName(table string, i int) string { return quote(fmt.Sprintf("%s_by_%d", table, i+1)) }

// Save implements projections.Batch.
func (w *writer) Save(g projections.Generation, was event.Position) error {
	s, err := w.conn.Prepare(`UPDATE generation SET state = ?, position = ?, reason = ?, stuck = ?, journal = ?
		WHERE number = ? AND position = ? AND state <> 'retired'`)
	if err != nil {
		return err
	}
	s.BindText(1, string(g.State))
	s.BindInt64(2, int64(g.Position))
	s.BindText(3, string(g.Reason))
	s.BindInt64(4, int64(g.Stuck))
	s.BindText(5, g.Journal)
	s.BindInt64(6, g.Number)
	s.BindInt64(7, int64(was))
	if _, err := s.Step(); err != nil {
		return err
	}
	if w.conn.Changes() != 1 {
		return projections.ErrMoved
	}
	return s.Reset()
}

// table writes the rows of one table.
type table struct {
	insert, upsert, remove *change
}

// change is a prepared statement that changes a row.
type change struct {
	*sqlite.Stmt
	bound []projections.Value // what its parameters hold: much of a row is as in the one before, and need not be bound again
}

// Table implements projections.Batch.
func (w *writer) Table(g projections.Generation, t *projections.Schema) (projections.Writer, error) {
	name := g.Physical(t.Name)
	if known := w.tables[name]; known != nil {
		return known, nil
	}
	made := &table{}
	insert, upsert, remove := statements(name, t)
	for sql, into := range map[string]**change{insert: &made.insert, upsert: &made.upsert, remove: &made.remove} {
		s, _, err := w.conn.PrepareTransient(sql)
		if err != nil {
			return nil, errors.Join(err, made.finalize())
		}
		*into = &change{s, make([]projections.Value, s.BindParamCount())}
	}
	w.tables[name] = made
	return made, nil
}

func statements(name string, t *projections.Schema) (insert, upsert, remove string) {
	var set, key []string
	for _, c := range t.Columns {
		if c.Key {
			key = append(key, quote(c.Name)+" = ?")
		} else {
			set = append(set, fmt.Sprintf("%[1]s = excluded.%[1]s", quote(c.Name)))
		}
	}
	insert = fmt.Sprintf("INSERT INTO %s VALUES (?%s)", quote(name), strings.Repeat(", ?", len(t.Columns)-1))
	action := "NOTHING"
	if len(set) > 0 {
		action = "UPDATE SET " + strings.Join(set, ", ")
	}
	upsert = fmt.Sprintf("%s ON CONFLICT (%s) DO %s", insert, list(t.Key()), action)
	remove = fmt.Sprintf("DELETE FROM %s WHERE %s", quote(name), strings.Join(key, " AND "))
	return insert, upsert, remove
}

func (t *table) finalize() (err error) {
	for _, s := range []*change{t.insert, t.upsert, t.remove} {
		if s != nil {
			err = errors.Join(err, s.Finalize())
		}
	}
	return err
}

// Insert implements projections.Writer.
func (t *table) Insert(row []projections.Value) error { return t.insert.execute(row) }

// Upsert implements projections.Writer.
func (t *table) Upsert(row []projections.Value) error { return t.upsert.execute(row) }

// Delete implements projections.Writer.
func (t *table) Delete(key []projections.Value) error { return t.remove.execute(key) }

// Flush implements projections.Writer. Every row has been written as it came.
func (t *table) Flush() error { return nil }

func (c *change) execute(args []projections.Value) error {
	for i := range args {
		if v := &args[i]; !same(v, &c.bound[i]) {
			bind(c.Stmt, i+1, v)
			keep(&c.bound[i], v)
		}
	}
	if _, err := c.Step(); err != nil {
		clear(c.bound)
		if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultConstraint {
			err = fmt.Errorf("%w: %w", projections.ErrRefused, err)
		}
		return errors.Join(err, c.ClearBindings())
	}
	return c.Reset()
}

// same tells whether two values are equal. Bytes never count as equal: they are long and hardly repeat.
func same(a, b *projections.Value) bool {
	if a.Type != b.Type {
		return false
	}
	switch a.Type {
	case projections.Null:
		return true
	case projections.Int, projections.Bool, projections.Time:
		return a.Int == b.Int
	case projections.Text, projections.Date, projections.JSON:
		return a.Text == b.Text
	case projections.UUID:
		return bytes.Equal(a.Bytes, b.Bytes)
	}
	return false
}

// keep makes a value the same as another.
func keep(into, v *projections.Value) {
	into.Type, into.Int, into.Text = v.Type, v.Int, v.Text
	if v.Type == projections.UUID {
		into.Bytes = append(into.Bytes[:0], v.Bytes...)
	}
}

// dropRows is how many rows go in one step when a table is dropped: each is overwritten.
const dropRows = 2_000

// Drop implements projections.Engine.
func (d *DB) Drop(ctx context.Context, g projections.Generation) error {
	for _, name := range g.Tables {
		for left := true; left; {
			if err := d.write(ctx, func(w *writer) (err error) {
				left, err = w.shrink(g.Physical(name))
				return err
			}); err != nil {
				return err
			}
		}
	}
	return d.write(ctx, func(w *writer) error {
		return run(w.conn, fmt.Sprintf("DELETE FROM generation WHERE number = %d", g.Number))
	})
}

// shrink makes one step on the way to dropping a table, and tells whether another is left. A step is one statement, and as such undone
// where it fails: within a transaction SQLite would keep a copy of every page it changes to undo it alone.
func (w *writer) shrink(name string) (left bool, err error) {
	if known := w.tables[name]; known != nil {
		delete(w.tables, name)
		if err := known.finalize(); err != nil {
			return false, err
		}
	}
	index, err := texts(w.conn, "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", name)
	if err != nil {
		return false, err
	}
	if len(index) > 0 {
		return true, run(w.conn, "DROP INDEX "+quote(index[0]))
	}
	key, err := texts(w.conn, "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", name)
	if err != nil {
		return false, err
	}
	if len(key) > 0 {
		columns := `"` + strings.Join(key, `", "`) + `"`
		first := fmt.Sprintf("DELETE FROM %[1]s WHERE (%[2]s) < (SELECT %[2]s FROM %[1]s ORDER BY %[2]s LIMIT 1 OFFSET %[3]d)",
			quote(name), columns, dropRows)
		if err := run(w.conn, first); err != nil {
			return false, err
		}
		if w.conn.Changes() > 0 {
			return true, nil
		}
	}
	return false, run(w.conn, "DROP TABLE IF EXISTS "+quote(name))
}

func texts(conn *sqlite.Conn, sql, arg string) (all []string, err error) {
	err = sqlitex.Execute(conn, sql, &sqlitex.ExecOptions{Args: []any{arg}, ResultFunc: func(s *sqlite.Stmt) error {
		all = append(all, s.ColumnText(0))
		return nil
	}})
	return all, err
}
