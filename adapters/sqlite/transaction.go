package sqlite

import (
	"cmp"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"

	"approdo/domain/event"
)

// transaction is a batch on its way. Its methods give an error only where the database fails; what an append is refused for is in
// its answer.
type transaction struct {
	conn  *sqlite.Conn
	heads map[string]head
	last  event.Position
	at    int64 // microseconds
}

// append decides one append and, if it is to be, writes its rows; of an import, part after part until one is refused.
func (t *transaction) append(r *request) (answer, error) {
	if r.parts != nil {
		for _, part := range r.parts {
			if a, err := t.append(part); err != nil || a.err != nil {
				return a, err
			}
		}
		return answer{}, nil
	}
	h, err := t.head(r.stream)
	if err != nil {
		return answer{}, err
	}
	conflict := answer{err: &event.ConflictError{Stream: r.stream, Expected: r.expected, Actual: h.rev}}
	var found repeat
	switch {
	case r.expected == event.Any, r.expected == event.StreamExists && h.rev >= 0:
		if found, err = t.findByID(r, h); err != nil {
			return answer{}, err
		}
	case r.expected == event.Expected(h.rev): // NoStream is the revision of no stream
	case r.expected == event.StreamExists:
		return conflict, nil
	default:
		if found, err = t.findInPlace(r, h); err != nil {
			return answer{}, err
		}
		if found.n == 0 {
			return conflict, nil
		}
	}
	switch found.n {
	case 0:
		return t.insert(r, h)
	case len(r.rows):
		return answer{res: event.Result{Last: found.rev, Position: found.pos, Duplicate: true}}, nil
	default:
		return answer{err: event.ErrCorruptIdempotency}, nil
	}
}

// head finds the end of a stream.
func (t *transaction) head(stream string) (head, error) {
	if h, ok := t.heads[stream]; ok {
		return h, nil
	}
	stmt, err := t.conn.Prepare(
		`SELECT sid, coalesce((SELECT max(rev) FROM events e WHERE e.sid = s.sid), -1) FROM streams s WHERE name = ?`)
	if err != nil {
		return head{}, err
	}
	stmt.BindText(1, stream)
	there, err := stmt.Step()
	if err != nil || !there {
		return head{rev: -1}, err
	}
	h := head{sid: stmt.ColumnInt64(0), rev: event.Revision(stmt.ColumnInt64(1))}
	t.remember(stream, h)
	return h, stmt.Reset()
}

// remember keeps the end of a stream. Forgetting all when there are too many is plainer than forgetting the eldest.
func (t *transaction) remember(stream string, h head) {
	if len(t.heads) >= knownStreams {
		clear(t.heads)
	}
	t.heads[stream] = h
}

// repeat is how many events of an append are there already, and where its last one stands.
type repeat struct {
	n   int
	rev event.Revision
	pos event.Position
}

// findInPlace looks for the ids exactly where the append would have put them.
func (t *transaction) findInPlace(r *request, h head) (found repeat, err error) {
	stmt, err := t.conn.Prepare(`SELECT rev, pos, id FROM events WHERE sid = ? AND rev BETWEEN ? AND ? ORDER BY rev`)
	if err != nil {
		return repeat{}, err
	}
	first := int64(r.expected) + 1
	stmt.BindInt64(1, h.sid)
	stmt.BindInt64(2, first)
	stmt.BindInt64(3, first+int64(len(r.rows))-1)
	for {
		there, err := stmt.Step()
		if err != nil || !there {
			return found, err
		}
		rev := stmt.ColumnInt64(0)
		if columnID(stmt, 2) == r.rows[rev-first].id {
			found = repeat{found.n + 1, event.Revision(rev), event.Position(stmt.ColumnInt64(1))}
		}
	}
}

// findByID looks for the ids anywhere in the stream.
func (t *transaction) findByID(r *request, h head) (found repeat, err error) {
	for _, row := range r.rows {
		stmt, err := t.conn.Prepare(`SELECT rev, pos FROM events WHERE id = ? AND sid = ?`)
		if err != nil {
			return repeat{}, err
		}
		stmt.BindBytes(1, row.id[:])
		stmt.BindInt64(2, h.sid)
		there, err := stmt.Step()
		if err != nil {
			return repeat{}, err
		}
		if there {
			found = repeat{found.n + 1, event.Revision(stmt.ColumnInt64(0)), event.Position(stmt.ColumnInt64(1))}
		}
		if err := stmt.Reset(); err != nil {
			return repeat{}, err
		}
	}
	return found, nil
}

func (t *transaction) insert(r *request, h head) (answer, error) {
	if len(r.rows) == 0 {
		return answer{res: event.Result{Last: h.rev}}, nil
	}
	if h.sid == 0 {
		var err error
		if h.sid, err = t.insertStream(r.stream); err != nil {
			return answer{}, err
		}
	}
	for _, row := range r.rows {
		stmt, err := t.conn.Prepare(`INSERT INTO events (pos, sid, rev, id, type, ver, ts, data, meta) VALUES (?,?,?,?,?,?,?,?,?)`)
		if err != nil {
			return answer{}, err
		}
		h.rev++
		t.last++
		stmt.BindInt64(1, int64(t.last))
		stmt.BindInt64(2, h.sid)
		stmt.BindInt64(3, int64(h.rev))
		stmt.BindBytes(4, row.id[:])
		stmt.BindText(5, row.name)
		stmt.BindInt64(6, int64(row.schema))
		stmt.BindInt64(7, cmp.Or(row.at, t.at))
		stmt.BindText(8, row.data)
		stmt.BindText(9, row.meta)
		if _, err := stmt.Step(); err != nil {
			return answer{}, err
		}
	}
	t.remember(r.stream, h)
	return answer{res: event.Result{Last: h.rev, Position: t.last}}, nil
}

func (t *transaction) insertStream(name string) (int64, error) {
	stmt, err := t.conn.Prepare(`INSERT INTO streams (name) VALUES (?)`)
	if err != nil {
		return 0, err
	}
	stmt.BindText(1, name)
	if _, err := stmt.Step(); err != nil {
		return 0, err
	}
	return t.conn.LastInsertRowID(), nil
}

// columnID reads a column of 16 bytes.
func columnID(stmt *sqlite.Stmt, col int) (id uuid.UUID) {
	stmt.ColumnBytes(col, id[:])
	return id
}
