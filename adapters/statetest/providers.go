package statetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

var (
	face1 = []byte("identity 1")
	face2 = []byte("identity 2")
)

func identities(t *testing.T, n nodes) {
	ctx := t.Context()
	is(t, uuid.Nil)(n.one.Bound(ctx, face1))
	is(t, time.Time{})(n.one.BoundSince(ctx, anna))
	is(t, true)(n.one.Bind(ctx, anna, face1, now))
	is(t, true)(n.other.Bind(ctx, anna, face1, tomorrow))
	is(t, false)(n.other.Bind(ctx, bruno, face1, now))
	is(t, anna)(n.other.Bound(ctx, face1))
	is(t, now)(n.other.BoundSince(ctx, anna))
	is(t, true)(n.other.Bind(ctx, bruno, face2, now))
	is(t, false)(n.one.Bind(ctx, bruno, face1, now))
	is(t, bruno)(n.one.Bound(ctx, face2)) // and he has kept his own
	ok(t, n.one.Unbind(ctx, bruno))
	ok(t, n.one.Unbind(ctx, bruno))
	is(t, true)(n.other.Bind(ctx, anna, face2, tomorrow))
	is(t, uuid.Nil)(n.one.Bound(ctx, face1))
	is(t, true)(n.one.Bind(ctx, bruno, face1, now))
	var all []string
	ok(t, n.other.Identities(ctx, func(account uuid.UUID, identity []byte, since time.Time) error {
		all = append(all, fmt.Sprintf("%s %s %v", account, identity, since))
		return nil
	}))
	if want := []string{fmt.Sprintf("%s identity 2 %v", anna, tomorrow), fmt.Sprintf("%s identity 1 %v", bruno, now)}; !slices.Equal(all, want) {
		t.Errorf("all are %v", all)
	}
	ok(t, n.other.SetOut(ctx, key, token1, anna, []byte("bind"), tomorrow))
	ok(t, n.other.Drop(ctx, anna))
	is(t, uuid.Nil)(n.one.Bound(ctx, face2))
	is(t, bruno)(n.one.Bound(ctx, face1))
	returns(t, n.one, token1, now, uuid.Nil, "")
}

func acceptedFor(t *testing.T, n nodes) {
	ctx := t.Context()
	is(t, true)(n.one.Bind(ctx, bruno, face2, now))
	is(t, true)(n.one.Reserve(ctx, anna, annas, link1, now, tomorrow))
	ok(t, n.one.BeginSession(ctx, token1, anna, "password", now, tomorrow))
	is(t, false)(n.one.AcceptIdentity(ctx, link1, "hash", face2, now))
	is(t, "")(n.other.Password(ctx, anna))
	opens(t, n.one, token1, anna)
	is(t, false)(n.one.AcceptIdentity(ctx, link1, "hash", face1, tomorrow))
	is(t, false)(n.one.AcceptIdentity(ctx, link2, "hash", face1, now))
	is(t, uuid.Nil)(n.other.Bound(ctx, face1))
	is(t, true)(n.other.AcceptIdentity(ctx, link1, "hash", face1, now))
	is(t, false)(n.one.AcceptIdentity(ctx, link1, "another", face1, now))
	is(t, false)(n.one.Accept(ctx, link1, "another", now))
	is(t, "hash")(n.one.Password(ctx, anna))
	is(t, anna)(n.one.Bound(ctx, face1))
	opens(t, n.one, token1, uuid.Nil)
}

// returns wants a browser that comes back with the state named by key to be told an errand, or none.
func returns(t *testing.T, s Node, browser []byte, at time.Time, account uuid.UUID, want string) {
	t.Helper()
	got, errand, err := s.Return(t.Context(), key, browser, at)
	if err != nil || got != account || string(errand) != want || (errand == nil) != (want == "") {
		t.Fatalf("%v %q, %v; want %v %q", got, errand, err, account, want)
	}
}

