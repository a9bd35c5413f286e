package main

import (
	"context"
	"maps"
	"slices"

	"approdo/domain"
	"approdo/domain/returns"
	"approdo/projections"
	mondays "approdo/projections/returns"
)

// unanswered is who has not answered as the views have it.
type unanswered struct{ views projections.Reader }

// Unanswered is policy.Unanswered.
func (u unanswered) Unanswered(ctx context.Context, monday, remindedOn domain.Date) (schools []domain.Institution, err error) {
	err = u.views.Read(ctx, func(v *projections.Snapshot) error {
		pupils := map[domain.Institution]int{}
		for c, err := range mondays.Counts(v, returns.Due(monday)) {
			if err != nil {
				return err
			}
			pupils[c.Institution] += c.N
		}
		answers, err := mondays.Answers(v, monday, remindedOn.AddDays(1).Start())
		maps.DeleteFunc(pupils, func(i domain.Institution, n int) bool {
			a := answers[i]
			return n == 0 || a.Validated || !a.Reminded.IsZero() && domain.DateOf(a.Reminded) == remindedOn
		})
		schools = slices.Sorted(maps.Keys(pupils))
		return err
	})
	return schools, err
}
