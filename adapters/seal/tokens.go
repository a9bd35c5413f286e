package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"

	"github.com/google/uuid"
)

// tokenBytes are enough that two texts of one kind never meet by chance.
const tokenBytes = 16

// Tokens turns texts into keyed tokens: equal texts of one kind give equal tokens, and without the master key nobody can tell
// which text a token stands for, nor try a list of names on it.
type Tokens struct{ tokens, pseudonyms []byte }

// NewTokens derives the keys of both from the master key.
func NewTokens(m MasterKey) Tokens {
	return Tokens{tokens: m.derive(nil, "tokens"), pseudonyms: m.derive(nil, "pseudonyms")}
}

// Of gives the 16 bytes that stand for a text. Kinds ("name", "birth-date", "tax-code", "login") keep texts apart: the same text
// of two kinds gives two tokens. The text is taken as it is; fold it before.
func (t Tokens) Of(kind, text string) []byte { return mac(t.tokens, kind, text)[:tokenBytes] }

// pseudonymAlphabet is Crockford's: no I, L, O or U to be misread or misheard.
var pseudonymAlphabet = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// Pseudonym names a subject for one reader, "P-7KQ2M0XD": always the same for the same reader, unlike any other reader's, so that
// two readers cannot join what they saw. It is for eyes, not a key: with 40 bits, two among 100,000 subjects may share one
// (one chance in 200).
func (t Tokens) Pseudonym(reader string, subject uuid.UUID) string {
	return "P-" + pseudonymAlphabet.EncodeToString(mac(t.pseudonyms, reader, string(subject[:]))[:5])
}

func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(frame(parts...))
	return h.Sum(nil)
}

// frame joins parts so that no two lists of parts give the same bytes: each is preceded by its length.
func frame(parts ...string) []byte {
	var b []byte
	for _, p := range parts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
		b = append(b, p...)
	}
	return b
}
