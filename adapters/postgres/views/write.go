package views

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"approdo/domain/event"
	"approdo/projections"
)

// Write implements projections.Engine.
func (d *DB) Write(ctx context.Context, f func(projections.Batch) error) error {
	return judge(ctx, pgx.BeginFunc(ctx, d.writer, func(tx pgx.Tx) error { return f(&batch{ctx: ctx, tx: tx}) }))
}

// batch is a write transaction.
type batch struct {
	ctx context.Context
	tx  pgx.Tx
}

// Create implements projections.Batch.
func (b *batch) Create(g projections.Generation, tables []*projections.Schema) (projections.Generation, error) {
	err := b.tx.QueryRow(b.ctx, `INSERT INTO generation (projection, version, shape, tables, state)
		VALUES ($1, $2, $3, $4, $5) RETURNING number`, g.Projection, g.Version, g.Shape, g.Tables, string(g.State)).Scan(&g.Number)
	if err != nil {
		return g, err
	}
	for _, t := range tables {
		name := g.Physical(t.Name)
		for _, sql := range append([]string{create(name, t)}, walls(name, t)...) {
			if _, err := b.tx.Exec(b.ctx, sql); err != nil {
				return g, err
			}
		}
	}
	return g, nil
}

// create is the statement that makes a table.
func create(name string, t *projections.Schema) string {
	var columns []string
	for _, c := range t.Columns {
		column := quote(c.Name) + " " + kinds[c.Type].sql
		if !c.Null {
			column += " NOT NULL"
		}
		columns = append(columns, column)
	}
	return fmt.Sprintf("CREATE TABLE %s (%s, PRIMARY KEY (%s))", quote(name), strings.Join(columns, ", "), list(t.Key(), "", ", "))
}

func quote(name string) string { return `"` + name + `"` }

// list joins the names of columns, each with what follows it.
func list(columns []projections.Column, after, separator string) string {
	var names []string
	for _, c := range columns {
		names = append(names, quote(c.Name)+strings.ReplaceAll(after, "?", quote(c.Name)))
	}
	return strings.Join(names, separator)
}

// Index implements projections.Batch. The table is full by then: the planner is told what is in it.
func (b *batch) Index(g projections.Generation, t *projections.Schema) error {
	name := quote(g.Physical(t.Name))
	for _, index := range t.Indexes {
		columns := `"` + strings.Join(index, `", "`) + `"`
		if _, err := b.tx.Exec(b.ctx, fmt.Sprintf("CREATE INDEX ON %s (%s)", name, columns)); err != nil {
			return err
		}
	}
	_, err := b.tx.Exec(b.ctx, "ANALYZE "+name)
	return err
}

// Save implements projections.Batch. Two nodes that save the same generation do so one after the other: the second finds it moved.
func (b *batch) Save(g projections.Generation, was event.Position) error {
	done, err := b.tx.Exec(b.ctx, `UPDATE generation SET state = $1, position = $2, reason = $3, stuck = $4, journal = $5
		WHERE number = $6 AND position = $7 AND state <> 'retired'`,
		string(g.State), int64(g.Position), string(g.Reason), int64(g.Stuck), g.Journal, g.Number, int64(was))
	if err == nil && done.RowsAffected() != 1 {
		return projections.ErrMoved
	}
	return err
}

// Table implements projections.Batch.
func (b *batch) Table(g projections.Generation, t *projections.Schema) (projections.Writer, error) {
	name := quote(g.Physical(t.Name))
	insert := fmt.Sprintf("INSERT INTO %s (%s) SELECT * FROM unnest(%s)", name, list(t.Columns, "", ", "), numbered(len(t.Columns)))
	var others []projections.Column
	for _, c := range t.Columns {
		if !c.Key {
			others = append(others, c)
		}
	}
	action := "NOTHING"
	if len(others) > 0 {
		action = "UPDATE SET " + list(others, " = excluded.?", ", ")
	}
	key := t.Key()
	return &writer{b,
		b.statement(insert, t.Columns),
		b.statement(fmt.Sprintf("%s ON CONFLICT (%s) DO %s", insert, list(key, "", ", "), action), t.Columns),
		b.statement(fmt.Sprintf("DELETE FROM %s WHERE (%s) IN (SELECT * FROM unnest(%s))", name, list(key, "", ", "), numbered(len(key))), key),
	}, nil
}

