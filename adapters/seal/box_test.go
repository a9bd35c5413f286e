package seal

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
)

// Even under one key: should two subjects ever have the same, their boxes still do not pass for each other's.
func TestBoxIsBoundToSubjectClassAndContext(t *testing.T) {
	t.Parallel()
	aead, subject := newAEAD(make([]byte, keyBytes)), uuid.New()
	box := closeBox(aead, subject, domain.ClassPersonal, place, plain)
	if _, err := openBox(aead, subject, domain.ClassPersonal, place, box); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"subject": second(openBox(aead, uuid.New(), domain.ClassPersonal, place, box)),
		"class":   second(openBox(aead, subject, domain.ClassSpecial, place, box)),
		"context": second(openBox(aead, subject, domain.ClassPersonal, place+"/x", box)),
		"version": second(openBox(aead, subject, domain.ClassPersonal, place, append([]byte{boxVersion + 1}, box[1:]...))),
	} {
		if !errors.Is(err, ErrIntegrity) {
			t.Errorf("another %s: %v", what, err)
		}
	}
}

func TestWrappedKeyIsBoundToSubjectClassAndGeneration(t *testing.T) {
	t.Parallel()
	m, salt, subject := NewMasterKey(), make([]byte, keyBytes), uuid.New()
	w := m.wrapping(3, salt)
	wrapped := w.wrap(subject, domain.ClassPersonal, make([]byte, keyBytes))
	if _, err := w.unwrap(subject, domain.ClassPersonal, wrapped); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"subject":    second(w.unwrap(uuid.New(), domain.ClassPersonal, wrapped)),
		"class":      second(w.unwrap(subject, domain.ClassSpecial, wrapped)),
		"generation": second(m.wrapping(4, salt).unwrap(subject, domain.ClassPersonal, wrapped)),
		"salt":       second(m.wrapping(3, []byte("another")).unwrap(subject, domain.ClassPersonal, wrapped)),
		"master key": second(NewMasterKey().wrapping(3, salt).unwrap(subject, domain.ClassPersonal, wrapped)),
	} {
		if !errors.Is(err, ErrIntegrity) {
			t.Errorf("another %s: %v", what, err)
		}
	}
}

func second(_ []byte, err error) error { return err }
