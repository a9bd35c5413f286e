package views

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// How often a node tries to get a turn, and makes sure that it still has it; and how long the server may take to say so.
const (
	turnEvery    = 500 * time.Millisecond
	turnPatience = 5 * time.Second
)

// ErrTurnLost ends the context of whoever had a turn: its connection is gone, and another node may have it.
var ErrTurnLost = errors.New("views: the turn is lost")

// Turn implements projections.Shared. A turn is an advisory lock that goes with a connection of its own: the server gives it to
// another when the connection ends, however that ends. It is tried for and not waited for, since a statement that waits keeps
// PostgreSQL from cleaning up what was deleted meanwhile.
func (d *DB) Turn(ctx context.Context, name string, f func(context.Context) error) error {
	conn, err := pgx.ConnectConfig(ctx, d.readers.Config().ConnConfig)
	if err != nil {
		return judge(ctx, fmt.Errorf("views: turn: %w", err))
	}
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), turnPatience)
		defer cancel()
		conn.Close(last) // gives the turn back; where it fails there is no connection any more
	}()
	for mine := false; !mine; {
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtextextended('approdo ' || $1, 0))", name).Scan(&mine); err != nil {
			return judge(ctx, fmt.Errorf("views: turn: %w", err))
		}
		if mine {
			break
		}
		select {
		case <-time.After(turnEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	inner, end := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if err := hold(inner, conn); err != nil {
			end(fmt.Errorf("%w: %w", ErrTurnLost, err))
		}
	}()
	err = f(inner)
	if cause := context.Cause(inner); err != nil && errors.Is(cause, ErrTurnLost) {
		err = cause
	}
	end(nil)
	<-watched
	return err
}

// hold returns when the connection is gone, and nil when ctx ends. A connection that is closed tells at once; one that is silent is
// asked now and then.
func hold(ctx context.Context, conn *pgx.Conn) error {
	for {
		silent, cancel := context.WithTimeout(ctx, turnEvery)
		_, err := conn.WaitForNotification(silent)
		asleep := silent.Err() != nil
		cancel()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && asleep && !conn.IsClosed() {
			ask, cancel := context.WithTimeout(ctx, turnPatience)
			err = conn.Ping(ask)
			cancel()
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
	}
}
