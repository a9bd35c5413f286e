// Package audit is the trail of who did what and when, without anything of a pupil: one row for each act in the journal. Who read what
// is another view, readings.
package audit

import (
	"context"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/casefile"
	"approdo/domain/places"
	"approdo/domain/reading"
	"approdo/domain/territory"
	"approdo/projections"
)

// Row is one record.
type Row struct {
	Position int64       `col:"position,key"`
	At       time.Time   `col:"acted_at"` // UTC, when the act was done
	Day      domain.Date `col:"acted_on"` // in Rome
	Stream   string      `col:"stream"`
	Case     uuid.UUID   `col:"case_id"` // nil for the streams of no case
	Type     string      `col:"event_type"`
	Role     domain.Role `col:"role"`
	Body     string      `col:"body"`
	Account  uuid.UUID   `col:"account"`
}

var rows = projections.LogOf[Row]("audit_rows", projections.Index{"acted_on", "position"}).
	Behind(projections.Wall{domain.RoleUST: "", domain.RolePrefettura: ""})

// Projection keeps the view.
func Projection() projections.Projection {
	return projections.Projection{
		Name: "audit", Version: 1,
		Streams: []string{casefile.Category, places.Category, territory.Category, territory.SchoolCategory, account.Prefix, reading.OpeningCategory}, Tables: []projections.Relation{rows},
		Apply: func(_ context.Context, tx *projections.Tx, r projections.Event) error {
			id := casefile.IDOf(r.Stream)
			if id == uuid.Nil {
				id = reading.OpeningCase(r.Stream)
			}
			rows.Append(tx, Row{Position: int64(r.Position), At: r.Meta.At, Day: domain.DateOf(r.Meta.At), Stream: r.Stream,
				Case: id, Type: r.Type, Role: r.Meta.Actor.Role, Body: r.Meta.Actor.Body, Account: r.Meta.Actor.Account})
			return nil
		},
	}
}

// Day reads a page of a day's rows after a position, and the position to go on from; 0 where the day is over.
func Day(s *projections.Snapshot, d domain.Date, after int64, limit int) ([]Row, int64, error) {
	page, err := projections.Collect(rows.Where(s, "acted_on = $1 AND position > $2 ORDER BY position LIMIT $3", d, after, limit+1))
	if err != nil || len(page) <= limit {
		return page, 0, err
	}
	return page[:limit], page[limit-1].Position, nil
}

// Count is how many rows a day has.
func Count(s *projections.Snapshot, d domain.Date) (int, error) {
	n, _, err := projections.One[int](s, "SELECT count(*) FROM {audit_rows} WHERE acted_on = $1", d)
	return n, err
}

// Acts is how many rows of a day are of one stored event name.
type Acts struct {
	Type string `col:"event_type"`
	N    int    `col:"n"`
}

// Summary counts a day's rows by what was done, the most frequent first.
func Summary(s *projections.Snapshot, d domain.Date) ([]Acts, error) {
	return projections.Collect(projections.Select[Acts](s,
		"SELECT event_type, count(*) AS n FROM {audit_rows} WHERE acted_on = $1 GROUP BY event_type ORDER BY n DESC, event_type", d))
}
