package seal

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"

	"approdo/adapters/postgres/pgtest"
	"approdo/domain"
	"approdo/domain/event/sealtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const place = "case-1@0/case.requested/minor"

var plain = []byte(`{"surname":"Testovenko","name":"Zirka"}`)

// ground is where the keys of a test are kept.
type ground struct {
	master MasterKey
	// open is what another process would do.
	open func(ctx context.Context, m MasterKey) (*Keyring, error)
	// copy takes a copy from outside, without the master key.
	copy func(ctx context.Context) (Copy, error)
	// run runs a statement from outside, and gives its first column.
	run func(t *testing.T, statement string) [][]byte
	// lock keeps every writer out until release is called.
	lock func(t *testing.T) (release func())
	// id and bytes write a value in a statement.
	id    func(uuid.UUID) string
	bytes func([]byte) string
}

func fileGround(t testing.TB) ground {
	path := filepath.Join(t.TempDir(), "keys.db")
	return ground{
		master: NewMasterKey(),
		open:   func(_ context.Context, m MasterKey) (*Keyring, error) { return OpenKeyring(path, m) },
		copy:   func(ctx context.Context) (Copy, error) { return CopyFile(ctx, path) },
		run: func(t *testing.T, statement string) (out [][]byte) {
			t.Helper()
			query(t, path, statement, func(s *sqlite.Stmt) { out = append(out, columnBytes(s, 0)) })
			return out
		},
		lock:  func(t *testing.T) func() { return lock(t, path) },
		id:    func(id uuid.UUID) string { return literal(id[:]) },
		bytes: literal,
	}
}

// everywhere runs a test on both kinds of ground, of which fresh gives a new one.
func everywhere(t *testing.T, test func(t *testing.T, fresh func(testing.TB) ground)) {
	t.Parallel()
	for name, fresh := range map[string]func(testing.TB) ground{"file": fileGround, "postgres": postgresGround} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh)
		})
	}
}

// ring opens the keys once more, until the test ends.
func (g ground) ring(t testing.TB) *Keyring {
	t.Helper()
	k, err := g.open(t.Context(), g.master)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

// mustSeal and wantOpens may be called by any goroutine.
func mustSeal(t testing.TB, k *Keyring, subject uuid.UUID, class domain.Class) []byte {
	t.Helper()
	box, err := k.Seal(t.Context(), subject, class, place, plain)
	if err != nil {
		t.Error(err)
	}
	return box
}

func wantOpens(t testing.TB, k *Keyring, subject uuid.UUID, box []byte) {
	t.Helper()
	got, err := k.Open(t.Context(), subject, domain.ClassPersonal, place, box)
	if err != nil || !bytes.Equal(got, plain) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestKeyringKeepsTheContract(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		sealtest.Contract(t, func(t *testing.T) sealtest.Forgetter { return fresh(t).ring(t) })
	})
}

func TestSameTextIsNeverClosedTheSameWay(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		k := fresh(t).ring(t)
		subject := uuid.New()
		if bytes.Equal(mustSeal(t, k, subject, domain.ClassPersonal), mustSeal(t, k, subject, domain.ClassPersonal)) {
			t.Error("two boxes are equal: the nonce is not random")
		}
	})
}

func TestUnknownClassIsRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		k := fresh(t).ring(t)
		if _, err := k.Seal(t.Context(), uuid.New(), "gossip", place, plain); err == nil {
			t.Error("sealed under a class that does not exist")
		}
	})
}

func TestUnknownSubjectIsAFaultAndNotAnErasure(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		k := fresh(t).ring(t)
		box := mustSeal(t, k, uuid.New(), domain.ClassPersonal)
		_, err := k.Open(t.Context(), uuid.New(), domain.ClassPersonal, place, box)
		if !errors.Is(err, ErrIntegrity) || errors.Is(err, domain.ErrForgotten) {
			t.Errorf("got %v", err)
		}
	})
}

