package statetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/policy"
)

// owns wants a link to lead to an account, the nil UUID for none.
func owns(t *testing.T, s Node, link []byte, want uuid.UUID) {
	t.Helper()
	if account, _, _, err := s.Invitation(t.Context(), link); err != nil || account != want {
		t.Fatalf("%s leads to %v, %v; want %v", link, account, err, want)
	}
}

// opens wants a token to be of an account's session, the nil UUID for none.
func opens(t *testing.T, s Node, token []byte, want uuid.UUID) {
	t.Helper()
	if account, _, _, _, _, _, err := s.Session(t.Context(), token); err != nil || account != want {
		t.Fatalf("%s is of %v, %v; want %v", token, account, err, want)
	}
}

func reserved(t *testing.T, n nodes) {
	ctx := t.Context()
	is(t, true)(n.one.Reserve(ctx, anna, annas, link1, now, tomorrow))
	is(t, false)(n.other.Reserve(ctx, bruno, annas, link2, now, tomorrow))
	owns(t, n.one, link2, uuid.Nil)
	is(t, true)(n.other.Reserve(ctx, anna, annas, link2, now, tomorrow.Add(time.Hour)))
	owns(t, n.one, link1, uuid.Nil)
	owns(t, n.one, link2, anna)
	is(t, false)(n.one.Reserve(ctx, bruno, annas, link1, tomorrow, tomorrow.Add(time.Hour)))
	is(t, true)(n.one.Reserve(ctx, bruno, annas, link1, tomorrow.Add(time.Hour), tomorrow.Add(2*time.Hour)))
	if account, hash, err := n.other.Credential(ctx, annas); err != nil || account != bruno || hash != "" {
		t.Errorf("the login is of %v, %q, %v", account, hash, err)
	}
}

func withdrawn(t *testing.T, n nodes) {
	ctx := t.Context()
	is(t, true)(n.one.Reserve(ctx, anna, annas, link1, now, tomorrow))
	ok(t, n.other.Withdraw(ctx, anna))
	owns(t, n.one, link1, uuid.Nil)
	is(t, true)(n.one.Reserve(ctx, bruno, annas, link2, now, tomorrow))
}

func accepted(t *testing.T, n nodes) {
	ctx := t.Context()
	is(t, true)(n.one.Reserve(ctx, anna, annas, link1, now, tomorrow))
	ok(t, n.one.BeginSession(ctx, token1, anna, "password", now, tomorrow))
	is(t, false)(n.one.Accept(ctx, link1, "hash", tomorrow))
	is(t, false)(n.other.Accept(ctx, link2, "hash", now))
	if account, hash, err := n.other.Credential(ctx, annas); err != nil || account != anna || hash != "" {
		t.Fatalf("before the link was used: %v, %q, %v", account, hash, err)
	}
	account, expires, used, err := n.other.Invitation(ctx, link1)
	if err != nil || account != anna || !expires.Equal(tomorrow) || expires.Location() != time.UTC || used {
		t.Errorf("the link of %v until %v, used %t, %v", account, expires, used, err)
	}
	is(t, true)(n.other.Accept(ctx, link1, "hash", now))
	is(t, false)(n.one.Accept(ctx, link1, "another", now))
	is(t, "hash")(n.one.Password(ctx, anna))
	opens(t, n.one, token1, uuid.Nil)
	if _, _, used, err := n.one.Invitation(ctx, link1); err != nil || !used {
		t.Errorf("the link is not marked as used, %v", err)
	}
	is(t, false)(n.one.Reserve(ctx, bruno, annas, link2, tomorrow.AddDate(1, 0, 0), tomorrow.AddDate(1, 0, 1)))
}

func renewed(t *testing.T, n nodes) {
	ctx := t.Context()
	is(t, true)(n.one.Reserve(ctx, anna, annas, link1, now, tomorrow))
	is(t, true)(n.one.Accept(ctx, link1, "old", now))
	is(t, true)(n.one.Reserve(ctx, anna, annas, link2, now, tomorrow))
	is(t, "old")(n.other.Password(ctx, anna))
	ok(t, n.other.Withdraw(ctx, anna))
	owns(t, n.one, link2, uuid.Nil)
	ok(t, n.one.Purge(ctx, tomorrow.AddDate(1, 0, 0)))
	is(t, "old")(n.one.Password(ctx, anna))
}

