package policy

import (
	"context"

	"github.com/google/uuid"

	"approdo/domain/casefile"
	"approdo/domain/event"
)

// Forgetter destroys the keys of subjects. Subjects already forgotten MUST be no error.
type Forgetter interface {
	Forget(ctx context.Context, subjects ...uuid.UUID) error
}

// Erasure destroys the keys of a pupil once the case says that the pupil is erased. The subject of a case's data is the case's id.
func Erasure(keys Forgetter) Reaction {
	react := func(ctx context.Context, r event.Record) error {
		id, err := caseOf(r)
		if err != nil {
			return err
		}
		return keys.Forget(ctx, id)
	}
	return Reaction{Name: NameErasure, Category: casefile.Category, Types: []string{"case.pupil-erased"}, React: react}
}
