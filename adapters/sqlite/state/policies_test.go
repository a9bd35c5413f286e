package state_test

import (
	"encoding/hex"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/adapters/sqlite/state"
	"approdo/domain/event"
	"approdo/domain/policy"
)

func TestCheckpoints(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, path := open(t)
	at := func(s *state.Store, name string) event.Position {
		p, err := s.Checkpoints().Load(ctx, name)
		ok(t, err)
		return p
	}
	if p := at(s, "clocks"); p != 0 {
		t.Errorf("a policy that never ran is at %d", p)
	}
	ok(t, s.Checkpoints().Save(ctx, "clocks", 7))
	ok(t, s.Checkpoints().Save(ctx, "erasure", 3))
	ok(t, s.Checkpoints().Save(ctx, "clocks", 12))
	again, err := state.Open(path)
	ok(t, err)
	defer func() { ok(t, again.Close()) }()
	if c, e := at(again, "clocks"), at(again, "erasure"); c != 12 || e != 3 {
		t.Errorf("clocks at %d, erasure at %d; want 12 and 3", c, e)
	}
}

func TestParking(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, path := open(t)
	p := s.Parking()
	park := func(name, stream string, position event.Position) policy.Parked {
		one := policy.Parked{ID: uuid.New(), Policy: name, Event: uuid.New(), Type: "case.closed", Stream: stream, Revision: 4,
			Position: position, Code: policy.CodeBehind, First: now, Last: now}
		ok(t, p.Park(ctx, one))
		return one
	}
	same := func(what string, got []policy.Parked, err error, want ...policy.Parked) {
		t.Helper()
		ok(t, err)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %+v, want %+v", what, got, want)
		}
	}
	later, first := park("places-follow-case", "case-a", 30), park("places-follow-case", "case-a", 20)
	other, elsewhere := park("places-follow-case", "case-b", 10), park("erasure", "case-a", 20)

	waiting, err := p.Waiting(ctx, "places-follow-case", "case-a")
	same("waiting", waiting, err, first, later)
	waiting, err = p.Waiting(ctx, "places-follow-case", "case-c")
	same("nothing waits", waiting, err)
	all, err := p.All(ctx)
	same("all", all, err, elsewhere, first, later, other)

	again := first
	again.Code, again.Attempts, again.First, again.Last = "fault", 5, tomorrow, tomorrow
	ok(t, p.Park(ctx, again))
	ok(t, p.Park(ctx, again))
	again.First, again.Attempts = now, 10
	found, err := p.Find(ctx, first.ID)
	same("tried again", []policy.Parked{found}, err, again)

	ok(t, p.Unpark(ctx, first.ID))
	ok(t, p.Unpark(ctx, first.ID))
	if _, err := p.Find(ctx, first.ID); !errors.Is(err, policy.ErrNotParked) {
		t.Errorf("found what was unparked: %v", err)
	}
	ok(t, p.Drop(ctx, later.ID, anna, "done-by-hand", now.Add(time.Hour)))
	if err := p.Drop(ctx, later.ID, anna, "done-by-hand", now); !errors.Is(err, policy.ErrNotParked) {
		t.Errorf("dropped twice: %v", err)
	}
	all, err = p.All(ctx)
	same("what is left", all, err, elsewhere, other)

	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	ok(t, err)
	defer func() { ok(t, conn.Close()) }()
	kept, err := sqlitex.ResultText(conn.Prep(`SELECT group_concat(policy || ' ' || stream || ' ' || position || ' ' || reason || ' ' ||
		lower(hex(account)) || ' ' || at) FROM dropped`))
	ok(t, err)
	if want := "places-follow-case case-a 30 done-by-hand " + hex.EncodeToString(anna[:]) + " 1647252000000"; kept != want {
		t.Errorf("kept of what was dropped: %q, want %q", kept, want)
	}
}