func TestKeysOutliveTheProcess(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		g := fresh(t)
		k := g.ring(t)
		kept, gone := uuid.New(), uuid.New()
		keptBox, goneBox := mustSeal(t, k, kept, domain.ClassPersonal), mustSeal(t, k, gone, domain.ClassPersonal)
		if err := k.Forget(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		if err := k.Close(); err != nil {
			t.Fatal(err)
		}
		k = g.ring(t)
		wantOpens(t, k, kept, keptBox)
		if _, err := k.Open(t.Context(), gone, domain.ClassPersonal, place, goneBox); !errors.Is(err, domain.ErrForgotten) {
			t.Errorf("open after forgetting: %v", err)
		}
		if _, err := k.Seal(t.Context(), gone, domain.ClassPersonal, place, plain); !errors.Is(err, domain.ErrForgotten) {
			t.Errorf("seal after forgetting: %v", err)
		}
		stones, err := k.Forgotten(t.Context())
		if err != nil || len(stones) != 1 || stones[0].Subject != gone || time.Since(stones[0].At).Abs() > time.Hour {
			t.Errorf("tombstones %v, %v", stones, err)
		}
	})
}

func TestWrongMasterKeyIsRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		g := fresh(t)
		if err := g.ring(t).Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := g.open(t.Context(), NewMasterKey()); !errors.Is(err, ErrWrongMaster) {
			t.Errorf("another key: %v", err)
		}
		if _, err := g.open(t.Context(), MasterKey{}); !errors.Is(err, ErrMasterKeyMissing) {
			t.Errorf("no key: %v", err)
		}
	})
}

func TestAKeyMovedToAnotherSubjectOrClassDoesNotUnwrap(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		for _, swap := range []string{
			"UPDATE keys SET wrapped = (SELECT wrapped FROM keys k WHERE k.class = keys.class AND k.subject <> keys.subject) WHERE subject = ID",
			"UPDATE keys SET wrapped = (SELECT wrapped FROM keys k WHERE k.subject = keys.subject AND k.class <> keys.class) WHERE class = 'personal'",
			"UPDATE wrappings SET generation = 7; UPDATE keys SET generation = 7",
			"UPDATE wrappings SET salt = ZEROS",
			"DELETE FROM wrappings",
		} {
			g := fresh(t)
			k := g.ring(t)
			a, b := uuid.New(), uuid.New()
			box := mustSeal(t, k, a, domain.ClassPersonal)
			mustSeal(t, k, b, domain.ClassPersonal)
			for statement := range strings.SplitSeq(swap, ";") {
				g.run(t, strings.NewReplacer("ID", g.id(a), "ZEROS", g.bytes(make([]byte, keyBytes))).Replace(statement))
			}
			k.cache.clear()
			if _, err := k.Open(t.Context(), a, domain.ClassPersonal, place, box); !errors.Is(err, ErrIntegrity) {
				t.Errorf("open after %q: %v", swap, err)
			}
			if _, err := k.Seal(t.Context(), a, domain.ClassPersonal, place, plain); !errors.Is(err, ErrIntegrity) {
				t.Errorf("seal after %q: %v", swap, err)
			}
		}
	})
}

// A damaged key must not stand in the way of somebody else's erasure.
func TestForgettingGoesRoundADamagedKey(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		g := fresh(t)
		k := g.ring(t)
		damaged, gone, stays := uuid.New(), uuid.New(), uuid.New()
		box := mustSeal(t, k, damaged, domain.ClassPersonal)
		mustSeal(t, k, gone, domain.ClassPersonal)
		good := mustSeal(t, k, stays, domain.ClassPersonal)
		g.run(t, "UPDATE keys SET wrapped = "+g.bytes(bytes.Repeat(newSecret(), 2))+" WHERE subject = "+g.id(damaged))
		if err := k.Forget(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		wantOpens(t, k, stays, good)
		if _, err := k.Open(t.Context(), damaged, domain.ClassPersonal, place, box); !errors.Is(err, ErrIntegrity) {
			t.Errorf("open: %v", err)
		}
		if _, err := k.Seal(t.Context(), damaged, domain.ClassPersonal, place, plain); !errors.Is(err, ErrIntegrity) {
			t.Errorf("seal: %v", err)
		}
		mustSeal(t, k, uuid.New(), domain.ClassPersonal)
	})
}

