package notary

import (
	"context"
	"io"

	"approdo/domain/event"
	"approdo/domain/ledger"
	"approdo/projections"
	views "approdo/projections/ledger"
)

// Selection writes the records of some positions, each with the proof that it is in the journal of the newest checkpoint. Records that are
// younger than that are left out; ErrNotSignedYet where no other is left. Nothing is written before the first line is sure, and nothing
// that was not checked.
func (n *Notary) Selection(ctx context.Context, positions []event.Position, w io.Writer) error {
	last, err := n.Last(ctx)
	if err != nil {
		return err
	}
	if last.Size == 0 {
		return ErrNotSignedYet
	}
	signed, err := ledger.Open(last.Note, n.verifier)
	if err != nil {
		return err
	}
	var proofs []views.Proof
	err = n.Views.Read(ctx, func(v *projections.Snapshot) error {
		proofs, err = views.IncludeAll(v, positions, last.Size)
		return err
	})
	if err != nil {
		return err
	}
	if len(proofs) == 0 {
		return ErrNotSignedYet
	}
	chosen := make([]ledger.Chosen, len(proofs))
	for i, p := range proofs {
		r, err := n.recordAfter(ctx, p.Before)
		if err != nil {
			return err
		}
		chosen[i] = ledger.Chosen{Index: p.Index, Leaf: ledger.Leaf(r), Path: p.Path}
		if err := chosen[i].Check(signed); err != nil {
			return err
		}
	}
	return ledger.Select(w, last.Note, chosen)
}

// recordAfter is the record that follows a position.
func (n *Notary) recordAfter(ctx context.Context, p event.Position) (event.Record, error) {
	for page, err := range n.Journal.ReadAll(ctx, p, event.ReadAll{PageSize: 1}) {
		if err != nil {
			return event.Record{}, err
		}
		if len(page.Records) > 0 {
			return page.Records[0], nil
		}
	}
	return event.Record{}, ErrShrunk
}
