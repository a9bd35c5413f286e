package views

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"
)

// Scrub leaves nothing of deleted rows on the disk: neither in the file, which is written anew without its holes, nor in its log,
// which is emptied. It is what an erasure calls once the views have followed it. Writers wait meanwhile; readers do not, but
// Scrub waits for those who read an older state. Old tables that a rebuild is still dropping hold their rows until it is done.
func (d *DB) Scrub(ctx context.Context) error {
	err := d.write(ctx, func(w *writer) error {
		if err := run(w.conn, "VACUUM"); err != nil {
			return err
		}
		return emptyLog(w.conn)
	})
	if err != nil {
		return fmt.Errorf("views: scrub: %w", err)
	}
	return nil
}

// emptyLog moves the log into the file and cuts it to nothing.
func emptyLog(conn *sqlite.Conn) error {
	busy, err := number(conn, "PRAGMA wal_checkpoint(TRUNCATE)")
	if err == nil && busy != 0 {
		err = errors.New("views: the log is in use")
	}
	return err
}
