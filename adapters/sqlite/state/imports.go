package state

import (
	"context"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"

	"approdo/domain"
	"approdo/domain/desk"
)

// ErrNoImport is also the answer for an import of another account.
var ErrNoImport = domain.NotFound("import-not-found")

// The stages of an import.
const (
	importOpen    = "open"
	importRunning = "running"
	importDone    = "done"
)

// BeginImport keeps a sheet whose rows are not to be recorded yet. Everything sealed MUST be closed.
func (s *Store) BeginImport(ctx context.Context, account, of uuid.UUID, kind string, sealed []byte, rows []desk.Row, now time.Time) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		err := exec(c, "INSERT INTO imports (id, account, kind, stage, updated, sealed) VALUES (?, ?, ?, ?, ?, ?)",
			of[:], account[:], kind, importOpen, ms(now), sealed)
		if err != nil {
			return err
		}
		return insertRows(c, of, rows)
	})
}

func insertRows(c *sqlite.Conn, of uuid.UUID, rows []desk.Row) error {
	for _, r := range rows {
		if err := exec(c, "INSERT INTO import_rows (import, number, sealed, outcome, about) VALUES (?, ?, ?, ?, ?)",
			of[:], r.Number, orNull(r.Sealed), string(r.Outcome), idOrNull(r.Case)); err != nil {
			return err
		}
	}
	return nil
}

func orNull(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

func idOrNull(u uuid.UUID) any {
	if u == uuid.Nil {
		return nil
	}
	return u[:]
}

// Import gives one import of an account, or ErrNoImport.
func (s *Store) Import(ctx context.Context, account, of uuid.UUID) (kind, stage string, sealed []byte, updated time.Time, err error) {
	err = s.read(ctx, func(c *sqlite.Conn) error {
		found := false
		err := rows(c, func(r *sqlite.Stmt) error {
			found, kind, stage, sealed, updated = true, r.GetText("kind"), r.GetText("stage"), blob(r, "sealed"), instant(r, "updated")
			return nil
		}, "SELECT kind, stage, sealed, updated FROM imports WHERE id = ? AND account = ?", of[:], account[:])
		if err == nil && !found {
			return ErrNoImport
		}
		return err
	})
	return kind, stage, sealed, updated, err
}

// Imports calls each for the imports of one kind that an account keeps, the last changed first.
func (s *Store) Imports(ctx context.Context, account uuid.UUID, kind string, each func(of uuid.UUID, stage string, rows int, updated time.Time) error) error {
	return s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			return each(id(r, "id"), r.GetText("stage"), int(r.GetInt64("n")), instant(r, "updated"))
		}, `SELECT id, stage, updated, (SELECT count(*) FROM import_rows WHERE import = imports.id) AS n FROM imports
			WHERE account = ? AND kind = ? ORDER BY updated DESC, id`, account[:], kind)
	})
}

// ImportRows gives the rows of an import in their order.
func (s *Store) ImportRows(ctx context.Context, of uuid.UUID) (all []desk.Row, err error) {
	err = s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			row := desk.Row{Number: int(r.GetInt64("number")), Outcome: desk.Outcome(r.GetText("outcome")), Case: id(r, "about")}
			if !r.IsNull("sealed") {
				row.Sealed = blob(r, "sealed")
			}
			all = append(all, row)
			return nil
		}, "SELECT number, sealed, outcome, about FROM import_rows WHERE import = ? ORDER BY number", of[:])
	})
	return all, err
}

// SaveImport changes what is known of a sheet whose rows are not to be recorded yet; ErrNoImport for any other.
func (s *Store) SaveImport(ctx context.Context, account, of uuid.UUID, sealed []byte, now time.Time) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		err := exec(c, "UPDATE imports SET sealed = ?, updated = ? WHERE id = ? AND account = ? AND stage = ?", sealed, ms(now), of[:], account[:], importOpen)
		if err == nil && c.Changes() == 0 {
			return ErrNoImport
		}
		return err
	})
}

// StartImport puts rows that are ready in the place of those that were read, to be recorded. It reports false, and changes nothing,
// where that was done before.
func (s *Store) StartImport(ctx context.Context, account, of uuid.UUID, ready []desk.Row, now time.Time) (started bool, err error) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		err := exec(c, "UPDATE imports SET stage = ?, updated = ? WHERE id = ? AND account = ? AND stage = ?", importRunning, ms(now), of[:], account[:], importOpen)
		if started = c.Changes() > 0; err != nil || !started {
			return err
		}
		if err := exec(c, "DELETE FROM import_rows WHERE import = ?", of[:]); err != nil {
			return err
		}
		return insertRows(c, of, ready)
	})
	return started && err == nil, err
}

// ClaimImport gives an import that is to go on and at which nobody works, to work at until an instant; the nil UUID where there is none.
func (s *Store) ClaimImport(ctx context.Context, now, until time.Time) (account, of uuid.UUID, kind string, err error) {
	err = s.write(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			account, of, kind = id(r, "account"), id(r, "id"), r.GetText("kind")
			return nil
		}, `UPDATE imports SET leased = ? WHERE id = (SELECT id FROM imports WHERE stage = ? AND leased <= ? ORDER BY updated, id LIMIT 1)
			RETURNING account, id, kind`, ms(until), importRunning, ms(now))
	})
	return account, of, kind, err
}

// SettleRows keeps what came of rows that waited, all at once, and holds the import until an instant. A row that is settled stays as
// it is.
func (s *Store) SettleRows(ctx context.Context, of uuid.UUID, settled []desk.Row, now, until time.Time) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		for _, r := range settled {
			if err := exec(c, "UPDATE import_rows SET sealed = ?, outcome = ?, about = ? WHERE import = ? AND number = ? AND outcome = ?",
				orNull(r.Sealed), string(r.Outcome), idOrNull(r.Case), of[:], r.Number, string(desk.RowWaiting)); err != nil {
				return err
			}
		}
		return exec(c, "UPDATE imports SET leased = ?, updated = ? WHERE id = ? AND stage = ?", ms(until), ms(now), of[:], importRunning)
	})
}

// FinishImport ends an import none of whose rows waits any more; one with such a row goes on.
func (s *Store) FinishImport(ctx context.Context, of uuid.UUID, now time.Time) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, `UPDATE imports SET stage = ?, updated = ? WHERE id = ? AND stage = ?
			AND NOT EXISTS (SELECT 1 FROM import_rows WHERE import = imports.id AND outcome = ?)`,
			importDone, ms(now), of[:], importRunning, string(desk.RowWaiting))
	})
}

// DropImport removes an import of an account with its rows; none is no error, and one that is being recorded stays.
func (s *Store) DropImport(ctx context.Context, account, of uuid.UUID) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "DELETE FROM imports WHERE id = ? AND account = ? AND stage <> ?", of[:], account[:], importRunning)
	})
}

// DropRowsAbout removes what rows say that are about a case; that they were there, and what came of them, stays.
func (s *Store) DropRowsAbout(ctx context.Context, of uuid.UUID) error {
	return s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "UPDATE import_rows SET sealed = NULL WHERE about = ?", of[:])
	})
}
