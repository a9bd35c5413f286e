package state_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/sqlite/state"
	"approdo/domain"
)

var (
	now      = time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)
	anna     = uuid.MustParse("018f0000-0000-7000-8000-000000000001")
	bruno    = uuid.MustParse("018f0000-0000-7000-8000-000000000002")
	annas    = []byte("token of anna's login")
	link1    = []byte("link 1")
	link2    = []byte("link 2")
	token1   = []byte("token 1")
	token2   = []byte("token 2")
	tomorrow = now.Add(24 * time.Hour)
)

func open(t *testing.T) (*state.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	s, err := state.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, path
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is wants a value and no error.
func is[V comparable](t *testing.T, want V) func(V, error) {
	t.Helper()
	return func(got V, err error) {
		t.Helper()
		if err != nil || got != want {
			t.Fatalf("got %v, %v; want %v", got, err, want)
		}
	}
}

func TestALoginIsReservedAsLongAsTheInvitationStands(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	is(t, true)(s.Reserve(ctx, anna, annas, link1, now, tomorrow))
	is(t, false)(s.Reserve(ctx, bruno, annas, link2, now, tomorrow))
	if account, _, _, err := s.Invitation(ctx, link2); err != nil || account != uuid.Nil {
		t.Errorf("a link for a login that is another's: %v, %v", account, err)
	}
	is(t, true)(s.Reserve(ctx, anna, annas, link2, now, tomorrow.Add(time.Hour)))
	if account, _, _, err := s.Invitation(ctx, link1); err != nil || account != uuid.Nil {
		t.Errorf("the older link still leads to %v, %v", account, err)
	}
	is(t, false)(s.Reserve(ctx, bruno, annas, link1, tomorrow, tomorrow.Add(time.Hour)))
	is(t, true)(s.Reserve(ctx, bruno, annas, link1, tomorrow.Add(time.Hour), tomorrow.Add(2*time.Hour)))
	ok(t, s.Withdraw(ctx, bruno))
	is(t, true)(s.Reserve(ctx, anna, annas, link2, now, tomorrow))
}

func TestALinkIsAcceptedOnceInTime(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	is(t, true)(s.Reserve(ctx, anna, annas, link1, now, tomorrow))
	is(t, false)(s.Accept(ctx, link1, "hash", tomorrow))
	is(t, false)(s.Accept(ctx, link2, "hash", now))
	if account, hash, err := s.Credential(ctx, annas); err != nil || account != anna || hash != "" {
		t.Fatalf("before the link was used: %v, %q, %v", account, hash, err)
	}
	var accepted atomic.Int32
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			won, err := s.Accept(ctx, link1, fmt.Sprint("hash ", i), now)
			if err != nil {
				t.Error(err)
			}
			if won {
				accepted.Add(1)
			}
		})
	}
	all.Wait()
	if accepted.Load() != 1 {
		t.Errorf("%d used one link", accepted.Load())
	}
	if _, _, used, err := s.Invitation(ctx, link1); err != nil || !used {
		t.Errorf("the link is not marked as used, %v", err)
	}
	is(t, false)(s.Reserve(ctx, bruno, annas, link2, tomorrow.AddDate(1, 0, 0), tomorrow.AddDate(1, 0, 1)))
}

func TestAPasswordOutlivesARenewalAndIsReplacedOnlyByWhoKnewIt(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	is(t, true)(s.Reserve(ctx, anna, annas, link1, now, tomorrow))
	is(t, true)(s.Accept(ctx, link1, "old", now))
	is(t, true)(s.Reserve(ctx, anna, annas, link2, now, tomorrow))
	ok(t, s.Withdraw(ctx, anna))
	ok(t, s.Purge(ctx, tomorrow.AddDate(1, 0, 0)))
	is(t, "old")(s.Password(ctx, anna))
	ok(t, s.BeginSession(ctx, token1, anna, now, tomorrow))
	is(t, false)(s.ReplacePassword(ctx, anna, "other", "new"))
	is(t, true)(s.Reserve(ctx, anna, annas, link2, now, tomorrow))
	is(t, true)(s.ReplacePassword(ctx, anna, "old", "new"))
	is(t, "new")(s.Password(ctx, anna))
	is(t, false)(s.Accept(ctx, link2, "by the void link", now))
	if account, _, _, _, err := s.Session(ctx, token1); err != nil || account != uuid.Nil {
		t.Errorf("a session outlived its password: %v, %v", account, err)
	}
	ok(t, s.Drop(ctx, anna))
	is(t, "")(s.Password(ctx, anna))
	is(t, true)(s.Reserve(ctx, bruno, annas, link1, now, tomorrow))
}

