// Package worklist gives each actor the lists, counts and searches that are his: the comune's from the view of the comuni, the
// centre's from that of the centres, and so on. REST and web read lists through it and through nothing else.
package worklist

import (
	"context"
	"slices"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/names"
	"approdo/projections"
	"approdo/projections/board"
	"approdo/projections/caseline"
	"approdo/projections/centre"
	"approdo/projections/comune"
	"approdo/projections/duplicates"
	"approdo/projections/school"
)

// List reads a page of the actor's cases; access.ErrNotAllowed for the roles that have none.
func List(s *projections.Snapshot, a domain.Actor, f caseline.Filter, by caseline.By, after caseline.Cursor, limit int) ([]caseline.Line, caseline.Cursor, error) {
	if err := access.Large(a, access.ListCases); err != nil {
		return nil, "", err
	}
	switch a.Role {
	case domain.RoleComune:
		return comune.List(s, domain.Comune(a.Body), f, by, after, limit)
	case domain.RoleCentre:
		return centre.List(s, domain.Centre(a.Body), f, by, after, limit)
	case domain.RoleSchool:
		return school.List(s, domain.Institution(a.Body), f, by, after, limit)
	}
	return centre.All(s, f, by, after, limit)
}

// Counts gives how many of the actor's cases there are by status.
func Counts(s *projections.Snapshot, a domain.Actor) (map[casefile.Status]int, error) {
	if err := access.Large(a, access.ListCases); err != nil {
		return nil, err
	}
	switch a.Role {
	case domain.RoleComune:
		return comune.Counts(s, domain.Comune(a.Body))
	case domain.RoleCentre:
		return centre.Counts(s, domain.Centre(a.Body))
	case domain.RoleSchool:
		return school.Counts(s, domain.Institution(a.Body))
	}
	return centre.AllCounts(s)
}

// Board binds the board to what the actor may count: a comune, a centre and a school their own cases, UST and Prefettura all.
func Board(a domain.Actor) (board.Scope, error) {
	if err := access.Large(a, access.ReadBoard); err != nil {
		return board.Scope{}, err
	}
	switch a.Role {
	case domain.RoleComune:
		return board.Scope{Comune: domain.Comune(a.Body)}, nil
	case domain.RoleCentre:
		return board.Scope{Centre: domain.Centre(a.Body)}, nil
	case domain.RoleSchool:
		return board.Scope{Institution: domain.Institution(a.Body)}, nil
	}
	return board.Scope{}, nil
}

// Search finds the actor's cases by a person, the likeliest first. With sure it gives only those that are rather this child than
// not, for a warning; without, every namesake, for a search.
func Search(ctx context.Context, s *projections.Snapshot, a domain.Actor, k domain.Sealer, t duplicates.Tokens, p names.Person, sure bool) ([]duplicates.Match, error) {
	if err := access.Large(a, access.SearchByName); err != nil {
		return nil, err
	}
	scope := duplicates.Territory
	switch a.Role {
	case domain.RoleComune:
		scope = duplicates.OfComune(domain.Comune(a.Body))
	case domain.RoleCentre:
		scope = duplicates.OfCentre(domain.Centre(a.Body))
	case domain.RoleSchool:
		scope = duplicates.OfInstitution(domain.Institution(a.Body))
	}
	least := 0.0
	if sure {
		least = names.Likely
	}
	found, err := duplicates.Find(ctx, s, k, t, scope, p, least)
	// A match tells what it compared: whoever may not see the name is told of none.
	return slices.DeleteFunc(found, func(m duplicates.Match) bool {
		return !access.Sees(a.Role, access.Relate(a, Facts(m.Line)), access.Name)
	}), err
}

// Pairs gives the cases of different bodies that may be of one child, for whoever may tell them apart or merge them.
func Pairs(ctx context.Context, s *projections.Snapshot, a domain.Actor, k domain.Sealer) ([]duplicates.Pair, error) {
	if err := access.Large(a, access.ReviewPairs); err != nil {
		return nil, err
	}
	return duplicates.Pairs(ctx, s, k)
}

// Facts are what the actor's relation to a line is made of. Lines of bodies that once acted on a case are in no list.
func Facts(l caseline.Line) access.Facts {
	return access.Facts{Comune: l.Comune, Centre: l.Centre, Institution: l.Institution, Offered: l.Status == casefile.Offered,
		Restricted: l.Restricted != "", Holder: domain.Actor{Role: domain.Role(l.HolderKind), Body: l.HolderBody}}
}

// Name opens what is wanted of a line, the name or the birth date, as far as the actor may see it; zero where he may not, or the
// pupil is erased. What comes out is to be shown: it stands in the access record.
func Name(ctx context.Context, k domain.Sealer, a domain.Actor, l caseline.Line, wanted ...access.Field) (casefile.Identity, error) {
	return caseline.Open(ctx, k, a, access.Relate(a, Facts(l)), l, wanted...)
}
