// Package sealtest is a domain.Sealer for tests, and the rules every Sealer keeps. What it closes is the same in every run, so that
// golden files can hold it; it is no protection of anything.
package sealtest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"sync"

	"github.com/google/uuid"

	"approdo/domain"
)

// Sealer closes with AES-256-GCM under keys derived from a constant. It keeps no keys: a box from a golden file opens though this
// Sealer never closed it, and a subject it never heard of is no error. The zero value is ready.
type Sealer struct {
	mu        sync.Mutex
	forgotten map[forgotten]bool
}

var _ domain.Sealer = (*Sealer)(nil)

// forgotten is a subject of whom a class is gone; the empty class is all of them.
type forgotten struct {
	subject uuid.UUID
	class   domain.Class
}

// New makes a Sealer that has forgotten nobody.
func New() *Sealer { return &Sealer{} }

// Seal closes a text; the same text at the same place gives the same bytes.
func (s *Sealer) Seal(_ context.Context, subject uuid.UUID, class domain.Class, context string, plain []byte) ([]byte, error) {
	if s.isForgotten(subject, class) {
		return nil, domain.ErrForgotten
	}
	aead, key := keyOf(subject, class)
	nonce := mac(key, context)[:aead.NonceSize()]
	return aead.Seal(nonce, nonce, plain, []byte(context)), nil
}

var errMoved = errors.New("sealtest: the box was changed or moved")

// Open opens a box at its own place.
func (s *Sealer) Open(_ context.Context, subject uuid.UUID, class domain.Class, context string, sealed []byte) ([]byte, error) {
	if s.isForgotten(subject, class) {
		return nil, domain.ErrForgotten
	}
	aead, _ := keyOf(subject, class)
	if len(sealed) < aead.NonceSize() {
		return nil, errMoved
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], []byte(context))
	if err != nil {
		return nil, errMoved
	}
	return plain, nil
}

// Forget makes subjects unreadable for ever.
func (s *Sealer) Forget(ctx context.Context, subjects ...uuid.UUID) error {
	return s.ForgetClass(ctx, "", subjects...)
}

// ForgetClass makes a class of subjects' data unreadable for ever.
func (s *Sealer) ForgetClass(_ context.Context, class domain.Class, subjects ...uuid.UUID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.forgotten == nil {
		s.forgotten = map[forgotten]bool{}
	}
	for _, subject := range subjects {
		s.forgotten[forgotten{subject, class}] = true
	}
	return nil
}

// Unforgotten gives those of the subjects of whom a class can still be read.
func (s *Sealer) Unforgotten(_ context.Context, class domain.Class, subjects ...uuid.UUID) (left []uuid.UUID, err error) {
	for _, subject := range subjects {
		if !s.isForgotten(subject, class) {
			left = append(left, subject)
		}
	}
	return left, nil
}

func (s *Sealer) isForgotten(subject uuid.UUID, class domain.Class) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.forgotten[forgotten{subject, class}] || s.forgotten[forgotten{subject, ""}]
}

func keyOf(subject uuid.UUID, class domain.Class) (cipher.AEAD, []byte) {
	key := mac(subject[:], "sealtest/"+string(class))
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // only for keys of another length
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead, key
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
