package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Origin names the ledger in its checkpoints and in its key. Two houses have it in common and differ in the key.
const Origin = "approdo/registro"

// Checkpoint says what the tree was when it had so many records, at least one. Signed it is a note as sumdb/note writes it, over a text in the form
// of c2sp.org/tlog-checkpoint: whoever has the verifier key can tell that the house stood by it.
type Checkpoint struct {
	Size int64
	Root tlog.Hash
}

// Why something that is said to be a checkpoint is none. ErrForeign also is what another key has signed.
var (
	ErrKey       = errors.New("ledger: this is no verifier key")
	ErrForeign   = errors.New("ledger: not signed with this key")
	ErrMalformed = errors.New("ledger: not a checkpoint to the letter")
)

// Text is what is signed: origin, size and root, a line each.
func (c Checkpoint) Text() string { return fmt.Sprintf("%s\n%d\n%s\n", Origin, c.Size, c.Root) }

// signer is a note.Signer with a key that comes from elsewhere.
type signer struct{ key ed25519.PrivateKey }

func (s signer) Name() string                    { return Origin }
func (s signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// KeyHash is the number by which a note tells keys of one name apart: the one in the verifier key.
func (s signer) KeyHash() uint32 {
	const ed25519Notes = 1
	sum := sha256.Sum256(append([]byte(Origin+"\n"), append([]byte{ed25519Notes}, s.key.Public().(ed25519.PublicKey)...)...))
	return binary.BigEndian.Uint32(sum[:])
}

// Sign makes the note of a checkpoint. The same checkpoint and key give the same bytes.
func (c Checkpoint) Sign(key ed25519.PrivateKey) ([]byte, error) {
	return note.Sign(&note.Note{Text: c.Text()}, signer{key})
}

// VerifierKey is a public key as sumdb/note writes it, in one line that can be given to anybody.
func VerifierKey(key ed25519.PublicKey) string {
	text, err := note.NewEd25519VerifierKey(Origin, key)
	if err != nil {
		panic("ledger: " + err.Error()) // only for a key of another length
	}
	return text
}

// Open reads a signed checkpoint. Each has one form only: the note of the same checkpoint and key, to the byte.
func Open(signed []byte, key string) (c Checkpoint, err error) {
	v, err := note.NewVerifier(strings.TrimSpace(key))
	if err != nil {
		return c, fmt.Errorf("%w: %w", ErrKey, err)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if unverified := (*note.UnverifiedNoteError)(nil); errors.As(err, &unverified) {
		return c, ErrForeign
	}
	if invalid := (*note.InvalidSignatureError)(nil); errors.As(err, &invalid) {
		return c, ErrForeign
	}
	if err != nil {
		return c, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if c, err = parse(n.Text); err != nil {
		return c, err
	}
	// Package note overlooks further signatures and the spare bits at the end of a base64 text.
	signature, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	if err != nil || string(signed) != n.Text+"\n— "+Origin+" "+base64.StdEncoding.EncodeToString(signature)+"\n" {
		return Checkpoint{}, ErrMalformed
	}
	return c, nil
}

func parse(text string) (c Checkpoint, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 {
		return c, ErrMalformed
	}
	size, sizeErr := strconv.ParseInt(lines[1], 10, 64)
	root, rootErr := tlog.ParseHash(lines[2])
	c = Checkpoint{Size: size, Root: root}
	if sizeErr != nil || rootErr != nil || size < 1 || c.Text() != text {
		return Checkpoint{}, ErrMalformed
	}
	return c, nil
}