func TestForgettingWhileOthersReadAndWrite(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		k := fresh(t).ring(t)
		stays, gone := uuid.New(), uuid.New()
		staysBox, goneBox := mustSeal(t, k, stays, domain.ClassPersonal), mustSeal(t, k, gone, domain.ClassPersonal)
		over := make(chan struct{})
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for {
					select {
					case <-over:
						return
					default:
					}
					if i%2 == 0 {
						k.cache.clear() // so that the file is read, too
					}
					wantOpens(t, k, stays, staysBox)
					switch got, err := k.Open(t.Context(), gone, domain.ClassPersonal, place, goneBox); {
					case err == nil && bytes.Equal(got, plain), errors.Is(err, domain.ErrForgotten):
					default:
						t.Errorf("while it is forgotten: %v", err)
					}
					mustSeal(t, k, uuid.New(), domain.ClassSpecial)
				}
			})
		}
		err := k.Forget(t.Context(), gone)
		for range 50 {
			if _, err := k.Open(t.Context(), gone, domain.ClassPersonal, place, goneBox); !errors.Is(err, domain.ErrForgotten) {
				t.Errorf("after Forget returned: %v", err)
			}
			runtime.Gosched()
		}
		close(over)
		wg.Wait()
		if err != nil {
			t.Error(err)
		}
	})
}

// Whoever seals for the first time while another process forgets may be first or second, but leaves no key behind a tombstone.
func TestAKeyIsNotMadeWhileItsSubjectIsForgotten(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		g := fresh(t)
		rings := []*Keyring{g.ring(t), g.ring(t)}
		for range 20 {
			subject := uuid.New()
			var wg sync.WaitGroup
			for i := range 4 {
				wg.Go(func() {
					_, err := rings[i%2].Seal(t.Context(), subject, domain.ClassPersonal, place, plain)
					if err != nil && !errors.Is(err, domain.ErrForgotten) {
						t.Error(err)
					}
				})
			}
			wg.Go(func() {
				if err := rings[0].Forget(t.Context(), subject); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			if n := len(g.run(t, "SELECT wrapped FROM keys WHERE subject = "+g.id(subject))); n != 0 {
				t.Fatalf("%d keys of a forgotten subject", n)
			}
		}
	})
}

func TestFirstSealsOfOneSubjectMakeOneKey(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		g := fresh(t)
		rings := []*Keyring{g.ring(t), g.ring(t)} // as two processes would
		subject := uuid.New()
		boxes := make(chan []byte, 32)
		var wg sync.WaitGroup
		for i := range cap(boxes) {
			wg.Go(func() { boxes <- mustSeal(t, rings[i%2], subject, domain.ClassPersonal) })
		}
		wg.Wait()
		close(boxes)
		rings[0].cache.clear()
		for box := range boxes {
			wantOpens(t, rings[0], subject, box)
		}
		if n := len(g.run(t, "SELECT wrapped FROM keys")); n != len(classes) {
			t.Errorf("%d keys for one subject", n)
		}
	})
}

func TestOneFaultySubjectSpoilsNobodyElsesBatch(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		g := fresh(t)
		k := g.ring(t)
		gone, damaged, fresher := uuid.New(), uuid.New(), uuid.New()
		mustSeal(t, k, damaged, domain.ClassPersonal)
		if err := k.Forget(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		g.run(t, "UPDATE keys SET wrapped = "+g.bytes(newSecret())+" WHERE subject = "+g.id(damaged))
		batch := []*request{{create: gone}, {create: fresher}, {create: damaged}, {create: fresher}}
		if err := k.storage.makeKeys(batch); err != nil { // its writer is idle
			t.Fatal(err)
		}
		if !errors.Is(batch[0].err, domain.ErrForgotten) || !errors.Is(batch[2].err, ErrIntegrity) {
			t.Errorf("got %v and %v", batch[0].err, batch[2].err)
		}
		for _, i := range []int{1, 3} {
			if batch[i].err != nil || batch[i].keys[0] == nil || batch[i].keys[1] == nil {
				t.Errorf("request %d: %v", i, batch[i].err)
			}
		}
	})
}

func TestClosedKeyringSaysSo(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		k := fresh(t).ring(t)
		subject := uuid.New()
		box := mustSeal(t, k, subject, domain.ClassPersonal)
		if err := errors.Join(k.Close(), k.Close()); err != nil {
			t.Fatal(err)
		}
		_, sealErr := k.Seal(t.Context(), subject, domain.ClassPersonal, place, plain)
		_, openErr := k.Open(t.Context(), subject, domain.ClassPersonal, place, box)
		for _, err := range []error{sealErr, openErr, k.Forget(t.Context(), subject)} {
			if !errors.Is(err, ErrClosed) {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestWhoNoLongerWaitsIsLetGo(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		g := fresh(t)
		k := g.ring(t)
		defer g.lock(t)()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := k.Seal(ctx, uuid.New(), domain.ClassPersonal, place, plain); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}
