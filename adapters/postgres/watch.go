package postgres

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"approdo/domain/event"
)

// lookEvery is how often the journal's end is looked at where no notification came: it may have been lost with a connection, or be
// kept back by a pool in between.
const lookEvery = time.Second

// watcher rings when any node has appended.
type watcher struct {
	config *pgx.ConnConfig
	news   *bell
	log    *slog.Logger

	conn *pgx.Conn // nil until connected
	seen event.Position
}

// run listens until closing, and connects again for as long as it takes.
func (w *watcher) run(closing <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-closing
		cancel()
	}()
	failed := false
	for ctx.Err() == nil {
		err := w.listen(ctx)
		if ctx.Err() != nil {
			break
		}
		if (err != nil) != failed {
			failed = !failed
			w.log.Warn("journal: listening to other nodes", "again", !failed, "err", err)
		}
		if err != nil {
			w.close()
			w.news.ring() // whoever waits looks for himself
			sleep(ctx, lookEvery)
		}
	}
	w.close()
}

func (w *watcher) close() {
	if w.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectPatience)
	defer cancel()
	if err := w.conn.Close(ctx); err != nil {
		w.log.Debug("journal: closing the listening connection", "err", err)
	}
	w.conn = nil
}

// listen connects, where that is to be done, and waits for one notification or for the time to look.
func (w *watcher) listen(ctx context.Context) (err error) {
	if w.conn == nil {
		if w.conn, err = connect(ctx, w.config); err != nil {
			return err
		}
		if _, err := w.conn.Exec(ctx, "LISTEN journal"); err != nil {
			return err
		}
		w.news.ring()
	}
	wait, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	_, err = w.conn.WaitForNotification(wait)
	if err == nil {
		w.news.ring()
		return nil
	}
	if !pgconn.Timeout(err) || w.conn.IsClosed() || !errors.Is(wait.Err(), context.DeadlineExceeded) {
		return err
	}
	ctx, cancelLook := context.WithTimeout(ctx, connectPatience)
	defer cancelLook()
	var head event.Position
	if err := w.conn.QueryRow(ctx, headSQL).Scan(&head); err != nil {
		return err
	}
	if head != w.seen {
		w.seen = head
		w.news.ring()
	}
	return nil
}

// sleep ends early with ctx.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
