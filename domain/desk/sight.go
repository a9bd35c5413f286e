package desk

import (
	"context"
	"errors"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/reading"
)

// Sight is what an actor could open of a pupil's data now.
type Sight struct {
	domain.Actor
	Ground access.Relation
	Fields []access.Field
}

// Sights reviews who of some actors could open the data of a case's pupil now, in their order; nobody where the pupil is erased.
func (d *Desk) Sights(ctx context.Context, f File, actors []domain.Actor) ([]Sight, error) {
	if f.State.Erased {
		return nil, nil
	}
	openings, err := event.Load(ctx, d.store, d.codec, reading.OpeningDecider, reading.OpeningStream(f.ID))
	if err != nil {
		return nil, err
	}
	var out []Sight
	for _, a := range actors {
		s := Sight{Actor: a, Ground: relate(a, f.State, openings.State, d.clock())}
		for _, field := range access.Fields() {
			if access.Sees(a.Role, s.Ground, field) {
				s.Fields = append(s.Fields, field)
			}
		}
		if len(s.Fields) > 0 {
			out = append(out, s)
		}
	}
	return out, nil
}

// OpenName opens a pupil's name to whoever audits, for reading.OpenFor. It is a fact of the journal that the UST is shown. The error is
// reading.ErrOpeningReason for a reason that is none.
func (d *Desk) OpenName(ctx context.Context, t Ticket, a domain.Actor, f File, r reading.OpeningReason, words domain.Personal) (Receipt, error) {
	if err := access.Case(a, f.Relation, access.OpenName); err != nil {
		return Receipt{}, err
	}
	if f.State.Erased {
		return Receipt{}, casefile.ErrErased
	}
	c := reading.OpenName{Act: d.Act(a), Case: f.ID, Reason: r, Words: words}
	out, err := event.Execute(ctx, d.store, d.codec, reading.OpeningDecider, reading.OpeningStream(f.ID), c, t.origin(c.Act))
	return Receipt{ID: f.ID, Revision: out.Last, Position: out.Position, Duplicate: out.Duplicate}, err
}

// OpeningWords opens what somebody wrote when he opened a name; nothing once the pupil is erased.
func (d *Desk) OpeningWords(ctx context.Context, box domain.Box) (domain.Personal, error) {
	if len(box.Cipher) == 0 {
		return domain.Personal{}, nil
	}
	words, err := domain.Closed[domain.Personal](box).Unseal(ctx, d.codec.Sealer())
	if errors.Is(err, domain.ErrForgotten) {
		return domain.Personal{}, nil
	}
	return words, err
}
