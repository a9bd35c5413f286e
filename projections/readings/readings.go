// Package readings is the access record for people to look at: who saw which pupil's data on which day and on what ground, and how much
// each reader reads. The single answers stand in the journal; here those of a day are one row.
//
// Rows of a month go with the month's key: once it is forgotten, a rebuild has nothing to make them of.
package readings

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/reading"
	"approdo/projections"
)

// Row is what one reader saw of one pupil on one day on one ground.
type Row struct {
	Case    uuid.UUID       `col:"case_id,key"`
	Day     domain.Date     `col:"read_on,key"` // in Rome
	Account uuid.UUID       `col:"account,key"`
	Ground  access.Relation `col:"ground,key"`
	Role    domain.Role     `col:"role"`
	Body    string          `col:"body"`
	Comune  domain.Comune   `col:"comune"` // of the pupil's domicile then
	Fields  string          `col:"fields"` // in the order of access.Fields, with spaces between
	First   time.Time       `col:"first_at"`
	Last    time.Time       `col:"last_at"`
	Times   int             `col:"times"`
}

// Key is the key of a row.
type Key struct {
	Case    uuid.UUID
	Day     domain.Date
	Account uuid.UUID
	Ground  access.Relation
}

// Key finds the row in its table.
func (r Row) Key() Key { return Key{r.Case, r.Day, r.Account, r.Ground} }

// Seen lists the groups of fields.
func (r Row) Seen() (out []access.Field) {
	for f := range strings.FieldsSeq(r.Fields) {
		out = append(out, access.Field(f))
	}
	return out
}

// Day is how much one reader read on one day.
type Day struct {
	Day        domain.Date `col:"read_on,key"`
	Account    uuid.UUID   `col:"account,key"`
	Role       domain.Role `col:"role"`
	Body       string      `col:"body"`
	Answers    int         `col:"answers"`
	Pupils     int         `col:"pupils"`       // different ones
	OutOfHours int         `col:"out_of_hours"` // answers; see reading.OutOfHours
}

// DayKey finds the row in its table.
type DayKey struct {
	Day     domain.Date
	Account uuid.UUID
}

// Key finds the row in its table.
func (d Day) Key() DayKey { return DayKey{d.Day, d.Account} }

// Opening is a name that the Prefettura opened.
type Opening struct {
	Position int64                 `col:"position,key"`
	Case     uuid.UUID             `col:"case_id"`
	At       time.Time             `col:"opened_at"`
	Until    time.Time             `col:"until"`
	Account  uuid.UUID             `col:"account"`
	Reason   reading.OpeningReason `col:"reason"`
	Words    domain.Box            `col:"words"`
}

var wall = projections.Wall{domain.RoleUST: "", domain.RolePrefettura: ""}

var rows = projections.TableOf[Row, Key]("reading_rows",
	projections.Index{"case_id", "last_at"},
	projections.Index{"account", "read_on"},
	projections.Index{"role", "read_on"}).Behind(wall)

var openings = projections.LogOf[Opening]("reading_openings", projections.Index{"case_id"}).Behind(wall)

var days = projections.TableOf[Day, DayKey]("reading_days").Behind(wall)

// Name is that of the view.
const Name = "readings"

// Projection keeps the view. Keys open the records of months that are not forgotten.
func Projection(keys domain.Sealer) projections.Projection {
	return projections.Projection{
		Name: Name, Version: 2, Streams: []string{reading.Category, reading.OpeningCategory}, Tables: []projections.Relation{rows, days, openings},
		Apply: func(ctx context.Context, tx *projections.Tx, r projections.Event) error {
			switch e := r.Payload.(type) {
			case reading.PupilsRead:
				a, err := e.Answer.Unseal(ctx, keys)
				if errors.Is(err, domain.ErrForgotten) {
					return nil
				}
				if err != nil {
					return err
				}
				apply(tx, r.Meta.At, a)
			case reading.NameOpened:
				words, _ := e.Words.Box()
				openings.Append(tx, Opening{Position: int64(r.Position), Case: reading.OpeningCase(r.Stream), At: r.Meta.At, Until: e.Until,
					Account: e.Account, Reason: e.Reason, Words: words})
			default:
				return fmt.Errorf("readings: %s is none of its events", r.Type)
			}
			return nil
		},
	}
}

