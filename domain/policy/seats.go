package policy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/places"
)

// Asked is a command for the places of a site in a school year.
type Asked struct {
	Stream  string
	Command places.Command
}

// Follow is what the places of schools must do to be in step with a case: the seat of the placement that stands is taken once the
// school has accepted, and the seat of every other is given back. A seat whose offer is unanswered stays as it is held. All the
// placements are gone through, so that one call makes up for any number missed.
func Follow(id uuid.UUID, s casefile.State, all []casefile.Placement, act domain.Act) []Asked {
	var asked []Asked
	for _, p := range all {
		stream := places.Stream(p.School, s.SchoolYear)
		switch {
		case !stands(s, p.Offer):
			asked = append(asked, Asked{stream, places.Release{Act: act, Offer: p.Offer}})
		case s.Status != casefile.Offered:
			asked = append(asked, Asked{stream, places.Take{Act: act, Offer: p.Offer, Case: id, Level: p.Level}})
		}
	}
	return asked
}

// stands reports whether an offer, or the enrolment it became, is the case's own now.
func stands(s casefile.State, offer uuid.UUID) bool {
	return s.Status.HoldsPlace() && s.Offer != nil && s.Offer.ID == offer
}

// PlacesFollowCase keeps the places of schools in step with the cases. Its acts bear the time of the record they answer, so that
// a year that is lived through in an hour stays a year.
func PlacesFollowCase(store event.Store, codec *event.Codec) Reaction {
	react := func(ctx context.Context, r event.Record) error {
		id, err := caseOf(r)
		if err != nil {
			return err
		}
		s, all, err := caseNow(ctx, store, codec, id)
		if err != nil {
			return err
		}
		for i, a := range Follow(id, s, all, domain.Act{By: domain.System, At: r.Meta.At}) {
			if _, err := event.Execute(ctx, store, codec, places.Decider, a.Stream, a.Command, origin(r, a.Stream, i, r.Meta.At)); err != nil {
				return fmt.Errorf("policy: %s: %w", a.Stream, err)
			}
		}
		return nil
	}
	return Reaction{Name: NamePlacesFollowCase, Category: casefile.Category, Types: []string{
		"case.autonomously-enrolled", "case.offer-declined", "case.offer-lapsed", "case.offer-withdrawn", "case.offer-accepted",
		"case.acceptance-taken-back", "case.closed", "case.merged", "case.parted",
	}, React: react}
}

// caseNow reads a case and every placement it has seen.
func caseNow(ctx context.Context, store event.Store, codec *event.Codec, id uuid.UUID) (casefile.State, []casefile.Placement, error) {
	s := casefile.Decider.Initial()
	var events []casefile.Event
	for r, err := range store.ReadStream(ctx, casefile.Stream(id), event.ReadStream{}) {
		if err != nil {
			return s, nil, err
		}
		decoded, err := codec.Decode(r)
		if err != nil {
			return s, nil, err
		}
		e, ok := decoded.(casefile.Event)
		if !ok {
			return s, nil, fmt.Errorf("%w: %s in %s", event.ErrUnknownEvent, r.Type, r.Stream)
		}
		s, events = casefile.Evolve(s, e), append(events, e)
	}
	return s, casefile.Placements(events), nil
}

// Grace is how long a seat may be held before the offer it is held for stands in the case.
const Grace = time.Minute

// OrphanHolds gives back a seat that was held for an offer which, Grace later, does not stand: whoever held it went away in
// between. Its acts bear the time of the hold and Grace.
func OrphanHolds(store event.Store, codec *event.Codec) Reaction {
	react := func(ctx context.Context, r event.Record) error {
		decoded, err := codec.Decode(r)
		if err != nil {
			return err
		}
		held, ok := decoded.(places.PlaceHeld)
		if !ok {
			return fmt.Errorf("%w: %s in %s", event.ErrUnknownEvent, r.Type, r.Stream)
		}
		_, all, err := caseNow(ctx, store, codec, held.Case)
		if err != nil || slices.ContainsFunc(all, func(p casefile.Placement) bool { return p.Offer == held.Offer }) {
			return err // once the case has heard of the offer, its place follows the case
		}
		at := r.Meta.At.Add(Grace)
		release := places.Release{Act: domain.Act{By: domain.System, At: at}, Offer: held.Offer}
		_, err = event.Execute(ctx, store, codec, places.Decider, r.Stream, places.Command(release), origin(r, r.Stream, 0, at))
		return err
	}
	return Reaction{Name: NameOrphanHolds, Category: places.Category, Types: []string{"places.held"}, After: Grace, React: react}
}