func replaced(t *testing.T, n nodes) {
	ctx := t.Context()
	is(t, true)(n.one.Reserve(ctx, anna, annas, link1, now, tomorrow))
	is(t, true)(n.one.Accept(ctx, link1, "old", now))
	ok(t, n.one.BeginSession(ctx, token1, anna, "password", now, tomorrow))
	is(t, false)(n.other.ReplacePassword(ctx, anna, "other", "new"))
	opens(t, n.one, token1, anna)
	is(t, true)(n.one.Reserve(ctx, anna, annas, link2, now, tomorrow))
	is(t, true)(n.other.ReplacePassword(ctx, anna, "old", "new"))
	is(t, "new")(n.one.Password(ctx, anna))
	is(t, false)(n.one.Accept(ctx, link2, "by the void link", now))
	opens(t, n.one, token1, uuid.Nil)
	is(t, false)(n.one.ReplacePassword(ctx, bruno, "", "out of nothing"))
}

func dropped(t *testing.T, n nodes) {
	ctx, draft := t.Context(), uuid.New()
	is(t, true)(n.one.Reserve(ctx, anna, annas, link1, now, tomorrow))
	is(t, true)(n.one.Accept(ctx, link1, "hash", now))
	is(t, true)(n.one.Reserve(ctx, anna, annas, link2, now, tomorrow))
	ok(t, n.one.BeginSession(ctx, token1, anna, "password", now, tomorrow))
	ok(t, n.one.BeginSession(ctx, token2, bruno, "password", now, tomorrow))
	ok(t, n.one.SaveDraft(ctx, anna, draft, "request", []byte("sealed"), now))
	claim(t, n.one, anna, "request", now, "true 0 0 ")
	ok(t, n.other.Drop(ctx, anna))
	is(t, "")(n.one.Password(ctx, anna))
	owns(t, n.one, link2, uuid.Nil)
	opens(t, n.one, token1, uuid.Nil)
	opens(t, n.one, token2, bruno)
	if _, _, _, err := n.one.Draft(ctx, anna, draft); !errors.Is(err, errNoDraft) {
		t.Errorf("its draft: %v", err)
	}
	claim(t, n.one, anna, "another", now, "true 0 0 ")
	is(t, true)(n.one.Reserve(ctx, bruno, annas, link1, now, tomorrow))
}

func provenSessions(t *testing.T, n nodes) {
	ctx := t.Context()
	is(t, true)(n.one.Reserve(ctx, anna, annas, link1, now, tomorrow))
	is(t, false)(n.one.BeginByPassword(ctx, token1, anna, "", "password", now, tomorrow)) // no password was chosen yet
	is(t, true)(n.one.Accept(ctx, link1, "hash", now))
	is(t, false)(n.other.BeginByPassword(ctx, token1, anna, "another", "password", now, tomorrow))
	is(t, false)(n.other.BeginByPassword(ctx, token1, bruno, "hash", "password", now, tomorrow))
	opens(t, n.one, token1, uuid.Nil)
	is(t, true)(n.other.BeginByPassword(ctx, token1, anna, "hash", "password", now, now.Add(time.Minute)))
	opens(t, n.one, token1, anna)
	is(t, false)(n.one.RaiseSession(ctx, token2, []byte("token 3"), "password-and-factor", now, tomorrow))
	is(t, true)(n.one.RaiseSession(ctx, token1, token2, "password-and-factor", now.Add(time.Second), tomorrow))
	opens(t, n.other, token1, uuid.Nil)
	account, proof, _, created, seen, expires, err := n.other.Session(ctx, token2)
	if err != nil || account != anna || proof != "password-and-factor" || !created.Equal(now.Add(time.Second)) || !seen.Equal(created) || !expires.Equal(tomorrow) {
		t.Errorf("%v %v %v %v %v %v", account, proof, created, seen, expires, err)
	}
}

func sessions(t *testing.T, n nodes) {
	ctx := t.Context()
	ok(t, n.one.BeginSession(ctx, token1, anna, "password", now, now.Add(time.Minute)))
	ok(t, n.one.BeginSession(ctx, token2, bruno, "password", now, tomorrow))
	ok(t, n.other.TouchSession(ctx, token1, now.Add(time.Second), tomorrow))
	account, proof, factors, created, seen, expires, err := n.one.Session(ctx, token1)
	if err != nil || account != anna || proof != "password" || factors != 0 || !created.Equal(now) || !seen.Equal(now.Add(time.Second)) || !expires.Equal(tomorrow) {
		t.Errorf("%v %v %v %v %v", account, created, seen, expires, err)
	}
	for _, instant := range []time.Time{created, seen, expires} {
		if instant.Location() != time.UTC {
			t.Errorf("%v is not in UTC", instant)
		}
	}
	ok(t, n.other.EndSessions(ctx, anna))
	ok(t, n.one.TouchSession(ctx, token1, now, tomorrow))
	opens(t, n.one, token1, uuid.Nil)
	opens(t, n.one, token2, bruno)
	ok(t, n.one.EndSession(ctx, token2))
	ok(t, n.other.EndSession(ctx, token2))
	opens(t, n.one, token2, uuid.Nil)
}

