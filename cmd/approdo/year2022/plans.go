package year2022

import (
	"context"
	"errors"
	"fmt"

	"approdo/domain"
	"approdo/domain/desk"
	"approdo/domain/planning"
	"approdo/projections"
	"approdo/projections/board"
	"approdo/projections/plans"
)

// DrawPlans has a plan drawn for those who wait at the end of the year: by each of some centres for its own, and by the UST for all. Where nobody
// waits there is none. The views must have come to the end.
func DrawPlans(ctx context.Context, views projections.Reader, d *desk.Desk, b *board.Board, centres ...domain.Centre) error {
	land, err := d.Territory(ctx)
	if err != nil {
		return err
	}
	drawers := []domain.Actor{ust}
	for _, c := range centres {
		drawers = append(drawers, officer(domain.RoleCentre, string(c)))
	}
	for _, by := range drawers {
		terms := planning.Terms{Scope: planning.Scope{Centre: domain.Centre(by.Body)}, Year: domain.SchoolYearOf(domain.DateOf(Today))}
		var waiting plans.Waiting
		err := views.Read(ctx, func(s *projections.Snapshot) (err error) {
			waiting, err = plans.Among(s, by, land, terms, Today)
			return err
		})
		if err != nil {
			return err
		}
		drawn, err := plans.Draw(ctx, d, b, by, waiting, terms, nil)
		if err == nil {
			_, err = d.KeepPlan(ctx, desk.KeyedTicket(by, "a plan for today"), planning.Draw{Act: d.Act(by), Plan: drawn})
		}
		if err != nil && !errors.Is(err, planning.ErrNobody) {
			return fmt.Errorf("year2022: plan of %s %s: %w", by.Role, by.Body, err)
		}
	}
	return nil
}
