package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"

	"approdo/domain"
	"approdo/domain/event"
)

func openJournal(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "journal.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil && !errors.Is(err, event.ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

func draft() event.Draft {
	return event.Draft{
		ID: uuid.Must(uuid.NewV7()), Type: "case.noted", Schema: 1, Data: []byte(`{"note":"` + strings.Repeat("x", 400) + `"}`),
		Meta: event.Meta{Actor: domain.System, At: time.Now().UTC(), Command: uuid.New()},
	}
}

func one(stream string, expected event.Expected) event.Append {
	return event.Append{Stream: stream, Expected: expected, Events: []event.Draft{draft()}}
}

func mustAppend(t *testing.T, s *Store, a event.Append) event.Result {
	t.Helper()
	res, err := s.Append(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// holdWriter keeps the writer waiting for the database, as another program would that had a write transaction open, until the
// function it gives is called.
func holdWriter(t *testing.T, s *Store) (release func()) {
	t.Helper()
	conn, err := openConn(s.path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	if err := run(conn, "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := errors.Join(run(conn, "ROLLBACK"), conn.Close()); err != nil {
			t.Error(err)
		}
	}
}

// commit has the writer, which is idle, commit appends as one batch, and gives the errors in order.
func commit(t *testing.T, s *Store, appends []event.Append) []error {
	t.Helper()
	var batch []*request
	for _, a := range appends {
		r, err := newRequest(a)
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, r)
	}
	s.writer.commit(batch)
	errs := make([]error, len(batch))
	for i, r := range batch {
		errs[i] = (<-r.done).err
	}
	return errs
}

func TestABatchIsOneTransaction(t *testing.T) {
	t.Parallel()
	s := openJournal(t)
	appends := make([]event.Append, 300)
	for i := range appends {
		appends[i] = one(fmt.Sprintf("case-%d", i), event.NoStream)
	}
	for i, err := range commit(t, s, appends) {
		if err != nil {
			t.Errorf("append %d: %v", i, err)
		}
	}
	if commits := s.writer.ckpt.commits.Load(); commits != 1 {
		t.Errorf("%d commits for a batch of 300", commits)
	}
}

func TestABatchTakesWhatWaitsUpToItsBounds(t *testing.T) {
	t.Parallel()
	w := newWriter("", newBell(), nil, nil)
	for range batchSize + 10 {
		w.queue <- &request{}
	}
	if n := len(w.drain(<-w.queue)); n != batchSize {
		t.Errorf("a batch of %d", n)
	}
	if n := len(w.drain(<-w.queue)); n != 10 {
		t.Errorf("a batch of %d, 10 were waiting", n)
	}
	for range 10 {
		w.queue <- &request{bytes: batchBytes/3 + 1}
	}
	if n := len(w.drain(<-w.queue)); n != 3 {
		t.Errorf("a batch of %d large appends", n)
	}
}

func TestAnAppendThatFailsDoesNotSpoilItsBatch(t *testing.T) {
	t.Parallel()
	s := openJournal(t)
	used := one("case-used", event.NoStream)
	mustAppend(t, s, used)
	appends := make([]event.Append, 50)
	for i := range appends {
		appends[i] = one(fmt.Sprintf("case-%d", i), event.NoStream)
	}
	appends[20].Events = append(appends[20].Events, used.Events[0]) // an id of another stream: only the insert finds out
	for i, err := range commit(t, s, appends) {
		if i == 20 && !errors.Is(err, event.ErrCorruptIdempotency) || i != 20 && err != nil {
			t.Errorf("append %d: %v", i, err)
		}
	}
	head, err := s.Head(t.Context())
	if err != nil || head != 50 {
		t.Errorf("head is %d, want 1 + 49, without a hole; %v", head, err)
	}
	mustAppend(t, s, one("case-20", event.NoStream))
}

func TestAppendsOfOneBatchSeeEachOther(t *testing.T) {
	t.Parallel()
	s := openJournal(t)
	same := one("case-same", event.NoStream)
	appends := []event.Append{one("case-first", event.NoStream)}
	for range 40 {
		appends = append(appends, same, one("case-raced", event.NoStream))
	}
	won := 0
	for i, err := range commit(t, s, appends) {
		switch raced := appends[i].Stream == "case-raced"; {
		case raced && err == nil:
			won++
		case raced && !errors.Is(err, domain.KindConflict), !raced && err != nil:
			t.Errorf("append %d: %v", i, err)
		}
	}
	if won != 1 {
		t.Errorf("%d won one revision", won)
	}
	if head, err := s.Head(t.Context()); err != nil || head != 3 {
		t.Errorf("head is %d, %v", head, err)
	}
}

func TestAFullQueueIsOverloaded(t *testing.T) {
	t.Parallel()
	s := openJournal(t)
	release := holdWriter(t, s)
	const more = queueSize + batchSize + 100
	errs := make(chan error, more)
	for i := range more {
		go func() {
			_, err := s.Append(context.Background(), one(fmt.Sprintf("case-%d", i), event.NoStream))
			errs <- err
		}()
	}
	if err := <-errs; !errors.Is(err, event.ErrOverloaded) || !errors.Is(err, domain.KindOverloaded) {
		t.Errorf("the first answer of a held writer is %v", err)
	}
	release()
	written := 0
	for range more - 1 {
		switch err := <-errs; {
		case err == nil:
			written++
		case !errors.Is(err, event.ErrOverloaded):
			t.Error(err)
		}
	}
	if head, err := s.Head(t.Context()); err != nil || int(head) != written || written < queueSize {
		t.Errorf("%d acknowledged, head %d, %v", written, head, err)
	}
}

func TestGivingUpLeavesTheOutcomeUnknown(t *testing.T) {
	t.Parallel()
	s := openJournal(t)
	release := holdWriter(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	a := one("case-1", event.NoStream)
	if _, err := s.Append(ctx, a); !errors.Is(err, event.ErrUnknownOutcome) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
	release()
	if res := mustAppend(t, s, a); !res.Duplicate || res.Last != 0 {
		t.Errorf("the retry gave %+v", res)
	}
}

func TestManyStreamsAreForgottenAndFoundAgain(t *testing.T) {
	t.Parallel()
	s := openJournal(t)
	mustAppend(t, s, one("case-1", event.NoStream))
	mustAppend(t, s, one("case-1", 0))
	tx := transaction{heads: map[string]head{}}
	for i := range knownStreams + 1 {
		tx.remember(fmt.Sprint(i), head{})
	}
	if len(tx.heads) != 1 {
		t.Errorf("%d heads are remembered", len(tx.heads))
	}
	clear(s.writer.heads)
	mustAppend(t, s, one("case-1", 1))
}

func TestHistoryCannotBeRewritten(t *testing.T) {
	t.Parallel()
	s := openJournal(t)
	mustAppend(t, s, one("case-1", event.NoStream))
	conn, err := openConn(s.path, sqlite.OpenReadWrite, writerPragmas...)
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		"UPDATE events SET data = '{}'", "DELETE FROM events", "UPDATE streams SET name = 'x'", "DELETE FROM streams",
		"INSERT OR REPLACE INTO events SELECT pos, sid, rev, id, type, ver, ts, '{}', meta FROM events",
	} {
		if err := run(conn, query); err == nil {
			t.Errorf("%s went through", query)
		}
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

func TestTheLogIsCopiedAndGivenBack(t *testing.T) {
	t.Parallel()
	s := openJournal(t)
	for range 50 {
		mustAppend(t, s, one("case-1", event.Any))
	}
	c := s.writer.ckpt
	c.mu.Lock()
	inLog, copied, err := checkpoint(c.conn, "PASSIVE")
	c.copied = c.commits.Load()
	c.mu.Unlock()
	if err != nil || inLog == 0 || inLog != copied {
		t.Errorf("%d pages in the log, %d copied, %v", inLog, copied, err)
	}
	if inLog, err := c.passive(c.conn); err != nil || inLog != 0 {
		t.Errorf("a log wholly copied was looked at again: %d pages, %v", inLog, err)
	}
	mustAppend(t, s, one("case-1", event.Any))
	if inLog, err := c.passive(c.conn); err != nil || inLog == 0 || inLog > 10 {
		t.Errorf("the log began anew with %d pages, %v", inLog, err)
	}
	if err := c.truncate(); err != nil {
		t.Error(err)
	}
	c.long.Store(true)
	mustAppend(t, s, one("case-1", event.Any))
	mustAppend(t, s, one("case-1", event.Any))
	if c.long.Load() {
		t.Error("the writer did not copy the rest of a long log")
	}
}

func TestCheckpointsAtEveryMomentLoseNothing(t *testing.T) {
	t.Parallel()
	s := openJournal(t)
	c := s.writer.ckpt
	const writers, each = 6, 100
	done := make(chan struct{})
	go func() {
		defer close(done)
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for i := range each {
					if _, err := s.Append(context.Background(), one(fmt.Sprintf("case-%d", w), event.Expected(i-1))); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
	}()
	for copies := 0; ; {
		select {
		case <-done:
			if copies < 10 {
				t.Errorf("only %d checkpoints", copies)
			}
			if err := s.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			again, err := Open(t.Context(), s.path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := quickCheck(again.writer.conn); err != nil {
				t.Error(err)
			}
			if head, err := again.Head(t.Context()); err != nil || head != writers*each {
				t.Errorf("head is %d, %v", head, err)
			}
			if err := again.Close(context.Background()); err != nil {
				t.Error(err)
			}
			return
		default:
		}
		switch err := c.copy(); {
		case err == nil:
			copies++
		case !errors.Is(err, errBusy): // then the next one copies what this one left
			t.Fatal(err)
		}
		c.long.Store(copies%3 == 0) // the writer takes its turn too
	}
}
