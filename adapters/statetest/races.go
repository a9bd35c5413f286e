package statetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain/event"
	"approdo/domain/policy"
)

func raceReserve(t *testing.T, n nodes) {
	ctx := t.Context()
	var winner atomic.Pointer[uuid.UUID]
	won := n.race(t, func(i int, s Node) (bool, error) {
		account := uuid.New()
		got, err := s.Reserve(ctx, account, annas, fmt.Append(nil, "link ", i), now, tomorrow)
		if got {
			winner.Store(&account)
		}
		return got, err
	})
	account, _, err := n.one.Credential(ctx, annas)
	if won != 1 || err != nil || account != *winner.Load() {
		t.Errorf("%d reserved one login, %v", won, err)
	}
	linked := 0
	for i := range crowd {
		account, _, _, err := n.one.Invitation(ctx, fmt.Append(nil, "link ", i))
		ok(t, err)
		if account != uuid.Nil {
			linked++
		}
	}
	if linked != 1 {
		t.Errorf("%d links to one login", linked)
	}
}

func raceRenew(t *testing.T, n nodes) {
	ctx := t.Context()
	if won := n.race(t, func(i int, s Node) (bool, error) {
		return s.Reserve(ctx, anna, annas, fmt.Append(nil, "link ", i), now, tomorrow)
	}); won != crowd {
		t.Errorf("%d of %d reserved what is theirs", won, crowd)
	}
	links := 0
	for i := range crowd {
		account, _, _, err := n.one.Invitation(ctx, fmt.Append(nil, "link ", i))
		ok(t, err)
		if account == anna {
			links++
		}
	}
	if links != 1 {
		t.Errorf("%d links", links)
	}
}

func raceAccept(t *testing.T, n nodes) {
	ctx := t.Context()
	is(t, true)(n.one.Reserve(ctx, anna, annas, link1, now, tomorrow))
	var hash atomic.Value
	won := n.race(t, func(i int, s Node) (bool, error) {
		mine := fmt.Sprint("hash ", i)
		got, err := s.Accept(ctx, link1, mine, now)
		if got {
			hash.Store(mine)
		}
		return got, err
	})
	if won != 1 {
		t.Errorf("%d used one link", won)
	}
	is(t, hash.Load().(string))(n.one.Password(ctx, anna))
}

func raceReplace(t *testing.T, n nodes) {
	ctx := t.Context()
	is(t, true)(n.one.Reserve(ctx, anna, annas, link1, now, tomorrow))
	is(t, true)(n.one.Accept(ctx, link1, "old", now))
	if won := n.race(t, func(i int, s Node) (bool, error) {
		return s.ReplacePassword(ctx, anna, "old", fmt.Sprint("new ", i))
	}); won != 1 {
		t.Errorf("%d replaced one password", won)
	}
}

// counted wants a key to have so many tries.
func counted(t *testing.T, s Node, want int) {
	t.Helper()
	is(t, tomorrow)(s.Try(t.Context(), key, now, func(count int, _ time.Time) (int, time.Time) {
		if count != want {
			t.Errorf("%d tries are counted, want %d", count, want)
		}
		return 0, tomorrow
	}))
}

func raceTries(t *testing.T, n nodes) {
	ctx := t.Context()
	is(t, time.Time{})(n.one.Try(ctx, key, now, func(int, time.Time) (int, time.Time) { return 1, time.Time{} }))
	won := n.race(t, func(_ int, s Node) (bool, error) {
		wait, err := s.Try(ctx, key, now, func(count int, _ time.Time) (int, time.Time) {
			if count == 5 {
				return 0, tomorrow
			}
			return count + 1, time.Time{}
		})
		return wait.IsZero(), err
	})
	if won != 4 {
		t.Errorf("%d got through, want 4", won)
	}
	counted(t, n.other, 5)
}

func raceFirstTries(t *testing.T, n nodes) {
	n.race(t, func(_ int, s Node) (bool, error) {
		_, err := s.Try(t.Context(), key, now, func(count int, _ time.Time) (int, time.Time) { return count + 1, time.Time{} })
		return true, err
	})
	counted(t, n.one, crowd)
}

