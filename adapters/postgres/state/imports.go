package state

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

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
	return s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO state.imports (id, account, kind, stage, updated, sealed) VALUES ($1, $2, $3, $4, $5, $6)",
			of, account, kind, importOpen, now, sealed)
		if err != nil {
			return err
		}
		return insertRows(ctx, tx, of, rows)
	})
}

func insertRows(ctx context.Context, tx pgx.Tx, of uuid.UUID, rows []desk.Row) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"state", "import_rows"}, []string{"import", "number", "sealed", "outcome", "about"},
		pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
			r := rows[i]
			return []any{of, r.Number, r.Sealed, string(r.Outcome), orNull(r.Case)}, nil
		}))
	return err
}

func orNull(u uuid.UUID) *uuid.UUID {
	if u == uuid.Nil {
		return nil
	}
	return &u
}

// Import gives one import of an account, or ErrNoImport.
func (s *Store) Import(ctx context.Context, account, of uuid.UUID) (kind, stage string, sealed []byte, updated time.Time, err error) {
	found, err := s.row(ctx, []any{&kind, &stage, &sealed, &updated},
		"SELECT kind, stage, sealed, updated FROM state.imports WHERE id = $1 AND account = $2", of, account)
	if err == nil && !found {
		err = ErrNoImport
	}
	return kind, stage, sealed, updated.UTC(), err
}

// Imports calls each for the imports of one kind that an account keeps, the last changed first.
func (s *Store) Imports(ctx context.Context, account uuid.UUID, kind string, each func(of uuid.UUID, stage string, rows int, updated time.Time) error) error {
	type line struct {
		id      uuid.UUID
		stage   string
		rows    int
		updated time.Time
	}
	found, err := rows(ctx, s, func(r pgx.CollectableRow) (l line, err error) {
		return l, r.Scan(&l.id, &l.stage, &l.rows, &l.updated)
	}, `SELECT id, stage, (SELECT count(*) FROM state.import_rows WHERE import = i.id)::int, updated FROM state.imports i
		WHERE account = $1 AND kind = $2 ORDER BY updated DESC, id`, account, kind)
	if err != nil {
		return err
	}
	for _, l := range found {
		if err := each(l.id, l.stage, l.rows, l.updated.UTC()); err != nil {
			return err
		}
	}
	return nil
}

// ImportRows gives the rows of an import in their order.
func (s *Store) ImportRows(ctx context.Context, of uuid.UUID) ([]desk.Row, error) {
	return rows(ctx, s, func(r pgx.CollectableRow) (row desk.Row, err error) {
		var about *uuid.UUID
		if err = r.Scan(&row.Number, &row.Sealed, &row.Outcome, &about); about != nil {
			row.Case = *about
		}
		return row, err
	}, "SELECT number, sealed, outcome, about FROM state.import_rows WHERE import = $1 ORDER BY number", of)
}

// SaveImport changes what is known of a sheet whose rows are not to be recorded yet; ErrNoImport for any other.
func (s *Store) SaveImport(ctx context.Context, account, of uuid.UUID, sealed []byte, now time.Time) error {
	changed, err := s.exec(ctx, "UPDATE state.imports SET sealed = $1, updated = $2 WHERE id = $3 AND account = $4 AND stage = $5",
		sealed, now, of, account, importOpen)
	if err == nil && changed == 0 {
		return ErrNoImport
	}
	return err
}

// StartImport puts rows that are ready in the place of those that were read, to be recorded. It reports false, and changes nothing,
// where that was done before.
func (s *Store) StartImport(ctx context.Context, account, of uuid.UUID, ready []desk.Row, now time.Time) (started bool, err error) {
	err = s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, "UPDATE state.imports SET stage = $1, updated = $2 WHERE id = $3 AND account = $4 AND stage = $5",
			importRunning, now, of, account, importOpen)
		if started = tag.RowsAffected() > 0; err != nil || !started {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM state.import_rows WHERE import = $1", of); err != nil {
			return err
		}
		return insertRows(ctx, tx, of, ready)
	})
	return started && err == nil, err
}

// ClaimImport gives an import that is to go on and at which nobody works, to work at until an instant; the nil UUID where there is none.
func (s *Store) ClaimImport(ctx context.Context, now, until time.Time) (account, of uuid.UUID, kind string, err error) {
	_, err = s.row(ctx, []any{&account, &of, &kind}, `UPDATE state.imports SET leased = $1 WHERE id =
		(SELECT id FROM state.imports WHERE stage = $2 AND leased <= $3 ORDER BY updated, id LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING account, id, kind`, until, importRunning, now)
	return account, of, kind, err
}

// SettleRows keeps what came of rows that waited, all at once, and holds the import until an instant. A row that is settled stays as
// it is.
func (s *Store) SettleRows(ctx context.Context, of uuid.UUID, settled []desk.Row, now, until time.Time) error {
	return s.write(ctx, func(ctx context.Context, tx pgx.Tx) error {
		var all pgx.Batch
		for _, r := range settled {
			all.Queue("UPDATE state.import_rows SET sealed = $1, outcome = $2, about = $3 WHERE import = $4 AND number = $5 AND outcome = $6",
				r.Sealed, string(r.Outcome), orNull(r.Case), of, r.Number, string(desk.RowWaiting))
		}
		all.Queue("UPDATE state.imports SET leased = $1, updated = $2 WHERE id = $3 AND stage = $4", until, now, of, importRunning)
		return tx.SendBatch(ctx, &all).Close()
	})
}

// FinishImport ends an import none of whose rows waits any more; one with such a row goes on.
func (s *Store) FinishImport(ctx context.Context, of uuid.UUID, now time.Time) error {
	_, err := s.exec(ctx, `UPDATE state.imports i SET stage = $1, updated = $2 WHERE id = $3 AND stage = $4
		AND NOT EXISTS (SELECT 1 FROM state.import_rows WHERE import = i.id AND outcome = $5)`, importDone, now, of, importRunning, string(desk.RowWaiting))
	return err
}

// DropImport removes an import of an account with its rows; none is no error, and one that is being recorded stays.
func (s *Store) DropImport(ctx context.Context, account, of uuid.UUID) error {
	_, err := s.exec(ctx, "DELETE FROM state.imports WHERE id = $1 AND account = $2 AND stage <> $3", of, account, importRunning)
	return err
}

// DropRowsAbout removes what rows say that are about a case; that they were there, and what came of them, stays.
func (s *Store) DropRowsAbout(ctx context.Context, of uuid.UUID) error {
	_, err := s.exec(ctx, "UPDATE state.import_rows SET sealed = NULL WHERE about = $1", of)
	return err
}
