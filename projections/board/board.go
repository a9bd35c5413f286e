// Package board is the territorial monitoring board: counts of cases by state and by where they stand, and how long they wait. It
// holds nothing of any pupil. Cases are counted in cells; a case is in one cell at a time.
package board

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/projections"
	"approdo/projections/caseline"
)

// wall lets the Prefettura count what the UST counts.
var wall = projections.Wall{domain.RoleComune: "comune", domain.RoleCentre: "centre", domain.RoleSchool: "institution",
	domain.RoleUST: "", domain.RolePrefettura: ""}

// standing is what the board remembers of one case, to take it out of the cell it is in.
type standing struct {
	caseline.Line
}

func (s standing) Key() uuid.UUID { return s.Case }

var cases = projections.TableOf[standing, uuid.UUID]("board_cases", projections.Index{"due"}).Behind(wall)

// Dimensions say which cell a case is counted in. Since is the day an open case was requested, Waited the days from the request to
// the first day of one that attends or has; empty and -1 where they do not apply.
type Dimensions struct {
	Status      casefile.Status     `col:"status,key"`
	HolderKind  casefile.HolderKind `col:"holder_kind,key"`
	Channel     domain.Channel      `col:"channel,key"`
	Comune      domain.Comune       `col:"comune,key"`
	Centre      domain.Centre       `col:"centre,key"`
	Institution domain.Institution  `col:"institution,key"`
	Order       grade.Order         `col:"school_order,key"`
	Since       string              `col:"since,key"`
	Waited      int                 `col:"waited,key"`
}

type cell struct {
	Dimensions
	N int `col:"n"`
}

func (c cell) Key() Dimensions { return c.Dimensions }

var cells = projections.TableOf[cell, Dimensions]("board_cells").Behind(wall)

// Projection keeps the view.
func Projection() projections.Projection {
	return projections.Projection{
		Name: "board", Version: 2, Streams: []string{casefile.Category},
		Tables: []projections.Relation{cases, cells},
		Apply: func(_ context.Context, tx *projections.Tx, r projections.Event) error {
			e, ok := r.Payload.(casefile.Event)
			if !ok {
				return fmt.Errorf("board: %s is no event of a case", r.Type)
			}
			id := casefile.IDOf(r.Stream)
			before, known := cases.Get(tx, id)
			after := standing{before.Line}
			after.Case = id
			after.Line = after.With(r.Record, e)
			after.Identity = domain.Box{}
			cases.Put(tx, after)
			from, to := dimensions(before.Line), dimensions(after.Line)
			if known && from == to {
				return nil
			}
			if known {
				count(tx, from, -1)
			}
			count(tx, to, 1)
			return nil
		},
	}
}

func count(tx *projections.Tx, d Dimensions, by int) {
	c, _ := cells.Get(tx, d)
	c.Dimensions, c.N = d, c.N+by
	if c.N == 0 {
		cells.Delete(tx, d)
		return
	}
	cells.Put(tx, c)
}

// never is the wait of those who have had no first day.
const never = -1

// waiting reports whether the pupil still waits for a first day.
func waiting(s casefile.Status) bool { return s.Open() && s != casefile.Attending }

func dimensions(l caseline.Line) Dimensions {
	d := Dimensions{Status: l.Status, HolderKind: l.HolderKind, Channel: l.Channel, Comune: l.Comune, Centre: l.Centre, Order: l.Order, Waited: never}
	if l.Status == casefile.Offered || l.Status == casefile.Accepted || l.Status == casefile.Attending {
		d.Institution = l.Institution
	}
	if waiting(l.Status) {
		d.Since = l.RequestedOn.String()
	} else if !l.FirstDay.IsZero() {
		d.Waited = max(0, l.RequestedOn.DaysUntil(l.FirstDay))
	}
	return d
}

// Scope binds the board to what a reader may count, and to what he asks for within it. Zero fields do not.
type Scope struct {
	Comune      domain.Comune
	Centre      domain.Centre
	Institution domain.Institution
	Order       grade.Order
	Comuni      []domain.Comune // any of these; for an ambito
}

