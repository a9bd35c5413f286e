// Package worklist gives each actor the lists, counts and searches that are his: the comune's from the view of the comuni, the
// centre's from that of the centres, and so on. REST and web read lists through it and through nothing else.
package worklist

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

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

// Page is a page of a list that is being read. Where a list goes by its terms, the board says which cases are on it before any view is
// open: whoever holds one snapshot of the views and waits for another keeps others waiting.
type Page struct {
	actor  domain.Actor
	filter caseline.Filter
	by     caseline.By
	after  caseline.Cursor
	limit  int
	next   caseline.Cursor
	cases  []uuid.UUID // by their terms
}

// List begins to read a page of the actor's cases; access.ErrNotAllowed for the roles that have none.
func List(ctx context.Context, b *board.Board, a domain.Actor, f caseline.Filter, by caseline.By, after caseline.Cursor, limit int) (p Page, err error) {
	if err := access.Large(a, access.ListCases); err != nil {
		return p, err
	}
	p = Page{actor: a, filter: f, by: by, after: after, limit: limit}
	if by == caseline.ByDue {
		p.cases, p.next, err = b.Cases(ctx, scopeOf(a), f, time.Time{}, after, limit)
	}
	return p, err
}

// Lines gives the lines of a page, and where the next one begins.
func (p Page) Lines(s *projections.Snapshot) ([]caseline.Line, caseline.Cursor, error) {
	if p.by != caseline.ByDue {
		return read(s, p.actor, p.filter, p.after, p.limit)
	}
	lines, err := Lines(s, p.actor, p.cases)
	return lines, p.next, err
}

// Lines gives the lines of some cases in their order, as far as the actor has them.
func Lines(s *projections.Snapshot, a domain.Actor, cases []uuid.UUID) (all []caseline.Line, err error) {
	place := map[uuid.UUID]int{}
	for i, id := range cases {
		place[id] = i
	}
	for some := range slices.Chunk(cases, 500) {
		lines, err := among(s, a, some)
		if err != nil {
			return nil, err
		}
		all = append(all, lines...)
	}
	slices.SortFunc(all, func(a, b caseline.Line) int { return cmp.Compare(place[a.Case], place[b.Case]) })
	return all, nil
}

func among(s *projections.Snapshot, a domain.Actor, cases []uuid.UUID) ([]caseline.Line, error) {
	switch a.Role {
	case domain.RoleComune:
		return comune.Among(s, domain.Comune(a.Body), cases)
	case domain.RoleCentre:
		return centre.Among(s, domain.Centre(a.Body), cases)
	case domain.RoleSchool:
		return school.Among(s, domain.Institution(a.Body), cases)
	}
	return centre.AllAmong(s, cases)
}

func read(s *projections.Snapshot, a domain.Actor, f caseline.Filter, after caseline.Cursor, limit int) ([]caseline.Line, caseline.Cursor, error) {
	switch a.Role {
	case domain.RoleComune:
		return comune.List(s, domain.Comune(a.Body), f, after, limit)
	case domain.RoleCentre:
		return centre.List(s, domain.Centre(a.Body), f, after, limit)
	case domain.RoleSchool:
		return school.List(s, domain.Institution(a.Body), f, after, limit)
	}
	return centre.All(s, f, after, limit)
}

// Past gives the cases that were on the actor's list at an instant, the most pressing first.
func Past(ctx context.Context, b *board.Board, a domain.Actor, f caseline.Filter, at time.Time, after caseline.Cursor, limit int) ([]uuid.UUID, caseline.Cursor, error) {
	if err := access.Large(a, access.ListCases); err != nil {
		return nil, "", err
	}
	return b.Cases(ctx, scopeOf(a), f, at, after, limit)
}

// Counts gives how many of the actor's cases there are by status.
func Counts(ctx context.Context, b *board.Board, a domain.Actor) (board.Tally, error) {
	if err := access.Large(a, access.ListCases); err != nil {
		return nil, err
	}
	return b.Statuses(ctx, scopeOf(a))
}

// Board binds the board to what the actor may count: a comune, a centre and a school their own cases, UST and Prefettura all.
func Board(a domain.Actor) (board.Scope, error) {
	if err := access.Large(a, access.ReadBoard); err != nil {
		return board.Scope{}, err
	}
	return scopeOf(a), nil
}

// scopeOf binds a question to the body of whoever asks; those without one see all.
func scopeOf(a domain.Actor) (s board.Scope) {
	switch a.Role {
	case domain.RoleComune:
		s.Comune = domain.Comune(a.Body)
	case domain.RoleCentre:
		s.Centre = domain.Centre(a.Body)
	case domain.RoleSchool:
		s.Institution = domain.Institution(a.Body)
	}
	return s
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
