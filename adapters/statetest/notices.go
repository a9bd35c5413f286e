package statetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// Notices keeps what people are to be told and were told.
type Notices interface {
	Queue(ctx context.Context, id, account uuid.UUID, content []byte, due, now time.Time) (bool, error)
	Drop(ctx context.Context, id uuid.UUID) error
	Due(ctx context.Context, now time.Time, limit int) ([]uuid.UUID, error)
	Claim(ctx context.Context, account, mail uuid.UUID, now time.Time) (contents [][]byte, tries int, err error)
	Sent(ctx context.Context, mail uuid.UUID, now time.Time) error
	Fail(ctx context.Context, mail uuid.UUID, code string, now time.Time) error
	Recorded(ctx context.Context, mail uuid.UUID, now time.Time) error
	Return(ctx context.Context, mail uuid.UUID, code string, due, now time.Time) error
	Abandon(ctx context.Context, code string, by, now time.Time) error
	Retry(ctx context.Context, mail uuid.UUID, now time.Time) (bool, error)
	Unrecorded(ctx context.Context, each func(mail, account uuid.UUID, contents [][]byte, at time.Time) error) error
	Mails(ctx context.Context, limit int, each func(mail, account uuid.UUID, status, code string, count int, at time.Time) error) error
	Preferences(ctx context.Context, account uuid.UUID) ([]byte, error)
	SavePreferences(ctx context.Context, account uuid.UUID, chosen []byte) error
}

// The notices of these rules, in the order of their ids, and the messages they leave in.
var (
	first, second, third = numbered(0xa1), numbered(0xa2), numbered(0xa3)
	mail1, mail2         = numbered(0xb1), numbered(0xb2)
)

func numbered(n byte) uuid.UUID {
	id := anna
	id[15] = n
	return id
}

func minutes(n int) time.Time { return now.Add(time.Duration(n) * time.Minute) }

// claimed wants the notices that a claim gives, and how often they were tried.
func claimed(t *testing.T, n Node, account, mail uuid.UUID, at time.Time, want string) {
	t.Helper()
	contents, tries, err := n.Notices.Claim(t.Context(), account, mail, at)
	var words []string
	for _, c := range contents {
		words = append(words, string(c))
	}
	if got := fmt.Sprintf("%s %d", strings.Join(words, " "), tries); err != nil || got != want {
		t.Fatalf("claimed %q, %v; want %q", got, err, want)
	}
}

// mails wants the list of messages: "status code count".
func mails(t *testing.T, n Node, want ...string) {
	t.Helper()
	var got []string
	err := n.Notices.Mails(t.Context(), 10, func(_, _ uuid.UUID, status, code string, count int, _ time.Time) error {
		got = append(got, fmt.Sprintf("%s %s %d", status, code, count))
		return nil
	})
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("messages %q, %v; want %q", got, err, want)
	}
}

func notices(t *testing.T, n nodes) {
	ctx, one, other := t.Context(), n.one.Notices, n.other.Notices
	is(t, true)(one.Queue(ctx, second, anna, []byte("second"), now, now))
	is(t, true)(one.Queue(ctx, first, anna, []byte("first"), minutes(1), now))
	is(t, true)(one.Queue(ctx, third, bruno, []byte("third"), minutes(-1), now))
	is(t, false)(other.Queue(ctx, second, anna, []byte("again"), minutes(9), now))
	due := func(at time.Time, limit int, want ...uuid.UUID) {
		t.Helper()
		if got, err := other.Due(ctx, at, limit); err != nil || !slices.Equal(got, want) {
			t.Fatalf("due at %v: %v, %v; want %v", at, got, err, want)
		}
	}
	due(minutes(-2), 9)
	due(now, 9, bruno, anna)
	due(now, 1, bruno)

	claimed(t, n.one, anna, mail1, now, "second 0") // the first is not due yet
	claimed(t, n.other, anna, mail2, now, " 0")     // somebody has it
	due(now, 9, bruno)
	is(t, false)(other.Queue(ctx, second, anna, []byte("again"), now, now))
	ok(t, other.Drop(ctx, second)) // too late: somebody has it
	ok(t, one.Drop(ctx, third))    // nobody asks any more
	ok(t, one.Drop(ctx, third))    // again
	claimed(t, n.one, bruno, uuid.New(), now, " 0")
	ok(t, one.Recorded(ctx, mail1, now)) // it has not left
	ok(t, one.Sent(ctx, mail1, minutes(1)))
	ok(t, other.Fail(ctx, mail1, "late", minutes(2))) // it has left
	ok(t, other.Return(ctx, mail1, "late", now, minutes(2)))
	claimed(t, n.other, anna, mail2, minutes(1), "first 0")
	ok(t, other.Sent(ctx, mail2, minutes(2)))
	claimed(t, n.one, anna, uuid.New(), minutes(60), " 0")

	unrecorded := func(want ...string) {
		t.Helper()
		var got []string
		ok(t, one.Unrecorded(ctx, func(mail, account uuid.UUID, contents [][]byte, at time.Time) error {
			if account != anna || at.Location() != time.UTC {
				t.Errorf("of %v at %v", account, at)
			}
			got = append(got, fmt.Sprintf("%v %s %v", mail == mail1, contents[0], at.Sub(now)))
			if mail == mail1 {
				return other.Recorded(ctx, mail, minutes(3))
			}
			return nil
		}))
		if !slices.Equal(got, want) {
			t.Fatalf("unrecorded %q, want %q", got, want)
		}
	}
	unrecorded("true second 1m0s", "false first 2m0s")
	unrecorded("false first 2m0s")
	mails(t, n.other, "recorded  1", "sent  1")
	is(t, false)(other.Queue(ctx, second, anna, []byte("again"), now, now))
}

