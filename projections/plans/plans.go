// Package plans is the plans that were drawn, and what became of them: which of their places were offered. It also draws them (Draw), from who
// waits, the registers and the places as known at one instant, so that the file that proves a plan can be made again years later (File).
package plans

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/planning"
	"approdo/projections"
)

// Line is a plan in a list. Whoever reads a centre's lines reads its own plans; the UST reads all. Instants are UTC.
type Line struct {
	ID       uuid.UUID         `col:"plan_id,key"`
	Centre   domain.Centre     `col:"centre"` // empty: an ambito's, or the whole territory's
	Ambito   domain.Ambito     `col:"ambito"`
	Year     domain.SchoolYear `col:"school_year"`
	At       time.Time         `col:"drawn_at"`
	Account  uuid.UUID         `col:"account"`
	Role     domain.Role       `col:"role"`
	Supposed bool              `col:"supposed"` // a scenario: something in it is not so
	Last     uuid.UUID         `col:"last_plan"`
	Figures  planning.Figures  `col:"figures,json"`
	Gap      int               `col:"gap"` // the first part of the cost that is not proven; len(matching.Cost) where the plan is the best
}

// Key finds the line in its table.
func (l Line) Key() uuid.UUID { return l.ID }

// Offered is a place of a plan that was offered.
type Offered struct {
	Offer  uuid.UUID     `col:"offer,key"`
	Plan   uuid.UUID     `col:"plan_id"`
	Centre domain.Centre `col:"centre"` // of the plan's scope
	Case   uuid.UUID     `col:"case_id"`
	School domain.School `col:"school"`
	At     time.Time     `col:"offered_at"`
}

// Key finds the offer in its table.
func (o Offered) Key() uuid.UUID { return o.Offer }

var lines = projections.TableOf[Line]("plans", projections.Index{"drawn_at", "plan_id"}, projections.Index{"centre", "drawn_at"}).Behind(wall)

var offers = projections.TableOf[Offered]("plan_offers", projections.Index{"plan_id"}).Behind(wall)

// wall keeps centres to their own plans.
var wall = projections.Wall{domain.RoleCentre: "centre", domain.RoleUST: ""}

// Projection keeps the view.
func Projection() projections.Projection {
	return projections.Projection{
		Name: "plans", Version: 1, Streams: []string{planning.Category, casefile.Category},
		Tables: []projections.Relation{lines, offers},
		Apply: func(_ context.Context, tx *projections.Tx, r projections.Event) error {
			switch e := r.Payload.(type) {
			case planning.Drawn:
				id, ok := planning.ParseStream(r.Stream)
				if !ok {
					return fmt.Errorf("plans: %s names no plan", r.Stream)
				}
				gap, _ := e.Gap()
				lines.Put(tx, Line{ID: id, Centre: e.Scope.Centre, Ambito: e.Scope.Ambito, Year: e.Year, At: e.At, Account: r.Meta.Actor.Account, Role: r.Meta.Actor.Role,
					Supposed: e.Supposes(), Last: e.Last, Figures: e.Figures, Gap: gap})
			case casefile.PlaceOffered:
				if e.Plan != uuid.Nil {
					of, _ := lines.Get(tx, e.Plan)
					offers.Put(tx, Offered{e.Offer, e.Plan, of.Centre, casefile.IDOf(r.Stream), e.School, e.At})
				}
			case casefile.Event:
			default:
				return fmt.Errorf("plans: %s is none of its events", r.Type)
			}
			return nil
		},
	}
}

// List reads the newest plans of a centre's own, or, for whoever oversees, of all where the centre is empty.
func List(s *projections.Snapshot, c domain.Centre, limit int) ([]Line, error) {
	if c == "" {
		return projections.Collect(lines.Where(s, "true ORDER BY drawn_at DESC, plan_id DESC LIMIT $1", limit))
	}
	return projections.Collect(lines.Where(s, "centre = $1 ORDER BY drawn_at DESC, plan_id DESC LIMIT $2", c, limit))
}

// Newest is the last plan of a scope and school year that is no scenario; false where there is none.
func Newest(s *projections.Snapshot, of planning.Scope, y domain.SchoolYear) (Line, bool, error) {
	found, err := projections.Collect(lines.Where(s, "centre = $1 AND ambito = $2 AND school_year = $3 AND supposed = $4 ORDER BY drawn_at DESC, plan_id DESC LIMIT 1",
		of.Centre, of.Ambito, y, false))
	if err != nil || len(found) == 0 {
		return Line{}, false, err
	}
	return found[0], true, nil
}

// Views is what the last plan is looked for in; *projections.Runner is it.
type Views interface {
	ReadAs(context.Context, domain.Actor, func(*projections.Snapshot) error) error
}

// Last is the plan by whose prices single decisions for a case go: the newest one drawn by an instant for its centre, its ambito or all, and no
// scenario; nil where there is none. Whoever may rank for the case may be told what places are worth, whoever drew the plan: prices name nobody.
func Last(ctx context.Context, v Views, d *desk.Desk, s casefile.State, at time.Time) (*planning.Drawn, error) {
	if at.IsZero() {
		at = d.Now()().UTC()
	}
	land, err := d.TerritoryAsOf(ctx, at)
	if err != nil {
		return nil, err
	}
	home, _ := land.Comune(s.Comune)
	var last uuid.UUID
	err = v.ReadAs(ctx, domain.Actor{Role: domain.RoleUST}, func(r *projections.Snapshot) error {
		for l, err := range lines.Where(r, "drawn_at <= $1 AND school_year = $2 AND supposed = $3 AND centre IN ($4, '') ORDER BY drawn_at DESC, plan_id DESC",
			at, s.SchoolYear, false, s.Centre) {
			if err != nil {
				return err
			}
			if l.Ambito == "" || home.In(l.Ambito) {
				last = l.ID
				return nil
			}
		}
		return nil
	})
	if err != nil || last == uuid.Nil {
		return nil, err
	}
	plan, err := d.Plan(ctx, domain.System, last)
	return &plan, err
}

// Offers reads which places of a plan were offered, the first first.
func Offers(s *projections.Snapshot, plan uuid.UUID) ([]Offered, error) {
	return projections.Collect(offers.Where(s, "plan_id = $1 ORDER BY offered_at, offer", plan))
}
