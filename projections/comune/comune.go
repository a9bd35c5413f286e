// Package comune is what a comune sees: the cases of the minors who live there, and nothing of any other comune.
package comune

import (
	"context"
	"fmt"
	"iter"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/projections"
	"approdo/projections/caseline"
)

// Cases are the lines of all comuni; every query names one.
var cases = projections.TableOf[caseline.Line]("comune_cases",
	projections.Index{"comune", "updated_at", "case_id"},
	projections.Index{"comune", "status"}).Behind(caseline.Wall)

// Departure says that a pupil has moved away: all that is left to the comune of a case that is another's now.
type Departure struct {
	Case   uuid.UUID     `col:"case_id,key"`
	Comune domain.Comune `col:"comune,key"`
	On     domain.Date   `col:"left_on"`
}

// DepartureKey finds a departure.
type DepartureKey struct {
	Case   uuid.UUID
	Comune domain.Comune
}

// Key finds the departure in its table.
func (d Departure) Key() DepartureKey { return DepartureKey{d.Case, d.Comune} }

var departures = projections.TableOf[Departure, DepartureKey]("comune_departures", projections.Index{"comune", "left_on"}).
	Behind(projections.Wall{domain.RoleComune: "comune"})

// Projection keeps the view.
func Projection() projections.Projection {
	return projections.Projection{
		Name: "comune", Version: 2, Streams: []string{casefile.Category},
		Tables: []projections.Relation{cases, departures},
		Apply: func(_ context.Context, tx *projections.Tx, r projections.Event) error {
			e, ok := r.Payload.(casefile.Event)
			if !ok {
				return fmt.Errorf("comune: %s is no event of a case", r.Type)
			}
			id := casefile.IDOf(r.Stream)
			line, _ := cases.Get(tx, id)
			line.Case = id
			from := line.Comune
			line = line.With(r.Record, e)
			cases.Put(tx, line)
			if from != "" && from != line.Comune {
				departures.Put(tx, Departure{id, from, domain.DateOf(r.Meta.At)})
				departures.Delete(tx, DepartureKey{id, line.Comune})
			}
			return nil
		},
	}
}

// Among reads those of some cases that are a comune's.
func Among(s *projections.Snapshot, of domain.Comune, ids []uuid.UUID) ([]caseline.Line, error) {
	return caseline.Among(s, cases, caseline.Where("comune", of), ids)
}

// List reads a comune's lines in the order asked for.
func List(s *projections.Snapshot, comune domain.Comune, f caseline.Filter, after caseline.Cursor, limit int) ([]caseline.Line, caseline.Cursor, error) {
	return caseline.List(s, cases, caseline.Where("comune", comune), f, after, limit)
}

// Departures lists who moved away, the latest first.
func Departures(s *projections.Snapshot, comune domain.Comune, limit int) iter.Seq2[Departure, error] {
	return departures.Where(s, "comune = $1 ORDER BY left_on DESC, case_id LIMIT $2", comune, limit)
}
