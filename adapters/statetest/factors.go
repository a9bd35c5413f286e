package statetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

// listed is an account's sessions, by token.
func listed(t *testing.T, s Node, account uuid.UUID) (all []string) {
	t.Helper()
	ok(t, s.Sessions(t.Context(), account, func(token []byte, proof string, created, seen, expires time.Time) error {
		all = append(all, fmt.Sprintf("%s %s %d %d %d %v", token, proof, created.Sub(now)/time.Second, seen.Sub(now)/time.Second,
			expires.Sub(now)/time.Second, expires.Location()))
		return nil
	}))
	return all
}

func sessionList(t *testing.T, n nodes) {
	ctx := t.Context()
	ok(t, n.one.BeginSession(ctx, token1, anna, "password", now, now.Add(time.Hour)))
	ok(t, n.one.BeginSession(ctx, token2, anna, "password-and-factor", now.Add(time.Minute), now.Add(time.Hour)))
	ok(t, n.one.BeginSession(ctx, []byte("token 3"), bruno, "password", now, tomorrow))
	ok(t, n.one.TouchSession(ctx, token1, now.Add(time.Second), now.Add(2*time.Hour)))
	want := []string{"token 2 password-and-factor 60 60 3600 UTC", "token 1 password 0 1 7200 UTC"}
	if got := listed(t, n.other, anna); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	ok(t, n.other.EndOtherSessions(ctx, anna, token2))
	opens(t, n.one, token1, uuid.Nil)
	opens(t, n.one, token2, anna)
	opens(t, n.one, []byte("token 3"), bruno)
}

// has lists an account's factors.
func has(t *testing.T, s Node, account uuid.UUID) (all []string) {
	t.Helper()
	ok(t, s.Factors(t.Context(), account, func(_ uuid.UUID, kind string, sealed []byte, mark int64, since time.Time) error {
		all = append(all, fmt.Sprintf("%s %s %d %d %v", kind, sealed, mark, since.Sub(now)/time.Second, since.Location()))
		return nil
	}))
	return all
}

// counts wants a session's account to have so many factors.
func counts(t *testing.T, s Node, token []byte, want int) {
	t.Helper()
	if _, _, got, _, _, _, err := s.Session(t.Context(), token); err != nil || got != want {
		t.Fatalf("%d factors, %v; want %d", got, err, want)
	}
}

