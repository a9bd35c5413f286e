package seal

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
)

// copied is what is kept on a ground, as an archive keeps it.
func copied(t *testing.T, g ground) (c Copy) {
	t.Helper()
	c, err := g.copy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	c = Copy{}
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// A copy needs no master key to be taken, and opens nothing without it.
func TestACopyBringsBackWhatIsKept(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		here, there := fresh(t), fresh(t)
		there.master = here.master
		from, to := here.ring(t), there.ring(t)
		kept, gone, half := uuid.New(), uuid.New(), uuid.New()
		box, closed := mustSeal(t, from, kept, domain.ClassPersonal), mustSeal(t, from, gone, domain.ClassPersonal)
		personal, special := mustSeal(t, from, half, domain.ClassPersonal), mustSeal(t, from, half, domain.ClassSpecial)
		if err := errors.Join(from.Forget(t.Context(), gone), from.ForgetClass(t.Context(), domain.ClassSpecial, half)); err != nil {
			t.Fatal(err)
		}
		c := copied(t, here)
		if len(c.Keys) != 3 || len(c.Forgotten) != 2 || len(c.Salts) != 1 {
			t.Errorf("%d keys, %d tombstones, %d salts", len(c.Keys), len(c.Forgotten), len(c.Salts))
		}
		if err := c.Check(NewMasterKey()); !errors.Is(err, ErrWrongMaster) {
			t.Errorf("another master key: %v", err)
		}
		for range 2 {
			if n, err := to.TakeOverCopy(t.Context(), c, here.master); n != 3 || err != nil {
				t.Fatalf("%d keys, %v", n, err)
			}
		}
		wantOpens(t, to, kept, box)
		wantOpens(t, to, half, personal)
		for class, box := range map[domain.Class][]byte{domain.ClassPersonal: closed, domain.ClassSpecial: special} {
			subject := gone
			if class == domain.ClassSpecial {
				subject = half
			}
			if _, err := to.Open(t.Context(), subject, class, place, box); !errors.Is(err, domain.ErrForgotten) {
				t.Errorf("forgotten there, here: %v", err)
			}
		}
		c.Keys[0].Wrapped[20] ^= 1
		third := fresh(t)
		third.master = here.master
		if n, err := third.ring(t).TakeOverCopy(t.Context(), c, here.master); n != 2 || err != nil {
			t.Errorf("with a key that does not unwrap: %d keys, %v", n, err)
		}
	})
}

// While a copy is taken others forget: nobody comes out both dead and alive, and whoever was forgotten before is dead.
func TestACopyIsTakenWhileOthersForget(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		g := fresh(t)
		k := g.ring(t)
		subjects := make([]uuid.UUID, 40)
		for i := range subjects {
			subjects[i] = uuid.New()
			mustSeal(t, k, subjects[i], domain.ClassPersonal)
		}
		var working sync.WaitGroup
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var mu sync.Mutex
		forgotten := map[uuid.UUID]bool{}
		working.Go(func() {
			for _, s := range subjects {
				if err := k.Forget(ctx, s); err != nil {
					return
				}
				mu.Lock()
				forgotten[s] = true
				mu.Unlock()
			}
		})
		for range 8 {
			mu.Lock()
			before := len(forgotten)
			mu.Unlock()
			c := copied(t, g)
			dead := map[uuid.UUID]bool{}
			for _, d := range c.Forgotten {
				dead[d.Subject] = true
			}
			alive := map[uuid.UUID]bool{}
			for _, d := range c.Keys {
				alive[d.Subject] = true
				if dead[d.Subject] {
					t.Fatal("somebody has a key and a tombstone")
				}
			}
			if len(dead) < before || len(dead)+len(alive) != len(subjects) {
				t.Fatalf("%d dead and %d alive of %d, %d were dead before", len(dead), len(alive), len(subjects), before)
			}
		}
		stop()
		working.Wait()
	})
}

func TestNothingIsNoKeyring(t *testing.T) {
	t.Parallel()
	if _, err := CopyFile(t.Context(), t.TempDir()+"/keys.db"); err == nil {
		t.Error("a copy of no file")
	}
}

// A copy in an archive holds no key in the open.
func TestACopyHoldsNoKeyInTheOpen(t *testing.T) {
	t.Parallel()
	g := fileGround(t)
	k := g.ring(t)
	mustSeal(t, k, uuid.New(), domain.ClassPersonal)
	raw, err := k.storage.dataKeys(t.Context())
	if err != nil || len(raw) != len(classes) {
		t.Fatalf("%d keys, %v", len(raw), err)
	}
	c := copied(t, g)
	for _, d := range c.Keys {
		for _, r := range raw {
			if bytes.Contains(d.Wrapped, r.raw[:8]) {
				t.Error("a part of a key is there")
			}
		}
	}
}

// Whoever was forgotten after the keys were read, and before the tombstones were, has no key.
func TestWhoIsForgottenMeanwhileHasNoKeyInACopy(t *testing.T) {
	everywhere(t, func(t *testing.T, fresh func(testing.TB) ground) {
		g := fresh(t)
		k := g.ring(t)
		gone, kept := uuid.New(), uuid.New()
		mustSeal(t, k, gone, domain.ClassPersonal)
		mustSeal(t, k, kept, domain.ClassPersonal)
		c := copied(t, g)
		if err := k.Forget(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		if err := c.bury(t.Context(), k.storage); err != nil {
			t.Fatal(err)
		}
		for _, d := range c.Keys {
			if d.Subject == gone {
				t.Errorf("the %s key of somebody who is dead", d.Class)
			}
		}
		if len(c.Keys) != len(classes) || len(c.Salts) != 1 || len(c.Forgotten) != 1 {
			t.Errorf("%d keys, %d salts, %d tombstones", len(c.Keys), len(c.Salts), len(c.Forgotten))
		}
	})
}
