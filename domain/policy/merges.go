package policy

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
)

// MergesHold parts a case again that was merged into one which was not open at that instant. The rule is checked when two cases are
// merged, but the other case is another stream: where two people merge two cases crosswise, or one merges while the other closes, both
// find it kept, and the child would be in no queue. Of two crossed merges the later one is undone.
func MergesHold(store event.Store, codec *event.Codec) Reaction {
	react := func(ctx context.Context, r event.Record) error {
		decoded, err := codec.Decode(r)
		if err != nil {
			return err
		}
		merged, ok := decoded.(casefile.CaseMerged)
		if !ok {
			return fmt.Errorf("%w: %s in %s", event.ErrUnknownEvent, r.Type, r.Stream)
		}
		into, err := caseBefore(ctx, store, codec, merged.Into, r.Position)
		if err != nil || into.Status.Open() {
			return err
		}
		for since, err := range store.ReadStream(ctx, r.Stream, event.ReadStream{From: r.Revision + 1}) {
			if err != nil || since.Type == "case.parted" {
				return err // somebody has parted them, and may have joined them again for good
			}
		}
		part := casefile.Unmerge{Act: domain.Act{By: domain.System, At: r.Meta.At}}
		_, err = event.Execute(ctx, store, codec, casefile.Decider, r.Stream, casefile.Command(part), origin(r, r.Stream, 0, r.Meta.At))
		if errors.Is(err, casefile.ErrNotMerged) {
			return nil
		}
		return err
	}
	return Reaction{Name: NameMergesHold, Category: casefile.Category, Types: []string{"case.merged"}, React: react}
}

// caseBefore is a case as it was at a position.
func caseBefore(ctx context.Context, store event.Store, codec *event.Codec, id uuid.UUID, at event.Position) (casefile.State, error) {
	s := casefile.Decider.Initial()
	for r, err := range store.ReadStream(ctx, casefile.Stream(id), event.ReadStream{}) {
		if err != nil {
			return s, err
		}
		if r.Position >= at {
			return s, nil
		}
		decoded, err := codec.Decode(r)
		if err != nil {
			return s, err
		}
		e, ok := decoded.(casefile.Event)
		if !ok {
			return s, fmt.Errorf("%w: %s in %s", event.ErrUnknownEvent, r.Type, r.Stream)
		}
		s = casefile.Evolve(s, e)
	}
	return s, nil
}