func raceTakeBack(t *testing.T, n nodes) {
	ctx := t.Context()
	is(t, time.Time{})(n.one.Try(ctx, key, now, func(int, time.Time) (int, time.Time) { return 100, time.Time{} }))
	n.race(t, func(i int, s Node) (bool, error) {
		if i%4 < 2 { // as many on each node
			return true, s.TakeBack(ctx, key)
		}
		_, err := s.Try(ctx, key, now, func(count int, _ time.Time) (int, time.Time) { return count + 2, time.Time{} })
		return true, err
	})
	counted(t, n.one, 100-crowd/2+2*(crowd/2))
}

// raceClaim wants every claim but those of one request to be told that the key is another's.
func raceClaim(t *testing.T, n nodes) {
	ctx := t.Context()
	won := n.race(t, func(i int, s Node) (bool, error) {
		same, _, _, _, err := s.Claim(ctx, anna, key, fmt.Append(nil, "request ", i/4), now)
		return same, err
	})
	if won != 4 {
		t.Errorf("a key serves %d, want the 4 who ask the same", won)
	}
}

func raceClaimAgain(t *testing.T, n nodes) {
	ctx := t.Context()
	claim(t, n.one, anna, "old", now, "true 0 0 ")
	ok(t, n.one.Answer(ctx, anna, key, 201, 7, "/old"))
	won := n.race(t, func(i int, s Node) (bool, error) {
		same, status, _, _, err := s.Claim(ctx, anna, key, fmt.Append(nil, "request ", i), tomorrow)
		if err == nil && same && status != 0 {
			err = errors.New("the answer of the old request")
		}
		return same, err
	})
	if won != 1 {
		t.Errorf("a key that ran out serves %d requests", won)
	}
}

func raceAnswer(t *testing.T, n nodes) {
	ctx := t.Context()
	claim(t, n.one, anna, "request", now, "true 0 0 ")
	n.race(t, func(i int, s Node) (bool, error) {
		return true, s.Answer(ctx, anna, key, 200+i, uint64(i), fmt.Sprint("/", i))
	})
	_, status, position, location, err := n.one.Claim(ctx, anna, key, []byte("request"), now)
	ok(t, err)
	if status < 200 || position != uint64(status-200) || location != fmt.Sprint("/", status-200) {
		t.Errorf("an answer of several: %d %d %s", status, position, location)
	}
	ok(t, n.other.Answer(ctx, anna, key, 500, 0, ""))
	claim(t, n.other, anna, "request", now, fmt.Sprintf("true %d %d %s", status, position, location))
}

func raceDraft(t *testing.T, n nodes) {
	ctx, draft := t.Context(), uuid.New()
	won := n.race(t, func(i int, s Node) (bool, error) {
		err := s.SaveDraft(ctx, uuid.New(), draft, "request", []byte("mine"), now)
		if errors.Is(err, errNoDraft) {
			return false, nil
		}
		return err == nil, err
	})
	if won != 1 {
		t.Errorf("%d accounts have one draft", won)
	}
}

func raceTouch(t *testing.T, n nodes) {
	ctx := t.Context()
	ok(t, n.one.BeginSession(ctx, token1, anna, "password", now, tomorrow))
	n.race(t, func(i int, s Node) (bool, error) {
		if i == crowd/2 {
			return true, s.EndSessions(ctx, anna)
		}
		return true, s.TouchSession(ctx, token1, now, tomorrow)
	})
	opens(t, n.one, token1, uuid.Nil)
}

// raceOutlive has people sign in with a password, and rise, while it is replaced.
func raceOutlive(t *testing.T, n nodes) {
	ctx := t.Context()
	is(t, true)(n.one.Reserve(ctx, anna, annas, link1, now, tomorrow))
	is(t, true)(n.one.Accept(ctx, link1, "old", now))
	n.race(t, func(i int, s Node) (bool, error) {
		if i == crowd/2 {
			return s.ReplacePassword(ctx, anna, "old", "new")
		}
		begun, err := s.BeginByPassword(ctx, fmt.Append(nil, "token ", i), anna, "old", "password", now, tomorrow)
		if err != nil || !begun {
			return true, err
		}
		_, err = s.RaiseSession(ctx, fmt.Append(nil, "token ", i), fmt.Append(nil, "risen ", i), "password-and-factor", now, tomorrow)
		return true, err
	})
	if left := listed(t, n.other, anna); len(left) > 0 {
		t.Errorf("sessions by a password that was replaced: %q", left)
	}
}

