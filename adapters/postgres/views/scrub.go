package views

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// scrubWait is how long a table is waited for, and others behind it.
const scrubWait = "SET lock_timeout = '2s'"

// Scrub leaves nothing of deleted rows in the tables: each is written anew, into files of its own, and its statistics are made anew. It is
// what an erasure calls once the views have followed it. A row that a transaction still sees cannot go: Scrub waits for those that began
// before it. The server's log of changes, its archive and replicas keep what they keep; so does pg_statistic, until autovacuum has gone
// over it.
func (d *DB) Scrub(ctx context.Context) error {
	if err := d.scrub(ctx); err != nil {
		return judge(ctx, fmt.Errorf("views: scrub: %w", err))
	}
	return nil
}

func (d *DB) scrub(ctx context.Context) (err error) {
	conn, err := d.writer.Acquire(ctx) // no row is written meanwhile by this node
	if err != nil {
		return err
	}
	defer conn.Release()
	var now time.Time
	if err := conn.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&now); err != nil {
		return err
	}
	for older := 1; older > 0; {
		err := conn.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start < $1`, now).Scan(&older)
		if err != nil {
			return err
		}
		if older == 0 {
			break
		}
		select {
		case <-time.After(dropAgain):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	tables, err := conn.Query(ctx, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'views' AND tablename <> 'migrations' ORDER BY 1")
	if err != nil {
		return err
	}
	var names []string
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			return err
		}
		names = append(names, name)
	}
	if err := tables.Err(); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, scrubWait); err != nil {
		return err
	}
	defer func() {
		_, reset := conn.Exec(context.WithoutCancel(ctx), "RESET lock_timeout")
		err = errors.Join(err, reset)
	}()
	for _, name := range names {
		for {
			_, err := conn.Exec(ctx, "VACUUM (FULL, ANALYZE) views."+quote(name))
			if err == nil || codeOf(err) == undefinedTable { // a generation that was dropped meanwhile
				break
			}
			if codeOf(err) != lockTimeout {
				return err
			}
			select {
			case <-time.After(dropAgain):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}
