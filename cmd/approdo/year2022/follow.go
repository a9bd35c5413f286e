package year2022

import (
	"context"
	"slices"

	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/policy"
)

// Follower carries a policy out as far as the journal's head, at once.
func Follower(store event.Store, r policy.Reaction) func(context.Context) error {
	var after event.Position
	return func(ctx context.Context) error {
		for page, err := range store.ReadAll(ctx, after, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}}) {
			if err != nil {
				return err
			}
			for _, rec := range page.Records {
				if !slices.Contains(r.Types, rec.Type) {
					continue
				}
				if err := r.React(ctx, rec); err != nil {
					return err
				}
			}
			after = page.Checkpoint
		}
		return nil
	}
}