func (s Scope) where(from int) (string, []any) {
	var conditions []string
	var args []any
	parameter := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(from+len(args))
	}
	for _, c := range []struct{ column, value string }{{"comune", string(s.Comune)}, {"centre", string(s.Centre)},
		{"institution", string(s.Institution)}, {"school_order", string(s.Order)}} {
		if c.value != "" {
			conditions = append(conditions, c.column+" = "+parameter(c.value))
		}
	}
	if len(s.Comuni) > 0 {
		var among []string
		for _, c := range s.Comuni {
			among = append(among, parameter(string(c)))
		}
		conditions = append(conditions, "comune IN ("+strings.Join(among, ", ")+")")
	}
	if len(conditions) == 0 {
		return "true", nil
	}
	return strings.Join(conditions, " AND "), args
}

// Count is how many cases share a value.
type Count struct {
	Key    string          `col:"k"`
	Status casefile.Status `col:"status"`
	N      int             `col:"n"`
}

// By is what a count is broken down by.
type By string

// What the board can be broken down by.
const (
	ByComune  By = "comune"
	ByCentre  By = "centre"
	ByOrder   By = "school_order"
	ByChannel By = "channel"
	ByHolder  By = "holder_kind"
)

// Counts gives the cases of a scope by status and one other dimension.
func Counts(s *projections.Snapshot, scope Scope, by By) iter.Seq2[Count, error] {
	where, args := scope.where(0)
	c := string(by)
	return projections.Select[Count](s, "SELECT "+c+" AS k, status, sum(n) AS n FROM {board_cells} WHERE "+where+
		" GROUP BY "+c+", status ORDER BY "+c+", status", args...)
}

// Waiting is the spread of waits in days.
type Waiting struct {
	Pupils        int
	Median        int
	NinetyPercent int // nine in ten wait no longer
	Longest       int
}

type wait struct {
	Since  string `col:"since"`
	Waited int    `col:"waited"`
	N      int    `col:"n"`
}

// WaitingNow says how long those have waited, on a day, who still wait for their first day.
func WaitingNow(s *projections.Snapshot, scope Scope, today domain.Date) (Waiting, error) {
	where, args := scope.where(0)
	byDays := map[int]int{}
	for w, err := range projections.Select[wait](s, "SELECT since, 0 AS waited, sum(n) AS n FROM {board_cells} WHERE since <> '' AND "+where+" GROUP BY since", args...) {
		if err != nil {
			return Waiting{}, err
		}
		d, err := domain.ParseDate(w.Since)
		if err != nil {
			return Waiting{}, err
		}
		byDays[max(0, d.DaysUntil(today))] += w.N
	}
	return spread(byDays), nil
}

// WaitingSince counts those who still wait for their first day and asked for it on a day or before.
func WaitingSince(s *projections.Snapshot, scope Scope, d domain.Date) (int, error) {
	where, args := scope.where(1)
	n, _, err := projections.One[int](s, "SELECT coalesce(sum(n), 0) AS n FROM {board_cells} WHERE since <> '' AND since <= $1 AND "+where,
		append([]any{d.String()}, args...)...)
	return n, err
}

// Waited says how long those had waited who have had a first day.
func Waited(s *projections.Snapshot, scope Scope) (Waiting, error) {
	where, args := scope.where(0)
	byDays := map[int]int{}
	for w, err := range projections.Select[wait](s, "SELECT '' AS since, waited, sum(n) AS n FROM {board_cells} WHERE waited >= 0 AND "+
		where+" GROUP BY waited", args...) {
		if err != nil {
			return Waiting{}, err
		}
		byDays[w.Waited] += w.N
	}
	return spread(byDays), nil
}

func spread(byDays map[int]int) Waiting {
	var w Waiting
	longest := 0
	for d, n := range byDays {
		w.Pupils += n
		longest = max(longest, d)
	}
	if w.Pupils == 0 {
		return w
	}
	w.Longest = longest
	seen := 0
	for d := range longest + 1 {
		before := seen
		seen += byDays[d]
		if half := (w.Pupils + 1) / 2; before < half && seen >= half {
			w.Median = d
		}
		if nine := (w.Pupils*9 + 9) / 10; before < nine && seen >= nine {
			w.NinetyPercent = d
		}
	}
	return w
}

// OverdueBy counts the open cases whose running term is over at an instant, by who holds them.
func OverdueBy(s *projections.Snapshot, scope Scope, now time.Time) iter.Seq2[Count, error] {
	where, args := scope.where(1)
	return projections.Select[Count](s, "SELECT holder_kind AS k, '' AS status, count(*) AS n FROM {board_cases} WHERE due <= $1 AND "+where+
		" GROUP BY holder_kind ORDER BY holder_kind", append([]any{now}, args...)...)
}
