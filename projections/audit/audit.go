// Package audit is the trail of who did what and when, and by what it was decided, without anything of a pupil: one row for each act in
// the journal. Who read what is another view, readings.
package audit

import (
	"context"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/apart"
	"approdo/domain/basis"
	"approdo/domain/casefile"
	"approdo/domain/places"
	"approdo/domain/planning"
	"approdo/domain/reading"
	"approdo/domain/returns"
	"approdo/domain/territory"
	"approdo/projections"
)

// Row is one record.
type Row struct {
	Position int64        `col:"position,key"`
	At       time.Time    `col:"acted_at"`    // UTC, when the act was done
	Day      domain.Date  `col:"acted_on"`    // in Rome
	Known    time.Time    `col:"recorded_at"` // UTC, when the journal took it
	Stream   string       `col:"stream"`
	Case     uuid.UUID    `col:"case_id"` // nil for the streams of no case
	Type     string       `col:"event_type"`
	Role     domain.Role  `col:"role"`
	Body     string       `col:"body"`
	Account  uuid.UUID    `col:"account"`
	Marks    []basis.Mark `col:"marks,json"`
}

// Tally is how many rows there are of a day, a role and a stored event name, and when the journal took the first and the last of them
// (UTC): what a count does not have to look at row by row.
type Tally struct {
	Day   domain.Date `col:"acted_on,key"`
	Role  domain.Role `col:"role,key"`
	Type  string      `col:"event_type,key"`
	N     int         `col:"n"`
	First time.Time   `col:"first_recorded"`
	Last  time.Time   `col:"last_recorded"`
}

// TallyKey finds the row in its table.
type TallyKey struct {
	Day  domain.Date
	Role domain.Role
	Type string
}

// Key finds the row in its table.
func (t Tally) Key() TallyKey { return TallyKey{t.Day, t.Role, t.Type} }

// filed is a case, for those who have a pseudonym and look for what it stands for.
type filed struct {
	Case uuid.UUID `col:"case_id,key"`
}

// kept are the registers as far as the journal has come. It has one row.
type kept struct {
	One   int             `col:"one,key"`
	Known basis.Registers `col:"known,json"`
}

func (k kept) Key() int { return k.One }

var wall = projections.Wall{domain.RoleUST: "", domain.RolePrefettura: ""}

// A search has one filter that leads, and the day; what else it asks for is looked at row by row. Tallies do not know bodies and accounts:
// their indexes have all that a count asks for. All rows of a case are few.
var rows = projections.LogOf[Row]("audit_rows",
	projections.Index{"acted_on", "position"},
	projections.Index{"event_type", "acted_on", "position"},
	projections.Index{"role", "acted_on", "position"},
	projections.Index{"body", "role", "acted_on", "position", "event_type", "recorded_at"},
	projections.Index{"account", "acted_on", "position", "event_type", "recorded_at"},
	projections.Index{"case_id", "acted_on", "position"}).Behind(wall)

var (
	tallies   = projections.TableOf[Tally, TallyKey]("audit_tallies").Behind(wall)
	cases     = projections.LogOf[filed]("audit_cases").Behind(wall)
	registers = projections.TableOf[kept, int]("audit_registers").Behind(wall)
)

// Projection keeps the view.
func Projection() projections.Projection {
	return projections.Projection{
		Name: "audit", Version: 6,
		Streams: []string{casefile.Category, places.Category, returns.Category, territory.Category, territory.SchoolCategory, account.Prefix,
			reading.OpeningCategory, apart.Category, planning.Category},
		Tables: []projections.Relation{rows, tallies, cases, registers},
		Apply: func(_ context.Context, tx *projections.Tx, r projections.Event) error {
			id := casefile.IDOf(r.Stream)
			if id != uuid.Nil && r.Revision == 0 {
				cases.Append(tx, filed{id})
			}
			if id == uuid.Nil {
				id = reading.OpeningCase(r.Stream)
			}
			known, _ := registers.Get(tx, 0)
			row := Row{Position: int64(r.Position), At: r.Meta.At, Day: domain.DateOf(r.Meta.At), Known: r.At, Stream: r.Stream,
				Case: id, Type: r.Type, Role: r.Meta.Actor.Role, Body: r.Meta.Actor.Body, Account: r.Meta.Actor.Account}
			row.Marks = basis.Marks(r.Payload, known.Known, row.Day)
			rows.Append(tx, row)
			count(tx, row)
			if _, of := r.Payload.(territory.Event); of {
				registers.Put(tx, kept{Known: known.Known.With(r.Payload)})
			}
			return nil
		},
	}
}

func count(tx *projections.Tx, r Row) {
	key := TallyKey{r.Day, r.Role, r.Type}
	t, known := tallies.Get(tx, key)
	if !known {
		t = Tally{Day: r.Day, Role: r.Role, Type: r.Type, First: r.Known, Last: r.Known}
	}
	t.N++
	if r.Known.Before(t.First) {
		t.First = r.Known
	}
	if r.Known.After(t.Last) {
		t.Last = r.Known
	}
	tallies.Put(tx, t)
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
	n, _, err := projections.One[int](s, "SELECT coalesce(sum(n), 0) FROM {audit_tallies} WHERE acted_on = $1", d)
	return n, err
}

// OfCase reads the marks of a case's rows, by position.
func OfCase(s *projections.Snapshot, id uuid.UUID) (map[int64][]basis.Mark, error) {
	out := map[int64][]basis.Mark{}
	for row, err := range rows.Where(s, "case_id = $1", id) {
		if err != nil {
			return nil, err
		}
		out[row.Position] = row.Marks
	}
	return out, nil
}
