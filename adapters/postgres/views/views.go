// Package views keeps the tables of projections in a schema of a PostgreSQL database. Several nodes may use one at the same time:
// each reads, and the turn decides which of them applies the journal.
package views

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"approdo/migrations"
)

// DB is the schema "views" of a database. It is a projections.Shared.
type DB struct {
	readers *pgxpool.Pool
	writer  *pgxpool.Pool // of one connection, so that one writes at a time and the others wait in line
}

// Commits need not reach the disk at once: what a crash takes is applied again, since the checkpoint goes with it. The rest finds
// out within seconds that the other side is gone without a word, so that a turn does not stay with the dead, nor a query go on for
// nobody.
var parameters = map[string]string{
	"search_path":                         "views",
	"synchronous_commit":                  "off",
	"tcp_keepalives_idle":                 "5",
	"tcp_keepalives_interval":             "2",
	"tcp_keepalives_count":                "3",
	"client_connection_check_interval":    "2s",
	"idle_in_transaction_session_timeout": "60s",
}

// longestRead ends a query that nobody waits for any more.
const longestRead = "60s"

// connectPatience bounds the making of a connection.
const connectPatience = 5 * time.Second

// Open brings the schema of a database up to this program and connects. The URL is one that libpq knows; pool_max_conns in it bounds
// the connections that read. Besides those there are one that writes and one for each turn. The user needs to be the owner of the
// schema, and a member of the role approdo_reader or allowed to make it. Connections MUST NOT pass through a pooler that gives them
// to others between transactions.
func Open(ctx context.Context, url string) (_ *DB, err error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("views: open: %w", err)
	}
	for name, value := range parameters {
		config.ConnConfig.RuntimeParams[name] = value
	}
	one := config.Copy()
	one.MaxConns, one.MinConns = 1, 0
	config.ConnConfig.ConnectTimeout = connectPatience
	config.MaxConns = max(config.MaxConns, int32(2*runtime.GOMAXPROCS(0)))
	config.ConnConfig.RuntimeParams["statement_timeout"] = longestRead
	d := &DB{}
	defer func() {
		if err != nil {
			err = fmt.Errorf("views: open: %w", err)
			d.Close()
		}
	}()
	if d.writer, err = pgxpool.NewWithConfig(ctx, one); err != nil {
		return nil, err
	}
	if d.readers, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, err
	}
	conn, err := d.writer.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	return d, migrations.Postgres(ctx, conn.Conn(), "views")
}

// Close waits for those who read and write, and closes the connections.
func (d *DB) Close() {
	for _, pool := range []*pgxpool.Pool{d.readers, d.writer} {
		if pool != nil {
			pool.Close()
		}
	}
}

// judge gives the error of ctx where that is the cause.
func judge(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// codeOf is the SQLSTATE of an error; empty where it is not the server's.
func codeOf(err error) string {
	if told, ok := errors.AsType[*pgconn.PgError](err); ok {
		return told.Code
	}
	return ""
}
