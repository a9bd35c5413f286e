package desk

import (
	"context"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/fact"
)

// looked bounds how many records of the journal are looked at for one answer.
const looked = 2_000

// Facts gives what other systems are told, at most limit of them, after a position of the journal, and the position to go on from. Where
// there is nothing yet the list is empty and the position is where to ask again.
func (d *Desk) Facts(ctx context.Context, a domain.Actor, after event.Position, limit int) ([]fact.Fact, event.Position, error) {
	if err := access.Large(a, access.ReadFacts); err != nil {
		return nil, after, err
	}
	facts := []fact.Fact{}
	for page, err := range d.store.ReadAll(ctx, after, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}, PageSize: looked}) {
		if err != nil {
			return nil, after, err
		}
		for _, r := range page.Records {
			payload, err := d.codec.Decode(r)
			if err != nil {
				return nil, after, err
			}
			if f, ok := fact.Of(r, payload); ok {
				facts = append(facts, f)
			}
			if len(facts) == limit {
				return facts, r.Position, nil
			}
		}
		if after = page.Checkpoint; len(facts) > 0 {
			break
		}
	}
	return facts, after, nil
}