func tries(t *testing.T, n nodes) {
	ctx := t.Context()
	seen := func(want int, last time.Time) func(int, time.Time) (int, time.Time) {
		return func(count int, at time.Time) (int, time.Time) {
			if count != want || !at.Equal(last) {
				t.Errorf("%d tries, the last at %v; want %d at %v", count, at, want, last)
			}
			return count + 1, time.Time{}
		}
	}
	is(t, time.Time{})(n.one.Try(ctx, key, now, seen(0, time.Time{})))
	is(t, time.Time{})(n.other.Try(ctx, key, now.Add(time.Second), seen(1, now)))
	is(t, time.Time{})(n.one.Try(ctx, []byte("another key"), now, seen(0, time.Time{})))
	is(t, tomorrow)(n.one.Try(ctx, key, now, func(int, time.Time) (int, time.Time) { return 99, tomorrow }))
	is(t, tomorrow)(n.one.Try(ctx, []byte("a new key"), now, func(int, time.Time) (int, time.Time) { return 99, tomorrow }))
	is(t, time.Time{})(n.one.Try(ctx, []byte("a new key"), now, seen(0, time.Time{})))
	ok(t, n.other.TakeBack(ctx, key))
	is(t, time.Time{})(n.one.Try(ctx, key, now, seen(1, now.Add(time.Second))))
	for range 4 {
		ok(t, n.one.TakeBack(ctx, key))
	}
	is(t, time.Time{})(n.other.Try(ctx, key, now, seen(0, now)))
	ok(t, n.other.ForgetTries(ctx, key))
	is(t, time.Time{})(n.one.Try(ctx, key, now, seen(0, time.Time{})))
}

var errNoDraft = domain.NotFound("draft-not-found")

func drafts(t *testing.T, n nodes) {
	ctx := t.Context()
	first, second := uuid.New(), uuid.New()
	ok(t, n.one.SaveDraft(ctx, anna, first, "request", []byte("one"), now))
	ok(t, n.one.SaveDraft(ctx, anna, second, "request", []byte("two"), now.Add(time.Second)))
	ok(t, n.one.SaveDraft(ctx, anna, uuid.New(), "enrolment", []byte("three"), now))
	ok(t, n.other.SaveDraft(ctx, anna, first, "request", []byte("one, again"), now.Add(time.Minute)))
	if err := n.other.SaveDraft(ctx, bruno, first, "request", []byte("mine"), now); !errors.Is(err, errNoDraft) {
		t.Errorf("written over by another: %v", err)
	}
	if _, _, _, err := n.one.Draft(ctx, bruno, first); !errors.Is(err, errNoDraft) {
		t.Errorf("read by another: %v", err)
	}
	ok(t, n.one.DropDraft(ctx, bruno, first))
	kind, sealed, updated, err := n.one.Draft(ctx, anna, first)
	if err != nil || kind != "request" || string(sealed) != "one, again" || !updated.Equal(now.Add(time.Minute)) {
		t.Errorf("%q %q %v %v", kind, sealed, updated, err)
	}
	var listed []uuid.UUID
	ok(t, n.other.Drafts(ctx, anna, "request", func(draft uuid.UUID, _ []byte, _ time.Time) error {
		listed = append(listed, draft)
		return nil
	}))
	if !slices.Equal(listed, []uuid.UUID{first, second}) {
		t.Errorf("listed %v", listed)
	}
	enough := errors.New("enough")
	if err := n.one.Drafts(ctx, anna, "request", func(uuid.UUID, []byte, time.Time) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("stopped with %v", err)
	}
	ok(t, n.other.DropDraft(ctx, anna, first))
	if _, _, _, err := n.one.Draft(ctx, anna, first); !errors.Is(err, errNoDraft) {
		t.Errorf("dropped, and: %v", err)
	}
}

// claim wants a claim under the key to be told what want says: same, status, position, location.
func claim(t *testing.T, s Node, account uuid.UUID, request string, at time.Time, want string) {
	t.Helper()
	same, status, position, location, err := s.Claim(t.Context(), account, key, []byte(request), at)
	if got := fmt.Sprintf("%t %d %d %s", same, status, position, location); err != nil || got != want {
		t.Fatalf("got %s, %v; want %s", got, err, want)
	}
}

