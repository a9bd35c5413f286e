// Package notary signs what the ledger has become, tells those who keep it elsewhere, and writes the proofs that people ask for.
//
// It trusts neither the view it takes the hashes from nor what was signed last: what it signs next must go on from what it has signed, in
// the journal and in the view. A journal that was cut off or rewritten is not signed any more until the right one is back; what was
// signed of it stays.
package notary

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"math"
	"time"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/ledger"
	"approdo/projections"
	views "approdo/projections/ledger"
)

// Interval is how often a notary looks whether there is something to sign.
const Interval = 10 * time.Second

// stride is how many records a checkpoint goes beyond the one before at most: as many as are compared in a fraction of a second.
const stride = 1 << 12

// Storage keeps what was signed; state.Ledger of either engine is it.
type Storage interface {
	// Keep adds a checkpoint. It is ledger.ErrShrunk where one of this size or a larger one is there already.
	Keep(ctx context.Context, c ledger.Signed) error
	// Newest lists checkpoints with fewer records than below, the largest first.
	Newest(ctx context.Context, below int64, limit int) ([]ledger.Signed, error)
	Refused(ctx context.Context) (code string, since time.Time, err error)
	Refuse(ctx context.Context, code string, at time.Time) error
	Sent(ctx context.Context, destination string) (size int64, at time.Time, err error)
	MarkSent(ctx context.Context, destination string, size int64, at time.Time) error
}

// Destination is somebody who keeps checkpoints elsewhere.
type Destination interface {
	// Send hands a checkpoint over. What was sent may be sent again.
	Send(ctx context.Context, c ledger.Signed) error
}

// Config is what a Notary needs from the other rooms.
type Config struct {
	Journal event.Store
	Views   projections.Reader
	Storage Storage
	Key     ed25519.PrivateKey
	Clock   domain.Clock
	Log     *slog.Logger
}

// Notary signs the ledger of one house. One node at a time calls Tick; any may answer questions.
type Notary struct {
	Config
	verifier string
	posts    []post
}

// New makes a Notary that tells nobody.
func New(c Config) *Notary {
	return &Notary{Config: c, verifier: ledger.VerifierKey(c.Key.Public().(ed25519.PublicKey))}
}

// VerifierKey is what everybody may know.
func (n *Notary) VerifierKey() string { return n.verifier }

// Why a journal is not signed. The codes are shown on the page and stand in the log.
var (
	ErrShrunk  = domain.Refused("ledger-shrunk")    // the journal has fewer records than were signed
	ErrForked  = domain.Refused("ledger-forked")    // the hashes are not those that were signed
	ErrDiffers = domain.Refused("ledger-differs")   // the journal is not the one the hashes were taken of
	ErrKey     = domain.Refused("ledger-other-key") // the last checkpoint was signed with another key
)

// Tick signs what is new, and sends what was not sent yet. Where the journal does not go on from what was signed it signs nothing, says so
// in the log and keeps saying so.
func (n *Notary) Tick(ctx context.Context) error {
	err := n.sign(ctx)
	var refusal *domain.Error
	if errors.As(err, &refusal) && errors.Is(err, domain.KindRefused) {
		n.Log.ErrorContext(ctx, "THE LEDGER IS NOT SIGNED: the journal does not go on from what was signed", "code", refusal.Code)
		return errors.Join(err, n.Storage.Refuse(ctx, refusal.Code, n.Clock()))
	}
	if err != nil {
		return err
	}
	if code, _, err := n.Storage.Refused(ctx); err != nil || code != "" {
		if err := errors.Join(err, n.Storage.Refuse(ctx, "", n.Clock())); err != nil {
			return err
		}
		n.Log.InfoContext(ctx, "the ledger is signed again")
	}
	return n.send(ctx)
}

// Last is the newest checkpoint; of size 0 where nothing was signed yet.
func (n *Notary) Last(ctx context.Context) (ledger.Signed, error) {
	found, err := n.Storage.Newest(ctx, math.MaxInt64, 1)
	if err != nil || len(found) == 0 {
		return ledger.Signed{}, err
	}
	return found[0], nil
}

// sign goes on from what was signed, a stride at a time: so a journal that has grown by much is signed in the end however often the work is
// interrupted. What is not done after an Interval is left to the next Tick.
func (n *Notary) sign(ctx context.Context) error {
	for began := time.Now(); time.Since(began) < Interval; {
		if more, err := n.step(ctx); err != nil || !more {
			return err
		}
	}
	return nil
}

// step signs one checkpoint; it is false where there was nothing to sign.
func (n *Notary) step(ctx context.Context) (bool, error) {
	last, err := n.Last(ctx)
	if err != nil {
		return false, err
	}
	var next ledger.Checkpoint
	err = n.Views.Read(ctx, func(v *projections.Snapshot) error {
		next, err = n.next(ctx, v, last)
		return err
	})
	if errors.Is(err, projections.ErrBuilding) {
		return false, nil // it will be signed when it is there
	}
	if err != nil || next.Size == last.Size {
		return false, err
	}
	note, err := next.Sign(n.Key)
	if err != nil {
		return false, err
	}
	err = n.Storage.Keep(ctx, ledger.Signed{Size: next.Size, Note: note, At: n.Clock().UTC()})
	if errors.Is(err, ledger.ErrShrunk) {
		return false, nil // another node whose turn it was a moment ago was faster, and whoever signs next compares with that
	}
	return err == nil, err
}

// next is what can be signed now: the last checkpoint again where there is nothing new.
func (n *Notary) next(ctx context.Context, v *projections.Snapshot, last ledger.Signed) (c ledger.Checkpoint, err error) {
	size, err := views.Size(v)
	if err != nil {
		return c, err
	}
	if size < last.Size {
		head, err := n.Journal.Head(ctx)
		if err == nil && v.Position(views.Name) >= head {
			err = ErrShrunk
		}
		return ledger.Checkpoint{Size: last.Size}, err
	}
	if size == 0 {
		return c, nil
	}
	size = min(size, last.Size+stride)
	if err := n.holds(v, last); err != nil {
		return c, err
	}
	if err := n.compare(ctx, v, max(0, last.Size-1), size); err != nil {
		return c, err
	}
	return views.Checkpoint(v, size)
}

// holds finds what was signed last in the hashes again.
func (n *Notary) holds(v *projections.Snapshot, last ledger.Signed) error {
	if last.Size == 0 {
		return nil
	}
	was, err := ledger.Open(last.Note, n.verifier)
	if err != nil {
		return ErrKey
	}
	is, err := views.Checkpoint(v, last.Size)
	if err == nil && is != was {
		err = ErrForked
	}
	return err
}

// compare reads the records from one number up to another again and finds each to be the one that was hashed. The first is the last of
// which something was signed: so it is noticed when the journal has gone back and taken another way from there.
func (n *Notary) compare(ctx context.Context, v *projections.Snapshot, from, to int64) error {
	next, stop, err := n.records(ctx, v, from)
	if err != nil {
		return err
	}
	defer stop()
	for leaf, err := range views.Leaves(v, from, to) {
		if err != nil {
			return err
		}
		r, err, ok := next()
		switch {
		case err != nil:
			return err
		case !ok:
			return ErrShrunk
		case ledger.LeafHash(r) != leaf:
			return ErrDiffers
		}
	}
	return nil
}