func noticesBack(t *testing.T, n nodes) {
	ctx, one, other := t.Context(), n.one.Notices, n.other.Notices
	is(t, true)(one.Queue(ctx, first, anna, []byte("first"), now, now))
	is(t, true)(one.Queue(ctx, second, anna, []byte("second"), minutes(3), now))
	claimed(t, n.one, anna, mail1, now, "first 0")
	ok(t, one.Return(ctx, mail1, "mail-away", minutes(5), minutes(1)))
	claimed(t, n.other, anna, mail2, minutes(4), "second 0") // what came later does not wait for what is tried again
	claimed(t, n.one, anna, mail1, minutes(5), "first 1")
	is(t, false)(other.Retry(ctx, mail1, now))
	ok(t, one.Fail(ctx, mail1, "mail-recipient-refused", minutes(6)))
	mails(t, n.other, "failed mail-recipient-refused 1", "sending  1")
	is(t, true)(other.Retry(ctx, mail1, minutes(7)))
	is(t, false)(one.Retry(ctx, mail1, minutes(7)))
	claimed(t, n.one, anna, mail1, minutes(7), "first 0")

	// Who claimed it has died: whether it has left nobody knows, and it is not sent on its own.
	ok(t, other.Abandon(ctx, "mail-outcome-unknown", minutes(4), minutes(20)))
	mails(t, n.one, "failed mail-outcome-unknown 1", "sending  1")
	ok(t, other.Sent(ctx, mail2, minutes(21)))
	if got, err := one.Due(ctx, tomorrow, 9); err != nil || len(got) != 0 {
		t.Errorf("due for %v, %v", got, err)
	}
}

func noticesEnd(t *testing.T, n nodes) {
	ctx, one, other := t.Context(), n.one.Notices, n.other.Notices
	for i, who := range []uuid.UUID{anna, anna, bruno} {
		is(t, true)(one.Queue(ctx, []uuid.UUID{first, second, third}[i], who, []byte("x"), minutes(i), now))
	}
	claimed(t, n.one, anna, mail1, now, "x 0")
	ok(t, one.Sent(ctx, mail1, now))
	ok(t, n.one.Purge(ctx, now.AddDate(0, 0, 40))) // it does not stand in the journal yet
	ok(t, one.Recorded(ctx, mail1, now))
	ok(t, n.one.Purge(ctx, now.AddDate(0, 0, 29)))
	is(t, false)(one.Queue(ctx, first, anna, []byte("x"), now, now))
	ok(t, n.other.Purge(ctx, now.AddDate(0, 0, 31)))
	is(t, true)(one.Queue(ctx, first, anna, []byte("x"), now, now))

	chosen := func(who uuid.UUID, want string) {
		t.Helper()
		if got, err := other.Preferences(ctx, who); err != nil || string(got) != want {
			t.Fatalf("chosen %q, %v; want %q", got, err, want)
		}
	}
	chosen(anna, "")
	ok(t, one.SavePreferences(ctx, anna, []byte("daily")))
	ok(t, one.SavePreferences(ctx, anna, []byte("never")))
	ok(t, one.SavePreferences(ctx, bruno, []byte("at once")))
	chosen(anna, "never")
	ok(t, n.one.Drop(ctx, anna))
	chosen(anna, "")
	chosen(bruno, "at once")
	if got, err := other.Due(ctx, tomorrow, 9); err != nil || !slices.Equal(got, []uuid.UUID{bruno}) {
		t.Errorf("due for %v, %v", got, err)
	}
}

// raceClaimNotices has a crowd claim the same notices: every one leaves in one message.
func raceClaimNotices(t *testing.T, n nodes) {
	ctx := t.Context()
	const count = 20
	for range count {
		is(t, true)(n.one.Notices.Queue(ctx, uuid.New(), anna, []byte("x"), now, now))
	}
	got := make([]int, crowd)
	n.race(t, func(i int, node Node) (bool, error) {
		contents, _, err := node.Notices.Claim(ctx, anna, uuid.New(), now)
		got[i] = len(contents)
		return len(contents) > 0, err
	})
	total := 0
	for _, g := range got {
		total += g
	}
	if total != count {
		t.Errorf("%d notices were claimed %d times: %v", count, total, got)
	}
}

// raceQueue has a crowd queue the same notice, as redelivery does.
func raceQueue(t *testing.T, n nodes) {
	won := n.race(t, func(_ int, node Node) (bool, error) {
		return node.Notices.Queue(t.Context(), first, anna, []byte("x"), now, now)
	})
	if won != 1 {
		t.Errorf("queued %d times", won)
	}
}
