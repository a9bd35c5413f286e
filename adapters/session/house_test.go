package session_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"iter"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/adapters/session"
	"approdo/adapters/sqlite/state"
	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/event"
)

const (
	annasLogin = "anna.verdi@example.org"
	annasName  = "Anna Verdi"
	goodWord   = "un cavallo giallo sul tetto"
	otherWord  = "tre barche in mezzo al lago"
	wrongWord  = "quattro sedie senza gambe"
	somewhere  = "192.0.2.7:4711"
)

var (
	admin = domain.Actor{Account: uuid.MustParse("018f0000-0000-7000-8000-0000000000bb"), Role: domain.RoleAdmin}
	ust   = domain.Actor{Account: uuid.MustParse("018f0000-0000-7000-8000-0000000000aa"), Role: domain.RoleUST}
)

// house is the service with a journal in memory and its state on disk.
type house struct {
	*session.Service
	journal   *fragileJournal
	codec     *event.Codec
	directory *session.Directory
	store     *fragileState
	sealer    *drawer
	file      string
	time      atomic.Int64
	hashes    atomic.Int32
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{sealer: &drawer{}, file: filepath.Join(t.TempDir(), "state.db")}
	h.time.Store(time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC).UnixNano())
	kept, err := state.Open(h.file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
	h.store = &fragileState{Store: kept}
	h.journal = &fragileJournal{Store: memory.New()}
	h.codec = event.NewCodec(h.sealer, account.Events)
	h.directory = session.NewDirectory(h.journal, h.codec)
	h.Service = session.New(session.Config{Directory: h.directory, Storage: h.store, Clock: h.now, Blind: h.blind, Cost: cheap})
	session.WatchHashes(h.Service, func(hash func() []byte) []byte {
		h.hashes.Add(1)
		return hash()
	})
	return h
}

// cheap makes a hash that costs a test nothing.
var cheap = session.Cost{Memory: 64, Time: 1, Threads: 1}

func (h *house) blind(text string) []byte {
	mac := hmac.New(sha256.New, []byte("a key of this test"))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func (h *house) now() time.Time       { return time.Unix(0, h.time.Load()).UTC() }
func (h *house) pass(d time.Duration) { h.time.Add(int64(d)) }

func (h *house) origin(by domain.Actor) event.Origin {
	return event.Origin{ID: uuid.Must(uuid.NewV7()), By: by, At: h.now()}
}

func invitation(login string) session.Invitation {
	return session.Invitation{Role: domain.RoleComune, Body: "015146",
		Login: domain.NewPersonal(login), Name: domain.NewPersonal(annasName)}
}

func (h *house) invite(t *testing.T, login string) session.Link {
	t.Helper()
	link, err := h.Invite(t.Context(), h.origin(ust), invitation(login))
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// person is invited and has chosen goodWord.
func (h *house) person(t *testing.T, login string) uuid.UUID {
	t.Helper()
	link := h.invite(t, login)
	ok(t, h.Activate(t.Context(), link.Token, goodWord))
	return link.Account
}

func (h *house) signIn(t *testing.T, login, password string) string {
	t.Helper()
	token, _, err := h.SignIn(t.Context(), login, password, somewhere)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (h *house) wantSession(t *testing.T, token string, want error) {
	t.Helper()
	if _, err := h.Lookup(t.Context(), token); !errors.Is(err, want) || want == nil && err != nil {
		t.Fatalf("looked up: %v, want %v", err, want)
	}
}

func (h *house) wantSignIn(t *testing.T, login, password string, want error) {
	t.Helper()
	if _, _, err := h.SignIn(t.Context(), login, password, somewhere); !errors.Is(err, want) || want == nil && err != nil {
		t.Fatalf("signed in: %v, want %v", err, want)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

// fragileState is the real store, which fails where a test says so.
type fragileState struct {
	*state.Store
	noAccept, noTouch, noSession error
	factorReads                  atomic.Int32
	beforeRise                   func()
}

func (s *fragileState) RaiseSession(ctx context.Context, old, token []byte, proof string, created, expires time.Time) (bool, error) {
	if s.beforeRise != nil {
		s.beforeRise()
	}
	return s.Store.RaiseSession(ctx, old, token, proof, created, expires)
}

func (s *fragileState) Factors(ctx context.Context, id uuid.UUID, each func(uuid.UUID, string, []byte, int64, time.Time) error) error {
	s.factorReads.Add(1)
	return s.Store.Factors(ctx, id, each)
}

func (s *fragileState) Accept(ctx context.Context, link []byte, hash string, now time.Time) (bool, error) {
	if s.noAccept != nil {
		return false, s.noAccept
	}
	return s.Store.Accept(ctx, link, hash, now)
}

func (s *fragileState) TouchSession(ctx context.Context, token []byte, seen, expires time.Time) error {
	if s.noTouch != nil {
		return s.noTouch
	}
	return s.Store.TouchSession(ctx, token, seen, expires)
}

func (s *fragileState) Session(ctx context.Context, token []byte) (uuid.UUID, string, int, time.Time, time.Time, time.Time, error) {
	if s.noSession != nil {
		return uuid.Nil, "", 0, time.Time{}, time.Time{}, time.Time{}, s.noSession
	}
	return s.Store.Session(ctx, token)
}

// fragileJournal is the journal in memory, which takes or gives nothing where a test says so.
type fragileJournal struct {
	*memory.Store
	noAppend, noRead error
}

func (j *fragileJournal) ReadAll(ctx context.Context, after event.Position, o event.ReadAll) iter.Seq2[event.Page, error] {
	if j.noRead != nil {
		return func(yield func(event.Page, error) bool) { yield(event.Page{}, j.noRead) }
	}
	return j.Store.ReadAll(ctx, after, o)
}

func (j *fragileJournal) Append(ctx context.Context, a event.Append) (event.Result, error) {
	if j.noAppend != nil {
		return event.Result{}, j.noAppend
	}
	return j.Store.Append(ctx, a)
}

// drawer seals by keeping the text and giving out a number for it.
type drawer struct {
	mu        sync.Mutex
	kept      map[string][]byte
	forgotten uuid.UUID
}

func (d *drawer) Seal(_ context.Context, subject uuid.UUID, _ domain.Class, place string, plain []byte) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil {
		d.kept = map[string][]byte{}
	}
	number := uuid.New()
	d.kept[string(number[:])+subject.String()+place] = plain
	return number[:], nil
}

func (d *drawer) Open(_ context.Context, subject uuid.UUID, _ domain.Class, place string, sealed []byte) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	plain, found := d.kept[string(sealed)+subject.String()+place]
	if !found || subject == d.forgotten {
		return nil, domain.ErrForgotten
	}
	return plain, nil
}
