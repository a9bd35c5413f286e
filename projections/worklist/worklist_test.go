package worklist_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/names"
	"approdo/domain/reading"
	"approdo/projections/caseline"
	"approdo/projections/worklist"
)

// The lists refuse by themselves whoever has none, whatever those who ask them have checked before: there is nothing to read from here,
// so that one which does not refuse cannot answer.
func TestWhoHasNoListIsRefusedBeforeAnythingIsRead(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]struct {
		act  access.Act
		read func(a domain.Actor) error
	}{
		"list": {access.ListCases, func(a domain.Actor) error {
			_, err := worklist.List(context.Background(), nil, a, caseline.Filter{}, caseline.ByDue, "", 1)
			return err
		}},
		"counts": {access.ListCases, func(a domain.Actor) error { _, err := worklist.Counts(context.Background(), nil, a); return err }},
		"past": {access.ListCases, func(a domain.Actor) error {
			_, _, err := worklist.Past(context.Background(), nil, a, caseline.Filter{}, time.Time{}, "", 1)
			return err
		}},
		"board": {access.ReadBoard, func(a domain.Actor) error { _, err := worklist.Board(a); return err }},
		"search": {access.SearchByName, func(a domain.Actor) error {
			_, err := worklist.Search(context.Background(), nil, a, nil, nil, names.Person{}, false)
			return err
		}},
		"pairs": {access.ReviewPairs, func(a domain.Actor) error {
			_, err := worklist.Pairs(context.Background(), nil, a, nil)
			return err
		}},
	} {
		refused := 0
		for _, role := range domain.Roles() {
			if slices.Contains(access.Roles(list.act), role) {
				continue
			}
			refused++
			if err := list.read(domain.Actor{Role: role, Body: "015189"}); !errors.Is(err, access.ErrNotAllowed) {
				t.Errorf("%s to %s: %v", name, role, err)
			}
		}
		if refused == 0 {
			t.Errorf("%s: nobody is refused", name)
		}
	}
}

// A name that the actor may not see is not even unsealed: there is no key here to do it with.
func TestANameThatMayNotBeSeenStaysSealed(t *testing.T) {
	t.Parallel()
	ctx, _ := reading.NewContext(context.Background())
	line := caseline.Line{Comune: "015189"}
	line.Identity.Cipher = []byte("sealed")
	for _, a := range []domain.Actor{{Role: domain.RoleComune, Body: "015118"}, {Role: domain.RolePrefettura}, {Role: domain.RoleAdmin},
		{Role: domain.RoleSchool, Body: "MIIC8AB00X"}} {
		i, err := worklist.Name(ctx, nil, a, line, access.Name, access.BirthDate)
		if err != nil || !i.FamilyName.IsZero() {
			t.Errorf("%s: %v", a.Role, err)
		}
	}
}