func raceRaise(t *testing.T, n nodes) {
	ctx := t.Context()
	ok(t, n.one.BeginSession(ctx, token1, anna, "password", now, tomorrow))
	won := n.race(t, func(i int, s Node) (bool, error) {
		return s.RaiseSession(ctx, token1, fmt.Append(nil, "risen ", i), "password-and-factor", now, tomorrow)
	})
	if left := listed(t, n.other, anna); won != 1 || len(left) != 1 {
		t.Errorf("%d rose from one, and there are %q", won, left)
	}
}

// raceRemove has the two factors of an account taken away at once, again and again.
func raceRemove(t *testing.T, n nodes) {
	ctx := t.Context()
	factors := []uuid.UUID{uuid.New(), uuid.New()}
	for round := range 10 {
		for _, f := range factors {
			ok(t, n.one.AddFactor(ctx, f, anna, "totp", []byte("secret"), 0, now))
		}
		n.race(t, func(i int, s Node) (bool, error) { return s.RemoveFactor(ctx, anna, factors[i%2], true) })
		if left := has(t, n.other, anna); len(left) != 1 {
			t.Fatalf("round %d: %d factors are left", round, len(left))
		}
	}
}

func raceCodes(t *testing.T, n nodes) {
	ctx := t.Context()
	won := n.race(t, func(i int, s Node) (bool, error) {
		if err := s.AddFactor(ctx, uuid.New(), anna, "totp", []byte("secret"), 0, now); err != nil {
			return false, err
		}
		return s.FirstRecoveryCodes(ctx, anna, [][]byte{fmt.Append(nil, "code ", i)})
	})
	if codes, err := n.other.RecoveryCodes(ctx, anna); won != 1 || len(codes) != 1 || err != nil {
		t.Errorf("codes were told %d times, and there are %q, %v", won, codes, err)
	}
}

func raceCheckpoint(t *testing.T, n nodes) {
	ctx := t.Context()
	n.race(t, func(i int, s Node) (bool, error) {
		return true, s.Checkpoints.Save(ctx, fmt.Sprint("policy ", i%3), event.Position(100+i))
	})
	for i := range 3 {
		at, err := n.one.Checkpoints.Load(ctx, fmt.Sprint("policy ", i))
		ok(t, err)
		if at < 100 || at >= 100+crowd || (at-100)%3 != event.Position(i) {
			t.Errorf("policy %d is at %d", i, at)
		}
	}
}

func racePark(t *testing.T, n nodes) {
	r := one("erasure", "case-a", 30)
	r.Attempts = 1
	n.race(t, func(_ int, s Node) (bool, error) { return true, s.Parking.Park(t.Context(), r) })
	r.Attempts = crowd
	is(t, r)(n.one.Parking.Find(t.Context(), r.ID))
}

func raceGiveUp(t *testing.T, n nodes) {
	ctx, r := t.Context(), one("erasure", "case-a", 30)
	ok(t, n.one.Parking.Park(ctx, r))
	won := n.race(t, func(_ int, s Node) (bool, error) {
		err := s.Parking.Drop(ctx, r.ID, anna, "done-by-hand", now)
		if errors.Is(err, policy.ErrNotParked) {
			return false, nil
		}
		return err == nil, err
	})
	if won != 1 {
		t.Errorf("%d gave one record up", won)
	}
}

// racePurge has nodes purge and sign people out in every order at once: none may stand in another's way for good.
func racePurge(t *testing.T, n nodes) {
	ctx := t.Context()
	for i := range 200 {
		ok(t, n.one.BeginSession(ctx, fmt.Append(nil, "old ", i), anna, "password", now, tomorrow))
	}
	ok(t, n.one.BeginSession(ctx, token1, bruno, "password", now, tomorrow.Add(time.Second)))
	n.race(t, func(i int, s Node) (bool, error) {
		switch i % 4 {
		case 0:
			return true, s.EndSessions(ctx, anna)
		case 1:
			return true, s.Drop(ctx, anna)
		}
		return true, s.Purge(ctx, tomorrow)
	})
	opens(t, n.one, []byte("old 7"), uuid.Nil)
	opens(t, n.one, token1, bruno)
}