func factors(t *testing.T, n nodes) {
	ctx := t.Context()
	first, second := uuid.New(), uuid.New()
	ok(t, n.one.BeginSession(ctx, token1, anna, "password", now, tomorrow))
	ok(t, n.one.AddFactor(ctx, second, anna, "passkey", []byte("key"), 0, now.Add(time.Minute)))
	ok(t, n.one.AddFactor(ctx, first, anna, "totp", []byte("secret"), 7, now))
	ok(t, n.other.AddFactor(ctx, first, anna, "totp", []byte("another"), 9, now))
	ok(t, n.one.AddFactor(ctx, uuid.New(), bruno, "totp", []byte("his"), 0, now))
	if got := has(t, n.other, anna); !slices.Equal(got, []string{"totp secret 7 0 UTC", "passkey key 0 60 UTC"}) {
		t.Errorf("factors %q", got)
	}
	counts(t, n.other, token1, 2)
	is(t, false)(n.one.MarkFactor(ctx, first, 7))
	is(t, true)(n.other.MarkFactor(ctx, first, 8))
	is(t, false)(n.one.MarkFactor(ctx, first, 8))
	is(t, false)(n.one.MarkFactor(ctx, uuid.New(), 8))

	ok(t, n.one.SetRecoveryCodes(ctx, anna, [][]byte{[]byte("a")}))
	is(t, true)(n.other.RemoveFactor(ctx, bruno, first, true)) // not his
	counts(t, n.one, token1, 2)
	is(t, true)(n.other.RemoveFactor(ctx, anna, first, true))
	if codes, err := n.one.RecoveryCodes(ctx, anna); err != nil || len(codes) != 1 {
		t.Errorf("codes %q, %v", codes, err)
	}
	is(t, false)(n.other.RemoveFactor(ctx, anna, second, true))
	counts(t, n.one, token1, 1)
	is(t, true)(n.other.RemoveFactor(ctx, anna, first, true)) // gone already
	is(t, false)(n.one.FirstRecoveryCodes(ctx, anna, [][]byte{[]byte("b")}))
	is(t, true)(n.other.RemoveFactor(ctx, anna, second, false))
	counts(t, n.one, token1, 0)
	if codes, err := n.one.RecoveryCodes(ctx, anna); err != nil || len(codes) != 0 {
		t.Errorf("codes outlived the last factor: %q, %v", codes, err)
	}

	reset := func(ctx context.Context, account uuid.UUID) error { return n.one.DropFactors(ctx, account, tomorrow) }
	for _, drop := range []func(context.Context, uuid.UUID) error{reset, n.other.Drop} {
		ok(t, n.one.AddFactor(ctx, uuid.New(), anna, "totp", []byte("secret"), 0, now))
		ok(t, n.one.SetRecoveryCodes(ctx, anna, [][]byte{[]byte("a")}))
		ok(t, n.one.Ask(ctx, token1, "totp", anna, []byte("q"), tomorrow))
		ok(t, drop(ctx, anna))
		codes, err := n.one.RecoveryCodes(ctx, anna)
		q, _, errQ := n.one.Question(ctx, token1, "totp")
		if got := has(t, n.one, anna); len(got) != 0 || len(codes) != 0 || len(q) != 0 || err != nil || errQ != nil {
			t.Errorf("left: %q %q %q", got, codes, q)
		}
		opens(t, n.one, token1, uuid.Nil)
	}
	if got := has(t, n.one, bruno); len(got) != 1 {
		t.Errorf("his factors %q", got)
	}
}

// reset wants a reset to take what was there when it was asked for, however late it is carried out, and nothing that came since.
func reset(t *testing.T, n nodes) {
	ctx := t.Context()
	newer := now.Add(time.Minute)
	ok(t, n.one.AddFactor(ctx, uuid.New(), anna, "totp", []byte("lost"), 0, now))
	ok(t, n.one.AddFactor(ctx, uuid.New(), bruno, "totp", []byte("his"), 0, now))
	ok(t, n.one.SetRecoveryCodes(ctx, anna, [][]byte{[]byte("a")}))
	is(t, true)(n.one.Bind(ctx, anna, face1, now))
	is(t, true)(n.one.Bind(ctx, bruno, face2, now))
	ok(t, n.one.SetOut(ctx, key, token1, anna, []byte("bind"), tomorrow))
	ok(t, n.one.BeginSession(ctx, token1, anna, "password", now, tomorrow))
	ok(t, n.other.DropFactors(ctx, anna, now))
	codes, err := n.one.RecoveryCodes(ctx, anna)
	if got := has(t, n.one, anna); len(got) != 0 || len(codes) != 0 || err != nil {
		t.Errorf("left: %q %q, %v", got, codes, err)
	}
	is(t, uuid.Nil)(n.one.Bound(ctx, face1))
	returns(t, n.one, token1, now, uuid.Nil, "")
	opens(t, n.one, token1, uuid.Nil)

	ok(t, n.one.AddFactor(ctx, uuid.New(), anna, "totp", []byte("new"), 0, newer))
	ok(t, n.one.SetRecoveryCodes(ctx, anna, [][]byte{[]byte("b")}))
	is(t, true)(n.one.Bind(ctx, anna, face1, newer))
	ok(t, n.one.BeginSession(ctx, token2, anna, "password", newer, tomorrow))
	ok(t, n.other.DropFactors(ctx, anna, now))
	counts(t, n.one, token2, 1)
	if codes, err := n.one.RecoveryCodes(ctx, anna); len(codes) != 1 || err != nil {
		t.Errorf("new codes %q, %v", codes, err)
	}
	is(t, anna)(n.one.Bound(ctx, face1))
	is(t, bruno)(n.one.Bound(ctx, face2))
	if got := has(t, n.one, bruno); len(got) != 1 {
		t.Errorf("his factors %q", got)
	}
}

