package main

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"approdo/adapters/postgres"
	"approdo/domain/event"
	"approdo/migrations"
)

// onServer measures PostgreSQL. Many writers are measured against plain inserts in no order, a transaction and a connection each, into
// a table of the same columns with a sequence, one index and no lock: what an event store would give that let its readers lose events.
// A single writer is measured against the same append under the same lock, over a connection of his own.
type onServer struct{ url string }

// place makes a database beside the one of the URL, which is not touched.
func (e onServer) place(ctx context.Context) (string, func(context.Context) error, error) {
	name := "approdo_bench_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	where, err := url.Parse(e.url)
	if err != nil {
		return "", nil, errors.New("--url non è un indirizzo")
	}
	where.Path = "/" + name
	remove := func(ctx context.Context) error { return e.exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)") }
	return where.String(), remove, e.exec(ctx, "CREATE DATABASE "+name)
}

func (e onServer) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, e.url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

func (onServer) journal(ctx context.Context, where string) (event.Store, error) {
	return postgres.Open(ctx, where, postgres.Options{})
}

const (
	lockedSQL = `SELECT cur, last FROM journal.append_one($1, $2, $3, $4, $5, $6, $7, true)`
	plainSQL  = `INSERT INTO plain (stream, rev, id, type, ver, ts, data, meta) VALUES ($1, $2, $3, $4, $5, clock_timestamp(), $6, $7)`
)

func (onServer) baseline(ctx context.Context, where string, writers int) (appender, error) {
	config, err := pgxpool.ParseConfig(where)
	if err != nil {
		return nil, err
	}
	config.MinConns, config.MaxConns = int32(writers), int32(writers)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	err = pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
		if err := migrations.Postgres(ctx, c.Conn(), "journal"); err != nil {
			return err
		}
		_, err := c.Exec(ctx, "CREATE TABLE plain (LIKE journal.events); ALTER TABLE plain DROP pos, ADD pos bigserial PRIMARY KEY")
		return err
	})
	if err != nil {
		pool.Close()
		return nil, err
	}
	if writers == 1 {
		return pooled{pool, lockedSQL}, nil
	}
	return pooled{pool, plainSQL}, nil
}

// pooled appends with one statement.
type pooled struct {
	pool *pgxpool.Pool
	sql  string
}

func (p pooled) append(ctx context.Context, stream string, expected event.Expected, d event.Draft) error {
	meta, err := d.Meta.Encode()
	if err != nil {
		return err
	}
	_, err = p.pool.Exec(ctx, p.sql, stream, int64(expected), pgtype.UUID{Bytes: d.ID, Valid: true}, d.Type, int32(d.Schema), d.Data, meta)
	return err
}

func (p pooled) close(context.Context) error {
	p.pool.Close()
	return nil
}
