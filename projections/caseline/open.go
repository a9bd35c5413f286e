package caseline

import (
	"context"
	"errors"
	"slices"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/reading"
)

// Open unseals of a line's identity what is wanted, name or birth date, as far as the actor may see it, and notes it in the access
// record. It is zero where he may see none of it, and where the pupil is erased. The error is reading.ErrUnrecorded where ctx has no
// sheet.
func Open(ctx context.Context, k domain.Sealer, a domain.Actor, r access.Relation, l Line, wanted ...access.Field) (casefile.Identity, error) {
	may, err := reading.May(ctx)
	if err != nil || !may || len(l.Identity.Cipher) == 0 {
		return casefile.Identity{}, err
	}
	wanted = slices.DeleteFunc(slices.Clone(wanted), func(f access.Field) bool { return !access.Sees(a.Role, r, f) })
	if len(wanted) == 0 {
		return casefile.Identity{}, nil
	}
	i, err := domain.Closed[casefile.Identity](l.Identity).Unseal(ctx, k)
	if errors.Is(err, domain.ErrForgotten) {
		return casefile.Identity{}, nil
	}
	if err != nil {
		return casefile.Identity{}, err
	}
	i = i.Only(slices.Contains(wanted, access.Name), slices.Contains(wanted, access.BirthDate), false)
	i.FamilyNameCyrillic, i.GivenNameCyrillic = domain.Personal{}, domain.Personal{}
	reading.Note(ctx, l.Case, r, l.Comune, wanted...)
	return i, nil
}
