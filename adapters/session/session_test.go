package session_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/account"
)

func TestAPersonSignsInAndOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.person(t, annasLogin)
	token, sess, err := h.SignIn(t.Context(), " Anna.VERDI@example.org", goodWord, somewhere)
	ok(t, err)
	want := domain.Actor{Account: id, Role: domain.RoleComune, Body: "015146"}
	found, err := h.Lookup(t.Context(), token)
	ok(t, err)
	for _, s := range []session.Session{sess, found} {
		name, err := s.Name(t.Context())
		if err != nil || name.Reveal() != annasName || s.Actor != want || s.ID == "" || s.ID != sess.ID || strings.Contains(token, s.ID) {
			t.Errorf("session %q of %v, %v", s.ID, s.Actor, err)
		}
	}
	other := h.signIn(t, annasLogin, goodWord)
	if other == token {
		t.Error("two sessions have one token")
	}
	ok(t, h.SignOut(t.Context(), token))
	ok(t, h.SignOut(t.Context(), token))
	ok(t, h.SignOut(t.Context(), "no token at all"))
	h.wantSession(t, token, session.ErrNotSignedIn)
	h.wantSession(t, other, nil)
	ok(t, h.SignOutEverywhere(t.Context(), id))
	h.wantSession(t, other, session.ErrNotSignedIn)
	for _, nobodys := range []string{"", "x", token + "A", token[:42], strings.Repeat("A", 43)} {
		h.wantSession(t, nobodys, session.ErrNotSignedIn)
	}
}

// Each way of not getting in costs one hash and says the same, so that nobody learns which logins exist.
func TestWhoDoesNotGetInLearnsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person(t, annasLogin)
	h.invite(t, "invited@example.org")
	ok(t, h.Suspend(t.Context(), h.origin(ust), h.person(t, "suspended@example.org"), account.ReasonMisuse))
	ok(t, h.Close(t.Context(), h.origin(ust), h.person(t, "closed@example.org"), account.ReasonLeft))
	for name, try := range map[string][2]string{
		"wrong password": {annasLogin, wrongWord},
		"other case":     {annasLogin, strings.ToUpper(goodWord)},
		"space behind":   {annasLogin, goodWord + " "},
		"no password":    {annasLogin, ""},
		"endless":        {annasLogin, strings.Repeat("a", 1<<20)},
		"unknown login":  {"nobody@example.org", goodWord},
		"no login":       {"", goodWord},
		"only invited":   {"invited@example.org", goodWord},
		"suspended":      {"suspended@example.org", goodWord},
		"closed":         {"closed@example.org", goodWord},
	} {
		before := h.hashes.Load()
		_, _, err := h.SignIn(t.Context(), try[0], try[1], somewhere)
		if err != session.ErrSignIn {
			t.Errorf("%s: %v", name, err)
		}
		if n := h.hashes.Load() - before; n != 1 {
			t.Errorf("%s: %d hashes", name, n)
		}
	}
}

func secondsToWait(err error) string {
	var refusal *domain.Error
	if !errors.Is(err, session.ErrTooManyTries) || !errors.As(err, &refusal) {
		return fmt.Sprint(err)
	}
	return refusal.Detail["seconds"]
}

func TestFailuresOnALoginTakeLongerAndLonger(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person(t, annasLogin)
	for _, login := range []string{annasLogin, "nobody@example.org"} {
		for range 5 {
			h.wantSignIn(t, login, wrongWord, session.ErrSignIn)
		}
		for i, wait := range []string{"1", "2", "4", "8", "16", "32", "64", "128", "256", "512"} {
			before := h.hashes.Load()
			_, _, err := h.SignIn(t.Context(), login, goodWord, fmt.Sprintf("198.51.100.%d", i))
			if got := secondsToWait(err); got != wait || h.hashes.Load() != before {
				t.Fatalf("%d more: wait %s s, want %s; %d hashes", i, got, wait, h.hashes.Load()-before)
			}
			d, err := time.ParseDuration(wait + "s")
			ok(t, err)
			h.pass(d - time.Millisecond)
			_, _, err = h.SignIn(t.Context(), login, goodWord, "203.0.113.9")
			if got := secondsToWait(err); got != "1" {
				t.Fatalf("a moment before its end: %s", got)
			}
			h.pass(time.Millisecond)
			_, _, err = h.SignIn(t.Context(), login, wrongWord, fmt.Sprintf("198.51.100.%d", i))
			refused(t, err, session.ErrSignIn)
		}
		_, _, err := h.SignIn(t.Context(), login, goodWord, "203.0.113.9")
		if got := secondsToWait(err); got != "900" {
			t.Errorf("the longest wait is %s s", got)
		}
	}
	h.pass(15 * time.Minute)
	h.wantSignIn(t, annasLogin, goodWord, nil)
	for range 5 {
		h.wantSignIn(t, annasLogin, wrongWord, session.ErrSignIn)
	}
	h.wantSignIn(t, annasLogin, goodWord, session.ErrTooManyTries)
}

func TestFailuresAreForgottenOneAfterTheOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 5 {
		h.wantSignIn(t, annasLogin, wrongWord, session.ErrSignIn)
	}
	h.pass(2*15*time.Minute + time.Second)
	for range 2 {
		h.wantSignIn(t, annasLogin, wrongWord, session.ErrSignIn)
	}
	h.wantSignIn(t, annasLogin, wrongWord, session.ErrTooManyTries)
}

func TestFailuresFromOneNetworkTakeLongerAndLonger(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person(t, annasLogin)
	from := func(remote, login, password string) error {
		_, _, err := h.SignIn(t.Context(), login, password, remote)
		return err
	}
	for i := range 30 {
		ok(t, from("[2001:db8:1:2::1]:80", annasLogin, goodWord)) // success is given back, and forgives no failure
		refused(t, from(fmt.Sprintf("[2001:db8:1:2::%x]:80", i+1), fmt.Sprintf("guess%d@example.org", i), wrongWord), session.ErrSignIn)
	}
	refused(t, from("2001:db8:1:2:ffff::9", annasLogin, goodWord), session.ErrTooManyTries)
	ok(t, from("2001:db8:1:3::9", annasLogin, goodWord))
	ok(t, from(somewhere, annasLogin, goodWord))
	h.pass(30 * time.Minute)
	ok(t, from("2001:db8:1:2::9", annasLogin, goodWord))
}

func TestManyTriesAtOnceCountAsMany(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person(t, annasLogin)
	before := h.hashes.Load()
	var looked atomic.Int32
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			_, _, err := h.SignIn(t.Context(), annasLogin, wrongWord, fmt.Sprintf("198.51.100.%d", i))
			if errors.Is(err, session.ErrSignIn) {
				looked.Add(1)
			} else if !errors.Is(err, session.ErrTooManyTries) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := h.hashes.Load() - before; looked.Load() != 5 || n != 5 {
		t.Errorf("%d of 16 passwords were looked at, %d hashed", looked.Load(), n)
	}
}

// When too many sign in at once some are told to come back, and that is no failure of theirs.
func TestACrowdIsSentAwayWithoutBlame(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person(t, annasLogin)
	goOn := make(chan struct{})
	session.WatchHashes(h.Service, func(hash func() []byte) []byte {
		<-goOn
		return hash()
	})
	var all sync.WaitGroup
	var busy, in atomic.Int32
	arrive := func(i int) {
		_, _, err := h.SignIn(t.Context(), fmt.Sprintf("person%d@example.org", i), wrongWord, fmt.Sprintf("198.51.100.%d", i))
		switch {
		case errors.Is(err, session.ErrBusy):
			if busy.Add(1) == 10 {
				close(goOn)
			}
		case errors.Is(err, session.ErrSignIn):
			in.Add(1)
		default:
			t.Error(err)
		}
	}
	for i := range 28 { // two hash, sixteen wait, ten are too many
		all.Go(func() { arrive(i) })
	}
	all.Wait()
	if in.Load() != 18 || busy.Load() != 10 {
		t.Errorf("%d answered, %d sent away", in.Load(), busy.Load())
	}
	free := 0
	for i := range 28 {
		for range 5 {
			_, _, err := h.SignIn(t.Context(), fmt.Sprintf("person%d@example.org", i), wrongWord, fmt.Sprintf("203.0.113.%d", i))
			if errors.Is(err, session.ErrSignIn) {
				free++
			}
		}
	}
	if free != 28*5-18 {
		t.Errorf("%d tries were free; one was used up for each whose password was looked at", free)
	}
}

