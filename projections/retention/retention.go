// Package retention is what the UST looks at to forget in time: when each case ended, which erasures are proposed, and which were done. It
// holds nothing of any pupil.
package retention

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/projections"
)

// Row is a case as far as forgetting goes. The day it ended is zero while it is open, and while it goes on in another.
type Row struct {
	Case       uuid.UUID                  `col:"case_id,key"`
	Comune     domain.Comune              `col:"comune"`
	EndedOn    domain.Date                `col:"ended_on"`
	MergedInto uuid.UUID                  `col:"merged_into"`
	Health     bool                       `col:"has_health"` // something of health was declared and is not forgotten
	Restricted casefile.RestrictionReason `col:"restricted"`
	Proposal   uuid.UUID                  `col:"proposal"` // nil: none waits
	Scope      casefile.ErasureScope      `col:"erasure_scope"`
	Ground     casefile.ErasureGround     `col:"ground"`
	Register   string                     `col:"register"` // version that made it due
	Since      domain.Date                `col:"due_since"`
	ProposedBy uuid.UUID                  `col:"proposed_by"`
	ProposedAt time.Time                  `col:"proposed_at"`
	Erased     bool                       `col:"erased"`
}

// Key finds the row in its table.
func (r Row) Key() uuid.UUID { return r.Case }

// Erasure is one that was decided: of a pupil, or of what was known of the pupil's health.
type Erasure struct {
	Position event.Position         `col:"position,key"`
	Case     uuid.UUID              `col:"case_id"`
	Scope    casefile.ErasureScope  `col:"erasure_scope"`
	Ground   casefile.ErasureGround `col:"ground"`
	At       time.Time              `col:"decided_at"` // UTC
	Approved uuid.UUID              `col:"approved_by"`
}

// Key finds the erasure in its table.
func (e Erasure) Key() event.Position { return e.Position }

var wall = projections.Wall{domain.RoleUST: ""}

var (
	cases = projections.TableOf[Row]("retention_cases", projections.Index{"ended_on", "case_id"}, projections.Index{"merged_into"},
		projections.Index{"proposed_at", "case_id"}).Behind(wall)
	erasures = projections.TableOf[Erasure]("retention_erasures").Behind(wall)
)

// Name is the projection's.
const Name = "retention"

// Projection keeps the view.
func Projection() projections.Projection {
	return projections.Projection{
		Name: Name, Version: 1, Streams: []string{casefile.Category},
		Tables: []projections.Relation{cases, erasures},
		Apply: func(_ context.Context, tx *projections.Tx, r projections.Event) error {
			e, ok := r.Payload.(casefile.Event)
			if !ok {
				return fmt.Errorf("retention: %s is no event of a case", r.Type)
			}
			id := casefile.IDOf(r.Stream)
			row, _ := cases.Get(tx, id)
			row.Case = id
			if next := row.with(e); next != row {
				cases.Put(tx, next)
			}
			done := Erasure{Position: r.Position, Case: id, At: r.Meta.At, Approved: r.Meta.Actor.Account}
			switch e := e.(type) {
			case casefile.PupilErased:
				done.Scope, done.Ground = casefile.ErasePupil, e.Ground
				erasures.Put(tx, done)
			case casefile.HealthErased:
				done.Scope, done.Ground = casefile.EraseHealth, e.Ground
				erasures.Put(tx, done)
			}
			return nil
		},
	}
}

func (r Row) with(e casefile.Event) Row {
	switch e := e.(type) {
	case casefile.RequestRecorded:
		r.Comune, r.Health = e.Comune, !e.Health.IsZero()
	case casefile.AutonomousEnrolmentRecorded:
		r.Comune, r.Health = e.Comune, !e.Health.IsZero()
	case casefile.RequestAmended:
		r.Health = r.Health || !e.Health.IsZero()
	case casefile.DomicileChanged:
		r.Comune = e.Comune
	case casefile.CaseClosed:
		r.EndedOn = e.On
	case casefile.CaseReopened:
		r.EndedOn = domain.Date{}
		r = r.settled()
	case casefile.CaseMerged:
		r.MergedInto = e.Into
	case casefile.CaseParted:
		r.MergedInto = uuid.Nil
		r = r.settled()
	case casefile.CaseRestricted:
		r.Restricted = e.Reason
	case casefile.RestrictionLifted:
		r.Restricted = ""
	case casefile.ErasureProposed:
		r.Proposal, r.Scope, r.Ground, r.Register, r.Since = e.Proposal, e.Scope, e.Ground, e.Register, e.Since
		r.ProposedBy, r.ProposedAt = e.By, e.At
	case casefile.ErasureRejected:
		r = r.settled()
	case casefile.PupilErased:
		r.Erased, r.Health = true, false
		r = r.settled()
	case casefile.HealthErased:
		r.Health = false
		r = r.settled()
	}
	return r
}