func apply(tx *projections.Tx, at time.Time, a reading.Answer) {
	day := domain.DateOf(at)
	d, _ := days.Get(tx, DayKey{day, a.By.Account})
	d.Day, d.Account, d.Role, d.Body = day, a.By.Account, a.By.Role, a.By.Body
	d.Answers++
	if reading.OutOfHours(at) {
		d.OutOfHours++
	}
	for _, p := range a.Pupils {
		for _, id := range p.Cases {
			row, known := rows.Get(tx, Key{id, day, a.By.Account, p.Ground})
			if !known {
				row = Row{Case: id, Day: day, Account: a.By.Account, Ground: p.Ground, First: at}
				d.Pupils++
			}
			row.Role, row.Body, row.Comune, row.Last = a.By.Role, a.By.Body, p.Comune, at
			row.Times++
			row.Fields = with(row.Fields, p.Fields)
			rows.Put(tx, row)
		}
	}
	days.Put(tx, d)
}

// with adds fields that are not there yet, in the order of access.Fields.
func with(seen string, more []access.Field) string {
	there := strings.Fields(seen)
	var out []string
	for _, f := range access.Fields() {
		if slices.Contains(there, string(f)) || slices.Contains(more, f) {
			out = append(out, string(f))
		}
	}
	return strings.Join(out, " ")
}

// Of reads who saw a pupil's data, the latest first; limit 0 gives all.
func Of(s *projections.Snapshot, id uuid.UUID, limit int) ([]Row, error) {
	where := "case_id = $1 ORDER BY last_at DESC, account, ground"
	if limit > 0 {
		where += fmt.Sprintf(" LIMIT %d", limit)
	}
	return projections.Collect(rows.Where(s, where, id))
}

// OpeningsOf reads the openings of a case's name, the latest first.
func OpeningsOf(s *projections.Snapshot, id uuid.UUID) ([]Opening, error) {
	return projections.Collect(openings.Where(s, "case_id = $1 ORDER BY position DESC", id))
}

// OpeningsSince reads the names opened from an instant on, the latest first.
func OpeningsSince(s *projections.Snapshot, at time.Time) ([]Opening, error) {
	return projections.Collect(openings.Where(s, "opened_at >= $1 ORDER BY position DESC", at))
}

// Days reads how much everybody read in a span of days, ends included, by day, the latest first.
func Days(s *projections.Snapshot, from, to domain.Date) ([]Day, error) {
	return projections.Collect(days.Where(s, "read_on >= $1 AND read_on <= $2 ORDER BY read_on DESC, pupils DESC, account", from, to))
}

// Oldest is the day of the oldest row; zero where there is none.
func Oldest(s *projections.Snapshot) (domain.Date, error) {
	first, err := projections.Collect(days.Where(s, "true ORDER BY read_on LIMIT 1"))
	if err != nil || len(first) == 0 {
		return domain.Date{}, err
	}
	return first[0].Day, nil
}

// Elsewhere is how many pupils of a comune a centre's reader saw on a day.
type Elsewhere struct {
	Day     domain.Date   `col:"read_on"`
	Account uuid.UUID     `col:"account"`
	Body    string        `col:"body"`
	Comune  domain.Comune `col:"comune"`
	Pupils  int           `col:"pupils"`
}

// ByComune reads of which comuni the pupils were whom the readers of centres saw in a span of days.
func ByComune(s *projections.Snapshot, from, to domain.Date) ([]Elsewhere, error) {
	return projections.Collect(projections.Select[Elsewhere](s, `SELECT read_on, account, body, comune, count(DISTINCT case_id) AS pupils
		FROM {reading_rows} WHERE role = $1 AND read_on >= $2 AND read_on <= $3 GROUP BY read_on, account, body, comune
		ORDER BY read_on, account, comune`, domain.RoleCentre, from, to))
}