func TestSessionsBeginMoveAndEnd(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	ok(t, s.BeginSession(ctx, token1, anna, now, now.Add(time.Minute)))
	ok(t, s.BeginSession(ctx, token2, bruno, now, tomorrow))
	ok(t, s.TouchSession(ctx, token1, now.Add(time.Second), tomorrow))
	account, created, seen, expires, err := s.Session(ctx, token1)
	if err != nil || account != anna || !created.Equal(now) || !seen.Equal(now.Add(time.Second)) || !expires.Equal(tomorrow) {
		t.Errorf("%v %v %v %v %v", account, created, seen, expires, err)
	}
	ok(t, s.EndSessions(ctx, anna))
	ok(t, s.TouchSession(ctx, token1, now, tomorrow))
	for token, want := range map[string]uuid.UUID{string(token1): uuid.Nil, string(token2): bruno} {
		if account, _, _, _, err := s.Session(ctx, []byte(token)); err != nil || account != want {
			t.Errorf("%s is of %v, %v", token, account, err)
		}
	}
	ok(t, s.EndSession(ctx, token2))
	ok(t, s.EndSession(ctx, token2))
	if account, _, _, _, err := s.Session(ctx, token2); err != nil || account != uuid.Nil {
		t.Errorf("ended, and still of %v, %v", account, err)
	}
}

func TestTriesAreJudgedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx, key := t.Context(), []byte("key")
	atMost5 := func(count int, _ time.Time) (int, time.Time) {
		if count == 5 {
			return 0, tomorrow
		}
		return count + 1, time.Time{}
	}
	var let atomic.Int32
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			wait, err := s.Try(ctx, key, now, atMost5)
			if err != nil {
				t.Error(err)
			}
			if wait.IsZero() {
				let.Add(1)
			}
		})
	}
	all.Wait()
	if let.Load() != 5 {
		t.Errorf("%d of 12 got through", let.Load())
	}
	ok(t, s.TakeBack(ctx, key))
	seen := func(want int, last time.Time) func(int, time.Time) (int, time.Time) {
		return func(count int, at time.Time) (int, time.Time) {
			if count != want || !at.Equal(last) {
				t.Errorf("%d tries, the last at %v; want %d at %v", count, at, want, last)
			}
			return count + 1, time.Time{}
		}
	}
	is(t, time.Time{})(s.Try(ctx, key, now.Add(time.Second), seen(4, now)))
	is(t, time.Time{})(s.Try(ctx, key, now, seen(5, now.Add(time.Second))))
	ok(t, s.ForgetTries(ctx, key))
	is(t, time.Time{})(s.Try(ctx, key, now, seen(0, time.Time{})))
}

func TestDraftsAreTheirAccountsAlone(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	first, second := uuid.New(), uuid.New()
	ok(t, s.SaveDraft(ctx, anna, first, "request", []byte("one"), now))
	ok(t, s.SaveDraft(ctx, anna, second, "request", []byte("two"), now.Add(time.Second)))
	ok(t, s.SaveDraft(ctx, anna, uuid.New(), "enrolment", []byte("three"), now))
	ok(t, s.SaveDraft(ctx, anna, first, "request", []byte("one, again"), now.Add(time.Minute)))
	if err := s.SaveDraft(ctx, bruno, first, "request", []byte("mine"), now); !errors.Is(err, domain.KindNotFound) {
		t.Errorf("written over by another: %v", err)
	}
	if _, _, _, err := s.Draft(ctx, bruno, first); !errors.Is(err, state.ErrNoDraft) {
		t.Errorf("read by another: %v", err)
	}
	ok(t, s.DropDraft(ctx, bruno, first))
	kind, sealed, updated, err := s.Draft(ctx, anna, first)
	if err != nil || kind != "request" || string(sealed) != "one, again" || !updated.Equal(now.Add(time.Minute)) {
		t.Errorf("%q %q %v %v", kind, sealed, updated, err)
	}
	var listed []uuid.UUID
	ok(t, s.Drafts(ctx, anna, "request", func(draft uuid.UUID, _ []byte, _ time.Time) error {
		listed = append(listed, draft)
		return nil
	}))
	if !slices.Equal(listed, []uuid.UUID{first, second}) {
		t.Errorf("listed %v", listed)
	}
	ok(t, s.DropDraft(ctx, anna, first))
	if _, _, _, err := s.Draft(ctx, anna, first); !errors.Is(err, state.ErrNoDraft) {
		t.Errorf("dropped, and: %v", err)
	}
}