func answers(t *testing.T, n nodes) {
	ctx := t.Context()
	claim(t, n.one, anna, "request", now, "true 0 0 ")
	claim(t, n.other, anna, "request", now, "true 0 0 ")
	ok(t, n.one.Answer(ctx, anna, key, 201, 7, "/api/v1/cases/1"))
	ok(t, n.other.Answer(ctx, anna, key, 500, 0, ""))
	ok(t, n.other.Answer(ctx, bruno, key, 500, 0, ""))
	claim(t, n.other, anna, "request", now.Add(time.Hour), "true 201 7 /api/v1/cases/1")
	if same, _, _, _, err := n.one.Claim(ctx, anna, key, []byte("another"), now); err != nil || same {
		t.Errorf("the key served another request: %v, %v", same, err)
	}
	claim(t, n.one, bruno, "request", now, "true 0 0 ")
	claim(t, n.other, anna, "another", now.Add(24*time.Hour), "true 0 0 ")
}

func purged(t *testing.T, n nodes) {
	ctx := t.Context()
	old, kept := uuid.New(), uuid.New()
	is(t, true)(n.one.Reserve(ctx, anna, annas, link1, now, tomorrow))
	ok(t, n.one.BeginSession(ctx, token1, anna, "password", now, tomorrow))
	ok(t, n.one.BeginSession(ctx, token2, anna, "password", now, tomorrow.Add(time.Second)))
	ok(t, n.one.SaveDraft(ctx, anna, old, "request", []byte("old"), tomorrow.Add(-366*24*time.Hour)))
	ok(t, n.one.SaveDraft(ctx, anna, kept, "request", []byte("kept"), tomorrow.Add(time.Second-366*24*time.Hour)))
	one := func(int, time.Time) (int, time.Time) { return 1, time.Time{} }
	is(t, time.Time{})(n.one.Try(ctx, []byte("old key"), now, one))
	is(t, time.Time{})(n.one.Try(ctx, key, now.Add(time.Second), one))
	ok(t, n.other.Purge(ctx, tomorrow))
	if account, _, err := n.one.Credential(ctx, annas); err != nil || account != uuid.Nil {
		t.Errorf("a reservation outlived its invitation: %v, %v", account, err)
	}
	owns(t, n.one, link1, uuid.Nil)
	opens(t, n.one, token1, uuid.Nil)
	opens(t, n.one, token2, anna)
	if _, _, _, err := n.one.Draft(ctx, anna, old); !errors.Is(err, errNoDraft) {
		t.Errorf("the older draft: %v", err)
	}
	if _, _, _, err := n.one.Draft(ctx, anna, kept); err != nil {
		t.Errorf("the newer draft: %v", err)
	}
	for name, want := range map[string]int{"old key": 0, string(key): 1} {
		is(t, time.Time{})(n.one.Try(ctx, []byte(name), now, func(count int, _ time.Time) (int, time.Time) {
			if count != want {
				t.Errorf("%s has %d tries, want %d", name, count, want)
			}
			return 1, time.Time{}
		}))
	}
}

func left(t *testing.T, n nodes) {
	leaving, leave := context.WithCancel(t.Context())
	_, err := n.one.Try(leaving, key, now, func(int, time.Time) (int, time.Time) {
		leave()
		return 9, time.Time{}
	})
	if !errors.Is(err, context.Canceled) || errors.Is(err, domain.KindUnavailable) {
		t.Fatalf("err %v", err)
	}
	is(t, time.Time{})(n.other.Try(t.Context(), key, now, func(count int, _ time.Time) (int, time.Time) {
		if count != 0 {
			t.Errorf("%d tries were kept", count)
		}
		return 1, time.Time{}
	}))
}

