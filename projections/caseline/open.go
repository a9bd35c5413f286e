package caseline

import (
	"context"
	"errors"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
)

// Open unseals what a list shows of an identity, as far as the actor may see it: name and birth date. It is zero where he may not
// see either, and where the pupil is erased.
func Open(ctx context.Context, k domain.Sealer, a domain.Actor, r access.Relation, box domain.Box) (casefile.Identity, error) {
	name, birth := access.Sees(a.Role, r, access.Name), access.Sees(a.Role, r, access.BirthDate)
	if !name && !birth || len(box.Cipher) == 0 {
		return casefile.Identity{}, nil
	}
	i, err := domain.Closed[casefile.Identity](box).Unseal(ctx, k)
	if errors.Is(err, domain.ErrForgotten) {
		return casefile.Identity{}, nil
	}
	var out casefile.Identity
	if name {
		out.FamilyName, out.GivenName = i.FamilyName, i.GivenName
	}
	if birth {
		out.BirthDate = i.BirthDate
	}
	return out, err
}
