package sealtest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
)

// Forgetter is a Sealer that can destroy keys.
type Forgetter interface {
	domain.Sealer
	Forget(ctx context.Context, subjects ...uuid.UUID) error
}

// Contract runs the rules every Sealer keeps. Each rule gets a Sealer of its own.
func Contract(t *testing.T, open func(t *testing.T) Forgetter) {
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule(t, open(t))
		})
	}
}

const place = "case-1@0/case.requested/minor"

var plain = []byte(`{"surname":"Testovenko","name":"Zirka"}`)

var rules = map[string]func(*testing.T, Forgetter){
	"what was closed opens at its place": func(t *testing.T, k Forgetter) {
		for _, class := range []domain.Class{domain.ClassPersonal, domain.ClassSpecial} {
			for _, text := range [][]byte{plain, {}, bytes.Repeat([]byte{7}, 1<<16)} {
				subject := uuid.New()
				got, err := k.Open(t.Context(), subject, class, place, seal(t, k, subject, class, text))
				if err != nil || !bytes.Equal(got, text) {
					t.Errorf("%s, %d bytes: got %d bytes, %v", class, len(text), len(got), err)
				}
			}
		}
	},
	"nothing of the text is in the box": func(t *testing.T, k Forgetter) {
		box := seal(t, k, uuid.New(), domain.ClassPersonal, plain)
		for i := 0; i+4 <= len(plain); i++ {
			if bytes.Contains(box, plain[i:i+4]) {
				t.Fatalf("bytes %d to %d of the text are in the box", i, i+4)
			}
		}
	},
	"a box opens nowhere else": func(t *testing.T, k Forgetter) {
		subject, other := uuid.New(), uuid.New()
		box := seal(t, k, subject, domain.ClassPersonal, plain)
		seal(t, k, other, domain.ClassPersonal, plain)
		for name, try := range map[string]func() ([]byte, error){
			"subject": func() ([]byte, error) { return k.Open(t.Context(), other, domain.ClassPersonal, place, box) },
			"class":   func() ([]byte, error) { return k.Open(t.Context(), subject, domain.ClassSpecial, place, box) },
			"place":   func() ([]byte, error) { return k.Open(t.Context(), subject, domain.ClassPersonal, place+"2", box) },
		} {
			if got, err := try(); err == nil || errors.Is(err, domain.ErrForgotten) || got != nil {
				t.Errorf("another %s: %d bytes, %v", name, len(got), err)
			}
		}
	},
	"a box with any bit changed, or cut anywhere, does not open": func(t *testing.T, k Forgetter) {
		subject := uuid.New()
		box := seal(t, k, subject, domain.ClassPersonal, plain)
		for i := range box {
			for bit := range 8 {
				bad := bytes.Clone(box)
				bad[i] ^= 1 << bit
				if _, err := k.Open(t.Context(), subject, domain.ClassPersonal, place, bad); err == nil {
					t.Errorf("byte %d, bit %d", i, bit)
				}
			}
			if _, err := k.Open(t.Context(), subject, domain.ClassPersonal, place, box[:i]); err == nil {
				t.Errorf("cut to %d bytes", i)
			}
		}
	},
	"nothing of a forgotten subject opens or closes again": func(t *testing.T, k Forgetter) {
		subject := uuid.New()
		for _, class := range []domain.Class{domain.ClassPersonal, domain.ClassSpecial} {
			box := seal(t, k, subject, class, plain)
			defer func() {
				if _, err := k.Open(t.Context(), subject, class, place, box); !errors.Is(err, domain.ErrForgotten) {
					t.Errorf("open %s: %v", class, err)
				}
				if _, err := k.Seal(t.Context(), subject, class, place, plain); !errors.Is(err, domain.ErrForgotten) {
					t.Errorf("seal %s: %v", class, err)
				}
			}()
		}
		forget(t, k, subject)
	},
	"others are not forgotten": func(t *testing.T, k Forgetter) {
		gone, stays := uuid.New(), uuid.New()
		seal(t, k, gone, domain.ClassPersonal, plain)
		box := seal(t, k, stays, domain.ClassPersonal, plain)
		forget(t, k, gone)
		if got, err := k.Open(t.Context(), stays, domain.ClassPersonal, place, box); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		seal(t, k, stays, domain.ClassSpecial, plain)
	},
	"many are forgotten at once, and again, and unheard of": func(t *testing.T, k Forgetter) {
		subjects := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
		seal(t, k, subjects[0], domain.ClassPersonal, plain)
		seal(t, k, subjects[1], domain.ClassPersonal, plain)
		forget(t, k, subjects[0])
		forget(t, k, subjects...)
		for i, s := range subjects {
			if _, err := k.Seal(t.Context(), s, domain.ClassPersonal, place, plain); !errors.Is(err, domain.ErrForgotten) {
				t.Errorf("subject %d: %v", i, err)
			}
		}
	},
}

func seal(t *testing.T, k Forgetter, subject uuid.UUID, class domain.Class, text []byte) []byte {
	t.Helper()
	box, err := k.Seal(t.Context(), subject, class, place, text)
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	return box
}

func forget(t *testing.T, k Forgetter, subjects ...uuid.UUID) {
	t.Helper()
	if err := k.Forget(t.Context(), subjects...); err != nil {
		t.Fatalf("forget: %v", err)
	}
}