// numbered is $1, $2 … as far as $n.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	return b.String()
}

// writer gathers the changes of one table: each way of changing goes to the server as one statement with an array for each column.
type writer struct {
	batch                  *batch
	insert, upsert, remove *statement
}

// Insert implements projections.Writer.
func (w *writer) Insert(row []projections.Value) error { return w.insert.add(row) }

// Upsert implements projections.Writer.
func (w *writer) Upsert(row []projections.Value) error { return w.upsert.add(row) }

// Delete implements projections.Writer.
func (w *writer) Delete(key []projections.Value) error { return w.remove.add(key) }

// Flush implements projections.Writer.
func (w *writer) Flush() error {
	for _, s := range []*statement{w.remove, w.insert, w.upsert} {
		if err := s.run(); err != nil {
			return err
		}
	}
	return nil
}

// statement is one that takes many rows.
type statement struct {
	*batch
	sql     string
	columns []*array
	size    int
}

// enough is how many bytes are worth a message.
const enough = 4 << 20

func (b *batch) statement(sql string, columns []projections.Column) *statement {
	s := &statement{batch: b, sql: sql, columns: make([]*array, len(columns))}
	for i, c := range columns {
		s.columns[i] = newArray(kinds[c.Type])
	}
	return s
}

func (s *statement) add(row []projections.Value) error {
	for i := range row {
		before := len(s.columns[i].cells)
		s.columns[i].add(&row[i])
		s.size += len(s.columns[i].cells) - before
	}
	if s.size < enough {
		return nil
	}
	return s.run()
}

func (s *statement) run() error {
	if s.size == 0 {
		return nil
	}
	values, oids := make([][]byte, len(s.columns)), make([]uint32, len(s.columns))
	for i, c := range s.columns {
		values[i], oids[i] = c.parameter(), c.inArray
	}
	_, err := s.tx.Conn().PgConn().ExecParams(s.ctx, s.sql, values, oids, []int16{pgx.BinaryFormatCode}, nil).Close()
	if s.size = 0; err != nil {
		return refused(err)
	}
	for _, c := range s.columns {
		c.empty()
	}
	return nil
}

// What says that a row is at fault: a constraint, a value that a type cannot hold, a key too long for an index.
var faultsOfRows = []string{"22", "23", "54000"}

func refused(err error) error {
	code := codeOf(err)
	if slices.ContainsFunc(faultsOfRows, func(c string) bool { return strings.HasPrefix(code, c) }) {
		return fmt.Errorf("%w: %w", projections.ErrRefused, err)
	}
	return gone(err)
}

// How long Drop leaves off before it looks again, and how long it may make others wait behind it.
const (
	dropAgain = 100 * time.Millisecond
	dropWaits = "SET LOCAL lock_timeout = '200ms'"
)

// lockTimeout is what a statement gets that would wait longer for a table.
const lockTimeout = "55P03"

// Drop implements projections.Engine. A table that goes is gone for those too whose snapshot still shows it, so that it waits for all
// transactions that began before.
func (d *DB) Drop(ctx context.Context, g projections.Generation) error {
	var now time.Time
	if err := d.readers.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&now); err != nil {
		return judge(ctx, err)
	}
	for {
		var older int
		err := d.readers.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start < $1`, now).Scan(&older)
		if err == nil && older == 0 {
			if err = d.drop(ctx, g); err == nil {
				return nil
			}
		}
		if err != nil && codeOf(err) != lockTimeout {
			return judge(ctx, err)
		}
		select {
		case <-time.After(dropAgain):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *DB) drop(ctx context.Context, g projections.Generation) error {
	return pgx.BeginFunc(ctx, d.readers, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, dropWaits); err != nil {
			return err
		}
		for _, name := range g.Tables {
			if _, err := tx.Exec(ctx, "DROP TABLE IF EXISTS "+quote(g.Physical(name))); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "DELETE FROM generation WHERE number = $1", g.Number)
		return err
	})
}