func errands(t *testing.T, n nodes) {
	ctx := t.Context()
	returns(t, n.one, token1, now, uuid.Nil, "")
	ok(t, n.one.SetOut(ctx, key, token1, anna, []byte("bind"), tomorrow))
	returns(t, n.other, token2, now, uuid.Nil, "")
	returns(t, n.other, token1, tomorrow, uuid.Nil, "")
	returns(t, n.other, token1, now, anna, "bind")
	returns(t, n.one, token1, now, uuid.Nil, "")
	ok(t, n.one.SetOut(ctx, key, token1, uuid.Nil, []byte("sign in"), tomorrow))
	ok(t, n.one.SetOut(ctx, []byte("another"), token1, uuid.Nil, []byte("sign in"), tomorrow.Add(time.Second)))
	ok(t, n.other.Purge(ctx, tomorrow))
	returns(t, n.one, token1, now, uuid.Nil, "")
	if _, errand, err := n.one.Return(ctx, []byte("another"), token1, now); err != nil || errand == nil {
		t.Errorf("one that has time left was purged, %v", err)
	}
}

func mail(t *testing.T, n nodes) {
	ctx := t.Context()
	first, second := uuid.New(), uuid.New()
	ok(t, n.one.AskRecovery(ctx, second, []byte("b"), tomorrow))
	ok(t, n.other.AskRecovery(ctx, first, []byte("a"), now))
	var asked []string
	ok(t, n.one.Recoveries(ctx, func(id uuid.UUID, login []byte, at time.Time) error {
		asked = append(asked, fmt.Sprintf("%s %s %v", id, login, at))
		return n.one.DropRecovery(ctx, id)
	}))
	if want := []string{fmt.Sprintf("%s a %v", first, now), fmt.Sprintf("%s b %v", second, tomorrow)}; !slices.Equal(asked, want) {
		t.Errorf("asked %v, want %v", asked, want)
	}
	ok(t, n.other.Recoveries(ctx, func(uuid.UUID, []byte, time.Time) error {
		t.Error("what was dropped is still there")
		return nil
	}))
	is(t, false)(n.one.Posted(ctx, first))
	ok(t, n.one.MarkPosted(ctx, first, now))
	ok(t, n.other.MarkPosted(ctx, first, tomorrow))
	is(t, true)(n.other.Posted(ctx, first))
	is(t, false)(n.other.Posted(ctx, second))
	ok(t, n.one.Purge(ctx, now.Add(6*24*time.Hour)))
	is(t, true)(n.other.Posted(ctx, first))
	ok(t, n.one.Purge(ctx, now.Add(7*24*time.Hour)))
	is(t, false)(n.other.Posted(ctx, first))
}

func raceBind(t *testing.T, n nodes) {
	ctx := t.Context()
	if won := n.race(t, func(_ int, s Node) (bool, error) { return s.Bind(ctx, uuid.New(), face1, now) }); won != 1 {
		t.Errorf("%d have one identity", won)
	}
}

func raceAcceptIdentity(t *testing.T, n nodes) {
	ctx := t.Context()
	is(t, true)(n.one.Reserve(ctx, anna, annas, link1, now, tomorrow))
	won := n.race(t, func(i int, s Node) (bool, error) {
		return s.AcceptIdentity(ctx, link1, fmt.Sprint("hash ", i), fmt.Append(nil, "identity ", i), now)
	})
	bound := 0
	ok(t, n.one.Identities(ctx, func(uuid.UUID, []byte, time.Time) error { bound++; return nil }))
	if won != 1 || bound != 1 {
		t.Errorf("%d used one link, %d identities are bound", won, bound)
	}
}

func raceReturn(t *testing.T, n nodes) {
	ctx := t.Context()
	ok(t, n.one.SetOut(ctx, key, token1, anna, []byte("bind"), tomorrow))
	if won := n.race(t, func(_ int, s Node) (bool, error) {
		_, errand, err := s.Return(ctx, key, token1, now)
		return errand != nil, err
	}); won != 1 {
		t.Errorf("%d came back from one errand", won)
	}
}
