package views

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"

	"approdo/domain/event"
	"approdo/projections"
)

// reader is a connection that reads. It is opened when it is first wanted.
type reader struct {
	conn       *sqlite.Conn
	statements map[string]*statement
}

// statement is a prepared query.
type statement struct {
	*sqlite.Stmt
	columns []string
	params  []int // which argument stands for each parameter
}

// keptStatements is how many prepared queries a connection keeps. Those of dropped tables go with the rest when there are more.
const keptStatements = 256

// Read implements projections.Engine.
func (d *DB) Read(ctx context.Context, f func(projections.Session) error) error {
	r, err := take(ctx, d, d.readers)
	if err != nil {
		return err
	}
	defer func() { d.readers <- r }()
	if r.conn == nil {
		if r.conn, err = connect(ctx, d.path, readerPragmas...); err != nil {
			return d.judge(ctx, err)
		}
	}
	r.conn.SetInterrupt(ctx.Done())
	defer r.conn.SetInterrupt(nil)
	return d.judge(ctx, r.within(f))
}

func (r *reader) within(f func(projections.Session) error) (err error) {
	if err := run(r.conn, "BEGIN"); err != nil {
		return err
	}
	defer func() {
		r.conn.SetInterrupt(nil) // the end of a transaction is not to be interrupted
		err = errors.Join(err, run(r.conn, "ROLLBACK"))
	}()
	return f(session{r})
}

// session is a read transaction.
type session struct{ *reader }

// Generations implements projections.Session.
func (s session) Generations() (all []projections.Generation, err error) {
	q, err := s.prepare(`SELECT number, projection, version, shape, tables, state, position, reason, stuck, journal
		FROM generation ORDER BY number`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, q.Reset()) }()
	for {
		there, err := q.Step()
		if err != nil || !there {
			return all, err
		}
		all = append(all, projections.Generation{
			Number:     q.ColumnInt64(0),
			Projection: q.ColumnText(1),
			Version:    q.ColumnInt(2),
			Shape:      q.ColumnText(3),
			Tables:     strings.Fields(q.ColumnText(4)),
			State:      projections.State(q.ColumnText(5)),
			Position:   event.Position(q.ColumnInt64(6)),
			Reason:     projections.Reason(q.ColumnText(7)),
			Stuck:      event.Position(q.ColumnInt64(8)),
			Journal:    q.ColumnText(9),
		})
	}
}

// Query implements projections.Session.
func (s session) Query(sql string, args []projections.Value) (projections.Rows, error) {
	q, err := s.prepare(sql)
	if err != nil {
		return nil, err
	}
	for i, arg := range q.params {
		if arg >= len(args) {
			return nil, fmt.Errorf("views: no argument for $%d", arg+1)
		}
		bind(q.Stmt, i+1, &args[arg])
	}
	return (*rows)(q), nil
}

func (r *reader) prepare(sql string) (*statement, error) {
	if q := r.statements[sql]; q != nil {
		return q, nil
	}
	if len(r.statements) >= keptStatements {
		if err := r.forget(); err != nil {
			return nil, err
		}
	}
	stmt, trailing, err := r.conn.PrepareTransient(sql)
	if err != nil {
		return nil, err
	}
	if trailing > 0 {
		return nil, errors.Join(errors.New("views: a query is one statement"), stmt.Finalize())
	}
	q := &statement{Stmt: stmt, columns: make([]string, stmt.ColumnCount()), params: make([]int, stmt.BindParamCount())}
	for i := range q.columns {
		q.columns[i] = stmt.ColumnName(i)
	}
	for i := range q.params {
		n, err := strconv.Atoi(strings.TrimPrefix(stmt.BindParamName(i+1), "$"))
		if err != nil || n < 1 {
			return nil, errors.Join(errors.New("views: parameters are written $1, $2"), stmt.Finalize())
		}
		q.params[i] = n - 1
	}
	r.statements[sql] = q
	return q, nil
}

func (r *reader) forget() (err error) {
	for sql, q := range r.statements {
		delete(r.statements, sql)
		err = errors.Join(err, q.Finalize())
	}
	return err
}

func (r *reader) close() error {
	if r.conn == nil {
		return nil
	}
	return errors.Join(r.forget(), r.conn.Close())
}

// rows is the result of a statement.
type rows statement

// Columns implements projections.Rows.
func (r *rows) Columns() []string { return r.columns }

// Next implements projections.Rows.
func (r *rows) Next(into []projections.Value) (bool, error) {
	there, err := r.Step()
	if err != nil || !there {
		return false, err
	}
	for i := range into {
		v := &into[i]
		switch r.ColumnType(i) {
		case sqlite.TypeInteger:
			v.Type, v.Int = projections.Int, r.ColumnInt64(i)
		case sqlite.TypeFloat:
			v.Type, v.Float = projections.Float, r.ColumnFloat(i)
		case sqlite.TypeText:
			v.Type, v.Text = projections.Text, r.ColumnText(i)
		case sqlite.TypeBlob:
			n := r.ColumnLen(i)
			if cap(v.Bytes) < n {
				v.Bytes = make([]byte, n)
			}
			v.Type, v.Bytes = projections.Bytes, v.Bytes[:n]
			r.ColumnBytes(i, v.Bytes)
		default:
			v.Type = projections.Null
		}
	}
	return true, nil
}

// Close implements projections.Rows.
func (r *rows) Close() error { return r.Reset() }

func bind(s *sqlite.Stmt, param int, v *projections.Value) {
	switch v.Type {
	case projections.Int, projections.Bool, projections.Time:
		s.BindInt64(param, v.Int)
	case projections.Float:
		s.BindFloat(param, v.Float)
	case projections.Text, projections.Date, projections.JSON:
		s.BindText(param, v.Text)
	case projections.UUID, projections.Bytes:
		s.BindBytes(param, v.Bytes)
	default:
		s.BindNull(param)
	}
}
