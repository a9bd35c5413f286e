// Package centre is what the centres work from: every case under the centre it belongs to, with the term that runs on it. The UST
// reads it without naming a centre.
package centre

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/projections"
	"approdo/projections/caseline"
)

var cases = projections.TableOf[caseline.Line]("centre_cases",
	projections.Index{"centre", "status", "due"},
	projections.Index{"comune", "status"},
	projections.Index{"due"},
	projections.Index{"household"},
	projections.Index{"updated_at", "case_id"}).Behind(caseline.Wall)

// Projection keeps the view.
func Projection() projections.Projection {
	return projections.Projection{
		Name: "centre", Version: 2, Streams: []string{casefile.Category},
		Tables: []projections.Relation{cases},
		Apply: func(_ context.Context, tx *projections.Tx, r projections.Event) error {
			e, ok := r.Payload.(casefile.Event)
			if !ok {
				return fmt.Errorf("centre: %s is no event of a case", r.Type)
			}
			id := casefile.IDOf(r.Stream)
			line, _ := cases.Get(tx, id)
			line.Case = id
			cases.Put(tx, line.With(r.Record, e))
			return nil
		},
	}
}

// Among reads those of some cases that are a centre's.
func Among(s *projections.Snapshot, of domain.Centre, ids []uuid.UUID) ([]caseline.Line, error) {
	return caseline.Among(s, cases, caseline.Where("centre", of), ids)
}

// List reads a centre's lines in the order asked for.
func List(s *projections.Snapshot, c domain.Centre, f caseline.Filter, after caseline.Cursor, limit int) ([]caseline.Line, caseline.Cursor, error) {
	return caseline.List(s, cases, caseline.Where("centre", c), f, after, limit)
}

// All reads the lines of every centre, for whoever oversees.
func All(s *projections.Snapshot, f caseline.Filter, after caseline.Cursor, limit int) ([]caseline.Line, caseline.Cursor, error) {
	return caseline.List(s, cases, caseline.Everything, f, after, limit)
}

// Household lists the cases of one household: siblings, by when they were requested.
func Household(s *projections.Snapshot, id string) iter.Seq2[caseline.Line, error] {
	return cases.Where(s, "household = $1 ORDER BY requested_at, case_id", id)
}

// Due lists the lines whose running term is over at an instant and that have not gone up to the UST yet.
func Due(s *projections.Snapshot, now time.Time) iter.Seq2[caseline.Line, error] {
	return cases.Where(s, "due <= $1 AND escalated <> $2 ORDER BY due", now, domain.RoleUST)
}

// AllAmong reads some cases, for whoever oversees.
func AllAmong(s *projections.Snapshot, ids []uuid.UUID) ([]caseline.Line, error) {
	return caseline.Among(s, cases, caseline.Everything, ids)
}
