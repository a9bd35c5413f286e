package statetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"approdo/domain/ledger"
)

// Ledger keeps signed checkpoints.
type Ledger interface {
	Keep(ctx context.Context, c ledger.Signed) error
	Newest(ctx context.Context, below int64, limit int) ([]ledger.Signed, error)
	Oldest(ctx context.Context, above int64, limit int) ([]ledger.Signed, error)
	Refused(ctx context.Context) (code string, since time.Time, err error)
	Refuse(ctx context.Context, code string, at time.Time) error
	Sent(ctx context.Context, destination string) (size int64, at time.Time, err error)
	MarkSent(ctx context.Context, destination string, size int64, at time.Time) error
}

func signed(size int64) ledger.Signed {
	return ledger.Signed{Size: size, Note: fmt.Appendf(nil, "note %d\n\n— é", size), At: now.Add(time.Duration(size) * time.Second)}
}

func signing(t *testing.T, n nodes) {
	ctx, one, other := t.Context(), n.one.Ledger, n.other.Ledger
	for _, size := range []int64{3, 5, 1 << 20} {
		ok(t, one.Keep(ctx, signed(size)))
	}
	for _, size := range []int64{1 << 20, 5, 7} {
		if err := other.Keep(ctx, signed(size)); !errors.Is(err, ledger.ErrShrunk) {
			t.Errorf("a checkpoint of %d after one of more: %v", size, err)
		}
	}
	listed := func(want ...int64) func([]ledger.Signed, error) {
		t.Helper()
		return func(got []ledger.Signed, err error) {
			t.Helper()
			if err != nil || len(got) != len(want) {
				t.Fatalf("got %+v, %v; want %v", got, err, want)
			}
			for i, c := range got {
				w := signed(want[i])
				if c.Size != w.Size || string(c.Note) != string(w.Note) || !c.At.Equal(w.At) || c.At.Location() != time.UTC {
					t.Errorf("got %+v, want %+v", c, w)
				}
			}
		}
	}
	listed(1<<20, 5)(other.Newest(ctx, 1<<62, 2))
	listed(3)(other.Newest(ctx, 5, 2))
	listed()(other.Newest(ctx, 3, 2))
	listed(3, 5)(other.Oldest(ctx, 0, 2))
	listed(1 << 20)(other.Oldest(ctx, 5, 2))

	refused := func(code string, since time.Time) {
		t.Helper()
		if c, at, err := other.Refused(ctx); err != nil || c != code || code != "" && !at.Equal(since) {
			t.Errorf("refused for %q since %v, %v; want %q since %v", c, at, err, code, since)
		}
	}
	refused("", now)
	ok(t, one.Refuse(ctx, "forked", now))
	ok(t, one.Refuse(ctx, "shrunk", tomorrow))
	refused("shrunk", now)
	ok(t, one.Refuse(ctx, "", tomorrow))
	refused("", now)

	sent := func(to string, size int64, at time.Time) {
		t.Helper()
		if s, when, err := other.Sent(ctx, to); err != nil || s != size || size > 0 && !when.Equal(at) {
			t.Errorf("%s was sent %d at %v, %v; want %d at %v", to, s, when, err, size, at)
		}
	}
	sent("folder", 0, now)
	ok(t, one.MarkSent(ctx, "folder", 3, now))
	ok(t, one.MarkSent(ctx, "folder", 5, tomorrow))
	sent("folder", 5, tomorrow)
	sent("hook", 0, now)
}

// raceSign has a crowd sign the same size: one checkpoint stays.
func raceSign(t *testing.T, n nodes) {
	won := n.race(t, func(_ int, node Node) (bool, error) {
		err := node.Ledger.Keep(t.Context(), signed(9))
		if errors.Is(err, ledger.ErrShrunk) {
			return false, nil
		}
		return err == nil, err
	})
	if all, err := n.one.Ledger.Oldest(t.Context(), 0, 9); won != 1 || len(all) != 1 || err != nil {
		t.Errorf("%d signed, %d are kept, %v", won, len(all), err)
	}
}
