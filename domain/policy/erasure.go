package policy

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
)

// Forgetter destroys the keys of subjects.
type Forgetter interface {
	// ForgetClass destroys the subjects' keys of a class, all of them where it is empty. Those already forgotten MUST be no error.
	ForgetClass(ctx context.Context, class domain.Class, subjects ...uuid.UUID) error
	// Unforgotten gives those of the subjects that have not been forgotten, as far as a class goes.
	Unforgotten(ctx context.Context, class domain.Class, subjects ...uuid.UUID) ([]uuid.UUID, error)
}

// ErrNotForgotten means that what an erasure leaves behind cannot be cleaned up yet: the keys are still there.
var ErrNotForgotten = &domain.Error{Kind: domain.KindUnavailable, Code: "keys-not-destroyed"}

// erasures are the stored names of the events behind which keys go, with the class of these; empty: all of them.
var erasures = map[string]domain.Class{"case.pupil-erased": "", "case.health-erased": domain.ClassSpecial}

func erasureTypes() []string { return []string{"case.pupil-erased", "case.health-erased"} }

// mostErased bounds how many pupils are forgotten at once.
const mostErased = 1_000

// Erasure destroys the keys of a pupil, or of what was said of the pupil's health, once the case says so. The subject of a case's data is
// the case's id. Destroying keys writes all others anew: it looks ahead in the journal, so that several erasures at once are one.
func Erasure(store event.Store, keys Forgetter) Reaction {
	react := func(ctx context.Context, r event.Record) error {
		id, err := caseOf(r)
		if err != nil {
			return err
		}
		left, err := keys.Unforgotten(ctx, erasures[r.Type], id)
		if err != nil || len(left) == 0 {
			return err
		}
		together, _, err := Erased(ctx, store, r)
		if err != nil {
			return err
		}
		for _, class := range []domain.Class{"", domain.ClassSpecial} {
			left, err := keys.Unforgotten(ctx, class, together[class]...)
			if err != nil {
				return err
			}
			if len(left) == 0 {
				continue
			}
			if err := keys.ForgetClass(ctx, class, left...); err != nil {
				return err
			}
		}
		return nil
	}
	return Reaction{Name: NameErasure, Category: casefile.Category, Types: erasureTypes(), React: react}
}

// Erased gives the pupils of an erasure's record and of those behind it in the journal, by the class whose keys go. They may be too many
// for one time: it says up to where it has read.
func Erased(ctx context.Context, store event.Store, first event.Record) (map[domain.Class][]uuid.UUID, event.Position, error) {
	out, upTo := map[domain.Class][]uuid.UUID{}, first.Position
	add := func(r event.Record) {
		class, is := erasures[r.Type]
		if id := casefile.IDOf(r.Stream); is && id != uuid.Nil && !slices.Contains(out[class], id) {
			out[class] = append(out[class], id)
		}
	}
	add(first)
	for page, err := range store.ReadAll(ctx, first.Position, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}}) {
		if err != nil {
			return nil, 0, err
		}
		for _, r := range page.Records {
			add(r)
		}
		upTo = max(upTo, page.Checkpoint)
		if len(out[""])+len(out[domain.ClassSpecial]) >= mostErased {
			break
		}
	}
	return out, upTo, nil
}

// Cleanup removes what erasures leave behind on disks, once the keys are gone: clean gets the record of one, and may deal with those
// behind it as well. How far it has come is how far everything is clean.
func Cleanup(clean func(ctx context.Context, r event.Record) error) Reaction {
	return Reaction{Name: NameCleanup, Category: casefile.Category, Types: erasureTypes(), React: clean}
}

// RestoreErasure tells a case what its keys know: its pupil, or what was said of the pupil's health, is forgotten. It is for journals that
// an older copy has taken the place of; a case that knows it already, or that is not there, is left alone. It tells whether it wrote.
func RestoreErasure(ctx context.Context, store event.Store, codec *event.Codec, id uuid.UUID, class domain.Class, act domain.Act) (bool, error) {
	stream := casefile.Stream(id)
	now, err := event.Load(ctx, store, codec, casefile.Decider, stream)
	scope := casefile.ErasePupil
	if class == domain.ClassSpecial {
		scope = casefile.EraseHealth
	}
	if err != nil || now.State.Status == "" || now.State.Erased || scope == casefile.EraseHealth && now.State.HealthErased {
		return false, err
	}
	o := event.Origin{ID: event.DeriveID(id, "restored-"+string(scope), int(now.Last)+1), By: domain.System, At: act.At}
	c := casefile.RestoreErasure{Act: domain.Act{By: domain.System, At: act.At}, Scope: scope}
	out, err := event.Execute(ctx, store, codec, casefile.Decider, stream, casefile.Command(c), o)
	return err == nil && !out.Duplicate, err
}
