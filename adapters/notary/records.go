package notary

import (
	"context"
	"iter"

	"approdo/domain/event"
	"approdo/projections"
	views "approdo/projections/ledger"
)

// records reads the journal from a record of which the number is known, counted from 0.
func (n *Notary) records(ctx context.Context, v *projections.Snapshot, from int64) (func() (event.Record, error, bool), func(), error) {
	after := event.Position(0)
	if from > 0 {
		before, err := views.Where(v, from-1) // an engine need not know a position that is no record's
		if err != nil {
			return nil, nil, err
		}
		after = before.Position
	}
	next, stop := iter.Pull2(Records(ctx, n.Journal, after))
	return next, stop, nil
}

// Records reads a journal after a position, one record at a time.
func Records(ctx context.Context, s event.Store, after event.Position) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		for page, err := range s.ReadAll(ctx, after, event.ReadAll{}) {
			if err != nil {
				yield(event.Record{}, err)
				return
			}
			for _, r := range page.Records {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}
