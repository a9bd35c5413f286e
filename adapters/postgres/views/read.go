package views

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/projections"
)

// Read implements projections.Engine.
func (d *DB) Read(ctx context.Context, f func(projections.Session) error) error {
	return d.read(ctx, &session{ctx: ctx, pool: d.readers}, f)
}

// ReadAs implements projections.Walled.
func (d *DB) ReadAs(ctx context.Context, a domain.Actor, f func(projections.Session) error) error {
	return d.read(ctx, &session{ctx: ctx, pool: d.readers, actor: &a}, f)
}

func (d *DB) read(ctx context.Context, s *session, f func(projections.Session) error) (err error) {
	defer func() {
		if ended := s.end(); err == nil {
			err = ended
		}
		err = judge(ctx, err)
	}()
	return f(s)
}

// session is a read transaction. It begins with its first query, which is when PostgreSQL takes a snapshot anyhow.
type session struct {
	ctx   context.Context
	pool  *pgxpool.Pool
	actor *domain.Actor // on whose behalf; nil is the program itself
	conn  *pgxpool.Conn
}

const begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

// As an actor the session has the rights of a role that the walls bind, until the transaction ends.
const behindWalls = "SELECT set_config('approdo.role', $1, true), set_config('approdo.body', $2, true), set_config('role', 'approdo_reader', true)"

func (s *session) begin() (err error) {
	if s.conn != nil {
		return nil
	}
	if s.conn, err = s.pool.Acquire(s.ctx); err != nil {
		return err
	}
	var both pgx.Batch
	both.Queue(begin)
	if s.actor != nil {
		both.Queue(behindWalls, string(s.actor.Role), s.actor.Body)
	}
	return s.conn.SendBatch(s.ctx, &both).Close()
}

// end gives the connection back. After an error it is broken, or in a transaction that failed: both end with ROLLBACK.
func (s *session) end() error {
	if s.conn == nil {
		return nil
	}
	defer s.conn.Release()
	_, err := s.conn.Exec(context.WithoutCancel(s.ctx), "ROLLBACK")
	return err
}

// Generations implements projections.Session.
func (s *session) Generations() ([]projections.Generation, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	rows, err := s.conn.Query(s.ctx, `SELECT number, projection, version, shape, tables, state, position, reason, stuck, journal
		FROM generation ORDER BY number`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (g projections.Generation, err error) {
		var position, stuck int64
		err = row.Scan(&g.Number, &g.Projection, &g.Version, &g.Shape, &g.Tables, &g.State, &position, &g.Reason, &stuck, &g.Journal)
		g.Position, g.Stuck = event.Position(position), event.Position(stuck)
		return g, err
	})
}

// inBinary are the types that are read as the server has them; the others come as text.
var inBinary = pgx.QueryResultFormatsByOID{
	pgtype.Int2OID: pgx.BinaryFormatCode, pgtype.Int4OID: pgx.BinaryFormatCode, pgtype.Int8OID: pgx.BinaryFormatCode,
	pgtype.Float8OID: pgx.BinaryFormatCode, pgtype.BoolOID: pgx.BinaryFormatCode,
	pgtype.UUIDOID: pgx.BinaryFormatCode, pgtype.ByteaOID: pgx.BinaryFormatCode,
}

// Query implements projections.Session.
func (s *session) Query(sql string, args []projections.Value) (projections.Rows, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	all := append(make([]any, 0, 1+len(args)), inBinary)
	for i := range args {
		all = append(all, parameter(&args[i]))
	}
	result, err := s.conn.Query(s.ctx, sql, all...)
	if err != nil {
		return nil, gone(err)
	}
	return &rows{result}, nil
}

// undefinedTable is a table that another node has dropped: nobody asks for one that never was.
const undefinedTable = "42P01"

// gone finds out whether an error says that another node has put other tables in the place of these.
func gone(err error) error {
	if codeOf(err) == undefinedTable {
		return fmt.Errorf("%w: %w", projections.ErrMoved, err)
	}
	return err
}

// parameter is a value as pgx takes it. A text that PostgreSQL cannot hold becomes one that equals none it holds.
func parameter(v *projections.Value) any {
	switch v.Type {
	case projections.Int, projections.Time:
		return v.Int
	case projections.Bool:
		return v.Int != 0
	case projections.Float:
		return v.Float
	case projections.Text, projections.Date, projections.JSON:
		return strings.ReplaceAll(strings.ToValidUTF8(v.Text, "\uFFFD"), "\x00", "\uFFFD")
	case projections.UUID:
		return [16]byte(v.Bytes)
	case projections.Bytes:
		return v.Bytes
	default:
		return nil
	}
}

// rows is the result of a query.
type rows struct{ pgx.Rows }

// Columns implements projections.Rows.
func (r *rows) Columns() []string {
	fields := r.FieldDescriptions()
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

// Next implements projections.Rows.
func (r *rows) Next(into []projections.Value) (bool, error) {
	if !r.Rows.Next() {
		return false, gone(r.Err())
	}
	fields := r.FieldDescriptions()
	for i, raw := range r.RawValues() {
		if err := read(&into[i], fields[i].DataTypeOID, raw); err != nil {
			return false, fmt.Errorf("views: column %s: %w", fields[i].Name, err)
		}
	}
	return true, nil
}

// Close implements projections.Rows. What fails while the rest is read away is told by the next query.
func (r *rows) Close() error {
	r.Rows.Close()
	return nil
}

var errType = errors.New("of a type that no column has")

func read(v *projections.Value, oid uint32, raw []byte) error {
	if raw == nil {
		v.Type = projections.Null
		return nil
	}
	switch oid {
	case pgtype.Int8OID:
		v.Type, v.Int = projections.Int, int64(binary.BigEndian.Uint64(raw))
	case pgtype.Int4OID:
		v.Type, v.Int = projections.Int, int64(int32(binary.BigEndian.Uint32(raw)))
	case pgtype.Int2OID:
		v.Type, v.Int = projections.Int, int64(int16(binary.BigEndian.Uint16(raw)))
	case pgtype.BoolOID:
		v.Type, v.Int = projections.Int, int64(raw[0])
	case pgtype.Float8OID:
		v.Type, v.Float = projections.Float, math.Float64frombits(binary.BigEndian.Uint64(raw))
	case pgtype.TextOID:
		v.Type, v.Text = projections.Text, string(raw)
	case pgtype.UUIDOID, pgtype.ByteaOID:
		v.Type, v.Bytes = projections.Bytes, append(v.Bytes[:0], raw...)
	case pgtype.NumericOID: // the sum or the average of integers
		var err error
		if v.Type = projections.Int; !strings.Contains(string(raw), ".") {
			v.Int, err = strconv.ParseInt(string(raw), 10, 64)
			return err
		}
		v.Type = projections.Float
		v.Float, err = strconv.ParseFloat(string(raw), 64)
		return err
	default:
		return errType
	}
	return nil
}