func gone(t *testing.T, n nodes) {
	ctx, leave := context.WithCancel(t.Context())
	leave()
	_, readErr := n.one.Password(ctx, anna)
	_, parkedErr := n.one.Parking.All(ctx)
	_, reserveErr := n.one.Reserve(ctx, anna, annas, link1, now, tomorrow)
	writeErr := n.one.EndSession(ctx, token1)
	for what, err := range map[string]error{"read": readErr, "list": parkedErr, "transaction": reserveErr, "write": writeErr} {
		if !errors.Is(err, context.Canceled) || errors.Is(err, domain.KindUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func checkpoints(t *testing.T, n nodes) {
	ctx := t.Context()
	is(t, event.Position(0))(n.one.Checkpoints.Load(ctx, "clocks"))
	ok(t, n.one.Checkpoints.Save(ctx, "clocks", 7))
	ok(t, n.one.Checkpoints.Save(ctx, "erasure", 3))
	ok(t, n.other.Checkpoints.Save(ctx, "clocks", 12))
	is(t, event.Position(12))(n.one.Checkpoints.Load(ctx, "clocks"))
	is(t, event.Position(3))(n.other.Checkpoints.Load(ctx, "erasure"))
	all, err := n.other.Checkpoints.All(ctx)
	if err != nil || len(all) != 2 || all["clocks"] != 12 || all["erasure"] != 3 {
		t.Errorf("all are %v, %v", all, err)
	}
}

// one is a record that a policy has parked.
func one(name, stream string, position event.Position) policy.Parked {
	return policy.Parked{ID: uuid.New(), Policy: name, Event: uuid.New(), Type: "case.closed", Stream: stream, Revision: 4,
		Position: position, Code: policy.CodeBehind, First: now, Last: now}
}

func same(t *testing.T, want ...policy.Parked) func([]policy.Parked, error) {
	t.Helper()
	return func(got []policy.Parked, err error) {
		t.Helper()
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("got %+v, %v; want %+v", got, err, want)
		}
	}
}

func parking(t *testing.T, n nodes) {
	ctx, p, q := t.Context(), n.one.Parking, n.other.Parking
	later, first := one("places-follow-case", "case-a", 30), one("places-follow-case", "case-a", 20)
	other, elsewhere := one("places-follow-case", "case-b", 10), one("erasure", "case-a", 20)
	elsewhere.Event = uuid.Nil
	for _, r := range []policy.Parked{later, first, other, elsewhere} {
		ok(t, p.Park(ctx, r))
	}
	same(t, first, later)(q.Waiting(ctx, "places-follow-case", "case-a"))
	same(t)(q.Waiting(ctx, "places-follow-case", "case-c"))
	same(t, elsewhere, first, later, other)(q.All(ctx))

	again := first
	again.Code, again.Attempts, again.First, again.Last = "fault", 5, tomorrow, tomorrow
	ok(t, p.Park(ctx, again))
	ok(t, q.Park(ctx, again))
	again.First, again.Attempts = now, 10
	is(t, again)(q.Find(ctx, first.ID))

	ok(t, q.Unpark(ctx, first.ID))
	ok(t, p.Unpark(ctx, first.ID))
	if _, err := p.Find(ctx, first.ID); !errors.Is(err, policy.ErrNotParked) {
		t.Errorf("found what was unparked: %v", err)
	}
}

func givenUp(t *testing.T, n nodes) {
	ctx := t.Context()
	r, stays := one("erasure", "case-a", 30), one("erasure", "case-a", 31)
	ok(t, n.one.Parking.Park(ctx, r))
	ok(t, n.one.Parking.Park(ctx, stays))
	ok(t, n.other.Parking.Drop(ctx, r.ID, anna, "done-by-hand", now))
	if err := n.one.Parking.Drop(ctx, r.ID, anna, "done-by-hand", now); !errors.Is(err, policy.ErrNotParked) {
		t.Errorf("dropped twice: %v", err)
	}
	same(t, stays)(n.one.Parking.All(ctx))
}

func adopted(t *testing.T, n nodes) {
	ctx := t.Context()
	passwords := func() (all []string) {
		t.Helper()
		if err := n.other.Passwords(ctx, func(account uuid.UUID, login []byte, hash string) error {
			all = append(all, fmt.Sprintf("%s %s %s", account, login, hash))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	adopt := func(want bool, account uuid.UUID, login, hash string) {
		t.Helper()
		if ok, err := n.one.Adopt(ctx, account, []byte(login), hash); err != nil || ok != want {
			t.Errorf("adopted %v, %v; want %v", ok, err, want)
		}
	}
	if _, err := n.one.Reserve(ctx, bruno, []byte("reserved"), []byte("link"), now, tomorrow); err != nil {
		t.Fatal(err)
	}
	adopt(true, anna, "elsewhere", "hash")
	adopt(true, anna, "elsewhere", "hash")
	adopt(false, anna, "elsewhere", "other hash")
	adopt(false, anna, "other login", "hash")
	adopt(false, bruno, "elsewhere", "hash")
	adopt(false, bruno, "another", "hash") // his invitation stands
	if all := passwords(); len(all) != 1 || all[0] != anna.String()+" elsewhere hash" {
		t.Errorf("passwords of %v", all)
	}
	if account, hash, err := n.other.Credential(ctx, []byte("elsewhere")); err != nil || account != anna || hash != "hash" {
		t.Errorf("%s, %q, %v", account, hash, err)
	}
	stop := errors.New("enough")
	if err := n.one.Passwords(ctx, func(uuid.UUID, []byte, string) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("it goes on: %v", err)
	}
}