func recovery(t *testing.T, n nodes) {
	ctx := t.Context()
	ok(t, n.one.SetRecoveryCodes(ctx, anna, [][]byte{[]byte("a"), []byte("b")}))
	ok(t, n.one.SetRecoveryCodes(ctx, bruno, [][]byte{[]byte("a")}))
	is(t, true)(n.other.UseRecoveryCode(ctx, anna, []byte("a")))
	is(t, false)(n.one.UseRecoveryCode(ctx, anna, []byte("a")))
	is(t, false)(n.one.UseRecoveryCode(ctx, anna, []byte("c")))
	ok(t, n.other.SetRecoveryCodes(ctx, anna, [][]byte{[]byte("c"), []byte("d")}))
	is(t, false)(n.one.UseRecoveryCode(ctx, anna, []byte("b")))
	if codes, err := n.one.RecoveryCodes(ctx, anna); err != nil || !slices.EqualFunc(codes, []string{"c", "d"}, func(b []byte, s string) bool { return string(b) == s }) {
		t.Errorf("codes %q, %v", codes, err)
	}
	is(t, true)(n.one.UseRecoveryCode(ctx, bruno, []byte("a")))
}

// asked wants a session to have a question, empty for none.
func asked(t *testing.T, s Node, session []byte, kind, want string) {
	t.Helper()
	if q, _, err := s.Question(t.Context(), session, kind); err != nil || string(q) != want {
		t.Fatalf("the question is %q, %v; want %q", q, err, want)
	}
}

func questions(t *testing.T, n nodes) {
	ctx := t.Context()
	ok(t, n.one.Ask(ctx, token1, "totp", anna, []byte("q"), now.Add(time.Minute)))
	ok(t, n.one.Ask(ctx, token1, "passkey", anna, []byte("k"), tomorrow))
	ok(t, n.other.Ask(ctx, token1, "totp", anna, []byte("r"), tomorrow.Add(time.Second)))
	q, expires, err := n.one.Question(ctx, token1, "totp")
	if err != nil || string(q) != "r" || !expires.Equal(tomorrow.Add(time.Second)) || expires.Location() != time.UTC {
		t.Errorf("the question is %q until %v, %v", q, expires, err)
	}
	asked(t, n.one, token2, "totp", "")
	is(t, false)(n.one.Answered(ctx, token2, "totp", []byte("r")))
	is(t, false)(n.one.Answered(ctx, token1, "passkey", []byte("r")))
	is(t, false)(n.one.Answered(ctx, token1, "totp", []byte("q"))) // another is asked by now
	ok(t, n.other.Purge(ctx, tomorrow))
	asked(t, n.one, token1, "passkey", "")
	is(t, true)(n.other.Answered(ctx, token1, "totp", []byte("r")))
	is(t, false)(n.one.Answered(ctx, token1, "totp", []byte("r")))
}

func raceMark(t *testing.T, n nodes) {
	factor := uuid.New()
	ok(t, n.one.AddFactor(t.Context(), factor, anna, "totp", []byte("secret"), 7, now))
	if won := n.race(t, func(_ int, s Node) (bool, error) { return s.MarkFactor(t.Context(), factor, 8) }); won != 1 {
		t.Errorf("%d used one code", won)
	}
}

func raceRecovery(t *testing.T, n nodes) {
	ok(t, n.one.SetRecoveryCodes(t.Context(), anna, [][]byte{[]byte("a"), []byte("b")}))
	if won := n.race(t, func(_ int, s Node) (bool, error) { return s.UseRecoveryCode(t.Context(), anna, []byte("a")) }); won != 1 {
		t.Errorf("%d used one code", won)
	}
}

func raceAnswered(t *testing.T, n nodes) {
	ok(t, n.one.Ask(t.Context(), token1, "passkey", anna, []byte("q"), tomorrow))
	if won := n.race(t, func(_ int, s Node) (bool, error) { return s.Answered(t.Context(), token1, "passkey", []byte("q")) }); won != 1 {
		t.Errorf("%d answered one question", won)
	}
}
