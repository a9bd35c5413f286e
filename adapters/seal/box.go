package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"

	"github.com/google/uuid"

	"approdo/domain"
)

// ErrIntegrity says that a box or a key is not what was written, or not where it was written. It is a fault or an attack, never
// the mark of an erasure.
var ErrIntegrity = errors.New("seal: integrity")

// boxVersion is the first byte of every box.
const boxVersion = 1

// classes are the keys a subject has. They are made together, so that a subject costs one row group and one fsync.
var classes = [...]domain.Class{domain.ClassPersonal, domain.ClassSpecial}

// newAEAD is AES-256-GCM that draws its own 96-bit nonces and puts them before the ciphertext. Few boxes are closed under one
// data key, and few keys under one wrapping key, far below the 2^32 that random nonces allow.
func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("seal: " + err.Error()) // only for keys of another length
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("seal: " + err.Error())
	}
	return aead
}

func closeBox(k cipher.AEAD, subject uuid.UUID, class domain.Class, context string, plain []byte) []byte {
	box := make([]byte, 1, 1+len(plain)+k.Overhead())
	box[0] = boxVersion
	return k.Seal(box, nil, plain, boxPlace(subject, class, context))
}

func openBox(k cipher.AEAD, subject uuid.UUID, class domain.Class, context string, box []byte) ([]byte, error) {
	if len(box) < 1 || box[0] != boxVersion {
		return nil, ErrIntegrity
	}
	plain, err := k.Open(nil, nil, box[1:], boxPlace(subject, class, context))
	if err != nil {
		return nil, ErrIntegrity // the cipher knows no more than that
	}
	return plain, nil
}

// boxPlace is what a box is bound to.
func boxPlace(subject uuid.UUID, class domain.Class, context string) []byte {
	return frame("approdo/box/1", string(subject[:]), string(class), context)
}

// newSecret is a data key, or the salt of a generation.
func newSecret() []byte {
	b := make([]byte, keyBytes)
	rand.Read(b) // never fails: crypto/rand ends the program rather than give less
	return b
}

// wrapping is the key that closes data keys, in one generation.
type wrapping struct {
	generation int64
	aead       cipher.AEAD
}

func (m MasterKey) wrapping(generation int64, salt []byte) wrapping {
	return wrapping{generation, newAEAD(m.derive(salt, "wrapping"))}
}

func (w wrapping) wrap(subject uuid.UUID, class domain.Class, key []byte) []byte {
	return w.aead.Seal(nil, nil, key, w.place(subject, class))
}

func (w wrapping) unwrap(subject uuid.UUID, class domain.Class, wrapped []byte) ([]byte, error) {
	key, err := w.aead.Open(nil, nil, wrapped, w.place(subject, class))
	if err != nil || len(key) != keyBytes {
		return nil, ErrIntegrity
	}
	return key, nil
}

func (w wrapping) place(subject uuid.UUID, class domain.Class) []byte {
	generation := binary.BigEndian.AppendUint64(nil, uint64(w.generation))
	return frame("approdo/key/1", string(subject[:]), string(class), string(generation))
}
