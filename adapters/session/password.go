package session

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"approdo/domain"
)

// The bounds of a password, in characters. There are no rules about which. With a second factor a shorter one is enough.
const (
	minPassword      = 15
	minBesideAFactor = 8
	maxPassword      = 128
)

// The refusals of a new password.
var (
	ErrPasswordTooShort = domain.Invalid("password-too-short").On("password").With("min", fmt.Sprint(minPassword))
	ErrPasswordTooLong  = domain.Invalid("password-too-long").On("password").With("max", fmt.Sprint(maxPassword))
	ErrPasswordObvious  = domain.Invalid("password-obvious").On("password")
)

// Cost is what one Argon2id hash costs.
type Cost struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8
}

// DefaultCost is above what OWASP asks for (46 MiB, 1 pass, 1 thread).
func DefaultCost() Cost { return Cost{Memory: 64 * 1024, Time: 3, Threads: 1} }

const (
	maxHashes  = 2  // at once: two are 128 MiB and both cores
	maxWaiting = 16 // beside them; with more, whoever comes is told to come back
	saltBytes  = 16
	keyBytes   = 32
	maxMemory  = 1 << 20 // KiB; a kept hash that asks for more was tampered with
)

// hasher makes and checks Argon2id hashes, never more than maxHashes at once.
type hasher struct {
	cost   Cost
	slots  chan struct{}
	queue  chan struct{}
	derive func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte
}

func newHasher(c Cost) *hasher {
	return &hasher{cost: c, slots: make(chan struct{}, maxHashes), queue: make(chan struct{}, maxHashes+maxWaiting),
		derive: argon2.IDKey}
}

// key derives in turn; ErrBusy where the queue is full or the caller left it.
func (h *hasher) key(ctx context.Context, password string, salt []byte, c Cost, n int) ([]byte, error) {
	select {
	case h.queue <- struct{}{}:
		defer func() { <-h.queue }()
	default:
		return nil, ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ErrBusy
	}
	return h.derive([]byte(password), salt, c.Time, c.Memory, c.Threads, uint32(n)), nil
}

// hash gives a PHC string.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := randomBytes(saltBytes)
	key, err := h.key(ctx, password, salt, h.cost, keyBytes)
	if err != nil {
		return "", err
	}
	return phc(h.cost, salt, key), nil
}

// verify costs what the hash was made with.
func (h *hasher) verify(ctx context.Context, hash, password string) (bool, error) {
	c, salt, want, err := parsePHC(hash)
	if err != nil {
		return false, err
	}
	got, err := h.key(ctx, password, salt, c, len(want))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// decoy is a hash that no password is known to give.
func (h *hasher) decoy() string { return phc(h.cost, randomBytes(saltBytes), randomBytes(keyBytes)) }

func phc(c Cost, salt, key []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads, b64(salt), b64(key))
}

var errPHC = errors.New("session: a kept password hash is malformed")

func parsePHC(s string) (c Cost, salt, key []byte, err error) {
	fields := strings.Split(s, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" || fields[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errPHC
	}
	if _, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Time, &c.Threads); err != nil {
		return c, nil, nil, errPHC
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(fields[4])
	key, errKey := base64.RawStdEncoding.DecodeString(fields[5])
	if errSalt != nil || errKey != nil || len(key) < 16 || c.Time < 1 || c.Threads < 1 || c.Memory > maxMemory {
		return c, nil, nil, errPHC
	}
	return c, salt, key, nil
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// checkPassword holds a new password to its length and refuses what would be tried first.
func checkPassword(password, login string, besideAFactor bool) error {
	least := minPassword
	if besideAFactor {
		least = minBesideAFactor
	}
	switch n := utf8.RuneCountInString(password); {
	case n < least:
		return ErrPasswordTooShort.With("min", fmt.Sprint(least))
	case n > maxPassword:
		return ErrPasswordTooLong
	case obvious(password, login), common(password):
		return ErrPasswordObvious
	}
	return nil
}

//go:embed obvious.txt
var obviousList string

// obviousWords come one a line; runs are keys beside one another, or letters and digits in their order.
var obviousWords = strings.Fields(obviousList)

var runs = []string{
	"abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba", "01234567890123456789", "98765432109876543210",
	"qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik", "1q2w3e4r5t6y7u8i9o0p", "qazwsxedcrfvtgbyhnujmik",
}

// obvious tells a short piece over and over, a run, the login, and what is made of obvious words with digits and signs between.
func obvious(password, login string) bool {
	password, login = strings.ToLower(password), strings.ToLower(login)
	piece := password[:period(password)]
	if len(piece) <= 4 || piece == login {
		return true
	}
	if slices.ContainsFunc(runs, func(run string) bool { return strings.Contains(run, piece) }) {
		return true
	}
	local, _, _ := strings.Cut(login, "@")
	return madeOf(letters(password), append(slices.Clone(obviousWords), letters(local), letters(login)))
}

// period is the length of the shortest piece that s repeats, in bytes; the last time it may be cut short.
func period(s string) int {
	for n := 1; n < len(s); n++ {
		if s[n:] == s[:len(s)-n] {
			return n
		}
	}
	return len(s)
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s)
}

// madeOf reports whether s is a chain of words and nothing else; the empty s is not.
func madeOf(s string, words []string) bool {
	reached := make([]bool, len(s)+1)
	reached[0] = true
	for i := range s {
		for _, w := range words {
			if reached[i] && w != "" && strings.HasPrefix(s[i:], w) {
				reached[i+len(w)] = true
			}
		}
	}
	return s != "" && reached[len(s)]
}