// settled has no proposal any more.
func (r Row) settled() Row {
	r.Proposal, r.Scope, r.Ground, r.Register, r.Since, r.ProposedBy, r.ProposedAt = uuid.Nil, "", "", "", domain.Date{}, uuid.Nil, time.Time{}
	return r
}

// Due is a case of which something is to be forgotten.
type Due struct {
	Case       uuid.UUID                  `col:"case_id"`
	Comune     domain.Comune              `col:"comune"`
	MergedInto uuid.UUID                  `col:"merged_into"`
	Restricted casefile.RestrictionReason `col:"restricted"`
	Ended      domain.Date                `col:"ended"` // of one that goes on in another, when that one did
}

// ends joins to each case when it ended, or the case it goes on in did; two merges are followed.
const ends = ` FROM {retention_cases} c LEFT JOIN {retention_cases} m ON m.case_id = c.merged_into LEFT JOIN {retention_cases} n ON n.case_id = m.merged_into
	WHERE NOT c.erased AND c.proposed_at IS NULL AND COALESCE(c.ended_on, m.ended_on, n.ended_on) <= $1`

func scoped(s casefile.ErasureScope) string {
	if s == casefile.EraseHealth {
		return ends + " AND c.has_health"
	}
	return ends
}

// List gives the cases that ended by a day and of which a scope is neither forgotten nor proposed, oldest first, after a cursor; the empty
// one is the beginning, and comes back where there are no more.
func List(s *projections.Snapshot, scope casefile.ErasureScope, by domain.Date, after Cursor, limit int) ([]Due, Cursor, error) {
	page, err := projections.Collect(projections.Select[Due](s, `SELECT c.case_id AS case_id, c.comune AS comune, c.merged_into AS merged_into,
		c.restricted AS restricted, COALESCE(c.ended_on, m.ended_on, n.ended_on) AS ended`+scoped(scope)+
		` AND (COALESCE(c.ended_on, m.ended_on, n.ended_on), c.case_id) > ($2, $3)
		ORDER BY COALESCE(c.ended_on, m.ended_on, n.ended_on), c.case_id LIMIT $4`, by, after.Ended, after.Case, limit+1))
	if err != nil || len(page) <= limit {
		return page, Cursor{}, err
	}
	last := page[limit-1]
	return page[:limit], Cursor{last.Ended, last.Case}, nil
}

// Cursor is a place in the list of what is due.
type Cursor struct {
	Ended domain.Date
	Case  uuid.UUID
}

// Count is how many cases List goes through.
func Count(s *projections.Snapshot, scope casefile.ErasureScope, by domain.Date) (int, error) {
	n, _, err := projections.One[int](s, "SELECT count(*)"+scoped(scope), by)
	return n, err
}

// Proposed lists what waits for a second person, oldest first.
func Proposed(s *projections.Snapshot, limit int) ([]Row, error) {
	return projections.Collect(cases.Where(s, "proposed_at IS NOT NULL AND NOT erased ORDER BY proposed_at, case_id LIMIT $1", limit))
}

// Of finds a case.
func Of(s *projections.Snapshot, id uuid.UUID) (Row, bool, error) {
	for row, err := range cases.Where(s, "case_id = $1", id) {
		return row, err == nil, err
	}
	return Row{}, false, nil
}

// MergedInto lists the cases that go on in one: they hold data of the same child.
func MergedInto(s *projections.Snapshot, id uuid.UUID) ([]Row, error) {
	return projections.Collect(cases.Where(s, "merged_into = $1 AND NOT erased ORDER BY case_id", id))
}

// Decided lists the erasures that were decided, the latest first.
func Decided(s *projections.Snapshot, limit int) ([]Erasure, error) {
	return projections.Collect(erasures.Where(s, "position > 0 ORDER BY position DESC LIMIT $1", limit))
}

// Erasures gives all that were decided, in the journal's order.
func Erasures(s *projections.Snapshot) iter.Seq2[Erasure, error] {
	return erasures.Where(s, "position > 0 ORDER BY position")
}
