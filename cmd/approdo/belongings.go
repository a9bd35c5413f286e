package main

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"approdo/domain/event"
	"approdo/domain/ledger"
	"approdo/domain/policy"
)

// belongings are what a service has beside its journal and its keys and cannot make anew: how people enter, how far the policies
// have come, and what was signed. Sessions, drafts and links under way are not among them.
type belongings struct {
	Passwords     []credential              `json:"passwords"`
	Factors       []secondFactor            `json:"factors"`
	RecoveryCodes []recoveryCodes           `json:"recovery_codes"`
	Identities    []providedIdentity        `json:"identities"`
	Checkpoints   map[string]event.Position `json:"checkpoints"`
	Parked        []policy.Parked           `json:"parked"`
	Signed        []ledger.Signed           `json:"signed"` // checkpoints of the ledger, the smallest first; in a backup lastOfDays
}

// credential is a login, as a keyed token, and the hash of a password.
type credential struct {
	Account uuid.UUID `json:"account"`
	Login   []byte    `json:"login"`
	Hash    string    `json:"hash"`
}

// secondFactor is sealed under the account's own key.
type secondFactor struct {
	ID      uuid.UUID `json:"id"`
	Account uuid.UUID `json:"account"`
	Kind    string    `json:"kind"`
	Sealed  []byte    `json:"sealed"`
	Mark    int64     `json:"mark"`
	Since   time.Time `json:"since"`
}

// recoveryCodes are keyed tokens of the codes nobody has used.
type recoveryCodes struct {
	Account uuid.UUID `json:"account"`
	Codes   [][]byte  `json:"codes"`
}

// providedIdentity is whom another provider vouches for, as a keyed token.
type providedIdentity struct {
	Account  uuid.UUID `json:"account"`
	Identity []byte    `json:"identity"`
	Since    time.Time `json:"since"`
}

// entranceState is what of a state is copied besides passwords.
type entranceState interface {
	Identities(ctx context.Context, each func(account uuid.UUID, identity []byte, since time.Time) error) error
	Factors(ctx context.Context, account uuid.UUID,
		each func(factor uuid.UUID, kind string, sealed []byte, mark int64, since time.Time) error) error
	AddFactor(ctx context.Context, factor, account uuid.UUID, kind string, sealed []byte, mark int64, since time.Time) error
	RecoveryCodes(ctx context.Context, account uuid.UUID) ([][]byte, error)
	SetRecoveryCodes(ctx context.Context, account uuid.UUID, codes [][]byte) error
}

// progress collects how far the policies are. Whoever copies a journal while others write to it does so before, and in this order: what a
// policy parked after its checkpoint was read is parked again, and no checkpoint is ahead of the copy.
func (b *belongings) progress(ctx context.Context, e *engines) (err error) {
	if b.Checkpoints, err = e.checkpoints.All(ctx); err != nil {
		return err
	}
	delete(b.Checkpoints, restoreMark)
	if b.Parked, err = e.parking.All(ctx); err != nil {
		return err
	}
	for from := int64(-1); ; {
		some, err := e.signed.Oldest(ctx, from, manySigned)
		if err != nil || len(some) == 0 {
			return err
		}
		b.Signed, from = append(b.Signed, some...), some[len(some)-1].Size
	}
}

// lastOfDays are, of checkpoints from the smallest on, the last of each day (UTC), and so the newest. A larger one proves what a smaller one
// does, and a service signs thousands a day: all of them would not fit into an archive in the end.
func lastOfDays(all []ledger.Signed) (out []ledger.Signed) {
	const day = 24 * time.Hour
	for _, c := range all {
		if n := len(out); n > 0 && out[n-1].At.UTC().Truncate(day).Equal(c.At.UTC().Truncate(day)) {
			out = out[:n-1]
		}
		out = append(out, c)
	}
	return out
}

// manySigned is how many signed checkpoints are asked for at once.
const manySigned = 1000

// entrances collects how people enter. Whoever copies a journal while others write to it does so after: nobody is in the copy who
// chose a password and has none.
func (b *belongings) entrances(ctx context.Context, e *engines) error {
	accounts := map[uuid.UUID]bool{}
	err := errors.Join(
		e.state.Passwords(ctx, func(account uuid.UUID, login []byte, hash string) error {
			b.Passwords, accounts[account] = append(b.Passwords, credential{account, login, hash}), true
			return nil
		}),
		e.state.Identities(ctx, func(account uuid.UUID, identity []byte, since time.Time) error {
			b.Identities, accounts[account] = append(b.Identities, providedIdentity{account, identity, since}), true
			return nil
		}))
	for account := range accounts {
		if err != nil {
			return err
		}
		err = e.state.Factors(ctx, account, func(id uuid.UUID, kind string, sealed []byte, mark int64, since time.Time) error {
			b.Factors = append(b.Factors, secondFactor{id, account, kind, sealed, mark, since})
			return nil
		})
		if err != nil {
			return err
		}
		var codes [][]byte
		if codes, err = e.state.RecoveryCodes(ctx, account); len(codes) > 0 {
			b.RecoveryCodes = append(b.RecoveryCodes, recoveryCodes{account, codes})
		}
	}
	return err
}

// settle puts belongings where they are not yet, and tells how many passwords and identities were refused: there the account has others.
// It may be repeated.
func (b *belongings) settle(ctx context.Context, e *engines) (refused int, err error) {
	for _, p := range b.Passwords {
		adopted, err := e.state.Adopt(ctx, p.Account, p.Login, p.Hash)
		if err != nil {
			return refused, err
		}
		if !adopted {
			refused++
		}
	}
	for _, i := range b.Identities {
		bound, err := e.state.Bind(ctx, i.Account, i.Identity, i.Since)
		if err != nil {
			return refused, err
		}
		if !bound {
			refused++
		}
	}
	for _, f := range b.Factors {
		if err := e.state.AddFactor(ctx, f.ID, f.Account, f.Kind, f.Sealed, f.Mark, f.Since); err != nil {
			return refused, err
		}
	}
	for _, c := range b.RecoveryCodes {
		if err := e.state.SetRecoveryCodes(ctx, c.Account, c.Codes); err != nil {
			return refused, err
		}
	}
	for name, at := range b.Checkpoints {
		if err := e.checkpoints.Save(ctx, name, at); err != nil {
			return refused, err
		}
	}
	for _, c := range b.Signed {
		// Those that are there already are larger than the one to come.
		if err := e.signed.Keep(ctx, c); err != nil && !errors.Is(err, ledger.ErrShrunk) {
			return refused, err
		}
	}
	for _, p := range b.Parked {
		_, err := e.parking.Find(ctx, p.ID)
		if errors.Is(err, policy.ErrNotParked) {
			err = e.parking.Park(ctx, p)
		}
		if err != nil {
			return refused, err
		}
	}
	return refused, nil
}
