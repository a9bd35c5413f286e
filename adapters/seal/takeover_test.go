package seal

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
)

// Keys move between a file and a database, both ways, under the same master key.
func TestAKeyringTakesOverAnother(t *testing.T) {
	t.Parallel()
	for name, way := range map[string][2]func(testing.TB) ground{"file to postgres": {fileGround, postgresGround}, "postgres to file": {postgresGround, fileGround}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here, there := way[0](t), way[1](t)
			there.master = here.master
			from, to := here.ring(t), there.ring(t)
			kept, gone, own := uuid.New(), uuid.New(), uuid.New()
			box, closed := mustSeal(t, from, kept, domain.ClassPersonal), mustSeal(t, from, gone, domain.ClassPersonal)
			if err := from.Forget(t.Context(), gone); err != nil {
				t.Fatal(err)
			}
			ownBox := mustSeal(t, to, own, domain.ClassPersonal) // there is work here already
			for range 2 {
				if n, err := to.TakeOver(t.Context(), from); n != len(classes) || err != nil {
					t.Fatalf("%d keys, %v", n, err)
				}
			}
			wantOpens(t, to, kept, box)
			wantOpens(t, to, own, ownBox)
			if _, err := to.Open(t.Context(), gone, domain.ClassPersonal, place, closed); !errors.Is(err, domain.ErrForgotten) {
				t.Errorf("forgotten there, here: %v", err)
			}
			if err := to.Forget(t.Context(), kept); err != nil {
				t.Fatal(err)
			}
			wantOpens(t, from, kept, box) // the other keyring keeps what it has
			if _, err := to.Open(t.Context(), kept, domain.ClassPersonal, place, box); !errors.Is(err, domain.ErrForgotten) {
				t.Errorf("forgotten here: %v", err)
			}
			if _, err := to.TakeOver(t.Context(), from); !errors.Is(err, ErrIntegrity) {
				t.Errorf("keys of a subject that was forgotten here: %v", err)
			}
		})
	}
}

func TestTwoKeysOfOneSubjectAreNotTakenForOne(t *testing.T) {
	t.Parallel()
	here, there := fileGround(t), fileGround(t)
	there.master = here.master
	from, to := here.ring(t), there.ring(t)
	subject, dead := uuid.New(), uuid.New()
	mustSeal(t, from, subject, domain.ClassPersonal)
	box := mustSeal(t, to, subject, domain.ClassPersonal)
	if _, err := to.TakeOver(t.Context(), from); !errors.Is(err, ErrIntegrity) {
		t.Errorf("got %v", err)
	}
	wantOpens(t, to, subject, box)
	other := fileGround(t)
	other.master = here.master
	third := other.ring(t)
	mustSeal(t, third, dead, domain.ClassPersonal)
	if err := to.Forget(t.Context(), dead); err != nil {
		t.Fatal(err)
	}
	if _, err := third.TakeOver(t.Context(), to); !errors.Is(err, ErrIntegrity) {
		t.Errorf("a tombstone for a subject with keys: %v", err)
	}
}
