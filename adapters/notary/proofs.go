package notary

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/ledger"
	"approdo/projections"
	views "approdo/projections/ledger"
)

// What cannot be proved, or not yet.
var (
	ErrNoCheckpoint = domain.NotFound("ledger-checkpoint-not-found")
	ErrNotSignedYet = domain.Refused("ledger-not-signed-yet") // the record is younger than the last checkpoint
)

// Newest lists checkpoints with fewer records than below, the largest first.
func (n *Notary) Newest(ctx context.Context, below int64, limit int) ([]ledger.Signed, error) {
	return n.Storage.Newest(ctx, below, limit)
}

// Refused is why nothing is signed, as a code, and since when; no code while there is nothing to refuse.
func (n *Notary) Refused(ctx context.Context) (code string, since time.Time, err error) {
	return n.Storage.Refused(ctx)
}

func (n *Notary) find(ctx context.Context, size int64) (ledger.Signed, error) {
	if size < 1 {
		return ledger.Signed{}, ErrNoCheckpoint
	}
	found, err := n.Storage.Newest(ctx, size+1, 1)
	if err == nil && (len(found) == 0 || found[0].Size != size) {
		err = ErrNoCheckpoint
	}
	if err != nil {
		return ledger.Signed{}, err
	}
	return found[0], nil
}

// Checkpoint is the note of a size, to be kept elsewhere.
func (n *Notary) Checkpoint(ctx context.Context, size int64) (f ledger.File, err error) {
	c, err := n.find(ctx, size)
	return ledger.File{Name: fmt.Sprintf("approdo-checkpoint-%d.txt", size), Text: c.Note}, err
}

// Continues proves that the journal of one size goes on from that of a smaller one, both up to what was signed. Whether a checkpoint of
// just these sizes was kept makes no difference: what was signed of more records speaks of fewer, and a checkpoint has one form only.
func (n *Notary) Continues(ctx context.Context, older, newer int64) (f ledger.File, err error) {
	last, err := n.Last(ctx)
	if err != nil {
		return f, err
	}
	if newer > last.Size {
		return f, ErrNoCheckpoint
	}
	var p ledger.Consistency
	err = n.Views.Read(ctx, func(v *projections.Snapshot) error {
		if err := n.holds(v, last); err != nil {
			return err
		}
		if p.Path, err = views.Continue(v, older, newer); err != nil {
			return err
		}
		if p.Older, err = n.note(v, older); err != nil {
			return err
		}
		p.Newer, err = n.note(v, newer)
		return err
	})
	if err != nil {
		return f, err
	}
	f = ledger.File{Name: fmt.Sprintf("approdo-consistency-%d-%d.txt", older, newer), Text: p.Text()}
	_, _, err = ledger.OpenConsistency(f.Text, n.verifier)
	return f, err
}

// note is that of a size that is known to be part of what was signed.
func (n *Notary) note(v *projections.Snapshot, size int64) ([]byte, error) {
	c, err := views.Checkpoint(v, size)
	if err != nil {
		return nil, err
	}
	return c.Sign(n.Key)
}

// Inclusion proves that the record of a position is in the journal of the newest checkpoint.
func (n *Notary) Inclusion(ctx context.Context, p event.Position) (ledger.File, error) {
	return n.include(ctx, func(v *projections.Snapshot) (views.Place, error) { return views.At(v, p) })
}

// InclusionOf is Inclusion for the record of an id. It looks through the whole ledger.
func (n *Notary) InclusionOf(ctx context.Context, id uuid.UUID) (ledger.File, error) {
	return n.include(ctx, func(v *projections.Snapshot) (views.Place, error) { return views.Of(v, id) })
}

// include hands out no proof that it has not checked.
func (n *Notary) include(ctx context.Context, find func(*projections.Snapshot) (views.Place, error)) (f ledger.File, err error) {
	last, err := n.Last(ctx)
	if err != nil {
		return f, err
	}
	p := ledger.Inclusion{Note: last.Note}
	err = n.Views.Read(ctx, func(v *projections.Snapshot) error {
		place, err := find(v)
		if err != nil {
			return err
		}
		if place.Index >= last.Size {
			return ErrNotSignedYet
		}
		next, stop, err := n.records(ctx, v, place.Index)
		if err != nil {
			return err
		}
		defer stop()
		r, err, ok := next()
		if err == nil && !ok {
			err = ErrShrunk
		}
		if err != nil {
			return err
		}
		p.Index, p.Leaf = place.Index, ledger.Leaf(r)
		p.Path, err = views.Include(v, place.Index, last.Size)
		return err
	})
	if err != nil {
		return f, err
	}
	f = ledger.File{Name: fmt.Sprintf("approdo-record-%d-of-%d.txt", p.Index, last.Size), Text: p.Text()}
	_, _, err = ledger.OpenInclusion(f.Text, n.verifier)
	return f, err
}