func TestASessionEndsWhenUnusedAndInAnyCaseAfterHalfADay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person(t, annasLogin)
	token := h.signIn(t, annasLogin, goodWord)
	h.pass(session.IdleTimeout - time.Millisecond)
	h.wantSession(t, token, nil)
	h.pass(session.IdleTimeout)
	h.wantSession(t, token, session.ErrNotSignedIn)

	token = h.signIn(t, annasLogin, goodWord)
	for range int(session.MaxSession/(20*time.Minute)) - 1 {
		h.pass(20 * time.Minute)
		h.wantSession(t, token, nil)
	}
	h.pass(20*time.Minute - time.Millisecond)
	h.wantSession(t, token, nil)
	h.pass(time.Millisecond)
	h.wantSession(t, token, session.ErrNotSignedIn)
}

func TestReadingGoesOnWhileTheDiskTakesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person(t, annasLogin)
	token := h.signIn(t, annasLogin, goodWord)
	h.pass(5 * time.Minute)
	h.store.noTouch = state503
	h.wantSession(t, token, nil)
	h.store.noTouch = errors.New("a fault of ours")
	h.wantSession(t, token, h.store.noTouch)
	h.store.noSession = state503
	h.wantSession(t, token, domain.KindUnavailable)
}

var state503 = &domain.Error{Kind: domain.KindUnavailable, Code: "state-unavailable"}

func TestNothingPersonalOrSecretIsOnDisk(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	link := h.invite(t, annasLogin)
	ok(t, h.Activate(t.Context(), link.Token, goodWord))
	token := h.signIn(t, annasLogin, goodWord)
	h.wantSignIn(t, annasLogin, wrongWord, session.ErrSignIn)
	token2, _, err := h.ChangePassword(t.Context(), token, goodWord, otherWord)
	ok(t, err)
	renewed, err := h.Renew(t.Context(), h.origin(ust), link.Account, 0)
	ok(t, err)
	raw := func(token string) string {
		b, err := base64.RawURLEncoding.DecodeString(token)
		ok(t, err)
		return string(b)
	}
	// Nothing shorter: five letters in base64 are met by chance in a password's hash.
	secrets := []string{annasLogin, strings.ToUpper(annasLogin), annasName, goodWord, wrongWord, otherWord, "192.0.2.7",
		link.Token, raw(link.Token), renewed.Token, raw(renewed.Token), token, raw(token), token2, raw(token2)}
	if found := onDisk(t, h.file, secrets); len(found) > 0 {
		t.Errorf("found the secrets %v on disk", found)
	}
	planted := []string{"\x00\x01 planted in clear", "Planted In Hex", "planted in base64, whatever the offset"}
	ok(t, h.store.SaveDraft(t.Context(), link.Account, uuid.New(), "request",
		[]byte(planted[0]+hex.EncodeToString([]byte(planted[1]))+base64.StdEncoding.EncodeToString([]byte("?"+planted[2]))), h.now()))
	if found := onDisk(t, h.file, planted); len(found) != len(planted) {
		t.Errorf("of what was planted the scan finds %v", found)
	}
}

// onDisk gives the indices of the secrets that the files hold, in clear, hex or base64, whatever the case.
func onDisk(t *testing.T, file string, secrets []string) (found []int) {
	t.Helper()
	files, err := filepath.Glob(file + "*")
	ok(t, err)
	if len(files) < 2 {
		t.Fatalf("%d files", len(files))
	}
	var all []byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		ok(t, err)
		all = append(all, b...)
	}
	lower := bytes.ToLower(all)
	for i, s := range secrets {
		forms := [][]byte{bytes.ToLower([]byte(s)), []byte(hex.EncodeToString([]byte(s)))}
		hit := bytes.Contains(all, []byte(s))
		for _, f := range forms {
			hit = hit || bytes.Contains(lower, f)
		}
		for offset := range 3 { // the letters of base64 that depend on s alone
			text := base64.StdEncoding.EncodeToString([]byte("???"[:offset] + s))
			hit = hit || bytes.Contains(all, []byte(strings.TrimRight(text, "=")[min(4, offset*2):len(text)-4]))
		}
		if hit {
			found = append(found, i)
		}
	}
	return found
}
