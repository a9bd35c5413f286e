package session

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/google/uuid"
)

// Recovery codes are fifty random bits each, in letters that nobody takes for one another (Crockford's base 32).
const (
	recoveryCodes   = 10
	recoveryLetters = 10
	recoveryText    = "0123456789abcdefghjkmnpqrstvwxyz"
)

// NewRecoveryCodes makes ten codes, each good once in the place of a second factor, and ends the earlier ones. They are told this once.
func (s *Service) NewRecoveryCodes(ctx context.Context, token string) ([]string, error) {
	sess, _, who, err := s.holder(ctx, token)
	if err == nil {
		err = s.mayChange(sess)
	}
	if err != nil {
		return nil, err
	}
	kept, err := s.factors(ctx, who.Account)
	if err == nil && len(kept) == 0 {
		err = ErrNoFactor
	}
	if err != nil {
		return nil, err
	}
	told, codes := s.newRecoveryCodes(who.Account)
	return told, s.storage.SetRecoveryCodes(ctx, who.Account, codes)
}

// newRecoveryCodes are codes as they are told, and as they are kept.
func (s *Service) newRecoveryCodes(id uuid.UUID) (told []string, kept [][]byte) {
	for range recoveryCodes {
		code := make([]byte, recoveryLetters)
		rand.Read(code)
		for i, b := range code {
			code[i] = recoveryText[int(b)%len(recoveryText)]
		}
		told = append(told, string(code[:recoveryLetters/2])+"-"+string(code[recoveryLetters/2:]))
		kept = append(kept, s.recoveryKey(id, string(code)))
	}
	return told, kept
}

// recoveryKey is what is kept of a code. Without the key of the tokens nobody can find a code by trying, which fifty bits would let them.
func (s *Service) recoveryKey(id uuid.UUID, code string) []byte {
	code = strings.NewReplacer("o", "0", "i", "1", "l", "1").Replace(code)
	return s.blind("recovery:" + id.String() + ":" + code)
}