func TestAnAnswerIsRepeatedForADay(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx, key, request := t.Context(), []byte("key"), []byte("request")
	claim := func(account uuid.UUID, request []byte, at time.Time, want string) {
		t.Helper()
		same, status, position, location, err := s.Claim(ctx, account, key, request, at)
		if got := fmt.Sprintf("%t %d %d %s", same, status, position, location); err != nil || got != want {
			t.Fatalf("got %s, %v; want %s", got, err, want)
		}
	}
	claim(anna, request, now, "true 0 0 ")
	claim(anna, request, now, "true 0 0 ")
	ok(t, s.Answer(ctx, anna, key, 201, 7, "/api/v1/cases/1"))
	ok(t, s.Answer(ctx, anna, key, 500, 0, ""))
	claim(anna, request, now.Add(time.Hour), "true 201 7 /api/v1/cases/1")
	if same, _, _, _, err := s.Claim(ctx, anna, key, []byte("another"), now); err != nil || same {
		t.Errorf("the key served another request: %v, %v", same, err)
	}
	claim(bruno, request, now, "true 0 0 ")
	claim(anna, []byte("another"), now.Add(state.AnswersKept), "true 0 0 ")
}

func TestPurgeRemovesWhatHasEndedAndNothingElse(t *testing.T) {
	t.Parallel()
	s, path := open(t)
	ctx := t.Context()
	mark, kept := []byte("what-was-to-be-forgotten"), uuid.New()
	is(t, true)(s.Reserve(ctx, anna, annas, link1, now, tomorrow))
	ok(t, s.BeginSession(ctx, token1, anna, now, tomorrow))
	ok(t, s.BeginSession(ctx, token2, anna, now, tomorrow.Add(time.Second)))
	ok(t, s.SaveDraft(ctx, anna, uuid.New(), "request", mark, now.Add(-state.DraftsKept)))
	ok(t, s.SaveDraft(ctx, anna, kept, "request", []byte("kept"), now))
	if !onDisk(t, path, mark) {
		t.Fatal("the scan finds not even what is there")
	}
	ok(t, s.Purge(ctx, tomorrow))
	if onDisk(t, path, mark) {
		t.Error("what was purged is still on disk")
	}
	if account, _, err := s.Credential(ctx, annas); err != nil || account != uuid.Nil {
		t.Errorf("a reservation outlived its invitation: %v, %v", account, err)
	}
	for token, want := range map[string]uuid.UUID{string(token1): uuid.Nil, string(token2): anna} {
		if account, _, _, _, err := s.Session(ctx, []byte(token)); err != nil || account != want {
			t.Errorf("%s is of %v, %v", token, account, err)
		}
	}
	if _, _, _, err := s.Draft(ctx, anna, kept); err != nil {
		t.Errorf("the newer draft: %v", err)
	}
}

func onDisk(t *testing.T, path string, mark []byte) bool {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	ok(t, err)
	return slices.ContainsFunc(files, func(f string) bool {
		b, err := os.ReadFile(f)
		ok(t, err)
		return bytes.Contains(b, mark)
	})
}

func TestTheFileIsItsOwnersAndSurvivesReopening(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	for range 2 {
		s, err := state.Open(path)
		ok(t, err)
		is(t, true)(s.Reserve(t.Context(), anna, annas, link1, now, tomorrow))
		files, err := filepath.Glob(path + "*")
		ok(t, err)
		for _, f := range files {
			if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v, %v", filepath.Base(f), info.Mode(), err)
			}
		}
		if len(files) < 2 {
			t.Errorf("no write-ahead log beside it: %d files", len(files))
		}
		ok(t, s.Close())
	}
	if _, err := state.Open(t.TempDir()); err == nil {
		t.Error("a folder was opened as a file")
	}
}

func TestACallerWhoLeavesLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	gone, leave := context.WithCancel(t.Context())
	_, err := s.Try(gone, []byte("key"), now, func(int, time.Time) (int, time.Time) {
		leave()
		return 9, time.Time{}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("err %v", err)
	}
	is(t, time.Time{})(s.Try(t.Context(), []byte("key"), now, func(count int, _ time.Time) (int, time.Time) {
		if count != 0 {
			t.Errorf("%d tries were kept", count)
		}
		return 1, time.Time{}
	}))
}
