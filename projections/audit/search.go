package audit

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/projections"
)

// Search says which rows are wanted. What is zero narrows nothing.
type Search struct {
	From, To domain.Date // days of the act, both included, in Rome
	Role     domain.Role
	Body     string // goes with its Role
	Account  uuid.UUID
	Type     string
	Cases    []uuid.UUID // rows of any of these; none for all rows, also those of no case
	// AsOf leaves out what the journal took after it (UTC): what was known then.
	AsOf time.Time
}

// Place is where a page of a search ends: the next one begins behind it. The zero Place is before the newest row.
type Place struct {
	Day      domain.Date
	Position int64
}

// String writes a place for an address.
func (p Place) String() string { return p.Day.String() + "." + strconv.FormatInt(p.Position, 10) }

// ParsePlace is the inverse.
func ParsePlace(text string) (p Place, err error) {
	day, position, _ := strings.Cut(text, ".")
	if p.Day, err = domain.ParseDate(day); err != nil {
		return Place{}, err
	}
	if p.Position, err = strconv.ParseInt(position, 10, 64); err != nil || p.Position < 1 {
		return Place{}, errors.New("audit: this is no place")
	}
	return p, nil
}

// query is a condition in the making.
type query struct {
	parts []string
	args  []any
}

// and adds a condition; ? stands for the argument.
func (q *query) and(condition string, arg any) {
	q.args = append(q.args, arg)
	q.parts = append(q.parts, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(q.args))))
}

// where is the whole condition.
func (q *query) where() string {
	if len(q.parts) == 0 {
		return "true"
	}
	return strings.Join(q.parts, " AND ")
}

// broad adds what rows and tallies have in common.
func (f Search) broad(q *query) {
	if !f.From.IsZero() {
		q.and("acted_on >= ?", f.From)
	}
	if !f.To.IsZero() {
		q.and("acted_on <= ?", f.To)
	}
	if f.Role != "" {
		q.and("role = ?", f.Role)
	}
	if f.Type != "" {
		q.and("event_type = ?", f.Type)
	}
}

// narrow adds what only rows can tell.
func (f Search) narrow(q *query) {
	if f.Body != "" {
		q.and("body = ?", f.Body)
	}
	if f.Account != uuid.Nil {
		q.and("account = ?", f.Account)
	}
	if len(f.Cases) > 0 {
		var any []string
		for _, id := range f.Cases {
			q.args = append(q.args, id)
			any = append(any, "$"+strconv.Itoa(len(q.args)))
		}
		q.parts = append(q.parts, "case_id IN ("+strings.Join(any, ", ")+")")
	}
	if !f.AsOf.IsZero() {
		q.and("recorded_at <= ?", f.AsOf)
	}
}

// isBroad tells that tallies can answer it.
func (f Search) isBroad() bool { return f.Body == "" && f.Account == uuid.Nil && len(f.Cases) == 0 }

// Find reads a page of the rows behind a place, the newest day first and of a day the last record first, and where the next page
// begins; the zero Place where there is none.
func Find(s *projections.Snapshot, f Search, behind Place, limit int) ([]Row, Place, error) {
	var q query
	f.broad(&q)
	f.narrow(&q)
	if !f.AsOf.IsZero() { // so that what came later is not gone through
		q.and("acted_on <= (SELECT max(acted_on) FROM {audit_tallies} WHERE first_recorded <= ?)", f.AsOf)
	}
	if behind != (Place{}) {
		q.args = append(q.args, behind.Day, behind.Position)
		q.parts = append(q.parts, fmt.Sprintf("(acted_on, position) < ($%d, $%d)", len(q.args)-1, len(q.args)))
	}
	page, err := projections.Collect(rows.Where(s, q.where()+fmt.Sprintf(" ORDER BY acted_on DESC, position DESC LIMIT %d", limit+1), q.args...))
	if err != nil || len(page) <= limit {
		return page, Place{}, err
	}
	last := page[limit-1]
	return page[:limit], Place{last.Day, last.Position}, nil
}

// Acts is how many rows are of one stored event name.
type Acts struct {
	Type string `col:"event_type"`
	N    int    `col:"n"`
}

// Summary counts the rows of a search by what was done, the most frequent first.
func Summary(s *projections.Snapshot, f Search) ([]Acts, error) {
	var q query
	f.broad(&q)
	if !f.isBroad() {
		f.narrow(&q)
		return acts(s, "SELECT event_type, count(*) AS n FROM {audit_rows} WHERE "+q.where()+" GROUP BY event_type", q.args)
	}
	if f.AsOf.IsZero() {
		return acts(s, "SELECT event_type, sum(n) AS n FROM {audit_tallies} WHERE "+q.where()+" GROUP BY event_type", q.args)
	}
	return f.summaryAsOf(s)
}

// summaryAsOf counts what a tally that was complete by then has as a whole, and looks at the rows of the days that had only begun: as
// a rule the day of the instant.
func (f Search) summaryAsOf(s *projections.Snapshot) ([]Acts, error) {
	var q query
	f.broad(&q)
	q.and("first_recorded <= ?", f.AsOf)
	counts, begun := map[string]int{}, map[domain.Date]bool{}
	whole, err := projections.Collect(tallies.Where(s, q.where(), q.args...))
	if err != nil {
		return nil, err
	}
	for _, t := range whole {
		if t.Last.After(f.AsOf) {
			begun[t.Day] = true
		}
	}
	for _, t := range whole {
		if !begun[t.Day] {
			counts[t.Type] += t.N
		}
	}
	for day := range begun {
		var q query
		f.From, f.To = day, day
		f.broad(&q)
		f.narrow(&q)
		found, err := acts(s, "SELECT event_type, count(*) AS n FROM {audit_rows} WHERE "+q.where()+" GROUP BY event_type", q.args)
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			counts[x.Type] += x.N
		}
	}
	var out []Acts
	for name, n := range counts {
		out = append(out, Acts{name, n})
	}
	slices.SortFunc(out, func(a, b Acts) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Type, b.Type)) })
	return out, nil
}

func acts(s *projections.Snapshot, sql string, args []any) ([]Acts, error) {
	return projections.Collect(projections.Select[Acts](s, sql+" ORDER BY n DESC, event_type", args...))
}

// CasesWhere goes through the ids of all cases there ever were and gives those that are wanted: it is how a pseudonym is looked up, of
// which no table is kept.
func CasesWhere(s *projections.Snapshot, wanted func(uuid.UUID) bool) (found []uuid.UUID, err error) {
	for c, err := range cases.Where(s, "true ORDER BY case_id") {
		if err != nil {
			return nil, err
		}
		if wanted(c.Case) {
			found = append(found, c.Case)
		}
	}
	return found, nil
}
